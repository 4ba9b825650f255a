"""What an owner has, and the few values that others try of it, told apart bit by bit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.program import Program
from dsl.ir.shapes import LinkKind, Slot
from dsl.ir.walk import expressions, inside, parts, statements
from dsl.ir.ways import phases
from dsl.run.registers import Element, indexes, name_of
from dsl.verify.decided import Decided, place_of
from dsl.verify.whose import Whose

#: Two values that differ in each bit; the first has every other bit, from the lowest on.
PATTERNS = (0x5555_5555_5555_5555, 0xAAAA_AAAA_AAAA_AAAA)


#: An element of what mirrors a register: the slot's name and the index in it.
Place: TypeAlias = tuple[str, int | None]


@dataclass(frozen=True, slots=True)
class Data:
    """What mirrors a register: nothing is decided by its values, but for those of lists, and for
    the bits that are ``told``, by the names of slots and elements."""

    slots: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    elements: Mapping[str, Place] = field(default_factory=dict)
    told: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mirror:
    """One element of a slot (``index`` None: it is no array) and the register it mirrors."""

    slot: Slot
    index: int | None
    element: str

    @property
    def name(self) -> str:
        return self.slot.name if self.index is None else f"{self.slot.name}[{self.index}]"

    @property
    def key(self) -> tuple[str, int | None]:
        return (self.slot.name, self.index)


@dataclass(frozen=True)
class Owned:
    """What a program keeps for an owner: which slots mirror what, and which of them are lists.

    A list is an array that an extern fills: it writes the array and, in the same breath, a counter
    up to its length, which says how many elements are in use.
    """

    program: Program

    @cached_property
    def mirrors(self) -> tuple[Mirror, ...]:
        return tuple(
            m
            for slot in self.program.slots.values()
            if not self.whose.keeps_the_hosts(slot)
            for m in _mirrors(slot)
        )

    @cached_property
    def whose(self) -> Whose:
        return Whose(self.program)

    def concerned(self, element: Element, phase: str) -> tuple[Mirror, ...]:
        """The mirrors of an element that a phase is about in which others find and change it."""
        those = self.by_element.get(element.name, ())
        name = element.register.name
        return tuple(m for m in those if self.whose.concerns(phase, name, m.slot.name))

    @cached_property
    def by_element(self) -> dict[str, tuple[Mirror, ...]]:
        found: dict[str, tuple[Mirror, ...]] = {}
        for mirror in self.mirrors:
            found[mirror.element] = (*found.get(mirror.element, ()), mirror)
        return found

    @cached_property
    def by_place(self) -> dict[tuple[str, int | None], Mirror]:
        return {m.key: m for m in self.mirrors}

    @cached_property
    def decided(self) -> Decided:
        return Decided(self.program)

    @cached_property
    def data(self) -> Data:
        told: dict[str, int] = {}
        for mirror in self.mirrors:
            mask = self.decided.masks.get(place_of(mirror.slot), 0)
            if mask:
                told[mirror.slot.name] = told[mirror.element] = mask
        return Data(
            frozenset(m.slot.name for m in self.mirrors),
            frozenset(self.counters),
            {m.element: m.key for m in self.mirrors if not self.whose.shared(m.slot)},
            told,
        )

    @cached_property
    def fields(self) -> frozenset[tuple[str, str]]:
        """The fields that some sequence, rule or invariant asks for, by register."""
        program = self.program
        bodies = [q.body for q in program.sequences.values() if q.body is not None]
        values = [v for body in bodies for each in statements(body) for v in expressions(each)]
        values += [i.condition for m in program.modules for i in m.invariants]
        values += [
            v
            for rule in program.rules
            for c in rule.clauses
            for v in (c.condition, getattr(c, "effective", None))
            if v is not None
        ]
        return frozenset(
            (p.register.name, p.field.name)
            for value in values
            for p in inside(value)
            if isinstance(p, x.Extract)
        )

    @cached_property
    def read(self) -> dict[str, int]:
        """The bits that a sequence, lifecycle or invariant asks for, by register; what is computed
        asks in its turn."""
        program = self.program
        bodies = [q.body for q in program.sequences.values() if q.body is not None]
        bodies += [p.body for each in program.lifecycles for p in phases(each.steps)]
        values = [v for body in bodies for each in statements(body) for v in expressions(each)]
        values += [i.condition for m in program.modules for i in m.invariants]
        found: dict[str, int] = {}
        while values:
            fresh: dict[str, int] = {}
            for value in values:
                _asked(value, fresh)
            values = [
                c.value for c in program.computed if fresh.get(c.register.name, 0) & c.field.mask
            ]
            values = [v for v in values if self._news(v, found)]
            for name, mask in fresh.items():
                found[name] = found.get(name, 0) | mask
        return found

    def _news(self, value: x.Expr, known: dict[str, int]) -> bool:
        """Whether an expression asks for bits that nobody has asked for."""
        asked: dict[str, int] = {}
        _asked(value, asked)
        return any(mask & ~known.get(name, 0) for name, mask in asked.items())

    @cached_property
    def counters(self) -> dict[str, Slot]:
        """The counter of each list, by the names of the arrays."""
        found = {}
        for extern in self.program.externs.values():
            places = [p for e in extern.effects if e.kind == "writes" for p in e.places]
            slots = [p for p in places if isinstance(p, Slot)]
            for array in slots:
                for counter in slots:
                    if array.length and not counter.length and counter.high == array.length:
                        found[array.name] = counter
        return found

    @cached_property
    def bounds(self) -> frozenset[str]:
        """The slots with bounds that loops go up to: what such a loop does too often, it does where
        they are as large as they can be.

        Not those that count a list: what is left over behind its last element shows that too.
        """
        bodies = [q.body for q in self.program.sequences.values() if q.body is not None]
        loops = [e for body in bodies for e in statements(body) if isinstance(e, s.Loop)]
        slots = [p.slot for e in loops for p in inside(e.high) if isinstance(p, x.ReadSlot)]
        counting = {slot.name for slot in self.counters.values()}
        return frozenset(
            slot.name for slot in slots if slot.high is not None and slot.name not in counting
        )

    @cached_property
    def asked(self) -> frozenset[str]:
        """The slots that some sequence, lifecycle, condition or invariant asks for, or mirrors."""
        program = self.program
        found = {m.slot.name for m in self.mirrors}
        bodies = [q.body for q in program.sequences.values() if q.body is not None]
        bodies += [b.body for b in program.boots]
        bodies += [p.body for each in program.lifecycles for p in phases(each.steps)]
        values = [v for body in bodies for each in statements(body) for v in expressions(each)]
        values += [i.condition for m in program.modules for i in m.invariants]
        values += [d.value for d in program.definitions.values()]
        values += [e for extern in program.externs.values() for e in extern.ensures]
        for value in values:
            found |= {p.slot.name for p in inside(value) if isinstance(p, x.ReadSlot)}
        for body in bodies:
            found |= {e.slot.name for e in statements(body) if isinstance(e, s.UpdateSlot)}
        return frozenset(found)


def _asked(value: x.Expr, found: dict[str, int]) -> None:
    """Adds the bits of registers that an expression asks for."""
    match value:
        case x.Extract(value=x.ReadRegister(register=register), field=field):
            found[register.name] = found.get(register.name, 0) | field.mask
        case x.ReadRegister(register=register):
            found[register.name] = found.get(register.name, 0) | register.type.mask
    for part in parts(value):
        if not isinstance(value, x.Extract) or not isinstance(part, x.ReadRegister):
            _asked(part, found)


def _mirrors(slot: Slot) -> Iterator[Mirror]:
    link = slot.link
    if link is None or link.kind is not LinkKind.MIRRORS or link.register.field is not None:
        return
    register, index = link.register.register, link.register.index
    if not slot.length:
        yield Mirror(slot, None, name_of(register, index or 0))
        return
    for at, number in zip(range(slot.length), indexes(register), strict=False):
        yield Mirror(slot, at, name_of(register, number))
