"""The explicit engine: every state that owners and CPUs can come to, in each configuration.

It proposes what may be wrong, each with the shortest history; a run confirms it or does not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from operator import ne
from time import monotonic

from dsl.diagnostics.base import Note
from dsl.diagnostics.proofs import InvariantBroken, NotYetVisible, RuleNotKept, StateLost
from dsl.ir import expr as x
from dsl.ir.program import Program
from dsl.ir.walk import inside
from dsl.ir.ways import graph
from dsl.run.errors import Impossible
from dsl.run.events import chain_text
from dsl.run.visibility import HARDWARE, SOFTWARE
from dsl.verify.beside import Undone, beside
from dsl.verify.budget import Budget
from dsl.verify.configurations import configurations, machine_of, text
from dsl.verify.explicit.exploring import Edge, Exploration
from dsl.verify.explicit.identities import Identity, identified, identities
from dsl.verify.explicit.memory import Memory
from dsl.verify.explicit.moves import moves
from dsl.verify.explicit.owing import Wrong
from dsl.verify.explicit.recording import Fence, Hazard, Looked, Wrote
from dsl.verify.explicit.sampling import Spot
from dsl.verify.explicit.stepping import Outcome, Stepper, Taken
from dsl.verify.explicit.tables import Table, Tables
from dsl.verify.explicit.telling import witness
from dsl.verify.explicit.unreached import nowhere, told, unreached
from dsl.verify.explicit.visibility import Following, Unseen
from dsl.verify.findings import (
    Configuration,
    Engine,
    Finding,
    Proved,
    Report,
    Strength,
    Work,
)
from dsl.verify.owned import Owned

#: How many states of one kind of machine are looked at, if nobody says otherwise.
MOST = 50_000


def check(
    program: Program,
    *,
    given: Mapping[str, int] | None = None,
    shared: bool = True,
    budget: Budget | None = None,
    progress: Callable[[str], None] = lambda text: None,
) -> Report:
    """Explores all lifecycles of a program, in all configurations.

    ``given`` fixes conditions; with ``shared`` False each owner has a CPU to itself.  Where the
    budget is spent it stops, and says so.
    """
    began = monotonic()
    most = (budget.states if budget is not None else None) or MOST
    machines: dict[Configuration, list[Configuration]] = {}
    for each in configurations(program, given):
        machines.setdefault(machine_of(program, each), []).append(each)
    suspected: dict[tuple[object, ...], Finding] = {}
    unchecked: list[str] = []
    states = steps = lines = total = 0
    came: set[Spot] = set()
    work = [
        _Piece(lifecycle.name, tuple(kinds))
        for kinds in machines.values()
        for lifecycle in program.lifecycles
    ]
    memory: Memory[Taken] = Memory(Tables(Owned(program).data))
    done_of: dict[_Piece, _Done] = {}

    def explored(piece: _Piece) -> _Done:
        return _one(program, piece, most, shared, memory)

    def add(piece: _Piece, done: _Done | Undone) -> None:
        """Adds what one exploration gives to what is known."""
        nonlocal states, steps, lines, total
        name = piece.lifecycle
        where = piece.where(program)
        if isinstance(done, Undone):
            unchecked.append(f"explicit: {done.why}, so nothing is known of {name} where {where}")
            return
        done_of[piece] = done
        for finding in done.findings:
            key = _key(finding)
            known = suspected.get(key)
            suspected[key] = finding if known is None else _merged(known, finding)
        states += done.states
        steps += done.steps
        lines += done.lines
        came.update(done.came)
        if name == program.lifecycles[0].name and piece.identity is None:
            total += done.kinds
        if not done.complete:
            what = f"more than {most} states of {name} where {where} (--most allows more)"
            unchecked.append(f"explicit: {what}")
        if done.missed and piece.identity is None:
            unchecked.append(f"explicit: {nowhere(name, done.missed)} where {where}")

    for number, done in enumerate(beside(work, explored, budget)):
        progress(f"explicit: {number + 1} of {len(work)} ({work[number].text(program)})")
        add(work[number], done)
    if not unchecked:
        for piece, done in _elsewise(program, done_of, came, explored, budget):
            progress(f"explicit: {piece.text(program)}")
            add(piece, done)
    if program.lifecycles and not total and not unchecked:
        unchecked.append("explicit: no machine is configured so (`assume`): nothing was looked at")
    proved = () if unchecked else _proved(program, total, suspected)
    amounts = (("states", states), ("steps", steps), ("lines", lines))
    spent = Work(Engine.EXPLICIT, monotonic() - began, amounts)
    # What only other configurations come by, or what comes later, is no news.
    whole = not given and not unchecked
    return Report(
        tuple(suspected.values()),
        proved,
        tuple(unchecked),
        spent,
        tuple(told(*each) for each in unreached(program, came)) if whole else (),
    )


@dataclass(frozen=True, slots=True)
class _Piece:
    """What is explored by itself: the owners of some kinds, on one kind of machine."""

    lifecycle: str
    kinds: tuple[Configuration, ...]
    identity: Identity | None = None

    def where(self, program: Program) -> str:
        """Which kind of machine it is, in words."""
        said = text(machine_of(program, self.kinds[0])), str(self.identity or "")
        return ", ".join(filter(None, said)) or "the machine"

    def text(self, program: Program) -> str:
        """What is explored, in words."""
        return f"{self.lifecycle}, {self.where(program)}"


def _elsewise(
    program: Program,
    known: Mapping[_Piece, _Done],
    came: Collection[Spot],
    explored: Callable[[_Piece], _Done],
    budget: Budget | None,
) -> Iterator[tuple[_Piece, _Done | Undone]]:
    """Machines that identify themselves otherwise, as long as that reaches what nothing came by.

    ``came`` is added to by whoever gets them.  There are two kinds of machine, as unlike each other
    as any, with one kind of owner each.
    """
    if not known:
        return
    most = max(known, key=lambda piece: len(known[piece].came))
    least = max(known, key=lambda piece: sum(map(ne, piece.kinds[0], most.kinds[0])))
    missed = {function.name for function, _ in unreached(program, came)}
    for identity in identities(program, known[most].booted, missed):
        if not any(unreached(program, came)):
            return
        pieces = [_Piece(p.lifecycle, p.kinds[:1], identity) for p in dict.fromkeys((most, least))]
        yield from zip(pieces, beside(pieces, explored, budget), strict=True)


@dataclass(frozen=True, slots=True)
class _Done:
    """What the exploration of one kind of machine gives."""

    findings: tuple[Finding, ...]
    states: int
    steps: int
    lines: int
    complete: bool
    #: How many of the kinds of owners there are: no machine may be configured like the others.
    kinds: int
    #: The statements that some history comes by.
    came: frozenset[Spot]
    #: What a CPU boots with, by the names of registers.
    booted: Mapping[str, int]
    #: A phase that no history comes to.
    missed: str = ""


def _one(program: Program, piece: _Piece, most: int, shared: bool, memory: Memory[Taken]) -> _Done:
    identity = piece.identity
    shared = shared and identity is None
    kinds = list(piece.kinds)
    found = Explored(program, kinds, piece.lifecycle, most, shared, memory, identity)
    findings = tuple(found.suspicions())
    if identity is not None:
        findings = tuple(identified(each, identity) for each in findings)
    explored = found.exploration
    amounts = (len(explored.states), len(explored.edges), found.followed)
    came = frozenset[Spot]().union(*(each.came for each in found.steppers.values()))
    booted = next((each.booted for each in found.steppers.values()), {})
    return _Done(
        findings, *amounts, explored.complete, len(found.steppers), came, booted, explored.missed
    )


def _key(finding: Finding) -> tuple[object, ...]:
    """What is one finding: a rule that one function does not keep; elsewhere, one place."""
    site = finding.function or (finding.where.source.name, finding.where.start)
    return (finding.code, finding.rule, site)


def _merged(one: Finding, other: Finding) -> Finding:
    """What was found twice, in other configurations: the shorter history stands for both."""
    short, long = one, other
    if one.witness and other.witness and len(other.witness.steps) < len(one.witness.steps):
        short, long = other, one
    each = dict.fromkeys((*one.configurations, *other.configurations))
    ends = dict.fromkeys((*short.ends, *long.ends))
    where = short.where
    if long.where.source == where.source and long.where.start < where.start:
        where = long.where
    return replace(short, where=where, configurations=tuple(each), ends=tuple(ends))


def _proved(
    program: Program, total: int, suspected: Mapping[tuple[object, ...], Finding]
) -> tuple[Proved, ...]:
    doubted = {finding.rule for finding in suspected.values()}
    found = [f"rule {r.name}" for r in program.rules if r.name not in doubted]
    for module in program.modules:
        found += [f"invariant {i.name}" for i in module.invariants if i.name not in doubted]
    return tuple(Proved(what, Engine.EXPLICIT, total) for what in found)


class Explored:
    """One kind of machine, with all kinds of owners that it can have."""

    def __init__(
        self,
        program: Program,
        kinds: list[Configuration],
        lifecycle: str,
        most: int,
        shared: bool,
        memory: Memory[Taken],
        identity: Identity | None = None,
    ) -> None:
        self.program, self.kinds = program, kinds
        owned = Owned(program)
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
        self.exploration = Exploration(steppers, found, most, shared).run()
        self.followed = 0
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
        following = Following(self.exploration, machine, self.data)
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
        assert not isinstance(happening, Fence)
        write = unseen.write
        needs = chain_text(unseen.need.chain)
        who = getattr(happening, "who", SOFTWARE)
        looker = {SOFTWARE: "software", HARDWARE: "the guest"}.get(who, who)
        author = {SOFTWARE: "", HARDWARE: " by the guest"}.get(write.author, f" by {write.author}")
        what = f"what was written to {unseen.element}{author} before"
        message = f"{looker} need not see yet {what}: {needs}"
        trail = unseen.trail
        if not (isinstance(happening, Looked) and happening.actor):
            trail = (*trail, *self._onwards(trail[-1].end))
        told, _ = witness(self.program, self.exploration, trail, self.kinds, ())
        kind = self.exploration.states[unseen.trail[-1].start].kind
        actor = happening.actor if isinstance(happening, Looked) else ""
        told = replace(told, element=unseen.element, looker=actor)
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
            configuration=self.kinds[kind],
            configurations=(self.kinds[kind],),
            witness=told,
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
