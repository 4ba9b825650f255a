"""Expressions in a run: numbers as the language counts them, and looks at the machine."""

from __future__ import annotations

from dsl.ir import expr as x
from dsl.ir.program import Program
from dsl.ir.sequence import Body, Param
from dsl.ir.shapes import Period
from dsl.run.env import Env, Look
from dsl.run.errors import RunError
from dsl.run.events import Kind
from dsl.run.machine import Machine
from dsl.run.prepared import prepared


class Evaluator:
    """Evaluates expressions of a program on a machine.

    ``behaviours`` are what externs do, and conditions are, instead of what their models say.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.program: Program = machine.program
        self._functions = prepared(machine.program).functions
        self.behaviours: dict[str, tuple[tuple[Param, ...], Body]] = {}
        machine.evaluate = self._platform

    def _platform(self, value: x.Expr, look: Look, locals: dict[str, int]) -> int:
        return self.value(value, Env(locals, who=look.who, look=look))

    # ---- one expression

    def value(self, value: x.Expr, env: Env) -> int:
        """The value of an expression; a truth value is 0 or 1."""
        return self._functions.of(value)(self, env)

    def call(self, call: x.Call, env: Env) -> int | None:
        """A call for its value; who executes programs says how."""
        raise RunError(f"{call.callee} cannot be called here", call.span)

    # ---- facts

    def test(self, test: x.Test, env: Env) -> int:
        """The value of a condition that is not defined by others."""
        condition, owner = test.condition, env.owner(test.base)
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
