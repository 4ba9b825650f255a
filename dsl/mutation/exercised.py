"""Which rules a program comes to: of the others its mutants say nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dsl.ir.platform import OnlyWhile, Precedes, VisibleTo
from dsl.run.registers import Element
from dsl.run.visibility import SOFTWARE, Access, Rules, Update, concerns
from dsl.verify.explicit.recording import Effective, Happening, Hazard, Looked, Needs, Wrote


class Exercised:
    """What happens in an exploration that rules speak of."""

    def __init__(self, rules: Rules, elements: Mapping[str, Element]) -> None:
        self._rules, self._elements = rules, elements
        #: By element: who wrote which bits, and who looked, through what, while clauses held.
        self._writes: dict[str, set[tuple[str, int]]] = {}
        self._looks: dict[str, set[tuple[str, str, frozenset[int]]]] = {}
        self._accesses: set[tuple[str, str]] = set()
        self._found: set[str] = set()

    def add(self, happenings: Sequence[Happening], hazards: Iterable[Hazard]) -> None:
        """Takes a step into account."""
        self._found |= {each.rule for each in hazards}
        for each in happenings:
            match each:
                case Effective(clause=clause):
                    self._found.add(clause.rule)
                case Needs(clause=clause):
                    if isinstance(clause.body, VisibleTo):
                        self._found.add(clause.rule)
                case Wrote(element=element, author=author, mask=mask):
                    self._writes.setdefault(element, set()).add((author, mask))
                    if author == SOFTWARE:
                        self._accesses.add((element, "writes"))
                case Looked(element=element, who=who, through=through, holds=holds):
                    self._looks.setdefault(element, set()).add((who, through, holds))
                    if who == SOFTWARE:
                        self._accesses.add((through or element, "reads"))
                case _:
                    pass

    @property
    def rules(self) -> frozenset[str]:
        """The rules of which both sides happen, or the access that they are about."""
        found = set(self._found)
        for name, writes in self._writes.items():
            of = self._elements[name]
            for author, mask in writes:
                for who, through, holds in self._looks.get(name, ()):
                    found |= set(self._asked(of, author, mask, who, through, holds))
        for clause in self._rules.clauses:
            match clause.body:
                case Precedes(first=first, then=then):
                    if self._happens(first) and self._happens(then):
                        found.add(clause.rule)
                case OnlyWhile() | VisibleTo():
                    pass
        return frozenset(found)

    def _asked(
        self, of: Element, author: str, mask: int, who: str, through: str, holds: frozenset[int]
    ) -> Iterable[str]:
        """The rules that ask for something between a write and a look."""
        access = Access(who, self._elements[through] if through else None)
        if who == author and access.through in (None, of):
            return
        update = Update(mask, 0, author, "", [])
        numbers = {c.rule for c in self._rules.clauses if c.condition is None or c.number in holds}
        for need in self._rules.needs(update, of, access):
            if need.condition is None or need.rule in numbers:
                yield need.rule

    def _happens(self, events: object) -> bool:
        return any(
            concerns(events, self._elements[name], access)  # type: ignore[arg-type]
            for name, access in self._accesses
        )
