"""A short condition for a set of configurations: ``vhe and not sre`` instead of a list of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dsl.verify.findings import Configuration

#: A condition with more alternatives is not shorter than a number.
_MOST = 4
#: Of more configurations than this none is looked for.
_LARGEST = 4096

#: The facts that are left of a configuration, by position: the least and the greatest value.
_Cube = dict[int, tuple[int, int]]


def condition(found: Iterable[Configuration], every: Sequence[Configuration]) -> str | None:
    """What holds in the configurations ``found``, and in no other of ``every`` there is.

    A configuration of ``found`` may leave facts out; then it stands for each that agrees with it.
    Empty where they are all; None where they have nothing in common that is short.
    """
    if len(every) > _LARGEST:
        return None
    wanted = [dict(each) for each in found]
    inside = [any(one.items() <= dict(each).items() for one in wanted) for each in every]
    if all(inside):
        return ""
    if not any(inside):
        return None
    names = [name for name, _ in every[0]]
    rows = [tuple(dict(each)[name] for name in names) for each in every]
    good = [row for row, is_in in zip(rows, inside, strict=True) if is_in]
    space = _Space(names, rows, [row for row, is_in in zip(rows, inside, strict=True) if not is_in])
    chosen = _cover(space, good)
    if chosen is None:
        return None
    texts = [" and ".join(space.literal(at, *ends) for at, ends in cube.items()) for cube in chosen]
    if len(texts) == 1:
        return texts[0]
    return " or ".join(
        f"({text})" if len(cube) > 1 else text for text, cube in zip(texts, chosen, strict=True)
    )


@dataclass(frozen=True, slots=True)
class _Space:
    """The facts, the values that they have anywhere, and what must be left out."""

    names: list[str]
    rows: list[tuple[int, ...]]
    bad: list[tuple[int, ...]]

    def clear(self, cube: _Cube) -> bool:
        """Whether nothing that must be left out is in a cube."""
        return not any(_has(cube, row) for row in self.bad)

    def widest(self, row: tuple[int, ...], order: Sequence[int]) -> _Cube:
        """The cube around a row from which no fact can be left out any more."""
        cube = {at: (value, value) for at, value in enumerate(row)}
        for at in order:
            kept = cube.pop(at)
            if not self.clear(cube):
                cube[at] = kept
        for at in list(cube):
            values = sorted({r[at] for r in self.rows})
            for step in (-1, 1):
                place = values.index(row[at])
                while 0 <= place + step < len(values):
                    place += step
                    low, high = cube[at]
                    wider = {
                        **cube,
                        at: (min(low, values[place]), max(high, values[place])),
                    }
                    if not self.clear(wider):
                        break
                    cube = wider
        return dict(sorted(cube.items()))

    def literal(self, at: int, low: int, high: int) -> str:
        """A fact as a condition says it."""
        name, values = self.names[at], {row[at] for row in self.rows}
        if values <= {0, 1}:
            return name if low else f"not {name}"
        if low == high:
            return f"{name} == {low}"
        if low == min(values):
            return f"{name} <= {high}"
        if high == max(values):
            return f"{name} >= {low}"
        return f"{name} in {low}..{high}"


def _cover(space: _Space, good: list[tuple[int, ...]]) -> list[_Cube] | None:
    """Few cubes that have all that is wanted between them; None where many are needed."""
    left = list(good)
    chosen: list[_Cube] = []
    size = len(space.names)
    while left:
        if len(chosen) == _MOST:
            return None
        # Each fact is once the first that may be left out: the order decides what stays.
        turns = [[*range(turn, size), *range(turn)] for turn in range(size)]
        orders = [*turns, *(list(reversed(turn)) for turn in turns)]
        cubes = [space.widest(left[0], order) for order in orders]
        chosen.append(min(cubes, key=lambda cube: (-_count(cube, left), len(cube))))
        left = [row for row in left if not _has(chosen[-1], row)]
    for cube in list(chosen):
        rest = [other for other in chosen if other is not cube]
        if all(any(_has(other, row) for other in rest) for row in good):
            chosen = rest
    return chosen


def _has(cube: _Cube, row: tuple[int, ...]) -> bool:
    return all(low <= row[at] <= high for at, (low, high) in cube.items())


def _count(cube: _Cube, rows: list[tuple[int, ...]]) -> int:
    return sum(_has(cube, row) for row in rows)
