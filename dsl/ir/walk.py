"""Walks over bodies and expressions: statements, the expressions and calls in them, names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import assert_never

from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.source import Span
from dsl.syntax import tree as t


def statements(body: s.Body | None) -> Iterator[s.Statement]:
    """Every statement of a body, outer before inner."""
    for statement in body or ():
        yield statement
        for inner in bodies(statement):
            yield from statements(inner)


def bodies(statement: s.Statement) -> Iterator[s.Body]:
    """The bodies directly inside a statement."""
    match statement:
        case s.If(arms=arms, otherwise=otherwise):
            yield from (arm.body for arm in arms)
            if otherwise is not None:
                yield otherwise
        case s.Switch(cases=cases, otherwise=otherwise):
            yield from (case.body for case in cases)
            if otherwise is not None:
                yield otherwise
        case s.Loop(body=body) | s.Labelled(body=body) | s.Hold(body=body):
            yield body
        case _:
            pass


def ends(body: Sequence[s.Statement]) -> bool:
    """Whether nothing after this body can be reached, as far as a look at its end tells."""
    match body[-1] if body else None:
        case s.Return() | s.Leave() | s.Fail() | s.Trap():
            return True
        case s.If(arms=arms, otherwise=otherwise) if otherwise is not None:
            return all(ends(arm.body) for arm in arms) and ends(otherwise)
        case s.Hold(body=inner):
            return ends(inner)
        case _:
            return False


def assigned(body: s.Body | None) -> frozenset[str]:
    """The names of the locals that a body gives another value."""
    return frozenset(each.name for each in statements(body) if isinstance(each, s.Assign))


def expressions(statement: s.Statement) -> Iterator[x.Expr]:
    """The expressions that a statement evaluates itself, in order."""
    match statement:
        case s.WriteRegister(index=index, value=value) | s.WriteSlot(index=index, value=value):
            if index is not None:
                yield index
            yield value
        case s.UpdateRegister(index=index, changes=changes) | s.UpdateSlot(
            index=index, changes=changes
        ):
            if index is not None:
                yield index
            for change in changes:
                if change.index is not None:
                    yield change.index
                yield change.value
        case s.Let(value=None):
            pass
        case s.Let(value=value) | s.Assign(value=value):
            assert value is not None
            yield value
        case s.If(arms=arms):
            yield from (arm.condition for arm in arms)
        case s.Loop(low=low, high=high):
            yield low
            yield high
        case s.Switch(value=value):
            yield value
        case s.Return(value=value):
            if value is not None:
                yield value
        case s.Perform(call=call):
            yield call
        case s.Warn(condition=condition) | s.Assert(condition=condition):
            yield condition
        case s.Labelled() | s.Leave() | s.Fail() | s.Trap() | s.Hold() | s.Order():
            pass
        case s.May() | s.Perhaps():
            pass
        case _:
            assert_never(statement)


def parts(value: x.Expr) -> Iterator[x.Expr]:
    """The expressions directly inside an expression, in order of evaluation."""
    match value:
        case x.Const() | x.Var() | x.Written() | x.Test() | x.Count():
            pass
        case x.ReadRegister(index=index) | x.ReadSlot(index=index):
            if index is not None:
                yield index
        case x.Extract(value=inner, index=index):
            yield inner
            if index is not None:
                yield index
        case x.Insert(value=inner, index=index, new=new):
            yield inner
            if index is not None:
                yield index
            yield new
        case x.Derive(value=inner) | x.Cast(value=inner):
            yield inner
        case x.Binary(left=left, right=right):
            yield left
            yield right
        case x.Not(operand=inner) | x.Truth(operand=inner):
            yield inner
        case x.Call(args=args):
            yield from args
        case x.Every(low=low, high=high, condition=condition):
            yield low
            yield high
            yield condition
        case _:
            assert_never(value)


def inside(value: x.Expr) -> Iterator[x.Expr]:
    """An expression and everything in it, inner before outer."""
    for part in parts(value):
        yield from inside(part)
    yield value


def place_key(place: x.Expr) -> tuple[object, ...]:
    """What two expressions of one place have in common, however their indexes are written."""
    match place:
        case x.Extract(value=value, field=field, index=index):
            return (*place_key(value), field.name, _constant(index))
        case x.Test(condition=condition, base=base):
            return (condition.name, base)
        case x.ReadSlot(slot=slot, base=base, index=index):
            return (slot.name, base, _constant(index))
        case x.ReadRegister(register=register, index=index):
            return (register.name, _constant(index))
        case _:
            return (place,)


def _constant(index: x.Expr | None) -> int | None:
    return index.value if isinstance(index, x.Const) else None


def calls(body: s.Body | None) -> Iterator[x.Call]:
    """Every call that a body makes."""
    for statement in statements(body):
        for value in expressions(statement):
            for inner in inside(value):
                if isinstance(inner, x.Call):
                    yield inner


def tree_names(value: t.Expr) -> Iterator[t.Name]:
    """The names that an expression begins a place or a call with, before they are resolved."""
    match value:
        case t.Number():
            pass
        case t.Place(name=name, picks=picks):
            yield name
            for pick in picks:
                if isinstance(pick, t.At):
                    yield from tree_names(pick.index)
        case t.Call(name=name, args=args) | t.Hypcall(call=t.Call(name=name, args=args)):
            yield name
            for arg in args:
                yield from tree_names(arg)
        case t.Binary(left=left, right=right) | t.With(base=left, value=right):
            yield from tree_names(left)
            yield from tree_names(right)
        case t.Not(operand=inner) | t.Complement(operand=inner) | t.Every(body=inner):
            yield from tree_names(inner)
        case _:
            assert_never(value)


def function_of(sequences: Iterable[s.Sequence], where: Span) -> str:
    """The name of the sequence that a place of a source is in; empty outside of any."""
    for sequence in sequences:
        for each in statements(sequence.body):
            span = each.span
            if span.source == where.source and span.start <= where.start < max(span.end, 1):
                return sequence.name
    return ""
