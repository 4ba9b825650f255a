"""Places: a name with its indices and fields, resolved to what it reads or writes."""

from __future__ import annotations

from msgspec import Struct

from dsl.diagnostics import Note, suggest
from dsl.diagnostics.names import UnknownName, UseBeforeDefinition
from dsl.diagnostics.sequences import Misplaced
from dsl.diagnostics.values import IndexOutOfRange, NotLinked
from dsl.ir import expr as x
from dsl.ir.platform import Derived
from dsl.ir.shapes import MACHINE, Condition, Constant, Context, Field, Register, Slot
from dsl.ir.types import BOOL, INT, Handle, Int, promoted
from dsl.resolve.access import readable
from dsl.resolve.conversions import known
from dsl.resolve.fields import (
    Picks,
    bank_index,
    enumerator_of,
    find_field,
    has_enumerators,
    is_own,
    literal,
    with_layout,
)
from dsl.resolve.handles import handle, reaches
from dsl.resolve.scope import BODIES, Broken, Element, Entry, Frame, Root, Scope, bank, key
from dsl.syntax import tree as t


class InRegister(Struct, frozen=True):
    register: Register
    index: x.Expr | None


class InSlot(Struct, frozen=True):
    slot: Slot
    base: str
    index: x.Expr | None


class InLocal(Struct, frozen=True):
    """A `let`, which can be given another value."""

    value: x.Var


class InValue(Struct, frozen=True):
    """Something that can only be read."""

    value: x.Expr


class Placed(Struct, frozen=True):
    """Where a place is, and the field or derived function that narrows it."""

    home: InRegister | InSlot | InLocal | InValue
    view: Register | None = None
    field: Field | None = None
    field_index: x.Expr | None = None
    derived: Derived | None = None
    #: True for a whole bank or array: allowed only where several places are moved at once.
    whole: bool = False


def place(scope: Scope, frame: Frame, node: t.Place, *, whole: bool = False) -> Placed | None:
    """Resolves a place, or reports why it cannot be; ``whole`` allows a bank or array entire."""
    name = node.name
    local = frame.locals.get(name.text)
    if local is not None:
        local.used = True
        if local.broken:
            return None
        if isinstance(local.type, Handle):
            return _member(scope, frame, node, local.type, local.name)
        value = x.Var(local.name, local.type, scope.span(name), local.view)
        home = InLocal(value) if local.what == "a let" else InValue(value)
        return _narrow(scope, frame, node, Placed(home, local.view), node.picks)
    if name.text in frame.later:
        scope.found.add(
            UseBeforeDefinition(
                scope.span(name),
                f"`{name.text}` is used before it is defined",
                (Note(frame.later[name.text], "defined here"),),
            )
        )
        return None
    if frame.written is not None and is_own(scope, frame.written, name.text):
        return _own_field(scope, frame, node, frame.written)
    entry = scope.get(key(name.text))
    if entry is None:
        scope.unknown(name, "a place or a value", _names_in(frame))
        return None
    match entry.meaning:
        case Register() as register:
            return _register(scope, frame, node, register, whole)
        case Element(register=register, index=number):
            constant = x.Const(number, INT, scope.span(name))
            return _narrow(
                scope, frame, node, Placed(InRegister(register, constant), register), node.picks
            )
        case Slot() as slot:
            what = f"the slot `{slot.name}`"
            base = handle(scope, frame, node, slot.root, what, slot.context)
            return (
                None if base is None else _slot(scope, frame, node, slot, base, node.picks, whole)
            )
        case Constant(value=number):
            named = x.Named(number, literal(number), scope.span(name), symbol=name.text)
            return _narrow(scope, frame, node, Placed(InValue(named)), node.picks)
        case Condition() as condition:
            return _condition(scope, frame, node, condition)
        case Context() as context:
            return _member(scope, frame, node, Handle(context.root, context.name), None)
        case Root(name=root) if frame.place not in (*BODIES, "platform", "rule"):
            return _member(scope, frame, node, Handle(root), "" if root == MACHINE else root)
        case _:
            scope.wrong(name, entry, "a place or a value")
            return None


