"""Two programs on the same way, in one configuration: what may differ where somebody looks.

Both begin each residency with the same registers and the same memory, whatever these are; guests,
externs and conditions do the same in both.  What may differ at a place is what differed where one
comes from, or what the phase makes different: to a fixed point, as in `proof`.  What others left
on the CPU may differ too, by as much as any owner leaves different.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

from dsl.ir import lifecycle as l
from dsl.source import Span
from dsl.verify.symbolic.looks import Looks, Masks, read_by
from dsl.verify.symbolic.meant import Item, at
from dsl.verify.symbolic.mirrors import Stretch
from dsl.verify.symbolic.phases import Phases
from dsl.verify.symbolic.proof import Proof
from dsl.verify.symbolic.shared import Shared
from dsl.verify.symbolic.solver import Solver
from dsl.verify.symbolic.state import Cells, Key
from dsl.verify.symbolic.term import Term
from dsl.verify.symbolic.terms import Terms

#: A look: in which phase, and at what.
Spot = tuple[str, Key]


@dataclass(slots=True)
class Seen:
    """What one comparison found out, in bits by where somebody looks.

    ``differs`` are those that may differ, ``undeclared`` those of them of which nobody says so.
    ``meant`` are those that a declaration speaks of where its condition may hold, and ``needed``
    those of them that may differ then.
    """

    differs: dict[Spot, int] = field(default_factory=dict)
    undeclared: dict[Spot, int] = field(default_factory=dict)
    meant: dict[tuple[Item, Spot], int] = field(default_factory=dict)
    needed: dict[tuple[Item, Spot], int] = field(default_factory=dict)
    #: Who wrote it last: in the one program, and in the other.
    origins: dict[Spot, tuple[Span | None, Span | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _State:
    """Registers and memory on a path; ``origin`` says who wrote what last."""

    cells: Cells
    path: Term
    origin: dict[Key, Span] = field(default_factory=dict)


@dataclass(slots=True)
class _Call:
    """An extern that is called, and what it finds."""

    name: str
    masks: Masks
    state: _State


@dataclass(slots=True)
class Pair:
    """Both programs, each with what is known of it alone.

    ``left`` is what may differ in what any owner leaves on a CPU; it grows while this runs.
    """

    mine: Proof
    other: Proof
    terms: Terms
    solver: Solver
    looks: Looks
    shared: Shared
    items: tuple[Item, ...]
    left: Masks
    seen: Seen = field(default_factory=Seen)
    _differ: dict[int, Masks] = field(default_factory=dict)
    _arrived: list[_State] = field(default_factory=list)
    _calls: tuple[list[_Call], list[_Call]] = field(default_factory=lambda: ([], []))
    _cuts: dict[Key, tuple[Stretch, ...]] = field(default_factory=dict)

    def run(self) -> Seen:
        """Everything that may differ."""
        for each in (self.mine, self.other):
            each.run()
        self.other.machine.left, self.other.machine.mark = "left:other:", "other:"
        for number, proof in enumerate((self.mine, self.other)):
            self._watch(proof, self._calls[number])
        while True:
            before = dict(self.left)
            self._run()
            if self.left == before:
                return self.seen

    def _run(self) -> None:
        queue = [0]
        before: dict[int, Masks] = {0: {}}
        graph = self.mine.graph
        while queue:
            at = heapq.heappop(queue)
            self._differ[at] = self._node(at, before[at])
            passed = self._differ[at]
            if at in graph.outermost:
                # Others were on the CPU: what any of them left may differ.
                shared = self.mine.abstraction.shared
                for key, mask in passed.items():
                    if shared(key):
                        self.left[key] = self.left.get(key, 0) | mask
                passed = _together(passed, self.left)
            for after, _ in graph.following.get(at, ()):
                old = before.get(after)
                new = _together(old or {}, passed)
                if old is None or new != old:
                    before[after] = new
                    if after not in queue:
                        heapq.heappush(queue, after)

    def _node(self, at: int, differ: Masks) -> Masks:
        phase = self.mine.graph.nodes[at].phase
        other = self.other.graph.nodes[at].phase
        if phase is None or other is None:
            return differ
        self._enter(at, differ)
        self._arrived.clear()
        for calls in self._calls:
            calls.clear()
        for proof, own in ((self.mine, phase), (self.other, other)):
            proof.machine.run_phase(own, [])
        if len(self._arrived) == 2:
            masks = self.looks.at(phase, self.mine.machine)
            self._look(phase, masks, self._arrived[0], self._arrived[1])
        for one, two in _paired(*self._calls):
            self._look(phase, one.masks, one.state, two.state)
        mine, theirs = self.mine.machine, self.other.machine
        ends = (_State(mine.cells, mine.path), _State(theirs.cells, theirs.path))
        return self._after(*ends, differ)

    def _watch(self, proof: Proof, calls: list[_Call]) -> None:
        """Keeps what somebody finds: who acts in a phase, and an extern."""
        machine = proof.machine

        def arrived(phase: l.Phase) -> None:
            self._arrived.append(_now(machine))

        def called(name: str, owners: dict[str, str], span: Span) -> None:
            masks = read_by(machine.program.externs[name], owners, machine)
            calls.append(_Call(name, masks, _now(machine)))

        machine.suspected = lambda suspicion: None
        machine.arrived = arrived  # type: ignore[method-assign]
        machine.called = called  # type: ignore[method-assign]

    def _enter(self, at: int, differ: Masks) -> None:
        """Both begin alike, but for what may differ there."""
        for proof in (self.mine, self.other):
            proof.abstraction.enter(proof.known(at))
        own, theirs = self.mine.abstraction.initial, self.other.abstraction.initial

        def initial(key: Key) -> Term | None:
            if not self.shared.has(key):
                return theirs(key)
            value = own(key)
            mask = differ.get(key, 0)
            if value is None or not mask:
                return value
            other = theirs(key)
            assert other is not None
            if not value.width:
                return other
            return self.terms.masked(value, other, mask)

        self.other.machine.initial = initial

    # ---- what differs

    def _look(self, phase: l.Phase, masks: Masks, mine: _State, theirs: _State) -> None:
        """Somebody looks in both programs."""
        machine, seen = self.mine.machine, self.seen
        given = (mine.path, theirs.path)
        those = tuple(at(phase.name, self.items))
        for key, looked in masks.items():
            if not self.shared.has(key):
                continue
            spot = (phase.name, key)
            a, b = self._values(key, mine.cells, theirs.cells)
            live = self._live(key, mine)
            bits = self._bits(key, a, b, (*given, live)) & looked
            missing = bits
            excepted: list[tuple[int, Term]] = []
            for item in those:
                covered = item.covers(key, machine) & looked
                holds = item.holds(key, machine, mine.cells, mine.path) if covered else None
                if holds is None or holds is self.terms.false:
                    continue
                _add(seen.meant, (item, spot), covered)
                if bits & covered:
                    needed = self._bits(key, a, b, (*given, live, holds)) & bits & covered
                    _add(seen.needed, (item, spot), needed)
                    excepted.append((covered, holds))
                    if holds is self.terms.true:
                        missing &= ~covered
            if not bits:
                continue
            _add(seen.differs, spot, bits)
            if missing and excepted:
                missing &= self._without(key, a, b, (*given, live), excepted)
            if missing:
                _add(seen.undeclared, spot, missing)
                seen.origins.setdefault(spot, (mine.origin.get(key), theirs.origin.get(key)))

    def _without(
        self,
        key: Key,
        a: Term,
        b: Term,
        given: tuple[Term, ...],
        excepted: list[tuple[int, Term]],
    ) -> int:
        """The bits that may differ where no declaration's condition holds that speaks of them."""
        found = 0
        for stretch in self._cut(key):
            place = _mask(stretch)
            others = [self.terms.not_(c) for covered, c in excepted if covered & place == place]
            found |= self._bits(key, a, b, (*given, *others)) & place
        return found

    def _values(self, key: Key, mine: Cells, theirs: Cells) -> tuple[Term, Term]:
        a = mine.get(key) or self.mine.machine.initial(key)
        b = theirs.get(key) or self.other.machine.initial(key)
        assert a is not None
        assert b is not None
        return a, b

    def _live(self, key: Key, mine: _State) -> Term:
        """Of an array in memory with a counter, only what is in use is looked at."""
        machine = self.mine.machine
        mirror = None if isinstance(key, str) else machine.static.by_slot.get((key[1], key[2]))  # type: ignore[arg-type]
        if mirror is None:
            return self.terms.true
        kept = machine.cells, machine.path
        machine.cells, machine.path = dict(mine.cells), mine.path
        found = machine.live(mirror)
        machine.cells, machine.path = kept
        return found

    def _bits(self, key: Key, a: Term, b: Term, given: tuple[Term, ...]) -> int:
        """The bits in which two values may differ."""
        found = 0
        if a is b:
            return found
        for low, width in self._cut(key):
            if not width:
                found |= not self.solver.equal(a, b, given)
                continue
            x, y = (self.terms.slice(e, low, width) for e in (a, b))
            if not self.solver.equal(x, y, given):
                found |= _mask((low, width))
        return found

    def _cut(self, key: Key) -> tuple[Stretch, ...]:
        """The stretches of bits that are compared each for itself: fields, as far as there are."""
        found = self._cuts.get(key)
        if found is None:
            # Of what an owner had, as of what its register holds.
            ghost = next(
                (m for m in self.mine.static.mirrors if self.mine.machine.ghost_key(m) == key), None
            )
            of = key if ghost is None else ghost.element.name
            found = self._cuts[key] = tuple(self.mine.abstraction.fields(of))
        return found

    def _after(self, mine: _State, theirs: _State, differ: Masks) -> Masks:
        """The bits that may differ after a phase."""
        made = dict(differ)
        for key in dict.fromkeys((*mine.cells, *theirs.cells)):
            if key[0] in ("?", "=") or not self.shared.has(key):
                continue
            a, b = self._values(key, mine.cells, theirs.cells)
            mask = self._bits(key, a, b, (mine.path, theirs.path))
            if mask:
                made[key] = mask
            else:
                made.pop(key, None)
        return made


def _now(machine: Phases) -> _State:
    return _State(dict(machine.cells), machine.path, dict(machine.origin))


def _paired(mine: list[_Call], theirs: list[_Call]) -> list[tuple[_Call, _Call]]:
    """The calls of each extern, in their order."""
    rest = list(theirs)
    found: list[tuple[_Call, _Call]] = []
    for one in mine:
        two = next((each for each in rest if each.name == one.name), None)
        if two is not None:
            rest.remove(two)
            found.append((one, two))
    return found


def _together(one: Masks, other: Masks) -> Masks:
    made = dict(one)
    for key, mask in other.items():
        made[key] = made.get(key, 0) | mask
    return made


def _mask(stretch: Stretch) -> int:
    low, width = stretch
    return ((1 << max(1, width)) - 1) << low


def _add(found: dict[Spot, int] | dict[tuple[Item, Spot], int], key: object, mask: int) -> None:
    found[key] = found.get(key, 0) | mask  # type: ignore[index, call-overload]
