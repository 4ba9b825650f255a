"""The paths of a lifecycle: what is done between the points where others act, and each round."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias, assert_never

from msgspec import Struct

from dsl.costs.amounts import Counts, limits_of, number
from dsl.costs.state import Number, Opaque, Owner, Promise, State, Value
from dsl.costs.variables import Domain, Kind, ends, join, span, united
from dsl.costs.walk import Walk
from dsl.failures import CannotRun
from dsl.ir import expr as x
from dsl.ir import lifecycle as l
from dsl.ir import sequence as s
from dsl.ir.program import Program
from dsl.ir.shapes import MACHINE, Condition, Slot
from dsl.ir.types import Handle
from dsl.ir.walk import calls, inside, statements

#: Rounds of a repetition after which nothing is known of counters any more.
_ROUNDS = 32
#: More ways through a lifecycle than this are not followed.
_ROUTES = 256


class Path(Struct, frozen=True):
    """A stretch of a lifecycle, or (``steps`` empty) one sequence on its own."""

    name: str
    steps: tuple[l.Step, ...] = ()
    sequence: str = ""
    lifecycle: str = ""


class Outcome(Struct, frozen=True):
    """What a path costs where each of some variables has one of some values."""

    domains: Mapping[str, Domain]
    counts: Counts


def of_program(program: Program) -> list[Path]:
    """The paths of the lifecycles; where there is none, each sequence on its own."""
    found: dict[str, Path] = {}
    for lifecycle in program.lifecycles:
        prefix = f"{lifecycle.name}: " if len(program.lifecycles) > 1 else ""
        for path in _of_steps(lifecycle.steps):
            name = prefix + path.name
            number = 2
            while found.get(name, path).steps != path.steps:
                name = f"{prefix}{path.name} ({number})"
                number += 1
            found.setdefault(name, Path(name, path.steps, lifecycle=lifecycle.name))
    return list(found.values()) or of_sequences(program)


def of_sequences(program: Program) -> list[Path]:
    """Each sequence that has a body."""
    bodies = (q for q in program.sequences.values() if q.body is not None)
    return [Path(q.name, sequence=q.name) for q in bodies]


def _of_steps(steps: tuple[l.Step, ...]) -> Iterator[Path]:
    for part in _stretches(steps):
        match part:
            case l.Repeat(steps=inner):
                yield from _of_steps(inner)
                # Where rounds are inside of it, there is no saying how many.
                if works(part) and not any(works(r) for r in _repeats(inner)):
                    yield Path(part.name, (part,))
            case phases:
                yield Path(" + ".join(p.name for p in phases if _named(p)), phases)


Stretch: TypeAlias = l.Repeat | tuple[l.Phase, ...]


def _stretches(steps: tuple[l.Step, ...]) -> list[Stretch]:
    """What is done without anybody else acting in between, on each way through some steps."""
    found: dict[int | tuple[l.Phase, ...], Stretch] = {}
    for route in _routes(steps):
        going: list[l.Phase] = []
        for step in [*route, None]:
            if isinstance(step, l.Phase) and not acts(step):
                going.append(step)
                continue
            if any(works(p) for p in going):
                found.setdefault(tuple(going), tuple(going))
            going = []
            if isinstance(step, l.Repeat):
                found.setdefault(id(step), step)
            elif step is not None and works(step):
                found.setdefault((step,), (step,))
    return list(found.values())


def _routes(steps: tuple[l.Step, ...]) -> list[list[l.Phase | l.Repeat]]:
    """Each way through some steps."""
    routes: list[list[l.Phase | l.Repeat]] = [[]]
    for step in steps:
        match step:
            case l.Either(alternatives=alternatives):
                ways = [way for each in alternatives for way in _routes(each)]
            case _:
                ways = [[step]]
        routes = [[*route, *way] for route in routes for way in ways]
        if len(routes) > _ROUTES:
            raise CannotRun(f"cost: there are more than {_ROUTES} ways through the lifecycle")
    return routes


def acts(phase: l.Phase) -> bool:
    """Whether others get at registers in a phase, so that a path ends there.

    Memory may change under a path: other CPUs write to it at any time.
    """
    return any(
        isinstance(each, s.May) and any(not isinstance(p, Slot | Condition) for p in each.places)
        for each in statements(phase.body)
    )


def works(step: l.Step) -> bool:
    """Whether anybody is called in a step; whatever else stands in it is not ours to count."""
    match step:
        case l.Phase(body=body):
            return any(True for _ in calls(body))
        case l.Repeat(steps=steps):
            return any(works(inner) for inner in steps)
        case l.Either(alternatives=alternatives):
            return any(works(inner) for steps in alternatives for inner in steps)
        case _:
            assert_never(step)


def _named(phase: l.Phase) -> bool:
    """Whether a phase is part of a path's name: not one in which only others do something."""
    return works(phase) or not any(isinstance(e, s.May | s.Perhaps) for e in statements(phase.body))


