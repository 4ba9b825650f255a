"""Two programs are compared: what somebody sees otherwise, with both values, and nothing else."""

from __future__ import annotations

import re

import pytest

from dsl.ir.program import Program
from dsl.run.choices import Choices
from dsl.run.scenarios import Run
from dsl.verify import verify
from dsl.verify.both import differ
from dsl.verify.findings import Engine, Finding, Report
from dsl.verify.histories import told
from dsl.verify.subject import subject
from dsl.verify.symbolic import against, same
from dsl.verify.symbolic.alike import Same
from tests.verify.symbolic.machines import PEN, changed, program


def compared(one: Program, other: Program) -> Report:
    report = against(one, other)
    assert report.unchecked == ()
    assert {f.code for f in report.findings} <= {"VGS106"}
    return report


def findings(old: str, new: str) -> dict[str, Finding]:
    """What differs between the machine with a change in it and as it was, each run on both."""
    found = compared(changed(old, new), program(PEN)).findings
    assert all(f.witness is not None for f in found)
    return {f.rule: f for f in found}


def seen(finding: Finding) -> str:
    assert finding.witness is not None
    return finding.witness.seen


EARLIER = ("    when used {\n        restore control\n", "    restore control\n    when used {\n")


# ---- what is the same


def test_a_program_does_not_differ_from_itself() -> None:
    report = compared(program(PEN), program(PEN))
    assert report.findings == ()
    assert [each.configurations for each in report.proved] == [2]


def test_what_is_written_another_way_does_not_differ() -> None:
    assert findings("save items[i]", "items[i] <- ITEM<i>") == {}


def test_what_nobody_looks_at_does_not_differ() -> None:
    # The next one restores it before a guest runs, and nobody else is there.
    assert findings("    save extra[0]\n", "    save extra[0]\n    EXTRA<0> <- 7\n") == {}


# ---- what differs


def test_a_switch_that_is_thrown_earlier_differs_where_it_is_seen() -> None:
    found = findings(*EARLIER)
    # For the guest, and by an invariant when others come.
    assert [*found] == ["SWITCH.On at guest, depart"]
    assert seen(found["SWITCH.On at guest, depart"]).startswith("SWITCH.On is 0x1, and 0x0 in ")


def test_a_register_that_is_not_restored_differs_for_the_guest() -> None:
    (finding,) = findings("    restore mask\n", "").values()
    assert finding.rule == "MASK.Level, MASK.Deep at guest"
    assert [text for text in finding.message.split("`") if text == "guest"] == ["guest"]


def test_what_the_host_reads_differs_where_it_does() -> None:
    host = "        depart { put(vcpu) }\n        host { may read EXTRA<0> }\n"
    old = PEN.replace("        depart { put(vcpu) }\n", host)
    new = old.replace("    save extra[0]\n", "    save extra[0]\n    EXTRA<0> <- 7\n")
    found = compared(program(new), program(old)).findings
    assert [f.rule for f in found] == ["EXTRA<n>.All at host"]
    assert "EXTRA<0>.All is 0x7, and 0x" in seen(found[0])


def test_what_is_left_on_a_cpu_differs_for_the_guest_that_finds_it() -> None:
    put = "sequence put(vcpu) {\n"
    (finding,) = findings(put, f"{put}    SWITCH.Trap <- 1\n").values()
    assert finding.rule == "SWITCH.Trap at guest"
    assert finding.witness is not None
    # It takes a whole residency before it.
    assert "depart" in " ".join(finding.witness.steps)


def test_what_is_in_memory_differs_later_where_it_is_restored() -> None:
    # Of neither it is known which number it is, only that they are not the same.
    old = PEN.replace("    save mask\n", "    save mask\n    control.Trap <- IDS.More\n")
    new = PEN.replace("    save mask\n", "    save mask\n    control.Trap <- IDS.Bits & 1\n")
    found = compared(program(new), program(old)).findings
    assert [f.rule for f in found] == ["SWITCH.Trap at guest"]
    assert compared(program(new), program(new)).findings == ()


def test_what_a_guest_could_not_write_it_does_not_have_later() -> None:
    # While it traps, a write becomes something else; both keep well what came of it.
    old = PEN.replace(
        "Level [7:0] becomes Level & (0xff << IDS.Bits)",
        "Level [7:0] becomes Level & 1 when SWITCH.Trap",
    )
    new = old.replace("    fill(vcpu)\n", "    SWITCH.Trap <- 1\n    fill(vcpu)\n")
    new = new.replace(
        "sequence leave_it(vcpu) {\n", "sequence leave_it(vcpu) {\n    SWITCH.Trap <- 0\n"
    )
    new = new.replace("        restore control\n", "        SWITCH <- control with Trap = 1\n")
    found = {f.rule for f in compared(program(new), program(old)).findings}
    assert found == {"SWITCH.Trap at guest", "MASK.Level at guest"}


def test_what_a_cpu_boots_with_is_there_where_resets_are_not_known() -> None:
    old = PEN.replace(
        "register IDS", "register LAMP : 32 { On [0] Red [1] res0 [31:2] }\nregister IDS"
    )
    old += "boot { LAMP.On <- 1 }\n"
    new = old.replace("    restore mask\n", "    restore mask\n    LAMP.On <- 0\n")
    (found,) = compared(program(new), program(old)).findings
    assert (found.rule, seen(found)) == (
        "LAMP.On at guest, depart",
        "LAMP.On is 0x0, and 0x1 in stdin",
    )


