"""Values that the host set itself: overwritten for a guest, and kept nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dsl.diagnostics.base import Note
from dsl.diagnostics.proofs import NotGivenBack
from dsl.verify.findings import Strength
from dsl.verify.flow.build import Graph
from dsl.verify.flow.events import Event, Op
from dsl.verify.flow.paths import Registers
from dsl.verify.flow.sites import Sites


@dataclass(slots=True)
class Borrowed:
    """Follows what the host may put into a register, until a sequence looks at it.

    Whoever overwrites all of it before that cannot give it back.  What is changed in a field is
    read by the same statement, and says nothing.  A guest that runs may have its own value there,
    where it changes the register too.
    """

    graph: Graph
    sites: Sites
    hosts: set[str] = field(default_factory=set)
    guests: set[str] = field(default_factory=set)
    shared: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        events = [e for n in self.graph.nodes for e in n.events]
        self.guests = {e.where.phase for e in events if e.op is Op.GUEST}
        for event in events:
            if event.register is not None and event.op is Op.CHANGE:
                guest = event.where.phase in self.guests
                (self.shared if guest else self.hosts).add(event.register.name)

    def concerns(self, event: Event) -> bool:
        if event.op is Op.GUEST:
            return bool(self.hosts)
        accesses = (Op.READ, Op.WRITE, Op.CHANGE)
        return (
            event.op in accesses
            and event.register is not None
            and event.register.name in self.hosts
        )

    def begin(self, event: Event, registers: Registers) -> Iterator[Event]:
        if event.op is Op.CHANGE and event.where.phase not in self.guests:
            yield event

    def step(self, event: Event, fact: Event, registers: Registers) -> Iterable[Event]:
        if event.op is Op.GUEST:
            assert fact.register is not None
            return () if fact.register.name in self.shared else (fact,)
        same = event.register == fact.register and (
            None in (event.index, fact.index) or event.index == fact.index
        )
        if not same or not event.where.function:
            return (fact,)
        if event.op is Op.READ:
            return ()
        if event.op is Op.WRITE and event.whole and not event.where.others:
            self.sites.add(
                NotGivenBack,
                event.element,
                Strength.CONVENTION,
                event.span,
                f"{event.element} may hold what the host put there, and is overwritten: nothing "
                "has kept its value",
                [Note(fact.span, "the host may change it")],
                function=event.where.function,
            )
            return ()
        return (fact,)
