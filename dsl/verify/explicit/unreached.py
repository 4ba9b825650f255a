"""What no history comes by: statements of which an exploration says nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.program import Program
from dsl.ir.walk import bodies, inside, statements
from dsl.verify.explicit.sampling import Spot

#: What is done, and is none of the behaviour that a platform declares.
_DONE = (s.Kind.SAVE, s.Kind.RESTORE, s.Kind.ACTIVATE, s.Kind.DEACTIVATE, s.Kind.SEQUENCE)


@dataclass(frozen=True, slots=True)
class Missed:
    """What nothing came by in a function: a statement, or that no condition of it holds."""

    function: s.Sequence
    statement: s.Statement
    always: bool = False

    def __str__(self) -> str:
        text = " ".join(self.statement.span.text.split())
        short = text if len(text) <= 60 else f"{text[:57]}..."
        where = f"`{short}` in {self.function.name}"
        what = f"past {where}, whose condition always held" if self.always else where
        return f"{self.statement.span}: {what}"


def unreached(program: Program, came: Collection[Spot]) -> Iterator[Missed]:
    """What nothing came by, of functions that something did.

    Of a statement that is in another, and nothing came by that, nothing is said.
    """
    for sequence in program.sequences.values():
        mine = [_spot(each) for each in statements(sequence.body)]
        if sequence.kind in _DONE and any(spot in came for spot in mine):
            yield from _within(sequence, sequence.body or (), came)


def _within(function: s.Sequence, body: s.Body, came: Collection[Spot]) -> Iterator[Missed]:
    for each in body:
        if _spot(each) not in came:
            yield Missed(function, each)
            continue
        if isinstance(each, s.If) and not each.otherwise and not _constant(each):
            source, start = _spot(each)
            if (source, ~start) not in came:
                yield Missed(function, each, always=True)
        for inner in bodies(each):
            yield from _within(function, inner, came)


def _constant(choice: s.If) -> bool:
    """Whether nothing is asked for by one of its conditions, so it cannot be otherwise."""
    asked = (x.ReadRegister, x.ReadSlot, x.Test, x.Var, x.Call, x.Derive)
    return any(not any(isinstance(p, asked) for p in inside(a.condition)) for a in choice.arms)


def _spot(statement: s.Statement) -> Spot:
    return statement.span.source.name, statement.span.start


def nowhere(lifecycle: str, phase: str) -> str:
    """That no history comes to a phase, and why that may be."""
    return (
        f"no history comes to `{phase}` of {lifecycle}: no value that was tried keeps what is "
        "promised or assumed"
    )
