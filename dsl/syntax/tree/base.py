"""Nodes and the words of a tree: names, strings, documentation, hints."""

from __future__ import annotations

from msgspec import Struct


class Node(Struct, frozen=True):
    """A piece of source text: characters ``start`` (included) to ``end`` (excluded)."""

    start: int
    end: int


class Name(Node, frozen=True):
    """An identifier, a bank such as ``ICH_LR<n>_EL2``, a glob, or a word of a closed class."""

    text: str


class Text(Node, frozen=True):
    """A string literal; ``value`` is what it says, escapes resolved."""

    value: str


class Doc(Node, frozen=True):
    """One ``///`` line; ``text`` is what follows the slashes, less one leading blank."""

    text: str


class Hint(Node, frozen=True):
    """``@name(args)``: a choice that C leaves open and that has no meaning."""

    name: Name
    args: tuple[Name, ...]
