"""Registers as they are laid out, and what the architecture says they do.

The shapes (`Register`, `Field`) hold no expressions, so expressions can refer to them freely;
behaviour (`Legalisation`, `Computed`, `Derived`) is kept beside them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from dsl.ir.expr import Expr
from dsl.ir.shapes import Field, FieldLayout, Register, RegisterRef
from dsl.source import Span


class Platform(Struct, frozen=True):
    """A family of registers and the document that describes it."""

    name: str
    document: str
    doc: tuple[str, ...]
    span: Span


class Legalisation(Struct, frozen=True):
    """A write of ``field`` becomes ``value`` where ``condition`` holds.

    In both expressions `expr.Written` is the value being written to the whole register.
    """

    register: Register
    field: Field
    value: Expr
    condition: Expr


class Computed(Struct, frozen=True):
    """``field`` is not stored: a read gives ``value``.

    ``var`` is the name that stands for the element in a family such as ``Status<n>``.
    """

    register: Register
    field: Field
    var: str | None
    value: Expr


class InForce(Struct, frozen=True):
    """A layout of ``register`` is in force while ``condition`` holds.

    `expr.Written` is the value of the register itself.
    """

    register: Register
    layout: FieldLayout
    condition: Expr


class Derived(Struct, frozen=True):
    """A named function of a register's value (`expr.Written`)."""

    register: Register
    name: str
    value: Expr
    doc: tuple[str, ...]
    span: Span


class Endpoint(Struct, frozen=True):
    """Somebody beyond the registers; ``aliases`` are the registers whose state they also see."""

    name: str
    title: str
    aliases: tuple[RegisterRef, ...]
    doc: tuple[str, ...]
    span: Span


class Group(Struct, frozen=True):
    """A name for several registers (and endpoints)."""

    name: str
    members: tuple[Target, ...]
    doc: tuple[str, ...]
    span: Span


Target: TypeAlias = RegisterRef | Endpoint


class BarrierKind(StrEnum):
    """``exception`` and ``eret`` are an exception's entry and return: they synchronise too."""

    ISB = "isb"
    DSB = "dsb"
    DMB = "dmb"
    EXCEPTION = "exception"
    ERET = "eret"


class Barrier(Struct, frozen=True):
    """One barrier; ``option`` is the access types and shareability of a dsb or dmb, "" for isb."""

    kind: BarrierKind
    option: str

    def __str__(self) -> str:
        return f"{self.kind}({self.option})" if self.option else str(self.kind)

    @property
    def synchronises(self) -> bool:
        """Whether it is a context synchronization event."""
        return self.kind in (BarrierKind.ISB, BarrierKind.EXCEPTION, BarrierKind.ERET)

    def serves(self, needed: Barrier) -> bool:
        """Whether this one does what ``needed`` asks for, and perhaps more.

        A DSB does what the DMB of its option does; a wider shareability domain includes the
        narrower ones, and the barrier for all accesses those for loads and for stores.
        """
        if needed.kind is BarrierKind.ISB:
            return self.synchronises
        if self.kind is BarrierKind.DMB and needed.kind is BarrierKind.DSB:
            return False
        if self.kind not in (BarrierKind.DSB, BarrierKind.DMB):
            return False
        domain, accesses = _option(self.option)
        least, wanted = _option(needed.option)
        return domain >= least and wanted <= accesses


def _option(option: str) -> tuple[int, frozenset[str]]:
    """How wide the domain of a barrier is, and the accesses that it covers."""
    domain, accesses = option, frozenset(("ld", "st"))
    for kind in ("ld", "st"):
        if option.endswith(kind):
            domain, accesses = option.removesuffix(kind), frozenset((kind,))
    return ("nsh", "ish", "osh", "sy").index(domain or "sy"), accesses


class Events(Struct, frozen=True):
    """Reads, writes or (``access`` None) either, of registers or by endpoints."""

    access: str | None
    targets: tuple[Target, ...]
    span: Span


class Strength(StrEnum):
    ARCHITECTURE = "architecture"
    PRACTICE = "practice"
    CONVENTION = "convention"


class VisibleTo(Struct, frozen=True):
    """``first`` is visible to ``then`` only after ``barriers``."""

    first: Events
    then: Events
    barriers: tuple[Barrier, ...]
    condition: Expr | None


class OnlyWhile(Struct, frozen=True):
    """``events`` may happen only while ``effective`` is in force."""

    events: Events
    effective: Expr
    condition: Expr | None


class Precedes(Struct, frozen=True):
    """``first`` comes before ``then`` in program order."""

    first: Events
    then: Events
    condition: Expr | None


class Rule(Struct, frozen=True):
    """An ordering or state rule of the architecture, with its source and strength."""

    name: str
    strength: Strength
    source: str
    clauses: tuple[VisibleTo | OnlyWhile | Precedes, ...]
    doc: tuple[str, ...]
    span: Span
