"""Asks the engines in turn, confirms what they suspect, and says what is known then."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dsl.diagnostics.base import Note
from dsl.diagnostics.proofs import Broader, Differs, NotYetVisible, RuleNotKept, TooWeak
from dsl.failures import CannotRun
from dsl.ir.program import Program
from dsl.verify.assumptions import assumptions, declared
from dsl.verify.beside import Undone, beside
from dsl.verify.budget import Budget
from dsl.verify.configurations import configurations
from dsl.verify.confirming import confirmed
from dsl.verify.eased import eased
from dsl.verify.findings import (
    Configuration,
    Edit,
    Engine,
    Finding,
    Interrupted,
    Proved,
    Report,
    Strength,
    Verdict,
)
from dsl.verify.histories import joined
from dsl.verify.masking import masks
from dsl.verify.owned import Owned
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
    _everywhere: tuple[Configuration, ...] = field(init=False)

    def __post_init__(self) -> None:
        self._subject = subject(self.program)
        self._everywhere = tuple(configurations(self.program, self.given))

    def verdict(self) -> Verdict:
        """The verdict of all engines that are asked.

        Raises `Interrupted` with what is known by then.
        """
        return eased(self._verdict)

    def _verdict(self) -> Verdict:
        reports: list[Report] = []
        unchecked: list[str] = []
        stopped = False
        for engine in self.engines if self.engines is not None else tuple(Engine):
            why = "it was interrupted" if stopped else self._spent()
            if why:
                unchecked.append(f"{engine}: {why} before it began")
                continue
            try:
                for report in self._reports(engine):
                    if isinstance(report, Undone):
                        unchecked.append(f"{engine}: {report.why}")
                    else:
                        reports.append(report)
            except KeyboardInterrupt:
                stopped = True
                unchecked.append(f"{engine}: it was interrupted")
            except MemoryError:
                unchecked.append(f"{engine}: there was no more memory")
            except CannotRun as error:
                # Its solver is not installed, say; the others need none.
                unchecked.append(": ".join(filter(None, (engine, error.message, error.help))))
        suspected = [f for report in reports for f in report.findings]
        tried = _Tried(suspected)
        try:
            if not stopped:
                self._try(tried)
        except KeyboardInterrupt:
            stopped = True
        unchecked += tried.left("it was interrupted")
        findings = [
            self._told(_with_barrier(each, tried.withdrawn))
            for each in _arrays(_without_echoes(tried.found))
        ]
        if self.mends and not stopped:
            edits = self._edits(list(findings), tried.withdrawn)
            try:
                for number, edit in enumerate(edits):
                    if isinstance(edit, Undone):
                        unchecked.append(f"an edit for {_what(findings[number])}: {edit.why}")
                    else:
                        findings[number] = replace(findings[number], edit=edit)
            except KeyboardInterrupt:
                stopped = True
        withdrawn = [w for w in tried.withdrawn if not any(_same(w, each) for each in findings)]
        made = Verdict(
            self.program.name,
            tuple(findings),
            tuple(withdrawn),
            proved=tuple(_proved(reports, [*findings, *tried.unknown])),
            assumptions=(*assumptions(self.program), *declared(self.program, self.against)),
            unchecked=(*unchecked, *(each for r in reports for each in r.unchecked)),
            work=tuple(r.work for r in reports if r.work is not None),
            unreached=tuple(each for r in reports for each in r.unreached),
        )
        if stopped:
            raise Interrupted(made)
        return made

    def _told(self, finding: Finding) -> Finding:
        """The finding with what hides it, and its history as one would write it."""
        if finding.witness is not None:
            steps = joined(finding.witness.steps)
            finding = replace(finding, witness=replace(finding.witness, steps=steps))
        return replace(finding, masked=masks(self._subject, finding, self._everywhere))

    def _edits(
        self, findings: Sequence[Finding], withdrawn: Sequence[Finding]
    ) -> Iterator[Edit | Undone | None]:
        """For each finding an edit that mends it, where one is found."""
        from dsl.verify.trying import Trying

        trying = Trying(self.program, list(findings), self.budget)

        def edit(finding: Finding) -> Edit | None:
            return trying.edit(finding, [w for w in withdrawn if _too_weak(w, finding)])

        for number, each in enumerate(beside(findings, edit, self.budget)):
            self.progress(f"looking for an edit for {number + 1} of {len(findings)}")
            yield each

    def _spent(self) -> str:
        return self.budget.spent() if self.budget is not None else ""

    def _apart(self, work: Callable[[], Report]) -> Report | Undone:
        """A report that one process makes."""
        (made,) = beside([work], lambda work: work(), self.budget)
        return made

    def _reports(self, engine: Engine) -> Iterator[Report | Undone]:
        match engine:
            case Engine.FLOW:
                from dsl.verify import flow

                yield self._apart(
                    lambda: flow.check(
                        self.program,
                        given=self.given,
                        budget=self.budget,
                        progress=self.progress,
                    )
                )
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
                before = self.against
                if before is not None:
                    yield self._apart(
                        lambda: symbolic.against(
                            self.program,
                            before,
                            given=self.given,
                            budget=self.budget,
                            progress=self.progress,
                        )
                    )

    # ---- what engines suspect

    def _try(self, tried: _Tried) -> None:
        """Confirms what is suspected, or withdraws it, as long as there is time."""
        owned = Owned(self.program)
        total = len(tried.rest)

        def confirm(each: Finding) -> Finding | Undone | None:
            # What is about how things are written no run shows; on two programs it was run already.
            written = each.strength is Strength.CONVENTION and not each.value
            written |= each.kind is Broader or (each.kind is Differs and each.witness is not None)
            try:
                return each if written else confirmed(self._subject, each, owned)
            except CannotRun as error:
                return Undone(error.message)

        for number, sure in enumerate(beside(list(tried.rest), confirm, self.budget)):
            self.progress(f"confirming {number + 1} of {total}")
            each = tried.rest.pop(0)
            if sure is None:
                tried.withdrawn.append(each)
            elif isinstance(sure, Undone):
                tried.untold.append((each, sure.why))
            else:
                tried.found.append(sure)


@dataclass(slots=True)
class _Tried:
    """What is suspected: not tried yet (``rest``), or confirmed, or withdrawn, or ``untold`` of
    which nothing is known, and why."""

    rest: list[Finding]
    found: list[Finding] = field(default_factory=list)
    withdrawn: list[Finding] = field(default_factory=list)
    untold: list[tuple[Finding, str]] = field(default_factory=list)

    def left(self, why: str) -> Iterator[str]:
        """What was not tried, in words."""
        for each, reason in (*self.untold, *((each, why) for each in self.rest)):
            yield f"{each.engine}: {_what(each)}: not tried: {reason}"

    @property
    def unknown(self) -> list[Finding]:
        """What may be so."""
        return [*self.rest, *(each for each, _ in self.untold)]


def _what(finding: Finding) -> str:
    """A finding, in a line of what is not checked."""
    return f"{finding.where}: {finding.kind.title}: {finding.rule}"


def _without_echoes(found: Sequence[Finding]) -> Iterator[Finding]:
    """Each fault once: not again as a rule that is not kept, where a wrong value shows it, and not
    again by all values, where few were enough."""
    shown = {(f.rule, f.where, f.function) for f in found if f.kind is NotYetVisible}
    few = {_about(f) for f in found if f.engine is Engine.EXPLICIT}
    for each in found:
        if each.kind is RuleNotKept and (each.rule, each.where, each.function) in shown:
            continue
        if each.engine is Engine.SYMBOLIC and _about(each) in few:
            continue
        yield each


def _arrays(found: Iterable[Finding]) -> Iterator[Finding]:
    """Of what is wrong at one place with elements of an array only the first, and how many more."""
    those: dict[object, list[Finding]] = {}
    for each in found:
        element = "[" in each.rule
        key = (*_about(each), each.where, each.function) if element else (len(those), each.where)
        those.setdefault(key, []).append(each)
    for first, *more in those.values():
        if more:
            what = f"{first.message}; so it is with {len(more)} more of {_about(first)[1]}"
            when = dict.fromkeys(c for each in (first, *more) for c in each.configurations)
            first = replace(first, message=what, configurations=tuple(when))
        yield first


def _about(finding: Finding) -> tuple[str, str]:
    """What is wrong with what: of an array, with all of it."""
    return (finding.code, finding.rule.partition("[")[0])


def _too_weak(one: Finding, other: Finding) -> bool:
    """Whether one is about the barrier that should prevent the other."""
    return one.kind is TooWeak and (one.rule, one.function) == (other.rule, other.function)


def _with_barrier(finding: Finding, others: Iterable[Finding]) -> Finding:
    """The finding with the barriers that were to prevent it, and are too weak."""
    notes = [
        Note(w.where, "this barrier is too weak for it") for w in others if _too_weak(w, finding)
    ]
    return replace(finding, ends=(*finding.ends, *notes))


def _same(one: Finding, other: Finding) -> bool:
    """Whether two engines speak of the same: of one rule, and one of its two ends."""
    if one.rule != other.rule:
        return False
    those = {one.where, *(note.span for note in one.ends)}
    return bool(those & {other.where, *(note.span for note in other.ends)})


def _proved(reports: Sequence[Report], findings: Sequence[Finding]) -> Iterator[Proved]:
    doubted = {finding.rule for finding in findings}
    # What is open to a look that is too early may break what holds in program order.
    seen = [finding.witness.seen for finding in findings if finding.witness is not None]
    doubted |= {text.split()[1] for text in seen if text.startswith("invariant ")}
    for report in reports:
        for each in report.proved:
            kind, name = each.what.split()[:2]
            if kind not in ("rule", "invariant") or name not in doubted:
                yield each
