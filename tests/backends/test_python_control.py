"""Generated control flow against a direct evaluator: loops, blocks left, cases, returns."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl.backends.python.module import unformatted
from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.program import Module, Program
from dsl.ir.shapes import Access, Field, Register
from dsl.ir.types import BOOL, U32, U64
from dsl.machine import load_simulator
from dsl.source import Source, Span

SPAN = Span(Source("t.vgs", "", "t"), 0, 0)
LOG = Register(
    "LOG",
    64,
    Access.RW,
    0,
    0,
    None,
    (Field("V", 0, 64, Access.RW, None, (), (), SPAN),),
    (),
    (),
    (),
    SPAN,
)
LOCK = s.Lock("lock", "", (), SPAN)
PARAMS = ("p", "q")


def const(value: int, type: x.Int = U32) -> x.Const:
    return x.Const(value, type, SPAN)


class Left(Exception):
    """A block is being left."""


class Returned(Exception):
    """The sequence has returned."""


def value(e: x.Expr, env: dict[str, int]) -> int:
    match e:
        case x.Const(value=number):
            return number
        case x.Var(name=name):
            return env[name]
        case x.Cast(value=inner):
            return value(inner, env)
        case x.Binary(op="+", left=left, right=right):
            return value(left, env) + value(right, env)
        case x.Binary(op="==", left=left, right=right):
            return value(left, env) == value(right, env)
    raise AssertionError(e)


def perform(body: s.Body, env: dict[str, int], log: list[int]) -> None:
    """What a body does, read off the docstrings of the IR."""
    for statement in body:
        match statement:
            case s.WriteRegister(value=written):
                log.append(value(written, env))
            case s.If(arms=arms, otherwise=otherwise):
                chosen = next((a.body for a in arms if value(a.condition, env)), otherwise)
                perform(chosen or (), env, log)
            case s.Loop(var=var, low=low, high=high, inclusive=inclusive, body=inner):
                for i in range(value(low, env), value(high, env) + inclusive):
                    perform(inner, {**env, var: i}, log)
            case s.Switch(value=chosen_by, falling=falling, cases=cases, otherwise=otherwise):
                bodies = [c.body for c in cases]
                values = [c.value for c in cases]
                selected = value(chosen_by, env)
                if selected in values:
                    at = values.index(selected)
                    chain = [*bodies[at:], otherwise or ()] if falling else [bodies[at]]
                else:
                    chain = [otherwise or ()]
                for inner in chain:
                    perform(inner, env, log)
            case s.Labelled(label=label, body=inner):
                try:
                    perform(inner, env, log)
                except Left as left:
                    if left.args != (label,):
                        raise
            case s.Hold(body=inner):
                perform(inner, env, log)
            case s.Leave(label=label):
                raise Left(label)
            case s.Return(value=result):
                assert result is not None
                raise Returned(value(result, env))
            case _:
                raise AssertionError(statement)


class Bodies:
    """Random bodies; one number decides all, which is much faster than to draw every choice."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def body(
        self, depth: int, names: tuple[str, ...], labels: tuple[str, ...], held: bool = False
    ) -> s.Body:
        """A body that may use variables ``names`` and leave the blocks ``labels``."""
        count = self.random.randint(0, 3)
        body = [self.statement(depth, names, labels, held) for _ in range(count)]
        match self.random.randint(0, 5):
            case 0 if labels:
                body.append(s.Leave(self.random.choice(labels), (), SPAN))
            case 1:
                body.append(s.Return(self.amount(names), (), SPAN))
        return tuple(body)

    def amount(self, names: tuple[str, ...]) -> x.Expr:
        return x.Binary(
            "+", self.variable(names), const(self.random.randint(0, 99) * 10), U32, SPAN
        )

    def variable(self, names: tuple[str, ...]) -> x.Expr:
        return x.Var(self.random.choice(names), U32, SPAN)

    def arm(self, names: tuple[str, ...], body: s.Body) -> s.Arm:
        limit = const(self.random.randint(0, 3))
        return s.Arm(x.Binary("==", self.variable(names), limit, BOOL, SPAN), body, (), SPAN)

    def statement(
        self, depth: int, names: tuple[str, ...], labels: tuple[str, ...], held: bool
    ) -> s.Statement:
        chance = self.random

        def inner(
            more: tuple[str, ...] = (), around: tuple[str, ...] = (), locked: bool = held
        ) -> s.Body:
            return self.body(depth - 1, names + more, labels + around, locked)

        def other() -> s.Body | None:
            return inner() if chance.random() < 0.5 else None

        match chance.randint(0, 6 if depth else 0):
            case 1 | 2:
                arms = tuple(self.arm(names, inner()) for _ in range(chance.randint(1, 2)))
                return s.If(arms, other(), (), SPAN)
            case 3:
                low, high = const(chance.randint(0, 1)), const(chance.randint(0, 3))
                var = f"i{depth}"
                inclusive = chance.random() < 0.5
                return s.Loop(var, U32, low, high, inclusive, inner((var,)), (), SPAN)
            case 4:
                label = f"out{depth}"
                return s.Labelled(label, inner(around=(label,)), (), SPAN)
            case 5:
                values = chance.sample(range(4), chance.randint(0, 3))
                cases = tuple(s.Case(v, inner(), SPAN) for v in values)
                by = chance.choice((self.variable(names), self.amount(names)))
                return s.Switch(by, chance.random() < 0.5, cases, other(), (), SPAN)
            case 6 if not held:
                return s.Hold(LOCK, None, inner(locked=True), (), SPAN)
            case _:
                written = x.Cast(self.amount(names), U64, SPAN)
                return s.WriteRegister(LOG, None, written, (), SPAN)


def program(body: s.Body) -> Program:
    params = tuple(s.Param(n, U32, None, SPAN) for n in PARAMS)
    signature = s.Signature("f", params, U32, None, SPAN)
    ended = (*body, s.Return(const(7), (), SPAN))
    sequence = s.Sequence(s.Kind.SEQUENCE, signature, None, ended, ())
    return Program("t", (Module("t", registers=(LOG,), locks=(LOCK,), sequences=(sequence,)),))


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 1 << 64))
def test_generated_control_flow_goes_where_the_ir_says(seed: int) -> None:
    body = Bodies(seed).body(5, PARAMS, ())
    sim = load_simulator(unformatted(program(body)))
    for p in range(3):
        for q in range(3):
            log: list[int] = []
            with pytest.raises(Returned) as returned:
                perform((*body, s.Return(const(7), (), SPAN)), {"p": p, "q": q}, log)
            m = sim.Machine()
            assert sim.f(m, p, q) == returned.value.args[0]
            assert [e.new for e in m.trace if e.kind == "write"] == log
            assert not m.held
            quiet = sim.Machine(tracing=False)
            assert sim.f(quiet, p, q) == returned.value.args[0]
            assert quiet.state == m.state
            assert not quiet.held
            assert not quiet.trace
