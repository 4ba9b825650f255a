"""Which accesses of a guest are trapped, which are UNDEFINED, and what the settings read as."""

from __future__ import annotations

from itertools import product

import pytest

from dsl.run.errors import Stopped, Trapped
from tests.platforms.interface import Interface, program

GROUP0 = ["IAR0", "EOIR0", "HPPIR0", "BPR0", "IGRPEN0", "AP0R"]
GROUP1 = ["IAR1", "EOIR1", "HPPIR1", "BPR1", "IGRPEN1", "AP1R"]
COMMON = ["RPR", "PMR", "CTLR", "DIR"]
GICV = sorted(name for name in program().operations if "GICV_" in name)
ICV = sorted(name for name in program().operations if "ICV_" in name and name not in GICV)


def traps(operation: str) -> set[str]:
    """What traps it, by the lists of the architecture."""
    register = operation.split("ICV_")[1].removesuffix("_EL1")
    found = {
        bit
        for bit, registers in (("TALL0", GROUP0), ("TALL1", GROUP1), ("TC", COMMON))
        if register in registers
    }
    return found | {"TDIR"} if register == "DIR" else found


def perform(cpu: Interface, operation: str) -> object:
    params = program().operations[operation].signature.params
    return getattr(cpu, operation)(*[34 if p.name == "intid" else 0 for p in params])


def test_every_register_is_in_one_list() -> None:
    registers = {name.split("ICV_")[1].removesuffix("_EL1") for name in ICV}
    assert registers == {*GROUP0, *GROUP1, *COMMON}


@pytest.mark.parametrize("operation", ICV)
@pytest.mark.parametrize("bit", ["TC", "TALL0", "TALL1", "TDIR"])
def test_a_trap_takes_its_registers_and_no_other(operation: str, bit: str) -> None:
    cpu = Interface()
    cpu.list(0, 34)
    cpu[f"ICH_HCR_EL2.{bit}"] = 1
    before = cpu.everything()
    if bit in traps(operation):
        with pytest.raises(Trapped, match=rf"\b{bit}\b") as trapped:
            perform(cpu, operation)
        assert not trapped.value.undefined
        assert cpu.everything() == before
    else:
        perform(cpu, operation)


@pytest.mark.parametrize("operation", ICV)
def test_a_guest_that_uses_memory_has_no_system_registers(operation: str) -> None:
    cpu = Interface(sre=False)
    # Even where it would be trapped: it never gets that far.
    cpu["ICH_HCR_EL2"] = 0x5C01
    before = cpu.everything()
    with pytest.raises(Trapped) as trapped:
        perform(cpu, operation)
    assert trapped.value.undefined
    assert cpu.everything() == before


@pytest.mark.parametrize("operation", GICV)
def test_a_guest_that_uses_system_registers_leaves_memory_alone(operation: str) -> None:
    cpu = Interface()
    params = program().operations[operation].signature.params
    with pytest.raises(Stopped, match="ICC_SRE_EL1"):
        getattr(cpu, operation)(*[0] * len(params))


@pytest.mark.parametrize(
    ("sre_el2", "enable", "trapped"), [(1, 0, True), (1, 1, False), (0, 0, False), (0, 1, False)]
)
def test_el1_may_choose_where_el2_lets_it(sre_el2: int, enable: int, trapped: bool) -> None:
    cpu = Interface()
    cpu["ICC_SRE_EL2"] = sre_el2 | enable << 3
    if trapped:
        with pytest.raises(Trapped):
            cpu.read_ICC_SRE_EL1()
        with pytest.raises(Trapped):
            cpu.write_ICC_SRE_EL1(0)
        assert cpu["ICC_SRE_EL1"] == 1
    else:
        assert cpu.read_ICC_SRE_EL1() == 1
        cpu.write_ICC_SRE_EL1(0)
        assert cpu["ICC_SRE_EL1"] == 0


