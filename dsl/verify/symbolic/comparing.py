"""One comparison of two programs: every configuration, what may differ, and what is said of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsl.ir import lifecycle as l
from dsl.ir.program import Program
from dsl.verify.budget import Spent
from dsl.verify.configurations import configurations, machine_of, text
from dsl.verify.findings import Configuration, Engine, Proved, Report, Work
from dsl.verify.symbolic.checking import deep
from dsl.verify.symbolic.differences import Compared, Differences
from dsl.verify.symbolic.looks import Looks, Masks
from dsl.verify.symbolic.meant import items
from dsl.verify.symbolic.mirrors import Static, static
from dsl.verify.symbolic.pairs import Pair, Seen
from dsl.verify.symbolic.proof import Done, Proof
from dsl.verify.symbolic.shapes import Free
from dsl.verify.symbolic.shared import Shared
from dsl.verify.symbolic.solver import Solver
from dsl.verify.symbolic.state import Unbounded
from dsl.verify.symbolic.terms import Terms

if TYPE_CHECKING:
    from dsl.verify.symbolic import Limits


@dataclass(frozen=True, slots=True)
class _Found:
    """What is known of a CPU: of each program alone, and what may differ on it."""

    free: tuple[Free, Free]
    left: Masks

    def copy(self) -> _Found:
        return _Found((self.free[0].copy(), self.free[1].copy()), dict(self.left))


@dataclass(frozen=True, slots=True)
class _Made:
    """One comparison: the facts that it depends on, what was known before, and what came out."""

    asked: frozenset[tuple[str, int]]
    before: _Found
    after: _Found
    seen: Seen


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
        self.items = items(program, before)
        self.shared = Shared(program, before)
        self.terms = Terms()
        # What one found out is about its own registers and slots.
        self.solvers = (Solver(self.terms), Solver(self.terms))
        for solver in self.solvers:
            solver.budget = budget
        self.unchecked: dict[str, None] = dict.fromkeys(self.shared.unlike())
        self._known: dict[str, list[_Made]] = {}
        self._done: tuple[Done, Done] = ({}, {})
        self._looks: dict[str, tuple[Looks, Looks]] = {}

    def report(self) -> Report:
        """What may differ, and at which points; and what is said of it that is not so."""
        began = time.monotonic()
        with deep():
            compared = list(self._all())
            told = Differences(self.statics, self.items, compared, self.budget)
            found = list(told.findings(self.progress))
            self.unchecked |= told.unchecked
            if not self.unchecked and not self.given:
                found += told.too_broad()
        checked = [each.configuration for each in compared]
        proved: tuple[Proved, ...] = ()
        if not self.unchecked:
            what = "what the two programs do is the same, but for what is listed"
            if self.items:
                what = "what the two programs do is the same, but for what is declared or listed"
            proved = (Proved(what, Engine.SYMBOLIC, len(dict.fromkeys(checked))),)
        amounts = (
            ("terms", len(self.terms)),
            ("queries", sum(each.asked for each in self.solvers)),
        )
        work = Work(Engine.SYMBOLIC, time.monotonic() - began, amounts)
        return Report(tuple(found), proved, tuple(self.unchecked), work)

    # ---- every configuration

    def _all(self) -> Iterator[Compared]:
        others = {x.name: x for x in self.before.lifecycles}
        machines: dict[Configuration, list[Configuration]] = {}
        for configuration in configurations(self.program, self.given):
            machines.setdefault(machine_of(self.program, configuration), []).append(configuration)
        for of_machine in machines.values():
            spent = self.budget.spent() if self.budget is not None else ""
            if spent:
                self._left(spent, of_machine)
                continue
            self.progress(f"comparing: {text(of_machine[0])}")
            pairs = []
            for lifecycle in self.program.lifecycles:
                other = others.get(lifecycle.name)
                if other is None:
                    what = f"the other program has no lifecycle {lifecycle.name}"
                    self.unchecked[what] = None
                else:
                    pairs += [(lifecycle, other, each) for each in of_machine]
            try:
                yield from self._machine(pairs)
            except Spent as error:
                self._left(error.why, of_machine)

    def _left(self, why: str, configurations: Sequence[Configuration]) -> None:
        for each in configurations:
            self.unchecked[f"{why}: nothing was compared for {text(each)}"] = None

    def _machine(
        self, asked: list[tuple[l.Lifecycle, l.Lifecycle, Configuration]]
    ) -> Iterator[Compared]:
        """All VMs of one kind of machine: what any of them leaves on a CPU, the others find."""
        now = _Found((Free(), Free()), {})
        made: list[_Made | None] = [None] * len(asked)
        failed: set[int] = set()
        while True:
            again = [n for n, one in enumerate(made) if one is None or one.after != now]
            again = [n for n in again if n not in failed]
            if not again:
                break
            for number in again:
                lifecycle, other, configuration = asked[number]
                try:
                    one = self._compared(lifecycle, other, configuration, now)
                except (Unbounded, RecursionError) as error:
                    self.unchecked[f"{lifecycle.name}: {error or 'it is too deep'}"] = None
                    failed.add(number)
                    continue
                if one is None:
                    failed.add(number)
                    continue
                made[number], now = one, one.after
        for (lifecycle, other, configuration), done in zip(asked, made, strict=True):
            if done is not None:
                yield Compared(configuration, self._who(lifecycle, other), done.seen)

    def _compared(
        self, lifecycle: l.Lifecycle, other: l.Lifecycle, configuration: Configuration, now: _Found
    ) -> _Made | None:
        facts = dict(configuration)
        earlier = self._known.setdefault(lifecycle.name, [])
        for made in earlier:
            if made.asked <= frozenset(configuration) and made.before == now:
                return made
        after = now.copy()
        one, two = (
            Proof(of, self.terms, solver, facts, each, free, done)
            for each, of, solver, free, done in zip(
                (lifecycle, other), self.statics, self.solvers, after.free, self._done, strict=True
            )
        )
        names = [[n.name for n in each.graph.nodes] for each in (one, two)]
        if names[0] != names[1]:
            self.unchecked[f"the two programs have different lifecycles {lifecycle.name}"] = None
            return None
        looks, _ = self._who(lifecycle, other)
        pair = Pair(
            one, two, self.terms, self.solvers[0], looks, self.shared, self.items, after.left
        )
        seen = pair.run()
        asked = one.asked | two.asked | one.machine.asked | two.machine.asked
        result = _Made(frozenset((n, v) for n, v in configuration if n in asked), now, after, seen)
        earlier.append(result)
        return result

    def _who(self, lifecycle: l.Lifecycle, other: l.Lifecycle) -> tuple[Looks, Looks]:
        """Who looks where, in both programs."""
        found = self._looks.get(lifecycle.name)
        if found is None:
            mine, its = self.statics
            found = self._looks[lifecycle.name] = (Looks(mine, lifecycle), Looks(its, other))
        return found
