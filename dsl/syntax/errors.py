"""Turns what the parser could not accept into a diagnostic that a person can act on."""

from __future__ import annotations

import re

from dsl.diagnostics import Diagnostic, Note
from dsl.diagnostics.text import (
    UnexpectedCharacter,
    UnexpectedEnd,
    UnexpectedWord,
    Unfinished,
)
from dsl.source import Source, Span
from dsl.syntax.lalr import END, Stuck, Token

_MOST_LISTED = 8

#: What a class of words is called in a message.
_CALLED = {
    "NAME": "a name",
    "BANK": "a register of a bank",
    "GLOB": "a glob",
    "INT": "a number",
    "STRING": "a string",
    "DOC": "documentation",
    "MOVE": "`<-`",
    "COMPARE": "a comparison",
    "SHIFT": "a shift",
    "PLUS": "`+` or `-`",
    "$END": "the end of the file",
}


def explain(
    error: Stuck,
    source: Source,
    start: int,
    end: int,
    keywords: frozenset[str],
    taken: Span | None,
) -> Diagnostic:
    """The diagnostic for an error within the declaration at ``start`` to ``end``.

    ``taken`` is a keyword that was read as a name, if there is one.
    """
    if taken is not None and taken.text == "for":
        # Elsewhere `for` is a word of the language, so it is no habit there.
        help = "a loop is `each i below n { … }` or `each i in a..b { … }`"
        return UnexpectedWord(taken, "unexpected `for`", help=help)
    if taken is not None and taken.text in _HABITS:
        return UnexpectedWord(taken, f"unexpected `{taken.text}`", help=_habit(taken.text))
    if taken is not None:
        return Unfinished(
            taken,
            f"what comes before `{taken.text}` is not finished",
            help=f"`{taken.text}` is a word of the language, so it cannot be the name "
            "that is missing here",
        )
    if error.token is None:
        return _character(source, error.at)
    if error.token.kind == END:
        return _unfinished(error, source, start, end)
    return _unexpected(error.token, error, source, start, keywords)


def _unfinished(error: Stuck, source: Source, start: int, end: int) -> Diagnostic:
    """A declaration that ends too early: at the next one, or at the end of the file."""
    begins = _first_word(source, start, end)
    last = _last_word(source, start, end)
    missing = _expected(_acceptable(error))
    if end < len(source.text):
        following = _first_word(source, end, len(source.text))
        return Unfinished(
            following,
            f"`{following.text}` cannot begin here: what comes before it is not finished",
            (Note(begins, "this begins here"), Note(last, "and ends here")),
            help=f"{missing} could follow",
        )
    return UnexpectedEnd(
        begins,
        f"this is not finished: {missing} is missing at the end",
        (Note(last, "it ends here"),),
    )


def _acceptable(error: Stuck) -> frozenset[str]:
    """What could stand at the place of an error; at the end a closing bracket says it all."""
    closing = error.accepts & {"RBRACE", "RPAR", "RSQB"}
    return closing if error.token and error.token.kind == END and closing else error.accepts


def _unexpected(
    token: Token, error: Stuck, source: Source, start: int, keywords: frozenset[str]
) -> Diagnostic:
    span = Span(source, token.start, token.end)
    expected = _expected(_acceptable(error))
    before = _word_before(source, start, token.start)
    doubled = source.text[token.start - 1 : token.end]
    written = [token.text, doubled]
    if before is not None and before.text not in keywords:
        written.append(before.text)
    if before is not None and _NO_NUMBER.fullmatch(before.text):
        return UnexpectedWord(
            before,
            f"`{_short(before.text)}` is no number",
            help="10, 0x1f and 0b101 are numbers; they have no suffix",
        )
    habit = next((w for w in written if w in _HABITS), None)
    help = _habit(habit) if habit is not None else _slip(token, error, source, before)
    if help:
        return UnexpectedWord(span, f"unexpected `{_short(token.text)}`", help=help)
    if token.text in keywords:
        word = ""
        if "NAME" in error.accepts:
            word = f"; `{token.text}` is a word of the language, so it cannot be a name"
        return Unfinished(
            span,
            f"`{token.text}` cannot begin here: what comes before it is not finished",
            (Note(before, "after this"),) if before else (),
            help=f"{expected} could follow{word}",
        )
    return UnexpectedWord(
        span,
        f"unexpected `{_short(token.text)}`",
        (Note(before, "after this"),) if before else (),
        help=f"{expected} could stand here",
    )


#: What people write who come from C, and what it is here.
_HABITS = {
    "if": "`when`",
    "elif": "`else when`",
    "while": "`each`: the only loops are over ranges",
    "switch": "`match`",
    "goto": "`leave`, out of a labelled `block`",
    "&&": "`and`",
    "||": "`or`",
}


