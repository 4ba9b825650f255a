"""Contexts and facts of many machines: arrays with a lane for each, checked when they are set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from dsl.ir.types import Bool, Int
from dsl.machine.errors import MachineError
from dsl.machine.masks import Mask, only, parted
from dsl.machine.state import Slot

Array: TypeAlias = npt.NDArray[Any]
#: One number for all lanes, or one for each.
Lanes: TypeAlias = "int | npt.ArrayLike"


def dtype_of(type: Int | Bool) -> np.dtype[Any]:
    """The smallest elements of an array that hold a type."""
    if isinstance(type, Bool):
        return np.dtype(np.bool_)
    width = next(w for w in (8, 16, 32, 64) if type.width <= w)
    return np.dtype(f"{'i' if type.signed else 'u'}{width // 8}")


def limits(slot: Slot) -> tuple[int, int]:
    """The least and the greatest value of a slot."""
    least, greatest = (0, 1) if isinstance(slot.type, Bool) else _reach(slot.type)
    low = least if slot.low is None else slot.low
    return low, greatest if slot.high is None else slot.high


def _reach(type: Int) -> tuple[int, int]:
    return type.least, type.greatest


def unfit(value: Any, slot: Slot) -> Any:
    """In which lanes a value does not fit."""
    low, high = limits(slot)
    if value.dtype == np.bool_ and low <= 0 and high >= 1:
        return np.False_
    return (value < low) | (value > high)


def misfit(slot: Slot, value: int) -> str:
    """What is wrong with a value that does not fit."""
    try:
        slot.checked(value)
    except MachineError as error:
        return str(error)
    return f"{slot.name} is {bool(slot.low)} in this simulator"


def lane(value: Any, number: int) -> Any:
    """The value in one lane."""
    return value if value.ndim == 0 else value[number]


def taken(value: Lanes, slot: Slot, lanes: int) -> Array:
    """What a user gives for a slot, as an array of its type (without a dimension: for all lanes).

    MachineError if it is no number, does not fit, or has another number of lanes.
    """
    given = _numbers(value)
    if given.dtype == object or given.dtype.kind not in "bui":
        shown = value if given.ndim == 0 else given.dtype
        raise MachineError(f"{slot.name}: {shown!r} is not a number, nor are lanes of it")
    if given.ndim and given.shape[-1] != lanes:
        raise MachineError(f"{slot.name}: {given.shape[-1]} lanes where there are {lanes}")
    bad = np.broadcast_to(unfit(given, slot), given.shape)
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        prefix = f"lane {where[-1]}: " if where else ""
        raise MachineError(f"{prefix}{misfit(slot, int(given[where]))}")
    return given.astype(dtype_of(slot.type))


def _numbers(value: Lanes) -> Array:
    """An array of what a user gives; Python's numbers above 2 ** 63 are numbers, too."""
    given = np.asarray(value)
    if given.dtype.kind in "fO" and not isinstance(value, np.ndarray):
        wide = np.array(value, dtype=object)
        if all(isinstance(v, int) and 0 <= v < 1 << 64 for v in wide.flat):
            return wide.astype(np.uint64)
    return given


