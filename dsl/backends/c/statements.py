"""IR statements to lines of C, in kernel style."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, assert_never

from msgspec.structs import replace

from dsl.backends.c.banks import element_reads, switch_over, unspelt_bank
from dsl.backends.c.expressions import Expressions
from dsl.backends.c.spelling import Speller
from dsl.backends.c.text import CText, Line, comment, declarator, wrapped
from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.dialect import Role
from dsl.ir.platform import Barrier, BarrierKind
from dsl.ir.shapes import Register
from dsl.ir.types import Type
from dsl.resolve.layout import Layout, StatementLayout
from dsl.resolve.scope import key
from dsl.resolve.walk import expressions as expressions_of
from dsl.resolve.walk import inside
from dsl.source import Span

if TYPE_CHECKING:
    from dsl.backends.c.function import Types

_PLAIN = StatementLayout()


@dataclass(slots=True)
class _Block:
    """The declarations that one C block needs, in the order in which they are first needed.

    A name that the ``order`` of a block around this one lists is declared there.
    """

    indent: int
    order: tuple[str, ...] = ()
    outer: _Block | None = None
    types: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)

    def declare(self, name: str, type: str, value: str = "") -> None:
        home: _Block | None = self
        while home is not None and name not in home.order:
            home = home.outer
        (home or self).types.setdefault(name, type)
        if value:
            self.values[name] = value

    def lines(self) -> list[Line]:
        names = [n for n in self.order if n in self.types]
        names += [n for n in self.types if n not in names]
        made: list[Line] = []
        for name in names:
            value = f" = {self.values[name]}" if name in self.values else ""
            made += wrapped(self.indent, f"{declarator(self.types[name], name)}{value};")
        return made


class Statements:
    """Writes the body of one function; ``declarations`` is complete once ``lines`` has run."""

    def __init__(
        self,
        expressions: Expressions,
        speller: Speller,
        types: Types,
        layout: Layout,
        sequence: s.Sequence,
        *,
        initialise: bool,
    ) -> None:
        self._x = expressions
        self._speller = speller
        self._types = types
        self._layout = layout
        self._sequence = sequence
        self._initialise = initialise
        self._own = layout.statements.get(sequence.signature.span.start, _PLAIN)
        self._last_label = ""
        self.declarations: list[Line] = []

    def lines(self) -> list[Line]:
        """The statements of the function, without the declarations at its top."""
        body = self._sequence.body
        assert body is not None
        block = _Block(1, self._own.locals)
        opening = 0
        if self._initialise:
            while opening < len(body) and self._opens(body[opening]):
                let = body[opening]
                assert isinstance(let, s.Let)
                type_ = self._types.of(let.type, Span(let.span.source, *_name_of(let)))
                block.declare(let.name, type_, self._x.write(let.value).text)
                opening += 1
        if body and isinstance(body[-1], s.Labelled) and self._sequence.signature.result is None:
            # Leaving the last block of a function is returning from it.
            self._last_label = body[-1].label
        made = self._body(body[opening:], block)
        self.declarations = block.lines()
        return made

    def _opens(self, statement: s.Statement) -> bool:
        """A ``let`` at the top of a function that is initialised in its declaration."""
        return (
            isinstance(statement, s.Let)
            and not statement.doc
            and self._of(statement).via is None
            and unspelt_bank(self._speller, statement) is None
        )

    def _of(self, statement: s.Statement) -> StatementLayout:
        layout = self._layout.statements.get(statement.span.start, _PLAIN)
        if isinstance(statement, s.Return) and layout.via is None and self._own.via is not None:
            # A hint before a sequence says how its results go.
            return replace(layout, via=self._own.via)
        return layout

    # ---- blocks

    def _body(self, body: s.Body, block: _Block) -> list[Line]:
        """Statements that share a C block, with their comments and the blank lines before them."""
        made: list[Line] = []
        for i, statement in enumerate(body):
            layout = self._of(statement)
            if i:
                made += [Line(0, "")] * layout.blank
            made += comment(block.indent, statement.doc)
            made += self._statement(statement, layout, block)
        return made

    def _inner(self, body: s.Body, outer: _Block, order: tuple[str, ...] = ()) -> list[Line]:
        """A C block of its own: its declarations, a blank line, its statements."""
        block = _Block(outer.indent + 1, order, outer)
        lines = self._body(body, block)
        declared = block.lines()
        return [*declared, Line(0, ""), *lines] if declared and lines else declared + lines

    def _statement(
        self, statement: s.Statement, layout: StatementLayout, block: _Block
    ) -> list[Line]:
        bank = unspelt_bank(self._speller, statement)
        if bank is not None:
            return self._bank(statement, layout, block, bank)
        before: list[Line] = []
        if layout.via is not None:
            before = self._through(statement, layout.via, block)
        made = [*before, *self._plain(statement, layout, block)]
        self._x.through.clear()
        return made

    def _through(self, statement: s.Statement, local: str, block: _Block) -> list[Line]:
        """Puts the statement's first register read into a local."""
        indent = block.indent
        values = list(expressions_of(statement))
        if isinstance(statement, s.UpdateRegister):
            values.insert(0, _implied_read(statement))
        for value in values:
            for each in inside(value):
                if isinstance(each, (x.ReadRegister, x.Call)):
                    type_ = each.type
                    if isinstance(statement, s.Return):
                        type_ = self._sequence.signature.result
                        span = self._sequence.signature.span
                    else:
                        span = _nowhere(statement)
                    block.declare(local, self._types.of(type_, span))
                    read = self._x.write(each)
                    self._x.through[each.span.start] = local
                    return wrapped(indent, f"{local} = {read.text};")
        return []

    # ---- statements

    def _plain(self, statement: s.Statement, layout: StatementLayout, block: _Block) -> list[Line]:
        indent = block.indent
        match statement:
            case s.WriteRegister(register=register, index=index, value=value):
                text = self._write(register, index, self._x.write(value), statement.span)
                return wrapped(indent, f"{text};")
            case s.UpdateRegister(register=register, index=index, changes=changes):
                old = self._x.write(_implied_read(statement))
                new = self._x.changed(old, register, changes)
                text = self._write(register, index, new, statement.span)
                return wrapped(indent, f"{text};")
            case s.WriteSlot(slot=slot, base=base, index=index, value=value):
                place = self._place(self._speller.slot(slot, base), index)
                return wrapped(indent, f"{place.text} = {self._x.write(value).text};")
            case s.UpdateSlot():
                return wrapped(indent, f"{self._update_slot(statement)};")
            case s.Let(name=name, type=type_, value=value):
                span = Span(statement.span.source, *_name_of(statement))
                block.declare(name, self._types.of(type_, span))
                return wrapped(indent, f"{name} = {self._x.write(value).text};")
            case s.If():
                return self._if(statement, layout, block)
            case s.Loop():
                return self._loop(statement, layout, block)
            case s.Switch():
                return self._switch(statement, block)
            case s.Labelled(label=label, body=body):
                lines = self._body(body, block)
                if label == self._last_label:
                    return lines
                return [*lines, Line(0, ""), Line(0, f"{label}:")]
            case s.Leave(label=label):
                leave = "return" if label == self._last_label else f"goto {label}"
                return [Line(indent, f"{leave};")]
            case s.Return(value=value):
                if value is None:
                    return [Line(indent, "return;")]
                return wrapped(indent, f"return {self._x.write(value).text};")
            case s.Hold(lock=lock, base=owner, body=body):
                return self._hold(lock, owner, body, statement.span, block)
            case s.Perform(call=call):
                return wrapped(indent, f"{self._x.write(call).text};")
            case s.Order(barriers=barriers):
                return [Line(indent, f"{self._barrier(b)};") for b in barriers]
            case s.Warn(condition=condition):
                text = self._speller.required(
                    "warn",
                    statement.span,
                    "WARN_ON($condition)",
                    condition=self._x.condition(condition),
                ).text
                return wrapped(indent, f"{text};")
            case s.Assert(condition=condition):
                text = self._speller.required(
                    "assert",
                    statement.span,
                    "BUG_ON(!$condition)",
                    condition=self._x.condition(condition),
                ).text
                return wrapped(indent, f"{text};")
            case s.May():
                return []
            case _:
                assert_never(statement)

    def _write(self, register: Register, index: x.Expr | None, value: CText, span: Span) -> str:
        at = None if index is None else self._x.write(index)
        found = self._speller.find(Role.WRITE, key(register.name))
        values = {"value": value, "register": self._speller.register(register, at)}
        if found is not None:
            return self._speller.use(found, {**values, "n": at} if at else values).text
        found = self._speller.find(Role.WRITE, "register")
        if found is None:
            return self._speller.missing(
                span,
                f"a write of {register.name}",
                'write register is "write_sysreg($value, $register)"',
            ).text
        return self._speller.use(found, values).text

    def _place(self, home: CText, index: x.Expr | None) -> CText:
        return home if index is None else CText(f"{home.text}[{self._x.write(index).text}]")

    def _update_slot(self, statement: s.UpdateSlot) -> str:
        place = self._place(self._speller.slot(statement.slot, statement.base), statement.index)
        if len(statement.changes) == 1:
            clear, put = self._x.change(statement.view, statement.changes[0])
            if put is None:
                assert clear is not None
                return f"{place.text} &= ~{clear.at(11)}"
            if clear is None:
                return f"{place.text} |= {put.text}"
        new = self._x.changed(place, statement.view, statement.changes)
        return f"{place.text} = {new.text}"

    def _barrier(self, barrier: Barrier) -> str:
        option = CText(barrier.option)
        made = self._speller.operation(str(barrier.kind), option=option)
        if made is not None:
            return made.text
        return "isb()" if barrier.kind is BarrierKind.ISB else f"{barrier.kind}({barrier.option})"

    # ---- branches and loops

    def _if(self, node: s.If, layout: StatementLayout, block: _Block) -> list[Line]:
        indent = block.indent
        bodies = []
        for i, arm in enumerate(node.arms):
            order = layout.locals if i == 0 else ()
            bodies.append((arm.body, self._inner(arm.body, block, order)))
        if node.otherwise is not None:
            bodies.append((node.otherwise, self._inner(node.otherwise, block)))
        braces = layout.braces or any(not _simple(b, lines, indent + 1) for b, lines in bodies)
        made: list[Line] = []
        for i, (_, lines) in enumerate(bodies):
            head = "else"
            if i < len(node.arms):
                condition = self._x.condition(node.arms[i].condition)
                if i == 0 and layout.likely is not None:
                    name = "likely" if layout.likely else "unlikely"
                    condition = self._speller.required(
                        name, node.span, f"{name}($condition)", condition=condition
                    )
                head = f"{'else ' if i else ''}if ({condition.text})"
            if braces:
                head = f"{'} ' if i else ''}{head} {{"
            made += wrapped(indent, head)
            made += lines
        return [*made, Line(indent, "}")] if braces else made

    def _loop(self, node: s.Loop, layout: StatementLayout, block: _Block) -> list[Line]:
        indent = block.indent
        block.declare(node.var, self._types.of(node.type, _nowhere(node)))
        relation = "<=" if node.inclusive else "<"
        low, high = self._x.write(node.low), self._x.write(node.high)
        head = f"for ({node.var} = {low.text}; {node.var} {relation} {high.at(8)}; {node.var}++)"
        lines = self._inner(node.body, block, layout.locals)
        if not layout.braces and _simple(node.body, lines, indent + 1):
            return [*wrapped(indent, head), *lines]
        return [*wrapped(indent, f"{head} {{"), *lines, Line(indent, "}")]

    def _switch(self, node: s.Switch, block: _Block) -> list[Line]:
        indent = block.indent
        made = wrapped(indent, f"switch ({self._x.write(node.value).text}) {{")
        bodies = [(f"case {c.value}:", c.body) for c in node.cases]
        if node.otherwise is not None:
            bodies.append(("default:", node.otherwise))
        for i, (label, body) in enumerate(bodies):
            lines = self._inner(body, block)
            last = i == len(bodies) - 1
            made.append(Line(indent, label))
            made += lines
            if _jumps(body):
                continue
            if not node.falling:
                made.append(Line(indent + 1, "break;"))
            elif not last:
                through = self._speller.operation("fallthrough")
                if through is not None:
                    made.append(Line(indent + 1, f"{through.text};"))
        return [*made, Line(indent, "}")]

    def _hold(
        self, lock: s.Lock, owner: str | None, body: s.Body, span: Span, block: _Block
    ) -> list[Line]:
        found = self._speller.find(Role.LOCK, lock.name)
        if found is None:
            self._speller.missing(
                span, f"the lock `{lock.name}`", f'lock {lock.name} is "lock(…)", "unlock(…)"'
            )
            return []
        handles = [p for p in self._sequence.signature.params if p.name == owner]
        values = {str(p.type): CText(p.name) for p in handles}
        take = self._speller.use(found, values, 0)
        release = self._speller.use(found, values, 1)
        return [
            *wrapped(block.indent, f"{take.text};"),
            *self._body(body, block),
            *wrapped(block.indent, f"{release.text};"),
        ]

    # ---- banks that C cannot index

    def _bank(
        self, statement: s.Statement, layout: StatementLayout, block: _Block, bank: Register
    ) -> list[Line]:
        """A switch over the registers of a bank, one access in each case."""
        indent = block.indent
        select, each = switch_over(self._x, self._speller, statement, bank)
        unreachable = self._speller.required("unreachable", statement.span, "unreachable()").text
        made = [Line(indent, f"switch ({select}) {{")]
        match statement:
            case s.Return() if layout.via is None:
                for number in each:
                    value = element_reads(self._x, statement, bank, number)
                    made += [Line(indent, f"case {number}:")]
                    made += wrapped(indent + 1, f"return {value.text};")
                return [*made, Line(indent, "}"), Line(0, ""), Line(indent, f"{unreachable};")]
            case s.Return() | s.Let() | s.WriteSlot():
                target, type_, span = self._target(statement, layout)
                if type_ is not None:
                    block.declare(target, self._types.of(type_, span))
                for number in each:
                    value = element_reads(self._x, statement, bank, number)
                    made += [Line(indent, f"case {number}:")]
                    made += wrapped(indent + 1, f"{target} = {value.text};")
                    made += [Line(indent + 1, "break;")]
                made += [Line(indent, "default:"), Line(indent + 1, f"{unreachable};")]
                made += [Line(indent, "}")]
                if isinstance(statement, s.Return):
                    made += [Line(0, ""), Line(indent, f"return {target};")]
                return made
            case s.WriteRegister(value=value):
                for number in each:
                    made += [Line(indent, f"case {number}:")]
                    made += self._element(bank, number, self._x.write(value), indent)
                return [*made, Line(indent, "}")]
            case s.UpdateRegister(changes=changes):
                for number in each:
                    named = CText(str(number))
                    old = self._x.read_named(
                        bank, named, x.ReadRegister(bank, None, statement.span)
                    )
                    made += [Line(indent, f"case {number}:")]
                    made += self._element(bank, number, self._x.changed(old, bank, changes), indent)
                return [*made, Line(indent, "}")]
            case _:
                self._speller.missing(
                    statement.span,
                    f"an index of {bank.name} here",
                    f'read {bank.name} is "…($n)"',
                )
                return []

    def _element(self, bank: Register, number: int, value: CText, indent: int) -> list[Line]:
        found = self._speller.find(Role.WRITE, "register")
        name = self._speller.register(bank, CText(str(number)))
        if found is None:
            self._speller.missing(
                bank.span, f"a write of {bank.name}", 'write register is "…($value, $register)"'
            )
            return []
        text = self._speller.use(found, {"value": value, "register": name}).text
        return [*wrapped(indent + 1, f"{text};"), Line(indent + 1, "break;")]

    def _target(
        self, statement: s.Return | s.Let | s.WriteSlot, layout: StatementLayout
    ) -> tuple[str, Type | None, Span]:
        """What a read of a bank is assigned to, and its type if it must be declared."""
        match statement:
            case s.Return():
                assert layout.via is not None
                signature = self._sequence.signature
                return layout.via, signature.result, signature.span
            case s.Let(name=name, type=type_):
                return name, type_, Span(statement.span.source, *_name_of(statement))
            case s.WriteSlot(slot=slot, base=base, index=index):
                return self._place(self._speller.slot(slot, base), index).text, None, slot.span


def _implied_read(statement: s.UpdateRegister) -> x.ReadRegister:
    """The read that a change of a register's fields begins with."""
    return x.ReadRegister(statement.register, statement.index, statement.span)


def _name_of(let: s.Let) -> tuple[int, int]:
    """The offsets of the name that a ``let`` declares."""
    start = let.span.start + len("let ")
    text = let.span.text[len("let ") :]
    start += len(text) - len(text.lstrip())
    return start, start + len(let.name)


def _nowhere(statement: s.Statement) -> Span:
    """A place at which no type was written."""
    return Span(statement.span.source, -1, -1)


def _simple(body: s.Body, lines: list[Line], indent: int) -> bool:
    """One C statement that needs no braces: not compound, no comment, nothing declared."""
    if len(body) != 1 or body[0].doc:
        return False
    if isinstance(body[0], (s.If, s.Loop, s.Switch, s.Labelled, s.Hold)):
        return False
    ends = sum(line.text.endswith(";") for line in lines)
    return ends == 1 and bool(lines) and lines[0].indent == indent


def _jumps(body: s.Body) -> bool:
    return bool(body) and isinstance(body[-1], (s.Return, s.Leave))
