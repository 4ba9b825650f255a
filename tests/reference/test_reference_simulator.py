"""The simulators run: what is saved comes back, and the traces are what the C says by hand."""

from __future__ import annotations

from itertools import product
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl.machine import Kind, snapshot
from tests.reference.cases import CASES, simulator

U32 = st.integers(0, 2**32 - 1)
U64 = st.integers(0, 2**64 - 1)
#: ICH_VTR_EL2 of a machine with 16 list registers and all priority bits: nothing is cut off.
VTR = 15 | 6 << 26 | 7 << 29


def machine(
    sim: ModuleType, *, vhe: bool, trap: bool, registers: dict[str, int] | None = None
) -> Any:
    m = sim.Machine(sim.MachineFacts(vhe=vhe, cpuif_trap=trap), unknown=registers or {})
    m.poke(sim.ICH_VTR_EL2, VTR)
    return m


def vcpu(sim: ModuleType, *, sre: bool, used_lrs: int, gicv4: bool, **slots: Any) -> Any:
    v = sim.Vcpu(used_lrs=used_lrs, vgic_sre=7 if sre else 0)
    v.facts.its_vm = gicv4
    for name, value in slots.items():
        if isinstance(value, list):
            getattr(v, name)[:] = value
        else:
            setattr(v, name, value)
    return v


def enter(sim: ModuleType, m: Any, v: Any) -> None:
    """What a non-VHE host does before the guest runs."""
    if hasattr(sim, "__vgic_v3_activate_traps"):
        sim.__vgic_v3_activate_traps(m, v)
    sim.__vgic_v3_restore_state(m, v)


def leave(sim: ModuleType, m: Any, v: Any) -> None:
    sim.__vgic_v3_save_state(m, v)
    if hasattr(sim, "__vgic_v3_deactivate_traps"):
        sim.__vgic_v3_deactivate_traps(m, v)


@st.composite
def values(draw: st.DrawFn) -> dict[str, Any]:
    """Registers and context; only what the architecture lets a register hold."""
    lr = st.builds(
        lambda number, physical, priority, top: number
        | physical << 32
        | priority << 48
        | top << 59,
        U32,
        st.integers(0, 2**13 - 1),
        st.integers(0, 255),
        st.integers(0, 31),
    )
    # VMCR without reserved bits, its binary points not below the minimum of this machine.
    vmcr = st.builds(
        lambda low, eoim, one, zero, mask: low | eoim << 9 | one << 18 | zero << 21 | mask << 24,
        st.integers(0, 31),
        st.integers(0, 1),
        st.integers(1, 7),
        st.integers(0, 7),
        st.integers(0, 255),
    )
    return {
        "vgic_lr": draw(st.lists(lr, min_size=16, max_size=16)),
        "vgic_vmcr": draw(vmcr),
        "vgic_hcr": draw(U32) & 0xF8003DFF,
        "vgic_ap0r": draw(st.lists(U32, min_size=4, max_size=4)),
        "vgic_ap1r": draw(st.lists(U32, min_size=4, max_size=4)),
        "registers": draw(
            st.fixed_dictionaries(
                dict.fromkeys(("ICC_SRE_EL1", "ICC_SRE_EL2", "ICH_VMCR_EL2"), U64)
            )
        ),
    }


CONFIGURATIONS = list(product((False, True), repeat=4))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("vhe", "sre", "trap", "gicv4"), CONFIGURATIONS)
@settings(max_examples=60, deadline=None)
@given(value=values(), used_lrs=st.integers(0, 16))
def test_every_mirrored_slot_comes_back(
    case: str, vhe: bool, sre: bool, trap: bool, gicv4: bool, value: dict[str, Any], used_lrs: int
) -> None:
    round_trip(case, vhe, sre, trap, gicv4, used_lrs, value)


@pytest.mark.parametrize("case", CASES)
@settings(max_examples=3, deadline=None)
@given(value=values())
def test_for_every_number_of_list_registers(case: str, value: dict[str, Any]) -> None:
    for vhe, sre, trap, gicv4 in CONFIGURATIONS:
        for used_lrs in range(17):
            round_trip(case, vhe, sre, trap, gicv4, used_lrs, value)


