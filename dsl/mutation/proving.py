"""Proofs of mutants: of the original's, what did not come by the change is not made again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dsl.ir import sequence as s
from dsl.ir.program import Program
from dsl.ir.sequence import Sequence
from dsl.ir.walk import statements
from dsl.mutation.normal import parted
from dsl.verify.findings import Report

if TYPE_CHECKING:
    from dsl.verify.symbolic import Enough
    from dsl.verify.symbolic.kept import Kept


class Proving:
    """Asks the symbolic engine about the mutants of one program, which is asked about first."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._original: Kept | None = None
        #: The mutant that was asked about last: it is asked about more than once.
        self._last: tuple[Program, Kept] | None = None

    def report(
        self,
        program: Program,
        given: Mapping[str, int],
        enough: Enough | None = None,
    ) -> Report:
        """What the engine says of the original or of a mutant, with some conditions fixed.

        ``enough`` is asked about each finding, and says whether no other is asked for.
        """
        from dsl.verify.symbolic import check

        return check(program, given=given, kept=self._kept(program), enough=enough)

    def _kept(self, program: Program) -> Kept:
        from dsl.verify.symbolic.kept import nothing

        if self._original is None:
            self._original = nothing(self.program)
        if program is self.program:
            return self._original
        if self._last is None or self._last[0] is not program:
            self._last = program, self._original.of(program, gone(self.program, program))
        return self._last[1]


def gone(old: Program, new: Program) -> set[int]:
    """The statements of a program that another one does otherwise, by their identities."""
    found: set[int] = set()
    for name, before in old.sequences.items():
        after = new.sequences[name]
        if after is not before:
            found |= _gone(before, after)
    return found


def _gone(before: Sequence, after: Sequence) -> set[int]:
    own = {id(each) for each in statements(before.body)}
    differ = list(parted(before.body or (), after.body or ()))
    if all(isinstance(each, s.Order) for each in differ):
        # With everything in force at once a barrier means nothing.
        return set()
    # What is only added is come by wherever the function is.
    return {id(each) for each in differ if id(each) in own} or own
