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
        unlooked = [p for p in self.item.differs.points if all(q != p for q, _ in self.where)]
        extra: dict[Configuration, None] = {}
        for meant, needed in self.where.values():
            extra.update(dict.fromkeys(each for each in self.every if each in meant - needed))
        if not unlooked and not extra:
            return None
        said = [f"nobody looks at it at {_quoted(unlooked)}"] if unlooked else []
        enough: dict[tuple[tuple[str, ...], str], list[Part]] = {}
        never: dict[Part, None] = {}
        parts = dict.fromkeys(part for _, part in self.where)
        for part in parts:
            points: dict[str, list[str]] = {}
            for (point, other), (_, needed) in self.where.items():
                if other == part and needed:
                    points.setdefault(self._when(needed), []).append(point)
            for when, names in points.items():
                enough.setdefault((tuple(names), when), []).append(part)
            if not points:
                never[part] = None
        if self.where and not enough:
            said.append("it never differs there")
        elif never:
            said.append(f"never different: {listed(self._merged(never, parts))}")
        for name in self.item.differs.points:
            here = [w for (point, _), w in self.where.items() if point == name]
            if enough and here and not any(needed for _, needed in here):
                said.append(f"nothing of it differs at `{name}`")
        if enough and any(needed and meant - needed for meant, needed in self.where.values()):
            said.append("it does not differ everywhere that the condition allows")
        elif enough and not said:
            said.append("not all of it differs at each of the phases")
        would = [
            f"{listed(self._merged(those, parts))} at {', '.join(points)}{when}"
            for (points, when), those in enough.items()
        ]
        return Broad(self.item, tuple(extra), "; ".join(said), "; ".join(would))

    def _when(self, needed: set[Configuration]) -> str:
        short = condition((e for e in self.every if e in needed), self.every)
        own = self.item.difference.condition
        words = [short] if short else []
        if own is not None and any(meant - needed for meant, needed in self.where.values()):
            words.append("as it is declared")
        if short is None:
            words.append(f"in {len(needed)} of {len(self.every)} configurations")
        return f" when {short}" if short else "" if short == "" else f" ({', '.join(words)})"

    def _merged(self, parts: Iterable[Part], every: Iterable[Part]) -> Iterator[Part]:
        """Parts, with one name for all elements where nothing else of them is there."""
        those = list(parts)
        for part in those:
            alike = [p for p in every if p.everywhere == part.everywhere]
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
