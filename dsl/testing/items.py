"""What pytest collects of a .vgs file: the file, and its scenarios and invariants."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dsl.failures import CannotRun, HasErrors
from dsl.ir import lifecycle as l
from dsl.run.cases import cases, invariants
from dsl.run.programs import Root
from dsl.testing.failures import DoesNotHold, Failure, cannot_collect, judge
from dsl.testing.files import Files

if TYPE_CHECKING:
    from dsl.testing.proofs import Proofs

_FILES = pytest.StashKey[Files]()
_PROOFS = pytest.StashKey["Proofs"]()


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
            root = group.root(self.path)
            others = [each.program for each in group.roots]
        except (HasErrors, CannotRun) as error:
            raise cannot_collect(error) from None
        found = cases(root.program, others)
        asked = bool(self.config.getini("vgs_invariants"))
        held = invariants(root.program, others) if asked else []
        yield from _items(self, root, found, held)
        if self.session.isinitpath(self.path):
            # Somebody asked for just this file: what it has is tried where it can be.
            own = root.program.modules[-1]
            left = [x for x in own.scenarios if x not in found]
            rest = [x for x in own.invariants if asked and x not in held]
            for other in group.roots:
                having = [x for x in cases(other.program, others) if x in left]
                holding = [x for x in invariants(other.program, others) if x in rest]
                if having or holding:
                    yield Through.from_parent(
                        self, name=other.file, root=other, scenarios=having, invariants=holding
                    )


class Through(_Failing):
    """The scenarios and invariants of a file that are tried for a module which imports it."""

    def __init__(
        self,
        *,
        root: Root,
        scenarios: Iterable[l.Scenario],
        invariants: Iterable[l.Invariant],
        **rest: Any,
    ) -> None:
        super().__init__(**rest)
        self._root, self._scenarios, self._invariants = root, scenarios, invariants

    def collect(self) -> Iterator[pytest.Item]:
        return _items(self, self._root, self._scenarios, self._invariants)


class Scenario(pytest.Item):
    """A scenario, in all its histories."""

    def __init__(self, *, root: Root, scenario: l.Scenario, **rest: Any) -> None:
        super().__init__(**rest)
        self._root, self._scenario = root, scenario
        fails = root.program.failures.get(scenario.title)
        if fails is not None:
            # What cannot be run does not fail as expected.
            self.add_marker(pytest.mark.xfail(reason=fails.reason, raises=DoesNotHold, strict=True))

    def runtest(self) -> None:
        most = int(self.config.getini("vgs_most"))
        judge(self._root, self._scenario, most, plain=self.config.option.runxfail)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return _shown(excinfo) or super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        span = self._scenario.span
        return Path(span.source.name).absolute(), span.line - 1, self.name


class Invariant(pytest.Item):
    """An invariant, at its points of all histories of the lifecycles."""

    def __init__(self, *, root: Root, invariant: l.Invariant, **rest: Any) -> None:
        super().__init__(**rest)
        self._root, self._invariant = root, invariant
        known = _proofs(self.config).known(root, invariant)
        if known:
            self.add_marker(pytest.mark.xfail(reason=known, raises=DoesNotHold, strict=True))

    def runtest(self) -> None:
        _proofs(self.config).judge(self._root, self._invariant)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return _shown(excinfo) or super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        span = self._invariant.span
        return Path(span.source.name).absolute(), span.line - 1, self.name


def _items(
    parent: pytest.Collector,
    root: Root,
    scenarios: Iterable[l.Scenario],
    invariants: Iterable[l.Invariant],
) -> Iterator[pytest.Item]:
    for scenario in scenarios:
        yield Scenario.from_parent(parent, name=_name(scenario), root=root, scenario=scenario)
    for invariant in invariants:
        name = f"invariant {invariant.name}"
        yield Invariant.from_parent(parent, name=name, root=root, invariant=invariant)


def _proofs(config: pytest.Config) -> Proofs:
    """The verdicts of this run of pytest."""
    if _PROOFS not in config.stash:
        # Most files have no invariants, and start-up counts.
        from dsl.testing.proofs import Proofs

        named = config.getini("vgs_baseline")
        config.stash[_PROOFS] = Proofs(config.rootpath / named if named else None)
    return config.stash[_PROOFS]


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
