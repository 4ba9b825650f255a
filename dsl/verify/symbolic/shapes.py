"""What can be known at a place of a lifecycle: for each stretch of bits, what it surely is.

A fact is a number (``Number``), that the bits are what the owner had (``SAME``), what that becomes
when it is written to the register (``LEGAL``), or one of the two (``EITHER``).  Of an array with a
counter there are two sets of facts: for the elements in use, and for the others.  Beside that
conditions are known to hold, by their names (`dsl.verify.symbolic.relations`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from dsl.source import Span
from dsl.verify.symbolic.state import Key

SAME, LEGAL, EITHER = "same", "legal", "either"
#: Everything holds of what there is not.
ALL = "all"
#: A number, or one of the words above.
Fact: TypeAlias = int | str
#: What holds of one stretch: where the element is in use, and where it is not.
Shape: TypeAlias = tuple[frozenset[Fact], frozenset[Fact]]
#: The names of conditions.
Names: TypeAlias = frozenset[str]


class Facts:
    """What is known at one place; ``origin`` says who wrote what last.

    A key that is not in ``shapes`` is as it was at the start.  ``relations`` hold there too.
    """

    def __init__(
        self,
        shapes: dict[Key, tuple[Shape, ...]],
        origin: dict[Key, Span],
        relations: Names = frozenset(),
    ) -> None:
        self.shapes, self.origin, self.relations = shapes, origin, relations


@dataclass(slots=True)
class Free:
    """What is known of a CPU on which nobody is: what it booted with, and every owner leaves.

    ``relations`` is None as long as nobody has asked what holds of one that just booted.
    """

    shapes: dict[Key, tuple[Shape, ...]] = field(default_factory=dict)
    relations: Names | None = None

    def copy(self) -> Free:
        return Free(dict(self.shapes), self.relations)


def of_either(facts: frozenset[Fact]) -> bool:
    """Whether it takes what the owner's value becomes to say what has these facts."""
    numbers = any(isinstance(f, int) for f in facts)
    return bool(facts) and not (numbers or SAME in facts or ALL in facts)


@lru_cache(maxsize=1 << 14)
def common(a: tuple[Shape, ...], b: tuple[Shape, ...]) -> tuple[Shape, ...]:
    """The facts that hold of each stretch in both."""
    if a == b:
        return a
    return tuple((both(x[0], y[0]), both(x[1], y[1])) for x, y in zip(a, b, strict=True))


def both(a: frozenset[Fact], b: frozenset[Fact]) -> frozenset[Fact]:
    """The facts that hold in both; of what there is not, everything does."""
    return a if ALL in b else b if ALL in a else a & b


def meet(
    a: Facts | None, b: Facts, started: Callable[[Key], tuple[Shape, ...]]
) -> tuple[Facts, bool]:
    """What is known where one comes from either; and whether it is less than ``a``."""
    if a is None:
        return b, True
    shapes: dict[Key, tuple[Shape, ...]] = {}
    less = False
    for key in a.shapes.keys() | b.shapes.keys():
        mine = a.shapes.get(key) or started(key)
        other = b.shapes.get(key) or started(key)
        shared = mine if mine is other else common(mine, other)
        shapes[key] = shared
        less |= shared is not mine and shared != mine
    relations = a.relations & b.relations
    less |= relations != a.relations
    return Facts(shapes, {**a.origin, **b.origin}, relations), less
