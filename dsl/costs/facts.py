"""Facts on a walk: what a condition is, and what follows for whatever else is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from dsl.costs.amounts import Poly, limits_of, number, variable
from dsl.costs.state import UNKNOWN, Number, Opaque, Owner, State, Value, Whole
from dsl.costs.variables import (
    BOTH,
    Domain,
    Kind,
    Space,
    Variable,
    meet,
    satisfying,
    single,
    span,
    without,
)
from dsl.ir import expr as x
from dsl.ir.arithmetic import operate
from dsl.ir.program import Program
from dsl.ir.shapes import MACHINE, Condition, Period, Slot
from dsl.ir.types import BOOL, Bool
from dsl.ir.walk import inside

#: The states that something leads to, each with the value there, or with the way it decides.
Values: TypeAlias = list[tuple[State, Value]]
Ways: TypeAlias = list[tuple[State, bool]]
#: Decides what a definition of a condition is made of.
Leaf: TypeAlias = Callable[[State, x.Expr], Ways]


class Facts:
    """What is asked of conditions, counters and parameters, one program and path at a time.

    ``settings`` narrow variables by name.  ``phase`` is where in the lifecycle the walk is, and
    ``loops`` how many loops are around it whose rounds are not followed one by one.
    """

    def __init__(self, program: Program, space: Space, settings: Mapping[str, Domain]) -> None:
        self.program = program
        self.space = space
        self.settings = settings
        self.phase = ""
        self.loops = 0
        self._given: dict[tuple[str, str], bool] = {}
        #: What holds about facts that may change: it is held against each later test.
        self._standing = [
            (a.condition, frozenset(tests(a.condition)))
            for a in program.assumptions
            if any(t.period is Period.TEST for t in tests(a.condition))
        ]
        self.fixed = [
            a
            for a in program.assumptions
            if not any(t.period is Period.TEST for t in tests(a.condition))
        ]

    def decide(self, state: State, expr: x.Expr, leaf: Leaf | None = None) -> Ways:
        """Both ways of a truth value, or the only one."""
        raise NotImplementedError

    def evaluate(self, state: State, expr: x.Expr) -> Values:
        """What is known of a value, in each way to it."""
        raise NotImplementedError

    # ---- variables

    def variable(
        self,
        key: str,
        name: str,
        kind: Kind,
        domain: Domain,
        *,
        truth: bool = False,
        when: str = "",
        words: tuple[str, ...] = (),
        start: bool = False,
    ) -> Variable:
        """A variable, of which a setting may leave only some values."""
        # A counter goes on from its other values too: `table` looks for the cases that are asked.
        if kind is not Kind.COUNTER:
            domain = meet(domain, self.settings.get(name, domain))
        # A fact keeps its value through the rounds of a loop, and so does what was there before.
        depth = self.loops if kind is Kind.COUNTER and not start else 0
        return self.space.add(Variable(key, name, kind, domain, truth, when, words, depth, start))

    def domain(self, state: State, key: str) -> Domain:
        return state.domains.get(key, self.space[key].domain)

    def split(self, state: State, key: str, yes: Domain) -> Ways:
        """Both ways of a decision that holds for some values of a variable."""
        whole = self.domain(state, key)
        holds = meet(whole, yes)
        fails = without(whole, holds)
        if not fails:
            return [(state, True)] if holds else []
        if not holds:
            return [(state, False)]
        return [(state.narrowed(key, holds), True), (state.narrowed(key, fails), False)]

    def solved(self, state: State, poly: Poly) -> Poly:
        """A polynomial with the variables gone of which only one value is left."""
        left = {name: single(self.domain(state, name)) for name in poly.variables}
        return poly.where({name: number(v) for name, v in left.items() if v is not None})

    def compare(self, state: State, op: str, left: Value, right: Value) -> Ways:
        """Both ways of a comparison, or the only one."""
        if isinstance(left, Number) and isinstance(right, Number):
            gap = self.solved(state, left.poly - right.poly)
            known = gap.constant
            if known is not None:
                return [(state, bool(operate(op, known, 0, BOOL)))]
            line = gap.linear()
            if line is not None:
                key, factor, constant = line
                holds = satisfying(factor, constant, op, self.domain(state, key))
                return self.split(state, key, holds)
            reach = span(*limits_of(gap, state.limits(self.space)))
            holds = satisfying(1, 0, op, reach)
            if holds in ((), reach):
                return [(state, bool(holds))]
        texts = [text_of(left), text_of(right)]
        if None in texts:
            return [(state, True), (state, False)]
        places = frozenset[tuple[str, str | int, str]]().union(
            *(v.places for v in (left, right) if isinstance(v, Opaque))
        )
        return remembered(state, f"{texts[0]} {op} {texts[1]}", places)

    # ---- slots

    def load(self, state: State, slot: Slot, owner: str, index: x.Expr | None) -> Value:
        """What a slot holds: a variable, where a range is declared and nothing else is known."""
        if slot.length or index is not None:
            return UNKNOWN
        found = state.slots.get((owner, slot.name))
        if found is not None:
            return found
        if slot.low is None or slot.high is None:
            place = ("slot", owner, slot.name)
            return Opaque(f"{owner}.{slot.name}", frozenset((place,)))
        return self.starting(slot, owner, span(slot.low, slot.high))

    def counter(self, slot: Slot, owner: str, domain: Domain, when: str) -> Value:
        """A counter that may have any value of a domain, from some point on."""
        known = single(domain)
        if known is not None:
            return Number(number(known))
        key = f"{owner}.{slot.name} {when} {domain}"
        made = self.variable(key, slot.name, Kind.COUNTER, domain, when=when)
        return Number(variable(made.key))

    def starting(self, slot: Slot, owner: str, domain: Domain) -> Value:
        """A counter where a path begins; it is one even if it can only have one value there."""
        key = f"{owner}.{slot.name} at the start {domain}"
        when = "at the start"
        made = self.variable(key, slot.name, Kind.COUNTER, domain, when=when, start=True)
        return Number(variable(made.key))

    # ---- conditions

    def owner(self, state: State, base: str | None) -> str:
        """Whom a handle is for; "" for the machine."""
        if not base or base == MACHINE:
            return ""
        found = state.locals.get(base)
        return found.name if isinstance(found, Owner) else base

    def ask(self, state: State, condition: Condition, owner: str) -> Values:
        """The value of a condition, in each way that it may go."""
        given = self._given.get((condition.name, owner))
        if given is not None:
            return [(state, Number(number(given)))]
        definition = self.program.definitions.get(condition.name)
        if definition is not None:
            if isinstance(condition.type, Bool):
                asked = self._defined(state, condition, definition.value, owner)
                return [(s, Number(number(way))) for s, way in asked]
            inner = state.but(locals={condition.root or "": Owner(owner)})
            found = self.evaluate(inner, definition.value)
            return [(s.but(locals=state.locals), value) for s, value in found]
        if condition.period is Period.TEST:
            return self._sampled(state, condition, owner)
        kind = Kind.CASE if condition.period is Period.TRIP else Kind.CONFIGURATION
        return self._fact(state, condition, f"{owner}:{condition.name}", kind)

    def _fact(
        self, state: State, condition: Condition, key: str, kind: Kind, when: str = ""
    ) -> Values:
        if isinstance(condition.type, Bool):
            self.variable(key, condition.name, kind, BOTH, truth=True, when=when)
            ways = self.split(state, key, span(1, 1))
            return [(s, Number(number(way))) for s, way in ways]
        if condition.low is None or condition.high is None:
            return [(state, Opaque(key))]
        self.variable(key, condition.name, kind, span(condition.low, condition.high), when=when)
        return [(state, Number(variable(key)))]

    def _sampled(self, state: State, condition: Condition, owner: str) -> Values:
        """A fact that is asked anew at each test."""
        name = f"{owner}:{condition.name}"
        made: Values
        if not isinstance(condition.type, Bool):
            made = [(state, UNKNOWN)]
        elif self.loops:
            made = [(state, Number(number(way))) for way in (0, 1)]
        else:
            test = f"{name} {self.phase}"
            times = state.asked.get(test, 0) + 1
            state = state.but(asked={**state.asked, test: times})
            when = f"at {self.phase}" if self.phase else ""
            if times > 1:
                when += f"{' ' if when else ''}({ordinal(times)} test)"
            made = self._fact(state, condition, f"{name} {when}", Kind.CASE, when)
        return [
            (after, value)
            for before, value in made
            for after in self._keeping(before, condition, owner, value)
        ]

    def _keeping(self, state: State, condition: Condition, owner: str, value: Value) -> list[State]:
        """The states in which what was promised is true of the answer of a test."""
        known = value.poly.constant if isinstance(value, Number) else None
        if known is None:
            return [state]
        held: list[tuple[x.Expr, dict[str, str]]] = []
        for promise in state.promises:
            expr = self.program.externs[promise.extern].ensures[promise.number]
            held.append((expr, dict(promise.owners)))
        roots = {root: root for root in roots_of(self.program)}
        held += [(expr, roots) for expr, tested in self._standing if condition in tested]
        states = [state]
        for expr, owners in held:
            if not any(
                t.condition == condition and owners.get(t.base or "", "") == owner
                for t in inside(expr)
                if isinstance(t, x.Test)
            ):
                continue
            self._given[condition.name, owner] = bool(known)
            states = [after for s in states for after in self.held(s, expr, owners)]
            del self._given[condition.name, owner]
        return states

    def held(self, state: State, expr: x.Expr, owners: Mapping[str, str]) -> list[State]:
        """The states, of all that a state stands for, in which something is true."""
        inner = state.but(locals={root: Owner(name) for root, name in owners.items()})
        ways = self.decide(inner, expr, self._may_be)
        kept = [s.but(locals=state.locals, asked=state.asked) for s, way in ways if way]
        if any(s.domains == state.domains for s in kept):
            # Nothing follows.
            return [state]
        return kept

    def surely(self, state: State, expr: x.Expr, owners: Mapping[str, str]) -> bool:
        """Whether something is true in each way that is left open."""
        inner = state.but(locals={root: Owner(name) for root, name in owners.items()})
        return all(way for _, way in self.decide(inner, expr, self._may_be))

    def _may_be(self, state: State, expr: x.Expr) -> Ways:
        """What a promise asks of a fact that has not been tested may be either way."""
        free = any(
            t.period is Period.TEST and (t.name, self.owner(state, base)) not in self._given
            for t, base in ((p.condition, p.base) for p in inside(expr) if isinstance(p, x.Test))
        )
        return [(state, True), (state, False)] if free else self.decide(state, expr)

    def _defined(self, state: State, condition: Condition, value: x.Expr, owner: str) -> Ways:
        """A condition that is a function of others and of slots: each of its parts is a fact."""
        fixed = condition.period in (Period.MACHINE, Period.VM)

        def part(inner: State, expr: x.Expr) -> Ways:
            if isinstance(expr, x.Const):
                return [(inner, bool(expr.value))]
            slots = [p for p in inside(expr) if isinstance(p, x.ReadSlot)]
            if not slots:
                return self.decide(inner, expr)
            if not fixed and all(
                isinstance(self.load(inner, p.slot, owner, p.index), Number) for p in slots
            ):
                return self.decide(inner, expr)
            name = condition.name if expr is value else " ".join(expr.span.text.split())
            key, when = f"{owner}:{name}", ""
            if not fixed:
                if self.loops:
                    return [(inner, True), (inner, False)]
                # It is another fact once a slot has been written that it is made of.
                writes = [inner.asked.get(f"{owner}.{p.slot.name}", 0) for p in slots]
                key, when = f"{key} {self.phase} {writes}", f"at {self.phase}"
            made = Kind.CONFIGURATION if fixed else Kind.CASE
            self.variable(key, name, made, BOTH, truth=True, when=when)
            return self.split(inner, key, span(1, 1))

        root = condition.root or ""
        inner = state.but(locals={root: Owner(owner)})
        return [(s.but(locals=state.locals), way) for s, way in self.decide(inner, value, part)]


def ordinal(number: int) -> str:
    """``2nd``."""
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number, 'th')}"


def remembered(state: State, text: str, places: frozenset[tuple[str, str | int, str]]) -> Ways:
    """Both ways of a decision that nothing names, or the way that it went before."""
    before = state.decided.get(text)
    if before is not None:
        return [(state, before[0])]
    return [
        (state.but(decided={**state.decided, text: (way, places)}), way) for way in (True, False)
    ]


def text_of(value: Value) -> str | None:
    """A value as text that is the same for the same value; None where there is none."""
    match value:
        case Number(poly=poly):
            return poly.show(str)
        case Whole(key=key):
            return key
        case Opaque(text=text):
            return text
        case Owner(name=name):
            return name
        case _:
            return None


def tests(expr: x.Expr) -> Iterable[Condition]:
    """The conditions that an expression asks."""
    return [part.condition for part in inside(expr) if isinstance(part, x.Test)]


def roots_of(program: Program) -> set[str]:
    """Everybody who has contexts or facts of their own."""
    roots = {c.root for c in program.contexts.values()} - {MACHINE}
    return roots | {c.root for c in program.conditions.values() if c.root is not None}
