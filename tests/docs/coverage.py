"""Which rules of the grammar a source uses, and which parts of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, partial
from typing import Any, NamedTuple

from lark import Lark
from msgspec.structs import replace

from dsl.resources import grammar_text
from dsl.syntax.lalr import Token, run
from dsl.syntax.tables import tables


class Made(NamedTuple):
    """What a reduction makes: the rule, and what its parts were."""

    rule: str
    parts: tuple[str, ...]


#: A rule, and a terminal or a rule that it mentions.
Part = tuple[str, str]


def parts_of(text: str) -> set[Part]:
    """The parts of rules that a text uses.  Raises `Stuck` for what is no module."""
    found: set[Part] = set()
    plain = tables()
    rules = [
        replace(r, callback=f"{r.origin}", inline=False, through=False) for r in plain.reductions
    ]
    callbacks = {r.origin: partial(_note, found, r.origin) for r in rules}
    run(replace(plain, reductions=rules), callbacks, text, 0, len(text))
    return found


def _note(found: set[Part], rule: str, children: list[Any]) -> Made:
    parts: list[str] = []
    for child in children:
        if isinstance(child, Token):
            parts.append(child.kind)
        elif child.rule.startswith("__"):
            # Lark's own rule for a repetition.
            parts += child.parts
        else:
            parts.append(child.rule)
    if not rule.startswith("__"):
        found.update((rule, part) for part in parts)
        found.add((rule, ""))
    return Made(rule, tuple(parts))


@cache
def grammar_parts() -> frozenset[Part]:
    """Every part of every rule of the grammar."""
    lark = Lark(grammar_text(), parser="lalr", keep_all_tokens=True, maybe_placeholders=False)
    mentioned: dict[str, set[str]] = {}
    for rule in lark.rules:
        names = mentioned.setdefault(str(rule.origin.name), set())
        names.update(str(symbol.name) for symbol in rule.expansion)

    def opened(names: Iterable[str], within: frozenset[str] = frozenset()) -> set[str]:
        made: set[str] = set()
        for name in names:
            if not name.startswith("__") or name not in mentioned:
                made.add(name)
            elif name not in within:
                made |= opened(mentioned[name], within | {name})
        return made

    found = {
        (rule, part)
        for rule, names in mentioned.items()
        if not rule.startswith("__")
        for part in opened(names)
    }
    return frozenset(found | {(rule, "") for rule, _ in found})


def definitions(text: str) -> dict[str, str]:
    """The rules and terminals that a text of the grammar defines, each on one line."""
    bare = re.sub(r"^\s*//.*\n?", "", text, flags=re.MULTILINE)
    made: dict[str, str] = {}
    for found in re.finditer(
        r"^(\??\w+)(?:\.\d+)?:(?:.*\n?)(?:^[ \t]+\S.*\n?)*", bare, re.MULTILINE
    ):
        made[found[1].lstrip("?")] = " ".join(found[0].split())
    return made
