"""Runs the tables over a text: words, shifts and reductions, in one loop."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from msgspec import Struct

from dsl.syntax.tables import GLOB, Tables

END = "$END"


class Token(Struct, frozen=True):
    """A word of the text, and the terminal that it is."""

    start: int
    end: int
    kind: str
    text: str


class Stuck(Exception):
    """A text that is not in the language.

    ``token`` is what could not stand where it does (its kind is ``$END`` at the end of the text),
    or None where no word begins at all; ``at`` is the offset; ``accepts`` are the terminals that
    could have stood there.
    """

    def __init__(self, token: Token | None, at: int, accepts: frozenset[str]) -> None:
        super().__init__(at)
        self.token = token
        self.at = at
        self.accepts = accepts


Callbacks = Mapping[str, Callable[[list[Any]], Any]]


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def run(
    tables: Tables,
    callbacks: Callbacks,
    text: str,
    start: int,
    end: int,
    seen: list[Token] | None = None,
) -> Any:
    """What the callbacks make of ``text[start:end]``; raises `Stuck` where it is no module.

    Each callback gets the children of its rule in source order, every token included.  ``seen``
    collects the tokens as they are read.
    """
    actions, reductions = tables.actions, tables.reductions
    keywords, ignored = tables.keywords, tables.ignored
    plain, with_globs = _expression(tables.plain).match, _expression(tables.with_globs).match
    states = [tables.start]
    values: list[Any] = []
    at = start
    while True:
        accepted = actions[states[-1]]
        if at < end:
            match = (with_globs if GLOB in accepted else plain)(text, at, end)
            if match is None:
                raise Stuck(None, at, acceptable(tables, states))
            kind = match.lastgroup or ""
            begin, at = at, match.end()
            if kind in ignored:
                continue
            word = match.group()
            if kind == "NAME":
                keyword = keywords.get(word)
                if keyword and (keyword in accepted or "NAME" not in accepted):
                    kind = keyword
            token = Token(begin, at, kind, word)
        else:
            kind = END
            token = Token(end, end, END, "")
        if seen is not None:
            seen.append(token)
        while True:
            action = actions[states[-1]].get(kind)
            if action is None:
                raise Stuck(token, token.start, acceptable(tables, states))
            if action >= 0:
                states.append(action)
                values.append(token)
                break
            reduction = reductions[~action]
            length = reduction.length
            if length:
                children = values[-length:]
                del values[-length:]
                del states[-length:]
                if reduction.nested:
                    children = _flat(children)
            else:
                children = []
            if reduction.inline:
                value: Any = children
            elif reduction.through and len(children) == 1:
                value = children[0]
            else:
                value = callbacks[reduction.callback](children)
            values.append(value)
            states.append(actions[states[-1]][reduction.origin])
            if kind is END and states[-1] == tables.end:
                return values[-1]


def _flat(children: list[Any]) -> list[Any]:
    """The children with groups opened; nothing that a callback makes is a list."""
    first = children[0]
    # Repetitions group to the left: growing their list keeps a long one linear.
    made: list[Any] = first if type(first) is list else [first]
    for child in children[1:]:
        if type(child) is list:
            made += child
        else:
            made.append(child)
    return made


def acceptable(tables: Tables, states: list[int]) -> frozenset[str]:
    """The terminals that could come next: those that a shift follows, sooner or later."""
    return frozenset(
        kind
        for kind in tables.actions[states[-1]]
        if kind.isupper() or kind.startswith(("__ANON", "$"))
        if _leads_to_shift(tables, states, kind)
    )


def _leads_to_shift(tables: Tables, states: list[int], kind: str) -> bool:
    stack = list(states)
    while True:
        action = tables.actions[stack[-1]].get(kind)
        if action is None:
            return False
        if action >= 0:
            return True
        reduction = tables.reductions[~action]
        if reduction.length:
            del stack[-reduction.length :]
        stack.append(tables.actions[stack[-1]][reduction.origin])
        if kind == END and stack[-1] == tables.end:
            return True
