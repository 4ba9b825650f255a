"""A verdict for people: each finding with its history, and what the verdict rests on."""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from dsl.diagnostics import Note
from dsl.diagnostics.proofs import Differs
from dsl.diagnostics.render import render
from dsl.verify.configurations import configurations, text
from dsl.verify.findings import Configuration, Edit, Finding, Verdict, Work
from dsl.verify.profile import Judged, place
from dsl.verify.shorten import condition
from dsl.verify.witness import steps

Paint: TypeAlias = Callable[[str, str], str]

#: Of longer lists the rest is counted; the JSON has all.
_MOST = 40
#: How far the labels of a finding reach.
_LABEL = 10


class Scope:
    """The configurations that were looked at, to say in which of them something was found."""

    def __init__(self, judged: Judged, given: Mapping[str, int] | None) -> None:
        self.every: Sequence[Configuration] = tuple(configurations(judged.chosen.program, given))

    def condition(self, finding: Finding) -> str:
        """What holds where it was found and nowhere else; empty where nothing short does."""
        return condition(self.found(finding), self.every) or ""

    def found(self, finding: Finding) -> tuple[Configuration, ...]:
        """The configurations in which something was found, as far as the engine says."""
        alone = (finding.configuration,) if finding.configuration else ()
        return finding.configurations or alone

    def says(self, finding: Finding) -> str:
        """In which configurations something was found, in words."""
        found = self.found(finding)
        if not found:
            return ""
        short = condition(found, self.every)
        if short == "":
            return f"always: in all {_number(len(self.every), 'configuration')}"
        wanted = [dict(each).items() for each in found]
        number = sum(any(one <= dict(each).items() for one in wanted) for each in self.every)
        counted = f"in {number:,} of {_number(len(self.every), 'configuration')}"
        if short is not None:
            return f"{short} ({counted})"
        return f"{counted}, such as {text(found[0])}"


def findings(
    judged: Judged,
    given: Mapping[str, int] | None,
    commands: Mapping[Finding, str],
    *,
    colour: bool = False,
    width: int = 100,
) -> Iterator[str]:
    """The text of each finding that decides; what one history shows is told together."""
    scope = Scope(judged, given)
    together: dict[object, list[Finding]] = {}
    for finding in judged.deciding:
        together.setdefault(_cause(finding), []).append(finding)
    for first, *more in together.values():
        command = commands.get(first, "")
        yield one(first, scope, command, also=more, colour=colour, width=width)


def _cause(finding: Finding) -> object:
    """What findings have in common that one edit mends, or one history shows in one function."""
    if finding.edit is not None:
        return (finding.code, finding.rule, finding.edit)
    if finding.witness is None:
        return finding
    history = (finding.witness.steps, finding.witness.answers)
    found = (finding.configuration, finding.configurations)
    return (finding.code, finding.rule, finding.function, history, found)


def one(
    finding: Finding,
    scope: Scope,
    command: str = "",
    *,
    also: Iterable[Finding] = (),
    colour: bool = False,
    width: int = 100,
) -> str:
    """A finding as a maintainer needs it: where, what, in which machines, how, and what to do.

    ``also`` are others that the same edit mends, or the same history shows.
    """
    head = f"{finding.kind.title}: {finding.rule} ({finding.strength})"
    same = "the same edit mends this" if finding.edit is not None else "and so is this"
    notes = (*finding.ends, *(Note(each.where, same) for each in also))
    shown = render([finding.kind(finding.where, head, notes=notes)], colour=colour)
    lines = [shown.rstrip("\n")]

    def say(label: str, told: str) -> None:
        if told:
            lines.extend(_labelled(label, told, width, colour))

    say("what", finding.message)
    say("function", finding.function)
    say("when", scope.says(finding))
    history = [line for step in steps(finding) for line in step.splitlines()]
    if history:
        lines += _block("history", history, colour)
    seen = finding.witness.seen if finding.witness is not None else ""
    if not finding.value and finding.kind is not Differs:
        seen = f"a hazard, and no value: what happens then is not defined ({seen or finding.rule})"
    say("seen", seen)
    say("masked", "; ".join(finding.masked))
    if finding.edit is not None:
        say("edit", f"{finding.edit.title} (tried: with it, this is not found)")
        lines += _block("", difference(finding.edit), colour)
    if command:
        lines += _block("replay", [command], colour)
    return "\n".join(lines) + "\n"


