"""Platforms, registers, endpoints, groups, and the rules about them."""

from __future__ import annotations

from dsl.syntax.tree.base import Doc, Name, Node, Text
from dsl.syntax.tree.expressions import Expr, Number, Place, Range


class Import(Node, frozen=True):
    path: tuple[Name, ...]


class Platform(Node, frozen=True):
    name: Name
    document: Text


class Constant(Node, frozen=True):
    name: Name
    value: Expr


class Endpoint(Node, frozen=True):
    name: Name
    title: Text
    aliases: tuple[Place, ...]


class Group(Node, frozen=True):
    name: Name
    members: tuple[Place, ...]


class Index(Node, frozen=True):
    var: Name
    range: Range


class Encoding(Node, frozen=True):
    """One or two (low half, high half) lists of operands, for one architecture (none: AArch64)."""

    operands: tuple[tuple[Expr, ...], ...]
    architecture: Name | None


class Reset(Node, frozen=True):
    """``value`` is None where the architecture leaves it unknown."""

    value: Expr | None


class Bits(Node, frozen=True):
    """``[high:low]``, or one bit where ``low`` is None."""

    high: Expr
    low: Expr | None


class Legal(Node, frozen=True):
    """``becomes value when condition``"""

    value: Expr
    condition: Expr | None


class Enumerator(Node, frozen=True):
    name: Name
    value: Number


class Field(Node, frozen=True):
    docs: tuple[Doc, ...]
    name: Name
    index: Index | None
    bits: Bits
    access: Name | None
    reset: Reset | None
    legal: Legal | None
    computed: Expr | None
    enumerators: tuple[Enumerator, ...]


class Reserved(Node, frozen=True):
    docs: tuple[Doc, ...]
    kind: Name
    bits: tuple[Bits, ...]


class Derive(Node, frozen=True):
    docs: tuple[Doc, ...]
    name: Name
    value: Expr


class Layout(Node, frozen=True):
    """``layout name when condition { … }``: where bits are while the condition holds."""

    docs: tuple[Doc, ...]
    name: Name
    condition: Expr
    members: tuple[Field | Reserved, ...]


class Register(Node, frozen=True):
    name: Name
    index: Index | None
    width: Number
    access: Name | None
    encodings: tuple[Encoding, ...]
    reset: Reset | None
    members: tuple[Field | Reserved | Derive | Layout, ...]


class Barrier(Node, frozen=True):
    """``isb``, ``dsb(option)``, ``dmb(option)``, or an exception's ``exception`` and ``eret``."""

    kind: str
    option: Name | None


class Events(Node, frozen=True):
    """Accesses of one kind (none: of either) to some places."""

    access: Name | None
    places: tuple[Place, ...]


class Visible(Node, frozen=True):
    events: Events
    barriers: tuple[Barrier, ...]


class Only(Node, frozen=True):
    condition: Expr


class Ordered(Node, frozen=True):
    events: Events


class Clause(Node, frozen=True):
    events: Events
    relation: Visible | Only | Ordered
    condition: Expr | None


class Rule(Node, frozen=True):
    name: Name
    strength: Name
    source: Text
    clauses: tuple[Clause, ...]
