"""The platform as Python: constants for fields and registers, and functions for what they do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dsl.backends.python.asks import asks_machine
from dsl.backends.python.code import number, string
from dsl.backends.python.expressions import WRITTEN, Expressions
from dsl.backends.python.names import Names, Scope, Taken
from dsl.backends.python.writer import Writer, docstring
from dsl.ir import expr as x
from dsl.ir.bounds import Bounds
from dsl.ir.platform import Computed, Derived, Legalisation
from dsl.ir.program import Program
from dsl.ir.shapes import Access, Field, Register
from dsl.ir.walk import inside

#: Makes the writer of expressions of one function.
Maker = Callable[[Scope], Expressions]


@dataclass(frozen=True, slots=True)
class Platform:
    """Writes what a program's registers are and do."""

    program: Program
    names: Names
    uses: set[str]
    quiet: Maker

    # ---- layouts

    def constants(self, register: Register) -> str:
        """The fields of a register, their enumerators, and the register."""
        writer = Writer()
        writer.comment([register.name, *register.doc])
        writer.gap()
        within = ""
        for field in register.fields:
            layout = register.layout(field.layout)
            if layout is not None and layout.name != within:
                writer.comment([f"Layout {layout.name}.", *layout.doc])
            within = field.layout
            self._field(writer, register, field)
        self.uses.add("Bank" if register.banked else "Register")
        members = ", ".join(self.names.of_field(register, f) for f in register.fields)
        args = [string(register.name), str(register.width)]
        if register.banked:
            args += [f"first={register.first}", f"count={register.count}"]
        args.append(f"layout=({members}{',' if members else ''})")
        args += _access(register.access)
        if register.res0:
            args.append(f"res0={register.res0:#x}")
        if register.res1:
            args.append(f"res1={register.res1:#x}")
        if any(rule.register == register for rule in self.program.legalisations):
            args.append("legalised=True")
        kind = "Bank" if register.banked else "Register"
        name = self.names.registers[register.name]
        writer.line(f"{name} = {kind}({', '.join(args)})")
        return writer.text

    def _field(self, writer: Writer, register: Register, field: Field) -> None:
        name = self.names.of_field(register, field)
        pairs = []
        writer.comment(field.doc)
        for e in field.enumerators:
            constant = self.names.enumerators[register.name, field.name, e.name]
            writer.line(f"{constant} = {number(e.value).text}")
            pairs.append(f"({number(e.value).text}, {string(e.name)})")
        args = [string(field.name), str(field.low)]
        if field.count:
            self.uses.add("FieldFamily")
            family = (field.width, field.first, field.count, field.stride)
            words = ("width", "first", "count", "stride")
            args += [f"{w}={v}" for w, v in zip(words, family, strict=True)]
        else:
            self.uses.add("Field")
            if field.width != 1:
                args.append(f"width={field.width}")
        args += _access(field.access)
        if field.reset is not None:
            args.append(f"reset={number(field.reset).text}")
        if field.computed:
            args.append("computed=True")
        if field.layout:
            args.append(f"layout={string(field.layout)}")
        if pairs:
            args.append(f"names=({', '.join(pairs)},)")
        writer.line(f"{name} = {'FieldFamily' if field.count else 'Field'}({', '.join(args)})")

    # ---- behaviour

    def derived(self, derived: Derived) -> str:
        """A derived function: of a register's value, and of the machine where it asks for more."""
        expressions = self._expressions("value")
        name = self.names.derived[derived.register.name, derived.name]
        machine = "m: Machine, " if asks_machine(self.program, derived.value) else ""
        result = expressions.type(derived.value.type)
        writer = Writer()
        with writer.block(f"def {name}({machine}value: int) -> {result}:"):
            what = f"{derived.name} of a value of {derived.register.name}."
            writer.line(docstring(derived.doc or (what,)))
            writer.line(f"return {expressions.text(derived.value)}")
        return writer.text

    def layout(self, register: Register) -> str | None:
        """Which layout is in force; None where fields do not move."""
        rules = [r for r in self.program.layouts if r.register == register]
        if not rules:
            return None
        expressions = self._expressions("value")
        writer = Writer()
        name = self.names.layouts[register.name]
        with writer.block(f"def {name}(m: Machine, value: int) -> str:"):
            what = f"The layout that a value of {register.name} has its fields in."
            writer.line(docstring([what]))
            # In every state exactly one is in force.
            *others, last = rules
            for rule in others:
                with writer.block(f"if {expressions.text(rule.condition)}:"):
                    writer.line(f"return {string(rule.layout.name)}")
            writer.line(f"return {string(last.layout.name)}")
        return writer.text

    def legalised(self, register: Register) -> str | None:
        """What a write becomes; None where it stays what it is."""
        rules = [r for r in self.program.legalisations if r.register == register]
        if not rules:
            return None
        name = self.names.legalised[register.name]
        writer = Writer()
        asked = [e for r in rules for e in (r.value, r.condition)]
        what = f"What a write to {register.name} becomes."
        with self._function(writer, name, register, "written", what, asked) as expressions:
            for rule in rules:
                self._legalise(writer, expressions, rule)
        return writer.text

    def _legalise(self, writer: Writer, expressions: Expressions, rule: Legalisation) -> None:
        def change(target: str) -> None:
            new = expressions.new(rule.value, rule.register, rule.field)
            if isinstance(rule.condition, x.Const) and rule.condition.value:
                writer.line(f"value = {target}.set(value, {new})")
                return
            with writer.block(f"if {expressions.text(rule.condition)}:"):
                writer.line(f"value = {target}.set(value, {new})")

        var = _variable(rule.field)
        self._each(writer, expressions, rule.register, rule.field, var, change)

    def computed(self, register: Register) -> str | None:
        """The computed fields of a register; None where it has none."""
        rules = [c for c in self.program.computed if c.register == register]
        if not rules:
            return None
        name = self.names.computed[register.name]
        writer = Writer()
        asked = [r.value for r in rules]
        what = f"The value of {register.name}, with what is computed."
        with self._function(writer, name, register, "stored", what, asked) as expressions:
            for rule in rules:
                self._compute(writer, expressions, rule)
        return writer.text

    def _compute(self, writer: Writer, expressions: Expressions, rule: Computed) -> None:
        def change(target: str) -> None:
            new = expressions.new(rule.value, rule.register, rule.field)
            writer.line(f"value = {target}.set(value, {new})")

        self._each(writer, expressions, rule.register, rule.field, rule.var, change)

    def _each(
        self,
        writer: Writer,
        expressions: Expressions,
        register: Register,
        field: Field,
        var: str | None,
        act: Callable[[str], None],
    ) -> None:
        """Acts on a field, or in a loop on each element of a family."""
        name = self.names.of_field(register, field)
        if not field.count:
            act(name)
            return
        low, high = field.first, field.first + field.count
        with expressions.scope.block():
            counter, _ = expressions.scope.declare(var or "n", "int", Bounds(low, high - 1))
            reach = f"range({high})" if low == 0 else f"range({low}, {high})"
            with writer.block(f"for {counter} in {reach}:"):
                act(f"{name}[{counter}]")

    def _expressions(self, written: str) -> Expressions:
        """For a function of ``written``, the value of the register itself."""
        scope = Scope(Taken({*self.names.taken, "written", "stored", "value", "register"}))
        scope.alias(WRITTEN, written)
        return self.quiet(scope)

    @contextmanager
    def _function(
        self,
        writer: Writer,
        name: str,
        register: Register,
        written: str,
        what: str,
        asked: list[x.Expr],
    ) -> Iterator[Expressions]:
        """A function that turns one value of a register into another."""
        self.uses.add("Register")
        expressions = self._expressions(written)
        with writer.block(f"def {name}(m: Machine, register: Register, {written}: int) -> int:"):
            writer.line(docstring([what]))
            var = register.var
            if var is not None:
                known = Bounds(register.first, register.first + register.count - 1)
                index, _ = expressions.scope.declare(var, "int", known)
                parts = (e for a in asked for e in inside(a))
                if any(isinstance(e, x.Var) and e.name == var for e in parts):
                    writer.line(f"{index} = register.index")
            writer.line(f"value = {written}")
            yield expressions
            writer.line("return value")


def _access(access: Access) -> list[str]:
    return [] if access is Access.RW else [f'access="{access}"']


def _variable(field: Field) -> str | None:
    """The index of a family as its name has it: ``n`` of ``Status<n>``."""
    return field.name.partition("<")[2].rstrip(">") or None
