"""The IR's arithmetic on numbers: what each operator and each field access gives."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import cache, partial

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
    return operation(op, type)(left, right)


@cache
def operation(op: str, type: Int | Bool) -> Callable[[int, int], int]:
    """What an operator makes of two values that are both known."""
    match op:
        case "and":
            return lambda left, right: int(bool(left and right))
        case "or":
            return lambda left, right: int(bool(left or right))
        case "implies":
            return lambda left, right: int(bool(not left or right))
        case "<<" | ">>":
            assert isinstance(type, Int)
            return partial(_shift, type, op == "<<")
        case _:
            plain = _PLAIN[op]
            if not isinstance(type, Int):
                return lambda left, right: int(plain(left, right))
            wrap = type.wrap
            return lambda left, right: wrap(plain(left, right))


def _shift(type: Int, up: bool, value: int, amount: int) -> int:
    # A shift by the width or more gives 0, and so does one by less than nothing.
    if not 0 <= amount < type.width:
        return 0
    return type.wrap(value << amount if up else value >> amount)


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
