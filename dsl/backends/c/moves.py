"""Statements that are one statement of C: moves, changes of fields, calls, barriers, warnings."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TypeAlias

from msgspec import Struct

from dsl.backends.c.banks import Banks
from dsl.backends.c.expressions import Expressions
from dsl.backends.c.spelling import Speller
from dsl.backends.c.text import CText, Line, as_it_is, parenthesised, wrapped
from dsl.backends.c.values import number, variable, widened
from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.platform import Barrier, BarrierKind
from dsl.ir.shapes import Link, Register, Slot
from dsl.ir.types import U64, Int
from dsl.source import Span

#: The read or load that changing fields begins with; of a store, the place.
Implied: TypeAlias = x.ReadRegister | x.ReadSlot | None
#: What is put around a value that is moved.
Around: TypeAlias = Callable[[CText], CText]


class Steps(Struct, frozen=True):
    """Changes of fields in several statements: ``first`` with the read, each of ``rest`` alone."""

    statement: s.UpdateRegister | s.UpdateSlot
    first: tuple[s.Change, ...]
    rest: tuple[tuple[s.Change, ...], ...]


class Moves:
    """Writes such statements of one function, after what goes through locals was put there."""

    def __init__(self, expressions: Expressions, speller: Speller, banks: Banks) -> None:
        self._x = expressions
        self._speller = speller
        self._banks = banks

    def lines(
        self, statement: s.Statement, implied: Implied, indent: int, *, grouped: bool
    ) -> list[Line]:
        """A statement; with ``grouped``, the value that it moves stands in parentheses."""
        own = parenthesised if grouped else as_it_is
        match statement:
            case s.WriteRegister(register=register, index=index, value=value):
                new = own(self._x.store(value, U64 if register.type == U64 else None))
                if self._banks.writes(statement):
                    span = statement.span
                    return self._banks.written(indent, register, index, lambda _: new, span)
                return self._access(statement, new, indent)
            case s.UpdateRegister():
                return self._update(statement, implied, indent, own)
            case s.WriteSlot(slot=slot, index=index, value=value):
                assert isinstance(implied, x.ReadSlot)
                place = self._x.place(implied, index)
                new = own(self._x.store(value, slot.type))
                return wrapped(indent, f"{place.text} = {new.text};")
            case s.UpdateSlot():
                assert isinstance(implied, x.ReadSlot)
                return wrapped(indent, f"{self._update_slot(statement, implied, own)};")
            case s.Assign():
                return wrapped(indent, f"{self._assign(statement, own)};")
            case s.Perform(call=call):
                return wrapped(indent, f"{self._x.write(call).text};")
            case s.Order(barriers=barriers):
                return [Line(indent, f"{self._barrier(b)};") for b in barriers]
            case s.Warn(condition=condition):
                return self._told("warn", "WARN_ON($condition)", condition, statement.span, indent)
            case s.Assert(condition=condition):
                return self._told(
                    "assert", "BUG_ON(!$condition)", condition, statement.span, indent
                )
            case _:
                raise TypeError(f"{type(statement).__name__} is more than one statement of C")

    def _told(self, name: str, example: str, value: x.Expr, span: Span, indent: int) -> list[Line]:
        condition = self._x.write(value)
        made = self._speller.required(name, span, example, condition=condition)
        return wrapped(indent, f"{made.text};")

    def _access(
        self, statement: s.WriteRegister | s.UpdateRegister, value: CText, indent: int
    ) -> list[Line]:
        index = None if statement.index is None else self._x.write(statement.index)
        register = statement.register
        made = self._speller.write(register, index, value, statement.span, named=False)
        return wrapped(indent, f"{made.text};")

    def _update(
        self, statement: s.UpdateRegister, implied: x.Expr | None, indent: int, own: Around
    ) -> list[Line]:
        register, changes = statement.register, statement.changes
        assert implied is not None
        if not self._banks.writes(statement):
            old = self._x.write(implied)
            new = own(self._x.changed(old, register, changes, register.type))
            return self._access(statement, new, indent)
        through = self._x.through.get(id(implied))

        def value(number: CText) -> CText:
            old = through or self._speller.read_named(register, number, statement.span)
            return own(self._x.changed(old, register, changes, register.type))

        return self._banks.written(indent, register, statement.index, value, statement.span)

    def step(self, implied: x.Expr, changes: tuple[s.Change, ...], indent: int) -> list[Line]:
        """Some changes as a statement on the local that the value went through."""
        local = self._x.through[id(implied)]
        op, value = self._x.assigned(local, _view(implied), changes)
        return wrapped(indent, f"{local.text} {op} {value.text};")

    def changed(self, implied: x.Expr, read: CText, changes: tuple[s.Change, ...]) -> CText:
        """What was read with some changes made to it."""
        return self._x.changed(read, _view(implied), changes, U64)

    def _update_slot(self, statement: s.UpdateSlot, implied: x.ReadSlot, own: Around) -> str:
        place = self._x.place(implied, statement.index)
        old = self._x.through.get(id(implied))
        if old is None:
            op, value = self._x.assigned(place, statement.view, statement.changes)
            return f"{place.text} {op} {own(value).text}"
        new = own(self._x.changed(old, statement.view, statement.changes, U64))
        return f"{place.text} = {new.text}"

    def _assign(self, statement: s.Assign, around: Around) -> str:
        """Another value for a local; what is done to its own value is done in place."""
        name = self._x.names.get(statement.name, statement.name)
        old = CText(name, type=variable(statement.type))
        changes, view = _changes_of(statement)
        if view is not None:
            op, new = self._x.assigned(old, view, changes)
            return f"{name} {op} {around(new).text}"
        value = statement.value
        while isinstance(value, x.Cast) and isinstance(statement.type, Int):
            if value.type.width < statement.type.width:
                break
            value = value.value
        if (
            isinstance(value, x.Binary)
            and isinstance(value.type, Int)
            and isinstance(own := widened(value.left), x.Var)
            and own.name == statement.name
        ):
            made = self._x.operated(value, statement.type)
            if made is not None:
                return f"{name} {value.op}= {around(made).text}"
        return f"{name} = {around(self._x.store(statement.value, statement.type)).text}"

    def _barrier(self, barrier: Barrier) -> str:
        option = CText(barrier.option)
        made = self._speller.operation(str(barrier.kind), option=option)
        if made is not None:
            return made.text
        return "isb()" if barrier.kind is BarrierKind.ISB else f"{barrier.kind}({barrier.option})"


def _view(implied: x.Expr) -> Register:
    """The register whose fields a read or a load has."""
    match implied:
        case x.ReadRegister(register=register):
            return register
        case x.ReadSlot(slot=Slot(link=Link(register=ref))):
            return ref.register
        case _:
            raise TypeError(f"{type(implied).__name__} has no fields")


def steps_of(
    statement: s.UpdateRegister | s.UpdateSlot, begins: tuple[int, ...], *, direct: bool
) -> Steps:
    """The statements that begin with the changes ``begins``, counted from 0.

    What is before them goes into the one that reads, if that is ``direct`` and C cannot get the
    order wrong.
    """
    changes = statement.changes
    first = changes[: begins[0]]
    fixed = all(number(c.value) and (c.index is None or number(c.index)) for c in first)
    if first and not (direct and fixed):
        first, begins = (), (0, *begins)
    rest = tuple(changes[i:j] for i, j in pairwise((*begins, len(changes))))
    return Steps(statement, first, rest)


def _changes_of(statement: s.Assign) -> tuple[tuple[s.Change, ...], Register | None]:
    """The fields that an assignment changes in the local's own value, and of which register."""
    changes: list[s.Change] = []
    value = statement.value
    while isinstance(value, x.Insert):
        changes.insert(0, s.Change(value.field, value.index, value.new))
        view = value.register
        value = value.value
    if changes and isinstance(value, x.Var) and value.name == statement.name:
        return tuple(changes), view
    return (), None


def implied_by(statement: s.Statement) -> Implied:
    """The read or load that changing fields begins with; for a store, the place."""
    match statement:
        case s.UpdateRegister(register=register, index=index, span=span):
            return x.ReadRegister(register, index, span)
        case s.UpdateSlot(slot=slot, base=base, index=index, span=span):
            return x.ReadSlot(slot, base, None, span)
        case s.WriteSlot(slot=slot, base=base, span=span):
            return x.ReadSlot(slot, base, None, span)
        case _:
            return None


def moved(statement: s.Statement) -> x.Expr | None:
    """The read whose value a statement moves, at most converted on the way."""
    match statement:
        case (
            s.Return(value=value)
            | s.Let(value=value)
            | s.Assign(value=value)
            | s.WriteSlot(value=value)
        ):
            return value.value if isinstance(value, x.Cast) else value
        case _:
            return None


def result_of(statement: s.Statement, value: x.Expr) -> x.Expr | None:
    """The result that a value is, converted: then a local for it has the result's type."""
    if isinstance(statement, s.Return) and isinstance(statement.value, x.Cast):
        return statement.value if statement.value.value is value else None
    return None
