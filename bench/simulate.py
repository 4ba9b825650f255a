"""Round trips per second: a vCPU is restored and saved, in every form in which that can be run.

One round trip is `__vgic_v3_restore_state` and then `__vgic_v3_save_state` of the case *after* on a
VHE host, and `__vgic_restore_state` and then `__vgic_save_state` on another one (which activate and
deactivate the traps as well).  The guest has a GICv3, nothing is trapped, there is no GICv4; each
list register in use holds a pending interrupt, and the machine has 5 priority and preemption bits
and as many list registers as are used, 4 at least.  All forms are checked to leave the same behind.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

from table import Figure, figure, show

import dsl
from dsl.backends.python.module import unformatted
from dsl.ir.platform import Barrier, BarrierKind
from dsl.ir.program import Program
from dsl.ir.specialise import specialise
from dsl.machine import load_simulator
from dsl.run.choices import Choices
from dsl.run.env import Env
from dsl.run.execute import Executor
from dsl.run.machine import Machine

ROOT = Path(__file__).resolve().parent.parent
MODULE = ROOT / "sequences" / "kvm" / "after.vgs"
CODE = ROOT / "generated" / "after" / "c"
FILES = ("virt/kvm/arm/hyp/vgic-v3-sr.c", "arch/arm64/kvm/hyp/switch.c")


@dataclass(frozen=True)
class Setting:
    """A host, and how many list registers are in use."""

    vhe: bool
    used: int

    @property
    def vtr(self) -> int:
        return 4 << 29 | 4 << 26 | max(self.used, 4) - 1

    def lr(self, n: int) -> int:
        return 1 << 62 | 0xA0 << 48 | 32 + n

    def __str__(self) -> str:
        return f"{'VHE' if self.vhe else 'non-VHE'}, used_lrs {self.used}"


LANES = 100_000
#: Makes any number of round trips.
Trips: TypeAlias = Callable[[int], object]
#: What a form runs, and what it leaves in memory and in the list registers.
Form: TypeAlias = tuple[Trips, Callable[[], tuple[list[int], list[int]]]]


@cache
def program() -> Program:
    return dsl.load(MODULE).program


@cache
def simulator(*, setting: Setting | None = None, used: bool = False) -> ModuleType:
    """The simulator as generated, or specialised to a configuration (and to used_lrs)."""
    if setting is None:
        return load_simulator(unformatted(program()), "simulator")
    facts = {"vhe": setting.vhe, "sre": 1, "cpuif_trap": 0, "its_vm": 0, "gicv3_cpuif": 1}
    slots = {"used_lrs": setting.used} if used else {}
    special = specialise(program(), facts, slots, {"ICH_VTR_EL2": setting.vtr})
    return load_simulator(unformatted(special), "specialised")


def in_python(sim: ModuleType, setting: Setting, *, tracing: bool) -> Form:
    facts = sim.MachineFacts(vhe=setting.vhe, gicv3_cpuif=True)
    m = sim.Machine(facts, tracing=tracing)
    m.poke(sim.ICH_VTR_EL2, setting.vtr)
    vcpu = sim.Vcpu(used_lrs=setting.used, vgic_sre=7, vgic_hcr=1)
    for n in range(setting.used):
        vcpu.vgic_lr[n] = setting.lr(n)
    restore = getattr(sim, "__vgic_v3_restore_state" if setting.vhe else "__vgic_restore_state")
    save = getattr(sim, "__vgic_v3_save_state" if setting.vhe else "__vgic_save_state")

    def trips(count: int) -> None:
        for _ in range(count):
            restore(m, vcpu)
            save(m, vcpu)
        m.trace.clear()

    return trips, lambda: (list(vcpu.vgic_lr), [m.peek(lr) for lr in sim.ICH_LRn_EL2])


@cache
def library() -> Any:
    """The generated C as a shared library; None without a compiler or without the C."""
    gcc = shutil.which("gcc")
    if gcc is None or not all((CODE / name).is_file() for name in FILES):
        return None
    here = Path(__file__).parent
    texts = [(CODE / name).read_text(encoding="utf-8") for name in FILES]
    text = "".join(re.sub(r"(?m)^#include .*$", "", t) for t in texts)
    with tempfile.TemporaryDirectory() as folder:
        whole, made = Path(folder, "all.c"), Path(folder, "all.so")
        parts = (here / "simulate.h", here / "simulate.c")
        head, tail = (part.read_text(encoding="utf-8") for part in parts)
        whole.write_text(head + text + tail, encoding="utf-8")
        flags = ["-std=gnu11", "-O2", "-fwrapv", "-w", "-shared", "-fPIC"]
        subprocess.run([gcc, *flags, "-o", str(made), str(whole)], check=True)
        found: Any = ctypes.CDLL(str(made))
    found.set_up.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_uint64]
    found.trips.argtypes = [ctypes.c_long]
    found.held.restype = found.stored.restype = ctypes.c_uint64
    return found


def in_c(setting: Setting) -> Form | None:
    found = library()
    if found is None:
        return None
    found.set_up(setting.vhe, setting.used, setting.vtr)
    state = (lambda: [found.held(n) for n in range(16)]), (
        lambda: [found.stored(n) for n in range(16)]
    )
    return found.trips, lambda: (state[0](), state[1]())


def on_the_machine(setting: Setting, *, at_once: bool) -> Form:
    """The interpreter of `vgs run`, no events recorded, the guest's entry and exit in between."""
    of = program()
    machine = Machine(of, Choices(), at_once=at_once)
    machine.trace.on = False
    executor = Executor(machine)
    world = machine.world
    world.facts.update({("", "vhe"): setting.vhe, ("", "gicv3_cpuif"): 1})
    world.slots.update({("vcpu", "vgic_sre"): 7, ("vcpu", "vgic_hcr"): 1})
    world.slots["vcpu", "used_lrs"] = setting.used
    lrs = [setting.lr(n) if n < setting.used else 0 for n in range(16)]
    world.slots["vcpu", "vgic_lr"] = lrs
    machine.poke(machine.elements["ICH_VTR_EL2"], setting.vtr)
    names = ("__vgic_restore_state", "__vgic_save_state")
    if setting.vhe:
        names = ("__vgic_v3_restore_state", "__vgic_v3_save_state")
    span = of.sequences[names[0]].signature.span
    crossing = [Barrier(kind, "") for kind in (BarrierKind.ERET, BarrierKind.EXCEPTION)]

    def trips(count: int) -> None:
        for _ in range(count):
            # A run is stopped when it does not end; this is not one.
            machine.work.done = 0
            executor.run(names[0], {"vcpu": "vcpu"}, Env())
            for barrier in crossing:
                machine.barrier(barrier, span, "vcpu")
            executor.run(names[1], {"vcpu": "vcpu"}, Env())

    registers = [machine.elements[f"ICH_LR{n}_EL2"] for n in range(16)]
    return trips, lambda: (list(lrs), [machine.newest(each) for each in registers])


