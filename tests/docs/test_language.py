"""The reference is complete: every rule, hint, finding, role, type and option has its entry.

The entry of a rule is the place that shows it, word for word; an example beside it must use it.
"""

from __future__ import annotations

import re
from collections import Counter

import pytest

from dsl.diagnostics import catalogue
from dsl.ir.dialect import OPERATIONS, Role
from dsl.ir.shapes import Access, Period
from dsl.ir.types import NAMED
from dsl.resolve.hints import HINTS
from dsl.resolve.targets import BARRIER_OPTIONS
from dsl.resources import grammar_text, library
from dsl.source import Source
from dsl.syntax import tree as t
from dsl.syntax.parser import parse
from dsl.syntax.tables import tables
from tests.docs.coverage import Part, definitions, grammar_parts, parts_of
from tests.docs.pages import Block, blocks, section, sections

GRAMMAR = definitions(grammar_text())
ENTRIES = {
    name: (block, rule)
    for block in blocks()
    if block.language == "lark"
    for name, rule in definitions(block.text).items()
}


def good() -> list[Block]:
    """The examples that compile."""
    return [b for b in blocks() if b.language == "vgs" and b.mark("wrong") is None]


# ---- the grammar


def test_every_rule_of_the_grammar_has_an_entry_that_shows_it() -> None:
    assert {name: rule for name, (_, rule) in ENTRIES.items()} == GRAMMAR


def test_no_rule_has_two_entries() -> None:
    shown = Counter(name for b in blocks() if b.language == "lark" for name in definitions(b.text))
    assert [name for name, times in shown.items() if times > 1] == []


@pytest.mark.parametrize("name", GRAMMAR)
def test_an_example_beside_the_entry_of_a_rule_uses_it(name: str) -> None:
    if name in tables().ignored:
        return
    entry, _ = ENTRIES[name]
    used: set[Part] = set()
    for block in good():
        if (block.page, block.section) == (entry.page, entry.section):
            used |= parts_of(block.source)
    rules = {rule for rule, _ in used} | {part for _, part in used}
    assert name in rules, f"{entry.place}: no example in this section uses {name}"


def test_every_part_of_every_rule_is_in_an_example() -> None:
    used: set[Part] = set()
    for block in good():
        used |= parts_of(block.source)
    assert sorted(grammar_parts() - used) == []
    assert used <= grammar_parts()


# ---- closed lists


def column(page: str, title: str, at: int = 0) -> list[str]:
    """What stands in code in a column of the tables of a section."""
    rows = section(page, title).rows()
    assert rows
    return [code for row in rows for code in re.findall(r"`([^`]+)`", row[at])]


def test_every_hint_has_an_entry() -> None:
    assert [h.split("(")[0] for h in column("language/modules.md", "Hints")] == [
        f"@{name}" for name in HINTS
    ]


@pytest.mark.parametrize("name", HINTS)
def test_every_hint_is_in_an_example_and_says_what_the_compiler_says(name: str) -> None:
    (row,) = [r for r in section("language/modules.md", "Hints").rows() if f"@{name}" in r[0]]
    assert row[2] == HINTS[name].says
    used = {
        hint.name.text
        for block in good()
        if block.section == "Hints"
        for item in parse(Source("example", block.source))[0].items
        for hint in _hints(item)
    }
    assert name in used


def _hints(item: t.Item) -> list[t.Hint]:
    found = list(item.hints)
    match item.body:
        case t.Sequence(body=t.Block(items=items)):
            found += [h for inner in items for h in _hints(inner)]
        case t.Modify(changes=changes):
            found += [h for change in changes for h in change.hints]
    return found


def test_every_finding_has_an_entry_and_no_other() -> None:
    rows = section("language/findings.md", "Findings").rows()
    assert [r[0].strip("`") for r in rows] == list(catalogue())


@pytest.mark.parametrize("code", catalogue())
def test_the_entry_of_a_finding_has_its_title_and_severity(code: str) -> None:
    (row,) = [r for r in section("language/findings.md", "Findings").rows() if f"`{code}`" == r[0]]
    title = re.match(r"\[(.+)\]\(\S+\)$", row[1])
    assert title is not None
    assert title[1] == catalogue()[code].title
    assert row[2] == catalogue()[code].severity
    assert row[3].endswith(".")


def test_no_page_speaks_of_a_finding_that_is_not_there() -> None:
    spoken = {code for s in sections() for code in re.findall(r"\bVGS\d{3}\b", s.text)}
    assert spoken <= set(catalogue())


def test_every_platform_that_comes_with_vgs_has_an_entry() -> None:
    files = sorted((library() / "platforms").glob("*.vgs"))
    rows = section("language/modules.md", "Imports").rows()
    assert [row[0] for row in rows] == [f"`platforms.{file.stem}`" for file in files]


def test_every_type_has_an_entry() -> None:
    assert set(NAMED) <= set(column("language/expressions.md", "Types"))


def test_every_period_has_an_entry() -> None:
    assert column("language/memory.md", "Conditions") == list(Period)


def test_every_option_of_a_barrier_has_an_entry() -> None:
    assert column("language/machine.md", "Barriers") == list(BARRIER_OPTIONS)


def test_every_access_has_its_words() -> None:
    text = section("language/machine.md", "Registers").text
    assert [a for a in Access if f"`{a}`" not in text] == []


# ---- dialects


def spellings() -> list[t.Spelling]:
    """Every spelling of the examples of the page on dialects."""
    found: list[t.Spelling] = []
    for block in good():
        if block.page == "dialects.md":
            for item in parse(Source("example", block.source))[0].items:
                if isinstance(item.body, t.Dialect):
                    for entry in item.body.entries:
                        inner = [entry] if isinstance(entry, t.Spelling) else _inside(entry)
                        found += [e for e in inner if isinstance(e, t.Spelling)]
    return found


def _inside(entry: t.File | t.Header | t.Scope) -> list[object]:
    return [] if isinstance(entry, t.Header) else list(entry.entries)


@pytest.mark.parametrize("role", Role)
def test_every_role_is_in_an_example(role: Role) -> None:
    used = {s.role.text if s.role else Role.VALUE for s in spellings()}
    assert role in used


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_in_an_example(name: str) -> None:
    used = {s.subject.name.text for s in spellings() if s.role and s.role.text == "op"}
    assert name in used


def test_no_row_is_about_a_role_or_an_operation_that_is_not_there() -> None:
    assert set(column("dialects.md", "Roles")) == set(Role) - {Role.VALUE}
    assert set(column("dialects.md", "Operations")) == set(OPERATIONS)
