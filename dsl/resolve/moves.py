"""Moves: plain, to a field, several fields at once, and `save` and `restore` of slots."""

from __future__ import annotations

from dsl.diagnostics import Note
from dsl.diagnostics.names import WrongKindOfName
from dsl.diagnostics.sequences import Misplaced
from dsl.diagnostics.values import NotLinked, OutOfRange
from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.shapes import Field, Register, Slot
from dsl.ir.types import INT, Int
from dsl.resolve.access import readable, writable
from dsl.resolve.conversions import fit, known
from dsl.resolve.expressions import examine, field_value, typed, writable_field
from dsl.resolve.fields import find_field, one_layout
from dsl.resolve.places import InLocal, InRegister, InSlot, Placed, place
from dsl.resolve.scope import Frame, Scope
from dsl.syntax import tree as t


def move(scope: Scope, frame: Frame, node: t.Move, doc: tuple[str, ...]) -> s.Statement | None:
    """``place <- value``; a field is one read, the change, one write."""
    placed = _changed(scope, frame, node.place)
    if placed is None:
        examine(scope, frame, node.value)
        return None
    if placed.field is not None:
        assert placed.view is not None
        if not _changeable(scope, frame, node.place.picks[-1], placed, placed.view, placed.field):
            examine(scope, frame, node.value)
            return None
        value = field_value(scope, frame, placed.view, placed.field, node.value)
        if value is None:
            return None
        change = s.Change(placed.field, placed.field_index, value)
        return _update(scope, node, placed, (change,), doc)
    match placed.home:
        case InRegister(register=register, index=index) if placed.derived is None:
            if not writable(scope, frame, node.place, register, None):
                examine(scope, frame, node.value)
                return None
            value = typed(scope, frame, node.value, register.type, register.name, register)
            if value is None:
                return None
            return s.WriteRegister(register, index, value, doc, scope.span(node))
        case InSlot(slot=slot, base=base, index=index) if placed.derived is None:
            goal = slot.link.register.register if slot.link else None
            value = typed(scope, frame, node.value, slot.type, f"`{slot.name}`", goal)
            if value is None or not _in_range(scope, node.value, slot, value):
                return None
            return s.WriteSlot(slot, base, index, value, doc, scope.span(node))
        case InLocal(value=local) if placed.derived is None:
            value = typed(scope, frame, node.value, local.type, f"`{local.name}`", placed.view)
            if value is None:
                return None
            return s.Assign(local.name, local.type, value, doc, scope.span(node))
        case _:
            _not_a_place(scope, frame, node.place)
            examine(scope, frame, node.value)
            return None


def _changed(scope: Scope, frame: Frame, node: t.Place) -> Placed | None:
    """The place that a statement changes; to be changed is no use of a `let`."""
    local = frame.locals.get(node.name.text)
    used = local is not None and local.used
    placed = place(scope, frame, node)
    if local is not None and placed is not None and isinstance(placed.home, InLocal):
        local.used = used
    return placed


def _changeable(
    scope: Scope, frame: Frame, node: t.Node, placed: Placed, register: Register, field: Field
) -> bool:
    """A field of a register must be writable; memory keeps whatever it is given."""
    if isinstance(placed.home, (InSlot, InLocal)):
        return writable_field(scope, frame, node, register, field)
    return writable(scope, frame, node, register, field)


def _not_a_place(scope: Scope, frame: Frame, node: t.Place) -> None:
    local = frame.locals.get(node.name.text)
    entry = scope.get(node.name.text)
    where = local.span if local else entry.span if entry else None
    scope.found.add(
        WrongKindOfName(
            scope.span(node),
            f"`{scope.source.text[node.start : node.end]}` cannot be changed: "
            "a register, a slot, a `let` or a field of one is needed here",
            (Note(where, "declared here"),) if where else (),
        )
    )


def _in_range(scope: Scope, node: t.Node, slot: Slot, value: x.Expr) -> bool:
    number = known(value)
    if slot.low is None or slot.high is None or number is None:
        return True
    if slot.low <= number <= slot.high:
        return True
    scope.found.add(
        OutOfRange(
            scope.span(node),
            f"{number} is outside `{slot.name}`, which is {slot.low}..{slot.high}",
            (Note(slot.span, "declared here"),),
        )
    )
    return False


def _update(
    scope: Scope,
    node: t.Node,
    placed: Placed,
    changes: tuple[s.Change, ...],
    doc: tuple[str, ...],
) -> s.Statement | None:
    assert placed.view is not None
    match placed.home:
        case InRegister(register=register, index=index):
            return s.UpdateRegister(register, index, changes, doc, scope.span(node))
        case InSlot(slot=slot, base=base, index=index):
            return s.UpdateSlot(slot, placed.view, base, index, changes, doc, scope.span(node))
        case InLocal(value=local):
            assert isinstance(local.type, Int)
            new: x.Expr = local
            for each in changes:
                at = each.field, each.index
                new = x.Insert(new, placed.view, *at, each.value, local.type, local.span)
            return s.Assign(local.name, local.type, new, doc, scope.span(node))
        case _:
            scope.found.add(
                WrongKindOfName(
                    scope.span(node),
                    "a field of a register, a slot or a `let` can be changed, not this",
                )
            )
            return None


