"""The lanes of a run: who acts, what is found, barriers, observers, registers and memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from dsl.backends.html import words
from dsl.backends.html.timing import Interval, intervals, stretches
from dsl.backends.html.view import Group, Item, Lane, labels
from dsl.run.events import Event, Kind

_REGISTERS = (Kind.READ, Kind.WRITE, Kind.CHANGE)

#: Lanes of marks: a name, what it says, and the kinds of events that are marked.
_MARKS: tuple[tuple[str, str, tuple[Kind, ...]], ...] = (
    (
        "findings",
        "rules that are not kept, warnings, traps",
        (Kind.HAZARD, Kind.WARN, Kind.TRAP, Kind.UNDEFINED),
    ),
    ("choices", "where the run might have gone otherwise", (Kind.CHOICE,)),
    ("expectations", "what the scenario and the invariants ask for", (Kind.EXPECT, Kind.FAILED)),
)


@dataclass(frozen=True, slots=True)
class Picture:
    """What lanes are made from: the events, the anchors of their lines, and who has software."""

    events: tuple[Event, ...]
    lines: list[str]
    owners: tuple[str, ...]

    def groups(self) -> Iterator[Group]:
        """The groups of lanes from top to bottom; only those in which something is."""
        yield Group("Who does what", tuple(self._actors()))
        marks = tuple(lane for each in _MARKS for lane in self._marks(*each))
        if marks:
            yield Group("What is found", marks)
        waits = intervals(self.events)
        cpus = list(dict.fromkeys(event.cpu for event in self.events))
        for cpu in cpus:
            of = f" of CPU {cpu}" if len(cpus) > 1 else ""
            places = [n for n, e in self._all(Kind.BARRIER) if e.cpu == cpu]
            lines = tuple(n + 0.5 for n in places)
            here = tuple(w for w in waits if w.cpu == cpu)
            observing = (*self._barriers(places), *self._observers(here))
            if observing:
                yield Group(f"Barriers{of}, and who waits for them", observing, lines)
            registers = tuple(self._registers(cpu, here))
            if registers:
                yield Group(f"Registers{of}", registers, lines)
        stores = tuple(self._values("slot", self._by_name(lambda e: e.kind is Kind.STORE), ()))
        if stores:
            yield Group("Memory: the context", stores)

    # ---- marks

    def _actors(self) -> Iterator[Lane]:
        for who in dict.fromkeys(words.actor(e, self.owners) for e in self.events):
            mine = (n for n, e in enumerate(self.events) if words.actor(e, self.owners) == who)
            items = (
                self._item(f"event k-{self.events[n].kind}", n, n + 1, sign, stop=True)
                for n in mine
                for sign in (words.sign(self.events[n].kind),)
            )
            yield Lane("actor", who, f"what {who} does", tuple(items))

    def _marks(self, name: str, title: str, kinds: tuple[Kind, ...]) -> Iterator[Lane]:
        found = self._all(*kinds)
        ends = [*(n for n, _ in found), len(self.events)][1:]
        items = tuple(
            self._item(
                f"mark k-{event.kind}",
                n,
                end,
                *(f"{words.sign(event.kind)} {text}" for text in _brief(event)),
                words.sign(event.kind),
            )
            for (n, event), end in zip(found, ends, strict=True)
        )
        if items:
            yield Lane("marks", name, title, items)

    def _barriers(self, places: list[int]) -> Iterator[Lane]:
        ends = [*(n + 0.5 for n in places), len(self.events)][1:]
        items = tuple(
            self._item("barrier", n + 0.5, end, what, what[0], event=n)
            for n, end in zip(places, ends, strict=True)
            for what in (self.events[n].what,)
        )
        if items:
            yield Lane("barriers", "barriers", "each makes writes before it visible", items)

    # ---- who waits

    def _observers(self, waits: tuple[Interval, ...]) -> Iterator[Lane]:
        """For each observer, what it need not see yet, of all registers together."""
        for whom in dict.fromkeys(w.pending.whom for w in waits):
            items = []
            for stretch in stretches(w for w in waits if w.pending.whom == whom):
                names = ", ".join(stretch.registers)
                until = "the end" if stretch.end is None else f"#{self.events[stretch.end].number}"
                first = self.events[stretch.start].number
                title = f"{whom} need not see {names} yet, from #{first} to {until}"
                count = str(len(stretch.registers))
                # A stretch begins with a write, or in the middle of a barrier that ends another.
                late = 0.5 * (self.events[stretch.start].kind is Kind.BARRIER)
                items.append(
                    self._item(
                        _wait_look(stretch.end),
                        stretch.start + late,
                        self._end(stretch.end),
                        names,
                        count,
                        event=stretch.start,
                        title=title,
                    )
                )
            yield Lane("observer", whom, words.pending_for(whom), tuple(items))

    def _end(self, at: int | None) -> float:
        """Where a wait is over: in the middle of its barrier, or where the run ends."""
        return len(self.events) if at is None else at + 0.5

    # ---- values

    def _registers(self, cpu: int, waits: tuple[Interval, ...]) -> Iterator[Lane]:
        named = self._by_name(lambda e: e.kind in _REGISTERS and e.cpu == cpu)
        yield from self._values("register", named, waits)

    def _values(
        self, look: str, named: dict[str, list[int]], waits: tuple[Interval, ...]
    ) -> Iterator[Lane]:
        """Lanes in the order of first changes: of what changes, and of each who waits for it."""
        changes = ((name, [n for n in at if self._changes(n)]) for name, at in named.items())
        for name, changed in sorted(changes, key=lambda pair: pair[1][:1]):
            if not changed:
                continue
            places = named[name]
            mine = tuple(w for w in waits if w.register == name)
            items = (*self._segments(changed, mine), *self._touches(places))
            yield Lane(look, name, f"{name}, from its first event to its last", items)
            for whom in dict.fromkeys(w.pending.whom for w in mine):
                bars = [self._bar(w) for w in mine if w.pending.whom == whom]
                title = f"{name}: {words.pending_for(whom)}"
                # What ends earlier lies above what ends later, so that each end is seen.
                bars.sort(key=lambda bar: bar.end, reverse=True)
                yield Lane("waits", f"↳ {whom}", title, tuple(bars))

    def _changes(self, at: int) -> bool:
        event = self.events[at]
        return event.old is not None and event.old != event.new

    def _segments(self, changed: list[int], waits: tuple[Interval, ...]) -> Iterator[Item]:
        first = self.events[changed[0]]
        assert first.old is not None
        before = hex(first.old)
        if changed[0] > 0:
            title = f"{first.what} is {before} before #{first.number}"
            yield self._item(
                "value before", 0, changed[0], before, event=changed[0], title=title, own=False
            )
        for at, end in zip(changed, [*changed[1:], len(self.events)], strict=True):
            event = self.events[at]
            assert event.new is not None
            value, fields = hex(event.new), words.fields(event)
            ends = [self._end(w.end) for w in waits if w.start == at]
            shown = min(max(ends, default=at), end) - at
            yield self._item(
                f"value by-{'software' if event.kind is Kind.WRITE else event.kind}",
                at,
                end,
                f"{value}  {fields}" if fields and fields.split(" ", 1)[1] != value else "",
                value,
                waits=f"{100 * shown / (end - at):.4g}" if ends else "",
            )

    def _touches(self, places: list[int]) -> Iterator[Item]:
        """Reads, and writes that change nothing."""
        for at in places:
            if not self._changes(at):
                yield self._item(f"touch k-{self.events[at].kind}", at, at + 1)

    def _bar(self, wait: Interval) -> Item:
        event = self.events[wait.start]
        over = "the end" if wait.end is None else f"#{self.events[wait.end].number}"
        title = f"#{event.number} {wait.register}: {wait.pending}; pending until {over}"
        needs = " then ".join(map(str, wait.pending.barriers))
        return self._item(
            _wait_look(wait.end),
            wait.start,
            self._end(wait.end),
            f"needs {needs}",
            needs,
            title=title,
        )

    # ---- parts

    def _by_name(self, wanted: Callable[[Event], bool]) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for at, event in enumerate(self.events):
            if wanted(event):
                found.setdefault(event.what, []).append(at)
        return found

    def _all(self, *kinds: Kind) -> list[tuple[int, Event]]:
        return [(n, e) for n, e in enumerate(self.events) if e.kind in kinds]

    def _item(
        self,
        look: str,
        start: float,
        end: float,
        *texts: str,
        event: int | None = None,
        title: str = "",
        waits: str = "",
        stop: bool = False,
        own: bool = True,
    ) -> Item:
        """An item of the event at ``event``, which is the one at ``start`` if nothing is said."""
        at = int(start) if event is None else event
        whole = self.events[at]
        title = title or words.title(whole)
        fit = labels(*texts)
        return Item(look, start, end, whole.number, self.lines[at], title, fit, waits, stop, own)


def _brief(event: Event) -> tuple[str, ...]:
    """What a mark says beside its sign, the longest first."""
    if event.kind in (Kind.CHOICE, Kind.HAZARD):
        return (f"{event.what}: {event.why}", event.what)
    return (event.what,)


def _wait_look(end: int | None) -> str:
    return "wait open" if end is None else "wait"


def names(groups: Iterable[Group]) -> int:
    """How wide the names of lanes are, in characters."""
    return max((len(lane.name) for group in groups for lane in group.lanes), default=0)
