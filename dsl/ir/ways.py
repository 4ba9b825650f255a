"""A lifecycle as places to be at, the steps between them, and the way from one to another."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from dsl.ir import lifecycle as l
from dsl.ir import sequence as s
from dsl.ir.walk import statements

#: What it costs to choose a later alternative: more than any way through the first one.
_LATER = 10_000


@dataclass(frozen=True, slots=True)
class Node:
    """A place in a lifecycle: a phase, or where an ``each`` begins or ends (no phase)."""

    number: int
    name: str
    phase: l.Phase | None
    begins: bool = False
    ends: bool = False


@dataclass(slots=True)
class Graph:
    """A lifecycle's places; ``following`` has those that can come next, with what it costs.

    Place 0 is before everything.  ``outermost`` are the places where a new round of the whole
    lifecycle begins: there, and only there, an owner may come to another CPU.
    """

    name: str
    nodes: list[Node] = field(default_factory=list)
    following: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    outermost: set[int] = field(default_factory=set)

    def names(self) -> list[str]:
        return list(dict.fromkeys(n.name for n in self.nodes if n.name))

    def way(self, start: int, goal: str, around: Sequence[str] = ()) -> list[Node] | None:
        """The places from ``start`` to the nearest that is called ``goal``, without the first.

        Of an `either` the first alternative that leads there is taken; of an ``each`` that is
        the goal, one whole round.  It leads through none of the phases ``around``.
        """
        rounds = any(n.ends and n.name == goal for n in self.nodes)
        order = count()
        queue: list[tuple[int, int, int, list[int]]] = [(0, next(order), start, [])]
        done: set[int] = set()
        while queue:
            cost, _, at, path = heapq.heappop(queue)
            if at in done and path:
                continue
            if path:
                done.add(at)
                node = self.nodes[at]
                if node.name == goal and (node.ends if rounds else node.phase is not None):
                    return [self.nodes[n] for n in path]
            for after, price in self.following.get(at, ()):
                to = self.nodes[after]
                out = to.phase is not None and to.name in around
                if after not in done and not out:
                    heapq.heappush(queue, (cost + price, next(order), after, [*path, after]))
        return None


def phases(steps: Iterable[l.Step]) -> Iterator[l.Phase]:
    """Every phase among some steps."""
    for step in steps:
        match step:
            case l.Phase():
                yield step
            case l.Repeat(steps=inner):
                yield from phases(inner)
            case l.Either(alternatives=alternatives):
                for each in alternatives:
                    yield from phases(each)


def graph(lifecycle: l.Lifecycle) -> Graph:
    """The places of a lifecycle."""
    made = Graph(lifecycle.name)
    start = _node(made, "", None)
    ends = _steps(made, lifecycle.steps, [(start.number, 0)], top=True)
    made.outermost.add(start.number)
    made.outermost |= {end for end, _ in ends}
    # What is followed by the end of a round, and by nothing before it, is the end of it.
    while True:
        more = {
            at
            for at, after in made.following.items()
            if any(to in made.outermost and made.nodes[to].ends for to, _ in after)
        } - made.outermost
        if not more:
            return made
        made.outermost |= more


#: Places to come from, each with what the next step costs beside its own.
_Froms = list[tuple[int, int]]


def _node(
    graph: Graph,
    name: str,
    phase: l.Phase | None,
    froms: Iterable[tuple[int, int]] = (),
    *,
    begins: bool = False,
    ends: bool = False,
) -> Node:
    node = Node(len(graph.nodes), name, phase, begins, ends)
    graph.nodes.append(node)
    _join(graph, froms, node.number, 1 if phase is not None else 0)
    return node


def _join(graph: Graph, froms: Iterable[tuple[int, int]], to: int, price: int) -> None:
    for at, extra in froms:
        graph.following.setdefault(at, []).append((to, price + extra))


def _steps(graph: Graph, steps: Sequence[l.Step], froms: _Froms, *, top: bool) -> _Froms:
    for step in steps:
        froms = _step(graph, step, froms, top=top)
    return froms


def _step(graph: Graph, step: l.Step, froms: _Froms, *, top: bool) -> _Froms:
    match step:
        case l.Phase(name=name):
            return [(_node(graph, name, step, froms).number, 0)]
        case l.Repeat(name=name, steps=inner):
            begin = _node(graph, name, None, froms, begins=True)
            last = _steps(graph, inner, [(begin.number, 0)], top=False)
            end = _node(graph, name, None, last, ends=True)
            _join(graph, [(end.number, 0)], begin.number, 0)
            if top:
                graph.outermost |= {begin.number, end.number}
            # Any number of times: none too.
            return [*froms, (end.number, 0)]
        case l.Either(alternatives=alternatives):
            found: _Froms = []
            for number, steps in enumerate(alternatives):
                dearer = [(at, extra + number * _LATER) for at, extra in froms]
                found += _steps(graph, steps, dearer, top=False)
            return found


def parts(phase: l.Phase) -> tuple[s.Body, s.Body]:
    """What happens on the way into a phase, and on the way out of it.

    Others act where it says `may`; without one it is all on the way in.
    """
    for at in range(len(phase.body) - 1, -1, -1):
        if any(isinstance(each, s.May) for each in statements((phase.body[at],))):
            return phase.body[: at + 1], phase.body[at + 1 :]
    return phase.body, ()
