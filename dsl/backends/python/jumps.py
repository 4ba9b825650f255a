"""Where bodies are left: ways out of a labelled block, and ends that nothing follows."""

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


def ends(body: s.Body) -> bool:
    """Whether nothing after this body can be reached, as far as a look at its end tells."""
    match body[-1] if body else None:
        case s.Return() | s.Leave() | s.Fail():
            return True
        case s.If(arms=arms, otherwise=otherwise) if otherwise is not None:
            return all(ends(arm.body) for arm in arms) and ends(otherwise)
        case s.Hold(body=inner):
            return ends(inner)
        case _:
            return False
