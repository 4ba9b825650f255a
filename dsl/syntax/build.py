"""Builds the typed tree: one method for each grammar rule, called by the parser as it reduces.

Each method gets the rule's children in source order, every token included, so that a node's
extent is simply that of its first and last child.
"""

from __future__ import annotations

from typing import Any, TypeVar

from lark import Token
from msgspec.structs import replace

from dsl.syntax import tree as t

#: More digits than any number that fits a register.
_MOST_DIGITS = 128

C = list[Any]
N = TypeVar("N")


class _Part(t.Node, frozen=True):
    """What a rule hands to the rule above it, and the tree does not keep."""


class _Op(_Part, frozen=True):
    operands: tuple[t.Expr, ...]


class _Computed(_Part, frozen=True):
    value: t.Expr


class _Enum(_Part, frozen=True):
    enumerators: tuple[t.Enumerator, ...]


class _Chain(_Part, frozen=True):
    barriers: tuple[t.Barrier, ...]


class _Length(_Part, frozen=True):
    value: t.Number


class _Params(_Part, frozen=True):
    params: tuple[t.Param, ...]


class _Result(_Part, frozen=True):
    type: t.Type


class _Undoes(_Part, frozen=True):
    name: t.Name


class _Bounds(_Part, frozen=True):
    value: t.Expr | t.Range


def _start(child: Any) -> int:
    return child.start_pos if type(child) is Token else child.start  # type: ignore


def _end(child: Any) -> int:
    return child.end_pos if type(child) is Token else child.end  # type: ignore


def _name(token: Token) -> t.Name:
    return t.Name(token.start_pos, token.end_pos, str(token))  # type: ignore[arg-type]


def _text(token: Token) -> t.Text:
    raw = token[1:-1]
    value = raw if "\\" not in raw else raw.replace('\\"', '"').replace("\\\\", "\\")
    return t.Text(token.start_pos, token.end_pos, value)  # type: ignore[arg-type]


def _number(token: Token) -> t.Number:
    digits = token.replace("_", "")
    if len(digits) > _MOST_DIGITS:
        # Python refuses to read very long numbers; that it is too large is all that matters.
        value = 1 << _MOST_DIGITS
    else:
        value = int(digits, 0) if digits[1:2] in "xXbB" and len(digits) > 1 else int(digits)
    return t.Number(token.start_pos, token.end_pos, value, str(token))  # type: ignore[arg-type]


def _bound(token: Token) -> t.Name | t.Number:
    return _number(token) if token.type == "INT" else _name(token)


def _all(kind: type[N], children: C) -> tuple[N, ...]:
    return tuple([c for c in children if type(c) is kind])


def _names(children: C, *types: str) -> tuple[t.Name, ...]:
    return tuple([_name(c) for c in children if type(c) is Token and c.type in types])


def _texts(children: C) -> tuple[t.Text, ...]:
    return tuple([_text(c) for c in children if type(c) is Token and c.type == "STRING"])


def _one(kind: type[N], children: C) -> N | None:
    for c in children:
        if type(c) is kind:
            return c
    return None


def _docs(children: C) -> tuple[t.Doc, ...]:
    docs = []
    for c in children:
        if type(c) is not Token or c.type != "DOC":
            break
        docs.append(_doc(c))
    return tuple(docs)


def _doc(token: Token) -> t.Doc:
    text = token[3:].rstrip()
    return t.Doc(token.start_pos, token.end_pos, text[1:] if text[:1] == " " else text)  # type: ignore[arg-type]


def _past_docs(children: C) -> C:
    """The children after the leading documentation lines."""
    for i, c in enumerate(children):
        if type(c) is not Token or c.type != "DOC":
            return children[i:]
    return []


_TYPES = (t.NamedType, t.Range)
_EXPRS = (t.Number, t.Place, t.Call, t.Hypcall, t.Binary, t.Not, t.With, t.Every)


def _expr(children: C) -> Any:
    for c in children:
        if type(c) in _EXPRS:
            return c
    return None


