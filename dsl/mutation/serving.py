"""Barriers that do the same for all that any rule asks for, on any machine."""

from __future__ import annotations

from msgspec.structs import replace

from dsl.ir import sequence as s
from dsl.ir.platform import Barrier
from dsl.ir.program import Program
from dsl.ir.rewrite import with_bodies
from dsl.mutation.normal import exact_of
from dsl.run.visibility import Rules


class Serving:
    """Tells whether programs differ in barriers alone, and these do the same.

    What a barrier does is to take a step of a chain that a rule asks for: one that is wider than
    any rule asks for does no more.
    """

    def __init__(self, program: Program) -> None:
        self._chains = Rules(program).chains
        self._like: dict[tuple[bool, ...], Barrier] = {}

    def same(self, old: Program, new: Program) -> bool:
        """Whether each function is the same, but for barriers that do the same."""
        pairs = [(q, new.sequences[n]) for n, q in old.sequences.items()]
        return all(self._text(a.body) == self._text(b.body) for a, b in pairs if a is not b)

    def _text(self, body: s.Body | None) -> list[str]:
        return [exact_of(each) for each in self._plain(body or ())]

    def _plain(self, body: s.Body) -> s.Body:
        made: list[s.Statement] = []
        for each in body:
            if isinstance(each, s.Order):
                barriers = [b for b in map(self._plainest, each.barriers) if b is not None]
                if not barriers:
                    continue
                each = replace(each, barriers=tuple(barriers), first=None, then=None)
            made.append(with_bodies(each, self._plain))
        return tuple(made)

    def _plainest(self, barrier: Barrier) -> Barrier | None:
        """The first barrier that did the same; None for one that does nothing."""
        does = tuple(barrier.serves(step) for chain in self._chains for step in chain)
        return self._like.setdefault(does, barrier) if any(does) else None
