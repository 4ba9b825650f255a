"""Tables of all cases say of random conditions what z3 says."""

from __future__ import annotations

from random import Random

import pytest

from dsl.verify.symbolic.solver import Solver
from dsl.verify.symbolic.tables import possible
from dsl.verify.symbolic.term import Term
from dsl.verify.symbolic.terms import Terms

CONDITIONS, SEED = 1000, 20261122


class Conditions:
    """Makes random conditions over a few unknowns, wide and narrow, free and of a range."""

    def __init__(self, terms: Terms, random: Random) -> None:
        self.terms, self.random = terms, random
        wide = [terms.symbol(name, 64) for name in ("a", "b")]
        self.leaves = {
            width: [terms.slice(each, low, width) for each in wide for low in lows]
            for width, lows in ((1, (0, 7, 8)), (2, (8, 62)), (30, (20,)))
        }
        self.leaves[3] = [terms.symbol("count", 3, 1, 6), terms.symbol("other", 3, 0, 4)]
        self.flags = [terms.symbol(name, 0) for name in ("p", "q")]

    def bits(self, width: int, depth: int) -> Term:
        terms, random = self.terms, self.random
        kind = random.random()
        if depth == 0 or kind < 0.4:
            return random.choice(self.leaves[width])
        if kind < 0.55:
            return terms.const(random.choice((0, 1, 2, 5, -1)), width)
        if kind < 0.85:
            yes, no = self.bits(width, depth - 1), self.bits(width, depth - 1)
            return terms.ite(self.truth(depth - 1), yes, no)
        left, right = self.bits(width, depth - 1), self.bits(width, depth - 1)
        if width == 2 and kind < 0.9:
            return terms.cat((self.bits(1, depth - 1), self.bits(1, depth - 1)))
        if kind < 0.95 and width < 30:
            return terms.bitwise(random.choice(("and", "or", "xor")), left, right)
        return terms.arithmetic(random.choice(("add", "sub")), left, right) if width < 30 else left

    def truth(self, depth: int) -> Term:
        terms, random = self.terms, self.random
        kind = random.random()
        if depth == 0 or kind < 0.15:
            return random.choice(self.flags)
        if kind < 0.55:
            parts = [self.truth(depth - 1) for _ in range(random.choice((2, 3)))]
            return random.choice((terms.and_, terms.or_))(*parts)
        if kind < 0.65:
            return terms.not_(self.truth(depth - 1))
        width = random.choice(tuple(self.leaves))
        left, right = self.bits(width, depth - 1), self.bits(width, depth - 1)
        return random.choice((terms.eq, terms.ult))(left, right)


def test_tables_say_what_a_solver_says() -> None:
    pytest.importorskip("z3")
    terms, random = Terms(), Random(SEED)
    conditions, solver = Conditions(terms, random), Solver(terms)
    told = {True: 0, False: 0, None: 0}
    for _ in range(CONDITIONS):
        asked = [conditions.truth(4) for _ in range(3)]
        found = possible(asked)
        told[found] += 1
        if found is not None:
            model = solver.model(terms.and_(*asked))
            assert model is not None
            assert model[0] == found, asked
    # Few are too much for them, and of those that they decide there are both kinds.
    assert told[True] > 100
    assert told[False] > 100
    assert told[None] < CONDITIONS / 4


def test_too_many_cases_are_not_looked_at() -> None:
    terms = Terms()
    flags = [terms.symbol(f"flag{n}", 0) for n in range(30)]
    assert possible([terms.or_(*flags)]) is None
    assert possible(flags[:3]) is True
    assert possible([flags[0], terms.not_(flags[0])]) is False


def test_what_is_multiplied_is_not_told_bit_by_bit() -> None:
    terms = Terms()
    a, b = terms.symbol("a", 4), terms.symbol("b", 4)
    product = terms.arithmetic("mul", a, b)
    assert possible([terms.eq(product, terms.const(7, 4))]) is None
