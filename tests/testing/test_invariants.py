"""What pytest makes of invariants: each is a test of the programs in which it can be verified."""

from __future__ import annotations

import json

import pytest

import dsl.verify
from dsl.diagnostics.proofs import InvariantBroken
from dsl.ir.program import Program
from dsl.verify.findings import Engine, Finding, Strength, Verdict, Witness
from tests.testing.conftest import Tree
from tests.verify.made import Driver

pytest_plugins = ["pytester"]

INVARIANT = """
invariant quiet at put "nobody listens any more" { not CNT_CTL.ENABLE }
"""


def broken(program: Program) -> Verdict:
    """In the program `old` the invariant does not hold."""
    (invariant,) = [each for module in program.modules for each in module.invariants]
    finding = Finding(
        InvariantBroken,
        invariant.name,
        Strength.DECLARED,
        Engine.EXPLICIT,
        invariant.span,
        "somebody still listens",
        witness=Witness(("run put", "expect not CNT_CTL.ENABLE"), seen="ENABLE is 1"),
    )
    return Verdict(program.name, findings=(finding,) if program.name == "old" else ())


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    made = Driver(broken)
    monkeypatch.setattr(dsl.verify, "verify", made, raising=False)
    return made


@pytest.fixture
def with_invariant(tree: Tree, driver: Driver) -> Tree:
    path = tree.pytester.path / "src/life.vgs"
    path.write_text(path.read_text() + INVARIANT)
    return tree


def test_each_invariant_is_a_test_of_the_programs_that_have_a_whole_lifecycle(
    with_invariant: Tree, driver: Driver
) -> None:
    titles = with_invariant.titles("-k", "invariant")
    assert titles == ["src/new.vgs::invariant quiet", "src/old.vgs::invariant quiet"]
    done = with_invariant.pytest("-k", "invariant", "-rA")
    done.assert_outcomes(passed=1, failed=1)
    assert len(driver.asked) == 2
    # Somebody asked for just this file.
    through = with_invariant.titles("src/life.vgs", "-k", "invariant")
    assert through == [f"src/life.vgs::{title}" for title in titles]


def test_invariants_can_be_left_out(with_invariant: Tree) -> None:
    off = ("-o", "vgs_invariants=false")
    assert with_invariant.titles("-k", "invariant", *off) == []
    assert with_invariant.titles("src/life.vgs", "-k", "invariant", *off) == []
    assert len(with_invariant.titles(*off)) == 4


def test_a_failure_is_the_finding_with_its_history(with_invariant: Tree) -> None:
    done = with_invariant.pytest("src/old.vgs", "-k", "invariant")
    text = done.stdout.str()
    assert "src/life.vgs:15:11: error[VGS103]: invariant does not hold: quiet (declared)" in text
    assert "  history:  run put\n            expect not CNT_CTL.ENABLE" in text
    assert "  seen:     ENABLE is 1" in text
    assert "`vgs verify src/old.vgs --witness DIR` writes it as a file" in text
    assert "FAILED src/old.vgs::invariant quiet - somebody still listens [VGS103]" in text


def test_each_program_is_verified_once(with_invariant: Tree, driver: Driver) -> None:
    path = with_invariant.pytester.path / "src/new.vgs"
    path.write_text(path.read_text() + INVARIANT.replace("quiet", "silent"))
    driver.answer = lambda program: Verdict(program.name)
    with_invariant.pytest("src/new.vgs", "-k", "invariant").assert_outcomes(passed=2)
    assert len(driver.asked) == 1


def test_what_was_not_checked_everywhere_is_no_pass(with_invariant: Tree, driver: Driver) -> None:
    driver.answer = lambda program: Verdict(program.name, unchecked=("the time is up",))
    done = with_invariant.pytest("src/new.vgs", "-k", "invariant")
    done.assert_outcomes(failed=1)
    assert "error[VGS119]: `quiet` was not checked everywhere: the time is up" in done.stdout.str()


def test_an_invariant_that_nothing_can_verify_is_not_passed_over(with_invariant: Tree) -> None:
    for name in ("new", "old"):
        (with_invariant.pytester.path / "src" / f"{name}.vgs").unlink()
    done = with_invariant.pytest("-k", "invariant")
    done.assert_outcomes(failed=1)
    assert "`quiet` cannot be verified: nothing defines timer_load, timer_put" in done.stdout.str()


@pytest.fixture
def listed(with_invariant: Tree) -> Tree:
    """With a baseline that lists the invariant of `old`."""
    entry = {
        "program": "old",
        "file": "src/life.vgs",
        "function": "",
        "code": "VGS103",
        "rule": "quiet",
        "line": INVARIANT.strip(),
    }
    with_invariant.files({"known.json": json.dumps({"version": 1, "findings": [entry]})})
    return with_invariant


def test_a_baseline_says_which_are_expected_to_fail(listed: Tree) -> None:
    done = listed.pytest("-k", "invariant", "-o", "vgs_baseline=known.json", "-rx")
    done.assert_outcomes(passed=1, xfailed=1)
    done.stdout.fnmatch_lines(["XFAIL src/old.vgs::invariant quiet - known.json lists it*"])


def test_what_is_listed_and_holds_fails(listed: Tree, driver: Driver) -> None:
    driver.answer = lambda program: Verdict(program.name)
    done = listed.pytest("-k", "invariant", "-o", "vgs_baseline=known.json")
    done.assert_outcomes(passed=1, failed=1)


def test_a_baseline_that_is_not_there_fails_each(with_invariant: Tree) -> None:
    done = with_invariant.pytest("-k", "invariant", "-o", "vgs_baseline=nosuch.json")
    done.assert_outcomes(failed=2)
    assert "there is no baseline" in done.stdout.str()
