"""A direct evaluator of the IR, read off its docstrings: what compiled C is compared with.

It knows no machine beyond plain registers (each access goes into a trace) and plain slots.
"""

from __future__ import annotations

from collections import ChainMap
from dataclasses import dataclass, field

import pytest

from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.shapes import Field
from dsl.ir.types import INT, U8, U32, U64, Bool, Int
from dsl.source import Source, Span

SPAN = Span(Source("t.vgs", "", "t"), 0, 0)
Env = ChainMap[str, int]


class Left(Exception):
    """A block is being left."""


class Returned(Exception):
    """The sequence has returned a value."""


@dataclass
class World:
    """Registers by element (`K2`), slots by name and index, facts, and what was accessed."""

    registers: dict[str, int] = field(default_factory=dict)
    slots: dict[tuple[str, int], int] = field(default_factory=dict)
    facts: dict[str, int] = field(default_factory=dict)
    sequences: dict[str, s.Sequence] = field(default_factory=dict)
    trace: list[tuple[str, str, int]] = field(default_factory=list)

    # ---- expressions

    def value(self, e: x.Expr, env: Env) -> int:
        match e:
            case x.Const(value=number):
                return number
            case x.Var(name=name):
                return env[name]
            case x.ReadRegister():
                return self.read(self.element(e, env))
            case x.ReadSlot(slot=slot, index=index):
                return self.slots[slot.name, 0 if index is None else self.value(index, env)]
            case x.Test(condition=condition):
                if condition.name == "now":
                    self.trace.append(("test", "now", 0))
                return self.facts[condition.name]
            case x.Extract(value=inner, field=f, index=index):
                number = self.value(inner, env)
                at = None if index is None else self.value(index, env)
                return (number >> low(f, at)) & ((1 << f.width) - 1)
            case x.Insert(value=inner, field=f, index=index, new=new, type=type):
                number = self.value(inner, env)
                return type.wrap(self.insert(number, f, index, new, env))
            case x.Binary(op=op, left=left, right=right) if op in ("and", "or", "implies"):
                first = self.value(left, env)
                if op == "and":
                    return first and self.value(right, env)
                return self.value(right, env) if bool(first) == (op == "implies") else 1
            case x.Binary(op=op, left=left, right=right, type=type):
                made = operate(op, self.value(left, env), self.value(right, env), type)
                return type.wrap(made) if isinstance(type, Int) else made
            case x.Not(operand=operand):
                return int(not self.value(operand, env))
            case x.Truth(operand=operand):
                return int(self.value(operand, env) != 0)
            case x.Cast(value=inner, type=type):
                return type.wrap(self.value(inner, env))
            case x.Call(callee=callee, args=args):
                given = [self.value(a, env) for a in args]
                return self.call(callee, given)
        raise AssertionError(e)

    def element(self, e: x.ReadRegister | s.WriteRegister | s.UpdateRegister, env: Env) -> str:
        if e.index is None:
            return e.register.name
        return e.register.element(self.value(e.index, env))

    def read(self, name: str) -> int:
        self.trace.append(("read", name, self.registers[name]))
        return self.registers[name]

    def write(self, name: str, value: int) -> None:
        self.trace.append(("write", name, value))
        self.registers[name] = value

    def insert(self, old: int, f: Field, index: x.Expr | None, new: x.Expr, env: Env) -> int:
        at = low(f, None if index is None else self.value(index, env))
        mask = (1 << f.width) - 1
        return (old & ~(mask << at)) | ((self.value(new, env) & mask) << at)

    def call(self, name: str, args: list[int]) -> int:
        sequence = self.sequences[name]
        names = [p.name for p in sequence.signature.params]
        try:
            self.run(sequence.body or (), ChainMap(dict(zip(names, args, strict=True))))
        except Returned as returned:
            return int(returned.args[0])
        return 0

    # ---- statements

    def run(self, body: s.Body, env: Env) -> None:
        env = env.new_child()
        for statement in body:
            self.step(statement, env)

    def step(self, statement: s.Statement, env: Env) -> None:
        match statement:
            case s.WriteRegister(value=value):
                name = self.element(statement, env)
                self.write(name, self.value(value, env))
            case s.UpdateRegister(changes=changes):
                name = self.element(statement, env)
                old = self.read(name)
                for change in changes:
                    old = self.insert(old, change.field, change.index, change.value, env)
                self.write(name, old)
            case s.WriteSlot(slot=slot, index=index, value=value):
                at = 0 if index is None else self.value(index, env)
                self.slots[slot.name, at] = self.value(value, env)
            case s.UpdateSlot(slot=slot, index=index, changes=changes):
                at = 0 if index is None else self.value(index, env)
                old = self.slots[slot.name, at]
                for change in changes:
                    old = self.insert(old, change.field, change.index, change.value, env)
                assert isinstance(slot.type, Int)
                self.slots[slot.name, at] = slot.type.wrap(old)
            case s.Let(name=name, value=value):
                env[name] = 0 if value is None else self.value(value, env)
            case s.Assign(name=name, value=value):
                home = next(names for names in env.maps if name in names)
                home[name] = self.value(value, env)
            case s.If(arms=arms, otherwise=otherwise):
                chosen = next((a.body for a in arms if self.value(a.condition, env)), otherwise)
                self.run(chosen or (), env)
            case s.Loop(var=var, low=first, high=high, inclusive=inclusive, body=body):
                start = self.value(first, env)
                for i in range(start, self.value(high, env) + inclusive):
                    self.run(body, env.new_child({var: i}))
            case s.Switch(value=value, falling=falling, cases=cases, otherwise=otherwise):
                values = [c.value for c in cases]
                number = self.value(value, env)
                bodies = [*(c.body for c in cases), otherwise or ()]
                at = values.index(number) if number in values else len(cases)
                for body in bodies[at:] if falling else bodies[at : at + 1]:
                    self.run(body, env)
            case s.Labelled(label=label, body=body):
                try:
                    self.run(body, env)
                except Left as left:
                    if left.args[0] != label:
                        raise
            case s.Leave(label=label):
                raise Left(label)
            case s.Return(value=None):
                raise Returned(0)
            case s.Return(value=value):
                assert value is not None
                raise Returned(self.value(value, env))
            case s.Perform(call=call):
                self.value(call, env)
            case _:
                raise AssertionError(statement)


