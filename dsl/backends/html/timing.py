"""When the writes of a run become visible: which barrier ends the wait of each observer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dsl.ir.platform import Barrier, BarrierKind
from dsl.run.events import Event, Kind, Pending


@dataclass(frozen=True, slots=True)
class Interval:
    """A write is pending for somebody from one event to another (None: to the end of the run).

    Both are positions in the trace, and not the numbers of the events.
    """

    cpu: int
    register: str
    pending: Pending
    start: int
    end: int | None


@dataclass(slots=True)
class _Open:
    cpu: int
    register: str
    pending: Pending
    start: int
    done: int = 0
    end: int | None = None


def intervals(events: Iterable[Event]) -> tuple[Interval, ...]:
    """The waits of a run, in the order of their writes, and of one write as the event has them."""
    opened: list[_Open] = []
    waiting: list[_Open] = []
    for at, event in enumerate(events):
        if event.kind is Kind.BARRIER:
            barrier = _barrier(event.what)
            for each in waiting:
                if each.cpu == event.cpu and barrier.serves(each.pending.barriers[each.done]):
                    each.done += 1
                    if each.done == len(each.pending.barriers):
                        each.end = at
            waiting = [each for each in waiting if each.end is None]
        found = [_Open(event.cpu, event.what, pending, at) for pending in event.pending]
        opened += found
        waiting += found
    return tuple(Interval(x.cpu, x.register, x.pending, x.start, x.end) for x in opened)


def _barrier(text: str) -> Barrier:
    kind, _, option = text.partition("(")
    return Barrier(BarrierKind(kind), option.rstrip(")"))


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some registers are pending all the while from ``start`` to ``end`` (None: to the end)."""

    registers: tuple[str, ...]
    start: int
    end: int | None


def stretches(waits: Iterable[Interval]) -> Iterator[Stretch]:
    """The times at which anything is pending, taken apart where the set of registers changes."""
    waits = tuple(waits)
    places = sorted({x for w in waits for x in (w.start, w.end) if x is not None})
    ends: list[int | None] = [*places[1:], None]
    last: Stretch | None = None
    for start, end in zip(places, ends, strict=True):
        here = (w.register for w in waits if w.start <= start and (w.end is None or w.end > start))
        names = tuple(dict.fromkeys(here))
        if last is not None and names == last.registers:
            last = Stretch(names, last.start, end)
            continue
        if last is not None and last.registers:
            yield last
        last = Stretch(names, start, end)
    if last is not None and last.registers:
        yield last
