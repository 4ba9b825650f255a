"""One history that a user asks for: of which scenario, with which answers, from where to where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dsl.diagnostics import suggest
from dsl.failures import CannotRun
from dsl.ir import lifecycle as l
from dsl.run.choices import Choices
from dsl.run.errors import RunError
from dsl.run.programs import Root, cases_of
from dsl.run.results import MOST, Result, attempt, result
from dsl.run.scenarios import Run, Stop
from dsl.run.settings import choices, settings, stop
from dsl.run.statefile import State, fingerprint, restore
from dsl.run.watch import Watch, watch


@dataclass(frozen=True, slots=True)
class Asked:
    """What a user says of a history; None, or nothing, where it is left open.

    ``answers`` are as `dsl.run.settings.choices` reads them.
    """

    settings: Sequence[str] = ()
    answers: str | None = None
    until: str | None = None
    watch: Sequence[str] = ()
    most: int = MOST


@dataclass(frozen=True, slots=True)
class History:
    """A history that was run; ``result`` is of all histories, where they were tried.

    ``answers`` makes it again; its first ``skipped`` events are of a run before this one.
    """

    root: Root
    result: Result
    run: Run
    settings: Sequence[str]
    answers: str
    watch: Watch | None
    skipped: int = 0


def find(roots: Sequence[Root], name: str) -> tuple[Root, l.Scenario]:
    """The scenario of this title, or the only one with this in its title.

    Raises `CannotRun` where there is none, or more than one.
    """
    each = cases_of(roots) or [(root, x) for root in roots for x in root.program.scenarios.values()]
    folded = " ".join(name.casefold().split())
    found = [pair for pair in each if pair[1].title == name] or [
        pair for pair in each if folded in pair[1].title.casefold()
    ]
    titles = list(dict.fromkeys(scenario.title for _, scenario in found))
    if not titles:
        known = list(dict.fromkeys(scenario.title for _, scenario in each))
        help = suggest(name, known) or "`vgs run` lists them all"
        raise CannotRun(f'there is no scenario "{name}"', help)
    if len(titles) > 1:
        listed = "; ".join(titles[:5]) + ("; ..." if len(titles) > 5 else "")
        raise CannotRun(f'{len(titles)} scenarios have "{name}" in their title', listed)
    if len(found) > 1:
        files = ", ".join(root.file for root, _ in found)
        raise CannotRun(f'"{titles[0]}" is in {len(found)} programs', f"name one of {files}")
    return found[0]


def tell(
    root: Root,
    scenario: l.Scenario,
    asked: Asked,
    progress: Callable[[str], None] = lambda text: None,
) -> History:
    """Runs a history from the start: without answers the one that `Result.shown` is.

    Raises `CannotRun` and `HasErrors` for what is asked for and cannot be.
    """
    program = root.program
    given = settings(root.resolved, scenario, asked.settings)
    whole: Result | None = None
    answers = asked.answers
    end = stop(program, asked.until) if asked.until else None
    watched = watch(program, asked.watch) if asked.watch else None
    if answers is None:
        whole = result(program, scenario, settings=given, most=asked.most, progress=progress)
        if whole.shown is None:
            # It cannot even begin.
            answers = "new"
        else:
            answers = ",".join(map(str, whole.shown.choices.answers)) or "new"
    run = Run(program, scenario, choices(answers), given, end)
    return _told(History(root, _one(run), run, asked.settings, answers, watched), whole)


def resume(roots: Sequence[Root], state: State, name: str, asked: Asked) -> History:
    """Goes on with a run from the state in a file called ``name``.

    Raises `CannotRun` where that is of another program, and for what cannot be asked for.
    """
    root = next((r for r in roots if fingerprint(r.program) == state.program), None)
    if root is None:
        same = [r.file for r in roots if r.program.name == state.module]
        what = f"{name} is of another program: {state.module}"
        if same:
            what = f"{name} was saved before {same[0]}, or what it imports, changed"
        raise CannotRun(what, "name its module, or run the scenario again")
    program = root.program
    scenario = program.scenarios.get(state.scenario)
    if scenario is None:
        raise CannotRun(f'{name} is of a scenario that is not there: "{state.scenario}"')
    given = settings(root.resolved, scenario, state.settings)
    answers = asked.answers or state.answers
    made = choices(answers, state.choices, onwards=asked.answers is not None)
    watched = watch(program, asked.watch) if asked.watch else None
    end = stop(program, asked.until) if asked.until else None
    if end is not None and state.visits.get(end.phase, 0) >= end.visit:
        raise CannotRun(f"{name} is past `{asked.until}` already")
    run = restore(state, program, given, made, end)
    if asked.answers is not None and made.script:
        answers = ",".join(map(str, made.script))
    skipped = len(state.events)
    return _told(History(root, _one(run), run, state.settings, answers, watched, skipped), None)


def _told(history: History, whole: Result | None) -> History:
    run = history.run
    if history.watch is not None:
        history.watch.attach(run)
    try:
        attempt(run)
    except RunError as error:
        return replace(history, result=replace(history.result, failing=run, error=error))
    _check_end(run, run.stop)
    _check_answers(run.choices, run)
    return replace(history, result=whole if whole is not None and not run.stopped else _one(run))


def _check_end(run: Run, end: Stop | None) -> None:
    if end is None or run.stopped:
        return
    visits = run.visits.get(end.phase, 0)
    times = "once" if visits == 1 else f"{visits} times" if visits else "never"
    raise CannotRun(f"the scenario ends before that: it comes to `{end.phase}` {times}")


def _check_answers(made: Choices, run: Run) -> None:
    if not run.stopped and len(made.script) > len(made.made):
        raise CannotRun(
            f"{len(made.script)} choices are answered, and this history has {len(made.made)}"
        )


def _one(run: Run) -> Result:
    """What one history alone shows."""
    expected = run.program.failures.get(run.scenario.title)
    failing = None if run.ok else run
    return Result(run.scenario, expected, 1, False, run, failing, alone=True)
