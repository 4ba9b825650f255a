"""Values that must be known when the file is read: bits, encodings, resets, ranges."""

from __future__ import annotations

from collections.abc import Mapping

from dsl.diagnostics.sequences import EmptyRange
from dsl.diagnostics.values import NotConstant, OutOfRange
from dsl.resolve.scope import Scope
from dsl.syntax import tree as t

#: Constants shifted further than this are not followed.
_FAR = 128
#: Constants are kept to what fits a register, so a shift cannot ask for all memory.
_GREATEST = (1 << 64) - 1
_NONE: Mapping[str, int] = {}


def constant(scope: Scope, node: t.Expr, known: Mapping[str, int] = _NONE) -> int | None:
    """The value of an expression of numbers and of the names in ``known``, or a finding."""
    value = _value(scope, node, known)
    if value is not None and not -_GREATEST <= value <= _GREATEST:
        scope.found.add(OutOfRange(scope.span(node), "this constant does not fit 64 bits"))
        return None
    return value


def _value(scope: Scope, node: t.Expr, known: Mapping[str, int]) -> int | None:
    match node:
        case t.Number(value=value):
            return value
        case t.Place(name=name, picks=()) if name.text in known:
            return known[name.text]
        case t.Binary(op=op, left=left, right=right):
            a = constant(scope, left, known)
            b = constant(scope, right, known)
            if a is None or b is None:
                return None
            result = calculated(op, a, b)
            if result is None:
                span = scope.span(node)
                scope.found.add(NotConstant(span, f"`{op}` gives no constant number here"))
            return result
        case _:
            scope.found.add(
                NotConstant(
                    scope.span(node),
                    "a constant is needed here",
                    help="write a number, or numbers"
                    + (f" and {', '.join(known)}" if known else "")
                    + " joined by + - * & | ^ << >>",
                )
            )
            return None


def calculated(op: str, a: int, b: int) -> int | None:
    """An operator on numbers without a width; None for what gives no number, or a huge one."""
    match op:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "&":
            return a & b
        case "|":
            return a | b
        case "^":
            return a ^ b
        case "<<" if 0 <= b <= _FAR:
            return a << b
        case ">>" if 0 <= b <= _FAR:
            return a >> b
        case _:
            return None


def number(scope: Scope, node: t.Number) -> int:
    """A literal, reported if it does not fit 64 bits (and then 0)."""
    if node.value > _GREATEST:
        scope.found.add(OutOfRange(scope.span(node), f"{node.text} does not fit 64 bits"))
        return 0
    return node.value


def bounds(scope: Scope, node: t.Range) -> tuple[int, int] | None:
    """Both ends of a range of numbers, low first."""
    ends = []
    for end in (node.low, node.high):
        if isinstance(end, t.Name):
            scope.found.add(
                NotConstant(scope.span(end), f"`{end.text}` is not a number: a constant is needed")
            )
            return None
        ends.append(number(scope, end))
    low, high = ends
    if low > high:
        scope.found.add(
            EmptyRange(
                scope.span(node),
                f"the range {low}..{high} is empty",
                help=f"write {high}..{low}: both ends are included",
            )
        )
        return None
    return low, high
