"""Which lines to replace in a text to get another: few of them, where a reader expects them."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

from msgspec import Struct

#: Steps of the search for the shortest way, half a second; texts further apart take another way.
_MOST_STEPS = 400_000
#: Above this many pairs of equal lines, lines that are everywhere no longer lead that other way.
_MANY_PAIRS = 500_000
_TAB = 8


class Change(Struct, frozen=True):
    """Lines of the old text, and the lines of the new one that take their place.

    Lines count from 0 and ends are behind the last line.  One of the two may have no lines.
    """

    old: int
    old_end: int
    new: int
    new_end: int


def lines_of(text: bytes) -> list[bytes]:
    """The lines with their ends; only a newline ends one."""
    lines = [line + b"\n" for line in text.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def changes(old: Sequence[bytes], new: Sequence[bytes]) -> list[Change]:
    """What to replace in the old lines to get the new ones, in order, with lines between them."""
    start = 0
    most = min(len(old), len(new))
    while start < most and old[start] == new[start]:
        start += 1
    tail = 0
    while tail < most - start and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    a, b = old[start : len(old) - tail], new[start : len(new) - tail]
    found = _shortest(a, b)
    if found is None:
        found = _by_blocks(a, b)
    moved = [
        Change(c.old + start, c.old_end + start, c.new + start, c.new_end + start) for c in found
    ]
    return _settled(moved, old, new)


# ---- finding changes


def _shortest(old: Sequence[bytes], new: Sequence[bytes]) -> list[Change] | None:
    """The fewest lines (Myers, 1986), or None where they are too many to look for.

    Of the ways with ``cost`` changed lines, ``reach[k]`` is how far into the old text the one gets
    that ends ``k`` lines further there than in the new text.
    """
    n, m = len(old), len(new)
    reach = {1: 0}
    kept: list[array[int]] = []
    steps = 0
    for cost in range(n + m + 1):
        steps += cost
        for k in range(-cost, cost + 1, 2):
            x = start = reach[k + 1] if _adds(reach, k, cost) else reach[k - 1] + 1
            while x < n and x - k < m and old[x] == new[x - k]:
                x += 1
            steps += x - start
            reach[k] = x
            if x >= n and x - k >= m:
                return _way(kept, n, m)
        if steps > _MOST_STEPS:
            break
        kept.append(array("l", [reach[k] for k in range(-cost, cost + 1, 2)]))
    return None


def _adds(reach: Mapping[int, int], k: int, cost: int) -> bool:
    """Whether the last step of the way that gets furthest on a diagonal adds a line."""
    return k == -cost or (k != cost and reach[k - 1] < reach[k + 1])


def _way(kept: list[array[int]], x: int, y: int) -> list[Change]:
    """The changes of the way that ends at ``x`` and ``y``, from its last line to its first."""
    found: list[Change] = []
    for cost in range(len(kept), 0, -1):
        reach = dict(zip(range(1 - cost, cost, 2), kept[cost - 1], strict=True))
        k = x - y
        adds = _adds(reach, k, cost)
        k += 1 if adds else -1
        x, y = reach[k], reach[k] - k
        step = Change(x, x if adds else x + 1, y, y + 1 if adds else y)
        if found and (found[-1].old, found[-1].new) == (step.old_end, step.new_end):
            step = _joined(step, found.pop())
        found.append(step)
    return found[::-1]


def _by_blocks(old: Sequence[bytes], new: Sequence[bytes]) -> list[Change]:
    """Changes around the longest blocks that both have, then around those beside them."""
    often, counts = Counter(old), Counter(new)
    pairs = sum(count * counts[line] for line, count in often.items())
    matcher = SequenceMatcher(None, old, new, autojunk=pairs > _MANY_PAIRS)
    return [Change(*place) for tag, *place in matcher.get_opcodes() if tag != "equal"]


def _joined(first: Change, second: Change) -> Change:
    return Change(first.old, second.old_end, first.new, second.new_end)


# ---- moving changes


def _settled(found: list[Change], old: Sequence[bytes], new: Sequence[bytes]) -> list[Change]:
    """The changes with those moved that only add or only remove lines.

    The line behind such a change may be the same as its first one, and then it can as well stand
    one line lower.  Where that takes it to the next change the two become one; else it stands
    where what it adds or removes begins and ends as a paragraph of code does.
    """
    joined: list[Change] = []
    for change in found:
        while joined:
            last = joined[-1]
            gap = change.old - last.old_end
            if _room(change, -1, gap, old, new) == gap:
                change = _moved(change, -gap)
            elif _room(last, 1, gap, old, new) == gap:
                last = _moved(last, gap)
            else:
                break
            joined.pop()
            change = _joined(last, change)
        joined.append(change)
    placed: list[Change] = []
    for number, change in enumerate(joined):
        above = change.old - (placed[-1].old_end + 1 if placed else 0)
        below = joined[number + 1].old - 1 if number + 1 < len(joined) else len(old)
        up = _room(change, -1, above, old, new)
        down = _room(change, 1, below - change.old_end, old, new)
        text, start, end = _only(change, old, new)
        best = min(
            range(down, -up - 1, -1), key=lambda by: _cut(text, start + by) + _cut(text, end + by)
        )
        placed.append(_moved(change, best))
    return placed


def _only(
    change: Change, old: Sequence[bytes], new: Sequence[bytes]
) -> tuple[Sequence[bytes], int, int]:
    """The text that has the lines of a change of one kind, and where."""
    if change.old == change.old_end:
        return new, change.new, change.new_end
    return old, change.old, change.old_end


def _room(change: Change, step: int, most: int, old: Sequence[bytes], new: Sequence[bytes]) -> int:
    """By how many lines a change can be moved up (-1) or down (1), ``most`` at most."""
    if change.old != change.old_end and change.new != change.new_end:
        return 0
    text, start, end = _only(change, old, new)
    if step < 0:
        start, end = start - 1, end - 1
    by = 0
    while by < most and text[start + step * by] == text[end + step * by]:
        by += 1
    return by


def _moved(change: Change, by: int) -> Change:
    return Change(change.old + by, change.old_end + by, change.new + by, change.new_end + by)


def _cut(text: Sequence[bytes], at: int) -> int:
    """How much a text is torn by a cut before a line: little where a paragraph begins.

    What follows counts by its depth, and a line more for a blank one that is not above the cut.
    """
    below = at
    while below < len(text) and not text[below].strip():
        below += 1
    depth = 0
    if below < len(text):
        line = text[below].expandtabs(_TAB)
        depth = len(line) - len(line.lstrip())
    starts = at == 0 or at == len(text) or not text[at - 1].strip()
    return 2 * depth + (not starts) + (below > at)
