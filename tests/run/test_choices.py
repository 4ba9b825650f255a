"""Each combination of answers is tried, once, and the benign one first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl.run.choices import Choices, exhausted, explore
from dsl.run.errors import RunError

#: A tree: what there is to choose after each answer.
trees = st.recursive(
    st.just(()), lambda inner: st.lists(inner, min_size=1, max_size=3).map(tuple), max_leaves=20
)


def walk(tree: tuple[object, ...], choices: Choices) -> tuple[int, ...]:
    """Answers down to a leaf."""
    made = []
    while tree:
        made.append(choices.choose("which", tuple(map(str, range(len(tree)))), "here"))
        inner = tree[made[-1]]
        assert isinstance(inner, tuple)
        tree = inner
    return tuple(made)


def leaves(tree: tuple[object, ...]) -> list[tuple[int, ...]]:
    if not tree:
        return [()]
    found = []
    for number, inner in enumerate(tree):
        assert isinstance(inner, tuple)
        found += [(number, *rest) for rest in leaves(inner)]
    return found


@given(trees)
def test_each_combination_is_visited_exactly_once(tree: tuple[object, ...]) -> None:
    runs = list(explore(lambda choices: walk(tree, choices), 1000))
    assert [result for result, _ in runs] == leaves(tree)
    assert [exhausted(choices) for _, choices in runs] == [False] * (len(runs) - 1) + [True]


@given(trees, st.integers(0, 5))
def test_no_more_runs_than_asked_for(tree: tuple[object, ...], most: int) -> None:
    runs = list(explore(lambda choices: walk(tree, choices), most))
    assert [result for result, _ in runs] == leaves(tree)[:most]


@given(trees)
def test_the_answers_make_the_same_run_again(tree: tuple[object, ...]) -> None:
    for result, choices in explore(lambda choices: walk(tree, choices), 1000):
        assert walk(tree, Choices(choices.answers)) == result


def test_a_script_that_does_not_fit_is_refused() -> None:
    with pytest.raises(
        RunError, match=r"choice 0 \(which\) cannot be 2: its options are 0: a; 1: b"
    ):
        Choices((2,)).choose("which", ("a", "b"), "here")


def test_who_explores_may_answer_otherwise() -> None:
    choices = Choices((1,), rest=lambda options: options - 1)
    assert [choices.choose("which", ("a", "b", "c"), "") for _ in range(2)] == [1, 2]
    assert [str(choice) for choice in choices.made] == ["which: b", "which: c"]
