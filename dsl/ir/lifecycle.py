"""How sequences compose, what must hold where, and examples of both."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from dsl.ir.expr import Expr
from dsl.ir.sequence import Body, Param
from dsl.ir.shapes import Field, RegisterRef, Slot
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


class Difference(Struct, frozen=True):
    """A place that may differ, where ``condition`` holds.

    Of a slot, ``index`` is one element (None: all of them) and ``field`` what of it is meant.  A
    register that is picked ``by`` a variable may have that in the condition.
    """

    place: RegisterRef | Slot
    index: int | None
    field: Field | None
    condition: Expr | None
    span: Span


class Differs(Struct, frozen=True):
    """What is meant to be otherwise, at some phases, than in a program with the module ``to``."""

    to: str
    points: tuple[str, ...]
    reason: str
    differences: tuple[Difference, ...]
    doc: tuple[str, ...]
    span: Span


class Crossing(Struct, frozen=True):
    """How a hypcall synchronises, on its way in and out."""

    enters: Body
    leaves: Body
    doc: tuple[str, ...]
    span: Span


class Boot(Struct, frozen=True):
    """What a physical CPU holds before anybody runs on it."""

    body: Body
    doc: tuple[str, ...]
    span: Span


class Assumption(Struct, frozen=True):
    """``condition`` holds for every machine and VM that there is."""

    name: str
    reason: str
    condition: Expr
    doc: tuple[str, ...]
    span: Span


class Given(Struct, frozen=True):
    """A condition, a slot or a register has this value at the start; None stands for each."""

    place: Expr
    value: int | None
    span: Span


class Run(Struct, frozen=True):
    """The lifecycle of ``handle`` (empty: of the only one there is) goes on through this phase.

    The way there does not lead through the phases ``around``.
    """

    phase: str
    handle: str
    span: Span
    around: tuple[str, ...] = ()


class On(Struct, frozen=True):
    """What follows happens on this physical CPU."""

    cpu: int
    span: Span


class Expect(Struct, frozen=True):
    """``condition`` holds now, or (``point``) held at the end of the latest such phase."""

    condition: Expr
    point: str | None
    span: Span


class Act(Struct, frozen=True):
    """Somebody does something now: in a phase, or (``endpoint``) from beyond the registers."""

    actor: str
    endpoint: bool
    body: Body
    span: Span


class Behave(Struct, frozen=True):
    """From here on, this is what an extern does when it is called, or what a condition is."""

    name: str
    params: tuple[Param, ...]
    body: Body
    span: Span


ScenarioStep: TypeAlias = Given | Run | On | Expect | Act | Behave


class Scenario(Struct, frozen=True):
    """A concrete run with expectations; ``params`` are the handles that it has."""

    title: str
    params: tuple[Param, ...]
    steps: tuple[ScenarioStep, ...]
    doc: tuple[str, ...]
    span: Span


class Fails(Struct, frozen=True):
    """The scenario of this title does not hold in this program, and why."""

    title: str
    reason: str
    span: Span
