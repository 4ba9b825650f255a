"""What pytest collects of a .vgs file: the file, and each scenario that is run for it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dsl.failures import CannotRun, HasErrors
from dsl.ir import lifecycle as l
from dsl.ir.program import Program
from dsl.run.cases import cases, through
from dsl.testing.failures import DoesNotHold, Failure, cannot_collect, judge
from dsl.testing.files import Files

_FILES = pytest.StashKey[Files]()


def collector(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """The collector of a .vgs file; None for one that is no test, unless it was asked for."""
    config = parent.config
    if _FILES not in config.stash:
        config.stash[_FILES] = Files(config.rootpath, config.getini("vgs_files"))
    if not parent.session.isinitpath(path) and not config.stash[_FILES].wanted(path):
        return None
    return File.from_parent(parent, path=path)


class _Failing(pytest.Collector):
    """Shows a `Failure` as its text, with the place in the source for the summary."""

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return _shown(excinfo) or super().repr_failure(excinfo)


class File(_Failing, pytest.File):
    """A .vgs file."""

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        group = self.config.stash[_FILES].group(self.path)
        try:
            program = group.program(self.path)
            found = cases(program, lambda: group.programs)
            yield from _items(self, program, self.path, found)
            if self.session.isinitpath(self.path):
                # Somebody asked for just this file: its scenarios are run where they can be.
                for other, having in through(program, group.programs):
                    left = [x for x in having if x not in found]
                    if left:
                        where = group.path(other)
                        yield Through.from_parent(
                            self, name=where.stem, program=other, source=where, scenarios=left
                        )
        except (HasErrors, CannotRun) as error:
            raise cannot_collect(error) from None


class Through(_Failing):
    """The scenarios of a file that are run for a module which imports it."""

    def __init__(
        self, *, program: Program, source: Path, scenarios: Iterable[l.Scenario], **rest: Any
    ) -> None:
        super().__init__(**rest)
        self._of = program, source, scenarios

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        program, source, scenarios = self._of
        return _items(self, program, source, scenarios)


class Scenario(pytest.Item):
    """A scenario, in all its histories."""

    def __init__(
        self, *, program: Program, source: Path, scenario: l.Scenario, **rest: Any
    ) -> None:
        super().__init__(**rest)
        self._of = program, source, scenario
        fails = program.failures.get(scenario.title)
        if fails is not None:
            # What cannot be run does not fail as expected.
            self.add_marker(pytest.mark.xfail(reason=fails.reason, raises=DoesNotHold, strict=True))

    def runtest(self) -> None:
        most = int(self.config.getini("vgs_most"))
        judge(*self._of, most, plain=self.config.option.runxfail)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return _shown(excinfo) or super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        span = self._of[2].span
        return Path(span.source.name).absolute(), span.line - 1, self.name


def _items(
    parent: pytest.Collector, program: Program, source: Path, scenarios: Iterable[l.Scenario]
) -> Iterator[pytest.Item]:
    for scenario in scenarios:
        name = _name(scenario)
        yield Scenario.from_parent(
            parent, name=name, program=program, source=source, scenario=scenario
        )


def _name(scenario: l.Scenario) -> str:
    """The title; pytest takes `::` for the end of a name, and a blank line for one of its own."""
    title = re.sub(r"\s+", " ", scenario.title).replace("::", ":").strip()
    return title or f"scenario in line {scenario.span.line}"


def _shown(excinfo: pytest.ExceptionInfo[BaseException]) -> Any:
    """How pytest prints a `Failure`, with or without other processes in between."""
    failure = excinfo.value
    if not isinstance(failure, Failure):
        return None
    shown = excinfo.getrepr(style="value", chain=False)
    crash = shown.reprcrash
    if crash is not None:
        # In place: what goes to another process has it in more than one part.
        crash.path, crash.lineno, crash.message = failure.path, failure.line, failure.summary
    return shown
