"""Rows written from top to bottom, with the comments and blank lines around what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Generic, TypeVar

from dsl.syntax import tree as t
from dsl.syntax.format.rows import Row
from dsl.syntax.format.trivia import Trivia
from dsl.syntax.format.words import Words, closed, led, word

N = TypeVar("N", bound=t.Node)


@dataclass(frozen=True, slots=True)
class Body(Generic[N]):
    """Nodes between two braces, the second of which ends at ``end``; each is written by itself."""

    end: int
    nodes: Sequence[N]
    write: Callable[[N, int], None]


class Writer:
    """The rows of a text so far."""

    def __init__(self, trivia: Trivia) -> None:
        self.rows: list[Row] = []
        self._trivia = trivia

    def row(self, depth: int, words: Words, run: str = "") -> None:
        self.rows.append(Row(depth, words, run))

    def lines(
        self, nodes: Iterable[N], start: int, end: int, depth: int, write: Callable[[N, int], None]
    ) -> list[range]:
        """Writes nodes below each other, with the comments and blank lines of their surroundings.

        A comment inside of a node that nothing nested in it has taken moves in front of it.
        Returns for each node the rows before which it may be set apart from what precedes it.
        """
        rows, trivia = self.rows, self._trivia
        gaps = []
        done = start
        for node, following in _with_next(nodes):
            leading = len(rows)
            done = self._comments(done, node.start, depth, done == start)
            first = len(rows)
            write(node, depth)
            moved = trivia.take(node.start, node.end)
            rows[first:first] = [Row(depth, word(c.text)) for c in moved]
            if done != start:
                rows[first] = replace(rows[first], blank=trivia.blank(done, node.start))
            gaps.append(range(leading, first + 1))
            done = node.end
            trailing = trivia.take_trailing(done, following.start if following else end)
            if trailing:
                rows[-1] = replace(rows[-1], comment=trailing.text)
                done = trailing.end
        self._comments(done, end, depth, done == start)
        return gaps

    def _comments(self, start: int, end: int, depth: int, first: bool) -> int:
        """Writes comments on lines of their own; returns where the last one ends."""
        for comment in self._trivia.take(start, end):
            blank = 0 if first else self._trivia.blank(start, comment.start)
            self.rows.append(Row(depth, word(comment.text), blank=blank))
            start, first = comment.end, False
        return start

    def braced(self, depth: int, *arms: tuple[Words, Body[N]]) -> None:
        """Heads, each with a body on lines of its own: ``head {``, …, ``} head {``, …, ``}``."""
        line: Words = []
        for head, body in arms:
            line = line + led(" ", head) if line else head
            opening = self._trivia.opening(body.end)
            if body.nodes or self._trivia.commented(opening, body.end):
                self.row(depth, closed(line, " {"))
                self.lines(body.nodes, opening, body.end - 1, depth + 1, body.write)
                line = word("}")
            else:
                line = closed(line, " {}")
        self.row(depth, line)

    def in_braces(self, parts: Sequence[Words], body: Body[N], gap: str = " ") -> Words | None:
        """The parts of a body in braces on one line, if nothing in there asks for lines."""
        if self._trivia.commented(self._trivia.opening(body.end), body.end):
            return None
        if any(self._trivia.blank(a.end, b.start) for a, b in pairwise(body.nodes)):
            return None
        words: Words = []
        for part in parts:
            words += led(gap if words else "{ ", part)
        return closed(words, " }") if words else word("{}")

    def prefix(self, docs: Sequence[t.Doc], hints: Sequence[t.Hint], depth: int) -> None:
        for doc in docs:
            self.row(depth, word(f"/// {doc.text}" if doc.text else "///"))
        for hint in hints:
            self.row(depth, word(_hint(hint)))


def _hint(node: t.Hint) -> str:
    args = ", ".join([a.text for a in node.args])
    return f"@{node.name.text}({args})" if args else f"@{node.name.text}"


def _with_next(nodes: Iterable[N]) -> Iterator[tuple[N, N | None]]:
    held: N | None = None
    for node in nodes:
        if held is not None:
            yield held, node
        held = node
    if held is not None:
        yield held, None
