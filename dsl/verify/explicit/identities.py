"""What is there from the start and never changes, and may be otherwise than a boot leaves it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from dsl.ir import expr as x
from dsl.ir import lifecycle as l
from dsl.ir import sequence as s
from dsl.ir.program import Program
from dsl.ir.shapes import Access, Slot
from dsl.ir.types import INT
from dsl.ir.walk import statements
from dsl.ir.ways import phases
from dsl.run.env import wrapped
from dsl.run.world import limits
from dsl.verify.decided import Decided, place_of
from dsl.verify.findings import Finding

#: The elements of an array that are given values, at most.
ELEMENTS = 16


@dataclass(frozen=True, slots=True)
class Identity:
    """What such places hold instead."""

    given: tuple[l.Given, ...]

    def __str__(self) -> str:
        return ", ".join(map(_text, self.given))


def identities(
    program: Program, booted: Mapping[str, int], functions: Collection[str]
) -> Iterator[Identity]:
    """What some functions tell from what registers hold that a CPU has ``booted`` with, by name,
    and from memory that nobody has written.

    Of a register that only identifies a machine one field at a time is another, first with all
    else as it is, and then with what else there is as large as it can be, for one field may bound
    another.  Of memory first one slot is another, and then all are.  No machine may be like this:
    that is for assumptions to say.
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
        held = x.ReadRegister(register, None, register.span)
        for other in decided.alone(name, value, functions):
            changed = (other ^ value) & mask
            if changed:
                for made in (other, other | mask & ~decided.named(name)):
                    yield Identity((l.Given(held, made, register.span),))
    yield from _memory(program, decided)


def _memory(program: Program, decided: Decided) -> Iterator[Identity]:
    """Memory that nobody writes: what is there was given from outside, and may be anything."""
    tried = {}
    for slot in sorted(unwritten(program), key=lambda each: each.name):
        place = place_of(slot)
        # A bit that is asked for by itself is none of the values that are named.
        asked = (*decided.values(place, 0), decided.masks.get(place, 0))
        made = (wrapped(slot.type, value) for value in asked)
        low, high = limits(slot)
        values = tuple(dict.fromkeys(v for v in made if v and low <= v <= high))
        if values:
            tried[slot] = values
    for slot, values in tried.items():
        for turn in range(len(values)):
            yield Identity(tuple(_of(slot, values, turn)))
            if slot.length and len(values) > 1:
                yield Identity(tuple(_of(slot, values, turn, step=1)))
    if len(tried) > 1:
        for turn in range(max(map(len, tried.values()))):
            yield Identity(tuple(chain(*(_of(*each, turn, step=1) for each in tried.items()))))


def _of(slot: Slot, values: tuple[int, ...], turn: int, step: int = 0) -> Iterator[l.Given]:
    """One of these values for a slot, or one for each element."""
    for at in range(min(slot.length, ELEMENTS)) if slot.length else (None,):
        index = None if at is None else x.Const(at, INT, slot.span)
        place = x.ReadSlot(slot, "", index, slot.span)
        yield l.Given(place, values[(turn + step * (at or 0)) % len(values)], slot.span)


def unwritten(program: Program) -> Iterator[Slot]:
    """The slots that nothing at all writes."""
    functions = (
        *program.sequences.values(),
        *program.models.values(),
        *program.operations.values(),
    )
    written: set[object] = set()
    for body in chain(
        (each.body or () for each in functions),
        (each.body for life in program.lifecycles for each in phases(life.steps)),
    ):
        for each in statements(body):
            match each:
                case s.WriteSlot(slot=slot) | s.UpdateSlot(slot=slot):
                    written.add(slot.name)
                case s.May(kind="change" | "write", places=places):
                    written |= {place.name for place in places if isinstance(place, Slot)}
                case _:
                    pass
    for extern in program.externs.values():
        for effect in extern.effects:
            if effect.kind == "writes":
                written |= {place.name for place in effect.places if isinstance(place, Slot)}
    return (slot for slot in program.slots.values() if slot.name not in written)


def _text(given: l.Given) -> str:
    match given.place:
        case x.ReadRegister(register=register):
            name = register.name
        case x.ReadSlot(slot=slot, index=x.Const(value=at)):
            name = f"{slot.name}[{at}]"
        case x.ReadSlot(slot=slot):
            name = slot.name
        case _:
            raise TypeError(given.place)
    return f"{name} = {given.value or 0:#x}"


def identified(finding: Finding, identity: Identity) -> Finding:
    """The finding on a machine that identifies itself otherwise."""
    assert finding.witness is not None
    steps = list(finding.witness.steps)
    if steps and steps[0].startswith("given "):
        steps[0] = f"{steps[0]}, {identity}"
    else:
        steps.insert(0, f"given {identity}")
    return replace(finding, witness=replace(finding.witness, steps=tuple(steps)))