def _habit(word: str) -> str:
    return f"`{word}` of C is {_HABITS[word]} here"


#: Types, as C and as vgs call them: before a name they show that C was meant.
_TYPE = re.compile(r"u?int(?:\d+_t)?|[us](?:8|16|32|64)|bool|unsigned|long|char|const|void")
#: It begins like a number, and what follows is none of its digits.
_NO_NUMBER = re.compile(r"(?!(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|[0-9_]+)$)[0-9]\w*")


def _slip(token: Token, error: Stuck, source: Source, before: Span | None) -> str:
    """What to write instead of an operator, a declaration or a number of C; or nothing."""
    left = before.text if before is not None else ""
    if token.kind == "NAME" and _TYPE.fullmatch(left):
        if "MOVE" in error.accepts:
            return f"a value gets its name by `let {_short(token.text)} = …`"
        if "COLON" in error.accepts:
            return f"the type stands behind the name: `{_short(token.text)} : {left}`"
    if source.text[token.end : token.end + 1] == "=" and "MOVE" in error.accepts:
        return f"there is no `{token.text}=`: write `PLACE <- PLACE {token.text} …`"
    if token.text == "->" and "DOT" in error.accepts:
        return "`->` of C is `.` here"
    if token.text == "(" and left == "isb":
        return "`isb` has no parentheses"
    if token.text == "-" and "TILDE" in error.accepts:
        return "a number has no sign: `~0` has all bits set"
    return ""


def _character(source: Source, at: int) -> Diagnostic:
    char = source.text[at : at + 1]
    span = Span(source, at, at + 1)
    match char:
        case '"':
            return UnexpectedCharacter(span, "this string is not closed on its line")
        case ";":
            help = "statements and declarations end without a semicolon"
        case "/":
            help = "a comment begins with `//`; there is no `/* */`"
        case "=":
            help = "`<-` moves a value, `==` compares, `=` defines"
        case "!":
            help = "write `not` for a condition"
        case "#":
            help = "a comment begins with `//`"
        case "?":
            help = "a choice is `when … { … } else { … }`"
        case _:
            help = ""
    shown = char if char.isprintable() else f"U+{ord(char):04X}" if char else "end"
    return UnexpectedCharacter(span, f"unexpected character `{shown}`", help=help)


def _expected(terminals: set[str] | frozenset[str] | list[str]) -> str:
    """The words that could stand at a place, in a sentence."""
    # Signs come first: they are few, and one of them is what is mostly missing.
    signs = {_called(t) for t in terminals if t in _SIGNS}
    names = [*sorted(signs), *sorted({_called(t) for t in terminals} - signs)]
    if len(names) > _MOST_LISTED:
        names = [*names[:_MOST_LISTED], "…"]
    if not names:
        return "nothing"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _called(terminal: str) -> str:
    if terminal in _CALLED:
        return _CALLED[terminal]
    if terminal in _SIGNS:
        return f"`{_SIGNS[terminal]}`"
    return f"`{terminal.lower()}`"


_SIGNS = {
    "LBRACE": "{",
    "RBRACE": "}",
    "LPAR": "(",
    "RPAR": ")",
    "LSQB": "[",
    "RSQB": "]",
    "COLON": ":",
    "COMMA": ",",
    "DOT": ".",
    "EQUAL": "=",
    "STAR": "*",
    "VBAR": "|",
    "AMPERSAND": "&",
    "CIRCUMFLEX": "^",
    "TILDE": "~",
    "AT": "@",
    "__ANON_1": "..",
    "__ANON_2": "->",
}


def _word_before(source: Source, start: int, at: int) -> Span | None:
    """The last word before a place, on its line or the lines above it, comments aside."""
    text = source.text
    stop = at
    while stop > start:
        line = text.rfind("\n", start, stop) + 1 or start
        piece = re.sub(r"//.*", "", text[line:stop])
        found = list(re.finditer(r"\S+", piece))
        if found:
            tail = re.search(r"\w+$|.$", found[-1].group())
            assert tail is not None
            begin = line + found[-1].start() + tail.start()
            return Span(source, begin, line + found[-1].end())
        stop = line - 1
    return None


def _first_word(source: Source, start: int, end: int) -> Span:
    for found in re.finditer(r"//[^\n]*|(\w+|\S)", source.text[start:end]):
        if found.group(1):
            return Span(source, start + found.start(), start + found.end())
    return Span(source, start, start + 1)


def _last_word(source: Source, start: int, end: int) -> Span:
    return _word_before(source, start, end) or Span(source, start, start + 1)


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."