def round_trip(
    case: str, vhe: bool, sre: bool, trap: bool, gicv4: bool, used_lrs: int, value: dict[str, Any]
) -> None:
    sim = simulator(case)
    m = machine(sim, vhe=vhe, trap=trap, registers=value["registers"])
    slots = {k: v for k, v in value.items() if k != "registers"}
    v = vcpu(sim, sre=sre, used_lrs=used_lrs, gicv4=gicv4, **slots)
    sim.__vgic_v3_init_lrs(m)
    before = snapshot(v)
    enter(sim, m, v)
    assert [m.peek(r) for r in sim.ICH_LRn_EL2][:used_lrs] == value["vgic_lr"][:used_lrs]
    # Whoever ran on this CPU meanwhile left other values in memory; the registers hold ours.
    for i in range(used_lrs):
        state = value["vgic_lr"][i] >> 62
        v.vgic_lr[i] = value["vgic_lr"][i] if state == 0 else 0
    if not sre:
        v.vgic_vmcr = 0
    leave(sim, m, v)
    assert snapshot(v) == before
    assert [m.peek(r) for r in sim.ICH_LRn_EL2] == [0] * 16
    # The host has its own view of the interface back.
    assert sim.ICC_SRE_EL2_Enable.get(m.peek(sim.ICC_SRE_EL2)) == 1
    assert sre or m.peek(sim.ICC_SRE_EL1) & 1 == 1


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("bits", [5, 6, 7])
@settings(max_examples=30, deadline=None)
@given(
    low=st.lists(U32, min_size=4, max_size=4),
    high=st.lists(U32, min_size=4, max_size=4),
)
def test_active_priorities_come_back(case: str, bits: int, low: list[int], high: list[int]) -> None:
    sim = simulator(case)
    m = machine(sim, vhe=True, trap=False)
    m.poke(sim.ICH_VTR_EL2, 15 | (bits - 1) << 26)
    v = vcpu(sim, sre=True, used_lrs=0, gicv4=False, vgic_ap0r=low, vgic_ap1r=high)
    sim.__vgic_v3_restore_aprs(m, v)
    there = {5: 1, 6: 2, 7: 4}[bits]
    v.vgic_ap0r[:there] = [0] * there
    v.vgic_ap1r[:there] = [0] * there
    sim.__vgic_v3_save_aprs(m, v)
    assert (list(v.vgic_ap0r), list(v.vgic_ap1r)) == (low, high)
    # Registers that do not exist with so few bits are never touched.
    touched = {e.what for e in m.trace if e.what.startswith("ICH_AP")}
    assert touched == {f"ICH_AP{g}R{n}_EL2" for g in (0, 1) for n in range(there)}


# ---- traces, read off the C by hand


def accesses(m: Any) -> list[str]:
    """Reads, writes with their new value, and barriers, as the C has them."""
    made = []
    for e in m.trace:
        match e.kind:
            case Kind.READ:
                made.append(f"read {e.what}")
            case Kind.WRITE:
                made.append(f"write {e.what} {e.new:#x}")
            case Kind.BARRIER:
                made.append(e.what)
            case _:
                pass
    return made


def trip(case: str, *, vhe: bool, sre: bool, used_lrs: int, trap: bool, gicv4: bool) -> list[str]:
    sim = simulator(case)
    m = machine(sim, vhe=vhe, trap=trap, registers={"ICC_SRE_EL1": 1, "ICC_SRE_EL2": 9})
    # LR0: INTID 34, pending; LR1: invalid.  VMCR: group 1 on, priority mask 0xf0.
    v = vcpu(
        sim,
        sre=sre,
        used_lrs=used_lrs,
        gicv4=gicv4,
        vgic_hcr=1,
        vgic_vmcr=0xF0 << 24 | 7 << 18 | 7 << 21 | 2,
        vgic_lr=[34 | 1 << 60 | 1 << 62] + [0] * 15,
    )
    enter(sim, m, v)
    leave(sim, m, v)
    return accesses(m)


VMCR = "0xf0fc0002"
LR0 = "0x5000000000000022"


