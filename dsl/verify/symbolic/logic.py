"""Truth values with unknowns in them, each made once and made simple."""

from __future__ import annotations

from typing import Any

from dsl.verify.symbolic.term import Term


class Logic:
    """Makes constants, unknowns and truth values; two that are equal by form are one object."""

    def __init__(self) -> None:
        self._made: dict[tuple[Any, ...], Term] = {}
        self._chosen: dict[tuple[Term, Term, Term], Term] = {}
        self._equal: dict[tuple[Term, Term], Term] = {}
        self._neighbours: dict[tuple[Term, Term], Term | None] = {}
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
