"""How much a run does, so that one that does not end is stopped."""

from __future__ import annotations

from dataclasses import dataclass

from dsl.run.errors import RunError
from dsl.source import Span

#: A run that executes more statements than this does not end.
MOST = 300_000


@dataclass(slots=True)
class Work:
    """What has been done so far, in statements, or what takes as long."""

    done: int = 0

    def spend(self, work: int, span: Span) -> None:
        """Counts work.  Raises `RunError` where it is more than any history needs."""
        self.done += work
        if self.done > MOST:
            what = f"this run does not end: it has executed {MOST:,} statements"
            raise RunError(what, span, "look at the bounds of the loops that lead here")
