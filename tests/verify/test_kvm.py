"""What is wrong with the patch; and that nothing is, once it is mended."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest
from msgspec.structs import replace

import dsl
from dsl.resolve.workspace import Workspace
from dsl.run.choices import Choices
from dsl.run.scenarios import Run
from dsl.verify import verify
from dsl.verify.findings import Engine, Finding, Verdict
from dsl.verify.histories import told
from dsl.verify.subject import subject
from dsl.verify.symbolic import against

SEQUENCES = Path(__file__).parents[2] / "sequences"
#: Traps and the switch code's own barriers change nothing of what is found here.
GIVEN = {"cpuif_trap": 0, "exit_barriers": 0, "gicv3_cpuif": 1}


@lru_cache
def verdict(name: str, vhe: int) -> Verdict:
    """What the explicit engine finds in a case, on one kind of host."""
    program = dsl.load(SEQUENCES / "kvm" / f"run_{name}.vgs").program
    given = {**GIVEN, "vhe": vhe}
    return verify(program, given=given, engines=(Engine.EXPLICIT,), mends=False)


def sites(found: Verdict) -> set[tuple[str, str, str]]:
    decide = [f for f in found.findings if f.strength != "convention"]
    return {(f.code, f.rule, f.function) for f in decide}


LISTED = ("VGS100", "mmio_before_sysreg", "__vgic_v3_save_state")
PRIORITIES = ("VGS100", "mmio_before_sysreg", "__vgic_v3_save_aprs")
MASK = ("VGS100", "mmio_before_sysreg", "__vgic_v3_deactivate_traps")
CLEARED = ("VGS100", "sysreg_before_mmio", "__vgic_v3_save_state")
VLPIS = ("VGS103", "vlpis_signalled", "__vgic_v3_save_state")
UNDERFLOW = ("VGS103", "no_maintenance", "__vgic_v3_save_state")


def test_after_on_a_vhe_host() -> None:
    found = verdict("after", 1)
    assert sites(found) == {LISTED, PRIORITIES, MASK, CLEARED, VLPIS}
    assert not found.unchecked


def test_after_on_a_host_that_is_not_vhe() -> None:
    """There each entry pushes out what the last exit cleared, and sets En."""
    assert sites(verdict("after", 0)) == {LISTED, PRIORITIES, MASK}


@pytest.mark.parametrize("vhe", [0, 1])
def test_each_finding_is_replayed_to_a_wrong_value(vhe: int) -> None:
    found = verdict("after", vhe)
    program = dsl.load(SEQUENCES / "kvm" / "run_after.vgs").program
    known = subject(program)
    for finding in found.findings:
        if finding.strength == "convention":
            continue
        assert finding.witness is not None
        assert finding.value
        scenario = known.understand(told(finding.witness))
        run = Run(known.with_scenario(scenario), scenario, Choices(finding.witness.answers)).go()
        assert not run.ok, finding.message
        # The same history goes well where everybody sees the newest, if it is about who sees what.
        if finding.code == "VGS100":
            assert Run(known.with_scenario(scenario), scenario, Choices()).go().ok


@pytest.mark.parametrize("vhe", [0, 1])
def test_fixed_is_clean(vhe: int) -> None:
    found = verdict("fixed", vhe)
    assert not sites(found)
    assert not found.unchecked
    proved = {each.what for each in found.proved}
    assert {"rule mmio_before_sysreg", "invariant vlpis_signalled"} <= proved


# ruff: noqa: E501
REVERTS = [
    ("dsb(sy) then isb orders guest_mmio before reads of LRs", "dsb(st) orders guest_mmio before reads of LRs", LISTED),
    ("dsb(sy) then isb orders guest_mmio before reads of LRs", "dsb(sy) orders guest_mmio before reads of LRs", LISTED),
    ("dsb(sy) then isb orders guest_mmio before reads of LRs", "dsb(st) then isb orders guest_mmio before reads of LRs", LISTED),
    ("when its_vm { ICH_HCR_EL2 <- vgic_hcr with UIE = 0 }", "when its_vm { ICH_HCR_EL2 <- vgic_hcr with En = 0 }", VLPIS),
    ("when its_vm { ICH_HCR_EL2 <- vgic_hcr with UIE = 0 }", "when its_vm { restore vgic_hcr }", UNDERFLOW),
    ("when not sre { isb then dsb(sy) orders writes of LRs before guest_mmio, redistributors }", "", CLEARED),
    ("when vhe and not sre { dsb(sy) then isb orders guest_mmio before reads of AP1Rs, ICH_VMCR_EL2 }", "", MASK),
    ("when vhe and not sre { dsb(sy) then isb orders guest_mmio before reads of AP1Rs, ICH_VMCR_EL2 }", "", PRIORITIES),
]  # fmt: skip


def reverted(old: str, new: str, vhe: int = 1) -> tuple[Finding, ...]:
    """What is found in *fixed* with some text as it was."""
    path = SEQUENCES / "kvm" / "fixed.vgs"
    text = path.read_text()
    assert old in text
    workspace = Workspace([SEQUENCES], {path: text.replace(old, new)})
    loaded = workspace.load(SEQUENCES / "kvm" / "run_fixed.vgs")
    assert loaded is not None
    program = workspace.program(loaded)
    given = {**GIVEN, "vhe": vhe}
    return verify(program, given=given, engines=(Engine.EXPLICIT,), mends=False).findings


@pytest.mark.parametrize(("old", "new", "expected"), REVERTS)
def test_each_part_of_the_fix_is_needed(old: str, new: str, expected: tuple[str, str, str]) -> None:
    assert expected in {(f.code, f.rule, f.function) for f in reverted(old, new)}


def test_an_index_that_a_bank_does_not_have_stops_the_machine() -> None:
    found = reverted("restore vgic_lr[i] }", "restore vgic_lr[i - 1] }")
    (stops,) = [f for f in found if f.code == "VGS105"]
    assert "index -1 is outside 0..15" in stops.message
    assert stops.function == "__vgic_v3_restore_state"


@pytest.mark.parametrize("vhe", [0, 1])
def test_what_is_in_el2_is_reached_by_a_hypcall_unless_the_host_is_there_itself(vhe: int) -> None:
    found = reverted("hypcall __vgic_v3_save_aprs(vcpu)", "__vgic_v3_save_aprs(vcpu)", vhe)
    rules = {(f.code, f.rule, f.function) for f in found}
    assert (("VGS104", "el2_only", "__vgic_v3_save_aprs") in rules) is not bool(vhe)


#: A guest with an ITS on a VHE host: there the three are most different.
DIRECT = {**GIVEN, "vhe": 1, "sre": 1, "its_vm": 1}


def differing(name: str, other: str, *, declared: bool = True) -> set[str]:
    """What is found of two cases, for some values; as they are, or as if nothing was declared."""
    one, two = (dsl.load(SEQUENCES / "kvm" / f"run_{each}.vgs").program for each in (name, other))
    if not declared:
        one = replace(one, modules=tuple(replace(m, differences=()) for m in one.modules))
    report = against(one, two, given=DIRECT)
    assert not report.unchecked
    # Each of them was run on both.
    assert all(f.witness is not None for f in report.findings)
    return {f.rule for f in report.findings}


@pytest.mark.parametrize(("name", "other"), [("after", "before"), ("fixed", "after")])
def test_what_differs_is_declared(name: str, other: str) -> None:
    assert differing(name, other) == set()


def test_before_and_after_differ_in_what_is_declared() -> None:
    # What the host finds in its interface is what the patch leaves out between trips; En and UIE
    # are what it forgets.
    assert differing("after", "before", declared=False) == {
        "ICC_SRE_EL2.Enable at host",
        "ICH_HCR_EL2.En, ICH_HCR_EL2.UIE at host, guest, emulate, others",
        "ICH_HCR_EL2.EOIcount at host, guest, others",
    }


def test_a_program_does_not_differ_from_itself() -> None:
    assert differing("after", "after") == set()
