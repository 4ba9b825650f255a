"""Expressions: every node has its type, and every conversion is a node of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from dsl.ir.shapes import Condition, Field, Register, Slot
from dsl.ir.types import BOOL, Bool, Int, Type
from dsl.source import Span


@dataclass(frozen=True, slots=True)
class Const:
    value: int
    type: Int | Bool
    span: Span
    #: The enumerator it was written as, for outputs that spell it.
    name: str = ""


@dataclass(frozen=True, slots=True)
class Var:
    """A parameter, a ``let`` or a loop variable; ``view`` is the register whose fields it has."""

    name: str
    type: Type
    span: Span
    view: Register | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """In a platform's behaviour: the value of the register itself."""

    register: Register
    span: Span

    @property
    def type(self) -> Int:
        return self.register.type


@dataclass(frozen=True, slots=True)
class ReadRegister:
    """One read of a register (``index`` None) or of an element of a bank."""

    register: Register
    index: Expr | None
    span: Span

    @property
    def type(self) -> Int:
        return self.register.type


@dataclass(frozen=True, slots=True)
class ReadSlot:
    """A load from a context; ``base`` is the handle that it belongs to."""

    slot: Slot
    base: str
    index: Expr | None
    span: Span

    @property
    def type(self) -> Int | Bool:
        return self.slot.type


@dataclass(frozen=True, slots=True)
class Test:
    """The value of a condition; ``base`` is the handle it is asked of (none: the machine)."""

    condition: Condition
    base: str | None
    span: Span

    @property
    def type(self) -> Int | Bool:
        return self.condition.type


@dataclass(frozen=True, slots=True)
class Extract:
    """A field of a value, shifted down; ``index`` picks an element of a family."""

    value: Expr
    register: Register
    field: Field
    index: Expr | None
    type: Int
    span: Span


@dataclass(frozen=True, slots=True)
class Derive:
    """A derived function of a register's value."""

    value: Expr
    register: Register
    name: str
    type: Int | Bool
    span: Span


@dataclass(frozen=True, slots=True)
class Insert:
    """The value with one field changed (``value with field = new``)."""

    value: Expr
    register: Register
    field: Field
    index: Expr | None
    new: Expr
    type: Int
    span: Span


@dataclass(frozen=True, slots=True)
class Binary:
    """An operator; both operands have one type.

    ``+ - * & | ^ << >>`` on integers, ``== != < <= > >=`` on integers (and ``== !=`` on truth
    values), ``and or implies`` on truth values.  A shift by the width or more gives 0.
    """

    op: str
    left: Expr
    right: Expr
    type: Int | Bool
    span: Span


@dataclass(frozen=True, slots=True)
class Not:
    operand: Expr
    span: Span

    @property
    def type(self) -> Bool:
        return BOOL


@dataclass(frozen=True, slots=True)
class Truth:
    """An integer as a truth value: it is not zero."""

    operand: Expr
    span: Span

    @property
    def type(self) -> Bool:
        return BOOL


@dataclass(frozen=True, slots=True)
class Cast:
    """Conversion to an integer type: zero- or sign-extended, or cut off."""

    value: Expr
    type: Int
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a sequence or an extern; ``hyp`` where it goes into EL2."""

    callee: str
    args: tuple[Expr, ...]
    hyp: bool
    type: Type | None
    span: Span


@dataclass(frozen=True, slots=True)
class Every:
    """``condition`` holds for each value of ``var`` in ``low..high``."""

    var: str
    low: Expr
    high: Expr
    condition: Expr
    span: Span

    @property
    def type(self) -> Bool:
        return BOOL


@dataclass(frozen=True, slots=True)
class Count:
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
