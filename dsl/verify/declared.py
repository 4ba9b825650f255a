"""What sources say must hold, as they are written: their rules and invariants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

from msgspec import Struct

from dsl.diagnostics import Diagnostics
from dsl.resolve.workspace import LARGEST, decode
from dsl.source import Source, Span
from dsl.syntax import cache, tree


class Declared(Struct, frozen=True):
    """A rule or an invariant.

    ``strength`` is a rule's own, or ``declared``; ``source`` says who says so (of an invariant:
    why), ``clauses`` are as they are written, and ``doc`` is what stands above.
    """

    kind: str
    name: str
    strength: str
    source: str
    points: tuple[str, ...]
    clauses: tuple[str, ...]
    doc: tuple[str, ...]
    span: Span

    @property
    def page(self) -> str:
        """What `vgs explain` prints."""
        head = f"{self.name}: {self.kind} ({self.strength})"
        parts = [f"{head}\n{'-' * len(head)}"]
        if self.doc:
            parts.append("\n".join(self.doc))
        said = f"Source: {self.source}" if self.kind == "rule" else f"Why: {self.source}"
        where = f"Declared at {self.span}." if self is not ALWAYS else "It holds everywhere."
        if self.points:
            where = f"It holds at {', '.join(self.points)}. {where}"
        parts.append("\n".join(_indented(clause) for clause in self.clauses))
        return "\n\n".join((*parts, _filled(said), where)) + "\n"

    def to_json(self) -> dict[str, Any]:
        """As docs/schema/explain.json has it."""
        return {
            "kind": self.kind,
            "name": self.name,
            "strength": self.strength,
            "source": self.source,
            "points": list(self.points),
            "clauses": list(self.clauses),
            "doc": "\n".join(self.doc),
            "file": self.span.source.name,
            "line": self.span.line,
            "column": self.span.column,
        }


#: What no platform has to say, for it is so on all of them.
ALWAYS = Declared(
    "rule",
    "context synchronization",
    "architecture",
    "DEN 0024A, 13.2.2: effects of writes of system registers are guaranteed only after a context "
    "synchronization event",
    (),
    ("writes of any register visible to anything but reads of the same register needs isb",),
    ("The entry to an exception and the return from one will do as well.",),
    Span(Source("<vgs>", ""), 0, 0),
)


def declared(paths: Iterable[Path]) -> Iterator[Declared]:
    """The rules and invariants of source files, as far as these can be read."""
    for path in paths:
        source = _source(path)
        if source is None:
            continue
        module = cache.load(source)
        if module is None:
            # The parser is loaded only where a tree is not at hand.
            from dsl.syntax.parser import parse

            module = parse(source)[0]
        for item in module.items:
            made = _one(source, item)
            if made is not None:
                yield made


def _source(path: Path) -> Source | None:
    try:
        if not path.is_file() or path.stat().st_size > LARGEST:
            return None
        return decode(str(path), path.stem, path.read_bytes(), Diagnostics())
    except OSError:
        return None


def _one(source: Source, item: tree.Item) -> Declared | None:
    points: tuple[str, ...] = ()
    match item.body:
        case tree.Rule(name=name, strength=strength, source=said, clauses=clauses):
            texts = tuple(_text(source, clause) for clause in clauses)
            kind, force = "rule", strength.text
        case tree.Invariant(name=name, points=at, reason=said, condition=condition):
            texts = (_text(source, condition),)
            kind, force, points = "invariant", "declared", tuple(each.text for each in at)
        case _:
            return None
    span = Span(source, name.start, name.end)
    doc = _above(source, item.start)
    return Declared(kind, name.text, force, said.value, points, texts, doc, span)


def _text(source: Source, node: tree.Node) -> str:
    """A node as it is written, with the lines below the first moved to the left."""
    first, *more = source.text[node.start : node.end].split("\n")
    return "\n".join(
        (first, *(f"    {line}" for line in dedent("\n".join(more)).split("\n") if more))
    )


def _above(source: Source, start: int) -> tuple[str, ...]:
    """The comments that stand right above a declaration, of either kind."""
    at = source.position(start)[0]
    # Documentation is a part of the declaration, and other comments are not.
    while source.line(at).lstrip().startswith("//"):
        at += 1
    found: list[str] = []
    while at > 1 and source.line(at - 1).startswith("//"):
        at -= 1
        found.insert(0, source.line(at).lstrip("/").strip())
    return tuple(found)


def _indented(clause: str) -> str:
    return "\n".join(f"    {line}" for line in clause.split("\n"))


def _filled(text: str) -> str:
    import textwrap

    return textwrap.fill(text, 80, break_long_words=False, break_on_hyphens=False)
