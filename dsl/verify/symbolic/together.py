"""One way through a lifecycle on two programs, from one start: where they differ, and with what."""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from dsl.diagnostics.proofs import Differs
from dsl.failures import CannotRun
from dsl.ir import lifecycle as l
from dsl.ir import sequence as s
from dsl.ir.shapes import Slot
from dsl.ir.ways import graph
from dsl.run.registers import Element
from dsl.source import Span
from dsl.verify.findings import Configuration, Witness
from dsl.verify.histories import names_of_owners
from dsl.verify.symbolic.chain import Act, Chain, Goal, Point
from dsl.verify.symbolic.looks import Looks, Masks, read_by
from dsl.verify.symbolic.meant import Item, at
from dsl.verify.symbolic.mirrors import Static
from dsl.verify.symbolic.owned import Suspicion
from dsl.verify.symbolic.places import Part, parts_of
from dsl.verify.symbolic.state import Cells, Key, Unbounded, slot_key
from dsl.verify.symbolic.term import Term, evaluate
from dsl.verify.symbolic.terms import Terms
from dsl.verify.symbolic.witness import Plan, Search

#: A phase, and what somebody finds there.
Place = tuple[str, Part]
#: The bits that may differ, by phase and by what is looked at.
Bits = dict[tuple[str, Key], int]

#: A way: what it costs, its number, where both are on it, and where other owners are.
_Way = tuple[int, int, tuple[Point, Point], tuple[tuple[str, int], ...]]

#: So many phases are executed on each kind of way, and so many places looked at.
_MOST, _LONGEST = 150, 750
#: So many histories are tried for one place: what one of them does not show, another may.
_TRIES = 3


@dataclass(frozen=True, slots=True)
class _Look:
    """Somebody looks: who acts in a phase (``extern`` empty), or an extern that is called.

    ``wrote`` is what the extern leaves in memory, by how its model would name it.
    """

    extern: str
    masks: Masks
    cells: Cells
    path: Term
    wrote: dict[str, Term] = field(default_factory=dict)


class _Twin(Chain):
    """One of the two.  What others do is the same in both: the first of a kind in a phase, say."""

    def __init__(
        self, static: Static, terms: Terms, configuration: Configuration, looks: Looks
    ) -> None:
        super().__init__(static, terms, dict(configuration), _nothing(looks))
        self.who = looks
        self.looks: list[_Look] = []

    def fresh(self, name: str, width: int, lo: int = 0, hi: int | None = None) -> Term:
        return super().fresh(f"{self.step}:{name}", width, lo, hi)

    def arrived(self, phase: l.Phase) -> None:
        cells, path = dict(self.cells), self.path
        self.looks.append(_Look("", self.who.at(phase, self), cells, path))

    def called(self, name: str, owners: dict[str, str], span: Span) -> None:
        super().called(name, owners, span)
        masks = read_by(self.program.externs[name], owners, self)
        self.looks.append(_Look(name, masks, dict(self.cells), self.path))

    def gave(self, extern: s.Extern, owners: dict[str, str]) -> None:
        super().gave(extern, owners)
        look = next(e for e in reversed(self.looks) if e.extern == extern.signature.name)
        for effect in extern.effects:
            for place in effect.places if effect.kind == "writes" else ():
                if isinstance(place, Slot) and effect.bits(place) is None:
                    for index in range(place.length) if place.length else (None,):
                        name = place.name if index is None else f"{place.name}[{index}]"
                        look.wrote[name] = self.get(
                            slot_key(owners.get(place.root, ""), place, index)
                        )


