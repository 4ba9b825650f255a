"""Values with unknowns in them: bit vectors and truth values, each made once and made simple.

A bit vector of several parts is kept as its parts (``cat``), so a field that is taken out of a
value, or put into it, costs nothing to see through.  A choice (``ite``) is made part by part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random
from typing import Any

#: How many concrete values each term is tried with before a solver is asked.
SAMPLES = 12

#: Of so many values an operator is worked out for each.
_FEW = 8


class Term:
    """A bit vector (``width`` bits, between ``lo`` and ``hi``) or a truth value (width 0)."""

    __slots__ = ("args", "hi", "lo", "number", "op", "samples", "width")

    def __init__(
        self, op: str, width: int, args: tuple[Any, ...], lo: int, hi: int, number: int
    ) -> None:
        self.op, self.width, self.args = op, width, args
        self.lo, self.hi, self.number = lo, hi, number
        self.samples: list[int | None] | None = None

    @property
    def constant(self) -> bool:
        return self.op == "const"

    @property
    def value(self) -> int:
        """The number that a constant is."""
        made: int = self.args[0]
        return made

    def __repr__(self) -> str:
        if self.op in ("const", "sym"):
            return str(self.args[0])
        return f"{self.op}{self.width}({', '.join(map(repr, self.args))})"


class Terms:
    """Makes terms; two that are equal by form are one object."""

    def __init__(self) -> None:
        self._made: dict[tuple[Any, ...], Term] = {}
        self._chosen: dict[tuple[Term, Term, Term], Term] = {}
        self._equal: dict[tuple[Term, Term], Term] = {}
        self._slices: dict[tuple[Term, int, int], Term] = {}
        self.false = self._new("const", 0, (0,), 0, 0)
        self.true = self._new("const", 0, (1,), 1, 1)

    def _new(self, op: str, width: int, args: tuple[Any, ...], lo: int, hi: int) -> Term:
        key = (op, width, *args)
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = Term(op, width, args, lo, hi, len(self._made))
        return found

    def __len__(self) -> int:
        return len(self._made)

    # ---- leaves

    def const(self, value: int, width: int) -> Term:
        value &= (1 << width) - 1
        return self._new("const", width, (value,), value, value)

    def truth(self, value: object) -> Term:
        return self.true if value else self.false

    def symbol(self, name: str, width: int, lo: int = 0, hi: int | None = None) -> Term:
        """An unknown; a name and a range stand for one unknown."""
        top = 1 if width == 0 else (1 << width) - 1
        most = top if hi is None else min(hi, top)
        return self._new("sym", width, (name, lo, most), lo, most)

    # ---- truth values

    def not_(self, a: Term) -> Term:
        if a.op == "const":
            return self.false if a.value else self.true
        if a.op == "not":
            inner: Term = a.args[0]
            return inner
        return self._new("not", 0, (a,), 0, 1)

    def and_(self, *parts: Term) -> Term:
        found: dict[Term, None] = {}
        for part in parts:
            inside: tuple[Term, ...] = part.args if part.op == "and" else (part,)
            for each in inside:
                if each is self.false:
                    return self.false
                if each is not self.true:
                    found[each] = None
        for each in found:
            if each.op == "not" and each.args[0] in found:
                return self.false
        if not self._bounded(found):
            return self.false
        # What some part says of a disjunction, it need not say itself.
        for each in list(found):
            if each.op == "not" and each.args[0].op == "and":
                inner = each.args[0]
                left = [p for p in inner.args if p not in found]
                if len(left) < len(inner.args):
                    rest = [f for f in found if f is not each]
                    return self.and_(*rest, self.not_(self.and_(*left)))
        if not found:
            return self.true
        if len(found) == 1:
            return next(iter(found))
        ordered = tuple(sorted(found, key=lambda t: t.number))
        return self._new("and", 0, ordered, 0, 1)

    @staticmethod
    def _bounded(found: dict[Term, None]) -> bool:
        """Keeps the tightest bounds of each value; False where they leave nothing."""
        ranges: dict[Term, tuple[int, int, Term | None, Term | None]] = {}
        for each in list(found):
            ult = each.args[0] if each.op == "not" else each
            if ult.op != "ult" or ult.args[1].op != "const":
                continue
            of, bound = ult.args[0], ult.args[1].args[0]
            low, high, least, most = ranges.get(of, (of.lo, of.hi, None, None))
            if each is ult:
                if most is not None:
                    found.pop(most if bound - 1 < high else each)
                if bound - 1 < high:
                    high, most = bound - 1, each
            else:
                if least is not None:
                    found.pop(least if bound > low else each)
                if bound > low:
                    low, least = bound, each
            if low > high:
                return False
            ranges[of] = (low, high, least, most)
        return True

    def or_(self, *parts: Term) -> Term:
        made = self.not_(self.and_(*(self.not_(p) for p in parts)))
        if len(parts) == 2:
            a, b = parts
            # (p and c) or (p and not c) is p.
            mine, others = self.conjuncts(a), self.conjuncts(b)
            only, other = mine - others, others - mine
            if len(only) == len(other) == 1 and self.not_(next(iter(only))) in other:
                return self.and_(*(mine & others))
        return made

    @staticmethod
    def conjuncts(a: Term) -> frozenset[Term]:
        return frozenset(a.args) if a.op == "and" else frozenset((a,))

    def implies(self, a: Term, b: Term) -> Term:
        return self.or_(self.not_(a), b)

    def choose_truth(self, c: Term, a: Term, b: Term) -> Term:
        if a is b:
            return a
        return self.not_(
            self.and_(
                self.not_(self.and_(c, a)),
                self.not_(self.and_(self.not_(c), b)),
            )
        )

    # ---- parts of bit vectors

    @staticmethod
    def parts(a: Term) -> tuple[Term, ...]:
        """From the lowest bits up."""
        return a.args if a.op == "cat" else (a,)

    def cat(self, parts: Iterable[Term]) -> Term:
        """Parts put together, the lowest first."""
        made: list[Term] = []
        for part in parts:
            for each in self.parts(part):
                if made:
                    joined = self._joined(made[-1], each)
                    if joined is not None:
                        made[-1] = joined
                        continue
                made.append(each)
        if len(made) == 1:
            return made[0]
        width = lo = hi = 0
        for each in made:
            lo |= each.lo << width
            hi |= each.hi << width
            width += each.width
        return self._new("cat", width, tuple(made), lo, hi)

    def _joined(self, low: Term, high: Term) -> Term | None:
        if low.op == "const" and high.op == "const":
            return self.const(low.value | high.value << low.width, low.width + high.width)
        if low.op == "ext" and high.op == "ext" and low.args[0] is high.args[0]:
            base, at = low.args
            if high.args[1] == at + low.width:
                return self.slice(base, at, low.width + high.width)
        if low.op == "ite" and high.op == "ite" and low.args[0] is high.args[0]:
            then = self._joined(low.args[1], high.args[1])
            other = self._joined(low.args[2], high.args[2])
            if then is not None and other is not None:
                return self.ite(low.args[0], then, other)
        return None

    def slice(self, a: Term, low: int, width: int) -> Term:
        """``width`` bits from bit ``low`` up; bits above the value's are 0."""
        if low == 0 and width == a.width:
            return a
        if low + width > a.width:
            if low >= a.width:
                return self.const(0, width)
            inside = self.slice(a, low, a.width - low)
            return self.cat((inside, self.const(0, low + width - a.width)))
        if a.op == "const":
            return self.const(a.args[0] >> low, width)
        key = (a, low, width)
        made = self._slices.get(key)
        if made is None:
            made = self._slices[key] = self._slice(a, low, width)
        return made

    def _slice(self, a: Term, low: int, width: int) -> Term:
        match a.op:
            case "cat":
                found: list[Term] = []
                at = 0
                for part in a.args:
                    start, end = max(low, at), min(low + width, at + part.width)
                    if start < end:
                        found.append(self.slice(part, start - at, end - start))
                    at += part.width
                return self.cat(found)
            case "ext":
                return self.slice(a.args[0], a.args[1] + low, width)
            case "ite":
                c, then, other = a.args
                return self.ite(c, self.slice(then, low, width), self.slice(other, low, width))
            case "and" | "or" | "xor":
                left, right = (self.slice(each, low, width) for each in a.args)
                return self.bitwise(a.op, left, right)
        if a.hi >> low == 0:
            return self.const(0, width)
        ones = (1 << width) - 1
        hi = min(a.hi >> low, ones)
        lo = 0 if a.hi >> low > ones else a.lo >> low
        return self._new("ext", width, (a, low), lo, hi)

    def zext(self, a: Term, width: int) -> Term:
        """As many bits, cut off or with zeros on top."""
        return self.slice(a, 0, width)

    def sext(self, a: Term, width: int) -> Term:
        if width <= a.width:
            return self.slice(a, 0, width)
        if a.hi < 1 << (a.width - 1):
            return self.zext(a, width)
        top = self.slice(a, a.width - 1, 1)
        ones = self.const(-1, width - a.width)
        sign = self.ite(self.nonzero(top), ones, self.const(0, width - a.width))
        return self.cat((a, sign))

    def insert(self, a: Term, low: int, new: Term) -> Term:
        """A value with some of its bits replaced; what is above its width is left out."""
        new = self.zext(new, max(0, min(new.width, a.width - low)))
        end = low + new.width
        parts = []
        if low:
            parts.append(self.slice(a, 0, low))
        parts.append(new)
        if end < a.width:
            parts.append(self.slice(a, end, a.width - end))
        return self.cat(parts)

    def masked(self, a: Term, b: Term, mask: int) -> Term:
        """``b`` in the bits of ``mask``, ``a`` in the others."""
        return self.cat(
            self.slice(b if mask >> low & 1 else a, low, width)
            for low, width in runs(mask, a.width)
        )

    def _aligned(self, a: Term, b: Term) -> Iterator[tuple[Term, Term]]:
        """The parts of two values, cut where either has a cut."""
        if a.op != "cat" and b.op != "cat":
            yield a, b
            return
        cuts: set[int] = set()
        for each in (a, b):
            at = 0
            for part in self.parts(each):
                at += part.width
                cuts.add(at)
        at = 0
        for cut in sorted(cuts):
            yield self.slice(a, at, cut - at), self.slice(b, at, cut - at)
            at = cut

    # ---- choices

    def ite(self, c: Term, a: Term, b: Term) -> Term:
        """``a`` where ``c`` holds, else ``b``."""
        if c.op == "const":
            return a if c.value else b
        if a is b:
            return a
        if a.width == 0:
            return self.choose_truth(c, a, b)
        if c.op == "not":
            c, a, b = c.args[0], b, a
        key = (c, a, b)
        made = self._chosen.get(key)
        if made is None:
            made = self._chosen[key] = self._ite(c, a, b)
        return made

    def _ite(self, c: Term, a: Term, b: Term) -> Term:
        if a.op == "cat" or b.op == "cat":
            return self.cat([self.ite(c, x, y) for x, y in self._aligned(a, b)])
        while a.op == "ite":
            known = self._follows(c, True, a.args[0])
            if known is None:
                break
            a = a.args[1] if known else a.args[2]
        while b.op == "ite":
            known = self._follows(c, False, b.args[0])
            if known is None:
                break
            b = b.args[1] if known else b.args[2]
        a, b = self._at_point(c, True, a), self._at_point(c, False, b)
        if a is b:
            return a
        if a.op == "cat" or b.op == "cat":
            return self.ite(c, a, b)
        return self._new("ite", a.width, (c, a, b), min(a.lo, b.lo), max(a.hi, b.hi))

    def _at_point(self, c: Term, truth: bool, a: Term) -> Term:
        """A value that a condition makes one number."""
        if truth and c.op == "and":
            for part in c.args:
                a = self._at_point(part, True, a)
            return a
        if c.op == "not":
            return self._at_point(c.args[0], not truth, a)
        if c.op == "ult" and c.args[0] is a and c.args[1].op == "const":
            bound = c.args[1].value
            if truth and bound == a.lo + 1:
                return self.const(a.lo, a.width)
            if not truth and bound == a.hi:
                return self.const(a.hi, a.width)
        if truth and c.op == "eq" and c.args[0] is a and c.args[1].op == "const":
            number: Term = c.args[1]
            return number
        return a

    def _follows(self, c: Term, truth: bool, d: Term) -> bool | None:
        """What ``d`` is where ``c`` is ``truth``, where that is plain to see."""
        if d is c:
            return truth
        if truth and c.op == "and":
            for part in c.args:
                found = self._follows(part, True, d)
                if found is not None:
                    return found
            return None
        if c.op == "not":
            return self._follows(c.args[0], not truth, d)
        if d.op == "not":
            found = self._follows(c, truth, d.args[0])
            return None if found is None else not found
        if c.op == d.op == "ult" and c.args[0] is d.args[0]:
            bound, asked = c.args[1], d.args[1]
            if bound.op == asked.op == "const":
                if truth and bound.value <= asked.value:
                    return True
                if not truth and asked.value <= bound.value:
                    return False
        return None

    # ---- operators

    def bitwise(self, op: str, a: Term, b: Term) -> Term:
        """``and``, ``or`` or ``xor``, bit by bit."""
        if a is b:
            return self.const(0, a.width) if op == "xor" else a
        if a.op == "const":
            a, b = b, a
        if b.op == "const":
            if a.op == "const":
                both = {"and": a.value & b.value, "or": a.value | b.value, "xor": a.value ^ b.value}
                return self.const(both[op], a.width)
            cut = list(runs(b.value, b.width))
            if len(cut) > 1:
                return self.cat(
                    self.bitwise(op, self.slice(a, low, w), self.slice(b, low, w)) for low, w in cut
                )
            # All zeros, or all ones.
            if op == "and":
                return a if b.value else b
            if op == "or":
                return b if b.value else a
            if not b.value:
                return a
            if a.width == 1:
                return self.ite(self.nonzero(a), self.const(0, 1), self.const(1, 1))
        if a.op == "cat" or b.op == "cat":
            return self.cat(self.bitwise(op, x, y) for x, y in self._aligned(a, b))
        for one, other in ((a, b), (b, a)):
            if one.op == "ite" and (one.args[1].op == "const" or one.args[2].op == "const"):
                c, then, rest = one.args
                return self.ite(c, self.bitwise(op, then, other), self.bitwise(op, rest, other))
        a, b = sorted((a, b), key=lambda t: t.number)
        hi = min(a.hi, b.hi) if op == "and" else (1 << max(a.hi, b.hi).bit_length()) - 1
        return self._new(op, a.width, (a, b), 0, hi)

    def arithmetic(self, op: str, a: Term, b: Term) -> Term:
        """``add``, ``sub`` or ``mul``, wrapped."""
        ones = (1 << a.width) - 1
        plain = {"add": a.lo + b.lo, "sub": a.lo - b.hi, "mul": a.lo * b.lo}[op]
        most = {"add": a.hi + b.hi, "sub": a.hi - b.lo, "mul": a.hi * b.hi}[op]
        if a.op == "const" and b.op == "const":
            return self.const(plain, a.width)
        if b.op == "const" and b.value == 0:
            return b if op == "mul" else a
        if a.op == "const" and a.value == 0 and op != "sub":
            return a if op == "mul" else b
        if b.op == "const" and b.value == 1 and op == "mul":
            return a
        if a is b and op == "sub":
            return self.const(0, a.width)
        lifted = self._lifted(a, b, lambda x, y: self.arithmetic(op, x, y))
        if lifted is not None:
            return lifted
        few = self._few(a, b, lambda x, y: self.arithmetic(op, x, y))
        if few is not None:
            return few
        lo, hi = (plain, most) if plain >= 0 and most <= ones else (0, ones)
        if op != "sub":
            a, b = sorted((a, b), key=lambda t: t.number)
        return self._new(op, a.width, (a, b), lo, hi)

    def _lifted(self, a: Term, b: Term, made: Any) -> Term | None:
        """A choice between numbers stays one after an operator with a number."""
        for one, other, left in ((a, b, True), (b, a, False)):
            if one.op == "ite" and other.op == "const" and _plain(one):
                c, x, y = one.args
                if left:
                    return self.ite(c, made(x, other), made(y, other))
                return self.ite(c, made(other, x), made(other, y))
        return None

    def _few(self, a: Term, b: Term, made: Any) -> Term | None:
        """An operator on a number and on one of a few: each of them by itself."""
        for one, other, left in ((a, b, True), (b, a, False)):
            if other.op == "const" and one.hi - one.lo < _FEW:
                found: Term | None = None
                for value in range(one.hi, one.lo - 1, -1):
                    number = self.const(value, one.width)
                    this = made(number, other) if left else made(other, number)
                    is_it = self.ult(one, self.const(value + 1, one.width))
                    found = this if found is None else self.ite(is_it, this, found)
                return found
        return None

    def shift(self, op: str, a: Term, b: Term, *, signed: bool = False) -> Term:
        """``<<`` or ``>>``; by the width or more gives 0."""
        if b.lo >= a.width:
            return self.const(0, a.width)
        if b.op == "const":
            by = b.value
            if op == "<<":
                kept = self.slice(a, 0, a.width - by)
                return self.cat((self.const(0, by), kept)) if by else a
            high = self.slice(a, by, a.width - by)
            return self.sext(high, a.width) if signed else self.zext(high, a.width)
        if b.op == "ite" and _plain(b):
            c, x, y = b.args
            return self.ite(
                c, self.shift(op, a, x, signed=signed), self.shift(op, a, y, signed=signed)
            )
        if b.hi - b.lo < _FEW:
            found: Term | None = None
            for by in range(b.hi, b.lo - 1, -1):
                one = self.shift(op, a, self.const(by, b.width), signed=signed)
                is_it = self.ult(b, self.const(by + 1, b.width))
                found = one if found is None else self.ite(is_it, one, found)
            assert found is not None
            return found
        kind = "shl" if op == "<<" else "ashr" if signed else "lshr"
        return self._new(kind, a.width, (a, b), 0, (1 << a.width) - 1)

    # ---- comparisons

    def nonzero(self, a: Term) -> Term:
        return self.not_(self.eq(a, self.const(0, a.width)))

    def eq(self, a: Term, b: Term) -> Term:
        if a is b:
            return self.true
        if a.width == 0:
            return self.choose_truth(a, b, self.not_(b))
        if a.lo > b.hi or b.lo > a.hi:
            return self.false
        found = self._equal.get((a, b))
        if found is None:
            found = self._equal[a, b] = self._eq(a, b)
        return found

    def _eq(self, a: Term, b: Term) -> Term:
        if a.op == "const":
            a, b = b, a
        if a.op == "cat" or b.op == "cat":
            return self.and_(*(self.eq(x, y) for x, y in self._aligned(a, b)))
        for one, other in ((a, b), (b, a)):
            if one.op == "ite":
                c, x, y = one.args
                if x is other:
                    return self.or_(c, self.eq(y, other))
                if y is other:
                    return self.or_(self.not_(c), self.eq(x, other))
                if other.op == "const" and (x.op == "const" or y.op == "const"):
                    return self.choose_truth(c, self.eq(x, other), self.eq(y, other))
        if b.op == "const":
            if a.width == 1 and b.value == 0:
                return self.not_(self.eq(a, self.const(1, 1)))
            if a.width > 1 and b.value == a.lo:
                return self.ult(a, self.const(b.value + 1, a.width))
            if a.width > 1 and b.value == a.hi:
                return self.not_(self.ult(a, b))
            return self._new("eq", 0, (a, b), 0, 1)
        a, b = sorted((a, b), key=lambda t: t.number)
        return self._new("eq", 0, (a, b), 0, 1)

    def ult(self, a: Term, b: Term) -> Term:
        """``a < b`` without signs."""
        if a.hi < b.lo:
            return self.true
        if a.lo >= b.hi or a is b:
            return self.false
        used = max(a.hi.bit_length(), b.hi.bit_length(), 1)
        if used < a.width:
            return self.ult(self.slice(a, 0, used), self.slice(b, 0, used))
        if a.op == "const":
            return self.not_(self.ult(b, self.const(a.value + 1, b.width)))
        if b.op == "const" and a.width == 1:
            return self.eq(a, self.const(0, 1))
        for one, left in ((a, True), (b, False)):
            if one.op == "ite" and (one.args[1].op == "const" or one.args[2].op == "const"):
                c, x, y = one.args
                if left:
                    return self.choose_truth(c, self.ult(x, b), self.ult(y, b))
                return self.choose_truth(c, self.ult(a, x), self.ult(a, y))
        return self._new("ult", 0, (a, b), 0, 1)

    def less(self, a: Term, b: Term, *, signed: bool) -> Term:
        if signed and max(a.hi, b.hi) >= 1 << (a.width - 1):
            # With the highest bit turned over, numbers without sign are in the same order.
            a, b = (self._turned(each) for each in (a, b))
        return self.ult(a, b)

    def _turned(self, a: Term) -> Term:
        top = self.bitwise("xor", self.slice(a, a.width - 1, 1), self.const(1, 1))
        return self.insert(a, a.width - 1, top)

    def number(self, a: Term, width: int) -> Term:
        """A truth value as 0 or 1."""
        return self.ite(a, self.const(1, width), self.const(0, width))


