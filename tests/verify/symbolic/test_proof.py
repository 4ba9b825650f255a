"""What is proved of a small machine and of KVM, and that faults of each kind are found in them."""

from __future__ import annotations

import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest

import dsl
from dsl.run.choices import Choices
from dsl.run.scenarios import Run
from dsl.verify import verify
from dsl.verify.budget import Budget
from dsl.verify.findings import Engine, Finding
from dsl.verify.histories import replays
from dsl.verify.subject import subject
from dsl.verify.symbolic import check
from dsl.verify.symbolic.checking import Checking, apart
from tests.reference.cases import ROOT
from tests.verify.symbolic.machines import PEN, changed, program

#: One configuration of KVM, in which a guest uses system registers on VHE.
ONE = {"vhe": 1, "sre": 1, "its_vm": 0, "cpuif_trap": 0, "exit_barriers": 0}


def test_all_of_it_holds() -> None:
    report = check(program(PEN))
    assert report.findings == ()
    assert report.unchecked == ()
    proved = {each.what for each in report.proved}
    assert "what is in items and ITEM<n> survives" in proved
    assert "invariant switched_off holds" in proved
    assert {each.configurations for each in report.proved} == {2}


#: Faults by what they are: the text, what it becomes, and the code and the rule of what is found.
FAULTS = {
    "a slot is pointed at another register": (
        "mask     : u32 mirrors MASK",
        "mask     : u32 mirrors EXTRA<0>",
        "VGS101",
        "mask",
    ),
    "a restore is missing": ("    restore mask\n", "", "VGS101", "mask"),
    "a save is missing": ("    save mask\n", "", "VGS101", "mask"),
    "a save comes after what it saves is overwritten": (
        "            save items[i]\n            ITEM<i> <- 0\n",
        "            ITEM<i> <- 0\n            save items[i]\n",
        "VGS101",
        "items",
    ),
    "a mask is too narrow": ("    save mask\n", "    mask <- MASK & 0x7f\n", "VGS101", "mask"),
    "a restore is one too short": (
        "each i below used { restore items[i] }",
        "each i below used - 1 { restore items[i] }",
        "VGS101",
        "items",
    ),
    "a register that may be there is forgotten": (
        "    when IDS.More { restore extra[1] }\n",
        "",
        "VGS101",
        "extra",
    ),
    "what was listed is left behind": ("            ITEM<i> <- 0\n", "", "VGS102", "items"),
    "a switch stays on": (
        "SWITCH <- control with On = 0",
        "SWITCH.Trap <- 0",
        "VGS103",
        "switched_off",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_and_its_history_fails(fault: str) -> None:
    old, new, code, rule = FAULTS[fault]
    faulty = changed(old, new)
    found = [f for f in check(faulty).findings if (f.code, f.rule) == (code, rule)]
    assert found
    assert any(fails(faulty, f) for f in found), [f.witness for f in found]


def fails(faulty: object, finding: Finding) -> bool:
    """Whether a run of the history of a finding shows that something is wrong."""
    if finding.witness is None:
        return False
    of = subject(faulty)  # type: ignore[arg-type]
    params = f" ({', '.join(finding.witness.params)})" if finding.witness.params else ""
    steps = "\n".join(finding.witness.steps)
    scenario = of.understand(f'scenario "found"{params} {{\n{steps}\n}}')
    return not Run(of.with_scenario(scenario), scenario, Choices()).go().ok


def test_to_write_a_save_out_changes_nothing() -> None:
    report = check(changed("save items[i]", "items[i] <- ITEM<i>"))
    assert report.findings == ()


def test_an_update_that_loses_bits_is_found() -> None:
    faulty = changed(
        "    restore mask\n",
        "    let old = SWITCH\n    SWITCH.Trap <- 1\n    SWITCH <- old with On = 0\n"
        "    restore mask\n",
    )
    assert [(f.code, f.rule) for f in check(faulty).findings] == [("VGS108", "SWITCH")]
    kept = changed(
        "    restore mask\n",
        "    let old = SWITCH\n    SWITCH <- old with On = 0\n    restore mask\n",
    )
    assert check(kept).findings == ()


LOSES = "    let old = SWITCH\n{}    SWITCH <- old with On = 0\n    restore mask\n"


def test_an_update_that_loses_bits_has_a_history_that_shows_the_old_ones() -> None:
    faulty = changed("    restore mask\n", LOSES.format("    SWITCH.Trap <- 1\n"))
    verdict = verify(faulty, engines=(Engine.SYMBOLIC,), mends=False)
    (found,) = (f for f in verdict.findings if f.code == "VGS108")
    assert found.witness is not None
    assert found.witness.steps[-1] == "expect SWITCH.Trap == 0x1"
    assert found.witness.seen == "SWITCH.Trap is 0x0, not 0x1"
    assert replays(subject(faulty), found.witness)


def test_an_update_that_loses_bits_in_no_run_is_withdrawn() -> None:
    # How one register is like another is not kept from phase to phase; it is never 1 without More.
    never = program(
        PEN.replace(
            "    restore mask\n", "    restore mask\n    SWITCH.Trap <- IDS.More\n"
        ).replace(
            "sequence go_in(vcpu) {\n",
            "sequence go_in(vcpu) {\n    let old = SWITCH\n"
            "    when old.Trap and not IDS.More { SWITCH.Trap <- 0 }\n"
            "    SWITCH <- old with On = 0\n",
        )
    )
    assert [f.code for f in check(never).findings] == ["VGS108"]
    verdict = verify(never, engines=(Engine.SYMBOLIC,), mends=False)
    assert verdict.findings == ()
    assert [f.code for f in verdict.withdrawn] == ["VGS108"]


def test_a_finding_says_where_and_what() -> None:
    [found] = check(changed("    save mask\n", "")).findings
    assert found.function == ""
    assert "mask" in found.where.text
    assert "Level" in found.message
    assert found.configurations == ((("early", 0),), (("early", 1),))


def test_what_cannot_be_checked_is_told() -> None:
    class Spent:
        def spent(self) -> str:
            return "the time is up"

    report = check(program(PEN), budget=Spent())
    assert len(report.unchecked) == 2
    assert report.proved == ()


@pytest.mark.parametrize("fault", FAULTS)
def test_two_processes_say_what_one_does(fault: str) -> None:
    old, new, *_ = FAULTS[fault]
    one, two = (check(changed(old, new), budget=Budget(jobs=jobs)) for jobs in (1, 2))
    assert one.findings
    # Which numbers show it is the solver's choice.
    assert [replace(f, witness=None) for f in two.findings] == [
        replace(f, witness=None) for f in one.findings
    ]
    assert [bool(f.witness) for f in two.findings] == [bool(f.witness) for f in one.findings]
    assert (two.proved, two.unchecked) == (one.proved, one.unchecked)


def test_machines_that_differ_in_what_comes_first_are_apart() -> None:
    machines = [(("a", 0), ("b", b), ("c", c)) for b in (0, 1) for c in (0, 1)]
    assert apart(machines, 1) == [machines]
    assert apart(machines, 2) == [machines[:2], machines[2:]]
    assert apart(machines, 3) == [[each] for each in machines]
    assert apart([], 4) == [[]]


def test_what_a_process_could_not_check_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def ends(self: Checking, machines: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(Checking, "_piece", ends)
    report = check(program(PEN), budget=Budget(jobs=2))
    why = "a process that worked on it came to an end: nothing was proved for"
    assert report.unchecked == (f"{why} not early", f"{why} early")
    assert report.proved == ()


# ---- KVM


def kvm(folder: Path, file: str, old: str, new: str) -> object:
    """KVM after the patch, with one thing changed."""
    shutil.copytree(ROOT / "sequences", folder / "sequences")
    path = folder / "sequences" / "kvm" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return dsl.load(folder / "sequences" / "kvm" / "run_after.vgs").program


def test_what_is_mirrored_survives_in_kvm() -> None:
    program = dsl.load(ROOT / "sequences/kvm/run_after.vgs").program
    report = check(program, given=ONE)
    assert report.findings == ()
    proved = {each.what for each in report.proved}
    assert "what is in vgic_lr and ICH_LR<n>_EL2 survives" in proved
    assert "what is in vgic_ap1r and ICH_AP1R<n>_EL2 survives" in proved


@pytest.mark.parametrize("given", [{"gicv3_cpuif": 0}, {"vhe": 1, "cpuif_trap": 1}])
def test_what_goes_together_from_phase_to_phase_is_proved_in_kvm(given: dict[str, int]) -> None:
    program = dsl.load(ROOT / "sequences/kvm/run_fixed.vgs").program
    report = check(program, given={**given, "exit_barriers": 0})
    assert report.findings == ()
    proved = {each.what for each in report.proved}
    those = ("v2_in_hardware", "v2_in_memory", "no_maintenance")
    assert proved >= {f"invariant {name} holds" for name in those}


def test_an_active_priority_register_of_seven_bits_is_missed(tmp_path: Path) -> None:
    faulty = kvm(
        tmp_path,
        "common.vgs",
        "7 { save vgic_ap0r[3], vgic_ap0r[2] }",
        "7 { save vgic_ap0r[3] }",
    )
    [found] = check(faulty, given=ONE).findings  # type: ignore[arg-type]
    assert found.rule == "vgic_ap0r"
    assert found.witness is not None
    assert "given ICH_VTR_EL2.PREbits = 0x6" in found.witness.steps


#: Somebody at another level, which a hypcall goes to, and comes back from.
LEVELS = """
platform box "a made-up device"
register LEVEL : 32 { EL [1:0]  res0 [31:2] }
register BOX : 32 { All [31:0] }
context state of vcpu { kept : u32 mirrors BOX }
save keep(vcpu) { save kept }
restore bring(vcpu) { restore kept }
hypcall enters { LEVEL.EL <- 2  isb } leaves { LEVEL.EL <- 1 }
boot { LEVEL.EL <- 1 }
lifecycle life {
    each stay {
        load { hypcall bring(vcpu) }
        guest { eret  may change BOX  exception }
        put { hypcall keep(vcpu) }
        away {}
    }
}
invariant back at away "who comes back from there is here" { LEVEL.EL == 1 }
"""


def test_what_a_hypcall_does_of_itself_is_done() -> None:
    holds = check(program(LEVELS))
    assert not holds.findings
    assert "invariant back holds" in {each.what for each in holds.proved}
    (found,) = check(program(LEVELS.replace("{ LEVEL.EL <- 1 }\nboot", "{}\nboot"))).findings
    assert (found.code, found.rule) == ("VGS103", "back")


def test_a_host_that_may_change_a_slot_need_not() -> None:
    """What was lost before stays lost, where the host leaves the slot as it is."""
    idle = PEN.replace("        arrive {", "        idle { may change mask }\n        arrive {")
    assert not check(program(idle)).findings
    lost = idle.replace("    save mask\n", "")
    assert lost != idle
    assert ("VGS101", "mask") in {(f.code, f.rule) for f in check(program(lost)).findings}


def test_a_history_of_two_says_whose_slot_the_host_changes(tmp_path: Path) -> None:
    left = PEN.replace("        arrive {", "        idle { may write used }\n        arrive {")
    left = left.replace("    fill(vcpu)\n", "").replace("            ITEM<i> <- 0\n", "")
    path = tmp_path / "pen.vgs"
    path.write_text(left)
    verdict = dsl.verify(path, engines=[Engine.SYMBOLIC])
    assert ("VGS102", "items") in {(f.code, f.rule) for f in verdict.findings}
    assert not verdict.unchecked


@pytest.mark.parametrize("promise", ["(items[n] & 0xff0 == 0)", "(items[n].Name & 0xff0 == 0)"])
def test_bits_that_somebody_promises_are_what_he_promises(promise: str) -> None:
    """They are so where the list is filled, and no others are."""
    said = f"writes used in 0..4\n    ensures every n in 0..3: {promise}"
    asks = (
        'invariant low at prepare "it is promised" { every n in 0..3: (items[n] & 0x7f0 == 0) }\n'
    )
    promised = PEN.replace("writes used in 0..4", said, 1)
    report = check(program(promised + asks))
    assert "invariant low holds" in {each.what for each in report.proved}, report.findings
    other = program(promised + asks.replace("7f0", "7f1"))
    assert ("VGS103", "low") in {(f.code, f.rule) for f in check(other).findings}


COUNTS = "each n below count + 1 { may change EXTRA<n> }"
#: As many extra registers as the machine says in memory.
COUNTED = (
    ("condition early", "context sizes of machine { count : 0..1 }\ncondition early"),
    (
        "restore extra[0]\n    when IDS.More { restore extra[1] }",
        "each i below count + 1 { restore extra[i] }",
    ),
    (
        "save extra[0]\n    when IDS.More { save extra[1] }",
        "each i below count + 1 { save extra[i] }",
    ),
    (
        "each n below 1 + IDS.More { may change EXTRA<n> }",
        COUNTS,
    ),
)


def counted(*more: tuple[str, str]) -> set[str]:
    """What is proved of a machine that has its size in memory."""
    text = PEN
    for old, new in (*COUNTED, *more):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return {each.what for each in check(program(text)).proved}


def test_how_many_registers_there_are_may_be_in_memory_for_good() -> None:
    assert "what is in extra and EXTRA<n> survives" in counted()


@pytest.mark.parametrize(
    "writer",
    [
        (COUNTS, f"{COUNTS} may change count"),
        ("context sizes of machine", "context sizes of vcpu"),
    ],
)
def test_what_somebody_changes_says_nothing_of_it(writer: tuple[str, str]) -> None:
    assert "what is in extra and EXTRA<n> survives" not in counted(writer)