class Together(Search):
    """All ways through a lifecycle, the shortest first, for both programs."""

    def __init__(
        self,
        statics: tuple[Static, Static],
        looks: tuple[Looks, Looks],
        configuration: Configuration,
        items: tuple[Item, ...],
        plan: Plan,
    ) -> None:
        who = looks[0]
        super().__init__(statics[0], who.lifecycle, configuration, _nothing(who), plan)
        mine, other = (
            _Twin(each, self.terms, configuration, one)
            for each, one in zip(statics, looks, strict=True)
        )
        self.twins = (mine, other)
        self.phases = tuple(_phases(each.lifecycle) for each in looks)
        self.items = items
        self._look: _Look
        self.chain = self.twins[0]

    def find(
        self, wanted: Bits, places: set[Place], shows: Callable[[Witness], Witness | None]
    ) -> Iterator[tuple[Place, Witness]]:
        """A history for each of the places, as far as there is one that ``shows`` it."""
        left = dict.fromkeys(places, _TRIES)
        first = self.plan.owners[0] or self.root
        one, two = self.twins
        queue: list[_Way] = [(0, 0, (self._begin(one, first), self._begin(two, first)), ())]
        number = done = 0
        for _ in range(_LONGEST):
            if not queue or not left or done >= _MOST:
                return
            cost, _, points, elsewhere = heapq.heappop(queue)
            for after, price, point, others in self._next(points[0], elsewhere):
                both = (point, self._likewise(points, point))
                if self.graph.nodes[after].phase is not None:
                    done += 1
                    both = (self._take(0, both[0], after), self._take(1, both[1], after))
                    name = self.graph.nodes[after].name
                    for place, witness in self._differences(name, wanted, left, both):
                        left[place] -= 1
                        shown = shows(witness)
                        if shown is not None or not left[place]:
                            left.pop(place)
                        if shown is not None:
                            yield place, shown
                    if any(each.path is self.terms.false for each in both):
                        continue
                else:
                    both = (replace(both[0], node=after), replace(both[1], node=after))
                number += 1
                heapq.heappush(queue, (cost + price, number, both, others))

    # ---- both go on

    def _begin(self, twin: _Twin, owner: str) -> Point:
        start = Point({}, self.terms.true, 0, owner, 0, (), ())
        twin.again()
        for assumed in twin.entry:
            twin.cells, twin.path, twin.owner = {}, self.terms.true, owner
            holds = twin.truth(assumed, twin.watcher())
            start = replace(start, path=self.terms.and_(start.path, holds))
        return start

    def _likewise(self, points: tuple[Point, Point], mine: Point) -> Point:
        """The other program goes where mine went: to another CPU, or to another owner's turn."""
        before, other = points
        if mine.cpu != before.cpu:
            other = self._moved(other)
        return replace(other, owner=mine.owner, node=mine.node)

    def _take(self, which: int, point: Point, after: int) -> Point:
        twin = self.twins[which]
        twin.looks.clear()
        return twin.take(point, after, self.phases[which][after], [])

    # ---- what differs

    def _differences(
        self, name: str, wanted: Bits, left: dict[Place, int], points: tuple[Point, Point]
    ) -> Iterator[tuple[Place, Witness]]:
        one, two = self.twins
        rest = list(two.looks)
        known = self._joined(points)
        for mine in one.looks:
            theirs = next((each for each in rest if each.extern == mine.extern), None)
            if theirs is None:
                continue
            rest.remove(theirs)
            for (point, key), bits in wanted.items():
                if point != name or self._own(key) not in mine.masks:
                    continue
                for part in parts_of(self.static, key, bits):
                    place = (name, part.everywhere)
                    if place not in left:
                        continue
                    goal = self._goal(name, key, part, bits, mine, theirs)
                    found = goal and self._history(goal, known, mine)
                    if found:
                        yield place, found

    def _joined(self, points: tuple[Point, Point]) -> Point:
        """The way with all that others did on it, for either program."""
        acts: dict[tuple[object, ...], Act] = {}
        for each in points:
            for act in each.acts:
                place = act.place if not isinstance(act.place, Element) else act.place.name
                acts.setdefault((act.step, act.actor, str(place), act.value), act)
        ordered = sorted(acts.values(), key=lambda act: act.step)
        return replace(points[0], acts=tuple(ordered))

    def _goal(
        self, name: str, key: Key, part: Part, bits: int, mine: _Look, theirs: _Look
    ) -> Goal | None:
        one, two = self.twins
        key = self._own(key)
        a = mine.cells.get(key) or one.initial(key)
        b = theirs.cells.get(key) or two.initial(key)
        if a is None or b is None or a is b:
            return None
        terms = self.terms
        place: Element | tuple[Slot, int | None]
        if isinstance(key, str):
            element = one.elements[key]
            place, fields = element, element.register.fields
        else:
            slot = self.static.program.slots[str(key[1])]
            place = (slot, None if key[2] == -1 else int(key[2]))
            fields = slot.link.register.register.fields if slot.link else ()
        mask = next((f.mask & bits for f in fields if f.name == part.field), bits)
        same = self._same(a, b, mask)
        wrong = [mine.path, theirs.path, terms.not_(same)]
        for item in at(name, self.items):
            if item.covers(key, one) & mask == mask:
                holds = item.holds(key, one, mine.cells, mine.path)
                wrong.append(terms.not_(holds))
        goal = terms.and_(*wrong)
        if goal is terms.false:
            return None
        return Goal(goal, place, a, b, mask)

    def _same(self, a: Term, b: Term, mask: int) -> Term:
        if not a.width:
            return self.terms.eq(a, b)
        zero = self.terms.const(0, a.width)
        return self.terms.eq(self.terms.masked(zero, a, mask), self.terms.masked(zero, b, mask))

    def _own(self, key: Key) -> Key:
        """The same of who has his turn now."""
        if isinstance(key, str):
            return key
        slot = self.static.program.slots[str(key[1])]
        return slot_key(self.chain.holder(slot), slot, None if key[2] == -1 else int(key[2]))

    def _history(self, goal: Goal, known: Point, look: _Look) -> Witness | None:
        # What the other one asked of the start is given too.
        self.chain.given_at_start.update(self.twins[1].given_at_start)
        self._look = look
        found = self._shown(goal, known)
        if found is None or not look.extern:
            return found
        # What it finds is looked at when it is called, and not after the phase.
        *steps, run, said = found.steps
        return replace(found, steps=(*steps, said, run))

    def _last(self, goal: Goal, model: dict[Term, int], made: dict[Term, int]) -> tuple[str, str]:
        expect, seen = super()._last(goal, model, made) if _linked(goal) else ("", "")
        if not expect and goal.place is not None and not isinstance(goal.place, Element):
            slot, index = goal.place
            name = slot.name if index is None else f"{slot.name}[{index}]"
            if len(self.plan.owners) > 1:
                name = f"{self.chain.owner}.{name}"
            assert goal.seen is not None
            assert goal.wanted is not None
            is_now, wanted = (evaluate(each, model, made) for each in (goal.seen, goal.wanted))
            expect = f"expect {name} == {wanted:#x}"
            seen = f"{name} is {is_now:#x}, not {wanted:#x}"
            if not goal.wanted.width:
                expect = f"expect {name}" if wanted else f"expect not {name}"
                seen = f"{name} is {is_now}, not {wanted}"
        extern = self._look.extern
        if not expect or not extern:
            return expect, seen
        # It has no other names than its own parameters.
        asked = re.sub(rf"\b{self.chain.owner}\.", "", expect.removeprefix("expect "))
        lines = [f"assert {asked}"]
        for name, value in self._look.wrote.items():
            lines.append(f"{name} <- {evaluate(value, model, made):#x}")
        if self.static.program.externs[extern].signature.result is not None:
            lines.append("return 0")
        return "\n".join((f"{extern} {{", *(f"    {line}" for line in lines), "}")), seen


