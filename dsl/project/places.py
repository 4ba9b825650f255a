"""Where the keys and values of a TOML text stand, which its parser does not tell."""

from __future__ import annotations

import re
from typing import TypeAlias

from dsl.source import Source, Span

#: The names of the tables that a key is in and its own; numbers count arrays of tables.
KeyPath: TypeAlias = tuple[str | int, ...]

_PLAIN = r"[A-Za-z0-9_-]+|\"[^\"\n]*\"|'[^'\n]*'"
_HEADER = re.compile(rf"[ \t]*\[(\[)?[ \t]*((?:{_PLAIN})(?:[ \t]*\.[ \t]*(?:{_PLAIN}))*)")
_KEY = re.compile(rf"[ \t]*((?:{_PLAIN})(?:[ \t]*\.[ \t]*(?:{_PLAIN}))*)[ \t]*=")


class Places:
    """The spans of one text's keys and values."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._spans: dict[KeyPath, Span] = {}
        table: KeyPath = ()
        counts: dict[KeyPath, int] = {}
        at = 0
        for line in source.text.splitlines(keepends=True):
            if header := _HEADER.match(line):
                table = _parts(header[2])
                self._add(table, at + header.start(2), at + header.end(2))
                if header[1]:
                    number = counts.setdefault(table, 0)
                    counts[table] += 1
                    table = (*table, number)
                    self._add(table, at + header.start(2), at + header.end(2))
            elif key := _KEY.match(line):
                self._add((*table, *_parts(key[1])), at + key.start(1), at + key.end(1))
            at += len(line)

    def _add(self, path: KeyPath, start: int, end: int) -> None:
        for depth in range(1, len(path) + 1):
            self._spans.setdefault(path[:depth], Span(self.source, start, end))

    def key(self, path: KeyPath) -> Span:
        """The key itself, or the nearest that it stands in."""
        while path and path not in self._spans:
            path = path[:-1]
        return self._spans.get(path, Span(self.source, 0, 0))

    def value(self, path: KeyPath, text: str) -> Span:
        """A string that is, or is part of, the value of a key."""
        key = self.key(path)
        after = [s.start for s in self._spans.values() if s.start > key.start]
        end = min(after, default=len(self.source.text))
        for quoted in (f'"{text}"', f"'{text}'"):
            at = self.source.text.find(quoted, key.end, end)
            if at >= 0:
                return Span(self.source, at, at + len(quoted))
        return key


def _parts(dotted: str) -> KeyPath:
    return tuple(part.strip("\"'") for part in re.findall(_PLAIN, dotted))