def test_before_non_vhe_gicv2_guest_two_list_registers() -> None:
    assert trip("before", vhe=False, sre=False, used_lrs=2, trap=False, gicv4=False) == [
        # __vgic_v3_restore_state
        "write ICC_SRE_EL1 0x0",
        "isb",
        f"write ICH_VMCR_EL2 {VMCR}",
        "write ICH_HCR_EL2 0x1",
        f"write ICH_LR0_EL2 {LR0}",
        "write ICH_LR1_EL2 0x0",
        "isb",
        "dsb(sy)",
        "read ICC_SRE_EL2",
        "write ICC_SRE_EL2 0x1",
        # __vgic_v3_save_state
        "dsb(st)",
        "read ICH_VMCR_EL2",
        "read ICH_ELRSR_EL2",
        "write ICH_HCR_EL2 0x0",
        "read ICH_LR0_EL2",
        "write ICH_LR0_EL2 0x0",
        # LR1 is empty: its state is cleared in memory, and it is not read.
        "write ICH_LR1_EL2 0x0",
        "read ICC_SRE_EL2",
        "write ICC_SRE_EL2 0x9",
        "isb",
        "write ICC_SRE_EL1 0x1",
    ]


def test_before_gicv3_guest_idle_with_gicv4() -> None:
    # Whether the host is VHE or not makes no difference before the patch.
    for vhe in (False, True):
        assert trip("before", vhe=vhe, sre=True, used_lrs=0, trap=False, gicv4=True) == [
            # __vgic_v3_restore_state
            "write ICH_HCR_EL2 0x1",
            "read ICC_SRE_EL2",
            "write ICC_SRE_EL2 0x1",
            # __vgic_v3_save_state
            "write ICH_HCR_EL2 0x0",
            "read ICC_SRE_EL2",
            "write ICC_SRE_EL2 0x9",
        ]


def test_after_vhe_gicv2_guest_one_list_register_with_traps() -> None:
    assert trip("after", vhe=True, sre=False, used_lrs=1, trap=True, gicv4=False) == [
        # __vgic_v3_activate_traps
        "write ICC_SRE_EL1 0x0",
        "isb",
        f"write ICH_VMCR_EL2 {VMCR}",
        "isb",
        "dsb(sy)",
        "read ICC_SRE_EL2",
        "write ICC_SRE_EL2 0x1",
        "write ICH_HCR_EL2 0x1",
        # __vgic_v3_restore_state
        "write ICH_HCR_EL2 0x1",
        f"write ICH_LR0_EL2 {LR0}",
        "isb",
        "dsb(sy)",
        # __vgic_v3_save_state
        "dsb(st)",
        "read ICH_ELRSR_EL2",
        # En is cleared and the traps stay.
        "write ICH_HCR_EL2 0x0",
        "read ICH_LR0_EL2",
        "write ICH_LR0_EL2 0x0",
        # __vgic_v3_deactivate_traps
        "read ICH_VMCR_EL2",
        "read ICC_SRE_EL2",
        "write ICC_SRE_EL2 0x9",
        "isb",
        "write ICC_SRE_EL1 0x1",
        "write ICH_HCR_EL2 0x0",
    ]


def test_after_non_vhe_idle() -> None:
    # A GICv2 guest still needs its barriers for VMCR; a GICv3 guest costs two accesses each way.
    assert trip("after", vhe=False, sre=False, used_lrs=0, trap=False, gicv4=False) == [
        "write ICC_SRE_EL1 0x0",
        "isb",
        f"write ICH_VMCR_EL2 {VMCR}",
        "read ICC_SRE_EL2",
        "write ICC_SRE_EL2 0x1",
        "isb",
        "dsb(sy)",
        "dsb(st)",
        "read ICH_VMCR_EL2",
        "read ICC_SRE_EL2",
        "write ICC_SRE_EL2 0x9",
        "isb",
        "write ICC_SRE_EL1 0x1",
    ]
    assert trip("after", vhe=False, sre=True, used_lrs=0, trap=False, gicv4=False) == [
        "read ICC_SRE_EL2",
        "write ICC_SRE_EL2 0x1",
        "read ICC_SRE_EL2",
        "write ICC_SRE_EL2 0x9",
    ]


def test_after_vhe_idle_trip_between_load_and_put_touches_nothing() -> None:
    sim = simulator("after")
    for sre in (False, True):
        m = machine(sim, vhe=True, trap=False)
        v = vcpu(sim, sre=sre, used_lrs=0, gicv4=False)
        sim.__vgic_v3_restore_state(m, v)
        sim.__vgic_v3_save_state(m, v)
        assert m.trace == []


