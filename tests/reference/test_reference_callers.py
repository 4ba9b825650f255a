"""The callers run: load, flush, the world switch, sync and put, in both cases."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from dsl.machine import Kind, snapshot
from dsl.machine.errors import AssertionFailed, MachineError
from tests.reference.cases import CASES, others, simulator

#: ICH_VTR_EL2 of a machine with 4 list registers and 5 priority and preemption bits.
VTR = 3 | 4 << 26 | 4 << 29
PENDING = 1 << 62
CONFIGURATIONS = [(vhe, sre) for vhe in (False, True) for sre in (False, True)]


def vmcr(mask: int, sre: bool) -> int:
    """ICH_VMCR_EL2 as such a machine can have it: least binary points, VFIQEn with SRE."""
    return mask << 24 | 2 << 21 | 3 << 18 | sre << 3


class Host:
    """What the rest of KVM does around our functions, on one CPU with one vCPU."""

    def __init__(self, case: str, *, vhe: bool, sre: bool, listed: list[int], **facts: Any) -> None:
        self.sim: ModuleType = simulator(case)
        self.listed = list(listed)
        self.calls: list[str] = []
        self.m = self.sim.Machine(
            self.sim.MachineFacts(vhe=vhe, gicv3_cpuif=facts.get("gicv3", True)),
            externs=others(
                {
                    "vgic_v2_save_state": lambda m, v: self.calls.append("v2 save"),
                    "vgic_v2_restore_state": lambda m, v: self.calls.append("v2 restore"),
                    "vgic_v4_sync_hwstate": lambda m, v: facts.get("v4", 0),
                    "vgic_v4_flush_hwstate": lambda m, v: facts.get("v4", 0),
                    "vgic_flush_lr_state": self.flush,
                    "vgic_fold_lr_state": self.fold,
                    "vgic_prune_ap_list": lambda m, v: self.calls.append("prune"),
                }
            ),
        )
        self.m.poke(self.sim.ICH_VTR_EL2, VTR)
        # The host itself uses system registers.
        self.m.poke(self.sim.ICC_SRE_EL1, 7)
        self.m.poke(self.sim.ICC_SRE_EL2, 15)
        self.v = self.sim.Vcpu(vgic_sre=7 if sre else 0, vgic_hcr=1, vgic_vmcr=vmcr(0xF0, sre))
        self.v.facts.irqs_off = True
        self.v.facts.ap_list_empty = lambda: not self.listed
        self.vhe = vhe

    def flush(self, m: Any, v: Any) -> None:
        self.calls.append("flush")
        v.used_lrs = len(self.listed)
        for i, number in enumerate(self.listed):
            v.vgic_lr[i] = PENDING | number

    def fold(self, m: Any, v: Any) -> None:
        self.calls.append("fold")
        self.listed = [v.vgic_lr[i] & 0xFFFFFFFF for i in range(v.used_lrs) if v.vgic_lr[i] >> 62]
        v.used_lrs = 0

    def trip(self, guest: Any = lambda m: None) -> None:
        self.sim.kvm_vgic_flush_hwstate(self.m, self.v)
        if not self.vhe:
            self.sim.SEQUENCES["__vgic_restore_state"](self.m, self.v)
        guest(self.m)
        if not self.vhe:
            self.sim.SEQUENCES["__vgic_save_state"](self.m, self.v)
        self.sim.kvm_vgic_sync_hwstate(self.m, self.v)

    def load(self) -> None:
        self.sim.vgic_v3_load(self.m, self.v)

    def put(self) -> None:
        self.sim.vgic_v3_put(self.m, self.v)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("vhe", "sre"), CONFIGURATIONS)
def test_what_the_guest_does_reaches_the_model(case: str, vhe: bool, sre: bool) -> None:
    host = Host(case, vhe=vhe, sre=sre, listed=[34, 35])

    def guest(m: Any) -> None:
        assert m.peek(host.sim.ICH_HCR_EL2) & 1
        assert m.peek(host.m.registers["ICH_LR0_EL2"]) == PENDING | 34
        assert m.peek(host.sim.ICC_SRE_EL1) & 1 == sre
        assert not m.peek(host.sim.ICC_SRE_EL2) >> 3 & 1
        m.poke(host.m.registers["ICH_LR0_EL2"], 34)  # acknowledged and deactivated
        m.poke(host.sim.ICH_VMCR_EL2, vmcr(0xA0, sre))

    host.load()
    host.trip(guest)
    host.put()
    assert host.listed == [35]
    assert host.v.vgic_vmcr == vmcr(0xA0, sre)
    assert host.calls == ["flush", "fold", "prune"]
    # The host has its own again.
    assert host.m.peek(host.sim.ICC_SRE_EL1) & 1
    assert host.m.peek(host.sim.ICC_SRE_EL2) >> 3 & 1
    assert not host.m.peek(host.sim.ICH_HCR_EL2) & 1


@pytest.mark.parametrize("sre", [False, True])
def test_an_idle_trip_on_a_vhe_host_touches_nothing_after(sre: bool) -> None:
    """The patch's headline."""
    host = Host("after", vhe=True, sre=sre, listed=[])
    host.load()
    host.m.trace.clear()
    host.trip()
    assert host.m.count("accesses") == 0
    assert host.m.count("barriers") == 0
    assert host.calls == []


