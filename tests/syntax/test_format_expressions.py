"""Random expressions: what is printed reads back as the same tree, with no parenthesis too many."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from test_format import bare, hold, module

from dsl.source import Source
from dsl.syntax import tree as t
from dsl.syntax.format import format_module
from dsl.syntax.format.words import expr
from dsl.syntax.parser import parse

OPERATORS = (
    *("implies", "or", "and", "==", "!=", "<", "<=", ">", ">=", "|", "^", "&", "<<", ">>"),
    *("+", "-", "*"),
)


def name(text: str) -> t.Name:
    return t.Name(0, 0, text)


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
        st.builds(t.With, st.just(0), st.just(0), inner, names, inner),
        st.builds(t.Place, st.just(0), st.just(0), names, st.lists(picks, max_size=2).map(tuple)),
        calls,
        st.builds(t.Hypcall, st.just(0), st.just(0), calls),
        st.builds(t.Every, st.just(0), st.just(0), plain, ranges, inner),
    )


leaves = st.one_of(numbers, st.builds(t.Place, st.just(0), st.just(0), names, st.just(())))
expressions = st.recursive(leaves, grown, max_leaves=25)


def printed(node: t.Expr) -> str:
    return "".join([word.text for word in expr(node)])


def value(text: str) -> t.Expr:
    """The expression that a sequence returns, from its text."""
    body = module(f"sequence f() {{ return {text} }}").items[0].body
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


@settings(max_examples=200, deadline=None)
@given(expressions)
def test_no_parenthesis_could_go(node: t.Expr) -> None:
    text = printed(node)
    for start, end in pairs(text):
        without = f"{text[:start]} {text[start + 1 : end]} {text[end + 1 :]}"
        _, findings = parse(Source("example", f"sequence f() {{ return {without} }}"))
        assert findings or bare(value(without)) != bare(node)


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