def modify(scope: Scope, frame: Frame, node: t.Modify, doc: tuple[str, ...]) -> s.Statement | None:
    """``modify place { field <- value … }``: one read, the changes, one write."""
    placed = _changed(scope, frame, node.place)
    register = None if placed is None else placed.view
    if placed is None or register is None or placed.field is not None:
        for each in node.changes:
            examine(scope, frame, each.value)
    if placed is None:
        return None
    if register is None or placed.field is not None:
        scope.found.add(
            NotLinked(
                scope.span(node.place), "`modify` needs a register, or what holds the value of one"
            )
        )
        return None
    changes: list[s.Change] = []
    for each in node.changes:
        found = find_field(scope, frame, register, each.field)
        if found is None or not _changeable(scope, frame, each.field, placed, register, found[0]):
            examine(scope, frame, each.value)
            continue
        value = field_value(scope, frame, register, found[0], each.value)
        beside = [c.field for c in changes]
        if value is not None and one_layout(scope, each.field, found[0], beside):
            changes.append(s.Change(found[0], found[1], value))
    return _update(scope, node, placed, tuple(changes), doc) if changes else None


def copy(scope: Scope, frame: Frame, node: t.Copy, doc: tuple[str, ...]) -> tuple[s.Statement, ...]:
    """``save f`` is a read of its register and a store, ``restore f`` a load and a write."""
    made: list[s.Statement] = []
    for each in node.places:
        placed = place(scope, frame, each, whole=True)
        if placed is None:
            continue
        if not isinstance(placed.home, InSlot) or placed.field or placed.derived:
            scope.found.add(
                Misplaced(
                    scope.span(each),
                    f"`{node.kind.text}` moves a slot of a context, and this is none",
                    help=(
                        "name the slot that mirrors or feeds the register"
                        if isinstance(placed.home, InRegister) and placed.field is None
                        else ""
                    ),
                )
            )
            continue
        slot = placed.home.slot
        if slot.link is None:
            scope.found.add(
                NotLinked(
                    scope.span(each),
                    f"`{slot.name}` is linked to no register, so there is nothing to "
                    f"{node.kind.text}",
                    (Note(slot.span, "declared here"),),
                    help=f"declare `{slot.name} : {slot.type} mirrors REGISTER`",
                )
            )
            continue
        for index in _indices(scope, each, placed, slot):
            whose = placed.home.base
            one = _copy(scope, frame, node, each, slot, whose, index, doc if not made else ())
            if one is not None:
                made.append(one)
    return tuple(made)


def _indices(scope: Scope, node: t.Place, placed: Placed, slot: Slot) -> list[x.Expr | None]:
    """The element that is meant, or each element of a whole array."""
    assert isinstance(placed.home, InSlot)
    if not placed.whole:
        return [placed.home.index]
    return [x.Const(i, INT, scope.span(node)) for i in range(slot.length)]


def _copy(
    scope: Scope,
    frame: Frame,
    node: t.Copy,
    each: t.Place,
    slot: Slot,
    base: str,
    index: x.Expr | None,
    doc: tuple[str, ...],
) -> s.Statement | None:
    assert slot.link is not None
    assert isinstance(slot.type, Int)
    register = slot.link.register.register
    span = scope.span(each)
    at = _bank_index(slot, register, index)
    if node.kind.text == "save":
        if not readable(scope, each, register, None):
            return None
        value = fit(scope, each, x.ReadRegister(register, at, span), slot.type, f"`{slot.name}`")
        return None if value is None else s.WriteSlot(slot, base, index, value, doc, span)
    if not writable(scope, frame, each, register, None):
        return None
    loaded = fit(scope, each, x.ReadSlot(slot, base, index, span), register.type, register.name)
    return None if loaded is None else s.WriteRegister(register, at, loaded, doc, span)


def _bank_index(slot: Slot, register: Register, index: x.Expr | None) -> x.Expr | None:
    """The register's index for an element of the slot: element 0 is the bank's first."""
    assert slot.link is not None
    if not slot.length:
        ref = slot.link.register
        return None if ref.index is None else x.Const(ref.index, INT, slot.span)
    if register.first == 0 or index is None:
        return index
    if isinstance(index, x.Const):
        return x.Const(index.value + register.first, INT, index.span)
    first = x.Const(register.first, INT, index.span)
    return x.Binary("+", index, first, INT, index.span)
