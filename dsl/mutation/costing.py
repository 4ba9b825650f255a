"""What a mutant costs beside the original: where more, where less, and what its barriers do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dsl.costs import DEFAULT
from dsl.costs.amounts import Between, Counts, never_more
from dsl.costs.paths import Outcome, Path, Paths, of_program
from dsl.costs.report import PathCost
from dsl.costs.state import State, Value
from dsl.costs.table import Row, table
from dsl.costs.variables import Space, ends
from dsl.costs.walk import Walk
from dsl.ir import lifecycle as l
from dsl.ir import sequence as s
from dsl.ir.program import Program
from dsl.ir.sequence import Sequence
from dsl.ir.walk import statements
from dsl.mutation.subject import reached

_NAMES = ("reads", "writes", "isb", "dsb", "dsb and dmb", "calls")


@dataclass(frozen=True, slots=True)
class Difference:
    """In words, the first place where a mutant costs ``more``, and the first where ``less``."""

    more: str = ""
    less: str = ""


class _Walk(Walk):
    """Counts the calls of what is outside, too: they cost whatever they cost."""

    def _outside(self, state: State, callee: str, args: tuple[Value, ...]) -> list[State]:
        if state.depth:
            state = state.but(counts=state.counts.one_more("calls"))
        return super()._outside(state, callee, args)


class Costs:
    """The costs of one program, counted once, with which those of its mutants are compared."""

    def __init__(self, program: Program) -> None:
        self._order = {name: i for i, name in enumerate(program.conditions)}
        self._space = Space()
        self._paths = Paths(_Walk(program, self._space, {}, DEFAULT))
        paths = of_program(program)
        # A round of a repetition is made of stretches, which are paths of their own.
        stretches = [p for p in paths if not any(isinstance(s, l.Repeat) for s in p.steps)]
        self._known = [
            (path, reached(program, path.steps), self._paths.outcomes(path))
            for path in stretches or paths
        ]

    def beside(self, program: Program, old: Sequence, new: Sequence) -> Difference:
        """What a program costs in which one function is ``new`` and was ``old``."""
        paths = Paths(_Walk(program, self._space, {}, DEFAULT), self._paths)
        more = less = ""
        for path, names, before in self._known:
            if old.name not in names:
                continue
            after = paths.outcomes(path)
            if after == before:
                continue
            up, down = self._rows(path, after, before)
            more, less = more or up, less or down
            if more:
                break
        if not more and not less:
            return _barriers(old, new)
        return Difference(more, less)

    def _rows(self, path: Path, after: list[Outcome], before: list[Outcome]) -> tuple[str, str]:
        variables, rows = table(after, before, self._space, self._order, {})
        shown = PathCost(path.name, DEFAULT, tuple(variables), tuple(rows), ())
        up = down = ""
        for row in rows:
            if row.counts is None or row.before is None:
                continue
            up = up or _step(shown, row, row.before, row.counts)
            down = down or _step(shown, row, row.counts, row.before)
        return up, down


def _step(path: PathCost, row: Row, least: Counts, most: Counts) -> str:
    """The first amount that is not surely at most as large, and where that is."""

    def limits(key: str) -> tuple[int, int]:
        (known,) = (v.domain for v in path.variables if v.key == key)
        return ends(row.domains.get(key, known))

    for name, a, b in zip(_NAMES, _amounts(least), _amounts(most), strict=True):
        if not (never_more(b.low, a.low, limits) and never_more(b.high, a.high, limits)):
            assert row.before is not None
            assert row.counts is not None
            at = _NAMES.index(name)
            shown = [_amounts(c)[at].show(path.label) for c in (row.before, row.counts)]
            return f"{path.path}: {name} {shown[0]} → {shown[1]}"
    return ""


def _amounts(counts: Counts) -> tuple[Between, ...]:
    """A dmb is a part of what a dsb does: to have it instead is not to have one more."""
    barriers = counts.isb, counts.dsb, counts.dsb + counts.dmb
    return counts.reads, counts.writes, *barriers, counts.calls


def _barriers(old: Sequence, new: Sequence) -> Difference:
    """Barriers of one kind are counted alike: what they do is told apart here."""
    pairs = list(zip(_orders(old), _orders(new), strict=False))
    if any(len(a.barriers) != len(b.barriers) for a, b in pairs):
        return Difference()
    both = [pair for a, b in pairs for pair in zip(a.barriers, b.barriers, strict=True)]
    changed = [(a, b) for a, b in both if a != b]
    said = ", ".join(f"{a} → {b}" for a, b in changed)
    if changed and all(b.serves(a) and not a.serves(b) for a, b in changed):
        return Difference(more=f"a barrier that does more: {said}")
    if changed and all(a.serves(b) and not b.serves(a) for a, b in changed):
        return Difference(less=f"a barrier that does less: {said}")
    return Difference()


def _orders(sequence: Sequence) -> Iterator[s.Order]:
    return (each for each in statements(sequence.body) if isinstance(each, s.Order))
