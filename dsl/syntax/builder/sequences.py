"""Builds sequences and their statements."""

from __future__ import annotations

from dsl.syntax import tree as t
from dsl.syntax.builder.pieces import (
    TYPES,
    BoundsPart,
    C,
    ParamsPart,
    ResultPart,
    UndoesPart,
    all_of,
    name_of,
    number_of,
    one_of,
    text_of,
)
from dsl.syntax.lalr import Token


class Sequences:
    """Builds sequences and their statements."""

    def sequence(self, c: C) -> t.Sequence:
        params = one_of(ParamsPart, c)
        result = one_of(ResultPart, c)
        undoes = one_of(UndoesPart, c)
        return t.Sequence(
            c[0].start,
            c[-1].end,
            name_of(c[0]),
            name_of(c[1]),
            params.params if params else (),
            result.type if result else None,
            undoes.name if undoes else None,
            c[-1] if type(c[-1]) is t.Block else None,
        )

    def result(self, c: C) -> ResultPart:
        return ResultPart(c[0].start, c[-1].end, c[1])

    def undoes(self, c: C) -> UndoesPart:
        return UndoesPart(c[0].start, c[-1].end, name_of(c[1]))

    def params(self, c: C) -> ParamsPart:
        return ParamsPart(c[0].start, c[-1].end, all_of(t.Param, c))

    def param(self, c: C) -> t.Param:
        return t.Param(c[0].start, c[-1].end, name_of(c[0]), c[2] if len(c) > 1 else None)

    def block(self, c: C) -> t.Block:
        return t.Block(c[0].start, c[-1].end, tuple(c[1:-1]))

    def when(self, c: C) -> t.When:
        arms: tuple[t.Arm, ...] = (t.Arm(c[0].start, c[2].end, c[1], c[2]),)
        otherwise = None
        if len(c) > 3:
            if type(c[4]) is t.When:
                arms += c[4].arms
                otherwise = c[4].otherwise
            else:
                otherwise = c[4]
        return t.When(c[0].start, c[-1].end, arms, otherwise)

    def each(self, c: C) -> t.Each:
        return t.Each(c[0].start, c[-1].end, name_of(c[1]), c[2].value, c[3])

    def below(self, c: C) -> BoundsPart:
        return BoundsPart(c[0].start, c[-1].end, c[1])

    within = below

    def match(self, c: C) -> t.Match:
        last = c[-2]
        return t.Match(
            c[0].start,
            c[-1].end,
            c[1],
            type(c[2]) is Token and c[2].kind == "FALLING",
            all_of(t.Case, c),
            last if type(last) is t.Block else None,
        )

    def case(self, c: C) -> t.Case:
        return t.Case(c[0].start, c[-1].end, number_of(c[0]), c[1])

    def otherwise(self, c: C) -> t.Block:
        return c[1]  # type: ignore[no-any-return]

    def labelled(self, c: C) -> t.Labelled:
        return t.Labelled(c[0].start, c[-1].end, name_of(c[1]), c[2])

    def leave(self, c: C) -> t.Leave:
        return t.Leave(c[0].start, c[-1].end, name_of(c[1]))

    def return_(self, c: C) -> t.Return:
        return t.Return(c[0].start, c[-1].end, c[1] if len(c) > 1 else None)

    def fail(self, c: C) -> t.Fail:
        return t.Fail(c[0].start, c[-1].end, text_of(c[1]) if len(c) > 1 else None)

    def trap(self, c: C) -> t.Trap:
        message = text_of(c[1]) if len(c) > 1 else None
        return t.Trap(c[0].start, c[-1].end, name_of(c[0]), message)

    def holding(self, c: C) -> t.Holding:
        return t.Holding(c[0].start, c[-1].end, name_of(c[1]), c[2])

    def let(self, c: C) -> t.Let:
        kind = c[3] if type(c[3]) in TYPES else None
        value = None if c[-1] is kind else c[-1]
        return t.Let(c[0].start, c[-1].end, name_of(c[1]), kind, value)

    def move(self, c: C) -> t.Move:
        return t.Move(c[0].start, c[-1].end, c[0], c[2])

    def modify(self, c: C) -> t.Modify:
        return t.Modify(c[0].start, c[-1].end, c[1], all_of(t.Change, c))

    def change(self, c: C) -> t.Change:
        return t.Change(c[0].start, c[-1].end, all_of(t.Hint, c), c[-3], c[-1])

    def path(self, c: C) -> t.Name:
        return t.Name(c[0].start, c[-1].end, "".join([token.text for token in c]))

    def copy(self, c: C) -> t.Copy:
        return t.Copy(c[0].start, c[-1].end, name_of(c[0]), all_of(t.Place, c))

    def call(self, c: C) -> t.Call:
        args = tuple([x for x in c if type(x) is not Token])
        return t.Call(c[0].start, c[-1].end, name_of(c[0]), args)

    def hypcall(self, c: C) -> t.Hypcall:
        return t.Hypcall(c[0].start, c[-1].end, c[1])

    def order(self, c: C) -> t.Order:
        sides = all_of(t.Events, c)
        first, then = sides if sides else (None, None)
        return t.Order(c[0].start, c[-1].end, c[0].barriers, first, then)

    def warn(self, c: C) -> t.Warn:
        return t.Warn(c[0].start, c[-1].end, c[2])

    def assert_(self, c: C) -> t.Assert:
        return t.Assert(c[0].start, c[-1].end, c[1])

    def may(self, c: C) -> t.May:
        return t.May(c[0].start, c[-1].end, name_of(c[1]), all_of(t.Place, c))

    def perhaps(self, c: C) -> t.Perhaps:
        return t.Perhaps(c[0].start, c[-1].end, c[1].barriers)
