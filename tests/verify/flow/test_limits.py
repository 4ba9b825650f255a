"""Programs that are too large, or that nobody would write: told, and never a crash."""

from __future__ import annotations

import pytest

from dsl.verify.budget import Budget
from dsl.verify.flow import check
from dsl.verify.flow import checks as limits
from dsl.verify.flow.paths import MOST
from tests.verify.flow.helpers import checked, found, resolved

TIMER = """
platform board "a board"
register CTL  : 32 at (3, 3, 14, 3, 1) { ENABLE [0] res0 [31:1] }
register STAT : 32 ro at (3, 3, 14, 3, 3) { Fired [0] = CTL.ENABLE res0 [31:1] }
rule status_follows : architecture "the board's manual" {
    writes of CTL visible to reads of STAT needs isb
}
context timer of vcpu { seen : bool }
"""


def test_sequences_that_call_each_other_in_a_maze() -> None:
    calls = "".join(f"sequence f{i}() {{ f{i + 1}() f{i + 1}() }}\n" for i in range(20))
    report = check(resolved(TIMER + calls + "sequence f20() { CTL <- 0 }"))
    assert report.findings == ()
    assert report.unchecked == (
        "flow: the paths are not followed: the sequences make too large a graph",
    )


def test_a_sequence_that_calls_itself() -> None:
    assert (
        found(TIMER + "sequence f() { CTL <- 0 g() } sequence g() { f() } sequence h() { g() }")
        == []
    )


def test_many_branches_on_memory_are_followed_without_it() -> None:
    names = [f"a{i}" for i in range(16)]
    slots = "".join(f"context c{n} of vcpu {{ {n} : bool }}\n" for n in names)
    twice = "".join(f"when {n} {{ CTL <- 0 }}\n" for n in names) * 2
    assert 2 ** len(names) > MOST
    text = f"{TIMER}{slots}sequence f(vcpu) -> bool {{ {twice} return STAT.Fired }}"
    [finding] = checked(text).findings
    assert (finding.code, finding.rule) == ("VGS112", "status_follows")


def test_more_configurations_than_are_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_CONFIGURATIONS", 4)
    names = [f"m{i}" for i in range(3)]
    facts = "".join(f"condition {n} per machine\n" for n in names)
    body = "".join(f"when {n} {{ CTL <- {i & 1} }}\n" for i, n in enumerate(names))
    report = check(resolved(f"{TIMER}{facts}sequence f() -> bool {{ {body} return STAT.Fired }}"))
    assert report.unchecked == (
        "flow: f: 4 configurations are left: they differ in more than 4 ways",
    )
    assert [f.code for f in report.findings] == ["VGS112"]


def test_no_time_is_left() -> None:
    program = resolved(TIMER + "sequence f() { CTL <- 0 }")
    report = check(program, budget=Budget.of(seconds=0))
    assert report.unchecked == ("flow: f: 1 configurations are left: the time is up",)


def test_what_is_given_is_all_that_is_looked_at() -> None:
    program = resolved(TIMER + """
        condition vhe per machine
        sequence f() -> bool {
            CTL <- 0
            when vhe { isb orders writes of CTL before reads of STAT }
            return STAT.Fired
        }
    """)
    assert check(program, given={"vhe": 1}).findings == ()
    assert len(check(program, given={"vhe": 0}).findings) == 1


def test_the_work_is_told() -> None:
    told: list[str] = []
    report = check(resolved(TIMER + "sequence f() { CTL <- 0 }"), progress=told.append)
    assert told == ["paths of f (1 of 1)"]
    assert report.work is not None
    assert dict(report.work.amounts)["states"] > 0
    assert report.work.seconds < 1
