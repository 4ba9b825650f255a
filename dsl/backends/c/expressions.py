"""IR expressions to C expressions, in a dialect's words.

What `Expressions.write` returns has, in C, the value that the expression has in the IR; its C
type may be another one, so every operator looks at the types that C would compute in, and a
conversion is written out where C would not make it by itself.  Some things are taken for granted:
signed numbers wrap (kernels are built so); what a dialect spells has the value that it stands for,
masks being as wide as what they are applied to; what is put into a field is cut off; and a slot has
the C type that it is declared with, a range being an `unsigned int`.  A shift by a variable amount
is written as it stands, so the amount must stay below the width; the IR has 0 there, C has nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from msgspec.structs import replace

from dsl.backends.c import text as c
from dsl.backends.c.calls import Calls
from dsl.backends.c.fields import Fields
from dsl.backends.c.numbers import literal, suffixed
from dsl.backends.c.spelling import Speller, c_name
from dsl.backends.c.text import CText, binary, unary
from dsl.backends.c.values import (
    WIDTHS,
    computes,
    named,
    nothing_of,
    promoted,
    truly,
    typed,
    usual,
    variable,
    widened,
)
from dsl.diagnostics.dialects import NoSpelling
from dsl.ir import expr as x
from dsl.ir.bounds import bounds, unwrapped
from dsl.ir.dialect import Role
from dsl.ir.platform import Derived
from dsl.ir.sequence import Change, Signature
from dsl.ir.shapes import Register
from dsl.ir.types import BOOL, INT, U64, Bool, Int, Type

#: What has operands.
_OPERATIONS = (x.Binary, x.Not, x.Extract, x.Insert)
_LOGICAL = {"and": "&&", "or": "||"}
_INVERSE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


class Expressions:
    """Writes the expressions of one function.

    ``through`` maps an expression (by its identity) to the local that its value was put into,
    ``names`` what the source calls something to what C does.  ``copies`` are the slots of which
    the function keeps a copy of the same name.
    """

    def __init__(
        self,
        speller: Speller,
        copies: frozenset[str],
        signatures: Mapping[str, Signature],
        derived: Mapping[tuple[str, str], Derived],
    ) -> None:
        self.speller = speller
        self.copies = copies
        self.through: dict[int, CText] = {}
        self.names: dict[str, str] = {}
        #: Whether operands that are operations get parentheses that C does not need.
        self.parens = False
        self._operand = False
        self._fields = Fields(speller, self.write, derived)
        self._calls = Calls(speller, signatures, self.write, self.normal, self.store)

    # ---- the value of an expression, and the places where C needs less

    def write(self, value: x.Expr, bits: int | None = None) -> CText:
        """An expression as C; with ``bits``, only that many low bits of it have to be right."""
        through = self.through.get(id(value))
        if through is not None:
            return through
        operand = self._operand
        # A conversion that is not written leaves an operand what it is.
        self._operand = isinstance(value, _OPERATIONS) or (
            operand and isinstance(value, (x.Cast, x.Truth))
        )
        made = self._written(value, bits)
        self._operand = operand
        if self.parens and operand and made.precedence < c.POSTFIX:
            made = replace(made, text=f"({made.text})", precedence=c.POSTFIX)
        return made

    def _written(self, value: x.Expr, bits: int | None) -> CText:
        match value:
            case x.Named():
                return self._named(value)
            case x.Const():
                return literal(value)
            case x.Var(name=name, type=type_):
                return CText(self.names.get(name) or c_name(name), type=variable(type_))
            case x.ReadRegister():
                return self._read(value)
            case x.ReadSlot():
                return self._load(value)
            case x.Test(condition=condition, base=base):
                return self._test(condition.name, base, condition.root, value)
            case x.Extract():
                return self._fields.extract(value)
            case x.Derive(register=register, name=name):
                picked = self._fields.picked(value)
                if isinstance(picked, x.Extract):
                    return self._fields.extract(picked)
                return self._fields.derive(value, register, name)
            case x.Insert() if (built := self._fields.built(value, self.through)) is not None:
                return built
            case x.Insert(register=register, field=field, index=index, new=new, type=type_):
                made = self.changed(
                    self.write(value.value), register, (Change(field, index, new),), type_
                )
                if type_.signed or field.mask & ~type_.mask:
                    return self.cast(made, type_, value)
                return made
            case x.Binary(type=Bool()):
                return self._truth(value)
            case x.Binary():
                return self._arithmetic(value, bits)
            case x.Not(operand=operand):
                return self._negated(operand)
            case x.Truth(operand=operand):
                return self._nonzero(operand)
            case x.Cast():
                return self._cast(value, bits)
            case x.Call():
                return self._calls.call(value)
            case x.Every() | x.Written() | x.Count():
                self.speller.report(
                    NoSpelling(
                        value.span,
                        "C has no `every`: in a sequence it must be a loop",
                        help="write `each … in …` with what is to be done in it",
                    )
                )
                return CText("0")
            case _:
                assert_never(value)

    def _named(self, value: x.Named) -> CText:
        """A number, by its name where the dialect spells it and that has the same value."""
        found = self.speller.find(Role.VALUE, value.symbol) if value.symbol else None
        return literal(value) if found is None else self.speller.use(found, {})

    def store(self, value: x.Expr, type: Type | None) -> CText:
        """An expression where C converts it to a variable's, a parameter's or a result's type."""
        if not isinstance(type, Int) or type.width not in WIDTHS:
            return self.write(value)
        while (
            isinstance(value, x.Cast)
            and id(value) not in self.through
            and isinstance(value.value.type, Int)
            and value.type.width >= type.width
        ):
            value = value.value
        if isinstance(value, x.Const) and not type.holds(value.value):
            return literal(x.Const(type.wrap(value.value), type, value.span))
        return self.write(value, type.width)

    def normal(self, value: x.Expr) -> CText:
        """A truth value as 0 or 1: what a dialect spells may be true with any value but 0."""
        made = self.write(value)
        return unary("!", unary("!", made)) if self._loose(value) else made

    def _loose(self, value: x.Expr) -> bool:
        if id(value) in self.through:
            return False
        match value:
            case x.Not(operand=x.Not(operand=inner) as negated) if id(negated) not in self.through:
                return self._loose(inner)
            case _:
                return isinstance(value, (x.Truth, x.Test, x.Derive))

    # ---- truth

    def _truth(self, value: x.Binary) -> CText:
        left, right = value.left, value.right
        if value.op == "implies":
            return truly(binary(self._negated(left), "||", self.write(right)))
        if value.op in _LOGICAL:
            op = _LOGICAL[value.op]
            return truly(binary(self.write(left), op, self.write(right)))
        return self._relation(value.op, left, right)

    def _negated(self, value: x.Expr) -> CText:
        if id(value) not in self.through:
            match value:
                case x.Not(operand=operand):
                    return self.write(operand)
                case x.Binary(op=op, left=left, right=right) if op in _INVERSE:
                    return self._relation(_INVERSE[op], left, right)
                case _:
                    pass
        return truly(unary("!", self.write(value)))

    def _nonzero(self, value: x.Expr) -> CText:
        """A number of which only matters whether it is zero: a field need not be shifted down."""
        value = self._fields.picked(self._plain(value))
        if isinstance(value, x.Extract) and id(value) not in self.through:
            return self._fields.bits(value)
        return self.write(value)

    def _relation(self, op: str, left: x.Expr, right: x.Expr) -> CText:
        if left.type == BOOL or right.type == BOOL:
            return truly(binary(self.normal(left), op, self.normal(right)))
        if op in ("==", "!="):
            ends = [self._fields.picked(self._plain(side)) for side in (left, right)]
            found = self._fields.compared(ends[0], ends[1], op)
            if found is not None:
                return truly(found)
        return self.relation(op, left, right)

    def relation(self, op: str, left: x.Expr, right: x.Expr, least: int | None = None) -> CText:
        """Two numbers compared; C takes a negative one for a large one beside an unsigned one.

        ``least`` is what the left side is at least, where more is known than its form tells.
        """
        pair = x.Binary(op, left, right, BOOL, left.span)
        sides = [*self._implied(pair, self.write(left), self.write(right))]
        low = [bounds(left).low if least is None else least, bounds(right).low]
        common = usual(sides[0].type, sides[1].type)
        if min(low) < 0 and (common is None or not common.signed):
            for i, side in enumerate((left, right)):
                made = promoted(sides[i].type)
                if (made is None or not made.signed) and isinstance(side.type, Int):
                    sides[i] = self.cast(sides[i], side.type, side)
        return truly(binary(sides[0], op, sides[1]))

    # ---- numbers

    def _arithmetic(self, value: x.Binary, bits: int | None) -> CText:
        type_, op = value.type, value.op
        assert isinstance(type_, Int)
        if op in ("<<", ">>"):
            return self._shift(value, type_, bits)
        if op == "^" and isinstance(ones := value.right, x.Const) and type_.mask & ~ones.value == 0:
            return self._complement(value.left, type_, bits)
        if bits is not None and bits <= type_.width:
            sides = self._implied(
                value, self.write(value.left, bits), self.write(value.right, bits)
            )
            common = usual(sides[0].type, sides[1].type)
            if bits <= (common or INT).width:
                return typed(binary(sides[0], op, sides[1]), common)
        left, right = self._implied(value, *self._operands(value))
        if not self._right(value, type_, left, right):
            # A number is told its type; anything else is converted.
            if isinstance(value.right, x.Const) and not type_.signed:
                right = suffixed(right, type_)
            elif isinstance(value.left, x.Const) and not type_.signed:
                left = suffixed(left, type_)
            common = usual(left.type, right.type)
            if type_.width > (common or INT).width or (
                not self._right(value, type_, left, right) and common == INT
            ):
                left = self.cast(left, type_, value.left)
        made = typed(binary(left, op, right), usual(left.type, right.type))
        return made if self._right(value, type_, left, right) else self.cast(made, type_, value)

    def operated(self, value: x.Binary, type: Type) -> CText | None:
        """What C's ``a op= …`` applies to ``a``; None where that would compute something else."""
        if not isinstance(type, Int) or type.width not in WIDTHS:
            return None
        if value.op in ("<<", ">>"):
            # The amount is below what C computes in wherever it is below the type's own width.
            most = min(bounds(value.right).high, type.width)
            return self.write(value.right) if most < type.width else None
        return self.write(value.right, type.width)

    def _complement(self, operand: x.Expr, type: Int, bits: int | None) -> CText:
        """Every bit the other way round, which `~` does in whatever type C computes in."""
        made = self.write(operand, bits)
        if bits is None or bits > (promoted(made.type) or INT).width:
            made = self.write(operand)
            if promoted(made.type) != type:
                made = self.cast(made, type, operand)
        return typed(unary("~", made), promoted(made.type))

    def _operands(self, value: x.Binary) -> tuple[CText, CText]:
        """Both sides; beside a mask only the bits in it matter."""
        left, right = value.left, value.right
        need: list[int | None] = [None, None]
        for i, side in enumerate((left, right)):
            if value.op == "&" and isinstance(side, x.Const) and side.value >= 0:
                need[1 - i] = side.value.bit_length()
        return self.write(left, need[0]), self.write(right, need[1])

    def _implied(self, value: x.Binary, left: CText, right: CText) -> tuple[CText, CText]:
        """Both sides without a conversion that C makes because of the other side."""
        made = [left, right]
        for i, side in enumerate((value.left, value.right)):
            inner = side.value if isinstance(side, x.Cast) else None
            if (
                inner is None
                or id(side) in self.through
                or not isinstance(inner.type, Int)
                or not isinstance(side.type, Int)
                or inner.type.width > side.type.width
                or bounds(inner).within(side.type)
            ):
                continue
            bare = self.write(inner)
            if bare.type is not None and usual(bare.type, made[1 - i].type) == side.type:
                made[i] = bare
        return made[0], made[1]

    def _right(self, value: x.Binary, type: Int, left: CText, right: CText) -> bool:
        """Whether C computes an operator on exact operands to the same value as the IR."""
        common = usual(left.type, right.type)
        if common == type:
            return True
        if value.op in ("&", "|", "^"):
            signed = common is not None and common.signed
            return (
                not type.signed
                or signed
                or min(bounds(value.left).low, bounds(value.right).low) >= 0
            )
        return computes(unwrapped(value), type, common)

    def _shift(self, value: x.Binary, type: Int, bits: int | None) -> CText:
        amount = bounds(value.right)
        if amount.low >= type.width:
            return nothing_of(self.write(value.left), value.left)
        by = self.write(value.right)
        most = min(amount.high, type.width - 1)
        if value.op == ">>":
            left = self.write(value.left)
            if (promoted(left.type) or INT).width <= most:
                left = self.cast(left, type, value.left)
            return typed(binary(left, ">>", by), promoted(left.type))
        if bits is not None and bits <= type.width:
            left = self.write(value.left, bits)
            if max(bits, most + 1) <= (promoted(left.type) or INT).width:
                return typed(binary(left, "<<", by), promoted(left.type))
        left = self.write(value.left)
        made = promoted(left.type)
        if made != type and not (
            most < (made or INT).width and computes(unwrapped(value), type, made)
        ):
            if isinstance(value.left, x.Const) and left.type is not None and not type.signed:
                left = suffixed(left, type)
            elif made == INT or (made or INT).width < type.width:
                left = self.cast(left, type, value.left)
        shifted = typed(binary(left, "<<", by), promoted(left.type))
        if shifted.type == type or computes(unwrapped(value), type, shifted.type):
            return shifted
        return self.cast(shifted, type, value)

    def _cast(self, value: x.Cast, bits: int | None) -> CText:
        inner, type_ = value.value, value.type
        if not isinstance(inner.type, Int):
            return self.normal(inner)
        if bits is not None and bits <= min(type_.width, inner.type.width):
            return self.write(inner, bits)
        if bounds(inner).within(type_):
            return self.write(inner)
        return self.cast(self.store(inner, type_), type_, value)

    def cast(self, made: CText, type: Int, value: x.Expr) -> CText:
        """An explicit conversion."""
        if type.width not in WIDTHS:
            return binary(made, "&", CText(f"{type.mask:#x}"))
        shown = str(type)
        return CText(f"({self.speller.type(shown, value.span)}){made.at(c.UNARY)}", c.UNARY, type)

    def _plain(self, value: x.Expr) -> x.Expr:
        """Without the conversions that change nothing, unless one went through a local."""
        inner = widened(value)
        while value is not inner and id(value) not in self.through:
            assert isinstance(value, x.Cast)
            value = value.value
        return value

    # ---- registers, slots, facts

    def _test(self, name: str, base: str | None, root: str | None, value: x.Test) -> CText:
        found = self.speller.find(Role.VALUE, name)
        if found is None:
            return self.speller.missing(
                value.span, f"the condition `{name}`", f'{name} is "{name}()"'
            )
        values = self.speller.of(base, root) if root and base else {}
        return self.speller.owned(self.speller.use(found, values), base, value.span)

    def _load(self, value: x.ReadSlot) -> CText:
        slot, index = value.slot, value.index
        if slot.name in self.copies and self.speller.first(slot.root) == value.base:
            local = self.speller.find(Role.LOCAL, slot.name)
            return CText(slot.name, type=named(local.type) if local else None)
        return replace(self.place(value, index), type=variable(slot.type))

    def place(self, value: x.ReadSlot, index: x.Expr | None) -> CText:
        """A slot, or an element of one, as an lvalue."""
        home = self.speller.slot(value.slot, value.base, value.span)
        return home if index is None else CText(f"{home.at(c.POSTFIX)}[{self.write(index).text}]")

    def _read(self, value: x.ReadRegister) -> CText:
        index = None if value.index is None else self.write(value.index)
        made = self.speller.read(value.register, value.index, index, value.span)
        return typed(made, U64 if value.register.width == U64.width else None)

    def changed(
        self, old: CText, register: Register, changes: tuple[Change, ...], type: Int
    ) -> CText:
        """A register's value with some fields changed."""
        return typed(self._fields.changed(old, register, changes), type if type == U64 else None)

    def assigned(
        self, place: CText, register: Register, changes: tuple[Change, ...]
    ) -> tuple[str, CText]:
        """The operator and the value of an assignment that changes fields in a variable."""
        return self._fields.assigned(place, register, changes)
