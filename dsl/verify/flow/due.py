"""Values that each trip saves for somebody: used before this trip has saved them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from dsl.diagnostics.base import Note
from dsl.diagnostics.proofs import UsedTooEarly
from dsl.ir import expr as x
from dsl.ir.shapes import LinkKind
from dsl.verify.findings import Strength
from dsl.verify.flow.build import Graph
from dsl.verify.flow.events import Event, Op
from dsl.verify.flow.paths import Registers
from dsl.verify.flow.sites import Sites

#: A slot that is due to be saved, whose, since the guest began to run, and who used it already.
Due: TypeAlias = tuple[str, str, Event, Event | None]


@dataclass(slots=True)
class Dues:
    """Follows slots that sequences only save into, from where a guest runs to where it is saved.

    Such a slot tells its users what the last trip came to.  Where the guest ran again and nothing
    was saved yet, it tells of the trip before.
    """

    graph: Graph
    sites: Sites
    slots: dict[str, set[str]] = field(default_factory=dict)
    mirrors: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        restored: set[str] = set()
        for event in (e for n in self.graph.nodes for e in n.events):
            if event.op is Op.WRITE:
                restored |= {s.slot.name for s in _slots(event.value)}
            if event.op is not Op.STORE or not event.where.function or event.where.others:
                continue
            assert event.slot is not None
            if event.slot.length == 0 and _saved(event.value):
                self.slots.setdefault(event.slot.name, set()).add(event.base)
        self.slots = {name: bases for name, bases in self.slots.items() if name not in restored}
        links = {n: s.link for n, s in self.graph.program.slots.items() if s.link is not None}
        self.mirrors = {n for n, link in links.items() if link.kind is LinkKind.MIRRORS}

    def concerns(self, event: Event) -> bool:
        match event.op:
            case Op.GUEST:
                return bool(self.slots)
            case Op.LOAD | Op.STORE:
                return event.slot is not None and event.slot.name in self.slots
            case _:
                return False

    def begin(self, event: Event, registers: Registers) -> Iterator[Due]:
        if event.op is Op.GUEST:
            for name, bases in self.slots.items():
                yield from ((name, base, event, None) for base in bases)

    def step(self, event: Event, fact: Due, registers: Registers) -> Iterable[Due]:
        name, base, guest, used = fact
        if event.op is Op.GUEST:
            return ()
        assert event.slot is not None
        if (event.slot.name, event.base) != (name, base):
            return (fact,)
        if event.op is Op.LOAD:
            others = bool(event.where.others) or not event.where.function
            return ((name, base, guest, event),) if others and used is None else (fact,)
        if used is not None and _saved(event.value):
            self._found(name, guest, used, event)
        return ()

    def _found(self, name: str, guest: Event, used: Event, saved: Event) -> None:
        whose = f"`{used.where.others}` uses" if used.where.others else "this reads"
        self.sites.add(
            UsedTooEarly,
            name,
            Strength.DECLARED if name in self.mirrors else Strength.CONVENTION,
            used.span,
            f"{whose} `{name}` before this trip has saved it: it is of the trip before",
            [Note(guest.span, "the guest runs"), Note(saved.span, "it is saved only here")],
            function=used.where.function,
        )


def _saved(value: x.Expr | None) -> bool:
    """Whether a value is what a register holds now."""
    match value:
        case x.Cast(value=inner) | x.Extract(value=inner):
            return _saved(inner)
        case x.ReadRegister():
            return True
        case _:
            return False


def _slots(value: x.Expr | None) -> Iterator[x.ReadSlot]:
    match value:
        case x.Cast(value=inner) | x.Insert(value=inner):
            yield from _slots(inner)
        case x.ReadSlot():
            yield value
        case _:
            pass
