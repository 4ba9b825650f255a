"""Explores the lifecycle of a program breadth-first, for owners that share and change CPUs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from dsl.ir.ways import Graph
from dsl.verify.explicit.states import Key, State, moved
from dsl.verify.explicit.stepping import Outcome, Stepper


@dataclass(frozen=True, slots=True)
class Edge:
    """A step from one state (by its number) to another; ``outcome`` is None where a CPU is taken.

    Then ``start`` is the state that left the CPU so, and ``owner`` the one of who comes to it.
    """

    start: int
    end: int
    outcome: Outcome | None
    owner: int = -1


@dataclass(slots=True)
class Exploration:
    """All states of the owners of one kind of machine, whatever their own kinds are.

    What an owner has and what a CPU holds do not depend on each other once it has left: so every
    owner is put on every CPU as any other, or itself, has left it.  These are all states that any
    number of owners can reach on any number of CPUs, and with ``shared`` False those of an owner
    that has a CPU to itself.
    """

    steppers: dict[int, Stepper]
    graph: Graph
    most: int
    shared: bool = True
    #: Asked now and then whether to go on; it raises where not.
    check: Callable[[], None] = lambda: None
    states: list[State] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    #: Steps that lead nowhere, or show something wrong: each with the number of its state.
    wrong: list[tuple[int, Outcome]] = field(default_factory=list)
    complete: bool = True
    _known: dict[Key, int] = field(default_factory=dict)
    _owners: dict[Key, int] = field(default_factory=dict)
    _left: dict[int, int] = field(default_factory=dict)

    def run(self) -> Exploration:
        """Explores until nothing new comes, or ``most`` states are known."""
        queue: deque[int] = deque(self._add(s.first())[0] for s in self.steppers.values())
        for number in list(queue):
            # Who has not run yet may come to any CPU, and has nothing that it could find there.
            self._owners[self.states[number].own] = number
        while queue:
            number = queue.popleft()
            state = self.states[number]
            for to, _ in self.graph.following.get(state.at, ()):
                node = self.graph.nodes[to]
                for outcome in self.steppers[state.kind].steps(state, node):
                    if outcome.wrong or outcome.hazards:
                        self.wrong.append((number, outcome))
                    if outcome.state is None:
                        continue
                    end, fresh = self._add(outcome.state)
                    self.edges.append(Edge(number, end, outcome))
                    if not fresh:
                        continue
                    queue.append(end)
                    if self.shared and to in self.graph.outermost and not node.begins:
                        queue.extend(self._meets(end))
                    if len(self.states) >= self.most:
                        self.complete = False
                        return self
                    if len(self.states) % 100 == 0:
                        self.check()
        return self

    def numbered(self, state: State) -> int:
        """The number of a state that is known.  Raises KeyError for another one."""
        return self._known[state.key]

    @property
    def missed(self) -> str:
        """The first phase that owners of some kind never come to, though nothing stops them."""
        if not self.complete or any(outcome.state is None for _, outcome in self.wrong):
            return ""
        come = {(state.kind, state.at) for state in self.states}
        for node in self.graph.nodes:
            if node.phase is None:
                continue
            if any((kind, node.number) not in come for kind in self.steppers):
                return node.name
        return ""

    def _add(self, state: State) -> tuple[int, bool]:
        """The number of a state, and whether it is a new one."""
        number = self._known.setdefault(state.key, len(self.states))
        if number < len(self.states):
            return number, False
        self.states.append(state)
        return number, True

    def _meets(self, number: int) -> Iterator[int]:
        """The new states in which this owner comes to another CPU, and others come to this one."""
        state = self.states[number]
        pairs = []
        if state.own not in self._owners:
            self._owners[state.own] = number
            pairs += [(number, cpu) for cpu in self._left.values()]
        if state.left not in self._left:
            self._left[state.left] = number
            pairs += [(owner, number) for owner in self._owners.values()]
        for owner, cpu in pairs:
            end, fresh = self._add(moved(self.states[owner], self.states[cpu]))
            self.edges.append(Edge(cpu, end, None, owner))
            if fresh:
                yield end
