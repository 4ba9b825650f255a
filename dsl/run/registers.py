"""The registers of a program as a run needs them: elements by name, masks, fields, behaviour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dsl.ir import expr as x
from dsl.ir.arithmetic import lowest
from dsl.ir.platform import Computed, Legalisation
from dsl.ir.program import Program
from dsl.ir.shapes import Field, Register
from dsl.ir.walk import parts
from dsl.run.errors import Outside


@dataclass(frozen=True, slots=True)
class Element:
    """One register, or one of a bank (``index``), with what is done to its values.

    ``stored`` are the bits that hold state, ``writable`` those that software changes; both as
    masks over the register's width; ``derived`` are its computed fields, and ``sources`` the bits
    that these are made of.
    """

    name: str
    register: Register
    index: int
    ones: int
    stored: int
    writable: int
    hidden: int
    reset: int
    unknown: int
    legalised: tuple[Legalisation, ...]
    computed: tuple[Computed, ...]
    derived: int
    sources: int


def elements(program: Program) -> dict[str, Element]:
    """Every register of the program, banks taken apart, by name."""
    return {e.name: e for r in program.registers.values() for e in of(program, r)}


def of(program: Program, register: Register) -> Iterator[Element]:
    """The elements of one register or bank."""
    ones = register.type.mask
    computed = tuple(c for c in program.computed if c.register == register)
    # A field may be computed as a whole only.
    derived = 0
    for each in computed:
        derived |= each.field.mask
    sources = 0
    for each in computed:
        sources |= _sources(each.value, ones)
    stored = ones & ~(register.res0 | register.res1 | derived)
    kept = hidden = known = 0
    for field in register.fields:
        if field.access in ("ro", "wi"):
            kept |= field.mask
        if field.access == "wo":
            hidden |= field.mask
        if field.reset is not None:
            known |= field.mask
    for index in indexes(register):
        yield Element(
            name_of(register, index),
            register,
            index,
            ones,
            stored,
            stored & ~kept,
            hidden,
            register.reset & stored | register.res1,
            stored & ~known,
            tuple(r for r in program.legalisations if r.register == register),
            computed,
            derived,
            sources,
        )


def _sources(value: x.Expr, ones: int) -> int:
    """The bits of a register that an expression about its own value asks for."""
    match value:
        case x.Extract(value=x.Written(), field=field):
            return field.mask
        case x.Written():
            return ones
        case _:
            found = 0
            for part in parts(value):
                found |= _sources(part, ones)
            return found


def indexes(register: Register) -> range:
    """The indexes of a bank; of a register that is none, just 0."""
    if not register.banked:
        return range(1)
    return range(register.first, register.first + register.count)


def name_of(register: Register, index: int) -> str:
    """The name of an element: ``ICH_LR3_EL2`` of the bank ``ICH_LR<n>_EL2``."""
    return register.element(index) if register.banked else register.name


def bits(field: Field, index: int | None) -> tuple[int, int]:
    """The lowest bit and the mask (in place) of a field, or of an element of a family.

    Raises `Outside` for an index that the family does not have.
    """
    low = lowest(field, index if field.count else None)
    if low is None:
        last = field.first + field.count - 1
        raise Outside(f"{field.name}: index {index} is outside {field.first}..{last}")
    return low, ((1 << field.width) - 1) << low


def changes(register: Register, old: int, new: int) -> tuple[tuple[str, str, str], ...]:
    """What differs between two values, field by field from the lowest up, in words."""
    if old == new:
        return ()
    found: list[tuple[int, tuple[str, str, str]]] = []
    for field in register.fields:
        for index in range(field.first, field.first + max(1, field.count)):
            low, mask = bits(field, index)
            if (old ^ new) & mask:
                name = field.name
                if field.count:
                    name = name.partition("<")[0] + str(index) + name.partition(">")[2]
                was, now = (old & mask) >> low, (new & mask) >> low
                found.append((low, (name, show(field, was), show(field, now))))
    return tuple(pair for _, pair in sorted(found))


def show(field: Field, number: int) -> str:
    """A value of a field in words: its enumerator if it has one, else the number."""
    for each in field.enumerators:
        if each.value == number:
            return each.name
    return hex(number) if number > 9 else str(number)
