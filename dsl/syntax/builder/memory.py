"""Builds contexts, conditions, locks and externs."""

from __future__ import annotations

from dsl.syntax import tree as t
from dsl.syntax.builder.pieces import (
    TYPES,
    C,
    LengthPart,
    ParamsPart,
    ResultPart,
    all_of,
    bound_of,
    docs_of,
    expr_of,
    name_of,
    names_of,
    number_of,
    one_of,
    past_docs,
    text_of,
)
from dsl.syntax.lalr import Token


class Memory:
    """Builds contexts, conditions, locks and externs."""

    def context(self, c: C) -> t.Context:
        return t.Context(c[0].start, c[-1].end, name_of(c[1]), name_of(c[3]), all_of(t.Slot, c))

    def slot(self, c: C) -> t.Slot:
        rest = past_docs(c)
        length = one_of(LengthPart, rest)
        kind = next(x for x in rest if type(x) in TYPES)
        return t.Slot(
            c[0].start,
            c[-1].end,
            docs_of(c),
            name_of(rest[0]),
            length.value if length else None,
            kind,
            one_of(t.Link, rest),
        )

    def length(self, c: C) -> LengthPart:
        return LengthPart(c[0].start, c[-1].end, number_of(c[1]))

    def link(self, c: C) -> t.Link:
        return t.Link(c[0].start, c[-1].end, name_of(c[0]), c[1])

    def condition(self, c: C) -> t.Condition:
        of = next((i for i, x in enumerate(c) if type(x) is Token and x.kind == "OF"), 0)
        return t.Condition(
            c[0].start,
            c[-1].end,
            names_of(c[: of or -1], "NAME"),
            name_of(c[of + 1]) if of else None,
            one_of(t.Range, c),
            expr_of(c),
            name_of(c[-1]),
        )

    def lock(self, c: C) -> t.Lock:
        title = text_of(c[2]) if len(c) > 2 else None
        return t.Lock(c[0].start, c[-1].end, name_of(c[1]), title)

    def extern(self, c: C) -> t.Extern:
        params = one_of(ParamsPart, c)
        result = one_of(ResultPart, c)
        return t.Extern(
            c[0].start,
            c[-1].end,
            name_of(c[1]),
            params.params if params else (),
            result.type if result else None,
            tuple([x for x in c if type(x) in (t.Effect, t.Ensures)]),
        )

    def effect(self, c: C) -> t.Effect:
        return t.Effect(
            c[0].start, c[-1].end, name_of(c[0]), all_of(t.Place, c), one_of(t.Range, c)
        )

    def ensures(self, c: C) -> t.Ensures:
        return t.Ensures(c[0].start, c[-1].end, c[1])

    def type(self, c: C) -> t.Type:
        child = c[0]
        if type(child) is t.Range:
            return child
        return t.NamedType(child.start, child.end, name_of(child))

    def range(self, c: C) -> t.Range:
        return t.Range(c[0].start, c[-1].end, bound_of(c[0]), bound_of(c[2]))
