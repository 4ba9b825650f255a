"""One step of an exploration: an owner comes to a place of its lifecycle, and others act there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from dsl.diagnostics.base import Diagnostic
from dsl.diagnostics.proofs import InvariantBroken, StateLeaks, StateLost, StopsHere
from dsl.ir import expr as x
from dsl.ir import lifecycle as l
from dsl.ir.platform import Endpoint
from dsl.ir.program import Program
from dsl.ir.shapes import MACHINE, Period, RegisterRef, Slot
from dsl.ir.walk import inside
from dsl.ir.ways import Graph, Node
from dsl.run.choices import Choices
from dsl.run.errors import RunError, Trapped
from dsl.run.evaluate import wrapped
from dsl.run.machine import Look
from dsl.run.permits import mays
from dsl.run.registers import Element, changes, show
from dsl.run.scenarios import Run
from dsl.run.start import Start
from dsl.run.visibility import HARDWARE
from dsl.run.world import Position, owner_of
from dsl.source import Span
from dsl.verify.explicit.recording import Happening, Hazard, Recorder
from dsl.verify.explicit.sampling import Answers, Contracts, Excluded, Sampler
from dsl.verify.explicit.states import State, Step, copied
from dsl.verify.findings import Configuration
from dsl.verify.owned import PATTERNS, Mirror, Owned, Place
from dsl.verify.visible import named, seen_by


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something that is wrong for certain, where, and the line of a scenario that shows it."""

    kind: type[Diagnostic]
    rule: str
    span: Span
    message: str
    line: str
    seen: str
    function: str = ""


@dataclass(slots=True)
class Outcome:
    """What one step leads to (``state`` None: to nothing, it stops there)."""

    state: State | None
    lines: tuple[str, ...]
    happenings: list[Happening] = field(default_factory=list)
    hazards: list[Hazard] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)


