"""One kind of machine, explored: what its states and steps show that may be wrong."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace

from dsl.diagnostics.base import Note
from dsl.diagnostics.proofs import InvariantBroken, NotYetVisible, RuleNotKept, StateLost
from dsl.ir import expr as x
from dsl.ir.walk import inside
from dsl.ir.ways import graph
from dsl.run.errors import Impossible
from dsl.run.events import chain_text
from dsl.run.visibility import HARDWARE, SOFTWARE
from dsl.verify.budget import Budget
from dsl.verify.explicit.exploring import Edge, Exploration
from dsl.verify.explicit.identities import Identity
from dsl.verify.explicit.memory import Memory
from dsl.verify.explicit.moves import moves
from dsl.verify.explicit.owing import Wrong
from dsl.verify.explicit.pending import Lines
from dsl.verify.explicit.recording import Fence, Hazard, Looked, Wrote
from dsl.verify.explicit.stepping import Outcome, Stepper, Taken
from dsl.verify.explicit.tables import Table
from dsl.verify.explicit.telling import witness
from dsl.verify.explicit.visibility import Following, Unseen
from dsl.verify.findings import (
    Configuration,
    Engine,
    Finding,
    Strength,
)
from dsl.verify.owned import Owned


class Explored:
    """One kind of machine, with all kinds of owners that it can have.

    Raises `Spent` where the budget is.
    """

    def __init__(
        self,
        owned: Owned,
        kinds: list[Configuration],
        lifecycle: str,
        most: int,
        shared: bool,
        memory: Memory[Taken],
        identity: Identity | None = None,
        budget: Budget | None = None,
    ) -> None:
        program = owned.program
        self.program, self.kinds = program, kinds
        found = graph(next(x for x in program.lifecycles if x.name == lifecycle))
        steppers: dict[int, Stepper] = {}
        for number, kind in enumerate(kinds):
            try:
                steppers[number] = Stepper(program, kind, found, owned, number, memory, identity)
            except Impossible:
                continue
        self.steppers, self.data = steppers, owned.data
        # What one of them writes, the others find.
        touched = Table()
        for stepper in steppers.values():
            stepper.touched = touched
        check = budget.check if budget is not None else lambda: None
        self.exploration = Exploration(steppers, found, most, shared, check).run()
        self.followed = 0
        self.lines = Lines()
        self._parents: dict[int, Edge] = {}
        for edge in self.exploration.edges:
            if edge.start < edge.end:
                self._parents.setdefault(edge.end, edge)

    def suspicions(self) -> Iterator[Finding]:
        """What is wrong, or may be; the shortest histories first."""
        if not self.steppers:
            return
        for start, outcome in self.exploration.wrong:
            for wrong in outcome.wrong:
                yield self._certain(start, outcome, wrong)
            for hazard in outcome.hazards:
                yield self._hazard(start, outcome, hazard)
        machine = next(iter(self.steppers.values())).machine
        following = Following(self.exploration, machine, self.data, lines=self.lines)
        everything = list(following.run())
        looks = {(u.need.rule, u.element) for u in everything if isinstance(u.happening, Looked)}
        for unseen in everything:
            # Where a write was not seen when it should have been saved, what overwrites it later
            # is a consequence.
            late = isinstance(unseen.happening, Wrote)
            if not late or (unseen.need.rule, unseen.element) not in looks:
                yield self._unseen(unseen)
        self.followed = following.amount

    # ---- findings

    def _certain(self, start: int, outcome: Outcome, wrong: Wrong) -> Finding:
        last = (wrong.line,) if wrong.line else ()
        ends: tuple[Note, ...] = ()
        function, where = wrong.function, wrong.span
        if wrong.kind is InvariantBroken:
            wrote = self._last_write(start, outcome, wrong)
            if wrote is not None:
                function, where = wrote.function, wrote.span
                ends = (Note(wrong.span, "this is what does not hold"),)
        if wrong.kind is StateLost:
            ends = moves(self.program, self.program.slots[wrong.rule.partition("[")[0]])
        told, kind = witness(
            self.program,
            self.exploration,
            self._trail(start),
            self.kinds,
            (*outcome.lines, *last),
        )
        return Finding(
            wrong.kind,
            wrong.rule,
            Strength.DECLARED,
            Engine.EXPLICIT,
            where,
            wrong.message,
            function,
            ends,
            configuration=self.kinds[kind],
            configurations=(self.kinds[kind],),
            witness=replace(told, seen=wrong.seen),
        )

    def _last_write(self, start: int, outcome: Outcome, wrong: Wrong) -> Wrote | None:
        """The last write by a sequence of a register that an invariant is about."""
        asked = next(i for m in self.program.modules for i in m.invariants if i.name == wrong.rule)
        names = {p.register.name for p in inside(asked.condition) if isinstance(p, x.ReadRegister)}
        outcomes = [*(e.outcome for e in self._trail(start)), outcome]
        elements = next(iter(self.steppers.values())).machine.elements
        for each in reversed(outcomes):
            writes = [h for h in (each.happenings if each else ()) if isinstance(h, Wrote)]
            for wrote in reversed(writes):
                if wrote.function and elements[wrote.element].register.name in names:
                    return wrote
        return None

    def _hazard(self, start: int, outcome: Outcome, hazard: Hazard) -> Finding:
        last = (*outcome.lines, "expect hazards == 0")
        trail = self._trail(start)
        told, kind = witness(self.program, self.exploration, trail, self.kinds, last)
        return Finding(
            RuleNotKept,
            hazard.rule,
            self._strength(hazard.rule),
            Engine.EXPLICIT,
            hazard.span,
            f"{hazard.what}: {hazard.why}",
            hazard.function,
            configuration=self.kinds[kind],
            configurations=(self.kinds[kind],),
            witness=replace(told, seen=f"{hazard.what}: {hazard.why}"),
            value=False,
        )

    def _unseen(self, unseen: Unseen) -> Finding:
        happening = unseen.happening
        trail = unseen.trail
        if not (isinstance(happening, Looked) and happening.actor):
            trail = (*trail, *self._onwards(trail[-1].end))
        told, _ = witness(self.program, self.exploration, trail, self.kinds, ())
        kind = self.exploration.states[unseen.trail[-1].start].kind
        actor = happening.actor if isinstance(happening, Looked) else ""
        told = replace(told, element=unseen.element, looker=actor)
        return replace(
            self._site(unseen),
            configuration=self.kinds[kind],
            configurations=(self.kinds[kind],),
            witness=told,
        )

    def _site(self, unseen: Unseen) -> Finding:
        """Who need not see what, and where; but for the history that leads there."""
        happening = unseen.happening
        assert not isinstance(happening, Fence)
        write = unseen.write
        needs = chain_text(unseen.need.chain)
        who = getattr(happening, "who", SOFTWARE)
        looker = {SOFTWARE: "software", HARDWARE: "the guest"}.get(who, who)
        author = {SOFTWARE: "", HARDWARE: " by the guest"}.get(write.author, f" by {write.author}")
        what = f"what was written to {unseen.element}{author} before"
        message = f"{looker} need not see yet {what}: {needs}"
        ends = (
            Note(write.span, f"{unseen.element} is written here{author}"),
            Note(happening.span, f"{looker} looks here"),
        )
        # Of two ends the one at fault is in a sequence; of two there, the later one.
        function = getattr(happening, "function", "")
        where = happening.span
        if not function and write.function:
            where, function = write.span, write.function
        return Finding(
            NotYetVisible if isinstance(happening, Looked | Wrote) else RuleNotKept,
            unseen.need.rule,
            self._strength(unseen.need.rule),
            Engine.EXPLICIT,
            where,
            message,
            function,
            ends,
            value=isinstance(happening, Looked | Wrote),
        )

    def _strength(self, rule: str) -> Strength:
        for each in self.program.rules:
            if each.name == rule:
                return Strength(each.strength.value)
        # Context synchronization itself.
        return Strength.ARCHITECTURE

    # ---- trails

    def _trail(self, number: int) -> list[Edge]:
        """The shortest way to a state."""
        found: list[Edge] = []
        while number in self._parents:
            edge = self._parents[number]
            found.append(edge)
            number = edge.start
        return found[::-1]

    def _onwards(self, number: int) -> list[Edge]:
        """A way on, until an owner has left the CPU, and come to be a guest again."""
        out: dict[int, list[Edge]] = {}
        for edge in self.exploration.edges:
            out.setdefault(edge.start, []).append(edge)
        seen = {number}
        queue: deque[tuple[int, list[Edge]]] = deque([(number, [])])
        best: list[Edge] = []
        while queue:
            at, path = queue.popleft()
            state = self.exploration.states[at]
            guests = sum(
                any(isinstance(h, Looked) and h.actor for h in e.outcome.happenings)
                for e in path
                if e.outcome
            )
            if (guests and state.at in self.exploration.graph.outermost) or len(path) > 24:
                return path
            best = path if len(path) > len(best) else best
            for edge in out.get(at, ()):
                # Whoever comes next would have a history of his own.
                if edge.end not in seen and edge.outcome is not None:
                    seen.add(edge.end)
                    queue.append((edge.end, [*path, edge]))
        return best
