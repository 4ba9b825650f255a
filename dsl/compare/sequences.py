"""Long runs of tokens as strings, so that search and comparison run at the speed of `str.find`.

Each token is two characters, the first and the second from disjoint ranges: no match can begin in
the middle of a token, whichever way round the string is read.  All positions count characters.
"""

from __future__ import annotations

from collections.abc import Iterable

WIDTH = 2


class Interner(dict[str, str]):
    """Gives every token key its two characters; texts compared must share one interner."""

    def __missing__(self, key: str) -> str:
        number = len(self)
        code = chr(0x1000 + (number >> 12)) + chr(number & 0xFFF)
        self[key] = code
        return code

    def encode(self, keys: Iterable[str]) -> str:
        """The string of a sequence of token keys."""
        return "".join([self[key] for key in keys])


def occurrences(text: str, part: str, low: int, high: int) -> list[int]:
    """Every start of non-empty *part* within text[low:high], overlapping ones included.

    Linear: where occurrences crowd, Knuth, Morris and Pratt take over from `str.find`.
    """
    high = min(high, len(text))
    found: list[int] = []
    budget = 8 * (high - low) + 4096
    position = text.find(part, low, high)
    while position >= 0:
        found.append(position)
        budget -= len(part)
        if budget < 0:
            return found + _crowded(text, part, position + WIDTH, high)
        position = text.find(part, position + WIDTH, high)
    return found


def _crowded(text: str, part: str, low: int, high: int) -> list[int]:
    borders = [0] * len(part)
    matched = 0
    for index in range(1, len(part)):
        while matched and part[index] != part[matched]:
            matched = borders[matched - 1]
        matched += part[index] == part[matched]
        borders[index] = matched
    found: list[int] = []
    matched = 0
    for index in range(low, high):
        while matched and text[index] != part[matched]:
            matched = borders[matched - 1]
        matched += text[index] == part[matched]
        if matched == len(part):
            found.append(index - matched + 1)
            matched = borders[matched - 1]
    return found


def common_prefix(a: str, i: int, b: str, j: int, limit: int | None = None) -> int:
    """How far a[i:] and b[j:] agree, in whole tokens, at most *limit*."""
    length = min(len(a) - i, len(b) - j, len(a) if limit is None else limit)
    done, step, grow = 0, 64, True
    while done < length:
        size = min(step, length - done)
        if a[i + done : i + done + size] == b[j + done : j + done + size]:
            done += size
            step = step * 2 if grow else max(size // 2, 1)
        elif size == 1:
            break
        else:
            grow = False
            step = size // 2
    return done - done % WIDTH


def common_suffix(a: str, i: int, b: str, j: int, limit: int | None = None) -> int:
    """How far a[:i] and b[:j] agree from their ends, in whole tokens, at most *limit*."""
    length = min(i, j, len(a) if limit is None else limit)
    done, step, grow = 0, 64, True
    while done < length:
        size = min(step, length - done)
        if a[i - done - size : i - done] == b[j - done - size : j - done]:
            done += size
            step = step * 2 if grow else max(size // 2, 1)
        elif size == 1:
            break
        else:
            grow = False
            step = size // 2
    return done - done % WIDTH
