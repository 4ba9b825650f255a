"""The fewest rows that say all: what does not change the figures is not told apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, product

import msgspec
from msgspec import Struct

from dsl.costs.amounts import Counts, hull, number, variable
from dsl.costs.paths import Outcome
from dsl.costs.variables import (
    BOTH,
    Domain,
    Kind,
    Space,
    Variable,
    cells,
    ends,
    join,
    meet,
    single,
    span,
    united,
)

#: Boxes after which the first split will do, whether or not it leads to the fewest rows.
_BUDGET = 1500


class Row(Struct, frozen=True):
    """What is counted where each of some variables has one of some values.

    ``before`` is what is compared with; either is None where there is no such case.
    """

    domains: Mapping[str, Domain]
    counts: Counts | None
    before: Counts | None = None

    def where(self, key: str, value: int) -> Row:
        """The row for one value of a variable."""
        at = {key: number(value)}
        parts = [None if c is None else c.where(at) for c in (self.counts, self.before)]
        return Row(self.domains, *parts)


class _Item(Struct, frozen=True):
    before: bool
    domains: Mapping[str, Domain]
    counts: Counts


def table(
    outcomes: Iterable[Outcome],
    before: Iterable[Outcome] | None,
    space: Space,
    order: Mapping[str, int],
    fixed: Mapping[str, Domain],
) -> tuple[list[Variable], list[Row]]:
    """The rows of one path, and the variables that they are about.

    ``order`` is where the conditions stand, by name; ``fixed`` are values of counters.
    """
    items = [_Item(False, o.domains, o.counts) for o in outcomes]
    items += [_Item(True, o.domains, o.counts) for o in before or ()]
    used = {name: None for i in items for name in (*i.domains, *i.counts.variables)}
    variables = [v for v in ranked(space, order) if v.key in used]
    items, variables = _renamed(items, variables)
    items, variables = _fixed(items, variables, fixed)
    items = _united(_distinct(items, space), variables)
    items, variables = _telling(items, variables)
    items, variables = _combined(items, variables)
    whole = {v.key: v.domain for v in variables}
    rows = _Splitter(whole).rows(whole, items)
    return variables, sorted(rows, key=lambda row: [_rank(row, v) for v in variables])


def ranked(space: Space, order: Mapping[str, int]) -> list[Variable]:
    """All variables, in the order in which they are named."""
    return sorted(
        space.variables.values(), key=lambda v: (v.kind, order.get(v.name, 0), not v.start)
    )


def _rank(row: Row, variable: Variable) -> tuple[int, int]:
    """Where a row stands: a fact that holds comes first, and a number that is less."""
    domain = row.domains.get(variable.key)
    if domain is None:
        return 2, 0
    return 1, (-1 if variable.truth or variable.parts else 1) * domain[0][0]


class _Splitter:
    """Splits all cases in two and more until the figures of each part are the same."""

    def __init__(self, domains: Mapping[str, Domain]) -> None:
        self.order = list(domains)
        self.whole = domains
        self._found: dict[tuple[Domain, ...], list[Row]] = {}

    def rows(self, box: Mapping[str, Domain], items: Sequence[_Item]) -> list[Row]:
        """The rows for the cases in a box; the items are those that have some of them."""
        key = tuple(box[name] for name in self.order)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._rows(box, items)
        return found

    def _rows(self, box: Mapping[str, Domain], items: Sequence[_Item]) -> list[Row]:
        if not items:
            return []
        sides = [[i for i in items if i.before is before] for before in (False, True)]
        figures = [_figure(side, box) for side in sides]
        if all(f is not None or not side for f, side in zip(figures, sides, strict=True)):
            return [Row(self._told(box), *figures)]
        best: list[Row] | None = None
        for name in self.order:
            parts = cells(box[name], (i.domains[name] for i in items if name in i.domains))
            if len(parts) < 2:
                continue
            made = self._split(box, items, name, parts)
            if best is None or len(made) < len(best):
                best = made
            if len(self._found) > _BUDGET:
                break
        if best is None:
            # Each outcome is one of all of these cases.
            return [Row(self._told(box), *(_spread(side, box) for side in sides))]
        return best

    def _split(
        self, box: Mapping[str, Domain], items: Sequence[_Item], name: str, parts: list[Domain]
    ) -> list[Row]:
        """The rows of each part; parts with the same figures are one."""
        groups: list[tuple[list[Domain], list[Row]]] = []
        for part in sorted(parts, key=lambda d: single(d) is not None):
            inner = {**box, name: part}
            some = [i for i in items if name not in i.domains or meet(i.domains[name], part)]
            rows = [_without(row, name) for row in self.rows(inner, some)]
            if not rows:
                continue
            for domains, others in groups:
                if _same(rows, others, name, part):
                    domains.append(part)
                    break
            else:
                groups.append(([part], rows))
        groups.sort(key=lambda group: (-ends(group[0][0])[1], group[0][0]))
        made = []
        for domains, rows in groups:
            told = join(domains) if len(groups) > 1 else self.whole[name]
            kept = {} if told == self.whole[name] else {name: told}
            made += [Row({**row.domains, **kept}, row.counts, row.before) for row in rows]
        return made

    def _told(self, box: Mapping[str, Domain]) -> dict[str, Domain]:
        return {name: d for name, d in box.items() if d != self.whole[name]}


def _without(row: Row, name: str) -> Row:
    kept = {k: d for k, d in row.domains.items() if k != name}
    return Row(kept, row.counts, row.before)


def _same(rows: list[Row], others: list[Row], name: str, part: Domain) -> bool:
    """Whether rows say the same as others, for the values of a variable that they are about."""
    if rows == others:
        return True
    value = single(part)
    return value is not None and rows == [row.where(name, value) for row in others]


def _figure(items: Sequence[_Item], box: Mapping[str, Domain]) -> Counts | None:
    """What all items cost; None where they differ, or where there are none."""
    if not items:
        return None
    widest = max((i.counts for i in items), key=lambda c: len(c.variables))
    for item in items:
        values = {}
        for name in widest.variables:
            value = single(meet(item.domains.get(name, box[name]), box[name]))
            if value is not None:
                values[name] = number(value)
        if item.counts != widest and item.counts != widest.where(values):
            return None
    return widest


def _spread(items: Sequence[_Item], box: Mapping[str, Domain]) -> Counts | None:
    return hull((i.counts for i in items), lambda name: ends(box[name])) if items else None


# ---- one name for what is one thing to a reader


def _renamed(items: list[_Item], variables: list[Variable]) -> tuple[list[_Item], list[Variable]]:
    """Items in which values of one counter share a key, where no case speaks of two of them."""
    named: dict[str, list[Variable]] = {}
    for each in variables:
        if each.kind is Kind.COUNTER:
            named.setdefault(each.name, []).append(each)
    for several in named.values():
        if len(several) < 2 or not _apart({v.key for v in several}, items):
            continue
        first = several[0]
        one = Variable(first.key, first.name, first.kind, join(v.domain for v in several))
        items = [_shared(item, several, one) for item in items]
        variables = [one if v == first else v for v in variables if v == first or v not in several]
    return items, variables


def _shared(item: _Item, several: list[Variable], one: Variable) -> _Item:
    domains = dict(item.domains)
    for each in several:
        if each.key in domains or each.key in item.counts.variables:
            # Its own domain may be narrower than that of the name that it shares.
            domains[one.key] = domains.pop(each.key, each.domain)
    counts = item.counts.where({each.key: variable(one.key) for each in several})
    return _Item(item.before, domains, counts)


def _fixed(
    items: list[_Item], variables: list[Variable], fixed: Mapping[str, Domain]
) -> tuple[list[_Item], list[Variable]]:
    """The cases in which counters have the values that are asked for."""
    made = []
    for each in variables:
        asked = fixed.get(each.name)
        if each.kind is not Kind.COUNTER or asked is None:
            made.append(each)
            continue
        domain = meet(each.domain, asked)
        kept = ((i, meet(i.domains.get(each.key, domain), domain)) for i in items)
        items = [_but(i, set(), {each.key: left}) for i, left in kept if left]
        value = single(domain) if domain else None
        if value is not None:
            at = {each.key: number(value)}
            items = [_Item(i.before, i.domains, i.counts.where(at)) for i in items]
        made.append(msgspec.structs.replace(each, domain=domain or each.domain))
    return items, made


def _distinct(items: Iterable[_Item], space: Space) -> list[_Item]:
    """Each case once: what cannot be told apart becomes a range."""
    found: dict[tuple[bool, frozenset[tuple[str, Domain]]], _Item] = {}
    for item in items:
        key = item.before, frozenset(item.domains.items())
        other = found.get(key)
        if other is not None and other.counts != item.counts:

            def limits(name: str, domains: Mapping[str, Domain] = item.domains) -> tuple[int, int]:
                return ends(domains.get(name, space[name].domain))

            item = _Item(item.before, item.domains, item.counts.hull(other.counts, limits))
        found[key] = item
    return list(found.values())


def _united(items: Iterable[_Item], variables: list[Variable]) -> list[_Item]:
    """Items with the same figures that differ in the values of one variable are one."""
    groups: dict[tuple[bool, Counts], set[tuple[Domain, ...]]] = {}
    for item in items:
        part = tuple(item.domains.get(v.key, v.domain) for v in variables)
        groups.setdefault((item.before, item.counts), set()).add(part)
    made = []
    for (before, counts), parts in groups.items():
        for part in united(parts):
            pairs = zip(variables, part, strict=True)
            made.append(_Item(before, {v.key: d for v, d in pairs if d != v.domain}, counts))
    return made


def _telling(items: list[_Item], variables: list[Variable]) -> tuple[list[_Item], list[Variable]]:
    """Items without the variables that make no difference, and those that are left."""
    kept = list(variables)
    for each in sorted(variables, key=lambda v: (v.kind is not Kind.CASE, v.kind)):
        if any(each.key in i.counts.variables for i in items):
            continue
        with_it = [i for i in items if each.key in i.domains]
        if any(
            a.before == b.before
            and a.counts != b.counts
            and _parted(a, b) == {each.key}
            and not _agree(a, b)
            for a, b in combinations(with_it, 2)
        ):
            continue
        kept.remove(each)
        items = _united((_but(i, {each.key}, {}) for i in items), kept)
    return items, kept


def _parted(a: _Item, b: _Item) -> set[str]:
    """The variables of which two cases have no value in common."""
    return {k for k, d in a.domains.items() if k in b.domains and not meet(d, b.domains[k])}


def _agree(a: _Item, b: _Item) -> bool:
    """Whether two cases cost the same wherever both could be, but for what parts them."""
    values = {}
    for name in a.counts.variables | b.counts.variables:
        ways = [i.domains[name] for i in (a, b) if name in i.domains]
        value = single(meet(ways[0], ways[-1])) if ways else None
        if value is not None:
            values[name] = number(value)
    return a.counts.where(values) == b.counts.where(values)


def _combined(items: list[_Item], variables: list[Variable]) -> tuple[list[_Item], list[Variable]]:
    """Items in which "a or b" is one fact, where no case tells which of the two it is."""
    for first, second in combinations([v for v in variables if v.truth or v.parts], 2):
        if first.kind != second.kind:
            continue
        for a, b in product((1, 0), (1, 0)):
            parts = ((first, a), (second, b))
            if not _only_together(items, parts):
                continue
            name = " or ".join(v.name for v, _ in parts)
            made = Variable(f"{parts}", name, first.kind, BOTH, parts=parts)
            left = [made if v == first else v for v in variables if v != second]
            done = []
            for item in items:
                done += [_but(item, {first.key, second.key}, way) for way in _ways(item, made)]
            return _combined(_united(done, left), left)
    return items, variables


def _ways(item: _Item, made: Variable) -> list[dict[str, Domain]]:
    """What an item says of one of several facts being so: that it is, that it is not, or both."""
    asked = [(item.domains.get(v.key, BOTH), span(value, value)) for v, value in made.parts]
    yes = any(meet(domain, so) for domain, so in asked)
    no = all(domain != so for domain, so in asked)
    if yes and no:
        return (
            [{}]
            if all(domain == BOTH for domain, _ in asked)
            else [{made.key: span(0, 0)}, {made.key: span(1, 1)}]
        )
    return [{made.key: span(int(yes), int(yes))}]


def _only_together(items: list[_Item], parts: tuple[tuple[Variable, int], ...]) -> bool:
    """Whether it never matters which of two facts is so, but only whether one is."""
    keys = {v.key for v, _ in parts}

    def holds(item: _Item) -> bool:
        return any(meet(item.domains.get(v.key, BOTH), span(so, so)) for v, so in parts)

    some = [i for i in items if holds(i)]
    return all(
        a.before != b.before or a.counts == b.counts or not _parted(a, b) <= keys or _agree(a, b)
        for a, b in combinations(some, 2)
    )


def _but(item: _Item, gone: set[str], more: Mapping[str, Domain]) -> _Item:
    kept = {k: d for k, d in item.domains.items() if k not in gone}
    return _Item(item.before, {**kept, **more}, item.counts)


def _apart(keys: set[str], items: list[_Item]) -> bool:
    """Whether no case speaks of two of these."""
    spoken = [keys & {*i.domains, *i.counts.variables} for i in items]
    if any(len(each) > 1 for each in spoken):
        return False
    olds = [(i, s) for i, s in zip(items, spoken, strict=True) if i.before and s]
    news = [(i, s) for i, s in zip(items, spoken, strict=True) if not i.before and s]
    return not any(
        a != b and all(meet(d, new.domains.get(k, d)) for k, d in old.domains.items())
        for old, a in olds
        for new, b in news
    )
