"""The layout of registers as a simulator needs it: fields, families of fields, banks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from dsl.machine.errors import MachineError

#: What software may do: read-write, read-only, write-only, or writes ignored.
Access: TypeAlias = Literal["rw", "ro", "wo", "wi"]


@dataclass(frozen=True, slots=True)
class Field:
    """Bits ``low`` up of a value, ``width`` of them.

    ``reset`` is None where the architecture leaves it unknown; ``computed`` means that it is not
    stored; ``names`` are its enumerators as pairs (value, name).  ``layout`` is the layout that it
    belongs to, "" for every one.
    """

    name: str
    low: int
    width: int = 1
    access: Access = "rw"
    reset: int | None = None
    computed: bool = False
    names: tuple[tuple[int, str], ...] = ()
    layout: str = ""
    ones: int = field(init=False, repr=False)
    mask: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ones", (1 << self.width) - 1)
        object.__setattr__(self, "mask", self.ones << self.low)

    def get(self, value: int) -> int:
        """The field of ``value``, shifted down."""
        return value >> self.low & self.ones

    def set(self, value: int, new: int) -> int:
        """``value`` with the field changed to the low bits of ``new``."""
        return value & ~self.mask | (new & self.ones) << self.low

    def show(self, number: int) -> str:
        """A value of the field in words: its enumerator if it has one, else the number."""
        return dict(self.names).get(number) or (hex(number) if number > 9 else str(number))


@dataclass(frozen=True, slots=True)
class FieldFamily:
    """``count`` equal fields, the first one at ``low``, each ``stride`` bits above the last.

    ``name`` has the index in angle brackets: ``Status<n>``.
    """

    name: str
    low: int
    width: int
    first: int
    count: int
    stride: int
    access: Access = "rw"
    reset: int | None = None
    computed: bool = False
    names: tuple[tuple[int, str], ...] = ()
    layout: str = ""
    elements: tuple[Field, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        elements = tuple(
            Field(
                element(self.name, self.first + i),
                self.low + i * self.stride,
                self.width,
                self.access,
                self.reset,
                self.computed,
                self.names,
                self.layout,
            )
            for i in range(self.count)
        )
        object.__setattr__(self, "elements", elements)

    def __getitem__(self, index: int) -> Field:
        """Element ``index``, counted from ``first``; MachineError if there is none."""
        if not self.first <= index < self.first + self.count:
            raise out_of_range(self.name, index, self.first, self.count)
        return self.elements[index - self.first]

    def __iter__(self) -> Iterator[Field]:
        return iter(self.elements)


Layout: TypeAlias = tuple[Field | FieldFamily, ...]


def flat(layout: Layout) -> tuple[Field, ...]:
    """The fields of a layout, families taken apart."""
    found: list[Field] = []
    for member in layout:
        found.extend((member,) if isinstance(member, Field) else member.elements)
    return tuple(found)


def views(fields: tuple[Field, ...]) -> dict[str, tuple[Field, ...]]:
    """The fields that are there in each layout, by its name; empty where fields do not move."""
    names = dict.fromkeys(f.layout for f in fields)
    if not any(names):
        return {}
    return {n: tuple(f for f in fields if f.layout in ("", n)) for n in ("", *names)}


@dataclass(frozen=True, slots=True, eq=False)
class Register:
    """One register of ``width`` bits.

    ``family`` is the name that it was declared by (for an element of a bank, the bank's), and
    ``index`` its number there.  ``legalised`` means that the machine changes what is written.
    """

    name: str
    width: int
    layout: Layout = ()
    access: Access = "rw"
    res0: int = 0
    res1: int = 0
    legalised: bool = False
    family: str = ""
    index: int = 0
    fields: tuple[Field, ...] = field(init=False, repr=False)
    views: dict[str, tuple[Field, ...]] = field(init=False, repr=False)
    #: Bits of the whole register, and those that a write changes, keeps, or cannot read back.
    ones: int = field(init=False, repr=False)
    writable: int = field(init=False, repr=False)
    kept: int = field(init=False, repr=False)
    hidden: int = field(init=False, repr=False)
    #: Bits that are computed, that hold state, and whose reset is unknown.
    computed: int = field(init=False, repr=False)
    stored: int = field(init=False, repr=False)
    unknown: int = field(init=False, repr=False)
    reset: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        fields = flat(self.layout)
        ones = (1 << self.width) - 1
        computed = sum(f.mask for f in fields if f.computed)
        stored = ones & ~(self.res0 | self.res1 | computed)
        kept = sum(f.mask for f in fields if f.access in ("ro", "wi")) & stored
        known = reset = 0
        for f in fields:
            # What has a reset in one layout has it in all.
            if f.reset is not None:
                known |= f.mask
                reset |= 0 if f.computed else f.reset << f.low
        values: dict[str, object] = {
            "family": self.family or self.name,
            "fields": fields,
            "views": views(fields),
            "ones": ones,
            "computed": computed,
            "stored": stored,
            "kept": kept,
            "writable": stored & ~kept,
            "hidden": sum(f.mask for f in fields if f.access == "wo"),
            "unknown": stored & ~known,
            "reset": reset & stored | self.res1,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True, slots=True, eq=False)
class Bank:
    """``count`` equal registers; ``name`` has the index in angle brackets: ``ICH_LR<n>_EL2``."""

    name: str
    width: int
    first: int
    count: int
    layout: Layout = ()
    access: Access = "rw"
    res0: int = 0
    res1: int = 0
    legalised: bool = False
    elements: tuple[Register, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        elements = tuple(
            Register(
                element(self.name, index),
                self.width,
                self.layout,
                self.access,
                self.res0,
                self.res1,
                self.legalised,
                self.name,
                index,
            )
            for index in range(self.first, self.first + self.count)
        )
        object.__setattr__(self, "elements", elements)

    def __getitem__(self, index: int) -> Register:
        """Element ``index``, counted from ``first``; MachineError if there is none."""
        if not self.first <= index < self.first + self.count:
            raise out_of_range(self.name, index, self.first, self.count)
        return self.elements[index - self.first]

    def __iter__(self) -> Iterator[Register]:
        return iter(self.elements)

    def __len__(self) -> int:
        return self.count


def element(name: str, index: int) -> str:
    """The name of one element: ``ICH_LR3_EL2`` of ``ICH_LR<n>_EL2``."""
    before, _, rest = name.partition("<")
    return f"{before}{index}{rest.partition('>')[2]}"


def out_of_range(name: str, index: int, first: int, count: int) -> MachineError:
    """The error for an index that a bank, a family or an array does not have."""
    return MachineError(f"{name}: index {index} is outside {first}..{first + count - 1}")
