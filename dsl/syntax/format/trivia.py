"""What a text holds besides its tree: comments, blank lines, and where braces open."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass

_MARK = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|[{}]')
_SKIPPED = re.compile(r"(?:[ \t\r\n\f]|//[^\n]*)*")
_BLANK = re.compile(r"\n[ \t\r\f]*(?=\n)")
#: How many blank lines in a row are kept.
MOST_BLANK = 2


@dataclass(frozen=True, slots=True)
class Comment:
    start: int
    end: int
    text: str


class Trivia:
    """The comments of a text, handed out once each, and the space between its items."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._comments: list[Comment] = []
        self._openings: dict[int, int] = {}
        open_braces: list[int] = []
        for mark in _MARK.finditer(text):
            start, end = mark.span()
            match text[start]:
                case "{":
                    open_braces.append(end)
                case "}":
                    self._openings[end] = open_braces.pop()
                case "/" if not text.startswith("///", start):
                    self._comments.append(Comment(start, end, mark[0].rstrip()))
        self._starts = [c.start for c in self._comments]
        self._taken = bytearray(len(self._comments))

    def opening(self, end: int) -> int:
        """Where the inside of the braces begins that end here."""
        return self._openings[end]

    def next_code(self, start: int) -> int:
        """Where the next token begins."""
        found = _SKIPPED.match(self._text, start)
        assert found is not None
        return found.end()

    def blank(self, start: int, end: int) -> int:
        """How many of the blank lines between two offsets to keep."""
        if self._text.count("\n", start, end) < 2:
            return 0
        return min(MOST_BLANK, len(_BLANK.findall(self._text, start, end)))

    def commented(self, start: int, end: int) -> bool:
        """Whether a comment begins between two offsets."""
        return bisect_left(self._starts, start) < bisect_left(self._starts, end)

    def take(self, start: int, end: int) -> list[Comment]:
        """The comments that begin between two offsets and were not taken before."""
        first = bisect_left(self._starts, start)
        last = bisect_left(self._starts, end)
        found = [i for i in range(first, last) if not self._taken[i]]
        for i in found:
            self._taken[i] = 1
        return [self._comments[i] for i in found]

    def take_trailing(self, start: int, end: int) -> Comment | None:
        """The comment on the line of the first offset, if it begins before the second."""
        newline = self._text.find("\n", start, end)
        found = self.take(start, end if newline < 0 else newline)
        return found[0] if found else None
