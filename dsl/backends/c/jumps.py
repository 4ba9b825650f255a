"""What `leave` becomes in C, and a statement after a label where C wants one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from dsl.backends.c.spelling import c_name
from dsl.backends.c.text import Line
from dsl.ir import sequence as s
from dsl.ir.walk import bodies, statements

_LABEL = re.compile(r"\w+:")


class Labels:
    """The labels of one function, in which each name stands once."""

    def __init__(self, sequence: s.Sequence) -> None:
        body = sequence.body or ()
        nothing = sequence.signature.result is None
        self._last = set(map(id, _tails(body))) if nothing else set()
        self._used: set[str] = set()
        self._breaks: set[int] = set()
        self._around: list[tuple[str, str]] = []

    @contextmanager
    def inside(self, node: s.Labelled) -> Iterator[str]:
        """While the body of a block is written; what its end is called, if anything jumps there."""
        self._breaks |= {id(each) for each in _breaks(node.body) if each.label == node.label}
        left = any(
            isinstance(each, s.Leave) and each.label == node.label and id(each) not in self._breaks
            for each in statements(node.body)
        )
        name = ""
        if left and id(node) not in self._last:
            name = base = c_name(node.label)
            count = 1
            while name in self._used:
                count += 1
                name = f"{base}{count}"
            self._used.add(name)
        self._around.append((node.label, name))
        yield name
        self._around.pop()

    def leave(self, node: s.Leave) -> str:
        """The jump to a block's end: a break where one goes there, a return from the very end."""
        if id(node) in self._breaks:
            return "break"
        name = next(name for known, name in reversed(self._around) if known == node.label)
        return f"goto {name}" if name else "return"


def _tails(body: s.Body) -> Iterator[s.Labelled]:
    """The blocks after which the function ends."""
    match body[-1] if body else None:
        case s.Labelled(body=inner) as node:
            yield node
            yield from _tails(inner)
        case s.If(arms=arms, otherwise=otherwise):
            for arm in arms:
                yield from _tails(arm.body)
            yield from _tails(otherwise or ())
        case s.Switch(cases=cases, otherwise=otherwise, falling=False):
            for case in cases:
                yield from _tails(case.body)
            yield from _tails(otherwise or ())
        case _:
            pass


def _breaks(body: s.Body) -> Iterator[s.Leave]:
    """The leaves inside a loop or a switch that ends a body: leaving that is leaving the body."""
    match body[-1] if body else None:
        case s.Loop() | s.Switch() as last:
            yield from _own(last)
        case s.If() | s.Labelled() as last:
            for inner in bodies(last):
                yield from _breaks(inner)
        case _:
            pass


def _own(node: s.Statement) -> Iterator[s.Leave]:
    """The leaves inside a statement that are in no loop or switch further in."""
    for body in bodies(node):
        for each in body:
            if isinstance(each, s.Leave):
                yield each
            elif not isinstance(each, (s.Loop, s.Switch)):
                yield from _own(each)


def anchored(lines: Sequence[Line]) -> list[Line]:
    """The lines of a function, with an empty statement after a label that nothing follows."""
    made: list[Line] = []
    for line in lines:
        after = bool(made) and made[-1].indent == 0 and bool(_LABEL.fullmatch(made[-1].text))
        if after and not line.text:
            continue
        if after and line.text.startswith("}"):
            made.append(Line(line.indent + 1, ";"))
        made.append(line)
    if made and made[-1].indent == 0 and _LABEL.fullmatch(made[-1].text):
        made.append(Line(1, ";"))
    return made
