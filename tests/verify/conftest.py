"""The project with the alarm clock, and verdicts made by hand on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsl.ir.program import Program
from dsl.verify.profile import Judged, judge
from dsl.verify.programs import Chosen
from tests.run import alarm
from tests.verify.made import program, verdict


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project, which is the current folder."""
    alarm.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def old(folder: Path) -> Program:
    """The program with the mistake."""
    return program(Path("src/old.vgs"))


@pytest.fixture
def judged(old: Program) -> Judged:
    """A verdict on it, with something of everything."""
    return judge(Chosen("src/old.vgs", old), verdict(old))