@pytest.mark.parametrize("sre", [False, True])
def test_an_idle_trip_on_a_vhe_host_did_before(sre: bool) -> None:
    host = Host("before", vhe=True, sre=sre, listed=[])
    host.load()
    host.m.trace.clear()
    host.trip()
    # Twice a read and a write of ICC_SRE_EL2; a GICv2 guest's mode, its VMCR, and the barriers.
    assert host.m.count("accesses") == (4 if sre else 8)
    assert host.m.count("barriers") == (0 if sre else 5)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("vhe", [False, True])
def test_a_host_with_a_gicv2_saves_and_restores_its_own(case: str, vhe: bool) -> None:
    host = Host(case, vhe=vhe, sre=False, listed=[34], gicv3=False)
    host.trip()
    assert host.calls == ["flush", "v2 restore", "v2 save", "fold", "prune"]
    assert host.m.count("accesses") == 0


def test_the_list_register_state_is_flushed_under_the_lock() -> None:
    host = Host("after", vhe=True, sre=True, listed=[34])
    host.sim.kvm_vgic_flush_hwstate(host.m, host.v)
    kinds = [e.kind for e in host.m.trace if e.kind in (Kind.LOCK, Kind.UNLOCK, Kind.CALL)]
    assert kinds == [Kind.CALL, Kind.LOCK, Kind.CALL, Kind.UNLOCK]


@pytest.mark.parametrize("case", CASES)
def test_interrupts_must_be_off_where_the_list_is_taken(case: str) -> None:
    host = Host(case, vhe=True, sre=True, listed=[34])
    host.v.facts.irqs_off = False
    with pytest.raises(AssertionFailed, match="irqs_off"):
        host.sim.kvm_vgic_flush_hwstate(host.m, host.v)


@pytest.mark.parametrize("case", CASES)
def test_a_failure_of_gicv4_is_warned_of_and_the_trip_goes_on(case: str) -> None:
    host = Host(case, vhe=True, sre=True, listed=[34], v4=-22)
    host.load()
    host.trip()
    warned = [e.what for e in host.m.trace if e.kind is Kind.WARN]
    assert warned == ["vgic_v4_flush_hwstate(vcpu)", "vgic_v4_sync_hwstate(vcpu)"]
    assert host.calls[-1] == "prune"


@pytest.mark.parametrize("case", CASES)
def test_an_extern_is_held_to_what_it_promises(case: str) -> None:
    host = Host(case, vhe=True, sre=True, listed=[34])
    host.load()
    host.m.externs["vgic_fold_lr_state"] = lambda m, v: None
    with pytest.raises(MachineError, match="vgic_fold_lr_state breaks its promise"):
        host.trip()


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("vhe", "sre"), CONFIGURATIONS)
def test_a_vcpu_that_only_visits_leaves_as_it_came(case: str, vhe: bool, sre: bool) -> None:
    host = Host(case, vhe=vhe, sre=sre, listed=[])
    came = snapshot(host.v)
    host.load()
    host.put()
    assert snapshot(host.v) == came
