"""The pages under docs/ name every role and operation, and their example is a project."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dsl.ir.dialect import OPERATIONS, VARIABLES, Role
from dsl.project.file import read

DOCS = Path(__file__).resolve().parent.parent / "docs"
DIALECTS = (DOCS / "dialects.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("role", [r for r in Role if r is not Role.VALUE])
def test_every_role_has_a_row_with_its_variables(role: Role) -> None:
    (row,) = [line for line in DIALECTS.splitlines() if line.startswith(f"| `{role}` |")]
    assert all(f"${variable}" in row for variable in VARIABLES[role])


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_has_a_row_with_its_variables(name: str) -> None:
    rows = [row for row in DIALECTS.splitlines() if re.match(rf"\\| .*`{name}`.* \\|", row)]
    assert any(all(f"${v}" in row for v in OPERATIONS[name]) for row in rows)


def test_the_example_of_the_project_file_is_one(tmp_path: Path) -> None:
    text = (DOCS / "project.md").read_text(encoding="utf-8")
    example = re.search(r"```toml\n(.*?)```", text, re.DOTALL)
    assert example is not None
    named = ("before.vgs", "after.vgs", "run_before.vgs", "run_after.vgs")
    for name in (*(f"sequences/{name}" for name in named), "reference/some.patch"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "vgs.toml").write_text(example[1])
    project, findings = read(tmp_path / "vgs.toml")
    assert findings == []
    assert project is not None
    assert [case.name for case in project.cases] == ["before", "after"]
