"""What pytest makes of .vgs files: which tests, and how they pass, fail, and fail as expected."""

from __future__ import annotations

import ast
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from dsl.cli import main
from tests.testing.conftest import Tree

pytest_plugins = ["pytester"]

PACKAGE = Path(__file__).parents[2] / "dsl"


def said(done: pytest.RunResult) -> str:
    return done.stdout.str()


def between(text: str, first: str, last: str) -> str:
    return text[text.index(first) : text.index(last)]


# ---- pass, fail, fail as expected


def test_each_scenario_is_a_test_of_the_modules_that_can_run_it(tree: Tree) -> None:
    done = tree.pytest("-rA")
    done.assert_outcomes(passed=3, xfailed=1)
    done.stdout.fnmatch_lines_random(
        [
            "PASSED src/new.vgs::put leaves nothing running",
            "PASSED src/new.vgs::nobody who waits, no access",
            "PASSED src/old.vgs::put leaves nothing running",
            "XFAIL src/old.vgs::nobody who waits, no access - it always saves",
        ]
    )


def test_a_failure_says_where_and_what_and_how_it_came_to_be(
    tree: Tree, capsys: pytest.CaptureFixture[str]
) -> None:
    tree.change("src/new.vgs", "        CNT_CTL <- 0\n", "")
    done = tree.pytest("src/new.vgs")
    done.assert_outcomes(passed=1, failed=1)
    text = said(done)
    place = "src/life.vgs:6:5: error[VGS090]: expected: not CNT_CTL.ENABLE; CNT_CTL.ENABLE is 1"
    assert place in text
    assert " 6 |     expect not CNT_CTL.ENABLE\n   |     ^^^^^^^^^^" in text
    assert "choices of the shortest history that fails, of 2 histories:\n  armed: 1" in text
    events = between(text, "the last events before it:", "all of it:")
    assert "write    CNT_CTL" in events
    assert "timer_put" in events
    assert "FAILED   expected: not CNT_CTL.ENABLE" in events
    summary = "FAILED src/new.vgs::put leaves nothing running - expected: not CNT_CTL.ENABLE; "
    assert summary in text

    # The command that it names shows the same.
    (line,) = (x for x in done.stdout.lines if x.startswith("all of it: vgs "))
    capsys.readouterr()
    assert main(shlex.split(line)[4:]) == 1
    assert place in capsys.readouterr().out


def test_a_long_history_is_shown_from_its_end(tree: Tree) -> None:
    writes = "    guest { CNT_CTL <- 4 }\n" * 20
    tree.change("src/life.vgs", "    expect accesses == 0 at put\n", f"{writes}    expect armed\n")
    tree.change(
        "src/life.vgs", "given not armed\n    run load, put", "given not armed\n    run load"
    )
    text = said(tree.pytest("src/new.vgs", "-k", "nobody"))
    events = between(text, "the last events before it:", "all of it:").splitlines()
    assert 6 < len(events) < 30
    assert "FAILED" in "".join(events)


def test_one_line_leads_an_editor_to_the_place(tree: Tree) -> None:
    tree.change("src/new.vgs", "        CNT_CTL <- 0\n", "")
    done = tree.pytest("src/new.vgs", "--tb=line")
    done.stdout.fnmatch_lines(["src/life.vgs:6: expected: not CNT_CTL.ENABLE; *VGS090*"])


def test_what_is_said_to_fail_and_holds_fails(tree: Tree) -> None:
    fails = 'scenario "put leaves nothing running" fails "it forgets to"\n'
    tree.files({"src/new.vgs": (tree.pytester.path / "src/new.vgs").read_text() + fails})
    done = tree.pytest("src/new.vgs")
    done.assert_outcomes(passed=1, failed=1)
    assert "src/new.vgs:11:10: error[VGS093]" in said(done)
    tree.pytest("src/new.vgs", "--runxfail").assert_outcomes(passed=2)


def test_runxfail_shows_what_is_expected_to_fail(tree: Tree) -> None:
    done = tree.pytest("src/old.vgs", "--runxfail")
    done.assert_outcomes(passed=1, failed=1)
    assert "expected at put: accesses == 0; accesses is 2" in said(done)


