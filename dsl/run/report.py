"""What runs show, for people and as JSON: verdicts, failures with their places, and state."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dsl.diagnostics import Diagnostic
from dsl.diagnostics.runs import (
    CannotBeRun,
    HoldsAfterAll,
    NoSuchMachine,
    ScenarioFails,
    Undecided,
)
from dsl.run.errors import Impossible, RunError
from dsl.run.results import Result, Verdict
from dsl.run.story import Paint
from dsl.source import Span

if TYPE_CHECKING:
    from dsl.ir.lifecycle import Scenario
    from dsl.run.histories import History
    from dsl.run.programs import Root
    from dsl.run.scenarios import Run
    from dsl.run.watch import Watch

#: How many choices of a failing history are listed.
_MOST_CHOICES = 12
_WORD = max(len(verdict) for verdict in Verdict)


# ---- findings


def findings(result: Result, command: str) -> list[Diagnostic]:
    """What is not as the program says about a scenario; ``command`` shows its history."""
    title = result.scenario.title
    match result.verdict:
        case Verdict.FAILS:
            assert result.failing is not None
            return failures(result.failing, f"`{command}` shows it")
        case Verdict.UNRUNNABLE:
            assert result.error is not None
            return [unrunnable(result.error, result.scenario)]
        case Verdict.UNEXPECTED:
            assert result.expected is not None
            what = f'"{title}" holds in all of its histories ({result.histories})'
            return [HoldsAfterAll(result.expected.span, what, help="take this line away")]
        case Verdict.UNDECIDED:
            what = f'"{title}" held in {result.histories} histories, and there are more'
            return [Undecided(result.scenario.span, what, help="`--most N` tries more")]
        case _:
            return []


def failures(run: Run, help: str = "") -> list[Diagnostic]:
    """What did not hold in one history, where it is written; the last one has the ``help``."""
    found = [ScenarioFails(failure.span, failure.message) for failure in run.failures]
    if help and found:
        found[-1] = ScenarioFails(found[-1].span, found[-1].message, help=help)
    return list(found)


def unrunnable(error: RunError, scenario: Scenario) -> Diagnostic:
    """Why a scenario cannot be run, as a finding."""
    span = error.span or scenario.span
    kind = NoSuchMachine if isinstance(error, Impossible) else CannotBeRun
    return kind(span, f'"{scenario.title}": {error.message}', help=error.help)


def command(root: Root, run: Run, settings: Sequence[str] = ()) -> str:
    """The command that shows a history of a run."""
    answers = list(run.choices.answers)
    while answers and not answers[-1]:
        # What comes after the last answer is the first option.
        answers.pop()
    chosen = ",".join(map(str, answers)) or "new"
    words = ["vgs", "run", root.file, "--scenario", run.scenario.title, "--choices", chosen]
    return shlex.join([*words, *(w for text in settings for w in ("--set", text))])


# ---- text


def lines(results: Iterable[tuple[Root, Result]], paint: Paint) -> Iterator[str]:
    """A line for each scenario below its program, and what they come to."""
    counts: dict[Verdict, int] = {}
    programs: list[str] = []
    for root, result in results:
        if root.file not in programs:
            if programs:
                yield ""
            programs.append(root.file)
            yield paint("head", root.file)
        verdict = result.verdict
        counts[verdict] = counts.get(verdict, 0) + 1
        style = "good" if verdict.fine else "bad"
        word = paint(style, f"{verdict:{_WORD}}")
        tried = paint("dim", f"{_histories(result):15}")
        yield f"  {word}  {tried}  {result.scenario.title}"
        if verdict is Verdict.EXPECTED:
            assert result.expected is not None
            yield f"  {'':{_WORD}}  {'':15}    {paint('dim', result.expected.reason)}"
    if programs:
        each = ", ".join(f"{number} {_plural(v, number)}" for v, number in counts.items())
        yield f"\n{number_of(sum(counts.values()), 'scenario')}: {each}"


def _histories(result: Result) -> str:
    if result.verdict is Verdict.UNRUNNABLE:
        return ""
    return f"{number_of(result.histories, 'history')}{'' if result.complete else ' of more'}"


_PLURALS = {
    Verdict.HOLDS: "hold",
    Verdict.FAILS: "do not hold",
    Verdict.EXPECTED: "fail as expected",
}


def _plural(verdict: Verdict, number: int) -> str:
    return str(verdict) if number == 1 else _PLURALS.get(verdict, str(verdict))


def number_of(number: int, noun: str) -> str:
    """``1 history``, ``2 histories``."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1]}ies" if noun.endswith("y") else f"{number} {noun}s"


def choices(run: Run) -> Iterator[str]:
    """The choices of a history, those first that are not the first option of theirs."""
    made = run.choices.made
    if len(made) > _MOST_CHOICES:
        made = [choice for choice in made if choice.taken][:_MOST_CHOICES]
    for choice in made:
        yield f"{choice.what}: {choice.options[choice.taken]}  ({choice.site})"
    left = len(run.choices.made) - len(made)
    if left:
        yield f"and {number_of(left, 'other choice')}, of the first option each"


