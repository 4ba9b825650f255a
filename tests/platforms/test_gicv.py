"""A guest with a GICv2: the same interface through memory."""

from __future__ import annotations

import pytest

from tests.platforms.interface import GROUP1_PENDING, IDLE, IRQ, SPURIOUS, Interface


def guest(**vmcr: int) -> Interface:
    return Interface(sre=False, **vmcr)


def test_a_group_0_interrupt_is_acknowledged_and_ended() -> None:
    cpu = guest()
    cpu.list(0, 34, 0x80, group=0)
    assert (cpu.signalled(), cpu.GICV_HPPIR(), cpu.GICV_IAR()) == (IRQ, 34, 34)
    # Group 1's active priorities hold both groups'.
    assert cpu.active == ([0] * 4, [1 << 16, 0, 0, 0])
    assert cpu.GICV_RPR() == cpu.read_GICV_APR(0) >> 9 == 0x80
    cpu.GICV_EOIR(34)
    assert (cpu.state(0), cpu.GICV_RPR(), cpu.GICV_IAR()) == (0, IDLE, SPURIOUS)


@pytest.mark.parametrize("source", range(8))
def test_an_sgi_comes_with_the_cpu_that_sent_it(source: int) -> None:
    cpu = guest()
    # The same number from two CPUs: two interrupts.
    cpu.list(0, 5 | (source ^ 1) << 10, 0x80, group=0)
    cpu.list(1, 5 | source << 10, 0x40, group=0)
    assert cpu.GICV_HPPIR() == cpu.GICV_IAR() == 5 | source << 10
    cpu.GICV_EOIR(0xFFFFE000 | 5 | source << 10)
    assert (cpu.state(0), cpu.state(1)) == (1, 0)
    assert cpu.GICV_IAR() == 5 | (source ^ 1) << 10


def test_a_hardware_interrupt_has_no_sender() -> None:
    cpu = guest()
    cpu.gic_activate(27)
    cpu.list(0, 27 | 5 << 10, group=0, hw=27)
    assert cpu.GICV_HPPIR() == cpu.GICV_IAR() == 27
    cpu.list(0, 27, group=0, hw=27, state=2)
    cpu.GICV_EOIR(27)
    assert (cpu.state(0), cpu.gic_active(27)) == (0, 0)


def test_group_1_is_for_the_aliases() -> None:
    cpu = guest()
    cpu.list(0, 34, group=1)
    assert (cpu.GICV_HPPIR(), cpu.GICV_IAR()) == (GROUP1_PENDING, GROUP1_PENDING)
    assert cpu.state(0) == 1
    assert (cpu.GICV_AHPPIR(), cpu.GICV_AIAR()) == (34, 34)
    # Not with Group 0's register.
    cpu.GICV_EOIR(34)
    assert (cpu.state(0), cpu.GICV_RPR()) == (2, 0x80)
    cpu.GICV_AEOIR(34)
    assert (cpu.state(0), cpu.GICV_RPR()) == (0, IDLE)


def test_the_aliases_do_not_take_group_0() -> None:
    cpu = guest()
    cpu.list(0, 34, group=0)
    assert (cpu.GICV_AHPPIR(), cpu.GICV_AIAR(), cpu.state(0)) == (SPURIOUS, SPURIOUS, 1)
    cpu.GICV_IAR()
    cpu.GICV_AEOIR(34)
    assert (cpu.state(0), cpu.GICV_RPR()) == (2, 0x80)


def test_with_ackctl_group_0s_registers_take_both() -> None:
    cpu = guest(VAckCtl=1)
    cpu.list(0, 34, group=1)
    assert (cpu.GICV_HPPIR(), cpu.GICV_IAR()) == (34, 34)
    cpu.GICV_EOIR(34)
    assert (cpu.state(0), cpu.GICV_RPR()) == (0, IDLE)


def test_what_cannot_be_signalled_is_1023_even_of_group_1() -> None:
    cpu = guest(VPMR=0x80)
    cpu.list(0, 34, 0x80, group=1)
    assert (cpu.GICV_IAR(), cpu.GICV_AIAR(), cpu.GICV_AHPPIR()) == (SPURIOUS,) * 3
    assert cpu.GICV_HPPIR() == GROUP1_PENDING


def test_with_eoimode_1_dir_deactivates() -> None:
    cpu = guest()
    cpu.write_GICV_CTLR(0x203)
    cpu.list(0, 3 | 2 << 10, group=0)
    intid = cpu.GICV_IAR()
    cpu.GICV_EOIR(intid)
    assert (cpu.state(0), cpu.GICV_RPR()) == (2, IDLE)
    # That of another CPU is another interrupt.
    cpu.GICV_DIR(3)
    assert (cpu.state(0), cpu["ICH_HCR_EL2.EOIcount"]) == (2, 1)
    cpu.GICV_DIR(0xFFFFE000 | intid)
    assert (cpu.state(0), cpu["ICH_HCR_EL2.EOIcount"]) == (0, 1)


def test_an_end_that_finds_no_list_register_is_counted() -> None:
    cpu = guest()
    cpu.list(0, 34, group=0)
    cpu.GICV_IAR()
    cpu["ICH_LR0_EL2"] = 0
    cpu.GICV_EOIR(34)
    assert (cpu["ICH_HCR_EL2.EOIcount"], cpu.GICV_RPR()) == (1, IDLE)


@pytest.mark.parametrize("bit", [0, 1, 2, 3, 4, 9])
def test_the_control_register_is_the_hypervisors_vmcr(bit: int) -> None:
    cpu = guest()
    cpu.write_GICV_CTLR(1 << bit)
    assert cpu.read_GICV_CTLR() == 1 << bit
    assert cpu["ICH_VMCR_EL2"] & 0x3FF == 1 << bit
    cpu.write_GICV_CTLR(0xFFFF_FFFF)
    assert cpu.read_GICV_CTLR() == cpu["ICH_VMCR_EL2"] & 0x3FF == 0x21F


def test_the_other_settings_are_fields_of_it_too() -> None:
    cpu = guest()
    cpu.write_GICV_PMR(0x1A7)
    cpu.write_GICV_BPR(4)
    cpu.write_GICV_ABPR(0)
    assert (cpu["ICH_VMCR_EL2.VPMR"], cpu["ICH_VMCR_EL2.VBPR0"], cpu["ICH_VMCR_EL2.VBPR1"]) == (
        0xA0,
        4,
        3,
    )
    assert (cpu.read_GICV_PMR(), cpu.read_GICV_BPR(), cpu.read_GICV_ABPR()) == (0xA0, 4, 3)


@pytest.mark.parametrize(("bits", "last"), [(5, 0), (6, 1), (7, 3)])
def test_active_priorities_that_are_not_there_read_as_zero(bits: int, last: int) -> None:
    cpu = Interface(bits=bits, sre=False)
    for n in range(4):
        cpu.write_GICV_APR(n, 5)
        assert cpu.read_GICV_APR(n) == cpu.active[1][n] == (5 if n <= last else 0)
