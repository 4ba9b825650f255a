"""Two programs on the same way: where something that can be seen may differ, and where it cannot.

Both begin each residency with the same registers and the same memory, whatever these are; guests,
externs and conditions do the same in both.  What may differ at a place is what differed where one
comes from, or what the phase makes different: to a fixed point, as in `proof`.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dsl.diagnostics.base import Note
from dsl.diagnostics.proofs import Differs
from dsl.ir import lifecycle as l
from dsl.ir.program import Program
from dsl.source import Span
from dsl.verify.configurations import configurations, text
from dsl.verify.findings import (
    Configuration,
    Engine,
    Finding,
    Proved,
    Report,
    Strength,
    Work,
)
from dsl.verify.symbolic.checking import deep, function_of
from dsl.verify.symbolic.mirrors import Static, static
from dsl.verify.symbolic.proof import Proof
from dsl.verify.symbolic.solver import Solver
from dsl.verify.symbolic.state import Cells, Key, Unbounded
from dsl.verify.symbolic.term import Term
from dsl.verify.symbolic.terms import Terms

if TYPE_CHECKING:
    from dsl.verify.symbolic import Limits

#: The bits of registers and slots that may differ.
_Masks = dict[Key, int]


@dataclass(frozen=True, slots=True)
class Difference:
    """A register or a slot (``place``) and the fields of it that may differ at a point."""

    place: str
    point: str
    where: Span
    other: Span | None


@dataclass(slots=True)
class _Pair:
    """Both programs in one configuration, each with what is known of it alone."""

    mine: Proof
    other: Proof
    terms: Terms
    solver: Solver
    differ: dict[int, _Masks] = field(default_factory=dict)
    found: dict[int, dict[tuple[str, str], Difference]] = field(default_factory=dict)
    _seen: list[tuple[Cells, Term]] = field(default_factory=list)

    def run(self) -> Iterator[Difference]:
        """All differences."""
        for each in (self.mine, self.other):
            each.run()
        self.other.machine.left = "left:other:"
        queue = [0]
        before: dict[int, _Masks] = {0: {}}
        graph = self.mine.graph
        while queue:
            at = heapq.heappop(queue)
            self.differ[at] = self._node(at, before[at])
            passed = self.differ[at]
            if at in graph.outermost:
                # Others were on the CPU: both find there what these left.
                shared = self.mine.abstraction.shared
                passed = {k: m for k, m in passed.items() if not shared(k)}
            for after, _ in graph.following.get(at, ()):
                old = before.get(after)
                new = dict(old or {})
                for key, mask in passed.items():
                    new[key] = new.get(key, 0) | mask
                if old is None or new != old:
                    before[after] = new
                    if after not in queue:
                        heapq.heappush(queue, after)
        for at_point in self.found.values():
            yield from at_point.values()

    def _node(self, at: int, differ: _Masks) -> _Masks:
        phase = self.mine.graph.nodes[at].phase
        other = self.other.graph.nodes[at].phase
        if phase is None or other is None:
            return differ
        self.found[at] = {}
        self._enter(at, differ)
        self._seen = []
        for proof, own in ((self.mine, phase), (self.other, other)):
            proof.machine.suspected = lambda suspicion: None
            proof.machine.arrived = self._keep(proof)  # type: ignore[assignment, method-assign]
            proof.machine.run_phase(own, [])
        guest = id(phase) in self.mine.static.guests
        if guest and len(self._seen) == 2:
            visible = self.mine.machine.visible(phase)
            (a, path), (b, other_path) = self._seen
            given = (path, other_path)
            for key, mask in self._masks(a, b, given, differ).items():
                if isinstance(key, str) and mask & visible.get(key, 0):
                    self._note(at, key, mask & visible[key], phase)
        mine, theirs = self.mine.machine, self.other.machine
        after = self._masks(mine.cells, theirs.cells, (mine.path, theirs.path), differ)
        if not guest:
            for key, mask in after.items():
                self._note(at, key, mask, phase)
        return after

    def _keep(self, proof: Proof) -> Callable[[l.Phase], None]:
        def keep(phase: l.Phase) -> None:
            self._seen.append((dict(proof.machine.cells), proof.machine.path))

        return keep

    def _enter(self, at: int, differ: _Masks) -> None:
        """Both begin alike, but for what may differ there."""
        for proof in (self.mine, self.other):
            proof.abstraction.enter(proof.known(at))
        own, theirs = self.mine.abstraction.initial, self.other.abstraction.initial

        def initial(key: Key) -> Term | None:
            value = own(key)
            mask = differ.get(key, 0)
            if value is None or not mask or key[0] == "g":
                return value
            other = theirs(key)
            assert other is not None
            if not value.width:
                return other
            return self.terms.masked(value, other, mask)

        self.other.machine.initial = initial

    def _masks(self, a: Cells, b: Cells, given: tuple[Term, ...], differ: _Masks) -> _Masks:
        """The bits that may differ after a phase."""
        made = dict(differ)
        abstraction = self.mine.abstraction
        for key in dict.fromkeys((*a, *b)):
            if key[0] in ("?", "=", "g"):
                continue
            one = a.get(key) or self.mine.machine.initial(key)
            two = b.get(key) or self.other.machine.initial(key)
            assert one is not None
            assert two is not None
            mask = 0
            if one is not two:
                for low, width in abstraction.stretches(key):
                    if not width:
                        mask |= not self.solver.equal(one, two, given)
                        continue
                    x, y = (self.terms.slice(e, low, width) for e in (one, two))
                    if not self.solver.equal(x, y, given):
                        mask |= ((1 << width) - 1) << low
            if mask:
                made[key] = mask
            else:
                made.pop(key, None)
        return made

    def _note(self, at: int, key: Key, mask: int, phase: l.Phase) -> None:
        if isinstance(key, str):
            register = self.mine.machine.elements[key].register
            names = [f.name for f in register.fields if f.mask & mask] or [""]
            name = register.name
        else:
            names, name = [""], str(key[1])
        where = self.mine.machine.origin.get(key)
        other = self.other.machine.origin.get(key)
        for each in names:
            place = f"{name}.{each}" if each else name
            made = Difference(place, phase.name, where or other or phase.span, other)
            self.found[at].setdefault((place, phase.name), made)


class Comparing:
    """One comparison of two programs, in every configuration of the first."""

    def __init__(
        self,
        program: Program,
        before: Program,
        given: Mapping[str, int] | None,
        budget: Limits | None,
        progress: Callable[[str], None],
    ) -> None:
        self.program, self.before, self.given = program, before, given
        self.budget, self.progress = budget, progress
        self.statics: tuple[Static, Static] = (static(program), static(before))
        self.terms = Terms()
        self.solver = Solver(self.terms)
        self.unchecked: dict[str, None] = {}
        self._known: dict[frozenset[tuple[str, int]], tuple[Difference, ...]] = {}

    def report(self) -> Report:
        """What may differ, and at which points."""
        began = time.monotonic()
        found: dict[tuple[str, str], tuple[Difference, list[Configuration]]] = {}
        checked = 0
        with deep():
            for configuration, difference in self._all():
                if difference is None:
                    checked += 1
                    continue
                key = (difference.place, difference.point)
                found.setdefault(key, (difference, []))[1].append(configuration)
        findings = tuple(self._finding(*each) for each in found.values())
        proved: tuple[Proved, ...] = ()
        if not self.unchecked:
            what = "what the two programs do is the same, but for what is listed"
            proved = (Proved(what, Engine.SYMBOLIC, checked),)
        amounts = (("terms", len(self.terms)), ("queries", self.solver.asked))
        work = Work(Engine.SYMBOLIC, time.monotonic() - began, amounts)
        return Report(findings, proved, tuple(self.unchecked), work)

    def _all(self) -> Iterator[tuple[Configuration, Difference | None]]:
        others = {x.name: x for x in self.before.lifecycles}
        for configuration in configurations(self.program, self.given):
            spent = self.budget.spent() if self.budget is not None else ""
            if spent:
                self.unchecked[f"{spent}: nothing was compared for {text(configuration)}"] = None
                continue
            self.progress(f"comparing: {text(configuration)}")
            for lifecycle in self.program.lifecycles:
                other = others.get(lifecycle.name)
                if other is None:
                    what = f"the other program has no lifecycle {lifecycle.name}"
                    self.unchecked[what] = None
                    continue
                try:
                    found = self._compared(lifecycle, other, configuration)
                except (Unbounded, RecursionError) as error:
                    self.unchecked[f"{lifecycle.name}: {error or 'it is too deep'}"] = None
                    continue
                for each in found:
                    yield configuration, each
            yield configuration, None

    def _compared(
        self, lifecycle: l.Lifecycle, other: l.Lifecycle, configuration: Configuration
    ) -> tuple[Difference, ...]:
        facts = dict(configuration)
        for known, differences in self._known.items():
            if known <= frozenset(configuration):
                return differences
        one, two = (
            Proof(each, self.terms, self.solver, facts, of, {})
            for each, of in zip(self.statics, (lifecycle, other), strict=True)
        )
        names = [[n.name for n in each.graph.nodes] for each in (one, two)]
        if names[0] != names[1]:
            self.unchecked[f"the two programs have different lifecycles {lifecycle.name}"] = None
            return ()
        made = tuple(_Pair(one, two, self.terms, self.solver).run())
        asked = one.asked | two.asked | one.machine.asked | two.machine.asked
        self._known[frozenset((n, v) for n, v in configuration if n in asked)] = made
        return made

    def _finding(self, difference: Difference, where: list[Configuration]) -> Finding:
        what = f"{difference.place} may not be the same at `{difference.point}`"
        ends: tuple[Note, ...] = ()
        if difference.other is not None and difference.other != difference.where:
            ends = (Note(difference.other, "the other program writes it here"),)
        return Finding(
            Differs,
            f"{difference.place} at {difference.point}",
            Strength.DECLARED,
            Engine.SYMBOLIC,
            difference.where,
            what,
            function_of(self.program, difference.where),
            ends,
            where[0],
            tuple(dict.fromkeys(where)),
        )
