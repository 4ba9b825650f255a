"""Which values an expression can have, so that only the masks that matter are written."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from dsl.ir import expr as x
from dsl.ir.types import Bool, Int

#: Shifts by more than this are not followed.
_FAR = 128


class Bounds(Struct, frozen=True):
    """Every value lies in ``low..high``, both included."""

    low: int
    high: int

    def within(self, type: Int) -> bool:
        return type.least <= self.low and self.high <= type.greatest

    def inside(self, low: int, high: int) -> bool:
        return low <= self.low and self.high <= high


def of_type(type: Int | Bool) -> Bounds:
    return Bounds(type.least, type.greatest) if isinstance(type, Int) else Bounds(0, 1)


class Known(Struct, frozen=True):
    """What bounds are looked up in.

    Variables by name; the values of derived functions by register and name; the definitions of
    conditions by name, None for one that is a fact of its own.  None: nothing is known.
    """

    variable: Callable[[str], Bounds | None]
    derived: Callable[[str, str], x.Expr | None]
    defined: Callable[[str], x.Expr | None]

    def inside(self) -> Known:
        """The same within a function of its own, where no variable is known."""
        return Known(_nothing, self.derived, self.defined)


def _nothing(name: str) -> Bounds | None:
    return None


#: Only the form and the type of an expression tell.
NOTHING = Known(lambda name: None, lambda register, name: None, lambda name: None)


def bounds(expr: x.Expr, known: Known = NOTHING) -> Bounds:
    """The values of an expression, as it is after wrapping to its type."""
    type = expr.type
    if not isinstance(type, Int):
        return Bounds(0, 1)
    exact = unwrapped(expr, known)
    return exact if exact is not None and exact.within(type) else of_type(type)


def unwrapped(expr: x.Expr, known: Known = NOTHING) -> Bounds | None:
    """The values before wrapping; None where only the type says something."""
    match expr:
        case x.Const(value=value):
            return Bounds(value, value)
        case x.Var(name=name):
            return known.variable(name)
        case x.ReadRegister(register=register):
            # Bits that are RES0 never read as one.
            return Bounds(0, register.live)
        case x.Derive(register=register, name=name):
            function = known.derived(register.name, name)
            return None if function is None else bounds(function, known.inside())
        case x.Test(condition=condition):
            definition = known.defined(condition.name)
            if definition is not None:
                # It is not held to the condition's range, as a fact that is set is.
                return bounds(definition, known.inside())
            return _range(condition.low, condition.high)
        case x.ReadSlot(slot=slot):
            return _range(slot.low, slot.high)
        case x.Extract(field=field):
            return Bounds(0, (1 << field.width) - 1)
        case x.Cast(value=value):
            return bounds(value, known)
        case x.Binary(op=op, left=left, right=right):
            return _binary(op, bounds(left, known), bounds(right, known))
        case _:
            return None


def _range(low: int | None, high: int | None) -> Bounds | None:
    return None if low is None or high is None else Bounds(low, high)


def _binary(op: str, a: Bounds, b: Bounds) -> Bounds | None:
    match op:
        case "+":
            return Bounds(a.low + b.low, a.high + b.high)
        case "-":
            return Bounds(a.low - b.high, a.high - b.low)
        case "*":
            return _hull(a, b, lambda l, r: l * r)
        case "<<" if b.inside(0, _FAR):
            # Shifting by the width or more gives 0.
            found = _hull(a, b, lambda l, r: l << r)
            return Bounds(min(found.low, 0), max(found.high, 0))
        case ">>" if b.low >= 0 and a.low >= 0:
            return Bounds(0, a.high >> min(b.low, _FAR))
        case "&" if a.low >= 0 and b.low >= 0:
            return Bounds(0, min(a.high, b.high))
        case "&" if a.low >= 0 or b.low >= 0:
            return Bounds(0, a.high if a.low >= 0 else b.high)
        case "|" | "^" if a.low >= 0 and b.low >= 0:
            return Bounds(0, (1 << max(a.high, b.high).bit_length()) - 1)
        case _:
            return None


def _hull(a: Bounds, b: Bounds, of: Callable[[int, int], int]) -> Bounds:
    """The least and the greatest result at the corners."""
    ends = [of(l, r) for l in (a.low, a.high) for r in (b.low, b.high)]
    return Bounds(min(ends), max(ends))
