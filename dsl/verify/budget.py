"""How much a verification may cost: time, memory, states, and processes at once."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass


class Spent(Exception):
    """There must be no more work; ``why`` says it in words."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits, None where there is none.

    ``deadline`` is a time of `time.monotonic`, ``memory`` is MiB of all processes together,
    ``states`` bounds each exploration; ``jobs`` is how many processes may work at once.
    """

    deadline: float | None = None
    memory: int | None = None
    states: int | None = None
    jobs: int = 1

    @classmethod
    def of(
        cls,
        seconds: float | None = None,
        memory: int | None = None,
        states: int | None = None,
        jobs: int = 1,
    ) -> Budget:
        """A budget that begins now."""
        deadline = None if seconds is None else time.monotonic() + seconds
        return cls(deadline, memory, states, jobs)

    @property
    def left(self) -> float | None:
        """Seconds until the deadline, 0 or more."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())

    @property
    def ends(self) -> bool:
        """Whether work may have to be ended from outside: there is a limit that it can go beyond.

        Where there is no more memory a solver may end its whole process.
        """
        return self.deadline is not None or self.memory is not None or _bounded()

    @property
    def too_much(self) -> str:
        """That more memory is in use than there may be, in words."""
        return f"more than {self.memory} MiB of memory are in use"

    def spent(self) -> str:
        """Why there must be no more work, in words; empty while there may be."""
        if self.deadline is not None and time.monotonic() >= self.deadline:
            return "the time is up"
        if self.memory is not None and used() >= self.memory:
            return self.too_much
        return ""

    def check(self) -> None:
        """Raises `Spent` where there must be no more work."""
        why = self.spent()
        if why:
            raise Spent(why)


def used(pid: int | None = None) -> int:
    """The memory that a process (None: this one) has in use, in MiB; 0 where nobody says.

    Of what several processes share, each has its part.
    """
    where = f"/proc/{pid or 'self'}"
    with suppress(OSError, ValueError, IndexError, StopIteration):
        with open(f"{where}/smaps_rollup", "rb") as file:
            said = next(line for line in file if line.startswith(b"Pss:"))
        return int(said.split()[1]) >> 10
    with suppress(OSError, ValueError, IndexError):
        with open(f"{where}/statm", "rb") as file:
            pages = int(file.read().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") >> 20
    return _peak() if pid is None else 0


def _bounded() -> bool:
    """Whether the system bounds how much memory a process may have."""
    try:
        import resource
    except ImportError:
        return False
    return resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY


def _peak() -> int:
    """The most that was ever in use: what systems without /proc tell."""
    try:
        import resource
    except ImportError:
        return 0
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak >> 20 if sys.platform == "darwin" else peak >> 10
