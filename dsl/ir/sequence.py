"""Sequences: their signatures, their kinds, and the statements that they are made of."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from dsl.ir.expr import Call, Expr
from dsl.ir.platform import Barrier, Events, Target
from dsl.ir.shapes import Condition, Field, Register, Slot
from dsl.ir.types import Type
from dsl.source import Span


class Lock(Struct, frozen=True):
    name: str
    title: str
    doc: tuple[str, ...]
    span: Span


class Param(Struct, frozen=True):
    name: str
    type: Type
    view: Register | None
    span: Span


class Kind(StrEnum):
    SAVE = "save"
    RESTORE = "restore"
    ACTIVATE = "activate"
    DEACTIVATE = "deactivate"
    SEQUENCE = "sequence"
    #: What the hardware does when somebody asks for it, and what an extern or a condition does.
    OPERATION = "operation"
    MODEL = "model"


class Signature(Struct, frozen=True):
    """What a call has to know; ``result`` is None where nothing comes back."""

    name: str
    params: tuple[Param, ...]
    result: Type | None
    view: Register | None
    span: Span


class Effect(Struct, frozen=True):
    """``reads``, ``writes`` or ``needs`` some places; ``low..high`` bounds what is written.

    ``masks`` has the bits of each place that are meant (None: all of it).
    """

    kind: str
    places: tuple[Slot | Condition | Target | Lock, ...]
    low: int | None
    high: int | None
    span: Span
    masks: tuple[int | None, ...]

    def bits(self, place: Slot | Condition | Target | Lock) -> int | None:
        """The bits of a place that are meant (None: all of it)."""
        bits = 0
        for named, mask in zip(self.places, self.masks, strict=True):
            if named == place:
                if mask is None:
                    return None
                bits |= mask
        return bits


class Extern(Struct, frozen=True):
    """An operation outside the language, its declared effects, and what it leaves true."""

    signature: Signature
    effects: tuple[Effect, ...]
    ensures: tuple[Expr, ...]
    doc: tuple[str, ...]


# ---- statements; each carries the documentation in front of it


class Change(Struct, frozen=True):
    """A field (``index``: an element of a family) and the value that it gets."""

    field: Field
    index: Expr | None
    value: Expr


class WriteRegister(Struct, frozen=True):
    register: Register
    index: Expr | None
    value: Expr
    doc: tuple[str, ...]
    span: Span


class UpdateRegister(Struct, frozen=True):
    """One read, the changes in order, one write."""

    register: Register
    index: Expr | None
    changes: tuple[Change, ...]
    doc: tuple[str, ...]
    span: Span


class WriteSlot(Struct, frozen=True):
    slot: Slot
    base: str
    index: Expr | None
    value: Expr
    doc: tuple[str, ...]
    span: Span


class UpdateSlot(Struct, frozen=True):
    """One load, the changes in order, one store; the fields are those of ``view``."""

    slot: Slot
    view: Register
    base: str
    index: Expr | None
    changes: tuple[Change, ...]
    doc: tuple[str, ...]
    span: Span


class Let(Struct, frozen=True):
    """A local; without a value, every path assigns one before it is used."""

    name: str
    type: Type
    value: Expr | None
    doc: tuple[str, ...]
    span: Span


class Assign(Struct, frozen=True):
    """Another value for a `Let`; a field changed is an ``Insert`` into its own value."""

    name: str
    type: Type
    value: Expr
    doc: tuple[str, ...]
    span: Span


class Arm(Struct, frozen=True):
    condition: Expr
    body: Body
    doc: tuple[str, ...]
    span: Span


class If(Struct, frozen=True):
    """The first arm whose condition holds; ``otherwise`` is None where there is no else."""

    arms: tuple[Arm, ...]
    otherwise: Body | None
    doc: tuple[str, ...]
    span: Span


class Loop(Struct, frozen=True):
    """``var`` counts up from ``low`` to ``high``, included where ``inclusive``."""

    var: str
    type: Type
    low: Expr
    high: Expr
    inclusive: bool
    body: Body
    doc: tuple[str, ...]
    span: Span


class Case(Struct, frozen=True):
    value: int
    body: Body
    span: Span


class Switch(Struct, frozen=True):
    """The case that equals ``value``, and where ``falling`` every one below it; else otherwise."""

    value: Expr
    falling: bool
    cases: tuple[Case, ...]
    otherwise: Body | None
    doc: tuple[str, ...]
    span: Span


class Labelled(Struct, frozen=True):
    """A block that `Leave` can end early."""

    label: str
    body: Body
    doc: tuple[str, ...]
    span: Span


class Leave(Struct, frozen=True):
    label: str
    doc: tuple[str, ...]
    span: Span


class Return(Struct, frozen=True):
    value: Expr | None
    doc: tuple[str, ...]
    span: Span


class Fail(Struct, frozen=True):
    """The machine stops: no path may come here."""

    message: str
    doc: tuple[str, ...]
    span: Span


class Trap(Struct, frozen=True):
    """An operation does not happen: an exception to EL2, or (``undefined``) where it was tried."""

    undefined: bool
    message: str
    doc: tuple[str, ...]
    span: Span


class Hold(Struct, frozen=True):
    """The body runs with the lock taken."""

    lock: Lock
    base: str | None
    body: Body
    doc: tuple[str, ...]
    span: Span


class Perform(Struct, frozen=True):
    """A call for its effects."""

    call: Call
    doc: tuple[str, ...]
    span: Span


class Order(Struct, frozen=True):
    """Barriers, in order, and the two sides they order (None only in a lifecycle)."""

    barriers: tuple[Barrier, ...]
    first: Events | None
    then: Events | None
    doc: tuple[str, ...]
    span: Span


class Warn(Struct, frozen=True):
    """Complain, and go on, where the condition holds."""

    condition: Expr
    doc: tuple[str, ...]
    span: Span


class Assert(Struct, frozen=True):
    condition: Expr
    doc: tuple[str, ...]
    span: Span


class May(Struct, frozen=True):
    """In a lifecycle: somebody else may change, use, read or write these places."""

    kind: str
    places: tuple[Slot | Condition | Target, ...]
    doc: tuple[str, ...]
    span: Span


class Perhaps(Struct, frozen=True):
    """In a lifecycle: somebody else has these barriers here, or not."""

    barriers: tuple[Barrier, ...]
    doc: tuple[str, ...]
    span: Span


Statement: TypeAlias = (
    WriteRegister
    | UpdateRegister
    | WriteSlot
    | UpdateSlot
    | Let
    | Assign
    | If
    | Loop
    | Switch
    | Labelled
    | Leave
    | Return
    | Fail
    | Trap
    | Hold
    | Perform
    | Order
    | Warn
    | Assert
    | May
    | Perhaps
)
Body: TypeAlias = tuple[Statement, ...]


class Sequence(Struct, frozen=True):
    """A sequence; ``body`` is None where a module that imports this one defines it."""

    kind: Kind
    signature: Signature
    undoes: str | None
    body: Body | None
    doc: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.signature.name
