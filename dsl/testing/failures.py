"""How a scenario fails as a test: what a person reads, and where an editor goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dsl.diagnostics import Diagnostic
from dsl.diagnostics.render import render
from dsl.failures import CannotRun, HasErrors
from dsl.ir import lifecycle as l
from dsl.run.programs import Root
from dsl.run.report import choices, command, failures, findings, number_of
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


def judge(root: Root, scenario: l.Scenario, most: int, *, plain: bool) -> None:
    """Tries all histories of a scenario, but no more than ``most``.

    With ``plain`` nothing is expected to fail.  Raises `DoesNotHold`, or a `Failure` for what
    cannot be run or decided, or unexpectedly holds.
    """
    found = result(root.program, scenario, most=most)
    verdict = found.verdict
    if verdict is Verdict.HOLDS or (plain and verdict is Verdict.UNEXPECTED):
        return
    parts: list[str] = []
    if verdict in (Verdict.FAILS, Verdict.EXPECTED):
        assert found.failing is not None
        said = failures(found.failing)
        kind: type[Failure] = DoesNotHold
    else:
        said = findings(found, "")
        kind = Failure
        if verdict is Verdict.UNDECIDED:
            parts.append(f"`vgs_most` is {most}: set it in the configuration of pytest\n")
    parts += _history(root, found)
    raise _failure(kind, "\n".join([render(said), *parts]), said)


def cannot_collect(error: HasErrors | CannotRun) -> Failure:
    """The failure of a file of which there is no program."""
    if isinstance(error, HasErrors):
        return _failure(Failure, render(error.findings), error.findings)
    text = error.message + (f"\n  help: {error.help}" if error.help else "")
    return Failure(text, error.message, "", 0)


def _history(root: Root, found: Result) -> Iterator[str]:
    """The choices of the history that fails, what happened in it before, and how to see it all."""
    run = found.failing
    if run is None:
        return
    tried = f"of the shortest history that fails, of {number_of(found.histories, 'history')}"
    made = [f"  {line}" for line in choices(run)]
    if made and run.failures:
        yield "\n".join((f"choices {tried}:", *made, ""))
    elif made:
        yield "\n".join(("choices:", *made, ""))
    at = run.failures[0].event if run.failures else len(run.events)
    lines = list(story(run.events[max(0, at - _LAST) : at + 1]))
    if lines:
        yield "\n".join(("the last events before it:", *lines, ""))
    yield f"all of it: {command(root, run)}"


def _failure(kind: type[Failure], text: str, said: Sequence[Diagnostic]) -> Failure:
    first = said[0]
    more = f" (and {len(said) - 1} more)" if len(said) > 1 else ""
    summary = f"{first.message} [{first.code}]{more}"
    return kind(text, summary, first.span.source.name, first.span.line)
