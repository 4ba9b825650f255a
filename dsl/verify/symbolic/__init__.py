"""The symbolic engine: values, for all that registers and memory may hold and every list register.

It proves, over all histories of a lifecycle and with every write in force at once, that what is
mirrored survives, that nobody finds what others left, that invariants hold, and that updates keep
the other bits.  Barriers are the explicit engine's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from dsl.ir.program import Program
from dsl.verify.findings import Report


class Limits(Protocol):
    """What the work may cost; ``spent`` says why there must be no more of it, or nothing."""

    def spent(self) -> str: ...


def check(
    program: Program,
    *,
    given: Mapping[str, int] | None = None,
    budget: Limits | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> Report:
    """What does not hold, in which configurations, and what was proved.

    ``given`` fixes conditions.  Raises `CannotRun` where the solver is not installed.
    """
    from dsl.verify.symbolic.checking import Checking
    from dsl.verify.symbolic.solver import z3

    z3()
    return Checking(program, given, budget, progress).report()
