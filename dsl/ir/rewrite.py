"""Expressions and bodies made over: parts of them replaced, or left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import assert_never

from msgspec.structs import replace

from dsl.ir import expr as x
from dsl.ir import sequence as s


def rewritten(e: x.Expr, change: Callable[[x.Expr], x.Expr]) -> x.Expr:
    """An expression with each of its parts, and then itself, replaced by what ``change`` gives."""

    def inner(part: x.Expr) -> x.Expr:
        return rewritten(part, change)

    def maybe(part: x.Expr | None) -> x.Expr | None:
        return None if part is None else inner(part)

    made: x.Expr
    match e:
        case x.Const() | x.Var() | x.Written() | x.Test() | x.Count():
            made = e
        case x.ReadRegister(index=None) | x.ReadSlot(index=None):
            made = e
        case x.ReadRegister(index=index) | x.ReadSlot(index=index):
            made = replace(e, index=maybe(index))
        case x.Extract(value=value, index=index):
            made = replace(e, value=inner(value), index=maybe(index))
        case x.Insert(value=value, index=index, new=new):
            made = replace(e, value=inner(value), index=maybe(index), new=inner(new))
        case x.Derive(value=value) | x.Cast(value=value):
            made = replace(e, value=inner(value))
        case x.Binary(left=left, right=right):
            made = replace(e, left=inner(left), right=inner(right))
        case x.Not(operand=operand) | x.Truth(operand=operand):
            made = replace(e, operand=inner(operand))
        case x.Call(args=args):
            made = replace(e, args=tuple(inner(a) for a in args))
        case x.Every(low=low, high=high, condition=condition):
            made = replace(e, low=inner(low), high=inner(high), condition=inner(condition))
        case _:
            assert_never(e)
    return change(made)


def with_variables(e: x.Expr, values: Mapping[str, x.Expr]) -> x.Expr:
    """An expression with other expressions for some of its variables."""

    def change(part: x.Expr) -> x.Expr:
        return values.get(part.name, part) if isinstance(part, x.Var) else part

    return rewritten(e, change)


def with_written(e: x.Expr, value: x.Expr) -> x.Expr:
    """A platform's expression with ``value`` for the value of the register itself."""
    return rewritten(e, lambda part: value if isinstance(part, x.Written) else part)


def with_bodies(statement: s.Statement, change: Callable[[s.Body], s.Body]) -> s.Statement:
    """A statement with its bodies changed."""
    match statement:
        case s.If(arms=arms, otherwise=otherwise):
            ways = tuple(replace(arm, body=change(arm.body)) for arm in arms)
            rest = None if otherwise is None else change(otherwise)
            return replace(statement, arms=ways, otherwise=rest)
        case s.Switch(cases=cases, otherwise=otherwise):
            chosen = tuple(replace(case, body=change(case.body)) for case in cases)
            rest = None if otherwise is None else change(otherwise)
            return replace(statement, cases=chosen, otherwise=rest)
        case s.Loop() | s.Labelled() | s.Hold():
            return replace(statement, body=change(statement.body))
        case _:
            return statement


def without(body: s.Body, dropped: Callable[[s.Statement], bool]) -> s.Body:
    """A body, and all in it, without the statements that are ``dropped``."""
    left = (each for each in body if not dropped(each))
    return tuple(with_bodies(each, lambda inner: without(inner, dropped)) for each in left)


def with_expressions(body: s.Body, change: Callable[[x.Expr], x.Expr]) -> s.Body:
    """A body, and all in it, with each of its expressions changed as a whole."""
    return tuple(
        with_bodies(_own_changed(each, change), lambda inner: with_expressions(inner, change))
        for each in body
    )


def _own_changed(statement: s.Statement, change: Callable[[x.Expr], x.Expr]) -> s.Statement:
    """A statement with the expressions changed that it evaluates itself."""

    def maybe(e: x.Expr | None) -> x.Expr | None:
        return None if e is None else change(e)

    match statement:
        case s.WriteRegister(index=index, value=value) | s.WriteSlot(index=index, value=value):
            return replace(statement, index=maybe(index), value=change(value))
        case s.UpdateRegister(index=index, changes=old) | s.UpdateSlot(index=index, changes=old):
            changes = tuple(replace(c, index=maybe(c.index), value=change(c.value)) for c in old)
            return replace(statement, index=maybe(index), changes=changes)
        case s.Let(value=given) | s.Return(value=given):
            return replace(statement, value=maybe(given))
        case s.Assign(value=value) | s.Switch(value=value):
            return replace(statement, value=change(value))
        case s.If(arms=arms):
            ways = tuple(replace(arm, condition=change(arm.condition)) for arm in arms)
            return replace(statement, arms=ways)
        case s.Loop(low=low, high=high):
            return replace(statement, low=change(low), high=change(high))
        case s.Perform(call=call):
            changed = change(call)
            assert isinstance(changed, x.Call)
            return replace(statement, call=changed)
        case s.Warn(condition=condition) | s.Assert(condition=condition):
            made = change(condition)
            if made.span != condition.span:
                # It is quoted where it does not hold, which is how the source has it.
                made = x.Truth(made, condition.span)
            return replace(statement, condition=made)
        case s.Labelled() | s.Leave() | s.Fail() | s.Trap() | s.Hold() | s.Order():
            return statement
        case s.May() | s.Perhaps():
            return statement
        case _:
            assert_never(statement)
