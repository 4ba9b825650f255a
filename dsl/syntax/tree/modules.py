"""A module and its items, and what can be declared and stated."""

from __future__ import annotations

from typing import TypeAlias

from dsl.syntax.tree.base import Doc, Hint, Node
from dsl.syntax.tree.dialects import Dialect
from dsl.syntax.tree.expressions import Call, Hypcall
from dsl.syntax.tree.lifecycles import (
    Assume,
    Boot,
    Crossing,
    Differs,
    Fails,
    Invariant,
    Lifecycle,
    Scenario,
)
from dsl.syntax.tree.machine import Constant, Endpoint, Group, Import, Platform, Register, Rule
from dsl.syntax.tree.memory import Condition, Context, Extern, Lock
from dsl.syntax.tree.sequences import (
    Assert,
    Copy,
    Each,
    Fail,
    Holding,
    Labelled,
    Leave,
    Let,
    Match,
    May,
    Modify,
    Move,
    Order,
    Perhaps,
    Return,
    Sequence,
    Trap,
    Warn,
    When,
)


class Item(Node, frozen=True):
    """A declaration or a statement with the documentation and the hints in front of it."""

    docs: tuple[Doc, ...]
    hints: tuple[Hint, ...]
    body: Declaration | Statement


class Module(Node, frozen=True):
    """One source file."""

    items: tuple[Item, ...]


Declaration: TypeAlias = (
    Import
    | Platform
    | Constant
    | Endpoint
    | Group
    | Register
    | Rule
    | Context
    | Condition
    | Lock
    | Extern
    | Sequence
    | Crossing
    | Boot
    | Assume
    | Lifecycle
    | Invariant
    | Differs
    | Scenario
    | Fails
    | Dialect
)

Statement: TypeAlias = (
    When
    | Each
    | Match
    | Labelled
    | Holding
    | Let
    | Move
    | Modify
    | Copy
    | Call
    | Hypcall
    | Order
    | Warn
    | Assert
    | May
    | Perhaps
    | Leave
    | Return
    | Fail
    | Trap
)