class Stepper:
    """Steps of one kind of VM on one kind of machine.

    Raises `Impossible` where no machine is configured so.
    """

    def __init__(
        self, program: Program, configuration: Configuration, graph: Graph, owned: Owned, kind: int
    ) -> None:
        self.program, self.configuration, self.graph = program, configuration, graph
        self.owned, self.kind = owned, kind
        self.contracts = Contracts(program)
        scenario = l.Scenario("", (), (), (), _nowhere(program))
        self.run = Run(program, scenario, Choices(), _given(program, configuration))
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
        self.sampler.reads = self._read_out
        #: What is wrong in the step that is being made.
        self.wrong: list[Wrong] = []

    def first(self) -> State:
        """Where everything begins: the CPU has booted, and the owner has nothing yet."""
        world = self.machine.world.copy()
        owed: dict[Place, int] = {}
        for mirror in self.owned.mirrors:
            value = world.load(owner_of(mirror.slot.root), mirror.slot, mirror.index)
            if mirror.slot.name not in self.owned.counters:
                owed[mirror.key] = value
        return State(world, owed, 0, False, Step(None, ()), self.kind, 0, self.owned.data)

    # ---- one step

    def steps(self, state: State, node: Node) -> Iterator[Outcome]:
        """All that may come of going on to a place."""
        turns: tuple[int, ...] | None = ()
        while turns is not None:
            answers = Answers(turns=turns)
            with suppress(Excluded):
                yield self._step(state, node, answers)
            turns = answers.following

    def _step(self, state: State, node: Node, answers: Answers) -> Outcome:
        run, machine, sampler = self.run, self.machine, self.sampler
        machine.choices = answers
        sampler.answers = answers
        machine.world = copied(state.world)
        machine.work.done = 0
        machine.number = 0
        machine.step = None
        machine.forget()
        machine.behind = set()
        sampler.owed = dict(state.owed)
        sampler.behaves = []
        run.failures = []
        self.wrong = []
        position = Position(self.graph.name, state.at, 0, state.open)
        run.positions = {self.owner: position}
        machine.cpu.runs = self.owner
        if node.begins:
            facts = machine.world.facts
            machine.world.facts = {k: v for k, v in facts.items() if k[1] not in self.trips}
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
            self._handed_over(node)
        lines = [_behaves(name, body) for name, body in dict(sampler.behaves).items()]
        if node.phase is not None:
            lines.append(f"run {node.name}")
        lines += acted
        after = None
        if alive:
            step = Step(state, tuple(lines))
            after = State(
                machine.world,
                sampler.owed,
                position.at,
                position.open,
                step,
                self.kind,
                state.depth + 1,
                self.owned.data,
            )
        return Outcome(after, tuple(lines), machine.happenings, machine.hazards, self.wrong)

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
                        self._slot_read(place, may.span)
                    case Slot():
                        slots.append(place)
                    case _:
                        pass
        span = permitted[0].span if permitted else phase.span
        for name, mask in registers.items():
            self._look(self.machine.elements[name], mask, HARDWARE, node, span)
        # Whose state it is too first: what he sees is what goes wrong.
        for endpoint, where in sorted(endpoints.items(), key=lambda each: not each[0].aliases):
            for name, mask in self._seen_by(endpoint).items():
                self._look(self.machine.elements[name], mask, endpoint.name, node, where)
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
            lines += self._change(actor, who, masks, answers, where)
        told = [slot for slot in slots if slot.name in self.owned.asked]
        if told and answers.pick(2):
            lines += self._tell(node.name, told, span)
        return lines

    def _elements(self, ref: RegisterRef) -> Iterator[Element]:
        return named(ref, self.machine.elements)

    def _seen_by(self, endpoint: Endpoint) -> dict[str, int]:
        """The bits that somebody beyond the registers looks at."""
        elements = self.machine.elements
        return seen_by(self.program, endpoint, elements, self.owned.by_element, self.machine.holds)

    def _change(
        self, actor: str, who: str, masks: dict[str, int], answers: Answers, span: Span
    ) -> list[str]:
        """Somebody changes nothing, or all that is the owner's, in one way or another."""
        theirs = {
            name: mask
            for name, mask in masks.items()
            if (
                any(m.key in self.sampler.owed for m in self.owned.by_element[name])
                if name in self.owned.by_element
                else mask & self.owned.read.get(self.machine.elements[name].register.name, 0)
            )
        }
        if not theirs:
            return []
        lists = any(
            m.slot.name in self.owned.counters
            for name in theirs
            for m in self.owned.by_element.get(name, ())
        )
        way = answers.pick(3 if lists else 2)
        if not way:
            return []
        said = []
        for name, mask in theirs.items():
            element = self.machine.elements[name]
            old = self.machine.newest(element)
            mirrors = self.owned.by_element.get(name, ())
            listed = any(m.slot.name in self.owned.counters for m in mirrors)
            new = next(p & mask for p in PATTERNS if (p ^ old) & mask & element.stored)
            if way == 2 and listed:
                new = 0
            self.machine.change(element, mask, old & ~mask | new, who, span)
            now = self.machine.newest(element)
            for mirror in mirrors:
                if mirror.key in self.sampler.owed:
                    self.sampler.owed[mirror.key] = self._wrap(mirror.slot, now)
            said.append(_written(element, mask, now))
        return [_act(actor, said)]

    def _tell(self, actor: str, slots: list[Slot], span: Span) -> list[str]:
        """The host gives slots other values."""
        said = []
        for slot in slots:
            if slot.length or slot.name in self.owned.counters:
                continue
            old = self.machine.world.load(owner_of(slot.root), slot, None)
            low, high = (slot.low or 0), slot.high
            if high is None:
                new = next(p for p in (self._wrap(slot, q) for q in PATTERNS) if p != old)
            else:
                new = low + 1 if old == low and high > low else low
            self.machine.world.store(owner_of(slot.root), slot, None, new, span)
            if (slot.name, None) in self.owned.by_place:
                self.sampler.owed[slot.name, None] = new
            said.append(f"{slot.name} <- {new:#x}")
        return [_act(actor, said)] if said else []

    def _wrap(self, slot: Slot, value: int) -> int:
        return wrapped(slot.type, value)

    # ---- what is owed

    def _look(self, element: Element, mask: int, who: str, node: Node, span: Span) -> None:
        """Somebody looks at a register: he surely finds the newest, and what is the owner's."""
        machine = self.machine
        mirrors = self.owned.by_element.get(element.name, ())
        if element.name not in machine.touched and not any(
            m.key in self.sampler.owed for m in mirrors
        ):
            # It is as it was at the start, and nobody is owed anything else.
            return
        actor = node.name if who == HARDWARE else who
        machine.looked(element, Look(who), span, mask, actor)
        value = machine.cell(element).settled
        for mirror in mirrors:
            if mirror.key in self.sampler.owed:
                wanted = self._legal(element, self.sampler.owed[mirror.key])
                if (value ^ wanted) & mask:
                    line, seen = self._shows(element, who, node, wanted & mask, value & mask)
                    what = f"{_who(who)} does not find in {element.name} what is in {mirror.name}"
                    self.wrong.append(
                        Wrong(StateLost, mirror.name, span, f"{what}: {seen}", line, seen)
                    )
            elif value & element.stored and not self._constant(element, value):
                line, seen = self._shows(element, who, node, 0, value)
                what = f"{_who(who)} finds in {element.name} what nobody gave it"
                self.wrong.append(
                    Wrong(StateLeaks, mirror.name, span, f"{what}: {seen}", line, seen)
                )

    def _constant(self, element: Element, value: int) -> bool:
        """Whether a value is none of those that others give: these agree in most of their bits."""
        few = element.stored.bit_count() // 4
        return all(
            ((pattern + index ^ value) & element.stored).bit_count() > few
            for pattern in PATTERNS
            for index in range(max(1, element.register.count))
        )

    def _legal(self, element: Element, value: int) -> int:
        """What a register holds after a write of a value, as things are now."""
        look = Look(HARDWARE, None, value, newest=True)
        legal = self.machine._legalised(element, value, element.ones, look, element.register.span)
        kept = self.machine.newest(element) & ~element.writable
        return legal & element.writable | kept

    def _shows(
        self, element: Element, who: str, node: Node, wanted: int, found: int
    ) -> tuple[str, str]:
        """The line of a scenario that shows a wrong value, and the values in words."""
        fields = changes(element.register, wanted, found)
        name, want, got = fields[0] if fields else ("", hex(wanted), hex(found))
        place = f"{element.name}.{name}" if name else element.name
        actor = node.name if who == HARDWARE else who
        return f"{actor} {{ assert {place} == {want} }}", f"{place} is {got}, and not {want}"

    def _slot_read(self, slot: Slot, span: Span) -> None:
        for key in [k for k in self.sampler.owed if k[0] == slot.name]:
            self._read_out(self.owned.by_place[key], span)

    def _read_out(self, mirror: Mirror, span: Span) -> None:
        """The host takes the value of a slot: it should be what the owner is owed."""
        world = self.machine.world
        value = world.load(owner_of(mirror.slot.root), mirror.slot, mirror.index)
        owed = self.sampler.owed[mirror.key]
        element = self.machine.elements[mirror.element]
        if value == owed or self._legal(element, value) == self._legal(element, owed):
            return
        fields = changes(element.register, owed, value)
        name, want, got = fields[0] if fields else ("", hex(owed), hex(value))
        place = f"{mirror.name}.{name}" if name else mirror.name
        seen = f"{place} is {got}, and not {want}"
        what = f"the host does not find in {mirror.name} what {element.name} held: {seen}"
        self.wrong.append(
            Wrong(StateLost, mirror.name, span, what, f"expect {place} == {want}", seen)
        )

    def _handed_over(self, node: Node) -> None:
        """The owner leaves the CPU: from here on only memory has what is its own."""
        for key in list(self.sampler.owed):
            self._read_out(self.owned.by_place[key], self._span(node))

    def _invariant(self, message: str, span: Span) -> None:
        """An invariant does not hold: what it is about has these values."""
        broken = next(i for m in self.program.modules for i in m.invariants if i.span == span)
        env = self.run.watcher(self.owner)
        shown: dict[str, str] = {}
        for part in inside(broken.condition):
            if isinstance(part, x.Extract) and isinstance(part.value, x.ReadRegister):
                value = self.sampler.value(part, env)
                shown[" ".join(part.span.text.split())] = show(part.field, value)
        seen = ", ".join(f"{name} is {value}" for name, value in shown.items()) or message
        self.wrong.append(Wrong(InvariantBroken, broken.name, span, message, "", seen))

    def _stops(self, message: str, span: Span | None, node: Node) -> None:
        where = span or self._span(node)
        self.wrong.append(Wrong(StopsHere, "", where, message, "", message, self.machine.function))


