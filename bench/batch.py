"""Round trips per second over NumPy lanes: one vCPU's state restored and saved in every lane."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
from table import Figure, figure, show

import dsl
from dsl.machine.lanes import in_parts

SOURCE = Path(__file__).resolve().parent.parent / "sequences" / "kvm" / "after.vgs"
#: 16 list registers, 5 preemption and priority bits.
VTR = 0x9000000F
IN_USE = (0, 4, 16)


def trip(sim: ModuleType) -> Callable[[object, object], None]:
    """A round trip: what is loaded on the way into the guest, and saved on the way out."""

    def run(m: object, vcpu: object) -> None:
        sim.__vgic_v3_restore_state(m, vcpu)
        sim.__vgic_v3_save_state(m, vcpu)

    return run


def measured(
    sim: ModuleType, lanes: int, *, vhe: bool, used: int, mixed: bool, options: argparse.Namespace
) -> list[float]:
    """Million round trips per second, run by run."""
    facts = sim.MachineFacts(vhe=vhe, gicv3_cpuif=True)
    m = sim.Machine(lanes, facts)
    m.poke(sim.ICH_VTR_EL2, VTR)
    random = np.random.default_rng(20180403)
    vcpu = sim.Vcpu(lanes, used_lrs=used, vgic_sre=7, vgic_hcr=1)
    if mixed:
        vcpu.used_lrs = random.integers(0, used + 1, lanes)
    vcpu.vgic_lr = random.integers(0, 1 << 64, (16, lanes), dtype=np.uint64)
    work, found = trip(sim), []
    for _ in range(options.runs + 1):
        start = options.clock()
        in_parts(work, m, vcpu, part=options.part, threads=options.threads)
        found.append(lanes / (options.clock() - start) / 1e6)
    # The first run allocates what the others use again.
    return found[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=25)
    parser.add_argument("--lanes", type=int, default=100_000)
    parser.add_argument("--part", type=int, default=32768, help="lanes at a time")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--cpu",
        dest="clock",
        action="store_const",
        const=time.process_time,
        default=time.perf_counter,
        help="count the time of all threads on a processor, not that of waiting for one",
    )
    options = parser.parse_args()
    rows: list[Figure] = []
    loaded = dsl.load(SOURCE)
    general = dsl.simulate_batch(loaded)
    for vhe in (True, False):
        host = "VHE" if vhe else "non-VHE"
        for used in IN_USE:
            facts = {"vhe": vhe, "gicv3_cpuif": 1, "sre": 1}
            special = dsl.simulate_batch(
                loaded, facts=facts, slots={"used_lrs": used}, registers={"ICH_VTR_EL2": VTR}
            )
            about = f"{host}, {used} in use"
            ways = [("as it is", general, False), ("specialised", special, False)]
            if used:
                ways.insert(1, (f"as it is, 0 to {used} by lane", general, True))
            for how, sim, mixed in ways:
                values = measured(
                    sim, options.lanes, vhe=vhe, used=used, mixed=mixed, options=options
                )
                rows.append(figure(f"{about}: {how}", values, "M/s"))
    show(rows, as_json=options.json)


if __name__ == "__main__":
    main()
