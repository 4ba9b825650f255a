"""How far a walk has come: what is known there, and what it has cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import msgspec
from msgspec import Struct

from dsl.costs.amounts import NOTHING, Counts, Limits, Poly
from dsl.costs.variables import Domain, Space, ends
from dsl.ir.shapes import Register

#: Where a value is kept: a slot of an owner, or a local of a call so many calls deep.
Place: TypeAlias = tuple[str, str | int, str]


class Number(Struct, frozen=True):
    """A number that is known, or known to be a function of variables."""

    poly: Poly


class Whole(Struct, frozen=True):
    """What was read from a read-only register: its fields are parameters of the platform.

    ``key`` tells this read from others; only the lowest ``width`` bits are left.
    """

    register: Register
    name: str
    key: str
    width: int


class Opaque(Struct, frozen=True):
    """Not known, but the same wherever the ``text`` is, until one of the ``places`` is written."""

    text: str
    places: frozenset[Place] = frozenset()


class Owner(Struct, frozen=True):
    """Whom a handle is for, by the name that it has where the path begins."""

    name: str


class Unknown(Struct, frozen=True):
    """Anything, and not the same as anything else."""


Value: TypeAlias = Number | Whole | Opaque | Owner | Unknown

UNKNOWN = Unknown()


class Promise(Struct, frozen=True):
    """What an extern left true about later tests (by its place in ``ensures``), and for whom."""

    extern: str
    number: int
    owners: tuple[tuple[str, str], ...]


class State(Struct, frozen=True):
    """One way to a point of a path.

    ``domains`` has the variables of which not every value leads here.  ``decided`` are branches
    on values that nothing names, ``asked`` how often each fact that may change has been asked, or
    a slot that it is made of written, and ``reads`` how often a read-only register has been read.
    No mapping is ever changed in place.
    """

    domains: Mapping[str, Domain] = {}
    slots: Mapping[tuple[str, str], Value] = {}
    locals: Mapping[str, Value] = {}
    decided: Mapping[str, tuple[bool, frozenset[Place]]] = {}
    asked: Mapping[str, int] = {}
    reads: Mapping[str, int] = {}
    promises: frozenset[Promise] = frozenset()
    depth: int = 0
    counts: Counts = NOTHING

    @property
    def known(self) -> tuple[object, ...]:
        """All but the cost: states in which this is the same go on in the same way."""
        parts = (self.domains, self.slots, self.locals, self.decided, self.asked, self.reads)
        return (*(frozenset(part.items()) for part in parts), self.promises, self.depth)

    def but(self, **changes: object) -> State:
        return msgspec.structs.replace(self, **changes)

    def narrowed(self, key: str, domain: Domain) -> State:
        return self.but(domains={**self.domains, key: domain})

    def local(self, name: str, value: Value) -> State:
        """With another value for a local: what was decided about the old one is forgotten."""
        place: Place = ("local", self.depth, name)
        if isinstance(value, Opaque | Unknown):
            value = Opaque(f"{name}@{self.depth}", frozenset((place,)))
        return self.forget(place).but(locals={**self.locals, name: value})

    def stored(self, owner: str, slot: str, value: Value) -> State:
        """With another value in a slot."""
        place: Place = ("slot", owner, slot)
        if isinstance(value, Opaque | Unknown | Whole):
            value = Opaque(f"{owner}.{slot}", frozenset((place,)))
        return self.forget(place).but(slots={**self.slots, (owner, slot): value})

    def forget(self, place: Place) -> State:
        if not any(place in places for _, places in self.decided.values()):
            return self
        return self.but(decided={t: d for t, d in self.decided.items() if place not in d[1]})

    def limits(self, space: Space) -> Limits:
        """The least and the greatest value that each variable has here."""

        def of(key: str) -> tuple[int, int]:
            return ends(self.domains.get(key, space[key].domain))

        return of


def merged(states: Iterable[State], space: Space) -> list[State]:
    """The states with each one only once; what the same ones cost becomes a range."""
    every = list(states)
    if len(every) < 2:
        return every
    found: dict[tuple[object, ...], State] = {}
    for state in every:
        known = state.known
        other = found.get(known)
        if other is None:
            found[known] = state
        elif other.counts != state.counts:
            counts = other.counts.hull(state.counts, state.limits(space))
            found[known] = other.but(counts=counts)
    return list(found.values())
