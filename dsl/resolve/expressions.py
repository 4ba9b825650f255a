"""Expressions: names to places, operators to types, and every conversion made explicit."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.diagnostics import Note, suggest
from dsl.diagnostics.names import UnknownName
from dsl.diagnostics.sequences import Misplaced
from dsl.diagnostics.values import NotLinked, OutOfRange, TypeMismatch
from dsl.ir import expr as x
from dsl.ir.shapes import Field, Register
from dsl.ir.types import BOOL, INT, U32, U64, Int, Type, common
from dsl.resolve.access import writable
from dsl.resolve.constants import bounds, calculated
from dsl.resolve.conversions import (
    as_flag,
    called_type,
    common_type,
    fit,
    known,
    view_of,
)
from dsl.resolve.fields import find_field, is_own, one_layout
from dsl.resolve.places import place, read
from dsl.resolve.scope import Frame, Local, Scope
from dsl.syntax import tree as t

_LOGICAL = ("and", "or", "implies")
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
#: What a scenario may count.
_COUNTS = (
    "accesses",
    "reads",
    "writes",
    "barriers",
    "isbs",
    "dsbs",
    "traps",
    "undefined",
    "warnings",
    "hazards",
)


def expression(
    scope: Scope, frame: Frame, node: t.Expr, goal: Register | None = None
) -> x.Expr | None:
    """The typed expression, or None after a finding; ``goal`` is the register that it is for."""
    match node:
        case t.Number():
            return _number(scope, node)
        case t.Place():
            if frame.place == "expect" and not node.picks and _counts(scope, node.name.text):
                return x.Count(node.name.text, U64, scope.span(node))
            if node.name.text == "undefined":
                what = "`undefined` is a number only in an `expect`: how often something was that"
                scope.found.add(Misplaced(scope.span(node), what))
                return None
            placed = place(scope, frame, node)
            return None if placed is None else read(scope, node, placed)
        case t.Call() | t.Hypcall():
            # Arguments are expressions too.
            from dsl.resolve.calls import call

            return call(scope, frame, node, value=True)
        case t.Not(operand=operand):
            value = truth(scope, frame, operand)
            return None if value is None else x.Not(value, scope.span(node))
        case t.Complement(operand=operand):
            return _complement(scope, frame, node, operand)
        case t.Binary():
            return _binary(scope, frame, node)
        case t.With():
            return _with(scope, frame, node, goal)
        case t.Every():
            return _every(scope, frame, node)


def _counts(scope: Scope, name: str) -> bool:
    """Whether a name in an expectation is a count: what a program declares comes first."""
    return name in _COUNTS and name not in scope.own and name not in scope.imported


def _number(scope: Scope, node: t.Number) -> x.Expr | None:
    if node.value > U64.greatest:
        scope.found.add(OutOfRange(scope.span(node), f"{node.text} does not fit 64 bits"))
        return None
    return x.Const(node.value, INT if INT.holds(node.value) else U64, scope.span(node))


def examine(scope: Scope, frame: Frame, node: t.Expr) -> None:
    """Resolves an expression only for its findings, where what it is for was one already."""
    # Of what is not known a number may have the fields, and a bare name may be an enumerator.
    if isinstance(node, t.With) and isinstance(node.base, t.With | t.Number):
        examine(scope, frame, node.base)
        examine(scope, frame, node.value)
    elif not _bare(scope, frame, node):
        expression(scope, frame, node)


# ---- conversions


def truth(scope: Scope, frame: Frame, node: t.Expr) -> x.Expr | None:
    """An expression as a condition."""
    value = expression(scope, frame, node)
    return None if value is None else fit(scope, node, value, BOOL, "a condition")


def integer(scope: Scope, frame: Frame, node: t.Expr) -> x.Expr | None:
    """An expression as a number of whatever width it has."""
    value = expression(scope, frame, node)
    if value is None:
        return None
    if isinstance(value.type, Int):
        return value
    scope.found.add(
        TypeMismatch(
            scope.span(node), f"a number is needed here, and this is {called_type(value.type)}"
        )
    )
    return None


def typed(
    scope: Scope,
    frame: Frame,
    node: t.Expr,
    kind: Type,
    what: str,
    goal: Register | None = None,
) -> x.Expr | None:
    """An expression converted to ``kind``; ``what`` names the place it goes to.

    ``goal`` is the register whose value that place holds, if it is one's.
    """
    value = expression(scope, frame, node, goal)
    return None if value is None else fit(scope, node, value, kind, what)


# ---- operators


def _binary(scope: Scope, frame: Frame, node: t.Binary) -> x.Expr | None:
    span = scope.span(node)
    if node.op in _LOGICAL:
        left = truth(scope, frame, node.left)
        right = truth(scope, frame, node.right)
        if left is None or right is None:
            return None
        return x.Binary(node.op, left, right, BOOL, span)
    pair = _operands(scope, frame, node)
    if pair is None:
        return None
    left, right = pair
    if node.op in ("==", "!=") and BOOL in (left.type, right.type):
        # A field of one bit is as good as a truth value beside one.
        left, right = as_flag(left), as_flag(right)
    if node.op in ("==", "!=") and left.type == BOOL and right.type == BOOL:
        return x.Binary(node.op, left, right, BOOL, span)
    for side, value in ((node.left, left), (node.right, right)):
        if not isinstance(value.type, Int):
            scope.found.add(
                TypeMismatch(
                    scope.span(side),
                    f"`{node.op}` works on numbers, and this is {called_type(value.type)}",
                )
            )
            return None
    assert isinstance(left.type, Int)
    assert isinstance(right.type, Int)
    folded = _folded(scope, node, left, right)
    if folded is not None:
        return folded
    if node.op in ("<<", ">>"):
        kind = common(left.type, left.type)
        a = fit(scope, node.left, left, kind, "this operand")
        b = fit(scope, node.right, right, U32, "a shift")
        if a is None or b is None:
            return None
        if isinstance(b, x.Const) and b.value >= kind.width:
            scope.found.add(
                OutOfRange(
                    scope.span(node.right),
                    f"a shift by {b.value} leaves nothing of a number of {kind.width} bits",
                    help="a number written out has 32 bits where it fits them: "
                    "put it in a `let` of type u64, or write the result",
                )
            )
            return None
        return x.Binary(node.op, a, b, kind, span)
    kind = common_type(left, right)
    a = fit(scope, node.left, left, kind, "this operand")
    b = fit(scope, node.right, right, kind, "this operand")
    if a is None or b is None:
        return None
    return x.Binary(node.op, a, b, BOOL if node.op in _COMPARISONS else kind, span)


def _complement(scope: Scope, frame: Frame, node: t.Complement, inner: t.Expr) -> x.Expr | None:
    """Every bit the other way round, of as many as C computes with."""
    value = integer(scope, frame, inner)
    if value is None:
        return None
    assert isinstance(value.type, Int)
    kind = common(value.type, value.type)
    operand = fit(scope, inner, value, kind, "this operand")
    ones = x.Const(-1 if kind.signed else kind.mask, kind, scope.span(node))
    return None if operand is None else x.Binary("^", operand, ones, kind, scope.span(node))


def _folded(scope: Scope, node: t.Binary, left: x.Expr, right: x.Expr) -> x.Const | None:
    """A calculation on constants whose result needs more bits than C would give it."""
    a, b = known(left), known(right)
    if a is None or b is None or node.op in _COMPARISONS:
        return None
    number = calculated(node.op, a, b)
    assert isinstance(left.type, Int)
    assert isinstance(right.type, Int)
    if number is None or common(left.type, right.type).holds(number) or not U64.holds(number):
        return None
    return x.Const(number, U64, scope.span(node))


def _operands(scope: Scope, frame: Frame, node: t.Binary) -> tuple[x.Expr, x.Expr] | None:
    """Both sides; a bare name beside a field may be one of that field's enumerators."""
    for one, other in ((node.left, node.right), (node.right, node.left)):
        if not _bare(scope, frame, one):
            continue
        value = expression(scope, frame, other)
        if value is None:
            return None
        named: x.Expr | None = enumerator(scope, value, one)
        if named is None:
            named = expression(scope, frame, one)
        if named is None:
            return None
        return (named, value) if one is node.left else (value, named)
    left = expression(scope, frame, node.left)
    right = expression(scope, frame, node.right)
    return None if left is None or right is None else (left, right)


