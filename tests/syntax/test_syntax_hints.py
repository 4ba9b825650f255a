"""What a message of the parser advises: what stands here for what C writes, and what is missing."""

from __future__ import annotations

import re

import pytest
from lark import Lark
from lark.lexer import PatternStr

from dsl.diagnostics import Diagnostic
from dsl.resources import grammar_text
from dsl.source import Source
from dsl.syntax.errors import _called
from dsl.syntax.parser import parse

HEAD = "register A : 64 { X [62:0] Y [63] }\ncondition vhe per machine\n"
LOOP = "a loop is `each i below n { … }` or `each i in a..b { … }`"


def finding(text: str) -> Diagnostic:
    """The one finding of a source."""
    (found,) = parse(Source("test.vgs", HEAD + text, "test"))[1]
    return found


@pytest.mark.parametrize(
    ("statement", "help"),
    [
        (
            "for (i = 0; i < 3; i++) {}",
            LOOP,
        ),
        ("for i in 0..3 { A <- i }", LOOP),
        ("when vhe {} elif A {}", "`elif` of C is `else when` here"),
        ("u64 old = A", "a value gets its name by `let old = …`"),
        ("uint64_t old = A", "a value gets its name by `let old = …`"),
        ("A &= 1", "there is no `&=`: write `PLACE <- PLACE & …`"),
        ("A.X <<= 1", "there is no `<<=`: write `PLACE <- PLACE << …`"),
        ("A->X <- 1", "`->` of C is `.` here"),
        ("isb()", "`isb` has no parentheses"),
        ("A <- -1", "a number has no sign: `~0` has all bits set"),
        ("A <- vhe ? 1 : 0", "a choice is `when … { … } else { … }`"),
        ("# a comment", "a comment begins with `//`"),
    ],
)
def test_what_c_writes_in_another_way(statement: str, help: str) -> None:
    assert finding(f"sequence f() {{ {statement} }}").help == help


@pytest.mark.parametrize("number", ["1UL", "0xg", "0x", "12b"])
def test_what_begins_like_a_number_and_is_none(number: str) -> None:
    found = finding(f"sequence f() {{ A <- {number} when vhe {{}} }}")
    assert found.message == f"`{number}` is no number"
    assert found.span.text == number


def test_a_type_in_front_of_a_parameter() -> None:
    assert finding("sequence f(u64 x) {}").help == "the type stands behind the name: `x : u64`"


def test_for_where_it_is_a_word_of_the_language_is_no_loop() -> None:
    assert "a loop" not in finding("register B<n> : 64 for n in 0..3 { Z [63:0] }").help


def test_what_is_missing_is_among_what_is_listed() -> None:
    found = finding("sequence f()\n    let old = A\n}")
    assert found.help.startswith("`->`, `@`, `{`, ")


def test_every_sign_is_shown_as_it_is_written() -> None:
    """Lark numbers the signs that have no name of its own, so the numbers move."""
    signs = {
        terminal.name: terminal.pattern.value
        for terminal in Lark(grammar_text(), parser="lalr").terminals
        if isinstance(terminal.pattern, PatternStr) and re.fullmatch(r"\W+", terminal.pattern.value)
    }
    shown = {name: _called(name) for name in signs}
    assert shown == {n: "`<-`" if n == "MOVE" else f"`{text}`" for n, text in signs.items()}
