"""Contexts and their slots, conditions, locks, and operations outside the language."""

from __future__ import annotations

from typing import TypeAlias

from dsl.syntax.tree.base import Doc, Name, Node, Text
from dsl.syntax.tree.expressions import Expr, Number, Place, Range


class NamedType(Node, frozen=True):
    name: Name


Type: TypeAlias = NamedType | Range


class Link(Node, frozen=True):
    """``mirrors`` or ``feeds`` a register."""

    kind: Name
    place: Place


class Slot(Node, frozen=True):
    docs: tuple[Doc, ...]
    name: Name
    length: Number | None
    type: Type
    link: Link | None


class Context(Node, frozen=True):
    name: Name
    owner: Name
    slots: tuple[Slot, ...]


class Condition(Node, frozen=True):
    names: tuple[Name, ...]
    owner: Name | None
    range: Range | None
    value: Expr | None
    per: Name


class Lock(Node, frozen=True):
    name: Name
    title: Text | None


class Param(Node, frozen=True):
    name: Name
    type: Type | None


class Effect(Node, frozen=True):
    kind: Name
    places: tuple[Place, ...]
    range: Range | None


class Ensures(Node, frozen=True):
    condition: Expr


class Extern(Node, frozen=True):
    name: Name
    params: tuple[Param, ...]
    result: Type | None
    effects: tuple[Effect | Ensures, ...]
