"""What values an expression can have, and what C's own conversions make of them."""

from __future__ import annotations

from dsl.ir import expr as x
from dsl.ir.types import INT, Bool, Int, Type

#: The widths that C has types for.
WIDTHS = (8, 16, 32, 64)
#: Shifts by more than this are not followed.
_FAR = 128


def bounds(value: x.Expr) -> tuple[int, int]:
    """The least and the greatest value of an expression, as far as its form and type tell."""
    type = value.type
    if not isinstance(type, Int):
        return 0, 1
    low, high = exact(value) or (type.least, type.greatest)
    return (low, high) if within((low, high), type) else (type.least, type.greatest)


def exact(value: x.Expr) -> tuple[int, int] | None:
    """The values before they wrap; None where only the type says something."""
    match value:
        case x.Const(value=number):
            return number, number
        case x.ReadRegister(register=register):
            return 0, register.live
        case x.ReadSlot(slot=place) | x.Test(condition=place):
            return None if place.low is None or place.high is None else (place.low, place.high)
        case x.Extract(field=field):
            return 0, (1 << field.width) - 1
        case x.Cast(value=inner):
            return bounds(inner)
        case x.Binary(op=op, left=left, right=right) if isinstance(left.type, Int):
            return _binary(op, bounds(left), bounds(right))
        case _:
            return None


def _binary(op: str, a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int] | None:
    match op:
        case "+":
            return a[0] + b[0], a[1] + b[1]
        case "-":
            return a[0] - b[1], a[1] - b[0]
        case "*":
            ends = [p * q for p in a for q in b]
            return min(ends), max(ends)
        case "<<" if b[0] >= 0 and b[1] <= _FAR:
            ends = [p << q for p in a for q in b]
            return min(*ends, 0), max(*ends, 0)
        case ">>" if a[0] >= 0 and b[0] >= 0:
            return 0, a[1] >> min(b[0], _FAR)
        case "&" if a[0] >= 0 or b[0] >= 0:
            return 0, min(end[1] for end in (a, b) if end[0] >= 0)
        case "|" | "^" if a[0] >= 0 and b[0] >= 0:
            return 0, (1 << max(a[1], b[1]).bit_length()) - 1
        case _:
            return None


def within(values: tuple[int, int], type: Int) -> bool:
    return type.least <= values[0] and values[1] <= type.greatest


def widened(value: x.Expr) -> x.Expr:
    """The expression without the conversions that leave its value as it is."""
    while isinstance(value, x.Cast) and within(bounds(value.value), value.type):
        value = value.value
    return value


def number(value: x.Expr) -> x.Const | None:
    """The constant that an expression is, conversions included."""
    match value:
        case x.Const():
            return value
        case x.Cast(value=inner, type=type):
            found = number(inner)
            if found is None or type.holds(found.value):
                return found
            return x.Const(type.wrap(found.value), type, value.span)
        case _:
            return None


# ---- C's types


def variable(type: Type | None) -> Int | None:
    """The C type of something declared with a type of ours; None where C may have another."""
    match type:
        case Bool():
            return Int(8)
        case Int(width=width) if width in WIDTHS:
            return type
        case _:
            return None


def named(text: str | None) -> Int | None:
    """The C type of a local of a dialect, where it is one of the usual ones."""
    return _NAMES.get(" ".join((text or "").split()))


_NAMES = {
    **{f"{sign}{width}": Int(width, sign == "s") for sign in "us" for width in WIDTHS},
    "bool": Int(8),
    "int": INT,
    "unsigned int": Int(32),
    "unsigned": Int(32),
    "long": Int(64, signed=True),
    "unsigned long": Int(64),
}


def promoted(type: Int | None) -> Int | None:
    """Whatever is narrower than an ``int`` becomes one."""
    return INT if type is not None and type.width < INT.width else type


def usual(left: Int | None, right: Int | None) -> Int | None:
    """The type in which C combines two operands; None where it is not known."""
    a, b = promoted(left), promoted(right)
    if a is None or b is None:
        # Nothing is wider than an unsigned 64-bit number.
        return Int(64) if Int(64) in (a, b) else None
    if a.width != b.width:
        return a if a.width > b.width else b
    return b if a.signed else a
