"""What a hunk shows of declarations that are not ours: taken out of its sides, and reported.

Generated files hold only what there are sequences for; the tree's file has more.  A piece of a side
is not ours if it has a name, and no generated file of that path declares the name.  Where a piece
has no name (the hunk begins inside it), the text behind the hunk's `@@` tells it, or the tree if
there is one.  What has no known name counts as ours: it must be generated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from dsl.compare.declarations import Piece, cut
from dsl.compare.patch import Side
from dsl.compare.report import Foreign
from dsl.compare.source import Source
from dsl.compare.tokens import lex

# What the declaration on a line of the tree's file is called; nothing if it has no name.
Owner = Callable[[int], tuple[str, ...]]
Lines = tuple[int, int]  # first and last, from 0

_MACRO: Final = "the end of a macro"


@dataclass(frozen=True, slots=True)
class Stranger:
    """A piece that is not ours: its name, tokens, lines of the tree, and lines that are context."""

    name: str
    keys: tuple[str, ...]
    first: int
    last: int
    shared: frozenset[int]


@dataclass(frozen=True, slots=True)
class OwnSide:
    """A side without the strangers.

    `numbers` has the line of the tree for each line that is left.
    """

    source: Source
    numbers: tuple[int, ...]
    strangers: tuple[Stranger, ...]


@dataclass(frozen=True, slots=True)
class Ours:
    """What the generated files of one path declare: names, and whether a macro has two lines."""

    names: frozenset[str]
    long_macros: bool


def ours(sources: Iterable[Source], pieces: Iterable[list[Piece]]) -> Ours:
    """What some generated files declare."""
    names = {name for each in pieces for piece in each for name in piece.names}
    return Ours(frozenset(names), any("\\\n" in source.text for source in sources))


def heading_names(header: str) -> tuple[str, ...]:
    """What the declaration is called that a hunk's `@@` line names, if it names one."""
    parts = header.split("@@", 2)
    text = parts[2].strip() if len(parts) == 3 else ""
    pieces = cut(lex(text)) if text else []
    return pieces[0].names if pieces and pieces[0].kind != "part" else ()


def own_side(
    side: Side, source: Source, known: Ours, heading: tuple[str, ...], owner: Owner | None
) -> OwnSide:
    """Takes out of a *side*, read as *source*, all that is not ours.

    *heading* is what the hunk's first line says that it begins in, and *owner* what the tree says,
    where there is one.
    """
    pieces = cut(source.lexed, whole=False, in_directive=source.in_directive)
    found: list[tuple[str, Piece, Lines]] = []
    for number, piece in enumerate(pieces):
        names = piece.names
        if not names and owner is not None:
            names = owner(
                side.start + _line(source, piece.first if piece.closed else piece.last - 1)
            )
        elif not names and not number and piece.kind == "part":
            names = _macro(source, known) if source.in_directive else heading
        if names and not known.names.intersection(names) and _alone(source, pieces, number):
            found.append((names[0], piece, _lines(source, pieces, number)))
    numbers = range(side.start, side.start + len(source.lines))
    if not found:
        return OwnSide(source, tuple(numbers), ())
    kept = _without([lines for _, _, lines in found], source)
    begun = 0 in kept
    left = Source(
        "".join(source.lines[line] for line in kept),
        in_comment=source.in_comment and begun,
        in_directive=source.in_directive and begun,
    )
    strangers = tuple(
        Stranger(
            name,
            tuple(source.lexed.keys[piece.first : piece.last]),
            side.start + lines[0],
            side.start + lines[1],
            frozenset(n for n in side.shared[_line(source, piece.first) : lines[1] + 1] if n >= 0),
        )
        for name, piece, lines in found
    )
    return OwnSide(left, tuple(numbers[line] for line in kept), strangers)


def _macro(source: Source, known: Ours) -> tuple[str, ...]:
    """The name for the end of a macro; none if it can be the end of one of ours.

    That the first line goes on is the sign: any line might be the last of a macro.
    """
    sure = source.lines[0].endswith("\\\n") and not known.long_macros
    return (_MACRO,) if sure else ()


def report(old: tuple[Stranger, ...], new: tuple[Stranger, ...]) -> tuple[Foreign, ...]:
    """The strangers of both sides, each with whether the patch changes it.

    It does not where both sides show the same of it and share a line of context.
    """
    left = list(new)
    result = []
    for one in old:
        twin = next((s for s in left if s.keys == one.keys and s.shared & one.shared), None)
        if twin is None:  # the same declaration, changed
            twin = next((s for s in left if s.name == one.name), None)
        if twin is not None:
            left.remove(twin)
        changed = twin is None or twin.keys != one.keys or not twin.shared & one.shared
        span = None if twin is None else (twin.first, twin.last)
        result.append(Foreign(one.name, changed, (one.first, one.last), span))
    return (*result, *(Foreign(one.name, True, None, (one.first, one.last)) for one in left))


def _line(source: Source, token: int) -> int:
    return source.lexed.line(token) - 1


def _lines(source: Source, pieces: list[Piece], number: int) -> Lines:
    """The lines of a piece, with the comment directly above it."""
    piece = pieces[number]
    first, last = _line(source, piece.first), _line(source, piece.last - 1)
    if piece.kind == "part" and not number:
        return 0, last
    floor = _line(source, pieces[number - 1].last - 1) + 1 if number else 0
    while first > floor and source.code[first - 1] is None:
        first -= 1
    return first, last


def _alone(source: Source, pieces: list[Piece], number: int) -> bool:
    """Whether a piece shares no line with its neighbours."""
    piece = pieces[number]
    first, last = _line(source, piece.first), _line(source, piece.last - 1)
    above = _line(source, piece.first - 1) if number else -1
    below = _line(source, piece.last) if number + 1 < len(pieces) else last + 1
    return above < first and last < below


def _without(gone: list[Lines], source: Source) -> list[int]:
    """The lines that stay; of the blank lines around what goes only the longest run does."""
    kept: list[int] = []
    apart: list[int] = []  # the blank lines between what is kept and what comes next
    at = 0
    for number, (first, last) in enumerate((*gone, (len(source.lines), -1))):
        part = list(range(at, first))
        at = last + 1
        if number:
            above = _blank(source, part)
            apart = max(apart, above, key=len)
            part = part[len(above) :]
        if part:
            kept += [*(apart if kept else ()), *part]
            apart = _blank(source, reversed(kept))[::-1]
            if apart and number < len(gone):
                del kept[-len(apart) :]
    return kept


def _blank(source: Source, lines: Iterable[int]) -> list[int]:
    """The blank lines that some lines begin with."""
    return list(takewhile(lambda line: not source.lines[line].strip(), lines))
