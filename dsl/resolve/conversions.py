"""Conversions: what fits where, which type two operands meet in, whose fields a value has."""

from __future__ import annotations

from msgspec.structs import replace

from dsl.diagnostics.values import OutOfRange, TypeMismatch
from dsl.ir import expr as x
from dsl.ir.shapes import Register
from dsl.ir.types import BOOL, Bool, Handle, Int, Type, common
from dsl.resolve.access import fits
from dsl.resolve.constants import calculated
from dsl.resolve.scope import Scope
from dsl.syntax import tree as t

#: The widths that C computes with.
_COMPUTED = (32, 64)


def known(value: x.Expr) -> int | None:
    """The number that an expression of constants is, however large; None for any other."""
    match value:
        case x.Const(value=number):
            return number
        case x.Cast(value=inner):
            return known(inner)
        case x.Binary(op=op, left=left, right=right):
            a, b = known(left), known(right)
            return None if a is None or b is None else calculated(op, a, b)
        case _:
            return None


def fit(scope: Scope, node: t.Node, value: x.Expr, kind: Type, what: str) -> x.Expr | None:
    """A value converted to ``kind``, or a finding that it cannot be."""
    match value, kind:
        case x.Const(value=number), Int():
            if not kind.holds(number):
                _too_large(scope, node, number, kind, what)
                return None
            return replace(value, type=kind)
        case (
            x.Binary(op="^", left=inner, right=x.Const(value=-1)),
            Int(),
        ) if (
            not kind.signed and (low := known(inner)) is not None and kind.holds(low)
        ):
            # `~1` has as many bits as what it is for, as in C, where it is sign-extended.
            if kind.width not in _COMPUTED:
                return x.Const(low ^ kind.mask, kind, value.span)
            operand, ones = x.Const(low, kind, value.span), x.Const(kind.mask, kind, value.span)
            return x.Binary("^", operand, ones, kind, value.span)
        case x.Binary(), Int() if (sum_ := known(value)) is not None and not kind.holds(sum_):
            _too_large(scope, node, sum_, kind, what)
            return None
        case _, Bool() if isinstance(value.type, Int):
            return x.Truth(value, value.span)
        case _, Int() if isinstance(value.type, Int):
            if value.type == kind:
                return value
            if not fits(scope, node, value, kind, what):
                return None
            return x.Cast(value, kind, value.span)
        case _ if value.type == kind:
            return value
        case _:
            scope.found.add(
                TypeMismatch(
                    scope.span(node),
                    f"{what} takes {called_type(kind)}, and this is {called_type(value.type)}",
                    help=(
                        "write `when … { … <- 1 } else { … <- 0 }`"
                        if isinstance(kind, Int) and value.type == BOOL
                        else ""
                    ),
                )
            )
            return None


def _too_large(scope: Scope, node: t.Node, number: int, kind: Int, what: str) -> None:
    scope.found.add(
        OutOfRange(
            scope.span(node),
            f"{number} does not fit {what}, which holds {kind.least}..{kind.greatest}",
        )
    )


def called_type(kind: Type | None) -> str:
    match kind:
        case None:
            return "nothing"
        case Bool():
            return "a truth value"
        case Int():
            return f"a number ({kind})"
        case Handle():
            return f"a {kind}"


def as_flag(value: x.Expr) -> x.Expr:
    """A field of one bit as a truth value; anything else as it is."""
    if isinstance(value, x.Extract) and value.field.width == 1:
        return x.Truth(value, value.span)
    return value


def common_type(left: x.Expr, right: x.Expr) -> Int:
    """The type both operands are converted to; a literal takes the other's if it fits."""
    assert isinstance(left.type, Int)
    assert isinstance(right.type, Int)
    for literal, other in ((left, right), (right, left)):
        if isinstance(literal, x.Const) and not isinstance(other, x.Const):
            assert isinstance(other.type, Int)
            kind = common(other.type, other.type)
            if kind.holds(literal.value):
                return kind
    return common(left.type, right.type)


def view_of(value: x.Expr) -> Register | None:
    """The register whose fields a value has."""
    match value:
        case x.ReadRegister(register=register) | x.Written(register=register):
            return register
        case x.Insert(register=register):
            return register
        case x.ReadSlot(slot=slot) if slot.link is not None:
            return slot.link.register.register
        case x.Var(view=view):
            return view
        case x.Cast(value=inner):
            return view_of(inner)
        case _:
            return None
