"""The IR's arithmetic on numbers: what each operator and each field access gives."""

from __future__ import annotations

import operator
from collections.abc import Callable

from dsl.ir.shapes import Field
from dsl.ir.types import Bool, Int

_PLAIN: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def operate(op: str, left: int, right: int, type: Int | Bool) -> int:
    """``left op right`` as a value of ``type``: wrapped, and 0 or 1 for a truth value."""
    match op:
        case "and":
            return int(bool(left and right))
        case "or":
            return int(bool(left or right))
        case "implies":
            return int(bool(not left or right))
        case "<<" | ">>":
            assert isinstance(type, Int)
            # A shift by the width or more gives 0, and so does one by less than nothing.
            if not 0 <= right < type.width:
                return 0
            return type.wrap(left << right if op == "<<" else left >> right)
        case _:
            made = int(_PLAIN[op](left, right))
            return type.wrap(made) if isinstance(type, Int) else made


def lowest(field: Field, index: int | None) -> int | None:
    """The lowest bit of a field, or of element ``index`` of a family; None where it has none."""
    if index is None:
        return field.low
    if not field.first <= index < field.first + field.count:
        return None
    return field.low + (index - field.first) * field.stride


def extract(value: int, low: int, width: int, type: Int) -> int:
    """``width`` bits of ``value`` from bit ``low`` up, as a value of ``type``."""
    return type.wrap(value >> low & ((1 << width) - 1))


def insert(value: int, low: int, width: int, new: int, type: Int) -> int:
    """``value`` with ``width`` bits from bit ``low`` up replaced by the low bits of ``new``."""
    ones = (1 << width) - 1
    return type.wrap(value & ~(ones << low) | (new & ones) << low)
