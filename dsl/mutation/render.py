"""The result of a run of mutants as text for people: tables, survivors, suggestions."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dsl.mutation.report import Report, Score
from dsl.mutation.results import Judged, Outcome, Standing

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

WIDTH = 100
_HEADS = {
    Outcome.KILLED: "killed",
    Outcome.COST: "cost",
    Outcome.EQUIVALENT: "same",
    Outcome.CHEAPER: "cheaper",
    Outcome.SURVIVED: "survive",
    Outcome.BROKEN: "broken",
}


def render(report: Report, *, colour: bool = False, time: bool = False) -> str:
    """Everything but what was said as it came.  There are escapes only if *colour*."""
    from rich.console import Console

    out = io.StringIO()
    console = Console(
        file=out,
        width=10 * WIDTH,
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        highlight=False,
        legacy_windows=False,
        markup=False,
    )
    count = len(report.judged)
    functions = f"{len(report.functions)} function{'s' * (len(report.functions) != 1)}"
    console.print(f"{report.program}: {count} mutants of {functions}", style="bold")
    console.print()
    console.print(_operators(report))
    if report.of(Outcome.KILLED):
        console.print()
        console.print(_killers(report))
    if report.asked and report.of(Outcome.KILLED):
        for table in _worths(report):
            console.print()
            console.print(table)
        for line in (part for note in _idle(report) for part in _wrapped(note)):
            console.print(line)
    console.print()
    _scores(report, console)
    for line in (part for note in _notes(report, time) for part in _wrapped(note)):
        console.print(line, style="dim")
    text = out.getvalue()
    return text if colour else "\n".join(line.rstrip() for line in text.split("\n"))


def _wrapped(note: str) -> list[str]:
    return textwrap.wrap(note, WIDTH, subsequent_indent="  ")


def block(one: Judged) -> str:
    """One mutant that was not killed: where it is, what it does, the lines that change."""
    heads = {
        Outcome.SURVIVED: "survives",
        Outcome.BROKEN: "broken",
        Outcome.CHEAPER: "cheaper",
    }
    said = [
        f"{one.file}:{one.line}:{one.column}: {heads[one.outcome]}: {one.operator} in "
        f"{one.function}: {one.what}"
    ]
    match one.outcome:
        case Outcome.CHEAPER if one.by:
            said.append(f"  it does the same ({one.by}), and costs less: {one.note}")
        case Outcome.CHEAPER:
            said.append(f"  nothing finds fault with it, and it costs less: {one.note}")
            said.append("  it is not proved to do the same")
        case _ if one.note:
            said.append(f"  {one.note}")
        case _:
            pass
    said += [f"    {line}".rstrip() for line in one.diff if not line.startswith("@@")]
    return "\n".join(said) + "\n"


def _table(*heads: str) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for i, head in enumerate(heads):
        left = i == 0 or head in ("by", "code", "rule")
        title = Text(head, style="bold")
        table.add_column(title, justify="left" if left else "right", no_wrap=True)
    return table


def _operators(report: Report) -> Table:
    rows = report.operators()
    shown = [o for o in Outcome if any(counts[o] for _, counts in rows)]
    table = _table("operator", "mutants", *(_HEADS[o] for o in shown))
    for name, counts in rows:
        table.add_row(name, str(counts.total()), *(_number(counts[o]) for o in shown))
    totals = [len(report.of(o)) for o in shown]
    table.add_row("all", str(len(report.judged)), *map(_number, totals), style="bold")
    return table


def _number(value: int) -> str:
    return str(value) if value else "·"


def _killers(report: Report) -> Table:
    table = _table("killed first by", "code", "rule", "mutants")
    for killer, count in report.killers():
        table.add_row(killer.engine, killer.code, killer.rule, str(count))
    return table


def _worths(report: Report) -> Iterator[Table]:
    """What depends on a rule alone; and what was counted, where every check was asked."""
    worths = report.worths()
    tried = [(w, w.trial) for w in worths if w.trial and w.trial.standing is Standing.ALONE]
    if tried:
        table = _table("switched off", "kills", "asked", "score", "by")
        places = _places(report)
        for worth, trial in tried:
            counts = str(worth.kills), str(trial.asked), f"≤ {_share(worth.score)}"
            table.add_row(worth.name, *counts, places[trial.mutant])
        yield table
    counted = [worth for worth in worths if not worth.trial]
    if counted:
        table = _table("without", "kills", "alone", "score")
        for worth in counted:
            name = f"{worth.kind} {worth.name}"
            table.add_row(name, str(worth.kills), str(worth.alone), _share(worth.score))
        yield table


def _places(report: Report) -> dict[str, str]:
    return {
        one.id: f"{one.file}:{one.line}:{one.column} {one.operator}: {one.what}"
        for one in report.judged
    }


def _idle(report: Report) -> Iterator[str]:
    """The rules whose worth this program does not show, and why."""
    places = _places(report)
    tried = [worth.trial for worth in report.worths() if worth.trial]
    for trial in tried:
        if trial.standing is Standing.ALONE and trial.note:
            yield f"{trial.name}: not checked without it: {trial.note}"
        if trial.standing is Standing.MASKED:
            yield (
                f"masked: {trial.name}, by {_and(trial.masks)}: without "
                f"{'these' if len(trial.masks) > 1 else 'this'} it alone kills "
                f"{places[trial.mutant]}"
            )
    nothing = [trial.name for trial in tried if trial.standing is Standing.NOTHING]
    if nothing:
        yield f"kills nothing: {', '.join(nothing)}"
    for trial in tried:
        if trial.standing is Standing.UNKNOWN:
            yield f"not known: {trial.name}: {trial.note}"
    if report.idle:
        yield f"not exercised here: {', '.join(report.idle)}"


def _and(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _share(score: Score) -> str:
    # Never rounded up to all.
    tenths = int(score.share * 1000) / 10
    return f"{tenths:.1f} %"


def _scores(report: Report, console: Console) -> None:
    for name, score in (("correctness", report.correctness), ("cost", report.cost)):
        if score.killed or (score.of and name == "correctness"):
            console.print(f"{name:12} {score.killed} of {score.of} killed, {_share(score)}")
    proofs: dict[str, int] = {}
    for one in report.of(Outcome.EQUIVALENT):
        proofs[one.by] = proofs.get(one.by, 0) + 1
    if proofs:
        by = ", ".join(f"{count} by {name}" for name, count in proofs.items())
        console.print(f"{'the same':12} {sum(proofs.values())} proved: {by}")
    if report.suggestions:
        proved = sum(bool(one.by) for one in report.suggestions)
        told = f"{len(report.suggestions)} suggestions, {proved} of them proved to do the same"
        console.print(f"{'cheaper':12} {told}")


def _notes(report: Report, time: bool) -> Iterator[str]:
    if report.without:
        yield f"without {', '.join(report.without)}"
    if report.refused:
        codes = ", ".join(f"{code} {n}" for code, n in sorted(report.refused.items()))
        yield f"{sum(report.refused.values())} changes are no program ({codes})"
    if report.twice:
        yield f"{report.twice} changes give what another one gives"
    if report.unasked:
        yield f"{report.unasked} mutants were not judged"
    for what in report.faulty:
        yield f"found in the original too, so that it kills nothing: {what}"
    for what in report.unchecked:
        yield f"not checked in the original either: {what}"
    if time:
        yield from _times(report.judged, report.seconds)


def _times(judged: Sequence[Judged], seconds: float) -> Iterator[str]:
    spent: dict[str, list[float]] = {}
    for one in judged:
        name = f"{one.outcome} by {one.by}" if one.by else str(one.outcome)
        spent.setdefault(name, []).append(one.seconds)
    yield f"{seconds:.1f} s, of processors {sum(map(sum, spent.values())):.1f} s"
    for name, each in sorted(spent.items(), key=lambda item: -sum(item[1])):
        yield (
            f"  {name}: {len(each)} mutants, {sum(each):.1f} s, "
            f"{1000 * sum(each) / len(each):.0f} ms each, at most {1000 * max(each):.0f} ms"
        )
