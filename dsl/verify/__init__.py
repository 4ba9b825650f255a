"""Proves that sequences are right, or shows the history in which they are not.

Engines suspect, each in its own way; what a run does not confirm is withdrawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsl.ir.program import Program
    from dsl.verify.budget import Budget
    from dsl.verify.findings import Engine, Verdict

__all__ = ["verify"]


def verify(
    program: Program,
    *,
    given: Mapping[str, int] | None = None,
    engines: Sequence[Engine] | None = None,
    against: Program | None = None,
    budget: Budget | None = None,
    mends: bool = True,
    progress: Callable[[str], None] = lambda text: None,
) -> Verdict:
    """All that the engines (None: each) find in a program, confirmed by runs.

    ``given`` fixes conditions; ``against`` is a program that should do the same.  With ``mends``
    an edit that mends a finding is looked for.
    """
    from dsl.verify.driver import Driver

    return Driver(program, given or {}, engines, against, budget, mends, progress).verdict()
