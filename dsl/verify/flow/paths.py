"""The paths of one configuration: the places of a graph with what is known there on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from dsl.ir.expr import Const
from dsl.ir.program import Program
from dsl.verify.flow.atoms import Known, value, written
from dsl.verify.flow.build import Graph
from dsl.verify.flow.events import Atom, Event, Node, Op

#: More states of one configuration are not looked at.
MOST = 20_000

#: By the number of a key: that it has a value (True), or that it has none of these (False).
_Answer: TypeAlias = tuple[bool, tuple[int, ...]]
Answers: TypeAlias = tuple[tuple[int, _Answer], ...]
#: What registers hold, as far as it is known.
Registers: TypeAlias = tuple[tuple[str, Known], ...]


class TooMany(Exception):
    """There are more states than are looked at."""


@dataclass(slots=True)
class State:
    """A place, and what is known there: answers to branches, and what registers hold."""

    number: int
    node: int
    answers: Answers
    registers: Registers
    after: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Paths:
    """All states that are reached from one start in one configuration."""

    graph: Graph
    start: str
    facts: Mapping[str, int]
    states: list[State] = field(default_factory=list)

    def events(self) -> list[Event]:
        """The events that some path comes to."""
        nodes = dict.fromkeys(s.node for s in self.states)
        return [event for n in nodes for event in self.graph.nodes[n].events]

    def shape(self) -> tuple[object, ...]:
        """What the paths are: those of two configurations may be the same."""
        return tuple((s.node, s.answers, s.registers, tuple(s.after)) for s in self.states)


@dataclass(slots=True)
class Explorer:
    """Walks a graph; ``tracked`` are the registers, and their bits, that something asks about."""

    graph: Graph
    tracked: Mapping[str, int]
    blurred: dict[str, int] = field(init=False)
    live: list[frozenset[int]] = field(init=False)

    def __post_init__(self) -> None:
        self.blurred = _blurred(self.graph.program)
        self.live = _live(self.graph)

    def paths(self, start: str, facts: Mapping[str, int], *, loose: bool = False) -> Paths:
        """The states from a start; ``loose``: nothing is known of memory.  Raises `TooMany`."""
        made = Paths(self.graph, start, facts)
        numbers: dict[tuple[int, Answers, Registers], int] = {}

        def state(node: int, answers: Answers, registers: Registers) -> int:
            key = (node, answers, registers)
            found = numbers.get(key)
            if found is None:
                found = numbers[key] = len(made.states)
                if found >= MOST:
                    raise TooMany
                made.states.append(State(found, *key))
            return found

        nodes = self.graph.nodes
        # What facts alone decide is asked once.
        decided = {
            n.number: None if n.atom.condition is None else value(n.atom.condition, facts, {})
            for n in nodes
            if n.atom is not None
        }

        def leads(
            node: Node, answers: Answers, registers: Registers
        ) -> Iterable[tuple[int, Answers]]:
            if node.atom is not None and decided[node.number] is not None:
                return ((node.after[0 if decided[node.number] else 1], answers),)
            if loose and node.atom is not None and node.atom.key is not None:
                return ((to, answers) for to in node.after)
            return _ways(node, answers, registers, facts)

        def lands(to: int, answers: Answers, registers: Registers) -> Iterator[int]:
            """The states that a step leads to: places where nothing happens are passed by."""
            while True:
                node, live = nodes[to], self.live[to]
                if answers:
                    answers = tuple(each for each in answers if each[0] in live)
                if node.events or not node.after:
                    yield state(to, answers, registers)
                    return
                if node.atom is None:
                    if len(node.after) > 1:
                        yield state(to, answers, registers)
                        return
                    to = node.after[0]
                    continue
                ways = tuple(leads(node, answers, registers))
                if len(ways) != 1:
                    yield state(to, answers, registers)
                    return
                to, answers = ways[0]

        composed = start in self.graph.composed
        list(lands(self.graph.starts[start], (), self._resets() if composed else ()))
        at = 0
        while at < len(made.states):
            now = made.states[at]
            at += 1
            node = nodes[now.node]
            answers, registers = self.through(node.events, now.answers, now.registers, facts)
            ways = leads(node, () if loose else answers, registers)
            now.after = [n for to, told in ways for n in lands(to, told, registers)]
        return made

    def through(
        self,
        events: Iterable[Event],
        answers: Answers,
        registers: Registers,
        facts: Mapping[str, int],
    ) -> tuple[Answers, Registers]:
        """What is known after some events."""
        for event in events:
            if event.op in (Op.STORE, Op.FORGET):
                answers = self._stored(event, answers)
            else:
                registers = self.after(event, registers, facts)
        return answers, registers

    def after(self, event: Event, registers: Registers, facts: Mapping[str, int]) -> Registers:
        """What registers hold after an event."""
        if event.op in (Op.WRITE, Op.KEPT, Op.CHANGE):
            return self._register(event, registers, facts)
        return registers

    def _stored(self, event: Event, answers: Answers) -> Answers:
        keys = self.graph.keys
        if event.op is Op.FORGET:
            gone = {event.index}
        else:
            assert event.slot is not None
            gone = set(keys.by_slot.get(event.slot.name, ()))
        kept = tuple(each for each in answers if each[0] not in gone)
        match event.value:
            case Const(value=number) if event.op is Op.STORE and event.whole:
                assert event.slot is not None
                place: tuple[object, ...] = ("slot", event.slot.name, event.base)
                if event.slot.length:
                    return kept
                key = keys.numbers.get(place)
                if key is not None:
                    return tuple(sorted((*kept, (key, (True, (number,))))))
            case _:
                pass
        return kept

    def _register(self, event: Event, registers: Registers, facts: Mapping[str, int]) -> Registers:
        """What registers hold after a write or a change."""
        register = event.register
        assert register is not None
        if register.name not in self.tracked:
            return registers
        known = dict(registers)
        if register.banked and event.index is None:
            for i in range(register.first, register.first + register.count):
                known.pop(register.element(i), None)
            return tuple(known.items())
        name = event.element
        if event.op is Op.CHANGE:
            mask, bits = known.get(name, (0, 0))
            known[name] = mask & ~event.mask, bits & ~event.mask
        else:
            blurred = 0 if event.op is Op.KEPT else self.blurred.get(register.name, 0)
            known[name] = written(event, facts, known, blurred | ~self.tracked[register.name])
        return tuple(sorted((n, k) for n, k in known.items() if k[0]))

    def _resets(self) -> Registers:
        found: list[tuple[str, Known]] = []
        for register in self.graph.program.registers.values():
            if register.name not in self.tracked or register.banked:
                continue
            mask = bits = 0
            for f in register.fields:
                if f.reset is not None and not f.count and not f.computed:
                    mask |= f.mask
                    bits |= f.reset << f.low
            mask &= self.tracked[register.name]
            if mask:
                found.append((register.name, (mask, bits & mask)))
        return tuple(sorted(found))


def _blurred(program: Program) -> dict[str, int]:
    """The bits of registers that do not keep what is written to them."""
    found: dict[str, int] = {}
    altered = [(e.register.name, e.field.mask) for e in program.legalisations]
    altered += [(e.register.name, e.field.mask) for e in program.computed]
    for name, mask in altered:
        found[name] = found.get(name, 0) | mask
    for register in program.registers.values():
        for f in register.fields:
            if f.access != "rw":
                found[register.name] = found.get(register.name, 0) | f.mask
    return found


def _live(graph: Graph) -> list[frozenset[int]]:
    """The keys that may be asked again from each place on, before they change."""
    keys = graph.keys
    asks: list[set[int]] = []
    ends: list[set[int]] = []
    before: list[list[int]] = [[] for _ in graph.nodes]
    for node in graph.nodes:
        for to in node.after:
            before[to].append(node.number)
        key = None if node.atom is None else node.atom.key
        asks.append(set() if key is None else {key})
        gone: set[int] = set()
        for event in node.events:
            if event.op is Op.STORE and event.slot is not None:
                gone |= keys.by_slot.get(event.slot.name, set())
            elif event.op is Op.FORGET and event.index is not None:
                gone.add(event.index)
        ends.append(gone)
    live = [asks[n] - ends[n] for n in range(len(asks))]
    after = [set(a) for a in asks]
    open_ = list(range(len(asks)))
    while open_:
        number = open_.pop()
        for each in before[number]:
            if not live[number] <= after[each]:
                after[each] |= live[number]
                new = after[each] - ends[each]
                if not new <= live[each]:
                    live[each] |= new
                    open_.append(each)
    return [frozenset(each) for each in live]


def _ways(
    node: Node, answers: Answers, registers: Registers, facts: Mapping[str, int]
) -> list[tuple[int, Answers]]:
    """Where it goes on behind a place, and what is known there."""
    if node.atom is None:
        return [(to, answers) for to in node.after]
    made = []
    for holds, to in zip((True, False), node.after, strict=True):
        told = _told(node.atom, holds, answers, registers, facts)
        if told is not None:
            made.append((to, told))
    return made


def _told(
    atom: Atom, holds: bool, answers: Answers, registers: Registers, facts: Mapping[str, int]
) -> Answers | None:
    """What is known where a branch goes one way; None where it cannot go there."""
    if atom.condition is not None:
        decided = value(atom.condition, facts, dict(registers))
        return answers if decided is None or bool(decided) is holds else None
    if atom.key is None:
        return answers
    known = dict(answers)
    old = known.get(atom.key)
    if old is not None:
        same, values = old
        if same:
            return answers if (values[0] == atom.equals) is holds else None
        if atom.equals in values:
            return None if holds else answers
        known[atom.key] = (
            (True, (atom.equals,)) if holds else (False, tuple(sorted((*values, atom.equals))))
        )
    else:
        known[atom.key] = (holds, (atom.equals,))
    return tuple(sorted(known.items()))
