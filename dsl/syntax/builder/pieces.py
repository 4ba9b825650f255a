"""Pieces that builders share: tokens to nodes, children by kind, and parts of rules."""

from __future__ import annotations

import re
from typing import Any, TypeVar

from dsl.syntax import tree as t
from dsl.syntax.lalr import Token

#: More digits than any number that fits a register.
_MOST_DIGITS = 128

_ESCAPE = re.compile(r"\\(.)")
#: What stands for a character that cannot stand in a string itself; any other is itself.
_CONTROLS = {"n": "\n", "t": "\t"}

C = list[Any]
N = TypeVar("N")


class Part(t.Node, frozen=True):
    """What a rule hands to the rule above it, and the tree does not keep."""


class OpPart(Part, frozen=True):
    operands: tuple[t.Expr, ...]


class ComputedPart(Part, frozen=True):
    value: t.Expr


class EnumPart(Part, frozen=True):
    enumerators: tuple[t.Enumerator, ...]


class ChainPart(Part, frozen=True):
    barriers: tuple[t.Barrier, ...]


class LengthPart(Part, frozen=True):
    value: t.Number


class ParamsPart(Part, frozen=True):
    params: tuple[t.Param, ...]


class ResultPart(Part, frozen=True):
    type: t.Type


class UndoesPart(Part, frozen=True):
    name: t.Name


class FailsPart(Part, frozen=True):
    reason: t.Text


class BoundsPart(Part, frozen=True):
    value: t.Expr | t.Range


def name_of(token: Token) -> t.Name:
    return t.Name(token.start, token.end, token.text)


def text_of(token: Token) -> t.Text:
    text = token.text[1:-1]
    if "\\" in text:
        text = _ESCAPE.sub(lambda m: _CONTROLS.get(m[1], m[1]), text)
    return t.Text(token.start, token.end, text)


def number_of(token: Token) -> t.Number:
    digits = token.text.replace("_", "")
    if len(digits) > _MOST_DIGITS:
        # Python refuses to read very long numbers; that it is too large is all that matters.
        value = 1 << _MOST_DIGITS
    else:
        value = int(digits, 0) if digits[1:2] in "xXbB" and len(digits) > 1 else int(digits)
    return t.Number(token.start, token.end, value, token.text)


def bound_of(token: Token) -> t.Name | t.Number:
    return number_of(token) if token.kind == "INT" else name_of(token)


def all_of(kind: type[N], children: C) -> tuple[N, ...]:
    return tuple([c for c in children if type(c) is kind])


def names_of(children: C, *types: str) -> tuple[t.Name, ...]:
    return tuple([name_of(c) for c in children if type(c) is Token and c.kind in types])


def texts_of(children: C) -> tuple[t.Text, ...]:
    return tuple([text_of(c) for c in children if type(c) is Token and c.kind == "STRING"])


def one_of(kind: type[N], children: C) -> N | None:
    for c in children:
        if type(c) is kind:
            return c
    return None


def docs_of(children: C) -> tuple[t.Doc, ...]:
    docs = []
    for c in children:
        if type(c) is not Token or c.kind != "DOC":
            break
        docs.append(doc_of(c))
    return tuple(docs)


def doc_of(token: Token) -> t.Doc:
    text = token.text[3:].rstrip()
    return t.Doc(token.start, token.end, text[1:] if text[:1] == " " else text)


def past_docs(children: C) -> C:
    """The children after the leading documentation lines."""
    for i, c in enumerate(children):
        if type(c) is not Token or c.kind != "DOC":
            return children[i:]
    return []


TYPES = (t.NamedType, t.Range)
EXPRS = (t.Number, t.Place, t.Call, t.Hypcall, t.Binary, t.Not, t.Complement, t.With, t.Every)


def expr_of(children: C) -> Any:
    for c in children:
        if type(c) in EXPRS:
            return c
    return None
