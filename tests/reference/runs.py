"""Runs of the reference case: its scenarios on either side of the patch, and on changed texts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from dsl.ir.program import Program
from dsl.resolve.workspace import Workspace
from dsl.run.choices import explore
from dsl.run.scenarios import Run
from tests.reference.cases import SOURCES, load, text

#: More histories than any scenario has; a test that comes to this is wrong.
MOST = 2000


@cache
def program(case: str, changed: str | None = None) -> Program:
    """A case, or what another text makes of it, with the scenarios."""
    if changed is None:
        workspace = Workspace([SOURCES, SOURCES / "kvm"])
        loaded = workspace.load(SOURCES / "kvm" / f"run_{case}.vgs")
        assert loaded is not None
    else:
        workspace, loaded = load(case, changed + "\nimport scenarios\n")
    errors = [f for f in workspace.found if f.severity == "error"]
    assert not errors, errors
    return workspace.program(loaded)


def without(case: str, old: str, new: str = "") -> str:
    """The text of a case with one place changed."""
    whole = text(case)
    assert whole.count(old) == 1, f"{old!r} stands {whole.count(old)} times in {case}"
    return whole.replace(old, new)


def histories(program: Program, title: str) -> Iterator[Run]:
    """Every history of a scenario."""
    scenario = program.scenarios[title]
    number = 0
    for run, _ in explore(lambda c: Run(program, scenario, c).go(), MOST):
        number += 1
        yield run
    assert number < MOST


def failing(program: Program, title: str) -> Run | None:
    """The first history in which a scenario does not hold."""
    return next((run for run in histories(program, title) if not run.ok), None)


def outcomes(program: Program, title: str) -> set[str]:
    """What can come of a scenario: how it fails, or all that it leaves behind."""
    found = set()
    for run in histories(program, title):
        failures = tuple(f.message for f in run.failures)
        cells = {
            (number, name): cell.newest
            for number, cpu in run.machine.world.cpus.items()
            for name, cell in cpu.cells.items()
        }
        slots = sorted((key, str(value)) for key, value in run.machine.world.slots.items())
        found.add(repr((failures, sorted(cells.items()), slots)))
    return found
