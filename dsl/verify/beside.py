"""Pieces of work side by side, in processes of their own; of what is not done, why."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import Any, TypeVar

from dsl.verify.budget import Budget, Spent, used

T = TypeVar("T")
R = TypeVar("R")

#: For so many seconds after the deadline those who work may still say what they know by then.
_GRACE = 0.4

#: So often, in seconds, it is looked how much memory is in use, where that is limited.
_LOOK = 0.1


#: The status of a process in which there was not even memory to say that there is none.
_LACKING = 77


@dataclass(frozen=True, slots=True)
class Undone:
    """A piece of work that was not done, and why, in words."""

    why: str


_ENDED = Undone("a process that worked on it came to an end")
_NO_MEMORY = Undone("there was no more memory")


def beside(
    pieces: Sequence[T],
    work: Callable[[T], R],
    budget: Budget | None,
    size: Callable[[T], int] = lambda piece: 0,
) -> Iterator[R | Undone]:
    """What comes of each piece, in their order; as many at once as the budget has jobs.

    The largest are begun first, so that at the end nobody waits for long.

    What comes of one has to be something that can be sent; what it raises is raised here, but for
    `Spent` and MemoryError: then it is not done.  Where the budget has an end, a process that goes
    on beyond it is ended.
    """
    jobs = min(len(pieces), budget.jobs if budget is not None else 1)
    if budget is None or _own.within or not hasattr(os, "fork"):
        jobs = 0
    if jobs < 1 or (jobs < 2 and budget is not None and not budget.ends):
        for piece in pieces:
            why = budget.spent() if budget is not None else ""
            yield Undone(why) if why else _done(piece, work)
        return
    assert budget is not None
    largest = sorted(range(len(pieces)), key=lambda number: -size(pieces[number]))
    pool = _Pool(pieces, work, budget, jobs, deque(largest))
    try:
        yield from pool.run()
    finally:
        pool.end()


def _done(piece: T, work: Callable[[T], R]) -> R | Undone:
    try:
        return work(piece)
    except Spent as spent:
        return Undone(spent.why)
    except MemoryError:
        return _NO_MEMORY


@dataclass(slots=True)
class _Worker:
    """A process, what it is spoken to by, and the piece that it works on (None: on none)."""

    process: ForkProcess
    ours: Connection
    piece: int | None = None


@dataclass(slots=True)
class _Own:
    """Whether this process is one of those: what it does by itself then ends with it."""

    within: bool = False


_own = _Own()


@dataclass(slots=True)
class _Pool:
    """Processes that work on pieces; they begin as copies of this one, so nothing is sent to them
    but the number of a piece."""

    pieces: Sequence[Any]
    work: Callable[[Any], Any]
    budget: Budget
    jobs: int
    #: The pieces that nobody works on yet, by their numbers.
    waiting: deque[int]
    _workers: list[_Worker] = field(default_factory=list)
    _made: dict[int, Any] = field(default_factory=dict)

    def run(self) -> Iterator[Any]:
        """What comes of each piece, as soon as it and those before it are done."""
        for number in range(len(self.pieces)):
            while number not in self._made:
                self._hand_out()
                if number not in self._made:
                    self._receive()
            made = self._made.pop(number)
            if isinstance(made, _Raised):
                raise made.error
            yield made

    def end(self) -> None:
        """Ends all processes."""
        while self._workers:
            self._kill(self._workers[0])

    # ---- handing out

    def _hand_out(self) -> None:
        """Gives pieces to who works on none, as long as there may be more work."""
        while self.waiting:
            why = self.budget.spent()
            if why:
                self._give_up(why)
                return
            worker = next((w for w in self._workers if w.piece is None), None)
            if worker is None:
                worker = self._hired()
            if worker is None:
                return
            worker.piece = self.waiting.popleft()
            try:
                worker.ours.send(worker.piece)
            except OSError:
                self._lose(worker, _ENDED)

    def _hired(self) -> _Worker | None:
        """One more process, if there may be one."""
        if len(self._workers) >= self.jobs:
            return None
        context = multiprocessing.get_context("fork")
        try:
            ours, theirs = context.Pipe()
            process = context.Process(target=self._serve, args=(ours, theirs))
            process.start()
        except OSError as error:
            if not self._workers:
                self._give_up(f"no process could be started for it ({error.strerror})")
            return None
        theirs.close()
        self._workers.append(_Worker(process, ours))
        return self._workers[-1]

    def _give_up(self, why: str) -> None:
        self._made.update(dict.fromkeys(self.waiting, Undone(why)))
        self.waiting.clear()

    # ---- receiving

    def _receive(self) -> None:
        """Waits until a piece is done, or those that are worked on must not go on."""
        busy = {w.ours: w for w in self._workers if w.piece is not None}
        left = None
        if self.budget.deadline is not None:
            left = max(0.0, self.budget.deadline + _GRACE - time.monotonic())
        look = left if self.budget.memory is None else min(_LOOK, left or _LOOK)
        for ours in wait(list(busy), look):
            assert isinstance(ours, Connection)
            self._told(busy.pop(ours))
        if left == 0:
            for worker in busy.values():
                self._lose(worker, Undone("the time is up"))
        self._look()

    def _told(self, worker: _Worker) -> None:
        """A piece is done, or its process is gone."""
        assert worker.piece is not None
        try:
            made = worker.ours.recv()
        except MemoryError:
            made = _NO_MEMORY
        except (EOFError, OSError):
            worker.process.join()
            self._lose(worker, _NO_MEMORY if worker.process.exitcode == _LACKING else _ENDED)
            return
        self._made[worker.piece] = made
        worker.piece = None

    def _look(self) -> None:
        """Ends the process with the most memory, if all together have more than they may."""
        most = self.budget.memory
        if most is None or not self._workers:
            return
        taken = [used(worker.process.pid) for worker in self._workers]
        if used() + sum(taken) >= most:
            self._lose(self._workers[taken.index(max(taken))], Undone(self.budget.too_much))

    def _lose(self, worker: _Worker, why: Undone) -> None:
        if worker.piece is not None:
            self._made[worker.piece] = why
        self._kill(worker)

    def _kill(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.process.kill()
        worker.process.join()
        worker.ours.close()

    # ---- in the other process

    def _serve(self, ours: Connection, theirs: Connection) -> None:
        """Does what it is told to until there is nobody any more who tells it."""
        # Whoever interrupts the first process ends this one.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _own.within = True
        # Where memory runs out Python, or a solver, may end the process with many words about it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        ours.close()
        for other in self._workers:
            other.ours.close()
        try:
            while True:
                number = theirs.recv()
                theirs.send_bytes(self._said(number))
        except MemoryError:
            os._exit(_LACKING)
        except (EOFError, OSError):
            pass

    def _said(self, number: int) -> bytes:
        try:
            return pickle.dumps(_done(self.pieces[number], self.work))
        except MemoryError:
            return pickle.dumps(_NO_MEMORY)
        except Exception as error:
            return pickle.dumps(_Raised(error))


@dataclass(frozen=True, slots=True)
class _Raised:
    """What a piece of work raised."""

    error: Exception
