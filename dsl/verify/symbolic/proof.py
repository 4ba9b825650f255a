"""A proof over all histories of a lifecycle: what is known at each place, to a fixed point.

A place begins with all that holds where one comes from, and keeps what its phase keeps.  Between
two residencies others were on the CPU: of registers nothing is known then but what every owner
leaves behind.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field

from dsl.ir import expr as x
from dsl.ir import lifecycle as l
from dsl.ir.shapes import MACHINE, Access, Period
from dsl.ir.walk import inside
from dsl.ir.ways import Graph, graph
from dsl.verify.symbolic.expressions import Env
from dsl.verify.symbolic.facts import Abstraction, Fact, Facts, Shape, common, meet
from dsl.verify.symbolic.mirrors import Static
from dsl.verify.symbolic.phases import Phases, Suspicion
from dsl.verify.symbolic.solver import Solver
from dsl.verify.symbolic.state import Key
from dsl.verify.symbolic.terms import Term, Terms, symbols

#: What every owner leaves behind on a CPU, of what all share.
Free = dict[Key, tuple[Shape, ...]]


@dataclass(slots=True)
class Proof:
    """The proof of one lifecycle in one configuration; ``run`` makes it.

    ``free`` is what is known of a CPU on which nobody is; it is shared by all owners.
    """

    static: Static
    terms: Terms
    solver: Solver
    facts: Mapping[str, int]
    lifecycle: l.Lifecycle
    free: Free
    machine: Phases = field(init=False)
    abstraction: Abstraction = field(init=False)
    graph: Graph = field(init=False)
    suspicions: dict[int, list[Suspicion]] = field(default_factory=dict)
    phases: int = 0
    _pre: dict[int, Facts] = field(default_factory=dict)
    _post: dict[int, Facts] = field(default_factory=dict)
    _entry: list[x.Expr] = field(default_factory=list)

    def __post_init__(self) -> None:
        program = self.static.program
        self.machine = Phases(program, self.terms, self.solver, self.facts, self.static)
        roots = [c.root for c in program.contexts.values() if c.root != MACHINE]
        self.machine.owner = roots[0] if roots else ""
        self.abstraction = Abstraction(self.machine)
        self.graph = graph(self.lifecycle)
        constants, assumed, self._entry = fixed(self.machine)
        self.abstraction.constants = constants
        self.solver.assume(assumed)
        self.abstraction.booted = booted(self.machine, constants)

    @property
    def asked(self) -> set[str]:
        """The conditions of the configuration that something depends on."""
        return self.machine.asked

    # ---- to the fixed point

    def run(self) -> list[Suspicion]:
        """Everything that could not be shown to hold."""
        queue = [0]
        self._pre[0] = Facts(dict(self.free), {})
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
            facts = Facts({**own, **self.free}, where)
        return meet(self._pre.get(after), facts, self.abstraction.started)

    def _leaves(self, facts: Facts) -> bool:
        """What is left behind on the CPU is known of nobody; whether that is less than before."""
        less = False
        for key, shapes in facts.shapes.items():
            if not self.abstraction.shared(key):
                continue
            old = self.free.get(key) or _numbers(self.abstraction.started(key))
            new = common(old, _numbers(shapes))
            if new != old or key not in self.free:
                less |= new != _numbers(self.abstraction.started(key)) or new != old
                self.free[key] = new
        return less

    def _node(self, at: int) -> None:
        node = self.graph.nodes[at]
        before = self._pre[at]
        self.suspicions[at] = found = []
        machine = self.machine
        machine.suspected = found.append
        invariants = [
            i for m in machine.program.modules for i in m.invariants if node.name in i.points
        ]
        if node.phase is None and not (node.ends and invariants):
            self._post[at] = before
            return
        self.phases += 1
        self.abstraction.enter(before)
        for assumed in self._entry:
            holds = machine.on(machine.truth(assumed, machine._watcher()))
            machine.path = self.terms.and_(machine.path, holds)
        if node.phase is None:
            machine.phase = node.name
            machine.check(invariants, node.name)
            self._post[at] = before
            return
        machine.run_phase(node.phase, invariants)
        self._post[at] = self.abstraction.leave(self._post.get(at))


def _numbers(shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
    """Only what is known without an owner: numbers."""

    def only(facts: frozenset[Fact]) -> frozenset[Fact]:
        return frozenset(f for f in facts if isinstance(f, int))

    return tuple((only(a) & only(b), only(a) & only(b)) for a, b in shapes)


# ---- what holds of every machine


def fixed(machine: Phases) -> tuple[dict[str, Term], tuple[Term, ...], list[x.Expr]]:
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
    machine.initial = lambda key: constants.get(key) if isinstance(key, str) else None
    for number in range(2):
        parts = []
        for condition in asked:
            machine.cells, machine.path = {}, machine.terms.true
            if not _about(machine, condition, constants):
                if number:
                    entry.append(condition)
                continue
            holds = machine.truth(condition, Env(0, {}, False))
            parts += machine.terms.conjuncts(holds)
        if not number:
            for part in parts:
                _range(part, ranges)
            constants = _constants(machine, ranges, ":")
    return constants, tuple(p for p in parts if p is not machine.terms.true), entry


def _about(machine: Phases, condition: x.Expr, constants: Mapping[str, Term]) -> bool:
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
    machine: Phases, ranges: Mapping[str, tuple[int, int]], mark: str
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
    truth = part.op != "not"
    ult = part if truth else part.args[0]
    if ult.op != "ult" or ult.args[0].op != "sym" or not ult.args[1].constant:
        return
    of, bound = ult.args[0], ult.args[1].value
    low, high = ranges.get(of.args[0], (of.lo, of.hi))
    ranges[of.args[0]] = (low, min(high, bound - 1)) if truth else (max(low, bound), high)


def booted(machine: Phases, constants: Mapping[str, Term]) -> dict[str, Term]:
    """What the registers of a CPU hold before anybody runs on it."""
    terms = machine.terms

    def initial(key: Key) -> Term | None:
        if not isinstance(key, str):
            return None
        if key in constants:
            return constants[key]
        element = machine.elements[key]
        reset = terms.const(element.reset, element.register.width)
        unknown = terms.symbol(f"reset:{key}", element.register.width)
        return terms.masked(reset, unknown, element.unknown)

    machine.initial = initial
    machine.cells, machine.path = {}, terms.true
    for boot in machine.program.boots:
        machine.body(boot.body, Env(0, {}, False))
    made = {name: machine.cells.get(name) or initial(name) for name in machine.elements}
    machine.cells = {}
    return {name: value for name, value in made.items() if value is not None}


__all__ = ["Free", "Proof", "booted", "fixed", "symbols"]
