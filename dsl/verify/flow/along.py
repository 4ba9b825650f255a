"""Facts that go along the paths of a graph: what begins at an event, and what becomes of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from dsl.verify.flow.events import Event
from dsl.verify.flow.paths import Explorer, Paths, Registers


class Analysis(Protocol):
    """A question about paths whose facts go along them, each for itself."""

    def concerns(self, event: Event) -> bool:
        """Whether anything begins or changes at an event."""

    def begin(self, event: Event, registers: Registers) -> Iterable[Any]:
        """The facts that are new behind an event."""

    def step(self, event: Event, fact: Any, registers: Registers) -> Iterable[Any]:
        """What a fact in front of an event is behind it; nothing if it ends there."""


@dataclass(slots=True)
class _Facts:
    """Facts by number, each one bit of a set; ``of`` are those of each analysis."""

    numbers: dict[tuple[int, Hashable], int] = field(default_factory=dict)
    facts: list[tuple[int, Any]] = field(default_factory=list)
    of: dict[int, int] = field(default_factory=dict)

    def bit(self, analysis: int, fact: Any) -> int:
        number = self.numbers.get((analysis, fact))
        if number is None:
            number = self.numbers[analysis, fact] = len(self.facts)
            self.facts.append((analysis, fact))
            self.of[analysis] = self.of.get(analysis, 0) | 1 << number
        return 1 << number

    def bits(self, analysis: int, facts: Iterable[Any]) -> int:
        made = 0
        for fact in facts:
            made |= self.bit(analysis, fact)
        return made


class Follower:
    """Takes the facts of several analyses along the paths of one graph."""

    def __init__(self, explorer: Explorer, analyses: Sequence[Analysis]) -> None:
        self.explorer = explorer
        self.analyses = analyses
        self.nodes = explorer.graph.nodes
        #: By place, the analyses that something happens for there, with the numbers of the events.
        self.asked: list[dict[int, list[int]]] = []
        for node in self.nodes:
            mine = {
                i: [n for n, e in enumerate(node.events) if a.concerns(e)]
                for i, a in enumerate(analyses)
            }
            self.asked.append({i: numbers for i, numbers in mine.items() if numbers})

    def follow(self, paths: Paths) -> None:
        """Takes every fact along every path, each to each place once."""
        states = paths.states
        facts = _Facts()
        reached = [0] * len(states)
        pending = [0] * len(states)
        kept: dict[tuple[int, Registers, int], int] = {}
        queue: deque[int] = deque()

        def go(number: int, bits: int) -> None:
            for to in states[number].after:
                new = bits & ~reached[to] & ~pending[to]
                if new:
                    if not pending[to]:
                        queue.append(to)
                    pending[to] |= new

        begun: dict[tuple[int, Registers], int] = {}
        for state in states:
            if self.asked[state.node]:
                key = (state.node, state.registers)
                if key not in begun:
                    begun[key] = self._new(paths, facts, *key)
                if begun[key]:
                    go(state.number, begun[key])
        while queue:
            number = queue.popleft()
            state = states[number]
            new, pending[number] = pending[number], 0
            reached[number] |= new
            out = new
            for i in self.asked[state.node]:
                mine = new & facts.of.get(i, 0)
                out &= ~mine
                while mine:
                    bit = mine & -mine
                    mine ^= bit
                    at = (state.node, state.registers, bit)
                    found = kept.get(at)
                    if found is None:
                        found = kept[at] = self._through(paths, facts, *at)
                    out |= found
            if out:
                go(number, out)

    def _events(
        self, paths: Paths, node: int, analysis: int, registers: Registers
    ) -> Iterator[tuple[Event, Registers]]:
        """The events of a place that an analysis asks about, with what registers hold there."""
        events = self.nodes[node].events
        at = 0
        for number in self.asked[node][analysis]:
            while at < number:
                registers = self.explorer.after(events[at], registers, paths.facts)
                at += 1
            yield events[number], registers

    def _new(self, paths: Paths, facts: _Facts, node: int, registers: Registers) -> int:
        """What begins in a place, at its end."""
        made = 0
        for i in self.asked[node]:
            analysis = self.analyses[i]
            found: list[Any] = []
            for event, holds in self._events(paths, node, i, registers):
                found = [f for fact in found for f in analysis.step(event, fact, holds)]
                found += analysis.begin(event, holds)
            made |= facts.bits(i, found)
        return made

    def _through(
        self, paths: Paths, facts: _Facts, node: int, registers: Registers, bit: int
    ) -> int:
        """What becomes of a fact in a place."""
        i, fact = facts.facts[bit.bit_length() - 1]
        step = self.analyses[i].step
        found: list[Any] = [fact]
        for event, holds in self._events(paths, node, i, registers):
            found = [f for one in found for f in step(event, one, holds)]
        return facts.bits(i, found)
