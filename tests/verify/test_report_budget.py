"""Budgets: when there must be no more work, and why."""

from __future__ import annotations

import time

import pytest

from dsl.verify import budget
from dsl.verify.budget import Budget, used


def test_without_limits_nothing_is_spent() -> None:
    assert Budget().spent() == ""
    assert Budget().left is None


def test_time_is_spent_when_it_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    made = Budget.of(seconds=5)
    assert (made.spent(), made.left) == ("", 5.0)
    now[0] = 104.5
    assert (made.spent(), made.left) == ("", 0.5)
    now[0] = 106.0
    assert (made.spent(), made.left) == ("the time is up", 0.0)


def test_memory_is_spent_when_more_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "used", lambda: 99)
    assert Budget(memory=100).spent() == ""
    assert Budget(memory=99).spent() == "more than 99 MiB of memory are in use"


def test_the_memory_in_use_is_that_of_this_process() -> None:
    before = used()
    assert 5 < before < 100_000
    kept = bytearray(64 << 20)
    kept[::4096] = b"x" * len(kept[::4096])
    assert used() >= before + 48
