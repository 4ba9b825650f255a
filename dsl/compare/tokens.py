"""C tokens with their places, and where the comments are: the lexer of the comparison.

Every text is accepted: an unterminated comment or literal is a token or a comment that runs to its
natural end, a byte that C does not know is a token of its own.  The time is linear in the text.

Two things that white space means to the preprocessor are kept, since dropping them would call
different code the same: the end of a directive is a token, and the parenthesis that makes a macro
function-like (`#define F(x)`, no space) is not the one of `#define F (x)`.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

_SPLICE: Final = re.compile(r"\\[ \t]*\r?\n")

# Longest first: the alternation is maximal munch.
_OPERATOR: Final = (
    r"%:%:|\.\.\.|<<=|>>=|->|\+\+|--|<<|>>|&&|\|\||##|[-+*/%&^|<>=!]=|<:|:>|<%|%>|%:"
    r"|[-+*/%&|^~!<>=?:;,.()\[\]{}#]"
)

# Possessive repeats (++, *+) promise that nothing is tried twice, so that no input is quadratic.
_TOKEN: Final = re.compile(
    r"(?P<comment>/\*(?:[^*]++|\*(?!/))*+(?:\*/)?|//[^\n]*+)"
    r"|(?P<string>(?:u8|[uUL])?\"[^\"\\\n]*+(?:\\[^\n][^\"\\\n]*+)*+\")"
    r"|(?P<char>[uUL]?'[^'\\\n]*+(?:\\[^\n][^'\\\n]*+)*+')"
    r"|(?P<identifier>[^\W\d]\w*+|\$[\w$]*+)"
    r"|(?P<number>\.?\d(?:[eEpP][+-]|[\w.])*+)"
    rf"|(?P<operator>{_OPERATOR})"
    # A quote that is never closed takes the rest of its line, as in `#error don't`.
    r"|(?P<unterminated>[\"'][^\n]*+)"
    r"|(?P<newline>\s*\n\s*+)"
    r"|(?P<space>\s++)"
    r"|(?P<other>.)",
    re.DOTALL,
)

# A key that no C text spells.  See the module's first words for why these two exist.
DIRECTIVE_END: Final = "\0\n"
MACRO_PAREN: Final = "\0("


@dataclass(frozen=True, slots=True)
class Token:
    """One token: what it spells and where it begins, line and column counted from 1."""

    kind: str
    text: str
    line: int
    column: int


class Lexed:
    """The tokens and comments of a text.

    `keys[i]` is what token i is compared by; `lexed[i]` is the token with its place.  `comments`
    are (start, end) offsets into the text.  `ends_in_comment` says that the last one is left open.
    """

    __slots__ = ("_kinds", "_newlines", "_starts", "comments", "ends_in_comment", "keys")

    def __init__(self, text: str, in_comment: bool = False, in_directive: bool = False) -> None:
        self.keys: list[str] = []
        self.comments: list[tuple[int, int]] = []
        self.ends_in_comment = False
        self._kinds: list[str] = []
        self._starts = array("q")
        self._newlines = array("q", (m.start() for m in re.finditer("\n", text)))
        self._lex(text, in_comment, in_directive)

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, index: int) -> Token:
        start = self._starts[index]
        line = bisect_right(self._newlines, start - 1)
        begin = self._newlines[line - 1] + 1 if line else 0
        text = self.keys[index].removeprefix("\0")
        return Token(self._kinds[index], text, line + 1, start - begin + 1)

    def line(self, index: int) -> int:
        """The line on which token *index* begins, counted from 1."""
        return bisect_right(self._newlines, self._starts[index] - 1) + 1

    def in_first_column(self, index: int) -> bool:
        """Whether token *index* opens its line, without a blank before it."""
        start = self._starts[index]
        line = bisect_right(self._newlines, start - 1)
        return start == (self._newlines[line - 1] + 1 if line else 0)

    def _lex(self, text: str, in_comment: bool, in_directive: bool) -> None:
        logical, cuts, removed = _splice(text)

        def physical(offset: int) -> int:
            return offset + removed[bisect_right(cuts, offset)] if cuts else offset

        position = 0
        if in_comment:
            close = logical.find("*/")
            self.ends_in_comment = close < 0
            position = len(logical) if close < 0 else close + 2
            self.comments.append((0, physical(position - 1) + 1 if position else 0))
        keys, kinds, starts = self.keys, self._kinds, self._starts
        line_start = not in_directive
        directive = -1 if in_directive else None  # index of the `#` of the open directive
        last_end = -1
        for match in _TOKEN.finditer(logical, position):
            kind = match.lastgroup or "other"
            if kind == "space":
                continue
            if kind == "comment":
                start, end = match.span()
                self.comments.append((physical(start), physical(end - 1) + 1))
                open_end = match[0].startswith("/*") and (end - start < 4 or match[0][-2:] != "*/")
                self.ends_in_comment = open_end
                continue
            if kind == "newline":
                if directive is not None:
                    keys.append(DIRECTIVE_END)
                    kinds.append("directive-end")
                    starts.append(physical(logical.index("\n", match.start())))
                    directive = None
                line_start = True
                continue
            spelling = match[0]
            if kind == "unterminated":
                spelling = spelling.rstrip()
            elif spelling == "#" and line_start:
                directive = len(keys)
            elif (
                spelling == "("
                and directive is not None
                and len(keys) == directive + 3
                and keys[-2] == "define"
                and match.start() == last_end
            ):
                spelling = MACRO_PAREN
            keys.append(spelling)
            kinds.append(kind)
            starts.append(physical(match.start()))
            line_start = False
            last_end = match.end()
        # A text that stops inside a spliced directive does not show where the directive ends.
        if directive is not None and not (cuts and cuts[-1] == len(logical)):
            keys.append(DIRECTIVE_END)
            kinds.append("directive-end")
            starts.append(len(text))


def lex(text: str, in_comment: bool = False, in_directive: bool = False) -> Lexed:
    """The tokens of a C *text*, which may begin inside a block comment or inside a directive.

    Never raises.  Source: C11 5.1.1.2 (phases 2 to 4) and 6.4; GNU's `$` in identifiers.
    """
    return Lexed(text, in_comment, in_directive)


def _splice(text: str) -> tuple[str, list[int], list[int]]:
    """The text without line splices, their offsets in it, and how much is cut before each."""
    cuts: list[int] = []
    removed = [0]
    if "\\" not in text:
        return text, cuts, removed
    for match in _SPLICE.finditer(text):
        cuts.append(match.start() - removed[-1])
        removed.append(removed[-1] + match.end() - match.start())
    return (_SPLICE.sub("", text) if cuts else text), cuts, removed
