"""A source that is changed by one statement: where statements are, and what the text becomes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from dsl.failures import HasErrors
from dsl.source import Source, Span
from dsl.syntax import tree as t
from dsl.syntax.formatting import formatted
from dsl.verify.findings import Edit


@dataclass(frozen=True, slots=True)
class Change:
    """A source's text with something changed in it, laid out as the rest of it is."""

    source: Source
    text: str
    title: str

    def edit(self) -> Edit:
        """What is replaced by what: the lines that differ, as one piece."""
        old, new = self.source.text, self.text
        before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
        head = _common(before, after)
        tail = _common(before[head:][::-1], after[head:][::-1])
        start = len("".join(before[:head]))
        end = len("".join(before[: len(before) - tail]))
        span = Span(self.source, start, end)
        return Edit(span, "".join(after[head : len(after) - tail]), self.title)


def _common(one: list[str], other: list[str]) -> int:
    """How many lines are the same at the beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))


@dataclass(slots=True)
class Text:
    """A source and its statements."""

    source: Source
    module: t.Module
    tidy: bool = field(init=False)

    def __post_init__(self) -> None:
        # A source that is laid out in a way of its own keeps it.
        try:
            self.tidy = formatted(self.source) == self.source.text
        except HasErrors:
            self.tidy = False

    def around(self, span: Span) -> list[t.Item]:
        """The statements that a span is in, the outermost first, and their sequence before them."""
        return [i for i in _items(self.module) if i.start <= span.start and span.end <= i.end]

    def sequence(self, span: Span) -> t.Sequence | None:
        """The sequence that a span is in."""
        for item in self.around(span):
            if isinstance(item.body, t.Sequence):
                return item.body
        return None

    def of(self, item: t.Node) -> str:
        return self.source.text[item.start : item.end]

    def changed(self, *pieces: tuple[int, int, str], title: str) -> Change | None:
        """The source with pieces (from, to, instead) replaced; None if it cannot be read then."""
        text = self.source.text
        for start, end, instead in sorted(pieces, reverse=True):
            text = text[:start] + instead + text[end:]
        if not self.tidy:
            return Change(self.source, text, title)
        try:
            return Change(self.source, formatted(Source(self.source.name, text)), title)
        except HasErrors:
            return None

    def before(self, item: t.Node, statement: str, title: str) -> Change | None:
        """The source with a statement in front of another."""
        return self.changed(
            (item.start, item.start, self._apart(item, f"{statement}\n")), title=title
        )

    def behind(self, item: t.Node, statement: str, title: str) -> Change | None:
        """The source with a statement behind another."""
        return self.changed((item.end, item.end, f"\n{self._indent(item)}{statement}"), title=title)

    def last(self, block: t.Block, statement: str, title: str) -> Change | None:
        """The source with a statement at the end of a block."""
        if not block.items:
            return self.changed((block.end - 1, block.end - 1, f" {statement} "), title=title)
        return self.behind(block.items[-1], statement, title)

    def _indent(self, item: t.Node) -> str:
        line = self.source.text.rfind("\n", 0, item.start) + 1
        head = self.source.text[line : item.start]
        return head if not head.strip() else ""

    def _apart(self, item: t.Node, statement: str) -> str:
        return statement + self._indent(item)


def read(source: Source) -> Text | None:
    """A source with its statements; None if it has errors of syntax."""
    from dsl.syntax import cache
    from dsl.syntax.parser import parse

    module = cache.load(source)
    if module is None:
        module, found = parse(source)
        if found:
            return None
    return Text(source, module)


def _items(node: Any) -> Iterator[t.Item]:
    """Every declaration and statement below a node, the outer before the inner."""
    match node:
        case t.Item():
            yield node
            yield from _items(node.body)
        case tuple():
            for each in node:
                yield from _items(each)
        case Struct():
            for name in node.__struct_fields__:
                value = getattr(node, name)
                if isinstance(value, Struct | tuple):
                    yield from _items(value)
        case _:
            pass


def blocks(item: t.Item) -> Iterator[t.Item]:
    """The statements below one."""
    yield from _items(item.body)
