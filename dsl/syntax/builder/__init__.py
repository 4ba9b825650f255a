"""Builds the typed tree: one method for each grammar rule, called by the parser as it reduces.

Each method gets the rule's children in source order, every token included, so that a node's
extent is simply that of its first and last child.
"""

from __future__ import annotations

from dsl.syntax import tree as t
from dsl.syntax.builder.expressions import Expressions
from dsl.syntax.builder.lifecycles import Lifecycles
from dsl.syntax.builder.machine import Machine
from dsl.syntax.builder.memory import Memory
from dsl.syntax.builder.pieces import C, doc_of, name_of, names_of
from dsl.syntax.builder.sequences import Sequences
from dsl.syntax.lalr import Token

__all__ = ["Builder"]


class Builder(Machine, Memory, Sequences, Lifecycles, Expressions):
    """Callbacks by rule name.  Stateless; a parse returns a `tree.Module`."""

    def start(self, c: C) -> t.Module:
        return t.Module(0, c[-1].end if c else 0, tuple(c))

    def decl(self, c: C) -> t.Item:
        docs: list[t.Doc] = []
        hints: list[t.Hint] = []
        for child in c[:-1]:
            if type(child) is Token:
                docs.append(doc_of(child))
            else:
                hints.append(child)
        body = c[-1]
        return t.Item(c[0].start, body.end, tuple(docs), tuple(hints), body)

    stmt = jump = decl

    def hint(self, c: C) -> t.Hint:
        return t.Hint(c[0].start, c[-1].end, name_of(c[1]), names_of(c[2:], "NAME"))
