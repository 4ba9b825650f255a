"""All histories of a scenario: whether it holds in each, and the shortest in which it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from dsl.ir import lifecycle as l
from dsl.ir.program import Program
from dsl.run.choices import Choices, exhausted, explore
from dsl.run.errors import Impossible, RunError, Trapped
from dsl.run.scenarios import Run

#: How many histories of one scenario are tried, if nobody says otherwise.
MOST = 10_000
#: How many histories pass between two words of progress.
_OFTEN = 100

Settings = Callable[[l.Scenario], tuple[l.Given, ...]]


class Verdict(StrEnum):
    """What became of a scenario, in words."""

    HOLDS = "holds"
    FAILS = "does not hold"
    EXPECTED = "fails as expected"
    UNEXPECTED = "unexpectedly holds"
    UNDECIDED = "undecided"
    UNRUNNABLE = "cannot be run"
    STOPPED = "stopped"

    @property
    def fine(self) -> bool:
        """Whether all is as the program says."""
        return self in (Verdict.HOLDS, Verdict.EXPECTED, Verdict.STOPPED)


@dataclass(frozen=True, slots=True)
class Result:
    """What the histories of one scenario of a program show.

    ``histories`` is how many were tried, and ``complete`` whether there are no others.
    ``expected`` is set where the program says that the scenario fails.  ``first`` is the history
    in which each choice takes its first option; ``failing`` the one that does not hold with the
    fewest other answers, and of these the one with the fewest events.  ``error`` says why the
    scenario cannot be run, with ``failing`` the unfinished run of it.  ``alone`` says that only
    one history was asked for, which proves nothing about the others.
    """

    scenario: l.Scenario
    expected: l.Fails | None
    histories: int
    complete: bool
    first: Run | None
    failing: Run | None
    error: RunError | None = None
    alone: bool = False

    @property
    def verdict(self) -> Verdict:
        if self.error is not None:
            return Verdict.UNRUNNABLE
        if self.failing is not None:
            return Verdict.FAILS if self.expected is None else Verdict.EXPECTED
        if self.alone:
            assert self.first is not None
            return Verdict.STOPPED if self.first.stopped else Verdict.HOLDS
        if not self.complete:
            return Verdict.UNDECIDED
        return Verdict.HOLDS if self.expected is None else Verdict.UNEXPECTED

    @property
    def shown(self) -> Run | None:
        """The history that says most: the failing one if there is one."""
        return self.failing or self.first


def attempt(run: Run) -> Run:
    """Runs one history to its end, or to where it is to stop.

    Raises `RunError` where the scenario asks for what there is not.
    """
    try:
        return run.go()
    except Trapped as trapped:
        what = f"nothing here takes the exception of an operation: {trapped.message}"
        raise RunError(what, trapped.span) from None
    except RecursionError:
        what = "expressions, blocks or calls are nested too deeply to follow"
        raise RunError(what, run.scenario.span) from None


def results(
    program: Program,
    *,
    settings: Settings = lambda scenario: (),
    most: int = MOST,
    progress: Callable[[str], None] = lambda text: None,
) -> Iterator[Result]:
    """Tries every scenario of a program, in the order in which they are declared."""
    for scenario in program.scenarios.values():
        given = settings(scenario)
        yield result(program, scenario, settings=given, most=most, progress=progress)


def result(
    program: Program,
    scenario: l.Scenario,
    *,
    settings: tuple[l.Given, ...] = (),
    most: int = MOST,
    progress: Callable[[str], None] = lambda text: None,
) -> Result:
    """Tries all histories of one scenario, but no more than ``most``."""
    expected = program.failures.get(scenario.title)
    first: Run | None = None
    failing: Run | None = None
    impossible: Impossible | None = None
    tried = 0
    last = Choices()
    at: list[Run] = []

    def history(choices: Choices) -> Run | Impossible:
        at[:] = [Run(program, scenario, choices, settings)]
        try:
            return attempt(at[0])
        except Impossible as error:
            return error

    try:
        for done, choices in explore(history, most):
            last = choices
            if isinstance(done, Impossible):
                # Of what is left open, not everything exists.
                impossible = impossible or done
                continue
            tried += 1
            first = first or done
            if not done.ok and (failing is None or _size(done) < _size(failing)):
                failing = done
            if tried % _OFTEN == 0:
                progress(f'"{scenario.title}": {tried} histories')
    except RunError as error:
        return Result(scenario, expected, tried, False, first, at[0], error)
    if first is None:
        return Result(scenario, expected, 0, True, None, None, impossible)
    return Result(scenario, expected, tried, exhausted(last), first, failing)


def _size(run: Run) -> tuple[int, int]:
    """By what a history is short: answers that are not the first option, then events."""
    return sum(answer > 0 for answer in run.choices.answers), len(run.events)
