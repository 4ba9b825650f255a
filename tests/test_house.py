"""The house rules that a machine can check: typed, linted, laid out, and not too large a room."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted((ROOT / "dsl").rglob("*.py"))


def run(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_mypy_strict_has_nothing_to_say() -> None:
    assert run("mypy") == ""


def test_ruff_has_nothing_to_say() -> None:
    assert run("ruff", "check", ".") == ""


def test_black_would_change_nothing() -> None:
    assert run("black", "--check", "-q", "dsl", "tests", "bench") == ""


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_opens_with_one_sentence_and_is_one_room(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    opening = re.match(r'"""(.+?)(?:\n\n|""")', text, re.DOTALL)
    assert opening is not None
    assert opening[1].rstrip().endswith(".")
    assert text.count("\n") <= 450


def test_the_grammar_is_read_over_a_coffee() -> None:
    grammar = (ROOT / "grammar" / "vgs.lark").read_text(encoding="utf-8")
    assert grammar.count("\n") <= 220
