"""Expressions as functions: what follows from the program alone is found once, and not each time.

A function is given who evaluates (the machine, and what may be called) and what can be seen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias, assert_never

from dsl.ir import expr as x
from dsl.ir.arithmetic import lowest, operation
from dsl.ir.program import Program
from dsl.ir.shapes import Field
from dsl.run.env import Env, Look, wrapped
from dsl.run.errors import Outside
from dsl.run.events import count
from dsl.run.registers import Element, bits, name_of
from dsl.run.visibility import HARDWARE, SOFTWARE

if TYPE_CHECKING:
    from dsl.run.evaluate import Evaluator

#: Gives the value of an expression; a truth value is 0 or 1.
Function: TypeAlias = "Callable[[Evaluator, Env], int]"
#: Gives the value of a register, of which only the bits in a mask are looked at (None: all).
_Read: TypeAlias = "Callable[[Evaluator, Env, int | None], int]"


class Functions:
    """The expressions of a program as functions, each made when it is first asked for."""

    def __init__(self, program: Program, elements: dict[str, Element]) -> None:
        self._program, self._elements = program, elements
        # To compare two expressions would walk them: each is known as the object that it is.
        self._made: dict[int, tuple[x.Expr, Function]] = {}

    def of(self, value: x.Expr) -> Function:
        """The function of an expression."""
        made = self._made.get(id(value))
        if made is None:
            made = self._made[id(value)] = (value, self._function(value))
        return made[1]

    def _function(self, value: x.Expr) -> Function:
        match value:
            case x.Const(value=number):
                return lambda run, env: number
            case x.Var(name=name):
                return lambda run, env: env.locals[name]
            case x.Extract():
                return self._extract(value)
            case x.ReadRegister():
                read = self._read(value)
                return lambda run, env: read(run, env, None)
            case x.ReadSlot():
                return self._slot(value)
            case x.Binary():
                return self._binary(value)
            case x.Not(operand=operand):
                inner = self.of(operand)
                return lambda run, env: 0 if inner(run, env) else 1
            case x.Truth(operand=operand):
                inner = self.of(operand)
                return lambda run, env: 1 if inner(run, env) != 0 else 0
            case x.Cast(value=operand, type=type):
                inner, wrap = self.of(operand), type.wrap
                return lambda run, env: wrap(inner(run, env))
            case x.Test():
                return self._test(value)
            case x.Insert():
                return self._insert(value)
            case x.Derive():
                return self._derive(value)
            case x.Written():
                return _written
            case x.Every():
                return self._every(value)
            case x.Call():
                return lambda run, env: run.call(value, env) or 0
            case x.Count(what=what):
                return lambda run, env: count(run.machine.trace.events[env.since :], what)
            case _:
                assert_never(value)

    # ---- registers and memory

    def _read(self, value: x.ReadRegister) -> _Read:
        register, span = value.register, value.span
        index = None if value.index is None else self.of(value.index)
        known = None if register.banked else self._elements[name_of(register, 0)]

        def read(run: Evaluator, env: Env, mask: int | None) -> int:
            machine, at = run.machine, None if index is None else index(run, env)
            element = known or machine.element(register, at, span)
            if env.quiet:
                return machine.newest(element)
            if env.look is not None:
                return machine.look(element, env.look, span, mask)
            if env.who == SOFTWARE:
                return machine.read(element, span)
            return machine.look(element, Look(env.who), span, mask)

        return read

    def _whole(self, value: x.Expr) -> _Read:
        """What gives a value of which only some bits are looked at."""
        if isinstance(value, x.ReadRegister):
            return self._read(value)
        inner = self.of(value)

        def whole(run: Evaluator, env: Env, mask: int | None) -> int:
            return inner(run, env)

        return whole

    def _extract(self, value: x.Extract) -> Function:
        place, whole = self._place(value.field, value.index), self._whole(value.value)
        wrap = value.type.wrap
        if isinstance(place, tuple):
            low, mask = place
            if value.type.holds(mask >> low):
                return lambda run, env: (whole(run, env, mask) & mask) >> low
            return lambda run, env: wrap((whole(run, env, mask) & mask) >> low)

        def extract(run: Evaluator, env: Env) -> int:
            low, mask = place(run, env)
            return wrap((whole(run, env, mask) & mask) >> low)

        return extract

    def _insert(self, value: x.Insert) -> Function:
        inner, new, wrap = self.of(value.value), self.of(value.new), value.type.wrap
        place = self._place(value.field, value.index)

        def insert(run: Evaluator, env: Env) -> int:
            whole = inner(run, env)
            low, mask = place if isinstance(place, tuple) else place(run, env)
            return wrap(whole & ~mask | new(run, env) << low & mask)

        return insert

    def _place(
        self, field: Field, index: x.Expr | None
    ) -> tuple[int, int] | Callable[[Evaluator, Env], tuple[int, int]]:
        """The lowest bit and the mask of a field; of a family, what finds those of an element."""
        if index is None:
            return bits(field, None)
        if isinstance(index, x.Const) and lowest(field, index.value) is not None:
            return bits(field, index.value)
        at = self.of(index)
        return lambda run, env: bits(field, at(run, env))

    def _slot(self, value: x.ReadSlot) -> Function:
        slot, base, span = value.slot, value.base, value.span
        index = None if value.index is None else self.of(value.index)

        def load(run: Evaluator, env: Env) -> int:
            at = None if index is None else index(run, env)
            try:
                return run.machine.world.load(env.owner(base), slot, at)
            except Outside as error:
                error.span = error.span or span
                raise

        return load

    def _derive(self, value: x.Derive) -> Function:
        inner, type = self.of(value.value), value.type
        derived = self.of(self._program.derived[value.register.name, value.name].value)

        def derive(run: Evaluator, env: Env) -> int:
            who = env.who if env.who != SOFTWARE else HARDWARE
            look = Look(who, None, inner(run, env))
            return wrapped(type, derived(run, Env({}, who=who, quiet=env.quiet, look=look)))

        return derive

    # ---- facts

    def _test(self, value: x.Test) -> Function:
        defined = self._program.definitions.get(value.condition.name)
        if defined is None:
            return lambda run, env: run.test(value, env)
        inner, base, root = self.of(defined.value), value.base, value.condition.root

        def test(run: Evaluator, env: Env) -> int:
            owner = env.owner(base)
            handles = dict(env.handles)
            for name in (base, root):
                if name:
                    handles[name] = owner
            return inner(run, Env({}, handles, env.who, env.quiet, env.look))

        return test

    # ---- operators

    def _binary(self, value: x.Binary) -> Function:
        left, right = self.of(value.left), self.of(value.right)
        match value.op:
            case "and":
                return lambda run, env: 1 if left(run, env) and right(run, env) else 0
            case "or":
                return lambda run, env: 1 if left(run, env) or right(run, env) else 0
            case "implies":
                return lambda run, env: 1 if not left(run, env) or right(run, env) else 0
            case op:
                made = operation(op, value.type)
                return lambda run, env: made(left(run, env), right(run, env))

    def _every(self, value: x.Every) -> Function:
        low, high, var = self.of(value.low), self.of(value.high), value.var
        condition, span = self.of(value.condition), value.condition.span

        def every(run: Evaluator, env: Env) -> int:
            ends = low(run, env), high(run, env)
            around = env.locals
            try:
                for number in range(ends[0], ends[1] + 1):
                    run.machine.work.spend(1, span)
                    env.locals = {**around, var: number}
                    if not condition(run, env):
                        return 0
            finally:
                env.locals = around
            return 1

        return every


def _written(run: Evaluator, env: Env) -> int:
    assert env.look is not None
    assert env.look.written is not None
    return env.look.written
