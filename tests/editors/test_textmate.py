"""The TextMate grammar says of every word what the real lexer says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl.ir.types import NAMED
from dsl.resolve.targets import BARRIER_OPTIONS
from dsl.resources import grammar_text
from dsl.source import Source
from dsl.syntax.keywords import keywords
from dsl.syntax.lalr import Stuck, Token, run
from dsl.syntax.parser import parse
from dsl.syntax.tables import tables
from tests.editors.textmate import EXTENSION, GRAMMAR, regions, scopes_by_character

ROOT = EXTENSION.parents[1]
HERE = Path(__file__).parent
SAMPLES = sorted((HERE / "samples").glob("*.vgs"))
SOURCES = sorted(
    p
    for folder in ("sequences", "tests", "docs", "editors")
    for p in (ROOT / folder).rglob("*.vgs")
)

#: What a word of the language may be scoped as.
WORD = ("keyword.", "storage.", "constant.language.")
#: What a word of each terminal may be scoped as.
TERMINALS = {
    "MOVE": ("keyword.operator.assignment.vgs",),
    "COMPARE": ("keyword.operator.comparison.vgs",),
    "SHIFT": ("keyword.operator.bitwise.shift.vgs",),
    "PLUS": ("keyword.operator.arithmetic.vgs",),
    "BANK": ("variable.other.constant.bank.vgs",),
    "GLOB": ("entity.name.function.glob.vgs", "keyword.operator.arithmetic.vgs"),
    "NAME": ("variable.", "entity.", "support.", "storage.type.annotation."),
    "INT": ("constant.numeric.",),
    "STRING": ("string.quoted.double.vgs",),
    "DOC": ("comment.block.documentation.vgs",),
    "COMMENT": ("comment.line.double-slash.vgs",),
    "WHITE": (),
}


def lexed(text: str) -> Iterator[Token]:
    """The words of a text, comments too; what begins no word is of the kind ``""``."""
    match = re.compile(tables().plain).match
    at = 0
    while at < len(text):
        found = match(text, at)
        end = found.end() if found else at + 1
        yield Token(at, end, (found.lastgroup or "") if found else "", text[at:end])
        at = end


class _Nothing(dict[str, Any]):
    """Callbacks that make nothing."""

    def __missing__(self, name: str) -> Any:
        return lambda children: ()


def parsed(text: str) -> list[Token]:
    """The words as the parser takes them, as far as it comes."""
    seen: list[Token] = []
    try:
        run(tables(), _Nothing(), text, 0, len(text), seen)
    except Stuck:
        # The word that it stuck at may be anything.
        del seen[-1:]
    return [t for t in seen if t.text]


# ---- the words of the language


@pytest.mark.parametrize("word", sorted(keywords()))
def test_every_word_of_the_language_is_one(word: str) -> None:
    for text in (f"{word}\n", f"  {word} {{\n", f"f {word}\n"):
        at = text.index(word)
        assert all(
            scopes[-1].startswith(WORD) for scopes in scopes_by_character(text)[at : at + len(word)]
        ), text


def test_no_other_word_is_one() -> None:
    """The lists hold the words of the grammar, the types and the barriers' options, no more."""
    written = set()
    for expression in _expressions(json.loads(GRAMMAR.read_text(encoding="utf-8"))):
        plain = re.sub(r"\[(?:\\.|[^\]\\])*\]|\\.|\(\?[:=!<]*", " ", expression)
        written |= set(re.findall(r"[a-z][a-z0-9]+", plain))
    assert written == keywords() | set(NAMED) | set(BARRIER_OPTIONS)


def _expressions(node: Any) -> Iterator[str]:
    match node:
        case dict():
            for name, value in node.items():
                if name in ("match", "begin", "end"):
                    yield value
                else:
                    yield from _expressions(value)
        case list():
            for value in node:
                yield from _expressions(value)


@pytest.mark.parametrize("option", BARRIER_OPTIONS)
def test_every_option_of_a_barrier_is_known(option: str) -> None:
    assert scopes_by_character(f"dsb({option})")[4][-1] == "support.constant.barrier.vgs"


@pytest.mark.parametrize("name", NAMED)
def test_every_type_is_known(name: str) -> None:
    for text in (f"let x : {name} = y", f"f() -> {name} {{", f"type {name} is"):
        assert scopes_by_character(text)[text.index(f" {name}") + 1][-1] == "support.type.vgs"


def test_every_terminal_of_the_grammar_has_its_scopes() -> None:
    named = re.findall(r"^([A-Z]+)(?:\.\d+)?:", grammar_text(), re.MULTILINE)
    assert set(named) == set(TERMINALS)


def test_every_sign_of_the_grammar_is_known() -> None:
    rules = re.sub(r"^(?://|\w+(?:\.\d+)?: /).*", "", grammar_text(), flags=re.MULTILINE)
    signs = set(re.findall(r'"([^"]*)"', rules)) - keywords()
    assert {"{", "<-", ".."} <= signs
    for sign in signs:
        scopes = scopes_by_character(sign)
        assert all(s[-1].startswith(("keyword.operator.", "punctuation.")) for s in scopes), sign


