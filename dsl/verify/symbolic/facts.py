"""Between states of the machine and what is known of them: see `dsl.verify.symbolic.shapes`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from dsl.ir.shapes import Slot
from dsl.run.world import limits
from dsl.verify.symbolic.mirrors import Mirror, Stretch, stretches
from dsl.verify.symbolic.phases import Phases
from dsl.verify.symbolic.shapes import (
    ALL,
    EITHER,
    LEGAL,
    SAME,
    Fact,
    Facts,
    Shape,
    of_either,
)
from dsl.verify.symbolic.state import Cells, Key, slot_key, width_of
from dsl.verify.symbolic.term import Term, sample

_NOTHING: frozenset[Fact] = frozenset()


@dataclass(slots=True)
class _Seen:
    """What one state of the machine has shown: where banks end, and that something is in use."""

    ends: dict[str, list[Term]] = field(default_factory=dict)
    lives: dict[int, Term] = field(default_factory=dict)


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
        self._entry: Cells = {}
        self._contexts: dict[Key, frozenset[Key]] = {}
        self._seen = self._seen_first = _Seen()

    def _key(self, slot: Slot, index: int | None) -> Key:
        return slot_key(self.machine.holder(slot), slot, index)

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
        return list(mirror.stretches) if mirror is not None else self.fields(key)

    def fields(self, key: Key) -> list[Stretch]:
        """The stretches of a register or a slot that are fields, as far as it has any."""
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
        elif slot.name in self.static.written:
            # It begins as memory does; what nobody writes is given from outside.
            facts = frozenset((max(0, limits(slot)[0]),))
        return facts, facts

    # ---- from facts to a state

    def enter(self, facts: Facts) -> None:
        """Makes the machine one of which nothing is known but these facts."""
        machine = self.machine
        machine.cells, machine.path = {}, self.terms.true
        machine.again()
        machine.initial = self.initial
        machine.origin = dict(facts.origin)
        self._now, self._entry = facts.shapes, {}
        self._seen = self._seen_first = _Seen()

    def initial(self, key: Key) -> Term | None:
        if key[0] in ("?", "="):
            return None
        found = self._entry.get(key)
        if found is None:
            # It speaks of the state at the entry, whatever has happened since.
            machine = self.machine
            cells, path, seen = machine.cells, machine.path, self._seen
            machine.cells, machine.path = self._entry, self.terms.true
            self._seen = self._seen_first
            found = self._made(key)
            machine.cells, machine.path, self._seen = cells, path, seen
            self._entry[key] = found
        return found

    def _made(self, key: Key) -> Term:
        terms = self.terms
        if not isinstance(key, str) and key[0] == "g":
            of = self._ghosts[key]
            name = f"{self.machine.mark}G:{of.name}"
            return terms.symbol(name, of.element.register.width)
        mirror = self._mirrors.get(key)
        shapes = self._now.get(key) or self.started(key)
        whole = self.anything(key)
        live = terms.true
        if any(here != there for here, there in shapes):
            live = self._live(key, mirror)
        legal = None
        if mirror is not None and any(of_either(facts) for both in shapes for facts in both):
            legal = self._legal(mirror)
        # Of a machine of its own the owner has just one value here.
        ghosts = mirror is not None and self.machine.mark
        mine = self.machine.get(self.machine.ghost_key(mirror)) if mirror and ghosts else None
        known = ("made", key, whole, shapes, live, legal, mine)
        kept = self.machine.solver.kept
        found: Term | None = kept.get(known)
        if found is None:
            found = kept[known] = self._put(key, mirror, whole, shapes, live, legal)
        return found

    def _put(
        self,
        key: Key,
        mirror: Mirror | None,
        whole: Term,
        shapes: tuple[Shape, ...],
        live: Term,
        legal: Term | None,
    ) -> Term:
        """A value of which the facts about each stretch hold."""
        terms = self.terms
        mine = None if mirror is None else self.machine.get(self.machine.ghost_key(mirror))
        for (low, width), (here, there) in zip(self.stretches(key), shapes, strict=True):
            old = terms.slice(whole, low, width)
            new = self._value(key, mine, legal, low, width, here, old)
            if here != there:
                other = self._value(key, mine, legal, low, width, there, old)
                new = terms.ite(live, new, other)
            whole = terms.insert(whole, low, new)
        return whole

    def anything(self, key: Key) -> Term:
        """Any value that something can have."""
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
        name = f"{machine.mark}slot:{slot.name}[{key[2]}]"
        if low < 0:
            return terms.symbol(name, width_of(slot))
        return machine.ranged(name, width_of(slot), low, high)

    def _value(
        self,
        key: Key,
        mine: Term | None,
        legal: Term | None,
        low: int,
        width: int,
        facts: frozenset[Fact],
        old: Term,
    ) -> Term:
        terms = self.terms
        number = next((f for f in facts if isinstance(f, int)), None)
        if number is not None:
            return terms.const(number, width) if width else terms.truth(number)
        if mine is None or not facts:
            return old
        same = terms.slice(mine, low, width)
        if SAME in facts or ALL in facts:
            return same
        if legal is None:
            return old
        legal = terms.slice(legal, low, width)
        if LEGAL in facts:
            return legal
        which = terms.symbol(f"{self.machine.mark}which:{key}:{low}", 0)
        return terms.ite(which, same, legal)

    def _legal(self, mirror: Mirror) -> Term | None:
        """What the owner's value becomes in the register."""
        if mirror.element.name in self._under_way:
            return None
        self._under_way.add(mirror.element.name)
        mine = self.machine.get(self.machine.ghost_key(mirror))
        made = self.machine.legalised(mirror.element, mine, mirror.element.ones)
        self._under_way.discard(mirror.element.name)
        return made

    # ---- from a state to facts

    def needed(self) -> dict[Key, tuple[Shape, ...]]:
        """What was known of everything that the machine has looked at since it was entered."""
        return {
            key: self._now.get(key) or self.started(key)
            for key in self._entry
            if key[0] not in ("?", "=", "g")
        }

    def moved(self) -> frozenset[Key]:
        """What is another now than where the machine was entered."""
        machine = self.machine
        return frozenset(
            k
            for k, v in machine.cells.items()
            if k[0] not in ("?", "=") and v is not self._entry.get(k)
        )

    def leave(self) -> dict[Key, tuple[Shape, ...]]:
        """What is known of the machine's state now, where it may be another."""
        machine = self.machine
        self._seen = _Seen()
        keys = [k for k in machine.cells if k[0] not in ("?", "=", "g")]
        keys += [k for k in self._now if k not in machine.cells]
        for mirror in self.static.mirrors:
            ghost = machine.ghost_key(mirror)
            if ghost in machine.cells and machine.cells[ghost] is not self.initial(ghost):
                keys += [self._owned(mirror), mirror.element.name]
        switch = self.static.switch
        if switch is not None and not self._context_same("", None):
            keys += [k for k in machine.elements if self._split_facts(k)]
        found = {key: self._shapes(key) for key in dict.fromkeys(keys)}
        return {key: shapes for key, shapes in found.items() if shapes is not None}

    def context(self, key: Key) -> frozenset[Key]:
        """What the facts about something speak of, beside itself."""
        found = self._contexts.get(key)
        if found is None:
            found = self._contexts[key] = frozenset(self._context(key))
        return found

    def _context(self, key: Key) -> Iterator[Key]:
        mirror = self._mirrors.get(key)
        if mirror is not None:
            yield self.machine.ghost_key(mirror)
            yield from mirror.context
            counter = self.static.counters.get(mirror.slot.name)
            if counter is not None and mirror.index is not None:
                yield self._key(counter, None)
        elif self.static.switch is not None and isinstance(key, str):
            yield self._key(self.static.switch, None)

    def _split_facts(self, key: str) -> bool:
        """Whether a register is known to be one thing or another, as there is work or not."""
        known = self._now.get(key)
        return known is not None and any(live != dead for live, dead in known)

    def _shapes(self, key: Key) -> tuple[Shape, ...] | None:
        """What is known of something now; None where that is what was."""
        machine = self.machine
        mirror = self._mirrors.get(key)
        value = machine.cells.get(key)
        # What was written without a look is not what was, whatever that is.
        same = value is None or value is self._entry.get(key)
        if same and self._context_same(key, mirror):
            return None
        if value is None:
            value = machine.get(key)
        live = self._live(key, mirror)
        mine = legal = None
        if mirror is not None:
            mine = machine.get(machine.ghost_key(mirror))
            if mirror.element.legalised:
                legal = self._legal(mirror)
        known = ("shapes", key, value, mine, legal, live, machine.path)
        found: tuple[Shape, ...] | None = machine.solver.kept.get(known)
        if found is None:
            made = [
                self._shape(value, mirror, mine, legal, stretch, live)
                for stretch in self.stretches(key)
            ]
            found = machine.solver.kept[known] = tuple(made)
        return found

    def _shape(
        self,
        value: Term,
        mirror: Mirror | None,
        mine: Term | None,
        legal: Term | None,
        stretch: Stretch,
        live: Term,
    ) -> Shape:
        """The facts that hold of one stretch, where something is in use and where not."""
        low, width = stretch
        terms = self.terms
        part = terms.slice(value, low, width)
        same = becomes = None
        if mirror is not None and mine is not None:
            same = terms.slice(mine, low, width)
            if legal is not None and any(r.field.mask >> low & 1 for r in mirror.element.legalised):
                becomes = terms.slice(legal, low, width)
        one = two = self._holding(part, same, becomes, live)
        if live is not terms.true:
            two = self._holding(part, same, becomes, terms.not_(live))
        return one, two

    def _live(self, key: Key, mirror: Mirror | None) -> Term:
        """What the facts about something distinguish: whether it is in use."""
        if mirror is None and not isinstance(key, str):
            return self.terms.true
        found = self._seen.lives.get(id(mirror))
        if found is None:
            found = self._seen.lives[id(mirror)] = self._lives(mirror)
        return found

    def _lives(self, mirror: Mirror | None) -> Term:
        if mirror is not None:
            element, ends = mirror.element, self._seen.ends
            if element.register.name not in ends:
                ends[element.register.name] = self.machine.ends(element)
            there = self.machine.within(element, ends[element.register.name])
            return self.terms.and_(self.machine.used(mirror), there)
        switch = self.static.switch
        if switch is None:
            return self.terms.true
        on = self.machine.get(self._key(switch, None))
        return on if on.width == 0 else self.terms.nonzero(on)

    def _context_same(self, key: Key, mirror: Mirror | None) -> bool:
        """Whether nothing has changed of what the facts about something speak of."""
        machine = self.machine
        if mirror is None:
            if self.static.switch is None or not isinstance(key, str):
                return True
            switch = self._key(self.static.switch, None)
            return switch not in machine.cells or machine.cells[switch] is self.initial(switch)
        ghost = machine.ghost_key(mirror)
        if ghost in machine.cells and machine.cells[ghost] is not self.initial(ghost):
            return False
        counter = self.static.counters.get(mirror.slot.name)
        if counter is not None and mirror.index is not None:
            key = self._key(counter, None)
            if key in machine.cells and machine.cells[key] is not self.initial(key):
                return False
        return all(
            machine.cells[k] is self.initial(k) for k in mirror.context if k in machine.cells
        )

    def _holding(
        self, part: Term, same: Term | None, legal: Term | None, where: Term
    ) -> frozenset[Fact]:
        """The facts that hold of some bits, ``where`` a condition does."""
        solver = self.machine.solver
        given = (self.machine.path, where)
        key = ("holding", part, same, legal, given)
        found: frozenset[Fact] | None = solver.kept.get(key)
        if found is None:
            found = solver.kept[key] = frozenset(self._found(part, same, legal, given))
        return found

    def _found(
        self, part: Term, same: Term | None, legal: Term | None, given: tuple[Term, ...]
    ) -> Iterator[Fact]:
        terms, solver = self.terms, self.machine.solver
        known = solver.known((terms.and_(*given), True))
        if known.dead:
            # There is no such element.
            yield ALL
            return
        part = known.of(part)
        for number in self._numbers(part, given):
            is_it = terms.const(number, part.width) if part.width else terms.truth(number)
            if solver.holds(terms.eq(part, is_it), given):
                yield number
        if same is None:
            return
        is_same = terms.eq(part, same)
        holds = solver.holds(is_same, given)
        if holds:
            yield SAME
        is_legal = is_same if legal is None else terms.eq(part, legal)
        becomes = holds if legal is None else solver.holds(is_legal, given)
        if becomes:
            yield LEGAL
        if holds or becomes or solver.holds(terms.or_(is_same, is_legal), given):
            yield EITHER

    def _numbers(self, part: Term, given: tuple[Term, ...]) -> list[int]:
        """The numbers that some bits might always be."""
        if part.constant:
            return [part.value]
        if part.op == "sym" or (part.op == "ext" and part.args[0].op == "sym"):
            return []
        fits = self.machine.solver.fits(given)
        found = {sample(part, n) for n in fits} or {sample(part, 0)}
        return list(found) if len(found) == 1 else []
