"""IR expressions to C expressions, in a dialect's words."""

from __future__ import annotations

from typing import assert_never

from dsl.backends.c import text as c
from dsl.backends.c.spelling import Speller
from dsl.backends.c.text import CText, binary, unary
from dsl.ir import expr as x
from dsl.ir.dialect import Role
from dsl.ir.sequence import Change
from dsl.ir.shapes import Field, Register
from dsl.resolve.scope import key

_LOGICAL = {"and": "&&", "or": "||"}


class Expressions:
    """Writes the expressions of one function.

    ``through`` maps the place of a register read to the local that its value was put into.
    ``locals`` are the slots of which the function keeps a copy of the same name.
    """

    def __init__(self, speller: Speller, locals: frozenset[str]) -> None:
        self.speller = speller
        self.locals = locals
        self.through: dict[int, str] = {}

    def write(self, value: x.Expr) -> CText:
        """An expression as C."""
        match value:
            case x.Const():
                return self._constant(value)
            case x.Var(name=name):
                return CText(name)
            case x.ReadRegister():
                return self._read(value)
            case x.ReadSlot(slot=slot, base=base, index=index):
                home = (
                    CText(slot.name) if slot.name in self.locals else self.speller.slot(slot, base)
                )
                return home if index is None else _indexed(home, self.write(index))
            case x.Test(condition=condition, base=base):
                return self._test(condition.name, base, condition.root, value)
            case x.Extract():
                return self._extract(value)
            case x.Derive(register=register, name=name):
                found = self.speller.extraction(register, name)
                if found is None:
                    return self.speller.missing(
                        value.span,
                        f"{register.name}.{name}",
                        f'{register.name}.{name} is "{name}($value)"',
                    )
                return self.speller.use(found, {"value": self.write(value.value)})
            case x.Insert(register=register, field=field, index=index, new=new):
                changes = (Change(field, index, new),)
                return self.changed(self.write(value.value), register, changes)
            case x.Binary():
                return self._binary(value)
            case x.Not(operand=operand):
                return unary("!", self.condition(operand))
            case x.Truth(operand=operand):
                return self._bits(operand)
            case x.Cast(value=inner):
                # C converts in the same places: see `dsl.ir.types.common`.
                return self.write(inner)
            case x.Call(hyp=hyp):
                return self._call(value, hyp)
            case x.Every() | x.Written() | x.Count():
                return self.speller.missing(value.span, "this expression", "… is not C")
            case _:
                assert_never(value)

    def condition(self, value: x.Expr) -> CText:
        """An expression where C tests for zero anyway."""
        return self._bits(value.operand) if isinstance(value, x.Truth) else self.write(value)

    def _bits(self, value: x.Expr) -> CText:
        """A number of which only matters whether it is zero: a field need not be shifted down."""
        match value:
            case x.Cast(value=inner):
                return self._bits(inner)
            case x.Extract(register=register, field=field) if (
                self.speller.extraction(register, field.name) is None
            ):
                return binary(self.write(value.value), "&", self._mask(value))
            case _:
                return self.write(value)

    # ---- numbers, facts

    def _constant(self, value: x.Const) -> CText:
        if value.name and value.name == value.span.text:
            return CText(str(value.value))
        written = value.span.text.replace("_", "")
        try:
            same = int(written, 0) == value.value
        except ValueError:
            same = False
        text = written if same and not written.startswith(("0b", "0B")) else str(value.value)
        if value.value > 0xFFFFFFFF:
            text += "ULL"
        return CText(text)

    def _test(self, name: str, base: str | None, root: str | None, value: x.Test) -> CText:
        found = self.speller.find(Role.VALUE, name)
        if found is None:
            return self.speller.missing(
                value.span, f"the condition `{name}`", f'{name} is "{name}()"'
            )
        return self.speller.use(found, {root: CText(base)} if root and base else {})

    # ---- registers

    def _read(self, value: x.ReadRegister) -> CText:
        local = self.through.get(value.span.start)
        if local is not None:
            return CText(local)
        index = None if value.index is None else self.write(value.index)
        return self.read_register(value.register, value.index, index, value)

    def read_register(
        self, register: Register, at: x.Expr | None, index: CText | None, value: x.Expr
    ) -> CText:
        """A read of a register by its own spelling, or by the one for all registers."""
        found = self.speller.find(Role.READ, key(register.name))
        if found is not None:
            values = {"register": self.speller.register(register, index)}
            return self.speller.use(found, {**values, "n": index} if index else values)
        if at is not None and not isinstance(at, x.Const):
            return self.speller.missing(
                value.span,
                f"a read of {register.name} with an index that is not a number",
                f'read {register.name} is "…($n)"',
            )
        return self.read_named(register, index, value)

    def read_named(self, register: Register, index: CText | None, value: x.Expr) -> CText:
        """A read by the access macro that takes a register's name."""
        found = self.speller.find(Role.READ, "register")
        if found is None:
            return self.speller.missing(
                value.span,
                f"a read of {register.name}",
                'read register is "read_sysreg($register)"',
            )
        return self.speller.use(found, {"register": self.speller.register(register, index)})

    # ---- fields

    def _mask(self, value: x.Extract) -> CText:
        index = None if value.index is None else self.write(value.index)
        return self.speller.mask(value.register, value.field, index, value.span)

    def _extract(self, value: x.Extract) -> CText:
        inner = self.write(value.value)
        found = self.speller.extraction(value.register, value.field.name)
        if found is not None:
            values = {"value": inner}
            if value.index is not None:
                values["n"] = self.write(value.index)
            return self.speller.use(found, values)
        mask = self._mask(value)
        made = self.speller.operation("extract", mask=mask, value=inner)
        if made is not None:
            return made
        masked = binary(inner, "&", mask)
        if value.index is not None:
            return unary("!", unary("!", masked))
        return binary(masked, ">>", CText(str(value.field.low))) if value.field.low else masked

    def changed(self, old: CText, register: Register, changes: tuple[Change, ...]) -> CText:
        """A register's value with some fields changed: clear what must be, then set."""
        clear: list[CText] = []
        put: list[CText] = []
        for change in changes:
            cleared, set_ = self.change(register, change)
            if cleared is not None:
                clear.append(cleared)
            if set_ is not None:
                put.append(set_)
        made = old
        if clear:
            made = binary(made, "&", unary("~", _any(clear)))
        for each in put:
            made = binary(made, "|", each)
        return made

    def change(self, register: Register, change: Change) -> tuple[CText | None, CText | None]:
        """The bits that a change clears first, and those it then sets, either perhaps none."""
        field, value = change.field, _uncast(change.value)
        index = None if change.index is None else self.write(change.index)
        mask = self.speller.mask(register, field, index, value.span)
        match value:
            case x.Const(value=0):
                return mask, None
            case x.Const(value=number) if number == (1 << field.width) - 1:
                return None, mask
            case _:
                return mask, self._placed(register, field, mask, value)

    def _placed(self, register: Register, field: Field, mask: CText, value: x.Expr) -> CText:
        """A value shifted to where a field is."""
        if isinstance(value, x.Const) and value.name:
            named = self.speller.enumerator(register, field, value.name)
            if named is not None:
                return named
        inner = self.write(value)
        made = self.speller.operation("insert", mask=mask, value=inner)
        if made is not None:
            return made
        return self.speller.missing(
            value.span,
            f"a value put into {register.name}.{field.name}",
            'op insert is "FIELD_PREP($mask, $value)"',
        )

    # ---- operators and calls

    def _binary(self, value: x.Binary) -> CText:
        left, right = value.left, value.right
        if value.op == "implies":
            return binary(unary("!", self.condition(left)), "||", self.condition(right))
        if value.op in _LOGICAL:
            return binary(self.condition(left), _LOGICAL[value.op], self.condition(right))
        if value.op in ("==", "!="):
            named = self._compared(value)
            if named is not None:
                return named
        return binary(self.write(left), value.op, self.write(right))

    def _compared(self, value: x.Binary) -> CText | None:
        """A field compared with an enumerator that is spelt in place, or with zero."""
        left, right = _uncast(value.left), _uncast(value.right)
        if isinstance(left, x.Const):
            left, right = right, left
        if not isinstance(left, x.Extract) or not isinstance(right, x.Const):
            return None
        if self.speller.extraction(left.register, left.field.name) is not None:
            return None
        bits: CText | None = CText("0") if right.value == 0 else None
        if right.name:
            bits = self.speller.enumerator(left.register, left.field, right.name) or bits
        if bits is None:
            return None
        return binary(binary(self.write(left.value), "&", self._mask(left)), value.op, bits)

    def _call(self, value: x.Call, hyp: bool) -> CText:
        args = [self.write(a).text for a in value.args]
        if hyp:
            call = CText(", ".join([value.callee, *args]))
            return self.speller.required("hypcall", value.span, "kvm_call_hyp($call)", call=call)
        return CText(f"{value.callee}({', '.join(args)})")


def _any(masks: list[CText]) -> CText:
    made = masks[0]
    for mask in masks[1:]:
        made = binary(made, "|", mask)
    return made


def _indexed(home: CText, index: CText) -> CText:
    return CText(f"{home.at(c.POSTFIX)}[{index.text}]")


def _uncast(value: x.Expr) -> x.Expr:
    return _uncast(value.value) if isinstance(value, x.Cast) else value
