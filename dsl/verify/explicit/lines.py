"""What others do in one step, as lines of a scenario."""

from __future__ import annotations

from dsl.ir.shapes import MACHINE, Slot
from dsl.run.registers import Element

#: Here stands whose slot it is, if there is more than one owner.
OWNER = "\0"


def owned_slot(slot: Slot) -> str:
    """What stands before a slot in a line: whose it is."""
    return "" if slot.root == MACHINE else OWNER


def behaves(name: str, body: str) -> str:
    text = "\n".join(f"    {line}" for line in body.splitlines())
    return f"{name} {{\n{text}\n}}" if "\n" in body else f"{name} {{ {body} }}"


def acted_by(actor: str, said: list[str]) -> str:
    if len(said) == 1:
        return f"{actor} {{ {said[0]} }}"
    return f"{actor} {{\n" + "\n".join(f"    {line}" for line in said) + "\n}"


def written(element: Element, mask: int, value: int) -> str:
    """The statement that gives some bits of an element a value."""
    if mask == element.ones:
        return f"{element.name} <- {value & element.stored:#x}"
    parts = [
        (f.name, (value & f.mask) >> f.low)
        for f in element.register.fields
        if f.mask & mask and not f.count
    ]
    if len(parts) == 1:
        return f"{element.name}.{parts[0][0]} <- {parts[0][1]:#x}"
    changes = " ".join(f"{name} <- {part:#x}" for name, part in parts)
    return f"modify {element.name} {{ {changes} }}"
