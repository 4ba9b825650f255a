"""Fields by name: of a register, of one of its layouts, of a family, with their indices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from dsl.diagnostics import Note, suggest
from dsl.diagnostics.names import UnknownName
from dsl.diagnostics.registers import LayoutsMixed
from dsl.diagnostics.values import IndexOutOfRange
from dsl.ir import expr as x
from dsl.ir.shapes import Field, Register
from dsl.ir.types import INT, U64, Int
from dsl.resolve.scope import Frame, Scope, bank, key, numeral
from dsl.source import Span
from dsl.syntax import tree as t

Picks: TypeAlias = tuple[t.At | t.Dot, ...]


def bank_index(
    scope: Scope, frame: Frame, node: t.Name, inner: str, first: int, count: int
) -> x.Expr | None:
    """The index written inside ``<>``: a number in range, or a variable."""
    span = scope.span(node)
    number = numeral(inner)
    if number is not None:
        if not first <= number < first + count:
            scope.found.add(
                IndexOutOfRange(span, f"index {number} is outside {first}..{first + count - 1}")
            )
            return None
        return x.Const(number, INT, span)
    local = frame.locals.get(inner)
    if local is None:
        scope.found.add(
            UnknownName(
                span,
                f"`{inner}` is not a variable here: an index is a number or a variable",
                help=suggest(inner, frame.locals),
            )
        )
        return None
    local.used = True
    if not isinstance(local.type, Int):
        scope.found.add(IndexOutOfRange(span, f"`{inner}` is not a number, so it is no index"))
        return None
    return x.Var(local.name, local.type, span, local.view)


def is_own(scope: Scope, register: Register, name: str) -> bool:
    """A field, layout or derived function of the register whose behaviour is being written."""
    return (
        _find_field(register, name) is not None
        or register.layout(name) is not None
        or (register.name, name) in scope.thunks
    )


def with_layout(register: Register, picks: Picks) -> Picks:
    """The picks with ``.layout.field`` as one, the name of a field of a layout."""
    match picks:
        case (t.Dot(name=layout), t.Dot(name=name), *rest) if register.layouts:
            path = t.Name(layout.start, name.end, f"{layout.text}.{name.text}")
            return (t.Dot(picks[0].start, name.end, path), *rest)
        case _:
            return picks


def _find_field(register: Register, text: str) -> Field | None:
    wanted = key(text)
    return next((f for f in register.fields if key(f.name) == wanted), None)


def find_field(
    scope: Scope, frame: Frame, register: Register, name: t.Name
) -> tuple[Field, x.Expr | None] | None:
    """A field by name, and the index where it is one of a family; reports what is not there."""
    field = _find_field(register, name.text)
    if field is None:
        _no_field(scope, register, name)
        return None
    if not field.count:
        return field, None
    split = bank(name.text)
    assert split is not None
    index = bank_index(scope, frame, name, split[1], field.first, field.count)
    return None if index is None else (field, index)


def has_enumerators(register: Register, text: str) -> bool:
    """Whether a name is that of a field whose values have names."""
    field = _find_field(register, text)
    return field is not None and bool(field.enumerators)


def enumerator_of(
    scope: Scope, register: Register, part: str, value: t.Name, span: Span
) -> x.Named | None:
    """``REG.FIELD.NAME``: one value of a field, which no register is read for."""
    field = _find_field(register, part)
    assert field is not None
    found = field.enumerator(value.text)
    if found is None:
        scope.found.add(
            UnknownName(
                scope.span(value),
                f"{register.name}.{field.name} has no value `{value.text}`",
                (Note(field.span, "declared here"),),
                help=suggest(value.text, [e.name for e in field.enumerators]),
            )
        )
        return None
    # Further up, its bits in place are another number.
    symbol = f"{key(register.name)}.{key(field.name)}.{found.name}" if field.low == 0 else ""
    return x.Named(found.value, literal(found.value), span, symbol=symbol)


def literal(value: int) -> Int:
    """The type of a number that is written out."""
    return INT if INT.holds(value) else U64


def one_layout(scope: Scope, node: t.Name, field: Field, beside: Iterable[Field]) -> bool:
    """Whether a field can be changed together with others; reports two layouts in one value."""
    other = next((f for f in beside if f.layout and f.layout != field.layout), None)
    if other is None or not field.layout:
        return True
    scope.found.add(
        LayoutsMixed(
            scope.span(node),
            f"`{field.name}` and `{other.name}` belong to layouts that are never in force together",
            (Note(field.span, "this one"), Note(other.span, "and this one")),
        )
    )
    return False


def _no_field(scope: Scope, register: Register, name: t.Name) -> None:
    """Reports a name that is no field, perhaps for want of its layout."""
    names = [f.name for f in register.fields]
    layout = register.layout(name.text)
    moved = [f.name for f in register.fields if f.layout and key(f.name) == _in(f, name.text)]
    if layout is not None:
        what = f"`{name.text}` is a layout of {register.name}, not a field"
        some = [f.name for f in register.fields if f.layout == layout.name]
        help = f"write a field of it, such as `{some[0]}`" if some else ""
    elif moved:
        what = f"`{name.text}` of {register.name} is a field of a layout: its place depends on it"
        help = "did you mean " + " or ".join(f"`{m}`" for m in moved) + "?"
    else:
        what = f"{register.name} has no field `{name.text}`"
        help = suggest(name.text, names)
    note = Note(layout.span if layout else register.span, "declared here")
    scope.found.add(UnknownName(scope.span(name), what, (note,), help=help))


def _in(field: Field, name: str) -> str:
    """The key that a name has as one of a field's layout."""
    return f"{field.layout}.{key(name)}"
