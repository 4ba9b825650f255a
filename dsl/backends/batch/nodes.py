"""Values of lanes as a graph of simple operations, made simpler as it is built.

A node is one array operation, or something to start from: a number, what a place holds.  Equal
nodes are one node.  The rules below replace an operation by fewer or cheaper ones with the same
result in each lane; what comes out is written by `listing`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from dsl.ir.types import Bool, Int

#: What holds a value in a lane: the truth value "b", or a number such as "u32" and "s64".
Kind: TypeAlias = str

BOOL: Kind = "b"
SWAPPED = {"eq": "ne", "ne": "eq"}


@dataclass(slots=True, eq=False)
class Node:
    """One operation.

    ``ones`` are the bits that can be one.  ``steady`` means that it is likely to be the same in all
    lanes (a fact, what no sequence can write): it is not worth a buffer.  ``value`` is the number
    of a constant; ``text`` what a place is called, and ``stamp`` tells its versions apart.
    ``kept`` means that a copy is made, for the place is overwritten before the last use.
    """

    op: str
    args: tuple[Node, ...]
    kind: Kind
    ones: int
    steady: bool
    value: int = 0
    text: str = ""
    place: tuple[str, object] | None = None
    stamp: int = 0
    kept: bool = False

    @property
    def const(self) -> bool:
        return self.op == "const"


def kind_of(type: Int | Bool) -> Kind:
    """The smallest array element that holds a type."""
    if isinstance(type, Bool):
        return BOOL
    width = next(w for w in (8, 16, 32, 64) if type.width <= w)
    return f"{'s' if type.signed else 'u'}{width}"


def width(kind: Kind) -> int:
    return 1 if kind == BOOL else int(kind[1:])


def full(kind: Kind) -> int:
    return (1 << width(kind)) - 1


def signed(kind: Kind) -> bool:
    return kind[0] == "s"


def unsigned(kind: Kind) -> Kind:
    return "u" + kind[1:] if signed(kind) else kind


def number(pattern: int, kind: Kind) -> int:
    """The number that a pattern of bits is."""
    pattern &= full(kind)
    high = signed(kind) and pattern >> (width(kind) - 1)
    return pattern - (1 << width(kind)) if high else pattern


@dataclass(slots=True)
class Graph:
    """Makes nodes; each new one is given to ``emit``, and a use of one to ``use``."""

    emit: Callable[[Node], None]
    use: Callable[[Node], None]
    tables: list[dict[tuple[object, ...], Node]] = field(default_factory=lambda: [{}])

    def make(
        self,
        op: str,
        args: tuple[Node, ...],
        kind: Kind,
        ones: int | None = None,
        *,
        value: int = 0,
        text: str = "",
        place: tuple[str, object] | None = None,
        stamp: int = 0,
        steady: bool | None = None,
    ) -> Node:
        """The node of an operation, new or as it was made before."""
        key = (op, kind, value, text, stamp, *map(id, args))
        for table in self.tables:
            if key in table:
                return table[key]
        for arg in args:
            self.use(arg)
        calm = all(a.steady for a in args) if steady is None else steady
        bits = full(kind) if ones is None else ones & full(kind)
        node = Node(op, args, kind, bits, calm, value, text, place, stamp)
        self.tables[0 if op == "const" else -1][key] = node
        self.emit(node)
        return node

    def const(self, value: int, kind: Kind) -> Node:
        pattern = value & full(kind)
        return self.make("const", (), kind, pattern, value=pattern)

    # ---- bits

    def and_(self, x: Node, y: Node) -> Node:
        if x.const or (x.steady and not y.steady):
            x, y = y, x
        if x.const:
            return self.const(x.value & y.value, x.kind)
        if x is y or (y.const and not x.ones & ~y.value):
            return x
        if not x.ones & y.ones:
            return self.const(0, x.kind)
        if x.op == "and" and y.steady and x.args[1].steady:
            return self.and_(x.args[0], self.and_(x.args[1], y))
        if x.op == "or" and y.const:
            p, q = x.args
            if not q.ones & y.value:
                return self.and_(p, y)
            if not p.ones & y.value:
                return self.and_(q, y)
        return self.make("and", (x, y), x.kind, x.ones & y.ones)

    def or_(self, x: Node, y: Node) -> Node:
        if x.const:
            x, y = y, x
        if x.const:
            return self.const(x.value | y.value, x.kind)
        if x is y or (y.const and y.value == 0):
            return x
        if y.const and not x.ones & ~y.value:
            return y
        a, mask = self._masked(x)
        b, other = self._masked(y)
        if a is b:
            if mask is None or other is None:
                return a
            return self.and_(a, self.or_(mask, other))
        return self.make("or", (x, y), x.kind, x.ones | y.ones)

    def xor(self, x: Node, y: Node) -> Node:
        if x.const:
            x, y = y, x
        if x.const:
            return self.const(x.value ^ y.value, x.kind)
        if y.const and y.value == 0:
            return x
        if x is y:
            return self.const(0, x.kind)
        if x.kind == BOOL and y.const:
            return self.not_(x)
        return self.make("xor", (x, y), x.kind, x.ones | y.ones)

    def not_(self, x: Node) -> Node:
        """Of a truth value."""
        match x.op:
            case "const":
                return self.const(1 - x.value, BOOL)
            case "not":
                return x.args[0]
            case "eq" | "ne":
                return self.make(SWAPPED[x.op], x.args, BOOL)
            case "lt":
                return self.le(x.args[1], x.args[0])
            case "le":
                return self.lt(x.args[1], x.args[0])
            case _:
                return self.make("not", (x,), BOOL)

    def _masked(self, x: Node) -> tuple[Node, Node | None]:
        """What a steady mask is applied to, and the mask."""
        if x.op == "and" and x.args[1].steady:
            return x.args[0], x.args[1]
        return x, None

    # ---- shifts

    def left(self, x: Node, by: int) -> Node:
        if by == 0:
            return x
        mask = full(x.kind)
        if by >= width(x.kind) or not x.ones << by & mask:
            return self.const(0, x.kind)
        if x.const:
            return self.const(x.value << by, x.kind)
        inner, under = self._masked(x)
        if under is not None:
            return self.and_(self.left(inner, by), self.left(under, by))
        if x.op == "left":
            return self.left(x.args[0], x.value + by)
        if x.op == "right" and self._logical(x.args[0]):
            kept = self.const(mask >> x.value << by, x.kind)
            return self.and_(self._shifted(x.args[0], by - x.value), kept)
        return self.make("left", (x,), x.kind, x.ones << by, value=by)

    def right(self, x: Node, by: int) -> Node:
        """A shift down; of a negative number, an arithmetic one."""
        if by == 0:
            return x
        if x.const:
            return self.const(number(x.value, x.kind) >> by, x.kind)
        if not self._logical(x):
            return self.make("right", (x,), x.kind, value=min(by, width(x.kind) - 1))
        if not x.ones >> by:
            return self.const(0, x.kind)
        inner, under = self._masked(x)
        if under is not None and self._logical(inner):
            return self.and_(self.right(inner, by), self.right(under, by))
        if x.op == "right":
            return self.right(x.args[0], x.value + by)
        if x.op == "left" and not signed(x.kind):
            kept = self.const((full(x.kind) << x.value & full(x.kind)) >> by, x.kind)
            return self.and_(self._shifted(x.args[0], x.value - by), kept)
        if x.op == "or":
            p, q = x.args
            if not q.ones >> by:
                return self.right(p, by)
            if not p.ones >> by:
                return self.right(q, by)
        return self.make("right", (x,), x.kind, x.ones >> by, value=by)

    def _logical(self, x: Node) -> bool:
        """Whether a shift down fills up with zeros."""
        return not signed(x.kind) or not x.ones >> (width(x.kind) - 1)

    def _shifted(self, x: Node, up: int) -> Node:
        return self.left(x, up) if up >= 0 else self.right(x, -up)

    def shift(self, op: str, x: Node, by: Node) -> Node:
        """By an amount that differs, of ``x``'s own kind and below its width."""
        if by.const:
            amount = by.value
            return self.left(x, amount) if op == "<<" else self.right(x, amount)
        return self.make("shl" if op == "<<" else "shr", (x, by), x.kind)

    # ---- arithmetic

    def add(self, x: Node, y: Node) -> Node:
        if x.const:
            x, y = y, x
        if x.const:
            return self.const(x.value + y.value, x.kind)
        if y.const and y.value == 0:
            return x
        return self.make("add", (x, y), x.kind, _reach(x.ones + y.ones, x.kind))

    def sub(self, x: Node, y: Node) -> Node:
        if x.const and y.const:
            return self.const(x.value - y.value, x.kind)
        if y.const and y.value == 0:
            return x
        return self.make("sub", (x, y), x.kind)

    def mul(self, x: Node, y: Node) -> Node:
        if x.const:
            x, y = y, x
        if x.const:
            return self.const(x.value * y.value, x.kind)
        if y.const and y.value in (0, 1):
            return x if y.value else y
        return self.make("mul", (x, y), x.kind, _reach(x.ones * y.ones, x.kind))

    # ---- comparisons

    def eq(self, x: Node, y: Node) -> Node:
        if x.const:
            x, y = y, x
        if x is y:
            return self.const(1, BOOL)
        if x.const:
            return self.const(x.value == y.value, BOOL)
        return self._test(x, y.value) if y.const else self.make("eq", (x, y), BOOL)

    def _test(self, x: Node, wanted: int) -> Node:
        """Whether some bits of ``x`` are ``wanted``, asked as far down as these bits come from."""
        mask = full(x.kind)
        while True:
            if wanted & ~(mask & x.ones):
                return self.const(0, BOOL)
            if not mask & x.ones:
                return self.const(1, BOOL)
            mask &= x.ones
            match x.op:
                case "and" if x.args[1].const:
                    mask &= x.args[1].value
                    x = x.args[0]
                case "right" if self._logical(x.args[0]):
                    mask, wanted, x = mask << x.value, wanted << x.value, x.args[0]
                case "left":
                    mask, wanted, x = mask >> x.value, wanted >> x.value, x.args[0]
                case "or" if not x.args[1].ones & mask:
                    x = x.args[0]
                case "or" if not x.args[0].ones & mask:
                    x = x.args[1]
                case "cast" if x.args[0].kind == BOOL:
                    return x.args[0] if wanted else self.not_(x.args[0])
                case "cast" if not (mask & ~full(x.args[0].kind)):
                    x = x.args[0]
                case _:
                    break
        if x.kind == BOOL:
            return x if wanted else self.not_(x)
        if x.const:
            return self.const(x.value & mask == wanted, BOOL)
        bits = self.and_(x, self.const(mask, x.kind))
        if wanted and wanted == mask and mask & (mask - 1) == 0:
            return self.make("ne", (bits, self.const(0, x.kind)), BOOL)
        return self.make("eq", (bits, self.const(wanted, x.kind)), BOOL)

    def lt(self, x: Node, y: Node) -> Node:
        return self._ordered("lt", x, y, x is y, False)

    def le(self, x: Node, y: Node) -> Node:
        return self._ordered("le", x, y, x is y, True)

    def _ordered(self, op: str, x: Node, y: Node, same: bool, equal: bool) -> Node:
        if same:
            return self.const(equal, BOOL)
        if x.const and y.const:
            a, b = number(x.value, x.kind), number(y.value, y.kind)
            return self.const(a <= b if equal else a < b, BOOL)
        if self._logical(x) and self._logical(y):
            least = y.value if y.const else 0
            if x.ones < least or (equal and x.ones == least):
                return self.const(1, BOOL)
            least = x.value if x.const else 0
            if y.ones < least or (not equal and y.ones == least):
                return self.const(0, BOOL)
        return self.make(op, (x, y), BOOL)

    # ---- choices and conversions

    def where(self, c: Node, x: Node, y: Node) -> Node:
        """``x`` in the lanes in which ``c`` holds, ``y`` in the others."""
        if c.const:
            return x if c.value else y
        if x is y:
            return x
        if x.kind == BOOL:
            return self.or_(self.and_(c, x), self.and_(self.not_(c), y))
        if c.op == "not":
            return self.where(c.args[0], y, x)
        if c.steady:
            a, mask = self._masked(x)
            b, other = self._masked(y)
            if a is b:
                ones = self.const(-1, x.kind)
                return self.and_(a, self.where(c, mask or ones, other or ones))
        if c.steady:
            return self.make("where", (c, x, y), x.kind, x.ones | y.ones)
        # As fast as NumPy's `where`, whatever the lanes are, and without an array of its own.
        unlike = self.xor(x, y)
        chosen = self.make("mul", (unlike, self.cast(c, x.kind)), x.kind, unlike.ones)
        return self.xor(chosen, y)

    def cast(self, x: Node, kind: Kind) -> Node:
        """Filled up with zeros, or with the sign; or cut off."""
        if x.kind == kind:
            return x
        if x.const:
            return self.const(number(x.value, x.kind), kind)
        if x.kind == BOOL:
            return self.make("cast", (x,), kind, 1)
        if x.op == "cast" and width(kind) <= width(x.kind):
            return self.cast(x.args[0], kind)
        if x.op == "cast" and not signed(x.kind) and x.args[0].kind != BOOL:
            return self.and_(self.cast(x.args[0], kind), self.const(full(x.kind), kind))
        logical = self._logical(x)
        inner, mask = self._masked(x)
        if mask is not None and (not signed(x.kind) or width(kind) <= width(x.kind)):
            return self.and_(self.cast(inner, kind), self.cast(mask, kind))
        wider = width(kind) > width(x.kind)
        return self.make("cast", (x,), kind, None if wider and not logical else x.ones)


def _reach(most: int, kind: Kind) -> int:
    """All bits of the numbers up to ``most``, if no lane can go beyond."""
    return (1 << most.bit_length()) - 1 if most <= full(kind) else full(kind)
