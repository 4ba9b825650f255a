"""Walks over the tree of a function: its blocks, its statements, and the expressions in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from dsl.syntax import tree as t


def blocks(node: t.Sequence) -> Iterator[t.Block]:
    """Every block of a function, outer before inner."""
    if node.body is not None:
        yield from _within(node.body)


def _within(block: t.Block) -> Iterator[t.Block]:
    yield block
    for item in block.items:
        for inner in inner_blocks(item.body):
            yield from _within(inner)


def inner_blocks(body: t.Declaration | t.Statement) -> Iterator[t.Block]:
    """The blocks directly inside a statement."""
    match body:
        case t.When(arms=arms, otherwise=otherwise):
            yield from (arm.body for arm in arms)
            if otherwise is not None:
                yield otherwise
        case t.Match(cases=cases, otherwise=otherwise):
            yield from (case.body for case in cases)
            if otherwise is not None:
                yield otherwise
        case t.Each(body=inner) | t.Labelled(body=inner) | t.Holding(body=inner):
            yield inner
        case _:
            pass


def items(node: t.Sequence) -> Iterator[t.Item]:
    """Every statement of a function with what stands before it, outer before inner."""
    for block in blocks(node):
        yield from block.items


def own(body: t.Declaration | t.Statement) -> Iterator[t.Expr]:
    """The expressions that a statement evaluates itself; bounds of loops are not among them."""
    match body:
        case t.When(arms=arms):
            yield from (arm.condition for arm in arms)
        case t.Match(value=value):
            yield value
        case t.Let(value=given) | t.Return(value=given):
            if given is not None:
                yield given
        case t.Move(place=place, value=value):
            yield place
            yield value
        case t.Modify(place=place, changes=changes):
            yield place
            yield from (change.value for change in changes)
        case t.Copy(places=places):
            yield from places
        case t.Call() | t.Hypcall():
            yield body
        case t.Warn(condition=condition) | t.Assert(condition=condition):
            yield condition
        case _:
            pass


def inside(value: t.Expr) -> Iterator[t.Expr]:
    """An expression and all in it, outer before inner; indexes of places too."""
    yield value
    match value:
        case t.Number() | t.Every():
            pass
        case t.Place(picks=picks):
            for pick in picks:
                if isinstance(pick, t.At):
                    yield from inside(pick.index)
        case t.Call(args=args):
            for arg in args:
                yield from inside(arg)
        case t.Hypcall(call=call):
            yield from inside(call)
        case t.Binary(left=left, right=right) | t.With(base=left, value=right):
            yield from inside(left)
            yield from inside(right)
        case t.Not(operand=operand) | t.Complement(operand=operand):
            yield from inside(operand)
        case _:
            assert_never(value)


def values(value: t.Expr) -> Iterator[t.Expr]:
    """The same without what stands in an index."""
    yield value
    match value:
        case t.Number() | t.Every() | t.Place():
            pass
        case t.Call(args=args):
            for arg in args:
                yield from values(arg)
        case t.Hypcall(call=call):
            yield from values(call)
        case t.Binary(left=left, right=right) | t.With(base=left, value=right):
            yield from values(left)
            yield from values(right)
        case t.Not(operand=operand) | t.Complement(operand=operand):
            yield from values(operand)
        case _:
            assert_never(value)


def conditions(body: t.Declaration | t.Statement) -> Iterator[t.Expr]:
    """The conditions that a statement tests."""
    match body:
        case t.When(arms=arms):
            yield from (arm.condition for arm in arms)
        case t.Warn(condition=condition) | t.Assert(condition=condition):
            yield condition
        case _:
            pass


def terms(condition: t.Expr) -> Iterator[t.Expr]:
    """What a condition is made of by ``and``, ``or`` and ``not``: the innermost parts."""
    return (term for term, _ in literals(condition))


def literals(condition: t.Expr, sign: str = "") -> Iterator[tuple[t.Expr, str]]:
    """The same, each with the ``not `` that stands right before it, if one does."""
    match condition:
        case t.Binary(op="and" | "or" | "implies", left=left, right=right):
            yield from literals(left)
            yield from literals(right)
        case t.Not(operand=operand):
            yield from literals(operand, "" if sign else "not ")
        case _:
            yield condition, sign
