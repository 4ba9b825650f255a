"""A history that shows a suspicion: steps of a scenario that end in a wrong value."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from dsl.diagnostics.proofs import BitsLost, StateLeaks, StateLost
from dsl.ir import lifecycle as l
from dsl.ir.shapes import MACHINE
from dsl.ir.ways import Graph, graph
from dsl.run.registers import Element
from dsl.verify.findings import Configuration, Witness
from dsl.verify.histories import directed, givens, names_of_owners
from dsl.verify.symbolic.chain import Act, Chain, Goal, Point
from dsl.verify.symbolic.mirrors import Static
from dsl.verify.symbolic.owned import Suspicion
from dsl.verify.symbolic.state import Cells, Key, Unbounded
from dsl.verify.symbolic.term import Term, evaluate, symbols
from dsl.verify.symbolic.terms import Terms

if TYPE_CHECKING:
    from dsl.verify.symbolic import Limits

#: So many phases are executed in search of a history, on each kind of way.
_MOST = 220

#: So many are executed on straight ways before that, if the history need not be the shortest.
_STRAIGHT = 60

#: So many places without a phase come with each phase, at most.
_BETWEEN = 5


#: How often one owner comes to one place on a straight way.
_ROUNDS = 2

#: Where other owners are.
_Elsewhere: TypeAlias = tuple[tuple[str, int], ...]
#: The places that a way went through, and who was there.
_Path: TypeAlias = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens between two residencies: the next is on another CPU, or another owner's."""

    owners: tuple[str, ...] = ("",)
    cpus: int = 1


def witness(
    static: Static,
    lifecycle: l.Lifecycle,
    configuration: Configuration,
    suspicion: Suspicion,
    budget: Limits | None = None,
) -> Witness | None:
    """The shortest history that is found to show it; None where none is.

    Nothing that was proved before it has a part in which one it is.  Raises `Spent` where the
    budget is.
    """
    return next(_found(static, lifecycle, configuration, suspicion, Search.go, budget), None)


def witnesses(
    static: Static,
    lifecycle: l.Lifecycle,
    configuration: Configuration,
    suspicion: Suspicion,
    budget: Limits | None = None,
) -> Iterator[Witness]:
    """Histories that show it: one that is soon found, and the shortest.

    Raises `Spent` where the budget is.
    """
    yield from straight(static, lifecycle, configuration, suspicion, budget)
    yield from _found(static, lifecycle, configuration, suspicion, Search.go, budget)


def straight(
    static: Static,
    lifecycle: l.Lifecycle,
    configuration: Configuration,
    suspicion: Suspicion,
    budget: Limits | None = None,
) -> Iterator[Witness]:
    """The history that is soon found, if there is one.  Raises `Spent` where the budget is."""
    yield from _found(static, lifecycle, configuration, suspicion, Search.straight, budget)


def _found(
    static: Static,
    lifecycle: l.Lifecycle,
    configuration: Configuration,
    suspicion: Suspicion,
    way: Callable[[Search], Witness | None],
    budget: Limits | None,
) -> Iterator[Witness]:
    """The first history that is found in a way, if there is one."""
    about = suspicion.mirror is not None or suspicion.invariant is not None
    if not about and suspicion.kind is not BitsLost:
        return
    both = names_of_owners(static.program)[:2]
    stays, moves, shares = Plan(), Plan(cpus=2), Plan((both[0], both[1]))
    plans = [stays, moves, shares]
    if suspicion.kind is StateLost:
        # What is not brought along is missed on another CPU.
        plans = [moves, stays, shares]
    elif suspicion.kind is StateLeaks:
        plans = [shares, stays]
    for plan in plans:
        try:
            search = Search(static, lifecycle, configuration, suspicion, plan)
            search.chain.solver.budget = budget
            found = way(search)
        except (Unbounded, RecursionError):
            return
        if found is not None:
            yield found
            return


