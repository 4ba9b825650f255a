"""Arithmetic on values with unknowns in them: the last part of what makes terms."""

from __future__ import annotations

from collections.abc import Callable

from dsl.verify.symbolic.slices import Slices
from dsl.verify.symbolic.term import Term

#: Of so many values an operator is worked out for each.
_FEW = 8


class Terms(Slices):
    """Makes terms; two that are equal by form are one object."""

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

    def _lifted(self, a: Term, b: Term, made: Callable[[Term, Term], Term]) -> Term | None:
        """A choice between numbers stays one after an operator with a number."""
        for one, other, left in ((a, b, True), (b, a, False)):
            if one.op == "ite" and other.op == "const" and _plain(one):
                c, x, y = one.args
                if left:
                    return self.ite(c, made(x, other), made(y, other))
                return self.ite(c, made(other, x), made(other, y))
        return None

    def _few(self, a: Term, b: Term, made: Callable[[Term, Term], Term]) -> Term | None:
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
