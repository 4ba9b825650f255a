"""How sequences compose, what must hold where, and examples of both."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from dsl.ir.expr import Expr
from dsl.ir.sequence import Body
from dsl.source import Span


class Phase(Struct, frozen=True):
    """A named point of a lifecycle and what happens there (where ``condition`` holds)."""

    name: str
    condition: Expr | None
    body: Body
    doc: tuple[str, ...]
    span: Span


class Repeat(Struct, frozen=True):
    """The steps, any number of times."""

    name: str
    steps: tuple[Step, ...]
    doc: tuple[str, ...]
    span: Span


class Either(Struct, frozen=True):
    """Exactly one of the alternatives."""

    alternatives: tuple[tuple[Step, ...], ...]
    doc: tuple[str, ...]
    span: Span


Step: TypeAlias = Phase | Repeat | Either


class Lifecycle(Struct, frozen=True):
    name: str
    steps: tuple[Step, ...]
    doc: tuple[str, ...]
    span: Span


class Invariant(Struct, frozen=True):
    """``condition`` holds at each of the named phases."""

    name: str
    points: tuple[str, ...]
    reason: str
    condition: Expr
    doc: tuple[str, ...]
    span: Span


class Given(Struct, frozen=True):
    """A condition or a slot has this value when the scenario starts."""

    place: Expr
    value: int
    span: Span


class Run(Struct, frozen=True):
    """The lifecycle goes on through this phase."""

    phase: str
    span: Span


class Expect(Struct, frozen=True):
    """``condition`` holds now, or (``point``) held at the end of the latest such phase."""

    condition: Expr
    point: str | None
    span: Span


class Act(Struct, frozen=True):
    """Somebody (the guest, the host, a device) does something."""

    actor: str
    body: Body
    span: Span


class Scenario(Struct, frozen=True):
    title: str
    steps: tuple[Given | Run | Expect | Act, ...]
    doc: tuple[str, ...]
    span: Span
