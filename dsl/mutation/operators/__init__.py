"""The operators: every way in which a program is changed; the list is fixed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dsl.mutation.operators import barriers, conditions, moves, places, statements, values
from dsl.mutation.operators.changes import Change
from dsl.mutation.subject import Function

__all__ = ["OPERATORS", "Change", "Operator"]


@dataclass(frozen=True, slots=True)
class Operator:
    """A way to change a function; ``make`` gives what the resolver may still refuse."""

    name: str
    make: Callable[[Function], Iterator[Change]]

    @property
    def about(self) -> str:
        """What it changes, in a line."""
        return (self.make.__doc__ or "").strip().rstrip(".")


#: In the order in which they are tried and shown.  A score is a score of this list: whoever
#: changes it changes `VERSION`, and what was measured before is measured again.
OPERATORS = (
    Operator("delete", statements.delete),
    Operator("swap", statements.swap),
    Operator("weaken", barriers.weaken),
    Operator("reorder", barriers.reorder),
    Operator("strengthen", barriers.strengthen),
    Operator("negate", conditions.negate),
    Operator("widen", conditions.widen),
    Operator("narrow", conditions.narrow),
    Operator("constant", values.constant),
    Operator("field", values.field),
    Operator("register", places.register),
    Operator("slot", places.slot),
    Operator("element", places.element),
    Operator("bound", places.bound),
    Operator("direction", moves.direction),
    Operator("source", moves.source),
    Operator("hypcall", moves.hypcall),
)
VERSION = 1
