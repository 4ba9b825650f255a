"""Text to words in one pass: a single expression made from the grammar's own terminals.

Lark's contextual lexer builds a lexer for each state of the parser, which costs more at start-up
than a whole project takes to parse.  Only two things here depend on what may come next: whether a
word of the language is a keyword or a name, and whether a star begins a glob.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lark import Token
from lark.common import LexerConf
from lark.exceptions import UnexpectedCharacters
from lark.lexer import Lexer as LarkLexer
from lark.lexer import LexerState

_WORD = re.compile(r"[A-Za-z_]\w*")
#: A terminal that also matches what others do, and counts only where the parser can take it.
_GLOB = "GLOB"


class Lexer(LarkLexer):
    """A lexer for Lark: `lex` yields the tokens of a text as the parser asks for them."""

    #: Lark's name for the interface that is handed slices of a text.
    __future_interface__ = 2

    def __init__(self, conf: LexerConf) -> None:
        terminals = sorted(
            conf.terminals,
            key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name),
        )
        self._keywords = {
            t.pattern.value: t.name
            for t in terminals
            if t.pattern.type == "str" and _WORD.fullmatch(t.pattern.value)
        }
        rest = [t for t in terminals if t.name not in self._keywords.values()]
        self._with_globs = _joined(rest)
        self._plain = _joined([t for t in rest if t.name != _GLOB])
        self._ignored = frozenset(conf.ignore)

    def lex(self, lexer_state: LexerState, parser_state: Any) -> Iterator[Token]:
        """The tokens of the state's text; raises `UnexpectedCharacters` where none begins."""
        text, at, end = lexer_state.text.text, lexer_state.text.start, lexer_state.text.end
        states = parser_state.parse_conf.states
        stack = parser_state.state_stack
        keywords, ignored = self._keywords, self._ignored
        with_globs, plain = self._with_globs, self._plain
        while at < end:
            accepted = states[stack[-1]]
            match = (with_globs if _GLOB in accepted else plain).match(text, at, end)
            if match is None:
                raise UnexpectedCharacters(text, at, 0, 0, set(accepted))  # type: ignore[no-untyped-call]
            kind = match.lastgroup or ""
            start, at = at, match.end()
            if kind in ignored:
                continue
            value = match.group()
            if kind == "NAME":
                keyword = keywords.get(value)
                if keyword and (keyword in accepted or "NAME" not in accepted):
                    kind = keyword
            yield Token(kind, value, start, None, None, None, None, at)


def _joined(terminals: list[Any]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in terminals))
