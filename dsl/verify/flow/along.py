"""Facts that go along the paths of a graph: what begins at an event, and what becomes of it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
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


#: The number of the analysis that a fact is of, and the fact.
_Fact = tuple[int, Hashable]


class Follower:
    """Takes the facts of several analyses along the paths of one graph."""

    def __init__(self, explorer: Explorer, analyses: Sequence[Analysis]) -> None:
        self.explorer = explorer
        self.analyses = analyses
        self.nodes = explorer.graph.nodes
        #: By place, the analyses that something happens for there.
        self.asked = [
            frozenset(i for i, a in enumerate(analyses) if any(a.concerns(e) for e in node.events))
            for node in self.nodes
        ]

    def follow(self, paths: Paths) -> None:
        """Takes every fact along every path, each to each place once."""
        states = paths.states
        reached: list[set[_Fact]] = [set() for _ in states]
        open_: list[tuple[int, tuple[_Fact, ...]]] = []
        kept: dict[tuple[int, Registers, _Fact], tuple[_Fact, ...]] = {}
        begun: dict[tuple[int, Registers], tuple[_Fact, ...]] = {}
        for state in states:
            if not self.asked[state.node]:
                continue
            key = (state.node, state.registers)
            if key not in begun:
                begun[key] = self._new(paths, *key)
            if begun[key]:
                open_.append((state.number, begun[key]))
        while open_:
            number, facts = open_.pop()
            for to in states[number].after:
                there = reached[to]
                new = [f for f in facts if f not in there]
                if not new:
                    continue
                there.update(new)
                state = states[to]
                asked = self.asked[state.node]
                made: list[_Fact] = []
                for fact in new:
                    if fact[0] not in asked:
                        made.append(fact)
                        continue
                    at = (state.node, state.registers, fact)
                    out = kept.get(at)
                    if out is None:
                        out = kept[at] = self._through(paths, *at)
                    made += out
                if made:
                    open_.append((to, tuple(made)))

    def _known(self, paths: Paths, node: int, registers: Registers) -> Iterable[Registers]:
        """What registers hold before each event of a place."""
        for event in self.nodes[node].events:
            yield registers
            _, registers = self.explorer.through((event,), (), registers, paths.facts)

    def _new(self, paths: Paths, node: int, registers: Registers) -> tuple[_Fact, ...]:
        """What begins in a place, at its end."""
        found: list[_Fact] = []
        for i in sorted(self.asked[node]):
            analysis = self.analyses[i]
            facts: list[Any] = []
            known = self._known(paths, node, registers)
            for event, holds in zip(self.nodes[node].events, known, strict=True):
                if analysis.concerns(event):
                    facts = [f for fact in facts for f in analysis.step(event, fact, holds)]
                    facts += analysis.begin(event, holds)
            found += ((i, f) for f in facts)
        return tuple(dict.fromkeys(found))

    def _through(
        self, paths: Paths, node: int, registers: Registers, fact: _Fact
    ) -> tuple[_Fact, ...]:
        """What becomes of a fact in a place."""
        analysis = self.analyses[fact[0]]
        facts: list[Any] = [fact[1]]
        known = self._known(paths, node, registers)
        for event, holds in zip(self.nodes[node].events, known, strict=True):
            if analysis.concerns(event):
                facts = [f for one in facts for f in analysis.step(event, one, holds)]
        return tuple((fact[0], f) for f in facts)
