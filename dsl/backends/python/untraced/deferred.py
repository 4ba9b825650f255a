"""Computed registers that are read to look at some of their fields: each is computed where it is.

    let status = STATUS   each i below n { when status.Free<i> { … } R<i> <- 0 }

Reading all of ``STATUS`` first is the same as computing ``Free<i>`` at its test, as long as nothing
that this element follows from is written in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from msgspec.structs import replace

from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.rewrite import rewritten, with_expressions
from dsl.ir.walk import bodies, expressions, inside

#: What a field of a read is, inside of some loops; None where it is not computed, or not known.
Opened: TypeAlias = Callable[[tuple[s.Loop, ...], x.Extract], x.Expr | None]


@dataclass(frozen=True)
class _Moment:
    """When something happens: the how-manieth statement, and the loops around it."""

    at: int
    loops: tuple[s.Loop, ...]


@dataclass(frozen=True)
class _Access:
    """A register that is written or that a field follows from, and the index of its element."""

    register: str
    index: x.Expr | None
    moment: _Moment


def deferred(let: s.Let, rest: s.Body, opened: Opened) -> s.Body | None:
    """What follows a read into a local that keeps its value, with its fields computed in place.

    None where that is not the same, or the local is used for more than its computed fields.
    """
    name, value = let.name, let.value
    read = None if value is None else _bare(value)
    if value is None or read is None or read.index is not None:
        return None
    writes: list[_Access] = []
    inputs: list[_Access] = []
    for statement, moment in _moments(rest):
        match statement:
            case s.WriteRegister(register=register, index=index) | s.UpdateRegister(
                register=register, index=index
            ):
                writes.append(_Access(register.name, index, moment))
            case s.Let(name=again) | s.Loop(var=again):
                if again == name:
                    return None
            case _:
                pass
        for e in expressions(statement):
            found = _inputs(e, name, value, read, partial(opened, moment.loops))
            if found is None:
                return None
            inputs += [_Access(r.register.name, r.index, moment) for r in found]
    if not all(_undisturbed(i, w) for i in inputs for w in writes if w.register == i.register):
        return None
    return with_expressions(rest, lambda e: rewritten(e, lambda p: _replaced(p, name, read)))


def _inputs(
    e: x.Expr,
    name: str,
    value: x.Expr,
    read: x.ReadRegister,
    opened: Callable[[x.Extract], x.Expr | None],
) -> list[x.ReadRegister] | None:
    """What the fields that an expression looks at follow from; None for any other use."""
    found: list[x.ReadRegister] = []
    seen = 0
    for part in inside(e):
        match part:
            case x.Call():
                # Somebody else may write what the fields follow from.
                return None
            case x.Every(var=var) if var == name:
                return None
            case x.Var(name=used) if used == name:
                seen += 1
            case x.Extract(value=inner) if _is(inner, name):
                seen -= 1
                known = opened(replace(part, value=read)) if _fits(part, value) else None
                if known is None:
                    return None
                found += [p for p in inside(known) if isinstance(p, x.ReadRegister)]
            case _:
                pass
    return None if seen else found


def _undisturbed(asked: _Access, written: _Access) -> bool:
    """Whether an element is still what it was when somebody asks for it."""
    a, b = asked.index, written.index
    if isinstance(a, x.Const) and isinstance(b, x.Const) and a.value != b.value:
        return True
    if asked.moment.loops != written.moment.loops or written.moment.at < asked.moment.at:
        return False
    match asked.moment.loops:
        case ():
            return True
        case (loop,):
            # Each round asks for an element of its own before it writes that one, and no other.
            return isinstance(a, x.Var) and isinstance(b, x.Var) and a.name == b.name == loop.var
        case _:
            return False


def _moments(body: s.Body) -> Iterator[tuple[s.Statement, _Moment]]:
    """Every statement in the order in which it is come to, with the loops around it."""
    at = 0

    def walk(body: s.Body, loops: tuple[s.Loop, ...]) -> Iterator[tuple[s.Statement, _Moment]]:
        nonlocal at
        for statement in body:
            at += 1
            yield statement, _Moment(at, loops)
            around = (*loops, statement) if isinstance(statement, s.Loop) else loops
            for inner in bodies(statement):
                yield from walk(inner, around)

    yield from walk(body, ())


def _replaced(part: x.Expr, name: str, read: x.ReadRegister) -> x.Expr:
    if isinstance(part, x.Extract) and _is(part.value, name):
        return replace(part, value=read)
    return part


def _bare(value: x.Expr) -> x.ReadRegister | None:
    """The read that a value is, conversions aside."""
    while isinstance(value, x.Cast):
        value = value.value
    return value if isinstance(value, x.ReadRegister) else None


def _is(value: x.Expr, name: str) -> bool:
    while isinstance(value, x.Cast):
        value = value.value
    return isinstance(value, x.Var) and value.name == name


def _fits(part: x.Extract, value: x.Expr) -> bool:
    """Whether no conversion on the way has cut the field off, or filled it with a sign."""
    top = part.field.mask.bit_length()
    conversions = [*inside(part.value), *inside(value)]
    return all(c.type.width >= top + c.type.signed for c in conversions if isinstance(c, x.Cast))
