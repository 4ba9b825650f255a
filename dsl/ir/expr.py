"""Expressions: every node has its type, and every conversion is a node of its own."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from dsl.ir.shapes import Condition, Field, Register, Slot
from dsl.ir.types import BOOL, Bool, Int, Type
from dsl.source import Span


class Const(Struct, frozen=True):
    value: int
    type: Int | Bool
    span: Span
    #: The enumerator it was written as beside its field, for outputs that spell it.
    name: str = ""


class Named(Const, frozen=True):
    """A number that has a name of its own, for outputs that spell it.

    ``symbol`` is that of a constant, or of an enumerator (``REG.FIELD.NAME``) that in its
    register is this very number.
    """

    symbol: str = ""


class Var(Struct, frozen=True):
    """A parameter, a ``let`` or a loop variable; ``view`` is the register whose fields it has."""

    name: str
    type: Type
    span: Span
    view: Register | None = None


class Written(Struct, frozen=True):
    """In a platform's behaviour: the value of the register itself."""

    register: Register
    span: Span

    @property
    def type(self) -> Int:
        return self.register.type


class ReadRegister(Struct, frozen=True):
    """One read of a register (``index`` None) or of an element of a bank."""

    register: Register
    index: Expr | None
    span: Span

    @property
    def type(self) -> Int:
        return self.register.type


class ReadSlot(Struct, frozen=True):
    """A load from a context; ``base`` is the handle that it belongs to (empty: the machine)."""

    slot: Slot
    base: str
    index: Expr | None
    span: Span

    @property
    def type(self) -> Int | Bool:
        return self.slot.type


class Test(Struct, frozen=True):
    """The value of a condition; ``base`` is the handle it is asked of (none: the machine)."""

    condition: Condition
    base: str | None
    span: Span

    @property
    def type(self) -> Int | Bool:
        return self.condition.type


class Extract(Struct, frozen=True):
    """A field of a value, shifted down; ``index`` picks an element of a family."""

    value: Expr
    register: Register
    field: Field
    index: Expr | None
    type: Int
    span: Span


class Derive(Struct, frozen=True):
    """A derived function of a register's value."""

    value: Expr
    register: Register
    name: str
    type: Int | Bool
    span: Span


class Insert(Struct, frozen=True):
    """The value with one field changed (``value with field = new``)."""

    value: Expr
    register: Register
    field: Field
    index: Expr | None
    new: Expr
    type: Int
    span: Span


class Binary(Struct, frozen=True):
    """An operator; both operands have one type.

    ``+ - * & | ^ << >>`` on integers, ``== != < <= > >=`` on integers (and ``== !=`` on truth
    values), ``and or implies`` on truth values.  A shift by the width or more gives 0.
    """

    op: str
    left: Expr
    right: Expr
    type: Int | Bool
    span: Span


class Not(Struct, frozen=True):
    operand: Expr
    span: Span

    @property
    def type(self) -> Bool:
        return BOOL


class Truth(Struct, frozen=True):
    """An integer as a truth value: it is not zero."""

    operand: Expr
    span: Span

    @property
    def type(self) -> Bool:
        return BOOL


class Cast(Struct, frozen=True):
    """Conversion to an integer type: zero- or sign-extended, or cut off."""

    value: Expr
    type: Int
    span: Span


class Call(Struct, frozen=True):
    """A call of a sequence or an extern; ``hyp`` where it goes into EL2."""

    callee: str
    args: tuple[Expr, ...]
    hyp: bool
    type: Type | None
    span: Span


class Every(Struct, frozen=True):
    """``condition`` holds for each value of ``var`` in ``low..high``."""

    var: str
    low: Expr
    high: Expr
    condition: Expr
    span: Span

    @property
    def type(self) -> Bool:
        return BOOL


class Count(Struct, frozen=True):
    """In a scenario: how many ``accesses``, ``barriers``, ``reads`` or ``writes`` were made."""

    what: str
    type: Int
    span: Span


Expr: TypeAlias = (
    Const
    | Var
    | Written
    | ReadRegister
    | ReadSlot
    | Test
    | Extract
    | Derive
    | Insert
    | Binary
    | Not
    | Truth
    | Cast
    | Call
    | Every
    | Count
)
