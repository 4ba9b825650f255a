"""Which programs a scenario is a case of: the smallest that define each sequence it runs."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from functools import cached_property

from dsl.ir import lifecycle as l
from dsl.ir.program import Program
from dsl.ir.sequence import Body
from dsl.ir.walk import calls


def cases(
    program: Program, others: Iterable[Program], among: Container[str] | None = None
) -> list[l.Scenario]:
    """The scenarios that are run for a module, of all that its ``program`` has.

    They are those that the module declares, if its program defines each sequence that they run.
    A module may leave that to others: then they are cases of the modules that import it and
    define the rest, and of those which import these only where they say that it ``fails``.
    Where nothing defines the rest, it stays a case of the module that declares it, and cannot be
    run.  ``others`` are the programs of the modules that may import this one.  With ``among``,
    modules of other names have no cases.
    """
    own = program.modules[-1]
    said = {each.title for each in own.failures}
    needs = Needs(program)
    around = [Needs(other) for other in others]
    smaller = [
        Needs(_part(program, module.name))
        for module in program.modules[:-1]
        if among is None or module.name in among
    ]
    found = []
    for scenario in program.scenarios.values():
        declared = scenario in own.scenarios
        if not needs.undefined(scenario):
            elsewhere = any(part.met(scenario) for part in smaller)
            if declared or scenario.title in said or not elsewhere:
                found.append(scenario)
        elif declared and not any(other.met(scenario) for other in around):
            found.append(scenario)
    return found


def invariants(program: Program, others: Iterable[Program]) -> list[l.Invariant]:
    """The invariants that are verified for a module, of all that its ``program`` has.

    As with scenarios, these are those of the smallest programs that have a whole lifecycle; where
    there is none, an invariant stays with the module that declares it, and cannot be verified.
    """
    own = program.modules[-1]
    whole = Needs(program).whole
    parts = [_part(program, module.name) for module in program.modules[:-1]]
    around = [part for part in parts if Needs(part).whole] if whole else []
    if not whole and own.invariants:
        around = [other for other in others if Needs(other).whole]
    found: list[l.Invariant] = []
    for module in program.modules if whole else (own,):
        elsewhere = any(module is each for other in around for each in other.modules)
        if not elsewhere or (whole and module is own):
            found += module.invariants
    return found


class Needs:
    """What the scenarios of a program come to, and it has no definition of."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._lifecycles: dict[str, frozenset[str]] = {}
        self._calls: dict[str, frozenset[str]] = {}

    @cached_property
    def _always(self) -> frozenset[str]:
        return self._missing(_around(self.program))

    def undefined(self, scenario: l.Scenario) -> frozenset[str]:
        """The sequences that a scenario may come to and of which there is no definition.

        Of a lifecycle that it goes through it may come to every phase.
        """
        goals, acts = set(), []
        for step in scenario.steps:
            match step:
                case l.Run(phase=phase):
                    goals.add(phase)
                case l.Act(actor=actor, body=body):
                    goals.add(actor)
                    acts.append(body)
                case l.Behave(body=body):
                    acts.append(body)
                case _:
                    pass
        missing = self._always | self._missing(acts)
        for lifecycle in self.program.lifecycles:
            places = list(_places(lifecycle.steps))
            if goals.intersection(name for name, _ in places):
                if lifecycle.name not in self._lifecycles:
                    found = self._missing(body for _, body in places)
                    self._lifecycles[lifecycle.name] = found
                missing |= self._lifecycles[lifecycle.name]
        return missing

    @property
    def whole(self) -> bool:
        """Whether there is a lifecycle, and every sequence is defined that it may come to."""
        return bool(self.program.lifecycles) and not self.of_lifecycles()

    def of_lifecycles(self) -> frozenset[str]:
        """The sequences that any lifecycle may come to and of which there is no definition."""
        bodies = [b for each in self.program.lifecycles for _, b in _places(each.steps)]
        return self._always | self._missing(bodies)

    def met(self, scenario: l.Scenario) -> bool:
        """Whether the program has the scenario, and a definition of all that it runs."""
        known = self.program.scenarios.get(scenario.title)
        return known == scenario and not self.undefined(scenario)

    def _missing(self, bodies: Iterable[Body]) -> frozenset[str]:
        wanted = [call.callee for body in bodies for call in calls(body)]
        seen = set(wanted)
        missing = set()
        while wanted:
            name = wanted.pop()
            sequence = self.program.sequences.get(name)
            if sequence is not None and sequence.body is None:
                missing.add(name)
            inner = self._called(name) - seen
            wanted += inner
            seen |= inner
        return frozenset(missing)

    def _called(self, name: str) -> frozenset[str]:
        """What is called where something of this name is done."""
        if name not in self._calls:
            kinds = (self.program.sequences, self.program.operations, self.program.models)
            bodies = [kind[name].body for kind in kinds if name in kind]
            self._calls[name] = frozenset(c.callee for body in bodies for c in calls(body))
        return self._calls[name]


def _around(program: Program) -> Iterator[Body]:
    """What may happen in every run."""
    yield from (boot.body for boot in program.boots)
    if program.crossing is not None:
        yield program.crossing.enters
        yield program.crossing.leaves


def _places(steps: Iterable[l.Step]) -> Iterator[tuple[str, Body]]:
    """The names of a lifecycle, each with what happens there."""
    for step in steps:
        match step:
            case l.Phase(name=name, body=body):
                yield name, body
            case l.Repeat(name=name, steps=inner):
                yield name, ()
                yield from _places(inner)
            case l.Either(alternatives=alternatives):
                for inner in alternatives:
                    yield from _places(inner)


def _part(program: Program, name: str) -> Program:
    """The program of one of the modules of a program."""
    modules = {module.name: module for module in program.modules}
    wanted, seen = [name], {name}
    while wanted:
        fresh = {x for x in modules[wanted.pop()].imports if x in modules} - seen
        seen |= fresh
        wanted += fresh
    return Program(name, tuple(x for x in program.modules if x.name in seen))
