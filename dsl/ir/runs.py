"""Derived functions that only pick bits: which ones, where they are adjacent and in order."""

from __future__ import annotations

from typing import TypeAlias

from dsl.ir import expr as x
from dsl.ir.types import Int

#: For each bit of a value, from the lowest: the register's bit that it is, or None for a 0.
Bits: TypeAlias = list[int | None]


def run(value: x.Expr) -> tuple[int, int] | None:
    """The lowest bit and the width of the bits of a register that an expression is.

    None where it is anything else: more than these bits shifted down, or a truth value.
    """
    bits = _bits(value)
    if bits is None or not isinstance(value.type, Int):
        return None
    while bits and bits[-1] is None:
        bits.pop()
    if not bits or bits[0] is None or bits != list(range(bits[0], bits[0] + len(bits))):
        return None
    return bits[0], len(bits)


def _bits(value: x.Expr) -> Bits | None:
    """The bits of an expression; None where they are not known to be bits of the register."""
    if not isinstance(value.type, Int) or value.type.signed:
        return _constant(value)
    width = value.type.width
    match value:
        case x.Const():
            return _constant(value)
        case x.Written():
            return list(range(width))
        case x.Extract(value=inner, field=field, index=None):
            of = _bits(inner)
            return None if of is None else _cut(of[field.low : field.high + 1], width)
        case x.Cast(value=inner):
            of = _bits(inner)
            return None if of is None else _cut(of, width)
        case x.Binary(op="&", left=left, right=x.Const(value=mask)) | x.Binary(
            op="&", left=x.Const(value=mask), right=left
        ):
            of = _bits(left)
            return None if of is None else [b if mask >> i & 1 else None for i, b in enumerate(of)]
        case x.Binary(op="<<" | ">>" as op, left=left, right=x.Const(value=by)):
            of = _bits(left)
            if of is None:
                return None
            below: Bits = [None] * min(by, width)
            return _cut([*below, *of] if op == "<<" else of[by:], width)
        case x.Binary(op="|" | "^" | "+", left=left, right=right):
            a, b = _bits(left), _bits(right)
            if a is None or b is None:
                return None
            pairs = list(zip(a, b, strict=True))
            if any(p is not None and q is not None for p, q in pairs):
                return None
            return [q if p is None else p for p, q in pairs]
        case _:
            return None


def _constant(value: x.Expr) -> Bits | None:
    """A zero of any type; any other number has bits that are none of the register's."""
    match value:
        case x.Const(value=0, type=Int(width=width)):
            return [None] * width
        case _:
            return None


def _cut(bits: Bits, width: int) -> Bits:
    return (bits + [None] * width)[:width]
