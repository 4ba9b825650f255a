"""Pieces of C text: expressions that know how tightly they bind, and lines that fit 80 columns."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

from dsl.ir.types import Int

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
#: What a value may follow without brackets: nothing, an open bracket, a comma, an assignment.
_OPEN = re.compile(r"(?:^|[(,\[]|(?<![=!<>])=)$")
_VARIABLE = re.compile(r"\$([A-Za-z_]\w*)")

WIDTH = 80
TAB = 8


@dataclass(frozen=True, slots=True)
class CText:
    """An expression, the precedence of its loosest operator, and its C type where that is known."""

    text: str
    precedence: int = POSTFIX
    type: Int | None = None

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
    if op in ("==", "!=", "<", "<=", ">", ">="):
        mixed = EQUALITY <= side.precedence <= RELATION
    # In `a || b == c` nobody errs; in `a || b && c`, `a | b & c` and `1 << a + b` they do.
    if op in ("&&", "||") and side.precedence > AND:
        mixed = False
    # `!a & b` looks like a slip of the pen, so compilers warn.
    if op in ("|", "^", "&") and side.text.startswith("!"):
        mixed = True
    return f"({side.text})" if mixed else side.at(least)


def unary(op: str, operand: CText) -> CText:
    return CText(f"{op}{operand.at(UNARY)}", UNARY)


def precedence_of(text: str) -> int:
    """The precedence of the loosest operator of a C expression that is outside all brackets."""
    loosest = POSTFIX
    depth = 0
    operand = False
    previous = ""
    for token in _TOKEN.findall(text):
        if previous == ")" and not depth and (token == "(" or token[0].isalnum() or token == "_"):
            # Nothing but the operand of a cast stands right after a bracket.
            loosest = min(loosest, UNARY)
        previous = token
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
        alone = _OPEN.search(before) is not None and (not after or after[0] in "),]")
        pieces += [pattern[end : match.start()], value.text if alone else value.at(POSTFIX)]
        end = match.end()
    pieces.append(pattern[end:])
    text = "".join(pieces)
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
        whole = prefix + rest
        at = None
        if indent * TAB + _width(whole, indent) > WIDTH:
            at = _break(whole, indent, len(prefix))
        if at is None:
            return [*lines, Line(indent, whole)]
        lines.append(Line(indent, whole[:at].rstrip()))
        column = _continuation(whole[:at], indent)
        prefix = "\t" * (column // TAB - indent) + " " * (column % TAB)
        rest = whole[at:].lstrip()


def _width(text: str, indent: int) -> int:
    """The columns that a text takes that begins after ``indent`` tabs."""
    start = width = indent * TAB
    for char in text:
        width = (width // TAB + 1) * TAB if char == "\t" else width + 1
    return width - start


#: Where a line may be broken, best first: after a comma or a logical operator, after another
#: operator, after an assignment.
_BREAKS = (
    re.compile(r"(?<=[,;]) |(?<=&&) |(?<=\|\|) "),
    re.compile(r"(?<=[\w)\]] [|^&+\-*]) |(?<=[\w)\]] (?:<<|>>|==|!=|<=|>=)) "),
    re.compile(r"(?<=[\w)\]] =) "),
)


def _break(text: str, indent: int, start: int) -> int | None:
    """Where to break: as far out and as late as possible, so that the line fits."""
    depths = _depths(text)
    for pattern in _BREAKS:
        best: tuple[int, int] | None = None
        for found in pattern.finditer(text, start + 1):
            at = found.start()
            if indent * TAB + _width(text[:at], indent) > WIDTH:
                break
            if best is None or depths[at] <= best[0]:
                best = (depths[at], at)
        if best is not None:
            return best[1] + 1
    return None


def _depths(text: str) -> list[int]:
    """How many brackets are open before each character."""
    depths = []
    depth = 0
    for char in text:
        depths.append(depth)
        depth += (char in "([") - (char in ")]")
    return depths


def _continuation(text: str, indent: int) -> int:
    """The column after the last bracket that is still open, or after what is assigned to."""
    stack: list[int] = []
    for i, char in enumerate(text):
        if char in "([":
            stack.append(i + 1)
        elif char in ")]" and stack:
            stack.pop()
    if not stack:
        assigned = re.match(r"\s*(?:return |[^=]* [|&]?= (?=.))", text)
        stack = [assigned.end()] if assigned else []
    if not stack:
        return (indent + 1) * TAB
    return indent * TAB + _width(text[: stack[-1]], indent)


def comment(indent: int, doc: tuple[str, ...]) -> list[Line]:
    """A comment in kernel form: on one line if it fits, else a block."""
    if not any(d.strip() for d in doc):
        return []
    safe = [d.replace("*/", "* /").replace("/*", "/ *") for d in doc]
    if len(safe) == 1 and indent * TAB + len(safe[0]) + 6 <= WIDTH:
        return [Line(indent, f"/* {safe[0]} */")]
    room = WIDTH - indent * TAB - 3
    if any(len(d) > room for d in safe):
        safe = _reflowed(safe, room)
    body = [Line(indent, f" * {d}".rstrip()) for d in safe]
    return [Line(indent, "/*"), *body, Line(indent, " */")]


def _reflowed(doc: list[str], room: int) -> list[str]:
    """The same words on lines that fit; an empty line still ends a paragraph."""
    lines: list[str] = []
    paragraph: list[str] = []
    for line in [*doc, ""]:
        if line.strip():
            paragraph.append(line.strip())
            continue
        if paragraph:
            lines += textwrap.wrap(" ".join(paragraph), room, break_long_words=False, break_on_hyphens=False)
        lines.append("")
        paragraph = []
    while lines and not lines[-1]:
        lines.pop()
    return lines


def declarator(type: str, name: str) -> str:
    """``type name``, with a pointer's star beside the name."""
    return f"{type}{name}" if type.endswith("*") else f"{type} {name}"
