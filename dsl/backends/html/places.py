"""The source lines that a run refers to, with what stands around them, and their anchors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from msgspec import Struct

from dsl.backends.html.view import File, Line
from dsl.ir.program import Program
from dsl.source import Source, Span

#: How many lines are shown before and after one that is referred to.
_AROUND = 2

#: How many of the events at a line it links to by number.
_LINKS = 5


@dataclass(slots=True)
class Places:
    """The lines that are referred to, file by file as they come, each with its events."""

    sources: dict[str, Source]
    _lines: dict[str, dict[int, list[int]]] = field(default_factory=dict)

    def add(self, site: str, event: int) -> str:
        """Takes in that an event is at a site ("file:line:column"), and gives the line's anchor."""
        name, line = split(site)
        self._lines.setdefault(name, {}).setdefault(line, []).append(event)
        return self.anchor(site)

    def anchor(self, site: str) -> str:
        """The anchor of a site's line, which the page has once it was taken in."""
        name, line = split(site)
        return f"s{list(self._lines).index(name)}-{line}"

    def include(self, site: str) -> str:
        """Takes in a site without an event, and gives its line's anchor."""
        name, line = split(site)
        self._lines.setdefault(name, {}).setdefault(line, [])
        return self.anchor(site)

    def files(self) -> tuple[File, ...]:
        """What the page shows of the sources."""
        return tuple(File(name, tuple(self._parts(name))) for name in self._lines)

    def _parts(self, name: str) -> Iterator[tuple[Line, ...]]:
        source, asked = self.sources[name], self._lines[name]
        last = source.text.rstrip("\n").count("\n") + 1
        shown = {
            n
            for line in asked
            for n in range(max(1, line - _AROUND), min(last, line + _AROUND) + 1)
        } | set(asked)
        part: list[Line] = []
        for number in sorted(shown):
            if part and number > part[-1].number + 1:
                yield tuple(part)
                part = []
            events = asked.get(number, [])
            more = len(events) - _LINKS
            text = source.line(number).expandtabs(4)
            part.append(
                Line(
                    self.anchor(f"{name}:{number}:1"),
                    number,
                    text,
                    tuple(events[:_LINKS]),
                    f"and {more} more" if more > 0 else "",
                    _look(text, number in asked),
                )
            )
        yield tuple(part)


def split(site: str) -> tuple[str, int]:
    """The file and the line of "file:line:column"."""
    name, line, _ = site.rsplit(":", 2)
    return name, int(line)


def short(site: str) -> str:
    """``list.vgs:12``: the file without its folders, and the line."""
    name, line = split(site)
    return f"{name.replace(chr(92), '/').rpartition('/')[2]}:{line}"


def _look(text: str, asked: bool) -> str:
    comment = text.lstrip().startswith("//")
    return " ".join(("asked" if asked else "around", *(("comment",) if comment else ())))


def sources(program: Program) -> dict[str, Source]:
    """The sources of a program's modules, by name."""
    found = (span.source for module in program.modules for span in _spans(module))
    return {source.name: source for source in found}


def _spans(node: object) -> Iterator[Span]:
    """A span of each declaration of a module that has any."""
    for name in node.__struct_fields__ if isinstance(node, Struct) else ():
        declared = getattr(node, name)
        for each in declared if isinstance(declared, tuple) else ():
            yield from _first(each)


def _first(node: object) -> Iterator[Span]:
    """The first span in a declaration, from the outside in."""
    if not isinstance(node, Struct):
        return
    children = [getattr(node, name) for name in node.__struct_fields__]
    for child in children:
        if isinstance(child, Span):
            yield child
            return
    for child in children:
        for span in _first(child):
            yield span
            return
