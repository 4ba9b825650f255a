"""Builds platforms, registers, endpoints, groups and rules."""

from __future__ import annotations

from dsl.syntax import tree as t
from dsl.syntax.builder.pieces import (
    C,
    ChainPart,
    ComputedPart,
    EnumPart,
    OpPart,
    all_of,
    docs_of,
    name_of,
    names_of,
    number_of,
    one_of,
    past_docs,
    text_of,
)
from dsl.syntax.lalr import Token


class Machine:
    """Builds platforms, registers, endpoints, groups and rules."""

    # ---- the machine

    def import_(self, c: C) -> t.Import:
        return t.Import(c[0].start, c[-1].end, names_of(c, "NAME"))

    def platform(self, c: C) -> t.Platform:
        return t.Platform(c[0].start, c[-1].end, name_of(c[1]), text_of(c[2]))

    def constant(self, c: C) -> t.Constant:
        return t.Constant(c[0].start, c[-1].end, name_of(c[1]), c[3])

    def endpoint(self, c: C) -> t.Endpoint:
        return t.Endpoint(
            c[0].start, c[-1].end, name_of(c[1]), text_of(c[2]), all_of(t.Place, c[3:])
        )

    def group(self, c: C) -> t.Group:
        return t.Group(c[0].start, c[-1].end, name_of(c[1]), all_of(t.Place, c))

    def register(self, c: C) -> t.Register:
        colon = next(i for i, x in enumerate(c) if type(x) is Token and x.kind == "COLON")
        after = c[colon + 2]
        return t.Register(
            c[0].start,
            c[-1].end,
            name_of(c[1]),
            one_of(t.Index, c),
            number_of(c[colon + 1]),
            name_of(after) if type(after) is Token and after.kind != "LBRACE" else None,
            all_of(t.Encoding, c),
            one_of(t.Reset, c),
            tuple([x for x in c if type(x) in (t.Field, t.Reserved, t.Derive, t.Layout)]),
        )

    def index(self, c: C) -> t.Index:
        return t.Index(c[0].start, c[-1].end, name_of(c[1]), c[3])

    def encoding(self, c: C) -> t.Encoding:
        architecture = name_of(c[-1]) if type(c[-1]) is Token else None
        operands = tuple([op.operands for op in all_of(OpPart, c)])
        return t.Encoding(c[0].start, c[-1].end, operands, architecture)

    def op(self, c: C) -> OpPart:
        return OpPart(c[0].start, c[-1].end, tuple([x for x in c if type(x) is not Token]))

    def reset(self, c: C) -> t.Reset:
        value = c[1]
        return t.Reset(c[0].start, value.end, None if type(value) is Token else value)

    def field(self, c: C) -> t.Field:
        rest = past_docs(c)
        bits = next(i for i, x in enumerate(rest) if type(x) is t.Bits)
        after = rest[bits + 1] if len(rest) > bits + 1 else None
        computed = one_of(ComputedPart, rest)
        enum = one_of(EnumPart, rest)
        return t.Field(
            c[0].start,
            c[-1].end,
            docs_of(c),
            name_of(rest[0]),
            one_of(t.Index, rest),
            rest[bits],
            name_of(after) if type(after) is Token else None,
            one_of(t.Reset, rest),
            one_of(t.Legal, rest),
            computed.value if computed else None,
            enum.enumerators if enum else (),
        )

    def reserved(self, c: C) -> t.Reserved:
        rest = past_docs(c)
        return t.Reserved(c[0].start, c[-1].end, docs_of(c), name_of(rest[0]), all_of(t.Bits, rest))

    def derive(self, c: C) -> t.Derive:
        rest = past_docs(c)
        return t.Derive(c[0].start, c[-1].end, docs_of(c), name_of(rest[1]), rest[3])

    def layout(self, c: C) -> t.Layout:
        rest = past_docs(c)
        members = tuple([x for x in rest if type(x) in (t.Field, t.Reserved)])
        return t.Layout(c[0].start, c[-1].end, docs_of(c), name_of(rest[1]), rest[3], members)

    def bits(self, c: C) -> t.Bits:
        return t.Bits(c[0].start, c[-1].end, c[1], c[3] if len(c) > 3 else None)

    def legal(self, c: C) -> t.Legal:
        return t.Legal(c[0].start, c[-1].end, c[1], c[3] if len(c) > 3 else None)

    def computed(self, c: C) -> ComputedPart:
        return ComputedPart(c[0].start, c[-1].end, c[1])

    def enum(self, c: C) -> EnumPart:
        return EnumPart(c[0].start, c[-1].end, all_of(t.Enumerator, c))

    def enumerator(self, c: C) -> t.Enumerator:
        return t.Enumerator(c[0].start, c[-1].end, name_of(c[0]), number_of(c[2]))

    # ---- rules

    def rule(self, c: C) -> t.Rule:
        return t.Rule(
            c[0].start,
            c[-1].end,
            name_of(c[1]),
            name_of(c[3]),
            text_of(c[4]),
            all_of(t.Clause, c),
        )

    def clause(self, c: C) -> t.Clause:
        return t.Clause(c[0].start, c[-1].end, c[0], c[1], c[3] if len(c) > 2 else None)

    def visible(self, c: C) -> t.Visible:
        return t.Visible(c[0].start, c[-1].end, c[2], c[4].barriers)

    def only(self, c: C) -> t.Only:
        return t.Only(c[0].start, c[-1].end, c[2])

    def ordered(self, c: C) -> t.Ordered:
        return t.Ordered(c[0].start, c[-1].end, c[1])

    def events(self, c: C) -> t.Events:
        access = name_of(c[0]) if type(c[0]) is Token else None
        return t.Events(c[0].start, c[-1].end, access, all_of(t.Place, c))

    def chain(self, c: C) -> ChainPart:
        return ChainPart(c[0].start, c[-1].end, all_of(t.Barrier, c))

    def barrier(self, c: C) -> t.Barrier:
        return t.Barrier(c[0].start, c[-1].end, c[0].text, name_of(c[2]) if len(c) > 1 else None)
