"""The page about rules: each of its examples, as a program of paths."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dsl.resolve.workspace import Workspace
from dsl.verify.findings import Report
from dsl.verify.flow import check

PAGE = Path(__file__).resolve().parents[3] / "docs" / "rules.md"

#: Rules about what is in force, which depends on values: to see that somebody has to run it.
IN_FORCE = {
    "status_needs_sre_el2",
    "ich_needs_sre_el2",
    "vfiqen_in_mode",
    "sre_off_needs_routing",
    "el2_only",
}


def examples() -> Iterator[tuple[str, bool, dict[str, str], str]]:
    """The rule, whether it is kept, the modules before the example, and the example."""
    rule = ""
    modules: dict[str, str] = {}
    pattern = r"^## (\w+)$|^```vgs (\S+)\n(.*?)^```"
    for found in re.finditer(pattern, PAGE.read_text(), re.DOTALL | re.MULTILINE):
        heading, info, text = found.groups()
        if heading is not None:
            rule = heading
        elif info.endswith(".vgs"):
            modules[info] = text
        elif info == "run":
            yield rule, ' fails "' not in text, dict(modules), text


def report(folder: Path, modules: dict[str, str], text: str) -> Report:
    for name, other in modules.items():
        (folder / name).write_text(other)
    (folder / "example.vgs").write_text(text)
    workspace = Workspace([folder])
    loaded = workspace.load(folder / "example.vgs")
    assert loaded is not None
    return check(workspace.program(loaded))


def test_there_are_examples_of_each_rule() -> None:
    kept = [rule for rule, keeps, _, _ in examples() if keeps]
    assert len(kept) == len(set(kept)) >= 10
    assert set(kept) == {rule for rule, keeps, _, _ in examples() if not keeps}


@pytest.mark.parametrize(
    ("rule", "keeps", "modules", "text"),
    [pytest.param(*e, id=f"{e[0]}-{'kept' if e[1] else 'broken'}") for e in examples()],
)
def test_what_is_broken_is_found_and_what_is_kept_is_not(
    tmp_path: Path, rule: str, *, keeps: bool, modules: dict[str, str], text: str
) -> None:
    findings = report(tmp_path, modules, text).findings
    broken = not keeps and rule not in IN_FORCE
    assert [f.rule for f in findings] == ([rule] if broken else [])