def _bare(scope: Scope, frame: Frame, node: t.Expr) -> bool:
    """A name alone that nothing else declares."""
    return (
        isinstance(node, t.Place)
        and not node.picks
        and node.name.text not in frame.locals
        and node.name.text not in scope.own
        and node.name.text not in scope.imported
        and (frame.written is None or not is_own(scope, frame.written, node.name.text))
    )


def enumerator(scope: Scope, beside: x.Expr, node: t.Expr) -> x.Const | None:
    """The enumerator that a bare name stands for beside a field, if it is one."""
    if not isinstance(beside, x.Extract) or not isinstance(node, t.Place):
        return None
    found = beside.field.enumerator(node.name.text)
    return (
        None if found is None else x.Const(found.value, beside.type, scope.span(node), found.name)
    )


def field_value(
    scope: Scope, frame: Frame, register: Register, field: Field, node: t.Expr
) -> x.Expr | None:
    """A new value for a field: an enumerator of it, or a number that fits its bits."""
    if _bare(scope, frame, node):
        assert isinstance(node, t.Place)
        found = field.enumerator(node.name.text)
        if found is not None:
            return x.Const(found.value, Int(field.width), scope.span(node), found.name)
        if field.enumerators:
            scope.found.add(
                UnknownName(
                    scope.span(node),
                    f"{register.name}.{field.name} has no value `{node.name.text}`",
                    (Note(field.span, "declared here"),),
                    help=suggest(node.name.text, [e.name for e in field.enumerators]),
                )
            )
            return None
    return typed(scope, frame, node, Int(field.width), f"{register.name}.{field.name}")


