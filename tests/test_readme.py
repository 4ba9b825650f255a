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


def changed(tmp_path: Path, old: str, new: str, *arguments: str) -> tuple[list[str], int]:
    """What a verb prints, and its status, where one place of after.vgs is different."""
    for path in (ROOT / "sequences").rglob("*.vgs"):
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    after = tmp_path / "sequences" / "kvm" / "after.vgs"
    text = after.read_text(encoding="utf-8")
    assert text.count(old) == 1
    after.write_text(text.replace(old, new), encoding="utf-8")
    (tmp_path / "vgs.toml").write_text((ROOT / "vgs.toml").read_text(), encoding="utf-8")
    (tmp_path / "reference").symlink_to(ROOT / "reference")
    done = subprocess.run(
        [sys.executable, "-m", "dsl", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "VGS_CACHE": "off"},
    )
    return [line.rstrip() for line in done.stdout.splitlines()], done.returncode


def test_the_finding_is_what_check_says(tmp_path: Path) -> None:
    shown = re.search(r"((?:    .*\n)+)\nTake the `isb` away", README)
    assert shown is not None
    verb = ("check", "sequences/kvm/after.vgs")
    made, status = changed(tmp_path, "with En = 0", "with Em = 0", *verb)
    wanted = [line[4:].rstrip() for line in shown[1].splitlines()]
    assert made[: len(wanted)] == wanted
    assert status == 1


def test_without_the_barrier_run_prints_what_is_shown(tmp_path: Path) -> None:
    shown = re.search(r"    \$ vgs (run .*)\n((?:    .*\n)+)\n`--scenario`", README)
    assert shown is not None
    barrier = "        isb orders ICC_SRE_EL1 before writes of ICH_VMCR_EL2\n"
    made, status = changed(tmp_path, barrier, "", *shown[1].split())
    here = [line.replace(f"{ROOT}/", "") for line in made]
    for line in shown[2].splitlines():
        assert line.strip() == "…" or line[4:].rstrip() in here, line
    assert "19 scenarios: 17 hold, 2 do not hold" in made
    assert status == 1


def test_the_headline_is_what_cost_prints() -> None:
    shown = re.search(r"    \$ vgs (cost .*) \\\n +(--.*)\n((?:    .*\n|\n)+)\nWith list", README)
    assert shown is not None
    done = run("-m", "dsl", *shown[1].split(), *shown[2].split())
    assert done.stderr == ""
    assert done.stdout == "".join(line[4:] + "\n" for line in shown[3].splitlines())


def test_nothing_is_left_to_be_filled_in() -> None:
    assert "@" not in re.sub(r"`[^`]*`", "", README)