def test_a_truth_value_differs() -> None:
    text = PEN.replace("    used     : 0..4\n", "    used     : 0..4\n    ready : bool\n")
    text = text.replace("    restore mask\n", "    restore mask\n    ready <- IDS.More == N\n")
    told = 'invariant told at guest "both ways" { ready or not ready }\n'
    (found,) = compared(*(program(text.replace("== N", f"== {n}") + told) for n in (1, 0))).findings
    assert found.rule == "ready at guest"
    assert found.witness is not None
    assert found.witness.steps[-1] in ("expect ready", "expect not ready")


def test_a_history_runs_on_both_and_holds_on_the_other_one() -> None:
    one, two = changed(*EARLIER), program(PEN)
    (finding,) = compared(one, two).findings
    assert finding.witness is not None
    runs = []
    for each in (one, two):
        about = subject(each)
        scenario = about.understand(told(finding.witness))
        runs.append(Run(about.with_scenario(scenario), scenario, Choices()).go())
    failed = [[f.message for f in run.failures if f.message.startswith("expected")] for run in runs]
    assert failed == [["expected: SWITCH.On == 0x0; SWITCH.On is 1"], []]
    assert differ(subject(one), subject(two), finding.witness) == (1, 0)
    assert differ(subject(two), subject(two), finding.witness) is None


#: As PEN, without its second kind of register.
WITHOUT = re.sub(r".*(EXTRA|extra).*\n", "", PEN)


def test_what_only_one_of_them_writes_is_not_compared_and_that_is_said() -> None:
    report = against(program(PEN), program(WITHOUT))
    assert report.findings == report.proved == ()
    assert report.unchecked == ("EXTRA<n> of stdin is not in stdin: it was not compared",)
    assert against(program(WITHOUT), program(PEN)).unchecked == report.unchecked


def test_what_one_of_them_has_and_nobody_writes_is_no_matter() -> None:
    more = PEN.replace("register IDS", "register MORE : 32 { All [31:0] }\nregister IDS")
    more = more.replace("    used     : 0..4\n", "    used     : 0..4\n    more : 0..3\n")
    assert compared(program(more), program(PEN)).findings == ()
    assert compared(program(PEN), program(more)).findings == ()


def test_a_register_of_another_shape_is_another_register() -> None:
    other = PEN.replace("Trap [1] res0 [31:2]", "res0 [1] Trap [2] res0 [31:3]")
    report = against(program(PEN), program(other))
    assert "SWITCH of stdin is declared otherwise in stdin: it was not compared" in report.unchecked


#: What is never so, which only the runs know: nothing is kept of how one register is like another.
NEVER = PEN.replace("    restore mask\n", "    restore mask\n    SWITCH.Trap <- IDS.More\n")


def test_what_differs_in_no_run_is_withdrawn() -> None:
    guard = "    when SWITCH.Trap and not IDS.More { MASK.Level <- 0 }\n"
    new = NEVER.replace("sequence go_in(vcpu) {\n", f"sequence go_in(vcpu) {{\n{guard}")
    asked = {"engines": (Engine.SYMBOLIC,), "mends": False}
    verdict = verify(program(new), against=program(NEVER), **asked)  # type: ignore[arg-type]
    assert [f.code for f in verdict.findings] == []
    assert [f.rule for f in verdict.withdrawn if f.code == "VGS106"] == ["MASK.Level at guest"]
    always = new.replace("SWITCH.Trap and not IDS.More", "SWITCH.Trap")
    verdict = verify(program(always), against=program(NEVER), **asked)  # type: ignore[arg-type]
    assert "MASK.Level at guest" in [f.rule for f in verdict.findings]


class _Spent:
    """Time is up, after a while."""

    def __init__(self, asked: int) -> None:
        self.asked = asked

    def spent(self) -> str:
        self.asked -= 1
        return "no time is left" if self.asked < 0 else ""


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (0, "no time is left: nothing was compared for early"),
        (2, "SWITCH.On at `guest` may differ: not run: no time is left"),
    ],
)
def test_what_there_was_no_time_for_is_said(asked: int, told: str) -> None:
    report = against(changed(*EARLIER), program(PEN), budget=_Spent(asked))
    assert report.findings == report.proved == ()
    assert told in report.unchecked


# ---- whether two programs are the same


def test_the_same_written_otherwise_is_the_same() -> None:
    other = changed("save items[i]", "items[i] <- ITEM<i>")
    assert same(program(PEN), program(PEN)) == Same(True, True)
    assert same(program(PEN), other) == Same(True, True)


def test_an_access_more_changes_nothing_but_the_accesses() -> None:
    other = changed("    save mask\n", "    save mask\n    save mask\n")
    assert same(program(PEN), other) == Same(True, False)


def test_what_does_something_else_is_not_the_same() -> None:
    assert same(program(PEN), changed("    save mask\n", "")).effects is False


def test_nothing_is_said_of_other_registers() -> None:
    other = changed("Deep [8] res0 [63:9]", "Deep [9] res0 [8] res0 [63:10]")
    assert same(program(PEN), other) == Same(None, None)
