"""How a scenario fails as a test: what a person reads, and where an editor goes."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from dsl.diagnostics import Diagnostic, Note
from dsl.diagnostics.render import render
from dsl.diagnostics.runs import (
    CannotBeRun,
    HoldsAfterAll,
    NoSuchMachine,
    ScenarioFails,
    Undecided,
)
from dsl.failures import CannotRun, HasErrors
from dsl.ir import lifecycle as l
from dsl.ir.program import Program
from dsl.project.file import shown
from dsl.run.errors import Impossible
from dsl.run.results import Result, Verdict, result
from dsl.run.story import story

#: How many events before a failure are shown.
_LAST = 12


class Failure(Exception):
    """Why a test fails: the whole text, and for summaries one line and a place (from line 1)."""

    def __init__(self, text: str, summary: str, path: str, line: int) -> None:
        super().__init__(text)
        self.summary, self.path, self.line = summary, path, line


class DoesNotHold(Failure):
    """A scenario does not hold, as opposed to what says nothing about whether it does."""


def judge(program: Program, source: Path, scenario: l.Scenario, most: int, *, plain: bool) -> None:
    """Tries all histories of a scenario of the module in ``source``, but no more than ``most``.

    With ``plain`` nothing is expected to fail.  Raises `DoesNotHold`, or a `Failure` for what
    cannot be run or decided, or unexpectedly holds.
    """
    found = result(program, scenario, most=most)
    if found.verdict is Verdict.HOLDS or (plain and found.verdict is Verdict.UNEXPECTED):
        return
    kind = DoesNotHold if found.verdict in (Verdict.FAILS, Verdict.EXPECTED) else Failure
    findings = _findings(found)
    parts = [render(findings), *_history(found)]
    command = ["vgs", "run", shown(source), "--scenario", scenario.title]
    parts.append(f"{shlex.join(command)} shows all of it")
    raise _failure(kind, "\n".join(parts), findings)


def cannot_collect(error: HasErrors | CannotRun) -> Failure:
    """The failure of a file of which there is no program."""
    if isinstance(error, HasErrors):
        return _failure(Failure, render(error.findings), error.findings)
    text = error.message + (f"\n  help: {error.help}" if error.help else "")
    return Failure(text, error.message, "", 0)


def _findings(found: Result) -> list[Diagnostic]:
    """What is wrong, each at its place."""
    scenario = found.scenario
    match found.verdict:
        case Verdict.UNRUNNABLE:
            error = found.error
            assert error is not None
            kind = NoSuchMachine if isinstance(error, Impossible) else CannotBeRun
            return [kind(error.span or scenario.span, error.message, help=error.help)]
        case Verdict.UNDECIDED:
            message = f"it holds in the {found.histories} histories that were tried; there are more"
            return [Undecided(scenario.span, message, help="raise vgs_most, or leave less open")]
        case Verdict.UNEXPECTED:
            expected = found.expected
            assert expected is not None
            message = f"it holds, and is said to fail: {expected.reason}"
            note = Note(scenario.span, "the scenario")
            return [HoldsAfterAll(expected.span, message, (note,), help="remove this `fails`")]
        case _:
            run = found.failing
            assert run is not None
            return [ScenarioFails(each.span, each.message) for each in run.failures]


def _history(found: Result) -> Iterator[str]:
    """The choices of the history that fails, and what happened in it before."""
    run = found.failing
    if run is None:
        return
    at = run.failures[0].event if run.failures else len(run.events)
    made = [f"  {choice}  ({choice.site})" for choice in run.choices.made]
    if made:
        yield "\n".join(("the choices of the shortest history that fails:", *made, ""))
    lines = list(story(run.events[max(0, at - _LAST) : at + 1]))
    if lines:
        more = "the last events before it:" if at > _LAST else "what happened before it:"
        yield "\n".join((more, *lines, ""))


def _failure(kind: type[Failure], text: str, findings: Sequence[Diagnostic]) -> Failure:
    first = findings[0]
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    summary = f"[{first.code}] {first.message}{more}"
    return kind(text, summary, first.span.source.name, first.span.line)
