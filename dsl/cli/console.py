"""Where a verb writes: two streams, with colour and progress where somebody looks on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from dsl.diagnostics import Diagnostic


_WIDTH = 100
#: A number of columns with more digits is none.
_DIGITS = 6


class Console:
    """The standard streams of one run.

    Writing never fails for a character that the terminal cannot show; a closed pipe raises
    `BrokenPipeError`, which ends the run.
    """

    def __init__(self) -> None:
        # A stream that was closed before the start is None.
        self._out: TextIO = sys.stdout or _nowhere()
        self._err: TextIO = sys.stderr or _nowhere()
        self._progress = False

    def out(self, text: str) -> None:
        """Writes lines of the result."""
        self.clear()
        _write(self._out, text)

    def err(self, text: str) -> None:
        """Writes lines that are not part of the result."""
        self.clear()
        self._out.flush()
        _write(self._err, text)

    def raw(self, text: str) -> None:
        """Writes a source to standard output as it is in a file, whatever the locale."""
        self.clear()
        self._out.flush()
        self._out.buffer.write(text.encode("utf-8", "surrogateescape"))

    def json(self, value: object) -> None:
        """Writes a value as JSON, in ASCII."""
        import json

        self.out(json.dumps(value, indent=2) + "\n")

    def findings(self, findings: Iterable[Diagnostic], *, result: bool = False) -> None:
        """Writes findings, as the ``result`` of the verb or beside it; none is no output."""
        found = list(findings)
        if found:
            from dsl.diagnostics.render import render

            stream = self._out if result else self._err
            text = render(found, colour=coloured(stream))
            (self.out if result else self.err)(text)

    @property
    def colour(self) -> bool:
        """Whether standard output is coloured."""
        return coloured(self._out)

    @property
    def width(self) -> int:
        """How many columns standard output has: of a file, 100, if COLUMNS does not say."""
        named = os.environ.get("COLUMNS", "")
        if named.isascii() and named.isdigit() and len(named) < _DIGITS and int(named):
            return int(named)
        try:
            return os.get_terminal_size(self._out.fileno()).columns or _WIDTH
        except (OSError, ValueError):
            return _WIDTH

    def progress(self, text: str) -> None:
        """Says what is being done, in a line that goes away; only on a terminal."""
        if self._err.isatty() and os.environ.get("TERM") != "dumb":
            self._progress = True
            self._err.write(f"\r\x1b[K{text} ...")
            self._err.flush()

    def clear(self) -> None:
        """Takes the line of progress away."""
        if self._progress:
            self._progress = False
            self._err.write("\r\x1b[K")
            self._err.flush()

    def flush(self) -> None:
        """Hands everything over, so that a closed pipe shows now."""
        self._out.flush()
        self._err.flush()


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")


def coloured(stream: TextIO) -> bool:
    """Whether to colour: as NO_COLOR and FORCE_COLOR say, otherwise only on a terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
