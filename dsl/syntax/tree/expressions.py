"""Expressions, places and ranges."""

from __future__ import annotations

from typing import TypeAlias

from dsl.syntax.tree.base import Name, Node


class Number(Node, frozen=True):
    value: int
    text: str


class At(Node, frozen=True):
    """``[index]``"""

    index: Expr


class Dot(Node, frozen=True):
    """``.name``"""

    name: Name


class Place(Node, frozen=True):
    """A name, perhaps indexed, perhaps narrowed to a field."""

    name: Name
    picks: tuple[At | Dot, ...]


class Call(Node, frozen=True):
    name: Name
    args: tuple[Expr, ...]


class Hypcall(Node, frozen=True):
    call: Call


class Binary(Node, frozen=True):
    op: str
    left: Expr
    right: Expr


class Not(Node, frozen=True):
    operand: Expr


class Complement(Node, frozen=True):
    """``~operand``: every bit the other way round."""

    operand: Expr


class With(Node, frozen=True):
    """``base with field = value``: the same bits, one field (or ``layout.field``) changed."""

    base: Expr
    field: Name
    value: Expr


class Range(Node, frozen=True):
    """``low..high``, both ends included."""

    low: Name | Number
    high: Name | Number


class Every(Node, frozen=True):
    var: Name
    range: Range
    body: Expr


Expr: TypeAlias = Number | Place | Call | Hypcall | Binary | Not | Complement | With | Every
