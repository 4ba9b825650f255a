"""The explicit engine for mutants: what the original's exploration knows is not found out again.

A step of the exploration that did not come by what a mutant changes is the same step for the
mutant.  So the original is explored once, with what each step came by, and of a mutant only the
other steps are taken; where each of them leads to the same and shows the same, so does everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from dsl.ir import expr as x
from dsl.ir.program import Program
from dsl.ir.sequence import Sequence
from dsl.ir.shapes import Access
from dsl.ir.walk import expressions, inside, statements
from dsl.ir.ways import Graph, graph
from dsl.mutation.exercised import Exercised
from dsl.mutation.judging import Answer, Fault, Known
from dsl.mutation.normal import Normal, parted
from dsl.mutation.replaying import Found, Kept, Recording, Replaying, Step
from dsl.mutation.showing import Race, difference, ends, loosely, outside, race, strictly
from dsl.mutation.subject import called
from dsl.run.errors import Impossible
from dsl.verify.configurations import configurations, machine_of
from dsl.verify.confirming import surely
from dsl.verify.explicit import MOST
from dsl.verify.explicit import Explored as _Telling
from dsl.verify.explicit.exploring import Edge, Exploration
from dsl.verify.explicit.memory import Memory
from dsl.verify.explicit.sampling import Spot
from dsl.verify.explicit.states import State
from dsl.verify.explicit.stepping import Outcome, Stepper, Taken
from dsl.verify.explicit.tables import Tables
from dsl.verify.explicit.unreached import nowhere
from dsl.verify.explicit.visibility import Following, Unseen
from dsl.verify.findings import Configuration, Engine, Finding, Strength
from dsl.verify.owned import Data, Owned
from dsl.verify.subject import Subject, subject


class Told(_Telling):
    """What an exploration shows, told as findings."""

    def __init__(
        self,
        program: Program,
        kinds: list[Configuration],
        steppers: dict[int, Stepper],
        data: Data,
        exploration: Exploration,
    ) -> None:
        self.program, self.kinds = program, kinds
        self.steppers, self.data, self.exploration = steppers, data, exploration
        self.followed = 0
        #: By element, what somebody need not see of it.
        self.races: dict[str, set[Race]] = {}
        self._parents: dict[int, Edge] = {}
        for edge in exploration.edges:
            if edge.start < edge.end:
                self._parents.setdefault(edge.end, edge)

    def certain(self, start: int, outcome: Outcome) -> Iterator[Finding]:
        """What an outcome shows for certain, with the shortest way to the state before it."""
        for wrong in outcome.wrong:
            yield self._certain(start, outcome, wrong)
        for hazard in outcome.hazards:
            yield self._hazard(start, outcome, hazard)

    def unseen(self, unseen: Unseen) -> Finding:
        """Somebody need not see a write, as a finding."""
        return self._unseen(unseen)

    def _unseen(self, unseen: Unseen) -> Finding:
        self.races.setdefault(unseen.element, set()).add(race(self.program, unseen))
        return super()._unseen(unseen)


@dataclass
class _Machine:
    """One kind of machine with all kinds of owners, and the exploration of the original."""

    kinds: list[Configuration]
    graph: Graph
    steps: dict[Step, Kept] = field(default_factory=dict)
    exploration: Exploration | None = None
    told: Told | None = None
    #: By each statement that some step came by: these steps, the nearest to the start first.
    by_spot: dict[Spot, list[tuple[State, int]]] = field(default_factory=dict)


class Explorer:
    """Explores the mutants of one program; `same` and `ask` are for a `Judge`."""

    def __init__(self, program: Program, *, most: int = MOST, shared: bool = True) -> None:
        self.program, self.most, self.shared = program, most, shared
        self.owned = Owned(program)
        self.memory: Memory[Taken] = Memory(Tables(self.owned.data))
        self.subject: Subject = subject(program)
        self.normal = Normal(program, configurations(program))
        self.machines: list[_Machine] = []
        #: What the original is suspected of; what a run confirms of that are its findings.
        self.suspected: dict[tuple[str, str, str, int], Finding] = {}
        self._same: dict[int, bool] = {}
        self._alike: dict[int, bool] = {}
        self._parameters: frozenset[str] | None = None

    # ---- the original

    def prepare(self, progress: Callable[[str], None] = lambda text: None) -> Answer:
        """Explores the original, and says what is found in it."""
        machines: dict[Configuration, list[Configuration]] = {}
        for each in configurations(self.program):
            machines.setdefault(machine_of(self.program, each), []).append(each)
        unchecked = []
        for number, kinds in enumerate(machines.values()):
            progress(f"exploring the original: {number + 1} of {len(machines)} kinds of machine")
            for lifecycle in self.program.lifecycles:
                made = _Machine(kinds, graph(lifecycle))
                self._record(made)
                if made.exploration is not None and not made.exploration.complete:
                    unchecked.append(f"explicit: more than {self.most} states")
                if made.exploration is not None and made.exploration.missed:
                    what = nowhere(lifecycle.name, made.exploration.missed)
                    unchecked.append(f"explicit: {what}")
                self.machines.append(made)
        faults = []
        for finding in self.suspected.values():
            if finding.strength is Strength.CONVENTION:
                # It counts in no mutant either.
                continue
            sure = surely(self.subject, finding, self.owned)
            if sure is not None:
                faults.append(_fault(sure))
        return Answer(tuple(faults), tuple(dict.fromkeys(unchecked)))

    def _record(self, made: _Machine) -> None:
        steppers = {
            number: Recording(stepper, made.steps)
            for number, stepper in self.steppers(self.program, made, self.memory).items()
        }
        if not steppers:
            return
        exploration = Exploration(steppers, made.graph, self.most, self.shared).run()  # type: ignore[arg-type]
        made.exploration = exploration
        told = Told(self.program, made.kinds, steppers, self.owned.data, exploration)  # type: ignore[arg-type]
        for finding in told.suspicions():
            self.suspected.setdefault(finding.key, finding)
        made.told = told
        states = {state.key: state for state in exploration.states}
        for (key, node), known in made.steps.items():
            for spot in known.spots:
                made.by_spot.setdefault(spot, []).append((states[key], node))
        for those in made.by_spot.values():
            those.sort(key=lambda one: one[0].depth)

    def steppers(
        self, program: Program, made: _Machine, memory: Memory[Taken]
    ) -> dict[int, Stepper]:
        found = {}
        for number, kind in enumerate(made.kinds):
            try:
                found[number] = Stepper(program, kind, made.graph, self.owned, number, memory)
            except Impossible:
                continue
        return found

    # ---- mutants

    def depends(self, sequence: Sequence) -> frozenset[str]:
        """The registers by which a function, or what it calls, tells machines apart.

        `boot` has one of these machines.
        """
        if self._parameters is None:
            self._parameters = frozenset(
                part.register.name
                for assumption in self.program.assumptions
                for part in inside(assumption.condition)
                if isinstance(part, x.ReadRegister)
            )
        names = called(self.program, sequence.body or ())
        those = [self.program.sequences[n] for n in names if n in self.program.sequences]
        return frozenset(
            part.register.name
            for each in (sequence, *those)
            for statement in statements(each.body)
            for value in expressions(statement)
            for part in inside(value)
            if isinstance(part, x.ReadRegister)
            and (part.register.name in self._parameters or part.register.access is Access.RO)
            and not any(f.computed for f in part.register.fields)
        )

    def same(self, old: Program, new: Program) -> bool:
        """Whether no step of any machine of the original goes another way, or shows anything else.

        That a step happens otherwise shows nothing where everybody sees what is newest anyway.
        Asked of a mutant that `ask` was asked of.
        """
        return self._same.get(id(new), False)

    def alike(self, old: Program, new: Program) -> bool:
        """As `same`, of the machine that `boot` describes alone."""
        return self._alike.get(id(new), False)

    def ask(self, program: Program, known: Known, first: bool) -> Answer:
        """What is found in a mutant."""
        if program is self.program:
            return self.prepare()
        pairs = changed(self.program, program)
        search = _Search(self, program, pairs, _region(pairs), known, first)
        faults = search.run()
        surely = not any(self.depends(each) for pair in pairs for each in pair)
        # Of what no history comes by nothing is known.
        self._alike[id(program)] = search.same and search.reached and not faults
        self._same[id(program)] = self._alike[id(program)] and surely
        return Answer(tuple(faults), tuple(search.unchecked), search.differs)

    def spare(self, program: Program, known: Known, rule: str) -> Answer:
        """The first fault in a mutant that is found without a rule."""
        pairs = changed(self.program, program)
        search = _Search(self, program, pairs, _region(pairs), known, True, rule)
        return Answer(tuple(search.run()), tuple(search.unchecked))

    def exercised(self) -> frozenset[str]:
        """The rules that the original comes to, on any machine."""
        found: set[str] = set()
        for each in self.machines:
            if each.exploration is None or not each.exploration.steppers:
                continue
            machine = next(iter(each.exploration.steppers.values())).machine
            exercised = Exercised(machine.rules, machine.elements)
            outcomes = (o for kept in each.steps.values() for o in kept.outcomes)
            for outcome in {id(o.happenings): o for o in outcomes}.values():
                exercised.add(outcome.happenings, outcome.hazards)
            found |= exercised.rules
        return frozenset(found)


@dataclass
class _Search:
    """The search for what is wrong with one mutant, without a rule if one is named."""

    explorer: Explorer
    program: Program
    changed: list[tuple[Sequence, Sequence]]
    region: frozenset[Spot]
    known: Known
    first: bool
    without: str = ""
    same: bool = True
    #: A value that is another than in the original.
    differs: str = ""
    unchecked: list[str] = field(default_factory=list)
    _passed: set[tuple[object, ...]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.subject = self.explorer.subject.of(self.program)
        memory = self.explorer.memory
        self._memory = Memory(memory.tables, memory, lambda t: t.spots.isdisjoint(self.region))
        # In these configurations the functions are what they were.
        self._alike = {
            configuration: all(
                self.explorer.normal.alike(old, new, configuration) for old, new in self.changed
            )
            for machine in self.explorer.machines
            for configuration in machine.kinds
        }

    @property
    def reached(self) -> bool:
        """Whether some history of the original comes by what is changed."""
        return any(
            spot in machine.by_spot for machine in self.explorer.machines for spot in self.region
        )

    def run(self) -> list[Fault]:
        """What is found; with ``first`` no more than one fault."""
        found: dict[tuple[str, str, object], Fault] = {}
        for made in self._machines():
            for fault in self._machine(made):
                found.setdefault((fault.code, fault.rule, fault.where), fault)
                if self.first:
                    return list(found.values())
        return list(found.values())

    def _machines(self) -> list[_Machine]:
        """The machines whose steps come by what is changed, the one with fewest of these first."""
        steps = {id(m): sum(1 for _ in self._steps(m)) for m in self.explorer.machines}
        return sorted(
            (m for m in self.explorer.machines if steps[id(m)]), key=lambda m: steps[id(m)]
        )

    def _machine(self, made: _Machine) -> Iterator[Fault]:
        if made.exploration is None or not made.exploration.complete:
            self.same = False
        wrong = partial(self._wrong, made)
        steppers = {
            number: Replaying(stepper, made.steps, self.region, wrong)
            for number, stepper in self.explorer.steppers(self.program, made, self._memory).items()
        }
        differ = self._differing(made, steppers)
        if differ is None:
            self.same = False
            yield from self._explored(made, steppers)
        elif differ:
            races: dict[str, set[Race]] = {}
            clean = True
            for fault in self._explored(made, steppers, races):
                clean = False
                yield fault
            machine = next(iter(steppers.values())).machine
            assert made.told is not None
            exposed = outside(self.program, machine)
            before = made.told.races
            more = {n for n, some in races.items() if not some <= before.get(n, set())}
            more |= {n for n, some in races.items() if not all(each.clear for each in some)}
            alike = all(
                loosely(machine, old, new, {*races, *before}, more | exposed) for old, new in differ
            )
            self.same = self.same and clean and alike and not self.unchecked

    def _differing(
        self, made: _Machine, steppers: dict[int, Replaying]
    ) -> list[tuple[list[Outcome], list[Outcome]]] | None:
        """The steps in which something else happens, as they were and are.

        None where one of them leads elsewhere, or calls another outside.
        """
        found = []
        for state, node in self._steps(made):
            stepper = steppers[state.kind]
            try:
                now = stepper.taken(state, made.graph.nodes[node])
            except Found:
                return None
            old = made.steps[state.key, node].outcomes
            if not ends(old, now):
                what = difference(old, now)
                if what and not self.differs:
                    self.differs = f"after `{made.graph.nodes[node].name}` {what}"
                return None
            if not strictly(stepper.machine, old, now):
                found.append((old, now))
        return found

    def _steps(self, made: _Machine) -> Iterator[tuple[State, int]]:
        """The steps of the original that came by what is changed."""
        seen = set()
        for spot in sorted(self.region):
            for state, node in made.by_spot.get(spot, ()):
                if self._alike[made.kinds[state.kind]]:
                    continue
                if (state.key, node) not in seen:
                    seen.add((state.key, node))
                    yield state, node

    def _explored(
        self,
        made: _Machine,
        steppers: dict[int, Replaying],
        races: dict[str, set[Race]] | None = None,
    ) -> Iterator[Fault]:
        """What is found in the mutant; ``races`` gets what somebody need not see."""
        explorer = self.explorer
        while True:
            exploration = Exploration(steppers, made.graph, explorer.most, explorer.shared)  # type: ignore[arg-type]
            try:
                exploration.run()
            except Found as found:
                told = self._told(made, steppers, exploration)
                start = exploration.states.index(found.state)
                for finding in told.certain(start, found.outcome):
                    yield from self._sure(finding)
                # `_wrong` does not know the history, which may say that another place is at fault.
                self._passed |= {f.key for f in self._alone(made, found.outcome)}
                continue
            break
        if not exploration.complete:
            self.unchecked.append(f"explicit: more than {explorer.most} states")
        told = self._told(made, steppers, exploration)
        machine = next(iter(steppers.values())).machine
        for unseen in Following(exploration, machine, explorer.owned.data, self.without).run():
            finding = told.unseen(unseen)
            if races is not None:
                races.setdefault(unseen.element, set()).add(race(self.program, unseen))
            if finding.key not in self._passed and not self._had(finding):
                yield from self._sure(finding)

    def _told(
        self, made: _Machine, steppers: dict[int, Replaying], exploration: Exploration
    ) -> Told:
        return Told(
            self.program, made.kinds, steppers, self.explorer.owned.data, exploration  # type: ignore[arg-type]
        )

    def _wrong(self, made: _Machine, outcome: Outcome) -> bool:
        """Whether an outcome shows what is neither the original's nor looked at already."""
        those = self._alone(made, outcome)
        return any(f.key not in self._passed and not self._had(f) for f in those)

    def _alone(self, made: _Machine, outcome: Outcome) -> list[Finding]:
        """What an outcome shows, without the history that leads to it."""
        assert made.told is not None
        return list(made.told.certain(0, outcome))

    def _had(self, finding: Finding) -> bool:
        fault = _fault(finding)
        return finding.strength is Strength.CONVENTION or self.known(fault)

    def _sure(self, finding: Finding) -> Iterator[Fault]:
        """The fault, if a run confirms it."""
        if finding.key in self._passed or self._had(finding):
            return
        self._passed.add(finding.key)
        sure = surely(self.subject, finding, self.explorer.owned)
        if sure is not None:
            yield _fault(sure)


def changed(old: Program, new: Program) -> list[tuple[Sequence, Sequence]]:
    """The functions that are something else, as they were and as they are."""
    pairs = ((before, new.sequences[name]) for name, before in old.sequences.items())
    return [(before, after) for before, after in pairs if after is not before]


def _region(changes: list[tuple[Sequence, Sequence]]) -> frozenset[Spot]:
    """The statements of the original that a mutant does otherwise, or does not have."""
    found: set[Spot] = set()
    for before, after in changes:
        own = {id(each) for each in statements(before.body)}
        gone = [each for each in parted(before.body or (), after.body or ()) if id(each) in own]
        # What is only added is come by wherever the function is.
        spots = gone or list(statements(before.body))
        found |= {(each.span.source.name, each.span.start) for each in spots}
    return frozenset(found)


def _fault(finding: Finding) -> Fault:
    return Fault(str(Engine.EXPLICIT), finding.code, finding.rule, finding.where, finding.message)
