"""The parts of a module that a machine without a trace runs on, function by function."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from msgspec.structs import replace

from dsl.backends.python.code import Level, number, string
from dsl.backends.python.names import Names, Scope, Taken
from dsl.backends.python.untraced.expressions import UntracedExpressions
from dsl.backends.python.untraced.opening import all_of, all_terms
from dsl.backends.python.untraced.registers import Registers, computed, writable
from dsl.backends.python.untraced.statements import UntracedStatements
from dsl.backends.python.writer import Writer, docstring
from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.bounds import Bounds
from dsl.ir.cutting import cut
from dsl.ir.folding import Folder
from dsl.ir.inlining import inlined
from dsl.ir.platform import Computed, Legalisation
from dsl.ir.program import Program
from dsl.ir.rewrite import with_expressions, with_written, without
from dsl.ir.shapes import Register
from dsl.ir.specialise import fixed_in
from dsl.ir.types import U64, Bool
from dsl.ir.walk import assigned, ends, inside

#: A loop of the program is only laid out if it comes to no more statements than this.
_LAID_OUT = 16


@dataclass(frozen=True)
class Untraced:
    """Writes what a program does on a machine that keeps no trace."""

    program: Program
    names: Names
    uses: set[str]

    @cached_property
    def registers(self) -> Registers:
        return Registers(self.program)

    @cached_property
    def _folder(self) -> Folder:
        return Folder(self.program, fixed_in(self.program), unseen=True)

    @cached_property
    def _quiet(self) -> Folder:
        return Folder(self.program, fixed_in(self.program), quiet=True)

    # ---- what a sequence does

    def body(self, writer: Writer, sequence: s.Sequence, scope: Scope) -> None:
        """The body of a sequence, whose parameters are in ``scope``."""
        assert sequence.body is not None
        whole = replace(sequence, body=inlined(self.program, sequence))
        body = cut(_seen(whole, self._folder), self._folder, most=_LAID_OUT).body or ()
        inner = Writer(writer.depth)
        expressions = self._expressions(scope, quiet=False)
        body = with_expressions(body, expressions.opening.opened)
        UntracedStatements(inner, expressions, assigned(body)).body(body)
        if sequence.signature.result is not None and not ends(body):
            self.uses.add("MachineError")
            text = f"{sequence.name} ends without a result"
            inner.line(f"raise MachineError({string(text)})")
        self._finish(writer, inner)

    def _expressions(self, scope: Scope, *, quiet: bool) -> UntracedExpressions:
        return UntracedExpressions(
            self.program, self.names, scope, self.uses, self.registers, self._quiet, quiet=quiet
        )

    @staticmethod
    def _finish(writer: Writer, inner: Writer) -> None:
        if re.search(r"\bvalues\[", inner.text.replace(".values[", "")):
            writer.line("values = m.values")
        writer.add(inner)

    # ---- what registers do

    def settle(self, writer: Writer) -> None:
        """In the class of the machine: what follows from registers that no sequence writes."""
        made = []
        asked: set[str] = set()
        for register in self.program.registers.values():
            masking = self.registers.masking(register)
            if not masking or self.registers.fixed(register, masking) is not None:
                continue
            scope = Scope(Taken({*self.names.taken, "self"}))
            expressions = self._expressions(scope, quiet=True)
            bits = writable(register)
            terms = []
            for rule, stays in masking:
                asked |= {
                    part.register.name
                    for e in (rule.condition, rule.value)
                    for part in inside(e)
                    if isinstance(part, x.ReadRegister)
                }
                mask = rule.field.mask & bits
                bits &= ~rule.field.mask
                terms.append(_term(expressions, rule, stays, mask))
            terms.insert(0, number(bits).text)
            made.append(f"self.{self.names.keeps[register.name]} = {' | '.join(terms)}")
        if not made:
            return
        self.uses.update(("ClassVar",))
        settled = ", ".join(string(name) for name in sorted(asked))
        writer.line(f"SETTLED: ClassVar[frozenset[str]] = frozenset(({settled},))")
        with writer.block("def settle(self) -> None:"):
            writer.line(docstring(["What is left of a write, as far as no sequence changes that."]))
            writer.line("values = self.values")
            for line in made:
                writer.line(line)

    def legal(self, register: Register) -> str | None:
        """What becomes of a write; None where a mask says it."""
        rules = self.registers.rules(register)
        if not rules or self.registers.masking(register) is not None:
            return None
        writer = Writer()
        name = self.names.legal[register.name]
        what = f"What stays of a write to {register.name}, in the bits that a write changes."
        with self._function(writer, name, register, "written: int", what) as (inner, expressions):
            expressions.scope.alias("written", "written", Bounds(0, register.type.mask))
            written = x.Var("written", register.type, register.span)
            inner.line("value = written")
            for rule in rules:
                self._rule(inner, expressions, register, rule, written)
            bits = writable(register)
            inner.line(
                "return value" if bits == register.type.mask else f"return value & {bits:#x}"
            )
        return writer.text

    def _rule(
        self,
        writer: Writer,
        expressions: UntracedExpressions,
        register: Register,
        rule: Legalisation,
        written: x.Expr,
    ) -> None:
        field = rule.field
        var = field.name.partition("<")[2].rstrip(">") or "n"

        def change(index: x.Expr | None) -> None:
            value = x.Insert(
                x.Var("value", register.type, register.span),
                register,
                field,
                index,
                expressions.opening.opened(with_written(rule.value, written)),
                register.type,
                register.span,
            )
            with expressions.scope.block():
                expressions.scope.alias("value", "value", Bounds(0, register.type.mask))
                line = f"value = {expressions.text(value)}"
            if isinstance(rule.condition, x.Const) and rule.condition.value:
                writer.line(line)
                return
            test = expressions.condition(
                expressions.opening.opened(with_written(rule.condition, written))
            )
            with writer.block(f"if {test.text}:"):
                writer.line(line)

        if not field.count:
            change(None)
            return
        with expressions.scope.block():
            last = field.first + field.count - 1
            n, _ = expressions.scope.declare(var, "int", Bounds(field.first, last))
            with writer.block(f"for {n} in {_range(field.first, last)}:"):
                change(x.Var(var, U64, register.span))

    def read(self, register: Register) -> str | None:
        """What a register reads as that has computed fields; None where it has none."""
        if not computed(register):
            return None
        rules = [c for c in self.program.computed if c.register.name == register.name]
        writer = Writer()
        name = self.names.reads[register.name]
        what = f"The value of {register.name}, with what is computed."
        with self._function(writer, name, register, "", what) as (inner, expressions):
            index = None
            if register.banked:
                index = x.Var(register.var or "n", U64, register.span)
            place = expressions.element(register, index)
            if register.live & ~computed(register):
                inner.line(f"stored = {place}")
                expressions.scope.alias("stored", "stored", Bounds(0, register.type.mask))
                inner.line("value = stored")
            else:
                inner.line("value = 0")
            for rule in rules:
                self._compute(inner, expressions, register, rule)
            inner.line("return value")
        return writer.text

    def _compute(
        self, writer: Writer, expressions: UntracedExpressions, register: Register, rule: Computed
    ) -> None:
        field, stored = rule.field, x.Var("stored", register.type, register.span)
        value = expressions.opening.opened(with_written(rule.value, stored))
        if not field.count:
            _add(writer, expressions, value, str(field.low), field.width)
            return
        with expressions.scope.block():
            last = field.first + field.count - 1
            var = rule.var or "n"
            n, _ = expressions.scope.declare(var, "int", Bounds(field.first, last))
            reach, value = _reach(expressions, var, field.first, last, value)
            with writer.block(f"for {n} in {reach}:"):
                start = field.low - field.first * field.stride
                at = n if field.stride == 1 else f"{n} * {field.stride}"
                at += f" + {start}" if start > 0 else f" - {-start}" if start else ""
                _add(writer, expressions, value, at, field.width)

    @contextmanager
    def _function(
        self, writer: Writer, name: str, register: Register, param: str, what: str
    ) -> Iterator[tuple[Writer, UntracedExpressions]]:
        scope = Scope(Taken({*self.names.taken, "written", "stored", "value", "register"}))
        expressions = self._expressions(scope, quiet=True)
        params = ["m: Machine"]
        if register.banked:
            known = Bounds(register.first, register.first + register.count - 1)
            index, _ = scope.declare(register.var or "n", "int", known)
            params.append(f"{index}: int")
        params += [param] if param else []
        with writer.block(f"def {name}({', '.join(params)}) -> int:"):
            writer.line(docstring([what]))
            inner = Writer(writer.depth)
            yield inner, expressions
            self._finish(writer, inner)


def _term(
    expressions: UntracedExpressions, rule: Legalisation, stays: x.Expr | None, mask: int
) -> str:
    """The bits of a field that stay of what is written."""
    left = "0" if stays is None else expressions.placed(stays, rule.field.low, mask).text
    if isinstance(rule.condition, x.Const):
        return f"({left})" if rule.condition.value else number(mask).text
    test = expressions.condition(rule.condition)
    return f"({left} if {test.text} else {number(mask).text})"


def _add(
    writer: Writer, expressions: UntracedExpressions, value: x.Expr, low: str, width: int
) -> None:
    """Puts a value into a field that is still 0."""
    if isinstance(value.type, Bool):
        with writer.block(f"if {expressions.condition(value).text}:"):
            bit = number(1 << int(low)).text if low.isdecimal() else f"1 << {low}"
            writer.line(f"value |= {bit}")
        return
    bits = expressions.keep(value, (1 << width) - 1)
    writer.line(f"value |= {bits.text if low == '0' else f'{bits.at(Level.SUM)} << {low}'}")


def _reach(
    expressions: UntracedExpressions, var: str, first: int, last: int, value: x.Expr
) -> tuple[str, x.Expr]:
    """The elements to look at: no more than a bound that the value begins with lets through."""
    terms = all_terms(value)
    match terms[0]:
        case x.Binary(op="<=" | "<" as op, left=left, right=most) if _is(left, var) and not any(
            isinstance(part, x.Var) and part.name == var for part in inside(most)
        ):
            bound = expressions.code(most)
            known = expressions.bounds(most)
            end = bound.at(Level.SUM) + (" + 1" if op == "<=" else "")
            if known.high + (op == "<=") > last + 1:
                end = f"min({end}, {last + 1})"
            reach = f"range({end})" if not first else f"range({first}, {end})"
            rest = terms[1:]
            return reach, all_of(rest, value.span)
    return _range(first, last), value


def _is(value: x.Expr, var: str) -> bool:
    """Whether a number that is not negative is that of a variable."""
    while isinstance(value, x.Cast):
        value = value.value
    return isinstance(value, x.Var) and value.name == var


def _range(first: int, last: int) -> str:
    return f"range({first}, {last + 1})" if first else f"range({last + 1})"


def _seen(sequence: s.Sequence, folder: Folder) -> s.Sequence:
    """A sequence without its barriers, and without warnings that only a trace would show."""
    return replace(
        sequence,
        body=without(
            sequence.body or (),
            lambda each: isinstance(each, s.Order)
            or (isinstance(each, s.Warn) and folder.silent(each.condition)),
        ),
    )
