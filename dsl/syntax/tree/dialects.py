"""Dialects: how one tree spells things in C."""

from __future__ import annotations

from dsl.syntax.tree.base import Name, Node, Text
from dsl.syntax.tree.expressions import Place


class Spelling(Node, frozen=True):
    role: Name | None
    subject: Place
    type: Text | None
    patterns: tuple[Text, ...]


class Include(Node, frozen=True):
    paths: tuple[Text, ...]


class File(Node, frozen=True):
    paths: tuple[Text, ...]
    globs: tuple[Name, ...]
    entries: tuple[Spelling | Include, ...]


class Header(Node, frozen=True):
    """``includes`` is None where there is no block."""

    paths: tuple[Text, ...]
    globs: tuple[Name, ...]
    includes: tuple[Include, ...] | None


class Scope(Node, frozen=True):
    globs: tuple[Name, ...]
    entries: tuple[Spelling, ...]


class Dialect(Node, frozen=True):
    name: Name
    target: Name
    entries: tuple[Spelling | File | Header | Scope, ...]