def _names_in(frame: Frame) -> list[str]:
    names = list(frame.locals)
    if frame.written is not None:
        names += [f.name for f in frame.written.fields]
    return names


def _text(scope: Scope, node: t.Node) -> str:
    return scope.source.text[node.start : node.end]


# ---- registers


def _register(
    scope: Scope, frame: Frame, node: t.Place, register: Register, whole: bool
) -> Placed | None:
    match with_layout(register, node.picks):
        case (t.Dot(name=part), t.Dot(name=value)) if has_enumerators(register, part.text):
            named = enumerator_of(scope, register, part.text, value, scope.span(node))
            return None if named is None else Placed(InValue(named))
    if not register.banked:
        return _narrow(scope, frame, node, Placed(InRegister(register, None), register), node.picks)
    split = bank(node.name.text)
    assert split is not None
    inner = split[1]
    if whole and inner == register.var and inner not in frame.locals and not node.picks:
        return Placed(InRegister(register, None), register, whole=True)
    index = bank_index(scope, frame, node.name, inner, register.first, register.count)
    if index is None:
        return None
    return _narrow(scope, frame, node, Placed(InRegister(register, index), register), node.picks)


def _own_field(scope: Scope, frame: Frame, node: t.Place, register: Register) -> Placed | None:
    value = InValue(x.Written(register, scope.span(node.name)))
    picks: Picks = (t.Dot(node.name.start, node.name.end, node.name), *node.picks)
    return _narrow(scope, frame, node, Placed(value, register), picks)


# ---- contexts and conditions


def _slot(
    scope: Scope,
    frame: Frame,
    node: t.Place,
    slot: Slot,
    base: str,
    picks: Picks,
    whole: bool,
) -> Placed | None:
    view = slot.link.register.register if slot.link else None
    if slot.length == 0:
        if picks and isinstance(picks[0], t.At):
            scope.found.add(IndexOutOfRange(scope.span(picks[0]), f"`{slot.name}` has no elements"))
            return None
        return _narrow(scope, frame, node, Placed(InSlot(slot, base, None), view), picks)
    if not picks and whole:
        return Placed(InSlot(slot, base, None), view, whole=True)
    if not picks or not isinstance(picks[0], t.At):
        scope.found.add(
            IndexOutOfRange(
                scope.span(node),
                f"`{slot.name}` has {slot.length} elements: an index is needed",
                help=f"write `{slot.name}[0]`",
            )
        )
        return None
    # Expressions hold places, and places hold indices: one of the two has to come later.
    from dsl.resolve.expressions import integer

    index = integer(scope, frame, picks[0].index)
    if index is None:
        return None
    number = known(index)
    if number is not None and not 0 <= number < slot.length:
        scope.found.add(
            IndexOutOfRange(
                scope.span(picks[0].index),
                f"index {number} is outside `{slot.name}`, which has elements "
                f"0..{slot.length - 1}",
                (Note(slot.span, "declared here"),),
            )
        )
        return None
    return _narrow(scope, frame, node, Placed(InSlot(slot, base, index), view), picks[1:])


def _member(
    scope: Scope,
    frame: Frame,
    node: t.Place,
    owner: Handle,
    base: str | None,
) -> Placed | None:
    """``vcpu.used_lrs`` or ``cpu_if.vgic_hcr``: a slot, or a condition, by way of its owner.

    Without a ``base``, that is one of a context, for which a parameter has to be found.
    """
    what = f"`{node.name.text}`"
    if not node.picks or not isinstance(node.picks[0], t.Dot):
        scope.found.add(
            Misplaced(
                scope.span(node), f"{what} stands for a whole {owner}: a slot of it is needed here"
            )
        )
        return None
    name = node.picks[0].name
    entry = scope.get(name.text)
    slot = entry.meaning if entry else None
    if isinstance(slot, Broken):
        return None
    if (
        base is not None
        and isinstance(slot, Condition)
        and slot.root is not None
        and reaches(scope, owner, slot.root, slot.context)
    ):
        test = x.Test(slot, base, scope.span(node))
        return _narrow(scope, frame, node, Placed(InValue(test)), node.picks[1:])
    if (
        not isinstance(slot, Slot)
        or not reaches(scope, owner, slot.root, slot.context)
        or (base is None and slot.context != owner.context)
    ):
        known = [
            e.name
            for e in scope.visible().values()
            if isinstance(e.meaning, Slot)
            and reaches(scope, owner, e.meaning.root, e.meaning.context)
        ]
        scope.found.add(
            UnknownName(
                scope.span(name),
                f"{what} has no slot `{name.text}`",
                help=suggest(name.text, known),
            )
        )
        return None
    if base is None:
        base = handle(scope, frame, node, slot.root, f"the slot `{slot.name}`", slot.context)
        if base is None:
            return None
    return _slot(scope, frame, node, slot, base, node.picks[1:], whole=False)


