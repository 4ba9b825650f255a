"""Tasks in processes: what fails, hangs or takes all memory ends alone."""

import os
import signal
import time

import pytest

from dsl.mutation.workers import Limits, processors, run

LIMITS = Limits(20.0, 512 << 20)


def results(tasks, work, *, jobs=2, limits=LIMITS):
    return {
        done.task: done.result or done.none for done in run(tasks, work, jobs=jobs, limits=limits)
    }


def test_each_task_is_done_once():
    found = results(list(range(20)), lambda task: str(task * task).encode())
    assert found == {task: str(task * task).encode() for task in range(20)}


def test_what_was_prepared_is_there():
    prepared = {"a": b"1"}
    assert results(["a"], lambda task: prepared[task]) == {"a": b"1"}


def misbehave(task):
    match task:
        case "raise":
            raise ValueError("no\nsuch thing")
        case "loop":
            while True:
                pass
        case "eat":
            return b"x" * (4 << 30)
        case "deep":
            return misbehave_again(0)
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "leave":
            os._exit(7)
    return b"fine"


def misbehave_again(n):
    return misbehave_again(n + 1)


def test_what_misbehaves_ends_alone():
    tasks = ["raise", "a", "loop", "eat", "b", "deep", "die", "leave", "c"]
    since = time.monotonic()
    found = results(tasks, misbehave, limits=Limits(1.0, 512 << 20))
    assert time.monotonic() - since < 20
    assert found == {
        "raise": "the checker failed: ValueError: no such thing",
        "a": b"fine",
        "loop": "it took more than 1 s",
        "eat": "it took more than 512 MiB",
        "b": b"fine",
        "deep": "it is nested too deeply to follow",
        "die": "the checker ended with SIGKILL",
        "leave": "the checker ended with status 7",
        "c": b"fine",
    }


def test_whoever_stops_asking_leaves_nobody_behind(tmp_path):
    def work(task):
        (tmp_path / str(os.getpid())).touch()
        if task:
            time.sleep(60)
        return b""

    all = run([0, 1, 1], work, jobs=3, limits=LIMITS)
    assert next(all).task == 0
    while len(list(tmp_path.iterdir())) < 3:
        time.sleep(0.01)
    all.close()
    for file in tmp_path.iterdir():
        with pytest.raises(ProcessLookupError):
            os.kill(int(file.name), 0)


def test_there_is_a_processor():
    assert processors() >= 1
