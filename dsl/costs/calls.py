"""Calls on a walk: sequences are walked through, and of others it is known what they promise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from msgspec import Struct

from dsl.costs.expressions import Expressions
from dsl.costs.facts import Values, roots_of, tests
from dsl.costs.state import UNKNOWN, Number, Owner, Promise, State, Value, merged
from dsl.costs.variables import Domain, Kind, Space, span
from dsl.failures import CannotRun
from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.program import Program
from dsl.ir.shapes import Condition, Period, Slot
from dsl.ir.types import Handle, Int
from dsl.ir.walk import inside

#: More states than this are not all told apart, and more than the second are not followed.
_MANY, _TOO_MANY = 384, 2048
_RANGES = (
    "there are too many cases to tell apart: ranges hold all that are not named; --set narrows"
)


#: Where a jump leads: a label, or (None) the end of the sequence.
Target: TypeAlias = str | None


class Flow(Struct):
    """Where a body leads: on, or to the end of what a jump names, with the value returned."""

    on: list[State]
    jumps: list[tuple[Target, State, Value]]


class Calls(Expressions):
    """What a call leads to, and what writing to a slot does to all that is known of it."""

    def __init__(
        self, program: Program, space: Space, settings: Mapping[str, Domain], architecture: str
    ) -> None:
        super().__init__(program, space, settings, architecture)
        #: The slots that facts are made of which do not keep their value.
        self._watched = {
            part.slot.name
            for d in program.definitions.values()
            if d.condition.period in (Period.TRIP, Period.TEST)
            for part in inside(d.value)
            if isinstance(part, x.ReadSlot)
        }

    def body(self, body: s.Body, states: Iterable[State]) -> Flow:
        """Where a body leads."""
        raise NotImplementedError

    def few(self, states: Iterable[State]) -> list[State]:
        """The states, merged.

        Where there are too many, first what nothing names is told apart no more, then what may
        differ from one time to the next: it is in the ranges.  Raises `CannotRun` where the
        configurations alone are too many.
        """
        found = merged(states, self.space)
        if len(found) > _MANY:
            found = merged((state.but(decided={}) for state in found), self.space)
        for kinds in ((Kind.CASE,), (Kind.CASE, Kind.COUNTER)):
            if len(found) > _MANY:
                self.notes[_RANGES] = None
                found = merged((self._without(state, kinds) for state in found), self.space)
        if len(found) > _TOO_MANY:
            raise CannotRun(
                f"cost: there are more than {_TOO_MANY} cases on one path",
                "narrow them: --set CONDITION=0",
            )
        return found

    def _without(self, state: State, kinds: tuple[Kind, ...]) -> State:
        kept = {k: d for k, d in state.domains.items() if self.space[k].kind not in kinds}
        return state.but(domains=kept, asked={}, decided={})

    def start(self, states: Iterable[State]) -> list[State]:
        """States in which every owner is called as it is in a lifecycle."""
        names: Mapping[str, Value] = {root: Owner(root) for root in roots_of(self.program)}
        return [state.but(locals=names) for state in states]

    # ---- slots

    def store(self, state: State, slot: Slot, owner: str, value: Value) -> State:
        """The state once a slot of an owner has another value."""
        if slot.length:
            return self._written_to(state, slot, owner)
        if isinstance(value, Number) and isinstance(slot.type, Int):
            value = self._cast(state, value, slot.type)
        elif slot.low is not None and slot.high is not None:
            when = f"after {self.phase}" if self.phase else "afterwards"
            value = self.counter(slot, owner, span(slot.low, slot.high), when)
        return self._written_to(state, slot, owner).stored(owner, slot.name, value)

    def _written_to(self, state: State, slot: Slot, owner: str) -> State:
        """What was promised of a slot, or is made of it, holds no more once it is written."""
        if slot.name in self._watched:
            key = f"{owner}.{slot.name}"
            state = state.but(asked={**state.asked, key: state.asked.get(key, 0) + 1})
        kept = frozenset(p for p in state.promises if not self._speaks_of(p, slot, owner))
        return state if len(kept) == len(state.promises) else state.but(promises=kept)

    def _speaks_of(self, promise: Promise, what: Slot | Condition, owner: str) -> bool:
        owners = dict(promise.owners)
        for part in inside(self.program.externs[promise.extern].ensures[promise.number]):
            match part:
                case x.ReadSlot(slot=slot, base=base):
                    found: Slot | Condition = slot
                case x.Test(condition=condition, base=str() as base):
                    found = condition
                case _:
                    continue
            if found == what and owners.get(base, "") == owner:
                return True
        return False

    def _owners(self, state: State) -> list[str]:
        return [v.name for v in state.locals.values() if isinstance(v, Owner)] + [""]

    # ---- calls

    def call(self, state: State, call: x.Call) -> Values:
        found: Values = []
        for before, args in self._arguments(state, call.args):
            sequence = self.program.sequences.get(call.callee)
            if sequence is not None and sequence.body is not None:
                found += self.sequence(before, sequence, args)
            else:
                found += [(after, UNKNOWN) for after in self._outside(before, call.callee, args)]
        return found

    def _arguments(
        self, state: State, args: tuple[x.Expr, ...]
    ) -> list[tuple[State, tuple[Value, ...]]]:
        found: list[tuple[State, tuple[Value, ...]]] = [(state, ())]
        for arg in args:
            found = [
                (after, (*values, self._argument(after, arg, value)))
                for before, values in found
                for after, value in self.evaluate(before, arg)
            ]
        return found

    def _argument(self, state: State, arg: x.Expr, value: Value) -> Value:
        if isinstance(arg, x.Var) and isinstance(arg.type, Handle):
            return Owner(self.owner(state, arg.name))
        return value

    def sequence(self, state: State, sequence: s.Sequence, args: tuple[Value, ...]) -> Values:
        """A call of a sequence that has a body."""
        assert sequence.body is not None
        inner = state.but(locals={}, depth=state.depth + 1)
        for param, value in zip(sequence.signature.params, args, strict=False):
            inner = inner.local(param.name, value)
        flow = self.body(sequence.body, [inner])
        ended: Values = [(after, UNKNOWN) for after in flow.on]
        ended += [(after, value) for _, after, value in flow.jumps]
        each: dict[Value, list[State]] = {}
        for after, value in ended:
            decided = {
                t: d
                for t, d in after.decided.items()
                if not any(p[0] == "local" and p[1] == inner.depth for p in d[1])
            }
            back = after.but(locals=state.locals, depth=state.depth, decided=decided)
            each.setdefault(_returned(value), []).append(back)
        return [(after, value) for value, states in each.items() for after in self.few(states)]

    def _outside(self, state: State, callee: str, args: tuple[Value, ...]) -> list[State]:
        """What is left of what is known after somebody else's code, which costs nothing of ours."""
        extern = self.program.externs.get(callee)
        if extern is None:
            self.notes[f"`{callee}` is not defined here: it counts as nothing"] = None
            for slot in self.program.slots.values():
                for owner in self._owners(state):
                    state = self.store(state, slot, owner, UNKNOWN)
            return [state]
        owners: dict[str, str] = {}
        for param, value in zip(extern.signature.params, args, strict=False):
            if isinstance(value, Owner) and isinstance(param.type, Handle):
                owners[param.type.root] = value.name
        temporary: dict[str, tuple[Slot, str]] = {}
        for effect in extern.effects:
            for place in effect.places if effect.kind == "writes" else ():
                if isinstance(place, Slot):
                    owner = owners.get(place.root, "")
                    state = self._written_to(state, place, owner)
                    value = self._effect(place, owner, effect, callee)
                    if isinstance(value, Number):
                        temporary |= dict.fromkeys(value.poly.variables, (place, owner))
                    if not place.length:
                        state = state.stored(owner, place.name, value)
                elif isinstance(place, Condition):
                    owner = owners.get(place.root or "", "")
                    kept = (p for p in state.promises if not self._speaks_of(p, place, owner))
                    state = state.but(promises=frozenset(kept))
        states = [state]
        for i, expr in enumerate(extern.ensures):
            if any(t.period is Period.TEST for t in tests(expr)):
                made = Promise(callee, i, tuple(sorted(owners.items())))
                states = [b.but(promises=b.promises | {made}) for b in states]
            else:
                states = [after for b in states for after in self.held(b, expr, owners)]
        return [self._settled(after, temporary, callee) for after in states]

    def _effect(self, slot: Slot, owner: str, effect: s.Effect, callee: str) -> Value:
        low = slot.low if effect.low is None else effect.low
        high = slot.high if effect.high is None else effect.high
        if slot.length or low is None or high is None:
            return UNKNOWN
        return self.counter(slot, owner, span(low, high), f"after {callee}")

    def _settled(self, state: State, made: Mapping[str, tuple[Slot, str]], callee: str) -> State:
        """What a promise leaves of a counter is all there is of it: no case of its own."""
        for key, (slot, owner) in made.items():
            domain = state.domains.get(key)
            if domain is None:
                continue
            kept = {k: d for k, d in state.domains.items() if k != key}
            value = self.counter(slot, owner, domain, f"after {callee}")
            state = state.but(domains=kept).stored(owner, slot.name, value)
        return state


def _returned(value: Value) -> Value:
    """A value as its caller gets it: what only the callee's locals tell is not known."""
    return value if isinstance(value, Number | Owner) else UNKNOWN
