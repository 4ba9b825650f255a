"""Expressions as Python: values stay within their types, and only masks that matter are written."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from dsl.backends.python.asks import asks_machine
from dsl.backends.python.code import ARITHMETIC, INVERSE, Code, Level, number, site, string
from dsl.backends.python.names import Names, Scope, type_name
from dsl.ir import expr as x
from dsl.ir.bounds import Bounds, Known, bounds, unwrapped
from dsl.ir.program import Program
from dsl.ir.shapes import Field, Period, Register
from dsl.ir.types import Bool, Handle, Int, Type

#: What stands for `expr.Written` in a scope; no name in a program has a blank.
WRITTEN = "written value"


class Expressions:
    """Writes the expressions of one function.

    ``quiet`` is for what is no access of the program's own (a platform's behaviour, an extern's
    promise): registers are looked at from outside, and leave no trace.  ``uses`` collects what the
    module has to import from the runtime, and the widths that need an alias.
    """

    def __init__(
        self, program: Program, names: Names, scope: Scope, uses: set[str], *, quiet: bool = False
    ) -> None:
        self.program = program
        self.names = names
        self.scope = scope
        self.uses = uses
        self.quiet = quiet
        self._known = Known(
            lambda name: scope.find(name).bounds,
            lambda register, name: program.derived[register, name].value,
            lambda name: program.definitions[name].value if name in program.definitions else None,
        )

    # ---- what the emitters of statements and platforms need

    def text(self, expr: x.Expr) -> str:
        """An expression where nothing around it binds."""
        return self.code(expr).text

    def new(self, expr: x.Expr, register: Register, field: Field) -> str:
        """The value that a field gets, of which only the field's bits will be used."""
        if isinstance(expr.type, Bool):
            return f"int({self.text(expr)})"
        return self._enumerator(expr, register, field) or self._residue(expr, field.width).text

    def bounds(self, expr: x.Expr) -> Bounds:
        return bounds(expr, self._known)

    def type(self, type: Type | None) -> str:
        """A type as an annotation."""
        match type:
            case None:
                return "None"
            case Bool():
                return "bool"
            case Handle(root=root):
                return self.names.classes[root]
            case Int():
                name = type_name(type)
                self.uses.add(name)
                return name

    def register(self, register: Register, index: x.Expr | None) -> str:
        name = self.names.registers[register.name]
        return name if index is None else f"{name}[{self.text(index)}]"

    def field(self, register: Register, field: Field, index: x.Expr | None) -> str:
        name = self.names.of_field(register, field)
        return name if index is None else f"{name}[{self.text(index)}]"

    def slot(self, base: str, slot: str) -> str:
        return f"{self.scope.find(base).name}.{self.names.slots[slot]}"

    def inserted(
        self, value: str, type: Int, register: Register, field: Field, put: tuple[str, str]
    ) -> Code:
        """``value`` with a field changed; ``put`` is the field's and the new value's code."""
        code = Code(f"{put[0]}.set({value}, {put[1]})")
        if field.mask & ~type.mask or type.signed:
            return self._wrap(code, type)
        return code

    # ---- expressions

    def code(self, expr: x.Expr) -> Code:
        match expr:
            case x.Const():
                return self._const(expr)
            case x.Var(name=name):
                return Code(self.scope.find(name).name)
            case x.Written():
                return Code(self.scope.find(WRITTEN).name)
            case x.ReadRegister(register=register, index=index, span=span):
                place = self.register(register, index)
                if self.quiet:
                    return Code(f"m.peek({place})")
                return Code(f"m.read({place}, at={string(site(span))})")
            case x.ReadSlot(slot=slot, base=base, index=index):
                text = self.slot(base, slot.name)
                return Code(text if index is None else f"{text}[{self.text(index)}]")
            case x.Test():
                return self._test(expr)
            case x.Extract(value=value, register=register, field=field, index=index, type=type):
                name = self.field(register, field, index)
                top = field.mask.bit_length()
                code = Code(f"{name}.get({self._residue(value, top).text})")
                exact = Bounds(0, (1 << field.width) - 1)
                return code if exact.within(type) else self._wrap(code, type)
            case x.Derive(value=value, register=register, name=name):
                key = register.name, name
                machine = (
                    "m, " if asks_machine(self.program, self.program.derived[key].value) else ""
                )
                return Code(f"{self.names.derived[key]}({machine}{self.text(value)})")
            case x.Insert(value=value, register=register, field=field, index=index, new=new):
                text = self.text(value)
                put = (self.field(register, field, index), self.new(new, register, field))
                return self.inserted(text, expr.type, register, field, put)
            case x.Binary():
                return self._binary(expr)
            case x.Not(operand=operand):
                return self._not(operand)
            case x.Truth(operand=operand):
                if isinstance(operand.type, Bool):
                    return self.code(operand)
                return Code(f"{self.code(operand).at(Level.SUM)} != 0", Level.COMPARE)
            case x.Cast(value=value, type=type):
                if isinstance(value.type, Bool):
                    return Code(f"int({self.text(value)})")
                if self.bounds(value).within(type):
                    return self.code(value)
                return self._wrap(self._residue(value, type.width), type)
            case x.Call():
                return Code(self.call(expr))
            case x.Every(var=var, low=low, high=high, condition=condition):
                values = self.span_of(low, high, inclusive=True)
                reach = Bounds(self.bounds(low).low, self.bounds(high).high)
                with self.scope.block():
                    name = self.scope.inner(var, reach)
                    return Code(f"all({self.text(condition)} for {name} in {values})")
            case x.Count(what=what):
                return Code(f"m.count({string(what)})")
            case _:
                assert_never(expr)

    def span_of(self, low: x.Expr, high: x.Expr, *, inclusive: bool) -> str:
        """A ``range`` from ``low`` to ``high``."""
        start = self.code(low)
        match high:
            case x.Const(value=value):
                end = number(value + inclusive).text
            case _ if inclusive:
                end = f"{self.code(high).at(Level.SUM)} + 1"
            case _:
                end = self.text(high)
        return f"range({end})" if start.text == "0" else f"range({start.text}, {end})"

    def call(self, call: x.Call) -> str:
        """A call; one into EL2 goes by way of the machine."""
        extern = call.callee not in self.names.sequences
        name = (self.names.externs if extern else self.names.sequences)[call.callee]
        args = ["m", *(self.text(a) for a in call.args)]
        if extern or self.program.sequences[call.callee].body is None:
            args.append(f"at={string(site(call.span))}")
        if call.hyp:
            return f"m.hypcall({string(site(call.span))}, {', '.join([name, *args])})"
        return f"{name}({', '.join(args)})"

    def _const(self, const: x.Const) -> Code:
        if isinstance(const.type, Bool):
            return Code(str(bool(const.value)))
        return number(const.value)

    def _enumerator(self, expr: x.Expr, register: Register, field: Field) -> str | None:
        """The constant for an enumerator of a field, where the source has one."""
        if not isinstance(expr, x.Const):
            return None
        return self.names.enumerators.get((register.name, field.name, expr.name))

    def _compared(self, side: x.Expr, other: x.Expr) -> str:
        """One side of a comparison, which may be an enumerator of the field on the other."""
        while isinstance(other, x.Cast):
            other = other.value
        if isinstance(other, x.Extract):
            named = self._enumerator(side, other.register, other.field)
            if named is not None:
                return named
        return self.code(side).at(Level.SUM)

    def _test(self, test: x.Test) -> Code:
        condition = test.condition
        if condition.name in self.names.definitions:
            given = [] if test.base is None else [self.scope.find(test.base).name]
            if asks_machine(self.program, self.program.definitions[condition.name].value):
                given.insert(0, "m")
            return Code(f"{self.names.definitions[condition.name]}({', '.join(given)})")
        owner = "m" if test.base is None else self.scope.find(test.base).name
        name = self.names.conditions[condition.name]
        if condition.period is not Period.TEST:
            return Code(f"{owner}.facts.{name}")
        how = "sample" if isinstance(condition.type, Bool) else "sample_number"
        return Code(f'm.{how}({owner}.facts, "{name}", at={string(site(test.span))})')

    def _not(self, operand: x.Expr) -> Code:
        match operand:
            case x.Truth(operand=inner) if isinstance(inner.type, Int):
                return Code(f"{self.code(inner).at(Level.SUM)} == 0", Level.COMPARE)
            case x.Not(operand=inner):
                return self.code(inner)
            case x.Binary(op=op, left=left, right=right) if op in INVERSE and isinstance(
                left.type, Int
            ):
                inverse = x.Binary(INVERSE[op], left, right, operand.type, operand.span)
                return self.code(inverse)
            case _:
                return Code(f"not {self.code(operand).at(Level.COMPARE)}", Level.NOT)

    def _binary(self, expr: x.Binary) -> Code:
        left, right, op = expr.left, expr.right, expr.op
        match op:
            case "and" | "or":
                level = Level.AND if op == "and" else Level.OR
                chained = isinstance(left, x.Binary) and left.op == op
                before = self.code(left).at(level if chained else Level.NOT)
                return Code(f"{before} {op} {self.code(right).at(Level.NOT)}", level)
            case "implies":
                negated = self._not(left).at(Level.NOT)
                return Code(f"{negated} or {self.code(right).at(Level.OR)}", Level.OR)
            case "==" | "!=" | "<" | "<=" | ">" | ">=":
                sides = self._compared(left, right), self._compared(right, left)
                return Code(f"{sides[0]} {op} {sides[1]}", Level.COMPARE)
            case _:
                type = expr.type
                assert isinstance(type, Int)
                # Two's complement numbers of any width stay within it under these.
                closed = op in ("&", "|", "^", ">>")
                exact = unwrapped(expr, self._known)
                if closed or (exact is not None and exact.within(type)):
                    return self._operation(expr, self.code)
                return self._wrap(self._residue(expr, type.width), type)

    def _residue(self, expr: x.Expr, width: int) -> Code:
        """Code that agrees with ``expr`` in the low ``width`` bits, with no mask for the others.

        Sums, products and bitwise operators carry nothing down from the bits above.
        """
        match expr:
            case x.Cast(value=value, type=type) if (
                isinstance(value.type, Int) and type.width >= width
            ):
                return self._residue(value, width)
            case x.Binary(op="+" | "-" | "*" | "&" | "|" | "^", type=Int(width=own)) if (
                own >= width
            ):
                return self._operation(expr, lambda side: self._residue(side, width))
            case x.Binary(op="<<", type=Int(width=own)) if own >= width:
                return self._operation(expr, self.code)
            case _:
                return self.code(expr)

    def _operation(self, expr: x.Binary, side: Callable[[x.Expr], Code]) -> Code:
        """An operator applied to numbers as ``side`` writes them, not yet wrapped."""
        left, right, op = side(expr.left), side(expr.right), expr.op
        match op:
            case "<<" | ">>":
                assert isinstance(expr.type, Int)
                width = expr.type.width
                if self.bounds(expr.right).inside(0, width - 1):
                    return Code(f"{left.at(Level.SIGN)} {op} {right.at(Level.SIGN)}", Level.BITS)
                helper = "shift_left" if op == "<<" else "shift_right"
                self.uses.add(helper)
                return Code(f"{helper}({left.text}, {right.text}, {width})")
            case "+" | "-" | "*":
                level = ARITHMETIC[op]
                return Code(f"{left.at(level)} {op} {right.at(Level(level + 1))}", level)
            case _:
                chained = isinstance(expr.left, x.Binary) and expr.left.op == op
                before = left.at(Level.BITS if chained else Level.SIGN)
                return Code(f"{before} {op} {right.at(Level.SIGN)}", Level.BITS)

    def _wrap(self, code: Code, type: Int) -> Code:
        if type.signed:
            self.uses.add("signed")
            return Code(f"signed({code.text}, {type.width})")
        return Code(f"{code.at(Level.SIGN)} & {type.mask:#x}", Level.BITS)
