"""The steps that were taken, by what they asked for: what finds the same leads to the same.

A step asks for a place, and what it finds there decides what it asks for next.  So all steps that
begin alike are a tree, whose branches are what is found.  States that differ in what a step does
not ask for share it, and so do machines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

from dsl.verify.explicit.tables import GONE, KEYS, Table, Tables

T = TypeVar("T")

#: A place that is asked for: the number of its table, and its key.
Place: TypeAlias = tuple[int, object]


@dataclass(frozen=True, slots=True)
class _Asked(Generic[T]):
    """The next place that is asked for; ``ways`` goes on from there by what is found."""

    table: int
    key: object
    ways: dict[object, _Asked[T] | T] = field(default_factory=dict)


class Memory(Generic[T]):
    """What came of the steps of one program, whose states are made of ``tables``.

    ``other`` has those of another program, of which ``stands`` says whether they are steps of
    this one, too.
    """

    def __init__(
        self,
        tables: Tables,
        other: Memory[T] | None = None,
        stands: Callable[[T], bool] = lambda came: True,
    ) -> None:
        self.tables = tables
        self._other, self._stands = other, stands
        self._begun: dict[object, _Asked[T] | T] = {}

    def find(self, begin: object, tables: Sequence[Table]) -> T | None:
        """What came of a step that began like this, and found what is in these tables."""
        at = self._begun.get(begin)
        while isinstance(at, _Asked):
            # As `_found`, which is too small to be called a million times.
            table, key = tables[at.table], at.key
            at = at.ways.get(tuple(table) if key is KEYS else table.get(key, GONE))
        if at is None and self._other is not None:
            at = self._other.find(begin, tables)
            if at is not None and not self._stands(at):
                return None
        return at

    def keep(self, begin: object, tables: Sequence[Table], reads: Iterable[Place], came: T) -> None:
        """Keeps what came of a step that asked these tables for ``reads``, in order."""
        ways, way = self._begun, begin
        for table, key in reads:
            at = ways.get(way)
            if at is None:
                at = ways[way] = _Asked(table, key)
            assert isinstance(at, _Asked)
            assert (at.table, at.key) == (table, key)
            ways, way = at.ways, _found(tables[table], key)
        ways[way] = came


def _found(table: Table, key: object) -> object:
    return tuple(table) if key is KEYS else table.get(key, GONE)
