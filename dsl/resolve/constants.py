"""Values that must be known when the file is read: bits, encodings, resets, ranges."""

from __future__ import annotations

from collections.abc import Mapping

from dsl.diagnostics.sequences import EmptyRange
from dsl.diagnostics.values import NotConstant, OutOfRange
from dsl.ir.shapes import Constant
from dsl.resolve.scope import Broken, Scope
from dsl.syntax import tree as t

#: Constants shifted further than this are not followed.
_FAR = 128
#: Constants are kept to what fits a register, so a shift cannot ask for all memory.
_GREATEST = (1 << 64) - 1
_NONE: Mapping[str, int] = {}


def declared(scope: Scope, item: t.Item, node: t.Constant) -> list[Constant]:
    """The constant of a declaration, if it is one."""
    value = constant(scope, node.value)
    if value is None:
        scope.declare(node.name.text, Broken(), node.name)
        return []
    docs = tuple(d.text for d in item.docs)
    made = Constant(node.name.text, value, docs, scope.span(node.name))
    scope.declare(made.name, made, node.name)
    return [made]


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
        case t.Place(name=name, picks=()) if _declared(scope, name):
            return named(scope, name)
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
                    help="write a number, a constant, or such"
                    + (f" and {', '.join(known)}" if known else "")
                    + " joined by + - * & | ^ << >>",
                )
            )
            return None


def _declared(scope: Scope, name: t.Name) -> bool:
    entry = scope.own.get(name.text) or scope.imported.get(name.text)
    return entry is not None and isinstance(entry.meaning, Constant | Broken)


def named(scope: Scope, name: t.Name) -> int | None:
    """The number that a name stands for; None for any other name."""
    entry = scope.get(name.text)
    return entry.meaning.value if entry and isinstance(entry.meaning, Constant) else None


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
        value = number(scope, end) if isinstance(end, t.Number) else named(scope, end)
        if value is None and isinstance(end, t.Name) and _declared(scope, end):
            # What is wrong with it was reported where it is declared.
            return None
        if value is None:
            scope.found.add(
                NotConstant(
                    scope.span(end),
                    f"`{scope.source.text[end.start : end.end]}` is not "
                    "a number: a constant is needed",
                )
            )
            return None
        ends.append(value)
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
