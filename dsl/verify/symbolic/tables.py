"""Conditions decided by truth tables: one bit of a long number for each case that matters.

Most questions are about a few flags, a few fields, and on which side of a few numbers a counter
is.  Of what is only compared, few values stand for all: between two numbers that it is compared
with, as many as there are unknowns that are compared with each other.  Where there are not too
many cases all are looked at together, and the answer is exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from dsl.verify.symbolic.term import Term

#: More cases than these are a solver's business.
MOST = 1 << 19

#: The values of a field of so many bits, or of a number with so many, are told apart one by one.
_FEW_BITS, _FEW_VALUES = 6, 64


class _TooMany(Exception):
    """There are too many cases, or it is an operator whose bits are not told one by one."""


@dataclass(slots=True)
class _Uses:
    """How a leaf is used: the numbers and the leaves that it is compared with, or ``whole``."""

    cuts: set[int] = field(default_factory=set)
    others: set[Term] = field(default_factory=set)
    whole: bool = False


def possible(conditions: Iterable[Term], most: int = MOST) -> bool | None:
    """Whether some conditions can hold at once; None where there are too many cases."""
    asked = tuple(conditions)
    try:
        return _Table(asked, most).holds(asked)
    except _TooMany:
        return None


def _leaf(term: Term) -> bool:
    return term.op == "sym" or (term.op == "ext" and term.args[0].op == "sym")


def _place(leaf: Term) -> tuple[Term, int]:
    """The unknown that a leaf is of, and its lowest bit there."""
    return (leaf, 0) if leaf.op == "sym" else (leaf.args[0], leaf.args[1])


def _free(unknown: Term) -> bool:
    """Whether each bit of an unknown is whatever the others are."""
    return unknown.lo == 0 and unknown.hi == (1 << unknown.width) - 1


def _ordered(asked: Sequence[Term]) -> list[Term]:
    """All that some terms are made of down to the leaves, the parts before the whole."""
    made: dict[Term, None] = {}
    left: list[tuple[Term, bool]] = [(each, False) for each in asked]
    while left:
        term, ready = left.pop()
        if term in made:
            continue
        if ready or _leaf(term) or term.op == "const":
            made[term] = None
            continue
        left.append((term, True))
        left += [(each, False) for each in term.args if isinstance(each, Term)]
    return list(made)


class _Table:
    """The cases that some conditions tell apart, and in which of them each part is 1."""

    def __init__(self, asked: Sequence[Term], most: int) -> None:
        self._most = most
        self._nodes = _ordered(asked)
        #: Between what a bit vector is a choice, as far as it is one.
        self._atoms: dict[Term, frozenset[Term]] = {}
        self._uses = {each: _Uses() for each in self._nodes if _leaf(each) and each.width}
        self._look()
        #: By variable: how many cases the ones before it have, and how many ways it can be.
        self._ways: list[tuple[int, int]] = []
        self._cases = 1
        self._flags: dict[Term, int] = {}
        #: Of leaves that are only compared: their variable, and what they can be.
        self._values: dict[Term, tuple[int, list[int]]] = {}
        #: Of others: the variable of each bit, or of the unknown that it is a part of.
        self._bits: dict[Term, list[int]] = {}
        self._ranges: dict[Term, int] = {}
        self._variables()
        self._ones = (1 << self._cases) - 1
        self._masks: dict[Term, int] = {}
        self._vectors: dict[Term, list[int]] = {}
        self._choices: dict[Term, dict[Term, int]] = {}
        self._compared: dict[tuple[str, Term, Term], int] = {}

    def holds(self, asked: Sequence[Term]) -> bool:
        """Whether all of the conditions hold in some case."""
        for node in self._nodes:
            if node.width == 0:
                self._masks[node] = self._truth(node)
        left = self._ones
        for each in asked:
            left &= self._masks[each]
        return bool(left)

    # ---- how leaves are used

    def _look(self) -> None:
        for node in self._nodes:
            if node.op == "ite":
                self._atoms[node] = self._among(node.args[1]) | self._among(node.args[2])
            elif node.op in ("ult", "eq") and node.args[0].width:
                for a in self._among(node.args[0]):
                    for b in self._among(node.args[1]):
                        self._beside(a, b)
            elif node.width and not _leaf(node):
                for each in node.args:
                    if isinstance(each, Term):
                        self._whole(each)

    def _among(self, term: Term) -> frozenset[Term]:
        return self._atoms[term] if term.op == "ite" else frozenset((term,))

    def _beside(self, a: Term, b: Term) -> None:
        for one, other in ((a, b), (b, a)):
            uses = self._uses.get(one)
            if uses is None or one is other:
                continue
            if other.op == "const":
                uses.cuts |= {other.value, other.value + 1}
            elif other in self._uses:
                uses.others.add(other)
            else:
                uses.whole = True

    def _whole(self, term: Term) -> None:
        for each in self._among(term):
            if each in self._uses:
                self._uses[each].whole = True

    # ---- which cases there are

    def _variable(self, ways: int) -> int:
        self._ways.append((self._cases, ways))
        self._cases *= ways
        if self._cases > self._most:
            raise _TooMany
        return len(self._ways) - 1

    def _variables(self) -> None:
        for node in self._nodes:
            if node.op == "sym" and not node.width:
                self._flags[node] = self._variable(2)
        of: dict[Term, list[Term]] = {}
        for leaf in self._uses:
            of.setdefault(_place(leaf)[0], []).append(leaf)
        for leaf, uses in self._uses.items():
            unknown, low = _place(leaf)
            if _free(unknown):
                ends = [
                    (at, at + e.width)
                    for e in of[unknown]
                    if e is not leaf
                    for at in (_place(e)[1],)
                ]
                uses.whole |= any(at < low + leaf.width and low < end for at, end in ends)
            else:
                uses.whole |= of[unknown] != [unknown]
        done: set[Term] = set()
        for leaf in self._uses:
            if leaf not in done:
                those = list(self._together(leaf))
                done.update(those)
                self._of(those)

    def _together(self, leaf: Term) -> Iterator[Term]:
        """The leaves that are compared with each other, also by way of others."""
        found = {leaf: None}
        left = [leaf]
        while left:
            one = left.pop()
            yield one
            for other in sorted(self._uses[one].others, key=lambda t: t.number):
                if other not in found:
                    found[other] = None
                    left.append(other)

    def _of(self, those: list[Term]) -> None:
        if any(self._uses[each].whole for each in those):
            for each in those:
                self._bit_by_bit(each)
            return
        cuts = {c for each in those for c in (*self._uses[each].cuts, each.lo, each.hi + 1)}
        values = [
            value
            for low, end in pairwise(sorted(cuts))
            for value in range(low, min(end, low + len(those)))
        ]
        for each in those:
            mine = [value for value in values if each.lo <= value <= each.hi]
            self._values[each] = self._variable(len(mine)), mine

    def _bit_by_bit(self, leaf: Term) -> None:
        unknown, low = _place(leaf)
        if _free(unknown):
            if leaf.width > _FEW_BITS:
                raise _TooMany
            bits = self._bits.setdefault(unknown, [-1] * unknown.width)
            for at in range(low, low + leaf.width):
                if bits[at] < 0:
                    bits[at] = self._variable(2)
        elif unknown not in self._ranges:
            if unknown.hi - unknown.lo >= _FEW_VALUES:
                raise _TooMany
            self._ranges[unknown] = self._variable(unknown.hi - unknown.lo + 1)

    # ---- in which of them something is 1

    def _way(self, variable: int, way: int) -> int:
        """The cases in which a variable is one of its ways."""
        before, ways = self._ways[variable]
        made, long = ((1 << before) - 1) << way * before, before * ways
        while long < self._cases:
            made |= made << long
            long += long
        return made & self._ones

    def _truth(self, term: Term) -> int:
        args = term.args
        match term.op:
            case "const":
                return self._ones if args[0] else 0
            case "sym":
                return self._way(self._flags[term], 1)
            case "not":
                return self._ones ^ self._masks[args[0]]
            case "and":
                made = self._ones
                for each in args:
                    made &= self._masks[each]
                return made
            case "ult" | "eq":
                made = 0
                others = self._choice(args[1])
                for a, where in self._choice(args[0]).items():
                    for b, there in others.items():
                        both = where & there
                        if both:
                            made |= both & self._atom(term.op, a, b)
                return made
            case _:
                raise _TooMany

    def _choice(self, term: Term) -> dict[Term, int]:
        """What a bit vector is, in which cases."""
        if term.op != "ite":
            return {term: self._ones}
        found = self._choices.get(term)
        if found is None:
            found = self._choices[term] = {}
            yes = self._masks[term.args[0]]
            for side, there in ((term.args[1], yes), (term.args[2], self._ones ^ yes)):
                for each, where in self._choice(side).items():
                    if where & there:
                        found[each] = found.get(each, 0) | where & there
        return found

    def _atom(self, op: str, a: Term, b: Term) -> int:
        if a is b:
            return self._ones if op == "eq" else 0
        key = (op, a, b)
        found = self._compared.get(key)
        if found is None:
            found = self._compared[key] = self._compare(op, a, b)
        return found

    def _compare(self, op: str, a: Term, b: Term) -> int:
        sides = [self._valued(each) for each in (a, b)]
        if sides[0] is not None and sides[1] is not None:
            made = 0
            for x, where in sides[0]:
                for y, there in sides[1]:
                    if x == y if op == "eq" else x < y:
                        made |= where & there
            return made
        made = self._ones if op == "eq" else 0
        for left, right in zip(self._vector(a), self._vector(b), strict=True):
            same = self._ones ^ left ^ right
            made = made & same if op == "eq" else (made & same) | (right & ~left)
        return made

    def _valued(self, term: Term) -> list[tuple[int, int]] | None:
        """The values that something has, each with its cases, where these are told apart."""
        if term.op == "const":
            return [(term.value, self._ones)]
        known = self._values.get(term)
        if known is None:
            return None
        variable, values = known
        return [(value, self._way(variable, way)) for way, value in enumerate(values)]

    def _vector(self, term: Term) -> list[int]:
        """The cases in which each bit is 1, from the lowest up."""
        found = self._vectors.get(term)
        if found is None:
            found = self._vectors[term] = self._made(term)
        return found

    def _made(self, term: Term) -> list[int]:
        args = term.args
        if _leaf(term):
            return self._of_leaf(term)
        match term.op:
            case "const":
                return [self._ones if args[0] >> at & 1 else 0 for at in range(term.width)]
            case "ite":
                yes = self._masks[args[0]]
                no = self._ones ^ yes
                sides = zip(self._vector(args[1]), self._vector(args[2]), strict=True)
                return [(x & yes) | (y & no) for x, y in sides]
            case "cat":
                return [bit for part in args for bit in self._vector(part)]
            case "ext":
                return self._vector(args[0])[args[1] : args[1] + term.width]
            case "and" | "or" | "xor":
                pairs = zip(self._vector(args[0]), self._vector(args[1]), strict=True)
                if term.op == "and":
                    return [x & y for x, y in pairs]
                return [x | y if term.op == "or" else x ^ y for x, y in pairs]
            case "add" | "sub":
                return self._sum(args[0], args[1], minus=term.op == "sub")
            case _:
                raise _TooMany

    def _sum(self, a: Term, b: Term, *, minus: bool) -> list[int]:
        carry = self._ones if minus else 0
        made: list[int] = []
        for x, other in zip(self._vector(a), self._vector(b), strict=True):
            y = self._ones ^ other if minus else other
            made.append(x ^ y ^ carry)
            carry = (x & y) | (carry & (x ^ y))
        return made

    def _of_leaf(self, leaf: Term) -> list[int]:
        unknown, low = _place(leaf)
        if unknown in self._bits:
            bits = self._bits[unknown]
            return [self._way(bits[at], 1) for at in range(low, low + leaf.width)]
        variable = self._ranges[unknown]
        made = [0] * leaf.width
        for way in range(unknown.hi - unknown.lo + 1):
            value = unknown.lo + way >> low
            those = self._way(variable, way)
            for at in range(leaf.width):
                if value >> at & 1:
                    made[at] |= those
        return made
