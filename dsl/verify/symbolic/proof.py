"""A proof over all histories of a lifecycle: what is known at each place, to a fixed point.

A place begins with all that holds where one comes from, and keeps what its phase keeps.  Between
two residencies others were on the CPU: of registers nothing is known then but what every owner
leaves behind.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from dsl.ir import expr as x
from dsl.ir import lifecycle as l
from dsl.ir.shapes import Access, Period
from dsl.ir.walk import inside
from dsl.ir.ways import Graph, Node, graph
from dsl.source import Span
from dsl.verify.symbolic.execute import Executor
from dsl.verify.symbolic.expressions import Env
from dsl.verify.symbolic.facts import Abstraction
from dsl.verify.symbolic.mirrors import Static
from dsl.verify.symbolic.owned import Suspicion
from dsl.verify.symbolic.phases import Phases
from dsl.verify.symbolic.relations import Relations, Said
from dsl.verify.symbolic.shapes import Fact, Facts, Free, Names, Shape, both, common, meet
from dsl.verify.symbolic.solver import Solver
from dsl.verify.symbolic.state import Key
from dsl.verify.symbolic.term import Term, symbols
from dsl.verify.symbolic.terms import Terms


@dataclass(frozen=True, slots=True)
class _Done:
    """A phase that was executed: under which facts and assumptions, from what, and what came.

    ``constants`` are the registers that nothing writes among what it looked at; ``needs`` is what
    was known of all that, ``moved`` what is another after it, of which
    ``shapes`` are known; ``origin`` says who wrote what in it, ``before`` who had, and ``came``
    has the statements that it came by, by their identities.  ``held`` are the conditions that were
    assumed where it begins, ``judged`` those that speak of what moved, and whether they hold after.
    """

    facts: frozenset[tuple[str, int]]
    assumed: frozenset[Term]
    constants: dict[str, Term]
    needs: dict[Key, tuple[Shape, ...]]
    moved: frozenset[Key]
    shapes: dict[Key, tuple[Shape, ...]]
    before: dict[Key, Span]
    origin: dict[Key, Span]
    suspicions: tuple[Suspicion, ...]
    came: frozenset[int]
    held: Names = frozenset()
    judged: Mapping[str, bool] = field(default_factory=dict)


#: Phases that were executed, by lifecycle and place.
Done = dict[tuple[str, int], list[_Done]]


def without(done: Done, gone: Collection[int]) -> Done:
    """The phases that came by none of some statements."""
    return {
        key: [each for each in those if each.came.isdisjoint(gone)] for key, those in done.items()
    }


@dataclass(slots=True)
class Proof:
    """The proof of one lifecycle in one configuration; ``run`` makes it.

    ``free`` is what is known of a CPU on which nobody is; it is shared by all owners.  ``said`` are
    the conditions that may be known to hold at a place.
    """

    static: Static
    terms: Terms
    solver: Solver
    facts: Mapping[str, int]
    lifecycle: l.Lifecycle
    free: Free
    done: Done = field(default_factory=dict)
    said: tuple[Said, ...] = ()
    machine: Phases = field(init=False)
    abstraction: Abstraction = field(init=False)
    relations: Relations = field(init=False)
    graph: Graph = field(init=False)
    suspicions: dict[int, list[Suspicion]] = field(default_factory=dict)
    phases: int = 0
    asked: set[str] = field(default_factory=set)
    #: The statements that any phase came by, by their identities.
    came: set[int] = field(default_factory=set)
    _facts: frozenset[tuple[str, int]] = frozenset()
    _pre: dict[int, Facts] = field(default_factory=dict)
    _post: dict[int, Facts] = field(default_factory=dict)
    _entry: list[x.Expr] = field(default_factory=list)

    def __post_init__(self) -> None:
        program = self.static.program
        self.machine = Phases(program, self.terms, self.solver, self.facts, self.static)
        self.abstraction = Abstraction(self.machine)
        self.graph = graph(self.lifecycle)
        constants, assumed, self._entry = fixed(self.machine)
        self.abstraction.constants = constants
        self.solver.assume(assumed)
        self.abstraction.booted = booted(self.machine, constants)
        self._facts = frozenset(self.facts.items())
        self.relations = Relations(self.abstraction, self.said)
        self.asked |= self.machine.asked

    def known(self, at: int) -> Facts:
        """What is known where a phase begins, after the proof was run."""
        return self._pre[at]

    # ---- to the fixed point

    def run(self) -> list[Suspicion]:
        """Everything that could not be shown to hold."""
        queue = [0]
        free, booted = self.free, self.relations.booted()
        free.relations = booted if free.relations is None else free.relations & booted
        begun = self.relations.begun() | free.relations
        self._pre[0] = Facts(dict(free.shapes), {}, begun)
        self.asked |= self.machine.asked
        while queue:
            at = heapq.heappop(queue)
            self._node(at)
            changed = set()
            if at in self.graph.outermost and self._leaves(self._post[at]):
                changed |= {n for n in self._post if n in self.graph.outermost}
            for source in changed | {at}:
                for after, _ in self.graph.following.get(source, ()):
                    met, less = self._arrive(source, after)
                    if less:
                        self._pre[after] = met
                        if after not in queue:
                            heapq.heappush(queue, after)
        return [s for each in self.suspicions.values() for s in each]

    def _arrive(self, source: int, after: int) -> tuple[Facts, bool]:
        facts = self._post[source]
        if source in self.graph.outermost:
            shared = self.abstraction.shared
            own = {k: v for k, v in facts.shapes.items() if not shared(k)}
            where = {k: v for k, v in facts.origin.items() if not shared(k)}
            facts = Facts({**own, **self.free.shapes}, where, self._back(facts.relations))
            facts.relations |= self.relations.implied(facts)
            self.asked |= self.machine.asked
        return meet(self._pre.get(after), facts, self.abstraction.started)

    def _back(self, known: Names) -> Names:
        """The conditions that hold when an owner comes back to a CPU, of which others left one."""
        assert self.free.relations is not None
        return self.relations.own(known) | self.free.relations

    def _leaves(self, facts: Facts) -> bool:
        """What is left behind on the CPU is known of nobody; whether that is less than before."""
        free = self.free
        assert free.relations is not None
        less = not free.relations <= facts.relations
        free.relations &= facts.relations
        for key, shapes in facts.shapes.items():
            if not self.abstraction.shared(key):
                continue
            old = free.shapes.get(key) or _numbers(self.abstraction.started(key))
            new = common(old, _numbers(shapes))
            if new != old:
                free.shapes[key] = new
                less = True
        return less

    def _node(self, at: int) -> None:
        node = self.graph.nodes[at]
        before = self._pre[at]
        found: list[Suspicion] = []
        self.suspicions[at] = found
        program = self.static.program
        invariants = [i for m in program.modules for i in m.invariants if node.name in i.points]
        if node.phase is None and not (node.ends and invariants):
            self._post[at] = before
            return
        done = self._done(node, before, invariants)
        found += done.suspicions
        self.asked |= {name for name, _ in done.facts}
        self.came |= done.came
        shapes = {**before.shapes, **done.shapes}
        changed = self.relations.changed(done.moved)
        holds = {name for name in changed if done.judged[name]}
        relations = (before.relations - changed) | holds
        post = Facts(shapes, {**before.origin, **done.origin}, relations)
        self._post[at] = meet(self._post.get(at), post, self.abstraction.started)[0]

    def _done(self, node: Node, before: Facts, invariants: list[l.Invariant]) -> _Done:
        """A phase under what is known before it."""
        plain = self._found(node, before, invariants, frozenset(), None)
        relations = self.relations
        held = relations.near(before.relations, plain.needs, plain.moved)
        if relations.changed(plain.moved) or (held and plain.suspicions):
            return self._found(node, before, invariants, held, plain)
        return plain

    def _found(
        self,
        node: Node,
        before: Facts,
        invariants: list[l.Invariant],
        held: Names,
        plain: _Done | None,
    ) -> _Done:
        """A phase, executed if it was not yet."""
        earlier = self.done.setdefault((self.lifecycle.name, node.number), [])
        for done in earlier:
            judged = plain is None or self.relations.changed(done.moved) <= done.judged.keys()
            if done.held == held and judged and self._serves(done, before):
                return done
        done = self._execute(node, before, invariants, held, plain)
        earlier.append(done)
        return done

    def _serves(self, done: _Done, before: Facts) -> bool:
        """Whether a phase need not be executed once more: it would be the same.

        What holds under fewer assumptions holds under more of them.  What it did not look at stays
        as it is, unless that speaks of something which is another after it.
        """
        assumed = frozenset(self.solver.assumed)
        if not done.facts <= self._facts or not done.assumed <= assumed:
            return False
        if done.suspicions and (done.assumed != assumed or done.before != before.origin):
            return False
        known, abstraction = before.shapes, self.abstraction
        if any(abstraction.constants[name] is not v for name, v in done.constants.items()):
            return False
        for key, shapes in done.needs.items():
            mine = known.get(key) or abstraction.started(key)
            if mine is not shapes and mine != shapes:
                return False
        return not done.moved or all(
            key in done.needs or abstraction.context(key).isdisjoint(done.moved) for key in known
        )

    def _execute(
        self,
        node: Node,
        before: Facts,
        invariants: list[l.Invariant],
        held: Names,
        plain: _Done | None,
    ) -> _Done:
        """A phase, executed: by itself, or (``plain`` is that) where conditions hold too."""
        self.phases += 1
        machine, abstraction = self.machine, self.abstraction
        found: list[Suspicion] = []
        machine.suspected = found.append
        machine.asked.clear()
        machine.came = set()
        abstraction.enter(before)
        for assumed in self._entry:
            holds = machine.on(machine.truth(assumed, machine.watcher()))
            machine.path = self.terms.and_(machine.path, holds)
        self.relations.assume(held)
        judged: dict[str, bool] = {}
        shapes = dict(plain.shapes) if plain is not None else {}
        moved: frozenset[Key] = frozenset()
        if node.phase is None:
            machine.phase = node.name
            machine.check(invariants, node.name)
        else:
            machine.run_phase(node.phase, invariants)
            moved = abstraction.moved()
            if plain is None:
                shapes = abstraction.leave()
            else:
                # Of each thing by itself the same is known, which took the most work.
                moved |= plain.moved
                judged = self.relations.judged(moved)
        needs = abstraction.needed()
        if plain is not None:
            needs = {**plain.needs, **needs}
        return _Done(
            frozenset((n, v) for n, v in self.facts.items() if n in machine.asked),
            frozenset(self.solver.assumed),
            {k: v for k, v in abstraction.constants.items() if k in needs},
            needs,
            moved,
            shapes,
            before.origin,
            {k: v for k, v in machine.origin.items() if before.origin.get(k) is not v},
            tuple(found),
            frozenset(machine.came),
            held,
            judged,
        )


def _numbers(shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
    """Only what is known without an owner: numbers."""

    def only(facts: frozenset[Fact]) -> frozenset[Fact]:
        return frozenset(f for f in facts if isinstance(f, int))

    known = [only(both(live, dead)) for live, dead in shapes]
    return tuple((each, each) for each in known)


# ---- what holds of every machine


def fixed(machine: Executor) -> tuple[dict[str, Term], tuple[Term, ...], list[x.Expr]]:
    """The registers that nothing writes, what is assumed of them, and what else is assumed.

    Where an assumption says between which numbers a field is, the unknown that stands for it is.
    """
    asked: list[x.Expr] = []
    entry: list[x.Expr] = []
    for assumption in machine.program.assumptions:
        tests = [p for p in inside(assumption.condition) if isinstance(p, x.Test)]
        if any(p.condition.period in (Period.TEST, Period.TRIP) for p in tests):
            continue
        asked.append(assumption.condition)
    ranges: dict[str, tuple[int, int]] = {}
    parts: list[Term] = []
    constants = _constants(machine, ranges, "")
    for number in range(3):
        parts = []
        machine.initial = lambda key, now=constants: now.get(key)  # type: ignore[misc]
        for condition in asked:
            machine.cells, machine.path = {}, machine.terms.true
            if not _about(machine, condition, constants):
                if number == 2:
                    entry.append(condition)
                continue
            holds = machine.truth(condition, Env(0, {}, False))
            parts += machine.terms.conjuncts(holds)
            if not any(isinstance(p, x.Test) for p in inside(condition)):
                # It is the same on every machine, and so are the unknowns.
                for part in machine.terms.conjuncts(holds):
                    _range(part, ranges)
        if number < 2:
            constants = _constants(machine, ranges, ":" * (number + 1))
    return constants, tuple(p for p in parts if p is not machine.terms.true), entry


def _about(machine: Executor, condition: x.Expr, constants: Mapping[str, Term]) -> bool:
    """Whether a condition speaks of nothing but registers that keep their values."""
    left = [condition]
    while left:
        for part in inside(left.pop()):
            match part:
                case x.ReadSlot():
                    return False
                case x.ReadRegister(register=register):
                    if not any(
                        name in constants
                        for name, e in machine.elements.items()
                        if e.register.name == register.name
                    ):
                        return False
                case x.Test(condition=asked) if asked.name not in machine.facts:
                    definition = machine.program.definitions.get(asked.name)
                    if definition is None:
                        return False
                    left.append(definition.value)
                case _:
                    pass
    return True


def _constants(
    machine: Executor, ranges: Mapping[str, tuple[int, int]], mark: str
) -> dict[str, Term]:
    made: dict[str, Term] = {}
    for name, element in machine.elements.items():
        if element.register.access is not Access.RO or element.computed:
            continue
        value = machine.terms.const(element.reset & ~element.stored, element.register.width)
        for f in element.register.fields:
            for at in range(max(1, f.count)):
                key = f"{name}.{f.name}{at if f.count else ''}"
                low, high = ranges.get(key, (0, (1 << f.width) - 1))
                part = machine.ranged(key + mark, f.width, low, high)
                value = machine.terms.insert(value, f.low + at * f.stride, part)
        made[name] = value
    return made


def _range(part: Term, ranges: dict[str, tuple[int, int]]) -> None:
    """What a condition says of the range of an unknown, or of two of them."""
    truth = part.op != "not"
    ult = part if truth else part.args[0]
    if ult.op != "ult":
        return
    of, bound = ult.args
    for one in ult.args:
        if one.op == "sym":
            ranges.setdefault(one.args[0].rstrip(":"), (one.lo, one.hi))
    if of.op == "sym":
        name = of.args[0].rstrip(":")
        low, high = ranges[name]
        ranges[name] = (low, min(high, bound.hi - 1)) if truth else (max(low, bound.lo), high)
    if bound.op == "sym":
        name = bound.args[0].rstrip(":")
        low, high = ranges[name]
        ranges[name] = (max(low, of.lo + 1), high) if truth else (low, min(high, of.hi))


def booted(machine: Phases, constants: Mapping[str, Term], *, run: bool = False) -> dict[str, Term]:
    """What the registers of a CPU hold before anybody runs on it.

    Where a reset is not known it is anything, or (``run``) 0 as in a run.
    """
    terms = machine.terms

    def initial(key: Key) -> Term | None:
        if not isinstance(key, str):
            return None
        if key in constants:
            return constants[key]
        element = machine.elements[key]
        reset = terms.const(element.reset, element.register.width)
        unknown = terms.symbol(f"reset:{key}", element.register.width)
        if run:
            unknown = terms.const(0, element.register.width)
        return terms.masked(reset, unknown, element.unknown)

    machine.initial = initial
    machine.cells, machine.path = {}, terms.true
    for boot in machine.program.boots:
        machine.body(boot.body, Env(0, {}, False))
    made = {name: machine.cells.get(name) or initial(name) for name in machine.elements}
    machine.cells = {}
    return {name: value for name, value in made.items() if value is not None}


__all__ = ["Proof", "booted", "fixed", "symbols"]
