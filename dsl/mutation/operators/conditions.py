"""Operators on conditions: the opposite, a wider one, a narrower one."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.mutation.operators.changes import Change, brief, put
from dsl.mutation.subject import Function
from dsl.mutation.trees import conditions, inside, items, literals, terms
from dsl.syntax import tree as t

_WIDER = {"<": "<=", ">": ">="}
_NARROWER = {"<=": "<", ">=": ">"}


def negate(function: Function) -> Iterator[Change]:
    """Each condition as a whole, and each of its terms."""
    for whole in _conditions(function):
        parts = dict.fromkeys((whole, *terms(whole)))
        for part in parts:
            text = function.text(part)
            if isinstance(part, t.Not):
                yield put(part, f"({function.text(part.operand)})", f"without the not: `{text}`")
            else:
                yield put(part, f"(not ({text}))", f"not `{brief(text)}`")


def widen(function: Function) -> Iterator[Change]:
    """Each term of an ``and`` left out, each ``when`` taken always, ``<`` as ``<=``."""
    for item in items(function.tree):
        if isinstance(item.body, t.When):
            for arm in item.body.arms:
                shown = brief(function.text(arm.condition))
                yield put(arm.condition, "1", f"always, and not when `{shown}`")
    yield from _without(function, "and")
    yield from _compared(function, _WIDER)


def narrow(function: Function) -> Iterator[Change]:
    """Each term of an ``or`` left out, another term added to each ``when``, ``<=`` as ``<``."""
    yield from _without(function, "or")
    yield from _compared(function, _NARROWER)
    others = _terms(function)
    for item in items(function.tree):
        if not isinstance(item.body, t.When):
            continue
        for arm in item.body.arms:
            text = function.text(arm.condition)
            asked = {function.text(term) for term in terms(arm.condition)}
            for name, more in others:
                if name not in asked:
                    yield put(arm.condition, f"({text}) and {more}", f"only when {more}")


def _conditions(function: Function) -> Iterator[t.Expr]:
    for item in items(function.tree):
        yield from conditions(item.body)


def _without(function: Function, op: str) -> Iterator[Change]:
    for whole in _conditions(function):
        for part in inside(whole):
            if isinstance(part, t.Binary) and part.op == op:
                for kept, gone in ((part.left, part.right), (part.right, part.left)):
                    what = f"without `{op} {brief(function.text(gone))}`"
                    yield put(part, f"({function.text(kept)})", what)


def _compared(function: Function, other: dict[str, str]) -> Iterator[Change]:
    for whole in _conditions(function):
        for part in inside(whole):
            if isinstance(part, t.Binary) and part.op in other:
                left, right = function.text(part.left), function.text(part.right)
                made = f"({left}) {other[part.op]} ({right})"
                yield put(part, made, f"`{other[part.op]}` for `{part.op}`")


def _terms(function: Function) -> list[tuple[str, str]]:
    """The names that conditions are made of in what is mutated, as they stand: or with a not."""
    found: dict[tuple[str, str], None] = {}
    for tree, text in function.around:
        for item in items(tree):
            for condition in conditions(item.body):
                for term, sign in literals(condition):
                    if isinstance(term, t.Place) and not term.picks:
                        name = text[term.start : term.end]
                        found.setdefault((name, sign + name))
    return list(found)
