"""Values with unknowns in them, what they are made of, and what they are for some numbers."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

#: How many concrete values each term is tried with before a solver is asked.
SAMPLES = 12


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
