"""Expressions without a trace: registers as numbers in a list, fields as masks."""

from __future__ import annotations

from dsl.backends.python.code import Code, Level, number
from dsl.backends.python.untraced.bits import ANY, Bits
from dsl.backends.python.untraced.opening import all_ones, field_in
from dsl.backends.python.untraced.registers import computed, hidden
from dsl.ir import expr as x
from dsl.ir.types import Bool, Int


class UntracedExpressions(Bits):
    """Writes the expressions of one function that keeps no trace."""

    def code(self, expr: x.Expr) -> Code:
        match expr:
            case x.ReadRegister():
                return self._read(expr) or super().code(expr)
            case x.ReadSlot(slot=slot, base=base, index=index) if index is not None:
                if self.proven(index, 0, slot.length):
                    return Code(f"{self.array(base, slot.name)}[{self.text(index)}]")
                return super().code(expr)
            case x.Extract():
                return self._extract(expr) or super().code(expr)
            case x.Insert(type=Int(signed=False) as type):
                return self.keep(expr, type.mask)
            case x.Binary(op="&" | "|", type=Int(signed=False) as type):
                return self.keep(expr, type.mask)
            case x.Truth(operand=operand) if isinstance(operand.type, Int):
                return self._tested(operand, "!=", 0) or super().code(expr)
            case x.Not(operand=x.Truth(operand=operand)) if isinstance(operand.type, Int):
                return self._tested(operand, "==", 0) or super().code(expr)
            case x.Binary(op="==" | "!=" as op, left=left, right=x.Const(value=value)):
                if isinstance(left.type, Int):
                    return self._tested(left, op, value) or super().code(expr)
                return super().code(expr)
            case _:
                return super().code(expr)

    def condition(self, expr: x.Expr) -> Code:
        """Code that is true or false as the expression is, for a place that asks no more."""
        match expr:
            case x.Truth(operand=operand):
                return self._bare(operand)
            case x.Not(operand=x.Truth(operand=operand)) if isinstance(operand.type, Int):
                return self._zero(operand)
            case x.Binary(op="!=", left=left, right=x.Const(value=0)) if isinstance(left.type, Int):
                return self._bare(left)
            case x.Binary(op="==", left=left, right=x.Const(value=0)) if isinstance(left.type, Int):
                return self._zero(left)
            case x.Not(operand=operand):
                return Code(f"not {self.condition(operand).at(Level.COMPARE)}", Level.NOT)
            case x.Binary(op="and" | "or" as op, left=left, right=right):
                level = Level.AND if op == "and" else Level.OR
                sides = self.condition(left), self.condition(right)
                return Code(f"{sides[0].at(level)} {op} {sides[1].at(Level.NOT)}", level)
            case _:
                return self.code(expr)

    def _read(self, read: x.ReadRegister) -> Code | None:
        register = read.register
        code = self.stored(read)
        if code is None:
            return None
        if computed(register):
            index = "" if read.index is None else f", {self.text(read.index)}"
            code = Code(f"{self.names.reads[register.name]}(m{index})")
        unseen = 0 if self.quiet else hidden(register)
        return Code(f"{code.text} & {register.live & ~unseen:#x}", Level.BITS) if unseen else code

    def _extract(self, e: x.Extract) -> Code | None:
        """A field of a value, shifted down."""
        if not e.type.holds(all_ones(e.field)):
            return None
        known = self.opening.computed(e)
        if known is not None:
            if isinstance(known.type, Bool):
                return Code(f"int({self.text(known)})")
            return self.keep(known, all_ones(e.field))
        low, found = self._low(e), self._holding(e)
        if low is None or found is None:
            return None
        value, ones = found
        if low.text != "0":
            value = Code(f"{value.at(Level.SIGN)} >> {low.at(Level.SUM)}", Level.BITS)
        plain = low.text.isdecimal() and ones != ANY
        if plain and ones >> int(low.text) <= all_ones(e.field):
            return value
        return Code(f"{value.at(Level.SIGN)} & {number(all_ones(e.field)).text}", Level.BITS)

    # ---- tests

    def _tested(self, operand: x.Expr, op: str, value: int) -> Code | None:
        """A field compared with a number where it stands, without a shift."""
        e = field_in(operand)
        if e is None or not 0 <= value <= all_ones(e.field):
            return None
        known = self.opening.computed(e)
        if known is not None:
            if not isinstance(known.type, Bool) or value > 1:
                return None
            return self.code(known if value == (op == "==") else x.Not(known, e.span))
        low, found = self._low(e), self._holding(e)
        if low is None or found is None:
            return None
        number_in, ones = found
        if not (e.index is None or isinstance(e.index, x.Const)):
            shifted = f"{number_in.at(Level.SIGN)} >> {low.at(Level.SUM)}"
            return Code(
                f"({shifted}) & {number(all_ones(e.field)).text} {op} {value}", Level.COMPARE
            )
        bit = int(low.text)
        mask = all_ones(e.field) << bit
        if not value and bit and ones != ANY and not ones >> (bit + e.field.width):
            # It is the highest field that there is.
            order = "<" if op == "==" else ">="
            return Code(
                f"{number_in.at(Level.BITS)} {order} {number(1 << bit).text}", Level.COMPARE
            )
        wanted = number(value << bit).text
        if ones != ANY and not ones & ~mask:
            return Code(f"{number_in.at(Level.BITS)} {op} {wanted}", Level.COMPARE)
        masked = f"{number_in.at(Level.SIGN)} & {number(mask).text}"
        return Code(f"{masked} {op} {wanted}", Level.COMPARE)

    def _bare(self, operand: x.Expr) -> Code:
        """Code that counts as true where an integer is not zero."""
        if not isinstance(operand.type, Int):
            return self.condition(operand)
        code = self._tested(operand, "!=", 0)
        if code is None:
            return self.code(operand)
        if code.text.endswith(" != 0"):
            return Code(code.text.removesuffix(" != 0"), Level.BITS)
        return code

    def _zero(self, operand: x.Expr) -> Code:
        """Code that counts as true where an integer is zero."""
        code = self._tested(operand, "==", 0)
        if code is None:
            return Code(f"not {self.code(operand).at(Level.BITS)}", Level.NOT)
        if code.text.endswith(" == 0"):
            return Code(f"not {code.text.removesuffix(' == 0')}", Level.NOT)
        return code
