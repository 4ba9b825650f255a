"""The symbolic machine does what a run does: for any values, on every path.

Each sequence is executed once, with an unknown in every register and slot; what it leaves is then
looked at with random numbers for the unknowns, and is what a run leaves that begins with these.
"""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

import dsl
from dsl.ir.program import Module, Program
from dsl.ir.sequence import Sequence
from dsl.ir.shapes import MACHINE
from dsl.ir.types import Handle
from dsl.run.choices import Choices
from dsl.run.env import Env, wrapped
from dsl.run.errors import RunError
from dsl.run.execute import Executor as Runner
from dsl.run.machine import Machine
from dsl.run.world import limits
from dsl.verify.symbolic.execute import Executor
from dsl.verify.symbolic.solver import Solver
from dsl.verify.symbolic.state import Key, width_of
from dsl.verify.symbolic.term import Term, evaluate
from dsl.verify.symbolic.terms import Terms
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
STATES = 4
RANDOM_SEQUENCES, SEED = 120, 20260302


@cache
def loaded(path: str) -> Program:
    """The program, whose externs promise nothing: here they do nothing."""
    program = dsl.load(ROOT / path).program
    return replace(
        program,
        modules=tuple(
            replace(m, externs=tuple(replace(e, ensures=()) for e in m.externs))
            for m in program.modules
        ),
    )


class Both:
    """One sequence, executed with unknowns, and then run with numbers for them."""

    def __init__(self, program: Program, sequence: Sequence) -> None:
        self.program, self.sequence = program, sequence
        self.terms = Terms()
        self.solver = Solver(self.terms)
        self.unknown: dict[Key, Term] = {}
        self.machine = Executor(program, self.terms, self.solver, {})
        self.machine.initial = self.initial
        # What a run has where nothing is said: externs do nothing, and give 0.
        self.machine.extern = lambda call, args: None  # type: ignore[method-assign]
        self.machine.sampled = lambda c, env: self.named(c)  # type: ignore[method-assign]
        self.args: dict[str, Term] = {}
        given: list[Term | str] = []
        for param in sequence.signature.params:
            if isinstance(param.type, Handle):
                given.append(param.type.root)
            else:
                self.args[param.name] = self.terms.symbol(param.name, width_of(param))  # type: ignore[arg-type]
                given.append(self.args[param.name])
        self.result = self.machine.run(sequence, given, software=True)

    def initial(self, key: Key) -> Term | None:
        if key not in self.unknown:
            if isinstance(key, str):
                width = self.machine.elements[key].register.width
                self.unknown[key] = self.terms.symbol(key, width)
            elif key[0] in ("=", "?"):
                return None
            else:
                slot = self.program.slots[str(key[1])]
                low, high = limits(slot)
                width = width_of(slot)
                hi = high if low >= 0 else None
                self.unknown[key] = self.machine.ranged(repr(key), width, max(low, 0), hi)
        return self.unknown[key]

    def named(self, condition: Any) -> Term:
        key: Key = ("?", "", condition.name)
        if key not in self.unknown:
            self.unknown[key] = self.machine.any_of(condition, condition.name)
        return self.unknown[key]

    def agree(self, random: Random) -> bool:
        """Whether both leave the same; False where the run does not get to the end."""
        machine = Machine(self.program, Choices())
        machine.at_once = True
        runner = Runner(machine)
        values: dict[Term, int] = {}
        for name, element in machine.elements.items():
            value = random.choice((random.getrandbits(64), 0, -1)) & element.ones
            if name == "ICH_VTR_EL2":
                value = random.randrange(16) | random.randint(4, 6) << 26
            machine.poke(element, value)
            if name in self.unknown:
                values[self.unknown[name]] = machine.cell(element).newest
        for name, slot in self.program.slots.items():
            owner = "" if slot.root == MACHINE else slot.root
            low, high = limits(slot)
            for index in range(slot.length) if slot.length else (None,):
                number = random.choice((low if low < 0 else high, max(low, 0), None))
                value = random.randint(low, high) if number is None else number
                machine.world.store(owner, slot, index, value, None)  # type: ignore[arg-type]
                key = (owner, name, -1 if index is None else index)
                if key in self.unknown:
                    whole = self.unknown[key]
                    inner = whole.args[0] if whole.op == "cat" else whole
                    values[inner] = value & (1 << max(1, inner.width)) - 1
        for name, condition in self.program.conditions.items():
            low, high = limits(condition)
            value = random.randint(low, high)
            for owner in ("", *{str(c.root) for c in self.program.contexts.values()}):
                machine.world.facts[owner, name] = value
            if ("?", "", name) in self.unknown:
                whole = self.unknown["?", "", name]
                values[whole.args[0] if whole.op == "cat" else whole] = value
        args: dict[str, Any] = {}
        for param in self.sequence.signature.params:
            if isinstance(param.type, Handle):
                args[param.name] = param.type.root
            else:
                number = random.choice((random.randrange(16), random.getrandbits(64)))
                args[param.name] = wrapped(param.type, number)
                ones = (1 << self.args[param.name].width) - 1 or 1
                values[self.args[param.name]] = int(args[param.name]) & ones
        for name, extern in self.program.externs.items():
            runner.behaviours[name] = (extern.signature.params, ())
        made: dict[Term, int] = {}
        try:
            result = runner.run(self.sequence.name, args, Env())
        except RunError:
            assert not evaluate(self.machine.path, values, made), self.sequence.name
            return False
        assert evaluate(self.machine.path, values, made), self.sequence.name
        for key, term in self.machine.cells.items():
            found = evaluate(term, values, made)
            if isinstance(key, str):
                assert found == machine.cell(machine.elements[key]).newest, (
                    self.sequence.name,
                    key,
                )
            elif key[0] not in ("=", "?"):
                slot = self.program.slots[str(key[1])]
                index = None if key[2] == -1 else int(key[2])
                value = machine.world.load(str(key[0]), slot, index)
                width = width_of(slot)
                assert found == (value & (1 << width) - 1 if width else value), key
        if result is not None:
            assert self.result is not None
            width = self.result.width
            wanted = result & (1 << width) - 1 if width else result
            assert evaluate(self.result, values, made) == wanted, self.sequence.name
        return True


@pytest.mark.parametrize("path", MODULES)
def test_each_sequence_does_what_a_run_does(path: str) -> None:
    program = loaded(path)
    random = Random(SEED)
    ends = 0
    for sequence in program.sequences.values():
        if sequence.body is not None:
            both = Both(program, sequence)
            ends += sum(both.agree(random) for _ in range(STATES))
    assert ends > STATES


def test_random_sequences_do_what_a_run_does() -> None:
    start, _ = base()
    generator = Generator(start, Random(SEED))
    made = tuple(generator.sequence(f"f{i}") for i in range(RANDOM_SEQUENCES))
    program = Program("g", (*start.modules, Module("g", sequences=made)))
    random = Random(SEED)
    ends = 0
    for sequence in made:
        both = Both(program, sequence)
        ends += sum(both.agree(random) for _ in range(STATES))
    assert ends > 2 * RANDOM_SEQUENCES