class Search:
    """All ways through a lifecycle, the shortest first."""

    def __init__(
        self,
        static: Static,
        lifecycle: l.Lifecycle,
        configuration: Configuration,
        suspicion: Suspicion,
        plan: Plan,
    ) -> None:
        self.static, self.terms, self.plan = static, Terms(), plan
        self.chain = Chain(static, self.terms, dict(configuration), suspicion)
        self.configuration, self.suspicion = configuration, suspicion
        self.graph: Graph = graph(lifecycle)
        self.root = self.chain.root
        self.invariants = [i for m in static.program.modules for i in m.invariants]

    def straight(self) -> Witness | None:
        """A history that goes through all that comes first, and then leaves out the last of it."""
        done = 0
        waiting: list[tuple[int, Point, _Elsewhere, _Path]] = [
            (after, point, others, ()) for after, _, point, others in self._next(self._start(), ())
        ]
        for _ in range(_BETWEEN * _STRAIGHT):
            if not waiting or done >= _STRAIGHT:
                break
            after, at, elsewhere, path = waiting.pop()
            path = (*path, (at.owner, after))
            phase = self.graph.nodes[after].phase
            made = replace(at, node=after)
            if phase is not None:
                done += 1
                made = self.chain.take(at, after, phase, self.invariants)
                for goal in self.chain.goals:
                    found = self._shown(goal, made)
                    if found is not None:
                        return found
                if made.path is self.terms.false:
                    continue
            here = path[self._began(path) :]
            ways = [
                (way, point, others, path)
                for way, _, point, others in self._next(made, elsewhere)
                if path.count((point.owner, way)) < _ROUNDS
            ]
            # What was not done since the owner came here is done before anything is done again.
            ways.sort(key=lambda one: here.count((one[1].owner, one[0])))
            waiting += reversed(ways)
        return None

    def _began(self, path: _Path) -> int:
        """Where on a path the residency that is now begins."""
        outside = [n for n, (_, node) in enumerate(path) if node in self.graph.outermost]
        return outside[-1] if outside else 0

    def _start(self) -> Point:
        """Where all ways begin."""
        chain = self.chain
        first = self.plan.owners[0] or self.root
        start = Point({}, self.terms.true, 0, first, 0, (), ())
        chain.again()
        for assumed in chain.entry:
            chain.cells, chain.path, chain.owner = {}, self.terms.true, first
            holds = chain.truth(assumed, chain.watcher())
            start = replace(start, path=self.terms.and_(start.path, holds))
        return start

    def go(self) -> Witness | None:
        """The shortest history that is found."""
        chain, start = self.chain, self._start()
        queue: list[tuple[int, int, Point, _Elsewhere]] = [(0, 0, start, ())]
        number = done = 0
        # Of places where nothing happens there are a few between phases, and no more.
        for _ in range(_BETWEEN * _MOST):
            if not queue or done >= _MOST:
                break
            cost, _, at, elsewhere = heapq.heappop(queue)
            for after, price, point, others in self._next(at, elsewhere):
                phase = self.graph.nodes[after].phase
                if phase is None:
                    made = replace(point, node=after)
                else:
                    done += 1
                    chain.solver.check()
                    made = chain.take(point, after, phase, self.invariants)
                    for goal in chain.goals:
                        found = self._shown(goal, made)
                        if found is not None:
                            return found
                    if made.path is self.terms.false:
                        continue
                number += 1
                heapq.heappush(queue, (cost + price, number, made, others))
        return None

    def _next(
        self, at: Point, elsewhere: _Elsewhere
    ) -> Iterator[tuple[int, int, Point, _Elsewhere]]:
        """The places that can come next; at the end of a residency somebody else may come."""
        visited = [node for node, owner, _ in at.visits if owner == at.owner]
        outside = at.node in self.graph.outermost
        for after, _ in self.graph.following.get(at.node, ()):
            price = (1 if self.graph.nodes[after].phase else 0) + 2 * visited.count(after)
            point, others = at, elsewhere
            begins = outside and self.graph.nodes[after].begins
            # Whoever was given the turn goes on before the other one gets it back.
            if begins and visited and at.visits[-1][1] == at.owner:
                residencies = sum(1 for node in visited if node == self._first())
                if residencies and self.plan.cpus > 1:
                    point = self._moved(at)
                # Whoever has just got his turn uses it.
                acted = at.visits[-1][1] == at.owner
                if acted and residencies and len(self.plan.owners) > 1:
                    turn = self._turned(at, elsewhere)
                    if turn is not None:
                        yield 0, 2, *turn
                        continue
            yield after, price, point, others

    def _first(self) -> int:
        """The first phase of a residency."""
        return next(
            (
                n.number
                for n in self.graph.nodes
                if n.phase and n.number not in self.graph.outermost
            ),
            0,
        )

    def _moved(self, at: Point) -> Point:
        """The owner goes on on the other CPU, which has just booted, or is as it was left."""
        other = 1 - at.cpu
        here: Cells = {k: v for k, v in at.cells.items() if isinstance(k, str)}
        parked = dict(at.parked)
        there: Cells = parked.get(other, {})
        parked[at.cpu] = here
        cells: Cells = {k: v for k, v in at.cells.items() if not isinstance(k, str)}
        return replace(at, cells={**cells, **there}, cpu=other, parked=tuple(parked.items()))

    def _turned(self, at: Point, elsewhere: _Elsewhere) -> tuple[Point, _Elsewhere] | None:
        """It is the other owner's turn, who goes on where he was."""
        others = dict(elsewhere)
        other = next(o for o in self.plan.owners if o != at.owner)
        where = others.pop(other, 0)
        others[at.owner] = at.node
        return replace(at, owner=other, node=where), tuple(others.items())

    # ---- telling it

    def _shown(self, goal: Goal, at: Point) -> Witness | None:
        if goal.condition is self.terms.false:
            return None
        answer = self.chain.solver.model(goal.condition)
        if answer is None or not answer[0]:
            return None
        model = answer[1]
        made: dict[Term, int] = {}
        last, seen = self._last(goal, model, made)
        if goal.place is not None and not last:
            return None
        relevant = set(symbols(goal.condition))
        for term in (goal.seen, goal.wanted):
            if term is not None:
                relevant |= symbols(term)
        # What is assumed of these may ask for values of others.
        for _ in self.chain.solver.assumed:
            for assumed in self.chain.solver.assumed:
                if symbols(assumed) & relevant:
                    relevant |= symbols(assumed)
        params = tuple(f"{o} : {self.root}" for o in self.plan.owners if o)
        steps = list(self._given(model, made, relevant))
        steps += self._told(at, model, made, relevant)
        if last:
            steps.append(last)
        return Witness(tuple(directed(self.graph, steps)), params, seen)

    def _last(self, goal: Goal, model: dict[Term, int], made: dict[Term, int]) -> tuple[str, str]:
        """The expectation that does not hold: of a field, if one is all that differs."""
        if goal.place is None or goal.seen is None or goal.wanted is None:
            return "", ""
        seen = evaluate(goal.seen, model, made) & goal.mask
        wanted = evaluate(goal.wanted, model, made) & goal.mask
        if isinstance(goal.place, Element):
            name, register = _register(goal.place), goal.place.register
        else:
            slot, index = goal.place
            name = slot.name if index is None else f"{slot.name}[{index}]"
            if len(self.plan.owners) > 1:
                name = f"{self.chain.owner}.{name}"
            assert slot.link is not None
            register = slot.link.register.register
        for f in register.fields:
            if not f.count and (seen ^ wanted) & f.mask:
                number = (wanted & f.mask) >> f.low
                is_now = (seen & f.mask) >> f.low
                what = f"{name}.{f.name}"
                return f"expect {what} == {number:#x}", f"{what} is {is_now:#x}, not {number:#x}"
        return "", ""

    def _given(
        self, model: dict[Term, int], made: dict[Term, int], relevant: set[Term]
    ) -> Iterator[str]:
        program = self.static.program
        asked = tuple((n, v) for n, v in self.configuration if n not in program.models)
        if asked:
            yield givens(program, asked, [(owner, asked) for owner in self.plan.owners])
        for name, value in self.chain.constants.items():
            element = self.chain.elements[name]
            if not symbols(value) & relevant:
                continue
            # What is assumed of machines may relate one field to another.
            for f in element.register.fields:
                part = self.terms.slice(value, f.low, f.width)
                if not f.count and symbols(part):
                    yield f"given {_register(element)}.{f.name} = {evaluate(part, model, made):#x}"
        for key, value in self.chain.given_at_start.items():
            if symbols(value) & relevant:
                yield f"given {self._slot(key)} = {evaluate(value, model, made):#x}"

    def _slot(self, key: Key) -> str:
        assert not isinstance(key, str)
        owner, name, index = key
        place = str(name) if index == -1 else f"{name}[{index}]"
        return f"{owner}.{place}" if len(self.plan.owners) > 1 and owner else place

    def _told(
        self, at: Point, model: dict[Term, int], made: dict[Term, int], relevant: set[Term]
    ) -> Iterator[str]:
        """Each visit of a phase, and what others do in it."""
        cpu = 0
        for number, (node, owner, on) in enumerate(at.visits):
            acts = [a for a in at.acts if a.step == number]
            acts = [a for a in acts if symbols(a.value) & relevant]
            acts = [a for a in acts if evaluate(a.condition, model, made)]
            name = self.graph.nodes[node].name
            if on != cpu:
                cpu = on
                yield f"on {cpu}"
            yield from self._behaviours(acts, model, made)
            handle = f"({owner})" if len(self.plan.owners) > 1 else ""
            yield f"run {name}{handle}"
            if number < len(at.visits) - 1:
                yield from self._acts(acts, owner, model, made)

    def _behaviours(
        self, acts: list[Act], model: dict[Term, int], made: dict[Term, int]
    ) -> Iterator[str]:
        """What externs do in this phase, and what conditions are."""
        program = self.static.program
        bodies: dict[str, list[str]] = {}
        for act in acts:
            value = evaluate(act.value, model, made)
            if act.actor in program.conditions:
                bodies[act.actor] = [f"return {value}"]
            elif act.actor in program.externs:
                bodies.setdefault(act.actor, []).append(f"{_place(act)} <- {value:#x}")
        for name, lines in bodies.items():
            yield _block(name, lines)

    def _acts(
        self, acts: list[Act], owner: str, model: dict[Term, int], made: dict[Term, int]
    ) -> Iterator[str]:
        program = self.static.program
        actor = ""
        lines: list[str] = []
        for act in acts:
            if act.actor in program.conditions or act.actor in program.externs:
                continue
            if act.actor != actor and lines:
                yield _block(actor, lines)
                lines = []
            actor = act.actor
            lines += self._lines(act, owner, model, made)
        if lines:
            yield _block(actor, lines)

    def _lines(
        self, act: Act, owner: str, model: dict[Term, int], made: dict[Term, int]
    ) -> Iterator[str]:
        value = evaluate(act.value, model, made)
        if not isinstance(act.place, Element):
            assert isinstance(act.place, tuple)
            theirs = act.place[0].root != MACHINE and len(self.plan.owners) > 1
            whose = f"{owner}." if theirs else ""
            yield f"{whose}{_place(act)} <- {value:#x}"
            return
        element = act.place
        if act.mask & element.stored == element.stored:
            yield f"{_register(element)} <- {value & element.stored:#x}"
            return
        for f in element.register.fields:
            if not f.count and f.mask & act.mask == f.mask:
                yield f"{_register(element)}.{f.name} <- {(value & f.mask) >> f.low:#x}"


def _block(name: str, lines: list[str]) -> str:
    if len(lines) == 1:
        return f"{name} {{ {lines[0]} }}"
    return "\n".join((f"{name} {{", *(f"    {line}" for line in lines), "}"))


def _place(act: Act) -> str:
    assert isinstance(act.place, tuple)
    slot, index = act.place
    return slot.name if index is None else f"{slot.name}[{index}]"


def _register(element: Element) -> str:
    """How a scenario names an element: ``ICH_LR<3>_EL2``."""
    register = element.register
    if not register.banked:
        return register.name
    return register.name.replace(f"<{register.var}>", f"<{element.index}>")
