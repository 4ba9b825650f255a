"""Tries an edit: whether a finding is gone with it, and nothing else has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from dsl.diagnostics import Severity
from dsl.ir.program import Program
from dsl.resolve.workspace import SUFFIX, Workspace
from dsl.source import Source
from dsl.verify.budget import Budget
from dsl.verify.confirming import surely
from dsl.verify.findings import Edit, Finding, Strength
from dsl.verify.mend import mend
from dsl.verify.owned import Owned
from dsl.verify.subject import roots, subject


@dataclass(slots=True)
class Trying:
    """Tries edits of a program in the configuration of the finding that they are for."""

    program: Program
    found: list[Finding]
    budget: Budget | None
    _known: dict[tuple[str, str, str], None] = field(init=False)

    def __post_init__(self) -> None:
        self._known = dict.fromkeys(_site(each) for each in self.found)

    def edit(self, finding: Finding, others: Sequence[Finding] = ()) -> Edit | None:
        """An edit that mends a finding, if one is found.

        ``others`` speak of the same at other places, where an edit may be smaller.  Raises `Spent`
        where the budget is.
        """
        if finding.strength is Strength.CONVENTION or self._path() is None:
            return None

        def holds(source: Source, text: str) -> bool:
            if self.budget is not None:
                self.budget.check()
            return self._holds(finding, source, text)

        for each in (*others, finding):
            made = mend(replace(each, configuration=finding.configuration), self.program, holds)
            if made.edit is not None:
                return made.edit
        return None

    def _path(self) -> Path | None:
        """The file of the program's own module."""
        relative = Path(*self.program.name.split(".")).with_suffix(SUFFIX)
        return next((r / relative for r in roots(self.program) if (r / relative).is_file()), None)

    def _holds(self, finding: Finding, source: Source, text: str) -> bool:
        from dsl.verify.driver import Driver

        path = self._path()
        assert path is not None
        workspace = Workspace(roots(self.program), {Path(source.name): text})
        loaded = workspace.load(path)
        if loaded is None or any(d.severity is Severity.ERROR for d in workspace.found):
            return False
        program = workspace.program(loaded)
        if finding.value and surely(subject(program), finding, Owned(program)) is not None:
            # Its own history ends in a wrong value as before: there is no need for all others.
            return False
        budget = None if self.budget is None else replace(self.budget, jobs=1)
        driver = Driver(
            program,
            dict(finding.configuration),
            (finding.engine,),
            None,
            budget,
            False,
            lambda text: None,
        )
        verdict = driver.verdict()
        if verdict.unchecked:
            if budget is not None:
                budget.check()
            return False
        sites = {_site(each) for each in verdict.findings}
        return _site(finding) not in sites and all(site in self._known for site in sites)


def _site(finding: Finding) -> tuple[str, str, str]:
    """What a finding is, wherever its text has moved."""
    return (finding.code, finding.rule, finding.function)
