"""The loop that runs the tables agrees with Lark itself, on what it accepts and on every node."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lark import Lark, Tree
from lark import Token as LarkToken
from lark.exceptions import UnexpectedInput

from dsl.resources import grammar_text
from dsl.syntax.lalr import END, Stuck, Token, run
from dsl.syntax.tables import compiled, tables

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCES = sorted([*ROOT.glob("sequences/**/*.vgs"), *ROOT.glob("tests/syntax/samples/*.vgs")])


@cache
def lark() -> Lark:
    return Lark(grammar_text(), parser="lalr", keep_all_tokens=True, maybe_placeholders=False)


def by_lark(text: str) -> Any:
    try:
        return plain(lark().parse(text))
    except UnexpectedInput:
        return None


def plain(node: Any) -> Any:
    """A tree as tuples: (rule, children), and (terminal, start, end) for a token."""
    match node:
        case Tree(data=data, children=children):
            return str(data), *(plain(child) for child in children)
        case LarkToken(type=kind, start_pos=start, end_pos=end):
            return kind, start, end
    raise AssertionError(node)


def by_tables(text: str, start: int = 0, end: int | None = None) -> Any:
    def keep(name: str) -> Any:
        return lambda children: (
            name,
            *((c.kind, c.start, c.end) if isinstance(c, Token) else c for c in children),
        )

    callbacks = {r.callback: keep(r.callback) for r in tables().reductions}
    try:
        return run(tables(), callbacks, text, start, len(text) if end is None else end)
    except Stuck:
        return None


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.stem)
def test_every_source_gives_the_same_tree(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert by_tables(text) == by_lark(text)
    assert by_tables(text) is not None


WORDS = [
    *sorted(tables().keywords),
    *("x", "A<n>B", "g_*", "1", "0x1f", '"s"', "/// d\n", "// c\n", "<-", "==", "<<", "+", "-"),
    *("{", "}", "(", ")", "[", "]", ":", ",", ".", "..", "=", "*", "|", "&", "^", "@", "->", "<"),
]


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(SOURCES),
    st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from(WORDS)), min_size=1, max_size=3),
    st.booleans(),
)
def test_broken_sources_are_refused_alike(
    path: Path, changes: list[tuple[int, str]], insert: bool
) -> None:
    words = path.read_text(encoding="utf-8").split(" ")
    for place, word in changes:
        at = place % len(words)
        words[at : at if insert else at + 1] = [word]
    text = " ".join(words)
    assert by_tables(text) == by_lark(text)


def test_a_part_of_a_text_is_read_with_its_own_offsets() -> None:
    text = "lock a\nlock b\nlock c\n"
    assert by_tables(text, 7, 14) == (
        "start",
        ("decl", ("lock", ("LOCK", 7, 11), ("NAME", 12, 13))),
    )


@pytest.mark.parametrize(
    ("text", "at", "kind", "some"),
    [
        ("lock a\nlock 1", 12, "INT", {"NAME"}),
        ("lock ;", 5, None, {"NAME"}),
        ("lock", 4, END, {"NAME"}),
        ("group g = ", 10, END, {"NAME", "BANK"}),
        ("sequence f() { let x = 1 }}", 26, "RBRACE", {END, "LOCK", "DOC"}),
    ],
)
def test_where_it_is_stuck_and_what_could_stand_there(
    text: str, at: int, kind: str | None, some: set[str]
) -> None:
    with pytest.raises(Stuck) as caught:
        run(tables(), {r.callback: tuple for r in tables().reductions}, text, 0, len(text))
    stuck = caught.value
    assert (stuck.at, stuck.token.kind if stuck.token else None) == (at, kind)
    assert some <= stuck.accepts
    # Each of them really could: the text with it goes on further, or ends.
    assert "RBRACE" not in stuck.accepts or kind == END


def test_kept_tables_are_those_that_lark_makes(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("VGS_CACHE", str(tmp_path))
    tables.cache_clear()
    from dsl.resources import cache_folder

    cache_folder.cache_clear()
    try:
        first = tables()
        tables.cache_clear()
        assert tables() == first
        # Lark numbers the states as it meets them, so only their number can be compared.
        assert len(first.actions) == len(compiled(grammar_text()).actions)
        assert len(list(tmp_path.glob("*.lalr"))) == 1
        # A damaged file is made anew, be it by one bit.
        path = next(tmp_path.glob("*.lalr"))
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
        tables.cache_clear()
        assert len(tables().actions) == len(first.actions)
    finally:
        tables.cache_clear()
        cache_folder.cache_clear()
