"""A run in which everything is visible at once does what the other meanings of the IR say.

These are the generated simulators, for every sequence of the patch and of the examples, and the
direct evaluator that compiled C is held to, for random sequences.
"""

from __future__ import annotations

from functools import cache
from random import Random
from types import ModuleType
from typing import Any

import pytest

import dsl
from dsl.ir.program import Module, Program
from dsl.ir.sequence import Sequence
from dsl.ir.shapes import MACHINE
from dsl.ir.types import Handle
from dsl.machine import AssertionFailed, MachineError, snapshot
from dsl.run.choices import Choices
from dsl.run.env import Env, wrapped
from dsl.run.errors import Outside, RunError, Stopped
from dsl.run.events import Kind
from dsl.run.execute import Executor
from dsl.run.machine import Machine
from tests.backends.test_c_differential import Case
from tests.backends.test_c_generator import Generator, base
from tests.reference.cases import ROOT

MODULES = (
    "sequences/kvm/before.vgs",
    "sequences/kvm/after.vgs",
    "examples/xen/gic.vgs",
    "examples/timer/timer.vgs",
    "examples/sysreg/sysreg.vgs",
)
#: Of each sequence, from as many random states.
STATES = 3
RANDOM_SEQUENCES, SEED = 150, 20260101

Events = list[tuple[str, str, int | None, int | None]]
#: The result, the events, what registers and memory hold then, and how it ended.
Outcome = tuple[int | None, Events, dict[str, int], dict[str, Any], str]


@cache
def loaded(path: str) -> tuple[Program, ModuleType]:
    made = dsl.load(ROOT / path)
    return made.program, dsl.simulate(made)


class State:
    """One random state, for both."""

    def __init__(self, program: Program, seed: int) -> None:
        self.program, self.random = program, Random(seed)
        self.machine = Machine(program, Choices())
        self.executor = Executor(self.machine)
        self.registers = {
            name: self.random.choice((self.random.getrandbits(64), 0, -1)) & element.ones
            for name, element in self.machine.elements.items()
        }
        if "ICH_VTR_EL2" in self.registers:
            # Not more preemption bits than there can be.
            self.registers["ICH_VTR_EL2"] = self.random.randrange(16) | self.bits(4) << 26
        self.facts = {
            name: self.random.randrange((c.high or 1) + 1)
            for name, c in program.conditions.items()
            if name not in program.definitions
        }
        self.slots: dict[str, int | list[int]] = {}
        for name, slot in program.slots.items():
            values = [self.slot(slot) for _ in range(slot.length or 1)]
            self.slots[name] = values if slot.length else values[0]

    def bits(self, least: int) -> int:
        made = self.random.randint(least, 6)
        return made | made << 3

    def slot(self, slot: Any) -> int:
        if slot.high is not None:
            return self.random.choice((0, self.random.randint(slot.low, slot.high)))
        return int(slot.type.wrap(self.random.choice((self.random.getrandbits(64), 0))))

    def args(self, sequence: Sequence) -> dict[str, int]:
        return {
            p.name: wrapped(p.type, self.random.choice((self.random.randrange(16), -1))) or 0
            for p in sequence.signature.params
            if not isinstance(p.type, Handle)
        }

    # ---- the two

    def in_the_run(self, sequence: Sequence, args: dict[str, int]) -> Outcome:
        machine = self.machine
        for name, value in self.registers.items():
            machine.poke(machine.elements[name], value)
        for name, slot in self.program.slots.items():
            owner = "" if slot.root == MACHINE else slot.root
            value = self.slots[name]
            machine.world.slots[owner, name] = tuple(value) if isinstance(value, list) else value
        for name, fact in self.facts.items():
            root = self.program.conditions[name].root
            machine.world.facts["" if root in (None, MACHINE) else root, name] = fact
        for name, extern in self.program.externs.items():
            self.executor.behaviours[name] = (extern.signature.params, ())
        params = sequence.signature.params
        handles = {p.name: p.type.root for p in params if isinstance(p.type, Handle)}
        result, ended = None, ""
        try:
            result = self.executor.run(sequence.name, {**args, **handles}, Env())
        except Stopped as error:
            # An index that there is not is an error of the simulator.
            ended = "error" if isinstance(error.__cause__, Outside) else "stopped"
        except RunError:
            ended = "error"
        assert machine.choices.made == []
        events: Events = []
        for e in machine.trace.events:
            if e.what in ("exception", "eret") or e.kind is Kind.HAZARD:
                continue
            kind = "sample" if e.kind is Kind.CALL and e.new is not None else str(e.kind)
            old, new = (e.old, e.new) if kind != "warn" else (None, None)
            events.append((kind, "" if kind == "warn" else e.what, old, new))
        registers = {n: machine.newest(e) for n, e in machine.elements.items()}
        slots = {
            name: list(value) if isinstance(value, tuple) else value
            for (_, name), value in machine.world.slots.items()
        }
        return result, events, registers, slots, ended

    def in_the_simulator(
        self, sim: ModuleType, sequence: Sequence, args: dict[str, int]
    ) -> Outcome:
        m = sim.Machine(sim.MachineFacts())
        roots = {c.root for c in self.program.contexts.values()} - {MACHINE}
        owners = {r: getattr(sim, r.title().replace("_", ""))() for r in roots}
        for name, value in self.registers.items():
            m.poke(m.registers[name], value)
        records = [*owners.values(), *([m.memory] if hasattr(m, "memory") else [])]
        facts = [m.facts, *(o.facts for o in owners.values() if hasattr(o, "facts"))]
        for record in (*records, *facts):
            for attribute, slot in record.SLOTS.items():
                value = self.slots.get(slot.name, self.facts.get(slot.name))
                if isinstance(value, list):
                    getattr(record, attribute)[:] = value
                else:
                    setattr(record, attribute, bool(value) if _is_bool(slot) else value)
        for name, extern in self.program.externs.items():
            given = None if extern.signature.result is None else 0
            m.externs[name] = lambda *_, given=given: given
        result, ended = None, ""
        try:
            handed = [
                owners[p.type.root] if isinstance(p.type, Handle) else args[p.name]
                for p in sequence.signature.params
            ]
            result = getattr(sim, sequence.name)(m, *handed)
        except AssertionFailed:
            ended = "stopped"
        except MachineError:
            ended = "error"
        events = [
            (str(e.kind), "" if e.kind == "warn" else e.what, e.old, e.new)
            for e in m.trace
            if e.kind not in ("assert", "fail")
        ]
        slots: dict[str, Any] = {}
        for record in records:
            slots |= snapshot(record)
        registers = {name: m.peek(r) for name, r in m.registers.items()}
        return result, events, registers, slots, ended