def test_what_cannot_be_run_does_not_fail_as_expected(tree: Tree) -> None:
    elsewhere = "given not armed\n    run load\n    on 1\n    run guest, put"
    tree.change("src/life.vgs", "given not armed\n    run load, put", elsewhere)
    done = tree.pytest("src/old.vgs")
    done.assert_outcomes(passed=1, failed=1)
    assert "src/life.vgs:13:9: error[VGS091]" in said(done)
    assert "is on CPU 0, in `load`" in said(done)
    assert "the last events before it:" in said(done)


def test_a_machine_that_there_is_not(tree: Tree) -> None:
    tree.change("src/life.vgs", "given not armed", "given armed, legacy")
    done = tree.pytest("src/new.vgs")
    done.assert_outcomes(passed=1, failed=1)
    assert "error[VGS092]" in said(done)
    assert "on the old machine nobody waits" in said(done)


def test_more_histories_than_may_be_tried(tree: Tree) -> None:
    done = tree.pytest("src/new.vgs", "-o", "vgs_most=1")
    done.assert_outcomes(passed=1, failed=1)
    text = said(done)
    assert "src/life.vgs:3:10: error[VGS094]" in text
    assert "`vgs_most` is 1" in text
    tree.pytest("src/new.vgs", "-o", "vgs_most=2").assert_outcomes(passed=2)


@pytest.mark.parametrize("number", ["0", "many", "-1", "1.5"])
def test_a_number_of_histories_that_is_none(tree: Tree, number: str) -> None:
    done = tree.pytest("-o", f"vgs_most={number}")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert f"vgs_most is `{number}`" in done.stderr.str()


# ---- which files


def test_a_folder_has_what_its_project_has(tree: Tree) -> None:
    ids = tree.titles()
    assert len(ids) == 4
    assert tree.titles(".") == ids
    assert tree.titles("src/new.vgs", "src/old.vgs") == ids
    assert tree.titles("corpus") == []


def test_the_nearest_project_counts(tree: Tree) -> None:
    own = {
        name: (tree.pytester.path / "src" / name).read_text()
        for name in ("timer.vgs", "new.vgs", "life.vgs")
    }
    tree.files({f"corpus/good/{name}": text for name, text in own.items()})
    assert tree.titles("corpus") == []
    tree.files({"corpus/good/vgs.toml": ""})
    assert [x.rpartition("::")[0] for x in tree.titles("corpus")] == ["corpus/good/new.vgs"] * 2


def test_without_a_project_every_file_counts(tree: Tree) -> None:
    (tree.pytester.path / "vgs.toml").unlink()
    assert len(tree.titles("src")) == 4
    tree.pytest("src").assert_outcomes(passed=3, xfailed=1)
    tree.pytest().assert_outcomes(errors=1)


def test_an_ini_option_narrows(tree: Tree) -> None:
    only = ("-o", "vgs_files=*/new.vgs")
    assert {x.rpartition("::")[0] for x in tree.titles(*only)} == {"src/new.vgs"}
    # What is named is collected.
    assert len(tree.titles("src/old.vgs", *only)) == 2
    assert tree.titles("-o", "vgs_files=") == []


def test_a_test_is_selected_by_its_title(tree: Tree) -> None:
    tree.change("src/life.vgs", '"nobody who waits, no access"', '"a :: b [c] / (d)  e"')
    tree.change("src/old.vgs", '"nobody who waits, no access"', '"a :: b [c] / (d)  e"')
    names = [x for x in tree.titles() if "leaves" not in x]
    assert len(names) == 2
    for name in names:
        assert tree.titles(name) == [name]
    assert len(tree.titles("-k", "leaves and new")) == 1


def test_a_module_that_leaves_it_to_others_is_run_through_them(tree: Tree) -> None:
    done = tree.pytest("src/life.vgs", "-v")
    done.assert_outcomes(passed=3, xfailed=1)
    ids = tree.titles("src/life.vgs")
    assert ids[0] == "src/life.vgs::src/new.vgs::put leaves nothing running"
    assert tree.titles(ids[0]) == ids[:1]


