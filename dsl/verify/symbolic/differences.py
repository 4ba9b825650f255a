"""What two programs differ in, as findings: what nobody says, and what is said too much."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from dsl.diagnostics.base import Note
from dsl.diagnostics.proofs import Broader, Differs
from dsl.ir.walk import function_of
from dsl.source import Span
from dsl.verify.both import differ
from dsl.verify.configurations import text
from dsl.verify.findings import Configuration, Engine, Finding, Strength, Witness
from dsl.verify.subject import Subject, subject
from dsl.verify.symbolic.broader import Broad, broader
from dsl.verify.symbolic.looks import Looks
from dsl.verify.symbolic.meant import Item
from dsl.verify.symbolic.mirrors import Static
from dsl.verify.symbolic.pairs import Seen, Spot
from dsl.verify.symbolic.places import Part, listed, parts_of
from dsl.verify.symbolic.together import Place, histories

if TYPE_CHECKING:
    from dsl.verify.symbolic import Limits

#: A history for a place is looked for in so many configurations.
_CONFIGURATIONS = 2


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of one configuration of one lifecycle, and who looks in it, in both programs."""

    configuration: Configuration
    looks: tuple[Looks, Looks]
    seen: Seen


@dataclass(slots=True)
class _Difference:
    """A field that differs at a phase: in which configurations, and a history that shows it."""

    configurations: list[Configuration] = field(default_factory=list)
    origin: tuple[Span | None, Span | None] = (None, None)
    witness: Witness | None = None
    shown: Configuration = ()


@dataclass(slots=True)
class Differences:
    """The findings of one comparison; ``unchecked`` says what was left for want of time."""

    statics: tuple[Static, Static]
    items: tuple[Item, ...]
    compared: Sequence[Compared]
    budget: Limits | None
    unchecked: dict[str, None] = field(default_factory=dict)
    _subjects: tuple[Subject, Subject] = field(init=False)
    _found: dict[Place, _Difference] = field(default_factory=dict)

    def __post_init__(self) -> None:
        mine, other = (subject(each.program) for each in self.statics)
        self._subjects = (mine, other)

    def findings(self, progress: Callable[[str], None]) -> Iterator[Finding]:
        """What differs and nobody says so; without a history where no run of both shows it."""
        for one in self.compared:
            for spot, bits in one.seen.undeclared.items():
                for part in self._parts(spot, bits):
                    found = self._found.setdefault((spot[0], part.everywhere), _Difference())
                    if one.configuration not in found.configurations:
                        found.configurations.append(one.configuration)
                    if found.origin == (None, None):
                        found.origin = one.seen.origins[spot]
        self._show(progress)
        together: dict[tuple[object, ...], dict[Part, list[str]]] = {}
        for (point, part), found in self._found.items():
            key = (part.name, tuple(found.configurations), found.witness is None)
            together.setdefault(key, {}).setdefault(part, []).append(point)
        for fields in together.values():
            alike: dict[tuple[str, ...], list[Part]] = {}
            for part, points in fields.items():
                alike.setdefault(tuple(points), []).append(part)
            for those, parts in alike.items():
                yield self._finding(those, parts)

    def too_broad(self) -> Iterator[Finding]:
        """The declarations that allow more than there is."""
        seen = [(each.configuration, each.seen) for each in self.compared]
        for each in broader(self.items, seen, self._parts):
            yield self._too_broad(each)

    def _parts(self, spot: Spot, bits: int) -> tuple[Part, ...]:
        return parts_of(self.statics[0], spot[1], bits)

    # ---- run on both

    def _show(self, progress: Callable[[str], None]) -> None:
        """Looks for histories: first in the configurations that show most."""
        left = dict.fromkeys(self._found, _CONFIGURATIONS)
        asked = [(each, self._places(each)) for each in self.compared]
        while left:
            asked = [(each, those) for each, those in asked if those & left.keys()]
            if not asked:
                return
            one, places = max(asked, key=lambda pair: len(pair[1] & left.keys()))
            wanted = [place for place in left if place in places]
            if self.budget is not None and self.budget.spent():
                why = self.budget.spent()
                for point, part in left:
                    self.unchecked[f"{part} at `{point}` may differ: not run: {why}"] = None
                    self._found.pop((point, part))
                return
            asked = [pair for pair in asked if pair[0] is not one]
            progress(f"running both: {text(one.configuration)}")
            made = histories(
                self.statics,
                one.looks,
                one.configuration,
                self.items,
                one.seen.undeclared,
                wanted,
                self._replayed,
            )
            for place in wanted:
                left[place] -= 1
                if place in made:
                    self._found[place].witness = made[place]
                    self._found[place].shown = one.configuration
                if place in made or not left[place]:
                    left.pop(place)

    def _places(self, one: Compared) -> set[Place]:
        return {
            (spot[0], part.everywhere)
            for spot, bits in one.seen.undeclared.items()
            for part in self._parts(spot, bits)
        }

    def _replayed(self, witness: Witness) -> Witness | None:
        """The history with what a run of both shows, if they do differ at its end."""
        shown = differ(*self._subjects, witness)
        if shown is None:
            return None
        place, _, values = witness.seen.partition(" is ")
        mine, _, theirs = values.partition(", not ")
        if shown[0] is not None and shown[1] is not None:
            mine, theirs = (f"{value:#x}" for value in shown)
        other = self.statics[1].program.name
        return replace(witness, seen=f"{place} is {mine}, and {theirs} in {other}")

    # ---- as findings

    def _finding(self, points: tuple[str, ...], parts: list[Part]) -> Finding:
        program, other = (each.program for each in self.statics)
        those = [self._found[point, part] for part in parts for point in points]
        shown = [each for each in those if each.witness is not None]
        best = min(shown, key=lambda each: len(each.witness.steps), default=those[0])  # type: ignore[union-attr]
        own, its = self._origin(parts[0].name, best)
        where = own or its or program.lifecycles[0].span
        ends: tuple[Note, ...] = ()
        if its is not None and its != where:
            ends = (Note(its, "the other program writes it here"),)
        quoted = ", ".join(f"`{point}`" for point in points)
        differs = "may be" if not shown else "is" if len(parts) == 1 else "are"
        return Finding(
            Differs,
            f"{listed(parts)} at {', '.join(points)}",
            Strength.DECLARED,
            Engine.SYMBOLIC,
            where,
            f"{listed(parts)} {differs} otherwise than in {other.name} at {quoted}",
            function_of(program.sequences.values(), where),
            ends,
            best.shown or best.configurations[0],
            tuple(those[0].configurations),
            best.witness,
        )

    def _origin(self, name: str, found: _Difference) -> tuple[Span | None, Span | None]:
        """Who wrote it there; if that is none of our sequences, who did where it differs too."""
        sequences = self.statics[0].program.sequences.values()
        alike = [each.origin for (_, part), each in self._found.items() if part.name == name]
        ours = (o for o in (found.origin, *alike) if o[0] and function_of(sequences, o[0]))
        return next(ours, found.origin)

    def _too_broad(self, broad: Broad) -> Finding:
        rule = f"{broad.item} at {', '.join(broad.item.differs.points)}"
        would = f"; this would do: {broad.enough}" if broad.enough else "; remove it"
        return Finding(
            Broader,
            rule,
            Strength.DECLARED,
            Engine.SYMBOLIC,
            broad.item.difference.span,
            f"{rule}: {broad.message}{would}",
            configurations=broad.configurations,
        )
