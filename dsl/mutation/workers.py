"""Tasks in processes of their own: several at once, with limits, and none can harm the rest."""

from __future__ import annotations

import gc
import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import Generic, TypeVar

from dsl.failures import CannotRun

T = TypeVar("T")

#: How much longer than on a processor a task may be under way.
_WAITING = 10

#: So many objects more than are gone are made in a task before it looks for cycles that are: a task
#: is short, and most of what it makes lasts to its end.
_MADE = 200_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What one task may take: seconds of a processor, and bytes beside what is there already.

    A task that waits for something else may take longer, but not for ever.
    """

    seconds: float
    memory: int


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """A task with what came of it: its ``result``, or why there is ``none``."""

    task: T
    result: bytes | None
    none: str
    seconds: float


@dataclass(slots=True)
class _Running(Generic[T]):
    task: T
    process: ForkProcess
    since: float


def run(
    tasks: Sequence[T], work: Callable[[T], bytes], *, jobs: int, limits: Limits
) -> Iterator[Done[T]]:
    """Does the work of each task in a process, ``jobs`` at a time, and gives each when it is done.

    The processes begin as copies of this one: what was prepared here is there for all of them.
    Raises `CannotRun` where there are no such processes.
    """
    if "fork" not in multiprocessing.get_all_start_methods():
        raise CannotRun("mutate: this system cannot copy a process, which mutants need")
    context = multiprocessing.get_context("fork")
    running: dict[Connection, _Running[T]] = {}
    waiting = list(reversed(tasks))
    # What is there now is looked at no more, so that the processes go on sharing it.
    gc.collect()
    gc.freeze()
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                ours, theirs = context.Pipe(duplex=False)
                task = waiting.pop()
                process = context.Process(target=_child, args=(work, task, theirs, limits))
                process.start()
                theirs.close()
                running[ours] = _Running(task, process, time.monotonic())
            yield from _ready(running, limits)
    finally:
        for one in running.values():
            one.process.kill()
            one.process.join()
        gc.unfreeze()


def _ready(running: dict[Connection, _Running[T]], limits: Limits) -> Iterator[Done[T]]:
    """What is done by now, after a wait for the first of them; or what took too long."""
    most = _WAITING * limits.seconds
    first = min(one.since for one in running.values()) + most
    ready = wait(list(running), max(0.0, first - time.monotonic()))
    for ours, one in list(running.items()):
        seconds = time.monotonic() - one.since
        if ours in ready:
            result, why = _received(ours, one.process, limits)
        elif seconds >= most:
            one.process.kill()
            result, why = None, _took(limits)
        else:
            continue
        one.process.join()
        ours.close()
        del running[ours]
        yield Done(one.task, result, why, seconds)


def _took(limits: Limits) -> str:
    return f"it took more than {limits.seconds:g} s"


def _received(ours: Connection, process: ForkProcess, limits: Limits) -> tuple[bytes | None, str]:
    try:
        said = ours.recv_bytes()
    except (EOFError, OSError):
        process.join()
        code = process.exitcode or 0
        if code == -signal.SIGXCPU:
            return None, _took(limits)
        with suppress(ValueError):
            return None, f"the checker ended with {signal.Signals(-code).name}"
        return None, f"the checker ended with status {code}"
    if said[:1] == b"+":
        return said[1:], ""
    return None, said[1:].decode("utf-8", "replace")


def _child(work: Callable[[T], bytes], task: T, theirs: Connection, limits: Limits) -> None:
    # Whoever started us ends us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit(limits)
    gc.set_threshold(_MADE)
    gc.enable()
    try:
        said = b"+" + work(task)
    except MemoryError:
        said = f"-it took more than {limits.memory >> 20} MiB".encode()
    except RecursionError:
        said = b"-it is nested too deeply to follow"
    except BaseException as error:
        text = " ".join(f"{type(error).__name__}: {error}".split())
        said = f"-the checker failed: {text[:300]}".encode("utf-8", "replace")
    with suppress(OSError):
        theirs.send_bytes(said)


def _limit(limits: Limits) -> None:
    seconds = ceil(limits.seconds)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    with suppress(OSError, ValueError):
        most = _taken() + limits.memory
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _taken() -> int:
    """The address space that this process has, where the system says so."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def processors() -> int:
    """How many tasks this machine does at once."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1
