"""Registers of the host's: whether they get their values back on every path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TypeAlias

from dsl.diagnostics.base import Note
from dsl.diagnostics.proofs import NotGivenBack
from dsl.ir import expr as x
from dsl.ir.sequence import Kind
from dsl.ir.shapes import LinkKind
from dsl.verify.findings import Configuration, Strength
from dsl.verify.flow.build import Graph
from dsl.verify.flow.events import Event, Op
from dsl.verify.flow.paths import Registers
from dsl.verify.flow.sites import Sites, what


class Stage(Enum):
    """Of a value that was written: what it is there for, as far as a path has come.

    ``BEFORE`` a guest runs, ``AWAY`` when one has run with it, ``BACK`` when it was written behind
    one, or by what undoes the switch to it.  ``INSIDE`` is a call of a sequence that may give the
    value back itself.
    """

    BEFORE = auto()
    AWAY = auto()
    BACK = auto()
    INSIDE = auto()


#: The write, how far a path has come since, and (INSIDE) the sequence.
Changed: TypeAlias = tuple[Event, Stage, str]


@dataclass(slots=True)
class Hosts:
    """Follows what sequences write into registers that no slot mirrors, until the host is back.

    What is to be given back is known from the program: it is where another path does, or where
    the host is said to use the register.
    """

    graph: Graph
    sites: Sites
    mirrored: set[str] = field(init=False)
    #: Registers that the host uses, and those that a sequence gives back what it read.
    used: set[str] = field(default_factory=set)
    inside: set[tuple[str, str]] = field(default_factory=set)
    given: dict[tuple[str, str], dict[Event, dict[Configuration, None]]] = field(
        default_factory=dict
    )
    lost: dict[Event, tuple[str, Event, dict[Configuration, None]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.mirrored = {
            slot.link.register.register.name
            for slot in self.graph.program.slots.values()
            if slot.link is not None and slot.link.kind is LinkKind.MIRRORS
        }
        guests = {e.where.phase for n in self.graph.nodes for e in n.events if e.op is Op.GUEST}
        for node in self.graph.nodes:
            for event in node.events:
                if event.register is None:
                    continue
                if event.where.others == "may read" and event.where.phase not in guests:
                    self.used.add(event.register.name)
                if event.op is Op.WRITE and event.where.function and _gives_back(event):
                    self.inside.add((event.where.function, event.register.name))

    def concerns(self, event: Event) -> bool:
        match event.op:
            case Op.ROUND:
                return True
            case Op.LEAVE:
                return any(function == event.where.function for function, _ in self.inside)
            case Op.GUEST:
                return True
            case Op.WRITE:
                assert event.register is not None
                name = event.register.name
                return name not in self.mirrored or any(name == r for _, r in self.inside)
            case _:
                return False

    def begin(self, event: Event, registers: Registers) -> Iterator[Changed]:
        if event.op is not Op.WRITE or not event.where.function:
            return
        assert event.register is not None
        here = (event.where.function, event.register.name)
        if here in self.inside and not _gives_back(event):
            yield (event, Stage.INSIDE, event.where.function)
        # What is set up once is the host's own.
        trip = event.where.phase and event.where.phase not in self.graph.once
        if trip and event.register.name not in self.mirrored:
            yield (event, Stage.BACK if _undoes(event) else Stage.BEFORE, "")

    def step(self, event: Event, fact: Changed, registers: Registers) -> Iterable[Changed]:
        write, stage, function = fact
        match event.op:
            case Op.WRITE if event.register == write.register and event.index == write.index:
                return self._written(event, fact)
            case Op.GUEST if stage in (Stage.BEFORE, Stage.BACK):
                undone = stage is Stage.BACK and _undoes(write)
                return (fact,) if undone else ((write, Stage.AWAY, ""),)
            case Op.ROUND:
                if stage is Stage.AWAY:
                    self._lost("", write, event)
                elif stage is Stage.BACK:
                    self._given("", write)
                return ()
            case Op.LEAVE if stage is Stage.INSIDE and event.where.function == function:
                self._lost(function, write, event)
                return ()
            case _:
                return (fact,)

    def _written(self, event: Event, fact: Changed) -> Iterable[Changed]:
        write, stage, function = fact
        if event.mask & write.mask != write.mask:
            return (fact,)
        if stage is Stage.INSIDE:
            if event.where.function == function and _gives_back(event):
                self._given(function, event)
            return () if event.where.function == function else (fact,)
        # A write begins anew; behind a guest it may be what gives the value back.
        later = stage is not Stage.BEFORE and not _switches(event)
        return ((event, Stage.BACK, ""),) if later else ()

    def _given(self, function: str, write: Event) -> None:
        gives = self.given.setdefault((function, write.element), {})
        gives.setdefault(write, {}).update(dict.fromkeys(self.sites.now))

    def _lost(self, function: str, write: Event, end: Event) -> None:
        found = self.lost.setdefault(write, (function, end, {}))
        found[2].update(dict.fromkeys(self.sites.now))

    def _chosen(self, event: Event) -> bool:
        """Whether a path is chosen by the value itself that a register is given back."""
        value = event.value
        while isinstance(value, x.Cast):
            value = value.value
        slots = self.graph.keys.by_slot
        return isinstance(value, x.ReadSlot) and bool(slots.get(value.slot.name))

    def report(self) -> None:
        """Notes what is not given back on a path, although it should be."""
        for write, (function, end, configurations) in self.lost.items():
            assert write.register is not None
            used = not function and write.whole and write.register.name in self.used
            # What is itself lost on another path is there for the guest.
            gives = self.given.get((function, write.element), {})
            spans = {lost.span for lost in self.lost}
            backs = {
                e: those
                for e, those in gives.items()
                if e.span not in spans and e.mask & write.mask == write.mask and not self._chosen(e)
            }
            where = tuple(
                c for c in configurations if used or any(c in those for those in backs.values())
            )
            if not where:
                continue
            back = next((e for e, those in backs.items() if where[0] in those), None)
            self.sites.now = where
            ends = [Note(write.span, what(write))]
            if back is not None:
                ends.append(Note(back.span, "another path gives it its value back here"))
            else:
                ends.append(Note(end.span, "the host, which uses it, is back"))
            self.sites.add(
                NotGivenBack,
                write.element,
                Strength.CONVENTION,
                write.span,
                f"{write.element} is written here, and on a path does not get its value back",
                ends,
                function=write.where.function,
            )


def _undoes(write: Event) -> bool:
    """Whether a write is made by what takes the guest's state away again."""
    kinds = [kind for _, kind in write.where.functions]
    return any(kind in (Kind.SAVE, Kind.DEACTIVATE) for kind in kinds)


def _switches(write: Event) -> bool:
    """Whether a write is made by what puts the guest's state in place."""
    kinds = [kind for _, kind in write.where.functions]
    return any(kind in (Kind.RESTORE, Kind.ACTIVATE) for kind in kinds)


def _gives_back(event: Event) -> bool:
    """Whether a write gives a register what was read from it before."""
    value = event.value
    while isinstance(value, x.Cast):
        value = value.value
    assert event.register is not None
    return isinstance(value, x.ReadRegister) and value.register.name == event.register.name
