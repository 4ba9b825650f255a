"""Text to typed tree: the grammar, loaded once, and recovery so that one run finds all errors."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, cast

from lark import Lark
from lark.exceptions import UnexpectedInput
from lark.utils import TextSlice

from dsl.diagnostics import Diagnostic
from dsl.diagnostics.text import TooDeep, TooManyErrors
from dsl.resources import cache_folder, grammar_text
from dsl.source import Source, Span
from dsl.syntax import tree
from dsl.syntax.build import Builder
from dsl.syntax.errors import explain
from dsl.syntax.keywords import keywords

#: How deep brackets and braces may be nested.
DEEPEST = 100
#: How many errors of syntax one file may have before the rest of it is left unread.
MOST_ERRORS = 100

_BRACKETS = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|([({\[])|([)}\]])')
#: A declaration begins at the start of a line, with its documentation and hints before it.
_DECLARATION = re.compile(
    r"^(?=(?:import|platform|endpoint|group|register|rule|context|condition|lock|extern|save"
    r"|restore|activate|deactivate|sequence|lifecycle|invariant|scenario|dialect)\b)",
    re.MULTILINE,
)


@cache
def _lark() -> Lark:
    folder = cache_folder()
    options: dict[str, Any] = {
        "parser": "lalr",
        "keep_all_tokens": True,
        "maybe_placeholders": False,
        "transformer": Builder(),
    }
    if folder is not None:
        options["cache"] = str(folder / "grammar.lark")
    return Lark(grammar_text(), **options)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without garbage collection: a parse makes many nodes and no garbage to speak of."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def parse(source: Source) -> tuple[tree.Module, list[Diagnostic]]:
    """The module, and what is wrong with its syntax.

    Where there are errors the module holds the declarations that could be read.
    """
    deep = _deepest(source)
    if deep is not None:
        return tree.Module(0, len(source.text), ()), [deep]
    with _uncollected():
        try:
            return cast(tree.Module, _lark().parse(source.text)), []
        except UnexpectedInput:
            return _recover(source)


def _recover(source: Source) -> tuple[tree.Module, list[Diagnostic]]:
    """Reads each declaration by itself, so that an error in one does not hide the next."""
    found: list[Diagnostic] = []
    items: list[tree.Item] = []
    for start, end in _chunks(source.text):
        try:
            module = cast(tree.Module, _lark().parse(TextSlice(source.text, start, end)))
            items += module.items
        except UnexpectedInput as error:
            taken = _keyword_taken_as_name(source, start, end)
            found.append(explain(error, source, start, end, keywords(), taken))
            if len(found) >= MOST_ERRORS:
                at = Span(source, end, end)
                found.append(TooManyErrors(at, f"{MOST_ERRORS} errors: the rest is not read"))
                break
    return tree.Module(0, len(source.text), tuple(items)), found


def _keyword_taken_as_name(source: Source, start: int, end: int) -> Span | None:
    """The last keyword before an error that was read as a name, because only a name could follow.

    A dialect spells `register` and `sequence` themselves, so there it is no sign of anything.
    """
    taken: Span | None = None
    parser = _lark().parse_interactive(TextSlice(source.text, start, end))
    try:
        for token in parser.iter_parse():
            if token.type == "DIALECT":
                return None
            if token.type == "NAME" and str(token) in keywords():
                at = token.start_pos or 0
                taken = Span(source, at, at + len(token))
    except UnexpectedInput:
        pass
    return taken


def _chunks(text: str) -> Iterator[tuple[int, int]]:
    """The extents of declarations, each beginning at the start of a line."""
    starts = [_with_preamble(text, m.start()) for m in _DECLARATION.finditer(text)]
    begin = 0
    for start in starts:
        if start > begin:
            yield begin, start
            begin = start
    yield begin, len(text)


def _with_preamble(text: str, start: int) -> int:
    """Where the documentation and hints in front of a declaration begin."""
    while start > 0:
        previous = text.rfind("\n", 0, start - 1) + 1
        if not text.startswith(("///", "@"), previous):
            break
        start = previous
    return start


def _deepest(source: Source) -> Diagnostic | None:
    """A finding where brackets are nested too deeply, at the first one that is."""
    depth = 0
    for match in _BRACKETS.finditer(source.text):
        if match.group(1):
            depth += 1
            if depth > DEEPEST:
                span = Span(source, match.start(), match.end())
                return TooDeep(span, f"nested more than {DEEPEST} levels deep")
        elif match.group(2):
            depth -= 1
    return None
