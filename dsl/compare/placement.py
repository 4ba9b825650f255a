"""Where hunks lie in two token strings: an assignment of all of them, or the best to be had.

Outside the hunks the strings must agree, so the distance between a hunk's place in *before* and
its place in *after* is known in advance: it is what the hunks above it add or take away.  A hunk
can lie only where its old side and, at that distance, its new side occur.  Among such places a
chain is sought, by dynamic programming over all of them, whose gaps agree token for token.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dsl.compare.sequences import common_prefix, common_suffix, occurrences

# A place in before and one in after, counted in characters of the encoded strings.
Place = tuple[int, int]
PartialPlace = tuple[int | None, int | None]
Score = Callable[[int, int, int], int]

# Scoring looks at text: with more places than this, hunks are so short that it says nothing.
_SCORED = 64


@dataclass(frozen=True, slots=True)
class Pair:
    """The two sides of a hunk as encoded tokens; at most one of them is empty."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class _Layer:
    places: list[int]
    scores: list[int]
    origins: list[int]
    width: int  # of the hunk's old side
    shift: int  # from a place in before to the place in after, behind the hunk


def find_chain(
    before: str, after: str, pairs: Sequence[Pair], score: Score | None = None
) -> tuple[list[Place], bool]:
    """Places for the longest run of hunks, from the first, between which the strings agree.

    The second value tells whether these are all of them and the strings agree to the end.  Of
    several assignments the one of the highest summed `score(hunk, place, place)` is taken.
    """
    layers = [_Layer([0], [0], [0], 0, 0)]
    for number, pair in enumerate(pairs):
        last = layers[-1]
        ends = [place + last.width for place in last.places]
        reach = common_prefix(before, ends[-1], after, ends[-1] + last.shift)
        places = _candidates(before, after, pair, last.shift, ends[0], ends[-1] + reach)
        layer = _extend(before, after, last, ends, places, pair)
        if not layer.places:
            return _trace(layers, _furthest(before, after, last)), False
        if score is not None and 1 < len(layer.places) <= _SCORED:
            for index, place in enumerate(layer.places):
                layer.scores[index] += score(number, place, place + last.shift)
        layers.append(layer)
    last = layers[-1]
    final: int | None = None
    if len(before) + last.shift == len(after):
        agree = common_suffix(before, len(before), after, len(after))
        for index, place in enumerate(last.places):
            reached = place + last.width >= len(before) - agree
            if reached and (final is None or last.scores[index] >= last.scores[final]):
                final = index
    if final is None:
        return _trace(layers, _furthest(before, after, last)), False
    return _trace(layers, final), True


def _candidates(before: str, after: str, pair: Pair, shift: int, low: int, high: int) -> list[int]:
    """Places in before, from low to high, where the old side lies, and the new side beside it."""
    old, new = pair.old, pair.new
    first = occurrences(before, old, low, high + len(old)) if old else None
    if not new:
        return [place for place in first or () if place + shift <= len(after)]
    second = occurrences(after, new, low + shift, high + shift + len(new))
    if first is None:
        return [place - shift for place in second if place - shift <= len(before)]
    there = set(second)
    return [place for place in first if place + shift in there]


def _extend(
    before: str, after: str, last: _Layer, ends: list[int], places: list[int], pair: Pair
) -> _Layer:
    """Keep the *places* that some end of the last layer reaches over a gap that agrees.

    Both lists are in order, so the ends within reach are a sliding window, and the best of them is
    the front of a queue of falling scores.
    """
    kept, scores, origins = [], [], []
    window: deque[int] = deque()
    agree_from = checked = ends[0]
    entered = 0
    for place in places:
        gap = place - checked
        same = common_suffix(before, place, after, place + last.shift, gap)
        if same < gap:
            agree_from = place - same
        checked = place
        while entered < len(ends) and ends[entered] <= place:
            while window and last.scores[window[-1]] <= last.scores[entered]:
                window.pop()
            window.append(entered)
            entered += 1
        while window and ends[window[0]] < agree_from:
            window.popleft()
        if window:
            kept.append(place)
            scores.append(last.scores[window[0]])
            origins.append(window[0])
    shift = last.shift + len(pair.new) - len(pair.old)
    return _Layer(kept, scores, origins, len(pair.old), shift)