def difference(edit: Edit) -> list[str]:
    """An edit as the lines of a unified diff, without its head."""
    source = edit.span.source
    old = source.text.splitlines()
    new = (source.text[: edit.span.start] + edit.text + source.text[edit.span.end :]).splitlines()
    made = difflib.unified_diff(old, new, source.name, source.name, n=1, lineterm="")
    return [line.rstrip() for line in made]


# ---- what a verdict rests on


def rest(judged: Judged, *, colour: bool = False, width: int = 100) -> Iterator[str]:
    """What else there is to say of a program, in lines: apart, proved, assumed, not done."""
    verdict = judged.verdict

    def section(title: str, items: Iterable[str]) -> Iterator[str]:
        found = list(items)
        if not found:
            return
        yield _paint("head", title, colour)
        for item in found[:_MOST]:
            first, *more = _wrapped(item, max(40, width - 4)) or [""]
            yield f"  {first}"
            yield from (f"    {line}" for line in more)
        if len(found) > _MOST:
            yield f"  and {len(found) - _MOST} more: --format json has all of them"

    yield from section(
        "found, of strengths that do not decide (--profile strict):", map(_short, judged.others)
    )
    yield from section("known, from the baseline:", map(_short, judged.known))
    yield from section(
        "in the baseline, and not found any more:", (each.text for each in judged.stale)
    )
    suspected = sorted(verdict.withdrawn, key=place)
    if judged.chosen.complete:
        yield from section(
            "suspected, and withdrawn, for no run confirms it:",
            (f"{_short(each)} [{each.engine}]" for each in suspected),
        )
    else:
        yield from section(
            "suspected, which nothing here can run:",
            (f"{_short(each)}: {each.message} [{each.engine}]" for each in suspected),
        )
    yield from section("proved:", proved(verdict))
    yield from section("on these assumptions:", (*judged.chosen.notes, *verdict.assumptions))
    yield from section("not checked:", verdict.unchecked)
    yield from section("never come by, in all that was tried:", verdict.unreached)
    yield from section("engines:", map(engine, verdict.work))


def proved(verdict: Verdict) -> Iterator[str]:
    """What holds, a line for each."""
    for each in verdict.proved:
        counted = _number(each.configurations, "configuration")
        yield f"{each.what} ({each.engine}, {counted})"


def engine(work: Work) -> str:
    """What an engine did: its amounts, and its time in seconds."""
    amounts = [f"{number:,} {name}" for name, number in work.amounts]
    return f"{work.engine}: {', '.join((*amounts, f'{work.seconds:.2f} s'))}"


def summary(judged: Judged) -> str:
    """What a verdict comes to, in a line."""
    verdict = judged.verdict
    parts = [_number(len(judged.deciding), "finding")]
    if judged.known:
        parts.append(f"{len(judged.known)} known")
    if judged.others:
        parts.append(f"{len(judged.others)} of other strengths")
    if verdict.withdrawn:
        word = "withdrawn" if judged.chosen.complete else "suspected"
        parts.append(f"{len(verdict.withdrawn)} {word}")
    parts.append(f"{len(verdict.proved)} proved")
    if verdict.unchecked:
        parts.append(f"{len(verdict.unchecked)} not checked")
    return f"{judged.chosen.file}: {', '.join(parts)}"


# ---- parts


_STYLES = {"label": "\x1b[1;36m", "head": "\x1b[1m"}


def _paint(style: str, words: str, colour: bool) -> str:
    return f"{_STYLES[style]}{words}\x1b[0m" if colour else words


def _labelled(label: str, told: str, width: int, colour: bool) -> list[str]:
    """A text beside its label, wrapped."""
    return _block(label, _wrapped(told, max(40, width - _LABEL - 2)), colour)


def _block(label: str, lines: Iterable[str], colour: bool) -> list[str]:
    """Lines as they are, to be copied perhaps, the first of them beside a label."""
    named = f"{label}:" if label else ""
    blank = " " * (_LABEL - len(named))
    head = f"  {_paint('label', named, colour) if named else ''}{blank}"
    return [(" " * (_LABEL + 2) if at else head) + line.rstrip() for at, line in enumerate(lines)]


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def _short(finding: Finding) -> str:
    """A finding in a line."""
    said = f"{finding.code} {finding.kind.title}: {finding.rule} ({finding.strength})"
    return f"{finding.where}: {said}"


def _number(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