def _repeats(steps: tuple[l.Step, ...]) -> Iterator[l.Repeat]:
    """The repetitions in some steps."""
    for step in steps:
        match step:
            case l.Repeat():
                yield step
            case l.Either(alternatives=alternatives):
                for each in alternatives:
                    yield from _repeats(each)
            case _:
                pass


class Memory(Struct, frozen=True):
    """What is known at a point of a lifecycle, however it was reached.

    ``slots`` has the counters of which not every value is possible.
    """

    slots: Mapping[tuple[str, str], Domain]
    promises: frozenset[Promise] = frozenset()


#: Nobody comes there.
NEVER = Memory({("", ""): ()})


class Paths:
    """Walks along the paths of one program.

    With ``like``, each path begins with what is known there in another program with the same
    lifecycles, so that the two are compared from one start.
    """

    def __init__(self, walk: Walk, like: Paths | None = None) -> None:
        self.walk = walk
        self.program = walk.program
        self.space = walk.space
        self._counters: list[tuple[str, Slot, Domain]] = [
            ("" if context.root == MACHINE else context.root, slot, span(slot.low, slot.high))
            for context in self.program.contexts.values()
            for slot in context.slots
            if not slot.length and slot.low is not None and slot.high is not None
        ]
        self._parameters = {
            r.register.name if r.index is None else r.register.element(index)
            for a in walk.fixed
            for r in inside(a.condition)
            if isinstance(r, x.ReadRegister)
            for index in [r.index.value if isinstance(r.index, x.Const) else 0]
        }
        #: What is known where each phase, and each repetition, begins.
        self._before: dict[tuple[str, str], Memory] = {}
        self._lifecycle = ""
        self._choices = [c for x in self.program.lifecycles for c in _choices(x.steps)]
        if like is not None:
            self._before = like._before
            return
        for lifecycle in self.program.lifecycles:
            self._lifecycle = lifecycle.name
            # A counter begins at its least value; the next life begins where this one ends.
            first = {(o, c.name): span(*([ends(d)[0]] * 2)) for o, c, d in self._counters}
            self._repeat("", lifecycle.steps, Memory(first))

    # ---- what a path costs

    def outcomes(self, path: Path) -> list[Outcome]:
        """What a path costs, and when.  Several outcomes of one case are a range."""
        self.walk.loops = 0
        self.walk.phase = ""
        self._lifecycle = path.lifecycle
        if path.sequence:
            states = self._sequence(path.sequence)
        else:
            first = path.steps[0]
            assert not isinstance(first, l.Either)
            before = self._before.get((path.lifecycle, first.name))
            begin = [] if before is None else self._begin(before)
            steps = first.steps if isinstance(first, l.Repeat) else path.steps
            states = self._steps(steps, begin)
        spoken = {name for state in states for name in state.domains}
        return [self._outcome(s) for state in states for s in self._possible(state, spoken)]

    def _sequence(self, name: str) -> list[State]:
        sequence = self.program.sequences[name]
        (state,) = self.walk.start([State()])
        args: list[Value] = []
        for param in sequence.signature.params:
            handle = isinstance(param.type, Handle)
            args.append(Owner(param.name) if handle else Opaque(param.name))
        return [after for after, _ in self.walk.sequence(state, sequence, tuple(args))]

    def _possible(self, state: State, spoken: set[str]) -> list[State]:
        """What is left of a state in the machines and VMs that there are.

        Only what is ``spoken`` of is told apart: for anything else it is enough that it can be.
        """
        reads = [state.reads.get(name, 0) for name in self._parameters]
        states = self.walk.start([state])
        for times in range(max([1, *reads])):
            # Each read of a parameter gives what may be.
            self.walk.reading = times + 1
            for assumption in self.walk.fixed:
                ways = (w for each in states for w in self.walk.decide(each, assumption.condition))
                states = self.walk.few(after for after, way in ways if way)
        self.walk.reading = 0
        whole = {name: self.walk.domain(state, name) for name in spoken}
        return [state.but(domains=each) for each in _reunited(states, whole, state.domains)]

    def _outcome(self, state: State) -> Outcome:
        limits = state.limits(self.space)
        only = {name: limits(name) for name in state.counts.variables}
        known = {name: number(low) for name, (low, high) in only.items() if low == high}
        # A counter that nobody has written is what it was, whether or not anybody asked.
        kept = (
            name
            for value in state.slots.values()
            if isinstance(value, Number)
            for name in value.poly.variables
            if self.space[name].start
        )
        domains = {name: self.walk.domain(state, name) for name in kept}
        return Outcome({**domains, **state.domains}, state.counts.where(known))

    # ---- steps

    def _steps(self, steps: tuple[l.Step, ...], states: list[State]) -> list[State]:
        for step in steps:
            match step:
                case l.Phase():
                    states = self._phase(step, states)
                case l.Repeat(steps=inner) if not works(step):
                    states = [*states, *self._steps(inner, states)]
                case l.Repeat(name=name, steps=inner):
                    words = (f"no {name}", f"one {name}")
                    none, once = self._choice(step, words, states)
                    states = [*none, *self._steps(inner, once)]
                case l.Either(alternatives=alternatives):
                    titles = tuple(_title(each) for each in alternatives)
                    ways = self._choice(step, titles, states)
                    states = [
                        after
                        for each, chosen in zip(alternatives, ways, strict=True)
                        for after in self._steps(each, chosen)
                    ]
                case _:
                    assert_never(step)
            states = self.walk.few(states)
        return states

    def _choice(
        self, step: l.Step, words: tuple[str, ...], states: list[State]
    ) -> list[list[State]]:
        """The states for each of several ways, one of which is taken."""
        domain = span(0, len(words) - 1)
        # Told by its place, so that it is the same choice in what is compared with.
        key = f"{self._lifecycle} {self._choices.index(step)}"
        made = self.walk.variable(key, " or ".join(words), Kind.CASE, domain, words=words)
        return [
            [s for each in states for s, way in self.walk.split(each, made.key, span(i, i)) if way]
            for i in range(len(words))
        ]

    def _phase(self, phase: l.Phase, states: list[State]) -> list[State]:
        self.walk.phase = phase.name
        skipped: list[State] = []
        if phase.condition is not None:
            ways = [way for s in states for way in self.walk.decide(s, phase.condition)]
            states = [after for after, way in ways if way]
            skipped = [after for after, way in ways if not way]
        done = self.walk.body(phase.body, self.walk.start(states)).on
        for each in statements(phase.body):
            if isinstance(each, s.May) and each.kind in ("change", "write"):
                slots = [p for p in each.places if isinstance(p, Slot)]
                done = [self._changed(state, slots, phase.name) for state in done]
        return self.walk.few([*done, *skipped])

    def _changed(self, state: State, slots: list[Slot], phase: str) -> State:
        """Others have written to slots: perhaps, and perhaps not."""
        for owner, slot, domain in self._counters:
            if slot in slots:
                state = state.stored(
                    owner, slot.name, self.walk.counter(slot, owner, domain, f"after {phase}")
                )
        return state

    # ---- what is known where a path begins

    def _begin(self, memory: Memory) -> list[State]:
        if memory == NEVER:
            return []
        slots: dict[tuple[str, str], Value] = {}
        for owner, slot, domain in self._counters:
            known = memory.slots.get((owner, slot.name), domain)
            slots[owner, slot.name] = self.walk.starting(slot, owner, known)
        return self.walk.start([State(slots=slots, promises=memory.promises)])

    def _through(self, steps: tuple[l.Step, ...], memory: Memory) -> Memory:
        """What is known behind some steps."""
        for step in steps:
            match step:
                case l.Phase(name=name):
                    memory = self._arrive(name, memory)
                    memory = self._memory(self._phase(step, self._begin(memory)))
                case l.Repeat(name=name, steps=inner):
                    memory = self._repeat(name, inner, memory)
                case l.Either(alternatives=alternatives):
                    memory = self._joined([self._through(each, memory) for each in alternatives])
                case _:
                    assert_never(step)
        return memory

    def _repeat(self, name: str, steps: tuple[l.Step, ...], memory: Memory) -> Memory:
        """What is known before and behind each round."""
        rounds = 0
        while True:
            before = self._arrive(name, memory)
            after = self._joined([before, self._through(steps, before)])
            if after == before:
                return before
            rounds += 1
            # A counter that goes on counting may come anywhere.
            memory = after if rounds < _ROUNDS else Memory({})

    def _arrive(self, name: str, memory: Memory) -> Memory:
        key = self._lifecycle, name
        known = self._before.get(key)
        if known is not None:
            memory = self._joined([known, memory])
        self._before[key] = memory
        return memory

    def _memory(self, states: list[State]) -> Memory:
        if not states:
            return NEVER
        return self._joined([self._of_state(state) for state in states])

    def _of_state(self, state: State) -> Memory:
        slots: dict[tuple[str, str], Domain] = {}
        for owner, slot, domain in self._counters:
            value = state.slots.get((owner, slot.name))
            if isinstance(value, Number):
                match value.poly.linear():
                    case (name, 1, 0):
                        domain = self.walk.domain(state, name)
                    case _:
                        domain = span(*limits_of(value.poly, state.limits(self.space)))
            slots[owner, slot.name] = domain
        return Memory(slots, state.promises)

    def _joined(self, ways: list[Memory]) -> Memory:
        """What is known in each of several cases."""
        ways = [memory for memory in ways if memory != NEVER]
        if not ways:
            return NEVER
        keys = {(o, c.name): d for o, c, d in self._counters}
        slots = {k: join(m.slots.get(k, d) for m in ways) for k, d in keys.items()}
        every = frozenset[Promise]().union(*(m.promises for m in ways))
        kept = {p for p in every if all(p in m.promises or self._plain(p, m) for m in ways)}
        return Memory(slots, frozenset(kept))

    def _plain(self, promise: Promise, memory: Memory) -> bool:
        """Whether a promise is true of what is known, whatever a test says."""
        expr = self.program.externs[promise.extern].ensures[promise.number]
        return all(
            self.walk.surely(state, expr, dict(promise.owners)) for state in self._begin(memory)
        )


def _reunited(
    states: list[State], whole: Mapping[str, Domain], before: Mapping[str, Domain]
) -> list[Mapping[str, Domain]]:
    """What some states leave of one, in few parts: those that differ in one variable are one."""
    parts = {tuple(s.domains.get(name, d) for name, d in whole.items()) for s in states}
    return [
        {n: d for (n, all), d in zip(whole.items(), part, strict=True) if d != all or n in before}
        for part in sorted(united(parts))
    ]


def _choices(steps: tuple[l.Step, ...]) -> Iterator[l.Step]:
    """Every repetition and every choice in some steps, outer before inner."""
    for step in steps:
        match step:
            case l.Repeat(steps=inner):
                yield step
                yield from _choices(inner)
            case l.Either(alternatives=alternatives):
                yield step
                for each in alternatives:
                    yield from _choices(each)
            case _:
                pass


def _title(steps: tuple[l.Step, ...]) -> str:
    """What an alternative is called: its first phase."""
    match steps:
        case ():
            return "nothing"
        case (l.Phase(name=name) | l.Repeat(name=name), *_):
            return name
        case (l.Either(alternatives=alternatives), *_):
            return " or ".join(_title(each) for each in alternatives)
        case _:
            raise ValueError(steps)
