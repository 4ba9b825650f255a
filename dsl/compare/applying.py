"""A patch applied to the text of one file, or taken back; and git's ids of contents."""

from __future__ import annotations

import hashlib

from dsl.compare.patch import FilePatch, Side
from dsl.compare.source import split_lines


def blob_id(text: str, length: int = 40) -> str:
    """The id that git gives to a file's content; of 64 digits where *length* is more than 40.

    Source: git's object format, `blob LENGTH NUL CONTENT`, under SHA-1 or SHA-256.
    """
    data = text.encode("utf-8", "surrogateescape")
    name = "sha256" if length > 40 else "sha1"
    return hashlib.new(name, b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def apply(file: FilePatch, text: str, *, back: bool = False) -> str | None:
    """The text with the hunks of a file applied, or taken *back*; None where one does not fit.

    A hunk fits on the line that it names or, if its lines are elsewhere, on the nearest line to
    that, counting from where the hunk before it was; its lines must all be there.
    """
    lines = split_lines(text)
    result: list[str] = []
    done = drift = 0
    for hunk in file.hunks:
        take, put = (hunk.new, hunk.old) if back else (hunk.old, hunk.new)
        wanted = split_lines(take.text)
        at = _fits(lines, wanted, _index(take) + drift, done)
        if at is None:
            return None
        drift = at - _index(take)
        result += [*lines[done:at], *split_lines(put.text)]
        done = at + len(wanted)
    return "".join([*result, *lines[done:]])


def _index(side: Side) -> int:
    # A side without lines names the line before it.
    return side.start - 1 if side.text else side.start


def _fits(lines: list[str], wanted: list[str], near: int, low: int) -> int | None:
    if not wanted:
        return near if low <= near <= len(lines) else None
    high = len(lines) - len(wanted)
    if low <= near <= high and lines[near : near + len(wanted)] == wanted:
        return near
    first = wanted[0]
    places = [
        at
        for at in range(low, high + 1)
        if lines[at] == first and lines[at : at + len(wanted)] == wanted
    ]
    return min(places, key=lambda at: abs(at - near), default=None)
