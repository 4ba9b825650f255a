"""Tables that states are made of: equal ones are one object, and what is made of them is kept.

An exploration comes to the same few tables again and again.  So what a step makes of a table, and
what a state's key says of it, is worked out once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from dsl.verify.owned import Data, Place

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True, eq=False)
class Special:
    """What is no value and no key of any table, but itself."""

    name: str


#: What is where a table has nothing.
GONE = Special("gone")
#: What asks for all keys of a table.
KEYS = Special("keys")


class Table(dict[Any, Any]):
    """What there is, by name or place; those with a ``number`` are of states, and never change."""

    __slots__ = ("number",)
    number: int


@dataclass(frozen=True, slots=True)
class Change:
    """What a step makes of a table: what it sets, and takes out, in order."""

    made: tuple[tuple[object, object], ...]
    #: What has become of tables, by their numbers.
    after: dict[int, Table] = field(default_factory=dict)


class Watched(MutableMapping[K, V]):
    """A table in a step that is being made: ``made`` is what becomes of it.

    ``reads`` gets its ``number`` and each key that it is asked for, in order, but for what the
    step itself has made.
    """

    def __init__(
        self, number: int, values: Mapping[K, V], reads: dict[tuple[int, object], None]
    ) -> None:
        self.number, self.reads = number, reads
        self.made: list[tuple[K, V | Special]] = []
        self._values = dict(values)
        self._own: set[K] = set()

    def __getitem__(self, key: K) -> V:
        if key not in self._own:
            self.reads.setdefault((self.number, key))
        return self._values[key]

    def get(self, key: K, default: Any = None) -> Any:
        """The value, or ``default`` where there is none."""
        if key not in self._own:
            self.reads.setdefault((self.number, key))
        return self._values.get(key, default)

    def __contains__(self, key: object) -> bool:
        return self.get(key, GONE) is not GONE  # type: ignore[arg-type]

    def __setitem__(self, key: K, value: V) -> None:
        self._own.add(key)
        self._values[key] = value
        self.made.append((key, value))

    def __delitem__(self, key: K) -> None:
        if key not in self:
            raise KeyError(key)
        self._own.add(key)
        del self._values[key]
        self.made.append((key, GONE))

    def __iter__(self) -> Iterator[K]:
        self.reads.setdefault((self.number, KEYS))
        return iter(self._values)

    def __len__(self) -> int:
        self.reads.setdefault((self.number, KEYS))
        return len(self._values)


class Held(NamedTuple):
    """What a state is made of: facts, memory, what the registers of the CPU hold, what is owed."""

    facts: Table
    slots: Table
    cells: Table
    owed: Table


class View:
    """What keys say of some tables, as a number: where they say the same, it is the same."""

    def __init__(self, says: Callable[..., object]) -> None:
        self._says = says
        self._known: dict[tuple[int, ...], int] = {}
        self._numbers: dict[object, int] = {}

    def __call__(self, *tables: Table) -> int:
        key = tuple([table.number for table in tables])
        found = self._known.get(key)
        if found is None:
            found = self._numbers.setdefault(self._says(*tables), len(self._numbers))
            self._known[key] = found
        return found


class Tables:
    """All tables of some explorations, and what keys of states say of them.

    ``data`` is what nothing is decided by: of that a key says only whether it is what is owed.
    """

    def __init__(self, data: Data) -> None:
        self.data = data
        self._known: dict[tuple[object, ...], Table] = {}
        #: What the owner has: facts, memory, and what is owed.
        self.own = View(self._own)
        #: What registers hold, by what is owed.
        self.held = View(self._held)
        #: What the CPU holds for whoever comes next: of data only whether there is any.
        self.left = View(self._left)
        #: All but the data: which elements of lists there are, and no value of any.
        self.control = View(self._control)

    def table(self, values: Mapping[Any, Any]) -> Table:
        """The table with these values, in this order."""
        table = Table(values)
        table.number = len(self._known)
        return self._known.setdefault(tuple(table.items()), table)

    def changed(self, table: Table, change: Change) -> Table:
        """What a step makes of a table.  Raises KeyError where it takes out what is not there."""
        found = change.after.get(table.number)
        if found is None:
            values = dict(table)
            for key, value in change.made:
                if value is GONE:
                    del values[key]
                else:
                    values[key] = value
            found = change.after[table.number] = self.table(values)
        return found

    # ---- what keys say

    def _own(self, facts: Table, slots: Table, owed: Table) -> object:
        owes = sorted(((k, self._told(k[0], v)) for k, v in owed.items()), key=str)
        return _items(facts), self._slots(slots, owed), tuple(owes)

    def _slots(self, slots: Table, owed: Table) -> object:
        found = []
        for key, value in _items(slots):
            name = key[1]
            if name not in self.data.slots:
                found.append((key, value))
            elif isinstance(value, tuple):
                each = (self._like((name, n), v, owed, slot=True) for n, v in enumerate(value))
                found.append((key, tuple(each)))
            else:
                found.append((key, self._like((name, None), value, owed, slot=True)))
        return tuple(found)

    def _held(self, cells: Table, owed: Table) -> object:
        places = self.data.elements
        return tuple(
            (name, self._like(places[name], value, owed, slot=False) if name in places else value)
            for name, value in cells.items()
        )

    def _left(self, cells: Table) -> object:
        places, told = self.data.elements, self.data.told
        return tuple(
            (n, (bool(value), value & told.get(n, 0)) if n in places else value)
            for n, value in cells.items()
        )

    def _control(self, facts: Table, slots: Table, cells: Table, owed: Table) -> object:
        data = self.data
        lists = data.lists
        kept = []
        for key, value in slots.items():
            name = key[1]
            if name not in data.slots or (name in data.told and name not in lists):
                kept.append((key, value if name not in data.slots else self._told(name, value)))
        held = []
        for name, value in cells.items():
            if name not in data.elements:
                held.append((name, value))
            elif data.elements[name][0] not in lists and name in data.told:
                held.append((name, value & data.told[name]))
        return _items(facts), tuple(kept), tuple(held), frozenset(owed)

    def _like(self, place: Place, value: int, owed: Table, *, slot: bool) -> object:
        """Whether a value is the one that is owed, and whether it is nothing; lists tell more.

        What a register holds is what the next owner finds, and nothing is what a sequence may
        write that should have moved it.
        """
        wanted = owed.get(place)
        if place[0] not in self.data.lists:
            return value == wanted, bool(value), self._told(place[0], value)
        return bool(value) if slot and wanted is None else value

    def _told(self, slot: str, value: int | tuple[int, ...]) -> object:
        """What something is decided by, of a slot's value: all of it of a list."""
        if slot in self.data.lists:
            return value
        mask = self.data.told.get(slot, 0)
        if isinstance(value, tuple):
            return tuple(each & mask for each in value) if mask else 0
        return value & mask


def _items(table: Table) -> tuple[tuple[Any, Any], ...]:
    return tuple(sorted(table.items()))
