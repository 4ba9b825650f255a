"""Faults of other code: scenarios fail with the version that has it, and hold with the other."""

from __future__ import annotations

from pathlib import Path

import pytest

import dsl

FAULTS = Path(__file__).parents[2] / "examples" / "faults"
MODULES = sorted(path for path in FAULTS.glob("*/*.vgs") if path.name != "switch.vgs")


@pytest.fixture(params=MODULES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def module(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_each_folder_has_both_versions_and_a_page() -> None:
    for folder in sorted(FAULTS.iterdir()):
        names = {path.name for path in folder.iterdir()}
        assert names >= {"switch.vgs", "wrong.vgs", "right.vgs", "README.md"}, folder.name
    assert len(MODULES) >= 2 * len(list(FAULTS.iterdir()))


def test_its_sources_are_clean(module: Path) -> None:
    assert dsl.load(module).findings == ()


def test_its_scenarios_go_as_it_says(module: Path) -> None:
    results = dsl.scenarios(module)
    assert results
    assert [x.scenario.title for x in results if not x.verdict.fine] == []
    fails = any(x.expected is not None for x in results)
    assert fails == (module.name != "right.vgs")
