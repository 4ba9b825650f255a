"""What differs between two generated files where no hunk says that it should."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final

from dsl.compare.levels import gap_lines
from dsl.compare.report import Outside, Range
from dsl.compare.sequences import WIDTH, common_prefix, common_suffix
from dsl.compare.source import Source

_DIFFED: Final = 2000  # more lines than this are reported as one difference: difflib is quadratic
_SHOWN: Final = 40  # lines kept of each side

TokenRange = tuple[int, int]
LineRange = tuple[int, int]


def lines_of(source: Source, first: int, last: int) -> Range:
    """The lines first to last of a generated file, of which at most so many are kept."""
    shown = source.lines[first - 1 : min(last, first - 1 + _SHOWN)] if last >= first else []
    return Range(first, last, tuple(line.rstrip("\r\n") for line in shown))


def whole(source: Source) -> Range:
    """All lines of a generated file."""
    return lines_of(source, 1, len(source.lines))


def token_differences(
    file: str,
    before: Source,
    after: Source,
    codes: tuple[str, str],
    spans: tuple[TokenRange, TokenRange],
) -> list[Outside]:
    """The differences of two stretches of tokens (from, to), as the lines that hold them."""
    (low_b, high_b), (low_a, high_a) = spans
    b, a = codes
    room = min(high_b - low_b, high_a - low_a) * WIDTH
    same = common_prefix(b, low_b * WIDTH, a, low_a * WIDTH, room) // WIDTH
    low_b, low_a = low_b + same, low_a + same
    room = min(high_b - low_b, high_a - low_a) * WIDTH
    same = common_suffix(b, high_b * WIDTH, a, high_a * WIDTH, room) // WIDTH
    high_b, high_a = high_b - same, high_a - same
    if low_b == high_b and low_a == high_a:
        return []
    lines_b = _token_lines(before, b, low_b, high_b)
    lines_a = _token_lines(after, a, low_a, high_a)
    result = []
    for i, j, k, l in _changes([x[1] for x in lines_b], [x[1] for x in lines_a]):
        if "".join(x[1] for x in lines_b[i:j]) == "".join(x[1] for x in lines_a[k:l]):
            continue  # the same tokens, broken into lines differently
        result.append(
            Outside(
                file,
                "before and after differ outside the hunks",
                _range(before, [x[0] for x in lines_b], i, j, low_b),
                _range(after, [x[0] for x in lines_a], k, l, low_a),
            )
        )
    if result:
        return result
    message = "before and after differ outside the hunks"
    return [Outside(file, message, _span(before, low_b, high_b), _span(after, low_a, high_a))]


def _span(source: Source, low: int, high: int) -> Range:
    if low == high:
        above = source.lexed.line(low - 1) if low else 0
        return lines_of(source, above + 1, above)
    return lines_of(source, source.lexed.line(low), source.lexed.line(high - 1))


def _token_lines(source: Source, codes: str, low: int, high: int) -> list[tuple[int, str]]:
    """The tokens from low to high by the line on which they begin."""
    result: list[tuple[int, str]] = []
    start = low
    for index in range(low + 1, high + 1):
        if index == high or source.lexed.line(index) != source.lexed.line(start):
            result.append((source.lexed.line(start), codes[start * WIDTH : index * WIDTH]))
            start = index
    return result


def _range(source: Source, numbers: list[int], start: int, end: int, low: int) -> Range:
    if start < end:
        return lines_of(source, numbers[start], numbers[end - 1])
    if start > 0:
        above = numbers[start - 1]
    else:
        above = source.lexed.line(low - 1) if low else 0
    return lines_of(source, above + 1, above)


def text_differences(
    file: str,
    before: Source,
    after: Source,
    spans: tuple[LineRange, LineRange],
) -> list[Outside]:
    """The lines that differ between two stretches of lines (from, to) that hold the same tokens."""
    (first_b, last_b), (first_a, last_a) = spans
    lines_b, lines_a = before.lines[first_b - 1 : last_b], after.lines[first_a - 1 : last_a]
    if lines_b == lines_a:
        return []
    message = "only comments or white space differ"
    return [
        Outside(
            file,
            message,
            lines_of(before, first_b + i, first_b + j - 1),
            lines_of(after, first_a + k, first_a + l - 1),
        )
        for i, j, k, l in _changes(lines_b, lines_a)
    ]


def between(source: Source, low: int, high: int) -> Range:
    """The lines that tokens low to high and the comments around them take."""
    first, last = gap_lines(source, low, high)
    return lines_of(source, first, last)


def _changes(
    before: Sequence[Hashable], after: Sequence[Hashable]
) -> Iterator[tuple[int, int, int, int]]:
    """The ranges in which two sequences differ, at most those between common ends."""
    start, end_b, end_a = 0, len(before), len(after)
    while start < min(end_b, end_a) and before[start] == after[start]:
        start += 1
    while min(end_b, end_a) > start and before[end_b - 1] == after[end_a - 1]:
        end_b, end_a = end_b - 1, end_a - 1
    if max(end_b, end_a) - start > _DIFFED:
        yield start, end_b, start, end_a
        return
    matcher = SequenceMatcher(None, before[start:end_b], after[start:end_a])
    for tag, i, j, k, l in matcher.get_opcodes():
        if tag != "equal":
            yield start + i, start + j, start + k, start + l
