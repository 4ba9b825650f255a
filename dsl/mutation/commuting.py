"""Two neighbours that may change places: what the one does is nothing to the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.platform import Events, OnlyWhile, Precedes, VisibleTo
from dsl.ir.program import Program
from dsl.ir.shapes import Register, RegisterRef
from dsl.ir.walk import expressions, inside, statements
from dsl.mutation.normal import exact_of, parted

#: A register or a slot, and its index where that is a number.
_Place: TypeAlias = tuple[str, int | None]
_SIMPLE = (s.WriteRegister, s.UpdateRegister, s.WriteSlot, s.UpdateSlot, s.If, s.Switch, s.Loop)


@dataclass(slots=True)
class _Accesses:
    """What a statement accesses: slots, registers, and those of either that it writes."""

    registers: set[_Place] = field(default_factory=set)
    slots: set[_Place] = field(default_factory=set)
    written: set[_Place] = field(default_factory=set)


class Commuting:
    """Tells which neighbours of a program may change places."""

    def __init__(self, program: Program) -> None:
        self.program = program
        # Rules may hold under conditions, and these may be defined by what is in memory.
        self._asked = {
            part.slot.name
            for defined in program.definitions.values()
            for part in inside(defined.value)
            if isinstance(part, x.ReadSlot)
        }
        self._related = {frozenset(pair) for pair in _pairs(program)}

    def same(self, old: Program, new: Program) -> bool:
        """Whether two programs differ in the order of two neighbours, and it is nobody's to see."""
        pairs = [(q, new.sequences[n]) for n, q in old.sequences.items()]
        changed = [(a, b) for a, b in pairs if a is not b]
        if len(changed) != 1:
            return False
        before, after = changed[0]
        mine = {id(each) for each in statements(before.body)}
        parts = list(parted(before.body or (), after.body or ()))
        was = [each for each in parts if id(each) in mine]
        is_ = [each for each in parts if id(each) not in mine]
        if len(was) != 2 or [*map(exact_of, was)] != [*map(exact_of, reversed(is_))]:
            return False
        return self.independent(*was)

    def independent(self, one: s.Statement, other: s.Statement) -> bool:
        """Whether neither statement changes what the other reads, or when it may happen."""
        a, b = _accesses(one), _accesses(other)
        if a is None or b is None:
            return False
        if any(place[0] in self._asked for place in a.written | b.written):
            return False
        if any(_meet(p, q) for p in a.written & a.slots for q in b.slots):
            return False
        if any(_meet(p, q) for p in b.written & b.slots for q in a.slots):
            return False
        if any(_meet(p, q) for p in a.registers for q in b.registers):
            return False
        return not any(
            frozenset((p[0], q[0])) in self._related for p in a.registers for q in b.registers
        )


def _meet(one: _Place, other: _Place) -> bool:
    return one[0] == other[0] and (None in (one[1], other[1]) or one[1] == other[1])


def _accesses(statement: s.Statement) -> _Accesses | None:
    """What a statement accesses; None where it does more than that."""
    found = _Accesses()
    for each in statements((statement,)):
        if not isinstance(each, _SIMPLE):
            return None
        match each:
            case s.WriteRegister(register=register, index=index) | s.UpdateRegister(
                register=register, index=index
            ):
                place = (register.name, _number(index))
                found.registers.add(place)
                found.written.add(place)
            case s.WriteSlot(slot=slot, index=index) | s.UpdateSlot(slot=slot, index=index):
                found.slots.add((slot.name, _number(index)))
                found.written.add((slot.name, _number(index)))
            case _:
                pass
        for part in (p for value in expressions(each) for p in inside(value)):
            match part:
                case x.ReadRegister(register=register, index=index):
                    found.registers.add((register.name, _number(index)))
                case x.ReadSlot(slot=slot, index=index):
                    found.slots.add((slot.name, _number(index)))
                case x.Call() | x.Every() | x.Test():
                    return None
                case _:
                    pass
    return found


def _number(index: x.Expr | None) -> int | None:
    return index.value if isinstance(index, x.Const) else None


def _pairs(program: Program) -> Iterator[tuple[str, str]]:
    """Registers of which the one has to do with the other: by what they hold, or by a rule."""
    for rule in program.legalisations:
        yield from _each([rule.register.name], _read((rule.value, rule.condition)))
    for computed in program.computed:
        yield from _each([computed.register.name], _read((computed.value,)))
    for layout in program.layouts:
        yield from _each([layout.register.name], _read((layout.condition,)))
    for clause in (c for r in program.rules for c in r.clauses):
        asked = _read(() if clause.condition is None else (clause.condition,))
        match clause:
            case VisibleTo(first=first, then=then) | Precedes(first=first, then=then):
                yield from _each(_of(first), _of(then))
                yield from _each([*_of(first), *_of(then)], asked)
            case OnlyWhile(events=events, effective=effective):
                yield from _each(_of(events), [*_read((effective,)), *asked])


def _each(those: Iterable[str], others: Iterable[str]) -> Iterator[tuple[str, str]]:
    right = list(others)
    for one in those:
        for other in right:
            yield one, other


def _read(values: Iterable[x.Expr]) -> list[str]:
    return [
        part.register.name
        for value in values
        for part in inside(value)
        if isinstance(part, x.ReadRegister)
    ]


def _of(events: Events) -> list[str]:
    found: list[Register] = []
    for target in events.targets:
        if isinstance(target, RegisterRef):
            found.append(target.register)
        else:
            found += [ref.register for ref in target.aliases]
    return [register.name for register in found]
