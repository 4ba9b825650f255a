"""What is known of the cost of each path: the result of `dsl.cost`, also as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from dsl.costs.amounts import COUNTED, Between, Counts, Poly, limits_of, number
from dsl.costs.table import Row
from dsl.costs.variables import BOTH, Domain, Variable, ends, join, meet, single, span


class PathCost(Struct, frozen=True):
    """One path on one architecture: its rows, and what they are about.

    ``idle`` are the conditions that were asked and make no difference.
    """

    path: str
    architecture: str
    variables: tuple[Variable, ...]
    rows: tuple[Row, ...]
    idle: tuple[str, ...]

    def label(self, key: str) -> str:
        """What a variable is called in this path."""
        (variable,) = (v for v in self.variables if v.key == key)
        alike = sum(v.name == variable.name for v in self.variables)
        return (
            variable.name if alike < 2 or not variable.when else f"{variable.name} {variable.when}"
        )

    def find(self, *ways: str, **facts: int) -> list[Row]:
        """The rows for some values, by name (a dot in it is written ``__``), any others free.

        ``ways`` are alternatives of the lifecycle that are taken, by their first phases.
        """
        asked = {name.replace("__", "."): int(value) for name, value in facts.items()}
        return [row for row in self.rows if self._allows(row, ways, asked)]

    def _allows(self, row: Row, ways: tuple[str, ...], asked: Mapping[str, int]) -> bool:
        return all(
            meet(_of(variable, ways, asked), row.domains[variable.key])
            for variable in self.variables
            if variable.key in row.domains
        )

    def figures(self, *ways: str, **facts: int) -> set[tuple[tuple[int, int], ...]]:
        """The least and the greatest of each of `COUNTED`, a set of them for each row that fits.

        Counters that no fact fixes spread the range.
        """
        found = set()
        for row in self.find(*ways, **facts):
            if row.counts is not None:
                found.add(tuple(self._number(row, amount, facts) for amount in row.counts.each))
        return found

    def _number(self, row: Row, amount: Between, facts: Mapping[str, int]) -> tuple[int, int]:
        domains = {v.key: row.domains.get(v.key, v.domain) for v in self.variables}
        known = {
            v.key: number(facts[v.name.replace(".", "__")])
            for v in self.variables
            if v.name.replace(".", "__") in facts
        }
        amount = amount.where(known)

        def limits(key: str) -> tuple[int, int]:
            return ends(domains[key])

        return limits_of(amount.low, limits)[0], limits_of(amount.high, limits)[1]


def _of(variable: Variable, ways: tuple[str, ...], asked: Mapping[str, int]) -> Domain:
    """The values that a variable has where some are known."""
    taken = [i for i, word in enumerate(variable.words) if word in ways]
    if taken:
        return join(span(i, i) for i in taken)
    if variable.parts:
        parts = [(_of(part, ways, asked), span(so, so)) for part, so in variable.parts]
        if any(domain == so for domain, so in parts):
            return span(1, 1)
        return BOTH if any(meet(domain, so) for domain, so in parts) else span(0, 0)
    value = asked.get(variable.name)
    return variable.domain if value is None else span(value, value)


class Cost(Struct, frozen=True):
    """The cost of each path, with what it is compared with.

    ``settings`` is what the user has fixed.  ``notes`` are what else to know of the figures.
    """

    module: str
    against: str | None
    settings: Mapping[str, Domain]
    paths: tuple[PathCost, ...]
    notes: tuple[str, ...]

    def path(self, name: str, architecture: str | None = None) -> PathCost:
        """The path of a name.  Raises `KeyError`."""
        for path in self.paths:
            if path.path == name and architecture in (None, path.architecture):
                return path
        raise KeyError(name)

    def to_json(self) -> dict[str, Any]:
        """As docs/schema/cost.json describes."""
        return {
            "module": self.module,
            "against": self.against,
            "settings": {name: _values(domain) for name, domain in self.settings.items()},
            "paths": [row for path in self.paths for row in _rows(path, self.against is not None)],
            "notes": list(self.notes),
        }


def _rows(path: PathCost, compared: bool) -> Iterator[dict[str, Any]]:
    for row in path.rows:
        for domains in plain(row.domains, path.variables):
            found: dict[str, Any] = {
                "path": path.path,
                "architecture": path.architecture,
                "configuration": {},
                "case": {},
            }
            for variable in each_part(path.variables):
                domain = domains.get(variable.key)
                if domain is not None:
                    group = "configuration" if variable.kind.fixed else "case"
                    label = (
                        path.label(variable.key) if variable in path.variables else variable.name
                    )
                    found[group][label] = _told(variable, domain)
            found |= _amounts(row.counts, path)
            if compared:
                found["before"] = _amounts(row.before, path)
            yield found


def plain(
    domains: Mapping[str, Domain], variables: tuple[Variable, ...]
) -> Iterator[Mapping[str, Domain]]:
    """The same cases without "a or b": where one of several facts is so, a case for each."""
    for variable in variables:
        domain = domains.get(variable.key)
        if not variable.parts or domain is None:
            continue
        rest = {k: d for k, d in domains.items() if k != variable.key}
        left = tuple(v for v in variables if v != variable) + tuple(v for v, _ in variable.parts)
        others: dict[str, Domain] = {}
        for part, so in variable.parts:
            if domain == span(1, 1):
                yield from plain({**rest, **others, part.key: span(so, so)}, left)
            others[part.key] = span(1 - so, 1 - so)
        if domain == span(0, 0):
            yield from plain({**rest, **others}, left)
        return
    yield domains


def each_part(variables: tuple[Variable, ...]) -> list[Variable]:
    """The variables, with those that an "a or b" is made of in its place."""
    found: list[Variable] = []
    for variable in variables:
        found += each_part(tuple(v for v, _ in variable.parts)) if variable.parts else [variable]
    return found


def _told(variable: Variable, domain: Domain) -> Any:
    if variable.words:
        return [variable.words[i] for low, high in domain for i in range(low, high + 1)]
    if variable.truth and domain != BOTH:
        return domain == span(1, 1)
    return _values(domain)


def _values(domain: Domain) -> Any:
    """A number; or the ranges of numbers."""
    value = single(domain)
    return value if value is not None else [{"least": low, "most": high} for low, high in domain]


def _amounts(counts: Counts | None, path: PathCost) -> dict[str, Any]:
    if counts is None:
        return dict.fromkeys(COUNTED)
    pairs = zip(COUNTED, counts.each, strict=True)
    return {name: _amount(amount, path) for name, amount in pairs}


def _amount(amount: Between, path: PathCost) -> Any:
    known = amount.low.constant
    if known is not None and amount.low == amount.high:
        return known
    return {
        "text": amount.show(path.label),
        "least": _terms(amount.low, path),
        "most": _terms(amount.high, path),
    }


def _terms(poly: Poly, path: PathCost) -> list[dict[str, Any]]:
    return [{"times": f, "of": [path.label(key) for key in m]} for m, f in poly.terms]
