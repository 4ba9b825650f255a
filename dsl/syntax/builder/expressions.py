"""Builds expressions and places."""

from __future__ import annotations

from msgspec.structs import replace

from dsl.syntax import tree as t
from dsl.syntax.builder.pieces import C, name_of, number_of


class Expressions:
    """Builds expressions and places."""

    def number(self, c: C) -> t.Number:
        return number_of(c[0])

    def place(self, c: C) -> t.Place:
        return t.Place(c[0].start, c[-1].end, name_of(c[0]), tuple(c[1:]))

    def counted(self, c: C) -> t.Place:
        # A jump's word that an expectation can count by: a name all the same.
        return t.Place(c[0].start, c[0].end, name_of(c[0]), ())

    def at(self, c: C) -> t.At:
        return t.At(c[0].start, c[-1].end, c[1])

    def dot(self, c: C) -> t.Dot:
        return t.Dot(c[0].start, c[-1].end, name_of(c[1]))

    def binary(self, c: C) -> t.Binary:
        return t.Binary(c[0].start, c[2].end, c[1].text, c[0], c[2])

    def negate(self, c: C) -> t.Not:
        return t.Not(c[0].start, c[1].end, c[1])

    def complement(self, c: C) -> t.Complement:
        return t.Complement(c[0].start, c[1].end, c[1])

    def with_(self, c: C) -> t.With:
        return t.With(c[0].start, c[4].end, c[0], c[2], c[4])

    def group_(self, c: C) -> t.Expr:
        # The tree has no node for parentheses, but they belong to the extent.
        return replace(c[1], start=c[0].start, end=c[2].end)  # type: ignore[no-any-return]

    def every(self, c: C) -> t.Every:
        return t.Every(c[0].start, c[-1].end, name_of(c[1]), c[3], c[6])
