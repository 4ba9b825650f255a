"""Each rule of the platforms is on its page, with a program that keeps it and one that does not."""

from __future__ import annotations

import pytest

import dsl
from dsl.ir.platform import Rule
from dsl.resources import library
from tests.docs.pages import Block, Section, blocks, sections

PAGE = "rules.md"
RULES = [
    rule
    for path in sorted((library() / "platforms").glob("*.vgs"))
    for module in dsl.load(path).program.modules
    if module.name == f"platforms.{path.stem}"
    for rule in module.rules
]


def name(rule: Rule) -> str:
    return rule.name


def entry(rule: Rule) -> Section:
    (found,) = [s for s in sections() if s.page == PAGE and s.title == rule.name]
    return found


def shown(rule: Rule) -> list[Block]:
    """What comes out of the examples of a rule."""
    return [b for b in blocks() if (b.page, b.section, b.language) == (PAGE, rule.name, "text")]


def test_there_are_rules() -> None:
    assert len(RULES) >= 9


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_the_entry_of_a_rule_says_how_strong_it_is(rule: Rule) -> None:
    assert entry(rule).text.strip().startswith(f"Strength: {rule.strength}.")


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_a_program_that_keeps_the_rule_shows_nothing_bad(rule: Rule) -> None:
    good = [b.text for b in shown(rule) if "fails as expected" not in b.text]
    assert good
    for line in "".join(good).splitlines():
        assert ": holds (" in line


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_a_program_that_does_not_keep_it_fails_by_it(rule: Rule) -> None:
    bad = [b.text for b in shown(rule) if "fails as expected" in b.text]
    assert bad
    for text in bad:
        assert f"({rule.name})" in text
        assert "    expected: " in text or "    assertion failed: " in text
