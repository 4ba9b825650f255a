"""Layouts of registers: when each is in force, and that in every state exactly one is."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import TypeAlias

from dsl.diagnostics import Note
from dsl.diagnostics.registers import CircularBehaviour, LayoutsMixed
from dsl.ir import expr as x
from dsl.ir.platform import InForce
from dsl.ir.shapes import Field, Register
from dsl.ir.types import BOOL, Int
from dsl.ir.walk import inside
from dsl.resolve.behaviour import frame_of
from dsl.resolve.constants import calculated
from dsl.resolve.expressions import typed
from dsl.resolve.scope import Scope
from dsl.syntax import tree as t

#: The conditions of one register are tried in every state of the fields they ask for.
_MOST_BITS = 12

#: A field of a register (or of an element of a bank), and the element of a family it is.
_Asked: TypeAlias = tuple[str, int | None, Field, int | None]
_State: TypeAlias = Mapping[_Asked, int]
#: The register that `expr.Written` stands for.
_Own: TypeAlias = tuple[str, int | None]


class _TooInvolvedError(Exception):
    """An expression that is more than a function of a few fields."""


def in_force(scope: Scope, node: t.Register, register: Register) -> list[InForce]:
    """The conditions of a register's layouts; what is wrong with them is reported."""
    found: list[InForce] = []
    whole = True
    for member in node.members:
        if not isinstance(member, t.Layout):
            continue
        layout = next((x for x in register.layouts if x.span == scope.span(member.name)), None)
        if layout is None:
            continue
        # A layout is one for every register of a bank: the index is no part of its condition.
        frame = frame_of(register, None, layout.span)
        condition = typed(scope, frame, member.condition, BOOL, "a condition")
        if condition is None or not _stays(scope, register, condition):
            whole = False
        else:
            found.append(InForce(register, layout, condition))
    if whole and found:
        _alternatives(scope, node, register, found)
    return found


def _stays(scope: Scope, register: Register, condition: x.Expr) -> bool:
    """Whether a condition asks for no field whose own place it decides; reports it if not."""
    for each in inside(condition):
        if isinstance(each, x.Extract) and each.register == register and each.field.layout:
            scope.found.add(
                CircularBehaviour(
                    each.span,
                    f"where {each.field.name} is depends on the layout that it decides about",
                )
            )
            return False
    return True


def _alternatives(
    scope: Scope, node: t.Register, register: Register, layouts: list[InForce]
) -> None:
    """Reports a state in which not exactly one layout is in force."""
    own = (register.name, None)
    try:
        asked: dict[_Asked, int] = {}
        for each in layouts:
            _collect(scope, each.condition, own, asked)
        if sum(asked.values()) > _MOST_BITS:
            raise _TooInvolvedError
        for values in product(*(range(1 << width) for width in asked.values())):
            state = dict(zip(asked, values, strict=True))
            held = [f for f in layouts if _value(scope, f.condition, own, state)]
            if len(held) != 1:
                _report(scope, node, register, held, state)
                return
    except _TooInvolvedError:
        scope.found.add(
            LayoutsMixed(
                scope.span(node.name),
                f"when the layouts of {register.name} are in force is too involved to see that "
                "exactly one always is",
                help=f"use fields of registers, with at most {_MOST_BITS} bits together",
            )
        )


def _report(
    scope: Scope, node: t.Register, register: Register, held: list[InForce], state: _State
) -> None:
    where = " and ".join(f"{_called(at)} = {value}" for at, value in state.items())
    where = f" with {where}" if where else ""
    if held:
        names = " and ".join(f.layout.name for f in held)
        what = f"the layouts {names} of {register.name} are both in force{where}"
    else:
        what = f"no layout of {register.name} is in force{where}"
    notes = tuple(Note(f.layout.span, "this one") for f in held)
    scope.found.add(LayoutsMixed(scope.span(node.name), what, notes))


def _called(asked: _Asked) -> str:
    register, index, field, element = asked
    name = f"{register}.{field.name}"
    for number in (index, element):
        if number is not None:
            before, _, rest = name.partition("<")
            name = f"{before}{number}{rest.partition('>')[2]}"
    return name


# ---- conditions as functions of fields


def _collect(scope: Scope, expr: x.Expr, own: _Own, into: dict[_Asked, int]) -> None:
    """The fields that an expression asks for, and how many bits each has."""
    match expr:
        case x.Extract():
            at = _asked(expr, own)
            into[at] = at[2].width
        case x.Derive(value=value, register=register, name=name):
            function = scope.derived.get((register.name, name))
            if function is None:
                raise _TooInvolvedError
            _collect(scope, function.value, _whose(value, own), into)
        case x.Const():
            pass
        case x.Binary(left=left, right=right):
            _collect(scope, left, own, into)
            _collect(scope, right, own, into)
        case x.Not(operand=inner) | x.Truth(operand=inner) | x.Cast(value=inner):
            _collect(scope, inner, own, into)
        case _:
            raise _TooInvolvedError


def _asked(expr: x.Extract, own: _Own) -> _Asked:
    register, index = _whose(expr.value, own)
    if expr.index is not None and not isinstance(expr.index, x.Const):
        raise _TooInvolvedError
    return register, index, expr.field, expr.index.value if expr.index else None


def _whose(value: x.Expr, own: _Own) -> _Own:
    """The register whose value an expression is."""
    match value:
        case x.Written():
            return own
        case x.ReadRegister(register=register, index=None):
            return register.name, None
        case x.ReadRegister(register=register, index=x.Const(value=number)):
            return register.name, number
        case _:
            raise _TooInvolvedError


def _value(scope: Scope, expr: x.Expr, own: _Own, state: _State) -> int:
    """What an expression that `_collect` took is in one state."""
    match expr:
        case x.Extract():
            return state[_asked(expr, own)]
        case x.Derive(value=value, register=register, name=name):
            function = scope.derived[register.name, name]
            return _value(scope, function.value, _whose(value, own), state)
        case x.Const(value=value):
            return value
        case x.Binary(op=op, left=left, right=right, type=type):
            a, b = _value(scope, left, own, state), _value(scope, right, own, state)
            return type.wrap(_operated(op, a, b)) if isinstance(type, Int) else _operated(op, a, b)
        case x.Not(operand=inner):
            return not _value(scope, inner, own, state)
        case x.Truth(operand=inner):
            return _value(scope, inner, own, state) != 0
        case x.Cast(value=inner, type=type):
            return type.wrap(_value(scope, inner, own, state))
        case _:
            raise _TooInvolvedError


def _operated(op: str, a: int, b: int) -> int:
    match op:
        case "and":
            return bool(a and b)
        case "or":
            return bool(a or b)
        case "implies":
            return bool(not a or b)
        case "==":
            return a == b
        case "!=":
            return a != b
        case "<":
            return a < b
        case "<=":
            return a <= b
        case ">":
            return a > b
        case ">=":
            return a >= b
        case _:
            made = calculated(op, a, b)
            # A shift by the width or more leaves nothing.
            return 0 if made is None else made
