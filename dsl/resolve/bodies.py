"""What sequences, operations and models do: their bodies, and the partners of sequences."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from dsl.diagnostics import Note
from dsl.diagnostics.sequences import BadPartner, NotDefined
from dsl.diagnostics.values import NoValue
from dsl.ir.sequence import Kind, Param, Sequence
from dsl.ir.types import INT, U64, Handle
from dsl.resolve import assigned
from dsl.resolve.scope import Callable, Frame, Local, Scope
from dsl.resolve.statements import always_ends, block
from dsl.syntax import tree as t

#: What a sequence of each kind can undo.
_PARTNERS = {
    Kind.SAVE: (Kind.RESTORE,),
    Kind.RESTORE: (Kind.SAVE,),
    Kind.ACTIVATE: (Kind.DEACTIVATE,),
    Kind.DEACTIVATE: (Kind.ACTIVATE,),
    Kind.SEQUENCE: (Kind.SEQUENCE,),
}
#: The kinds that are no software.
_ELSEWHERE = {Kind.OPERATION: "an operation", Kind.MODEL: "a model"}


def body(scope: Scope, node: t.Sequence, shell: Sequence) -> Sequence:
    """The sequence with its body; ``shell`` has all but that."""
    if node.body is None:
        if shell.kind in _ELSEWHERE:
            what = f"{_ELSEWHERE[shell.kind]} needs a block: nobody else defines it"
            scope.found.add(NotDefined(scope.span(node.name), what))
        return shell
    place = str(shell.kind) if shell.kind in _ELSEWHERE else "sequence"
    frame = Frame(place, result=shell.signature.result, goal=shell.signature.view)
    for param, written in zip(shell.signature.params, node.params, strict=True):
        if param.name != str(param.type):
            # A handle may be called like what it is a handle on.
            scope.taken(written.name, {})
        local = Local(param.name, param.type, param.view, param.span, "a parameter")
        frame.locals[param.name] = local
    made = block(scope, frame, node.body)
    assigned.check(made, scope.found)
    if shell.signature.result is not None and not always_ends(node.body, t.Return):
        scope.found.add(
            NoValue(
                scope.span(node.name),
                f"`{shell.name}` returns a value, and a path through it does not",
                help="end every path with `return …`",
            )
        )
    return replace(shell, body=made)


def examine(scope: Scope, node: t.Sequence) -> None:
    """Finds what is wrong with the body of a sequence whose signature is broken already."""
    frame = Frame("sequence", result=U64 if node.result else None)
    for param in node.params:
        span = scope.span(param.name)
        frame.locals[param.name.text] = Local(
            param.name.text, INT, None, span, "a parameter", used=True, broken=True
        )
    if node.body is not None:
        block(scope, frame, node.body)


def partner(scope: Scope, node: t.Sequence, shell: Sequence) -> None:
    """Reports an ``undoes`` that cannot be."""
    if node.undoes is None:
        return
    entry = scope.get(node.undoes.text)
    if entry is None:
        scope.unknown(node.undoes, "a sequence")
        return
    other = entry.meaning
    if not isinstance(other, Callable) or other.kind is None:
        scope.wrong(node.undoes, entry, "a sequence")
        return
    same = _handles(other.signature.params) == _handles(shell.signature.params)
    if other.kind not in _PARTNERS.get(shell.kind, ()) or not same:
        why = "they are not called for the same owner"
        if shell.kind in _ELSEWHERE or other.kind in _ELSEWHERE:
            why = "only sequences have partners"
        elif other.kind not in _PARTNERS.get(shell.kind, ()):
            why = f"`{other.kind}` is not the inverse of `{shell.kind}`"
        scope.found.add(
            BadPartner(
                scope.span(node.undoes),
                f"`{shell.name}` cannot undo `{entry.name}`: {why}",
                (Note(entry.span, "declared here"),),
            )
        )


def _handles(params: Iterable[Param]) -> list[Handle]:
    return [p.type for p in params if isinstance(p.type, Handle)]
