"""The scenarios: all hold on what the patch makes, and those that it is for do not on what was.

Each is a test of its own, in sequences/kvm/run_after.vgs, run_before.vgs and run_fixed.vgs.  Here
is that these are all of them, and what is expected to fail.
"""

from __future__ import annotations

import pytest

from dsl.resolve.workspace import Workspace
from dsl.run.programs import cases_of, roots
from tests.reference.cases import ROOT
from tests.reference.runs import failing, program

TITLES = tuple(program("after").scenarios)


def test_there_are_as_many_as_a_reviewer_would_ask_for() -> None:
    assert len(TITLES) >= 12


def test_each_is_a_test_on_each_side(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.pluginmanager.hasplugin("vgs")
    assert "sequences" in pytestconfig.getini("testpaths")
    sources = ROOT / "sequences"
    workspace = Workspace([sources])
    loaded = [workspace.load(path) for path in sorted(sources.rglob("*.vgs"))]
    found = [(root.program.name, one.title) for root, one in cases_of(roots(loaded, workspace))]
    sides = ("after", "before", "fixed")
    assert sorted(found) == sorted((f"kvm.run_{side}", title) for side in sides for title in TITLES)


def test_four_are_what_the_patch_is_for() -> None:
    assert not program("after").failures
    assert len(program("before").failures) == 4


@pytest.mark.parametrize("title", sorted(program("before").failures))
def test_what_fails_before_fails_for_what_it_costs(title: str) -> None:
    run = failing(program("before"), title)
    assert run is not None
    assert "accesses" in run.failures[0].message
