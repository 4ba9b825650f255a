"""Amounts that may depend on counters: polynomials, and ranges between two of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from msgspec import Struct

_NONE: frozenset[str] = frozenset()
#: The product of some variables, by key, in order; () is 1.
Monomial: TypeAlias = tuple[str, ...]


class Poly(Struct, frozen=True):
    """A polynomial in variables: what each monomial is multiplied by, sorted, without zeros."""

    terms: tuple[tuple[Monomial, int], ...] = ()

    @property
    def constant(self) -> int | None:
        """The number that it is; None if it depends on a variable."""
        match self.terms:
            case ():
                return 0
            case (((), number),):
                return number
            case _:
                return None

    @property
    def variables(self) -> frozenset[str]:
        if not self.terms or self.terms[-1][0] == ():
            return _NONE
        return frozenset(name for monomial, _ in self.terms for name in monomial)

    def __add__(self, other: Poly) -> Poly:
        if not self.terms:
            return other
        sums = dict(self.terms)
        for monomial, factor in other.terms:
            sums[monomial] = sums.get(monomial, 0) + factor
        return _poly(sums)

    def __sub__(self, other: Poly) -> Poly:
        return self + other * number(-1)

    def __mul__(self, other: Poly) -> Poly:
        sums: dict[Monomial, int] = {}
        for left, a in self.terms:
            for right, b in other.terms:
                monomial = tuple(sorted((*left, *right)))
                sums[monomial] = sums.get(monomial, 0) + a * b
        return _poly(sums)

    def linear(self) -> tuple[str, int, int] | None:
        """The only variable, its factor and the constant; None where it is anything else."""
        names = self.variables
        if len(names) != 1 or any(len(monomial) > 1 for monomial, _ in self.terms):
            return None
        (name,) = names
        sums = dict(self.terms)
        return name, sums[(name,)], sums.get((), 0)

    def where(self, values: Mapping[str, Poly]) -> Poly:
        """The polynomial with other ones in place of some variables."""
        if not values or self.variables.isdisjoint(values):
            return self
        total = Poly()
        for monomial, factor in self.terms:
            product = number(factor)
            for name in monomial:
                product = product * values.get(name, variable(name))
            total = total + product
        return total

    def show(self, label: Callable[[str], str]) -> str:
        """``2 + 3·used_lrs``."""
        shown = ""
        for monomial, factor in self.terms:
            sign = ("-" if factor < 0 else "") if not shown else " - " if factor < 0 else " + "
            names = "·".join(label(name) for name in monomial)
            size = abs(factor)
            shown += sign + (f"{size}·{names}" if names and size != 1 else names or str(size))
        return shown or "0"


def _poly(sums: Mapping[Monomial, int]) -> Poly:
    kept = ((m, f) for m, f in sums.items() if f)
    return Poly(tuple(sorted(kept, key=lambda term: (len(term[0]), term[0]))))


def number(value: int) -> Poly:
    """The polynomial that is a number."""
    return Poly((((), value),)) if value else Poly()


def variable(key: str) -> Poly:
    """The polynomial that is a variable."""
    return Poly((((key,), 1),))


#: The least and the greatest value of a variable, by key.
Limits: TypeAlias = Callable[[str], tuple[int, int]]


def limits_of(poly: Poly, limits: Limits) -> tuple[int, int]:
    """Between which numbers a polynomial lies; each monomial is taken on its own."""
    low = high = 0
    for monomial, factor in poly.terms:
        ends = (factor, factor)
        for name in monomial:
            corners = [end * at for end in ends for at in limits(name)]
            ends = min(corners), max(corners)
        low, high = low + ends[0], high + ends[1]
    return low, high


def never_more(a: Poly, b: Poly, limits: Limits) -> bool:
    """Whether ``a`` is at most ``b`` wherever the variables lie.  False may mean: not known."""
    gap = b - a
    # Counted from its least value, no variable is negative.
    shifted = gap.where({n: variable(n) + number(limits(n)[0]) for n in gap.variables})
    return all(f >= 0 for _, f in shifted.terms) or limits_of(gap, limits)[0] >= 0


class Between(Struct, frozen=True):
    """At least ``low`` and at most ``high``."""

    low: Poly = Poly()
    high: Poly = Poly()

    def __add__(self, other: Between) -> Between:
        if not other.high.terms:
            return self
        return Between(self.low + other.low, self.high + other.high)

    def times(self, rounds: Poly) -> Between:
        return Between(self.low * rounds, self.high * rounds)

    def where(self, values: Mapping[str, Poly]) -> Between:
        return Between(self.low.where(values), self.high.where(values))

    @property
    def variables(self) -> frozenset[str]:
        return self.low.variables | self.high.variables

    def hull(self, other: Between, limits: Limits) -> Between:
        """The narrowest range that holds both, as far as it can be told."""
        if self == other:
            return self
        return Between(
            _end(self.low, other.low, limits, min), _end(self.high, other.high, limits, max)
        )

    def show(self, label: Callable[[str], str]) -> str:
        """``3``, or ``1 … 1 + used_lrs``."""
        low, high = self.low.show(label), self.high.show(label)
        return low if low == high else f"{low} … {high}"


def _end(a: Poly, b: Poly, limits: Limits, pick: Callable[[int, int], int]) -> Poly:
    """The lesser (``min``) or the greater of two, or a bound on both where it depends."""
    least = pick is min
    if never_more(a, b, limits):
        return a if least else b
    if never_more(b, a, limits):
        return b if least else a
    # Term by term, counted from the variables' least values, where no variable is negative.
    names = a.variables | b.variables
    up = {n: variable(n) + number(limits(n)[0]) for n in names}
    down = {n: variable(n) - number(limits(n)[0]) for n in names}
    left, right = dict(a.where(up).terms), dict(b.where(up).terms)
    ends = {m: pick(left.get(m, 0), right.get(m, 0)) for m in {*left, *right}}
    return _poly(ends).where(down)


#: What is counted, in the order in which it is shown.
COUNTED = ("reads", "writes", "dsb", "isb", "dmb")


class Counts(Struct, frozen=True):
    """How many of each; ``calls`` are those of what is outside, where somebody counts them."""

    reads: Between = Between()
    writes: Between = Between()
    dsb: Between = Between()
    isb: Between = Between()
    dmb: Between = Between()
    calls: Between = Between()

    @property
    def each(self) -> tuple[Between, ...]:
        """In the order of `COUNTED`."""
        return self.reads, self.writes, self.dsb, self.isb, self.dmb

    @property
    def all(self) -> tuple[Between, ...]:
        """In the order in which they are made."""
        return *self.each, self.calls

    @property
    def variables(self) -> frozenset[str]:
        return frozenset[str]().union(*(amount.variables for amount in self.all))

    def __add__(self, other: Counts) -> Counts:
        if other == NOTHING:
            return self
        return Counts(*(a + b for a, b in zip(self.all, other.all, strict=True)))

    def one_more(self, what: str, by: int = 1) -> Counts:
        """With ``by`` more of one of them."""
        more = Between(number(by), number(by))
        return self + Counts(**{what: more})

    def times(self, rounds: Poly) -> Counts:
        return Counts(*(amount.times(rounds) for amount in self.all))

    def where(self, values: Mapping[str, Poly]) -> Counts:
        if not values or self.variables.isdisjoint(values):
            return self
        return Counts(*(amount.where(values) for amount in self.all))

    def within(self, values: Mapping[str, tuple[int, int]]) -> Counts:
        """Without some variables: each range reaches as far as their limits let it."""
        if not values:
            return self

        def limits(name: str) -> tuple[int, int]:
            return values[name]

        def rid(poly: Poly, end: int) -> Poly:
            total = Poly()
            for monomial, factor in poly.terms:
                kept = tuple(n for n in monomial if n not in values)
                gone = tuple(n for n in monomial if n in values)
                reach = limits_of(Poly(((gone, factor),)), limits)[end] if gone else factor
                total = total + Poly(((kept, reach),) if reach else ())
            return total

        return Counts(*(Between(rid(a.low, 0), rid(a.high, 1)) for a in self.all))

    def hull(self, other: Counts, limits: Limits) -> Counts:
        if self == other:
            return self
        pairs = zip(self.all, other.all, strict=True)
        return Counts(*(a.hull(b, limits) for a, b in pairs))


NOTHING = Counts()


def hull(all: Iterable[Counts], limits: Limits) -> Counts:
    """The narrowest counts that hold each of some."""
    first, *rest = all
    for other in rest:
        first = first.hull(other, limits)
    return first
