"""A history that is run on two programs: whether they differ at its end."""

from __future__ import annotations

from dsl.failures import CannotRun
from dsl.ir import expr as x
from dsl.ir import lifecycle as l
from dsl.run.choices import Choices
from dsl.run.errors import RunError, Trapped
from dsl.run.scenarios import Run
from dsl.verify.findings import Witness
from dsl.verify.histories import told
from dsl.verify.subject import Subject


def differ(mine: Subject, other: Subject, witness: Witness) -> tuple[int | None, int | None] | None:
    """What is seen on both at the end of a history, if what holds on the other does not on mine.

    A value is None where the end is in the middle of something, and cannot be looked at again.
    None as a whole: they do not differ, or the history cannot be run.
    """
    try:
        one, two = (_run(each, witness) for each in (mine, other))
    except CannotRun:
        return None
    if one is None or two is None or _holds(one) or not _holds(two):
        return None
    return _value(one), _value(two)


def _run(subject: Subject, witness: Witness) -> Run | None:
    scenario = subject.understand(told(witness))
    run = Run(subject.with_scenario(scenario), scenario, Choices(witness.answers))
    try:
        return run.go()
    except (RunError, Trapped):
        return None


def _holds(run: Run) -> bool:
    """Whether all that the history itself asks for holds; not what programs ask for."""
    source = run.scenario.span.source
    return not any(each.span.source is source for each in run.failures)


def _value(run: Run) -> int | None:
    last = run.scenario.steps[-1]
    if not isinstance(last, l.Expect) or not isinstance(last.condition, x.Binary):
        return None
    return run.executor.value(last.condition.left, run.watcher(run.machine.cpu.runs))
