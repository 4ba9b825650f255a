"""Barriers and orders: what rules ask for between two accesses, and what statements say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from dsl.diagnostics.base import Note
from dsl.diagnostics.proofs import NoBarrier, OrderBroken, TooWeak
from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.platform import Endpoint, Precedes, Rule, VisibleTo
from dsl.ir.program import Program
from dsl.ir.walk import inside
from dsl.source import Span
from dsl.verify.findings import Strength
from dsl.verify.flow.atoms import Known, value, written
from dsl.verify.flow.build import Graph
from dsl.verify.flow.events import Event, Op, common, touches
from dsl.verify.flow.paths import Registers
from dsl.verify.flow.sites import Sites, chain, what

#: A write (None: one that the caller may have made), the number of the clause that speaks of it,
#: how many barriers of the chain have come since, and the last statement that says it orders it.
Pending: TypeAlias = tuple[Event | None, int, int, s.Order | None]


@dataclass(frozen=True, slots=True)
class _Clause:
    rule: Rule
    body: VisibleTo


@dataclass(slots=True)
class Edges:
    """Follows what rules say must be visible, from each write to each look."""

    graph: Graph
    sites: Sites
    facts: Mapping[str, int] = field(default_factory=dict)
    clauses: list[_Clause] = field(init=False)
    claimed: set[int] = field(init=False)
    #: The sequences that barriers are in, by the places of these.
    functions: dict[Span, str] = field(init=False)
    sources: dict[str, frozenset[str]] = field(init=False)
    _first: dict[Event, tuple[int, ...]] = field(default_factory=dict)
    _then: dict[Event, frozenset[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        program = self.graph.program
        self.clauses = [
            _Clause(rule, body)
            for rule in program.rules
            for body in rule.clauses
            if isinstance(body, VisibleTo)
        ]
        claims = [e for n in self.graph.nodes for e in n.events if e.op is Op.CLAIM]
        orders = {e.order.span: e.order for e in claims if e.order is not None}
        self.functions = {e.span: e.where.function for e in claims}
        self.claimed = {
            i
            for i, c in enumerate(self.clauses)
            for o in orders.values()
            if self._claims(o, None, c)
        }
        self.sources = _sources(program)

    def concerns(self, event: Event) -> bool:
        match event.op:
            case Op.BARRIER | Op.CLAIM:
                return True
            case Op.ENTER | Op.LEAVE:
                return _outermost(event)
            case Op.READ | Op.WRITE | Op.USE:
                return bool(self._begins(event) or self._ends(event))
            case _:
                return False

    def begin(self, event: Event, registers: Registers) -> Iterator[Pending]:
        if event.op is Op.ENTER:
            yield from ((None, i, 0, None) for i in self.claimed)
            return
        for i in self._begins(event):
            yield (event, i, 0, None)

    def step(self, event: Event, fact: Pending, registers: Registers) -> Iterable[Pending]:
        write, number, done, order = fact
        clause = self.clauses[number]
        match event.op:
            case Op.BARRIER:
                assert event.barrier is not None
                if event.barrier.serves(clause.body.barriers[done]):
                    done += 1
                    if done == len(clause.body.barriers):
                        return ()
                    return ((write, number, done, order),)
            case Op.CLAIM:
                assert event.order is not None
                if self._claims(event.order, write, clause):
                    return ((write, number, done, event.order),)
            case Op.LEAVE:
                if order is not None and write is not None:
                    self._unseen(write, clause, order, registers)
            case Op.READ | Op.WRITE | Op.USE:
                if number in self._ends(event) and _matters(write, event, self.sources):
                    self._look(event, fact, clause, registers)
                if write is not None and _replaces(event, write):
                    return ()
            case _:
                pass
        return (fact,)

    # ---- what is found

    def _look(self, event: Event, fact: Pending, clause: _Clause, registers: Registers) -> None:
        write, _, done, order = fact
        if clause.body.condition is not None:
            known = _asked_of(event, registers, self.facts)
            if not value(clause.body.condition, self.facts, known):
                return
        shows = event.op is not Op.WRITE
        ends = [] if write is None else [Note(write.span, what(write))]
        ends.append(Note(event.span, f"{what(event)}: it is not surely seen here"))
        if order is not None and order.then is not None and touches(order.then, event):
            self._weak(order, clause, write, what(event), ends, shows=shows)
            return
        if write is None:
            # Whoever calls may have the barriers.
            return
        left = chain(clause.body.barriers[done:])
        message = (
            f"{what(event)} may not see {what(write)}: between the two "
            f"{clause.rule.name} asks for {chain(clause.body.barriers)}, and on a path there is "
            f"no {left}"
        )
        self.sites.add(
            NoBarrier,
            clause.rule.name,
            Strength(clause.rule.strength.value),
            event.span,
            message,
            ends,
            function=event.where.function,
            value=shows,
        )

    def _unseen(self, write: Event, clause: _Clause, order: s.Order, registers: Registers) -> None:
        """A sequence ends that somebody runs, and has said that it orders what others look at."""
        condition = clause.body.condition
        if condition is not None and not value(condition, self.facts, dict(registers)):
            return
        assert order.then is not None
        asked = {t.name for t in clause.body.then.targets if isinstance(t, Endpoint)}
        others = [t.name for t in order.then.targets if t.name in asked]
        if others:
            names = ", ".join(others)
            ends = [Note(write.span, what(write)), Note(order.then.span, f"{names}: later")]
            self._weak(order, clause, write, names, ends, shows=True)

    def _weak(
        self,
        order: s.Order,
        clause: _Clause,
        write: Event | None,
        look: str,
        ends: list[Note],
        *,
        shows: bool,
    ) -> None:
        says = clause.body.first.span.text if write is None else what(write)
        message = (
            f"`{chain(order.barriers)}` does not make {says} visible to {look}: "
            f"{clause.rule.name} asks for {chain(clause.body.barriers)}"
        )
        self.sites.add(
            TooWeak,
            clause.rule.name,
            Strength(clause.rule.strength.value),
            order.span,
            message,
            ends,
            function=self.functions[order.span],
            value=shows,
        )

    # ---- what events are

    def _begins(self, event: Event) -> tuple[int, ...]:
        found = self._first.get(event)
        if found is None:
            found = self._first[event] = tuple(
                i
                for i, c in enumerate(self.clauses)
                if event.op is not Op.READ and touches(c.body.first, event)
            )
        return found

    def _ends(self, event: Event) -> frozenset[int]:
        found = self._then.get(event)
        if found is None:
            found = self._then[event] = frozenset(
                i for i, c in enumerate(self.clauses) if touches(c.body.then, event)
            )
        return found

    @staticmethod
    def _claims(order: s.Order, write: Event | None, clause: _Clause) -> bool:
        assert order.first is not None
        assert order.then is not None
        if not common(order.then, clause.body.then):
            return False
        if write is None:
            return common(order.first, clause.body.first)
        return touches(order.first, write)


def _outermost(event: Event) -> bool:
    """Whether a sequence begins or ends that no lifecycle runs."""
    return len(event.where.functions) == 1 and not event.where.phase


def _replaces(event: Event, write: Event) -> bool:
    """Whether a write leaves nothing of an earlier one to be seen."""
    return (
        event.op is write.op is Op.WRITE
        and event.element == write.element
        and (event.index is not None or not event.register.banked)  # type: ignore[union-attr]
        and event.mask & write.mask == write.mask
        and event is not write
    )


def _matters(write: Event | None, look: Event, sources: Mapping[str, frozenset[str]]) -> bool:
    """Whether a look can show anything of a write."""
    if write is None:
        return True
    if look.op is Op.WRITE:
        return write.op is not Op.WRITE or look.element != write.element
    if look.op is Op.USE:
        return True
    assert look.register is not None
    name = look.register.name
    made_of = sources.get(name)
    if write.op is Op.WRITE:
        assert write.register is not None
        if write.register.name == name and made_of is None:
            # A register's own writes are read back in program order.
            return False
        return made_of is None or write.register.name in made_of
    assert write.endpoint is not None
    aliases = {a.register.name for a in write.endpoint.aliases}
    return not aliases or name in aliases or bool(aliases & (made_of or frozenset()))


def _sources(program: Program) -> dict[str, frozenset[str]]:
    """The registers that those with computed fields are made of, also by way of others."""
    found: dict[str, set[str]] = {}
    for each in program.computed:
        mine = found.setdefault(each.register.name, set())
        mine |= {p.register.name for p in inside(each.value) if isinstance(p, x.ReadRegister)}
    while True:
        size = sum(map(len, found.values()))
        for mine in found.values():
            for name in list(mine):
                mine |= found.get(name, set())
        if size == sum(map(len, found.values())):
            return {name: frozenset(mine) for name, mine in found.items()}


# ---- orders


#: The second of two accesses that a rule has in order, and the number of the clause.
Behind: TypeAlias = tuple[Event, int]


@dataclass(slots=True)
class Orders:
    """Follows what rules say comes before what, within one phase."""

    graph: Graph
    sites: Sites
    facts: Mapping[str, int] = field(default_factory=dict)
    clauses: list[tuple[Rule, Precedes]] = field(init=False)

    def __post_init__(self) -> None:
        self.clauses = [
            (rule, body)
            for rule in self.graph.program.rules
            for body in rule.clauses
            if isinstance(body, Precedes)
        ]

    def concerns(self, event: Event) -> bool:
        if event.op is Op.PHASE:
            return True
        return event.op in (Op.READ, Op.WRITE) and any(
            touches(c.first, event) or touches(c.then, event) for _, c in self.clauses
        )

    def begin(self, event: Event, registers: Registers) -> Iterator[Behind]:
        for i, (_, clause) in enumerate(self.clauses):
            if touches(clause.then, event) and self._applies(clause, event, registers):
                yield (event, i)

    def step(self, event: Event, fact: Behind, registers: Registers) -> Iterable[Behind]:
        if event.op is Op.PHASE:
            return ()
        late, number = fact
        rule, clause = self.clauses[number]
        if touches(clause.first, event) and self._applies(clause, event, registers):
            self.sites.add(
                OrderBroken,
                rule.name,
                Strength(rule.strength.value),
                event.span,
                f"{what(event)} comes after {what(late)}: {rule.name} has them the other way round",
                [Note(late.span, f"{what(late)} comes first")],
                function=event.where.function,
                value=False,
            )
        return (fact,)

    def _applies(self, clause: Precedes, event: Event, registers: Registers) -> bool:
        if clause.condition is None:
            return True
        return bool(value(clause.condition, self.facts, _asked_of(event, registers, self.facts)))


def _asked_of(event: Event, registers: Registers, facts: Mapping[str, int]) -> dict[str, Known]:
    """What registers hold where the condition of a clause is asked: of a write, what is written."""
    known = dict(registers)
    if event.op is Op.WRITE:
        known[event.element] = written(event, facts, known, 0)
    return known
