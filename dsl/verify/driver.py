"""Asks the engines in turn, confirms what they suspect, and says what is known then."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dsl.diagnostics.proofs import NotYetVisible, RuleNotKept
from dsl.ir.program import Program
from dsl.verify.assumptions import assumptions
from dsl.verify.budget import Budget
from dsl.verify.confirming import confirmed
from dsl.verify.explicit.domain import Owned
from dsl.verify.findings import Engine, Finding, Proved, Report, Strength, Verdict
from dsl.verify.subject import Subject, subject


@dataclass(slots=True)
class Driver:
    """One verification; see `dsl.verify.verify`."""

    program: Program
    given: Mapping[str, int]
    engines: Sequence[Engine] | None
    against: Program | None
    budget: Budget | None
    mends: bool
    progress: Callable[[str], None]
    _subject: Subject = field(init=False)

    def __post_init__(self) -> None:
        self._subject = subject(self.program)

    def verdict(self) -> Verdict:
        """The verdict of all engines that are asked."""
        reports: list[Report] = []
        unchecked: list[str] = []
        for engine in self.engines if self.engines is not None else tuple(Engine):
            why = self.budget.spent() if self.budget is not None else ""
            if why:
                unchecked.append(f"{engine}: {why} before it began")
                continue
            reports += self._reports(engine)
        suspected = [f for report in reports for f in report.findings]
        findings, withdrawn = self._judged(suspected)
        return Verdict(
            self.program.name,
            tuple(findings),
            tuple(withdrawn),
            proved=tuple(_proved(reports, findings)),
            assumptions=assumptions(self.program),
            unchecked=(*unchecked, *(each for r in reports for each in r.unchecked)),
            work=tuple(r.work for r in reports if r.work is not None),
        )

    def _reports(self, engine: Engine) -> Iterator[Report]:
        match engine:
            case Engine.FLOW:
                from dsl.verify import flow

                yield flow.check(self.program, given=self.given, progress=self.progress)
            case Engine.EXPLICIT:
                from dsl.verify import explicit

                yield explicit.check(
                    self.program, given=self.given, budget=self.budget, progress=self.progress
                )
            case Engine.SYMBOLIC:
                from dsl.verify import symbolic

                yield symbolic.check(
                    self.program, given=self.given, budget=self.budget, progress=self.progress
                )
                if self.against is not None:
                    yield symbolic.against(
                        self.program,
                        self.against,
                        given=self.given,
                        budget=self.budget,
                        progress=self.progress,
                    )

    # ---- what engines suspect

    def _judged(self, suspected: Sequence[Finding]) -> tuple[list[Finding], list[Finding]]:
        """What is confirmed, and what is withdrawn."""
        owned = Owned(self.program)
        found: list[Finding] = []
        withdrawn: list[Finding] = []
        for number, each in enumerate(suspected):
            self.progress(f"confirming {number + 1} of {len(suspected)}")
            if each.strength is Strength.CONVENTION and not each.value:
                # It is about how things are written: no run shows it.
                found.append(each)
                continue
            sure = confirmed(self._subject, each, owned)
            if sure is not None:
                found.append(sure)
            else:
                withdrawn.append(each)
        kept = list(_without_echoes(found))
        sites = [each for each in kept]
        left = [w for w in withdrawn if not any(_same(w, each) for each in sites)]
        return kept, left


def _without_echoes(found: Sequence[Finding]) -> Iterator[Finding]:
    """Each fault once: not again as a rule that is not kept, where a wrong value shows it."""
    shown = {(f.where, f.function) for f in found if f.kind is NotYetVisible}
    for each in found:
        if each.kind is RuleNotKept and (each.where, each.function) in shown:
            continue
        yield each


def _same(one: Finding, other: Finding) -> bool:
    """Whether two engines speak of the same: of one rule, and one of its two ends."""
    if one.rule != other.rule:
        return False
    those = {one.where, *(note.span for note in one.ends)}
    return bool(those & {other.where, *(note.span for note in other.ends)})


def _proved(reports: Sequence[Report], findings: Sequence[Finding]) -> Iterator[Proved]:
    doubted = {finding.rule for finding in findings}
    for report in reports:
        for each in report.proved:
            if each.what.split(" ", 1)[-1] not in doubted:
                yield replace(each)
