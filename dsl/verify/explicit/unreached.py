"""What no history comes by: statements of which an exploration says nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from dsl.ir import sequence as s
from dsl.ir.program import Program
from dsl.ir.walk import bodies, statements
from dsl.verify.explicit.sampling import Spot

#: What is done, and is none of the behaviour that a platform declares.
_DONE = (s.Kind.SAVE, s.Kind.RESTORE, s.Kind.ACTIVATE, s.Kind.DEACTIVATE, s.Kind.SEQUENCE)


def unreached(program: Program, came: Collection[Spot]) -> Iterator[tuple[s.Sequence, s.Statement]]:
    """The statements that nothing came by, of functions that something did, each with its function.

    Of one that is in another, and nothing came by that, nothing is said.
    """
    for sequence in program.sequences.values():
        mine = [_spot(each) for each in statements(sequence.body)]
        if sequence.kind in _DONE and any(spot in came for spot in mine):
            for each in _within(sequence.body or (), came):
                yield sequence, each


def told(function: s.Sequence, statement: s.Statement) -> str:
    """A statement with its place and function, in words."""
    text = " ".join(statement.span.text.split())
    short = text if len(text) <= 60 else f"{text[:57]}..."
    return f"{statement.span}: `{short}` in {function.name}"


def _within(body: s.Body, came: Collection[Spot]) -> Iterator[s.Statement]:
    for each in body:
        if _spot(each) not in came:
            yield each
        else:
            for inner in bodies(each):
                yield from _within(inner, came)


def _spot(statement: s.Statement) -> Spot:
    return statement.span.source.name, statement.span.start


def nowhere(lifecycle: str, phase: str) -> str:
    """That no history comes to a phase, and why that may be."""
    return (
        f"no history comes to `{phase}` of {lifecycle}: no value that was tried keeps what is "
        "promised or assumed"
    )
