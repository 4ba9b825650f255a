"""A C text cut into its top-level declarations and directives, by tokens and the first column.

No grammar of C is used: macros of the tree stand where C knows no macro, and a hunk begins and ends
in the middle of things.  Brackets are counted, and where a brace or a name in column 1 contradicts
the count (the branches of an `#ifdef` may each open a block), the column is believed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from dsl.compare.tokens import DIRECTIVE_END, Lexed

# Words that take arguments in front of, or behind, what is declared, and are not its name.
_ATTRIBUTE: Final = re.compile(
    r"_*(attribute|section|aligned|packed|printf|scanf|typeof|declspec|acquires|releases"
    r"|must_hold|alignas|asm|error|warning|assume_aligned|alloc_size|diagnose_as)_*"
)
_WORDS: Final = frozenset(
    {"if", "else", "for", "while", "do", "switch", "case", "default", "return", "goto", "sizeof"}
)
_TAGS: Final = ("enum", "struct", "union")
_MARKS: Final = frozenset(["{", "}", "(", ")", "[", "]"])
_BEHIND_A_NAME: Final = frozenset(["(", "=", ",", ";", "[", "{"])


@dataclass(frozen=True, slots=True)
class Piece:
    """A declaration, a directive, or what a text shows of one.

    `kind` is function, prototype, macro, include, directive, other, or part (the end of something
    that began before the text, or what is no declaration).  `names` are what it may be called by,
    the first for messages; none if that does not show.  It has the tokens from first up to last;
    `closed` says that its end is there too.
    """

    kind: str
    names: tuple[str, ...]
    first: int
    last: int
    closed: bool = True

    @property
    def declares(self) -> bool:
        """Whether it is a whole declaration, or macro, with a name."""
        known = self.kind in ("function", "prototype", "macro", "other")
        return known and self.closed and bool(self.names)


def cut(lexed: Lexed, *, whole: bool = True, in_directive: bool = False) -> list[Piece]:
    """The pieces of a text, in order and without gaps between them.

    A text that is not *whole* may begin inside a declaration: then the first piece is a part.  It
    does so if its first word is not in column 1.  The time is linear in the text.
    """
    cutter = _Cutter(lexed)
    pieces: list[Piece] = []
    at = 0
    if in_directive and len(lexed):
        at = cutter.behind_directive(0)
        pieces.append(Piece("part", (), 0, at))
    if not whole and cutter.begins_inside(at):
        end = cutter.end_of_part(at)
        pieces.append(Piece("part", (), at, end))
        at = end
    while at < len(lexed):
        pieces.append(cutter.piece(at))
        at = pieces[-1].last
    return pieces


def without_guard(pieces: list[Piece]) -> list[Piece]:
    """The pieces of a generated header without its include guard.

    The guard is a generated file's own: the tree's header may call it something else.
    """
    match pieces:
        case [
            Piece(names=(condition,)),
            Piece(kind="macro", names=(name,)),
            *rest,
            Piece(names=("#endif",)),
        ] if (
            condition == f"#ifndef {name}"
        ):
            return rest
    return pieces


class _Cutter:
    def __init__(self, lexed: Lexed) -> None:
        self._lexed = lexed
        self._keys = lexed.keys
        self._count = len(lexed.keys)

    def _key(self, index: int) -> str:
        return self._keys[index] if index < self._count else ""

    def _is_directive(self, index: int) -> bool:
        return self._keys[index] == "#" and (
            not index or self._lexed.line(index - 1) != self._lexed.line(index)
        )

    def behind_directive(self, index: int) -> int:
        """The first token behind a directive."""
        try:
            return self._keys.index(DIRECTIVE_END, index) + 1
        except ValueError:
            return self._count

    def _opens(self, index: int) -> bool:
        """Whether a token is a word in column 1, and no label."""
        return (
            _is_word(self._keys[index])
            and self._key(index + 1) != ":"
            and self._lexed.in_first_column(index)
        )

    def begins_inside(self, index: int) -> bool:
        """Whether a text that shows a part of a file begins inside a declaration."""
        while index < self._count and self._is_directive(index):
            index = self.behind_directive(index)
        return index < self._count and not self._opens(index)

    def end_of_part(self, start: int) -> int:
        """Where that declaration ends: behind a brace in column 1, or where the next begins."""
        index = start
        while index < self._count:
            if self._is_directive(index):
                index = self.behind_directive(index)
                continue
            key = self._keys[index]
            if index > start and self._opens(index):
                return index
            index += 1
            if key == "}" and self._lexed.in_first_column(index - 1):
                return self._behind_brace(index)
        return index

    def _behind_brace(self, index: int) -> int:
        """Behind what may follow the last brace of a declaration, such as a name and `;`."""
        line = self._lexed.line(index - 1)
        end = index
        while end < self._count and self._lexed.line(end) == line:
            end += 1
            if self._keys[end - 1] == ";":
                return end
        return index

    def piece(self, start: int) -> Piece:
        """The piece that begins at a token, at the top level."""
        if self._is_directive(start):
            return self._directive(start)
        if self._key(start) == "extern" and self._key(start + 2) == "{":
            return Piece("part", (), start, start + 3)  # `extern "C" {`: what follows is top level
        if self._keys[start] in ("}", ";"):
            return Piece("part", (), start, start + 1)
        return self._declaration(start)

    def _directive(self, start: int) -> Piece:
        end = self.behind_directive(start)
        word, name = self._key(start + 1), self._key(start + 2)
        if word in ("define", "undef"):
            return Piece("macro", (name,), start, end)
        kind = "include" if word == "include" else "directive"
        # A macro call in an #if is long; its beginning tells which one it is.
        return Piece(kind, (_spelt(self._keys[start : end - 1]),), start, end)

    def _declaration(self, start: int) -> Piece:
        keys, names = self._keys, list[str]()
        braces = brackets = 0
        initialised = function = parameters = False
        call = -1  # behind `WORD(...)`, where the declaration begins with that
        spare = ""  # the word before an attribute, for want of a better name
        index = start
        while index < self._count:
            top = not braces and not brackets
            if self._is_directive(index):
                if top and not names and (call > 0 or index == start + 1):
                    return Piece("other", _call_names(keys[start:index]), start, index)
                index = self.behind_directive(index)
                continue
            key = keys[index]
            if not top and key not in _MARKS:
                index += 1
                continue
            if key == "{":
                if self._lexed.in_first_column(index):
                    brackets = 0
                if not braces and not initialised:
                    if call == index:
                        names += _call_names(keys[start:index])
                    function = call == index or parameters
                braces += 1
            elif key == "}":
                flush = self._lexed.in_first_column(index)
                braces = 0 if flush else max(braces - 1, 0)
                brackets = 0 if flush else brackets
                if not braces and function:
                    end = index + 1 + (self._key(index + 1) == ";")
                    return Piece("function", tuple(names), start, end)
            elif key in ("(", "["):
                if not braces and key == "(" and self._key(index + 1) == "*":
                    names += [word for word in keys[index + 2 : index + 3] if _is_word(word)]
                brackets += 1
            elif key in (")", "]"):
                brackets = max(brackets - 1, 0)
                if not brackets and call < 0 and self._begins_with_call(start):
                    call = index + 1
            elif top and key == ";":
                names = names or [spare][: bool(spare)]
                plain = parameters and keys[start] != "typedef" and not initialised
                return self._statement(start, index + 1, names, plain, call)
            elif top and key == "=":
                initialised = True
            elif top and index > start and _is_word(key):
                if call > 0 and not names and self._opens(index):
                    # A macro call without a semicolon.
                    return Piece("other", _call_names(keys[start:index]), start, index)
                if self._names(index, initialised):
                    names.append(key)
                    parameters = parameters or keys[index + 1] == "("
                elif not spare and _ATTRIBUTE.fullmatch(self._key(index + 1)):
                    spare = key
            index += 1
        if call == self._count:
            names += _call_names(keys[start:])
        elif not names and keys[start] in _TAGS and self._key(start + 1) == "{":
            names.append(_spelt(keys[start : start + 3]))
        kind = "function" if function else "other"
        return Piece(kind, tuple(names), start, self._count, closed=False)

    def _begins_with_call(self, start: int) -> bool:
        key = self._keys[start]
        return _is_word(key) and key not in _WORDS and self._key(start + 1) == "("

    def _names(self, index: int, initialised: bool) -> bool:
        """Whether a word at the top level of a declaration is what it declares."""
        key, before = self._keys[index], self._keys[index - 1]
        return (
            self._key(index + 1) in _BEHIND_A_NAME
            and (_is_word(before) or before in ("*", "}", ")", ","))
            and not (initialised and before != ",")
            and not _ATTRIBUTE.fullmatch(key)
            and key not in _WORDS
            and before not in _WORDS
        )

    def _statement(self, start: int, end: int, names: list[str], plain: bool, call: int) -> Piece:
        """What ends with a semicolon."""
        keys = self._keys
        if not names and call - start > 3:  # with nothing in them it is a statement
            return Piece("other", _call_names(keys[start:call]), start, end)
        if not names and keys[start] in _TAGS and keys[start + 1] == "{":
            # Without a tag: its first member tells which one it is.
            return Piece("other", (_spelt(keys[start : start + 3]),), start, end)
        if not names:
            return Piece("part", (), start, end)
        prototype = plain and "{" not in keys[start:end]
        return Piece("prototype" if prototype else "other", tuple(names), start, end)


def _call_names(keys: list[str]) -> tuple[str, ...]:
    # Either a macro that declares something, or a function whose type is on the line above.
    return _spelt(keys), keys[0]


def _is_word(key: str) -> bool:
    return key.isidentifier() or key[:1] == "$"


def _spelt(keys: list[str]) -> str:
    """Tokens as a name to print."""
    text = ""
    for key in keys:
        apart = text[-1:].isidentifier() and (key.isidentifier() or key in ("<", "{"))
        text += (" " if apart else "") + key.removeprefix("\0")
    return text
