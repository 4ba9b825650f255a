"""Handles: which parameter of a sequence stands for the owner of a slot or a condition."""

from __future__ import annotations

from dsl.diagnostics import Note
from dsl.diagnostics.sequences import Misplaced, NoHandle
from dsl.ir.shapes import MACHINE, Context
from dsl.ir.types import Handle
from dsl.resolve.scope import Frame, Scope
from dsl.syntax import tree as t

_WHERE = {"expect": "scenario"}


def reaches(scope: Scope, handle: Handle, root: str, context: str) -> bool:
    """Whether a handle leads to what belongs to ``context`` (empty: to the root itself)."""
    if handle.root != root:
        return False
    while handle.context and context != handle.context:
        entry = scope.own.get(context) or scope.imported.get(context)
        if entry is None or not isinstance(entry.meaning, Context):
            return False
        context = entry.meaning.owner
    return True


def handle(
    scope: Scope, frame: Frame, node: t.Node, root: str, what: str, context: str = ""
) -> str | None:
    """The parameter that stands for the owner of something (none: the machine), or a finding.

    What belongs to a ``context`` can be reached from a handle on that, or on one around it.
    """
    if root == MACHINE and frame.place not in ("platform", "rule"):
        return ""
    match frame.place:
        case "platform" | "rule":
            scope.found.add(
                Misplaced(
                    scope.span(node),
                    f"{what} belongs to a hypervisor; a {frame.place} speaks only of registers "
                    "and endpoints",
                )
            )
            return None
        case "boot":
            what = f"{what} belongs to a {root}, and nobody runs on a CPU while it boots"
            scope.found.add(Misplaced(scope.span(node), what))
            return None
        case "scenario" | "expect" if not any(
            isinstance(v.type, Handle) for v in frame.locals.values()
        ):
            return root
        case "sequence" | "operation" | "model" | "scenario" | "expect":
            found = [
                v
                for v in frame.locals.values()
                if isinstance(v.type, Handle) and reaches(scope, v.type, root, context)
            ]
            if not found and any(v.broken for v in frame.locals.values()):
                # It may have been the one that is meant.
                return None
            if len(found) == 1:
                found[0].used = True
                return found[0].name
            why = "has no" if not found else "has more than one"
            scope.found.add(
                NoHandle(
                    scope.span(node),
                    f"{what} belongs to a {root}, and this {_WHERE.get(frame.place, frame.place)} "
                    f"{why} parameter of that type",
                    tuple(Note(v.span, "one of them") for v in found),
                    help=(
                        f"write `{found[0].name}.{scope.span(node).text}`"
                        if found
                        else f"give it a parameter `{root}`"
                    ),
                )
            )
            return None
        case _:
            return root
