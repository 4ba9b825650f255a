"""IR statements to lines of C, in kernel style: blocks, their declarations, branches and loops."""

from __future__ import annotations

from msgspec.structs import replace

from dsl.backends.c import accesses
from dsl.backends.c.banks import Banks
from dsl.backends.c.declarations import Block, Locals, name_of
from dsl.backends.c.expressions import Expressions
from dsl.backends.c.jumps import Labels
from dsl.backends.c.moves import Implied, Moves, Steps, implied_by, moved, result_of, steps_of
from dsl.backends.c.spelling import Speller, c_name
from dsl.backends.c.text import POSTFIX, CText, Line, comment, parenthesised, string, wrapped
from dsl.backends.c.types import Types
from dsl.backends.c.values import variable
from dsl.diagnostics.names import BadHint
from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.bounds import bounds
from dsl.ir.dialect import Role
from dsl.ir.program import Program
from dsl.ir.types import U32, Type
from dsl.resolve.hints import Layout, StatementLayout
from dsl.source import Span

_PLAIN = StatementLayout()


class Statements:
    """Writes the body of one function; ``declarations`` is complete once ``lines`` has run."""

    def __init__(
        self,
        program: Program,
        expressions: Expressions,
        speller: Speller,
        types: Types,
        layout: Layout,
        sequence: s.Sequence,
        *,
        initialise: bool,
    ) -> None:
        self._program = program
        self._x = expressions
        self._speller = speller
        self._types = types
        self._layout = layout
        self._sequence = sequence
        self._initialise = initialise
        self._own = layout.statements.get(sequence.signature.span.start, _PLAIN)
        self._banks = Banks(expressions, speller)
        self._locals = Locals(speller, sequence)
        self._labels = Labels(sequence)
        self._moves = Moves(expressions, speller, self._banks)
        self.declarations: list[Line] = []

    def lines(self) -> list[Line]:
        """The statements of the function, without the declarations at its top."""
        body = self._sequence.body
        assert body is not None
        block = Block(1, self._own.locals)
        opening = self._opening(body, block) if self._initialise else 0
        made = self._body(body[opening:], block)
        self.declarations = block.lines()
        return made

    def _opening(self, body: s.Body, block: Block) -> int:
        """Initialises the first ``let``s in their declarations; how many these are.

        `@locals` may ask for another order, in which C would evaluate them.
        """
        listed = {name: place for place, name in enumerate(self._own.locals)}
        last = -1
        count = 0
        for statement in body:
            if not isinstance(statement, s.Let) or statement.doc:
                break
            place = listed.get(statement.name, len(listed))
            if statement.value is None:
                self._declare(statement.name, statement.type, name_of(statement), block)
                last = max(last, place)
                count += 1
                continue
            plan = self._plan([statement.value])
            if self._of(statement).via or plan.hoisted or plan.refused or place < last:
                break
            made = self._x.store(statement.value, statement.type)
            value = (parenthesised(made) if self._of(statement).grouped else made).text
            self._declare(statement.name, statement.type, name_of(statement), block, value)
            last = place
            count += 1
        return count

    def _of(self, statement: s.Statement) -> StatementLayout:
        layout = self._layout.statements.get(statement.span.start, _PLAIN)
        if isinstance(statement, s.Return) and layout.via is None and self._own.via is not None:
            # A hint before a sequence says how its results go.
            return StatementLayout(blank=layout.blank, via=self._own.via)
        return layout

    def _plan(
        self, values: list[x.Expr], via: x.Expr | None = None, own: x.Expr | None = None
    ) -> accesses.Plan:
        """What goes through locals: for the order's sake, because a hint says so, for a switch."""
        return accesses.plan(
            self._program,
            values,
            lambda each: each is via or (each is not own and self._banks.reads(each)),
        )

    def _declare(self, name: str, type: Type, span: Span, block: Block, value: str = "") -> str:
        """Declares a ``let`` or the variable of a loop; its name in C."""
        made = self._locals.named(name, self._types.of(type, span), block, value)
        self._x.names[name] = made
        return made

    # ---- blocks

    def _body(self, body: s.Body, block: Block) -> list[Line]:
        """Statements that share a C block, with their comments and the blank lines before them."""
        made: list[Line] = []
        for statement in body:
            layout = self._of(statement)
            if made:
                made += [Line(0, "")] * layout.blank
            made += comment(block.indent, statement.doc)
            made += self._statement(statement, layout, block)
        return made

    def _inner(self, body: s.Body, block: Block) -> list[Line]:
        """A C block of its own: its declarations, a blank line, its statements."""
        lines = self._body(body, block)
        declared = block.lines()
        return [*declared, Line(0, ""), *lines] if declared and lines else declared + lines

    def _statement(
        self, statement: s.Statement, layout: StatementLayout, block: Block
    ) -> list[Line]:
        """A statement after whatever has to be put into locals before it."""
        around, self._x.parens = self._x.parens, layout.parens
        made = self._placed(statement, layout, block)
        self._x.parens = around
        return made

    def _placed(self, statement: s.Statement, layout: StatementLayout, block: Block) -> list[Line]:
        implied = implied_by(statement)
        values = accesses.values_of(statement, implied)
        # A switch that writes an element reads it, too.
        own = implied if self._banks.writes(statement) else None
        plan = self._plan(values, own=own)
        for each in plan.refused:
            self._speller.missing(
                each.span,
                "in which order this is accessed, or not at all,",
                "let value = … in front of it, with the condition around it",
            )
        direct = self._direct(statement, layout, plan, block, implied)
        if direct is not None:
            return direct
        via = plan.first if layout.via is not None else None
        steps = self._steps(statement, layout, implied)
        if steps is not None:
            via = implied
        if via is not None:
            plan = self._plan(values, via, own)
        busy = set() if via is None or layout.via is None else {layout.via}
        before: list[Line] = []
        around = dict(self._x.through)
        for each in plan.hoisted:
            whole = result_of(statement, each) if layout.via is not None else None
            name = layout.via if each is via else None
            first = steps.first if steps is not None and each is via else ()
            before += self._hoist(whole or each, each, name, statement, block, busy, first)
        if before and before[-1].text == "}" and isinstance(statement, s.Return):
            before.append(Line(0, ""))
        if steps is not None:
            assert implied is not None
            for changes in steps.rest:
                before += self._moves.step(implied, changes, block.indent)
            statement = replace(steps.statement, changes=())
        made = [*before, *self._plain(statement, layout, block, implied)]
        self._x.through = around
        return made

    def _steps(
        self, statement: s.Statement, layout: StatementLayout, implied: Implied
    ) -> Steps | None:
        """How changes are spread over statements, where `@step` says so."""
        if not layout.steps or not isinstance(statement, (s.UpdateRegister, s.UpdateSlot)):
            return None
        assert implied is not None
        return steps_of(statement, layout.steps, direct=not self._banks.reads(implied))

    def _hoist(
        self,
        whole: x.Expr,
        value: x.Expr,
        via: str | None,
        statement: s.Statement,
        block: Block,
        busy: set[str],
        changes: tuple[s.Change, ...] = (),
    ) -> list[Line]:
        """Puts a value (``whole``: with its conversion to the result) into a local.

        It goes there with the ``changes`` already made.
        """
        if whole is not value:
            signature = self._sequence.signature
            type_ = self._types.of(signature.result, signature.span)
        else:
            type_ = self._types.of(value.type, Span(statement.span.source, -1, -1))
        name = ""
        if via is not None:
            if self._locals.chosen(via, type_, block):
                name = via
            else:
                self._speller.report(
                    BadHint(
                        statement.span,
                        f"`{via}` cannot be the local that this goes through: "
                        f"`{self._sequence.name}` has another one of that name",
                        help="choose a name that only these values go by",
                    )
                )
        name = name or self._locals.passing("val", type_, block, busy)
        if self._banks.reads(value):
            made = self._banks.assigned(block.indent, name, value)
        else:
            match statement, value:
                case s.UpdateSlot(index=index), x.ReadSlot(slot=slot, index=None) if slot.length:
                    # What changing fields begins with: the statement says which element.
                    read = self._x.place(value, index)
                case _:
                    read = self._x.store(whole, whole.type if whole is not value else None)
            if changes:
                read = self._moves.changed(value, read, changes)
            made = wrapped(block.indent, f"{name} = {read.text};")
        self._x.through[id(whole)] = CText(name, type=variable(whole.type))
        return made

    # ---- statements

    def _plain(
        self, statement: s.Statement, layout: StatementLayout, block: Block, implied: Implied
    ) -> list[Line]:
        indent = block.indent
        match statement:
            case s.Let(name=name, type=type_, value=None):
                self._declare(name, type_, name_of(statement), block)
                return []
            case s.Let(name=name, type=type_, value=value):
                assert value is not None
                made = self._x.store(value, type_)
                text = (parenthesised(made) if layout.grouped else made).text
                declared = self._declare(name, type_, name_of(statement), block)
                return wrapped(indent, f"{declared} = {text};")
            case s.If():
                return self._if(statement, layout, block)
            case s.Loop():
                return self._loop(statement, layout, block)
            case s.Switch():
                return self._switch(statement, block)
            case s.Labelled(body=body):
                with self._labels.inside(statement) as label:
                    lines = self._body(body, block)
                gap = [Line(0, "")] if lines else []
                return [*lines, *gap, Line(0, f"{label}:")] if label else lines
            case s.Leave():
                return [Line(indent, f"{self._labels.leave(statement)};")]
            case s.Return(value=None):
                return [Line(indent, "return;")]
            case s.Return(value=value):
                assert value is not None
                made = self._x.store(value, self._sequence.signature.result)
                text = made.at(POSTFIX if layout.parens else 0)
                return wrapped(indent, f"return {text};")
            case s.Fail():
                return self._fail(statement, indent)
            case s.Hold():
                return self._hold(statement, block)
            case s.May():
                return []
            case _:
                return self._moves.lines(statement, implied, indent, grouped=layout.grouped)

    def _direct(
        self,
        statement: s.Statement,
        layout: StatementLayout,
        plan: accesses.Plan,
        block: Block,
        implied: Implied,
    ) -> list[Line] | None:
        """A statement that does no more than move an element of a bank that C cannot index."""
        value = moved(statement)
        if layout.via or value is None or not self._banks.reads(value) or len(plan.hoisted) != 1:
            return None
        match statement:
            case s.Return():
                return self._banks.returned(block.indent, value)
            case s.Let(name=name, type=type_):
                target = self._declare(name, type_, name_of(statement), block)
            case s.Assign(name=name):
                target = self._x.names.get(name, name)
            case s.WriteSlot(index=index):
                assert isinstance(implied, x.ReadSlot)
                target = self._x.place(implied, index).text
            case _:
                return None
        return self._banks.assigned(block.indent, target, value)

    # ---- branches, loops, locks

    def _if(self, node: s.If, layout: StatementLayout, block: Block) -> list[Line]:
        node = self._split(node)
        indent = block.indent
        bodies: list[tuple[s.Body, list[Line]]] = []
        for i, arm in enumerate(node.arms):
            order = layout.locals if i == 0 else ()
            bodies.append((arm.body, self._inner(arm.body, block.inner(order))))
        if node.otherwise is not None:
            bodies.append((node.otherwise, self._inner(node.otherwise, block.inner())))
        braces = layout.braces or any(not _simple(b, lines, indent + 1) for b, lines in bodies)
        made: list[Line] = []
        for i, (_, lines) in enumerate(bodies):
            head = "else"
            if i < len(node.arms):
                condition = self._x.write(node.arms[i].condition)
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

    def _split(self, node: s.If) -> s.If:
        """Puts a condition that needs a local before it into an else-branch of its own."""
        for i, arm in enumerate(node.arms[1:], 1):
            if self._plan([arm.condition]).hoisted:
                rest = s.If(node.arms[i:], node.otherwise, (), arm.span)
                return s.If(node.arms[:i], (rest,), node.doc, node.span)
        return node

    def _loop(self, node: s.Loop, layout: StatementLayout, block: Block) -> list[Line]:
        indent = block.indent
        low = self._x.write(node.low)
        end, high = self._end(node, block)
        var = self._declare(node.var, node.type, Span(node.span.source, -1, -1), block)
        counter = x.Var(node.var, node.type, node.span)
        op = "<=" if node.inclusive else "<"
        test = self._x.relation(op, counter, high, bounds(node.low).low)
        head = f"for ({var} = {low.text}; {test.text}; {var}++)"
        lines = self._inner(node.body, block.inner(layout.locals))
        self._x.through.pop(id(high), None)
        if not layout.braces and _simple(node.body, lines, indent + 1):
            return [*end, *wrapped(indent, head), *lines]
        return [*end, *wrapped(indent, f"{head} {{"), *lines, Line(indent, "}")]

    def _end(self, node: s.Loop, block: Block) -> tuple[list[Line], x.Expr]:
        """The end of a loop, put into a local where C would come to another one in each round."""
        high = node.high
        plan = self._plan([high])
        for each in plan.refused:
            self._speller.missing(each.span, "in which order this is read", "let end = …")
        if not plan.hoisted and not accesses.changes_inside(self._program, high, node.body):
            return [], high
        made: list[Line] = []
        busy: set[str] = set()
        for each in plan.hoisted:
            made += self._hoist(each, each, None, node, block, busy)
        type_ = self._types.of(high.type, Span(node.span.source, -1, -1))
        name = self._locals.passing(f"{c_name(node.var)}_end", type_, block, busy)
        self._locals.keep(name)
        made += wrapped(block.indent, f"{name} = {self._x.store(high, high.type).text};")
        for each in plan.hoisted:
            self._x.through.pop(id(each), None)
        self._x.through[id(high)] = CText(name, type=variable(high.type))
        return made, high

    def _switch(self, node: s.Switch, block: Block) -> list[Line]:
        indent = block.indent
        made = wrapped(indent, f"switch ({self._x.write(node.value).text}) {{")
        bodies = [(f"case {_number(case)}:", case.body) for case in node.cases]
        if node.otherwise is not None:
            bodies.append(("default:", node.otherwise))
        for i, (label, body) in enumerate(bodies):
            lines = self._body(body, block.case())
            made.append(Line(indent, label))
            made += lines
            last = i == len(bodies) - 1
            if body and isinstance(body[-1], (s.Return, s.Leave)):
                continue
            if last and body and isinstance(body[-1], s.Fail):
                continue
            if not node.falling or (last and not lines):
                made.append(Line(indent + 1, "break;"))
            elif not last and lines:
                through = self._speller.operation("fallthrough")
                made += [Line(indent + 1, f"{through.text};")] if through is not None else []
        return [*made, Line(indent, "}")]

    def _fail(self, node: s.Fail, indent: int) -> list[Line]:
        if node.message:
            message = CText(string(node.message))
            made = self._speller.required("panic", node.span, "panic($message)", message=message)
        else:
            made = self._speller.required("fail", node.span, "BUG()")
        return wrapped(indent, f"{made.text};")

    def _hold(self, node: s.Hold, block: Block) -> list[Line]:
        name = node.lock.name
        found = self._speller.find(Role.LOCK, name)
        if found is None:
            self._speller.missing(
                node.span,
                f"the lock `{name}`",
                f'lock {name} is "lock(&{name})", "unlock(&{name})"',
            )
            return []
        handles = [p for p in self._sequence.signature.params if p.name == node.base]
        values = {str(p.type): CText(c_name(p.name)) for p in handles}
        take = self._speller.use(found, values, 0)
        release = self._speller.use(found, values, 1)
        return [
            *wrapped(block.indent, f"{take.text};"),
            *self._body(node.body, block),
            *wrapped(block.indent, f"{release.text};"),
        ]


def _number(case: s.Case) -> str:
    return f"{case.value}{'' if case.value < 0 or U32.holds(case.value) else 'ULL'}"


def _simple(body: s.Body, lines: list[Line], indent: int) -> bool:
    """One C statement that needs no braces: not compound, no comment, nothing declared."""
    if len(body) != 1 or body[0].doc:
        return False
    if isinstance(body[0], (s.If, s.Loop, s.Switch, s.Labelled, s.Hold)):
        return False
    ends = sum(line.text.endswith(";") for line in lines)
    return ends == 1 and bool(lines) and lines[0].indent == indent
