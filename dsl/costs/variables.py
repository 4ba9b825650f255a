"""What a cost may depend on: facts, counters and parameters of the platform, and their values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum
from itertools import pairwise
from typing import TypeAlias

from msgspec import Struct

#: Values as ranges, both ends included, in order and apart from each other.
Domain: TypeAlias = tuple[tuple[int, int], ...]

BOTH: Domain = ((0, 1),)


class Kind(IntEnum):
    """What a variable is; the order is the one in which conditions are named.

    ``CONFIGURATION``: fixed for a machine or a VM, ``PLATFORM``: what an implementation has;
    ``CASE``: may differ from one time to the next; ``COUNTER``: a number that does.
    """

    CONFIGURATION = 0
    PLATFORM = 1
    CASE = 2
    COUNTER = 3

    @property
    def fixed(self) -> bool:
        """Whether it is part of the configuration."""
        return self <= Kind.PLATFORM


class Variable(Struct, frozen=True):
    """Something that has one value on a path.

    ``key`` tells it from all others; ``name`` is that of the condition or the slot, and ``when``
    says which of its values along the path this is, where there may be several.  ``words`` are
    the names of the values, where it is a choice.  ``depth`` is the number of loops around the
    place where it came up: it has another value in each round.  ``start`` is that of a counter
    where the path begins.  ``parts`` are facts one of which is so, each with its value.
    """

    key: str
    name: str
    kind: Kind
    domain: Domain
    truth: bool = False
    when: str = ""
    words: tuple[str, ...] = ()
    depth: int = 0
    start: bool = False
    parts: tuple[tuple[Variable, int], ...] = ()


class Space:
    """Every variable of some walks, by key, in the order in which they came up."""

    def __init__(self) -> None:
        self.variables: dict[str, Variable] = {}

    def add(self, new: Variable) -> Variable:
        return self.variables.setdefault(new.key, new)

    def __getitem__(self, key: str) -> Variable:
        return self.variables[key]


def span(low: int, high: int) -> Domain:
    return ((low, high),) if low <= high else ()


def ends(domain: Domain) -> tuple[int, int]:
    """The least and the greatest value of a domain that is not empty."""
    return domain[0][0], domain[-1][1]


def single(domain: Domain) -> int | None:
    """The only value; None where there are several."""
    low, high = ends(domain)
    return low if low == high else None


def size(domain: Domain) -> int:
    return sum(high - low + 1 for low, high in domain)


def meet(a: Domain, b: Domain) -> Domain:
    found = []
    for low, high in a:
        for other, end in b:
            if max(low, other) <= min(high, end):
                found.append((max(low, other), min(high, end)))
    return tuple(found)


def join(all: Iterable[Domain]) -> Domain:
    """The values that are in any of some domains."""
    made: list[tuple[int, int]] = []
    for low, high in sorted(part for domain in all for part in domain):
        if made and low <= made[-1][1] + 1:
            made[-1] = made[-1][0], max(high, made[-1][1])
        else:
            made.append((low, high))
    return tuple(made)


def without(a: Domain, b: Domain) -> Domain:
    for low, high in b:
        a = meet(a, ((ends(a)[0], low - 1), (high + 1, ends(a)[1]))) if a else ()
    return a


def values(domain: Domain) -> Iterator[int]:
    for low, high in domain:
        yield from range(low, high + 1)


def cells(whole: Domain, used: Iterable[Domain]) -> list[Domain]:
    """The parts of a domain that no one of the ``used`` ones tells apart, in order."""
    every = list(dict.fromkeys(used))
    cuts = {
        point for domain in (whole, *every) for low, high in domain for point in (low, high + 1)
    }
    order = sorted(cuts)
    parts: dict[tuple[bool, ...], list[Domain]] = {}
    for low, after in pairwise(order):
        part = span(low, after - 1)
        if meet(part, whole):
            parts.setdefault(tuple(bool(meet(part, d)) for d in every), []).append(part)
    return sorted(join(each) for each in parts.values())


def united(boxes: Iterable[tuple[Domain, ...]]) -> list[tuple[Domain, ...]]:
    """The same points in fewer boxes: those that differ in one place only become one."""
    left = dict.fromkeys(boxes)
    many = 0
    while many != len(left):
        many = len(left)
        for i in range(len(next(iter(left), ()))):
            groups: dict[tuple[Domain, ...], list[Domain]] = {}
            for box in left:
                groups.setdefault((*box[:i], *box[i + 1 :]), []).append(box[i])
            left = {(*rest[:i], join(some), *rest[i:]): None for rest, some in groups.items()}
    return list(left)


def satisfying(factor: int, constant: int, op: str, domain: Domain) -> Domain:
    """The values of ``v`` in a domain for which ``factor * v + constant OP 0``."""
    low, high = ends(domain)
    match op:
        case "==":
            at, rest = divmod(-constant, factor)
            return meet(domain, span(at, at)) if not rest else ()
        case "!=":
            return without(domain, satisfying(factor, constant, "==", domain))
        case "<=":
            # The greatest v for a factor above zero, else the least.
            if factor > 0:
                return meet(domain, span(low, -constant // factor))
            return meet(domain, span(-(constant // factor), high))
        case "<":
            return satisfying(factor, constant + 1, "<=", domain)
        case ">=":
            return without(domain, satisfying(factor, constant, "<", domain))
        case ">":
            return without(domain, satisfying(factor, constant, "<=", domain))
        case _:
            raise ValueError(op)
