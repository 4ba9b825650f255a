"""What a program says is meant to be otherwise than in another one, at which phases."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.diagnostics import Note
from dsl.diagnostics.sequences import Misplaced
from dsl.diagnostics.values import IndexOutOfRange, NotLinked
from dsl.ir import lifecycle as l
from dsl.ir.expr import Expr
from dsl.ir.platform import Target
from dsl.ir.shapes import Field, RegisterRef, Slot
from dsl.ir.types import INT
from dsl.resolve.conversions import known
from dsl.resolve.expressions import integer, truth
from dsl.resolve.fields import find_field, with_layout
from dsl.resolve.lifecycles import check_point
from dsl.resolve.registers import docs_of
from dsl.resolve.scope import Frame, Local, Scope, bank, key, numeral
from dsl.resolve.statements import declare_local
from dsl.resolve.targets import target
from dsl.syntax import tree as t


def differs(scope: Scope, item: t.Item, node: t.Differs, other: str, points: set[str]) -> l.Differs:
    """What a declaration says; ``other`` is the module that it speaks of."""
    for name in node.points:
        check_point(scope, name, points)
    made = [one for each in node.differences for one in _difference(scope, each)]
    span = scope.span(node)
    named = tuple(dict.fromkeys(n.text for n in node.points))
    return l.Differs(other, named, node.reason.value, tuple(made), docs_of(item.docs), span)


def _difference(scope: Scope, node: t.Difference) -> Iterator[l.Difference]:
    frame = Frame("difference")
    for each in node.places:
        split = bank(each.name.text)
        if split and numeral(split[1]) is None and split[1] not in frame.locals:
            # A variable for the elements of a bank, which the condition may speak of.
            name = t.Name(each.name.start, each.name.end, split[1])
            what = "the index of a bank"
            declare_local(scope, frame, Local(split[1], INT, None, scope.span(name), what), name)
    condition = None
    if node.condition is not None:
        condition = truth(scope, frame, node.condition)
    for each in node.places:
        made = list(_placed(scope, frame, each, condition))
        if condition is not None or node.condition is None:
            yield from made


def _placed(
    scope: Scope, frame: Frame, node: t.Place, condition: Expr | None
) -> Iterator[l.Difference]:
    span = scope.span(node)
    entry = scope.get(key(node.name.text))
    if entry is None:
        return scope.unknown(node.name, "a register, a group or a slot")
    if isinstance(entry.meaning, Slot):
        made = _slot(scope, frame, node, entry.meaning, condition)
        if made is not None:
            yield made
        return
    places: tuple[Target, ...] = target(scope, node, frame)
    for each in places:
        if isinstance(each, RegisterRef):
            yield l.Difference(each, None, None, condition, span)
        else:
            what = f"`{each.name}` is an endpoint: what differs are registers and slots"
            scope.found.add(Misplaced(span, what, help="name the registers that it looks at"))


def _slot(
    scope: Scope, frame: Frame, node: t.Place, slot: Slot, condition: Expr | None
) -> l.Difference | None:
    """A slot, one element of it, or a field of what it holds."""
    index: int | None = None
    picks = node.picks
    if picks and isinstance(picks[0], t.At):
        index = _index(scope, frame, picks[0], slot)
        if index is None:
            return None
        picks = picks[1:]
    if not picks:
        return l.Difference(slot, index, None, condition, scope.span(node))
    field = _field(scope, frame, picks, slot)
    return None if field is None else l.Difference(slot, index, field, condition, scope.span(node))


def _index(scope: Scope, frame: Frame, at: t.At, slot: Slot) -> int | None:
    index = integer(scope, frame, at.index)
    if index is None:
        return None
    number = known(index)
    if number is not None and 0 <= number < slot.length:
        return number
    what = f"index {number} is outside `{slot.name}`" if number is not None else "no constant"
    if not slot.length:
        what = f"`{slot.name}` has no elements"
    notes = (Note(slot.span, "declared here"),)
    help = f"elements are 0..{slot.length - 1}; without an index all are meant"
    scope.found.add(IndexOutOfRange(scope.span(at), what, notes, help=help if slot.length else ""))
    return None


def _field(scope: Scope, frame: Frame, picks: tuple[t.At | t.Dot, ...], slot: Slot) -> Field | None:
    view = slot.link.register.register if slot.link else None
    if view is None:
        what = f"`{slot.name}` holds no register's value, so it has no fields"
        scope.found.add(NotLinked(scope.span(picks[0]), what))
        return None
    match with_layout(view, picks):
        case (t.Dot(name=name),):
            found = find_field(scope, frame, view, name)
            return found[0] if found else None
        case _:
            scope.found.add(
                Misplaced(scope.span(picks[-1]), "a slot or one of its fields is meant")
            )
            return None
