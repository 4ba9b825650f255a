"""Pieces of C text: expressions that know how tightly they bind, and lines that fit 80 columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

#: C's precedences, loosest first.
LOGICAL_OR, LOGICAL_AND, OR, XOR, AND, EQUALITY, RELATION, SHIFT, SUM, PRODUCT, UNARY, POSTFIX = (
    range(1, 13)
)

_BINARY = {
    "||": LOGICAL_OR,
    "&&": LOGICAL_AND,
    "|": OR,
    "^": XOR,
    "&": AND,
    "==": EQUALITY,
    "!=": EQUALITY,
    "<": RELATION,
    "<=": RELATION,
    ">": RELATION,
    ">=": RELATION,
    "<<": SHIFT,
    ">>": SHIFT,
    "+": SUM,
    "-": SUM,
    "*": PRODUCT,
    "/": PRODUCT,
    "%": PRODUCT,
}
_TOKEN = re.compile(
    r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|\w+|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||\S'
)
_VARIABLE = re.compile(r"\$([A-Za-z_]\w*)")

WIDTH = 80
TAB = 8


@dataclass(frozen=True, slots=True)
class CText:
    """An expression and the precedence of its loosest operator."""

    text: str
    precedence: int = POSTFIX

    def at(self, least: int) -> str:
        """The text, in parentheses where it binds looser than ``least``."""
        return self.text if self.precedence >= least else f"({self.text})"


def binary(left: CText, op: str, right: CText) -> CText:
    """``left op right``; operators that people confuse are kept apart by parentheses."""
    precedence = _BINARY[op]
    return CText(
        f"{_side(left, op, precedence)} {op} {_side(right, op, precedence + 1)}", precedence
    )


def _side(side: CText, op: str, least: int) -> str:
    mixed = op in ("|", "^", "&", "||", "<<", ">>") and side.precedence not in (
        _BINARY[op],
        UNARY,
        POSTFIX,
    )
    # In `a || b == c` nobody errs; in `a || b && c`, `a | b & c` and `1 << a + b` they do.
    if op == "||" and side.precedence > LOGICAL_AND:
        mixed = False
    return f"({side.text})" if mixed else side.at(least)


def unary(op: str, operand: CText) -> CText:
    return CText(f"{op}{operand.at(UNARY)}", UNARY)


def precedence_of(text: str) -> int:
    """The precedence of the loosest operator of a C expression that is outside all brackets."""
    loosest = POSTFIX
    depth = 0
    operand = False
    for token in _TOKEN.findall(text):
        if token in "([":
            depth += 1
            operand = False
            continue
        if token in ")]":
            depth -= 1
            operand = True
            continue
        if depth:
            operand = token[0].isalnum() or token[0] in "_\"'"
            continue
        if token in _BINARY and operand:
            loosest = min(loosest, _BINARY[token])
            operand = False
        elif token in ("!", "~", "&", "*", "-", "+", "++", "--"):
            loosest = min(loosest, UNARY)
        elif token in ("->", ".", ","):
            operand = False
        else:
            operand = True
    return loosest


def fill(pattern: str, values: Mapping[str, CText]) -> CText:
    """A dialect's pattern with its variables replaced.

    A value gets parentheses unless it binds tightly, or stands alone between brackets and commas.
    """
    if (whole := _VARIABLE.fullmatch(pattern.strip())) is not None:
        return values[whole[1]]
    pieces = []
    end = 0
    for match in _VARIABLE.finditer(pattern):
        value = values[match[1]]
        before, after = pattern[: match.start()].rstrip(), pattern[match.end() :].lstrip()
        alone = (not before or before[-1] in "(,[") and (not after or after[0] in "),]")
        pieces += [pattern[end : match.start()], value.text if alone else value.at(POSTFIX)]
        end = match.end()
    pieces.append(pattern[end:])
    text = "".join(pieces)
    # Two signs must not grow together: `-$value` with a negative number.
    return CText(text, precedence_of(text))


# ---- lines


@dataclass(frozen=True, slots=True)
class Line:
    """One line of C; ``indent`` counts tabs, and an empty text is a blank line."""

    indent: int
    text: str

    def __str__(self) -> str:
        return "\t" * self.indent + self.text if self.text else ""


def wrapped(indent: int, text: str) -> list[Line]:
    """A statement on as many lines as it needs, continued under its open bracket."""
    lines: list[Line] = []
    prefix = ""
    rest = text
    while True:
        if indent * TAB + _width(prefix + rest) <= WIDTH:
            return [*lines, Line(indent, prefix + rest)]
        at = _break(prefix + rest, WIDTH - indent * TAB, len(prefix))
        if at is None:
            return [*lines, Line(indent, prefix + rest)]
        whole = prefix + rest
        lines.append(Line(indent, whole[:at].rstrip()))
        column = _open_bracket(whole[:at], indent)
        prefix = "\t" * (column // TAB) + " " * (column % TAB)
        prefix = _relative(prefix, indent)
        rest = whole[at:].lstrip()


def _relative(prefix: str, indent: int) -> str:
    """The prefix without the tabs that the indent gives already."""
    return prefix[indent:] if prefix.startswith("\t" * indent) else prefix


def _width(text: str) -> int:
    width = 0
    for char in text:
        width = (width // TAB + 1) * TAB if char == "\t" else width + 1
    return width


def _break(text: str, room: int, start: int) -> int | None:
    """Where to break: after a comma or a logical operator, as far out and as late as possible."""
    depth = 0
    best: tuple[int, int] | None = None
    width = 0
    previous = ""
    for i, char in enumerate(text):
        if width > room:
            break
        if char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
        elif char == " " and i > start and (previous == "," or text[i - 2 : i] in ("||", "&&")):
            if best is None or depth <= best[0]:
                best = (depth, i)
        width = (width // TAB + 1) * TAB if char == "\t" else width + 1
        previous = char
    return None if best is None else best[1] + 1


def _open_bracket(text: str, indent: int) -> int:
    """The column after the last bracket that is still open, counted from the left margin."""
    stack: list[int] = []
    width = indent * TAB
    for char in text:
        width = (width // TAB + 1) * TAB if char == "\t" else width + 1
        if char in "([":
            stack.append(width)
        elif char in ")]" and stack:
            stack.pop()
    return stack[-1] if stack else (indent + 1) * TAB


def comment(indent: int, doc: tuple[str, ...]) -> list[Line]:
    """A comment in kernel form: on one line if it fits, else a block."""
    if not doc:
        return []
    safe = [d.replace("*/", "* /") for d in doc]
    if len(safe) == 1 and indent * TAB + len(safe[0]) + 6 <= WIDTH:
        return [Line(indent, f"/* {safe[0]} */")]
    room = WIDTH - indent * TAB - 3
    if any(len(d) > room for d in safe):
        safe = _reflowed(safe, room)
    body = [Line(indent, f" * {d}".rstrip()) for d in safe]
    return [Line(indent, "/*"), *body, Line(indent, " */")]


def _reflowed(doc: list[str], room: int) -> list[str]:
    """The same words on lines that fit; an empty line still ends a paragraph."""
    import textwrap

    lines: list[str] = []
    paragraph: list[str] = []
    for line in [*doc, ""]:
        if line.strip():
            paragraph.append(line.strip())
            continue
        if paragraph:
            lines += textwrap.wrap(" ".join(paragraph), room, break_long_words=False)
        lines.append("")
        paragraph = []
    while lines and not lines[-1]:
        lines.pop()
    return lines


def declarator(type: str, name: str) -> str:
    """``type name``, with a pointer's star beside the name."""
    return f"{type}{name}" if type.endswith("*") else f"{type} {name}"
