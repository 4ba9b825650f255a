"""Builds lifecycles, invariants, scenarios, and dialects."""

from __future__ import annotations

from dsl.syntax import tree as t
from dsl.syntax.builder.pieces import (
    C,
    FailsPart,
    ParamsPart,
    all_of,
    docs_of,
    name_of,
    names_of,
    number_of,
    one_of,
    past_docs,
    text_of,
    texts_of,
)
from dsl.syntax.lalr import Token

_STEPS = (t.Given, t.Run, t.On, t.Expect, t.Actor)


class Lifecycles:
    """Builds lifecycles, invariants, scenarios, and dialects."""

    # ---- lifecycles, invariants, scenarios

    def lifecycle(self, c: C) -> t.Lifecycle:
        return t.Lifecycle(c[0].start, c[-1].end, name_of(c[1]), tuple(c[3:-1]))

    def phase(self, c: C) -> t.Phase:
        rest = past_docs(c)
        condition = rest[2] if len(rest) > 2 else None
        return t.Phase(c[0].start, c[-1].end, docs_of(c), name_of(rest[0]), condition, rest[-1])

    def repeat(self, c: C) -> t.Repeat:
        rest = past_docs(c)
        return t.Repeat(c[0].start, c[-1].end, docs_of(c), name_of(rest[1]), tuple(rest[3:-1]))

    def either(self, c: C) -> t.Either:
        return t.Either(c[0].start, c[-1].end, docs_of(c), all_of(t.Steps, c))

    def steps(self, c: C) -> t.Steps:
        return t.Steps(c[0].start, c[-1].end, tuple(c[1:-1]))

    def invariant(self, c: C) -> t.Invariant:
        names = names_of(c, "NAME")
        reason = next(x for x in c if type(x) is Token and x.kind == "STRING")
        return t.Invariant(c[0].start, c[-1].end, names[0], names[1:], text_of(reason), c[-2])

    def differs(self, c: C) -> t.Differs:
        tokens = [x for x in c if type(x) is Token]
        at = next(i for i, x in enumerate(tokens) if x.kind != "NAME" and x.text == "at")
        reason = next(x for x in tokens if x.kind == "STRING")
        return t.Differs(
            c[0].start,
            c[-1].end,
            names_of(tokens[:at], "NAME"),
            names_of(tokens[at:], "NAME"),
            text_of(reason),
            all_of(t.Difference, c),
        )

    def difference(self, c: C) -> t.Difference:
        when = len(c) > 2 and type(c[-2]) is Token and c[-2].text == "when"
        places, condition = (c[:-2], c[-1]) if when else (c, None)
        return t.Difference(c[0].start, c[-1].end, all_of(t.Place, places), condition)

    def crossing(self, c: C) -> t.Crossing:
        return t.Crossing(c[0].start, c[-1].end, c[2], c[4])

    def boot(self, c: C) -> t.Boot:
        return t.Boot(c[0].start, c[-1].end, c[1])

    def assume(self, c: C) -> t.Assume:
        return t.Assume(c[0].start, c[-1].end, name_of(c[1]), text_of(c[2]), c[4])

    def scenario(self, c: C) -> t.Scenario | t.Fails:
        title, last = text_of(c[1]), c[-1]
        if isinstance(last, FailsPart):
            return t.Fails(c[0].start, last.end, title, last.reason)
        params = one_of(ParamsPart, c)
        steps = tuple([x for x in c if type(x) in _STEPS])
        return t.Scenario(c[0].start, last.end, title, params.params if params else (), steps)

    def fails(self, c: C) -> FailsPart:
        return FailsPart(c[0].start, c[-1].end, text_of(c[1]))

    def given(self, c: C) -> t.Given:
        return t.Given(c[0].start, c[-1].end, all_of(t.Fact, c))

    def fact(self, c: C) -> t.Fact:
        place = one_of(t.Place, c)
        value = (
            c[-1]
            if type(c[-2] if len(c) > 1 else None) is Token and c[-2].kind == "EQUAL"
            else None
        )
        assert place is not None
        word = c[0].text if type(c[0]) is Token else ""
        return t.Fact(c[0].start, c[-1].end, word, place, value)

    def run(self, c: C) -> t.Run:
        return t.Run(c[0].start, c[-1].end, all_of(t.Visit, c))

    def visit(self, c: C) -> t.Visit:
        # Each phase that is left out is three words: `not`, its name, and a comma.
        out = 0
        while c[out].kind == "NOT":
            out += 3
        around = tuple([name_of(c[at]) for at in range(1, out, 3)])
        of = name_of(c[out + 2]) if len(c) > out + 1 else None
        return t.Visit(c[0].start, c[-1].end, around, name_of(c[out]), of)

    def on(self, c: C) -> t.On:
        return t.On(c[0].start, c[-1].end, number_of(c[1]))

    def expect(self, c: C) -> t.Expect:
        point = name_of(c[3]) if len(c) > 2 else None
        return t.Expect(c[0].start, c[-1].end, c[1], point)

    def actor(self, c: C) -> t.Actor:
        return t.Actor(c[0].start, c[-1].end, name_of(c[0]), c[1])

    # ---- dialects

    def dialect(self, c: C) -> t.Dialect:
        return t.Dialect(c[0].start, c[-1].end, name_of(c[1]), name_of(c[3]), tuple(c[5:-1]))

    def spelling(self, c: C) -> t.Spelling:
        role = name_of(c[0]) if type(c[0]) is Token else None
        at = 1 if role else 0
        typed = type(c[at + 1]) is Token and c[at + 1].kind == "COLON"
        texts = texts_of(c)
        return t.Spelling(
            c[0].start,
            c[-1].end,
            role,
            c[at],
            texts[0] if typed else None,
            texts[1:] if typed else texts,
        )

    def file(self, c: C) -> t.File:
        return t.File(
            c[0].start,
            c[-1].end,
            texts_of(c),
            names_of(c, "NAME", "GLOB"),
            tuple([x for x in c if type(x) in (t.Spelling, t.Include)]),
        )

    def include(self, c: C) -> t.Include:
        return t.Include(c[0].start, c[-1].end, texts_of(c))

    def header(self, c: C) -> t.Header:
        globs = names_of(c, "NAME", "GLOB")
        includes = all_of(t.Include, c) if c[-1].end != globs[-1].end else None
        return t.Header(c[0].start, c[-1].end, texts_of(c), globs, includes)

    def scope(self, c: C) -> t.Scope:
        return t.Scope(c[0].start, c[-1].end, names_of(c, "NAME", "GLOB"), all_of(t.Spelling, c))
