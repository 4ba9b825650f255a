"""Bit vectors as their parts, choices between them made part by part, and comparisons.

A field that is taken out of a value, or put into it, costs nothing to see through.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dsl.verify.symbolic.logic import Logic
from dsl.verify.symbolic.term import Term, runs


class Slices(Logic):
    """Makes bit vectors, of parts (``cat``) and choices (``ite``), and compares them."""

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
        """Two neighbours as one, where they were one or are chosen together."""
        if low.op != high.op or low.op not in ("const", "ext", "ite"):
            return None
        key = (low, high)
        if key not in self._neighbours:
            self._neighbours[key] = self._join(low, high)
        return self._neighbours[key]

    def _join(self, low: Term, high: Term) -> Term | None:
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
        # Where one side is chosen by what follows from this, the choice is that one.
        if b.op == "ite" and self._is(a, b, self._follows(c, True, b.args[0])):
            return b
        if a.op == "ite" and self._is(b, a, self._follows(c, False, a.args[0])):
            return a
        return self._new("ite", a.width, (c, a, b), min(a.lo, b.lo), max(a.hi, b.hi))

    @staticmethod
    def _is(side: Term, choice: Term, known: bool | None) -> bool:
        """Whether a choice is one side where its condition is what is known of it."""
        return known is not None and choice.args[1 if known else 2] is side

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
