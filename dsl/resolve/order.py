"""Declarations in the order in which they depend on each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias, TypeVar

from dsl.diagnostics.registers import CircularBehaviour
from dsl.ir.walk import tree_names
from dsl.resolve.scope import Scope
from dsl.syntax import tree as t

#: Declarations that may refer to each other in any order.
_Linked: TypeAlias = t.Constant | t.Group | t.Endpoint | t.Context | t.Condition
L = TypeVar("L", bound=_Linked)


def in_order(scope: Scope, nodes: Iterable[tuple[t.Item, L]]) -> list[tuple[t.Item, L]]:
    """Declarations so that what one names comes before it; a circle is a finding."""
    every = list(nodes)
    first: dict[str, int] = {}
    for i, (_, node) in enumerate(every):
        for name in _declares(node):
            first.setdefault(name.text, i)
    order: dict[int, None] = {}
    path: list[tuple[int, Iterator[t.Name]]] = []
    entered: set[int] = set()
    for start in range(len(every)):
        if start not in entered:
            entered.add(start)
            path.append((start, iter(_names(every[start][1]))))
        while path:
            at, pending = path[-1]
            needed = next(pending, None)
            if needed is None:
                order[at] = None
                path.pop()
                continue
            other = first.get(needed.text)
            if other is None or other in order:
                continue
            if other not in entered:
                entered.add(other)
                path.append((other, iter(_names(every[other][1]))))
                continue
            circle = [i for i, _ in path]
            _circle(scope, needed, every[other][1], len(circle) - circle.index(other))
    return [every[i] for i in order]


def _circle(scope: Scope, needed: t.Name, node: _Linked, length: int) -> None:
    """Reports a name that is needed to define itself, and holds off what would follow."""
    around = "" if length == 1 else ", by way of another" if length == 2 else ", by way of others"
    message = f"`{needed.text}` is defined by itself{around}"
    scope.found.add(CircularBehaviour(scope.span(needed), message))
    for name in _declares(node):
        scope.hold_off(name)


def _declares(node: _Linked) -> tuple[t.Name, ...]:
    return node.names if isinstance(node, t.Condition) else (node.name,)


def _names(node: _Linked) -> list[t.Name]:
    """The names that a declaration refers to, in source order."""
    match node:
        case t.Group(members=places) | t.Endpoint(aliases=places):
            return [place.name for place in places]
        case t.Context(owner=owner):
            return [owner]
        case t.Condition(value=value) | t.Constant(value=value):
            return [] if value is None else list(tree_names(value))
