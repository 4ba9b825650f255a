"""The IR as canonical text: everything that has a meaning, and no places.

Two programs with the same dump mean the same.  Spans are left out; what is declared elsewhere
(registers, fields, slots, conditions, locks, contexts, endpoints) is named, not repeated.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

from msgspec import Struct

from dsl.ir.expr import Expr
from dsl.ir.platform import Endpoint
from dsl.ir.program import Module, Program
from dsl.ir.sequence import Lock
from dsl.ir.shapes import (
    Condition,
    Constant,
    Context,
    Field,
    FieldLayout,
    Register,
    RegisterRef,
    Slot,
)
from dsl.ir.types import Bool, Handle, Int
from dsl.source import Span

#: What is declared once and referred to from everywhere.
_NAMED = (Register, Field, FieldLayout, Slot, Condition, Constant, Context, Lock, Endpoint)
_WIDEST = 96


def dump(whole: Program | Module, *, docs: bool = True) -> str:
    """The canonical text of a module, or of a program; ``docs`` keeps documentation comments."""
    return "\n".join(_declared(whole, 0, docs)) + "\n"


def dump_expr(value: Expr) -> str:
    """One expression on one line."""
    return _inline(value, docs=False)


def _declared(value: Any, depth: int, docs: bool) -> Iterator[str]:
    """A declaration, a statement or a list of them, a line for each part that is short enough."""
    pad = "  " * depth
    short = _inline(value, docs, declared=True)
    if len(pad) + len(short) <= _WIDEST:
        yield pad + short
    elif isinstance(value, tuple):
        yield pad + "["
        for each in value:
            yield from _part("", each, depth + 1, docs)
        yield pad + "]"
    elif _is_node(value):
        yield f"{pad}{type(value).__name__}"
        for name, part in _parts(value, docs):
            yield from _part(f"{name}: ", part, depth + 1, docs)
    else:
        yield pad + short


def _part(label: str, value: Any, depth: int, docs: bool) -> Iterator[str]:
    """A part of a declaration: what is declared inside it is written out, the rest is named."""
    pad = "  " * depth
    if isinstance(value, _NAMED) and label:
        yield f"{pad}{label}{_inline(value, docs)}"
        return
    first, *rest = _declared(value, depth, docs)
    yield f"{pad}{label}{first[len(pad) :]}"
    yield from rest


def _parts(value: Any, docs: bool) -> Iterator[tuple[str, Any]]:
    """The parts of a node that have a meaning."""
    for name in value.__struct_fields__:
        part = getattr(value, name)
        if not isinstance(part, Span) and (docs or name != "doc"):
            yield name, part


def _is_node(value: Any) -> bool:
    return isinstance(value, Struct)


def _inline(value: Any, docs: bool, *, declared: bool = False) -> str:
    match value:
        case RegisterRef():
            return value.name
        case Int() | Bool() | Handle():
            return str(value)
        case Enum():
            return str(value.value)
        case tuple():
            return f"[{', '.join(_inline(each, docs, declared=declared) for each in value)}]"
        case _ if isinstance(value, _NAMED) and not declared:
            return value.name
        case _ if _is_node(value):
            shown = (f"{name}={_inline(part, docs)}" for name, part in _parts(value, docs))
            return f"{type(value).__name__}({', '.join(shown)})"
        case _:
            return repr(value)
