"""The README shows what happens: its Python runs, and its output and its finding are real."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_python_example_prints_what_stands_below_it() -> None:
    code, shown = re.findall(r"```python\n(.*?)```\n\n```\n(.*?)```", README, re.DOTALL)[0]
    done = run("-c", code)
    assert done.stderr == ""
    assert done.stdout == shown


def test_the_finding_is_what_check_says(tmp_path: Path) -> None:
    shown = re.search(r"((?:    .*\n)+)\nRun a sequence in Python", README)
    assert shown is not None
    source = ROOT / "sequences" / "kvm" / "after.vgs"
    changed = source.read_text(encoding="utf-8").replace("with En = 0", "with Em = 0")
    for path in (ROOT / "sequences").rglob("*.vgs"):
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "sequences" / "kvm" / "after.vgs").write_text(changed, encoding="utf-8")
    (tmp_path / "vgs.toml").write_text((ROOT / "vgs.toml").read_text(), encoding="utf-8")
    (tmp_path / "reference").symlink_to(ROOT / "reference")
    done = subprocess.run(
        [sys.executable, "-m", "dsl", "check", "sequences/kvm/after.vgs"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "VGS_CACHE": "off"},
    )
    wanted = [line[4:].rstrip() for line in shown[1].splitlines()]
    made = [line.rstrip() for line in done.stdout.splitlines()]
    assert made[: len(wanted)] == wanted
    assert done.returncode == 1


def test_the_headline_is_what_cost_prints() -> None:
    shown = re.search(r"    \$ vgs (cost .*) \\\n +(--.*)\n((?:    .*\n|\n)+)\nWith list", README)
    assert shown is not None
    done = run("-m", "dsl", *shown[1].split(), *shown[2].split())
    assert done.stderr == ""
    assert done.stdout == "".join(line[4:] + "\n" for line in shown[3].splitlines())


def test_nothing_is_left_to_be_filled_in() -> None:
    assert "@" not in re.sub(r"`[^`]*`", "", README)
