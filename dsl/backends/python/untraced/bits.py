"""The bits of numbers: where they stand, which of them can be one, and which of them to keep."""

from __future__ import annotations

from msgspec.structs import replace

from dsl.backends.python.code import Code, Level, number
from dsl.backends.python.expressions import Expressions
from dsl.backends.python.names import Names, Scope
from dsl.backends.python.untraced.opening import Opening, all_ones, field_in
from dsl.backends.python.untraced.registers import Registers, computed, hidden
from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.bounds import Bounds
from dsl.ir.folding import Folder
from dsl.ir.program import Program
from dsl.ir.shapes import Access, Register
from dsl.ir.types import Bool, Int
from dsl.ir.walk import inside

#: Nothing is known of the bits of a number, which may be negative.
ANY = -1


class Bits(Expressions):
    """Writes numbers as far as some of their bits are asked for."""

    def __init__(
        self,
        program: Program,
        names: Names,
        scope: Scope,
        uses: set[str],
        registers: Registers,
        folder: Folder,
        *,
        quiet: bool = False,
    ) -> None:
        super().__init__(program, names, scope, uses, quiet=quiet)
        self.registers = registers
        self.opening = Opening(program, registers, folder, self.proven, quiet=quiet)
        #: The arrays of contexts that a local stands for, by handle and slot.
        self.arrays: dict[tuple[str, str], str] = {}
        self._known = replace(self._known, variable=self._variable)

    def _variable(self, name: str) -> Bounds | None:
        """What is known of a variable; nothing of one that is not declared yet."""
        try:
            return self.scope.find(name).bounds
        except KeyError:
            return None

    def rounds(self, loop: s.Loop) -> Bounds:
        """The values of the variable of a loop."""
        low, high = self.bounds(loop.low), self.bounds(loop.high)
        return Bounds(low.low, high.high - (not loop.inclusive))

    def array(self, base: str, slot: str) -> str:
        """The list with the values of an array."""
        return self.arrays.get((base, slot)) or f"{self.slot(base, slot)}.values"

    # ---- registers and fields

    def element(self, register: Register, index: x.Expr | None) -> str | None:
        """The place of a register in the list; None where it may not be there."""
        base = self.registers.numbers[register.name]
        if index is None:
            return f"values[{base}]"
        if not self.proven(index, register.first, register.count):
            return None
        base -= register.first
        if isinstance(index, x.Const):
            return f"values[{base + index.value}]"
        at = self.code(index)
        if not base:
            return f"values[{at.text}]"
        if base < 0:
            return f"values[{at.at(Level.SUM)} - {-base}]"
        return f"values[{base} + {at.at(Level.PRODUCT)}]"

    def proven(self, index: x.Expr, first: int, count: int) -> bool:
        """Whether an index is surely that of an element, and costs nothing to ask again."""
        if any(isinstance(part, x.Call) for part in inside(index)):
            return False
        return self.bounds(index).inside(first, first + count - 1)

    def stored(self, read: x.ReadRegister) -> Code | None:
        """What a register stores, computed fields aside; None where only the machine can tell."""
        if read.register.access is Access.WO and not self.quiet:
            return None
        place = self.element(read.register, read.index)
        return None if place is None else Code(place)

    def _low(self, e: x.Extract | x.Insert) -> Code | None:
        """The lowest bit of a field; None for an index that may be outside of its family."""
        field = e.field
        if e.index is None:
            return Code(str(field.low))
        if not self.proven(e.index, field.first, field.count):
            return None
        start = field.low - field.first * field.stride
        if isinstance(e.index, x.Const):
            return Code(str(start + e.index.value * field.stride))
        at = self.code(e.index)
        if field.stride != 1:
            at = Code(f"{at.at(Level.PRODUCT)} * {field.stride}", Level.PRODUCT)
        if start:
            sign = "+" if start > 0 else "-"
            at = Code(f"{at.at(Level.SUM)} {sign} {abs(start)}", Level.SUM)
        return at

    def _holding(self, e: x.Extract) -> tuple[Code, int] | None:
        """The number that a field is in, and the bits of it that may be one."""
        match e.value:
            case x.ReadRegister(register=register) as read if (
                register.name == e.register.name and not e.field.computed
            ):
                if e.field.access is Access.WO and not self.quiet:
                    return Code("0"), 0
                code = self.stored(read)
                return None if code is None else (code, register.live & ~computed(register))
            case x.Binary(op="+" | "-" | "*" | "<<"):
                return self._residue(e.value, e.field.mask.bit_length()), ANY
            case value:
                return self.code(value), self.ones(value)

    # ---- bits

    def ones(self, e: x.Expr) -> int:
        """The bits of a number that may be one; `ANY` where it may be negative."""
        most = self.bounds(e)
        limit = ANY if most.low < 0 else (1 << most.high.bit_length()) - 1
        found = self._ones(e)
        return limit if found == ANY else found if limit == ANY else found & limit

    def _ones(self, e: x.Expr) -> int:
        match e:
            case x.Const(value=value):
                return value if value >= 0 else ANY
            case x.ReadRegister(register=register):
                return register.live & ~(0 if self.quiet else hidden(register))
            case x.Extract(field=field):
                return all_ones(field)
            case x.Insert(value=value, type=Int(signed=False) as type):
                inside, placed = self.ones(value), e.field.mask & type.mask
                return ANY if inside == ANY else inside | placed
            case x.Binary(op="&", left=left, right=right):
                sides = self.ones(left), self.ones(right)
                return max(sides) if ANY in sides else sides[0] & sides[1]
            case x.Binary(op="|" | "^", left=left, right=right):
                sides = self.ones(left), self.ones(right)
                return ANY if ANY in sides else sides[0] | sides[1]
            case x.Cast(value=value, type=Int(signed=False) as type):
                inside = self.ones(value) if isinstance(value.type, Int) else 1
                return type.mask if inside == ANY else inside & type.mask
            case _:
                return ANY

    def keep(self, e: x.Expr, mask: int) -> Code:
        """``e & mask``, with no more masks than it takes."""
        ones = self.ones(e)
        mask = mask if ones == ANY else mask & ones
        if not mask and self._lost(e):
            return Code("0")
        match e:
            case x.Const(value=value):
                return number(value & mask)
            case x.ReadRegister(register=register) if not mask & computed(register):
                stored = self.stored(e)
                if stored is None:
                    return self._masked(self.code(e), ones, mask)
                return self._masked(stored, register.live & ~computed(register), mask)
            case x.Binary(op="&", left=left, right=x.Const(value=value)):
                return self.keep(left, mask & value)
            case x.Binary(op="&", left=x.Const(value=value), right=right):
                return self.keep(right, mask & value)
            case x.Binary(op="|", left=left, right=right):
                return _either(self.keep(left, mask), self.keep(right, mask))
            case x.Insert(value=value, field=field, new=new, type=Int(signed=False)):
                low = self._low(e)
                if low is None or not low.text.isdecimal():
                    return self._masked(super().code(e), self.ones(e), mask)
                bits = all_ones(field) << int(low.text)
                put = self.placed(new, int(low.text), bits & mask)
                if not mask & ~bits:
                    return put if self._lost(value) else _either(self.keep(value, 0), put)
                return _either(self.keep(value, mask & ~bits), put)
            case x.Cast(value=value, type=type) if (
                isinstance(value.type, Int) and not mask & ~type.mask
            ):
                return self.keep(value, mask)
            case x.Insert():
                return self._masked(super().code(e), ones, mask)
            case x.Binary(op="&"):
                return self._masked(super().code(e), ones, mask)
            case _:
                return self._masked(self.code(e), ones, mask)

    def placed(self, e: x.Expr, low: int, mask: int) -> Code:
        """The low bits of ``e`` moved up to bit ``low``, as far as they are in ``mask``."""
        if isinstance(e.type, Bool):
            if not mask:
                return Code("0")
            return Code(f"({self.text(e)}) << {low}" if low else f"int({self.text(e)})", Level.BITS)
        if isinstance(e, x.Const):
            return number(e.value << low & mask)
        same = field_in(e)
        if same is not None and self.opening.computed(same) is None:
            at, found = self._low(same), self._holding(same)
            if at is not None and at.text == str(low) and found is not None:
                return self._masked(found[0], found[1], mask & all_ones(same.field) << low)
        kept = self.keep(e, mask >> low)
        if not low or kept.text == "0":
            return kept
        return Code(f"{kept.at(Level.SIGN)} << {low}", Level.BITS)

    def _masked(self, code: Code, ones: int, mask: int) -> Code:
        if ones != ANY and not ones & ~mask:
            return code
        return Code(f"{code.at(Level.SIGN)} & {number(mask).text}", Level.BITS)

    def _lost(self, e: x.Expr) -> bool:
        """Whether nothing is missed where an expression is not evaluated."""
        return not any(
            isinstance(part, x.Call | x.Test)
            or (isinstance(part, x.ReadRegister | x.ReadSlot) and part.index is not None)
            or (isinstance(part, x.ReadRegister) and part.register.access is Access.WO)
            or (isinstance(part, x.Extract | x.Insert) and part.index is not None)
            for part in inside(e)
        )


def _either(left: Code, right: Code) -> Code:
    if left.text == "0":
        return right
    if right.text == "0":
        return left
    return Code(f"{left.at(Level.SIGN)} | {right.at(Level.SIGN)}", Level.BITS)
