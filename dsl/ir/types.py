"""The types of values: truth values, integers of a width, and handles on a context."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct


class Bool(Struct, frozen=True):
    """A condition: true or false."""

    def __str__(self) -> str:
        return "bool"


class Int(Struct, frozen=True):
    """An integer of ``width`` bits that wraps; ``signed`` means two's complement."""

    width: int
    signed: bool = False

    def __str__(self) -> str:
        match self:
            case Int(32, True):
                return "int"
            case _:
                return f"{'s' if self.signed else 'u'}{self.width}"

    @property
    def mask(self) -> int:
        return (1 << self.width) - 1

    @property
    def least(self) -> int:
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def greatest(self) -> int:
        return (1 << (self.width - self.signed)) - 1

    def holds(self, value: int) -> bool:
        return self.least <= value <= self.greatest

    def wrap(self, value: int) -> int:
        """The value that is left when ``value`` is stored in this type."""
        value &= self.mask
        return value - (1 << self.width) if self.signed and value > self.greatest else value


class Handle(Struct, frozen=True):
    """What a sequence is called for: the owner at the root of some contexts, or one of these.

    ``context`` is empty for the owner itself, from which all of its contexts can be reached.
    """

    root: str
    context: str = ""

    def __str__(self) -> str:
        return self.context or self.root


Type: TypeAlias = Bool | Int | Handle

BOOL = Bool()
U8, U16, U32, U64 = Int(8), Int(16), Int(32), Int(64)
INT = Int(32, signed=True)

#: The types that have a name of their own in the language.
NAMED: dict[str, Type] = {
    "bool": BOOL,
    "u8": U8,
    "u16": U16,
    "u32": U32,
    "u64": U64,
    "int": INT,
    "uint": U32,
}


def promoted(type: Int) -> Int:
    """C's integer promotion, in which everything narrower than an ``int`` counts as u32 here."""
    if type.width > 32:
        return U64
    return INT if type.signed else U32


def common(left: Int, right: Int) -> Int:
    """C's usual arithmetic conversions: the wider wins, and unsigned wins at one width."""
    left, right = promoted(left), promoted(right)
    if left.width != right.width:
        return left if left.width > right.width else right
    return right if left.signed else left
