"""Lifecycles, invariants and scenarios."""

from __future__ import annotations

from typing import TypeAlias

from dsl.syntax.tree.base import Doc, Name, Node, Text
from dsl.syntax.tree.expressions import Expr, Number, Place
from dsl.syntax.tree.memory import Param
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


class Difference(Node, frozen=True):
    """Places that may differ, where ``condition`` holds."""

    places: tuple[Place, ...]
    condition: Expr | None


class Differs(Node, frozen=True):
    """What is otherwise than in the program of the module ``path``."""

    path: tuple[Name, ...]
    points: tuple[Name, ...]
    reason: Text
    differences: tuple[Difference, ...]


class Crossing(Node, frozen=True):
    """How a hypcall synchronises, on its way in and out."""

    enters: Block
    leaves: Block


class Boot(Node, frozen=True):
    """What a physical CPU holds before anybody runs on it."""

    body: Block


class Assume(Node, frozen=True):
    name: Name
    reason: Text
    condition: Expr


class Fact(Node, frozen=True):
    """``word`` is ``not``, ``any`` or nothing."""

    word: str
    place: Place
    value: Expr | None


class Given(Node, frozen=True):
    facts: tuple[Fact, ...]


class Visit(Node, frozen=True):
    """A phase, for a parameter of the scenario; ``around`` are those that the way leaves out."""

    around: tuple[Name, ...]
    phase: Name
    of: Name | None


class Run(Node, frozen=True):
    visits: tuple[Visit, ...]


class On(Node, frozen=True):
    cpu: Number


class Expect(Node, frozen=True):
    condition: Expr
    point: Name | None


class Actor(Node, frozen=True):
    name: Name
    body: Block


ScenarioStep: TypeAlias = Given | Run | On | Expect | Actor


class Scenario(Node, frozen=True):
    title: Text
    params: tuple[Param, ...]
    steps: tuple[ScenarioStep, ...]


class Fails(Node, frozen=True):
    """A scenario of an imported module that does not hold here, and why."""

    title: Text
    reason: Text
