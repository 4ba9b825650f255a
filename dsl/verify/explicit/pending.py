"""What is under way in a register, and what is known of what becomes of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from dsl.run.registers import Element
from dsl.run.visibility import Need
from dsl.source import Span
from dsl.verify.explicit.recording import Happening


@dataclass(frozen=True, slots=True)
class Write:
    """A write that is under way: where it was made, and how far its chains of barriers are."""

    mask: int
    value: int
    author: str
    span: Span
    function: str
    progress: tuple[int, ...]


#: What a register holds for everybody, and what is under way behind it, in order.
Line: TypeAlias = tuple[int, tuple[Write, ...]]
#: A write that need not be seen, what is missing, and where.
Seen: TypeAlias = tuple[Write, Need, Happening]


class Known:
    """The lines of one register by number, and what becomes of each; worked out once."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.about: dict[int, tuple[Sequence[Happening], tuple[Happening, ...]]] = {}
        self.alike: dict[tuple[Happening, ...], tuple[Happening, ...]] = {}
        self.after: dict[tuple[int, int], tuple[int, list[Seen]]] = {}
        self._numbers: dict[Line, int] = {}

    def numbered(self, line: Line) -> int:
        """The number of a line."""
        number = self._numbers.setdefault(line, len(self.lines))
        if number == len(self.lines):
            self.lines.append(line)
        return number


class Lines:
    """What is known of the lines of registers, for all explorations of one machine."""

    def __init__(self) -> None:
        #: By the identity of what happens in a step, this and the number of its signature.
        self.signed: dict[int, tuple[Sequence[Happening], int]] = {}
        self.signatures: dict[tuple[object, ...], int] = {}
        self._of: dict[str, Known] = {}

    def of(self, element: Element) -> Known:
        """What is known of one register."""
        return self._of.setdefault(element.name, Known())