def low(f: Field, index: int | None) -> int:
    return f.low if index is None else f.low + (index - f.first) * f.stride


def operate(op: str, a: int, b: int, type: Int | Bool) -> int:
    """An operator on exact numbers; shifts by the width or more give 0."""
    match op:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "&":
            return a & b
        case "|":
            return a | b
        case "^":
            return a ^ b
        case "<<" | ">>":
            assert isinstance(type, Int)
            if b >= type.width:
                return 0
            return a << b if op == "<<" else a >> b
    compared = {"==": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}
    return int(compared[op])


# ---- the evaluator itself, on what is easy to get wrong


def const(value: int, type: Int) -> x.Const:
    return x.Const(value, type, SPAN)


def binary(op: str, left: x.Expr, right: x.Expr, type: Int) -> x.Binary:
    return x.Binary(op, left, right, type, SPAN)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (binary("-", const(0, U32), const(1, U32), U32), 0xFFFFFFFF),
        (binary("<<", const(1, INT), const(31, U32), INT), -(1 << 31)),
        (binary("<<", const(1, U64), const(64, U32), U64), 0),
        (binary(">>", const(-8, INT), const(1, U32), INT), -4),
        (x.Cast(const(-1, INT), U64, SPAN), (1 << 64) - 1),
        (x.Cast(const(0x1FF, INT), U8, SPAN), 0xFF),
    ],
)
def test_numbers_wrap_in_their_types(expression: x.Expr, value: int) -> None:
    assert World().value(expression, ChainMap()) == value
