"""What the pages of docs/ show, taken out of them: headings, tables, links, and blocks with marks.

The word behind the language of a fenced block says what the block is; readers do not see it.

    vgs                 a module
    vgs NAME.vgs        a module that other examples can import as NAME
    vgs in=NAME         declarations that see the module NAME
    vgs body=NAME       statements of a sequence for a vcpu, which sees the module NAME
    ... whole           with what it imports it is a project of which nothing is left unused
    ... wrong           what `vgs check` says of it follows in a `text` block
    ... wrong=VGS050    the findings it has are of these codes (with commas)
    ... run             what becomes of the scenarios that it sees follows in a `text` block
    c                   lines of the C that the vgs block before it is built into
    python              runs beside the modules; what it prints follows in a `text` block
    lark                rules of the grammar, word for word
    toml, sh            shown only

A page with blocks that say ``file=NAME`` is a session in a folder of its own: its blocks depend on
each other, and a test of its own runs it.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))


class Block(NamedTuple):
    """A fenced block: where it stands, its language, its marks, and what the one before it is."""

    page: str
    section: str
    line: int
    language: str
    marks: tuple[str, ...]
    text: str
    above: Block | None

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"

    def mark(self, name: str) -> str | None:
        """The value of ``name=value`` among the marks, "" where the name stands alone."""
        for mark in self.marks:
            key, _, value = mark.partition("=")
            if key == name:
                return value
        return None

    @property
    def module(self) -> str:
        """The name of the module that the block is."""
        named = [m for m in self.marks if m.endswith(".vgs")]
        return named[0].removesuffix(".vgs") if named else "example"

    @property
    def source(self) -> str:
        """The module around the block; its lines keep their numbers unless it is a body."""
        inside = self.mark("in")
        if inside is not None:
            return f"{self.text}\nimport {inside}\n"
        inside = self.mark("body")
        if inside is not None:
            indented = "".join(
                f"    {line}" if line.strip() else line for line in self.text.splitlines(True)
            )
            return f"import {inside}\n\nsequence example(vcpu) {{\n{indented}}}\n"
        return self.text


class Section(NamedTuple):
    """A heading, and the text below it up to the next one."""

    page: str
    title: str
    text: str

    @property
    def anchor(self) -> str:
        """The name that GitHub gives the heading."""
        plain = re.sub(r"[`*]", "", self.title).lower()
        return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")

    def rows(self) -> list[list[str]]:
        """The cells of the tables, without their headings."""
        lines = self.text.splitlines()
        rules = [i for i, line in enumerate(lines) if re.match(r"\|[\s|:-]+\|$", line)]
        made: list[list[str]] = []
        for rule in rules:
            for line in lines[rule + 1 :]:
                if not line.startswith("|"):
                    break
                made.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        return made


def name_of(path: Path) -> str:
    return path.relative_to(DOCS).as_posix()


@cache
def blocks() -> tuple[Block, ...]:
    """Every fenced block of every page that is no session."""
    made: list[Block] = []
    for path in PAGES:
        if re.search(r"^```\w+ .*\bfile=", path.read_text(encoding="utf-8"), re.MULTILINE):
            continue
        section = ""
        above: Block | None = None
        tokens = MarkdownIt("commonmark").parse(path.read_text(encoding="utf-8"))
        for before, token in zip([None, *tokens], tokens, strict=False):
            if token.type == "inline" and before is not None and before.type == "heading_open":
                section = token.content
            elif token.type == "fence":
                assert token.map is not None
                language, *marks = token.info.split() or [""]
                line = token.map[0] + 1
                above = Block(
                    name_of(path), section, line, language, tuple(marks), token.content, above
                )
                made.append(above)
    return tuple(made)


def sections_of(path: Path) -> list[Section]:
    """Every heading of a page."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    tokens = MarkdownIt("commonmark").parse(text)
    starts = [t.map for t in tokens if t.type == "heading_open" and t.map is not None]
    return [
        Section(
            path.relative_to(ROOT).as_posix().removeprefix("docs/"),
            lines[at[0]].lstrip("#").strip(),
            "".join(lines[at[1] : following[0]]),
        )
        for at, following in zip(starts, [*starts[1:], [len(lines)]], strict=True)
    ]


@cache
def sections() -> tuple[Section, ...]:
    """Every heading of every page."""
    return tuple(s for path in PAGES for s in sections_of(path))


def section(page: str, title: str) -> Section:
    """The section of that title."""
    (found,) = [s for s in sections() if s.page == page and s.title == title]
    return found


def modules() -> dict[str, str]:
    """The modules that examples can import, by the path of their file."""
    made: dict[str, str] = {}
    for block in blocks():
        if block.language == "vgs" and block.module != "example":
            path = f"{block.module}.vgs"
            assert path not in made, f"{block.place}: two modules are called {block.module}"
            made[path] = block.text
    return made
