"""Which bits of a value are those of a register that was read before, as its form tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dsl.ir import expr as x
from dsl.ir.arithmetic import lowest
from dsl.ir.shapes import Field
from dsl.source import Span
from dsl.verify.symbolic.term import Term


@dataclass(frozen=True, slots=True)
class Derived:
    """The bits of ``mask`` are those of an element of a register, which held ``value`` then."""

    element: str
    value: Term
    mask: int
    span: Span


def origins(value: x.Expr, mask: int = -1) -> Iterator[tuple[x.Var | x.ReadRegister, int]]:
    """The variables and registers whose bits a value has in the same place, and which bits."""
    match value:
        case x.Var() | x.ReadRegister():
            yield value, mask
        case x.Cast(value=inner, type=type):
            yield from origins(inner, mask & type.mask)
        case x.Insert(value=inner, field=field, index=index):
            yield from origins(inner, mask & ~_place(field, index))
        case x.Binary(op="&", left=left, right=x.Const(value=number)):
            yield from origins(left, mask & number)
        case x.Binary(op="|" | "^", left=left, right=x.Const(value=number)):
            yield from origins(left, mask & ~number)
        case _:
            pass


def _place(field: Field, index: x.Expr | None) -> int:
    if field.count and isinstance(index, x.Const):
        low = lowest(field, index.value)
        if low is not None:
            return ((1 << field.width) - 1) << low
    return field.mask
