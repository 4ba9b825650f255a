"""Source texts and places in them: offsets everywhere, lines and columns only when asked for."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from os.path import realpath

from msgspec import Struct


class Source:
    """One text and the name that messages give it.

    ``name`` is the path as the user wrote it (or ``<stdin>``); ``module`` is the name other
    modules import it by.
    """

    def __init__(self, name: str, text: str, module: str = "") -> None:
        self.name = name
        self.text = text
        self.module = module or name

    def __repr__(self) -> str:
        return f"Source({self.name!r})"

    def __eq__(self, other: object) -> bool:
        # A module may be read twice, by who understands one more text in a program, and then
        # perhaps by another path.
        if self is other:
            return True
        if not isinstance(other, Source):
            return NotImplemented
        if self.module != other.module or self.text != other.text:
            return False
        return self.name == other.name or realpath(self.name) == realpath(other.name)

    def __hash__(self) -> int:
        return hash(self.module)

    @cached_property
    def _starts(self) -> list[int]:
        """Offset of the first character of each line."""
        starts = [0]
        find = self.text.find
        at = find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = find("\n", at + 1)
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column (both from 1) of a character offset."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line (from 1), without its line end."""
        start = self._starts[number - 1]
        end = self._starts[number] if number < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")


class Span(Struct, frozen=True):
    """Characters ``start`` (included) to ``end`` (excluded) of a source."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        return self.source.position(self.start)[1]

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    def __str__(self) -> str:
        line, column = self.source.position(self.start)
        return f"{self.source.name}:{line}:{column}"
