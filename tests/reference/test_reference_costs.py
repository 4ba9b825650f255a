"""What the paths cost, counted from the IR, is what the simulator does: in every configuration."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any

import pytest

from dsl.costs import Cost, cost
from dsl.costs.amounts import COUNTED
from dsl.ir.program import Program
from dsl.machine.trace import Event, Kind
from dsl.resolve.workspace import Workspace
from tests.reference.cases import CASES, SOURCES, load, others, simulator, text

PATHS = ("load", "flush + enter", "exit + sync", "trip", "put")
#: The accesses that an instruction takes: list registers are two halves on AArch32.
HALVES = {"aarch64": 1, "aarch32": 2}
PENDING = 1 << 62
BOTH = (False, True)


def program(source: str) -> Program:
    """A case in the lifecycle that both are run in."""
    workspace = Workspace([SOURCES, SOURCES / "kvm"])
    loaded = workspace.load_text(f"import lifecycle\n{source}", "case.vgs")
    assert loaded is not None
    assert not workspace.found
    return workspace.program(loaded)


@cache
def costs(case: str) -> Cost:
    return cost(program(text(case)), architecture=["all"])


class Host:
    """One vCPU on one CPU, with as many interrupts as the list registers are to hold."""

    def __init__(self, sim: Any, used: int, listed: bool, full: bool, pre: int, **facts: bool):
        self.sim, self.used, self.full, self.vhe = sim, used, full, facts["vhe"]
        self.m = sim.Machine(
            sim.MachineFacts(vhe=facts["vhe"], gicv3_cpuif=True, cpuif_trap=facts["cpuif_trap"]),
            externs=others(
                {
                    "vgic_v4_sync_hwstate": lambda m, v: 0,
                    "vgic_v4_flush_hwstate": lambda m, v: 0,
                    "vgic_flush_lr_state": self.flush,
                    "vgic_fold_lr_state": lambda m, v: setattr(v, "used_lrs", 0),
                    "vgic_prune_ap_list": lambda m, v: None,
                }
            ),
        )
        self.m.poke(sim.ICH_VTR_EL2, 15 | pre << 26 | pre << 29)
        self.m.poke(sim.ICC_SRE_EL2, 15)
        self.v = sim.Vcpu(vgic_sre=7 if facts["sre"] else 0, vgic_hcr=1)
        self.v.facts.its_vm = facts["its_vm"]
        self.v.facts.irqs_off = True
        self.v.facts.ap_list_empty = not listed

    def flush(self, m: Any, v: Any) -> None:
        v.used_lrs = self.used
        for i in range(self.used):
            v.vgic_lr[i] = PENDING | 32 + i

    def path(self, name: str) -> list[Event]:
        """What happens on a path; those before it have been taken."""
        self.m.trace.clear()
        if name in ("load", "put"):
            self.sim.SEQUENCES[f"vgic_v3_{name}"](self.m, self.v)
        if name in ("flush + enter", "trip"):
            self.sim.kvm_vgic_flush_hwstate(self.m, self.v)
            if not self.vhe:
                self.sim.SEQUENCES["__vgic_restore_state"](self.m, self.v)
        for i in range(0 if self.full else 16):
            self.m.poke(self.m.registers[f"ICH_LR{i}_EL2"], 0)
        if name in ("exit + sync", "trip"):
            if not self.vhe:
                self.sim.SEQUENCES["__vgic_save_state"](self.m, self.v)
            self.sim.kvm_vgic_sync_hwstate(self.m, self.v)
        return list(self.m.trace)


def counted(trace: list[Event], architecture: str) -> tuple[int, ...]:
    """The events of a trace, in the order of what is counted."""
    found = dict.fromkeys(COUNTED, 0)
    for event in trace:
        halves = HALVES[architecture] if event.what.startswith("ICH_LR") else 1
        match event.kind:
            case Kind.READ:
                found["reads"] += halves
            case Kind.WRITE:
                found["writes"] += halves
            case Kind.BARRIER:
                found[event.what[:3]] += 1
            case _:
                pass
    return tuple(found.values())


def figures(found: Cost, path: str, architecture: str, **facts: int) -> list[tuple[int, int]]:
    """The least and the most of each, which must be said once."""
    (only,) = found.path(path, architecture).figures("enter", **facts)
    return list(only)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("vhe", BOTH)
@pytest.mark.parametrize("sre", BOTH)
@pytest.mark.parametrize("trap", BOTH)
@pytest.mark.parametrize("its_vm", BOTH)
def test_the_simulator_agrees(case: str, vhe: bool, sre: bool, trap: bool, its_vm: bool) -> None:
    facts = {"vhe": vhe, "sre": sre, "cpuif_trap": trap, "its_vm": its_vm}
    # Only loading and putting asks how many preemption bits there are.
    for pre in (4, 5, 6):
        host = Host(simulator(case), 0, False, False, pre, **facts)
        agrees(case, host, "load", {**facts, "ICH_VTR_EL2__PREbits": pre})
        agrees(case, host, "put", {**facts, "ICH_VTR_EL2__PREbits": pre})
    # None of those that are listed may fit, or may be for now.
    lists = [(0, False), *((used, True) for used in (0, 1, 4, 16))]
    for (used, listed), full in product(lists, BOTH):
        for paths in (["flush + enter", "exit + sync"], ["trip"]):
            host = Host(simulator(case), used, listed, full, 4, **facts)
            host.path("load")
            for path in paths:
                agrees(case, host, path, {**facts, "used_lrs": used})


def agrees(case: str, host: Host, path: str, facts: dict[str, int]) -> None:
    """What happens on a path is what it is said to cost, on both architectures."""
    trace = host.path(path)
    for architecture in HALVES:
        ranges = figures(costs(case), path, architecture, **facts, gicv3_cpuif=True)
        # Nothing but the list registers that are still in use makes a range.
        ends = tuple(most if host.full else least for least, most in ranges)
        assert counted(trace, architecture) == ends, (path, architecture, facts)


def test_list_registers_that_are_partly_in_use_are_in_between() -> None:
    facts = {"vhe": True, "sre": True, "cpuif_trap": False, "its_vm": False}
    host = Host(simulator("after"), 4, True, True, 4, **facts)
    host.path("flush + enter")
    host.m.poke(host.m.registers["ICH_LR2_EL2"], 0)
    reads, writes, *_ = counted(host.path("exit + sync"), "aarch64")
    (least, most), *_ = figures(costs("after"), "exit + sync", "aarch64", **facts, used_lrs=4)
    assert (least, reads, most, writes) == (1, 4, 5, 5)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    "change",
    [
        ("dsb(st) orders guest_mmio", "dsb(st) then isb orders guest_mmio"),
        ("ICH_LR<i>_EL2 <- 0", "ICH_LR<i>_EL2.State <- Invalid"),
        ("restore vgic_hcr\n\n", "restore vgic_hcr, vgic_hcr\n\n"),
        ("ICC_SRE_EL2.Enable <- 1\n", "ICC_SRE_EL2 <- 15\n"),
    ],
)
def test_what_is_changed_is_counted(case: str, change: tuple[str, str]) -> None:
    """The comparison above can fail: figures of a changed source are others."""
    source = text(case)
    assert change[0] in source
    changed = cost(program(source.replace(*change)))
    facts = {"vhe": True, "sre": False, "cpuif_trap": False, "its_vm": False}
    host = Host(simulator(case), 4, True, True, 4, **facts)
    done = [counted(host.path(path), "aarch64") for path in ("load", "trip", "put")]
    said = []
    for path in ("load", "trip", "put"):
        known = {**facts, "gicv3_cpuif": True, "used_lrs": 4, "ICH_VTR_EL2__PREbits": 4}
        ranges = figures(changed, path, "aarch64", **known)
        said.append(tuple(most for _, most in ranges))
    assert done != said


def test_an_idle_trip_on_a_vhe_host_costs_nothing_any_more() -> None:
    found = cost(
        program(text("after")),
        program(text("before")),
        given={"vhe": 1, "gicv3_cpuif": 1, "used_lrs": 0},
        paths=["trip"],
    )
    (trip,) = found.paths
    assert {row.counts.each for row in trip.rows if row.counts} == {cost_of_nothing()}
    told = {
        tuple(amount.low.constant for amount in row.before.each) for row in trip.rows if row.before
    }
    assert told == {(2, 2, 0, 0, 0), (2, 4, 0, 0, 0), (3, 5, 2, 3, 0), (3, 7, 2, 3, 0)}
    # Whether interrupts are listed of which none could be loaded is asked, and changes nothing.
    assert "ap_list_empty" in trip.idle


def cost_of_nothing() -> tuple[Any, ...]:
    from dsl.costs.amounts import NOTHING

    return NOTHING.each


def test_active_priorities_count() -> None:
    for pre, registers in ((4, 1), (5, 2), (6, 4)):
        facts = {"vhe": False, "sre": True, "ICH_VTR_EL2__PREbits": pre}
        (reads, _), (writes, _), *_ = figures(costs("after"), "load", "aarch64", **facts)
        assert (reads, writes) == (1, 1 + 2 * registers)


def test_the_table_is_short() -> None:
    """What makes no difference is not told apart."""
    found = cost(program(text("after")), program(text("before")))
    assert [(path.path, len(path.rows)) for path in found.paths] == [
        ("load", 19),
        ("flush + enter", 15),
        ("exit + sync", 15),
        ("flush + early_exit + sync", 7),
        ("trip", 16),
        ("put", 19),
    ]


def test_the_case_is_loaded_as_it_stands() -> None:
    for case in CASES:
        workspace, loaded = load(case)
        assert workspace.program(loaded).sequences.keys() == program(text(case)).sequences.keys()
