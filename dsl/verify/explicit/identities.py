"""What registers that only identify a machine may hold besides what `boot` says."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from dsl.ir.program import Program
from dsl.ir.shapes import Access, Register
from dsl.verify.decided import Decided
from dsl.verify.findings import Finding


@dataclass(frozen=True, slots=True)
class Identity:
    """What one such register holds instead."""

    register: Register
    value: int

    def __str__(self) -> str:
        return f"{self.register.name} = {self.value:#x}"


def identities(
    program: Program, booted: Mapping[str, int], functions: Collection[str]
) -> Iterator[Identity]:
    """What some functions tell from what registers hold that a CPU has ``booted`` with, by name.

    One field at a time is another, first with all else as it is, and then with what else there is
    as large as it can be, for one field may bound another.  No machine may be like this: that is
    for assumptions to say.
    """
    decided = Decided(program)
    computed = {each.register.name for each in program.computed}
    for name, value in booted.items():
        register = program.registers.get(name)
        if register is None or register.access is not Access.RO or name in computed:
            # Banks go by the names of their elements: none of them identifies a machine.
            continue
        mask = 0
        for field in register.fields:
            mask |= field.mask
        for other in decided.alone(name, value, functions):
            changed = (other ^ value) & mask
            if changed:
                yield Identity(register, other)
                yield Identity(register, other | mask & ~decided.named(name))


def identified(finding: Finding, identity: Identity) -> Finding:
    """The finding on a machine that identifies itself otherwise."""
    assert finding.witness is not None
    steps = list(finding.witness.steps)
    if steps and steps[0].startswith("given "):
        steps[0] = f"{steps[0]}, {identity}"
    else:
        steps.insert(0, f"given {identity}")
    return replace(finding, witness=replace(finding.witness, steps=tuple(steps)))
