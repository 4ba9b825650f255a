"""What barriers say that they order: whether there is anything, and whether it comes that way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TypeAlias

from dsl.diagnostics.base import Note
from dsl.diagnostics.proofs import OrderBroken, OrdersNothing
from dsl.ir import sequence as s
from dsl.ir.platform import Endpoint, Events
from dsl.ir.shapes import RegisterRef
from dsl.source import Span
from dsl.verify.findings import Strength
from dsl.verify.flow.build import Graph
from dsl.verify.flow.events import Event, Op, touches
from dsl.verify.flow.paths import Registers
from dsl.verify.flow.sites import Sites, chain, what


class Seen(Enum):
    """How far a path has come with what a barrier says."""

    FIRST = auto()
    PASSED = auto()


@dataclass(slots=True)
class Claims:
    """Looks for one path on which something of both sides lies around each barrier.

    Between the two sides the barrier comes once: what it ordered a round ago it has ordered.
    """

    graph: Graph
    orders: dict[Span, s.Order] = field(init=False)
    useful: set[Span] = field(default_factory=set)
    met: dict[Span, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        events = [e for n in self.graph.nodes for e in n.events]
        acting = {e.endpoint.name for e in events if e.endpoint is not None}
        self.orders = {
            e.order.span: e.order
            for e in events
            if e.op is Op.CLAIM
            and e.order is not None
            and e.where.phase
            and _known(e.order.first, acting)
            and _known(e.order.then, acting)
        }

    def concerns(self, event: Event) -> bool:
        if event.op is Op.CLAIM:
            return event.order is not None and event.order.span in self.orders
        return any(_side(o.first, event) or _side(o.then, event) for o in self.orders.values())

    def begin(self, event: Event, registers: Registers) -> Iterator[tuple[Span, Seen]]:
        if event.op is Op.CLAIM:
            assert event.order is not None
            self.met.setdefault(event.order.span, event.where.function)
            return
        for span, order in self.orders.items():
            if _side(order.first, event):
                yield span, Seen.FIRST

    def step(
        self, event: Event, fact: tuple[Span, Seen], registers: Registers
    ) -> Iterable[tuple[Span, Seen]]:
        span, seen = fact
        if event.op is Op.CLAIM:
            assert event.order is not None
            if event.order.span != span:
                return (fact,)
            return ((span, Seen.PASSED),) if seen is Seen.FIRST else ()
        if seen is Seen.PASSED and _side(self.orders[span].then, event):
            self.useful.add(span)
            return ()
        return (fact,)

    def report(self, sites: Sites) -> None:
        """Notes the barriers that a path leads through, and that never order anything."""
        for span, function in self.met.items():
            if span in self.useful:
                continue
            order = self.orders[span]
            assert order.first is not None
            assert order.then is not None
            sites.add(
                OrdersNothing,
                "orders",
                Strength.CONVENTION,
                span,
                f"`{chain(order.barriers)}` orders nothing: on no path is there "
                f"`{order.first.span.text}` before it and `{order.then.span.text}` behind it",
                [
                    Note(order.first.span, "nothing of this before it, or"),
                    Note(order.then.span, "nothing of this behind it"),
                ],
                function=function,
                value=False,
            )


def _known(events: Events | None, acting: set[str]) -> bool:
    """Whether a lifecycle says of all of these when they act; if not, nobody can tell."""
    if events is None:
        return False
    return all(not isinstance(t, Endpoint) or t.name in acting for t in events.targets)


def _side(events: Events | None, event: Event) -> bool:
    if events is None:
        return False
    if event.op is Op.CHANGE or (event.op is Op.READ and event.permitted):
        assert event.register is not None
        name = event.register.name
        return any(isinstance(t, RegisterRef) and t.register.name == name for t in events.targets)
    return touches(events, event)


#: Of one call of the sequence that a barrier is in: the barrier, and what came so far: first an
#: access of its second side, then (with the barrier behind it) one of its first.
Turned: TypeAlias = tuple[s.Order, int, Event | None, Event | None]


@dataclass(slots=True)
class Turns:
    """Looks for calls in which the two sides of a barrier come the other way round."""

    graph: Graph
    sites: Sites
    inside: dict[str, list[s.Order]] = field(default_factory=dict)
    orders: list[s.Order] = field(default_factory=list)

    def __post_init__(self) -> None:
        for node in self.graph.nodes:
            for event in node.events:
                order = event.order
                if event.op is Op.CLAIM and order is not None and event.where.function:
                    mine = self.inside.setdefault(event.where.function, [])
                    if order not in mine and _registers(order):
                        mine.append(order)
        self.inside = {name: orders for name, orders in self.inside.items() if orders}
        self.orders = [o for orders in self.inside.values() for o in orders]

    def concerns(self, event: Event) -> bool:
        match event.op:
            case Op.ENTER | Op.LEAVE:
                return event.where.function in self.inside
            case Op.CLAIM:
                return event.order in self.orders
            case Op.READ | Op.WRITE if not event.permitted:
                sides = (side for o in self.orders for side in (o.first, o.then))
                return any(side is not None and touches(side, event) for side in sides)
            case _:
                return False

    def begin(self, event: Event, registers: Registers) -> Iterator[Turned]:
        if event.op is Op.ENTER:
            yield from ((o, 0, None, None) for o in self.inside.get(event.where.function, ()))

    def step(self, event: Event, fact: Turned, registers: Registers) -> Iterable[Turned]:
        order, at, late, early = fact
        match event.op:
            case Op.LEAVE:
                mine = order in self.inside.get(event.where.function, ())
                if mine and at == 3 and late is not None and early is not None:
                    self._found(order, late, early)
                return () if mine else (fact,)
            case Op.CLAIM:
                if event.order is not order:
                    return (fact,)
                return ((order, 2, late, None),) if at == 1 else ()
            case Op.READ | Op.WRITE:
                assert order.first is not None
                assert order.then is not None
                first, then = touches(order.first, event), touches(order.then, event)
                if (first and then) or (first and at < 2) or (then and at >= 2):
                    return ()
                if then and at == 0:
                    return ((order, 1, event, None),)
                if first and at == 2:
                    return ((order, 3, late, event),)
            case _:
                pass
        return (fact,)

    def _found(self, order: s.Order, late: Event, early: Event) -> None:
        assert order.first is not None
        assert order.then is not None
        self.sites.add(
            OrderBroken,
            "orders",
            Strength.CONVENTION,
            order.span,
            f"`{chain(order.barriers)}` says that it orders `{order.first.span.text}` before "
            f"`{order.then.span.text}`, and on a path they come the other way round",
            [
                Note(late.span, f"{what(late)} comes before the barrier"),
                Note(early.span, f"{what(early)} comes behind it"),
            ],
            function=early.where.function,
            value=False,
        )


def _registers(order: s.Order) -> bool:
    """Whether both sides are accesses that sequences make themselves."""
    sides = (order.first, order.then)
    return all(
        side is not None and all(isinstance(t, RegisterRef) for t in side.targets) for side in sides
    )
