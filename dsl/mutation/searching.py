"""The search for what is wrong with one mutant, by what is known of the original.

A step of the exploration that did not come by what a mutant changes is the same step for the
mutant.  So of a mutant only the other steps are taken, in the order in which the original took
them; where each of them leads to the same and shows the same, so does everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from dsl.ir.program import Program
from dsl.ir.sequence import Sequence
from dsl.ir.walk import statements
from dsl.ir.ways import Graph
from dsl.mutation.judging import Fault, Known
from dsl.mutation.normal import parted
from dsl.mutation.replaying import Found, Kept, Replaying, Step
from dsl.mutation.showing import Race, Shown, difference, ends, outside, race
from dsl.verify.confirming import surely
from dsl.verify.explicit.explored import Explored as _Telling
from dsl.verify.explicit.exploring import Edge, Exploration
from dsl.verify.explicit.memory import Memory
from dsl.verify.explicit.pending import Lines
from dsl.verify.explicit.sampling import Spot
from dsl.verify.explicit.states import State
from dsl.verify.explicit.stepping import Outcome, Stepper, Taken
from dsl.verify.explicit.visibility import Following, Unseen
from dsl.verify.findings import Configuration, Engine, Finding, Strength
from dsl.verify.owned import Data

if TYPE_CHECKING:
    from dsl.mutation.explorer import Explorer


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
        self.lines = Lines()
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

    def site(self, unseen: Unseen) -> Finding:
        """Somebody need not see a write, as a finding without the history."""
        return self._site(unseen)

    def unseen(self, unseen: Unseen) -> Finding:
        """The same with the history."""
        return self._unseen(unseen)

    def _site(self, unseen: Unseen) -> Finding:
        self.races.setdefault(unseen.element, set()).add(race(self.program, unseen))
        return super()._site(unseen)


@dataclass(frozen=True, slots=True)
class Came:
    """A step of the original: its place among all steps, the number of the state that it is taken
    from, this state, and the number of the place that it leads to."""

    order: int
    number: int
    state: State
    node: int


@dataclass
class Machine:
    """One kind of machine with all kinds of owners, and the exploration of the original."""

    kinds: list[Configuration]
    graph: Graph
    steps: dict[Step, Kept] = field(default_factory=dict)
    exploration: Exploration | None = None
    told: Told | None = None
    #: By each statement that some step came by: these steps, in the order in which they were taken.
    by_spot: dict[Spot, list[Came]] = field(default_factory=dict)


@dataclass
class Search:
    """The search for what is wrong with one mutant."""

    explorer: Explorer
    program: Program
    changed: list[tuple[Sequence, Sequence]]
    region: frozenset[Spot]
    known: Known
    first: bool
    same: bool = True
    #: A value that is another than in the original.
    differs: str = ""
    unchecked: list[str] = field(default_factory=list)
    _passed: set[tuple[object, ...]] = field(default_factory=set)
    _shown: Shown | None = None

    def __post_init__(self) -> None:
        self.subject = self.explorer.subject.of(self.program)
        memory = self.explorer.memory
        self._memories = {
            True: Memory(memory.tables, memory),
            False: Memory(memory.tables, memory, lambda t: t.spots.isdisjoint(self.region)),
        }
        # In these configurations the functions are what they were.
        self._alike = {
            configuration: all(
                self.explorer.normal.alike(old, new, configuration) for old, new in self.changed
            )
            for machine in self.explorer.machines
            for configuration in machine.kinds
        }

    def _recalled(self, configuration: Configuration) -> Memory[Taken]:
        """The steps that are known of a configuration: all, where the mutant is the same in it."""
        return self._memories[self._alike[configuration]]

    @property
    def reached(self) -> bool:
        """Whether some history of the original comes by what is changed."""
        return any(
            spot in machine.by_spot for machine in self.explorer.machines for spot in self.region
        )

    def run(self) -> list[Fault]:
        """What is found; with ``first`` no more than one fault."""
        found: dict[tuple[str, str, object], Fault] = {}
        for made, steps in self._machines():
            for fault in self._machine(made, steps):
                found.setdefault((fault.code, fault.rule, fault.where), fault)
                if self.first:
                    return list(found.values())
        return list(found.values())

    def _machines(self) -> list[tuple[Machine, list[Came]]]:
        """The machines whose steps come by what is changed, with these; those with fewest first."""
        those = [(made, self._steps(made)) for made in self.explorer.machines]
        return sorted((one for one in those if one[1]), key=lambda one: len(one[1]))

    def _machine(self, made: Machine, steps: list[Came]) -> Iterator[Fault]:
        if made.exploration is None or not made.exploration.complete:
            self.same = False
        wrong = partial(self._wrong, made)
        steppers = {
            number: Replaying(
                stepper, made.steps, self.region, wrong, self._alike[made.kinds[number]]
            )
            for number, stepper in self.explorer.steppers(
                self.program, made, self._recalled
            ).items()
        }
        if self._shown is None:
            self._shown = Shown(next(iter(steppers.values())).machine)
        shown = self._shown
        taken: list[tuple[list[Outcome], list[Outcome]]] = []
        found = self._taken(made, steps, steppers, taken)
        if found is None:
            differ = {_both(*each): each for each in taken if not shown.strictly(*each)}
            if differ:
                yield from self._otherwise(made, steppers, taken, list(differ.values()))
            return
        self.same = False
        if isinstance(found, Found):
            # Up to here everything leads where it led.
            told = self._told(made, steppers, _patched(made, steppers, taken))
            yield from self._certain(made, told, steps[len(taken)].number, found)
        yield from self._explored(made, steppers)

    def _taken(
        self,
        made: Machine,
        steps: list[Came],
        steppers: dict[int, Replaying],
        taken: list[tuple[list[Outcome], list[Outcome]]],
    ) -> Found | Literal[False] | None:
        """Takes the steps that come by what is changed, as far as they lead where they led.

        ``taken`` gets what came of each, in the original and now.  False where one leads elsewhere,
        or calls another outside; what is found where it shows something wrong.
        """
        for each in steps:
            try:
                now = steppers[each.state.kind].taken(each.state, made.graph.nodes[each.node])
            except Found as found:
                return found
            old = made.steps[each.state.key, each.node].outcomes
            if not ends(old, now):
                what = difference(old, now)
                if what and not self.differs:
                    self.differs = f"after `{made.graph.nodes[each.node].name}` {what}"
                return False
            taken.append((old, now))
        return None

    def _otherwise(
        self,
        made: Machine,
        steppers: dict[int, Replaying],
        taken: list[tuple[list[Outcome], list[Outcome]]],
        differ: list[tuple[list[Outcome], list[Outcome]]],
    ) -> Iterator[Fault]:
        """What is found where each step leads where it led, and something else happens in some.

        So the states are those of the original; and with the writes of a register that has to do
        with nothing of what differs, everything is as it was.
        """
        assert made.told is not None
        shown, before = self._shown, made.told.races
        assert shown is not None
        exploration = _patched(made, steppers, taken)
        following = self._following(made, exploration, steppers)
        names = following.touched()
        others = set(before) & set(names)
        for old, new in differ:
            others |= shown.differing(old, new, [n for n in names if n not in others])
        races: dict[str, set[Race]] = {}
        clean = True
        told = self._told(made, steppers, exploration)
        for fault in self._unseen(told, following, [n for n in names if n in others], races):
            clean = False
            yield fault
        exposed = outside(self.program, next(iter(steppers.values())).machine)
        more = {n for n, some in races.items() if not some <= before.get(n, set())}
        more |= {n for n, some in races.items() if not all(each.clear for each in some)}
        raced, more = {*races, *before}, more | exposed
        alike = all(shown.loosely(old, new, raced, more) for old, new in differ)
        self.same = self.same and clean and alike and not self.unchecked

    def _steps(self, made: Machine) -> list[Came]:
        """The steps of the original that came by what is changed, as they were taken."""
        found = {
            came.order: came
            for spot in self.region
            for came in made.by_spot.get(spot, ())
            if not self._alike[made.kinds[came.state.kind]]
        }
        return [found[order] for order in sorted(found)]

    def _explored(self, made: Machine, steppers: dict[int, Replaying]) -> Iterator[Fault]:
        """What is found in the mutant, which leads elsewhere."""
        explorer = self.explorer
        while True:
            exploration = Exploration(steppers, made.graph, explorer.most, explorer.shared)  # type: ignore[arg-type]
            try:
                exploration.run()
            except Found as found:
                told = self._told(made, steppers, exploration)
                number = exploration.numbered(found.state)
                yield from self._certain(made, told, number, found)
                continue
            break
        if not exploration.complete:
            self.unchecked.append(f"explicit: more than {explorer.most} states")
        told = self._told(made, steppers, exploration)
        following = self._following(made, exploration, steppers)
        yield from self._unseen(told, following, following.touched(), {})

    def _certain(self, made: Machine, told: Told, number: int, found: Found) -> Iterator[Fault]:
        """What a step shows for certain, with the way to the state that it is taken from."""
        for finding in told.certain(number, found.outcome):
            yield from self._sure(finding)
        # `_wrong` does not know the history, which may say that another place is at fault.
        self._passed |= {f.key for f in self._alone(made, found.outcome)}

    def _following(
        self, made: Machine, exploration: Exploration, steppers: dict[int, Replaying]
    ) -> Following:
        machine = next(iter(steppers.values())).machine
        known = made.told.lines if made.told is not None else Lines()
        return Following(exploration, machine, self.explorer.owned.data, known)

    def _unseen(
        self,
        told: Told,
        following: Following,
        names: Iterable[str],
        races: dict[str, set[Race]],
    ) -> Iterator[Fault]:
        """Who need not see what is written to some registers; ``races`` gets all of that."""
        for name in names:
            for unseen in following.register(name):
                races.setdefault(name, set()).add(race(self.program, unseen))
                site = told.site(unseen)
                if site.key not in self._passed and not self._had(site):
                    yield from self._sure(told.unseen(unseen))

    def _told(
        self, made: Machine, steppers: dict[int, Replaying], exploration: Exploration
    ) -> Told:
        return Told(
            self.program, made.kinds, steppers, self.explorer.owned.data, exploration  # type: ignore[arg-type]
        )

    def _wrong(self, made: Machine, outcome: Outcome) -> bool:
        """Whether an outcome shows what is neither the original's nor looked at already."""
        those = self._alone(made, outcome)
        return any(f.key not in self._passed and not self._had(f) for f in those)

    def _alone(self, made: Machine, outcome: Outcome) -> list[Finding]:
        """What an outcome shows, without the history that leads to it."""
        assert made.told is not None
        return list(made.told.certain(0, outcome))

    def _had(self, finding: Finding) -> bool:
        fault = fault_of(finding)
        return finding.strength is Strength.CONVENTION or self.known(fault)

    def _sure(self, finding: Finding) -> Iterator[Fault]:
        """The fault, if a run confirms it."""
        if finding.key in self._passed or self._had(finding):
            return
        self._passed.add(finding.key)
        sure = surely(self.subject, finding, self.explorer.owned)
        if sure is not None:
            yield fault_of(sure)


