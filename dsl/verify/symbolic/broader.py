"""Declared differences that are broader than needed: where, in what, and when nothing differs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from dsl.verify.findings import Configuration
from dsl.verify.shorten import condition
from dsl.verify.symbolic.meant import Item
from dsl.verify.symbolic.pairs import Seen, Spot
from dsl.verify.symbolic.places import Part, listed

#: For each point and each part of what an item covers: where it is declared, and where needed.
_Where = dict[tuple[str, Part], tuple[set[Configuration], set[Configuration]]]


@dataclass(frozen=True, slots=True)
class Broad:
    """An item that allows more than there is, and what would do, in words."""

    item: Item
    configurations: tuple[Configuration, ...]
    message: str
    enough: str


@dataclass(slots=True)
class _Item:
    """What is known of one item."""

    item: Item
    every: Sequence[Configuration]
    where: _Where = field(default_factory=dict)

    def broad(self) -> Broad | None:
        """What it says too much; None where all of it is needed."""
        points = self.item.differs.points
        unlooked = [p for p in points if all(q != p for q, _ in self.where)]
        meant: set[Configuration] = set()
        for declared, needed in self.where.values():
            meant |= declared - needed
        if not unlooked and not meant:
            return None
        configurations = tuple(each for each in self.every if each in meant)
        enough = self._enough()
        said = [f"nobody looks at it at {_quoted(unlooked)}"] if unlooked else []
        said += self._said({part for parts in enough.values() for part in parts})
        would = [
            f"{listed(self._merged(parts))} at {', '.join(names)}{when}"
            for (names, when), parts in enough.items()
        ]
        return Broad(self.item, configurations, "; ".join(said), "; ".join(would))

    def _enough(self) -> dict[tuple[tuple[str, ...], str], list[Part]]:
        """What is needed: parts, by the phases and the machines on which they differ."""
        found: dict[tuple[tuple[str, ...], str], list[Part]] = {}
        for part in dict.fromkeys(part for _, part in self.where):
            points: dict[str, list[str]] = {}
            for (point, other), (_, needed) in self.where.items():
                if other == part and needed:
                    points.setdefault(self._when(needed), []).append(point)
            for when, names in points.items():
                found.setdefault((tuple(names), when), []).append(part)
        return found

    def _said(self, needed: set[Part]) -> Iterator[str]:
        """What is too much of what somebody looks at, in words."""
        if not self.where:
            return
        if not needed:
            yield "it never differs there"
            return
        never = dict.fromkeys(part for _, part in self.where if part not in needed)
        if never:
            yield f"never different: {listed(self._merged(never))}"
        idle = {point for point, _ in self.where}
        idle -= {point for (point, _), (_, used) in self.where.items() if used}
        if idle:
            those = [point for point in self.item.differs.points if point in idle]
            yield f"nothing of it differs at {_quoted(those)}"
        some = [w for (p, part), w in self.where.items() if part in needed and p not in idle]
        if any(used and declared - used for declared, used in some):
            yield "it does not differ everywhere that the condition allows"
        elif any(not used for _, used in some):
            yield "not all of it differs at each of the phases"

    def _when(self, needed: set[Configuration]) -> str:
        """On which machines it differs; what the declaration asks of values is not repeated."""
        short = condition((e for e in self.every if e in needed), self.every)
        if short is None:
            return f" in {len(needed)} of {len(self.every)} configurations"
        return f" when {short}" if short else ""

    def _merged(self, parts: Iterable[Part]) -> Iterator[Part]:
        """Parts, with one name for all elements where nothing else of them is there."""
        those = list(parts)
        for part in those:
            alike = [p for _, p in self.where if p.everywhere == part.everywhere]
            yield part.everywhere if all(p in those for p in alike) else part


def broader(
    items: Iterable[Item],
    seen: Sequence[tuple[Configuration, Seen]],
    parts: Callable[[Spot, int], tuple[Part, ...]],
) -> Iterator[Broad]:
    """The items that allow more than there is, in all configurations together."""
    every = tuple(dict.fromkeys(configuration for configuration, _ in seen))
    known = {item: _Item(item, every) for item in items}
    for configuration, one in seen:
        for (item, spot), bits in one.meant.items():
            for part in parts(spot, bits):
                meant, _ = known[item].where.setdefault((spot[0], part), (set(), set()))
                meant.add(configuration)
        for (item, spot), bits in one.needed.items():
            for part in parts(spot, bits):
                if bits:
                    known[item].where[spot[0], part][1].add(configuration)
    for each in known.values():
        found = each.broad()
        if found is not None:
            yield found


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