class LaneContext:
    """The in-memory state of one handle in each lane; arrays have their elements first."""

    SLOTS: ClassVar[Mapping[str, Slot]] = {}

    def __init__(self, lanes: int, facts: LaneFacts | None, values: Mapping[str, Lanes]) -> None:
        object.__setattr__(self, "lanes", lanes)
        object.__setattr__(self, "facts", facts)
        for name, slot in self.SLOTS.items():
            shape = (slot.length, lanes) if slot.length else (lanes,)
            low = 0 if slot.low is None else slot.low
            object.__setattr__(self, name, np.full(shape, low, dtype_of(slot.type)))
        for name, value in values.items():
            if name not in self.SLOTS:
                raise MachineError(f"there is no slot {name}")
            setattr(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        slot = self.SLOTS.get(name)
        if slot is None:
            object.__setattr__(self, name, value)
            return
        held = getattr(self, name)
        new = taken(value, slot, self._lanes)
        if new.ndim > held.ndim or (new.ndim == 2 and len(new) != len(held)):
            raise MachineError(f"{slot.name}: its shape is {held.shape}, not {new.shape}")
        held[...] = new

    @property
    def _lanes(self) -> int:
        return int(self.__dict__["lanes"])

    def check(self, lanes: int) -> None:
        """MachineError unless it has so many lanes, and its values are in their ranges."""
        if self._lanes != lanes:
            raise MachineError(f"a context of {self._lanes} lanes on {lanes} machines")
        if self.__dict__["facts"] is not None:
            self.__dict__["facts"].check(lanes)
        for name, slot in self.SLOTS.items():
            if slot.low is not None or slot.high is not None:
                held = getattr(self, name)
                low, high = limits(slot)
                if held.min() < low or held.max() > high:
                    taken(held, slot, lanes)

    def part(self, start: int, stop: int) -> Self:
        """The context of some lanes: it shares its state with this one."""
        made = object.__new__(type(self))
        facts = self.__dict__["facts"]
        made.__dict__["lanes"] = stop - start
        made.__dict__["facts"] = None if facts is None else facts.part(start, stop)
        for name in self.SLOTS:
            made.__dict__[name] = parted(getattr(self, name), start, stop)
        return made


class LaneFacts:
    """Facts: one value for all lanes, or one for each; those asked anew at each test, in rows.

    A fact ``per test`` may have a row of lanes for each test: a lane gets the values of its column
    one after the other.
    """

    SLOTS: ClassVar[Mapping[str, Slot]] = {}

    def __init__(self, values: Mapping[str, Lanes]) -> None:
        self._tests: dict[str, Array] = {}
        for name, slot in self.SLOTS.items():
            setattr(self, name, 0 if slot.low is None else slot.low)
        for name, value in values.items():
            if name not in self.SLOTS:
                raise MachineError(f"there is no fact {name}")
            setattr(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        slot = self.SLOTS.get(name)
        if slot is not None:
            if slot.sampled and (callable(value) or hasattr(value, "__next__")):
                raise MachineError(
                    f"{slot.name}: in a batch, give one value, one for each lane, or rows of these"
                )
            given = np.asarray(value)
            if given.ndim > (2 if slot.sampled else 1):
                raise MachineError(f"{slot.name}: too many dimensions")
            value = taken(value, slot, given.shape[-1] if given.ndim else 0)
            value = value if value.ndim else value[()]
            self._tests.pop(name, None)
        object.__setattr__(self, name, value)

    def check(self, lanes: int) -> None:
        """MachineError unless what differs by lane has so many lanes."""
        for name in self.SLOTS:
            held = getattr(self, name)
            if held.ndim and held.shape[-1] != lanes:
                raise MachineError(f"{name}: {held.shape[-1]} lanes where there are {lanes}")

    def ask(self, name: str, w: Mask, lanes: int) -> tuple[Any, Any]:
        """The next value in each lane of ``w``, and where there is none (None: nowhere)."""
        rows = getattr(self, name)
        if rows.ndim < 2:
            return rows, None
        at = self._tests.setdefault(name, np.zeros(lanes, np.intp))
        left = at < len(rows)
        value = rows[np.minimum(at, len(rows) - 1), np.arange(lanes)]
        at += np.broadcast_to(only(w, left), (lanes,))
        return value, np.logical_not(left)

    def part(self, start: int, stop: int) -> Self:
        """The facts of some lanes."""
        made = object.__new__(type(self))
        made.__dict__["_tests"] = {}
        for name, slot in self.SLOTS.items():
            value = getattr(self, name)
            if slot.sampled and value.ndim == 2:
                at = self._tests.setdefault(name, np.zeros(value.shape[-1], np.intp))
                made._tests[name] = at[start:stop]
            made.__dict__[name] = parted(value, start, stop)
        return made
