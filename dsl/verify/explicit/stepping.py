"""One step of an exploration: an owner comes to a place of its lifecycle, and others act there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from dsl.diagnostics.proofs import InvariantBroken, StopsHere
from dsl.ir import expr as x
from dsl.ir import lifecycle as l
from dsl.ir.platform import Endpoint
from dsl.ir.program import Program
from dsl.ir.shapes import MACHINE, Period, RegisterRef, Slot
from dsl.ir.walk import function_of
from dsl.ir.ways import Graph, Node
from dsl.run.choices import Choices
from dsl.run.env import wrapped
from dsl.run.errors import RunError, Trapped
from dsl.run.permits import mays
from dsl.run.registers import Element
from dsl.run.scenarios import Run
from dsl.run.start import Start
from dsl.run.visibility import HARDWARE, Cell
from dsl.run.world import Cpu, Position, World, owner_of
from dsl.source import Span
from dsl.verify.decided import place_of
from dsl.verify.explicit.contracts import Contracts
from dsl.verify.explicit.identities import ELEMENTS, Identity
from dsl.verify.explicit.lines import acted_by, behaves, owned_slot, written
from dsl.verify.explicit.memory import Memory, Place
from dsl.verify.explicit.owing import Owing, Wrong
from dsl.verify.explicit.recording import Happening, Hazard, Recorder
from dsl.verify.explicit.sampling import Answers, Excluded, Sampler, Spot
from dsl.verify.explicit.shown import shown as told_of
from dsl.verify.explicit.states import State, Step
from dsl.verify.explicit.tables import Change, Held, Table, Watched
from dsl.verify.findings import Configuration
from dsl.verify.owned import PATTERNS, Owned
from dsl.verify.visible import named, seen_by


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one step leads to (``state`` None: to nothing, it stops there)."""

    state: State | None
    lines: tuple[str, ...]
    happenings: list[Happening]
    hazards: list[Hazard]
    wrong: list[Wrong]


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a step, from wherever it was taken.

    ``shown`` is its outcome, without a state (None: there is no such history), and ``end`` where
    the owner is then, and whether others act there (None: nowhere, it stops).  ``changes`` are
    what becomes of the facts, of memory, of registers and of what is owed, ``touched`` the
    elements that were written.  ``following`` are the next answers that others give.
    """

    shown: Outcome | None
    end: tuple[int, bool] | None
    changes: tuple[Change, ...]
    touched: tuple[tuple[object, object], ...]
    spots: frozenset[Spot]
    following: tuple[int, ...] | None


class Stepper:
    """Steps of one kind of VM on one kind of machine.

    ``memory`` is that of all steppers of a program; ``identity`` is what the machine holds other
    than `boot` says.  Raises `Impossible` where no machine is
    configured so.
    """

    def __init__(
        self,
        program: Program,
        configuration: Configuration,
        graph: Graph,
        owned: Owned,
        kind: int,
        memory: Memory[Taken],
        identity: Identity | None = None,
    ) -> None:
        self.program, self.configuration, self.graph = program, configuration, graph
        self.owned, self.kind, self.memory = owned, kind, memory
        self.contracts = Contracts(program)
        scenario = l.Scenario("", (), (), (), _nowhere(program))
        self.run = Run(program, scenario, Choices(), _given(program, configuration, identity))
        run = self.run
        self.machine = Recorder(program, Answers(), at_once=True)
        run.machine = self.machine
        self.sampler = Sampler(self.machine, owned, self.contracts)
        run.executor = self.sampler
        run.start = Start(self.sampler, scenario, run.settings)
        run.boot(scenario.span)
        run.start.check_assumptions()
        self.machine.trace.on = False
        self.machine.watch = self.machine.watching
        roots = [c.root for c in program.contexts.values() if c.root != MACHINE]
        self.owner = roots[0] if roots else ""
        self.trips = {c.name for c in program.conditions.values() if c.period is Period.TRIP}
        self.owing = Owing(self.machine, self.sampler, owned)
        self.sampler.reads = self.owing.read_out
        self.sampler.calls = self.machine.called
        #: The elements that anybody has written so far; the others are as they were at the start.
        self.touched = Table(self.machine.touched)
        #: The statements that steps have come by.
        self.came: set[Spot] = set()
        # Steps leave their own world in the machine.
        self._booted = self.machine.world.copy()

    @property
    def booted(self) -> dict[str, int]:
        """What a CPU boots with, by the names of registers."""
        return {name: cell.settled for name, cell in self._booted.cpus[0].cells.items()}

    def first(self) -> State:
        """Where everything begins: the CPU has booted, and the owner has nothing yet."""
        tables, world = self.memory.tables, self._booted.copy()
        for slot in self.program.slots.values():
            # What nobody has asked for yet is what it is for whoever asks.
            world.load(owner_of(slot.root), slot, 0 if slot.length else None)
        mirrors = self.owned.mirrors
        loaded = [(m, world.load(owner_of(m.slot.root), m.slot, m.index)) for m in mirrors]
        owed = {m.key: value for m, value in loaded if m.slot.name not in self.owned.counters}
        cells = {name: cell.settled for name, cell in world.cpus[0].cells.items()}
        held = Held(*(tables.table(t) for t in (world.facts, world.slots, cells, owed)))
        return State(tables, held, 0, False, Step(None, ()), self.kind)

    # ---- one step

    def steps(self, state: State, node: Node) -> Iterator[Outcome]:
        """All that may come of going on to a place."""
        turns: tuple[int, ...] | None = ()
        while turns is not None:
            taken = self._taken(state, node, turns)
            self.touched.update(taken.touched)
            self.came |= taken.spots
            if taken.shown is not None:
                yield self._outcome(state, taken.shown, taken)
            turns = taken.following

    def _taken(self, state: State, node: Node, turns: tuple[int, ...]) -> Taken:
        """What comes of a step where others do what ``turns`` says, if it was not taken before."""
        begin = (self.graph.name, node.number, state.at, state.open, turns)
        tables = (*state.held, self.touched)
        found = self.memory.find(begin, tables)
        if found is None:
            reads: dict[Place, None] = {}
            found = self._step(state, node, Answers(turns=turns), reads)
            self.memory.keep(begin, tables, reads, found)
        return found

    def _outcome(self, state: State, shown: Outcome, taken: Taken) -> Outcome:
        """What a step leads to from a state."""
        if taken.end is None:
            return shown
        at, is_open = taken.end
        held = Held(*map(state.tables.changed, state.held, taken.changes))
        step = Step(state, shown.lines)
        after = State(state.tables, held, at, is_open, step, self.kind, state.depth + 1)
        return Outcome(after, shown.lines, shown.happenings, shown.hazards, shown.wrong)

    def _step(self, state: State, node: Node, answers: Answers, reads: dict[Place, None]) -> Taken:
        run, machine, sampler = self.run, self.machine, self.sampler
        held = state.held
        facts, slots, owed = (Watched(n, held[n], reads) for n in (0, 1, 3))
        cells = {name: _cell(value) for name, value in held.cells.items()}
        registers = Watched(2, cells, reads)
        machine.world = World(facts, slots, {0: Cpu(registers, self.owner)})
        machine.touched = touched = Watched(4, self.touched, reads)
        machine.choices = answers
        machine.work.done = 0
        machine.number = 0
        machine.step = None
        machine.forget()
        machine.behind = set()
        sampler.owed = owed
        sampler.answers = answers
        sampler.behaves = []
        sampler.came = set()
        run.failures = []
        self.owing.wrong = []
        position = Position(self.graph.name, state.at, 0, state.open)
        run.positions = {self.owner: position}
        if node.begins:
            for key in [key for key in facts if key[1] in self.trips]:
                del facts[key]
        try:
            shown, alive = self._shown(node, position, answers)
        except Excluded:
            shown, alive = None, False
        settled = [(name, cell.settled) for name, cell in registers.made if isinstance(cell, Cell)]
        return Taken(
            shown,
            (position.at, position.open) if alive else None,
            tuple(Change(tuple(made)) for made in (facts.made, slots.made, settled, owed.made)),
            tuple(touched.made),
            frozenset(sampler.came),
            answers.following,
        )

    def _shown(self, node: Node, position: Position, answers: Answers) -> tuple[Outcome, bool]:
        """What a step shows, and whether it goes on from there."""
        run, machine = self.run, self.machine
        acted: list[str] = []
        alive = True
        try:
            run.leave(self.owner)
            run.enter(self.owner, position, self.graph, node, self._span(node))
            if node.phase is not None:
                acted = self._others(node, node.phase, answers)
        except (RunError, Trapped) as error:
            alive = False
            self._stops(error.message, error.span, node)
        for failure in run.failures:
            self._invariant(failure.message, failure.span)
        if node.number in self.graph.outermost and alive:
            self.owing.handed_over(self._span(node))
        lines = [behaves(name, body) for name, body in dict(self.sampler.behaves).items()]
        if node.phase is not None:
            lines.append(f"run {node.name}")
        lines += acted
        shown = Outcome(None, tuple(lines), machine.happenings, machine.hazards, self.owing.wrong)
        return shown, alive

    def _span(self, node: Node) -> Span:
        return node.phase.span if node.phase is not None else self.run.scenario.span

    # ---- others

    def _others(self, node: Node, phase: l.Phase, answers: Answers) -> list[str]:
        """What others see in a phase, and what they do there: the lines of what they did."""
        position = self.run.positions[self.owner]
        if not position.open:
            return []
        watcher = self.run.watcher(self.owner)
        permitted = list(mays(phase.body, lambda value: self.sampler.value(value, watcher)))
        registers: dict[str, int] = {}
        changing: dict[str, int] = {}
        endpoints: dict[Endpoint, Span] = {}
        slots: list[Slot] = []
        for may in permitted:
            for place in may.places:
                match place:
                    case RegisterRef() if may.kind in ("change", "read", "write"):
                        for element in self._elements(place):
                            mask = place.field.mask if place.field else element.ones
                            registers[element.name] = registers.get(element.name, 0) | mask
                            if may.kind != "read":
                                changing[element.name] = changing.get(element.name, 0) | mask
                    case Endpoint():
                        endpoints.setdefault(place, may.span)
                    case Slot() if may.kind == "read":
                        self.owing.slot_read(place, may.span)
                    case Slot():
                        slots.append(place)
                    case _:
                        pass
        span = permitted[0].span if permitted else phase.span
        elements = self.machine.elements
        for name, mask in registers.items():
            self.owing.look(elements[name], mask, HARDWARE, node.name, node.name, span)
        # Whose state it is too first: what he sees is what goes wrong.
        for endpoint, where in sorted(endpoints.items(), key=lambda each: not each[0].aliases):
            for name, mask in self._seen_by(endpoint).items():
                said = endpoint.name
                self.owing.look(elements[name], mask, said, said, node.name, where)
        changed = [(node.name, HARDWARE, changing, span)] if changing else []
        for endpoint, where in endpoints.items():
            those: dict[str, int] = {}
            for ref in endpoint.aliases:
                for element in self._elements(ref):
                    mask = ref.field.mask if ref.field else element.ones
                    those[element.name] = those.get(element.name, 0) | mask
            if those:
                changed.append((endpoint.name, endpoint.name, those, where))
        lines = []
        for actor, who, masks, where in changed:
            lines += self._change(node, actor, who, masks, answers, where)
        told = {slot: self._others_of(slot) for slot in slots if self._tells(slot)}
        if told:
            turn = answers.pick(1 + max(map(len, told.values()))) - 1
            if turn >= 0:
                lines += self._tell(node.name, told, turn, span)
        return lines

    def _elements(self, ref: RegisterRef) -> Iterator[Element]:
        return named(ref, self.machine.elements)

    def _seen_by(self, endpoint: Endpoint) -> dict[str, int]:
        """The bits that somebody beyond the registers looks at."""
        elements = self.machine.elements
        return seen_by(self.program, endpoint, elements, self.owned.by_element, self.machine.holds)

    def _change(
        self,
        node: Node,
        actor: str,
        who: str,
        masks: dict[str, int],
        answers: Answers,
        span: Span,
    ) -> list[str]:
        """Somebody changes nothing, or all that is the owner's, in one way or another: also to
        what the program tells from other values."""
        elements = self.machine.elements
        mirrored = {name: self.owned.concerned(elements[name], node.name) for name in masks}
        theirs = {
            name: mask
            for name, mask in masks.items()
            if (
                any(m.key in self.sampler.owed for m in mirrored[name])
                if mirrored[name]
                else mask & self.owned.read.get(elements[name].register.name, 0)
            )
        }
        if not theirs:
            return []
        lists = any(m.slot.name in self.owned.counters for name in theirs for m in mirrored[name])
        # What is computed, or kept by nobody, is not changed by anybody.
        kept = {name: mask for name, mask in theirs.items() if mask & elements[name].stored}
        news: dict[str, int] = {}
        named: dict[str, tuple[int, ...]] = {}
        for name, mask in kept.items():
            element = elements[name]
            old = self.machine.newest(element)
            news[name] = next(p & mask for p in PATTERNS if (p ^ old) & mask & element.stored)
            named[name] = self._named(element, mask, old, news[name])
        plain = 3 if lists else 2
        way = answers.pick(plain + max(map(len, named.values()), default=0))
        if not way:
            return []
        said = []
        for name, mask in kept.items():
            element, new = elements[name], news[name]
            old = self.machine.newest(element)
            mirrors = mirrored[name]
            listed = any(m.slot.name in self.owned.counters for m in mirrors)
            if way == 2 and listed:
                new = 0
            elif way >= plain and named[name]:
                new = named[name][(way - plain) % len(named[name])]
            self.machine.change(element, mask, old & ~mask | new, who, span)
            now = self.machine.newest(element)
            for mirror in mirrors:
                if mirror.key in self.sampler.owed:
                    self.sampler.owed[mirror.key] = self._wrap(mirror.slot, now)
            said.append(written(element, mask, now))
        return [acted_by(actor, said)]

    def _named(self, element: Element, mask: int, old: int, new: int) -> tuple[int, ...]:
        """What else an element may be changed to that the program tells from ``new``."""
        whole = old & ~mask | new
        values = self.owned.decided.values(element.register.name, whole)
        made = dict.fromkeys(value & mask for value in values)
        # Of a list an element that is nothing is tried anyway.
        listed = any(
            m.slot.name in self.owned.counters for m in self.owned.by_element.get(element.name, ())
        )
        return tuple(
            value
            for value in made
            if (value ^ old) & mask & element.stored and (value or not listed)
        )

    def _tells(self, slot: Slot) -> bool:
        """Whether it matters what the host gives a slot."""
        if slot.name not in self.owned.asked or slot.name in self.owned.counters:
            return False
        # Of an array only what is asked for by a value, and is no register's.
        few = slot.length <= ELEMENTS and not slot.link
        return not slot.length or (few and bool(self.owned.decided.named(slot.name)))

    def _others_of(self, slot: Slot) -> tuple[int, ...]:
        """The other values of a slot that the host is tried with."""
        old = self._load(slot)
        low, high = (slot.low or 0), slot.high
        if high is None:
            # A truth value is like both patterns, or like neither.
            new = next(p for p in (self._wrap(slot, q) for q in (*PATTERNS, 0)) if p != old)
        else:
            new = low + 1 if old == low and high > low else low
        named = self.owned.decided.values(place_of(slot), new)
        wrapped = [self._wrap(slot, value) for value in named]
        fit = [v for v in wrapped if v != old and (high is None or low <= v <= high)]
        if high is not None and high != old and slot.name in self.owned.bounds:
            fit.append(high)
        return tuple(dict.fromkeys((new, *fit)))

    def _tell(
        self, actor: str, slots: dict[Slot, tuple[int, ...]], turn: int, span: Span
    ) -> list[str]:
        """The host gives slots other values, of each the one whose turn it is."""
        said = []
        for slot, values in slots.items():
            for index in range(slot.length) if slot.length else (None,):
                new = values[(turn + (index or 0)) % len(values)]
                self.machine.world.store(owner_of(slot.root), slot, index, new, span)
                if (slot.name, index) in self.owned.by_place:
                    self.sampler.owed[slot.name, index] = new
                at = "" if index is None else f"[{index}]"
                said.append(f"{owned_slot(slot)}{slot.name}{at} <- {new:#x}")
        return [acted_by(actor, said)] if said else []

    def _load(self, slot: Slot) -> int:
        return self.machine.world.load(owner_of(slot.root), slot, 0 if slot.length else None)

    def _wrap(self, slot: Slot, value: int) -> int:
        return wrapped(slot.type, value)

    # ---- what is wrong

    def _invariant(self, message: str, span: Span) -> None:
        """An invariant does not hold: what it is about has these values."""
        broken = next(i for m in self.program.modules for i in m.invariants if i.span == span)
        env = self.run.watcher(self.owner)
        seen = told_of(broken.condition, self.sampler.value, env) or message
        self.owing.wrong.append(Wrong(InvariantBroken, broken.name, span, message, "", seen))

    def _stops(self, message: str, span: Span | None, node: Node) -> None:
        where = span or self._span(node)
        function = function_of(self.program.sequences.values(), where)
        self.owing.wrong.append(Wrong(StopsHere, "", where, message, "", message, function))


#: What registers hold is never changed in place, and so is shared.
_cell = lru_cache(maxsize=None)(Cell)


def _given(
    program: Program, configuration: Configuration, identity: Identity | None
) -> tuple[l.Given, ...]:
    found = []
    for name, value in configuration:
        condition = program.conditions[name]
        place = x.Test(condition, None, condition.span)
        found.append(l.Given(place, value, condition.span))
    return (*found, *(identity.given if identity is not None else ()))


def _nowhere(program: Program) -> Span:
    return program.lifecycles[0].span
