"""The items that a batch function is a list of, and what is left out of it."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from dsl.backends.batch.nodes import Node

_WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass(slots=True, eq=False)
class Op:
    """A node, at the place where its operands are known."""

    node: Node


@dataclass(slots=True, eq=False)
class Line:
    """A statement of Python, or a value for ``name``; ``{0}`` and so on stand for nodes.

    One with a name does nothing else, and is left out where nobody needs it.
    """

    text: str
    nodes: tuple[Node, ...] = ()
    name: str = ""


@dataclass(slots=True, eq=False)
class Store:
    """Lanes of a place get another value: all of them, or those of a mask."""

    text: str
    index: Node | None
    value: Node
    mask: str | None


@dataclass(slots=True, eq=False)
class Block:
    """Statements under a head; ``loop`` where they may run more than once."""

    head: str
    nodes: tuple[Node, ...]
    loop: bool
    body: list[Item] = field(default_factory=list)


Item: TypeAlias = Op | Line | Store | Block


def operands(item: Item) -> tuple[Node, ...]:
    """The nodes that an item uses itself."""
    match item:
        case Op(node=node):
            return node.args
        case Store(index=index, value=value):
            return (value,) if index is None else (index, value)
        case Line(nodes=nodes) | Block(nodes=nodes):
            return nodes


def same_place(one: str, other: str) -> bool:
    """Whether two places may be one.

    The same slot of two owners may be that of one, and an array has all of its elements.
    """
    (a, i), (b, j) = _split(one), _split(other)
    return bool(a) and a == b and (i == j or not i or not j)


def _split(place: str) -> tuple[str, str]:
    """What is behind the owner: the name, and the index if there is one."""
    name, _, index = place.rpartition(".")[2].partition("[")
    return name, index


def words(items: list[Item]) -> Iterator[str]:
    """The names in the text of some items, but for those that they define."""
    for item in items:
        match item:
            case Line(text=text):
                yield from _WORD.findall(text)
            case Store(mask=mask):
                if mask is not None:
                    yield mask
            case Block(head=head, body=body):
                yield from _WORD.findall(head)
                yield from words(body)
            case Op():
                pass


def prune(items: list[Item], needed: set[str]) -> bool:
    """Takes out what has a name that nobody needs, and blocks that do nothing; whether it did."""
    kept: list[Item] = []
    changed = False
    for item in items:
        match item:
            case Line(name=name) if name and name not in needed:
                continue
            case Block(body=body):
                changed |= prune(body, needed)
                if all(isinstance(each, Op) for each in body):
                    continue
        kept.append(item)
    changed |= len(kept) != len(items)
    items[:] = kept
    return changed


def drop(items: list[Item], used: Container[Node]) -> None:
    """Takes out the operations that nobody uses."""
    items[:] = [i for i in items if not isinstance(i, Op) or i.node in used]
    for item in items:
        if isinstance(item, Block):
            drop(item.body, used)
