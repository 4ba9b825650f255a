"""Expressions in a run: numbers as the language counts them, and looks at the machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import assert_never

from dsl.ir import expr as x
from dsl.ir.arithmetic import operate
from dsl.ir.program import Program
from dsl.ir.sequence import Body, Param
from dsl.ir.shapes import Period
from dsl.ir.types import Bool, Handle, Int, Type
from dsl.run.errors import RunError
from dsl.run.events import Kind, count
from dsl.run.machine import Look, Machine
from dsl.run.registers import bits
from dsl.run.visibility import HARDWARE, SOFTWARE
from dsl.run.world import owner_of


@dataclass(slots=True)
class Env:
    """What an expression can see: locals, whose handles are whose, and who is looking.

    ``who`` is `SOFTWARE` (whose reads are accesses), `HARDWARE` or an endpoint; ``quiet`` is
    for who watches: nothing is noted, and nothing is decided.
    """

    locals: dict[str, int] = field(default_factory=dict)
    handles: dict[str, str] = field(default_factory=dict)
    who: str = SOFTWARE
    quiet: bool = False
    look: Look | None = None
    #: Since when an expectation counts events.
    since: int = 0

    def owner(self, base: str | None) -> str:
        """Whose slot or condition is meant by a handle's name (none: the machine's)."""
        if not base:
            return ""
        return self.handles.get(base, owner_of(base))


class Evaluator:
    """Evaluates expressions of a program on a machine.

    ``behaviours`` are what externs do, and conditions are, instead of what their models say.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.program: Program = machine.program
        self.behaviours: dict[str, tuple[tuple[Param, ...], Body]] = {}
        machine.evaluate = self._platform

    def _platform(self, value: x.Expr, look: Look, locals: dict[str, int]) -> int:
        return self.value(value, Env(locals, who=look.who, look=look))

    # ---- one expression

    def value(self, value: x.Expr, env: Env) -> int:
        """The value of an expression; a truth value is 0 or 1."""
        match value:
            case x.Const(value=number):
                return number
            case x.Var(name=name):
                return env.locals[name]
            case x.Extract():
                return self._extract(value, env)
            case x.ReadRegister():
                return self._read(value, env, None)
            case x.ReadSlot(slot=slot, base=base, index=index):
                at = None if index is None else self.value(index, env)
                try:
                    return self.machine.world.load(env.owner(base), slot, at)
                except RunError as error:
                    raise RunError(error.message, value.span) from None
            case x.Binary():
                return self._binary(value, env)
            case x.Not(operand=operand):
                return int(not self.value(operand, env))
            case x.Truth(operand=operand):
                return int(self.value(operand, env) != 0)
            case x.Cast(value=inner, type=type):
                return type.wrap(self.value(inner, env))
            case x.Test():
                return self._test(value, env)
            case x.Insert():
                return self._insert(value, env)
            case x.Derive(value=inner, register=register, name=name):
                derived = self.program.derived[register.name, name]
                written = self.value(inner, env)
                look = Look(env.who if env.who != SOFTWARE else HARDWARE, None, written)
                who = look.who
                result = self.value(derived.value, Env({}, who=who, quiet=env.quiet, look=look))
                return wrapped(value.type, result)
            case x.Written():
                assert env.look is not None
                assert env.look.written is not None
                return env.look.written
            case x.Every(var=var, low=low, high=high, condition=condition):
                ends = self.value(low, env), self.value(high, env)
                return int(
                    all(self._with(env, var, n, condition) for n in range(ends[0], ends[1] + 1))
                )
            case x.Call():
                return self.call(value, env) or 0
            case x.Count(what=what):
                return count(self.machine.trace.events[env.since :], what)
            case _:
                assert_never(value)

    def call(self, call: x.Call, env: Env) -> int | None:
        """A call for its value; who executes programs says how."""
        raise RunError(f"{call.callee} cannot be called here", call.span)

    def _with(self, env: Env, var: str, number: int, condition: x.Expr) -> bool:
        self.machine.work.spend(1, condition.span)
        saved = env.locals
        env.locals = {**saved, var: number}
        try:
            return bool(self.value(condition, env))
        finally:
            env.locals = saved

    # ---- registers

    def _read(self, value: x.ReadRegister, env: Env, mask: int | None) -> int:
        """A read, or a look at the bits in ``mask``."""
        index = None if value.index is None else self.value(value.index, env)
        machine = self.machine
        element = machine.element(value.register, index, value.span)
        if env.quiet:
            return machine.newest(element)
        if env.look is not None:
            return machine.look(element, env.look, value.span, mask)
        if env.who == SOFTWARE:
            return machine.read(element, value.span)
        return machine.look(element, Look(env.who), value.span, mask)

    def _extract(self, value: x.Extract, env: Env) -> int:
        index = None if value.index is None else self.value(value.index, env)
        low, mask = bits(value.field, index)
        if isinstance(value.value, x.ReadRegister):
            whole = self._read(value.value, env, mask)
        else:
            whole = self.value(value.value, env)
        return value.type.wrap((whole & mask) >> low)

    def _insert(self, value: x.Insert, env: Env) -> int:
        whole = self.value(value.value, env)
        index = None if value.index is None else self.value(value.index, env)
        low, mask = bits(value.field, index)
        new = self.value(value.new, env)
        return value.type.wrap(whole & ~mask | new << low & mask)

    # ---- facts

    def _test(self, test: x.Test, env: Env) -> int:
        condition = test.condition
        owner = env.owner(test.base)
        defined = self.program.definitions.get(condition.name)
        if defined is not None:
            handles = {**env.handles, **({test.base: owner} if test.base else {})}
            root = condition.root
            if root is not None:
                handles[root] = owner
            return self.value(defined.value, Env({}, handles, env.who, env.quiet, env.look))
        if condition.name in self.behaviours:
            return self.model(condition.name, (), env, test) or 0
        model = self.program.models.get(condition.name)
        if model is not None:
            args = (owner,) if model.signature.params else ()
            return self.model(condition.name, args, env, test) or 0
        value = self.machine.world.facts.get((owner, condition.name), condition.low or 0)
        if condition.period is Period.TEST and not env.quiet:
            self.machine.note(Kind.CALL, condition.name, test.span, new=value)
        return value

    def model(self, name: str, args: tuple[str | int, ...], env: Env, at: x.Expr) -> int | None:
        """What a model gives; who executes programs says how."""
        raise RunError(f"{name} cannot be asked for here", at.span)

    # ---- operators

    def _binary(self, value: x.Binary, env: Env) -> int:
        op = value.op
        left = self.value(value.left, env)
        match op:
            case "and":
                return int(bool(left and self.value(value.right, env)))
            case "or":
                return int(bool(left or self.value(value.right, env)))
            case "implies":
                return int(not left or bool(self.value(value.right, env)))
            case _:
                return operate(op, left, self.value(value.right, env), value.type)


def wrapped(type: Type | None, value: int) -> int:
    """A value as a place of some type holds it."""
    match type:
        case Int():
            return type.wrap(value)
        case Bool():
            return int(bool(value))
        case Handle() | None:
            return value
