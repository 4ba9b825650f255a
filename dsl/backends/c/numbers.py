"""Numbers in C: as the source has them, and told their type where that matters."""

from __future__ import annotations

from dsl.backends.c.text import UNARY, CText
from dsl.ir import expr as x
from dsl.ir.types import INT, U32, U64, Bool, Int


def literal(value: x.Const) -> CText:
    """A number, as the source has it where that is C."""
    if isinstance(value.type, Bool):
        return CText("true" if value.value else "false", type=INT)
    if value.value < 0:
        return CText(str(value.value), UNARY, INT if INT.holds(value.value) else Int(64, True))
    written = value.span.text.replace("_", "")
    try:
        same = int(written, 0) == value.value
    except ValueError:
        same = False
    hexadecimal = written.lower().startswith("0x")
    text = written if same and (hexadecimal or written.isdigit()) else str(value.value)
    if INT.holds(value.value):
        return CText(text, type=INT)
    if U32.holds(value.value):
        return CText(text if same and hexadecimal else f"{text}U", type=U32)
    return CText(f"{text}ULL", type=U64)


def suffixed(made: CText, type: Int) -> CText:
    """A number that is not negative, of the type that is needed."""
    digits = made.text.rstrip("UL")
    return CText(f"{digits}{'ULL' if type.width > U32.width else 'U'}", type=type)