def _with(scope: Scope, frame: Frame, node: t.With, goal: Register | None) -> x.Expr | None:
    value = expression(scope, frame, node.base, goal)
    if value is not None and goal is not None and isinstance(value, x.Const):
        # A number has the fields of the register that it is written to.
        value = fit(scope, node.base, value, goal.type, goal.name)
    if value is None:
        examine(scope, frame, node.value)
        return None
    number = isinstance(value, x.Const)
    register = goal if number else view_of(value)
    if register is None or not isinstance(value.type, Int):
        examine(scope, frame, node.value)
        scope.found.add(
            NotLinked(
                scope.span(node.base),
                "this holds no register's value, so it has no fields",
                help="write it to a register, or to a slot or a `let` of one" if number else "",
            )
        )
        return None
    found = find_field(scope, frame, register, node.field)
    if found is None or not writable_field(scope, frame, node.field, register, found[0]):
        examine(scope, frame, node.value)
        return None
    new = field_value(scope, frame, register, found[0], node.value)
    if new is None or not one_layout(scope, node.field, found[0], _changed(value)):
        return None
    return x.Insert(value, register, found[0], found[1], new, value.type, scope.span(node))


def _changed(value: x.Expr) -> Iterator[Field]:
    """The fields that a value has had changed by ``with``, the last one first."""
    while isinstance(value, x.Insert):
        yield value.field
        value = value.value


def writable_field(
    scope: Scope, frame: Frame, node: t.Node, register: Register, field: Field
) -> bool:
    """A value's field may be changed unless the architecture computes it."""
    return not field.computed or writable(scope, frame, node, register, field)


def _every(scope: Scope, frame: Frame, node: t.Every) -> x.Expr | None:
    ends = range_ends(scope, frame, node.range)
    scope.taken(node.var, frame.locals)
    shadowed = frame.locals.get(node.var.text)
    local = Local(node.var.text, INT, None, scope.span(node.var), "a variable")
    frame.locals[node.var.text] = local
    condition = truth(scope, frame, node.body)
    if shadowed is None:
        del frame.locals[node.var.text]
    else:
        frame.locals[node.var.text] = shadowed
    if ends is None or condition is None:
        return None
    return x.Every(node.var.text, ends[0], ends[1], condition, scope.span(node))


def range_ends(scope: Scope, frame: Frame, node: t.Range) -> tuple[x.Expr, x.Expr] | None:
    """Both ends of a range as numbers of type int."""
    numbers = isinstance(node.low, t.Number) and isinstance(node.high, t.Number)
    if numbers and bounds(scope, node) is None:
        return None
    ends: list[x.Expr] = []
    for end in (node.low, node.high):
        as_expr = t.Place(end.start, end.end, end, ()) if isinstance(end, t.Name) else end
        value = typed(scope, frame, as_expr, INT, "the end of a range")
        if value is None:
            return None
        ends.append(value)
    return ends[0], ends[1]
