"""What a symbolic machine holds: registers, memory, facts and locals, as terms, on one path."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from dsl.ir import expr as x
from dsl.ir.program import Program
from dsl.ir.shapes import Condition, Register, Slot
from dsl.ir.types import Bool
from dsl.ir.walk import inside
from dsl.run.prepared import prepared
from dsl.run.registers import Element, bits, indexes, name_of
from dsl.run.world import limits
from dsl.verify.symbolic.solver import Solver
from dsl.verify.symbolic.term import Term
from dsl.verify.symbolic.terms import Terms

#: A register by the name of its element; a slot by owner, name and element (-1: it is no array);
#: a condition by "?", owner and name; a local by "=", the number of the call and its name.
Key: TypeAlias = str | tuple[str, str, int] | tuple[str, str, str] | tuple[str, int, str]
Cells: TypeAlias = dict[Key, Term]

#: Evaluates an expression of the platform: its value, given that of the register it speaks of.
Evaluate: TypeAlias = Callable[[object, Term, dict[str, Term]], Term]


class Unbounded(Exception):
    """Something has no bound that can be seen: a loop, an index, a call of itself."""


def slot_key(owner: str, slot: Slot, index: int | None) -> Key:
    return (owner, slot.name, -1 if index is None else index)


def fact_key(owner: str, condition: Condition) -> Key:
    return ("?", owner, condition.name)


def width_of(what: Slot | Condition) -> int:
    return 0 if isinstance(what.type, Bool) else what.type.width


def legal_context(program: Program, element: Element) -> Iterator[str]:
    """The registers that what a write becomes depends on."""
    for rule in element.legalised:
        for value in (rule.value, rule.condition):
            for part in inside(value):
                if isinstance(part, x.ReadRegister):
                    for other in prepared(program).elements.values():
                        if other.register.name == part.register.name:
                            yield other.name


def _context(program: Program, element: Element) -> tuple[str, ...] | None:
    """All that decides what a write becomes, if it is registers alone."""
    asked = (part for r in element.legalised for v in (r.value, r.condition) for part in inside(v))
    if any(isinstance(part, x.Test | x.ReadSlot | x.Call) for part in asked):
        return None
    return tuple(legal_context(program, element))


class State:
    """Registers and memory on one path; every write is in force for everybody at once.

    ``cells`` are what is known to differ from the ``initial`` values, which come from who uses the
    machine; ``path`` is the condition under which this path is taken.
    """

    def __init__(self, program: Program, terms: Terms, solver: Solver) -> None:
        self.program, self.terms, self.solver = program, terms, solver
        self.elements: dict[str, Element] = prepared(program).elements
        self.cells: Cells = {}
        self.path = terms.true
        self.initial: Callable[[Key], Term | None] = lambda key: None
        self.shapes: dict[tuple[str, str], Slot] = {}
        self.evaluate: Callable[..., Term]
        self._fresh: dict[str, int] = {}
        self._contexts: dict[str, tuple[str, ...] | None] = {}

    # ---- values

    def again(self) -> None:
        """Names of unknowns begin anew, for a history that has nothing to do with earlier ones."""
        self._fresh.clear()

    @property
    def guessed(self) -> bool:
        """Whether there were unknowns of their own since names began anew."""
        return bool(self._fresh)

    def fresh(self, name: str, width: int, lo: int = 0, hi: int | None = None) -> Term:
        """An unknown of its own."""
        number = self._fresh[name] = self._fresh.get(name, 0) + 1
        return self.ranged(f"{name}#{number}", width, lo, hi)

    def ranged(self, name: str, width: int, lo: int = 0, hi: int | None = None) -> Term:
        """The unknown of a name, of no more bits than its greatest value needs."""
        if hi is None or width == 0:
            return self.terms.symbol(name, width, lo, hi)
        if hi == lo:
            return self.terms.const(lo, width)
        used = hi.bit_length()
        return self.terms.zext(self.terms.symbol(name, used, lo, hi), width)

    def get(self, key: Key) -> Term:
        found = self.cells.get(key)
        if found is None:
            made = self.initial(key)
            assert made is not None, key
            found = self.cells[key] = made
        return found

    def any_of(self, what: Slot | Condition, name: str) -> Term:
        """Some value of a slot or a condition, within its limits."""
        low, high = limits(what)
        width = width_of(what)
        if low < 0:
            return self.fresh(name, width)
        return self.fresh(name, width, low, high)

    # ---- paths

    def on(self, condition: Term) -> Term:
        """A condition, as far as this path has not decided it."""
        return self.solver.under(self.path, condition)

    def merged(self, c: Term, a: Cells, b: Cells) -> Cells:
        """What holds after two paths: ``a`` where ``c``, else ``b``."""
        if c.constant:
            return a if c.value else b
        made: Cells = {}
        ite = self.terms.ite
        for key, value in a.items():
            other = b.get(key)
            if other is None:
                if key[0] == "=":
                    continue
                other = self._elsewhere(key, value)
            made[key] = value if other is value else ite(c, value, other)
        for key, value in b.items():
            if key not in a and key[0] != "=":
                other = self._elsewhere(key, value)
                made[key] = value if other is value else ite(c, other, value)
        return made

    def _elsewhere(self, key: Key, value: Term) -> Term:
        """What a path holds that has not looked at it: a fact is what others found it to be."""
        found = self.initial(key)
        if found is None:
            assert key[0] == "?", key
            return value
        return found

    # ---- registers

    def stored(self, element: Element) -> Term:
        if not element.stored and not element.reset:
            return self.terms.const(element.reset, element.register.width)
        return self.get(element.name)

    def look(self, element: Element) -> Term:
        """The newest value, with what is computed in it."""
        value = self.stored(element)
        if not element.computed:
            return value
        own = value
        for each in element.computed:
            of = each.field
            for index in range(of.first, of.first + max(1, of.count)):
                low, _ = bits(of, index)
                locals = {each.var: self.terms.const(index, 64)} if each.var else {}
                found = self.evaluate(each.value, own, locals)
                value = self.terms.insert(value, low, self.resized(found, of.width))
        return value

    def resized(self, value: Term, width: int) -> Term:
        """The low bits of a value; a truth value is 0 or 1."""
        if value.width == 0:
            return self.terms.number(value, width)
        return self.terms.zext(value, width)

    def write(self, element: Element, value: Term) -> None:
        """A write by software, legalised, on this path."""
        if element.register.access == "wi":
            return
        made = self.legalised(element, value, element.ones)
        mask = element.writable
        self.cells[element.name] = self.terms.masked(self.stored(element), made, mask)

    def change(self, element: Element, mask: int, value: Term) -> None:
        """A change of some bits by hardware, or from an endpoint."""
        old = self.stored(element)
        whole = self.terms.masked(old, value, mask)
        made = self.legalised(element, whole, mask)
        self.cells[element.name] = self.terms.masked(old, made, mask & element.stored)

    def legalised(self, element: Element, value: Term, mask: int) -> Term:
        """What a write of some bits becomes."""
        if not element.legalised:
            return value
        if element.name not in self._contexts:
            self._contexts[element.name] = _context(self.program, element)
        context = self._contexts[element.name]
        if context is None:
            return self._legalise(element, value, mask)
        key = (element.name, value, mask, *(self.get(name) for name in context))
        found = self.solver.legal.get(key)
        if found is None:
            found = self.solver.legal[key] = self._legalise(element, value, mask)
        return found

    def _legalise(self, element: Element, value: Term, mask: int) -> Term:
        written = value
        for rule in element.legalised:
            if not rule.field.mask & mask:
                continue
            applies = self.evaluate(rule.condition, written, {})
            if applies is self.terms.false:
                continue
            low, _ = bits(rule.field, None)
            new = self.resized(self.evaluate(rule.value, written, {}), rule.field.width)
            old = self.terms.slice(value, low, rule.field.width)
            value = self.terms.insert(value, low, self.terms.ite(applies, new, old))
        return value

    def candidates(self, register: Register, index: Term | None) -> list[tuple[Term, Element]]:
        """The elements that an index can mean here, each with the condition that it does.

        An index that a bank does not have stops the machine: that path goes on no further.
        """
        if index is None:
            return [(self.terms.true, self.elements[register.name])]
        found = [
            (self.on(self.terms.eq(index, self.terms.const(i, index.width))), i)
            for i in indexes(register)
            if index.lo <= i <= index.hi
        ]
        found = [(c, i) for c, i in found if c is not self.terms.false]
        self._only(found)
        return [(c, self.elements[name_of(register, i)]) for c, i in found]

    def _only(self, found: list[tuple[Term, int]]) -> None:
        """The path goes on only where one of these is what is meant."""
        if not any(c is self.terms.true for c, _ in found):
            possible = self.terms.false
            for c, _ in found:
                possible = self.terms.or_(possible, c)
            self.path = self.terms.and_(self.path, possible)

    # ---- memory

    def places(self, slot: Slot, index: Term | None) -> list[tuple[Term, int | None]]:
        """The elements of a slot that an index can mean here, as `candidates` does."""
        if index is None:
            return [(self.terms.true, None)]
        found = [
            (self.on(self.terms.eq(index, self.terms.const(i, index.width))), i)
            for i in range(max(index.lo, 0), min(index.hi, slot.length - 1) + 1)
        ]
        found = [(c, i) for c, i in found if c is not self.terms.false]
        self._only(found)
        return [(c, i) for c, i in found]

    def load(self, owner: str, slot: Slot, index: Term | None) -> Term:
        made: Term | None = None
        for c, at in reversed(self.places(slot, index)):
            value = self.get(slot_key(owner, slot, at))
            made = value if made is None else self.terms.ite(c, value, made)
        return made if made is not None else self.zero(slot)

    def store(self, owner: str, slot: Slot, index: Term | None, value: Term) -> None:
        """Stores a value; where it does not fit the slot's limits the machine stops."""
        low, high = limits(slot)
        if value.width and low >= 0 and (value.lo < low or value.hi > high):
            most = self.terms.const(high, value.width)
            fits = self.terms.not_(self.terms.ult(most, value))
            if low:
                least = self.terms.const(low, value.width)
                fits = self.terms.and_(fits, self.terms.not_(self.terms.ult(value, least)))
            fits = self.on(fits)
            if fits is not self.terms.true:
                self.path = self.terms.and_(self.path, fits)
        for c, at in self.places(slot, index):
            key = slot_key(owner, slot, at)
            self.cells[key] = self.terms.ite(c, value, self.get(key))

    def zero(self, what: Slot) -> Term:
        return self.terms.const(0, width_of(what))
