"""What stands on one line: heads of declarations, members and simple statements as words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias, assert_never

from dsl.syntax import tree as t
from dsl.syntax.format.words import (
    CLAUSE,
    EXPRESSION,
    LIST,
    Words,
    bits,
    bounds,
    call,
    closed,
    expr,
    led,
    listed,
    place,
    places,
    word,
)

Simple: TypeAlias = (
    t.Let | t.Move | t.Copy | t.Call | t.Hypcall | t.Order | t.Warn | t.Assert | t.May | t.Leave
    | t.Return | t.Fail | t.Trap | t.Perhaps
)  # fmt: skip

_UNKNOWN = re.compile(r"unknown\b")


def names(nodes: Sequence[t.Name]) -> Words:
    return listed([word(n.text) for n in nodes])


def kind(node: t.Type) -> str:
    return bounds(node) if isinstance(node, t.Range) else node.name.text


def indexed(name: t.Name, index: t.Index | None) -> str:
    return f"{name.text} for {index.var.text} in {bounds(index.range)}" if index else name.text


def params(nodes: Sequence[t.Param]) -> Words:
    parts = [word(f"{p.name.text} : {kind(p.type)}" if p.type else p.name.text) for p in nodes]
    return closed(led("(", listed(parts)), ")") if parts else word("()")


# ---- the machine


def register(node: t.Register) -> Words:
    head = f"register {indexed(node.name, node.index)} : {node.width.text}"
    words = word(f"{head} {node.access.text}" if node.access else head)
    for encoding in node.encodings:
        words += led(" at ", _encoding(encoding), CLAUSE)
    return words + _reset(node.reset)


def _encoding(node: t.Encoding) -> Words:
    words: Words = []
    for operands in node.operands:
        op = closed(led("(", listed([expr(e) for e in operands], EXPRESSION)), ")")
        words += led(" then ", op, LIST) if words else op
    return closed(words, f" for {node.architecture.text}") if node.architecture else words


def _reset(node: t.Reset | None) -> Words:
    if node is None:
        return []
    value = word("unknown") if node.value is None else expr(node.value)
    if node.value is not None and _UNKNOWN.match(value[0].text):
        # Something that happens to be called like the word that stands for no value.
        value = closed(led("(", value), ")")
    return led(" reset ", value, CLAUSE)


def field(node: t.Field) -> Words:
    # The columns of a bank within a register would only spread its neighbours.
    words = word(indexed(node.name, node.index))
    words += led(" ", word(bits(node.bits)), column=0 if node.index else 1)
    if node.access:
        words = closed(words, " " + node.access.text)
    words += _reset(node.reset)
    if node.legal:
        words += led(" becomes ", expr(node.legal.value))
        if node.legal.condition:
            words += led(" when ", expr(node.legal.condition), CLAUSE)
    if node.computed:
        words += led(" = ", expr(node.computed))
    return words


def reserved(node: t.Reserved) -> Words:
    return word(node.kind.text) + led(" ", listed([word(bits(b)) for b in node.bits]), column=1)


def derive(node: t.Derive) -> Words:
    return led(f"derive {node.name.text} = ", expr(node.value))


def layout(node: t.Layout) -> Words:
    return led(f"layout {node.name.text} when ", expr(node.condition))


def enumerator(node: t.Enumerator) -> Words:
    return word(node.name.text) + led(" ", word(f"= {node.value.text}"), column=1)


def constant(node: t.Constant) -> Words:
    return word(f"const {node.name.text}") + led(" = ", expr(node.value), column=1)


def group(node: t.Group) -> Words:
    return word(f"group {node.name.text}") + led(" = ", places(node.members), column=1)


# ---- what must have happened before what


def clause(node: t.Clause) -> Words:
    words = _events(node.events)
    match node.relation:
        case t.Visible(events=events, barriers=barriers):
            words += led(" visible to ", _events(events), CLAUSE)
            words += led(" needs ", _barriers(barriers), CLAUSE)
        case t.Only(condition=condition):
            words += closed(led(" only while ", expr(condition), CLAUSE), " effective")
        case t.Ordered(events=events):
            words += led(" before ", _events(events), CLAUSE)
        case _:
            assert_never(node.relation)
    return words + led(" when ", expr(node.condition), CLAUSE) if node.condition else words


def _events(node: t.Events) -> Words:
    return led(f"{node.access.text} of " if node.access else "", places(node.places))


def _barriers(nodes: Sequence[t.Barrier]) -> Words:
    words: Words = []
    for b in nodes:
        text = f"{b.kind}({b.option.text})" if b.option else b.kind
        words += led(" then ", word(text), LIST) if words else word(text)
    return words


# ---- memory and facts


def slot(node: t.Slot) -> Words:
    name = f"{node.name.text}[{node.length.text}]" if node.length else node.name.text
    words = word(name) + led(" ", word(f": {kind(node.type)}"), column=1)
    if node.link:
        words += led(" ", word(node.link.kind.text), CLAUSE, column=2)
        words += led(" ", place(node.link.place), column=3)
    return words


def condition(node: t.Condition) -> Words:
    words = led("condition ", names(node.names))
    if node.owner:
        words = closed(words, f" of {node.owner.text}")
    if node.range:
        words = closed(words, f" : {bounds(node.range)}")
    if node.value:
        words += led(" = ", expr(node.value))
    return words + led(" ", word(f"per {node.per.text}"), CLAUSE, column=1)


def extern(node: t.Extern) -> Words:
    words = led(f"extern {node.name.text}", params(node.params))
    return words + led(" -> ", word(kind(node.result)), CLAUSE, column=1) if node.result else words


def effect(node: t.Effect | t.Ensures) -> Words:
    if isinstance(node, t.Ensures):
        return led("ensures ", expr(node.condition))
    words = led(f"{node.kind.text} ", places(node.places))
    return closed(words, f" in {bounds(node.range)}") if node.range else words


# ---- sequences


def sequence(node: t.Sequence) -> Words:
    words = led(f"{node.kind.text} {node.name.text}", params(node.params))
    if node.result:
        words += led(" -> ", word(kind(node.result)), CLAUSE)
    return words + led(" undoes ", word(node.undoes.text), CLAUSE) if node.undoes else words


def simple(node: Simple, string: Callable[[t.Text], Words]) -> Words:
    """A statement without blocks; ``string`` gives a literal as it was written."""
    match node:
        case t.Let():
            name = f"{node.name.text} : {kind(node.type)}" if node.type else node.name.text
            return led(f"let {name} = ", expr(node.value)) if node.value else word(f"let {name}")
        case t.Move():
            return place(node.place) + led(" <- ", expr(node.value))
        case t.Copy():
            return led(f"{node.kind.text} ", places(node.places))
        case t.Call():
            return call(node)
        case t.Hypcall():
            return led("hypcall ", call(node.call))
        case t.Order():
            words = _barriers(node.barriers)
            if node.first and node.then:
                words += led(" orders ", _events(node.first), CLAUSE)
                words += led(" before ", _events(node.then), CLAUSE)
            return words
        case t.Warn():
            return led("warn if ", expr(node.condition))
        case t.Assert():
            return led("assert ", expr(node.condition))
        case t.May():
            return led(f"may {node.kind.text} ", places(node.places))
        case t.Perhaps():
            return led("may ", _barriers(node.barriers))
        case t.Leave():
            return word(f"leave {node.label.text}")
        case t.Return():
            return led("return ", expr(node.value)) if node.value else word("return")
        case t.Fail():
            return led("fail ", string(node.message)) if node.message else word("fail")
        case t.Trap(kind=kind_, message=message):
            return led(f"{kind_.text} ", string(message)) if message else word(kind_.text)
        case _:
            assert_never(node)


def change(node: t.Change) -> Words:
    return led(f"{node.field.text} <- ", expr(node.value))


def each(node: t.Each) -> Words:
    if isinstance(node.bounds, t.Range):
        return word(f"each {node.var.text} in {bounds(node.bounds)}")
    return led(f"each {node.var.text} below ", expr(node.bounds))


# ---- how sequences compose, and examples


def phase(node: t.Phase) -> Words:
    words = word(node.name.text)
    return words + led(" when ", expr(node.condition), CLAUSE) if node.condition else words


def fact(node: t.Fact) -> Words:
    words = led(f"{node.word} " if node.word else "", place(node.place))
    return words + led(" = ", expr(node.value)) if node.value else words


def visit(node: t.Visit) -> Words:
    around = "".join(f"not {name.text}, " for name in node.around)
    return word(around + (f"{node.phase.text}({node.of.text})" if node.of else node.phase.text))


def expect(node: t.Expect) -> Words:
    words = led("expect ", expr(node.condition))
    return words + led(" at ", word(node.point.text), LIST) if node.point else words
