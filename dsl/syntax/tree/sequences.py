"""Sequences and their statements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsl.syntax.tree.base import Hint, Name, Node, Text
from dsl.syntax.tree.expressions import Expr, Number, Place, Range
from dsl.syntax.tree.machine import Barrier, Events
from dsl.syntax.tree.memory import Param, Type

if TYPE_CHECKING:
    from dsl.syntax.tree.modules import Item


class Block(Node, frozen=True):
    items: tuple[Item, ...]


class Sequence(Node, frozen=True):
    """``body`` is None where whoever imports the module defines it."""

    kind: Name
    name: Name
    params: tuple[Param, ...]
    result: Type | None
    undoes: Name | None
    body: Block | None


class Arm(Node, frozen=True):
    condition: Expr
    body: Block


class When(Node, frozen=True):
    """``when … {…} else when … {…} else {…}``; the chain is flat."""

    arms: tuple[Arm, ...]
    otherwise: Block | None


class Each(Node, frozen=True):
    """A loop over ``0 .. limit - 1`` (``below``) or over a range, both ends included."""

    var: Name
    bounds: Expr | Range
    body: Block


class Case(Node, frozen=True):
    value: Number
    body: Block


class Match(Node, frozen=True):
    value: Expr
    falling: bool
    cases: tuple[Case, ...]
    otherwise: Block | None


class Labelled(Node, frozen=True):
    label: Name
    body: Block


class Leave(Node, frozen=True):
    label: Name


class Return(Node, frozen=True):
    value: Expr | None


class Fail(Node, frozen=True):
    """The machine stops, with a message if there is one."""

    message: Text | None


class Trap(Node, frozen=True):
    """An operation does not happen: ``kind`` is ``trap`` (to EL2) or ``undefined``."""

    kind: Name
    message: Text | None


class Holding(Node, frozen=True):
    lock: Name
    body: Block


class Let(Node, frozen=True):
    """Has a type, a value or both."""

    name: Name
    type: Type | None
    value: Expr | None


class Move(Node, frozen=True):
    place: Place
    value: Expr


class Change(Node, frozen=True):
    """``field`` is written ``layout.field`` where the field is one of a layout."""

    hints: tuple[Hint, ...]
    field: Name
    value: Expr


class Modify(Node, frozen=True):
    place: Place
    changes: tuple[Change, ...]


class Copy(Node, frozen=True):
    kind: Name
    places: tuple[Place, ...]


class Order(Node, frozen=True):
    """Barriers, and the two sides that they order (None only in a lifecycle)."""

    barriers: tuple[Barrier, ...]
    first: Events | None
    then: Events | None


class Warn(Node, frozen=True):
    condition: Expr


class Assert(Node, frozen=True):
    condition: Expr


class May(Node, frozen=True):
    kind: Name
    places: tuple[Place, ...]


class Perhaps(Node, frozen=True):
    """Somebody else has these barriers here, or not."""

    barriers: tuple[Barrier, ...]
