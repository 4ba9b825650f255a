"""Pieces of work side by side: what comes of each, in their order, and what is not done."""

from __future__ import annotations

import os
import signal

import pytest

from dsl.verify.beside import Undone, beside
from dsl.verify.budget import Budget

TWO = Budget(jobs=2)


@pytest.mark.parametrize("budget", [None, Budget(), TWO, Budget(jobs=9)])
def test_what_comes_of_each_comes_in_their_order(budget: Budget | None) -> None:
    factor = 7  # Processes have what was there when they began.
    assert list(beside(range(5), lambda n: n * factor, budget)) == [0, 7, 14, 21, 28]


def test_processes_of_their_own_do_it() -> None:
    pids = set(beside(range(8), lambda n: os.getpid(), TWO))
    assert os.getpid() not in pids
    assert len(pids) <= 2
    assert set(beside(range(2), lambda n: os.getpid(), Budget())) == {os.getpid()}


@pytest.mark.parametrize("jobs", [1, 2])
def test_when_the_time_is_up_nothing_more_is_begun(jobs: int) -> None:
    made = list(beside(range(3), lambda n: n, Budget.of(seconds=0, jobs=jobs)))
    assert made == [Undone("the time is up")] * 3


def test_what_takes_too_long_is_not_waited_for() -> None:
    budget = Budget.of(seconds=0.3, jobs=2)
    made = list(beside(range(2), lambda n: signal.pause(), budget))
    assert made == [Undone("the time is up")] * 2


def test_a_process_that_is_killed_is_told_of() -> None:
    def work(number: int) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    one, other = beside(range(2), work, TWO)
    assert one == other == Undone("a process that worked on it came to an end")


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_work_raises_is_raised(jobs: int) -> None:
    def work(number: int) -> None:
        raise MemoryError

    with pytest.raises(MemoryError):
        list(beside(range(2), work, Budget(jobs=jobs)))
