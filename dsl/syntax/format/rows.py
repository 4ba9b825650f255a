"""Rows, the lines of a layout before they are set in columns and broken at the margin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dsl.syntax.format.words import GLUED, Words, width

#: The last column that a line may fill, where it can be broken.
LIMIT = 100
INDENT = 4
CONTINUED = 8


@dataclass(frozen=True, slots=True)
class Row:
    """One line, with the blank lines before it and the comment behind it.

    Neighbouring rows of one ``run`` are aligned; a row of code without one ends any run.
    """

    depth: int
    words: Words
    run: str = ""
    blank: int = 0
    comment: str = ""


def fits(words: Words, depth: int) -> bool:
    return INDENT * depth + width(words) <= LIMIT


def broken(words: Words, depth: int) -> list[str]:
    """The lines that the words take: each as full as it can be, cut where it is least nested."""
    margin = INDENT * depth
    if fits(words, depth):
        return [" " * margin + "".join([w.text for w in words])]
    continued = margin + CONTINUED
    lines = []
    start = 0
    while start < len(words):
        end = _cut(words, start, LIMIT - margin, LIMIT - continued)
        text = "".join([w.text for w in words[start:end]])
        lines.append(" " * margin + text.lstrip(" "))
        margin = continued
        start = end
    return lines


def _cut(words: Words, start: int, room: int, continued: int) -> int:
    """Where a line ends that begins at a word: before the last of the least nested that fit.

    It does not end before something that would be too long for a line of its own as well.
    """
    best = 0
    filled = len(words[start].text.lstrip(" "))
    for i in range(start + 1, len(words)):
        if filled > room and best:
            return best
        level = words[i].level
        outer = level != GLUED and (not best or level <= words[best].level)
        if outer and _solid(words, i) <= continued:
            best = i
        filled += len(words[i].text)
    return best if filled > room and best else len(words)


def _solid(words: Words, start: int) -> int:
    """The width from a word to the next place where a line may break."""
    end = start + 1
    while end < len(words) and words[end].level == GLUED:
        end += 1
    return width(words[start:end]) - 1


def render(rows: Sequence[Row]) -> str:
    """The text of the rows."""
    lines: list[str] = []
    for run in _runs(rows):
        for row in _aligned(run):
            lines += [""] * row.blank
            lines += broken(row.words, row.depth)
            if row.comment:
                lines[-1] += "  " + row.comment
    return "".join([line + "\n" for line in lines])


def _runs(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Rows that are aligned together; documentation and comments among them do not part them."""
    run: list[Row] = []
    name = ""
    for row in rows:
        joins = not row.blank and (row.run in ("", name) if _remark(row) else row.run == name)
        if run and not (joins and name):
            yield run
            run = []
        if not run or row.run:
            name = row.run
        run.append(row)
    if run:
        yield run


def _remark(row: Row) -> bool:
    """Documentation, or a comment on a line of its own."""
    return bool(row.words) and row.words[0].text.startswith("//")


def _aligned(run: list[Row]) -> list[Row]:
    """The rows of a run with their columns below each other, unless that would not fit."""
    if len(run) == 1:
        return run
    aligned = [list(row.words) for row in run]
    for column in sorted({w.column for row in run for w in row.words if w.column}):
        found = []
        for words in aligned:
            for i, w in enumerate(words):
                if w.column == column:
                    found.append((words, i, width(words[:i])))
        widest = max([at for _, _, at in found])
        for words, i, at in found:
            words[i] = words[i]._replace(text=" " * (widest - at) + words[i].text)
    for row, words in zip(run, aligned, strict=True):
        before, after = broken(row.words, row.depth), broken(words, row.depth)
        if len(after) > len(before) or max(map(len, after)) > max(LIMIT, *map(len, before)):
            return run
    return [replace(row, words=words) for row, words in zip(run, aligned, strict=True)]
