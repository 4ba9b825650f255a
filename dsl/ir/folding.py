"""Expressions where some things are known: what is constant becomes a number.

What an expression does stays: an access of a register whose value is known is still made (and a
trace still has it), so an expression can have a known value without being a constant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias, assert_never

from msgspec import Struct
from msgspec.structs import replace

from dsl.ir import expr as x
from dsl.ir.arithmetic import extract, insert, lowest, operate
from dsl.ir.program import Program
from dsl.ir.shapes import Access, Field, Period, Register
from dsl.ir.types import Bool, Int
from dsl.ir.walk import parts

#: What is known of variables, by name.
Values: TypeAlias = Mapping[str, int]

#: An ``every`` over more than so many values is left as it is.
_MANY = 256


class Fixed(Struct, frozen=True):
    """What holds for good: conditions and slots by name, registers by name and element."""

    conditions: Mapping[str, int]
    slots: Mapping[str, int]
    registers: Mapping[tuple[str, int | None], int]


class Folded(Struct, frozen=True):
    """What is left of an expression, and its value where that is known.

    With a value it is a constant, unless it does something (or may fail) that must still happen.
    """

    expr: x.Expr
    value: int | None

    @property
    def settled(self) -> bool:
        """Whether nothing is left to be done."""
        return isinstance(self.expr, x.Const)


class Folder:
    """Folds the expressions of a program.

    ``quiet`` is for those of a platform, of conditions and of promises, which look at registers
    from outside: no access is made.  ``unseen`` is for sequences whose reads nobody sees.
    """

    def __init__(
        self, program: Program, fixed: Fixed, *, quiet: bool = False, unseen: bool = False
    ) -> None:
        self.program = program
        self.fixed = fixed
        self.quiet = quiet
        self.unseen = unseen
        self._inner = self if quiet else Folder(program, fixed, quiet=True)
        self._silent: dict[tuple[str, ...], bool] = {}

    def fold(self, e: x.Expr, known: Values, written: int | None = None) -> Folded:
        """An expression where variables are ``known``, and the register's own value (quiet)."""
        left, value = self._fold(e, known, written)
        if value is not None and not isinstance(left, x.Const) and self.silent(left):
            assert isinstance(e.type, Int | Bool)
            left = x.Const(value, e.type, e.span)
        return Folded(left, value)

    def claim(self, e: x.Expr, known: Values) -> Folded:
        """A condition that is quoted where it does not hold, which is how the source has it."""
        folded = self.fold(e, known)
        if folded.expr.span == e.span:
            return folded
        return Folded(x.Truth(folded.expr, e.span), folded.value)

    def _fold(self, e: x.Expr, known: Values, written: int | None) -> tuple[x.Expr, int | None]:
        def fold(part: x.Expr) -> Folded:
            return self.fold(part, known, written)

        left: x.Expr
        value: int | None
        match e:
            case x.Const():
                return e, e.value
            case x.Var(name=name):
                return e, known.get(name)
            case x.Written():
                return e, written
            case x.ReadRegister(register=register, index=index):
                at = None if index is None else fold(index)
                left = e if at is None else replace(e, index=at.expr)
                return left, self._register(register, at)
            case x.ReadSlot(slot=slot, index=index):
                left = e if index is None else replace(e, index=fold(index).expr)
                return left, self.fixed.slots.get(slot.name)
            case x.Test(condition=condition):
                if condition.name in self.fixed.conditions:
                    return e, self.fixed.conditions[condition.name]
                defined = self.program.definitions.get(condition.name)
                return e, None if defined is None else self._inner.fold(defined.value, {}).value
            case x.Extract(value=inner, field=field, index=index, type=type):
                whole, at = fold(inner), None if index is None else fold(index)
                left = replace(e, value=whole.expr, index=None if at is None else at.expr)
                low = _low(field, at)
                if whole.value is None or low is None:
                    return left, None
                return left, extract(whole.value, low, field.width, type)
            case x.Derive(value=inner, register=register, name=name):
                whole = fold(inner)
                left = replace(e, value=whole.expr)
                function = self.program.derived[register.name, name].value
                return left, self._inner.fold(function, {}, whole.value).value
            case x.Insert(value=inner, field=field, index=index, new=new, type=type):
                whole, at, put = fold(inner), None if index is None else fold(index), fold(new)
                left = replace(
                    e, value=whole.expr, index=None if at is None else at.expr, new=put.expr
                )
                low = _low(field, at)
                if whole.value is None or put.value is None or low is None:
                    return left, None
                return left, insert(whole.value, low, field.width, put.value, type)
            case x.Binary():
                return self._binary(e, fold(e.left), fold(e.right))
            case x.Not(operand=operand):
                inside = fold(operand)
                value = None if inside.value is None else int(not inside.value)
                return replace(e, operand=inside.expr), value
            case x.Truth(operand=operand):
                inside = fold(operand)
                value = None if inside.value is None else int(inside.value != 0)
                return replace(e, operand=inside.expr), value
            case x.Cast(value=inner, type=type):
                inside = fold(inner)
                value = None if inside.value is None else type.wrap(inside.value)
                return replace(e, value=inside.expr), value
            case x.Call(args=args):
                return replace(e, args=tuple(fold(a).expr for a in args)), None
            case x.Every():
                return self._every(e, known, written)
            case x.Count():
                return e, None
            case _:
                assert_never(e)

    def _register(self, register: Register, at: Folded | None) -> int | None:
        if at is not None and at.value is None:
            return None
        value = self.fixed.registers.get((register.name, None if at is None else at.value))
        if value is None or self.quiet:
            return value
        # Software cannot read what is write-only.
        for field in register.fields:
            if field.access == "wo":
                value &= ~field.mask
        return value

    def _binary(self, e: x.Binary, left: Folded, right: Folded) -> tuple[x.Expr, int | None]:
        both = replace(e, left=left.expr, right=right.expr)
        a, b = left.value, right.value
        if e.op in ("and", "or", "implies"):
            return self._shortcut(both, left, right)
        if a is not None and b is not None:
            return both, operate(e.op, a, b, e.type)
        if isinstance(e.type, Int):
            if self._nothing(e.op, b, e.type) and right.settled and e.left.type == e.type:
                return left.expr, None
            if e.op in ("+", "|", "^") and a == 0 and left.settled and e.right.type == e.type:
                return right.expr, None
            if e.op in ("&", "*") and 0 in (a, b):
                return both, 0
        return both, None

    @staticmethod
    def _nothing(op: str, right: int | None, type: Int) -> bool:
        """Whether an operator with this on its right changes nothing."""
        if op == "&":
            return right is not None and right & type.mask == type.mask
        return right == 0 and op in ("+", "-", "|", "^", "<<", ">>")

    def _shortcut(self, e: x.Binary, left: Folded, right: Folded) -> tuple[x.Expr, int | None]:
        """``and``, ``or``, ``implies``: the right side is asked only where the left lets it."""
        # The value of the left side that decides, and what it decides.
        deciding = int(e.op == "or")
        decided = int(e.op != "and")
        if left.value is not None:
            if int(bool(left.value)) == deciding:
                return left.expr if e.op != "implies" else x.Not(left.expr, e.span), decided
            return (right.expr if left.settled else e), right.value
        if right.value is None:
            return e, None
        if int(bool(right.value)) == decided:
            # It is this whatever the left side says, which may still have to be asked.
            return e, decided
        if right.settled:
            return (left.expr if e.op != "implies" else x.Not(left.expr, e.span)), None
        return e, None

    def _every(self, e: x.Every, known: Values, written: int | None) -> tuple[x.Expr, int | None]:
        low, high = self.fold(e.low, known, written), self.fold(e.high, known, written)
        others = {name: value for name, value in known.items() if name != e.var}
        condition = self.fold(e.condition, others, written)
        left = replace(e, low=low.expr, high=high.expr, condition=condition.expr)
        if low.value is None or high.value is None or high.value - low.value >= _MANY:
            return left, None
        found = [
            self.fold(e.condition, {**others, e.var: i}, written).value
            for i in range(low.value, high.value + 1)
        ]
        if 0 in found:
            return left, 0
        return left, None if None in found else 1

    # ---- what may be left out

    def silent(self, e: x.Expr) -> bool:
        """Whether nothing is lost when an expression is not evaluated: no access, no failure."""
        match e:
            case x.ReadRegister(register=register, index=index):
                if not self.quiet and not (self.unseen and register.access is not Access.WO):
                    return False
                if not _within(index, register.first, register.count):
                    return False
            case x.ReadSlot(slot=slot, index=index):
                if not _within(index, 0, slot.length):
                    return False
            case x.Extract(field=field, index=index) | x.Insert(field=field, index=index):
                if not _within(index, field.first, field.count):
                    return False
            case x.Call():
                return False
            case x.Test(condition=condition):
                defined = self.program.definitions.get(condition.name)
                if defined is None:
                    return condition.period is not Period.TEST
                return self._of(("condition", condition.name), defined.value)
            case x.Derive(register=register, name=name):
                function = self.program.derived[register.name, name].value
                if not self._of((register.name, name), function):
                    return False
            case _:
                pass
        return all(self.silent(part) for part in parts(e))

    def _of(self, name: tuple[str, ...], value: x.Expr) -> bool:
        """The same for a function that others call, which is looked at once."""
        if name not in self._silent:
            self._silent[name] = self._inner.silent(value)
        return self._silent[name]


def _low(field: Field, at: Folded | None) -> int | None:
    """The lowest bit of a field; None where the index is not known, or outside of the family."""
    if at is None:
        return field.low
    return None if at.value is None else lowest(field, at.value)


def _within(index: x.Expr | None, first: int, count: int) -> bool:
    """Whether an index is surely that of an element."""
    return index is None or (isinstance(index, x.Const) and first <= index.value < first + count)
