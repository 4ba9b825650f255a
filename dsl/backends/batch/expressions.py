"""Expressions as operations on lanes: within their types, and in order where it matters."""

from __future__ import annotations

from typing import assert_never

from dsl.backends.batch.access import Access
from dsl.backends.batch.flow import Local, Place
from dsl.backends.batch.nodes import Kind, Node, full, kind_of, number, signed, unsigned, width
from dsl.backends.python.code import string
from dsl.ir import expr as x
from dsl.ir.bounds import Bounds
from dsl.ir.shapes import Field, Period
from dsl.ir.types import Bool, Int
from dsl.ir.walk import inside, parts

#: A range is written out up to so many values.
WRITTEN_OUT = 64


class Expressions(Access):
    """Writes the expressions of one function."""

    # ---- what can go wrong, or do something

    def careful(self, expr: x.Expr) -> bool:
        """Whether an expression must not be evaluated in lanes that do not ask for it."""
        match expr:
            case x.Call():
                return True
            case x.Test(condition=condition) if condition.period is Period.TEST:
                return condition.name not in self.program.definitions
            case x.ReadRegister(register=register, index=index):
                if str(register.access) == "wo" and not self.quiet:
                    return True
                if not self._within(index, register.first, register.count):
                    return True
            case x.ReadSlot(slot=slot, index=index) if not self._within(index, 0, slot.length):
                return True
            case x.Extract(field=field, index=index) | x.Insert(field=field, index=index):
                if not self._within(index, field.first, field.count):
                    return True
            case x.Every(var=var, low=low, high=high, condition=condition):
                if self.careful(low) or self.careful(high):
                    return True
                reach = Bounds(self.bounds(low).low, self.bounds(high).high)
                with self.scoped({var: Local(self.graph.const(0, "b"), reach)}):
                    return self.careful(condition)
            case _:
                pass
        return any(self.careful(part) for part in parts(expr))

    def _within(self, index: x.Expr | None, first: int, count: int) -> bool:
        return index is None or self.bounds(index).inside(first, first + count - 1)

    def values(self, *exprs: x.Expr) -> list[Node]:
        """Several expressions in order: a call leaves what was read before as it was."""
        found: list[Node] = []
        for expr in exprs:
            called = any(isinstance(part, x.Call) for part in inside(expr))
            found.append(self.value(expr))
            if called:
                for node in found[:-1]:
                    self._use(node)
        return found

    # ---- expressions

    def value(self, expr: x.Expr) -> Node:
        graph = self.graph
        match expr:
            case x.Const(value=value, type=type):
                return graph.const(value, kind_of(type))
            case x.Var(name=name):
                return self.read_local(name)
            case x.Written():
                return self.read_local("written value")
            case x.ReadRegister(register=register, index=index, span=span):
                at = None if index is None else self.element(register, index)
                return self.read_register(register, at, span)
            case x.ReadSlot(slot=slot, base=base, index=index):
                where = None
                if index is not None:
                    where = self.index(index, slot.name, 0, slot.length)
                return self.load(self.slot(slot, base, where))
            case x.Test():
                return self._test(expr)
            case x.Extract():
                return self._extract(expr)
            case x.Insert(value=inner, field=field, index=index, new=new, type=type):
                low = self.low_bit(field, index)
                whole, put = self.values(inner, new)
                return self.inserted(graph.cast(whole, kind_of(type)), type, field, low, put)
            case x.Derive(value=inner, register=register, name=name):
                written = self.value(inner)
                body = self.program.derived[register.name, name].value
                with self.quietly({"written value": Local(written)}):
                    return self.value(body)
            case x.Binary(op="and" | "or" | "implies"):
                return self._short(expr)
            case x.Binary():
                return self._binary(expr)
            case x.Not(operand=operand):
                return graph.not_(self.value(operand))
            case x.Truth(operand=operand):
                node = self.value(operand)
                if isinstance(operand.type, Bool):
                    return node
                return graph.not_(graph.eq(node, graph.const(0, node.kind)))
            case x.Cast(value=inner, type=type):
                node = self.value(inner)
                fits = isinstance(inner.type, Int) and self.bounds(inner).within(type)
                return self.converted(node, type, fits=fits)
            case x.Call():
                result = self.call(expr)
                assert result is not None
                return result
            case x.Every():
                return self._every(expr)
            case x.Count():
                raise ValueError("accesses are counted in scenarios only, which no batch runs")
            case _:
                assert_never(expr)

    def converted(self, node: Node, type: Int, *, fits: bool = False) -> Node:
        """A number as one of a type, whatever it was before."""
        node = self.graph.cast(node, kind_of(type))
        return node if fits else self.wrapped(node, type)

    def wrapped(self, node: Node, type: Int) -> Node:
        """A number within its type, where that is narrower than what holds it."""
        spare = width(node.kind) - type.width
        if not spare:
            return node
        if not type.signed:
            return self.graph.and_(node, self.graph.const(type.mask, node.kind))
        if node.const:
            return self.graph.const(type.wrap(number(node.value, node.kind)), node.kind)
        return self.graph.right(self.graph.left(node, spare), spare)

    def _test(self, test: x.Test) -> Node:
        condition = test.condition
        definition = self.program.definitions.get(condition.name)
        if definition is not None:
            handles = {} if test.base is None else {str(condition.root): self.handle(test.base)}
            with self.quietly({}, handles):
                return self.value(definition.value)
        owner = "m" if test.base is None else self.handle(test.base)
        name = self.names.conditions[condition.name]
        if condition.period is Period.TEST:
            result, mask = self.fresh("r"), self.fresh("w")
            at = self.site(test.span)
            call = f'm.sample({self.lanes}, {owner}.facts, "{name}", {at})'
            return self.result(f"{result}, {mask} = {call}", result, mask, condition.type)
        return self.load(self.fact(owner, name, condition))

    def _extract(self, expr: x.Extract) -> Node:
        graph, field = self.graph, expr.field
        low = self.low_bit(field, expr.index)
        node = self.value(expr.value)
        if signed(node.kind):
            node = graph.cast(node, "u64")
        if isinstance(low, int):
            shifted = graph.right(node, low)
        else:
            shifted = self.shifted(">>", node, low, expr.value.type)
        ones = (1 << field.width) - 1
        bits = graph.and_(shifted, graph.const(ones, node.kind))
        return self.converted(bits, expr.type, fits=Bounds(0, ones).within(expr.type))

    def inserted(self, whole: Node, type: Int, field: Field, low: int | Node, new: Node) -> Node:
        """``whole`` with a field changed to the low bits of ``new``."""
        graph, kind = self.graph, whole.kind
        ones = (1 << field.width) - 1
        bits = graph.and_(graph.cast(new, kind), graph.const(ones, kind))
        if isinstance(low, int):
            mask = graph.const(ones << low, kind)
            moved = graph.left(bits, low)
        else:
            mask = self.shifted("<<", graph.const(ones, kind), low, type)
            moved = self.shifted("<<", bits, low, type)
        others = graph.and_(whole, graph.xor(mask, graph.const(full(kind), kind)))
        return self.wrapped(graph.or_(others, moved), type)

    def shifted(self, op: str, node: Node, by: Node, type: object) -> Node:
        """A shift by an amount that differs: 0 for one that is not below the width."""
        graph = self.graph
        assert isinstance(type, Int)
        amount = graph.cast(by, unsigned(by.kind))
        if amount.ones < type.width:
            return graph.shift(op, node, graph.cast(amount, node.kind))
        inside = graph.lt(amount, graph.const(type.width, amount.kind))
        if type.width > full(amount.kind):
            inside = graph.const(1, "b")
        moved = graph.shift(op, node, graph.cast(amount, node.kind))
        return graph.where(inside, moved, graph.const(0, node.kind))

    # ---- operators

    def _short(self, expr: x.Binary) -> Node:
        """``and``, ``or`` and ``implies``: the right side only in the lanes where it counts."""
        graph = self.graph
        left = self.value(expr.left)
        if expr.op == "implies":
            left = graph.not_(left)
        conjunction = expr.op == "and"
        if left.const:
            return self.value(expr.right) if bool(left.value) == conjunction else left
        if not self.careful(expr.right):
            right = self.value(expr.right)
            return graph.and_(left, right) if conjunction else graph.or_(left, right)
        found = self.variable("found", "b")
        self.everywhere(found, left)
        how = "only" if conjunction else "other"
        with self.apart(), self.branch(self.mask_of(how, left)):
            self.store(found, self.value(expr.right))
        return self.load(found)

    def everywhere(self, place: Place, value: Node) -> None:
        """Stores in all lanes, whatever the mask: nobody has seen the place before."""
        mask, self.mask = self.mask, None
        chosen, self.chosen = self.chosen, None
        self.store(place, value)
        self.mask, self.chosen = mask, chosen

    def _binary(self, expr: x.Binary) -> Node:
        graph, op = self.graph, expr.op
        left, right = self.values(expr.left, expr.right)
        match op:
            case "==" | "!=":
                left, right = self._alike(left, right)
                same = graph.eq(left, right)
                return same if op == "==" else graph.not_(same)
            case "<" | "<=" | ">" | ">=":
                left, right = self._alike(left, right)
                if op in (">", ">="):
                    left, right = right, left
                return graph.lt(left, right) if op in ("<", ">") else graph.le(left, right)
        type = expr.type
        assert isinstance(type, Int)
        kind = kind_of(type)
        left = graph.cast(left, kind)
        match op:
            case "<<" | ">>":
                if right.const:
                    by = number(right.value, right.kind)
                    if not 0 <= by < type.width:
                        return graph.const(0, kind)
                    moved = graph.left(left, by) if op == "<<" else graph.right(left, by)
                else:
                    moved = self.shifted(op, left, right, type)
                return self.wrapped(moved, type) if op == "<<" else moved
            case "&" | "|" | "^":
                made = {"&": graph.and_, "|": graph.or_, "^": graph.xor}[op]
                return made(left, graph.cast(right, kind))
            case _:
                made = {"+": graph.add, "-": graph.sub, "*": graph.mul}[op]
                return self.wrapped(made(left, graph.cast(right, kind)), type)

    def _alike(self, left: Node, right: Node) -> tuple[Node, Node]:
        """Both sides of a comparison in arrays of one kind; a constant may be of any type."""
        if left.kind == right.kind:
            return left, right
        kind: Kind = max((left.kind, right.kind), key=width)
        return self.graph.cast(left, kind), self.graph.cast(right, kind)

    # ---- for each value

    def _every(self, every: x.Every) -> Node:
        low, high = self.values(every.low, every.high)
        if low.const and high.const:
            ends = number(low.value, low.kind), number(high.value, high.kind)
            if ends[1] - ends[0] < WRITTEN_OUT:
                return self._written_out(every, range(ends[0], ends[1] + 1))
        holds = self.variable("every", "b")
        self.everywhere(holds, self.graph.const(1, "b"))
        reach = Bounds(self.bounds(every.low).low, self.bounds(every.high).high)
        families = {holds.family}
        with (
            self.rounds(every.var, (low, high), True, "s64", families, every.span) as counter,
            self.apart(),
            self.branch(self.mask_of("only", self.load(holds))),
            self.scoped({every.var: Local(counter, reach)}),
        ):
            self.store(holds, self.value(every.condition))
        return self.load(holds)

    def _written_out(self, every: x.Every, numbers: range) -> Node:
        node = self.graph.const(1, "b")
        holds: Place | None = None
        for i in numbers:
            local = Local(self.graph.const(i, "s64"), Bounds(i, i))
            with self.scoped({every.var: local}):
                if not self.careful(every.condition):
                    node = self.graph.and_(node, self.value(every.condition))
                    continue
                if holds is None:
                    holds = self.variable("every", "b")
                self.everywhere(holds, node)
                with self.apart(), self.branch(self.mask_of("only", node)):
                    self.store(holds, self.value(every.condition))
                node = self.load(holds)
        return node

    # ---- names in messages

    def quoted(self, expr: x.Expr) -> str:
        """An expression as the source has it."""
        return string(" ".join(expr.span.text.split()))
