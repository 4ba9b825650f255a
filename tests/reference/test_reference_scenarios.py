"""The scenarios: all hold on what the patch makes, and those that it is for do not on what was."""

from __future__ import annotations

import pytest

from tests.reference.runs import failing, program

TITLES = tuple(program("after").scenarios)


def test_there_are_as_many_as_a_reviewer_would_ask_for() -> None:
    assert len(TITLES) >= 12


@pytest.mark.parametrize("title", TITLES)
def test_each_holds_after(title: str) -> None:
    run = failing(program("after"), title)
    assert run is None, run.failures


@pytest.mark.parametrize("title", TITLES)
def test_each_holds_before_unless_it_is_what_the_patch_changes(title: str) -> None:
    expected = program("before").failures.get(title)
    run = failing(program("before"), title)
    if expected is None:
        assert run is None, run.failures
    else:
        assert run is not None
        assert "accesses" in run.failures[0].message


def test_what_the_patch_changes_is_said_to_fail_before_and_nothing_after() -> None:
    assert len(program("before").failures) == 4
    assert not program("after").failures
