"""Pieces of work side by side, in processes of their own; of what is not done, why."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any, TypeVar

from dsl.verify.budget import Budget

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Undone:
    """A piece of work that was not done, and why, in words."""

    why: str


#: What the processes work on: set before they are forked, so that nothing is copied to them.
_work: list[tuple[Sequence[Any], Callable[[Any], Any]]] = []


def beside(
    pieces: Sequence[T], work: Callable[[T], R], budget: Budget | None
) -> Iterator[R | Undone]:
    """What comes of each piece, in their order; as many at once as the budget has jobs.

    What comes of one has to be something that can be sent; what it raises is raised here.
    """
    jobs = min(len(pieces), budget.jobs if budget is not None else 1)
    if jobs < 2 or not hasattr(os, "fork"):
        for piece in pieces:
            why = budget.spent() if budget is not None else ""
            yield Undone(why) if why else work(piece)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    _work.append((pieces, work))
    # Whoever interrupts this process ends those.
    ignored = (signal.SIGINT, signal.SIG_IGN)
    pool = ProcessPoolExecutor(jobs, get_context("fork"), signal.signal, ignored)
    try:
        asked = [pool.submit(_numbered, number) for number in range(len(pieces))]
        for future in asked:
            why = budget.spent() if budget is not None else ""
            if why:
                future.cancel()
                yield Undone(why)
                continue
            try:
                yield future.result(budget.left if budget is not None else None)
            except TimeoutError:
                yield Undone("the time is up")
            except BrokenProcessPool:
                yield Undone("a process that worked on it came to an end")
    finally:
        # Once it is shut down a pool does not know its processes any more.
        processes = list((pool._processes or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        _work.pop()


def _numbered(number: int) -> Any:
    pieces, work = _work[-1]
    return work(pieces[number])
