"""Random modules, derived from the grammar itself: whatever parses has a layout."""

from __future__ import annotations

import random
from functools import cache

import pytest
from lark.grammar import NonTerminal, Symbol

from tests.syntax.test_format import INLINED, hold, plain_parser

WORDS = {
    "NAME": ["a", "vcpu", "_x1", "a_name_that_is_rather_long", "ICH_VMCR_EL2"],
    "BANK": ["LR<n>", "ICH_AP0R<i>_EL2"],
    "GLOB": ["*", "vgic_*", "__*_state"],
    "INT": ["0", "007", "0xf_F", "0b1_0", "1_000"],
    "STRING": ['""', r'"\" \\ \d"', '"// not a comment { "', f'"{"long " * 12}"'],
    "DOC": ["///\n", "/// text // more\n", "////\t\n"],
    "COMPARE": ["==", "!=", "<", "<=", ">", ">="],
    "SHIFT": ["<<", ">>"],
    "PLUS": ["+", "-"],
}
OFTEN = ["decl", "sequence", "sequence", "lifecycle", "register", "dialect"]
SPACE = [" ", " ", " ", "\n", "\n\n", "\n\n\n\n", "\t\r\n", " // a comment\n", "\n// another\n\n"]


@cache
def expansions() -> dict[str, list[list[Symbol]]]:
    found: dict[str, list[list[Symbol]]] = {}
    for rule in plain_parser().rules:
        found.setdefault(str(rule.origin.name), []).append(list(rule.expansion))
    return found


@cache
def heights() -> dict[str, int]:
    """How deep the shallowest derivation of each rule is."""
    known: dict[str, int] = {}
    before = -1
    while before != len(known):
        before = len(known)
        for name, choices in expansions().items():
            depths = [height(c, known) for c in choices]
            reached = [d for d in depths if d is not None]
            if reached and name not in known:
                known[name] = 1 + min(reached)
    return known


def height(symbols: list[Symbol], known: dict[str, int]) -> int | None:
    depths = [known.get(str(s.name)) for s in symbols if isinstance(s, NonTerminal)]
    if None in depths:
        return None
    return max((d for d in depths if d is not None), default=0)


def derived(chance: random.Random, size: int) -> str:
    """Random declarations, grown while there is room and then brought to an end."""
    spelled = {t.name: t.pattern.value for t in plain_parser().terminals}
    words: list[str] = []
    todo: list[Symbol] = [NonTerminal(n) for n in chance.choices(OFTEN, k=chance.randint(1, 4))]
    while todo:
        symbol = todo.pop()
        name = str(symbol.name)
        if isinstance(symbol, NonTerminal):
            choices = expansions()[name]
            shallow = min(choices, key=lambda c: (height(c, heights()) or 0, len(c)))
            if len(words) + len(todo) > size or (name in INLINED and chance.random() < 0.8):
                choices = [shallow]
            elif chance.random() < 0.6:
                choices = [c for c in choices if c is not shallow] or choices
            todo += reversed(chance.choice(choices))
        else:
            words.append(chance.choice(WORDS.get(name) or [spelled[name]]))
    return "".join(word + chance.choice(SPACE) for word in words)


@pytest.mark.parametrize("seed", range(200))
def test_random_module(seed: int) -> None:
    chance = random.Random(seed)
    hold(derived(chance, size=chance.choice([10, 50, 200])))
