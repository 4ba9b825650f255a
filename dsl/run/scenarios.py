"""Runs a scenario: what is given, the lifecycle on its CPUs, acts, and expectations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from dsl.ir import expr as x
from dsl.ir import lifecycle as l
from dsl.ir.program import Program
from dsl.ir.sequence import May
from dsl.ir.shapes import MACHINE
from dsl.ir.walk import inside, statements
from dsl.ir.ways import Graph, Node, parts
from dsl.run.choices import Choices
from dsl.run.env import Env
from dsl.run.errors import RunError, Stopped, Trapped
from dsl.run.events import Event, Kind, site
from dsl.run.execute import Executor
from dsl.run.hazards import Hazards
from dsl.run.machine import Machine
from dsl.run.permits import permits
from dsl.run.prepared import prepared
from dsl.run.start import Start, owners
from dsl.run.visibility import HARDWARE
from dsl.run.world import Position, World
from dsl.source import Span


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that does not hold, where it is written, and after which event."""

    message: str
    span: Span
    event: int

    def __str__(self) -> str:
        return f"{site(self.span)}: {self.message}"


@dataclass(frozen=True, slots=True)
class Stop:
    """Where a run ends before its scenario does: in the ``visit``-th visit of ``phase``.

    ``phase`` may be the name of repeated steps too: then the run ends with that round.
    """

    phase: str
    visit: int = 1


@dataclass(slots=True)
class Snapshot:
    """The state at the end of a phase, the CPU that it was on, and the events of it."""

    world: World
    cpu: int
    since: int
    until: int


