"""What an editor makes of a text: the TextMate grammar run by Oniguruma, one scope stack a word."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

from babi.highlight import Compiler, Grammar, Grammars, highlight_line

EXTENSION = Path(__file__).resolve().parents[2] / "editors" / "vscode"
GRAMMAR = EXTENSION / "syntaxes" / "vgs.tmLanguage.json"


class Region(NamedTuple):
    """A piece of a text, by offsets, and the scopes around it, the widest first."""

    start: int
    end: int
    scopes: tuple[str, ...]


@cache
def _compiler() -> Compiler:
    raw = json.loads(GRAMMAR.read_text(encoding="utf-8"))
    return Compiler(Grammar.make(raw), Grammars())


def regions(text: str) -> list[Region]:
    """The whole text, in pieces."""
    compiler = _compiler()
    state = compiler.root_state
    made: list[Region] = []
    at = 0
    for i, line in enumerate(text.splitlines(keepends=True)):
        state, found = highlight_line(compiler, state, line, first_line=i == 0)
        made += [Region(at + r.start, at + r.end, r.scope) for r in found]
        at += len(line)
    return made


def scopes_by_character(text: str) -> list[tuple[str, ...]]:
    """The scopes of each character."""
    made: list[tuple[str, ...]] = [()] * len(text)
    for region in regions(text):
        made[region.start : region.end] = [region.scopes] * (region.end - region.start)
    return made
