"""Every example is a project of its own: clean, laid out, and its outputs are current."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dsl.cli import main

ROOT = Path(__file__).parents[2] / "examples"
EXAMPLES = sorted(path.parent for path in ROOT.glob("*/vgs.toml"))


@pytest.fixture(params=EXAMPLES, ids=lambda folder: folder.name)
def example(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder: Path = request.param
    monkeypatch.chdir(folder)
    return folder


def test_its_sources_are_clean(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (main(["check"]), capsys.readouterr().err) == (0, "")


def test_its_sources_are_laid_out(example: Path) -> None:
    assert main(["fmt", "--check"]) == 0


def test_what_is_committed_is_what_is_built(
    example: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (main(["build", "--check"]), capsys.readouterr().err) == (0, "")


def test_the_guide_speaks_of_every_example() -> None:
    titles = re.findall(r"^## .*\(`(\w+)/`\)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert sorted(titles) == [example.name for example in EXAMPLES]
