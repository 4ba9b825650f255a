"""Lines as words that know where a line may break, and the expressions of the language as such."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias, assert_never

from dsl.syntax import tree as t

#: How deep the place before a word is nested; too long a line breaks at the lowest that it has.
CLAUSE = 0
LIST = 1
EXPRESSION = 2
DEEPER = 20
GLUED = sys.maxsize


class Word(NamedTuple):
    """Text with the blank in front of it, and what may happen in front of it.

    Words of neighbouring lines that have the same ``column`` are set below each other.
    """

    text: str
    level: int = GLUED
    column: int = 0


Words: TypeAlias = list[Word]


def word(text: str) -> Words:
    return [Word(text)]


def led(lead: str, words: Words, level: int = GLUED, column: int = 0) -> Words:
    """The words with something in front, where a line may break or a column begin."""
    return [Word(lead + words[0].text, level, column), *words[1:]]


def closed(words: Words, tail: str) -> Words:
    """The words with something right behind the last."""
    return [*words[:-1], words[-1]._replace(text=words[-1].text + tail)]


def listed(parts: Sequence[Words], level: int = LIST, comma: str = ",") -> Words:
    """The parts with commas between them, and a break allowed after each comma."""
    words: Words = []
    for i, part in enumerate(parts):
        tail = comma if i < len(parts) - 1 else ""
        words += closed(led(" " if i else "", part, level if i else GLUED), tail)
    return words


def width(words: Words) -> int:
    return sum([len(w.text) for w in words])


# ---- expressions

# How tightly the operators bind, as the grammar layers them.
_WITH, _IMPLIES, _NOT, _COMPARE, _SUM, _ATOM = 0, 1, 4, 5, 10, 12
#: Operators that need parentheses beside others of arithmetic to be read without doubt.
_BITWISE = ("<<", ">>", "&", "^", "|")
_NUMERIC = (*_BITWISE, "+", "-", "*")
_BINDING = (
    {"implies": _IMPLIES, "or": 2, "and": 3}
    | dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), _COMPARE)
    | {"|": 6, "^": 7, "&": 8, "<<": 9, ">>": 9, "+": _SUM, "-": _SUM, "*": 11}
)


def _binding(node: t.Expr) -> int:
    match node:
        case t.With():
            return _WITH
        case t.Binary():
            return _BINDING[node.op]
        case t.Not():
            return _NOT
        case _:
            return _ATOM


def expr(node: t.Expr, least: int = _WITH, level: int = EXPRESSION) -> Words:
    """An expression, in parentheses if it binds less tightly than its place asks for.

    Brackets are recursed into; what grows by mere repetition is walked, however long it is.
    """
    if _binding(node) < least:
        return closed(led("(", expr(node, level=level + DEEPER)), ")")
    match node:
        case t.Number():
            return word(node.text)
        case t.Place():
            return place(node, level)
        case t.Call():
            return call(node, level)
        case t.Hypcall():
            return led("hypcall ", call(node.call, level))
        case t.Every():
            head = f"every {node.var.text} in {bounds(node.range)}: ("
            return closed(led(head, expr(node.body, level=level + DEEPER)), ")")
        case t.Not():
            return _negation(node, level)
        case t.Complement():
            return led("~", expr(node.operand, _ATOM, level))
        case t.Binary(op="implies"):
            return _implication(node, level)
        case t.Binary():
            return _operation(node, level)
        case t.With():
            return _update(node, level)
        case _:
            assert_never(node)


def _update(node: t.Expr, level: int) -> Words:
    tails = []
    while isinstance(node, t.With):
        value = expr(node.value, _IMPLIES, level)
        tails.append(led(f" with {node.field.text} = ", value, level))
        node = node.base
    return _chained(expr(node, level=level), tails)


def _implication(node: t.Expr, level: int) -> Words:
    words: Words = []
    lead, at = "", GLUED
    while isinstance(node, t.Binary) and node.op == "implies":
        words += led(lead, expr(node.left, _IMPLIES + 1, level), at)
        lead, at = " implies ", level + _IMPLIES
        node = node.right
    return words + led(lead, expr(node, _IMPLIES, level), at)


def _operation(node: t.Expr, level: int) -> Words:
    tails = []
    least = _WITH
    above = ""
    while isinstance(node, t.Binary) and (own := _BINDING[node.op]) >= least:
        if _confused(above, node):
            break
        right = expr(node.right, _ATOM if _confused(node.op, node.right) else own + 1, level)
        tails.append(led(f" {node.op} ", right, level + own))
        # Comparisons do not chain; everything else does, to the left.
        least = own + 1 if own == _COMPARE else own
        above = node.op
        node = node.left
    return _chained(expr(node, _ATOM if _confused(above, node) else least, level), tails)


def _confused(above: str, node: t.Expr) -> bool:
    """Whether people err about which of two operators binds tighter, so parentheses stand."""
    return (
        above in _BITWISE
        and isinstance(node, t.Binary)
        and node.op in _NUMERIC
        and _BINDING[node.op] != _BINDING[above]
    )


def _negation(node: t.Expr, level: int) -> Words:
    lead = ""
    while isinstance(node, t.Not):
        lead += "not "
        node = node.operand
    return led(lead, expr(node, _NOT, level))


def _chained(words: Words, tails: list[Words]) -> Words:
    for tail in reversed(tails):
        words += tail
    return words


def place(node: t.Place, level: int = EXPRESSION) -> Words:
    words = word(node.name.text)
    for pick in node.picks:
        match pick:
            case t.Dot():
                words = closed(words, "." + pick.name.text)
            case t.At():
                index = closed(expr(pick.index, level=level + DEEPER), "]")
                words = [*closed(words, "[" + index[0].text), *index[1:]]
            case _:
                assert_never(pick)
    return words


def places(nodes: Sequence[t.Place]) -> Words:
    return listed([place(p) for p in nodes])


def call(node: t.Call, level: int = EXPRESSION) -> Words:
    head = node.name.text + "("
    if not node.args:
        return word(head + ")")
    inner = level + DEEPER
    return closed(led(head, listed([expr(a, level=inner) for a in node.args], inner)), ")")


def bounds(node: t.Range) -> str:
    return f"{node.low.text}..{node.high.text}"


def bits(node: t.Bits) -> str:
    """``[31:0]``, and blanks round the colon where a bound is more than a name or a number."""
    high = "".join([w.text for w in expr(node.high, _SUM)])
    if node.low is None:
        return f"[{high}]"
    low = "".join([w.text for w in expr(node.low, _SUM)])
    colon = " : " if " " in high + low else ":"
    return f"[{high}{colon}{low}]"
