"""Pieces of C text: expressions that know how tightly they bind, and lines that fit 80 columns."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from dsl.ir.dialect import VARIABLE
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

WIDTH = 80
TAB = 8


class CText(Struct, frozen=True):
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


def parenthesised(made: CText) -> CText:
    """An expression in parentheses, whether it needs them or not."""
    return CText(f"({made.text})", type=made.type)


def as_it_is(made: CText) -> CText:
    """An expression with nothing put around it."""
    return made


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
    if (whole := VARIABLE.fullmatch(pattern.strip())) is not None:
        return values[whole[1] or whole[2]]
    pieces = []
    end = 0
    for match in VARIABLE.finditer(pattern):
        value = values[match[1] or match[2]]
        before, after = pattern[: match.start()].rstrip(), pattern[match.end() :].lstrip()
        alone = _OPEN.search(before) is not None and (not after or after[0] in "),]")
        least = UNARY if before.endswith(("!", "~")) else POSTFIX
        pieces += [pattern[end : match.start()], value.text if alone else value.at(least)]
        end = match.end()
    pieces.append(pattern[end:])
    text = "".join(pieces)
    return CText(text, precedence_of(text))


def string(text: str) -> str:
    """A string literal."""
    for char, escape in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t")):
        text = text.replace(char, escape)
    return f'"{text}"'


# ---- lines


class Line(Struct, frozen=True):
    """One line of C; ``indent`` counts tabs, and an empty text is a blank line."""

    indent: int
    text: str

    def __str__(self) -> str:
        return "\t" * self.indent + self.text if self.text else ""


def wrapped(indent: int, text: str) -> list[Line]:
    """A statement on as many lines as it needs.

    A line goes on under the last bracket that is open before it, or under what is assigned.
    """
    lines: list[Line] = []
    under: list[int] = []
    assigned = re.match(r"return |[^=(]* [|&]?= (?=.)", text)
    prefix = ""
    rest = text
    while True:
        whole = prefix + rest
        at = None
        if indent * TAB + _width(whole, indent) > WIDTH:
            at = _break(whole, indent, len(prefix))
        if at is None:
            return [*lines, Line(indent, whole)]
        line = whole[:at].rstrip()
        if assigned is not None and not lines and assigned.end() >= at:
            assigned = None
        base = indent * TAB + (TAB if assigned is None else assigned.end())
        for i, char in enumerate(line):
            if char in "([":
                under.append(indent * TAB + _width(line[: i + 1], indent))
            elif char in ")]" and under:
                under.pop()
        lines.append(Line(indent, line))
        column = under[-1] if under else base
        prefix = "\t" * (column // TAB - indent) + " " * (column % TAB)
        rest = whole[at:].lstrip()


def _width(text: str, indent: int) -> int:
    """The columns that a text takes that begins after ``indent`` tabs."""
    start = width = indent * TAB
    for char in text:
        width = (width // TAB + 1) * TAB if char == "\t" else width + 1
    return width - start


#: Where a line may be broken, best first: after a comma or a logical operator, after another
#: operator; after an assignment only where there is nothing else.
_BREAKS = (
    re.compile(r"(?<=[,;]) |(?<=&&) |(?<=\|\|) "),
    re.compile(r"(?<=[\w)\]] [|^&+\-*]) |(?<=[\w)\]] (?:<<|>>|==|!=|<=|>=)) "),
)
_LAST = re.compile(r"(?<=[\w)\]] =) ")


def _break(text: str, indent: int, start: int) -> int | None:
    """Where to break: as far out and as late as possible, so that the line fits."""
    depths = _depths(text)
    found = [
        (depths[m.start()], rank, -m.start())
        for rank, pattern in enumerate(_BREAKS)
        for m in pattern.finditer(text, start + 1)
    ]
    found = found or [(0, 0, -m.start()) for m in _LAST.finditer(text, start + 1)]
    fitting = [f for f in found if indent * TAB + _width(text[: -f[2]], indent) <= WIDTH]
    return 1 - min(fitting)[2] if fitting else None


def _depths(text: str) -> list[int]:
    """How many brackets are open before each character."""
    depths = []
    depth = 0
    for char in text:
        depths.append(depth)
        depth += (char in "([") - (char in ")]")
    return depths


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
    import textwrap

    lines: list[str] = []
    paragraph: list[str] = []
    for line in [*doc, ""]:
        if line.strip():
            paragraph.append(line.strip())
            continue
        if paragraph:
            words = " ".join(paragraph)
            lines += textwrap.wrap(words, room, break_long_words=False, break_on_hyphens=False)
        lines.append("")
        paragraph = []
    while lines and not lines[-1]:
        lines.pop()
    return lines


def declarator(type: str, name: str) -> str:
    """``type name``, with a pointer's star beside the name."""
    return f"{type}{name}" if type.endswith("*") else f"{type} {name}"
