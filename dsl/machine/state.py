"""State that is not in registers: context slots and facts, each with its type and its range."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Generic, TypeAlias, TypeVar, overload

from dsl.ir.types import Bool, Int
from dsl.machine.errors import MachineError
from dsl.machine.registers import Field, Layout, flat, out_of_range, views

T = TypeVar("T", bound=int)

#: A fact that is asked anew at each test: one value for all tests, the values in turn, or a
#: function that is called for each.
Samples: TypeAlias = T | Iterable[T] | Callable[[], T]


@dataclass(frozen=True, slots=True)
class Slot:
    """What one variable, array element or fact may hold.

    ``low``/``high`` (both included) narrow an integer's type; a truth value that is fixed has the
    same for both.  ``layout`` has the fields to show
    its values by, and ``family`` names the register that they are of, where they move.
    ``sampled`` means that it holds `Samples`.
    """

    name: str
    type: Int | Bool
    length: int = 0
    low: int | None = None
    high: int | None = None
    layout: Layout = ()
    sampled: bool = False
    family: str = ""
    fields: tuple[Field, ...] = field(init=False, repr=False)
    views: dict[str, tuple[Field, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", flat(self.layout))
        object.__setattr__(self, "views", views(self.fields))

    def checked(self, value: int) -> int:
        """``value`` as the slot holds it; MachineError if it does not fit."""
        match self.type:
            case Bool():
                if value not in (0, 1):
                    raise MachineError(f"{self.name}: {value!r} is not a truth value")
                if self.low == self.high and self.low not in (None, value):
                    raise MachineError(f"{self.name} is {bool(self.low)} in this simulator")
                return bool(value)
            case Int():
                low = self.type.least if self.low is None else self.low
                high = self.type.greatest if self.high is None else self.high
                if not isinstance(value, int) or not low <= value <= high:
                    shown = hex(value) if isinstance(value, int) else repr(value)
                    raise MachineError(
                        f"{self.name}: {shown} does not fit {self.type} ({low:#x}..{high:#x})"
                    )
                return int(value)


class Array(Generic[T]):
    """An array of a context: as many values as it was made with, each checked when stored.

    ``values`` are the values themselves: for those who know that the index and the value fit.
    """

    __slots__ = ("slot", "values")

    def __init__(self, slot: Slot, values: Iterable[T] | None = None) -> None:
        """All zero, or ``values``, which must be as many as the slot has elements."""
        self.slot = slot
        self.values: list[int] = [slot.checked(0 if slot.low is None else slot.low)] * slot.length
        if values is not None:
            self[:] = values

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        if isinstance(index, int) and not 0 <= index < len(self.values):
            raise out_of_range(self.slot.name, index, 0, len(self.values))
        return self.values[index]  # type: ignore[return-value]

    @overload
    def __setitem__(self, index: int, value: T) -> None: ...
    @overload
    def __setitem__(self, index: slice, value: Iterable[T]) -> None: ...
    def __setitem__(self, index: int | slice, value: T | Iterable[T]) -> None:
        if isinstance(index, slice):
            assert not isinstance(value, int)
            new = [self.slot.checked(v) for v in value]
            if len(new) != len(self.values[index]):
                raise MachineError(f"{self.slot.name}: an array keeps its length")
            self.values[index] = new
            return
        assert isinstance(value, int)
        if not 0 <= index < len(self.values):
            raise out_of_range(self.slot.name, index, 0, len(self.values))
        self.values[index] = self.slot.checked(value)

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[T]:
        return iter(self.values)  # type: ignore[arg-type]

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, (Array, list, tuple)) else False

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self.values)


class Record:
    """Attributes that are checked when they are set, by the `Slot` of the same key in ``SLOTS``."""

    __slots__ = ()
    SLOTS: ClassVar[Mapping[str, Slot]] = {}

    def __setattr__(self, name: str, value: object) -> None:
        slot = self.SLOTS.get(name)
        if slot is not None:
            value = _admitted(slot, value)
        super().__setattr__(name, value)


def _admitted(slot: Slot, value: object) -> object:
    """``value`` as an attribute of a record holds it."""
    if slot.length:
        if not isinstance(value, Array) or value.slot is not slot:
            raise MachineError(f"{slot.name}: an array is set by element, or with [:]")
        return value
    if slot.sampled and not isinstance(value, int):
        if isinstance(value, Iterable):
            return iter(value)
        if callable(value):
            return value
    if not isinstance(value, int):
        raise MachineError(f"{slot.name}: {value!r} is not a number")
    return slot.checked(value)


class Context(Record):
    """The in-memory state of one handle; the generated class has the slots."""

    __slots__ = ()


class Facts(Record):
    """The facts that hold for a machine or a handle; the generated class has them by name."""

    __slots__ = ()


def setter(of: type[Context], name: str) -> Callable[[Context, int], None]:
    """What stores into a slot without a check: for those who know that the value fits."""
    store: Callable[[Context, int], None] = of.__dict__[name].__set__
    return store


def ask(facts: Facts, name: str) -> int:
    """The next value of the sampled fact in attribute ``name``; MachineError if there is none."""
    slot = facts.SLOTS[name]
    source = getattr(facts, name)
    if isinstance(source, int):
        return source
    if isinstance(source, Iterator):
        value = next(source, None)
        if value is None:
            raise MachineError(f"{slot.name}: no value is left to sample")
    else:
        value = source()
    return slot.checked(value)


def snapshot(record: Record) -> dict[str, int | list[int]]:
    """The values of a context (or of facts) by the names in the source; samples are left out."""
    found: dict[str, int | list[int]] = {}
    for attribute, slot in record.SLOTS.items():
        value = getattr(record, attribute)
        if isinstance(value, Array):
            found[slot.name] = list(value)
        elif isinstance(value, int):
            found[slot.name] = value
    return found
