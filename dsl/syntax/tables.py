"""The parser's tables: what Lark makes of the grammar, kept between runs.

Lark reads the grammar, resolves it to an LALR(1) table and names the terminals.  Loading Lark and
its own form of the table takes longer than parsing a whole project, so the table is kept as plain
integers and Lark is loaded only when the grammar has changed.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from typing import Any

from msgspec import Struct

from dsl.resources import grammar_text
from dsl.syntax import kept

#: Changes with the form of the tables, so that an old one is never taken for a new one.
_FORM = b"1"
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: A terminal that also matches what others do, and counts only where the parser can take it.
GLOB = "GLOB"


class Reduction(Struct, frozen=True):
    """A rule, as a reduction uses it: so many children become one ``origin``.

    The children of a rule that only groups (``inline``) go to the rule above it as they are; a
    rule that passes a single child through (``through``) does so; else ``callback`` makes the
    node.  ``nested`` says whether a child can be such a group.
    """

    length: int
    origin: str
    callback: str
    inline: bool
    through: bool
    nested: bool


class Tables(Struct, frozen=True):
    """An LALR(1) table and the expressions that split a text into words.

    ``actions`` has for each state, by terminal or rule, the state to go to (not negative) or the
    complement of the reduction to make.  ``with_globs`` counts where a glob may stand.
    """

    actions: list[dict[str, int]]
    reductions: list[Reduction]
    start: int
    end: int
    keywords: dict[str, str]
    plain: str
    with_globs: str
    ignored: frozenset[str]


@cache
def tables() -> Tables:
    """The tables of ``grammar/vgs.lark``."""
    text = grammar_text()
    name = f"{hashlib.blake2b(text.encode(), digest_size=20, key=_FORM).hexdigest()}.lalr"
    found = kept.load(name, Tables)
    if found is None:
        found = compiled(text)
        kept.store(name, found)
    return found


def compiled(grammar: str) -> Tables:
    """The tables of a grammar, made by Lark.  Raises Lark's errors for what is not a grammar."""
    from lark import Lark
    from lark.parsers.lalr_analysis import Shift

    lark = Lark(grammar, parser="lalr", keep_all_tokens=True, maybe_placeholders=False)
    table: Any = lark.parser.parser.parser.parse_table
    number = {state: i for i, state in enumerate(table.states)}
    reductions: dict[Any, int] = {}
    actions: list[dict[str, int]] = []
    for choices in table.states.values():
        row: dict[str, int] = {}
        for symbol, (action, argument) in choices.items():
            if action is Shift:
                row[symbol] = number[argument]
            else:
                row[symbol] = ~reductions.setdefault(argument, len(reductions))
        actions.append(row)
    terminals = sorted(
        lark.terminals,
        key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name),
    )
    words = {
        t.pattern.value: t.name
        for t in terminals
        if t.pattern.type == "str" and _WORD.fullmatch(t.pattern.value)
    }
    rest = [t for t in terminals if t.name not in words.values()]
    return Tables(
        actions,
        [_reduction(rule) for rule in reductions],
        number[table.start_states["start"]],
        number[table.end_states["start"]],
        words,
        _joined([t for t in rest if t.name != GLOB]),
        _joined(rest),
        frozenset(lark.ignore_tokens),
    )


def _reduction(rule: Any) -> Reduction:
    return Reduction(
        len(rule.expansion),
        str(rule.origin.name),
        str(rule.alias or rule.origin.name),
        rule.origin.name.startswith("_"),
        bool(rule.options.expand1) and not rule.alias,
        any(not s.is_term and s.name.startswith("_") for s in rule.expansion),
    )


def _joined(terminals: list[Any]) -> str:
    return "|".join(f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in terminals)