def _who(who: str) -> str:
    return "the guest" if who == HARDWARE else who


def _behaves(name: str, body: str) -> str:
    text = "\n".join(f"    {line}" for line in body.splitlines())
    return f"{name} {{\n{text}\n}}" if "\n" in body else f"{name} {{ {body} }}"


def _act(actor: str, said: list[str]) -> str:
    if len(said) == 1:
        return f"{actor} {{ {said[0]} }}"
    return f"{actor} {{\n" + "\n".join(f"    {line}" for line in said) + "\n}"


def _written(element: Element, mask: int, value: int) -> str:
    """The statement that gives some bits of an element a value."""
    if mask == element.ones:
        return f"{element.name} <- {value & element.stored:#x}"
    parts = [
        (f.name, (value & f.mask) >> f.low)
        for f in element.register.fields
        if f.mask & mask and not f.count
    ]
    if len(parts) == 1:
        return f"{element.name}.{parts[0][0]} <- {parts[0][1]:#x}"
    changes = " ".join(f"{name} <- {part:#x}" for name, part in parts)
    return f"modify {element.name} {{ {changes} }}"


def _given(program: Program, configuration: Configuration) -> tuple[l.Given, ...]:
    found = []
    for name, value in configuration:
        condition = program.conditions[name]
        place = x.Test(condition, None, condition.span)
        found.append(l.Given(place, value, condition.span))
    return tuple(found)


def _nowhere(program: Program) -> Span:
    return program.lifecycles[0].span
