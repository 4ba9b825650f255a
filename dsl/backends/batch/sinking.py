"""Moves what only one branch needs into that branch, so that it is not calculated in vain."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.backends.batch.items import Block, Item, Line, Op, Store, operands, same_place
from dsl.backends.batch.nodes import Node


def sink(items: list[Item]) -> None:
    """Moves operations of a list, and of the lists inside, as far in as they can go."""
    users: dict[Node, set[int]] = {}
    for here, item in enumerate(items):
        for node in _uses(item):
            users.setdefault(node, set()).add(here)
    moved: set[int] = set()
    for here in range(len(items) - 1, -1, -1):
        item = items[here]
        if not isinstance(item, Op):
            continue
        target = _only(users.get(item.node, set()))
        if target is None:
            continue
        block = items[target]
        if not isinstance(block, Block) or block.loop or item.node in block.nodes:
            continue
        if _stays(item.node, items[here + 1 : target]):
            continue
        block.body.insert(0, item)
        moved.add(here)
        for node in item.node.args:
            users[node].discard(here)
            users[node].add(target)
    items[:] = [item for here, item in enumerate(items) if here not in moved]
    for item in items:
        if isinstance(item, Block):
            sink(item.body)


def _only(users: set[int]) -> int | None:
    return next(iter(users)) if len(users) == 1 else None


def _uses(item: Item) -> Iterator[Node]:
    yield from operands(item)
    if isinstance(item, Block):
        for inner in item.body:
            yield from _uses(inner)


def _stays(node: Node, between: list[Item]) -> bool:
    """Whether a node has to be calculated before these items."""
    if node.kept:
        return True
    places = [n.text for n in (node, *node.args) if n.place is not None and not n.kept]
    return bool(places) and any(_changes(item, places) for item in between)


def _changes(item: Item, places: list[str]) -> bool:
    match item:
        case Op():
            return False
        case Store(text=text):
            return any(same_place(text, place) for place in places)
        case Line(name=name):
            return not name
        case Block(body=body):
            return any(_changes(inner, places) for inner in body)