def _condition(scope: Scope, frame: Frame, node: t.Place, condition: Condition) -> Placed | None:
    if frame.place in ("platform", "rule"):
        handle(scope, frame, node, "", f"the condition `{condition.name}`")
        return None
    base = None
    if condition.root is not None:
        what = f"the condition `{condition.name}`"
        base = handle(scope, frame, node.name, condition.root, what, condition.context)
        if base is None:
            return None
    value = x.Test(condition, base, scope.span(node))
    return _narrow(scope, frame, node, Placed(InValue(value)), node.picks)


# ---- fields


def _bits_of(register: Register | None) -> str:
    """How the bits of a register are reached, in words."""
    if register is None or not register.fields:
        return ""
    return f"bits are reached by their field, such as `{register.name}.{register.fields[0].name}`"


def _narrow(
    scope: Scope, frame: Frame, node: t.Place, placed: Placed, picks: Picks
) -> Placed | None:
    """Applies what is left of the picks: at most one field or derived function."""
    if not picks:
        return placed
    if placed.view is not None:
        picks = with_layout(placed.view, picks)
    first, *rest = picks
    if rest or isinstance(first, t.At):
        bad = rest[0] if rest else first
        scope.found.add(
            IndexOutOfRange(
                scope.span(bad),
                f"`{_text(scope, node)}` cannot be indexed or picked so",
                help=_bits_of(placed.view) if isinstance(first, t.At) else "",
            )
        )
        return None
    register = placed.view
    if register is None:
        scope.found.add(
            NotLinked(
                scope.span(first.name),
                f"`{scope.source.text[node.start : first.start]}` holds no register's value, "
                "so it has no fields",
            )
        )
        return None
    if (register.name, first.name.text) in scope.derived or (
        register.name,
        first.name.text,
    ) in scope.thunks:
        derived = scope.derive(register, first.name)
        if derived is None:
            return None
        return Placed(placed.home, register, derived=derived)
    found = find_field(scope, frame, register, first.name)
    if found is None:
        return None
    return Placed(placed.home, register, found[0], found[1])


# ---- reading


def read(scope: Scope, node: t.Node, placed: Placed) -> x.Expr | None:
    """The expression that reads a place."""
    span = scope.span(node)
    home = placed.home
    value: x.Expr
    match home:
        case InRegister(register=register, index=index):
            if not readable(scope, node, register, placed.field):
                return None
            value = x.ReadRegister(register, index, span)
        case InSlot(slot=slot, base=base, index=index):
            value = x.ReadSlot(slot, base, index, span)
        case InLocal(value=value) | InValue(value=value):
            pass
    if placed.derived is not None:
        assert placed.view is not None
        kind = placed.derived.value.type
        assert kind == BOOL or isinstance(kind, Int)
        return x.Derive(value, placed.view, placed.derived.name, kind, span)
    if placed.field is not None:
        assert placed.view is not None
        assert isinstance(value.type, Int)
        return x.Extract(
            value, placed.view, placed.field, placed.field_index, promoted(value.type), span
        )
    return value


def entry_of(scope: Scope, name: t.Name, needed: str) -> Entry | None:
    """The declaration that a name stands for, or a finding that says what is needed."""
    entry = scope.get(key(name.text))
    if entry is None:
        scope.unknown(name, needed)
    return entry
