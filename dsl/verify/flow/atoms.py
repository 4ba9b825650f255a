"""What branches ask, and what is known of it on the way: facts, slots, and values of registers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from dsl.ir import expr as x
from dsl.ir import lifecycle as l
from dsl.ir import sequence as s
from dsl.ir.arithmetic import lowest, operate
from dsl.ir.program import Program
from dsl.ir.shapes import Condition, Period, Register, RegisterRef
from dsl.ir.types import BOOL, Bool, Int
from dsl.ir.walk import inside, parts, statements
from dsl.verify.flow.events import Atom, Event

#: Of a register, or an element of a bank: which bits are known, and their values.
Known: TypeAlias = tuple[int, int]
#: The same by the names of registers.
Values: TypeAlias = Mapping[str, Known]

_FIXED = (Period.MACHINE, Period.VM)


@dataclass(slots=True)
class Keys:
    """The things that branches ask about, by number; ``slots`` and ``registers`` say of what."""

    program: Program
    numbers: dict[tuple[object, ...], int] = field(default_factory=dict)
    by_slot: dict[str, set[int]] = field(default_factory=dict)
    tracked: set[str] = field(default_factory=set)
    #: The registers that somebody writes, after the boot, or that follow from others.
    changing: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.changing = frozenset(_changing(self.program))

    def fixed(self, condition: Condition) -> bool:
        """Whether a configuration says what a condition is."""
        return condition.period in _FIXED and condition.name not in self.program.models

    def atom(self, value: x.Expr, number: int) -> Atom:
        """Whether an expression has a value, as a branch asks it."""
        parts_ = list(inside(value))
        if any(isinstance(p, x.Var | x.Call | x.Every | x.Count) for p in parts_):
            return Atom()
        tests = [p.condition for p in parts_ if isinstance(p, x.Test)]
        reads = [p for p in parts_ if isinstance(p, x.ReadRegister)]
        slots = [p for p in parts_ if isinstance(p, x.ReadSlot)]
        if not slots and not reads and all(self.fixed(c) for c in tests):
            return Atom(condition=_equals(value, number))
        if any(self._changes(r) for r in reads):
            self.tracked |= {r.register.name for r in reads}
            return Atom(condition=_equals(value, number))
        if any(self._sampled(c) for c in tests):
            return Atom()
        key = self.number(shape(value))
        for each in slots:
            self.by_slot.setdefault(each.slot.name, set()).add(key)
        return Atom(key, number)

    def number(self, key: tuple[object, ...]) -> int:
        return self.numbers.setdefault(key, len(self.numbers))

    def of_condition(self, condition: Condition) -> int:
        return self.number(("test", condition.name))

    def _sampled(self, condition: Condition) -> bool:
        return condition.period is Period.TEST or condition.name in self.program.definitions

    def _changes(self, read: x.ReadRegister) -> bool:
        """Whether a register can have another value later."""
        return read.register.name in self.changing


def shape(e: x.Expr) -> tuple[object, ...]:
    """An expression without the places where it is written."""
    match e:
        case x.Const(value=value):
            return ("const", value)
        case x.Test(condition=condition):
            return ("test", condition.name)
        case x.ReadSlot(slot=slot, base=base):
            return ("slot", slot.name, base, *(shape(p) for p in parts(e)))
        case x.ReadRegister(register=register):
            return ("register", register.name, *(shape(p) for p in parts(e)))
        case x.Extract(field=field):
            return ("field", field.name, *(shape(p) for p in parts(e)))
        case x.Insert(field=field):
            return ("insert", field.name, *(shape(p) for p in parts(e)))
        case x.Derive(name=name):
            return ("derive", name, *(shape(p) for p in parts(e)))
        case x.Binary(op=op):
            return (op, *(shape(p) for p in parts(e)))
        case _:
            return (type(e).__name__, *(shape(p) for p in parts(e)))


def _changing(program: Program) -> Iterator[str]:
    yield from (c.register.name for c in program.computed)
    bodies = [q.body for q in program.sequences.values()]
    bodies += [q.body for q in program.operations.values()]
    bodies += [p.body for each in program.lifecycles for p in phases(each.steps)]
    for each in (each for body in bodies for each in statements(body)):
        match each:
            case s.WriteRegister(register=register) | s.UpdateRegister(register=register):
                yield register.name
            case s.May(places=places):
                yield from (p.register.name for p in places if isinstance(p, RegisterRef))
            case _:
                pass
    for extern in program.externs.values():
        for effect in extern.effects:
            yield from (p.register.name for p in effect.places if isinstance(p, RegisterRef))


def phases(steps: Iterable[l.Step]) -> Iterator[l.Phase]:
    """The phases of a lifecycle, in their order."""
    for step in steps:
        match step:
            case l.Phase():
                yield step
            case l.Repeat(steps=inner):
                yield from phases(inner)
            case l.Either(alternatives=alternatives):
                for each in alternatives:
                    yield from phases(each)


# ---- what is known


def _equals(value: x.Expr, number: int) -> x.Expr:
    assert isinstance(value.type, Int | Bool)
    return x.Binary("==", value, x.Const(number, value.type, value.span), BOOL, value.span)


def name_of(register: Register, index: int | None) -> str:
    return register.element(index) if register.banked and index is not None else register.name


def value(e: x.Expr, facts: Mapping[str, int], known: Values) -> int | None:
    """The value of an expression as far as facts and registers decide it."""
    match e:
        case x.Const(value=number):
            return number
        case x.Test(condition=condition):
            return facts.get(condition.name)
        case x.Not(operand=operand):
            inner = value(operand, facts, known)
            return None if inner is None else int(not inner)
        case x.Truth(operand=operand):
            inner = value(operand, facts, known)
            return None if inner is None else int(inner != 0)
        case x.Binary(op="and" | "or" | "implies" as op, left=left, right=right):
            a, b = value(left, facts, known), value(right, facts, known)
            decides = 1 if op == "or" else 0
            if op == "implies":
                a = None if a is None else int(not a)
                op, decides = "or", 1
            if decides in (
                None if a is None else int(bool(a)),
                None if b is None else int(bool(b)),
            ):
                return decides
            return None if a is None or b is None else 1 - decides
        case x.Binary(op=op, left=left, right=right, type=type):
            a, b = value(left, facts, known), value(right, facts, known)
            if a is None or b is None:
                return None
            assert isinstance(type, Int | Bool)
            return operate(op, a, b, type)
        case _:
            bits = known_bits(e, facts, known)
            type_ = e.type
            ones = type_.mask if isinstance(type_, Int) else 1
            return bits[1] if bits[0] & ones == ones else None


def known_bits(e: x.Expr, facts: Mapping[str, int], known: Values) -> Known:
    """The bits of an expression's value that are known, and their values."""
    match e:
        case x.ReadRegister(register=register, index=index):
            number = index.value if isinstance(index, x.Const) else None
            return known.get(name_of(register, number), (0, 0))
        case x.Extract(value=inner, field=field, index=index):
            at = lowest(field, None) if index is None else None
            if isinstance(index, x.Const):
                at = lowest(field, index.value)
            if at is None:
                return 0, 0
            mask, bits = known_bits(inner, facts, known)
            ones = (1 << field.width) - 1
            kept = mask >> at & ones
            # What is above the field is 0.
            assert isinstance(e.type, Int)
            return kept | e.type.mask & ~ones, bits >> at & kept
        case x.Insert(value=inner, field=field, index=index, new=new):
            mask, bits = known_bits(inner, facts, known)
            low = field.low if index is None else None
            if isinstance(index, x.Const):
                low = lowest(field, index.value)
            if low is None:
                return mask & ~field.mask, bits & ~field.mask
            ones = (1 << field.width) - 1
            new_mask, new_bits = known_bits(new, facts, known)
            mask = mask & ~(ones << low) | (new_mask & ones) << low
            return mask, (bits & ~(ones << low) | (new_bits & ones) << low) & mask
        case x.Cast(value=inner, type=type):
            mask, bits = known_bits(inner, facts, known)
            from_ = inner.type
            if isinstance(from_, Int) and not from_.signed and from_.width < type.width:
                mask |= type.mask & ~from_.mask
            return mask & type.mask, bits & mask & type.mask
        case x.Var() | x.ReadSlot() | x.Call() | x.Every() | x.Count() | x.Written() | x.Derive():
            return 0, 0
        case _:
            number_ = value(e, facts, known)
            if number_ is None:
                return 0, 0
            ones = e.type.mask if isinstance(e.type, Int) else 1
            return ones, number_ & ones


def written(event: Event, facts: Mapping[str, int], known: Values, blurred: int) -> Known:
    """What a register holds after a write, as far as it is known; ``blurred`` bits never are."""
    register = event.register
    assert register is not None
    ones = register.type.mask
    bits = (0, 0) if event.value is None else known_bits(event.value, facts, known)
    if not event.whole and event.value is None:
        # Somebody writes these bits, and nobody else's.
        old = known.get(event.element, (0, 0))
        bits = old[0] & ~event.mask, old[1] & ~event.mask
    mask = bits[0] & ones & ~blurred
    return mask, bits[1] & mask
