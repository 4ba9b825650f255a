"""The symbolic engine for mutants: first where a mutant is something else, then everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from time import process_time

from dsl.ir.program import Program
from dsl.mutation.explorer import Explorer
from dsl.mutation.judging import Answer, Fault, Known
from dsl.mutation.normal import Normal
from dsl.mutation.proving import Proving
from dsl.mutation.searching import changed
from dsl.verify.configurations import configurations, machine_of
from dsl.verify.confirming import surely
from dsl.verify.findings import Configuration, Engine, Finding, Strength, Witness
from dsl.verify.owned import Owned
from dsl.verify.subject import Subject, subject

#: In how many configurations a mutant is asked about for itself, before all machines are.
_FEW = 2


class Values:
    """Asks the symbolic engine about the mutants of one program, behind the explorer.

    ``seconds`` of a processor are what it may take for one mutant before it says that it did not
    come to an end; what is being proved then is proved first.
    """

    def __init__(self, explorer: Explorer, seconds: float | None = None) -> None:
        self.explorer, self.seconds = explorer, seconds
        self.program = program = explorer.program
        self.normal = Normal(program, configurations(program))
        self.subject: Subject = subject(program)
        self.owned = Owned(program)
        self.proving = Proving(program)
        #: What the original is suspected of, and no run confirms, by code and rule.
        self.suspected: set[tuple[str, str]] = set()

    def ask(self, program: Program, known: Known, first: bool) -> Answer:
        """What is found in a mutant, or in the original, and confirmed by a run."""
        asked = _Asked(self, program, known, first)
        for given in self._given(program):
            asked.fresh = False
            enough = asked.looked if program is not self.program else None
            report = self.proving.report(program, given, enough)
            asked.unchecked.update(dict.fromkeys(f"symbolic: {what}" for what in report.unchecked))
            if enough is None:
                for finding in report.findings:
                    asked.looked(finding, filter(None, (finding.witness,)), True)
            # What is suspected where a mutant is asked about for itself is suspected everywhere.
            if first and (asked.faults or asked.fresh):
                break
            if asked.late():
                asked.unchecked[f"symbolic: not all of it is proved in {self.seconds:g} s"] = None
                break
        return Answer(tuple(asked.faults.values()), tuple(asked.unchecked))

    def _given(self, program: Program) -> Iterator[Mapping[str, int]]:
        """What to fix, one after the other: what is cheap and tells most first."""
        pairs = changed(self.program, program)
        if not pairs:
            yield {}
            return
        differ = [
            each
            for each in configurations(self.program)
            if not all(self.normal.alike(old, new, each) for old, new in pairs)
        ]
        for configuration in _spread(differ)[:_FEW]:
            yield dict(configuration)
        if self.explorer.same(self.program, program):
            # The explorer tries few values of each kind: others were tried now, and that is enough.
            return
        for machine in dict.fromkeys(machine_of(self.program, each) for each in differ):
            yield dict(machine)


@dataclass
class _Asked:
    """What is asked of a program: what came of it so far."""

    values: Values
    program: Program
    known: Known
    first: bool
    faults: dict[tuple[object, ...], Fault] = field(default_factory=dict)
    unchecked: dict[str, None] = field(default_factory=dict)
    #: Whether something is suspected that the original is not suspected of.
    fresh: bool = False
    _passed: set[tuple[object, ...]] = field(default_factory=set)
    _since: float = field(default_factory=process_time)

    def __post_init__(self) -> None:
        self._of = self.values.subject.of(self.program)

    def late(self) -> bool:
        """Whether a mutant took all that it may take."""
        seconds = self.values.seconds
        if seconds is None or self.program is self.values.program:
            return False
        return process_time() - self._since > seconds

    def looked(self, finding: Finding, histories: Iterator[Witness], stands: bool) -> bool:
        """Has a run confirm a finding by some history; True where no other is asked for.

        One that does not stand yet is no news if no run confirms it.
        """
        if finding.key in self._passed or finding.strength is Strength.CONVENTION:
            return False
        if self.known(_fault(finding)):
            return False
        if stands:
            self._passed.add(finding.key)
        elif not self.first:
            return False
        if self.late():
            return True
        for history in histories:
            sure = surely(self._of, replace(finding, witness=history), self.values.owned)
            if sure is not None:
                self.faults[finding.key] = _fault(sure)
                return self.first
            if self.late():
                return True
        if not stands:
            return False
        suspected = self.values.suspected
        self.fresh = self.fresh or (finding.code, finding.rule) not in suspected
        if self.program is self.values.program:
            suspected.add((finding.code, finding.rule))
        what = f"symbolic: {finding.where}: no run confirms: {finding.message}"
        self.unchecked[what] = None
        return False


def _spread(all: list[Configuration]) -> list[Configuration]:
    """The first, and then always the one that is least like those before it."""
    found = all[:1]
    left = all[1:]
    while left and len(found) < _FEW:
        best = max(left, key=lambda one: min(_unlike(one, other) for other in found))
        found.append(best)
        left.remove(best)
    return found


def _unlike(one: Configuration, other: Configuration) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))


def _fault(finding: Finding) -> Fault:
    return Fault(str(Engine.SYMBOLIC), finding.code, finding.rule, finding.where, finding.message)
