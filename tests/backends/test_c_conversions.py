"""Conversions in the middle of an expression: the IR has them, the language no words for them."""

from __future__ import annotations

import pytest

from dsl.backends.c.expressions import Expressions
from dsl.backends.c.spelling import Speller
from dsl.diagnostics import Diagnostics
from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.dialect import Dialect
from dsl.ir.types import BOOL, INT, U8, U16, U32, U64, Int, Type
from dsl.source import Source, Span

SPAN = Span(Source("t.vgs", "", "t"), 0, 0)
NAMES: dict[str, Type] = {"b": U8, "h": U16, "w": U32, "v": U32, "q": U64, "i": INT, "t": BOOL}
NAMES["s"] = Int(8, signed=True)


def parsed(text: str) -> x.Expr:
    """An expression from prefix notation: `(+ u32 w 1)`, `(u8 w)`, `(! t)`, `(? w)`."""
    tokens = text.replace("(", " ( ").replace(")", " ) ").split()

    def read() -> x.Expr:
        token = tokens.pop(0)
        if token != "(":
            if token in NAMES:
                return x.Var(token, NAMES[token], SPAN)
            number, _, kind = token.partition(":")
            return x.Const(int(number, 0), typed(kind) if kind else INT, SPAN)
        head = tokens.pop(0)
        made: x.Expr
        if head in TYPES:
            made = x.Cast(read(), typed(head), SPAN)
        elif head == "!":
            made = x.Not(read(), SPAN)
        elif head == "?":
            made = x.Truth(read(), SPAN)
        else:
            kind = tokens.pop(0)
            made = x.Binary(head, read(), read(), BOOL if kind == "bool" else typed(kind), SPAN)
        assert tokens.pop(0) == ")"
        return made

    return read()


TYPES = {"u4": Int(4), "u8": U8, "u16": U16, "u32": U32, "u64": U64, "int": INT}


def typed(name: str) -> Int:
    return TYPES[name]


def writer() -> Expressions:
    nothing = Dialect("c", "c", (), (), (), (), (), SPAN)
    signature = s.Signature("f", (), None, None, SPAN)
    speller = Speller(nothing, signature, None, Diagnostics().add, {})
    return Expressions(speller, frozenset(), {}, {})


@pytest.mark.parametrize(
    ("written", "c"),
    [
        # Widening is C's own, unless the operator would compute in fewer bits.
        ("(+ u64 (u64 w) q)", "w + q"),
        ("(+ u64 (u64 w) (u64 v))", "(u64)w + v"),
        ("(+ u64 (u64 w) 1:u64)", "w + 1ULL"),
        ("(<< u64 1:u64 w)", "1ULL << w"),
        ("(<< u64 (u64 w) 3:u32)", "(u64)w << 3"),
        ("(<< u32 (u32 b) 8:u32)", "b << 8"),
        ("(<< u32 (u32 b) 24:u32)", "(u32)b << 24"),
        ("(* u64 (u64 b) (u64 h))", "b * h"),
        # An int that may be negative is extended by its sign, which C does beside something wider.
        ("(+ u64 q (u64 i))", "q + i"),
        ("(| u64 (u64 i) (u64 w))", "(u64)i | w"),
        ("(u64 i)", "(u64)i"),
        # What is narrower than an int wraps nowhere in C.
        ("(+ u32 (u32 b) (u32 h))", "b + h"),
        ("(- u32 (u32 b) (u32 h))", "(u32)b - h"),
        ("(- u32 (u32 b) 1:u32)", "b - 1U"),
        ("(> bool (- u32 (u32 b) (u32 h)) 5:u32)", "(u32)b - h > 5"),
        # Cutting off.
        ("(u8 w)", "(u8)w"),
        ("(u8 (+ u32 w 1:u32))", "(u8)(w + 1)"),
        ("(+ u32 (u32 (u8 w)) 1:u32)", "(u8)w + 1"),
        ("(? (u8 w))", "(u8)w"),
        ("(! (? (u8 w)))", "!(u8)w"),
        ("(u4 w)", "w & 0xf"),
        ("(u32 (u8 7:u32))", "7"),
        # A mask leaves only bits that are right anyway.
        ("(& u32 (- u32 (u32 b) (u32 h)) 7:u32)", "(b - h) & 7"),
        ("(& u32 (u32 q) 255:u32)", "q & 255"),
        # Comparisons look at the types of both sides.
        ("(< bool i -1:int)", "i < -1"),
        ("(< bool (int w) i)", "(int)w < i"),
        ("(< bool (u32 i) w)", "i < w"),
        ("(== bool (u64 i) q)", "i == q"),
        # Truth values.
        ("(== bool t (? w))", "t == !!w"),
        ("(u32 (? w))", "!!w"),
        ("(! (! t))", "t"),
        ("(== bool t (! (! (? w))))", "t == !!w"),
        ("(! (!= bool w v))", "w == v"),
        ("(! (and bool t (? w)))", "!(t && w)"),
        # Numbers.
        ("-1:int", "-1"),
        ("(- int i -1:int)", "i - -1"),
        ("(* int -2:int i)", "-2 * i"),
        ("4294967295:u32", "4294967295U"),
        ("4294967296:u64", "4294967296ULL"),
        ("(>> u32 w 32:u32)", "0"),
    ],
)
def test_c_is_told_what_it_would_not_do(written: str, c: str) -> None:
    assert writer().write(parsed(written)).text == c


@pytest.mark.parametrize(
    ("written", "kind", "c"),
    [
        ("(u32 q)", U32, "q"),
        ("(u8 (- u32 (u32 b) (u32 h)))", U8, "b - h"),
        ("(u64 i)", U64, "i"),
        ("(u64 (u8 w))", U64, "(u8)w"),
        ("(u64 (+ u32 w v))", U64, "w + v"),
        ("(u8 300:int)", U8, "44"),
        ("-1:int", U64, "18446744073709551615ULL"),
    ],
)
def test_c_converts_what_it_stores(written: str, kind: Int, c: str) -> None:
    assert writer().store(parsed(written), kind).text == c
