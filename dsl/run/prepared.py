"""What all runs of one program share: its registers taken apart, and its rules."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from dsl.ir.program import Program
from dsl.run.registers import Element, elements
from dsl.run.visibility import Rules


@dataclass(frozen=True, slots=True)
class Prepared:
    """The elements of a program's registers by name, and its rules."""

    elements: dict[str, Element]
    rules: Rules


@dataclass(frozen=True, slots=True, eq=False)
class _Same:
    """A program that equals itself only: to compare two would walk all of them."""

    program: Program

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.program is self.program

    def __hash__(self) -> int:
        return id(self.program)


def prepared(program: Program) -> Prepared:
    """What runs of a program share; made once, as long as few programs are run in turn."""
    return _prepared(_Same(program))


@lru_cache(maxsize=16)
def _prepared(same: _Same) -> Prepared:
    return Prepared(elements(same.program), Rules(same.program))
