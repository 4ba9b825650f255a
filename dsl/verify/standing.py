"""What stands at a place of the sources: barriers, accesses, and who may act."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.lifecycle import Phase
from dsl.ir.platform import Endpoint
from dsl.ir.program import Program
from dsl.ir.walk import expressions, inside, statements
from dsl.source import Span
from dsl.verify.flow.atoms import phases


def bodies(program: Program) -> Iterator[s.Body]:
    yield from (q.body for q in program.sequences.values() if q.body is not None)
    every: Iterable[Phase] = (p for each in program.lifecycles for p in phases(each.steps))
    yield from (p.body for p in every)


def same(one: Span, other: Span) -> bool:
    same = one.start == other.start and one.end == other.end
    return same and one.source.name == other.source.name


def order_at(program: Program, span: Span) -> s.Order | None:
    """The barriers that stand at a place."""
    for body in bodies(program):
        for each in statements(body):
            if isinstance(each, s.Order) and same(each.span, span):
                return each
    return None


def accesses_at(program: Program, span: Span) -> Iterator[tuple[str, str]]:
    """The registers that are read or written at a place."""
    for body in bodies(program):
        for each in statements(body):
            match each:
                case s.WriteRegister() | s.UpdateRegister() if same(each.span, span):
                    yield each.register.name, "writes"
                    if isinstance(each, s.UpdateRegister):
                        yield each.register.name, "reads"
            for part in (part for e in expressions(each) for part in inside(e)):
                if isinstance(part, x.ReadRegister) and same(part.span, span):
                    yield part.register.name, "reads"


def acting_at(program: Program, span: Span) -> Iterator[str]:
    """The endpoints that may act at a place."""
    for body in bodies(program):
        for each in statements(body):
            if isinstance(each, s.May) and same(each.span, span):
                yield from (p.name for p in each.places if isinstance(p, Endpoint))


def moves(sequence: s.Sequence, context: str) -> bool:
    """Whether a sequence moves slots of a context."""
    for each in statements(sequence.body):
        if isinstance(each, s.WriteSlot) and each.slot.context == context:
            return True
        for part in (part for e in expressions(each) for part in inside(e)):
            if isinstance(part, x.ReadSlot) and part.slot.context == context:
                return True
    return False
