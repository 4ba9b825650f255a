"""Expressions of the IR as terms: the arithmetic of the language, looks at the machine, facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import assert_never

from dsl.ir import expr as x
from dsl.ir.arithmetic import lowest
from dsl.ir.program import Program
from dsl.ir.shapes import Condition, Field, Period
from dsl.ir.types import Bool, Int, Type
from dsl.ir.walk import inside
from dsl.run.world import owner_of
from dsl.verify.symbolic.solver import Solver
from dsl.verify.symbolic.state import State, Unbounded, fact_key
from dsl.verify.symbolic.term import Term
from dsl.verify.symbolic.terms import Terms

#: An ``every`` over more than so many values is not taken apart.
_MANY = 256

_COMPARED = frozenset(("==", "!=", "<", "<=", ">", ">="))


@dataclass(slots=True)
class Env:
    """What an expression can see: locals of one call, whose handles are whose, who looks.

    ``software``: reads are accesses.  ``written`` is the register that a platform's expression
    speaks of, ``bound`` are variables that have a value for the time of one expression.
    """

    frame: int = 0
    handles: dict[str, str] = field(default_factory=dict)
    software: bool = True
    written: Term | None = None
    bound: dict[str, Term] = field(default_factory=dict)

    def owner(self, base: str | None) -> str:
        if not base:
            return ""
        return self.handles.get(base, owner_of(base))


class Evaluator(State):
    """Evaluates expressions of a program.

    ``facts`` are conditions that are as they are in one configuration; with ``models`` conditions
    and externs do what their models say, else whatever they are declared to do.
    """

    def __init__(
        self, program: Program, terms: Terms, solver: Solver, facts: Mapping[str, int]
    ) -> None:
        super().__init__(program, terms, solver)
        self.facts = dict(facts)
        self.models = False
        #: The facts that were looked at: what does not depend on one is the same with another.
        self.asked: set[str] = set()
        #: What conditions are taken to be while an assumption about them is looked at.
        self._taken: dict[str, Term] = {}
        self._about = self._assumed_of(program)
        self.evaluate = self._platform

    @staticmethod
    def _assumed_of(program: Program) -> dict[str, list[x.Expr]]:
        """The assumptions that speak of each condition that is not fixed."""
        found: dict[str, list[x.Expr]] = {}
        for assumption in program.assumptions:
            for part in inside(assumption.condition):
                if isinstance(part, x.Test) and part.condition.period in (Period.TEST, Period.TRIP):
                    found.setdefault(part.condition.name, []).append(assumption.condition)
        return found

    def _platform(self, value: x.Expr, written: Term, locals: dict[str, Term]) -> Term:
        return self.value(value, Env(0, {}, False, written, locals))

    # ---- one expression

    def value(self, value: x.Expr, env: Env) -> Term:
        """The value of an expression; a truth value has width 0."""
        terms = self.terms
        match value:
            case x.Const(value=number, type=type):
                return terms.truth(number) if isinstance(type, Bool) else self._number(number, type)
            case x.Var(name=name, type=type):
                if name in env.bound:
                    return self.as_type(env.bound[name], None, type)
                return self.cells[("=", env.frame, name)]
            case x.Extract():
                return self._extract(value, env)
            case x.ReadRegister():
                return self._read(value, env)
            case x.ReadSlot(slot=slot, base=base, index=index):
                at = None if index is None else self.value(index, env)
                return self.load(env.owner(base), slot, at)
            case x.Binary():
                return self._binary(value, env)
            case x.Not(operand=operand):
                return terms.not_(self.truth(operand, env))
            case x.Truth(operand=operand):
                return self.truth(operand, env)
            case x.Cast(value=inner, type=type):
                return self.as_type(self.value(inner, env), inner.type, type)
            case x.Test():
                return self._test(value, env)
            case x.Insert():
                return self._insert(value, env)
            case x.Derive(value=inner, register=register, name=name):
                written = self.value(inner, env)
                derived = self.program.derived[register.name, name].value
                made = self.value(derived, Env(0, {}, False, written))
                return self.as_type(made, derived.type, value.type)
            case x.Written():
                assert env.written is not None
                return env.written
            case x.Every():
                return self._every(value, env)
            case x.Call(type=type):
                called = self.call(value, env)
                if called is None:
                    return terms.const(0, type.width) if isinstance(type, Int) else terms.false
                return called
            case x.Count():
                raise Unbounded("events are not counted here")
            case _:
                assert_never(value)

    def truth(self, value: x.Expr, env: Env) -> Term:
        """An expression as a truth value."""
        made = self.value(value, env)
        return made if made.width == 0 else self.terms.nonzero(made)

    def call(self, call: x.Call, env: Env) -> Term | None:
        """A call for its value; who executes programs says how."""
        raise Unbounded(f"{call.callee} cannot be called here")

    def _number(self, number: int, type: Type | None) -> Term:
        return self.terms.const(number, type.width if isinstance(type, Int) else 64)

    def as_type(self, value: Term, old: Type | None, new: Type | None) -> Term:
        """A value as a place of some type holds it."""
        match new:
            case Int(width=width):
                if value.width == 0:
                    return self.terms.number(value, width)
                if isinstance(old, Int) and old.signed:
                    return self.terms.sext(value, width)
                return self.terms.zext(value, width)
            case Bool():
                return value if value.width == 0 else self.terms.nonzero(value)
            case _:
                return value

    # ---- registers and fields

    def _read(self, value: x.ReadRegister, env: Env) -> Term:
        index = None if value.index is None else self.value(value.index, env)
        made: Term | None = None
        for c, element in reversed(self.candidates(value.register, index)):
            if env.software and element.register.access == "wo":
                self.path = self.terms.and_(self.path, self.terms.not_(c))
                continue
            found = self.look(element)
            if env.software:
                self.accessed("read", element, c, found)
                if element.hidden:
                    zero = self.terms.const(0, found.width)
                    found = self.terms.masked(found, zero, element.hidden)
            made = found if made is None else self.terms.ite(c, found, made)
        return made if made is not None else self.terms.const(0, value.register.width)

    def accessed(self, kind: str, element: object, condition: Term, value: Term) -> None:
        """Told of each access by software; the condition is that it is this element."""

    def picked(self, f: Field, index: x.Expr | None, env: Env) -> list[tuple[Term, int]]:
        """The lowest bits of the elements of a field that an index can mean, with conditions."""
        if index is None or not f.count:
            return [(self.terms.true, f.low)]
        at = self.value(index, env)
        found: list[tuple[Term, int]] = []
        for i in range(max(f.first, at.lo), min(f.first + f.count - 1, at.hi) + 1):
            low = lowest(f, i)
            assert low is not None
            c = self.on(self.terms.eq(at, self.terms.const(i, at.width)))
            if c is not self.terms.false:
                found.append((c, low))
        self._only(found)
        return found

    def _extract(self, value: x.Extract, env: Env) -> Term:
        whole = self._whole(value.value, env)
        made: Term | None = None
        for c, low in reversed(self.picked(value.field, value.index, env)):
            part = self.terms.slice(whole, low, value.field.width)
            made = part if made is None else self.terms.ite(c, part, made)
        if made is None:
            made = self.terms.const(0, value.field.width)
        return self.terms.zext(made, value.type.width)

    def _insert(self, value: x.Insert, env: Env) -> Term:
        whole = self.as_type(self._whole(value.value, env), None, value.type)
        where = self.picked(value.field, value.index, env)
        new = self.resized(self.value(value.new, env), value.field.width)
        made = whole
        for c, low in where:
            made = self.terms.ite(c, self.terms.insert(made, low, new), made)
        return made

    def _whole(self, value: x.Expr, env: Env) -> Term:
        """A value as wide as a register: a negative number has its sign everywhere."""
        made = self.value(value, env)
        return self.as_type(made, value.type, Int(max(64, made.width)))

    # ---- facts

    def _test(self, test: x.Test, env: Env) -> Term:
        condition = test.condition
        name = condition.name
        if name in self._taken:
            return self._taken[name]
        if name in self.facts:
            self.asked.add(name)
            number = self.facts[name]
            if isinstance(condition.type, Bool):
                return self.terms.truth(number)
            return self._number(number, condition.type)
        owner = env.owner(test.base)
        definition = self.program.definitions.get(name)
        if definition is not None:
            handles = {**env.handles, **({test.base: owner} if test.base else {})}
            if condition.root is not None:
                handles[condition.root] = owner
            inner = Env(0, handles, env.software, env.written)
            return self.as_type(
                self.value(definition.value, inner), definition.value.type, condition.type
            )
        if self.models and name in self.program.models:
            return self.modelled(test, owner, env)
        key = fact_key(owner, condition)
        if condition.period is not Period.TEST:
            found = self.cells.get(key)
            if found is None:
                found = self.cells[key] = self.sampled(condition, env)
            return found
        return self.sampled(condition, env)

    def modelled(self, test: x.Test, owner: str, env: Env) -> Term:
        raise Unbounded(f"{test.condition.name} cannot be asked for here")

    def sampled(self, condition: Condition, env: Env) -> Term:
        """What a condition is when it is asked: whatever no assumption excludes."""
        found = self.any_of(condition, condition.name)
        if not isinstance(condition.type, Bool):
            return found
        terms = self.terms
        for about in self._about.get(condition.name, ()):
            sides = []
            for taken in (terms.true, terms.false):
                self._taken[condition.name] = taken
                sides.append(self.truth(about, Env(0, env.handles, False)))
            del self._taken[condition.name]
            yes, no = sides
            found = terms.or_(terms.and_(yes, no, found), terms.and_(yes, terms.not_(no)))
        return found

    def _every(self, value: x.Every, env: Env) -> Term:
        low, high = self.value(value.low, env), self.value(value.high, env)
        if high.hi - low.lo >= _MANY:
            raise Unbounded("an `every` over too many values")
        terms, made = self.terms, self.terms.true
        for n in range(low.lo, high.hi + 1):
            number = terms.const(n, 64)
            within = terms.and_(
                terms.not_(terms.ult(number, terms.zext(low, 64))),
                terms.not_(terms.ult(terms.zext(high, 64), number)),
            )
            if within is terms.false:
                continue
            saved = env.bound
            env.bound = {**saved, value.var: number}
            try:
                holds = self.truth(value.condition, env)
            finally:
                env.bound = saved
            made = terms.and_(made, terms.implies(within, holds))
        return made

    # ---- operators

    def _binary(self, value: x.Binary, env: Env) -> Term:
        terms, op = self.terms, value.op
        if op in ("and", "or", "implies"):
            return self._shortcut(value, env)
        left, right = self.value(value.left, env), self.value(value.right, env)
        if left.width != right.width:
            width = max(left.width, right.width)
            left = self.as_type(left, value.left.type, Int(width))
            right = self.as_type(right, value.right.type, Int(width))
        kind = value.left.type
        signed = isinstance(kind, Int) and kind.signed
        if op in _COMPARED:
            return self._compared(op, left, right, signed)
        match op:
            case "+" | "-" | "*":
                name = {"+": "add", "-": "sub", "*": "mul"}[op]
                made = terms.arithmetic(name, left, right)
            case "&" | "|" | "^":
                made = terms.bitwise({"&": "and", "|": "or", "^": "xor"}[op], left, right)
            case _:
                made = terms.shift(op, left, right, signed=signed)
        return self.as_type(made, kind, value.type)

    def _compared(self, op: str, left: Term, right: Term, signed: bool) -> Term:
        terms = self.terms
        match op:
            case "==":
                return terms.eq(left, right)
            case "!=":
                return terms.not_(terms.eq(left, right))
            case "<":
                return terms.less(left, right, signed=signed)
            case ">":
                return terms.less(right, left, signed=signed)
            case "<=":
                return terms.not_(terms.less(right, left, signed=signed))
            case _:
                return terms.not_(terms.less(left, right, signed=signed))

    def _shortcut(self, value: x.Binary, env: Env) -> Term:
        """``and``, ``or``, ``implies``: the right side is asked only where the left lets it."""
        terms, op = self.terms, value.op
        left = self.truth(value.left, env)
        if left.constant and bool(left.value) == (op == "or"):
            return terms.truth(op != "and")
        asked = left if op != "or" else terms.not_(left)
        right = self._aside(value.right, env, asked)
        match op:
            case "and":
                return terms.and_(left, right)
            case "or":
                return terms.or_(left, right)
            case _:
                return terms.implies(left, right)

    def _aside(self, value: x.Expr, env: Env, condition: Term) -> Term:
        """An operand that is evaluated only where a condition holds."""
        path, before = self.path, dict(self.cells)
        self.path = self.terms.and_(path, condition)
        made = self.truth(value, env)
        dead = self.path is not self.terms.and_(path, condition)
        if any(before.get(k) is not v for k, v in self.cells.items() if k in before):
            self.cells = self.merged(condition, self.cells, before)
        if dead:
            self.path = self.terms.or_(self.path, self.terms.and_(path, self.terms.not_(condition)))
        else:
            self.path = path
        return made
