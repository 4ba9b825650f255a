"""Which programs are verified for what is named: those that have a whole lifecycle."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsl.failures import HasErrors
from dsl.resolve.workspace import Workspace
from dsl.verify.programs import Chosen, choose


def found(*files: str, named: bool = True) -> list[Chosen]:
    workspace = Workspace([Path("src")])
    loaded = [one for file in files if (one := workspace.load(Path(file))) is not None]
    return choose(loaded, workspace, lambda: sorted(Path("src").glob("*.vgs")), named=named)


def files(made: list[Chosen]) -> list[str]:
    return [each.file for each in made]


def test_a_program_with_all_that_its_lifecycle_runs_is_its_own(folder: Path) -> None:
    (made,) = found("src/new.vgs")
    assert (made.file, made.complete, made.notes) == ("src/new.vgs", True, ())


def test_a_part_is_verified_in_each_smallest_program_that_has_the_rest(folder: Path) -> None:
    made = found("src/alarm.vgs")
    assert files(made) == ["src/new.vgs", "src/old.vgs"]
    assert all("src/alarm.vgs is verified as a part of" in each.notes[0] for each in made)
    (folder / "src/more.vgs").write_text(
        'import new\n\nscenario "once more" {\n    given has_alarm\n    run load\n}\n'
    )
    assert files(found("src/alarm.vgs")) == ["src/new.vgs", "src/old.vgs"]
    assert files(found("src/more.vgs")) == ["src/more.vgs"]


def test_a_project_is_verified_without_what_only_adds_scenarios(folder: Path) -> None:
    more = 'import new\n\nscenario "once more" {\n    given has_alarm\n    run load\n}\n'
    (folder / "src/more.vgs").write_text(more)
    every = [f"src/{name}.vgs" for name in ("alarm", "more", "new", "old")]
    assert files(found(*every, named=False)) == ["src/new.vgs", "src/old.vgs"]
    says = 'invariant told at load "it must be" { armed or not armed }\n'
    (folder / "src/more.vgs").write_text(f"import new\n\n{says}")
    assert files(found(*every, named=False)) == ["src/more.vgs", "src/new.vgs", "src/old.vgs"]


def test_sequences_that_nothing_runs_are_verified_by_themselves_and_that_is_said(
    folder: Path,
) -> None:
    text = (folder / "src/alarm.vgs").read_text()
    start, end = text.index("lifecycle"), text.index("/// The guest must not")
    (folder / "src/alarm.vgs").write_text(text[:start])
    (folder / "src/old.vgs").write_text(
        (folder / "src/old.vgs").read_text().split("\n\nscenario")[0] + "\n"
    )
    assert end > start
    (made,) = found("src/new.vgs")
    assert not made.complete
    assert "any caller is assumed" in made.notes[0]
    assert made.unchecked == ()
    assert files(found("src/alarm.vgs", "src/new.vgs", "src/old.vgs", named=False)) == [
        "src/new.vgs",
        "src/old.vgs",
    ]


def test_a_lifecycle_that_nothing_completes_is_not_checked_and_that_is_said(folder: Path) -> None:
    for name in ("old", "new"):
        (folder / f"src/{name}.vgs").unlink()
    (made,) = found("src/alarm.vgs")
    assert not made.complete
    assert made.unchecked == ("the lifecycles of src/alarm.vgs: nothing here defines alarm_start",)


def test_what_has_no_sequence_has_nothing_to_verify(folder: Path) -> None:
    (folder / "src/lone.vgs").write_text(
        'platform lone "nobody\'s"\n\nregister LONE : 32 at (3, 3, 14, 3, 1) { All [31:0] }\n'
    )
    assert found("src/lone.vgs") == []


def test_errors_of_what_is_verified_and_of_nothing_else(folder: Path) -> None:
    (folder / "src/old.vgs").write_text("import alarm\n\nsequence alarm_start(vcpu) { save x }\n")
    assert files(found("src/alarm.vgs")) == ["src/new.vgs"]
    with pytest.raises(HasErrors):
        found("src/old.vgs")
    (folder / "src/new.vgs").write_text("import alarm\n\nsequence alarm_start(vcpu) {\n")
    with pytest.raises(HasErrors):
        found("src/new.vgs")
