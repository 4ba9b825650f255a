"""Baselines: what is known stays known while other things are edited, and never hides more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dsl.diagnostics.proofs import Differs
from dsl.failures import CannotRun
from dsl.ir.program import Program
from dsl.verify.baseline import Baseline, data, fingerprints, read, updated
from dsl.verify.findings import Finding
from dsl.verify.profile import Judged, judge
from dsl.verify.programs import Chosen
from tests.verify.made import missing, program, suspected, verdict


def written(path: Path, found: list[Finding], name: str = "old") -> Baseline:
    path.write_bytes(data(updated(None, path.parent, [(name, found)], [name])))
    return read(path)


def judged(of: Program, known: Baseline, *found: Finding, **options: bool) -> Judged:
    return judge(Chosen("src/old.vgs", of), verdict(of, findings=found), baseline=known, **options)


def test_what_is_known_decides_nothing(old: Program, folder: Path) -> None:
    known = written(Path("known.json"), [missing(old)])
    made = judged(old, known, missing(old))
    assert (made.deciding, len(made.known), made.stale) == ((), 1, ())
    assert made.ok


def test_edits_elsewhere_keep_it_valid(old: Program, folder: Path) -> None:
    known = written(Path("known.json"), [missing(old)])
    source = folder / "src/old.vgs"
    text = source.read_text().replace("\nsequence alarm", "\n/// More.\n\nsequence   alarm")
    source.write_text(text.replace("    armed <-", "        armed <-"))
    changed = program(Path("src/old.vgs"))
    assert judged(changed, known, missing(changed)).ok
    source.write_text(text.replace("ALM_STATUS.ARMED", "ALM_STATUS.ARMED  // at once"))
    changed = program(Path("src/old.vgs"))
    made = judged(changed, known, missing(changed))
    assert (len(made.deciding), len(made.stale)) == (1, 1)


@pytest.mark.parametrize(
    "change", [{"rule": "other"}, {"function": "other"}, {"kind": Differs}], ids=str
)
def test_what_differs_is_new(old: Program, folder: Path, change: dict[str, object]) -> None:
    known = written(Path("known.json"), [missing(old)])
    made = judged(old, known, missing(old, **change))
    assert len(made.deciding) == 1
    assert [each.rule for each in made.stale] == ["synchronisation"]


def test_one_that_is_known_hides_no_second_one(old: Program, folder: Path) -> None:
    known = written(Path("known.json"), [missing(old)])
    made = judged(old, known, missing(old), missing(old, message="another"))
    assert (len(made.known), len(made.deciding)) == (1, 1)
    both = written(Path("known.json"), [missing(old), missing(old, message="another")])
    assert judged(old, both, missing(old), missing(old, message="another")).ok
    assert len(judged(old, both, missing(old)).stale) == 1


def test_only_what_was_looked_for_can_be_gone(old: Program, folder: Path) -> None:
    known = written(Path("known.json"), [missing(old), missing(old, kind=Differs)])
    assert [each.code for each in judged(old, known).stale] == ["VGS100"]
    assert len(judged(old, known, compared=True).stale) == 2
    assert judged(old, known, whole=False).stale == ()
    other = written(Path("known.json"), [missing(old)], "another_program")
    assert judged(old, other).stale == ()
    part = verdict(old, findings=(), unchecked=("the time is up",))
    assert judge(Chosen("x", old), part, baseline=known).stale == ()


def test_writing_one_again_keeps_what_was_not_looked_at(old: Program, folder: Path) -> None:
    first = written(Path("known.json"), [missing(old)], "new")
    second = updated(first, Path(), [("old", [suspected(old)])], ["old"])
    assert sorted(each.program for each in second.entries) == ["new", "old"]
    third = updated(second, Path(), [("old", [])], ["old"])
    assert [each.program for each in third.entries] == ["new"]
    part = updated(second, Path(), [("old", [missing(old)])], [])
    assert len(part.entries) == 3


def test_a_baseline_may_be_anywhere(old: Program, folder: Path) -> None:
    (folder / "ci").mkdir()
    known = written(Path("ci/known.json"), [missing(old)])
    assert [each.file for each in known.entries] == ["../src/old.vgs"]
    assert judged(old, known, missing(old)).ok
    moved = updated(known, Path(), [], [])
    assert [each.file for each in moved.entries] == ["src/old.vgs"]


def test_its_text_is_the_same_each_time(old: Program, folder: Path) -> None:
    found = [missing(old), suspected(old), missing(old)]
    one = data(updated(None, Path(), [("old", found)], []))
    assert one == data(updated(None, Path(), [("old", found[::-1])], []))
    value = json.loads(one)
    assert value["findings"][1]["times"] == 2
    assert value["findings"][1]["line"] == "armed <- ALM_STATUS.ARMED"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"version": 1}',
        '{"version": 1, "findings": [3]}',
        '{"version": 1, "findings": [{"code": "VGS100"}]}',
        '{"version": 9, "findings": []}',
        "[" * 100_000,
        "\x00",
    ],
    ids=lambda text: text[:20],
)
def test_what_is_no_baseline(folder: Path, text: str) -> None:
    Path("known.json").write_text(text)
    with pytest.raises(CannotRun, match="baseline"):
        read(Path("known.json"))


def test_one_that_is_not_there(folder: Path) -> None:
    with pytest.raises(CannotRun, match="there is no baseline") as error:
        read(Path("known.json"))
    assert "--write-baseline known.json" in error.value.help
    for what in (folder, Path("/dev/zero")):
        with pytest.raises(CannotRun, match="it is no file"):
            read(what)


def test_fingerprints_tell_findings_apart(old: Program) -> None:
    found = [missing(old), missing(old), suspected(old)]
    marks = fingerprints("old", found, Path())
    assert len(set(marks)) == 3
    assert fingerprints("old", found[:1], Path()) == marks[:1]
    assert fingerprints("new", found[:1], Path()) != marks[:1]
