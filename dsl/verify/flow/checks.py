"""All checks on all paths: which configurations differ, and what each of them shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dsl.ir import expr as x
from dsl.ir.platform import Precedes, VisibleTo
from dsl.ir.program import Program
from dsl.ir.walk import parts
from dsl.verify.budget import Budget
from dsl.verify.configurations import configurations
from dsl.verify.findings import Configuration
from dsl.verify.flow.along import Analysis, Follower
from dsl.verify.flow.atoms import shape, value
from dsl.verify.flow.borrowed import Borrowed
from dsl.verify.flow.build import Graph
from dsl.verify.flow.claims import Claims, Turns
from dsl.verify.flow.controls import Controls
from dsl.verify.flow.copies import Copies
from dsl.verify.flow.due import Dues
from dsl.verify.flow.edges import Edges, Orders
from dsl.verify.flow.events import Event, Op
from dsl.verify.flow.hosts import Hosts
from dsl.verify.flow.paths import Explorer, Paths, TooMany
from dsl.verify.flow.sites import Sites

#: Configurations that differ in more ways are not all followed.
MOST_CONFIGURATIONS = 256


@dataclass
class Checks:
    """The checks of one program; ``sites`` has what they found."""

    program: Program
    progress: Callable[[str], None]
    sites: Sites = field(default_factory=Sites)
    unchecked: list[str] = field(default_factory=list)
    states: int = 0

    def __post_init__(self) -> None:
        self.graph = Graph(self.program)
        asked = [n.atom.condition for n in self.graph.nodes if n.atom and n.atom.condition]
        self.conditions = [c.condition for c in _clauses(self.program) if c.condition]
        asked += self.conditions
        bits: dict[str, int] = {}
        for each in asked:
            _bits(each, bits)
        self.edges = Edges(self.graph, self.sites)
        self.orders = Orders(self.graph, self.sites)
        self.claims = Claims(self.graph)
        self.controls = Controls(self.graph, self.sites)
        turns = Turns(self.graph, self.sites)
        self.hosts = Hosts(self.graph, self.sites)
        copies = Copies(self.graph, self.sites)
        self.analyses: list[Analysis] = [
            *(self.edges, self.orders, self.claims, turns),
            *(self.controls, self.hosts, Borrowed(self.graph, self.sites)),
            *(copies, Dues(self.graph, self.sites)),
        ]
        self.graph.strip(lambda e: _tells(e, bits) or self._needed(e))
        self.explorer = Explorer(self.graph, bits)
        self.follower = Follower(self.explorer, self.analyses)

    def _needed(self, event: Event) -> bool:
        return Controls.collects(event) or any(a.concerns(event) for a in self.analyses)

    def all(self, given: Mapping[str, int] | None, budget: Budget | None = None) -> None:
        """Makes every check in every configuration, as long as the budget lets it."""
        every = tuple(configurations(self.program, given))
        for number, start in enumerate(self.graph.starts, 1):
            self.progress(f"paths of {start} ({number} of {len(self.graph.starts)})")
            for paths, same in self._paths(start, every, budget):
                self.sites.now = tuple(same)
                self.edges.facts = self.orders.facts = paths.facts
                self.states += len(paths.states)
                self.follower.follow(paths)
                if start in self.graph.composed:
                    seen = self.controls.collect(paths.events())
                    self.controls.seen.update(((start, c), seen) for c in same)
        self.claims.report(self.sites)
        self.controls.report()
        self.hosts.report()

    def _paths(
        self, start: str, every: tuple[Configuration, ...], budget: Budget | None
    ) -> list[tuple[Paths, list[Configuration]]]:
        """The paths from a start: those that are the same in several configurations once.

        Where there are too many, what memory said at one branch is forgotten at the next.
        """
        made: dict[tuple[object, ...], tuple[Paths, list[Configuration]]] = {}
        loose = False
        groups = self._different(start, every)
        for done, same in enumerate(groups):
            spent = budget.spent() if budget is not None else ""
            if spent or len(made) >= MOST_CONFIGURATIONS:
                left = len(groups) - done
                why = spent or f"they differ in more than {MOST_CONFIGURATIONS} ways"
                self.unchecked.append(f"flow: {start}: {left} configurations are left: {why}")
                break
            facts = dict(same[0])
            try:
                try:
                    paths = self.explorer.paths(start, facts, loose=loose)
                except TooMany:
                    loose = True
                    paths = self.explorer.paths(start, facts, loose=True)
            except TooMany:
                self.unchecked.append(f"flow: {start} has more paths than are followed")
                break
            asked = tuple(value(c, facts, {}) for c in self.conditions)
            made.setdefault((asked, paths.shape()), (paths, []))[1].extend(same)
        return list(made.values())

    def _different(
        self, start: str, every: tuple[Configuration, ...]
    ) -> list[tuple[Configuration, ...]]:
        """The configurations, those together that decide all on the paths from a start alike."""
        asked: dict[tuple[object, ...], x.Expr] = {shape(c): c for c in self.conditions}
        for node in self.graph.reached(start):
            if node.atom is not None and node.atom.condition is not None:
                asked.setdefault(shape(node.atom.condition), node.atom.condition)
        found: dict[tuple[int | None, ...], list[Configuration]] = {}
        for each in every:
            facts = dict(each)
            decided = tuple(value(e, facts, {}) for e in asked.values())
            found.setdefault(decided, []).append(each)
        return [tuple(same) for same in found.values()]


def _tells(event: Event, bits: Mapping[str, int]) -> bool:
    """Whether what is known on the way changes at an event."""
    if event.op in (Op.STORE, Op.FORGET):
        return True
    changes = (Op.WRITE, Op.CHANGE, Op.KEPT)
    return event.op in changes and event.register is not None and event.register.name in bits


def _clauses(program: Program) -> list[VisibleTo | Precedes]:
    """What rules say of two accesses."""
    found = [clause for rule in program.rules for clause in rule.clauses]
    return [c for c in found if isinstance(c, VisibleTo | Precedes)]


def _bits(e: x.Expr, found: dict[str, int]) -> None:
    """The bits of registers that an expression asks for."""
    match e:
        case x.Extract(value=x.ReadRegister(register=register), field=field):
            found[register.name] = found.get(register.name, 0) | field.mask
        case x.ReadRegister(register=register):
            found[register.name] = register.type.mask
        case _:
            for part in parts(e):
                _bits(part, found)
