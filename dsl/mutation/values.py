"""The symbolic engine for mutants: first where a mutant is something else, then everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from time import process_time

from dsl.ir.program import Program
from dsl.mutation.explorer import Explorer
from dsl.mutation.judging import Answer, Fault, Known
from dsl.mutation.normal import Normal
from dsl.mutation.proving import Proving
from dsl.mutation.searching import changed
from dsl.verify.configurations import configurations, machine_of
from dsl.verify.confirming import surely
from dsl.verify.findings import Configuration, Engine, Finding, Strength
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
        self._suspected: set[tuple[str, str]] = set()

    def ask(self, program: Program, known: Known, first: bool) -> Answer:
        """What is found in a mutant, or in the original, and confirmed by a run."""
        unchecked: dict[str, None] = {}
        faults: dict[tuple[object, ...], Fault] = {}
        passed: set[tuple[object, ...]] = set()
        of = self.subject.of(program)
        since, late = process_time(), False
        for given in self._given(program):
            fresh = False
            for finding in self._findings(program, given, unchecked):
                if finding.key in passed or finding.strength is Strength.CONVENTION:
                    continue
                passed.add(finding.key)
                if known(_fault(finding)):
                    continue
                late = self._late(program, since)
                if late:
                    break
                sure = surely(of, finding, self.owned)
                if sure is not None:
                    faults[finding.key] = _fault(sure)
                    continue
                fresh = fresh or (finding.code, finding.rule) not in self._suspected
                if program is self.program:
                    self._suspected.add((finding.code, finding.rule))
                unchecked[f"symbolic: {finding.where}: no run confirms: {finding.message}"] = None
            # What is suspected where a mutant is asked about for itself is suspected everywhere.
            if first and (faults or fresh):
                break
            late = late or self._late(program, since)
            if late:
                unchecked[f"symbolic: not all of it is proved in {self.seconds:g} s"] = None
                break
        return Answer(tuple(faults.values()), tuple(unchecked))

    def _late(self, program: Program, since: float) -> bool:
        """Whether a mutant took all that it may take."""
        if self.seconds is None or program is self.program:
            return False
        return process_time() - since > self.seconds

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

    def _findings(
        self, program: Program, given: Mapping[str, int], unchecked: dict[str, None]
    ) -> Iterable[Finding]:
        report = self.proving.report(program, given)
        unchecked.update(dict.fromkeys(f"symbolic: {what}" for what in report.unchecked))
        return report.findings


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
