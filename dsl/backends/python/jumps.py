"""Where a labelled block is left, and what lies in between."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.ir import sequence as s
from dsl.ir.walk import bodies


def leaves_of(body: s.Body, label: str, crossing: bool = False) -> Iterator[bool]:
    """For each way out of the block ``label``: whether a Python loop lies in between.

    A loop of the program is one, and so is a block that is itself left somewhere.
    """
    for statement in body:
        looped = crossing
        match statement:
            case s.Leave(label=found):
                if found == label:
                    yield crossing
            case s.Loop():
                looped = True
            case s.Labelled(label=own, body=inner):
                if own == label:
                    continue
                looped |= any(True for _ in leaves_of(inner, own))
            case _:
                pass
        for inner in bodies(statement):
            yield from leaves_of(inner, label, looped)
