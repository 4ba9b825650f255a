"""Expressions on a walk: what they read, what is known of their value, which way they decide.

Whatever is not known leads on in every way that is possible: each gives several states.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import assert_never

from dsl.costs.amounts import (
    NOTHING,
    Between,
    Counts,
    Poly,
    limits_of,
    number,
    variable,
)
from dsl.costs.facts import Facts, Leaf, Values, Ways, ordinal, text_of
from dsl.costs.state import UNKNOWN, Number, Opaque, State, Value, Whole, merged
from dsl.costs.variables import Domain, Kind, Space, single, span
from dsl.ir import expr as x
from dsl.ir.program import Program
from dsl.ir.shapes import Access, Field, Register
from dsl.ir.types import Bool, Int
from dsl.source import Span

_COMPARED = frozenset(("==", "!=", "<", "<=", ">", ">="))
#: Shifts by more than this are not followed.
_FAR = 256
_FOLDED: dict[str, Callable[[int, int], int]] = {
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": lambda a, b: a << b if 0 <= b < _FAR else 0,
    ">>": lambda a, b: a >> min(max(b, 0), _FAR),
}
#: The rounds of a loop that are followed one by one.
ROUNDS = 64


class Expressions(Facts):
    """Values and decisions; `Facts` has what they ask about conditions and counters."""

    def __init__(
        self, program: Program, space: Space, settings: Mapping[str, Domain], architecture: str
    ) -> None:
        super().__init__(program, space, settings)
        self.architecture = architecture
        #: What a derived function is about, and the variable of an ``every``.
        self._written: list[Value] = []
        self._loops: dict[str, list[Span]] = {}
        #: Which of several reads of a parameter is meant; 0: each one is another.
        self.reading = 0
        #: What a reader of the figures should know.
        self.notes: dict[str, None] = {}
        self._weights: dict[str, tuple[dict[int | None, int], int, int]] = {}

    def call(self, state: State, call: x.Call) -> Values:
        """What a call does, and gives."""
        raise NotImplementedError

    # ---- accesses

    def accessed(self, state: State, what: str, register: Register, at: Value | None) -> State:
        """One ``reads`` or ``writes`` more: two where the architecture splits the register."""
        if not state.depth:
            # Only what a sequence does is counted, not what a lifecycle says of others.
            return state
        known = at.poly.constant if isinstance(at, Number) else None
        each, least, most = self._weight(register)
        if known in each:
            least = most = each[known]
        more = Between(number(least), number(most))
        counts = Counts(**{what: more})
        return state.but(counts=state.counts + counts)

    def _weight(self, register: Register) -> tuple[dict[int | None, int], int, int]:
        """The accesses that each element takes, and the least and the most of any."""
        found = self._weights.get(register.name)
        if found is None:
            of = [e for e in register.encodings if e.architecture == self.architecture]
            each = {e.index: len(e.parts) for e in of}
            found = each, min(each.values(), default=1), max(each.values(), default=1)
            self._weights[register.name] = found
        return found

    # ---- values

    def evaluate(self, state: State, expr: x.Expr) -> Values:
        if isinstance(expr, x.Not | x.Truth | x.Every) or (
            isinstance(expr.type, Bool) and not isinstance(expr, x.Var | x.ReadSlot | x.Call)
        ):
            return [(s, Number(number(way))) for s, way in self.decide(state, expr)]
        match expr:
            case x.Const(value=value):
                return [(state, Number(number(value)))]
            case x.Var(name=name):
                return [(state, state.locals.get(name, UNKNOWN))]
            case x.Written():
                return [(state, self._written[-1] if self._written else UNKNOWN)]
            case x.ReadRegister(register=register, index=index):
                return [self._read(s, register, at) for s, at in self._index(state, index)]
            case x.ReadSlot(slot=slot, base=base, index=index):
                owner = self.owner(state, base)
                return [(s, self.load(s, slot, owner, index)) for s, _ in self._index(state, index)]
            case x.Test(condition=condition, base=base):
                return self.ask(state, condition, self.owner(state, base))
            case x.Extract(value=inner, field=field, index=index):
                return [
                    (after, _field(self, value, field, at))
                    for before, value in self.evaluate(state, inner)
                    for after, at in self._index(before, index)
                ]
            case x.Derive(value=inner, register=register, name=name):
                return [
                    found
                    for s, value in self.evaluate(state, inner)
                    for found in self._derive(
                        s, value, self.program.derived[register.name, name].value
                    )
                ]
            case x.Insert():
                return self._insert(state, expr)
            case x.Binary(left=left, right=right):
                return [
                    (after, self._binary(after, expr, a, b))
                    for before, a in self.evaluate(state, left)
                    for after, b in self.evaluate(before, right)
                ]
            case x.Cast(value=inner, type=type):
                return [(s, self._cast(s, value, type)) for s, value in self.evaluate(state, inner)]
            case x.Call():
                return self.call(state, expr)
            case x.Count():
                return [(state, UNKNOWN)]
            case _:
                assert_never(expr)

    def _index(self, state: State, index: x.Expr | None) -> list[tuple[State, Value | None]]:
        return [(state, None)] if index is None else [*self.evaluate(state, index)]

    def _read(self, state: State, register: Register, at: Value | None) -> tuple[State, Value]:
        state = self.accessed(state, "reads", register, at)
        known = at.poly.constant if isinstance(at, Number) else None
        if register.access is not Access.RO or self.loops or (at is not None and known is None):
            return state, UNKNOWN
        name = register.name if known is None else register.element(known)
        times = self.reading or state.reads.get(name, 0) + 1
        if not self.reading:
            state = state.but(reads={**state.reads, name: times})
        return state, Whole(register, name, f"{name}#{times}", register.width)

    def _derive(self, state: State, value: Value, derived: x.Expr) -> Values:
        self._written.append(value)
        try:
            return self.evaluate(state, derived)
        finally:
            self._written.pop()

    def _insert(self, state: State, expr: x.Insert) -> Values:
        found: Values = []
        for first, value in self.evaluate(state, expr.value):
            for second, at in self._index(first, expr.index):
                for third, new in self.evaluate(second, expr.new):
                    found.append((third, inserted(value, expr.field, at, new)))
        return found

    def _binary(self, state: State, expr: x.Binary, a: Value, b: Value) -> Value:
        assert isinstance(expr.type, Int)
        if isinstance(a, Number) and isinstance(b, Number):
            left, right = self.solved(state, a.poly), self.solved(state, b.poly)
            match expr.op:
                case "+":
                    return self._wrapped(state, left + right, expr.type)
                case "-":
                    return self._wrapped(state, left - right, expr.type)
                case "*":
                    return self._wrapped(state, left * right, expr.type)
                case op if left.constant is not None and right.constant is not None:
                    folded = _FOLDED[op](left.constant, right.constant)
                    return Number(number(expr.type.wrap(folded)))
                case _:
                    pass
        return _combined(f"({text_of(a)} {expr.op} {text_of(b)})", a, b)

    def _wrapped(self, state: State, poly: Poly, type: Int) -> Value:
        low, high = limits_of(poly, state.limits(self.space))
        if type.least <= low and high <= type.greatest:
            return Number(poly)
        known = poly.constant
        if known is not None:
            return Number(number(type.wrap(known)))
        return Opaque(f"{type}({poly.show(str)})")

    def _cast(self, state: State, value: Value, type: Int) -> Value:
        match value:
            case Number(poly=poly):
                return self._wrapped(state, self.solved(state, poly), type)
            case Whole(register=register, name=name, key=key, width=width):
                return Whole(register, name, key, min(width, type.width))
            case Opaque(text=text, places=places):
                return Opaque(f"{type}({text})", places)
            case _:
                return UNKNOWN

    # ---- decisions

    def decide(self, state: State, expr: x.Expr, leaf: Leaf | None = None) -> Ways:
        match expr:
            case x.Not(operand=operand):
                return [(s, not way) for s, way in self.decide(state, operand, leaf)]
            case x.Binary(op="and" | "or" | "implies" as op, left=left, right=right):
                # The right side is evaluated only where the left one leaves it open.
                goes_on = op != "or"
                found: Ways = []
                for s, way in self.decide(state, left, leaf):
                    if way is goes_on:
                        found += self.decide(s, right, leaf)
                    else:
                        found.append((s, op != "and"))
                return found
            case _ if leaf is not None and not _has_parts(self.program, expr):
                return leaf(state, expr)
            case x.Test(condition=condition, base=base):
                asked = self.ask(state, condition, self.owner(state, base))
                return [way for s, value in asked for way in self._is_true(s, value)]
            case x.Binary(op=op, left=left, right=right) if op in _COMPARED:
                return [
                    way
                    for before, a in self.evaluate(state, left)
                    for after, b in self.evaluate(before, right)
                    for way in self.compare(after, op, a, b)
                ]
            case x.Truth(operand=operand):
                return [w for s, v in self.evaluate(state, operand) for w in self._is_true(s, v)]
            case x.Every():
                return self._every(state, expr)
            case x.Derive(value=inner, register=register, name=name):
                derived = self.program.derived[register.name, name].value
                return [
                    way
                    for s, value in self.evaluate(state, inner)
                    for after, found in self._derive(s, value, derived)
                    for way in self._is_true(after, found)
                ]
            case x.Const(value=known):
                return [(state, bool(known))]
            case x.Var() | x.ReadSlot() | x.Call():
                return [w for s, v in self.evaluate(state, expr) for w in self._is_true(s, v)]
            case _:
                return [(state, True), (state, False)]

    def _is_true(self, state: State, value: Value) -> Ways:
        return self.compare(state, "!=", value, Number(number(0)))

    def _every(self, state: State, expr: x.Every) -> Ways:
        """Rounds until one fails: one by one, or as many as there may be."""
        found: Ways = []
        for first, low in self.evaluate(state, expr.low):
            for s, high in self.evaluate(first, expr.high):
                ends = [
                    self.solved(s, v.poly).constant for v in (low, high) if isinstance(v, Number)
                ]
                match ends:
                    case [int() as least, int() as most] if most - least < ROUNDS:
                        found += self._one_by_one(s, expr, range(least, most + 1))
                    case _:
                        found += self._many(s, expr)
        return found

    def _one_by_one(self, state: State, expr: x.Every, rounds: range) -> Ways:
        going, failed = [state], []
        for i in rounds:
            ways = [
                (s, way)
                for before in going
                for s, way in self.decide(
                    before.but(locals={**before.locals, expr.var: Number(number(i))}),
                    expr.condition,
                )
            ]
            failed += [s for s, way in ways if not way]
            going = merged((s for s, way in ways if way), self.space)
        ways = [(s, True) for s in going] + [(s, False) for s in merged(failed, self.space)]
        return [(s.but(locals=state.locals), way) for s, way in ways]

    def _many(self, state: State, expr: x.Every) -> Ways:
        self.loops += 1
        inner = state.but(locals={**state.locals, expr.var: UNKNOWN}, counts=NOTHING)
        costs = [s.counts for s, _ in self.decide(inner, expr.condition)]
        self.loops -= 1
        state, rounds = self.unbounded(state, expr.high)
        most = costs[0]
        for other in costs[1:]:
            most = most.hull(other, state.limits(self.space))
        spread = Counts(*(Between(Poly(), each.high * rounds) for each in most.all))
        state = state.but(counts=state.counts + spread)
        return [(state, True), (state, False)]

    def unbounded(self, state: State, bound: x.Expr) -> tuple[State, Poly]:
        """The rounds of a loop of which no range is declared: a variable of their own."""
        text = " ".join(bound.span.text.split())
        most = bound.type.greatest if isinstance(bound.type, Int) else 1
        # The loops of what is compared with are told from each other in the same way.
        places = self._loops.setdefault(text, [])
        if bound.span not in places:
            places.append(bound.span)
        place = f"rounds({text}) {places.index(bound.span)}"
        times = state.asked.get(place, 0) + 1
        state = state.but(asked={**state.asked, place: times})
        when = f"{ordinal(places.index(bound.span) + 1)} loop, {ordinal(times)} time"
        key, name = f"{place} {times}", f"rounds({text})"
        made = self.variable(key, name, Kind.COUNTER, span(0, most), when=when)
        where = f"{bound.span}: no range is declared of `{text}`, so nothing bounds this loop"
        self.notes[where] = None
        return state, variable(made.key)


def _has_parts(program: Program, expr: x.Expr) -> bool:
    """Whether an expression is a condition that is made of conditions itself."""
    if not isinstance(expr, x.Test):
        return False
    return expr.condition.name in program.definitions


def _field(facts: Facts, value: Value, field: Field, at: Value | None) -> Value:
    """A field of a value."""
    index = at.poly.constant if isinstance(at, Number) else None
    if field.count and index is None:
        return UNKNOWN
    low = field.low + (0 if index is None else (index - field.first) * field.stride)
    name = field.name if index is None else f"{field.name}<{index}>"
    match value:
        case Number(poly=poly) if poly.constant is not None:
            return Number(number(poly.constant >> low & (1 << field.width) - 1))
        case Whole(name=register, key=key, width=width) if (
            not field.computed and not field.layout and low + field.width <= width
        ):
            key = f"{key}.{name}"
            domain = span(0, (1 << field.width) - 1)
            made = facts.variable(key, f"{register}.{name}", Kind.PLATFORM, domain)
            known = single(made.domain)
            return Number(variable(made.key) if known is None else number(known))
        case Opaque(text=text, places=places):
            return Opaque(f"{text}.{name}", places)
        case _:
            return UNKNOWN


def inserted(value: Value, field: Field, at: Value | None, new: Value) -> Value:
    """A value with one field changed, where all of it is known."""
    index = at.poly.constant if isinstance(at, Number) else None
    known = [v.poly.constant if isinstance(v, Number) else None for v in (value, new)]
    match known:
        case [int() as old, int() as bits] if not field.count or index is not None:
            low = field.low + (0 if index is None else (index - field.first) * field.stride)
            mask = (1 << field.width) - 1
            return Number(number(old & ~(mask << low) | (bits & mask) << low))
        case _:
            return UNKNOWN


def _combined(text: str, *values: Value) -> Value:
    """What is made of values, as text that is the same where they are."""
    if any(text_of(value) is None for value in values):
        return UNKNOWN
    places = (v.places for v in values if isinstance(v, Opaque))
    return Opaque(text, frozenset[tuple[str, str | int, str]]().union(*places))
