"""Without a trace a simulator comes to the same: results, errors, registers, memory, samples."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dsl
from dsl.backends.python.module import unformatted
from dsl.ir.program import Program
from dsl.ir.specialise import specialise
from dsl.ir.types import Bool, Handle, Int
from dsl.machine import MachineError, load_simulator, snapshot
from tests.backends.machines import State, outcome, random_program, simulator, some
from tests.resolve.helpers import program

ROOT = Path(dsl.__file__).resolve().parent.parent

# ---- random programs


@settings(max_examples=250, deadline=None)
@given(st.integers(0, 1 << 64))
def test_random_sequences_come_to_the_same_without_a_trace(seed: int) -> None:
    random = Random(seed)
    whole = random_program(seed)
    sim = simulator(whole)
    for _ in range(3):
        state = State(whole, random)
        traced, untraced = outcome(sim, state), outcome(sim, state, tracing=False)
        traced.pop("trace")
        assert untraced.pop("trace") == []
        assert untraced == traced


# ---- every sequence there is

MODULES = {
    "before": "sequences/kvm/before.vgs",
    "after": "sequences/kvm/after.vgs",
    "timer": "examples/timer/timer.vgs",
    "sysreg": "examples/sysreg/sysreg.vgs",
    "xen": "examples/xen/xen.vgs",
}


@cache
def module(name: str) -> tuple[Program, ModuleType]:
    whole = dsl.load(ROOT / MODULES[name]).program
    return whole, load_simulator(unformatted(whole), name)


class Run:
    """One sequence on a random machine, with externs that do something to it."""

    def __init__(self, whole: Program, sim: ModuleType, seed: int, *, tracing: bool) -> None:
        random = Random(seed)
        facts = whole.conditions.values()
        held = {c.name: c for c in facts if c.name not in whole.definitions}
        values = {n: some(random, c.type, c.low, c.high) for n, c in held.items()}
        self.sim = sim
        about = {c.name: values[c.name] for c in held.values() if c.root is None}
        self.machine = sim.Machine(
            sim.MachineFacts(**about),
            externs=dict.fromkeys(sim.EXTERNS, self.behave),
            tracing=tracing,
        )
        for register in self.machine.registers.values():
            self.machine.poke(register, random.getrandbits(register.width))
        self.owners = {}
        for root, made in sim.HANDLES.items():
            owner = self.owners[root] = self.machine.memory if root == "machine" else made()
            for name, slot in owner.SLOTS.items():
                self.fill(owner, name, slot, random)
            for condition in held.values():
                if condition.root == root:
                    setattr(owner.facts, condition.name, bool_or(values, condition))
        self.random = random

    def fill(self, owner: Any, name: str, slot: Any, random: Random) -> None:
        made = [some(random, slot.type, slot.low, slot.high) for _ in range(slot.length or 1)]
        if slot.length:
            getattr(owner, name)[:] = made
        else:
            setattr(owner, name, made[0])

    def behave(self, m: Any, *args: Any) -> int:
        registers = [r for r in m.registers.values() if r.access == "rw"]
        register = self.random.choice(registers)
        m.write(register, self.random.getrandbits(register.width))
        for owner in self.owners.values():
            name = self.random.choice(list(owner.SLOTS))
            self.fill(owner, name, owner.SLOTS[name], self.random)
        return self.random.randrange(2)

    def call(self, whole: Program, name: str) -> Any:
        args: list[Any] = []
        for param in whole.sequences[name].signature.params:
            match param.type:
                case Handle(root=root):
                    args.append(self.owners[root])
                case Int() | Bool() as number:
                    args.append(some(self.random, number))
        try:
            return self.sim.SEQUENCES[name](self.machine, *args)
        except MachineError as error:
            return type(error), str(error)

    def all(self, whole: Program, names: list[str]) -> Iterator[Any]:
        for name in names:
            yield name, self.call(whole, name), dict(self.machine.state)
            yield [snapshot(owner) for owner in self.owners.values()], set(self.machine.held)


def bool_or(values: dict[str, int], condition: Any) -> int:
    value = values[condition.name]
    return bool(value) if isinstance(condition.type, Bool) else value


@pytest.mark.parametrize("name", MODULES)
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1 << 64), st.randoms(use_true_random=False))
def test_every_sequence_comes_to_the_same_without_a_trace(
    name: str, seed: int, order: Random
) -> None:
    whole, sim = module(name)
    names = list(sim.SEQUENCES)
    order.shuffle(names)
    traced = Run(whole, sim, seed, tracing=True).all(whole, names)
    untraced = Run(whole, sim, seed, tracing=False).all(whole, names)
    for expected, found in zip(traced, untraced, strict=True):
        assert found == expected


def test_a_trace_can_be_begun_and_ended_on_the_way() -> None:
    whole, sim = module("after")
    m = sim.Machine(sim.MachineFacts(vhe=True), tracing=False)
    vcpu = sim.Vcpu(used_lrs=2, vgic_sre=7)
    sim.__vgic_v3_restore_state(m, vcpu)
    assert m.trace == []
    m.tracing = True
    sim.__vgic_v3_save_state(m, vcpu)
    assert len(m.trace) > 4
    assert whole.sequences


# ---- what follows from registers that no sequence writes


def test_what_is_settled_is_settled_again_when_its_registers_change() -> None:
    _, sim = module("after")
    m = sim.Machine(sim.MachineFacts(vhe=True), tracing=False)
    vcpu = sim.Vcpu(used_lrs=1, vgic_sre=7)
    vcpu.vgic_lr[0] = 0xFF << 48
    kept = []
    for bits in (4, 5, 6):
        m.poke(sim.ICH_VTR_EL2, bits << 29)
        sim.__vgic_v3_restore_state(m, vcpu)
        kept.append(sim.ICH_LRn_EL2_Priority.get(m.peek(sim.ICH_LRn_EL2[0])))
    assert kept == [0xF8, 0xFC, 0xFE]
    m.reset()
    sim.__vgic_v3_restore_state(m, vcpu)
    assert sim.ICH_LRn_EL2_Priority.get(m.peek(sim.ICH_LRn_EL2[0])) == 0x80


# ---- what it looks like


def shown(text: str, fixed: dict[str, Any] | None = None) -> list[str]:
    """The body of ``f`` behind its question for a trace."""
    whole = program(text)
    made = unformatted(specialise(whole, **fixed) if fixed else whole)
    lines = made[made.index("def f(") :].split("\n\n\n")[0].splitlines()
    at = next(i for i, line in enumerate(lines) if "traced_f(" in line)
    return [line[4:] for line in lines[at + 1 :] if line.strip() and line.strip() != "return"]


BASE = """
register S<n> for n in 0..3 : 64 {
    V [31:0] P [39:32] becomes P & (0xff << ID.N) On [63] res0 [62:40]
}
register F : 32 ro { Free<n> for n in 0..3 [n] = n <= ID.N and not S<n>.On res0 [31:4] }
register ID : 32 ro { N [3:0] res0 [31:4] }
register C : 64 { E [0] Q [8:1] wi = ID.N W [16:9] wo X [63:17] }
context k of vcpu { lr[4] : u64 mirrors S<n> used : 0..4 c : u64 mirrors C }
condition fact per machine
"""


def test_a_change_of_fields_is_one_mask() -> None:
    assert shown(BASE + "sequence f(vcpu) { C.E <- 1 }") == [
        "values = m.values",
        "values[6] = (values[6] & 0xfffffffffffe0000) | 1",
    ]


def test_what_cannot_be_seen_is_not_done() -> None:
    barrier = "when fact { isb orders C before S<0> }"
    text = BASE + f"sequence f(vcpu) {{ let a : u64 = C warn if a == 1 {barrier} }}"
    assert shown(text) == []


def test_a_computed_field_is_computed_where_it_is_asked_for() -> None:
    text = BASE + """sequence f(vcpu) {
        let free : u32 = F
        each i below used { when free.Free<i> { lr[i] <- 0 } S<i> <- 1 }
    }"""
    assert shown(text) == [
        "values = m.values",
        "lr = vcpu.lr.values",
        "for i in range(vcpu.used):",
        "    if values[i] < 0x8000000000000000 and i <= values[5]:",
        "        lr[i] = 0",
        "    values[i] = 1 & m.keep_Sn",
    ]


@pytest.mark.parametrize(
    "body",
    [
        # Written before it is asked for, in this round, in another one, or in a loop before.
        "each i below used { S<i> <- 1 when free.Free<i> { lr[i] <- 0 } }",
        "each i below used { when free.Free<i> { lr[i] <- 0 } S<3> <- 1 }",
        "each i below used { S<i> <- 1 } each i below used { when free.Free<i> { lr[i] <- 0 } }",
        "S<1> <- 1 when free.Free<1> { lr[1] <- 0 }",
        "S<0> <- 1 lr[0] <- free",
        "hypcall g() when free.Free<1> { lr[1] <- 0 }",
    ],
)
def test_a_register_that_may_have_changed_is_read_before(body: str) -> None:
    text = BASE + "sequence g() { S<1> <- 1 }\n"
    assert "free: u32 = read_F(m)" in shown(
        text + f"sequence f(vcpu) {{ let free : u32 = F {body} }}"
    )


def test_a_specialised_one_is_straight() -> None:
    text = BASE + "sequence f(vcpu) { each i below used { restore lr[i] } }"
    assert shown(text, {"slots": {"used": 2}, "registers": {"ID": 5}}) == [
        "values = m.values",
        "values[0] = vcpu.lr.values[0] & 0x800000e0ffffffff",
        "values[1] = vcpu.lr.values[1] & 0x800000e0ffffffff",
    ]
