"""Statements as Python, one construct for one construct."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import assert_never

from dsl.backends.python.code import site, string
from dsl.backends.python.expressions import Expressions
from dsl.backends.python.jumps import leaves_of
from dsl.backends.python.writer import Writer
from dsl.diagnostics.text import TooDeep
from dsl.failures import HasErrors
from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.bounds import Bounds
from dsl.ir.platform import BarrierKind, Events
from dsl.ir.shapes import Register
from dsl.ir.types import Int
from dsl.ir.walk import bodies, ends
from dsl.source import Span

#: CPython refuses more than 20 loops and ``with``s inside each other, and 100 levels of
#: indentation, of which a ``match`` takes two at once.
_DEEPEST = 20
_INDENTED = 97


@dataclass(slots=True)
class _Round:
    """A Python loop around the statement at hand: the program's own, or a block with a label.

    ``flag`` is the variable that says that the block has been left, where inner loops must know.
    """

    label: str | None
    flag: str | None


class Statements:
    """Writes the body of one function."""

    def __init__(
        self, writer: Writer, expressions: Expressions, changing: frozenset[str] = frozenset()
    ) -> None:
        self.writer = writer
        #: The locals that get other values than their first.
        self.changing = changing
        self.expressions = expressions
        self.scope = expressions.scope
        self.rounds: list[_Round] = []
        self.nested = 0

    def body(self, body: s.Body) -> None:
        with self.scope.block():
            for statement in body:
                self.writer.comment(statement.doc)
                self._statement(statement)

    def _statement(self, statement: s.Statement) -> None:
        line, text = self.writer.line, self.expressions.text
        if self.writer.depth > _INDENTED and any(True for _ in bodies(statement)):
            raise _too_deep(statement.span, f"more than {_INDENTED} statements inside each other")
        match statement:
            case s.WriteRegister(register=register, index=index, value=value, span=span):
                place = self.expressions.register(register, index)
                line(f"m.write({place}, {text(value)}, {at_site(span)})")
            case s.UpdateRegister():
                self._update_register(statement)
            case s.WriteSlot(index=index, value=value):
                self._store(statement, "" if index is None else text(index), text(value))
            case s.UpdateSlot():
                self._update_slot(statement)
            case s.Let():
                self._let(statement)
            case s.Assign(name=name, value=value):
                line(f"{self.scope.find(name).name} = {text(value)}")
            case s.If():
                self._if(statement)
            case s.Loop():
                self._loop(statement)
            case s.Switch():
                self._switch(statement)
            case s.Labelled():
                self._labelled(statement)
            case s.Leave(label=label):
                self._leave(label)
            case s.Return(value=None):
                line("return")
            case s.Return(value=value):
                assert value is not None
                line(f"return {text(value)}")
            case s.Fail(message=message, span=span):
                line(f"m.fail({string(message.strip())}, {at_site(span)})")
            case s.Hold(lock=lock, base=base, body=body, span=span):
                owner = "" if base is None else f"{self.scope.find(base).name}, "
                with self.writer.block(
                    f"with m.holding({string(lock.name)}, {owner}{at_site(span)}):"
                ):
                    self.body(body)
            case s.Perform(call=call):
                line(self.expressions.call(call))
            case s.Order():
                self._order(statement)
            case s.Warn(condition=condition, span=span):
                line(f"m.warn_if({text(condition)}, {quoted(condition)}, {at_site(span)})")
            case s.Assert(condition=condition, span=span):
                line(f"m.require({text(condition)}, {quoted(condition)}, {at_site(span)})")
            case s.May() | s.Perhaps() | s.Trap():
                raise ValueError(f"{type(statement).__name__} is no statement of a sequence")
            case _:
                assert_never(statement)

    @contextmanager
    def _inner(self, head: str, span: Span) -> Iterator[None]:
        """A ``for``, ``while`` or ``with``, of which Python nests only so many."""
        self.nested += 1
        if self.nested > _DEEPEST:
            raise _too_deep(span, f"more than {_DEEPEST} loops, blocks and locks inside each other")
        with self.writer.block(head):
            yield
        self.nested -= 1

    # ---- places

    def _store(self, statement: s.WriteSlot | s.UpdateSlot, index: str, value: str) -> None:
        base = self.scope.find(statement.base).name
        slot = self.expressions.names.slots[statement.slot.name]
        at = at_site(statement.span)
        if index:
            self.writer.line(f'm.store_at({base}, "{slot}", {index}, {value}, {at})')
        else:
            self.writer.line(f'm.store({base}, "{slot}", {value}, {at})')

    def _update_register(self, update: s.UpdateRegister) -> None:
        """One read, the changes in order, one write."""
        at = at_site(update.span)
        with self.scope.block():
            place = self.expressions.register(update.register, update.index)
            if not _steady(update.index):
                target = self.scope.temporary("register", "Register")
                self.writer.line(f"{target} = {place}")
                place = target
            value = self.scope.temporary("value")
            self.writer.line(f"{value} = m.read({place}, {at})")
            self._changes(value, update.changes, update.register, update.register.type)
            self.writer.line(f"m.write({place}, {value}, {at})")

    def _update_slot(self, update: s.UpdateSlot) -> None:
        """One load, the changes in order, one store."""
        assert isinstance(update.slot.type, Int)
        with self.scope.block():
            place = self.expressions.slot(update.base, update.slot.name)
            index = ""
            if update.index is not None:
                index = self.expressions.text(update.index)
                if not _steady(update.index):
                    found = self.scope.temporary("index")
                    self.writer.line(f"{found} = {index}")
                    index = found
                place += f"[{index}]"
            value = self.scope.temporary("value")
            self.writer.line(f"{value} = {place}")
            self._changes(value, update.changes, update.view, update.slot.type)
            self._store(update, index, value)

    def _changes(
        self, value: str, changes: tuple[s.Change, ...], register: Register, type: Int
    ) -> None:
        for change in changes:
            put = (
                self.expressions.field(register, change.field, change.index),
                self.expressions.new(change.value, register, change.field),
            )
            code = self.expressions.inserted(value, type, register, change.field, put)
            self.writer.line(f"{value} = {code.text}")

    def _let(self, let: s.Let) -> None:
        if let.value is None:
            name, fresh = self.scope.declare(let.name, str(let.type))
            if fresh:
                self.writer.line(f"{name}: {self.expressions.type(let.type)}")
            return
        text = self.expressions.text(let.value)
        known = None
        if isinstance(let.type, Int) and let.name not in self.changing:
            known = self.expressions.bounds(let.value)
        name, fresh = self.scope.declare(let.name, str(let.type), known)
        shown = f"{name}: {self.expressions.type(let.type)}" if fresh else name
        self.writer.line(f"{shown} = {text}")

    # ---- control

    def _if(self, statement: s.If) -> None:
        for number, arm in enumerate(statement.arms):
            word = "elif" if number else "if"
            with self.writer.block(f"{word} {self.expressions.text(arm.condition)}:"):
                self.writer.comment(arm.doc)
                self.body(arm.body)
        if statement.otherwise:
            with self.writer.block("else:"):
                self.body(statement.otherwise)

    def _loop(self, loop: s.Loop) -> None:
        reach = self.expressions.span_of(loop.low, loop.high, inclusive=loop.inclusive)
        low, high = (self.expressions.bounds(end) for end in (loop.low, loop.high))
        with self.scope.block():
            known = Bounds(low.low, high.high - (not loop.inclusive))
            name, _ = self.scope.declare(loop.var, str(loop.type), known)
            with self._inner(f"for {name} in {reach}:", loop.span):
                self.rounds.append(_Round(None, None))
                self.body(loop.body)
                self.rounds.pop()
        self._leave_on(loop.body)

    def _switch(self, switch: s.Switch) -> None:
        value = self.expressions.text(switch.value)
        if not switch.falling:
            with self.writer.block(f"match {value}:"):
                for case in switch.cases:
                    with self.writer.block(f"case {case.value}:"):
                        self.body(case.body)
                with self.writer.block("case _:"):
                    self.body(switch.otherwise or ())
            return
        with self.scope.block():
            if not _steady(switch.value):
                entry = self.scope.temporary("entry")
                self.writer.line(f"{entry} = {value}")
                value = entry
            entries: list[str] = []
            for case in switch.cases:
                entries.insert(0, str(case.value))
                chosen = f"== {entries[0]}" if len(entries) == 1 else f"in ({', '.join(entries)})"
                with self.writer.block(f"if {value} {chosen}:"):
                    self.body(case.body)
        # Whatever the value, every way leads into the last part.
        self.body(switch.otherwise or ())

    def _labelled(self, block: s.Labelled) -> None:
        leaves = list(leaves_of(block.body, block.label))
        if not leaves:
            self.body(block.body)
            return
        flag = None
        with self.scope.block():
            if any(leaves):
                flag = self.scope.temporary(f"left_{block.label}", "bool")
                self.writer.line(f"{flag} = False")
            self.rounds.append(_Round(block.label, flag))
            with self._inner("while True:", block.span):
                self.writer.comment([f"block {block.label}"])
                self.body(block.body)
                if not ends(block.body):
                    self.writer.line("break")
            self.rounds.pop()
        self._leave_on(block.body)

    def _leave(self, label: str) -> None:
        if self.rounds[-1].label != label:
            self.writer.line(f"{self._round(label).flag} = True")
        self.writer.line("break")

    def _leave_on(self, body: s.Body) -> None:
        """After a Python loop: goes on leaving, if something in it left a block around it."""
        flags = []
        for round in self.rounds:
            if round.label is not None and any(True for _ in leaves_of(body, round.label)):
                flags.append(round.flag)
        if flags:
            with self.writer.block(f"if {' or '.join(str(f) for f in flags)}:"):
                self.writer.line("break")

    def _round(self, label: str) -> _Round:
        return next(r for r in reversed(self.rounds) if r.label == label)

    # ---- barriers

    def _order(self, order: s.Order) -> None:
        if order.first is not None and order.then is not None:
            self.writer.comment([f"orders {_events(order.first)} before {_events(order.then)}"])
        for barrier in order.barriers:
            option = "" if barrier.kind is BarrierKind.ISB else f"{string(barrier.option)}, "
            self.writer.line(f"m.{barrier.kind}({option}{at_site(order.span)})")


def _too_deep(span: Span, what: str) -> HasErrors:
    return HasErrors([TooDeep(span, f"{what} cannot be simulated")])


def at_site(span: Span) -> str:
    return f"at={string(site(span))}"


def quoted(condition: x.Expr) -> str:
    """The condition as the source has it."""
    return string(" ".join(condition.span.text.split()))


def _steady(expr: x.Expr | None) -> bool:
    """Whether an expression can be written twice: it costs nothing and stays the same."""
    return expr is None or isinstance(expr, x.Const | x.Var)


def _events(events: Events) -> str:
    names = ", ".join(t.name for t in events.targets)
    return f"{events.access} of {names}" if events.access else names