class Builder:
    """Callbacks by rule name.  Stateless; a parse returns a `tree.Module`."""

    def start(self, c: C) -> t.Module:
        return t.Module(0, _end(c[-1]) if c else 0, tuple(c))

    def decl(self, c: C) -> t.Item:
        docs: list[t.Doc] = []
        hints: list[t.Hint] = []
        for child in c[:-1]:
            if type(child) is Token:
                docs.append(_doc(child))
            else:
                hints.append(child)
        body = c[-1]
        return t.Item(_start(c[0]), body.end, tuple(docs), tuple(hints), body)

    stmt = jump = decl

    def hint(self, c: C) -> t.Hint:
        return t.Hint(_start(c[0]), _end(c[-1]), _name(c[1]), _names(c[2:], "NAME"))

    # ---- the machine

    def import_(self, c: C) -> t.Import:
        return t.Import(_start(c[0]), _end(c[-1]), _names(c, "NAME"))

    def platform(self, c: C) -> t.Platform:
        return t.Platform(_start(c[0]), _end(c[-1]), _name(c[1]), _text(c[2]))

    def endpoint(self, c: C) -> t.Endpoint:
        return t.Endpoint(_start(c[0]), _end(c[-1]), _name(c[1]), _text(c[2]), _all(t.Place, c[3:]))

    def group(self, c: C) -> t.Group:
        return t.Group(_start(c[0]), _end(c[-1]), _name(c[1]), _all(t.Place, c))

    def register(self, c: C) -> t.Register:
        colon = next(i for i, x in enumerate(c) if type(x) is Token and x.type == "COLON")
        after = c[colon + 2]
        return t.Register(
            _start(c[0]),
            _end(c[-1]),
            _name(c[1]),
            _one(t.Index, c),
            _number(c[colon + 1]),
            _name(after) if type(after) is Token and after.type != "LBRACE" else None,
            _all(t.Encoding, c),
            _one(t.Reset, c),
            tuple([x for x in c if type(x) in (t.Field, t.Reserved, t.Derive)]),
        )

    def index(self, c: C) -> t.Index:
        return t.Index(_start(c[0]), _end(c[-1]), _name(c[1]), c[3])

    def encoding(self, c: C) -> t.Encoding:
        architecture = _name(c[-1]) if type(c[-1]) is Token else None
        operands = tuple([op.operands for op in _all(_Op, c)])
        return t.Encoding(_start(c[0]), _end(c[-1]), operands, architecture)

    def op(self, c: C) -> _Op:
        return _Op(_start(c[0]), _end(c[-1]), tuple([x for x in c if type(x) is not Token]))

    def reset(self, c: C) -> t.Reset:
        value = c[1]
        return t.Reset(_start(c[0]), _end(value), None if type(value) is Token else value)

    def field(self, c: C) -> t.Field:
        rest = _past_docs(c)
        bits = next(i for i, x in enumerate(rest) if type(x) is t.Bits)
        after = rest[bits + 1] if len(rest) > bits + 1 else None
        computed = _one(_Computed, rest)
        enum = _one(_Enum, rest)
        return t.Field(
            _start(c[0]),
            _end(c[-1]),
            _docs(c),
            _name(rest[0]),
            _one(t.Index, rest),
            rest[bits],
            _name(after) if type(after) is Token else None,
            _one(t.Reset, rest),
            _one(t.Legal, rest),
            computed.value if computed else None,
            enum.enumerators if enum else (),
        )

    def reserved(self, c: C) -> t.Reserved:
        rest = _past_docs(c)
        return t.Reserved(_start(c[0]), _end(c[-1]), _docs(c), _name(rest[0]), _all(t.Bits, rest))

    def derive(self, c: C) -> t.Derive:
        rest = _past_docs(c)
        return t.Derive(_start(c[0]), _end(c[-1]), _docs(c), _name(rest[1]), rest[3])

    def bits(self, c: C) -> t.Bits:
        return t.Bits(_start(c[0]), _end(c[-1]), c[1], c[3] if len(c) > 3 else None)

    def legal(self, c: C) -> t.Legal:
        return t.Legal(_start(c[0]), _end(c[-1]), c[1], c[3] if len(c) > 3 else None)

    def computed(self, c: C) -> _Computed:
        return _Computed(_start(c[0]), _end(c[-1]), c[1])

    def enum(self, c: C) -> _Enum:
        return _Enum(_start(c[0]), _end(c[-1]), _all(t.Enumerator, c))

    def enumerator(self, c: C) -> t.Enumerator:
        return t.Enumerator(_start(c[0]), _end(c[-1]), _name(c[0]), _number(c[2]))

    # ---- rules

    def rule(self, c: C) -> t.Rule:
        return t.Rule(
            _start(c[0]), _end(c[-1]), _name(c[1]), _name(c[3]), _text(c[4]), _all(t.Clause, c)
        )

    def clause(self, c: C) -> t.Clause:
        return t.Clause(_start(c[0]), _end(c[-1]), c[0], c[1], c[3] if len(c) > 2 else None)

    def visible(self, c: C) -> t.Visible:
        return t.Visible(_start(c[0]), _end(c[-1]), c[2], c[4].barriers)

    def only(self, c: C) -> t.Only:
        return t.Only(_start(c[0]), _end(c[-1]), c[2])

    def ordered(self, c: C) -> t.Ordered:
        return t.Ordered(_start(c[0]), _end(c[-1]), c[1])

    def events(self, c: C) -> t.Events:
        access = _name(c[0]) if type(c[0]) is Token else None
        return t.Events(_start(c[0]), _end(c[-1]), access, _all(t.Place, c))

    def chain(self, c: C) -> _Chain:
        return _Chain(_start(c[0]), _end(c[-1]), _all(t.Barrier, c))

    def barrier(self, c: C) -> t.Barrier:
        return t.Barrier(_start(c[0]), _end(c[-1]), str(c[0]), _name(c[2]) if len(c) > 1 else None)

    # ---- memory and facts

    def context(self, c: C) -> t.Context:
        return t.Context(_start(c[0]), _end(c[-1]), _name(c[1]), _name(c[3]), _all(t.Slot, c))

    def slot(self, c: C) -> t.Slot:
        rest = _past_docs(c)
        length = _one(_Length, rest)
        kind = next(x for x in rest if type(x) in _TYPES)
        return t.Slot(
            _start(c[0]),
            _end(c[-1]),
            _docs(c),
            _name(rest[0]),
            length.value if length else None,
            kind,
            _one(t.Link, rest),
        )

    def length(self, c: C) -> _Length:
        return _Length(_start(c[0]), _end(c[-1]), _number(c[1]))

    def link(self, c: C) -> t.Link:
        return t.Link(_start(c[0]), _end(c[-1]), _name(c[0]), c[1])

    def condition(self, c: C) -> t.Condition:
        return t.Condition(
            _start(c[0]),
            _end(c[-1]),
            _names(c[:-1], "NAME"),
            _one(t.Range, c),
            _expr(c),
            _name(c[-1]),
        )

    def lock(self, c: C) -> t.Lock:
        title = _text(c[2]) if len(c) > 2 else None
        return t.Lock(_start(c[0]), _end(c[-1]), _name(c[1]), title)

    def extern(self, c: C) -> t.Extern:
        params = _one(_Params, c)
        result = _one(_Result, c)
        return t.Extern(
            _start(c[0]),
            _end(c[-1]),
            _name(c[1]),
            params.params if params else (),
            result.type if result else None,
            tuple([x for x in c if type(x) in (t.Effect, t.Ensures)]),
        )

    def effect(self, c: C) -> t.Effect:
        return t.Effect(_start(c[0]), _end(c[-1]), _name(c[0]), _all(t.Place, c), _one(t.Range, c))

    def ensures(self, c: C) -> t.Ensures:
        return t.Ensures(_start(c[0]), _end(c[-1]), c[1])

    def type(self, c: C) -> t.Type:
        child = c[0]
        if type(child) is t.Range:
            return child
        return t.NamedType(_start(child), _end(child), _name(child))

    def range(self, c: C) -> t.Range:
        return t.Range(_start(c[0]), _end(c[-1]), _bound(c[0]), _bound(c[2]))

    # ---- sequences

    def sequence(self, c: C) -> t.Sequence:
        params = _one(_Params, c)
        result = _one(_Result, c)
        undoes = _one(_Undoes, c)
        return t.Sequence(
            _start(c[0]),
            _end(c[-1]),
            _name(c[0]),
            _name(c[1]),
            params.params if params else (),
            result.type if result else None,
            undoes.name if undoes else None,
            c[-1] if type(c[-1]) is t.Block else None,
        )

    def result(self, c: C) -> _Result:
        return _Result(_start(c[0]), _end(c[-1]), c[1])

    def undoes(self, c: C) -> _Undoes:
        return _Undoes(_start(c[0]), _end(c[-1]), _name(c[1]))

    def params(self, c: C) -> _Params:
        return _Params(_start(c[0]), _end(c[-1]), _all(t.Param, c))

    def param(self, c: C) -> t.Param:
        return t.Param(_start(c[0]), _end(c[-1]), _name(c[0]), c[2] if len(c) > 1 else None)

    def block(self, c: C) -> t.Block:
        return t.Block(_start(c[0]), _end(c[-1]), tuple(c[1:-1]))

    def when(self, c: C) -> t.When:
        arms: tuple[t.Arm, ...] = (t.Arm(_start(c[0]), c[2].end, c[1], c[2]),)
        otherwise = None
        if len(c) > 3:
            if type(c[4]) is t.When:
                arms += c[4].arms
                otherwise = c[4].otherwise
            else:
                otherwise = c[4]
        return t.When(_start(c[0]), _end(c[-1]), arms, otherwise)

    def each(self, c: C) -> t.Each:
        return t.Each(_start(c[0]), _end(c[-1]), _name(c[1]), c[2].value, c[3])

    def below(self, c: C) -> _Bounds:
        return _Bounds(_start(c[0]), _end(c[-1]), c[1])

    within = below

    def match(self, c: C) -> t.Match:
        last = c[-2]
        return t.Match(
            _start(c[0]),
            _end(c[-1]),
            c[1],
            type(c[2]) is Token and c[2].type == "FALLING",
            _all(t.Case, c),
            last if type(last) is t.Block else None,
        )

    def case(self, c: C) -> t.Case:
        return t.Case(_start(c[0]), _end(c[-1]), _number(c[0]), c[1])

    def otherwise(self, c: C) -> t.Block:
        return c[1]  # type: ignore[no-any-return]

    def labelled(self, c: C) -> t.Labelled:
        return t.Labelled(_start(c[0]), _end(c[-1]), _name(c[1]), c[2])

    def leave(self, c: C) -> t.Leave:
        return t.Leave(_start(c[0]), _end(c[-1]), _name(c[1]))

    def return_(self, c: C) -> t.Return:
        return t.Return(_start(c[0]), _end(c[-1]), c[1] if len(c) > 1 else None)

    def holding(self, c: C) -> t.Holding:
        return t.Holding(_start(c[0]), _end(c[-1]), _name(c[1]), c[2])

    def let(self, c: C) -> t.Let:
        kind = c[3] if type(c[3]) in _TYPES else None
        return t.Let(_start(c[0]), _end(c[-1]), _name(c[1]), kind, c[-1])

    def move(self, c: C) -> t.Move:
        return t.Move(_start(c[0]), _end(c[-1]), c[0], c[2])

    def modify(self, c: C) -> t.Modify:
        return t.Modify(_start(c[0]), _end(c[-1]), c[1], _all(t.Change, c))

    def change(self, c: C) -> t.Change:
        return t.Change(_start(c[0]), _end(c[-1]), _name(c[0]), c[2])

    def copy(self, c: C) -> t.Copy:
        return t.Copy(_start(c[0]), _end(c[-1]), _name(c[0]), _all(t.Place, c))

    def call(self, c: C) -> t.Call:
        args = tuple([x for x in c if type(x) is not Token])
        return t.Call(_start(c[0]), _end(c[-1]), _name(c[0]), args)

    def hypcall(self, c: C) -> t.Hypcall:
        return t.Hypcall(_start(c[0]), _end(c[-1]), c[1])

    def order(self, c: C) -> t.Order:
        sides = _all(t.Events, c)
        first, then = sides if sides else (None, None)
        return t.Order(_start(c[0]), _end(c[-1]), c[0].barriers, first, then)

    def warn(self, c: C) -> t.Warn:
        return t.Warn(_start(c[0]), _end(c[-1]), c[2])

    def assert_(self, c: C) -> t.Assert:
        return t.Assert(_start(c[0]), _end(c[-1]), c[1])

    def may(self, c: C) -> t.May:
        return t.May(_start(c[0]), _end(c[-1]), _name(c[1]), _all(t.Place, c))

    # ---- lifecycles, invariants, scenarios

    def lifecycle(self, c: C) -> t.Lifecycle:
        return t.Lifecycle(_start(c[0]), _end(c[-1]), _name(c[1]), tuple(c[3:-1]))

    def phase(self, c: C) -> t.Phase:
        rest = _past_docs(c)
        condition = rest[2] if len(rest) > 2 else None
        return t.Phase(_start(c[0]), _end(c[-1]), _docs(c), _name(rest[0]), condition, rest[-1])

    def repeat(self, c: C) -> t.Repeat:
        rest = _past_docs(c)
        return t.Repeat(_start(c[0]), _end(c[-1]), _docs(c), _name(rest[1]), tuple(rest[3:-1]))

    def either(self, c: C) -> t.Either:
        return t.Either(_start(c[0]), _end(c[-1]), _docs(c), _all(t.Steps, c))

    def steps(self, c: C) -> t.Steps:
        return t.Steps(_start(c[0]), _end(c[-1]), tuple(c[1:-1]))

    def invariant(self, c: C) -> t.Invariant:
        names = _names(c, "NAME")
        reason = next(x for x in c if type(x) is Token and x.type == "STRING")
        return t.Invariant(_start(c[0]), _end(c[-1]), names[0], names[1:], _text(reason), c[-2])

    def scenario(self, c: C) -> t.Scenario:
        return t.Scenario(_start(c[0]), _end(c[-1]), _text(c[1]), tuple(c[3:-1]))

    def given(self, c: C) -> t.Given:
        return t.Given(_start(c[0]), _end(c[-1]), _all(t.Fact, c))

    def fact(self, c: C) -> t.Fact:
        place = _one(t.Place, c)
        value = (
            c[-1]
            if type(c[-2] if len(c) > 1 else None) is Token and c[-2].type == "EQUAL"
            else None
        )
        assert place is not None
        return t.Fact(_start(c[0]), _end(c[-1]), type(c[0]) is Token, place, value)

    def run(self, c: C) -> t.Run:
        return t.Run(_start(c[0]), _end(c[-1]), _names(c, "NAME"))

    def expect(self, c: C) -> t.Expect:
        point = _name(c[3]) if len(c) > 2 else None
        return t.Expect(_start(c[0]), _end(c[-1]), c[1], point)

    def actor(self, c: C) -> t.Actor:
        return t.Actor(_start(c[0]), _end(c[-1]), _name(c[0]), c[1])

    # ---- dialects

    def dialect(self, c: C) -> t.Dialect:
        return t.Dialect(_start(c[0]), _end(c[-1]), _name(c[1]), _name(c[3]), tuple(c[5:-1]))

    def spelling(self, c: C) -> t.Spelling:
        role = _name(c[0]) if type(c[0]) is Token else None
        at = 1 if role else 0
        typed = type(c[at + 1]) is Token and c[at + 1].type == "COLON"
        texts = _texts(c)
        return t.Spelling(
            _start(c[0]),
            _end(c[-1]),
            role,
            c[at],
            texts[0] if typed else None,
            texts[1:] if typed else texts,
        )

    def file(self, c: C) -> t.File:
        return t.File(
            _start(c[0]),
            _end(c[-1]),
            _texts(c),
            _names(c, "NAME", "GLOB"),
            tuple([x for x in c if type(x) in (t.Spelling, t.Include)]),
        )

    def include(self, c: C) -> t.Include:
        return t.Include(_start(c[0]), _end(c[-1]), _texts(c))

    def header(self, c: C) -> t.Header:
        return t.Header(_start(c[0]), _end(c[-1]), _texts(c), _names(c, "NAME", "GLOB"))

    def scope(self, c: C) -> t.Scope:
        return t.Scope(_start(c[0]), _end(c[-1]), _names(c, "NAME", "GLOB"), _all(t.Spelling, c))

    # ---- expressions

    def number(self, c: C) -> t.Number:
        return _number(c[0])

    def place(self, c: C) -> t.Place:
        return t.Place(_start(c[0]), _end(c[-1]), _name(c[0]), tuple(c[1:]))

    def at(self, c: C) -> t.At:
        return t.At(_start(c[0]), _end(c[-1]), c[1])

    def dot(self, c: C) -> t.Dot:
        return t.Dot(_start(c[0]), _end(c[-1]), _name(c[1]))

    def binary(self, c: C) -> t.Binary:
        return t.Binary(c[0].start, c[2].end, str(c[1]), c[0], c[2])

    def negate(self, c: C) -> t.Not:
        return t.Not(_start(c[0]), _end(c[1]), c[1])

    def with_(self, c: C) -> t.With:
        return t.With(_start(c[0]), _end(c[4]), c[0], _name(c[2]), c[4])

    def group_(self, c: C) -> t.Expr:
        # The tree has no node for parentheses, but they belong to the extent.
        return replace(c[1], start=_start(c[0]), end=_end(c[2]))  # type: ignore[no-any-return]

    def every(self, c: C) -> t.Every:
        return t.Every(_start(c[0]), _end(c[-1]), _name(c[1]), c[3], c[6])
