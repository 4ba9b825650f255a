"""A stretch of C as lines and tokens: one side of a hunk, or a generated file."""

from __future__ import annotations

from collections.abc import Sequence

from dsl.compare.tokens import Lexed, lex


def split_lines(text: str) -> list[str]:
    """The lines of *text* with their ends; only a line feed ends one (form feeds occur in C)."""
    lines = text.split("\n")
    last = lines.pop()
    return [line + "\n" for line in lines] + ([last] if last else [])


class Source:
    """A text with its lines (ends included), its tokens and, on demand, its lines of code."""

    __slots__ = ("_code", "in_comment", "in_directive", "lexed", "lines", "text")

    def __init__(self, text: str, in_comment: bool = False, in_directive: bool = False) -> None:
        self.text = text
        self.in_comment, self.in_directive = in_comment, in_directive
        self.lines: list[str] = split_lines(text)
        self.lexed: Lexed = lex(text, in_comment, in_directive)
        self._code: list[str | None] | None = None

    @property
    def code(self) -> list[str | None]:
        """The lines without comments and line ends; None where a line only held comment."""
        if self._code is None:
            self._code = _without_comments(self.lines, self.lexed.comments)
        return self._code


def _without_comments(lines: list[str], comments: list[tuple[int, int]]) -> list[str | None]:
    """Take *comments* out of *lines*, each with the blanks that only set it apart.

    Those are the blanks before it, or the blanks behind it where it opens the line.
    """
    result: list[str | None] = []
    offset = 0
    at = 0
    for line in lines:
        end = offset + len(line)
        body_end = end - line.endswith("\n")
        kept = ""
        position = offset
        touched = False
        while at < len(comments) and comments[at][0] < end:
            start, stop = comments[at]
            touched = True
            kept += line[position - offset : max(start - offset, 0)]
            position = min(stop, body_end)
            if kept.strip():
                kept = kept.rstrip(" \t")
            else:  # only indentation before it, which stays
                while position < body_end and line[position - offset] in " \t":
                    position += 1
            if stop >= end:
                break
            at += 1
        kept += line[position - offset : body_end - offset]
        result.append(None if touched and not kept.strip() else kept)
        offset = end
        if at < len(comments) and comments[at][1] <= offset:
            at += 1
    return result


def fold(code: Sequence[str | None]) -> list[str]:
    """Lines of code with the vanished ones gone.

    Where a comment vanishes between two runs of blank lines, only the longer run is kept: taking
    out a paragraph does not leave two gaps behind.
    """
    result: list[str] = []
    runs: list[list[str]] = [[]]
    for line in (*code, "the end"):
        if line is None:
            runs.append([])
        elif not line.strip():
            runs[-1].append(line)
        else:
            longest: list[str] = max(runs, key=len)
            result += [*longest, line]
            runs = [[]]
    return result[:-1]
