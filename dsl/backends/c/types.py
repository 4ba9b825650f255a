"""C types of what a sequence declares, by the name that its author gave them."""

from __future__ import annotations

from dsl.backends.c.spelling import Speller
from dsl.ir.types import BOOL, INT, Handle, Int, Type
from dsl.resolve.hints import Layout
from dsl.source import Span


class Types:
    """C types of what a sequence declares."""

    def __init__(self, speller: Speller, layout: Layout) -> None:
        self._speller = speller
        self._layout = layout

    def of(self, type: Type | None, span: Span) -> str:
        """The C type of a parameter, a ``let`` or a result declared at ``span``."""
        written = self._layout.types.get(span.start)
        if written is not None and type is not None and not isinstance(type, Handle):
            # A register's name is a type too; C knows only its width.
            if written not in ("bool", "u8", "u16", "u32", "u64", "int", "uint"):
                written = str(type)
            return self._speller.type(written, span)
        match type:
            case None:
                return self._speller.type("void", span)
            case Handle():
                return self._speller.type(str(type), span)
            case _:
                return self._speller.type(_name(type), span)


def _name(type: Type) -> str:
    if type == BOOL:
        return "bool"
    if type == INT:
        return "int"
    assert isinstance(type, Int)
    # A value that is no register's has a register's width.
    width = next(w for w in (8, 16, 32, 64) if type.width <= w)
    return f"{'s' if type.signed else 'u'}{width}"
