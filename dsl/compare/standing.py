"""A file of the tree that a patch is for: what it says of the places where hunks begin."""

from __future__ import annotations

from bisect import bisect_right

from dsl.compare.declarations import Piece, cut
from dsl.compare.patch import Side
from dsl.compare.source import Source


class Standing:
    """The text of one side of a file, whole, with its declarations."""

    def __init__(self, text: str) -> None:
        self.source = Source(text)
        self.pieces: list[Piece] = cut(self.source.lexed)
        self._lines = [self.source.lexed.line(piece.first) for piece in self.pieces]

    def shows(self, side: Side) -> bool:
        """Whether the side's lines are here, on the lines that it says."""
        lines = self.source.lines
        if not side.text:
            return True
        count = len(side.shared)
        return "".join(lines[side.start - 1 : side.start - 1 + count]) == side.text

    def reading(self, side: Side) -> Source:
        """The side's text, read in the state in which the file is where it begins."""
        above = self.source.lines[: max(side.start - 1, 0)]
        offset = sum(map(len, above))
        comments = self.source.lexed.comments
        at = bisect_right(comments, (offset, -1)) - 1
        inside = at >= 0 and comments[at][0] < offset < comments[at][1]
        goes_on = bool(above) and above[-1].endswith(("\\\n", "\\\r\n"))
        return Source(side.text, in_comment=inside, in_directive=goes_on and not inside)

    def owner(self, line: int) -> tuple[str, ...]:
        """What the declaration on a line, counted from 1, is called; nothing if there is none."""
        at = bisect_right(self._lines, line) - 1
        if at < 0 or self.source.lexed.line(self.pieces[at].last - 1) < line:
            return ()
        return self.pieces[at].names
