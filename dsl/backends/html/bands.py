"""The bands above the lanes: who is in which phase on which physical CPU, and in which function."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from dsl.backends.html.view import LONGEST, Item, Label, Lane, Tick, labels
from dsl.run.events import Event, Kind


@dataclass(frozen=True, slots=True)
class _Span:
    owner: str
    phase: str
    start: int
    end: int
    event: int


def bands(events: tuple[Event, ...], owners: tuple[str, ...], lines: list[str]) -> Iterator[Lane]:
    """The bands of each CPU, in the order in which the CPUs come into play."""
    cpus = list(dict.fromkeys(event.cpu for event in events))
    for cpu in cpus:
        spans = _phases(events, cpu)
        title = f"the phases of the lifecycles on physical CPU {cpu}"
        looks = {name: f"o{n % 4}" for n, name in enumerate(owners)}
        items = tuple(
            Item(
                f"phase {looks.get(span.owner, 'o0')} {('even', 'odd')[n % 2]}",
                start,
                end,
                span.event,
                lines[span.start],
                f"{span.owner} in {span.phase} on CPU {cpu}",
                labels(f"{span.owner}: {span.phase}" if len(owners) > 1 else "", span.phase),
            )
            for n, span in enumerate(spans)
            for start, end in _active(events, cpu, span)
        )
        yield Lane("phases", f"CPU {cpu}", title, items)
        functions = tuple(_functions(events, cpu, lines))
        if functions:
            name = "function" if len(cpus) == 1 else f"CPU {cpu}: function"
            title = f"the functions of the sources on physical CPU {cpu}"
            yield Lane("functions", name, title, functions)


def _phases(events: tuple[Event, ...], cpu: int) -> list[_Span]:
    starts = [(n, e) for n, e in enumerate(events) if e.kind is Kind.PHASE and e.cpu == cpu]
    ends = [*(n for n, _ in starts), len(events)][1:]
    return [
        _Span(e.who, e.what, n, end, e.number) for (n, e), end in zip(starts, ends, strict=True)
    ]


def _active(events: tuple[Event, ...], cpu: int, span: _Span) -> Iterator[tuple[int, int]]:
    """The parts of a phase in which its CPU is the one that does something."""
    at = span.start
    for here, group in groupby(events[span.start : span.end], lambda e: e.cpu == cpu):
        end = at + len(list(group))
        if here:
            yield at, end
        at = end


def _functions(events: tuple[Event, ...], cpu: int, lines: list[str]) -> Iterator[Item]:
    at = 0
    for (here, name), group in groupby(events, lambda e: (e.cpu == cpu, e.function)):
        first, *others = group
        end = at + 1 + len(others)
        if here and name:
            yield Item("function", at, end, first.number, lines[at], name, labels(name), own=False)
        at = end


def ticks(events: tuple[Event, ...]) -> tuple[Tick, ...]:
    """The numbers of the axis: the rounder one is, the more room it has, if need be."""
    if not events:
        return ()
    # All need the same room, so that those that are shown are at the same distances.
    size = len(str(events[-1].number))
    found = []
    for at, event in enumerate(events):
        room = next(step for step in (100, 50, 10, 5, 1) if event.number % step == 0)
        label = Label(str(event.number), size, LONGEST)
        end = min(at + room, len(events))
        found.append(Tick("minor" if room < 5 else "major", at, end, label))
    return tuple(found)