def _nothing(looks: Looks) -> Suspicion:
    """Nothing is suspected of either of them alone."""
    return Suspicion(Differs, "", looks.lifecycle.span, (), "", "")


def _phases(lifecycle: l.Lifecycle) -> dict[int, l.Phase]:
    return {n.number: n.phase for n in graph(lifecycle).nodes if n.phase is not None}


def plans(static: Static) -> tuple[Plan, ...]:
    """Who runs where: one owner stays where he is, or two share a CPU."""
    both = names_of_owners(static.program)[:2]
    return Plan(), Plan((both[0], both[1]))


def histories(
    statics: tuple[Static, Static],
    looks: tuple[Looks, Looks],
    configuration: Configuration,
    items: tuple[Item, ...],
    wanted: Bits,
    places: Iterable[Place],
    shows: Callable[[Witness], Witness | None],
) -> dict[Place, Witness]:
    """A history for each place at which the programs differ, in one configuration."""
    found: dict[Place, Witness] = {}
    for plan in plans(statics[0]):
        left = {place for place in places if place not in found}
        if not left:
            break
        try:
            search = Together(statics, looks, configuration, items, plan)
            found.update(search.find(wanted, left, shows))
        except (Unbounded, RecursionError, CannotRun):
            continue
    return found


def _linked(goal: Goal) -> bool:
    return isinstance(goal.place, Element) or (
        goal.place is not None and goal.place[0].link is not None
    )
