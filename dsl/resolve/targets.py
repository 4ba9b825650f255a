"""What rules, barriers, groups and effects speak about: registers, banks, groups and endpoints."""

from __future__ import annotations

from dsl.diagnostics import suggest
from dsl.diagnostics.sequences import BadBarrier, Misplaced
from dsl.diagnostics.values import IndexOutOfRange
from dsl.ir.platform import Barrier, BarrierKind, Endpoint, Events, Group, Target
from dsl.ir.shapes import Condition, Context, Register, RegisterRef, Slot
from dsl.resolve.fields import find_field, with_layout
from dsl.resolve.scope import Element, Frame, Scope, bank, key, numeral
from dsl.syntax import tree as t

#: Access types (none: loads and stores; st: stores; ld: loads) for each shareability domain.
BARRIER_OPTIONS = tuple(
    f"{domain}{access}" if domain != "sy" else access or "sy"
    for domain in ("sy", "ish", "osh", "nsh")
    for access in ("", "st", "ld")
)


_EXCEPTIONS = (BarrierKind.EXCEPTION, BarrierKind.ERET)


def targets(scope: Scope, nodes: tuple[t.Place, ...], frame: Frame) -> tuple[Target, ...]:
    """Registers and endpoints; groups are opened, and what cannot stand here is reported."""
    found: list[Target] = []
    for node in nodes:
        found += target(scope, node, frame)
    return tuple(found)


def target(scope: Scope, node: t.Place, frame: Frame) -> tuple[Target, ...]:
    entry = scope.get(key(node.name.text))
    if entry is None:
        scope.unknown(node.name, "a register, a group or an endpoint")
        return ()
    match entry.meaning:
        case Endpoint() as endpoint if not node.picks:
            return (endpoint,)
        case Group() as group if not node.picks:
            return group.members
        case Element(register=register, index=number):
            return _register(scope, node, frame, register, number)
        case Register() as register:
            split = bank(node.name.text)
            index = None if split is None else numeral(split[1])
            return _register(scope, node, frame, register, index)
        case Slot() | Condition() | Context():
            what = type(entry.meaning).__name__.lower()
            scope.found.add(
                Misplaced(
                    scope.span(node),
                    f"`{entry.name}` is a {what}: what is ordered are accesses of registers and "
                    "endpoints",
                )
            )
            return ()
        case _:
            scope.wrong(node.name, entry, "a register, a group or an endpoint")
            return ()


def _register(
    scope: Scope, node: t.Place, frame: Frame, register: Register, index: int | None
) -> tuple[Target, ...]:
    if index is not None and not register.first <= index < register.first + register.count:
        last = register.first + register.count - 1
        scope.found.add(
            IndexOutOfRange(
                scope.span(node.name), f"index {index} is outside {register.first}..{last}"
            )
        )
        return ()
    split = bank(node.name.text)
    local = frame.locals.get(split[1]) if split is not None and index is None else None
    by = ""
    if local is not None:
        local.used = True
        by = local.name
    match with_layout(register, node.picks):
        case ():
            return (RegisterRef(register, index, None, by),)
        case (t.Dot(name=name),):
            field = find_field(scope, frame, register, name)
            return () if field is None else (RegisterRef(register, index, field[0], by),)
        case _:
            scope.found.add(Misplaced(scope.span(node), "a register or one of its fields is meant"))
            return ()


def events(scope: Scope, node: t.Events, frame: Frame) -> Events:
    access = node.access.text if node.access else None
    return Events(access, targets(scope, node.places, frame), scope.span(node))


def barriers(scope: Scope, nodes: tuple[t.Barrier, ...], frame: Frame) -> tuple[Barrier, ...]:
    made = []
    for node in nodes:
        if node.kind in _EXCEPTIONS and frame.place in ("sequence", "rule"):
            scope.found.add(
                BadBarrier(
                    scope.span(node),
                    f"`{node.kind}` is part of an exception, and no barrier that can be asked for",
                    help="say `isb`: an exception's entry and return do what it does",
                )
            )
            continue
        option = node.option.text if node.option else ""
        if node.option is not None and option not in BARRIER_OPTIONS:
            scope.found.add(
                BadBarrier(
                    scope.span(node.option),
                    f"`{option}` is no option of a {node.kind}",
                    help=suggest(option, BARRIER_OPTIONS) or f"one of {', '.join(BARRIER_OPTIONS)}",
                )
            )
            continue
        made.append(Barrier(BarrierKind(node.kind), option))
    return tuple(made)
