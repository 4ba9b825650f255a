"""What is known at a place of a lifecycle: for each stretch of bits, what it surely is.

A fact is a number (``Number``), that the bits are what the owner had (``SAME``), what that becomes
when it is written to the register (``LEGAL``), or one of the two (``EITHER``).  Of an array with a
counter there are two sets of facts: for the elements in use, and for the others.
"""

from __future__ import annotations

from typing import TypeAlias

from dsl.ir.shapes import MACHINE, Slot
from dsl.run.registers import Element
from dsl.run.world import limits
from dsl.source import Span
from dsl.verify.symbolic.mirrors import Mirror, Stretch, stretches
from dsl.verify.symbolic.phases import Phases
from dsl.verify.symbolic.state import Key, fact_key, slot_key, width_of
from dsl.verify.symbolic.terms import SAMPLES, Term, sample

SAME, LEGAL, EITHER = "same", "legal", "either"
#: Everything holds of what there is not.
ALL = "all"
#: A number, or one of the words above.
Fact: TypeAlias = int | str
#: What holds of one stretch: where the element is in use, and where it is not.
Shape: TypeAlias = tuple[frozenset[Fact], frozenset[Fact]]

_NOTHING: frozenset[Fact] = frozenset()
_EVERYTHING: frozenset[Fact] = frozenset((ALL,))


class Facts:
    """What is known at one place; ``origin`` says who wrote what last.

    A key that is not in ``shapes`` is as it was at the start.
    """

    def __init__(self, shapes: dict[Key, tuple[Shape, ...]], origin: dict[Key, Span]) -> None:
        self.shapes, self.origin = shapes, origin


