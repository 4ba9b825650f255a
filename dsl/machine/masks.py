"""Masks of lanes: True for all, False for none, or an array in which both occur."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Lane: TypeAlias = npt.NDArray[Any]
Mask: TypeAlias = "bool | npt.NDArray[np.bool_]"


def _agreed(chosen: npt.NDArray[np.bool_]) -> Mask:
    """The shortest way to say a mask that nobody else can change."""
    count = np.count_nonzero(chosen)
    if count == 0:
        return False
    return True if count == chosen.size else chosen


def only(w: Mask, c: Any) -> Mask:
    """The lanes of ``w`` in which ``c`` holds."""
    if w is False:
        return False
    if c.ndim == 0:
        return w if c else False
    if w is True:
        count = np.count_nonzero(c)
        return c.copy() if 0 < count < c.size else bool(count)
    return _agreed(w & c)


def other(w: Mask, c: Any) -> Mask:
    """The lanes of ``w`` in which ``c`` does not hold."""
    return only(w, np.logical_not(c))


def both(w: Mask, v: Mask) -> Mask:
    """The lanes that are in two masks."""
    if w is True or v is False:
        return v
    if v is True or w is False:
        return w
    return _agreed(w & v)


def either(w: Mask, v: Mask) -> Mask:
    """The lanes that are in one of two masks."""
    if w is False or v is True:
        return v
    if v is False or w is True:
        return w
    return _agreed(w | v)


def minus(w: Mask, *gone: Mask) -> Mask:
    """The lanes of ``w`` that are in none of the others."""
    for each in gone:
        if w is False or each is True:
            return False
        if each is not False:
            w = _agreed(~each if w is True else w & ~each)
    return w


def into(place: Lane, w: Mask, spare: Lane) -> Lane:
    """Where to calculate what `put` is to store: in the place itself, if all lanes agree."""
    return place if w is True else spare


def put(place: Lane, w: Mask, value: Any) -> None:
    """Stores a value in the lanes of ``w``; what `into` gave may be there already."""
    if w is True:
        if value is not place:
            np.copyto(place, value)
    elif w is not False:
        # Several times as fast as `copyto` with a mask.
        np.putmask(place, w, value)


def pick(bank: Lane, index: Any) -> Lane:
    """One element of each lane; where there is none, it does not matter which."""
    last = len(bank) - 1
    if index.ndim == 0:
        return bank[min(max(int(index), 0), last)]  # type: ignore[no-any-return]
    rows = np.clip(index, 0, last).astype(np.intp)
    return bank[rows, np.arange(bank.shape[1])]  # type: ignore[no-any-return]


def place(bank: Lane, index: Any, w: Mask, value: Any) -> None:
    """Stores to one element of each lane of ``w``; there it must be in range."""
    if w is False:
        return
    if index.ndim == 0:
        put(bank[int(index)], w, value)
        return
    lanes = np.flatnonzero(np.broadcast_to(w, (bank.shape[1],)))
    bank[index[lanes].astype(np.intp), lanes] = value if value.ndim == 0 else value[lanes]


def rounds(w: Mask, low: Any, high: Any, inclusive: bool, dtype: Any) -> Iterator[tuple[Any, Mask]]:
    """For each round of a loop: the counter, and the lanes that are still in it.

    The counter is one number while all lanes begin with the same one.
    """
    if w is False:
        return
    least, start = _ends(w, low)
    first, last = _ends(w, high)
    if least == start:
        for i in range(least, last + inclusive):
            counter = np.int64(i).astype(dtype) if i < 1 << 63 else np.uint64(i).astype(dtype)
            if i < first + inclusive:
                yield counter, w
            else:
                yield counter, only(w, np.greater_equal(high, i) if inclusive else high > i)
        return
    if max(abs(start), abs(last)) >= 1 << 62:
        raise OverflowError("a loop that begins at different numbers has them below 2 ** 62")
    begin = np.asarray(low).astype(np.int64)
    span = np.asarray(high).astype(np.int64) - begin + inclusive
    for i in range(max(0, _ends(w, span)[1])):
        yield (begin + i).astype(dtype), only(w, span > i)


def _ends(w: Mask, value: Any) -> tuple[int, int]:
    """The least and the greatest value in the lanes of a mask."""
    if value.ndim == 0:
        return int(value), int(value)
    chosen = value if w is True else value[w]
    return int(chosen.min()), int(chosen.max())


def copyof(value: Any) -> Any:
    """A result that stays as it is while other sequences run."""
    return value.copy()


def parted(value: Any, start: int, stop: int) -> Any:
    """Some lanes of an array, which they share with it; what is the same in all stays so."""
    return value[..., start:stop] if value.ndim else value
