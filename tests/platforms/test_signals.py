"""What the interface signals to the CPU and the host, and what GICv4 injects."""

from __future__ import annotations

import pytest

from dsl.run.errors import Stopped
from tests.platforms.interface import FIQ, IDLE, IRQ, NONE, SPURIOUS, Interface


@pytest.mark.parametrize(
    ("sre", "fiq_enable", "group", "signal"),
    [
        *[(False, 0, 0, IRQ), (False, 1, 0, FIQ), (True, 0, 0, FIQ), (True, 1, 0, FIQ)],
        *[(sre, fiq, 1, IRQ) for sre in (False, True) for fiq in (0, 1)],
    ],
)
def test_group_0_is_an_fiq_unless_a_gicv2_guest_says_otherwise(
    sre: bool, fiq_enable: int, group: int, signal: int
) -> None:
    cpu = Interface(sre=sre, VFIQEn=fiq_enable)
    cpu.list(0, 34, group=group)
    assert cpu.signalled() == signal


def test_a_vmcr_that_was_written_too_early_gives_a_gicv2_guest_fiqs() -> None:
    cpu = Interface(sre=True)
    cpu["ICH_VMCR_EL2"] = 0xF0000001
    cpu["ICC_SRE_EL1"] = 0
    cpu.list(0, 34, group=0)
    assert cpu.signalled() == FIQ
    cpu["ICH_VMCR_EL2"] = 0xF0000001
    assert cpu.signalled() == IRQ


def test_an_fiq_that_became_one_with_sre() -> None:
    cpu = Interface(sre=False, VFIQEn=0)
    cpu.list(0, 34, group=0)
    cpu["ICC_SRE_EL1"] = 1
    assert cpu.signalled() == FIQ


def test_nothing_is_signalled_while_the_interface_is_off() -> None:
    cpu = Interface()
    cpu.list(0, 34)
    cpu.vlpi_present(8192, 0x40, 1)
    cpu["ICH_HCR_EL2.En"] = 0
    assert (cpu.signalled(), cpu.ICV_IAR1_EL1(), cpu.state(0)) == (NONE, SPURIOUS, 1)
    assert cpu.ICV_HPPIR1_EL1() == 34
    cpu["ICH_HCR_EL2.En"] = 1
    assert (cpu.signalled(), cpu.ICV_HPPIR1_EL1()) == (IRQ, 8192)


# ---- GICv4


def test_a_virtual_lpi_is_acknowledged_without_a_list_register() -> None:
    cpu = Interface()
    cpu.vlpi_present(8200, 0x40, 1)
    before = [cpu[f"ICH_LR{n}_EL2"] for n in range(16)]
    assert (cpu.signalled(), cpu.ICV_HPPIR1_EL1(), cpu.ICV_IAR1_EL1()) == (IRQ, 8200, 8200)
    assert [cpu[f"ICH_LR{n}_EL2"] for n in range(16)] == before
    assert (cpu.ICV_RPR_EL1(), cpu.ICV_IAR1_EL1()) == (0x40, SPURIOUS)
    # It has no active state: only the priority is dropped, and no deactivation is counted.
    cpu.ICV_EOIR1_EL1(8200)
    assert (cpu.ICV_RPR_EL1(), cpu["ICH_HCR_EL2.EOIcount"]) == (IDLE, 0)


@pytest.mark.parametrize(
    ("lpi", "listed", "first"), [(0x40, 0x48, 8200), (0x40, 0x40, 34), (0x48, 0x40, 34)]
)
def test_a_virtual_lpi_and_a_list_register_go_by_priority(
    lpi: int, listed: int, first: int
) -> None:
    cpu = Interface()
    cpu.vlpi_present(8200, lpi, 1)
    cpu.list(0, 34, listed)
    assert cpu.ICV_IAR1_EL1() == first