@dataclass(slots=True)
class Run:
    """One run of one scenario; ``step`` is the step that comes next.

    ``failures`` are expectations and invariants that did not hold.  ``began`` and ``ended`` are of
    the latest visit of each phase, ``visits`` counts them.
    """

    program: Program
    scenario: l.Scenario
    choices: Choices
    settings: tuple[l.Given, ...] = ()
    stop: Stop | None = None
    machine: Machine = field(init=False)
    executor: Executor = field(init=False)
    start: Start = field(init=False)
    hazards: Hazards = field(init=False)
    graphs: dict[str, Graph] = field(init=False)
    positions: dict[str, Position] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    step: int = 0
    stopped: bool = False
    #: The places of a lifecycle that this step still leads through, while it is under way.
    rest: list[int] | None = None
    ended: dict[str, Snapshot] = field(default_factory=dict)
    began: dict[str, int] = field(default_factory=dict)
    visits: dict[str, int] = field(default_factory=dict)
    booted: set[int] = field(default_factory=set)
    _asked: set[str] = field(default_factory=set)
    #: Whose each handle is, by the owner that a lifecycle is of.
    _handles: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.machine = Machine(self.program, self.choices)
        self.executor = Executor(self.machine)
        self.hazards = Hazards(self.machine)
        self.machine.watch = self.hazards.watch
        self.start = Start(self.executor, self.scenario, self.settings)
        self.graphs = prepared(self.program).graphs
        steps = self.scenario.steps
        self._asked = {s.point for s in steps if isinstance(s, l.Expect) and s.point is not None}
        self.executor.handles = {p.name: p.name for p in self.scenario.params}

    # ---- the whole

    def go(self) -> Run:
        """Runs to the end, or to where it is to stop.

        Raises `RunError` where the scenario asks for what there is not.
        """
        if not self.booted:
            self.boot(self.scenario.span)
            self.start.check_assumptions()
        steps = self.scenario.steps
        while self.step < len(steps) and not self.stopped:
            step = steps[self.step]
            try:
                self._do(step)
            except Stopped as error:
                self._fail(error.message, error.span or step.span)
                # Nothing comes after it, also for who goes on from here.
                self.step, self.rest = len(steps), None
                break
            if not self.stopped:
                self.step += 1
        return self

    @property
    def ok(self) -> bool:
        return not self.failures

    @property
    def events(self) -> list[Event]:
        return self.machine.trace.events

    def _do(self, step: l.ScenarioStep) -> None:
        match step:
            case l.Given():
                pass
            case l.Run(phase=phase, handle=handle, span=span, around=around):
                self._advance(self._owner(handle, step.span), phase, span, around)
            case l.On(cpu=cpu, span=span):
                self.machine.number = cpu
                self.boot(span)
            case l.Expect():
                self._expect(step)
            case l.Act():
                self._act(step)
            case l.Behave(name=name, params=params, body=body):
                self.executor.behaviours[name] = (params, body)

    # ---- the start

    def boot(self, span: Span) -> None:
        """The current CPU holds what it boots with, if it has not run before."""
        number = self.machine.number
        if number in self.booted:
            return
        self.booted.add(number)
        self.start.boot()
        self.machine.label = ""
        self.machine.note(Kind.BOOT, f"cpu {number}", span)

    # ---- the lifecycle

    def _owner(self, handle: str, span: Span) -> str:
        """Whose lifecycle it is: the parameter's, or that of the one owner there is."""
        if handle:
            return handle
        if self.scenario.params:
            return self.scenario.params[0].name
        roots = [c.root for c in self.program.contexts.values() if c.root != MACHINE]
        return roots[0] if roots else ""

    def _advance(self, owner: str, goal: str, span: Span, around: tuple[str, ...] = ()) -> None:
        """Goes on in the lifecycle of an owner, ``around`` some phases, until ``goal`` happened."""
        position = self._position(owner, goal, span)
        found = self.graphs[position.graph]
        if self.rest is None:
            self.rest = self._way(owner, position, found, goal, span, around)
        there = self.machine.number
        try:
            while self.rest:
                node = found.nodes[self.rest.pop(0)]
                # Until its round has ended it stays where it is.
                stays = position.cpu >= 0 and position.at not in found.outermost
                self.machine.number = position.cpu if stays else there
                self.leave(owner)
                self.enter(owner, position, found, node, span)
                if self.stopped:
                    return
        finally:
            self.machine.number = there
        self.rest = None

    def _way(
        self,
        owner: str,
        position: Position,
        found: Graph,
        goal: str,
        span: Span,
        around: tuple[str, ...],
    ) -> list[int]:
        """The places that lead to ``goal``.  Raises `RunError` where nothing does."""
        way = found.way(position.at, goal, around)
        moves = 0 <= position.cpu != self.machine.number
        if moves and not {position.at, *(n.number for n in way or ())} & found.outermost:
            now = found.nodes[position.at].name
            what = f"{owner} is on CPU {position.cpu}, in `{now}`: it cannot leave from there"
            raise RunError(what, span, f"`on {position.cpu}`, or let its lifecycle end first")
        if way is None:
            now = found.nodes[position.at].name or "the start"
            what = f"the lifecycle {found.name} cannot go on from `{now}` to `{goal}`"
            what += f" round `{'` and `'.join(around)}`" if around else ""
            raise RunError(what, span)
        return [node.number for node in way]

    def _position(self, owner: str, goal: str, span: Span) -> Position:
        position = self.positions.get(owner)
        if position is None:
            having = [g for g in self.graphs.values() if goal in g.names()]
            if len(having) != 1:
                names = ", ".join(g.name for g in having) or "none"
                raise RunError(f"`{goal}` must be in one lifecycle, and is in {names}", span)
            position = self.positions[owner] = Position(having[0].name)
        return position

    def enter(self, owner: str, position: Position, found: Graph, node: Node, span: Span) -> None:
        """An owner comes to the next place of its lifecycle."""
        machine = self.machine
        self._take_cpu(owner, position, found, node, span)
        position.at = node.number
        machine.label = owner
        if node.phase is None:
            if node.begins:
                self.began[node.name] = len(machine.trace.events)
            else:
                self._done(node.name)
                self._invariants(owner, node.name)
                self._visited(node.name)
            return
        phase = node.phase
        self.began[node.name] = len(machine.trace.events)
        machine.phase = node.name
        self.hazards.behind.clear()
        env = self._env(owner)
        taken = phase.condition is None or bool(self.executor.value(phase.condition, env))
        self.machine.note(
            Kind.PHASE, node.name, phase.span, why="" if taken else "its condition does not hold"
        )
        if taken:
            into, out = parts(phase)
            position.open = bool(out) or any(isinstance(each, May) for each in statements(into))
            self.executor.body(into, env)
        self._done(node.name)
        self._invariants(owner, node.name)
        self._visited(node.name)

    def _visited(self, name: str) -> None:
        """Counts a visit of a phase, or a whole round of steps, and stops the run if asked to."""
        self.visits[name] = self.visits.get(name, 0) + 1
        if self.stop is not None and self.stop.phase == name:
            self.stopped = self.visits[name] >= self.stop.visit

    def leave(self, owner: str) -> None:
        """The way out of the phase that an owner is in, if others acted in it."""
        position = self.positions[owner]
        node = self.graphs[position.graph].nodes[position.at]
        if not position.open or node.phase is None:
            return
        position.open = False
        self.machine.phase, self.machine.label = node.name, owner
        self.executor.body(parts(node.phase)[1], self._env(owner))
        self._done(node.name)

    def _take_cpu(
        self, owner: str, position: Position, found: Graph, node: Node, span: Span
    ) -> None:
        """The owner comes to the current CPU, if it is free and the lifecycle lets it."""
        number = self.machine.number
        runs = self.machine.cpu.runs
        if runs and runs != owner:
            other = self.positions[runs]
            graph = self.graphs[other.graph]
            if other.cpu == number and other.at not in graph.outermost:
                now = graph.nodes[other.at].name
                what = f"CPU {number} has {runs} in `{now}`: {owner} cannot come to it"
                raise RunError(what, span, f"let the lifecycle of {runs} end first")
        position.cpu = number
        self.machine.cpu.runs = owner

    def _done(self, name: str) -> None:
        if name in self._asked:
            machine = self.machine
            since, until = self.began.get(name, 0), len(machine.trace.events)
            self.ended[name] = Snapshot(machine.world.copy(), machine.number, since, until)

    def _env(self, owner: str) -> Env:
        found = self._handles.get(owner)
        if found is None:
            found = self._handles[owner] = {p.name: p.name for p in self.scenario.params}
            for root in {c.root for c in self.program.contexts.values()} - {MACHINE}:
                those = owners(self.scenario, root)
                found[root] = owner if owner in those else those[0]
        return Env({}, dict(found))

    def _invariants(self, owner: str, point: str) -> None:
        for invariant in prepared(self.program).invariants.get(point, ()):
            if not self.executor.value(invariant.condition, self.watcher(owner)):
                text = " ".join(invariant.condition.span.text.split())
                what = f"invariant {invariant.name} does not hold in `{point}`: "
                self._fail(f"{what}{invariant.reason} ({text})", invariant.span)

    # ---- who acts, and what must hold

    def _act(self, act: l.Act) -> None:
        machine = self.machine
        owner = machine.cpu.runs or self._owner("", act.span)
        if not act.endpoint:
            position = self.positions.get(owner)
            node = self._node(position)
            there = node is not None and node.name == act.actor
            there = there and self._is_here(owner)
            # On the way there, perhaps, where the run was stopped.
            if self.rest is not None or position is None or not there or not position.open:
                self._advance(owner, act.actor, act.span)
                if self.stopped:
                    return
        position = self.positions.get(owner)
        node = self._node(position)
        if position is None or node is None or node.phase is None or not position.open:
            where = f"`{node.name}`" if node is not None and node.name else "no phase"
            what = f"{act.actor} cannot act: the lifecycle is in {where}, where nobody else does"
            raise RunError(what, act.span)
        if not self._is_here(owner):
            what = f"{act.actor} cannot act on CPU {machine.number}: {owner} is on {position.cpu}"
            raise RunError(what, act.span, f"`on {position.cpu}` says where")
        env = self._env(owner)
        machine.note(Kind.ACT, act.actor, act.span)
        self.executor.permits = permits(
            act.actor,
            node.name,
            node.phase.body,
            act.endpoint,
            lambda value: self.executor.value(value, self.watcher(owner)),
            act.span,
        )
        env.who = act.actor if act.endpoint else HARDWARE
        try:
            self.executor.body(act.body, env)
        except Trapped:
            # The event says so; what comes after it in the act does not happen.
            pass
        finally:
            self.executor.permits = None
        self._done(node.name)

    def _node(self, position: Position | None) -> Node | None:
        """The place of a lifecycle that it is at, if it has begun."""
        return self.graphs[position.graph].nodes[position.at] if position else None

    def _is_here(self, owner: str) -> bool:
        """Whether the lifecycle of an owner is on the current CPU."""
        position = self.positions.get(owner)
        return position is not None and position.cpu == self.machine.number

    def watcher(self, owner: str) -> Env:
        env = self._env(owner)
        env.quiet, env.who = True, HARDWARE
        return env

    def _expect(self, expect: l.Expect) -> None:
        machine = self.machine
        text = " ".join(expect.condition.span.text.split())
        with self._back(expect):
            env = self.watcher(machine.cpu.runs or self._owner("", expect.span))
            if expect.point is not None:
                env.since = self.ended[expect.point].since
            holds = bool(self.executor.value(expect.condition, env))
            values = "" if holds else self._values(expect, env)
        if holds:
            machine.note(Kind.EXPECT, text, expect.span)
            return
        where = f" at {expect.point}" if expect.point else ""
        self._fail(f"expected{where}: {text}{values}", expect.span)

    @contextmanager
    def _back(self, expect: l.Expect) -> Iterator[None]:
        """The machine as it was at the end of the phase that is asked about, on its CPU."""
        machine = self.machine
        world, number, events = machine.world, machine.number, machine.trace.events
        if expect.point is None:
            # Whatever the operations that it asks do, an expectation changes nothing.
            machine.world = world.copy()
        else:
            found = self.ended.get(expect.point)
            if found is None:
                raise RunError(f"there has been no `{expect.point}` yet", expect.span)
            machine.world, machine.number = found.world.copy(), found.cpu
            machine.trace.events = events[: found.until]
        recording, machine.trace.on = machine.trace.on, False
        try:
            yield
        finally:
            machine.world, machine.number, machine.trace.events = world, number, events
            machine.trace.on = recording

    def _values(self, expect: l.Expect, env: Env) -> str:
        """What the parts of a comparison that does not hold are."""
        shown: dict[str, str] = {}
        for part in inside(expect.condition):
            if isinstance(part, x.Extract | x.ReadSlot | x.Count | x.Test):
                value = self.executor.value(part, env)
                shown[" ".join(part.span.text.split())] = hex(value) if value > 9 else str(value)
            elif isinstance(part, x.ReadRegister) and not part.register.banked:
                shown[part.span.text] = hex(self.executor.value(part, env))
        return "".join(f"; {name} is {value}" for name, value in list(shown.items())[-4:])

    def _fail(self, message: str, span: Span) -> None:
        self.failures.append(Failure(message, span, len(self.machine.trace.events)))
        self.machine.note(Kind.FAILED, message, span)
