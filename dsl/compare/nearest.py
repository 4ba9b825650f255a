"""The place of a generated file that comes nearest to a hunk's side, and the first token amiss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from dsl.compare.report import Excerpt, Mismatch
from dsl.compare.sequences import WIDTH, common_prefix
from dsl.compare.source import Source

_AROUND: Final = 2  # lines shown on either side of the token
_CLEAR: Final = 3 * WIDTH  # a shorter agreement than this may be chance


def nearest(
    side: str, text: str, low: int, high: int, hint: int | None = None
) -> tuple[int, int | None]:
    """The first token of *side* that differs and its counterpart in *text*, both as token indices.

    All other positions count characters of encoded strings.  The side is looked for between *low*
    and *high*, where its neighbours leave room for it, and if too little of it is there, anywhere.
    *hint* is where it should begin going by the other side.  The counterpart is None if the two
    have nothing in common.  Taken is the longer of two agreements: of the side's beginning, or of
    its end, which then tells where the beginning ought to be.
    """
    if hint is not None:
        agreed = common_prefix(side, 0, text, hint)
        # What differs early may have its end to show that this is the place all the same.
        reach = hint + 2 * len(side)
        end, _ = _longest(
            len(side) - agreed, lambda size: text.find(side[len(side) - size :], hint, reach)
        )
        if agreed + end >= min(_CLEAR, len(side) // 2):
            return agreed // WIDTH, (hint + agreed) // WIDTH
    best = _anchor(side, text, low, high)
    if best[0] < min(_CLEAR, len(side)):
        anywhere = _anchor(side, text, 0, len(text))
        if anywhere[0] > max(best[0], _CLEAR):
            best = anywhere
    length, index, place = best
    if not length:
        return 0, None
    return index // WIDTH, place // WIDTH


def _anchor(side: str, text: str, low: int, high: int) -> tuple[int, int, int]:
    """The longest agreement between low and high: its length, and where the two differ first."""
    ahead = _longest(len(side), lambda size: text.find(side[:size], low, high))
    behind = _longest(len(side), lambda size: text.find(side[len(side) - size :], low, high))
    if ahead[0] >= behind[0]:
        return ahead[0], ahead[0], ahead[1] + ahead[0]
    size, place = behind
    start = place - (len(side) - size)
    agreed = common_prefix(side, 0, text, start) if start >= low else 0
    if not agreed:  # tokens came or went in between: find the beginning, shifted
        floor = max(low, place - 2 * len(side))
        agreed, shifted = _longest(
            len(side) - size, lambda width: text.find(side[:width], floor, place)
        )
        start = shifted if agreed else max(start, low)
    return size, agreed, start + agreed


def _longest(limit: int, find: Callable[[int], int]) -> tuple[int, int]:
    """The largest size up to *limit* that *find* finds, and where.

    Bisection: whatever holds a piece holds every shorter piece of it.
    """
    good, place, bad = 0, 0, limit // WIDTH + 1
    while good + 1 < bad:
        middle = (good + bad) // 2
        at = find(middle * WIDTH)
        if at >= 0:
            good, place = middle, at
        else:
            bad = middle
    return good * WIDTH, place


def describe(
    side: Source,
    numbers: Sequence[int],
    generated: Source,
    index: int,
    counterpart: int | None,
    message: str = "nothing like it is generated",
) -> Mismatch:
    """The mismatch at token *index* of a side, whose lines have these *numbers* in their tree.

    *message* says what is wrong where there is no *counterpart* to show.
    """
    expected = _excerpt(side, index, numbers)
    if counterpart is None:
        return Mismatch(message, expected, Excerpt((), None, None, None))
    actual = _excerpt(generated, counterpart, range(1, len(generated.lines) + 1))
    wanted = _name(expected.token)
    got = "the file ends" if actual.token is None else f"{_name(actual.token)} is generated"
    return Mismatch(f"{wanted} expected, {got}", expected, actual)


def _name(token: str | None) -> str:
    return "the end of the directive" if token == "\n" else repr(token)


def _excerpt(source: Source, index: int, numbers: Sequence[int]) -> Excerpt:
    at_end = index >= len(source.lexed)
    token = None if at_end else source.lexed[index]
    centre = token.line if token is not None else max(len(source.lines), 1)
    first = max(centre - _AROUND, 1)
    lines = tuple(
        (numbers[number - 1], source.lines[number - 1].rstrip("\r\n"))
        for number in range(first, min(centre + _AROUND, len(source.lines)) + 1)
    )
    if token is None:
        return Excerpt(lines, None, numbers[centre - 1] if numbers else centre, None)
    return Excerpt(lines, token.text, numbers[token.line - 1], token.column)
