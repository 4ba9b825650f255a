"""States of an exploration: where an owner is, what it and its CPU hold, what it is owed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from dsl.verify.explicit.tables import Held, Tables

Key: TypeAlias = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """How a state came about: the lines of a scenario that make it of the one before.

    ``before`` is None at the start.  ``left`` is set where the CPU is one that another owner, or
    the same one earlier, has left in that state.
    """

    before: State | None
    lines: tuple[str, ...]
    left: State | None = None


@dataclass(slots=True, eq=False)
class State:
    """One state; ``at`` is a place of the lifecycle, ``open`` while others act there."""

    tables: Tables
    held: Held
    at: int
    open: bool
    step: Step
    kind: int
    depth: int = 0
    own: Key = field(init=False)
    key: Key = field(init=False)

    def __post_init__(self) -> None:
        known, (facts, slots, cells, owed) = self.tables, self.held
        self.own = (self.kind, self.at, self.open, known.own(facts, slots, owed))
        self.key = (*self.own, known.held(cells, owed))

    @property
    def control(self) -> Key:
        """All but the data: which elements of lists there are, and no value of any."""
        return (self.kind, self.at, self.open, self.tables.control(*self.held))

    @property
    def left(self) -> int:
        """What the CPU holds for whoever comes next: of data only whether there is any."""
        return self.tables.left(self.held.cells)


def moved(state: State, left: State) -> State:
    """An owner comes to a CPU that is as another state has left it."""
    held = state.held._replace(cells=left.held.cells)
    step = Step(state, (), left)
    return State(state.tables, held, state.at, state.open, step, state.kind, state.depth)