# ---- the functions that the patch leaves alone: nothing but this holds them to the C


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("last", [0, 3, 15])
def test_init_lrs_clears_every_list_register_there_is(case: str, last: int) -> None:
    sim = simulator(case)
    m = machine(sim, vhe=False, trap=False)
    m.poke(sim.ICH_VTR_EL2, last | 4 << 26 | 4 << 29)
    sim.__vgic_v3_init_lrs(m)
    assert accesses(m) == [
        "read ICH_VTR_EL2",
        *[f"write ICH_LR{n}_EL2 0x0" for n in range(last + 1)],
    ]


@pytest.mark.parametrize("case", CASES)
def test_the_small_accessors(case: str) -> None:
    sim = simulator(case)
    m = machine(sim, vhe=False, trap=False)
    m.poke(sim.ICH_VMCR_EL2, 0xF0FC0002)
    assert sim.__vgic_v3_get_ich_vtr_el2(m) == VTR
    assert sim.__vgic_v3_read_vmcr(m) == 0xF0FC0002
    sim.__vgic_v3_write_vmcr(m, 0xE0FC0001)
    assert accesses(m) == [
        "read ICH_VTR_EL2",
        "read ICH_VMCR_EL2",
        "write ICH_VMCR_EL2 0xe0fc0001",
    ]


@pytest.mark.parametrize("case", CASES)
def test_the_accessors_of_banks(case: str) -> None:
    sim = simulator(case)
    m = machine(sim, vhe=False, trap=False)
    for n in range(16):
        sim.__gic_v3_set_lr(m, 1 << 62 | n, n)
        assert sim.__gic_v3_get_lr(m, n) == 1 << 62 | n
    for n in range(4):
        sim.__vgic_v3_write_ap0rn(m, 0x10 + n, n)
        sim.__vgic_v3_write_ap1rn(m, 0x20 + n, n)
        assert sim.__vgic_v3_read_ap0rn(m, n) == 0x10 + n
        assert sim.__vgic_v3_read_ap1rn(m, n) == 0x20 + n
    made = []
    for n in range(16):
        made += [f"write ICH_LR{n}_EL2 {1 << 62 | n:#x}", f"read ICH_LR{n}_EL2"]
    for n in range(4):
        made += [f"write ICH_AP0R{n}_EL2 {0x10 + n:#x}", f"write ICH_AP1R{n}_EL2 {0x20 + n:#x}"]
        made += [f"read ICH_AP0R{n}_EL2", f"read ICH_AP1R{n}_EL2"]
    assert accesses(m) == made


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("bits", "order"), [(5, [0]), (6, [1, 0]), (7, [3, 2, 1, 0])])
def test_active_priorities_move_in_the_order_of_the_c(
    case: str, bits: int, order: list[int]
) -> None:
    sim = simulator(case)
    m = machine(sim, vhe=False, trap=False)
    m.poke(sim.ICH_VTR_EL2, 15 | (bits - 1) << 26)
    v = vcpu(sim, sre=True, used_lrs=0, gicv4=False, vgic_ap0r=[1, 2, 3, 4], vgic_ap1r=[5, 6, 7, 8])
    sim.__vgic_v3_restore_aprs(m, v)
    sim.__vgic_v3_save_aprs(m, v)
    assert accesses(m) == [
        "read ICH_VTR_EL2",
        *[f"write ICH_AP0R{n}_EL2 {n + 1:#x}" for n in order],
        *[f"write ICH_AP1R{n}_EL2 {n + 5:#x}" for n in order],
        "read ICH_VTR_EL2",
        *[f"read ICH_AP0R{n}_EL2" for n in order],
        *[f"read ICH_AP1R{n}_EL2" for n in order],
    ]


def test_the_machine_behaves_as_the_platform_says() -> None:
    # VFIQEn sticks at one as long as ICC_SRE_EL1.SRE is set: the order in the sequence matters.
    sim = simulator("after")
    m = machine(sim, vhe=True, trap=False, registers={"ICC_SRE_EL1": 1})
    m.write(sim.ICH_VMCR_EL2, 1 << 18)
    assert sim.ICH_VMCR_EL2_VFIQEn.get(m.peek(sim.ICH_VMCR_EL2)) == 1
    m.write(sim.ICC_SRE_EL1, 0)
    m.write(sim.ICH_VMCR_EL2, 1 << 18)
    assert sim.ICH_VMCR_EL2_VFIQEn.get(m.peek(sim.ICH_VMCR_EL2)) == 0
