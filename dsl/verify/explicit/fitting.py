"""Values that others give a slot: as near to what is wanted as what they promise of it allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dsl.ir.shapes import Slot
from dsl.ir.types import Int
from dsl.run.env import wrapped

#: Of how many claims about a value it is true.
Kept = Callable[[int], int]


def fitted(slot: Slot, wanted: int, count: int, kept: Kept) -> int:
    """The wanted value, or one like it that keeps more of ``count`` claims.

    Fields become what keeps most, one after the other, and then each bit what is wanted if that
    keeps no less.  It is a search: a value that keeps them all may be missed.
    """
    value, best = wanted, kept(wanted)
    for mask, options in _parts(slot):
        if best == count:
            break
        start = value
        for option in options:
            other = wrapped(slot.type, start & ~mask | option)
            now = kept(other)
            if now > best:
                value, best = other, now
    if value == wanted:
        return value
    for bit in reversed(range(_width(slot))):
        other = wrapped(slot.type, value ^ (value ^ wanted) & 1 << bit)
        if other != value and kept(other) >= best:
            value = other
    return value


def _width(slot: Slot) -> int:
    return slot.type.width if isinstance(slot.type, Int) else 1


def _parts(slot: Slot) -> Iterator[tuple[int, list[int]]]:
    """The stretches of a slot's bits, each with what to try there: all of them first."""
    ones = (1 << _width(slot)) - 1
    few = (*range(17), *(1 << bit for bit in range(5, _width(slot))), ones)
    yield ones, [each for each in few if each <= ones]
    if slot.link is None:
        return
    for field in slot.link.register.register.fields:
        one = (1 << field.width) - 1
        values = dict.fromkeys((0, 1, one, *(e.value for e in field.enumerators)))
        yield one << field.low, [value << field.low for value in values]
