"""Banks of registers, which C cannot index: which accesses need a switch, and over what."""

from __future__ import annotations

from dsl.backends.c.expressions import Expressions
from dsl.backends.c.spelling import Speller
from dsl.backends.c.text import CText
from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.dialect import Role
from dsl.ir.shapes import Register
from dsl.resolve.scope import key
from dsl.resolve.walk import expressions, inside


def unspelt_bank(speller: Speller, statement: s.Statement) -> Register | None:
    """The bank that a statement accesses by a variable index and no function is spelt for."""
    match statement:
        case s.WriteRegister(register=r, index=i) if _variable(i):
            if speller.find(Role.WRITE, key(r.name)) is None:
                return r
        case s.UpdateRegister(register=r, index=i) if _variable(i):
            if any(speller.find(role, key(r.name)) is None for role in (Role.READ, Role.WRITE)):
                return r
        case s.Return() | s.Let() | s.WriteSlot():
            for value in expressions(statement):
                inner = _uncast(value)
                if isinstance(inner, x.ReadRegister) and _variable(inner.index):
                    if speller.find(Role.READ, key(inner.register.name)) is None:
                        return inner.register
        case _:
            pass
    return None


def switch_over(
    expressions_: Expressions, speller: Speller, statement: s.Statement, bank: Register
) -> tuple[str, range]:
    """What the switch tests, and the numbers of the registers."""
    index = next(each for each in _indices(statement) if each is not None)
    text = expressions_.write(index)
    found = speller.find(Role.SELECT, key(bank.name))
    if found is not None:
        text = speller.use(found, {"n": text})
    return text.text, range(bank.first, bank.first + bank.count)


def element_reads(
    expressions_: Expressions, statement: s.Statement, bank: Register, number: int
) -> CText:
    """The read of one register of the bank."""
    value = x.ReadRegister(bank, None, statement.span)
    return expressions_.read_named(bank, CText(str(number)), value)


def _indices(statement: s.Statement) -> list[x.Expr | None]:
    match statement:
        case s.WriteRegister(index=index) | s.UpdateRegister(index=index):
            return [index]
        case _:
            return [
                each.index
                for value in expressions(statement)
                for each in inside(value)
                if isinstance(each, x.ReadRegister)
            ]


def _variable(index: x.Expr | None) -> bool:
    return index is not None and not isinstance(index, x.Const)


def _uncast(value: x.Expr) -> x.Expr:
    return _uncast(value.value) if isinstance(value, x.Cast) else value
