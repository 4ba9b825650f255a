"""What every diagnostic is: a class with a stable code, whose docstring is its manual page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import ClassVar

from msgspec import Struct

from dsl.source import Span


class Severity(StrEnum):
    """An error stops the outputs; a warning is a finding that does not."""

    ERROR = "error"
    WARNING = "warning"


class Note(Struct, frozen=True):
    """A second place that matters, and what it has to do with the first."""

    span: Span
    text: str


class Diagnostic(Struct, frozen=True):
    """One finding at one place.

    Subclasses set ``code`` and ``title``, and their docstring is the page that
    ``vgs explain CODE`` prints: what it means, why it matters, what to do, an example.
    """

    code: ClassVar[str] = ""
    title: ClassVar[str] = ""
    severity: ClassVar[Severity] = Severity.ERROR

    span: Span
    message: str
    notes: tuple[Note, ...] = ()
    help: str = ""

    @classmethod
    def page(cls) -> str:
        """The manual page, as plain text."""
        # Only here: most runs explain nothing, and start-up counts.
        from inspect import cleandoc

        return cleandoc(cls.__doc__ or "")

    def to_json(self) -> dict[str, object]:
        """The shape that ``vgs check --format json`` promises for one finding."""
        return {
            "code": self.code,
            "severity": str(self.severity),
            "file": self.span.source.name,
            "line": self.span.line,
            "column": self.span.column,
            "end_line": self.span.source.position(self.span.end)[0],
            "end_column": self.span.source.position(self.span.end)[1],
            "message": self.message,
            "help": self.help,
            "notes": [
                {
                    "file": note.span.source.name,
                    "line": note.span.line,
                    "column": note.span.column,
                    "message": note.text,
                }
                for note in self.notes
            ],
        }


class Diagnostics:
    """Findings in the order they were made; the same finding is kept once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, int, int], Diagnostic] = {}

    def add(self, diagnostic: Diagnostic) -> None:
        span = diagnostic.span
        key = (diagnostic.code, span.source.name, span.start, span.end)
        self._found.setdefault(key, diagnostic)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        for diagnostic in diagnostics:
            self.add(diagnostic)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self._found.values())

    def __len__(self) -> int:
        return len(self._found)

    @property
    def errors(self) -> bool:
        return any(d.severity is Severity.ERROR for d in self)

    def sorted(self) -> list[Diagnostic]:
        """By file, then place, then code."""
        return sorted(self, key=lambda d: (d.span.source.name, d.span.start, d.span.end, d.code))


def suggest(name: str, known: Iterable[str]) -> str:
    """A "did you mean" sentence for a name that is not known, or nothing."""
    # Only here: most runs find nothing wrong, and start-up counts.
    from difflib import get_close_matches

    pool = sorted(set(known))
    folded = {re.sub(r"\W|_", "", k).lower(): k for k in pool}
    same = folded.get(re.sub(r"\W|_", "", name).lower())
    # One letter of a short name is a large part of it.
    short = [k for k in pool if len(k) <= len(name) + 1] if len(name) <= 3 else pool
    cutoff = 0.5 if len(name) <= 3 else 0.7
    close = [same] if same else get_close_matches(name, short, n=2, cutoff=cutoff)
    if not close:
        return ""
    return "did you mean " + " or ".join(f"`{c}`" for c in close) + "?"
