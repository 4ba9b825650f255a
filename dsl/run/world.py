"""The state of a run: physical CPUs with their registers, owners with their memory, and facts."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from dsl.ir.shapes import MACHINE, Condition, Slot
from dsl.ir.types import Bool
from dsl.run.errors import Outside
from dsl.run.registers import Element
from dsl.run.visibility import Cell
from dsl.source import Span

#: An owner's name and that of what it owns; the machine's own name is "".
Key: TypeAlias = tuple[str, str]


@dataclass(slots=True)
class Cpu:
    """A physical CPU: its registers by element, and who runs on it (an owner's name, or "")."""

    cells: MutableMapping[str, Cell]
    runs: str = ""

    def copy(self) -> Cpu:
        cells = {
            name: Cell(
                cell.settled,
                [replace(u, progress=list(u.progress)) for u in cell.updates],
                dict(cell.seen),
            )
            for name, cell in self.cells.items()
        }
        return Cpu(cells, self.runs)


@dataclass(slots=True)
class World:
    """All that a run changes, apart from where its lifecycles are.

    ``slots`` has a number or, for an array, one for each element; ``held`` are the locks that are
    taken.
    """

    facts: MutableMapping[Key, int] = field(default_factory=dict)
    slots: MutableMapping[Key, int | tuple[int, ...]] = field(default_factory=dict)
    cpus: dict[int, Cpu] = field(default_factory=dict)
    held: set[Key] = field(default_factory=set)

    def copy(self) -> World:
        """A world of its own, with the same state."""
        cpus = {n: cpu.copy() for n, cpu in self.cpus.items()}
        return World(dict(self.facts), dict(self.slots), cpus, set(self.held))

    # ---- memory

    def load(self, owner: str, slot: Slot, index: int | None) -> int:
        """The value of a slot.  Raises `Outside` for an index that it does not have."""
        value = self.slots.get((owner, slot.name))
        if value is None:
            value = self._fresh(owner, slot)
        if index is None:
            assert isinstance(value, int)
            return value
        assert isinstance(value, tuple)
        if not 0 <= index < len(value):
            raise Outside(f"{slot.name}: index {index} is outside 0..{len(value) - 1}")
        return value[index]

    def store(self, owner: str, slot: Slot, index: int | None, value: int, span: Span) -> int:
        """Stores a value that must fit; gives the old one.  Raises `Outside` if it does not."""
        low, high = limits(slot)
        if not low <= value <= high:
            raise Outside(f"{slot.name}: {value:#x} does not fit {low}..{high:#x}", span)
        old = self.load(owner, slot, index)
        if index is None:
            self.slots[owner, slot.name] = value
        else:
            values = self.slots[owner, slot.name]
            assert isinstance(values, tuple)
            self.slots[owner, slot.name] = (*values[:index], value, *values[index + 1 :])
        return old

    def _fresh(self, owner: str, slot: Slot) -> int | tuple[int, ...]:
        least = max(0, limits(slot)[0])
        value = (least,) * slot.length if slot.length else least
        self.slots[owner, slot.name] = value
        return value


@dataclass(slots=True)
class Position:
    """Where one owner is in its lifecycle; ``open`` while others act in the phase it is in."""

    graph: str
    at: int = 0
    cpu: int = -1
    open: bool = False


def limits(what: Slot | Condition) -> tuple[int, int]:
    """The least and the greatest value of a slot, of one of its elements, or of a condition."""
    if what.low is not None and what.high is not None:
        return what.low, what.high
    return (0, 1) if isinstance(what.type, Bool) else (what.type.least, what.type.greatest)


def boot_cells(elements: dict[str, Element]) -> dict[str, Cell]:
    """The registers of a CPU after reset; bits that the architecture leaves unknown are 0."""
    return {name: Cell(e.reset) for name, e in elements.items() if e.stored or e.reset}


def owner_of(root: str | None) -> str:
    """The owner's name in a program with one owner of a kind."""
    return "" if root in (None, "", MACHINE) else str(root)