def findings_of(history: History) -> list[Diagnostic]:
    """What does not hold in one history, and why it could not go on."""
    found = failures(history.run)
    if history.result.error is not None:
        found.append(unrunnable(history.result.error, history.run.scenario))
    return found


def conclusion(history: History) -> str:
    """What one history comes to, in a line."""
    run, result = history.run, history.result
    if result.error is not None:
        return "this history ends here: it cannot go on"
    if run.stopped and run.stop is not None:
        return f"stopped in `{run.stop.phase}`"
    this = "this history holds" if run.ok else "this history does not hold"
    if result.alone:
        return this
    word = "is undecided" if result.verdict is Verdict.UNDECIDED else result.verdict
    reason = f": {result.expected.reason}" if result.expected and not run.ok else ""
    return f"{this}; the scenario {word} ({_histories(result)}){reason}"


# ---- JSON


def to_json(
    root: Root, result: Result, line: str, history: History | None = None
) -> dict[str, Any]:
    """One scenario as docs/schema/run.json has it; of a ``history``, its events and state too."""
    verdict = result.verdict
    shown = history.run if history is not None else result.shown
    value: dict[str, Any] = {
        "title": result.scenario.title,
        "module": root.program.name,
        "file": root.file,
        "place": place(result.scenario.span),
        "verdict": str(verdict),
        "holds": _HOLDS.get(verdict),
        "expected": "holds" if result.expected is None else "fails",
        "reason": result.expected.reason if result.expected else "",
        "ok": verdict.fine,
        "histories": result.histories,
        "complete": result.complete,
        "findings": [each.to_json() for each in findings(result, line)],
        "failures": [each.to_json() for each in failures(shown)] if shown else [],
        "choices": [
            {
                "what": choice.what,
                "options": list(choice.options),
                "taken": choice.taken,
                "site": choice.site,
            }
            for choice in (shown.choices.made if shown else ())
        ],
        "command": line,
    }
    if history is not None:
        watch = history.watch
        value["stopped"] = history.run.stopped
        value["events"] = [
            event.to_json() | _watched(event.number, watch)
            for event in history.run.events[history.skipped :]
            if watch is None or watch.shows(event)
        ]
        value["state"] = state(history.run)
    return value


_HOLDS = {
    Verdict.HOLDS: True,
    Verdict.UNEXPECTED: True,
    Verdict.FAILS: False,
    Verdict.EXPECTED: False,
}


def place(span: Span) -> str:
    """``file:line:column``"""
    return str(span)


def _watched(number: int, watch: Watch | None) -> dict[str, Any]:
    seen = watch.seen.get(number, []) if watch else []
    if not seen:
        return {}
    return {
        "watched": [
            {
                "register": each.register,
                "cpu": each.cpu,
                "settled": each.settled,
                "newest": each.newest,
                "pending": list(each.pending),
            }
            for each in seen
        ]
    }


def state(run: Run) -> dict[str, Any]:
    """The state at the end of a run: registers with what is pending, memory, facts, positions."""
    machine, world = run.machine, run.machine.world
    return {
        "cpus": [
            {
                "cpu": number,
                "runs": cpu.runs,
                "registers": {
                    name: {"settled": cell.settled, "newest": cell.newest}
                    | _updates(run, name, number)
                    for name, cell in sorted(cpu.cells.items())
                },
            }
            for number, cpu in sorted(world.cpus.items())
        ],
        "slots": [
            {"owner": owner, "name": name, "value": value}
            for (owner, name), value in sorted(world.slots.items())
        ],
        "conditions": [
            {"owner": owner, "name": name, "value": value}
            for (owner, name), value in sorted(world.facts.items())
        ],
        "held": [{"owner": owner, "name": name} for owner, name in sorted(world.held)],
        "positions": {
            owner: {
                "lifecycle": at.graph,
                "phase": run.graphs[at.graph].nodes[at.at].name,
                "cpu": at.cpu,
            }
            for owner, at in run.positions.items()
        },
        "cpu": machine.number,
    }


def _updates(run: Run, name: str, cpu: int) -> dict[str, Any]:
    machine = run.machine
    cell = machine.world.cpus[cpu].cells[name]
    if not cell.updates:
        return {}
    # What a write waits for may depend on the registers of its CPU.
    now, machine.number = machine.number, cpu
    try:
        element = machine.elements[name]
        return {
            "updates": [
                {
                    "mask": update.mask,
                    "value": update.value,
                    "by": update.author,
                    "site": update.site,
                    "pending": [str(each) for each in machine.pending(element, update)],
                }
                for update in cell.updates
            ]
        }
    finally:
        machine.number = now
