"""Which registers and fields may be read and written, and what may be lost on the way."""

from __future__ import annotations

from dsl.diagnostics import Note
from dsl.diagnostics.registers import ReadOnly, WriteOnly
from dsl.diagnostics.values import LosesBits
from dsl.ir import expr as x
from dsl.ir.shapes import Access, Field, Register
from dsl.ir.types import Int
from dsl.resolve.scope import Frame, Scope
from dsl.syntax import tree as t


def readable(scope: Scope, node: t.Node, register: Register, field: Field | None) -> bool:
    """Whether a register (and a field of it) may be read; reports it if not."""
    access = Access.WO if register.access is Access.WO else field.access if field else Access.RW
    if access is not Access.WO:
        return True
    what = field.name if field and register.access is not Access.WO else register.name
    scope.found.add(
        WriteOnly(
            scope.span(node),
            f"{what} is write-only and is read here",
            (Note(field.span if field else register.span, "declared here"),),
        )
    )
    return False


def writable(
    scope: Scope, frame: Frame, node: t.Node, register: Register, field: Field | None
) -> bool:
    """Whether a register (or a field, by read-modify-write) may be written; reports it if not."""
    span = scope.span(node)
    if frame.place == "boot" and not (field is not None and field.computed):
        # A CPU holds what no instruction could write.
        return True
    if register.access is Access.RO:
        scope.found.add(
            ReadOnly(
                span,
                f"{register.name} is read-only and is written here",
                (Note(register.span, "declared here"),),
            )
        )
        return False
    if field is None:
        return True
    if field.computed or field.access in (Access.RO, Access.WI):
        why = "computed from other state" if field.computed else "read-only"
        scope.found.add(
            ReadOnly(
                span,
                f"{register.name}.{field.name} is {why} and is written here",
                (Note(field.span, "declared here"),),
            )
        )
        return False
    return readable(scope, node, register, None)


def register_bits(value: x.Expr) -> tuple[int, Register | None]:
    """The bits of a value that may come from a register, and that register.

    Nothing is known of variables that hold no register's value, so they count as no bits.
    """
    register: Register | None
    match value:
        case x.ReadRegister() | x.Var(view=Register()):
            register = value.register if isinstance(value, x.ReadRegister) else value.view
            return (register.live if register else 0), register
        case x.ReadSlot(slot=slot) if slot.link is not None:
            register = slot.link.register.register
            kind = slot.type
            return (register.live & kind.mask if isinstance(kind, Int) else 1), register
        case x.Extract(field=field):
            return (1 << field.width) - 1, value.register
        case x.Cast(value=inner, type=kind):
            bits, register = register_bits(inner)
            return bits & kind.mask, register
        case x.Insert(value=inner, field=field):
            bits, register = register_bits(inner)
            return bits | field.mask, register
        case x.Binary(op="&", left=x.Const(value=mask), right=other) | x.Binary(
            op="&", left=other, right=x.Const(value=mask)
        ):
            bits, register = register_bits(other)
            return bits & mask, register
        case x.Binary(op="|" | "^" | "&", left=left, right=right):
            a, first = register_bits(left)
            b, second = register_bits(right)
            return a | b, first or second
        case x.Binary(op=">>", left=left, right=x.Const(value=by)):
            bits, register = register_bits(left)
            return bits >> by, register
        case x.Binary(op="<<", left=left, right=x.Const(value=by), type=Int() as kind):
            bits, register = register_bits(left)
            return (bits << by & kind.mask if by < kind.width else 0), register
        case _:
            return 0, None


def fits(scope: Scope, node: t.Node, value: x.Expr, kind: Int, where: str) -> bool:
    """Whether no bit of a register would be lost in something of type ``kind``; reports it."""
    bits, register = register_bits(value)
    lost = bits & ~kind.mask
    if not lost or register is None:
        return True
    high, low = lost.bit_length() - 1, (lost & -lost).bit_length() - 1
    scope.found.add(
        LosesBits(
            scope.span(node),
            f"{where} has {kind.width} bits, and {register.name} needs more: "
            f"bits {high}:{low} would be lost and are not RES0",
            (Note(register.span, "declared here"),),
        )
    )
    return False
