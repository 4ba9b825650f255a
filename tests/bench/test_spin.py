"""The Spin model, and the defects that it shares with the sequences."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import dsl
from bench.spin import __main__ as command
from bench.spin.defects import DEFECTS, ROOT, Defect, write

TITLES = [defect.what for defect in DEFECTS]
needs_spin = pytest.mark.skipif(
    shutil.which("spin") is None or shutil.which("gcc") is None, reason="there is no spin"
)


@pytest.mark.parametrize("defect", DEFECTS, ids=TITLES)
def test_the_sequences_can_have_it(defect: Defect, tmp_path: Path) -> None:
    module = write(defect, tmp_path)
    assert dsl.load(module, roots=[module.parent, ROOT / "sequences"]).findings == ()


def test_each_is_another_one(tmp_path: Path) -> None:
    texts = set()
    for defect in DEFECTS:
        texts.add(write(defect, tmp_path / str(defect.number)).with_name("after.vgs").read_text())
    assert len(texts) == len(DEFECTS) == max(d.number for d in DEFECTS) + 1
    model = command.MODEL.read_text()
    assert all(f" {d.number}\n" in model for d in DEFECTS)


@needs_spin
@pytest.mark.parametrize(("number", "verdict"), [(0, "holds"), (1, "interface is off")])
def test_the_model_says_so(number: int, verdict: str) -> None:
    said, states, _, _ = command.spin(number, guests=1)
    assert said == verdict
    assert states > 500


def test_without_spin_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert command.main([]) == 0
    assert "there is no spin" in capsys.readouterr().out