# ---- annotated samples, in the format of vscode-tmgrammar-test


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.stem)
def test_a_sample_has_the_scopes_that_stand_below_its_lines(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert parse(Source(path.name, text))[1] == []
    scopes = scopes_by_character(text)
    line_start = at = asserted = 0
    for line in text.splitlines(keepends=True)[1:]:
        at += len(text[at:].split("\n", 1)[0]) + 1
        found = re.match(r"//\s*(?:(\^+)|<(~*)(-+))\s+(\S.*)", line)
        if found is None:
            line_start = at
            continue
        asserted += 1
        if found[1]:
            first, last = found.start(1), found.end(1)
        else:
            first, last = len(found[2]), len(found[2]) + len(found[3])
        for column in range(first, last):
            here = scopes[line_start + column]
            for wanted in found[4].split():
                assert any(s == wanted or s.startswith(f"{wanted}.") for s in here), (line, here)
    assert asserted > 10


# ---- every source of the repository


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_what_the_lexer_cannot_read_is_invalid_and_nothing_else(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    illegal = [t.start for t in lexed(text) if not t.kind]
    if not illegal:
        assert [r for r in regions(text) if "invalid" in r.scopes[-1]] == []
        return
    scopes = scopes_by_character(text)
    assert [at for at in illegal if not scopes[at][-1].startswith("invalid.")] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_comments_and_strings_are_the_lexer_s(path: Path) -> None:
    hold_comments_and_strings(path.read_text(encoding="utf-8"))


@settings(max_examples=300)
@given(st.text(alphabet='"\\/$a ;', max_size=12))
def test_comments_and_strings_are_the_lexer_s_whatever_stands_around_them(line: str) -> None:
    hold_comments_and_strings(line + "\nregister A : 64 {}\n")


def hold_comments_and_strings(text: str) -> None:
    """In each line up to what the lexer cannot read: an editor goes on behind it as it likes."""
    scopes = scopes_by_character(text)
    skipped = -1
    for token in lexed(text):
        if not token.kind and token.start > skipped:
            assert scopes[token.start][-1].startswith("invalid."), token
            skipped = text.find("\n", token.start)
        elif token.kind != "WHITE" and token.start > skipped:
            here = scopes[token.start : token.end]
            for kind in ("COMMENT", "DOC", "STRING"):
                (scope,) = TERMINALS[kind]
                assert all((scope in s) == (token.kind == kind) for s in here), token


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_word_is_scoped_as_the_parser_takes_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    scopes = scopes_by_character(text)
    for token in parsed(text):
        here = scopes[token.start : token.end]
        if token.kind in TERMINALS:
            allowed = TERMINALS[token.kind]
            if token.kind == "NAME" and token.text in keywords():
                # As `read register` in a dialect: a word all the same.
                allowed = (*allowed, *WORD)
        elif token.text in keywords():
            allowed = WORD
        else:
            allowed = ("keyword.operator.", "punctuation.")
        wrong = [s for s in here if not any(scope.startswith(allowed) for scope in s[1:])]
        assert wrong == [], (token, wrong)


# ---- the extension


def test_the_extension_names_files_that_are_there() -> None:
    package = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
    (language,) = package["contributes"]["languages"]
    (grammar,) = package["contributes"]["grammars"]
    assert (EXTENSION / language["configuration"]).is_file()
    assert (EXTENSION / grammar["path"]) == GRAMMAR
    assert grammar["language"] == language["id"]
    raw = json.loads(GRAMMAR.read_text(encoding="utf-8"))
    assert grammar["scopeName"] == raw["scopeName"]
    assert language["extensions"] == [f".{t}" for t in raw["fileTypes"]] == [".vgs"]


def test_every_pattern_that_is_included_is_there_and_every_one_is_included() -> None:
    raw = GRAMMAR.read_text(encoding="utf-8")
    included = set(re.findall(r'"include": "#([\w-]+)"', raw))
    assert included == set(json.loads(raw)["repository"])


def test_what_the_editor_does_is_what_the_language_has() -> None:
    raw = json.loads((EXTENSION / "language-configuration.json").read_text(encoding="utf-8"))
    assert raw["comments"] == {"lineComment": "//"}
    for one, other in raw["brackets"]:
        assert f'"{one}"' in grammar_text()
        assert f'"{other}"' in grammar_text()
    word = re.compile(raw["wordPattern"])
    assert word.fullmatch("ICH_HCR_EL2")
    deeper = re.compile(raw["indentationRules"]["increaseIndentPattern"])
    assert deeper.search("    when not sre {")
    assert not deeper.search("    when not sre { restore vgic_vmcr }")
    assert not deeper.search("// a brace {")