def _plain(a: Term) -> bool:
    """Whether it is a choice between numbers, perhaps of several."""
    return a.op == "const" or (a.op == "ite" and _plain(a.args[1]) and _plain(a.args[2]))


def runs(mask: int, width: int) -> Iterator[tuple[int, int]]:
    """The stretches of equal bits: the lowest bit of each, and how long it is."""
    low = 0
    while low < width:
        rest = mask >> low
        if rest & 1:
            rest = ~rest
        length = (rest & -rest).bit_length() - 1 if rest else width - low
        length = min(length, width - low)
        yield low, length
        low += length


def symbols(term: Term) -> set[Term]:
    """Every unknown in a term."""
    found: set[Term] = set()
    done: set[Term] = set()
    left = [term]
    while left:
        one = left.pop()
        if one in done:
            continue
        done.add(one)
        if one.op == "sym":
            found.add(one)
        left += [a for a in one.args if isinstance(a, Term)]
    return found


def example(symbol: Term, number: int) -> int:
    """The value of an unknown in a sample: the least, the greatest, and others at random."""
    if number == 0:
        return symbol.lo
    if number == 1:
        return symbol.hi
    random = Random(f"{symbol.args[0]}/{number}")
    if number in (2, 3) and symbol.hi > symbol.lo:
        return random.choice((symbol.lo, symbol.lo + 1, symbol.hi))
    return random.randint(symbol.lo, symbol.hi)


