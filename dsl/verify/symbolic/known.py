"""What follows from facts: terms made simpler where some conditions are known to hold."""

from __future__ import annotations

from dsl.verify.symbolic.term import Term
from dsl.verify.symbolic.terms import Terms


class Known:
    """Conditions that hold, and what terms are because of them; ``dead`` if they contradict."""

    def __init__(self, terms: Terms, facts: tuple[tuple[Term, bool], ...]) -> None:
        self.terms = terms
        self.dead = False
        self._truth: dict[Term, bool] = {}
        self._range: dict[Term, tuple[int, int]] = {}
        self._made: dict[Term, Term] = {}
        for fact, truth in facts:
            self._assume(fact, truth)

    def _assume(self, fact: Term, truth: bool) -> None:
        match fact.op:
            case "const":
                self.dead |= bool(fact.value) != truth
            case "not":
                self._assume(fact.args[0], not truth)
            case "and" if truth:
                for part in fact.args:
                    self._assume(part, True)
            case "ult" if fact.args[1].op == "const":
                of, bound = fact.args[0], fact.args[1].value
                self._narrow(of, *((of.lo, bound - 1) if truth else (bound, of.hi)))
            case "eq" if fact.args[1].op == "const" and truth:
                self._narrow(fact.args[0], fact.args[1].value, fact.args[1].value)
            case _:
                self.dead |= self._truth.get(fact, truth) != truth
                self._truth[fact] = truth

    def _narrow(self, of: Term, low: int, high: int) -> None:
        least, most = self._range.get(of, (of.lo, of.hi))
        low, high = max(low, least), min(high, most)
        self._range[of] = low, high
        self.dead |= low > high

    def range_of(self, unknown: Term) -> tuple[int, int]:
        """Between which numbers an unknown is, as far as a fact says so of itself."""
        if unknown.width == 0:
            known = self._truth.get(unknown)
            return (0, 1) if known is None else (int(known), int(known))
        return self._range.get(unknown, (unknown.lo, unknown.hi))

    def of(self, term: Term) -> Term:
        """The term, where the facts hold."""
        found = self._made.get(term)
        if found is None:
            found = self._made[term] = self._of(term)
        return found

    def _of(self, term: Term) -> Term:
        terms = self.terms
        if term.op == "const":
            return term
        if term.width == 0:
            known = self._truth.get(term)
            if known is not None:
                return terms.truth(known)
        else:
            low, high = self._range.get(term, (0, 1))
            if low == high:
                return terms.const(low, term.width)
        match term.op:
            case "sym":
                return term
            case "not":
                return terms.not_(self.of(term.args[0]))
            case "and" if term.width == 0:
                return terms.and_(*(self.of(each) for each in term.args))
            case "ult" | "eq":
                a, b = term.args
                if b.op == "const" and a in self._range:
                    low, high = self._range[a]
                    if term.op == "ult":
                        if high < b.value:
                            return terms.true
                        if low >= b.value:
                            return terms.false
                    elif not low <= b.value <= high:
                        return terms.false
                made = terms.ult if term.op == "ult" else terms.eq
                return made(self.of(a), self.of(b))
            case "ite":
                c = self.of(term.args[0])
                if c.op == "const":
                    return self.of(term.args[1] if c.value else term.args[2])
                return terms.ite(c, self.of(term.args[1]), self.of(term.args[2]))
            case "ext":
                return terms.slice(self.of(term.args[0]), term.args[1], term.width)
            case "cat":
                return terms.cat([self.of(each) for each in term.args])
            case "and" | "or" | "xor":
                return terms.bitwise(term.op, self.of(term.args[0]), self.of(term.args[1]))
            case "add" | "sub" | "mul":
                return terms.arithmetic(term.op, self.of(term.args[0]), self.of(term.args[1]))
            case "shl" | "lshr" | "ashr":
                op = "<<" if term.op == "shl" else ">>"
                a, b = self.of(term.args[0]), self.of(term.args[1])
                return terms.shift(op, a, b, signed=term.op == "ashr")
            case other:
                raise AssertionError(other)