class Abstraction:
    """Between states of the machine and what is known of them."""

    def __init__(self, machine: Phases) -> None:
        self.machine = machine
        self.static = machine.static
        self.terms = machine.terms
        self._stretches: dict[Key, tuple[Stretch, ...]] = {}
        self._started: dict[Key, tuple[Shape, ...]] = {}
        self._mirrors: dict[Key, Mirror] = {}
        self._ghosts: dict[Key, Mirror] = {machine.ghost_key(m): m for m in self.static.mirrors}
        self._slots: dict[Key, Slot] = {}
        #: What registers hold for good, and what others hold before anybody runs.
        self.constants: dict[str, Term] = {}
        self.booted: dict[str, Term] = {}
        for mirror in self.static.mirrors:
            self._mirrors[self._owned(mirror)] = mirror
            self._mirrors.setdefault(mirror.element.name, mirror)
        for slot in machine.program.slots.values():
            for index in range(slot.length) if slot.length else (None,):
                self._slots[self._key(slot, index)] = slot
        self._now: dict[Key, tuple[Shape, ...]] = {}
        self._under_way: set[Key] = set()
        self._entry: dict[Key, Term] = {}

    def _key(self, slot: Slot, index: int | None) -> Key:
        return slot_key("" if slot.root == MACHINE else self.machine.owner, slot, index)

    def _owned(self, mirror: Mirror) -> Key:
        return self._key(mirror.slot, mirror.index)

    def shared(self, key: Key) -> bool:
        """Whether other owners change it too: registers, and what the machine has once."""
        return isinstance(key, str) or key[0] == ""

    # ---- stretches and what they are at the start

    def stretches(self, key: Key) -> tuple[Stretch, ...]:
        found = self._stretches.get(key)
        if found is None:
            found = self._stretches[key] = tuple(self._cut(key))
        return found

    def _cut(self, key: Key) -> list[Stretch]:
        mirror = self._mirrors.get(key)
        if mirror is not None:
            return list(mirror.stretches)
        if isinstance(key, str):
            element = self.machine.elements[key]
            return list(stretches(element, element.stored, fields=True))
        slot = self._slots[key]
        width = width_of(slot)
        if slot.link is not None and width:
            name = slot.link.register.register.name
            element = next(e for e in self.machine.elements.values() if e.register.name == name)
            mask = element.register.type.mask & ((1 << width) - 1)
            return [(low, min(w, width - low)) for low, w in stretches(element, mask, fields=True)]
        return [(0, width)]

    def started(self, key: Key) -> tuple[Shape, ...]:
        """What holds of something before the lifecycle begins."""
        found = self._started.get(key)
        if found is None:
            found = self._started[key] = tuple(self._start(key, s) for s in self.stretches(key))
        return found

    def _start(self, key: Key, stretch: Stretch) -> Shape:
        facts: frozenset[Fact] = _NOTHING
        if isinstance(key, str):
            booted = self.booted.get(key)
            if booted is not None and key not in self.constants:
                part = self.terms.slice(booted, *stretch)
                facts = frozenset((part.value,)) if part.constant else _NOTHING
            return facts, facts
        slot = self._slots[key]
        if key in self._mirrors:
            facts = frozenset((SAME, EITHER))
        elif slot.link is None and self._flag(slot):
            facts = frozenset((max(0, limits(slot)[0]),))
        return facts, facts

    def _flag(self, slot: Slot) -> bool:
        """What is asked about, or counts, begins as memory does: with the least there is."""
        return slot.name in self.static.asked or slot.high is not None or width_of(slot) == 0

    # ---- from facts to a state

    def enter(self, facts: Facts) -> None:
        """Makes the machine one of which nothing is known but these facts."""
        machine = self.machine
        machine.cells, machine.path = {}, self.terms.true
        machine.initial = self.initial
        machine.origin = dict(facts.origin)
        self._now, self._entry = facts.shapes, {}

    def initial(self, key: Key) -> Term | None:
        if key[0] in ("?", "="):
            return None
        found = self._entry.get(key)
        if found is None:
            found = self._entry[key] = self._made(key)
        return found

    def _made(self, key: Key) -> Term:
        terms = self.terms
        if not isinstance(key, str) and key[0] == "g":
            mirror = self._ghosts[key]
            return terms.symbol(f"G:{mirror.name}", mirror.element.register.width)
        whole = self._anything(key)
        mirror = self._mirrors.get(key)
        self._under_way.add(key)
        for (low, width), (live, dead) in zip(
            self.stretches(key), self._now.get(key) or self.started(key), strict=True
        ):
            old = terms.slice(whole, low, width)
            new = self._value(key, mirror, low, width, live, old)
            if mirror is not None and live != dead:
                other = self._value(key, mirror, low, width, dead, old)
                new = terms.ite(self.machine.live(mirror), new, other)
            whole = terms.insert(whole, low, new)
        self._under_way.discard(key)
        return whole

    def _anything(self, key: Key) -> Term:
        machine, terms = self.machine, self.terms
        if isinstance(key, str):
            if key in self.constants:
                return self.constants[key]
            element = machine.elements[key]
            base = terms.const(element.reset, element.register.width)
            anything = terms.symbol(f"{machine.left}{key}", element.register.width)
            return terms.masked(base, anything, element.stored)
        slot = self._slots[key]
        low, high = limits(slot)
        name = f"slot:{slot.name}[{key[2]}]"
        if low < 0:
            return terms.symbol(name, width_of(slot))
        return machine.ranged(name, width_of(slot), low, high)

    def _value(
        self,
        key: Key,
        mirror: Mirror | None,
        low: int,
        width: int,
        facts: frozenset[Fact],
        old: Term,
    ) -> Term:
        terms = self.terms
        number = next((f for f in facts if isinstance(f, int)), None)
        if number is not None:
            return terms.const(number, width) if width else terms.truth(number)
        if mirror is None or not facts:
            return old
        mine = self.machine.get(self.machine.ghost_key(mirror))
        same = terms.slice(mine, low, width)
        if SAME in facts or ALL in facts:
            return same
        legal = self._legal(mirror, low, width)
        if legal is None:
            return old
        if LEGAL in facts:
            return legal
        which = terms.symbol(f"which:{key}:{low}", 0)
        return terms.ite(which, same, legal)

    def _legal(self, mirror: Mirror, low: int, width: int) -> Term | None:
        """What the owner's value becomes in the register."""
        if mirror.element.name in self._under_way:
            return None
        self._under_way.add(mirror.element.name)
        mine = self.machine.get(self.machine.ghost_key(mirror))
        made = self.machine.legalised(mirror.element, mine, mirror.element.ones)
        self._under_way.discard(mirror.element.name)
        return self.terms.slice(made, low, width)

    # ---- from a state to facts

    def leave(self, before: Facts | None) -> Facts:
        """What is known of the machine's state now, of what was known when it was last left."""
        machine = self.machine
        shapes: dict[Key, tuple[Shape, ...]] = {}
        keys = [k for k in machine.cells if k[0] not in ("?", "=", "g")]
        keys += [k for k in self._now if k not in machine.cells]
        for mirror in self.static.mirrors:
            ghost = machine.ghost_key(mirror)
            if ghost in machine.cells and machine.cells[ghost] is not self.initial(ghost):
                keys += [self._owned(mirror), mirror.element.name]
        for key in dict.fromkeys(keys):
            old = None if before is None else before.shapes.get(key) or self.started(key)
            shapes[key] = self._shapes(key, old)
        return Facts(shapes, dict(machine.origin))

    def _shapes(self, key: Key, old: tuple[Shape, ...] | None) -> tuple[Shape, ...]:
        machine = self.machine
        was = self._now.get(key) or self.started(key)
        mirror = self._mirrors.get(key)
        value = machine.cells.get(key)
        same = value is None or value is self.initial(key)
        if same and (mirror is None or self._context_same(mirror)):
            return was if old is None else common(old, was)
        if value is None:
            value = machine.get(key)
        live = machine.live(mirror) if mirror is not None else self.terms.true
        made: list[Shape] = []
        for at, (low, width) in enumerate(self.stretches(key)):
            part = self.terms.slice(value, low, width)
            kept = (None, None) if old is None else old[at]
            one = self._holding(part, mirror, low, width, live, kept[0])
            two = one
            if live is not self.terms.true:
                two = self._holding(part, mirror, low, width, self.terms.not_(live), kept[1])
            made.append((one, two))
        return tuple(made)

    def _context_same(self, mirror: Mirror) -> bool:
        """Whether nothing has changed of what the facts about a mirror speak of."""
        machine = self.machine
        ghost = machine.ghost_key(mirror)
        if ghost in machine.cells and machine.cells[ghost] is not self.initial(ghost):
            return False
        counter = self.static.counters.get(mirror.slot.name)
        if counter is not None and mirror.index is not None:
            key = slot_key(machine.owner, counter, None)
            if key in machine.cells and machine.cells[key] is not self.initial(key):
                return False
        return all(
            machine.cells[k] is self.initial(k) for k in mirror.context if k in machine.cells
        )

    def _holding(
        self,
        part: Term,
        mirror: Mirror | None,
        low: int,
        width: int,
        where: Term,
        old: frozenset[Fact] | None,
    ) -> frozenset[Fact]:
        """The facts that hold of some bits, ``where`` a condition does; of ``old`` ones if any."""
        machine, solver = self.machine, self.machine.solver
        given = (machine.path, where)
        if solver.known((self.terms.and_(*given), True)).dead:
            # There is no such element: everything holds of it.
            return _EVERYTHING if old is None else old
        if old is not None and ALL in old:
            old = None
        found: set[Fact] = set()
        number = self._number(part, given)
        if number is not None and (old is None or number in old):
            goal = (
                self.terms.eq(part, self.terms.const(number, width))
                if width
                else (part if number else self.terms.not_(part))
            )
            if solver.holds(goal, given):
                found.add(number)
        if mirror is None:
            return frozenset(found)
        mine = machine.get(machine.ghost_key(mirror))
        same = self.terms.eq(part, self.terms.slice(mine, low, width))
        if (old is None or SAME in old) and solver.holds(same, given):
            found |= {SAME, EITHER}
        if not any(r.field.mask >> low & 1 for r in mirror.element.legalised):
            if EITHER in found:
                found.add(LEGAL)
            return frozenset(found)
        legal = self._legal(mirror, low, width)
        assert legal is not None
        also = self.terms.eq(part, legal)
        if (old is None or LEGAL in old) and solver.holds(also, given):
            found |= {LEGAL, EITHER}
        if EITHER not in found and (old is None or EITHER in old):
            if solver.holds(self.terms.or_(same, also), given):
                found.add(EITHER)
        return frozenset(found)

    def _number(self, part: Term, given: tuple[Term, ...]) -> int | None:
        """The number that some bits might always be."""
        if part.constant:
            return part.value
        if part.op == "sym":
            return None
        number: int | None = None
        everything = (*given, *self.machine.solver.assumed)
        for at in range(SAMPLES):
            if all(sample(f, at) for f in everything):
                found = sample(part, at)
                if number is not None and found != number:
                    return None
                number = found
        return number


def common(a: tuple[Shape, ...], b: tuple[Shape, ...]) -> tuple[Shape, ...]:
    """The facts that hold of each stretch in both."""
    return tuple((_both(x[0], y[0]), _both(x[1], y[1])) for x, y in zip(a, b, strict=True))


def _both(a: frozenset[Fact], b: frozenset[Fact]) -> frozenset[Fact]:
    return a if ALL in b else b if ALL in a else a & b


def meet(a: Facts | None, b: Facts, started: object) -> tuple[Facts, bool]:
    """What is known where one comes from either; and whether it is less than ``a``."""
    assert callable(started)
    if a is None:
        return b, True
    shapes: dict[Key, tuple[Shape, ...]] = {}
    less = False
    for key in a.shapes.keys() | b.shapes.keys():
        mine = a.shapes.get(key) or started(key)
        other = b.shapes.get(key) or started(key)
        both = common(mine, other)
        shapes[key] = both
        less |= both != mine
    return Facts(shapes, {**a.origin, **b.origin}), less


__all__ = ["Abstraction", "Element", "Facts", "fact_key", "meet"]
