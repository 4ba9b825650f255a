"""Lines of Python: indentation, comments and docstrings that cannot break out of their place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

#: What tools read instructions from; as the start of a comment it must not mean one.
_PRAGMA = re.compile(r"(type|fmt|mypy|ruff|isort|yapf|pylint|pyright|noqa|nosec|pragma)\b")


class Writer:
    """Collects lines; ``empty`` tells whether there is no code, only comments, so far."""

    def __init__(self, depth: int = 0) -> None:
        self._lines: list[str] = []
        self._depth = depth
        self.empty = True

    def line(self, text: str) -> None:
        self._lines.append("    " * self._depth + text)
        self.empty = False

    def add(self, other: Writer) -> None:
        """All lines of another one, which began as deep as this one is."""
        self._lines += other._lines
        self.empty = self.empty and other.empty

    def comment(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._lines.append("    " * self._depth + comment(line))

    def gap(self) -> None:
        self._lines.append("")

    def extend(self, other: Writer) -> None:
        """The lines of another writer, one block further in where this one is in a block."""
        self._lines += ["    " * self._depth + line for line in other._lines]
        self.empty = self.empty and other.empty

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """A compound statement; a body without code gets a ``pass``."""
        self.line(head)
        self._depth += 1
        self.empty = True
        yield
        if self.empty:
            self.line("pass")
        self._depth -= 1

    @property
    def depth(self) -> int:
        """How many blocks are open."""
        return self._depth

    @property
    def text(self) -> str:
        return "\n".join(self._lines)


def plain(text: str) -> str:
    """Text without the characters that could end a line or that Python does not take."""
    return "".join(c if c.isprintable() else " " for c in text).strip()


def comment(text: str) -> str:
    shown = plain(text)
    if _PRAGMA.match(shown):
        shown = f"({shown})"
    return f"# {shown}".rstrip()


def docstring(lines: Iterable[str]) -> str:
    """A string literal for documentation, on one line or several."""
    text = "\n".join(plain(line) for line in lines).strip()
    text = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    if text.endswith('"'):
        text = text[:-1] + '\\"'
    return f'"""{text}\n"""' if "\n" in text else f'"""{text}"""'
