"""Prints diagnostics for people: where, what, why, and what to do, with the source line shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from dsl.diagnostics.base import Diagnostic, Severity
from dsl.source import Span

_Paint: TypeAlias = Callable[[str], str]

_TAB = 4
_WIDEST = 160

_STYLES = {
    "error": "\x1b[1;31m",
    "warning": "\x1b[1;33m",
    "note": "\x1b[1;36m",
    "help": "\x1b[1;32m",
    "place": "\x1b[1m",
    "dim": "\x1b[2m",
}


def render(diagnostics: Iterable[Diagnostic], *, colour: bool = False) -> str:
    """All diagnostics as text: ``file:line:col: severity[code]: message`` and a caret line."""
    return "\n".join(_one(d, colour) for d in diagnostics)


def _one(d: Diagnostic, colour: bool) -> str:
    def paint(style: str, text: str) -> str:
        return f"{_STYLES[style]}{text}\x1b[0m" if colour else text

    head = paint(str(d.severity), f"{d.severity}[{d.code}]")
    lines = [f"{paint('place', str(d.span))}: {head}: {d.message}"]
    style = "error" if d.severity is Severity.ERROR else "warning"
    lines += _excerpt(d.span, "^", lambda text: paint(style, text), lambda t: paint("dim", t))
    for note in d.notes:
        lines.append(f"{paint('place', str(note.span))}: {paint('note', 'note')}: {note.text}")
        lines += _excerpt(
            note.span, "-", lambda text: paint("note", text), lambda t: paint("dim", t)
        )
    if d.help:
        lines.append(f"  {paint('help', 'help')}: {d.help}")
    return "\n".join(lines) + "\n"


def _excerpt(span: Span, mark: str, paint: _Paint, dim: _Paint) -> list[str]:
    """The first line of a span with a caret line below it."""
    source = span.source
    if not source.text:
        return []
    line, column = source.position(span.start)
    raw = source.line(line)
    end_line, end_column = source.position(span.end)
    stop = end_column - 1 if end_line == line else len(raw)
    begin = column - 1
    # A very long line is shown around the place.
    cut = max(0, begin - _WIDEST // 2) if len(raw) > _WIDEST else 0
    shown = raw[cut : cut + _WIDEST]
    before = _visible(shown[: begin - cut])
    marked = _visible(shown[begin - cut : max(stop, begin + 1) - cut])
    number = str(line)
    gutter = " " * len(number)
    more = " ..." if end_line > line else ""
    return [
        f"{dim(f' {number} |')} {_visible(shown)}",
        f"{dim(f' {gutter} |')} {' ' * len(before)}{paint(mark * max(1, len(marked)))}{more}",
    ]


def _visible(text: str) -> str:
    """Tabs as blanks, and control characters as a replacement, so that columns stay true."""
    return "".join(
        " " * _TAB if c == "\t" else c if c.isprintable() else "\N{REPLACEMENT CHARACTER}"
        for c in text
    )
