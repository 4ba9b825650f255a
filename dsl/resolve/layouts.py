"""Layouts of registers: when each is in force, and that in every state exactly one is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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

#: The conditions of one register are tried in every state of the fields they ask for, as long as
#: that takes no more steps than these.
_MOST_STEPS = 1 << 16

#: The register whose value an expression has, by name and index.
_Own: TypeAlias = tuple[str, int | None]
#: A field of a register, and the element of a family that it is.
_Asked: TypeAlias = tuple[_Own, Field, int | None]
_State: TypeAlias = Mapping[_Asked, int]
#: A derived function of a register's value.
_Function: TypeAlias = tuple[str, str, _Own]


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
    conditions = _Conditions(scope, register)
    try:
        for each in layouts:
            conditions.ask(each.condition, conditions.own)
        for state in conditions.states():
            held = [f for f in layouts if conditions.value(f.condition, state)]
            if len(held) != 1:
                _report(scope, node, register, held, state)
                return
    except _TooInvolvedError:
        scope.found.add(
            LayoutsMixed(
                scope.span(node.name),
                f"when the layouts of {register.name} are in force is too involved to see that "
                "exactly one always is",
                help="use few fields of registers, with few bits together",
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
    (register, index), field, element = asked
    name = f"{register}.{field.name}"
    for number in (index, element):
        if number is not None:
            before, _, rest = name.partition("<")
            name = f"{before}{number}{rest.partition('>')[2]}"
    return name


class _Conditions:
    """The conditions of one register's layouts, as functions of fields."""

    def __init__(self, scope: Scope, register: Register) -> None:
        self._scope = scope
        self.own: _Own = (register.name, None)
        self._asked: dict[_Asked, int] = {}
        self._functions: set[_Function] = set()
        self._size = 0

    def ask(self, expr: x.Expr, own: _Own) -> None:
        """Takes in the fields that a condition asks for; raises if it is more than that."""
        self._size += 1
        match expr:
            case x.Extract():
                at = _asked(expr, own)
                self._asked[at] = at[1].width
            case x.Derive(value=value, register=register, name=name):
                function = register.name, name, _whose(value, own)
                if function not in self._functions:
                    self._functions.add(function)
                    self.ask(self._meaning(function), function[2])
            case x.Const():
                pass
            case x.Binary(left=left, right=right):
                self.ask(left, own)
                self.ask(right, own)
            case x.Not(operand=inner) | x.Truth(operand=inner) | x.Cast(value=inner):
                self.ask(inner, own)
            case _:
                raise _TooInvolvedError

    def states(self) -> Iterator[_State]:
        """Every state of the fields that were asked for; raises if these are too many."""
        if self._size << sum(self._asked.values()) > _MOST_STEPS:
            raise _TooInvolvedError
        for values in product(*(range(1 << width) for width in self._asked.values())):
            yield dict(zip(self._asked, values, strict=True))

    def value(self, condition: x.Expr, state: _State) -> bool:
        """Whether a condition holds in a state."""
        return bool(self._value(condition, self.own, state, {}))

    def _meaning(self, function: _Function) -> x.Expr:
        found = self._scope.derived.get(function[:2])
        if found is None:
            raise _TooInvolvedError
        return found.value

    def _value(self, expr: x.Expr, own: _Own, state: _State, known: dict[_Function, int]) -> int:
        match expr:
            case x.Extract():
                return state[_asked(expr, own)]
            case x.Derive(value=value, register=register, name=name):
                function = register.name, name, _whose(value, own)
                if function not in known:
                    meaning = self._meaning(function)
                    known[function] = self._value(meaning, function[2], state, known)
                return known[function]
            case x.Const(value=number):
                return number
            case x.Binary(op=op, left=left, right=right, type=type):
                a = self._value(left, own, state, known)
                made = _operated(op, a, self._value(right, own, state, known))
                return type.wrap(made) if isinstance(type, Int) else made
            case x.Not(operand=inner):
                return not self._value(inner, own, state, known)
            case x.Truth(operand=inner):
                return self._value(inner, own, state, known) != 0
            case x.Cast(value=inner, type=type):
                return type.wrap(self._value(inner, own, state, known))
            case _:
                raise _TooInvolvedError


def _asked(expr: x.Extract, own: _Own) -> _Asked:
    if expr.index is not None and not isinstance(expr.index, x.Const):
        raise _TooInvolvedError
    return _whose(expr.value, own), expr.field, expr.index.value if expr.index else None


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