@cache
def lanes(setting: Setting | None) -> ModuleType:
    """The batch, as it is or specialised to the host, the guest, used_lrs and ICH_VTR_EL2."""
    if setting is None:
        return dsl.simulate_batch(MODULE)
    facts = {"vhe": setting.vhe, "sre": 1, "cpuif_trap": 0, "its_vm": 0, "gicv3_cpuif": 1}
    used, vtr = {"used_lrs": setting.used}, {"ICH_VTR_EL2": setting.vtr}
    return dsl.simulate_batch(MODULE, facts=facts, slots=used, registers=vtr)


def in_lanes(setting: Setting, sim: ModuleType) -> Form:
    m = sim.Machine(LANES, sim.MachineFacts(vhe=setting.vhe, gicv3_cpuif=True))
    m.poke(sim.ICH_VTR_EL2, setting.vtr)
    vcpu = sim.Vcpu(LANES, used_lrs=setting.used, vgic_sre=7, vgic_hcr=1)
    for n in range(setting.used):
        vcpu.vgic_lr[n] = setting.lr(n)
    restore = getattr(sim, "__vgic_v3_restore_state" if setting.vhe else "__vgic_restore_state")
    save = getattr(sim, "__vgic_v3_save_state" if setting.vhe else "__vgic_save_state")

    def trip(m: object, vcpu: object) -> None:
        restore(m, vcpu)
        save(m, vcpu)

    def trips(count: int) -> None:
        for _ in range(max(1, count // LANES)):
            dsl.in_parts(trip, m, vcpu, part=32768)

    def left() -> tuple[list[int], list[int]]:
        held = [int(vcpu.vgic_lr[n][0]) for n in range(16)]
        return held, [int(m.peek(lr)[0]) for lr in sim.ICH_LRn_EL2]

    return trips, left


#: How many trips one measurement makes, and what makes them: None where that cannot be run here.
Maker: TypeAlias = tuple[int, Callable[[Setting], Form | None]]
#: Every form, in the order of the table; a new one is one more line.  Those of a group are measured
#: in turn, apart from the others, whose data would drive theirs from the caches.
GROUPS: tuple[dict[str, Maker], ...] = (
    {
        "IR interpreter with pending and visible state": (
            2,
            lambda s: on_the_machine(s, at_once=False),
        ),
        "IR interpreter, each write in force at once": (
            2,
            lambda s: on_the_machine(s, at_once=True),
        ),
    },
    {
        "as generated, with a trace": (50, lambda s: in_python(simulator(), s, tracing=True)),
        "as generated, no trace": (500, lambda s: in_python(simulator(), s, tracing=False)),
        "specialised to the host, the guest and ICH_VTR_EL2": (
            500,
            lambda s: in_python(simulator(setting=s), s, tracing=False),
        ),
        "specialised to used_lrs as well": (
            500,
            lambda s: in_python(simulator(setting=s, used=True), s, tracing=False),
        ),
        "generated C, gcc -O2, macros over an array, in batches": (100_000, in_c),
    },
    {"batch of 100,000 lanes": (LANES, lambda s: in_lanes(s, lanes(None)))},
    {"batch of 100,000 lanes, specialised": (LANES, lambda s: in_lanes(s, lanes(s)))},
)


def measured(setting: Setting, rounds: int) -> Iterator[Figure]:
    """All forms of a group, in turn again and again, so that a busy moment is nobody's alone."""
    left = []
    for group in GROUPS:
        made = {name: (count, make(setting)) for name, (count, make) in group.items()}
        forms = {name: (count, form) for name, (count, form) in made.items() if form is not None}
        for trips, leaves in (form for _, form in forms.values()):
            trips(3)
            left.append(leaves())
        rates: dict[str, list[float]] = {name: [] for name in forms}
        for _ in range(rounds):
            for name, (count, (trips, _)) in forms.items():
                began = time.perf_counter_ns()
                trips(count)
                rates[name].append(count * 1e9 / (time.perf_counter_ns() - began))
        for name, found in rates.items():
            yield figure(f"{setting}: {name}", found, "trips/s")
    assert all(each == left[0] for each in left), f"the forms disagree: {setting}"


def calls(rounds: int) -> Figure:
    """Two calls of a function that does nothing: what a round trip in Python cannot be below."""

    def nothing(m: object, vcpu: object) -> None:
        pass

    def pairs(count: int) -> None:
        for _ in range(count):
            nothing(1, 2)
            nothing(1, 2)

    rates = []
    for _ in range(rounds):
        began = time.perf_counter_ns()
        pairs(500)
        rates.append(500 * 1e9 / (time.perf_counter_ns() - began))
    return figure("two calls of an empty Python function", rates, "pairs/s")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=150, help="measurements of each form")
    given = parser.parse_args()
    gc.disable()
    figures = [calls(given.rounds)]
    for vhe in (True, False):
        for used in (0, 4, 16):
            figures += measured(Setting(vhe, used), given.rounds)
    show(figures, as_json=given.json)
    if library() is None and not given.json:
        print("no row for C: it takes gcc, and generated/ as vgs build makes it", file=sys.stderr)


if __name__ == "__main__":
    main()
