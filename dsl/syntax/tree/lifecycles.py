"""Lifecycles, invariants and scenarios."""

from __future__ import annotations

from typing import TypeAlias

from dsl.syntax.tree.base import Doc, Name, Node, Text
from dsl.syntax.tree.expressions import Expr, Place
from dsl.syntax.tree.sequences import Block


class Phase(Node, frozen=True):
    docs: tuple[Doc, ...]
    name: Name
    condition: Expr | None
    body: Block


class Repeat(Node, frozen=True):
    docs: tuple[Doc, ...]
    name: Name
    steps: tuple[Step, ...]


class Steps(Node, frozen=True):
    steps: tuple[Step, ...]


class Either(Node, frozen=True):
    docs: tuple[Doc, ...]
    alternatives: tuple[Steps, ...]


Step: TypeAlias = Phase | Repeat | Either


class Lifecycle(Node, frozen=True):
    name: Name
    steps: tuple[Step, ...]


class Invariant(Node, frozen=True):
    name: Name
    points: tuple[Name, ...]
    reason: Text
    condition: Expr


class Fact(Node, frozen=True):
    negated: bool
    place: Place
    value: Expr | None


class Given(Node, frozen=True):
    facts: tuple[Fact, ...]


class Run(Node, frozen=True):
    phases: tuple[Name, ...]


class Expect(Node, frozen=True):
    condition: Expr
    point: Name | None


class Actor(Node, frozen=True):
    name: Name
    body: Block


class Scenario(Node, frozen=True):
    title: Text
    steps: tuple[Given | Run | Expect | Actor, ...]
