"""What a program says is meant to be otherwise than in another: where that holds, and is needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dsl.ir import lifecycle as l
from dsl.ir.program import Program
from dsl.ir.shapes import RegisterRef, Slot
from dsl.verify.symbolic.looks import whole
from dsl.verify.symbolic.phases import Phases
from dsl.verify.symbolic.state import Cells, Key
from dsl.verify.symbolic.term import Term


@dataclass(frozen=True)
class Item:
    """One place of one declaration."""

    differs: l.Differs
    difference: l.Difference

    def covers(self, key: Key, machine: Phases) -> int:
        """The bits of a register or a slot that are meant."""
        place, field = self.difference.place, self.difference.field
        match place:
            case RegisterRef():
                element = machine.elements.get(key) if isinstance(key, str) else None
                if element is None or element.register.name != place.register.name:
                    return 0
                if place.index not in (None, element.index):
                    return 0
                return place.field.mask if place.field else element.ones
            case Slot():
                if isinstance(key, str) or key[1] != place.name:
                    return 0
                if self.difference.index not in (None, key[2]):
                    return 0
                return field.mask if field else whole(place)

    def holds(self, key: Key, machine: Phases, cells: Cells, path: Term) -> Term:
        """The condition of the declaration, as things are there."""
        condition = self.difference.condition
        if condition is None:
            return machine.terms.true
        kept = machine.cells, machine.path
        machine.cells, machine.path = dict(cells), path
        env = machine.watcher()
        by = getattr(self.difference.place, "by", "")
        if by and isinstance(key, str):
            env.bound = {by: machine.terms.const(machine.elements[key].index, 64)}
        found = machine.on(machine.truth(condition, env))
        machine.cells, machine.path = kept
        return found

    def __str__(self) -> str:
        return " ".join(self.difference.span.text.split())


def items(program: Program, other: Program) -> tuple[Item, ...]:
    """What a program declares of its differences to another one, or to a part of that."""
    declared = program.differences(other)
    return tuple(Item(differs, one) for differs in declared for one in differs.differences)


def at(point: str, those: Iterable[Item]) -> Iterator[Item]:
    """The items that speak of a phase."""
    return (each for each in those if point in each.differs.points)
