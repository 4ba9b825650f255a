"""One history as text that a person reads: who did what to which register, and what waits."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from os.path import basename

from dsl.run.events import Event, Kind
from dsl.run.watch import Seen, Watch

#: Puts a style of `STYLES` around a text; or not, where nothing is coloured.
Paint = Callable[[str, str], str]

STYLES = {
    "head": "\x1b[1m",
    "change": "\x1b[1;36m",
    "pending": "\x1b[33m",
    "barrier": "\x1b[32m",
    "choice": "\x1b[1;35m",
    "bad": "\x1b[1;31m",
    "good": "\x1b[32m",
    "dim": "\x1b[2m",
}
LEAST_WIDTH, WIDTH = 60, 100

#: How an event is called; what is left out is called as its kind.
_WORDS = {
    Kind.HYPRETURN: "return",
    Kind.UNDEFINED: "undef",
    Kind.EXPECT: "holds",
    Kind.FAILED: "FAILED",
}
_STYLE = {
    Kind.WRITE: "change",
    Kind.CHANGE: "change",
    Kind.STORE: "change",
    Kind.BARRIER: "barrier",
    Kind.CHOICE: "choice",
    Kind.HAZARD: "bad",
    Kind.WARN: "bad",
    Kind.TRAP: "choice",
    Kind.UNDEFINED: "bad",
    Kind.EXPECT: "good",
    Kind.FAILED: "bad",
}
#: Whose reason is not the source line, but a text of its own.
_EXPLAINED = (Kind.BARRIER, Kind.CHOICE, Kind.HAZARD, Kind.PHASE)
#: What says all in its name.
_SAID = (Kind.HYPRETURN, Kind.EXPECT, Kind.FAILED, Kind.RESULT, Kind.UNLOCK)
_KIND, _WHAT, _CHANGE = 8, 21, 24


def plain(style: str, text: str) -> str:
    """No colours."""
    return text


def coloured(style: str, text: str) -> str:
    """Colours, as a terminal takes them."""
    return f"{STYLES[style]}{text}\x1b[0m" if text else text


def story(
    events: Iterable[Event],
    *,
    width: int = WIDTH,
    paint: Paint = plain,
    watch: Watch | None = None,
    skipped: int = 0,
) -> Iterator[str]:
    """The lines of a trace, grouped by CPU, phase and function, no wider than ``width``.

    With a ``watch`` only what is watched, with what is visible after each event.  Of the first
    ``skipped`` events nothing is told.
    """
    told = list(events)
    owners = {e.who for e in told if e.kind is Kind.PHASE}
    teller = _Teller(max(LEAST_WIDTH, width), paint, watch, several=len(owners) > 1)
    for event in told:
        if event.kind is Kind.PHASE:
            teller.owner = event.who
        if event.number >= skipped and (watch is None or watch.shows(event)):
            yield from teller.tell(event)


@dataclass(slots=True)
class _Teller:
    """Tells events one after the other, and what they are grouped by when that changes."""

    width: int
    paint: Paint
    watch: Watch | None
    several: bool
    cpu: int = -1
    #: The headings that were printed last: of the phase and the owner, and of the function.
    phase: tuple[str, str] = ("", "")
    function: str = ""
    why: str = ""
    #: Whose phase it is: not everybody who acts in it has one.
    owner: str = field(default="")

    def tell(self, event: Event) -> Iterator[str]:
        yield from self._headings(event)
        if event.kind is Kind.PHASE and not self._text(event):
            return
        depth = 2 + 2 * bool(event.phase) + 2 * bool(event.function)
        yield from self._line(event, depth)
        for seen in self.watch.seen.get(event.number, ()) if self.watch else ():
            yield from self._wrapped(_state(seen), depth + 2, "pending")

    def _headings(self, event: Event) -> Iterator[str]:
        if event.cpu != self.cpu:
            self.cpu, self.phase, self.function = event.cpu, ("", ""), ""
            yield self.paint("head", f"CPU {event.cpu}")
        phase = (event.phase, self.owner)
        if event.kind is Kind.PHASE or phase != self.phase:
            self.phase, self.function = phase, ""
            if event.phase:
                text = f"  {event.phase}{f' ({self.owner})' if self.several else ''}"
                place = _place(event) if event.kind is Kind.PHASE else ""
                pad = " " * (self.width - len(text) - len(place))
                yield self.paint("head", text) + self.paint("dim", f"{pad}{place}" if place else "")
        if event.function != self.function:
            self.function = event.function
            if event.function:
                yield " " * 4 + self.paint("head", event.function)

    def _line(self, event: Event, depth: int) -> Iterator[str]:
        word = _WORDS.get(event.kind, str(event.kind))
        text = self._text(event)
        change = _change(event)
        fields = ", ".join(f"{n} {old} → {new}" for n, old, new in event.fields)
        why = "" if event.kind in (*_EXPLAINED, *_SAID) or event.why == self.why else event.why
        self.why = event.why
        place = _place(event)
        style = _STYLE.get(event.kind, "head")
        what = "" if event.kind is Kind.PHASE else event.what
        if event.kind in (Kind.CHOICE, Kind.HAZARD, Kind.EXPECT, Kind.FAILED, Kind.WARN):
            # These are sentences, and have no columns.
            yield from self._sentence(
                word, f"{what}: {text}" if text else what, depth, style, place
            )
            return
        named = f"{what:{_WHAT}} " if change or text else what
        room = self.width - depth - _KIND - 1 - len(named) - len(place) - 2
        middle, below = "  ".join(filter(None, (change, fields, text))), ""
        if len(middle) > room:
            middle, below = (
                ("", middle)
                if len(change) > room
                else (change, "  ".join(filter(None, (fields, text))))
            )
        late = ""
        begin = max(len(middle), _CHANGE) if middle else _WHAT + 1 + _CHANGE - len(named)
        if why and begin + len(why) + 2 <= room:
            late, why = " " * (begin + 2 - len(middle)) + why, ""
        pad = " " * (room + 2 - len(middle) - len(late))
        yield (
            " " * depth
            + self.paint("dim", f"{word:{_KIND}} ")
            + self.paint(style, named)
            + middle
            + self.paint("dim", f"{late}{pad}{place}")
        )
        yield from self._wrapped(below, depth + _KIND + 1, "change")
        if self.watch is None:
            pending = "; ".join(str(each).replace(":", "", 1) for each in event.pending)
            yield from self._wrapped(f"pending: {pending}" if pending else "", depth + 9, "pending")
        yield from self._wrapped(why, depth + _KIND + 1, "dim")

    def _sentence(self, word: str, text: str, depth: int, style: str, place: str) -> Iterator[str]:
        room = self.width - depth - _KIND - 1 - len(place) - 2
        first, *rest = textwrap.wrap(" ".join(text.split()), max(20, room)) or [""]
        gap = " " * (self.width - depth - _KIND - 1 - len(first) - len(place))
        head = self.paint(style, f"{word:{_KIND}} ")
        yield " " * depth + head + first + gap + self.paint("dim", place)
        for line in rest:
            yield " " * (depth + _KIND + 1) + line

    def _text(self, event: Event) -> str:
        """What an event says of itself beside values."""
        if event.kind is Kind.PHASE:
            return "" if event.why.startswith("/") else _own(event)
        if event.kind in _EXPLAINED:
            said = event.why if event.kind is not Kind.BARRIER else _moves(event)
            return f"{said} (others)" if event.who == "others" else said
        if event.kind in (Kind.CHANGE, Kind.TRAP, Kind.UNDEFINED) and event.who:
            return f"by {event.who}"
        return ""

    def _wrapped(self, text: str, depth: int, style: str) -> Iterator[str]:
        for line in textwrap.wrap(text, max(20, self.width - depth)):
            yield " " * depth + self.paint(style, line)


def _own(event: Event) -> str:
    """What the run says of a phase; the source line says no more than the heading."""
    return event.why if event.why == "its condition does not hold" else ""


def _moves(event: Event) -> str:
    return event.why if event.why.startswith("moves on ") else ""


def _change(event: Event) -> str:
    if event.new is None:
        return ""
    if event.old is None:
        return _number(event.new)
    if event.old == event.new:
        return f"{_number(event.new)}, as before"
    return f"{_number(event.old)} → {_number(event.new)}"


def _number(value: int) -> str:
    return hex(value) if value > 9 or value < 0 else str(value)


def _place(event: Event) -> str:
    """The file without its folders, and the line."""
    name, line, _ = event.site.rsplit(":", 2)
    return f"{basename(name)}:{line}"


def _state(seen: Seen) -> str:
    if not seen.pending and seen.settled == seen.newest:
        return f"{seen.register} is {_number(seen.newest)} for everybody"
    waits = "; ".join(each.replace(":", "", 1) for each in seen.pending)
    return (
        f"{seen.register} was {_number(seen.settled)} for everybody, is {_number(seen.newest)} "
        f"when all is done: {waits or 'an earlier write waits'}"
    )
