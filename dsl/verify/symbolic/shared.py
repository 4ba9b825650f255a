"""What two programs both have: the registers and slots that can be compared at all."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.ir import sequence as s
from dsl.ir.program import Program
from dsl.ir.shapes import Register, Slot
from dsl.ir.walk import statements
from dsl.ir.ways import phases
from dsl.run.prepared import prepared
from dsl.verify.symbolic.state import Key, width_of


class Shared:
    """The registers and slots that both programs declare, and declare alike."""

    def __init__(self, program: Program, other: Program) -> None:
        self._programs = (program, other)
        mine, its = program.registers, other.registers
        self._registers = {n for n, r in mine.items() if n in its and _shape(r) == _shape(its[n])}
        slots = other.slots
        self._slots = {
            n for n, x in program.slots.items() if n in slots and _kind(x) == _kind(slots[n])
        }
        elements = prepared(program).elements.values()
        self._elements = {e.name for e in elements if e.register.name in self._registers}

    def has(self, key: Key) -> bool:
        """Whether both have it; of what an owner last had, whether both have its slot."""
        if isinstance(key, str):
            return key in self._elements
        name = str(key[1]).rpartition("/")[2] if key[0] == "g" else str(key[1])
        return name in self._slots

    def unlike(self) -> Iterator[str]:
        """What is written in one program and is not the same register in the other."""
        for program, other in (self._programs, self._programs[::-1]):
            for name in _written(program):
                if name not in self._registers:
                    how = "declared otherwise in" if name in other.registers else "not in"
                    yield f"{name} of {program.name} is {how} {other.name}: it was not compared"


def _shape(register: Register) -> tuple[object, ...]:
    fields = tuple((f.name, f.mask) for f in register.fields)
    return (register.width, register.first, register.count, register.banked, fields)


def _kind(slot: Slot) -> tuple[object, ...]:
    linked = slot.link.register.register.name if slot.link is not None else ""
    return (slot.root, slot.length, width_of(slot), linked)


def _written(program: Program) -> dict[str, None]:
    """The registers that sequences and lifecycles write."""
    bodies = [q.body for q in program.sequences.values() if q.body is not None]
    bodies += [phase.body for each in program.lifecycles for phase in phases(each.steps)]
    return {
        each.register.name: None
        for body in bodies
        for each in statements(body)
        if isinstance(each, s.WriteRegister | s.UpdateRegister)
    }
