"""Pieces of Python code: how tightly they bind, and literals."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from dsl.source import Span


class Level(IntEnum):
    """How tightly the outermost operator of some code binds."""

    OR = 1
    AND = 2
    NOT = 3
    COMPARE = 4
    BITS = 5
    SUM = 6
    PRODUCT = 7
    SIGN = 8
    ATOM = 9


@dataclass(frozen=True, slots=True)
class Code:
    text: str
    level: Level = Level.ATOM

    def at(self, level: Level) -> str:
        """The text, in parentheses unless it binds as tightly as ``level``."""
        return self.text if self.level >= level else f"({self.text})"


ARITHMETIC = {"+": Level.SUM, "-": Level.SUM, "*": Level.PRODUCT}
INVERSE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


def site(span: Span) -> str:
    """The place of a statement in the source, as the trace names it."""
    return f"{span.source.module}:{span.line}:{span.column}"


def number(value: int) -> Code:
    text = str(value) if -100 < value < 100 else hex(value)
    return Code(text, Level.ATOM if value >= 0 else Level.SIGN)


def string(text: str) -> str:
    """A string literal; black chooses its quotes."""
    return repr(text)
