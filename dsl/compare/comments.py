"""In which state a hunk's sides begin: in code, inside a block comment, or inside a directive."""

from __future__ import annotations

import re
from typing import Final

from dsl.compare.patch import Hunk
from dsl.compare.source import Source

# What hides a comment delimiter, and the delimiters.  Literals only count when closed, and a
# character literal only when short: in prose an apostrophe is an apostrophe ("isn't").  The `//` of
# an address (https://) hides nothing.
_DELIMITER: Final = re.compile(
    r"\"[^\"\\\n]*+(?:\\[^\n][^\"\\\n]*+)*+\"|'(?:\\[^\n][^'\n]{0,8}|[^'\\\n]{1,4})'"
    r"|(?<!:)//[^\n]*+|(?P<empty>\*(?=/\*))|(?P<close>\*/)|(?P<open>/\*)"
)
_PROSE: Final = re.compile(r"[ \t]*\*(?:[ \t].*)?")


def begins_in_comment(text: str) -> bool | None:
    """Whether a side's own text shows that it begins inside a block comment; None if it does not.

    It does where a `*/` comes before any `/*`, literals and line comments aside.
    """
    for match in _DELIMITER.finditer(text):
        if match["close"]:
            return True
        if match["open"]:
            return False
    return None


def hunk_sides(hunk: Hunk) -> tuple[tuple[Source, ...], tuple[Source, ...]]:
    """The ways to read the old and the new side of *hunk*, the likeliest first.

    Each side goes by its own delimiters.  Both begin at the same place of the same text, so a side
    without any goes by the other's; where neither has any, a side all of whose lines look like
    ` * text` (and at least one does) is prose within a comment.  A second reading is that the side
    begins inside a `#define` whose earlier lines the patch does not show.
    """
    old, new = begins_in_comment(hunk.old.text), begins_in_comment(hunk.new.text)
    return (
        _readings(hunk.old.text, new if old is None else old),
        _readings(hunk.new.text, old if new is None else new),
    )


def _readings(text: str, in_comment: bool | None) -> tuple[Source, ...]:
    if in_comment is None:
        lines = [line for line in text.splitlines() if line.strip()]
        in_comment = bool(lines) and all(_PROSE.fullmatch(line) for line in lines)
    if in_comment or not text:
        return (Source(text, in_comment=in_comment),)
    return (Source(text), Source(text, in_directive=True))