@pytest.mark.parametrize("group", [0, 1])
def test_a_virtual_lpi_has_a_group(group: int) -> None:
    cpu = Interface()
    cpu.vlpi_present(8200, 0x40, group)
    assert cpu.signalled() == (IRQ if group else FIQ)
    assert (cpu.ICV_IAR0_EL1(), cpu.ICV_IAR1_EL1()) == (
        (SPURIOUS, 8200) if group else (8200, SPURIOUS)
    )
    assert cpu.active[group][0] == 1 << 8
    other = Interface(**{f"VENG{group}": 0})
    other.vlpi_present(8200, 0x40, group)
    assert other.signalled() == NONE


def test_direct_injection_can_be_masked_on_its_own() -> None:
    cpu = Interface()
    cpu.poke("ICH_VTR_EL2", cpu["ICH_VTR_EL2"] | 1 << 18)
    cpu.vlpi_present(8200, 0x40, 1)
    cpu["ICH_HCR_EL2.DVIM"] = 1
    assert (cpu.signalled(), cpu.ICV_IAR1_EL1(), cpu.ICV_HPPIR1_EL1()) == (NONE, SPURIOUS, SPURIOUS)
    cpu.list(0, 34)
    assert cpu.ICV_IAR1_EL1() == 34


def test_a_vpe_that_leaves_takes_its_lpi_with_it() -> None:
    cpu = Interface()
    cpu.vlpi_present(8200, 0x47, 1)
    assert cpu["PENDING_VLPI.Priority"] == 0x40
    cpu.vlpi_retract()
    assert (cpu.signalled(), cpu["PENDING_VLPI"]) == (NONE, 0)


def test_only_an_lpi_is_injected_directly() -> None:
    cpu = Interface()
    with pytest.raises(Stopped, match="INTID_FIRST_LPI"):
        cpu.vlpi_present(8191, 0x40, 1)
    cpu.vlpi_present(8192, 0x40, 1)
    assert cpu.ICV_HPPIR1_EL1() == 8192


# ---- maintenance


@pytest.mark.parametrize(
    ("enable", "bit", "arrange"),
    [
        (None, 0, lambda cpu: cpu.list(0, 34, state=0, eoi=1)),
        ("UIE", 1, lambda cpu: cpu.list(2, 34)),
        ("LRENPIE", 2, lambda cpu: cpu.ICV_DIR_EL1(34)),
        ("NPIE", 3, lambda cpu: cpu.list(0, 34, state=3)),
        ("VGrp0EIE", 4, lambda cpu: cpu.write_ICV_IGRPEN0_EL1(1)),
        ("VGrp0DIE", 5, lambda cpu: cpu.write_ICV_IGRPEN0_EL1(0)),
        ("VGrp1EIE", 6, lambda cpu: cpu.write_ICV_IGRPEN1_EL1(1)),
        ("VGrp1DIE", 7, lambda cpu: cpu.write_ICV_IGRPEN1_EL1(0)),
    ],
)
def test_each_reason_for_a_maintenance_interrupt(enable, bit, arrange) -> None:  # type: ignore[no-untyped-def]
    cpu = Interface(VENG0=bit == 5, VENG1=bit == 7, VEOIM=1)
    if enable:
        cpu[f"ICH_HCR_EL2.{enable}"] = 1
    if bit in (1, 3):
        cpu.list(0, 40)
        cpu.list(1, 41)
        assert not cpu.maintenance_interrupt()
        cpu["ICH_LR0_EL2"] = cpu["ICH_LR1_EL2"] = 0
    else:
        assert not cpu.maintenance_interrupt()
    arrange(cpu)
    assert cpu["ICH_MISR_EL2"] == 1 << bit
    assert cpu.maintenance_interrupt()
    cpu["ICH_HCR_EL2.En"] = 0
    assert cpu["ICH_MISR_EL2"] == 1 << bit
    assert not cpu.maintenance_interrupt()


def test_the_host_hears_of_a_deactivation_that_it_asked_for() -> None:
    cpu = Interface()
    cpu.list(0, 34, eoi=1)
    cpu.ICV_IAR1_EL1()
    assert not cpu.maintenance_interrupt()
    cpu.ICV_EOIR1_EL1(34)
    assert cpu.maintenance_interrupt()
    assert (cpu["ICH_MISR_EL2"], cpu["ICH_EISR_EL2"], cpu["ICH_ELRSR_EL2"]) == (1, 1, 0b1110)
