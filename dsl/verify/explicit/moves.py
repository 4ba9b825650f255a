"""Where sequences save and restore a slot, for whoever looks for the move that is missing."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.diagnostics.base import Note
from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.program import Program
from dsl.ir.shapes import Slot
from dsl.ir.walk import expressions, inside, statements

#: More places than this are no help.
_MOST = 3


def moves(program: Program, slot: Slot) -> tuple[Note, ...]:
    """Where a slot is saved and restored; or that no sequence does so."""
    assert slot.link is not None
    name = slot.link.register.register.name
    saves: list[s.Statement] = []
    restores: list[s.Statement] = []
    for sequence in program.sequences.values():
        for each in statements(sequence.body):
            match each:
                case s.WriteSlot(slot=to) | s.UpdateSlot(slot=to) if to.name == slot.name:
                    if name in _registers(each):
                        saves.append(each)
                case s.WriteRegister(register=to) if to.name == name:
                    if slot.name in _slots(each):
                        restores.append(each)
    return (
        *_notes(slot, saves, "saved"),
        *_notes(slot, restores, "restored"),
    )


def _notes(slot: Slot, found: list[s.Statement], how: str) -> Iterator[Note]:
    if not found:
        yield Note(slot.span, f"no sequence has {slot.name} {how}")
    if len(found) <= _MOST:
        for each in found:
            yield Note(each.span, f"{slot.name} is {how} here")


def _registers(of: s.Statement) -> set[str]:
    parts = (part for value in expressions(of) for part in inside(value))
    return {part.register.name for part in parts if isinstance(part, x.ReadRegister)}


def _slots(of: s.Statement) -> set[str]:
    parts = (part for value in expressions(of) for part in inside(value))
    return {part.slot.name for part in parts if isinstance(part, x.ReadSlot)}