def changed(old: Program, new: Program) -> list[tuple[Sequence, Sequence]]:
    """The functions that are something else, as they were and as they are."""
    pairs = ((before, new.sequences[name]) for name, before in old.sequences.items())
    return [(before, after) for before, after in pairs if after is not before]


def region(changes: list[tuple[Sequence, Sequence]]) -> frozenset[Spot]:
    """The statements of the original that a mutant does otherwise, or does not have."""
    found: set[Spot] = set()
    for before, after in changes:
        own = {id(each) for each in statements(before.body)}
        gone = [each for each in parted(before.body or (), after.body or ()) if id(each) in own]
        # What is only added is come by wherever the function is.
        spots = gone or list(statements(before.body))
        found |= {(each.span.source.name, each.span.start) for each in spots}
    return frozenset(found)


def _patched(
    made: Machine,
    steppers: dict[int, Replaying],
    taken: Iterable[tuple[list[Outcome], list[Outcome]]],
) -> Exploration:
    """The exploration of the original with other steps, which lead where those led."""
    original = made.exploration
    assert original is not None
    instead = {id(a): b for old, new in taken for a, b in zip(old, new, strict=True)}
    edges = [
        replace(edge, outcome=instead[id(edge.outcome)]) if id(edge.outcome) in instead else edge
        for edge in original.edges
    ]
    return Exploration(
        steppers,  # type: ignore[arg-type]
        original.graph,
        original.most,
        original.shared,
        states=original.states,
        edges=edges,
        complete=original.complete,
    )


def _both(old: list[Outcome], new: list[Outcome]) -> tuple[tuple[int, int], ...]:
    """What tells a pair of steps from one in which the same happens."""
    return tuple((id(a.happenings), id(b.happenings)) for a, b in zip(old, new, strict=True))


def fault_of(finding: Finding) -> Fault:
    return Fault(str(Engine.EXPLICIT), finding.code, finding.rule, finding.where, finding.message)
