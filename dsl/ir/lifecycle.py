"""How sequences compose, what must hold where, and examples of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from dsl.ir.expr import Expr
from dsl.ir.sequence import Body
from dsl.source import Span


@dataclass(frozen=True, slots=True)
class Phase:
    """A named point of a lifecycle and what happens there (where ``condition`` holds)."""

    name: str
    condition: Expr | None
    body: Body
    doc: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Repeat:
    """The steps, any number of times."""

    name: str
    steps: tuple[Step, ...]
    doc: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Either:
    """Exactly one of the alternatives."""

    alternatives: tuple[tuple[Step, ...], ...]
    doc: tuple[str, ...]
    span: Span


Step: TypeAlias = Phase | Repeat | Either


@dataclass(frozen=True, slots=True)
class Lifecycle:
    name: str
    steps: tuple[Step, ...]
    doc: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Invariant:
    """``condition`` holds at each of the named phases."""

    name: str
    points: tuple[str, ...]
    reason: str
    condition: Expr
    doc: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Given:
    """A condition or a slot has this value when the scenario starts."""

    place: Expr
    value: int
    span: Span


@dataclass(frozen=True, slots=True)
class Run:
    """The lifecycle goes on through this phase."""

    phase: str
    span: Span


@dataclass(frozen=True, slots=True)
class Expect:
    """``condition`` holds now, or (``point``) held at the end of the latest such phase."""

    condition: Expr
    point: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class Act:
    """Somebody (the guest, the host, a device) does something."""

    actor: str
    body: Body
    span: Span


@dataclass(frozen=True, slots=True)
class Scenario:
    title: str
    steps: tuple[Given | Run | Expect | Act, ...]
    doc: tuple[str, ...]
    span: Span
