"""A walk along sequences: every way through them, with what it costs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from dsl.costs.amounts import NOTHING, Between, Counts, Poly, hull, number
from dsl.costs.calls import Calls, Flow
from dsl.costs.expressions import ROUNDS, inserted
from dsl.costs.facts import Ways
from dsl.costs.state import UNKNOWN, Number, State, Value
from dsl.costs.variables import Domain, meet
from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.platform import BarrierKind
from dsl.ir.shapes import Slot
from dsl.ir.walk import calls, statements

_COUNTED = {BarrierKind.ISB: "isb", BarrierKind.DSB: "dsb", BarrierKind.DMB: "dmb"}


class Walk(Calls):
    """Statements and calls."""

    # ---- bodies

    def body(self, body: s.Body, states: Iterable[State]) -> Flow:
        flow = Flow(list(states), [])
        for statement in body:
            if not flow.on:
                break
            on: list[State] = []
            for state in flow.on:
                step = self._statement(statement, state)
                on += step.on
                flow.jumps += step.jumps
            flow.on = self.few(on)
        return flow

    def _statement(self, node: s.Statement, state: State) -> Flow:
        match node:
            case s.WriteRegister(register=register, index=index, value=value):
                return _on(
                    self.accessed(after, "writes", register, at)
                    for before, at in self._index(state, index)
                    for after, _ in self.evaluate(before, value)
                )
            case s.UpdateRegister(register=register, index=index, changes=changes):
                states = []
                for before, at in self._index(state, index):
                    read = self.accessed(before, "reads", register, at)
                    for after in self._changed(read, changes):
                        states.append(self.accessed(after, "writes", register, at))
                return _on(states)
            case s.WriteSlot(slot=slot, base=base, index=index, value=value):
                return _on(
                    self.store(after, slot, self.owner(after, base), new)
                    for before, _ in self._index(state, index)
                    for after, new in self.evaluate(before, value)
                )
            case s.UpdateSlot(slot=slot, base=base, index=index, changes=changes):
                return _on(
                    self.store(after, slot, self.owner(after, base), self._updated(after, node))
                    for before, _ in self._index(state, index)
                    for after in self._changed(before, changes)
                )
            case s.Let(name=name, value=value):
                if value is None:
                    return _on([state.local(name, UNKNOWN)])
                return _on(after.local(name, v) for after, v in self.evaluate(state, value))
            case s.Assign(name=name, value=value):
                return _on(after.local(name, v) for after, v in self.evaluate(state, value))
            case s.If():
                return self._if(node, state)
            case s.Loop(body=body) if body and all(isinstance(each, s.May) for each in body):
                # What others may do costs nothing.
                return _on([state])
            case s.Loop():
                return self._loop(node, state)
            case s.Switch():
                return self._switch(node, state)
            case s.Labelled(label=label, body=body):
                flow = self.body(body, [state])
                left = [after for target, after, _ in flow.jumps if target == label]
                jumps = [jump for jump in flow.jumps if jump[0] != label]
                return Flow(self.few([*flow.on, *left]), jumps)
            case s.Leave(label=label):
                return Flow([], [(label, state, UNKNOWN)])
            case s.Return(value=value):
                if value is None:
                    return Flow([], [(None, state, UNKNOWN)])
                return Flow([], [(None, after, v) for after, v in self.evaluate(state, value)])
            case s.Fail() | s.Trap():
                # Nobody comes here, so it is no way.
                return Flow([], [])
            case s.Hold(body=body):
                return self.body(body, [state])
            case s.Perform(call=call):
                return _on(after for after, _ in self.call(state, call))
            case s.Order(barriers=barriers):
                return _on([self._barriers(state, (b.kind for b in barriers))])
            case s.Warn(condition=condition):
                return _on(self.few(after for after, _ in self.decide(state, condition)))
            case s.Assert(condition=condition):
                return _on(after for after, way in self.decide(state, condition) if way)
            case s.May() | s.Perhaps():
                return _on([state])
            case _:
                assert_never(node)

    def _barriers(self, state: State, kinds: Iterable[BarrierKind]) -> State:
        if not state.depth:
            return state
        counts = state.counts
        for kind in kinds:
            if kind in _COUNTED:
                counts = counts.one_more(_COUNTED[kind])
        return state.but(counts=counts)

    def _changed(self, state: State, changes: tuple[s.Change, ...]) -> list[State]:
        states = [state]
        for change in changes:
            states = [
                after
                for before in states
                for middle, _ in self._index(before, change.index)
                for after, _ in self.evaluate(middle, change.value)
            ]
        return states

    def _updated(self, state: State, node: s.UpdateSlot) -> Value:
        """What a slot holds after a change of some fields: known only if all of it is."""
        value = self.load(state, node.slot, self.owner(state, node.base), node.index)
        for change in node.changes:
            if not isinstance(change.value, x.Const) or change.index is not None:
                return UNKNOWN
            value = inserted(value, change.field, None, Number(number(change.value.value)))
        return value

    # ---- branches

    def _if(self, node: s.If, state: State) -> Flow:
        flow, waiting = Flow([], []), [state]
        for arm in node.arms:
            ways: Ways = [way for before in waiting for way in self.decide(before, arm.condition)]
            taken = self.body(arm.body, self.few(after for after, way in ways if way))
            flow.on += taken.on
            flow.jumps += taken.jumps
            waiting = self.few(after for after, way in ways if not way)
        last = self.body(node.otherwise or (), waiting)
        return Flow(self.few([*flow.on, *last.on]), [*flow.jumps, *last.jumps])

    def _switch(self, node: s.Switch, state: State) -> Flow:
        bodies = [case.body for case in node.cases] + [node.otherwise or ()]
        entered: list[list[State]] = [[] for _ in bodies]
        for after, value in self.evaluate(state, node.value):
            waiting = [after]
            for i, case in enumerate(node.cases):
                ways = [
                    way
                    for before in waiting
                    for way in self.compare(before, "==", value, Number(number(case.value)))
                ]
                entered[i] += [taken for taken, way in ways if way]
                waiting = [other for other, way in ways if not way]
            entered[-1] += waiting
        flow = Flow([], [])
        for body, states in zip(bodies, entered, strict=True):
            falling = flow.on if node.falling else []
            taken = self.body(body, self.few([*states, *falling]))
            flow.on = taken.on if node.falling else [*flow.on, *taken.on]
            flow.jumps += taken.jumps
        return Flow(self.few(flow.on), flow.jumps)

    # ---- loops

    def _loop(self, node: s.Loop, state: State) -> Flow:
        flow = Flow([], [])
        for first, low in self.evaluate(state, node.low):
            for before, high in self.evaluate(first, node.high):
                step = self._rounds(node, before, low, high)
                flow.on += step.on
                flow.jumps += step.jumps
        return Flow(self.few(flow.on), flow.jumps)

    def _rounds(self, node: s.Loop, state: State, low: Value, high: Value) -> Flow:
        one = number(1 if node.inclusive else 0)
        if isinstance(low, Number) and isinstance(high, Number):
            first = self.solved(state, low.poly).constant
            rounds = self.solved(state, high.poly - low.poly) + one
            if first is not None and rounds.constant is not None and rounds.constant <= ROUNDS:
                return self._one_after_the_other(node, state, range(first, first + rounds.constant))
        else:
            state, rounds = self.unbounded(state, node.high)
        flow = Flow([], [])
        for after, way in self.compare(state, ">=", Number(rounds), Number(number(1))):
            if not way:
                flow.on.append(after)
                continue
            step = self._any_round(node, after, rounds)
            flow.on += step.on
            flow.jumps += step.jumps
        return flow

    def _one_after_the_other(self, node: s.Loop, state: State, rounds: range) -> Flow:
        flow = Flow([state], [])
        for i in rounds:
            states = [before.local(node.var, Number(number(i))) for before in flow.on]
            step = self.body(node.body, states)
            flow.on = step.on
            flow.jumps += step.jumps
        return flow

    def _any_round(self, node: s.Loop, state: State, rounds: Poly) -> Flow:
        """One round stands for all: what it costs, at least and at most, as often as it runs.

        A decision on something that keeps its value is made for all rounds alike.
        """
        self.loops += 1
        start = self._blurred(state, node).local(node.var, UNKNOWN).but(counts=NOTHING)
        step = self.body(node.body, [start])
        self.loops -= 1
        stable = [self._behind(after) for after in step.on]
        each: dict[frozenset[tuple[str, Domain]], list[State]] = {}
        for after in stable:
            each.setdefault(frozenset(after.domains.items()), []).append(after)
        flow = Flow([], [])
        for same in each.values():
            limits = same[0].limits(self.space)
            cost = hull((after.counts for after in same), limits).times(rounds)
            after = self._blurred(state.but(domains=same[0].domains), node)
            flow.on.append(after.but(counts=state.counts + cost))
        for target, after, value in step.jumps:
            left = self._behind(after)
            full = [o.counts for o in stable if _agree(o, left)]
            limits = left.limits(self.space)
            # It may be the first round that leaves, or the last.
            before = hull(full, limits).times(rounds - number(1)) if full else NOTHING
            pairs = zip(left.counts.all, before.all, strict=True)
            spread = Counts(*(Between(last.low, last.high + most.high) for last, most in pairs))
            blurred = self._blurred(state.but(domains=left.domains), node)
            flow.jumps.append((target, blurred.but(counts=state.counts + spread), value))
        return flow

    def _behind(self, state: State) -> State:
        """A state behind a loop: what came up in a round is not told apart any more."""
        gone = {k for k in {*state.domains, *state.counts.variables} if self._inner(k)}
        limits = state.limits(self.space)
        counts = state.counts.within({k: limits(k) for k in gone})
        domains = {k: d for k, d in state.domains.items() if k not in gone}
        return state.but(domains=domains, counts=counts)

    def _inner(self, key: str) -> bool:
        return self.space[key].depth > self.loops

    def _blurred(self, state: State, node: s.Loop) -> State:
        """A state in which whatever a loop's body writes may have any value."""
        slots, names = self._writes(node.body)
        for slot in sorted(slots, key=lambda each: each.name):
            known = {o for o, n in state.slots if n == slot.name}
            for owner in sorted(known.union(self._owners(state))):
                state = self.store(state, slot, owner, UNKNOWN)
        for name in sorted(names):
            if name in state.locals:
                state = state.local(name, UNKNOWN)
        return state

    def _writes(self, body: s.Body) -> tuple[set[Slot], set[str]]:
        """The slots and locals that a body writes, itself or through what it calls."""
        slots: set[Slot] = set()
        names: set[str] = set()
        for each in statements(body):
            match each:
                case s.WriteSlot(slot=slot) | s.UpdateSlot(slot=slot):
                    slots.add(slot)
                case s.Assign(name=name) | s.Let(name=name):
                    names.add(name)
                case _:
                    pass
        for call in calls(body):
            slots |= self._call_writes(call.callee)
        return slots, names

    def _call_writes(self, callee: str) -> set[Slot]:
        extern = self.program.externs.get(callee)
        if extern is not None:
            places = [p for e in extern.effects if e.kind == "writes" for p in e.places]
            return {p for p in places if isinstance(p, Slot)}
        sequence = self.program.sequences.get(callee)
        if sequence is None or sequence.body is None:
            return set(self.program.slots.values())
        return self._writes(sequence.body)[0]


def _on(states: Iterable[State]) -> Flow:
    return Flow(list(states), [])


def _agree(a: State, b: State) -> bool:
    """Whether two states of one round may be of two rounds of one loop."""
    return all(meet(domain, b.domains.get(key, domain)) for key, domain in a.domains.items())