def sample(term: Term, number: int) -> int:
    """The value of a term in a sample."""
    kept = term.samples
    if kept is None:
        kept = term.samples = [None] * SAMPLES
    found = kept[number]
    if found is None:
        if term.op == "sym":
            found = example(term, number)
        else:
            found = apply(
                term, [sample(a, number) if isinstance(a, Term) else a for a in term.args]
            )
        kept[number] = found
    return found


def evaluate(term: Term, given: dict[Term, int], made: dict[Term, int] | None = None) -> int:
    """The value of a term where its unknowns are ``given`` (others: the least they can be)."""
    made = {} if made is None else made
    found = made.get(term)
    if found is None:
        if term.op == "sym":
            found = given.get(term, term.lo)
        else:
            args = [evaluate(a, given, made) if isinstance(a, Term) else a for a in term.args]
            found = apply(term, args)
        made[term] = found
    return found


def apply(term: Term, args: list[int]) -> int:
    """One operation on numbers."""
    ones = (1 << term.width) - 1
    match term.op:
        case "const":
            return args[0]
        case "not":
            return int(not args[0])
        case "and" if term.width == 0:
            return int(all(args))
        case "eq":
            return int(args[0] == args[1])
        case "ult":
            return int(args[0] < args[1])
        case "ite":
            return args[1] if args[0] else args[2]
        case "ext":
            return args[0] >> args[1] & ones
        case "cat":
            value = at = 0
            for part, number in zip(term.args, args, strict=True):
                value |= number << at
                at += part.width
            return value
        case "and":
            return args[0] & args[1]
        case "or":
            return args[0] | args[1]
        case "xor":
            return args[0] ^ args[1]
        case "add":
            return args[0] + args[1] & ones
        case "sub":
            return args[0] - args[1] & ones
        case "mul":
            return args[0] * args[1] & ones
        case "shl":
            return args[0] << args[1] & ones if args[1] < term.width else 0
        case "lshr":
            return args[0] >> args[1] if args[1] < term.width else 0
        case "ashr":
            value = args[0] - (1 << term.width) if args[0] >> (term.width - 1) else args[0]
            return value >> args[1] & ones if args[1] < term.width else 0
        case other:
            raise AssertionError(other)
