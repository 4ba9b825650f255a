"""How much a verification may cost: time, memory, states, and processes at once."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits, None where there is none.

    ``deadline`` is a time of `time.monotonic`, ``memory`` is MiB of the whole process, ``states``
    bounds each exploration; ``jobs`` is how many processes may work at once.
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

    def spent(self) -> str:
        """Why there must be no more work, in words; empty while there may be."""
        if self.deadline is not None and time.monotonic() >= self.deadline:
            return "the time is up"
        if self.memory is not None and used() >= self.memory:
            return f"more than {self.memory} MiB of memory are in use"
        return ""


def used() -> int:
    """The memory that this process has in use, in MiB; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", "rb") as file:
            pages = int(file.read().split()[1])
    except (OSError, ValueError, IndexError):
        return _peak()
    import os

    return pages * os.sysconf("SC_PAGE_SIZE") >> 20


def _peak() -> int:
    """The most that was ever in use: what systems without /proc tell."""
    try:
        import resource
    except ImportError:
        return 0
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak >> 20 if sys.platform == "darwin" else peak >> 10
