"""Pieces of work side by side: what comes of each, in their order, and what is not done."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from multiprocessing.context import ForkProcess

import pytest

from dsl.verify.beside import Undone, beside
from dsl.verify.budget import Budget, Spent, used

TWO = Budget(jobs=2)


@pytest.mark.parametrize("budget", [None, Budget(), TWO, Budget(jobs=9)])
def test_what_comes_of_each_comes_in_their_order(budget: Budget | None) -> None:
    factor = 7  # Processes have what was there when they began.
    assert list(beside(range(5), lambda n: n * factor, budget)) == [0, 7, 14, 21, 28]


def test_the_largest_is_begun_first() -> None:
    def began(number: int) -> float:
        return time.monotonic()

    one = Budget.of(seconds=10**6, jobs=1)
    small, large, middle = beside([1, 9, 5], began, one, lambda number: number)
    assert large < middle < small


def test_processes_of_their_own_do_it() -> None:
    pids = set(beside(range(8), lambda n: os.getpid(), TWO))
    assert os.getpid() not in pids
    assert len(pids) <= 2
    assert set(beside(range(2), lambda n: os.getpid(), Budget())) == {os.getpid()}


@pytest.mark.parametrize("jobs", [1, 2])
def test_when_the_time_is_up_nothing_more_is_begun(jobs: int) -> None:
    made = list(beside(range(3), lambda n: n, Budget.of(seconds=0, jobs=jobs)))
    assert made == [Undone("the time is up")] * 3


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_takes_too_long_is_ended(jobs: int) -> None:
    def work(number: int) -> int:
        while number:
            pass
        return number

    began = time.monotonic()
    made = list(beside([0, 1, 1, 0], work, Budget.of(seconds=0.3, jobs=jobs)))
    assert made[:3] == [0, Undone("the time is up"), Undone("the time is up")]
    # With one job nobody came to the last one; with two nobody did either, for both were at work.
    assert made[3] == Undone("the time is up")
    assert time.monotonic() - began < 10
    assert not multiprocessing.active_children()


def test_who_sees_that_the_time_is_up_may_still_say_what_he_knows() -> None:
    def work(budget: Budget) -> str:
        while not budget.spent():
            pass
        return "half of it"

    budget = Budget.of(seconds=0.1)
    assert list(beside([budget], work, budget)) == ["half of it"]


@pytest.mark.parametrize("budget", [None, Budget(), TWO, Budget.of(seconds=10**6)])
def test_what_is_spent_inside_is_not_done(budget: Budget | None) -> None:
    def work(number: int) -> int:
        if number:
            raise Spent("the time is up")
        return number

    assert list(beside([0, 1], work, budget)) == [0, Undone("the time is up")]


@pytest.mark.parametrize("budget", [None, Budget(), TWO])
def test_where_there_is_no_more_memory_the_others_go_on(budget: Budget | None) -> None:
    def work(number: int) -> int:
        return len(bytearray(1 << 62)) if number == 1 else number

    assert list(beside(range(3), work, budget)) == [0, Undone("there was no more memory"), 2]


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_takes_more_memory_than_it_may_is_ended(jobs: int) -> None:
    def work(number: int) -> int:
        kept = bytearray(number << 20)
        kept[::4096] = b"x" * len(kept[::4096])
        while number:
            pass
        return len(kept)

    most = used() + 300
    budget = Budget.of(memory=most, jobs=jobs)
    made = list(beside([0, 600, 0], work, budget))
    assert made == [0, Undone(f"more than {most} MiB of memory are in use"), 0]


def test_work_inside_of_work_is_done_there() -> None:
    def inner(number: int) -> int:
        return os.getpid()

    def work(number: int) -> bool:
        return set(beside(range(3), inner, Budget.of(seconds=60, jobs=2))) == {os.getpid()}

    assert list(beside(range(2), work, TWO)) == [True, True]


def test_a_process_that_is_killed_is_told_of_and_another_goes_on() -> None:
    def work(number: int) -> int:
        if number % 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    ended = Undone("a process that worked on it came to an end")
    assert list(beside(range(6), work, TWO)) == [0, ended, 2, ended, 4, ended]


def test_where_no_process_can_be_started_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(self: object) -> None:
        raise BlockingIOError(11, "there are too many")

    monkeypatch.setattr(ForkProcess, "start", start)
    why = "no process could be started for it (there are too many)"
    assert list(beside(range(2), lambda n: n, TWO)) == [Undone(why)] * 2


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_work_raises_is_raised(jobs: int) -> None:
    def work(number: int) -> None:
        raise ValueError("so it is")

    with pytest.raises(ValueError, match="so it is"):
        list(beside(range(2), work, Budget(jobs=jobs)))
    assert not multiprocessing.active_children()


def test_who_stops_in_the_middle_leaves_nobody_behind() -> None:
    made = beside(range(3), lambda n: n and signal.pause(), TWO)
    assert next(made) == 0
    assert multiprocessing.active_children()
    del made
    assert not multiprocessing.active_children()
