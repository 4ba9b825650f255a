"""Checks that follow the paths through sequences and lifecycles, without running anything."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from dsl.ir.program import Program
from dsl.verify.budget import Budget
from dsl.verify.findings import Engine, Report, Work


def _quiet(line: str) -> None:
    pass


def check(
    program: Program,
    *,
    given: Mapping[str, int] | None = None,
    budget: Budget | None = None,
    progress: Callable[[str], None] = _quiet,
) -> Report:
    """What the paths of a program show, in each configuration that ``given`` leaves.

    Sequences are taken as the lifecycles compose them; those that no lifecycle runs are taken
    alone, and their callers are not known.  A finding has no witness: it says which two places do
    not fit together.  Nothing is raised for what a program may say; what is too large to be
    followed, or what the ``budget`` does not allow, is said in ``unchecked``.
    """
    # The checks are loaded where they are asked for.
    from dsl.verify.flow.checks import Checks
    from dsl.verify.flow.places import TooLarge

    begun = time.perf_counter()
    try:
        checks = Checks(program, progress)
    except (TooLarge, RecursionError):
        too_large = "flow: the paths are not followed: the sequences make too large a graph"
        return Report((), unchecked=(too_large,))
    checks.all(given, budget)
    amounts = (("graph nodes", len(checks.graph.nodes)), ("states", checks.states))
    work = Work(Engine.FLOW, time.perf_counter() - begun, amounts)
    return Report(checks.sites.findings(), unchecked=tuple(checks.unchecked), work=work)
