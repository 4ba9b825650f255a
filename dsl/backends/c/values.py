"""What values an expression can have, and what C's own conversions make of them."""

from __future__ import annotations

from msgspec.structs import replace

from dsl.backends.c.text import CText, binary
from dsl.ir import expr as x
from dsl.ir.bounds import Bounds, bounds
from dsl.ir.types import INT, Bool, Int, Type

#: The widths that C has types for.
WIDTHS = (8, 16, 32, 64)


def widened(value: x.Expr) -> x.Expr:
    """The expression without the conversions that leave its value as it is."""
    while isinstance(value, x.Cast) and bounds(value.value).within(value.type):
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


# ---- C texts and their types


def nothing_of(made: CText, value: x.Expr) -> CText:
    """Nothing is left of a value; what it does is done all the same."""
    if isinstance(value, (x.Const, x.Var)):
        return CText("0", type=INT)
    return binary(made, "&", CText("0", type=INT))


def computes(values: Bounds | None, type: Int, common: Int | None) -> bool:
    """Whether nothing wraps, neither in the IR's type nor in the one that C computes in."""
    if values is None or not values.within(type):
        return False
    return values.within(common) if common is not None else values.inside(0, INT.greatest)


def typed(made: CText, type: Int | None) -> CText:
    return made if made.type == type else replace(made, type=type)


def truly(made: CText) -> CText:
    return typed(made, INT)
