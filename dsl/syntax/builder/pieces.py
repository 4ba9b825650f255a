"""Pieces that builders share: tokens to nodes, children by kind, and parts of rules."""

from __future__ import annotations

import re
from typing import Any, TypeVar

from lark import Token

from dsl.syntax import tree as t

#: More digits than any number that fits a register.
_MOST_DIGITS = 128

_ESCAPE = re.compile(r"\\(.)")

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


class BoundsPart(Part, frozen=True):
    value: t.Expr | t.Range


def start_of(child: Any) -> int:
    return child.start_pos if type(child) is Token else child.start  # type: ignore


def end_of(child: Any) -> int:
    return child.end_pos if type(child) is Token else child.end  # type: ignore


def name_of(token: Token) -> t.Name:
    return t.Name(token.start_pos, token.end_pos, str(token))  # type: ignore[arg-type]


def text_of(token: Token) -> t.Text:
    raw = token[1:-1]
    value = _ESCAPE.sub(r"\1", raw)
    return t.Text(token.start_pos, token.end_pos, value)  # type: ignore[arg-type]


def number_of(token: Token) -> t.Number:
    digits = token.replace("_", "")
    if len(digits) > _MOST_DIGITS:
        # Python refuses to read very long numbers; that it is too large is all that matters.
        value = 1 << _MOST_DIGITS
    else:
        value = int(digits, 0) if digits[1:2] in "xXbB" and len(digits) > 1 else int(digits)
    return t.Number(token.start_pos, token.end_pos, value, str(token))  # type: ignore[arg-type]


def bound_of(token: Token) -> t.Name | t.Number:
    return number_of(token) if token.type == "INT" else name_of(token)


def all_of(kind: type[N], children: C) -> tuple[N, ...]:
    return tuple([c for c in children if type(c) is kind])


def names_of(children: C, *types: str) -> tuple[t.Name, ...]:
    return tuple([name_of(c) for c in children if type(c) is Token and c.type in types])


def texts_of(children: C) -> tuple[t.Text, ...]:
    return tuple([text_of(c) for c in children if type(c) is Token and c.type == "STRING"])


def one_of(kind: type[N], children: C) -> N | None:
    for c in children:
        if type(c) is kind:
            return c
    return None


def docs_of(children: C) -> tuple[t.Doc, ...]:
    docs = []
    for c in children:
        if type(c) is not Token or c.type != "DOC":
            break
        docs.append(doc_of(c))
    return tuple(docs)


def doc_of(token: Token) -> t.Doc:
    text = token[3:].rstrip()
    return t.Doc(token.start_pos, token.end_pos, text[1:] if text[:1] == " " else text)  # type: ignore[arg-type]


def past_docs(children: C) -> C:
    """The children after the leading documentation lines."""
    for i, c in enumerate(children):
        if type(c) is not Token or c.type != "DOC":
            return children[i:]
    return []


TYPES = (t.NamedType, t.Range)
EXPRS = (t.Number, t.Place, t.Call, t.Hypcall, t.Binary, t.Not, t.With, t.Every)


def expr_of(children: C) -> Any:
    for c in children:
        if type(c) in EXPRS:
            return c
    return None