def _is_bool(slot: Any) -> bool:
    return type(slot.type).__name__ == "Bool"


@pytest.mark.parametrize("path", MODULES)
def test_a_run_agrees_with_the_generated_simulator(path: str) -> None:
    program, sim = loaded(path)
    seen: set[str] = set()
    for sequence in program.sequences.values():
        for seed in range(STATES if sequence.body is not None else 0):
            args = State(program, seed).args(sequence)
            run = State(program, seed).in_the_run(sequence, args)
            simulated = State(program, seed).in_the_simulator(sim, sequence, args)
            assert run == simulated, (sequence.name, seed)
            seen |= {kind for kind, *_ in run[1]}
    assert {"read", "write"} <= seen


def test_a_run_agrees_with_the_direct_evaluator_on_random_sequences() -> None:
    start, _ = base()
    generator = Generator(start, Random(SEED))
    made = tuple(generator.sequence(f"f{i}") for i in range(RANDOM_SEQUENCES))
    program = Program("g", (*start.modules, Module("g", sequences=made)))
    random = Random(SEED)
    accesses = 0
    for sequence in made:
        case = Case(program, random)
        result, events, slots = _in_the_run(program, case, sequence.name)
        assert (result, events, slots) == case.in_ir(sequence.name)
        accesses += len(events)
    assert accesses > 3 * RANDOM_SEQUENCES


def _in_the_run(program: Program, case: Case, name: str) -> tuple[Any, ...]:
    machine = Machine(program, Choices())
    for element, value in case.world.registers.items():
        machine.poke(machine.elements[element], value)
    for (slot, index), value in case.world.slots.items():
        machine.world.store("vcpu", program.slots[slot], _index(program, slot, index), value, None)  # type: ignore[arg-type]
    for fact, value in case.world.facts.items():
        for owner in ("", "vcpu"):
            machine.world.facts[owner, fact] = value
    result = Executor(machine).run(name, {"vcpu": "vcpu", **case.args}, Env())
    kinds = {Kind.READ: "read", Kind.WRITE: "write", Kind.CALL: "test"}
    events = [
        (kinds[e.kind], e.what, 0 if e.kind is Kind.CALL else e.new)
        for e in machine.trace.events
        if e.kind in kinds
    ]
    slots = {
        (slot, index): machine.world.load("vcpu", program.slots[slot], _index(program, slot, index))
        for slot, index in case.world.slots
    }
    return result, events, slots


def _index(program: Program, slot: str, index: int) -> int | None:
    return index if program.slots[slot].length else None
