"""Text to typed tree: the grammar, loaded once, and recovery so that one run finds all errors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import Any, TypeVar, cast

from dsl.diagnostics import Diagnostic
from dsl.diagnostics.text import TooDeep, TooManyErrors
from dsl.source import Source, Span
from dsl.syntax import tree
from dsl.syntax.builder import Builder
from dsl.syntax.errors import explain
from dsl.syntax.keywords import keywords
from dsl.syntax.lalr import Callbacks, Stuck, Token, run
from dsl.syntax.tables import tables
from dsl.uncollected import uncollected

#: How deep brackets, braces and operators may be nested.
DEEPEST = 100
#: How many arms a chain of `else when` may have.
MOST_ARMS = 1000
#: How many errors of syntax one file may have before the rest of it is left unread.
MOST_ERRORS = 100

#: Strings (perhaps not closed on their line) and comments hide the brackets in them.
_BRACKETS = re.compile(r'"(?:\\.|[^"\\\n])*"?|//[^\n]*|([({\[])|([)}\]])')
#: A declaration begins at the start of a line, with its documentation and hints before it.
_DECLARATION = re.compile(
    r"^(?=(?:import|platform|endpoint|group|register|rule|context|condition|lock|extern|save"
    r"|restore|activate|deactivate|sequence|lifecycle|invariant|differs|scenario"
    r"|dialect)\b)",
    re.MULTILINE,
)


class _Refused(Exception):
    """Well-formed, and yet nothing that the tools are made for."""

    def __init__(self, node: tree.Node, message: str) -> None:
        super().__init__(message)
        self.node = node

    def finding(self, source: Source) -> Diagnostic:
        return TooDeep(Span(source, self.node.start, self.node.end), str(self))


class _Guarded(Builder):
    """Refuses operators that are nested too deeply, so that whatever walks a tree may recurse."""

    def binary(self, c: list[Any]) -> tree.Binary:
        return _shallow(super().binary(c))

    def negate(self, c: list[Any]) -> tree.Not:
        return _shallow(super().negate(c))

    def with_(self, c: list[Any]) -> tree.With:
        return _shallow(super().with_(c))

    def when(self, c: list[Any]) -> tree.When:
        when = super().when(c)
        if len(when.arms) > MOST_ARMS:
            raise _Refused(when, f"more than {MOST_ARMS} arms in one `when`")
        return when


_E = TypeVar("_E", bound="tree.Expr")


def _shallow(expression: _E) -> _E:
    # A short text cannot be deep, and nearly all are short.
    if expression.end - expression.start > 2 * DEEPEST:
        level: list[tree.Expr] = [expression]
        for _ in range(DEEPEST):
            level = [operand for each in level for operand in _operands(each)]
            if not level:
                return expression
        raise _Refused(expression, f"more than {DEEPEST} operators deep")
    return expression


def _operands(expression: tree.Expr) -> tuple[tree.Expr, ...]:
    match expression:
        case tree.Binary(left=left, right=right):
            return left, right
        case tree.Not(operand=operand):
            return (operand,)
        case tree.With(base=base, value=value):
            return base, value
        case tree.Every(body=body):
            return (body,)
        case tree.Call(args=args) | tree.Hypcall(call=tree.Call(args=args)):
            return args
        case tree.Place(picks=picks):
            return tuple(p.index for p in picks if isinstance(p, tree.At))
        case _:
            return ()


@cache
def _callbacks() -> Callbacks:
    builder = _Guarded()
    names = {r.callback for r in tables().reductions if not r.inline}
    return {name: getattr(builder, name) for name in names if hasattr(builder, name)}


def _read(source: Source, start: int, end: int, seen: list[Token] | None = None) -> tree.Module:
    """The declarations at ``start`` to ``end``.  Raises `Stuck` and `_Refused`."""
    return cast(tree.Module, run(tables(), _callbacks(), source.text, start, end, seen))


def parse(source: Source) -> tuple[tree.Module, list[Diagnostic]]:
    """The module, and what is wrong with its syntax.

    Where there are errors the module holds the declarations that could be read.
    """
    with uncollected():
        if _deepest(source, 0, len(source.text)) is None:
            try:
                return _read(source, 0, len(source.text)), []
            except (Stuck, _Refused):
                pass
        return _recover(source)


def _recover(source: Source) -> tuple[tree.Module, list[Diagnostic]]:
    """Reads each declaration by itself, so that an error in one does not hide the next."""
    found: list[Diagnostic] = []
    items: list[tree.Item] = []
    for start, end in _chunks(source.text):
        problem = _deepest(source, start, end)
        if problem is None:
            try:
                items += _read(source, start, end).items
                continue
            except Stuck as error:
                taken = _keyword_taken_as_name(source, start, end)
                problem = explain(error, source, start, end, keywords(), taken)
            except _Refused as refused:
                problem = refused.finding(source)
        found.append(problem)
        if len(found) >= MOST_ERRORS:
            at = Span(source, end, end)
            found.append(TooManyErrors(at, f"{MOST_ERRORS} errors: the rest is not read"))
            break
    return tree.Module(0, len(source.text), tuple(items)), found


def _keyword_taken_as_name(source: Source, start: int, end: int) -> Span | None:
    """The last keyword before an error that was read as a name, because only a name could follow.

    A dialect spells `register` and `sequence` themselves, so there it is no sign of anything.
    Nor is it in front of a block that was read on: there it is the name of a phase, as `enter`.
    """
    seen: list[Token] = []
    with suppress(Stuck, _Refused):
        _read(source, start, end, seen)
    if any(token.kind == "DIALECT" for token in seen):
        return None
    for i in reversed(range(len(seen))):
        token = seen[i]
        phase = any(following.kind in ("LBRACE", "WHEN") for following in seen[i + 1 : -1][:1])
        if token.kind == "NAME" and token.text in keywords() and not phase:
            return Span(source, token.start, token.end)
    return None


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
    """Where the documentation, comments and hints in front of a declaration begin."""
    while start > 0:
        previous = text.rfind("\n", 0, start - 1) + 1
        if not text.startswith(("//", "@"), previous):
            break
        start = previous
    return start


def _deepest(source: Source, start: int, end: int) -> Diagnostic | None:
    """A finding where brackets are nested too deeply, at the first one that is."""
    if sum(source.text.count(bracket, start, end) for bracket in "({[") <= DEEPEST:
        return None
    depth = 0
    for match in _BRACKETS.finditer(source.text, start, end):
        if match.group(1):
            depth += 1
            if depth > DEEPEST:
                span = Span(source, match.start(), match.end())
                return TooDeep(span, f"nested more than {DEEPEST} levels deep")
        elif match.group(2):
            depth -= 1
    return None
