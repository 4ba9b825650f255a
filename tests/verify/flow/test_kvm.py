"""What the checks find in KVM's functions: exactly this, in these configurations."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsl.verify.findings import Finding
from dsl.verify.flow import check
from tests.verify.flow.helpers import load


def configurations(finding: Finding) -> str:
    """How the facts of a finding's configurations differ from those of all others."""
    those = [dict(c) for c in finding.configurations]
    return ", ".join(
        name if value else f"not {name}"
        for name in those[0]
        for value in {c[name] for c in those}
        if len({c[name] for c in those}) == 1
    )


def said(finding: Finding) -> str:
    """What a finding is, where, and in which configurations."""
    name = Path(finding.where.source.name).name
    text = " ".join(finding.where.text.split())
    text = text if len(text) < 40 else f"{text[:36]} ..."
    return f"{finding.code} {finding.rule} {name}: {text}\n    {configurations(finding)}\n"


def test_before_the_patch() -> None:
    findings = check(load("sequences/kvm/run_before.vgs")).findings
    assert "".join(map(said, findings)) == """\
VGS110 mmio_before_sysreg before.vgs: dsb(st) orders guest_mmio before rea ...
    not sre, not its_vm, gicv3_cpuif, not exit_barriers
VGS112 mmio_before_sysreg common.vgs: vgic_ap1r[3]
    not sre, not its_vm, gicv3_cpuif, not exit_barriers
VGS112 mmio_before_sysreg common.vgs: vgic_ap1r[2]
    not sre, not its_vm, gicv3_cpuif, not exit_barriers
VGS112 mmio_before_sysreg common.vgs: vgic_ap1r[1]
    not sre, not its_vm, gicv3_cpuif, not exit_barriers
VGS112 mmio_before_sysreg common.vgs: vgic_ap1r[0]
    not sre, not its_vm, gicv3_cpuif, not exit_barriers
"""


def test_after_the_patch() -> None:
    findings = check(load("sequences/kvm/run_after.vgs")).findings
    assert "".join(map(said, findings)) == """\
VGS110 mmio_before_sysreg after.vgs: dsb(st) orders guest_mmio before rea ...
    not sre, not its_vm, gicv3_cpuif, not exit_barriers
VGS112 mmio_before_sysreg after.vgs: ICH_ELRSR_EL2
    not sre, not its_vm, gicv3_cpuif, not exit_barriers
VGS113 vgic_hcr after.vgs: ICH_HCR_EL2 <- vgic_hcr with En = 0
    vhe, gicv3_cpuif
VGS112 mmio_before_sysreg after.vgs: vgic_vmcr
    vhe, not sre, not its_vm, gicv3_cpuif, not exit_barriers
VGS112 mmio_before_sysreg common.vgs: vgic_ap1r[3]
    not sre, not its_vm, gicv3_cpuif, not exit_barriers
VGS112 mmio_before_sysreg common.vgs: vgic_ap1r[2]
    not sre, not its_vm, gicv3_cpuif, not exit_barriers
VGS112 mmio_before_sysreg common.vgs: vgic_ap1r[1]
    not sre, not its_vm, gicv3_cpuif, not exit_barriers
VGS112 mmio_before_sysreg common.vgs: vgic_ap1r[0]
    not sre, not its_vm, gicv3_cpuif, not exit_barriers
VGS112 sysreg_before_mmio lifecycle.vgs: may use redistributors
    vhe, not sre, not its_vm, gicv3_cpuif
VGS112 sysreg_before_mmio lifecycle.vgs: may use guest_mmio
    vhe, not sre, not its_vm, gicv3_cpuif
VGS112 sysreg_before_mmio lifecycle.vgs: may use redistributors
    vhe, not sre, not its_vm, gicv3_cpuif
VGS112 sysreg_before_mmio lifecycle.vgs: may use guest_mmio
    vhe, not sre, not its_vm, gicv3_cpuif
"""


@pytest.mark.parametrize("module", ["before", "after"])
def test_without_a_lifecycle_only_what_a_barrier_says_is_known(module: str) -> None:
    findings = check(load(f"sequences/kvm/{module}.vgs")).findings
    assert [(f.code, f.rule, Path(f.where.source.name).name) for f in findings] == [
        ("VGS110", "mmio_before_sysreg", f"{module}.vgs")
    ]


def test_xen_has_what_its_page_says() -> None:
    findings = check(load("examples/xen/gic.vgs")).findings
    assert [(f.code, f.rule, f.function) for f in findings] == [
        ("VGS117", "aprs_in_order", "restore_aprn_regs"),
        ("VGS117", "aprs_in_order", "restore_aprn_regs"),
        ("VGS110", "mmio_before_sysreg", "gicv3_save_state"),
        ("VGS110", "sysreg_before_mmio", "gicv3_restore_state"),
    ]


@pytest.mark.parametrize("case", ["sysreg/sysreg", "timer/timer"])
def test_nothing_is_found_where_no_rule_is_broken(case: str) -> None:
    assert check(load(f"examples/{case}.vgs")).findings == ()
