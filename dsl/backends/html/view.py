"""What the template of a run's page lays out: flat values, with everything decided."""

from __future__ import annotations

from dataclasses import dataclass

#: More characters than any label has.
LONGEST = 99999


@dataclass(frozen=True, slots=True)
class Label:
    """A text that is shown where it fits, and the next longer one (``longer`` characters) not."""

    text: str
    size: int
    longer: int


def labels(*texts: str) -> tuple[Label, ...]:
    """Texts for one place, of which the longest that fits is shown: they come longest first."""
    found: list[Label] = []
    for text in texts:
        longer = found[-1].size if found else LONGEST
        if 0 < len(text) < longer:
            found.append(Label(text, len(text), longer))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Item:
    """Something in a lane, from column ``start`` to column ``end``.

    ``look`` is its CSS class, ``event`` the number of the event that it links to, ``line`` the
    anchor of that event's source line.  ``waits`` is how much of its length is pending, in
    hundredths.
    """

    look: str
    start: float
    end: float
    event: int
    line: str
    title: str
    labels: tuple[Label, ...] = ()
    waits: str = ""
    #: Whether the keyboard comes to it: one item of each event is enough.
    stop: bool = False
    #: Whether it is the event, and not only something that begins with it.
    own: bool = True


@dataclass(frozen=True, slots=True)
class Lane:
    """A row of the picture; ``look`` is its CSS class."""

    look: str
    name: str
    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Lanes that belong together; ``barriers`` are the places of the lines through all of them."""

    title: str
    lanes: tuple[Lane, ...]
    barriers: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """For whom a write is pending, what that waits for, and until which event, in words."""

    whom: str
    needs: str
    until: str
    event: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """One event in the list of events; ``line`` is the anchor of its source line."""

    number: int
    look: str
    glyph: str
    kind: str
    what: str
    change: str
    fields: tuple[tuple[str, str, str], ...]
    waits: tuple[Wait, ...]
    why: str
    place: str
    where: str
    line: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of source; ``events`` are the first events at it, ``more`` how many others."""

    anchor: str
    number: int
    text: str
    events: tuple[int, ...]
    more: str
    look: str


@dataclass(frozen=True, slots=True)
class File:
    """The lines of one file that the run refers to, in parts that stand together."""

    name: str
    parts: tuple[tuple[Line, ...], ...]


@dataclass(frozen=True, slots=True)
class Note:
    """A line of the summary, and what it links to ("" for nothing)."""

    look: str
    text: str
    link: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A number on the axis, with room up to column ``end``; ``look`` is its CSS class."""

    look: str
    at: int
    end: int
    label: Label


@dataclass(frozen=True, slots=True)
class Zoom:
    """A width of columns that the reader can choose; ``chosen`` at first."""

    id: str
    text: str
    title: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Key:
    """What a sign of the picture means."""

    look: str
    glyph: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """The page of one run."""

    title: str
    verdict: str
    verdict_look: str
    doc: str
    given: tuple[str, ...]
    summary: str
    notes: tuple[Note, ...]
    choices: tuple[Note, ...]
    chosen: str
    columns: int
    names: int
    zooms: tuple[Zoom, ...]
    ticks: tuple[Tick, ...]
    bands: tuple[Lane, ...]
    groups: tuple[Group, ...]
    rows: tuple[Row, ...]
    files: tuple[File, ...]
    keys: tuple[Key, ...]
    script_hash: str
