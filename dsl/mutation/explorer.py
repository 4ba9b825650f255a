"""The explicit engine for mutants: what the original's exploration knows is not found out again.

A step of the exploration that did not come by what a mutant changes is the same step for the
mutant.  So the original is explored once, with what each step came by, and of a mutant only the
other steps are taken; where each of them leads to the same and shows the same, so does everything.
"""

from __future__ import annotations

from collections.abc import Callable

from dsl.ir import expr as x
from dsl.ir.program import Program
from dsl.ir.sequence import Sequence
from dsl.ir.shapes import Access
from dsl.ir.walk import expressions, inside, statements
from dsl.ir.ways import graph
from dsl.mutation.exercised import Exercised
from dsl.mutation.judging import Answer, Known
from dsl.mutation.normal import Normal
from dsl.mutation.replaying import Recording
from dsl.mutation.searching import Came, Machine, Search, Told, changed, fault_of, region
from dsl.mutation.subject import called
from dsl.run.errors import Impossible
from dsl.verify.configurations import configurations, machine_of
from dsl.verify.confirming import surely
from dsl.verify.explicit import MOST
from dsl.verify.explicit.exploring import Exploration
from dsl.verify.explicit.memory import Memory
from dsl.verify.explicit.stepping import Stepper, Taken
from dsl.verify.explicit.tables import Tables
from dsl.verify.explicit.unreached import nowhere
from dsl.verify.findings import Configuration, Finding, Strength
from dsl.verify.owned import Owned
from dsl.verify.subject import Subject, subject


class Explorer:
    """Explores the mutants of one program; `same` and `ask` are for a `Judge`."""

    def __init__(self, program: Program, *, most: int = MOST, shared: bool = True) -> None:
        self.program, self.most, self.shared = program, most, shared
        self.owned = Owned(program)
        self.memory: Memory[Taken] = Memory(Tables(self.owned.data))
        self.subject: Subject = subject(program)
        self.normal = Normal(program, configurations(program))
        self.machines: list[Machine] = []
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
                made = Machine(kinds, graph(lifecycle))
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
                faults.append(fault_of(sure))
        return Answer(tuple(faults), tuple(dict.fromkeys(unchecked)))

    def _record(self, made: Machine) -> None:
        steppers = {
            number: Recording(stepper, made.steps)
            for number, stepper in self.steppers(
                self.program, made, lambda kind: self.memory
            ).items()
        }
        if not steppers:
            return
        exploration = Exploration(steppers, made.graph, self.most, self.shared).run()  # type: ignore[arg-type]
        made.exploration = exploration
        told = Told(self.program, made.kinds, steppers, self.owned.data, exploration)  # type: ignore[arg-type]
        for finding in told.suspicions():
            self.suspected.setdefault(finding.key, finding)
        made.told = told
        numbers = {state.key: number for number, state in enumerate(exploration.states)}
        for order, ((key, node), known) in enumerate(made.steps.items()):
            number = numbers[key]
            came = Came(order, number, exploration.states[number], node)
            for spot in known.spots:
                made.by_spot.setdefault(spot, []).append(came)

    def steppers(
        self, program: Program, made: Machine, memory: Callable[[Configuration], Memory[Taken]]
    ) -> dict[int, Stepper]:
        """Steppers of all kinds of owners of a machine, with the steps that are known of each."""
        found = {}
        for number, kind in enumerate(made.kinds):
            try:
                found[number] = Stepper(program, kind, made.graph, self.owned, number, memory(kind))
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
        search = Search(self, program, pairs, region(pairs), known, first)
        faults = search.run()
        surely = not any(self.depends(each) for pair in pairs for each in pair)
        # Of what no history comes by nothing is known.
        self._alike[id(program)] = search.same and search.reached and not faults
        self._same[id(program)] = self._alike[id(program)] and surely
        return Answer(tuple(faults), tuple(search.unchecked), search.differs)

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
