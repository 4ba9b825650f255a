"""One change of a function's text, which is what an operator makes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from dsl.mutation.subject import Function
from dsl.syntax import tree as t

T = TypeVar("T")

#: An element of a bank, or of a family of fields: what is before, in and after the brackets.
BANK = re.compile(r"(\w*)<(\w+)>(\w*)")


@dataclass(frozen=True, slots=True)
class Change:
    """Characters ``start`` to ``end`` of the module become ``text``.

    ``what`` says in a line what is different; ``at`` is the offset of what it is about.
    """

    start: int
    end: int
    text: str
    what: str
    at: int


def put(node: t.Node, text: str, what: str) -> Change:
    """A piece of the tree becomes other text."""
    return Change(node.start, node.end, text, what, node.start)


def cut(function: Function, start: int, end: int, what: str) -> Change:
    """Text goes away, with the lines that would be empty, or else with a blank."""
    text = function.source.text
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    last = len(text) if last < 0 else last
    if not text[first:start].strip() and not text[end:last].strip():
        return Change(first, min(last + 1, len(text)), "", what, start)
    if start and text[start - 1] == " ":
        return Change(start - 1, end, "", what, start)
    return Change(start, end, "", what, start)


def brief(text: str) -> str:
    """Text on one line, not too long to stand in a sentence."""
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:57] + "..."


def number(value: int) -> str:
    """A number as it is written: large ones in hexadecimal."""
    return str(value) if value < 1024 else hex(value)


def near(node: t.Node, old: int) -> Iterator[Change]:
    """A number that is one more, and one less."""
    for new in (old + 1, old - 1):
        if new >= 0:
            yield put(node, number(new), f"{number(new)} for {number(old)}")


def beside(all: Sequence[T], one: T) -> Iterator[T]:
    """The neighbours of one of some."""
    at = all.index(one)
    for i in (at + 1, at - 1):
        if 0 <= i < len(all):
            yield all[i]
