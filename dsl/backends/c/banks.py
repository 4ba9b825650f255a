"""Banks of registers, which C cannot index: a switch with one access in each case."""

from __future__ import annotations

from collections.abc import Callable

from dsl.backends.c.expressions import Expressions
from dsl.backends.c.spelling import Speller
from dsl.backends.c.text import CText, Line, wrapped
from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.dialect import Role
from dsl.ir.shapes import Register
from dsl.resolve.scope import key
from dsl.source import Span


class Banks:
    """Writes the accesses of one function that no other function is spelt for."""

    def __init__(self, expressions: Expressions, speller: Speller) -> None:
        self._x = expressions
        self._speller = speller

    def reads(self, value: x.Expr) -> bool:
        """Whether a value is a read that needs a switch."""
        return (
            isinstance(value, x.ReadRegister)
            and _variable(value.index)
            and self._speller.indexed(Role.READ, value.register) is None
        )

    def writes(self, statement: s.Statement) -> bool:
        """Whether a statement is a write, or a change of fields, that needs a switch."""
        match statement:
            case s.WriteRegister(register=register, index=index):
                roles: tuple[Role, ...] = (Role.WRITE,)
            case s.UpdateRegister(register=register, index=index):
                roles = (Role.READ, Role.WRITE)
            case _:
                return False
        return _variable(index) and any(self._speller.indexed(r, register) is None for r in roles)

    def assigned(self, indent: int, target: str, value: x.Expr) -> list[Line]:
        """Puts the register that an index chooses into ``target``."""
        assert isinstance(value, x.ReadRegister)

        def each(number: CText) -> list[Line]:
            read = self._speller.read_named(value.register, number, value.span)
            return [
                *wrapped(indent + 1, f"{target} = {read.text};"),
                Line(indent + 1, "break;"),
            ]

        made = self._switch(indent, value.register, value.index, each)
        unreachable = self._unreachable(value.span)
        return [
            *made,
            Line(indent, "default:"),
            Line(indent + 1, f"{unreachable};"),
            Line(indent, "}"),
        ]

    def returned(self, indent: int, value: x.Expr) -> list[Line]:
        """Returns the register that an index chooses."""
        assert isinstance(value, x.ReadRegister)

        def each(number: CText) -> list[Line]:
            read = self._speller.read_named(value.register, number, value.span)
            return wrapped(indent + 1, f"return {read.text};")

        made = self._switch(indent, value.register, value.index, each)
        unreachable = self._unreachable(value.span)
        return [*made, Line(indent, "}"), Line(0, ""), Line(indent, f"{unreachable};")]

    def written(
        self,
        indent: int,
        register: Register,
        index: x.Expr | None,
        value: Callable[[CText], CText],
        span: Span,
    ) -> list[Line]:
        """Writes the register that an index chooses; ``value`` is told its number."""

        def each(number: CText) -> list[Line]:
            text = self._speller.write(register, number, value(number), span, named=True).text
            return [*wrapped(indent + 1, f"{text};"), Line(indent + 1, "break;")]

        return [*self._switch(indent, register, index, each), Line(indent, "}")]

    def _switch(
        self,
        indent: int,
        register: Register,
        index: x.Expr | None,
        each: Callable[[CText], list[Line]],
    ) -> list[Line]:
        assert index is not None
        select = self._x.write(index)
        found = self._speller.find(Role.SELECT, key(register.name))
        if found is not None:
            select = self._speller.use(found, {"n": select})
        made = wrapped(indent, f"switch ({select.text}) {{")
        for number in range(register.first, register.first + register.count):
            made += [Line(indent, f"case {number}:"), *each(CText(str(number)))]
        return made

    def _unreachable(self, span: Span) -> str:
        return self._speller.required("unreachable", span, "unreachable()").text


def _variable(index: x.Expr | None) -> bool:
    return index is not None and not isinstance(index, x.Const)