def _furthest(before: str, after: str, layer: _Layer) -> int:
    """The place of the last layer behind which the strings agree longest, likely the true one."""
    ends = [place + layer.width for place in layer.places[:_SCORED]]
    reach = [common_prefix(before, end, after, end + layer.shift) for end in ends]
    return reach.index(max(reach))


def _trace(layers: list[_Layer], index: int) -> list[Place]:
    result: list[Place] = []
    for number in range(len(layers) - 1, 0, -1):
        place = layers[number].places[index]
        result.append((place, place + layers[number - 1].shift))
        index = layers[number].origins[index]
    return result[::-1]


def place_all(
    before: str, after: str, pairs: Sequence[Pair], score: Score | None = None
) -> list[PartialPlace]:
    """A place for each side of each hunk, in order and without overlap; None where there is none.

    If no assignment of all hunks agrees outside them, the hunks above the first fault are placed
    from the top, those below the last one from the bottom, and those between side by side.
    """
    top, complete = find_chain(before, after, pairs, score)
    if complete:
        return list(top)
    mirrored = [Pair(pair.old[::-1], pair.new[::-1]) for pair in reversed(pairs)]
    flipped, _ = find_chain(before[::-1], after[::-1], mirrored)
    bottom: list[Place] = [
        (len(before) - p - len(pair.old), len(after) - q - len(pair.new))
        for (p, q), pair in zip(flipped, reversed(pairs), strict=False)
    ][::-1]
    head, tail = _join(pairs, top, bottom)
    low = _end(pairs[head - 1], top[head - 1]) if head else (0, 0)
    count = len(pairs)
    high = bottom[len(bottom) - (count - tail)] if tail < count else (len(before), len(after))
    middle: list[PartialPlace] = []
    for pair in pairs[head:tail]:
        place, low = _side_by_side(before, after, pair, low, high)
        middle.append(place)
    return [*top[:head], *middle, *bottom[len(bottom) - (count - tail) :]]


def _end(pair: Pair, place: Place) -> Place:
    return place[0] + len(pair.old), place[1] + len(pair.new)


def _join(pairs: Sequence[Pair], top: list[Place], bottom: list[Place]) -> tuple[int, int]:
    """How many hunks to take from the top, and the first to take from the bottom."""
    count = len(pairs)
    first = count - len(bottom)
    for head in range(len(top), -1, -1):
        tail = max(head, first)
        if not head or tail == count:
            return head, tail
        end = _end(pairs[head - 1], top[head - 1])
        start = bottom[tail - first]
        if end[0] <= start[0] and end[1] <= start[1]:
            return head, tail
    return 0, first


def _side_by_side(
    before: str, after: str, pair: Pair, low: Place, high: Place
) -> tuple[PartialPlace, Place]:
    """Place the sides of one hunk each for itself, best where the gaps around it agree."""
    room = min(high[0] - low[0], high[1] - low[1])
    above = common_prefix(before, low[0], after, low[1], room)
    below = common_suffix(before, high[0], after, high[1], room)

    def support(place: int, width: int, side: int) -> int:
        return (place - low[side] <= above) + (high[side] - place - width <= below)

    old = occurrences(before, pair.old, low[0], high[0]) if pair.old else []
    new = occurrences(after, pair.new, low[1], high[1]) if pair.new else []
    p = max(old, key=lambda place: support(place, len(pair.old), 0), default=None)
    q = max(new, key=lambda place: support(place, len(pair.new), 1), default=None)
    if old and new:
        # Places at the same distance from what is above go together, if there are any.
        beside = set(new)
        tied = [place for place in old if place - low[0] + low[1] in beside]
        if tied:
            p = max(tied, key=lambda place: support(place, len(pair.old), 0))
            q = p - low[0] + low[1]
    elif not pair.old and q is not None:
        p = min(low[0] + q - low[1], high[0])
    elif not pair.new and p is not None:
        q = min(low[1] + p - low[0], high[1])
    nearest = (
        low[0] if p is None else p + len(pair.old),
        low[1] if q is None else q + len(pair.new),
    )
    return (p, q), nearest
