"""Xen's GICv3: equal to Xen 4.17 as tokens, and what is saved comes back."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest

from dsl.cli import main
from dsl.machine import AssertionFailed, load_simulator
from tests.examples.trees import tree

EXAMPLE = Path(__file__).parents[2] / "examples" / "xen"
OUTPUT = EXAMPLE / "generated" / "gic-v3"
PATH = "xen/arch/arm/gic-v3.c"


# ---- against the tree


def test_every_function_is_that_of_the_tree(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tree("xen-4.17")
    monkeypatch.chdir(EXAMPLE)
    assert main(["diff", "--tree", str(folder)]) == 0
    assert "15 of 15 whole declarations are the tree's" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "here", "there"),
    [
        ("gicv3_save_lrs", "lr[7] = READ_SYSREG(ICH_LR7_EL2)", "lr[7] = READ_SYSREG(ICH_LR6_EL2)"),
        ("gicv3_restore_state", "val &= ~GICC_SRE_EL2_ENEL1", "val &= GICC_SRE_EL2_ENEL1"),
        ("gicv3_read_vmcr_priority", "return ((READ_SYSREG(", "return (READ_SYSREG("),
        ("restore_aprn_regs", "const union gic_state_data *d", "union gic_state_data *d"),
    ],
)
def test_a_function_that_is_another_one_is_found(
    name: str,
    here: str,
    there: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = (tree("xen-4.17") / PATH).read_text()
    assert text.count(here) == 1
    (tmp_path / PATH).parent.mkdir(parents=True)
    (tmp_path / PATH).write_text(text.replace(here, there))
    monkeypatch.chdir(EXAMPLE)
    assert main(["diff", "--tree", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert name in out
    assert "14 of 15 whole declarations are the tree's" in out


def test_the_names_of_fields_stand_for_the_bits_of_the_platform() -> None:
    sim = simulator()
    headers = tree("xen-4.17") / "xen/arch/arm/include/asm"
    text = (headers / "gic.h").read_text() + (headers / "gic_v3_defs.h").read_text()
    defined = dict(re.findall(r"#define (\w+) +\(?(\w+(?: << \d+)?)\)?$", text, re.MULTILINE))

    def value(name: str) -> int:
        low, _, shift = re.sub("(?i)ul", "", defined[name]).partition(" << ")
        return int(low, 0) << int(shift or 0)

    for name, field in {
        "GICC_SRE_EL2_SRE": sim.ICC_SRE_EL2_SRE,
        "GICC_SRE_EL2_ENEL1": sim.ICC_SRE_EL2_Enable,
        "GICH_HCR_EN": sim.ICH_HCR_EL2_En,
        "ICH_VMCR_EOI": sim.ICH_VMCR_EL2_VEOIM,
        "ICH_VMCR_VENG1": sim.ICH_VMCR_EL2_VENG1,
    }.items():
        assert value(name) == (1 << field.width) - 1 << field.low
    for name, field in {
        "ICH_VMCR_PRIORITY": sim.ICH_VMCR_EL2_VPMR,
        "ICH_VTR_PRIBITS": sim.ICH_VTR_EL2_PRIbits,
    }.items():
        assert value(f"{name}_MASK") == (1 << field.width) - 1
        assert value(f"{name}_SHIFT") == field.low
    # Xen takes one bit more, which is RES0.
    field = sim.ICH_VTR_EL2_ListRegs
    assert value("ICH_VTR_NRLRGS") == (2 << field.width) - 1
    assert not simulator().ICH_VTR_EL2.stored >> field.width & 1


# ---- in the simulator


@cache
def simulator() -> ModuleType:
    return load_simulator(OUTPUT / "simulator.py", "gic")


def machine(lrs: int, bits: int) -> Any:
    """A machine with so many list registers, and priority bits that are all preemption bits."""
    sim = simulator()
    m = sim.Machine()
    m.poke(sim.ICH_VTR_EL2, (bits - 1) << 29 | (bits - 1) << 26 | (lrs - 1))
    sim.gicv3_hyp_init(m)
    return m


def guests(lrs: int, bits: int) -> list[Any]:
    """The registers that a guest owns on such a machine, as far as Xen knows of them."""
    sim = simulator()
    active = bits - 4
    found = [sim.ICC_SRE_EL1, sim.ICH_VMCR_EL2, *(sim.ICH_LRn_EL2[n] for n in range(lrs))]
    found += [sim.ICH_AP0Rn_EL2[n] for n in range(active)]
    return found + [sim.ICH_AP1Rn_EL2[n] for n in range(active)]


def runs(m: Any, lrs: int, bits: int, *, gicv2: bool, seed: int) -> dict[str, int]:
    """A guest that does whatever it likes to what it owns; what it leaves behind."""
    random = Random(seed)
    sim = simulator()
    for register in guests(lrs, bits):
        value = random.getrandbits(64)
        m.write(register, not gicv2 if register is sim.ICC_SRE_EL1 else value)
    return {register.name: m.peek(register) for register in guests(lrs, bits)}


@pytest.mark.parametrize("gicv2", [False, True], ids=["GICv3", "GICv2"])
@pytest.mark.parametrize("bits", [5, 6, 7])
@pytest.mark.parametrize("lrs", range(1, 17))
def test_what_is_saved_comes_back(lrs: int, bits: int, gicv2: bool) -> None:
    sim = simulator()
    m = machine(lrs, bits)
    vcpu, other = sim.Vcpu(), sim.Vcpu()
    vcpu.facts.gicv2, other.facts.gicv2 = gicv2, not gicv2
    left = runs(m, lrs, bits, gicv2=gicv2, seed=1)
    sim.gicv3_save_state(m, vcpu)
    assert runs(m, lrs, bits, gicv2=not gicv2, seed=2) != left
    sim.gicv3_save_state(m, other)

    m.trace.clear()
    sim.gicv3_restore_state(m, vcpu)
    assert {register.name: m.peek(register) for register in guests(lrs, bits)} == left
    assert m.peek(sim.ICC_SRE_EL2) >> 3 & 1 == (not gicv2)
    # Nothing that is not there is accessed.
    written = {event.what for event in m.trace if event.kind == "write"}
    assert written == {*left, "ICC_SRE_EL2"}


def test_a_gicv2_guest_needs_the_barrier_behind_its_mode() -> None:
    """VFIQEn comes back as 0 because SRE is written first; the trace shows the isb between."""
    sim = simulator()
    m = machine(1, 5)
    m.poke(sim.ICC_SRE_EL1, 1)
    vcpu = sim.Vcpu(vmcr=0x4C0000, sre_el1=0)
    vcpu.facts.gicv2 = True
    m.trace.clear()
    sim.gicv3_restore_state(m, vcpu)
    what = [event.what for event in m.trace if event.kind in ("write", "barrier")]
    assert what[1:4] == ["ICC_SRE_EL1", "isb", "ICH_VMCR_EL2"]
    assert m.peek(sim.ICH_VMCR_EL2) == 0x4C0000
    # In the other order the bit sticks.
    m.poke(sim.ICC_SRE_EL1, 1)
    m.write(sim.ICH_VMCR_EL2, 0x4C0000)
    assert m.peek(sim.ICH_VMCR_EL2) == 0x4C0008


def test_with_seven_bits_the_last_active_priorities_are_the_next_guests() -> None:
    """Four registers of each group are there then; this Xen saves three, and clears none."""
    sim = simulator()
    m = machine(4, 7)
    m.poke(sim.ICH_AP1Rn_EL2[3], 0x80)
    sim.gicv3_save_state(m, sim.Vcpu())
    sim.gicv3_restore_state(m, sim.Vcpu())
    assert m.peek(sim.ICH_AP1Rn_EL2[2]) == 0
    assert m.peek(sim.ICH_AP1Rn_EL2[3]) == 0x80


def test_a_machine_that_cannot_be_stops_it() -> None:
    sim = simulator()
    for bits in (4, 8):
        with pytest.raises(AssertionFailed, match="GICv3: Invalid number of priority bits"):
            machine(4, bits)
    m = machine(4, 5)
    assert (m.memory.nr_lrs, m.memory.nr_priorities) == (4, 5)
    with pytest.raises(AssertionFailed, match=r"gic:\d+:\d+: this path must never be taken"):
        sim.gicv3_ich_read_lr(m, 16)
    # A write to what is not there is left alone.
    m.trace.clear()
    sim.gicv3_ich_write_lr(m, 16, 7)
    assert m.trace == []


def test_a_list_register_is_found_by_its_number() -> None:
    sim = simulator()
    m = machine(16, 5)
    for n in range(16):
        sim.gicv3_ich_write_lr(m, n, 100 + n)
    assert [sim.gicv3_ich_read_lr(m, n) for n in range(16)] == [100 + n for n in range(16)]
    sim.gicv3_clear_lr(m, 3)
    assert m.peek(sim.ICH_LRn_EL2[3]) == 0


def test_the_interface_is_switched_on_and_off() -> None:
    sim = simulator()
    m = machine(1, 5)
    assert m.peek(sim.ICH_HCR_EL2) == 1
    assert m.peek(sim.ICH_VMCR_EL2) & 0x3FF == 0x202
    sim.gicv3_enable_sre(m)
    assert m.peek(sim.ICC_SRE_EL2) == 1
    m.poke(sim.ICH_HCR_EL2, 0b111)
    sim.gicv3_hyp_disable(m)
    assert m.peek(sim.ICH_HCR_EL2) == 0b110
    sim.gicv3_hcr_status(m, 0b1010, True)
    assert m.peek(sim.ICH_HCR_EL2) == 0b1110
    sim.gicv3_hcr_status(m, 0b0110, False)
    assert m.peek(sim.ICH_HCR_EL2) == 0b1000


def test_what_the_guest_may_be_interrupted_by_can_be_asked() -> None:
    sim = simulator()
    m = machine(1, 7)
    m.write(sim.ICH_VMCR_EL2, 0xA5 << 24)
    assert sim.gicv3_read_vmcr_priority(m) == 0xA4
    for n in range(3):
        m.poke(sim.ICH_AP1Rn_EL2[n], 1 << n)
    assert [sim.gicv3_read_apr(m, n) for n in range(3)] == [1, 2, 4]
    with pytest.raises(AssertionFailed, match="nr_priorities > 6"):
        sim.gicv3_read_apr(machine(1, 6), 2)
