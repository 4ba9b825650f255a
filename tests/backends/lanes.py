"""What the tests of batches share: machines in lanes against the same machines one at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from types import ModuleType
from typing import Any
from zlib import crc32

import numpy as np

from dsl.backends.batch.module import unformatted as in_lanes
from dsl.backends.python.module import unformatted as alone
from dsl.ir.program import Program
from dsl.ir.sequence import Signature
from dsl.ir.types import Bool, Handle, Int
from dsl.machine import MachineError, load_simulator
from dsl.machine.lanes import LanesFailed

EDGES = (0, 1, 2, 3, 4, 5, 7, 15, 16, 17, 0x7F, 0x80, 0xFF, 0x8000, 0x7FFFFFFF, 0x80000000, -1, -2)


def some(random: Random, type: Int | Bool, low: int | None = None, high: int | None = None) -> int:
    """A value of a type and a range: often one at an edge."""
    if isinstance(type, Bool):
        return random.random() < 0.5 if low is None else bool(low)
    least = type.least if low is None else low
    most = type.greatest if high is None else high
    picked = (
        random.choice((least, most, *EDGES)) if random.random() < 0.6 else random.getrandbits(64)
    )
    return least + (picked - least) % (most - least + 1)


@dataclass
class Both:
    """One program as both simulators."""

    program: Program
    one: ModuleType = field(init=False)
    many: ModuleType = field(init=False)

    def __post_init__(self) -> None:
        self.one = load_simulator(alone(self.program), "alone")
        self.many = load_simulator(in_lanes(self.program), "lanes")


class Trial:
    """One sequence on random machines, in lanes and one at a time."""

    def __init__(self, both: Both, name: str, seed: int, lanes: int) -> None:
        self.both, self.name, self.lanes = both, name, lanes
        self.program = both.program
        self.random = Random(seed)
        self.uniform = self.random.random()
        self.signature = self.program.sequences[name].signature
        self.machines = [both.one.Machine(tracing=False) for _ in range(lanes)]
        self.batch = both.many.Machine(lanes)
        self._registers()
        self._facts(self.batch.facts, [m.facts for m in self.machines], None)
        self._externs()
        if self.batch.memory is not None:
            self._context(self.batch.memory, [m.memory for m in self.machines])
        self.handles: list[tuple[Any, list[Any]]] = []
        self.args = [self._argument(p.type) for p in self.signature.params]

    # ---- random state, the same on both sides

    def _values(self, make: Callable[[], int]) -> list[int]:
        """A value for each lane, now and then the same."""
        if self.random.random() < self.uniform:
            return [make()] * self.lanes
        return [make() for _ in range(self.lanes)]

    def _registers(self) -> None:
        for register in self.machines[0].registers.values():
            values = self._values(lambda r=register: some(self.random, Int(r.width)))  # type: ignore
            fixed = self.batch.FIXED.get(register.name)
            if fixed is not None:
                values = [fixed] * self.lanes
            same = len(set(values)) == 1 and self.random.random() < 0.5
            self.batch.poke(register, values[0] if same else np.array(values, np.uint64))
            for machine, value in zip(self.machines, values, strict=True):
                machine.poke(register, value)

    def _facts(self, lanes: Any, ones: list[Any], root: str | None) -> None:
        for attribute, slot in lanes.SLOTS.items():
            values = [
                self._values(lambda s=slot: some(self.random, s.type, s.low, s.high))  # type: ignore
                for _ in range(self.random.randint(1, 4) if slot.sampled else 1)
            ]
            rows = slot.sampled and self.random.random() < 0.7
            for lane, facts in enumerate(ones):
                column = [row[lane] for row in values]
                setattr(facts, attribute, iter(column) if rows else column[0])
            setattr(lanes, attribute, np.array(values if rows else values[0]))

    def _context(self, lanes: Any, ones: list[Any]) -> None:
        for attribute, slot in lanes.SLOTS.items():
            for i in range(slot.length or 1):
                values = self._values(lambda s=slot: some(self.random, s.type, s.low, s.high))  # type: ignore
                held = getattr(lanes, attribute)
                (held[i] if slot.length else held)[:] = values
                for one, value in zip(ones, values, strict=True):
                    if slot.length:
                        getattr(one, attribute)[i] = value
                    else:
                        setattr(one, attribute, value)

    def _argument(self, type: Any) -> tuple[Any, list[Any]]:
        if not isinstance(type, Handle):
            values = self._values(lambda: some(self.random, type))
            if len(set(values)) == 1 and self.random.random() < 0.5:
                return values[0], values
            return values, values
        if self.handles and self.random.random() < 0.3:
            found = self.handles[-1]
            if isinstance(found[0], self.both.many.HANDLES[type.root]):
                return found
        lanes = self.both.many.HANDLES[type.root](self.lanes)
        ones = [self.both.one.HANDLES[type.root]() for _ in range(self.lanes)]
        self._context(lanes, ones)
        self._facts(lanes.facts, [one.facts for one in ones], type.root)
        self.handles.append((lanes, ones))
        return self.handles[-1]

    def _externs(self) -> None:
        """Behaviours that store to what they get, and give a result that may not fit."""
        signatures = [e.signature for e in self.program.externs.values()]
        signatures += [s.signature for s in self.program.sequences.values() if s.body is None]
        for signature in signatures:
            if self.random.random() < 0.1:
                continue
            generous = self.random.random() < 0.2

            def one(m: Any, *args: Any, s: Signature = signature, wide: bool = generous) -> Any:
                numbers = [int(a) for a in args if isinstance(a, int)]
                for a in args:
                    if not isinstance(a, int):
                        for attribute, slot in a.SLOTS.items():
                            if not slot.length:
                                setattr(a, attribute, effect(s.name, attribute, slot, numbers))
                return result(s, numbers, wide)

            def many(m: Any, *args: Any, s: Signature = signature, wide: bool = generous) -> Any:
                *given, chosen = args
                results = np.zeros(m.lanes, np.int64)
                for lane in np.flatnonzero(chosen):
                    numbers = [int(a[lane]) for a in given if isinstance(a, np.ndarray)]
                    for a in given:
                        if not isinstance(a, np.ndarray):
                            for attribute, slot in a.SLOTS.items():
                                if not slot.length:
                                    new = effect(s.name, attribute, slot, numbers)
                                    getattr(a, attribute)[lane] = new
                    found = result(s, numbers, wide)
                    results[lane] = 0 if found is None else found
                return None if s.result is None else results

            for machine in self.machines:
                machine.externs[signature.name] = one
            self.batch.externs[signature.name] = many

    # ---- running and comparing

    def run(self) -> None:
        """Runs both, and asserts that each lane is what the machine alone is."""
        errors: Mapping[int, MachineError] = {}
        results: Any = None
        try:
            results = self.both.many.SEQUENCES[self.name](self.batch, *(a for a, _ in self.args))
        except LanesFailed as failed:
            errors = failed.errors
        for lane, machine in enumerate(self.machines):
            given = [ones[lane] for _, ones in self.args]
            found, error = None, None
            try:
                found = self.both.one.SEQUENCES[self.name](machine, *given)
            except MachineError as met:
                error = type(met), str(met)
            said = errors.get(lane)
            if said is None:
                assert error is None, f"lane {lane} goes on"
                if results is not None:
                    assert results[lane] == found, f"lane {lane}: {results[lane]} for {found}"
                continue
            # A behaviour is told the lanes that call it, and the advice says so.
            plain = str(said).replace("(machine, *arguments, lanes)", "(machine, *arguments)")
            assert (type(said), plain) == error, f"lane {lane}"
        self._same_state()

    def _same_state(self) -> None:
        for name, register in self.machines[0].registers.items():
            stored = self.batch._stored(register)
            found = np.broadcast_to(stored, (self.lanes,)).tolist()
            assert found == [m.state[name] for m in self.machines], name
            shown = [machine.peek(register) for machine in self.machines]
            assert self.batch.peek(register).tolist() == shown, name
        pairs = list(self.handles)
        if self.batch.memory is not None:
            pairs.append((self.batch.memory, [m.memory for m in self.machines]))
        for lanes, ones in pairs:
            for attribute, slot in lanes.SLOTS.items():
                held = getattr(lanes, attribute)
                found = held.T.tolist() if slot.length else held.tolist()
                kept = [getattr(one, attribute) for one in ones]
                assert found == [list(k) if slot.length else k for k in kept], attribute
        assert not any(machine.held for machine in self.machines)


def effect(name: str, attribute: str, slot: Any, numbers: list[int]) -> int:
    """What an extern stores to a slot: any value that fits."""
    value = crc32(f"{name} {attribute} {numbers}".encode())
    if isinstance(slot.type, Bool):
        return value % 2 if slot.low is None else slot.low
    low = slot.type.least if slot.low is None else slot.low
    high = slot.type.greatest if slot.high is None else slot.high
    return low + value % (high - low + 1)


def result(signature: Signature, numbers: list[int], wide: bool) -> int | None:
    """What an extern gives: as a rule something that fits."""
    value = crc32(f"{signature.name} {numbers}".encode())
    match signature.result:
        case Bool():
            return value % 2
        case Int() as type:
            return value - 7 if wide else type.wrap(value)
        case _:
            return None


def try_all(both: Both, seed: int, lanes: int = 9, rounds: int = 1) -> None:
    """Every sequence of a program."""
    for number, (name, sequence) in enumerate(both.program.sequences.items()):
        if sequence.body is not None:
            for turn in range(rounds):
                Trial(both, name, seed * 1000 + number * 50 + turn, lanes).run()
