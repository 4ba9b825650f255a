"""A module as rows: what goes on which line, and between which comments and blank lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import assert_never

from dsl.syntax import tree as t
from dsl.syntax.format import phrases as say
from dsl.syntax.format.rows import Row, broken, fits
from dsl.syntax.format.trivia import Trivia
from dsl.syntax.format.words import (
    CLAUSE,
    EXPRESSION,
    LIST,
    Words,
    closed,
    expr,
    led,
    listed,
    place,
    places,
    word,
)
from dsl.syntax.format.writer import Body, Writer


class _Otherwise(t.Node, frozen=True):
    """The last case of a match."""

    body: t.Block


class Layout:
    """The rows of one text, written from its top to its end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._trivia = Trivia(text)
        self._out = Writer(self._trivia)

    def _string(self, node: t.Text) -> Words:
        """A string literal exactly as it was written."""
        return word(self._text[node.start : node.end])

    def _strings(self, nodes: Sequence[t.Text]) -> Words:
        return listed([self._string(n) for n in nodes])

    # ---- declarations

    def module(self, node: t.Module) -> list[Row]:
        """All rows; a declaration of several lines has a blank line before and behind it."""
        tall: list[bool] = []

        def write(item: t.Item, depth: int) -> None:
            self._out.prefix(item.docs, item.hints, depth)
            body = len(self._out.rows)
            self._declaration(item.body, depth)
            last = self._out.rows[-1]
            tall.append(len(self._out.rows) > body + 1 or len(broken(last.words, last.depth)) > 1)

        gaps = self._out.lines(node.items, 0, len(self._text), 0, write)
        rows = self._out.rows
        for gap, (above, below) in zip(gaps[1:], pairwise(tall), strict=True):
            if (above or below) and not any(rows[i].blank for i in gap):
                rows[gap.start] = replace(rows[gap.start], blank=1)
        return rows

    def _declaration(self, node: t.Declaration | t.Statement, depth: int) -> None:
        match node:
            case t.Import():
                self._out.row(depth, word("import " + ".".join([n.text for n in node.path])))
            case t.Platform():
                head = word(f"platform {node.name.text}")
                self._out.row(depth, head + led(" ", self._string(node.document), LIST))
            case t.Constant():
                self._out.row(depth, say.constant(node), "const")
            case t.Endpoint():
                self._endpoint(node, depth)
            case t.Group():
                self._out.row(depth, say.group(node), "group")
            case t.Register():
                self._register(node, depth)
            case t.Rule():
                head = word(f"rule {node.name.text} : {node.strength.text}")
                head += led(" ", self._string(node.source), LIST)
                self._out.braced(depth, (head, Body(node.end, node.clauses, self._clause)))
            case t.Context():
                head = word(f"context {node.name.text} of {node.owner.text}")
                self._out.braced(depth, (head, Body(node.end, node.slots, self._slot)))
            case t.Condition():
                self._out.row(depth, say.condition(node), "condition")
            case t.Lock():
                head = word(f"lock {node.name.text}")
                title = led(" ", self._string(node.title), LIST) if node.title else []
                self._out.row(depth, head + title)
            case t.Extern():
                self._extern(node, depth)
            case t.Sequence():
                if node.body:
                    self._block(say.sequence(node), node.body, depth)
                else:
                    self._out.row(depth, say.sequence(node))
            case t.Lifecycle():
                head = word(f"lifecycle {node.name.text}")
                self._out.braced(depth, (head, Body(node.end, node.steps, self._step)))
            case t.Invariant():
                head = led(f"invariant {node.name.text} at ", say.names(node.points))
                head += led(" ", self._string(node.reason), CLAUSE)
                self._out.braced(depth, (head, Body(node.end, (node.condition,), self._claim)))
            case t.Differs():
                path = ".".join([n.text for n in node.path])
                head = led(f"differs to {path} at ", say.names(node.points))
                head += led(" ", self._string(node.reason), CLAUSE)
                self._out.braced(depth, (head, Body(node.end, node.differences, self._difference)))
            case t.Crossing():
                self._crossing(node, depth)
            case t.Boot():
                self._block(word("boot"), node.body, depth)
            case t.Assume():
                head = word(f"assume {node.name.text}")
                head += led(" ", self._string(node.reason), CLAUSE)
                self._out.braced(depth, (head, Body(node.end, (node.condition,), self._claim)))
            case t.Fails():
                head = led("scenario ", self._string(node.title))
                self._out.row(depth, head + led(" fails ", self._string(node.reason), CLAUSE))
            case t.Scenario():
                head = led("scenario ", self._string(node.title))
                if node.params:
                    head += led(" ", say.params(node.params))
                self._out.braced(depth, (head, Body(node.end, node.steps, self._example)))
            case t.Dialect():
                head = word(f"dialect {node.name.text} for {node.target.text}")
                self._out.braced(depth, (head, Body(node.end, node.entries, self._entry)))
            case _:
                self._statement(node, depth)

    def _endpoint(self, node: t.Endpoint, depth: int) -> None:
        words = word(f"endpoint {node.name.text}") + led(" ", self._string(node.title), column=1)
        if node.aliases:
            words += led(" aliases ", places(node.aliases), CLAUSE)
        self._out.row(depth, words, "endpoint")

    def _register(self, node: t.Register, depth: int) -> None:
        head = say.register(node)
        body = Body(node.end, node.members, self._member)
        match node.members:
            case (
                (t.Field(docs=(), enumerators=()) | t.Reserved(docs=()) | t.Derive(docs=())) as one,
            ):
                braces = self._out.in_braces([self._member_words(one)], body)
                if braces and fits(line := head + led(" ", braces), depth):
                    return self._out.row(depth, line)
        return self._out.braced(depth, (head, body))

    def _member(self, node: t.Field | t.Reserved | t.Derive | t.Layout, depth: int) -> None:
        self._out.prefix(node.docs, (), depth)
        if isinstance(node, t.Layout):
            inner = Body(node.end, node.members, self._member)
            return self._out.braced(depth, (say.layout(node), inner))
        words = self._member_words(node)
        if not isinstance(node, t.Field) or not node.enumerators:
            return self._out.row(depth, words, "member")
        last = node.enumerators[-1]

        def write(e: t.Enumerator, depth: int) -> None:
            self._out.row(depth, closed(say.enumerator(e), "" if e is last else ","), "enumerator")

        body = Body(node.end, node.enumerators, write)
        parts = [closed(say.enumerator(e), "" if e is last else ",") for e in node.enumerators]
        braces = self._out.in_braces(parts, body)
        if braces:
            plain = [w._replace(column=0) for w in braces]
            if fits(line := words + led(" ", plain), depth):
                return self._out.row(depth, line, "member")
        return self._out.braced(depth, (words, body))

    def _member_words(self, node: t.Field | t.Reserved | t.Derive) -> Words:
        match node:
            case t.Field():
                return say.field(node)
            case t.Reserved():
                return say.reserved(node)
            case t.Derive():
                return say.derive(node)
            case _:
                assert_never(node)

    def _clause(self, node: t.Clause, depth: int) -> None:
        self._out.row(depth, say.clause(node))

    def _slot(self, node: t.Slot, depth: int) -> None:
        self._out.prefix(node.docs, (), depth)
        self._out.row(depth, say.slot(node), "slot")

    def _extern(self, node: t.Extern, depth: int) -> None:
        head = say.extern(node)
        body = Body(node.end, node.effects, self._effect)
        braces = self._out.in_braces([say.effect(e) for e in node.effects], body, gap="  ")
        if braces and fits(line := head + led(" ", braces, column=2), depth):
            return self._out.row(depth, line, "extern")
        return self._out.braced(depth, (head, body))

    def _effect(self, node: t.Effect | t.Ensures, depth: int) -> None:
        self._out.row(depth, say.effect(node))

    def _difference(self, node: t.Difference, depth: int) -> None:
        words = places(node.places)
        if node.condition:
            words += led(" when ", expr(node.condition), CLAUSE)
        self._out.row(depth, words)

    def _claim(self, node: t.Expr, depth: int) -> None:
        self._out.row(depth, expr(node))

    # ---- statements

    def _item(self, node: t.Item, depth: int) -> None:
        self._out.prefix(node.docs, node.hints, depth)
        self._declaration(node.body, depth)

    def _statement(self, node: t.Statement, depth: int) -> None:
        match node:
            case t.When():
                self._when(node, depth)
            case t.Each():
                self._block(say.each(node), node.body, depth)
            case t.Match():
                self._match(node, depth)
            case t.Labelled():
                self._block(word(f"block {node.label.text}"), node.body, depth)
            case t.Holding():
                self._block(word(f"holding {node.lock.text}"), node.body, depth)
            case t.Modify():
                self._modify(node, depth)
            case _:
                self._out.row(depth, say.simple(node, self._string))

    def _body(self, block: t.Block) -> Body[t.Item]:
        return Body(block.end, block.items, self._item)

    def _one_line(self, head: Words, block: t.Block) -> Words | None:
        """A block on the line of its head, if it holds one simple statement or nothing."""
        parts = []
        match block.items:
            case ():
                pass
            case (t.Item(docs=(), hints=(), body=body),) if isinstance(body, say.Simple):
                parts.append(say.simple(body, self._string))
            case _:
                return None
        braces = self._out.in_braces(parts, self._body(block))
        return head + led(" ", braces) if braces else None

    def _block(self, head: Words, block: t.Block, depth: int) -> None:
        line = self._one_line(head, block)
        if line and fits(line, depth):
            self._out.row(depth, line)
        else:
            self._out.braced(depth, (head, self._body(block)))

    def _when(self, node: t.When, depth: int) -> None:
        arms: list[tuple[Words, t.Block]] = []
        for arm in node.arms:
            lead = "else when " if arms else "when "
            arms.append((led(lead, expr(arm.condition)), arm.body))
        if node.otherwise:
            arms.append((word("else"), node.otherwise))
        lines = [self._one_line(head, block) for head, block in arms]
        short = [line for line in lines if line]
        if len(short) < len(arms):
            short = []
        elif len(node.arms) == 1 and fits(whole := listed(short, comma=""), depth):
            short = [whole]
        if short and all(fits(line, depth) for line in short):
            for line in short:
                self._out.row(depth, line)
        else:
            self._out.braced(depth, *[(head, self._body(block)) for head, block in arms])

    def _match(self, node: t.Match, depth: int) -> None:
        head = led("match ", expr(node.value))
        cases: list[t.Case | _Otherwise] = [*node.cases]
        if node.otherwise:
            before = cases[-1].end if cases else self._trivia.opening(node.end)
            start = self._trivia.next_code(before)
            cases.append(_Otherwise(start, node.otherwise.end, node.otherwise))
        head = closed(head, " falling") if node.falling else head
        self._out.braced(depth, (head, Body(node.end, cases, self._case)))

    def _case(self, node: t.Case | _Otherwise, depth: int) -> None:
        head = node.value.text if isinstance(node, t.Case) else "else"
        self._block(word(head), node.body, depth)

    def _modify(self, node: t.Modify, depth: int) -> None:
        head = led("modify ", place(node.place))
        body = Body(node.end, node.changes, self._change)
        if len(node.changes) == 1 and not node.changes[0].hints:
            braces = self._out.in_braces([say.change(node.changes[0])], body)
            if braces and fits(line := head + led(" ", braces), depth):
                return self._out.row(depth, line)
        return self._out.braced(depth, (head, body))

    def _change(self, node: t.Change, depth: int) -> None:
        self._out.prefix((), node.hints, depth)
        self._out.row(depth, say.change(node))

    # ---- lifecycles and scenarios

    def _step(self, node: t.Step, depth: int) -> None:
        self._out.prefix(node.docs, (), depth)
        match node:
            case t.Phase():
                self._block(say.phase(node), node.body, depth)
            case t.Repeat():
                head = word(f"each {node.name.text}")
                self._out.braced(depth, (head, Body(node.end, node.steps, self._step)))
            case t.Either():
                arms: list[tuple[Words, Body[t.Step]]] = []
                for steps in node.alternatives:
                    head = word("or" if arms else "either")
                    arms.append((head, Body(steps.end, steps.steps, self._step)))
                self._out.braced(depth, *arms)
            case _:
                assert_never(node)

    def _crossing(self, node: t.Crossing, depth: int) -> None:
        heads = word("hypcall enters"), word("leaves")
        lines = self._one_line(heads[0], node.enters), self._one_line(heads[1], node.leaves)
        if lines[0] and lines[1] and fits(whole := lines[0] + led(" ", lines[1]), depth):
            return self._out.row(depth, whole)
        enters, leaves = self._body(node.enters), self._body(node.leaves)
        return self._out.braced(depth, (heads[0], enters), (heads[1], leaves))

    def _example(self, node: t.ScenarioStep, depth: int) -> None:
        match node:
            case t.Given():
                self._out.row(depth, led("given ", listed([say.fact(f) for f in node.facts])))
            case t.Run():
                self._out.row(depth, led("run ", listed([say.visit(v) for v in node.visits])))
            case t.On():
                self._out.row(depth, word(f"on {node.cpu.text}"))
            case t.Expect():
                self._out.row(depth, say.expect(node))
            case t.Actor():
                self._block(word(node.name.text), node.body, depth)
            case _:
                assert_never(node)

    # ---- dialects

    def _entry(
        self, node: t.Spelling | t.Include | t.File | t.Header | t.Scope, depth: int
    ) -> None:
        match node:
            case t.Spelling():
                self._spelling(node, depth)
            case t.Include():
                self._out.row(depth, led("include ", self._strings(node.paths)))
            case t.File():
                head = led("file ", self._strings(node.paths))
                head += led(" holds ", say.names(node.globs), CLAUSE)
                self._out.braced(depth, (head, Body(node.end, node.entries, self._entry)))
            case t.Header():
                head = led("header ", self._strings(node.paths))
                head += led(" declares ", say.names(node.globs), CLAUSE)
                if node.includes is None:
                    self._out.row(depth, head)
                else:
                    self._out.braced(depth, (head, Body(node.end, node.includes, self._entry)))
            case t.Scope():
                head = led("in ", say.names(node.globs))
                self._out.braced(depth, (head, Body(node.end, node.entries, self._entry)))
            case _:
                assert_never(node)

    def _spelling(self, node: t.Spelling, depth: int) -> None:
        words = place(node.subject)
        if node.role:
            words = word(node.role.text) + led(" ", words, column=1)
        if node.type:
            words += led(" : ", self._string(node.type))
        words += led(" is ", self._strings(node.patterns), EXPRESSION, column=2)
        # Types of locals are long: what has one makes columns of its own.
        self._out.row(depth, words, "typed spelling" if node.type else "spelling")
