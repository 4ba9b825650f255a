"""Whether conditions can hold together: tried for all values of what they ask about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import product
from math import prod

from msgspec import Struct

from dsl.ir import expr as x
from dsl.ir.dump import dump_expr
from dsl.ir.program import Program
from dsl.ir.shapes import Access, Period
from dsl.ir.types import Bool, Int
from dsl.source import Span

#: With more combinations of values than this, nothing is claimed.
_MOST = 1 << 12
_FIXED = (Period.MACHINE, Period.VM)
_COMPARED: dict[str, Callable[[int, int], bool]] = {
    "==": int.__eq__,
    "!=": int.__ne__,
    "<": int.__lt__,
    "<=": int.__le__,
    ">": int.__gt__,
    ">=": int.__ge__,
}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}

#: What is asked about, by a name of its own, and its value.
Values = Mapping[str, int]


class Formula(Struct, frozen=True):
    """A condition: whether it holds for given values of what it asks about (``samples``).

    Of a number as many values are tried as the comparisons tell apart.
    """

    holds: Callable[[Values], bool]
    samples: dict[str, frozenset[int]]

    def negated(self) -> Formula:
        """The formula that holds where this one does not."""
        holds = self.holds
        return Formula(lambda values: not holds(values), self.samples)


def can_hold(formulas: Iterable[Formula], assumed: Iterable[Formula]) -> bool:
    """Whether there are values for which all of these hold; True where that takes too long.

    Of what is ``assumed`` only that counts which is about the same things, or about things that
    such an assumption is about.
    """
    used = [*formulas]
    names = {name for each in used for name in each.samples}
    rest = [*assumed]
    while near := [each for each in rest if not names.isdisjoint(each.samples)]:
        used += near
        names.update(*(each.samples for each in near))
        rest = [each for each in rest if each not in near]
    samples: dict[str, frozenset[int]] = {}
    for each in used:
        for name, points in each.samples.items():
            samples[name] = samples.get(name, frozenset()) | points
    if prod(len(points) for points in samples.values()) > _MOST:
        return True
    ordered = [sorted(points) for points in samples.values()]
    for chosen in product(*ordered):
        values = dict(zip(samples, chosen, strict=True))
        if all(each.holds(values) for each in used):
            return True
    return False


class Formulas:
    """Makes formulas of the conditions of a program."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def formula(self, value: x.Expr, at: Span | None) -> Formula:
        """The formula of a condition that is asked for at one place (none: at the start).

        What may change is another thing at each place; what is fixed is one thing everywhere.
        """
        samples: dict[str, frozenset[int]] = {}
        place = f"{at.source.name}:{at.start}" if at else "the start"
        return Formula(self._truth(value, place, samples), samples)

    def _truth(
        self, value: x.Expr, at: str, samples: dict[str, frozenset[int]]
    ) -> Callable[[Values], bool]:
        match value:
            case x.Const(value=number):
                return lambda values: bool(number)
            case x.Not(operand=operand):
                inner = self._truth(operand, at, samples)
                return lambda values: not inner(values)
            case x.Truth(operand=x.Const(value=number)):
                return lambda values: bool(number)
            case x.Truth(operand=operand):
                return self._compared(operand, "!=", 0, at, samples)
            case x.Binary(op="and" | "or" | "implies" as op, left=left, right=right):
                one = self._truth(left, at, samples)
                other = self._truth(right, at, samples)
                match op:
                    case "and":
                        return lambda values: one(values) and other(values)
                    case "or":
                        return lambda values: one(values) or other(values)
                    case _:
                        return lambda values: not one(values) or other(values)
            case x.Binary(op=op, left=left, right=x.Const(value=number)) if op in _COMPARED:
                return self._compared(left, op, number, at, samples)
            case x.Binary(op=op, left=x.Const(value=number), right=right) if op in _COMPARED:
                return self._compared(right, _TURNED.get(op, op), number, at, samples)
            case x.Test(condition=condition) if condition.name in self.program.definitions:
                return self._truth(self.program.definitions[condition.name].value, at, samples)
            case _:
                return self._compared(value, "!=", 0, at, samples)

    def _compared(
        self, value: x.Expr, op: str, number: int, at: str, samples: dict[str, frozenset[int]]
    ) -> Callable[[Values], bool]:
        """A comparison with a constant, of something that may be asked about elsewhere too."""
        while isinstance(value, x.Cast) and _widens(value):
            value = value.value
        low, high = _limits(value)
        name = dump_expr(value) if self._fixed(value) else f"{dump_expr(value)} at {at}"
        near = {number - 1, number, number + 1, low, high}
        points = frozenset(n for n in near if low <= n <= high)
        samples[name] = samples.get(name, frozenset()) | points
        compare = _COMPARED[op]
        return lambda values: compare(values[name], number)

    def _fixed(self, value: x.Expr) -> bool:
        """Whether something is the same wherever it is asked for."""
        match value:
            case x.Test(condition=condition):
                defined = condition.name in self.program.definitions
                return condition.period in _FIXED and not defined
            case x.Extract(value=x.ReadRegister() as inner, field=field, index=None):
                return self._fixed(inner) and not field.computed
            case x.ReadRegister(register=register, index=None):
                computed = any(field.computed for field in register.fields)
                return register.access is Access.RO and not computed
            case _:
                return False


def _widens(cast: x.Cast) -> bool:
    """Whether a conversion keeps every value."""
    match cast.value.type, cast.type:
        case Int() as old, Int() as new:
            return new.holds(old.least) and new.holds(old.greatest)
        case _:
            return False


def _limits(value: x.Expr) -> tuple[int, int]:
    match value:
        case x.Test(condition=home) | x.ReadSlot(slot=home) if (
            home.low is not None and home.high is not None
        ):
            return home.low, home.high
        case x.Extract(field=field):
            return 0, (1 << field.width) - 1
        case _ if isinstance(value.type, Int):
            return value.type.least, value.type.greatest
        case _:
            assert isinstance(value.type, Bool)
            return 0, 1
