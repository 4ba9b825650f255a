"""States of an exploration: where an owner is, what it and its CPU hold, what it is owed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from dsl.run.world import Cpu, World
from dsl.verify.owned import Data, Place

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

    world: World
    owed: dict[Place, int]
    at: int
    open: bool
    step: Step
    kind: int
    depth: int = 0
    key: Key = field(init=False)
    own: Key = field(init=False)
    cpu: Key = field(init=False)
    data: Data = field(default_factory=Data)

    def __post_init__(self) -> None:
        world, data = self.world, self.data
        slots: list[object] = []
        for key, value in sorted(world.slots.items()):
            name = key[1]
            if name in data.slots:
                each = value if isinstance(value, list) else [value]
                index = range(len(each)) if isinstance(value, list) else [None]
                kept = (
                    self._like((name, n), v, slot=True) for n, v in zip(index, each, strict=True)
                )
                slots.append((key, tuple(kept)))
            else:
                slots.append((key, tuple(value) if isinstance(value, list) else value))
        facts = tuple(sorted(world.facts.items()))
        owed = tuple(
            sorted((k if k[0] not in data.lists else (k, v) for k, v in self.owed.items()), key=str)
        )
        self.own = (self.kind, self.at, self.open, tuple(slots), facts, owed)
        cells = world.cpus[0].cells
        self.cpu = tuple((name, self._held(name, cell.settled)) for name, cell in cells.items())
        self.key = (self.own, self.cpu)

    @property
    def control(self) -> Key:
        """All but the data: which elements of lists there are, and no value of any."""
        data = self.data
        slots = tuple((k, v) for k, v in self.world.slots.items() if k[1] not in data.slots)
        cells = self.world.cpus[0].cells.items()
        held = tuple((n, c.settled) for n, c in cells if n not in data.elements)
        facts = tuple(sorted(self.world.facts.items()))
        return (self.kind, self.at, self.open, slots, facts, frozenset(self.owed), held)

    @property
    def left(self) -> Key:
        """What the CPU holds for whoever comes next: of data only whether there is any."""
        data = self.data
        cells = self.world.cpus[0].cells.items()
        return tuple((n, bool(c.settled) if n in data.elements else c.settled) for n, c in cells)

    def _like(self, place: Place, value: int, *, slot: bool) -> object:
        """Whether a value is the one that is owed; of those that are not only lists tell more.

        What a register holds is told from nothing: that is what the next owner finds.
        """
        owed = self.owed.get(place)
        if place[0] not in self.data.lists:
            return value == owed if slot else (value == owed, bool(value))
        return bool(value) if slot and owed is None else value

    def _held(self, name: str, value: int) -> object:
        place = self.data.elements.get(name)
        return value if place is None else self._like(place, value, slot=False)


def copied(world: World) -> World:
    """A world of its own; what registers hold is never changed in place, and so is shared."""
    slots = {k: list(v) if isinstance(v, list) else v for k, v in world.slots.items()}
    cpus = {n: Cpu(dict(cpu.cells), cpu.runs) for n, cpu in world.cpus.items()}
    return World(dict(world.facts), slots, cpus, set(world.held))


def moved(state: State, left: State) -> State:
    """An owner comes to a CPU that is as another state has left it."""
    world = state.world.copy()
    world.cpus = {
        0: Cpu(left.world.cpus[0].copy().cells, next(iter(state.world.cpus.values())).runs)
    }
    step = Step(state, (), left)
    return State(
        world, dict(state.owed), state.at, state.open, step, state.kind, state.depth, state.data
    )