def test_what_nothing_defines_is_not_passed_over(tree: Tree) -> None:
    for name in ("new", "old"):
        (tree.pytester.path / "src" / f"{name}.vgs").unlink()
    done = tree.pytest()
    done.assert_outcomes(failed=2)
    assert "error[VGS091]" in said(done)
    assert "timer_load is declared, and nothing in this program defines it" in said(done)


# ---- what is broken


def test_a_broken_file_shows_what_check_says(
    tree: Tree, capsys: pytest.CaptureFixture[str]
) -> None:
    done = tree.pytest("corpus/broken.vgs")
    done.assert_outcomes(errors=1)
    capsys.readouterr()
    main(["check", "corpus/broken.vgs"])
    findings = capsys.readouterr().out.rpartition("1 module")[0]
    assert "VGS01" in findings
    assert findings in said(done)
    assert "ERROR corpus/broken.vgs - " in said(done)


def test_a_broken_import_is_an_error_of_what_imports_it(tree: Tree) -> None:
    tree.change("src/life.vgs", "run load, put\n    expect not", "run lod, put\n    expect not")
    done = tree.pytest()
    done.assert_outcomes(errors=3)
    assert "did you mean `load`?" in said(done)


def test_an_import_that_is_not_there(tree: Tree) -> None:
    tree.change("src/new.vgs", "import life", "import live")
    done = tree.pytest("--continue-on-collection-errors")
    done.assert_outcomes(errors=1, passed=1, xfailed=1)
    assert "src/new.vgs:1:8: error[VGS" in said(done)


def test_bytes_that_are_no_text(tree: Tree) -> None:
    (tree.pytester.path / "src/new.vgs").write_bytes(b"import life\n\xff")
    done = tree.pytest("--continue-on-collection-errors")
    done.assert_outcomes(errors=1, passed=1, xfailed=1)
    assert "not UTF-8" in said(done)


def test_each_importer_of_what_cannot_be_read_is_an_error(tree: Tree) -> None:
    (tree.pytester.path / "src/life.vgs").write_bytes(b"import timer\n\xff")
    tree.pytest("--continue-on-collection-errors").assert_outcomes(errors=3)


def test_a_broken_project_is_said_once(tree: Tree) -> None:
    tree.change("vgs.toml", '["src"]', '["scr"]')
    done = tree.pytest()
    done.assert_outcomes(errors=1)
    assert said(done).count("there is no folder scr") == 2  # and in the summary


# ---- as a part of pytest


def test_other_processes_say_the_same(tree: Tree) -> None:
    tree.change("src/new.vgs", "        CNT_CTL <- 0\n", "")
    alone = tree.pytest("src")
    spread = tree.pytest("-p", "xdist", "-n", "2", "src")
    for done in (alone, spread):
        done.assert_outcomes(passed=2, failed=1, xfailed=1)
    parts = [between(said(x), "src/life.vgs:6:5", "=== short test") for x in (alone, spread)]
    assert parts[0] == parts[1]
    summaries = [[y for y in x.stdout.lines if y.startswith("FAILED ")] for x in (alone, spread)]
    assert summaries[0] == summaries[1] != []


def test_it_loads_nothing_before_there_is_a_file() -> None:
    show = "import pytest, sys; before = {*sys.modules}; import dsl.testing.plugin as plugin; "
    show += "print(*sorted({*sys.modules} - before))"
    done = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["dsl", "dsl.testing", "dsl.testing.plugin"]


def test_only_the_plugin_needs_pytest() -> None:
    for path in PACKAGE.rglob("*.py"):
        if path.parent.name == "testing":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Import(names=names):
                    asked = [x.name for x in names]
                case ast.ImportFrom(module=str(module)):
                    asked = [module]
                case _:
                    continue
            needed = [x for x in asked if x.split(".")[0] == "pytest" or "dsl.testing" in x]
            assert not needed, path