@pytest.mark.parametrize(("bits", "last"), [(5, 0), (6, 1), (7, 3)])
@pytest.mark.parametrize("group", [0, 1])
def test_there_are_as_many_active_priorities_as_levels(bits: int, last: int, group: int) -> None:
    cpu = Interface(bits=bits)
    read, write = (getattr(cpu, f"{verb}_ICV_AP{group}R_EL1") for verb in ("read", "write"))
    for n in range(4):
        if n <= last:
            write(n, 0x8000_0001 << n & 0xFFFF_FFFF)
            assert cpu.active[group][n] == read(n) == 0x8000_0001 << n & 0xFFFF_FFFF
        else:
            for access in (lambda n=n: read(n), lambda n=n: write(n, 1)):
                with pytest.raises(Trapped) as trapped:
                    access()
                assert trapped.value.undefined
    assert cpu.active[1 - group] == [0] * 4


@pytest.mark.parametrize(("bits", "minimum"), [(5, 2), (6, 1), (7, 0)])
def test_binary_points_have_a_minimum(bits: int, minimum: int) -> None:
    cpu = Interface(bits=bits)
    for value in range(16):
        cpu.write_ICV_BPR0_EL1(value)
        cpu.write_ICV_BPR1_EL1(value)
        assert cpu.read_ICV_BPR0_EL1() == max(minimum, value & 7)
        assert cpu.read_ICV_BPR1_EL1() == max(minimum + 1, value & 7)
        assert cpu["ICH_VMCR_EL2.VBPR0"] == max(minimum, value & 7)


def test_with_one_binary_point_for_both_group_1s_follows() -> None:
    cpu = Interface()
    cpu.write_ICV_BPR1_EL1(5)
    cpu.write_ICV_CTLR_EL1(1)
    for value in range(2, 8):
        cpu.write_ICV_BPR0_EL1(value)
        cpu.write_ICV_BPR1_EL1(3)
        assert cpu.read_ICV_BPR1_EL1() == min(value + 1, 7)
    assert cpu["ICH_VMCR_EL2.VBPR1"] == 5
    # [7:4] count for Group 1, too.
    cpu.write_ICV_BPR0_EL1(3)
    cpu.list(0, 40, 0x78)
    cpu.ICV_IAR1_EL1()
    assert cpu.ICV_RPR_EL1() == 0x70


@pytest.mark.parametrize("bits", [5, 6, 7])
def test_the_mask_has_the_bits_of_a_priority(bits: int) -> None:
    cpu = Interface(bits=bits)
    for value in (0x00, 0x0F, 0xF5, 0xFF, 0x1F0):
        cpu.write_ICV_PMR_EL1(value)
        assert cpu.read_ICV_PMR_EL1() == value & 0xFF & 0xFF << (8 - bits)


def test_the_control_register_shows_what_is_implemented() -> None:
    cpu = Interface(bits=6)
    cpu.poke("ICH_VTR_EL2", cpu["ICH_VTR_EL2"] | 1 << 23 | 3 << 21)
    cpu.write_ICV_CTLR_EL1(0xFFFF_FFFF)
    assert cpu.read_ICV_CTLR_EL1() == 1 << 15 | 1 << 14 | 1 << 11 | 5 << 8 | 3
    cpu.write_ICV_CTLR_EL1(2)
    assert (cpu["ICH_VMCR_EL2.VCBPR"], cpu["ICH_VMCR_EL2.VEOIM"]) == (0, 1)


def test_what_the_guest_sets_is_what_the_hypervisor_saves() -> None:
    for one, zero in product((0, 1), repeat=2):
        cpu = Interface()
        cpu.write_ICV_IGRPEN0_EL1(zero)
        cpu.write_ICV_IGRPEN1_EL1(one)
        cpu.write_ICV_PMR_EL1(0xA0)
        cpu.write_ICV_CTLR_EL1(3)
        assert cpu["ICH_VMCR_EL2"] == 0xA0 << 24 | 2 << 21 | 3 << 18 | 0x218 | one << 1 | zero
        assert (cpu.read_ICV_IGRPEN0_EL1(), cpu.read_ICV_IGRPEN1_EL1()) == (zero, one)
