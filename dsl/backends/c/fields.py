"""Fields of registers in C: masks, values shifted down, values put in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from dsl.backends.c.spelling import Speller
from dsl.backends.c.text import POSTFIX, UNARY, CText, binary, unary
from dsl.backends.c.values import number, widened
from dsl.ir import expr as x
from dsl.ir.platform import Derived
from dsl.ir.runs import run
from dsl.ir.sequence import Change
from dsl.ir.shapes import Access, Field, Register
from dsl.ir.types import U64, Int
from dsl.source import Span

#: The bits that a change clears first, and those it then sets, either perhaps none.
Masks: TypeAlias = tuple[CText | None, CText | None]


class Fields:
    """Writes what reads or changes fields; ``write`` writes the expressions in it.

    ``derived`` are the derived functions by register and name.
    """

    def __init__(
        self,
        speller: Speller,
        write: Callable[..., CText],
        derived: Mapping[tuple[str, str], Derived],
    ) -> None:
        self._speller = speller
        self._write = write
        self._derived = derived

    # ---- reading

    def extract(self, value: x.Extract) -> CText:
        """A field's value, shifted down."""
        field = value.field
        found = self._spelt(value)
        if found is not None:
            # A pattern such as `$value & BIT(3)` tells a flag, not its value.
            flag = field.width == 1 and found.precedence < POSTFIX and (field.low or field.count)
            return unary("!", unary("!", found)) if flag else found
        inner = self._inner(value)
        apart = self._apart(value, value.register)
        if apart is not None:
            return binary(binary(inner, ">>", apart[1]), "&", apart[0])
        mask = self._mask(value, value.register, value.span)
        fixed = value.index is None or isinstance(value.index, x.Const)
        if fixed:
            # Macros that shift a mask down need one that is a constant.
            made = self._speller.operation("extract", mask=mask, value=inner)
            if made is not None:
                return made
        masked = binary(inner, "&", mask)
        if field.width == 1 and value.index is not None:
            return unary("!", unary("!", masked))
        low = self._position(field, value.index)
        made = masked if low.text == "0" else binary(masked, ">>", low)
        return CText(made.text, made.precedence, U64 if inner.type == U64 else None)

    def picked(self, value: x.Expr) -> x.Expr:
        """A derived function that only picks adjacent bits, as the field that these would be."""
        if not isinstance(value, x.Derive) or not isinstance(value.type, Int):
            return value
        known = self._derived.get((value.register.name, value.name))
        bits = None if known is None else run(known.value)
        if known is None or bits is None:
            return value
        field = Field(value.name, *bits, Access.RO, None, (), (), known.span)
        return x.Extract(value.value, value.register, field, None, value.type, value.span)

    def derive(self, value: x.Derive, register: Register, name: str) -> CText:
        found = self._speller.extraction(register, name)
        if found is None:
            return self._speller.missing(
                value.span, f"{register.name}.{name}", f'{register.name}.{name} is "{name}($value)"'
            )
        return self._speller.use(found, {"value": self._write(value.value)})

    def bits(self, value: x.Extract) -> CText:
        """A field of which only matters whether it is zero."""
        found = self._spelt(value)
        return found or binary(
            self._inner(value), "&", self._mask(value, value.register, value.span)
        )

    def compared(self, left: x.Expr, right: x.Expr, op: str) -> CText | None:
        """A field compared with an enumerator that is spelt in place, or with zero."""
        if isinstance(left, x.Const):
            left, right = right, left
        if not isinstance(left, x.Extract) or not isinstance(right, x.Const):
            return None
        if self._speller.extraction(left.register, left.field.name) is not None:
            return None
        bits: CText | None = CText("0") if right.value == 0 else None
        if right.name and left.index is None:
            bits = self._speller.enumerator(left.register, left.field, right.name) or bits
        if bits is None:
            return None
        return binary(
            binary(self._inner(left), "&", self._mask(left, left.register, left.span)), op, bits
        )

    def _spelt(self, value: x.Extract) -> CText | None:
        """The field by a spelling that takes the register's value."""
        found = self._speller.extraction(value.register, value.field.name)
        if found is None:
            return None
        values = {"value": self._write(value.value)}
        if value.index is not None:
            values["n"] = self._write(value.index)
        return self._speller.use(found, values)

    def _inner(self, value: x.Extract) -> CText:
        inner: CText = self._write(value.value, value.field.mask.bit_length())
        return inner

    def _apart(self, value: x.Extract | Change, register: Register) -> tuple[CText, CText] | None:
        index = None if value.index is None else self._write(value.index)
        return self._speller.apart(register, value.field, index)

    def _mask(self, value: x.Extract | Change, register: Register, span: Span) -> CText:
        index = None if value.index is None else self._write(value.index)
        low = self._position(value.field, value.index)
        return self._speller.mask(register, value.field, index, low, span)

    def _position(self, field: Field, index: x.Expr | None) -> CText:
        """The lowest bit of a field, or of an element of a family."""
        if index is None:
            return CText(str(field.low))
        if isinstance(index, x.Const):
            return CText(str(field.low + (index.value - field.first) * field.stride))
        at: CText = self._write(index)
        if field.stride != 1:
            at = binary(at, "*", CText(str(field.stride)))
        base = field.low - field.first * field.stride
        return binary(at, "+" if base > 0 else "-", CText(str(abs(base)))) if base else at

    # ---- changing

    def built(self, value: x.Insert, through: Mapping[int, CText]) -> CText | None:
        """A value made of fields alone (``0 with …``); None for any other.

        ``through`` are the expressions that went through locals.
        """
        changes: list[Change] = []
        base: x.Expr = value
        while isinstance(base, x.Insert) and id(base) not in through:
            changes.insert(0, Change(base.field, base.index, base.new))
            base = base.value
        if not isinstance(base, x.Const) or base.value != 0 or id(base) in through:
            return None
        return self.changed(CText("0"), value.register, tuple(changes))

    def changed(self, old: CText, register: Register, changes: tuple[Change, ...]) -> CText:
        """A value with some fields changed: clear what must be, then set.

        A field that is changed twice, or by an index that may be the same, starts over.
        """
        made = old
        rest = changes
        while rest:
            count = _distinct(rest)
            made = self._together(made, register, rest[:count])
            rest = rest[count:]
        return made

    def assigned(
        self, place: CText, register: Register, changes: tuple[Change, ...]
    ) -> tuple[str, CText]:
        """The operator and the value of an assignment that changes fields in a variable."""
        if _distinct(changes) < len(changes):
            return "=", self.changed(place, register, changes)
        masks = [self.change(register, change) for change in changes]
        clear = [cleared for cleared, _ in masks if cleared is not None]
        put = [set_ for _, set_ in masks if set_ is not None]
        if not put:
            return "&=", unary("~", _joined(clear))
        if not clear:
            return "|=", _joined(put)
        return "=", _masked(place, masks)

    def _together(self, old: CText, register: Register, changes: tuple[Change, ...]) -> CText:
        if old.text == "0":
            # Nothing is there to be cleared or kept.
            puts = [put for c in changes if (put := self._set(register, c)) is not None]
            return _joined(puts) if puts else old
        return _masked(old, [self.change(register, change) for change in changes])

    def _set(self, register: Register, change: Change) -> CText | None:
        """The bits that a change sets: what an enumerator is spelt as needs no mask."""
        value = number(change.value)
        if value is not None and value.value == 0:
            return None
        full = (1 << change.field.width) - 1
        if value is not None and value.name and value.value != full and change.index is None:
            found = self._speller.enumerator(register, change.field, value.name)
            if found is not None:
                return found
        return self.change(register, change)[1]

    def change(self, register: Register, change: Change) -> Masks:
        """The bits that a change clears first, and those it then sets, either perhaps none."""
        field, constant = change.field, number(change.value)
        mask = self._mask(change, register, change.value.span)
        match constant:
            case x.Const(value=0):
                return mask, None
            case x.Const(value=full) if full & ~(-1 << field.width) == (1 << field.width) - 1:
                return None, mask
            case _:
                return mask, self._placed(register, change, mask, constant or change.value)

    def _placed(self, register: Register, change: Change, mask: CText, value: x.Expr) -> CText:
        """A value shifted to where a field is."""
        field = change.field
        if isinstance(value, x.Const) and value.name and change.index is None:
            found = self._speller.enumerator(register, field, value.name)
            if found is not None:
                return found
        apart = self._apart(change, register)
        if apart is not None:
            return self._put(register, change, value, *apart)
        if change.index is not None and not isinstance(change.index, x.Const):
            # Macros that shift by a mask need one that is a constant.
            return binary(self._wide(register, value), "<<", self._position(field, change.index))
        value = widened(value)
        if isinstance(value, x.Extract) and self._same(value, register, change):
            return binary(self._inner(value), "&", mask)
        made = self._speller.operation("insert", mask=mask, value=self._write(value, field.width))
        return made or self._speller.missing(
            value.span,
            f"a value put into {register.name}.{field.name}",
            'op insert is "FIELD_PREP($mask, $value)"',
        )

    def _put(
        self, register: Register, change: Change, value: x.Expr, mask: CText, shift: CText
    ) -> CText:
        """A value cut off and shifted to where a field is."""
        if isinstance(value, x.Cast) and widened(value) is not value:
            value = widened(value)
        inner = self._wide(register, value, change.field.width)
        return binary(binary(inner, "&", mask), "<<", shift)

    def _wide(self, register: Register, value: x.Expr, bits: int | None = None) -> CText:
        """A value (``bits``: so many of it) of the register's width, so that it can be shifted."""
        wide = f"({self._speller.type(str(register.type), value.span)})"
        return CText(f"{wide}{self._write(value, bits).at(UNARY)}", UNARY)

    def _same(self, value: x.Extract, register: Register, change: Change) -> bool:
        """Whether a value is the field itself, of another value: it need not be shifted."""
        return (
            value.field is change.field
            and value.index is None
            and self._speller.extraction(register, change.field.name) is None
        )


def _masked(old: CText, masks: list[Masks]) -> CText:
    clear = [cleared for cleared, _ in masks if cleared is not None]
    puts = [put for _, put in masks if put is not None]
    made = old
    if clear:
        made = binary(made, "&", unary("~", _joined(clear)))
    for put in puts:
        made = binary(made, "|", put)
    return made


def _joined(masks: list[CText]) -> CText:
    every = masks[0]
    for each in masks[1:]:
        every = binary(every, "|", each)
    return every


def _distinct(changes: tuple[Change, ...]) -> int:
    """How many of the changes, from the first on, surely touch different bits."""
    seen: dict[str, set[int | None]] = {}
    for count, change in enumerate(changes):
        index = change.index.value if isinstance(change.index, x.Const) else None
        used = seen.setdefault(change.field.name, set())
        if used and (index is None or index in used or None in used):
            return count
        used.add(index)
    return len(changes)
