"""Expressions read back as the tree that was printed, with no parenthesis too many or too few."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl.source import Source
from dsl.syntax import tree as t
from dsl.syntax.format import format_module
from dsl.syntax.format.words import expr
from dsl.syntax.parser import parse
from tests.syntax.test_format import bare, hold, module, parts

OPERATORS = (
    *("implies", "or", "and", "==", "!=", "<", "<=", ">", ">=", "|", "^", "&", "<<", ">>"),
    *("+", "-", "*"),
)
COMPARISONS = {"==", "!=", "<", "<=", ">", ">="}
#: Within one of the former, another one of either keeps its parentheses, needed or not.
BITWISE = {"<<", ">>", "&", "^", "|"}
ARITHMETIC = BITWISE | {"+", "-", "*"}


#: Where the expressions stand that are read.
RETURN = "sequence f() { return "


def name(text: str) -> t.Name:
    return t.Name(0, 0, text)


def place(text: str) -> t.Place:
    return t.Place(0, 0, name(text), ())


def binary(op: str, left: t.Expr, right: t.Expr) -> t.Binary:
    return t.Binary(0, 0, op, left, right)


names = st.sampled_from(["a", "b", "vcpu", "LR<n>_EL2", "x1"]).map(name)
plain = st.sampled_from(["f", "g", "unknown", "accesses"]).map(name)
numbers = st.sampled_from(["0", "1", "0x1_F", "0b10", "12"]).map(
    lambda text: t.Number(0, 0, int(text, 0), text)
)


def grown(inner: st.SearchStrategy[t.Expr]) -> st.SearchStrategy[t.Expr]:
    picks = st.one_of(
        st.builds(t.At, st.just(0), st.just(0), inner),
        st.builds(t.Dot, st.just(0), st.just(0), names),
    )
    calls = st.builds(t.Call, st.just(0), st.just(0), plain, st.lists(inner, max_size=3).map(tuple))
    ranges = st.builds(t.Range, st.just(0), st.just(0), numbers, st.one_of(numbers, plain))
    return st.one_of(
        st.builds(t.Binary, st.just(0), st.just(0), st.sampled_from(OPERATORS), inner, inner),
        st.builds(t.Not, st.just(0), st.just(0), inner),
        st.builds(t.Complement, st.just(0), st.just(0), inner),
        st.builds(t.With, st.just(0), st.just(0), inner, names, inner),
        st.builds(t.Place, st.just(0), st.just(0), names, st.lists(picks, max_size=2).map(tuple)),
        calls,
        st.builds(t.Hypcall, st.just(0), st.just(0), calls),
        st.builds(t.Every, st.just(0), st.just(0), plain, ranges, inner),
    )


leaves = st.one_of(numbers, st.builds(t.Place, st.just(0), st.just(0), names, st.just(())))
expressions = st.recursive(leaves, grown, max_leaves=25)
calculations = st.recursive(
    leaves,
    lambda inner: st.builds(binary, st.sampled_from(sorted(ARITHMETIC)), inner, inner),
    max_leaves=10,
)


def printed(node: t.Expr) -> str:
    return "".join([word.text for word in expr(node)])


def value(text: str) -> t.Expr:
    """The expression that a sequence returns, from its text."""
    body = module(f"{RETURN}{text} }}").items[0].body
    assert isinstance(body, t.Sequence)
    assert body.body is not None
    jump = body.body.items[0].body
    assert isinstance(jump, t.Return)
    assert jump.value is not None
    return jump.value


@settings(max_examples=500, deadline=None)
@given(expressions)
def test_reads_back_as_it_was(node: t.Expr) -> None:
    assert bare(value(printed(node))) == bare(node)


def check_parentheses(node: t.Expr) -> None:
    """Each parenthesis is needed or stands between doubtful operators, and those all have some."""
    text = printed(node)
    found = pairs(text)
    doubts = {(inner.start, inner.end - 1) for inner in doubtful(value(text))}
    at = len(RETURN)
    for start, end in found:
        without = f"{text[:start]} {text[start + 1 : end]} {text[end + 1 :]}"
        _, findings = parse(Source("example", f"{RETURN}{without} }}"))
        needed = findings or bare(value(without)) != bare(node)
        assert needed or (start + at, end + at) in doubts, without
    assert doubts <= {(start + at, end + at) for start, end in found}


def doubtful(root: t.Expr) -> Iterator[t.Binary]:
    """Operations directly within another one, where one may wonder which operator is tighter."""
    open_: list[Any] = [root]
    while open_:
        node = open_.pop()
        if isinstance(node, tuple):
            open_ += node
        elif isinstance(node, t.Node):
            open_ += parts(node)
        if isinstance(node, t.Binary) and node.op in BITWISE:
            for inner in (node.left, node.right):
                same = {node.op} | ({"<<", ">>"} if node.op in ("<<", ">>") else set())
                if isinstance(inner, t.Binary) and inner.op in ARITHMETIC - same:
                    yield inner


@settings(max_examples=300, deadline=None)
@given(expressions)
def test_no_parenthesis_could_go(node: t.Expr) -> None:
    check_parentheses(node)


@settings(max_examples=300, deadline=None)
@given(calculations)
def test_no_parenthesis_could_go_from_a_calculation(node: t.Expr) -> None:
    check_parentheses(node)


@pytest.mark.parametrize("outer", OPERATORS)
def test_no_parenthesis_could_go_between_two_operators(outer: str) -> None:
    for inner in OPERATORS:
        operation = binary(inner, place("b"), place("c"))
        check_parentheses(binary(outer, operation, place("a")))
        check_parentheses(binary(outer, place("a"), operation))


@pytest.mark.parametrize("operator", [op for op in OPERATORS if op not in COMPARISONS])
def test_a_chain_may_be_very_long(operator: str) -> None:
    node: t.Expr = place("a")
    for _ in range(5000):
        both = (place("a"), node) if operator == "implies" else (node, place("a"))
        node = binary(operator, *both)
    assert printed(node) == f" {operator} ".join(["a"] * 5001)


def test_chains_of_one_operand_may_be_very_long() -> None:
    negated: t.Expr = place("a")
    updated: t.Expr = place("a")
    for _ in range(5000):
        negated = t.Not(0, 0, negated)
        updated = t.With(0, 0, updated, name("x"), place("a"))
    assert printed(negated) == "not " * 5000 + "a"
    assert printed(updated) == "a" + " with x = a" * 5000


def pairs(text: str) -> list[tuple[int, int]]:
    """Where there are parentheses that are not part of a call or of an `every`."""
    found = []
    open_: list[int] = []
    for i, c in enumerate(text):
        if c == "(":
            open_.append(i)
        elif c == ")":
            start = open_.pop()
            if not re.search(r"(\w|: )$", text[:start]) or re.search(r"\bnot $", text[:start]):
                found.append((start, i))
    return found


@settings(max_examples=200, deadline=None)
@given(expressions)
def test_wherever_an_expression_may_stand(node: t.Expr) -> None:
    text = printed(node)
    hold(f"""
        register R : 8 at ({text}, ({text})) reset ({text}) {{
            x [({text}) : ({text})] reset ({text}) becomes {text} when {text}
            y [0] = {text}
            derive z = {text}
        }}
        rule r : practice "" {{ a only while {text} effective when {text} }}
        condition c : 0..1 = {text} per trip
        sequence f() {{
            when {text} {{ each i below {text} {{ a[{text}] <- {text} }} }} else when {text} {{ }}
            match {text} falling {{ }}
            warn if {text} assert {text} let v = {text}
            return {text}
        }}
        invariant i at p "" {{ {text} }}
        scenario "" {{ given not a = {text}, b expect {text} at p }}
        """)


def test_a_module_is_not_needed_to_be_made_by_the_parser() -> None:
    empty = t.Module(0, 0, ())
    assert format_module("", empty) == ""
