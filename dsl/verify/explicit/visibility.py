"""Follows each register for itself along an exploration: who may see an old value of it.

Different registers have different orders of writes, and nothing relates them but barriers.  So what
is pending in one register is followed without regard to the others, along the straight lines that
the exploration has made of the sequences.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from dsl.ir.platform import VisibleTo
from dsl.run.registers import Element
from dsl.run.visibility import (
    HARDWARE,
    SOFTWARE,
    Access,
    Cell,
    Need,
    Rules,
    Update,
    wrote,
)
from dsl.verify.explicit.exploring import Edge, Exploration
from dsl.verify.explicit.pending import Line, Lines, Seen, Write
from dsl.verify.explicit.recording import (
    Effective,
    Fence,
    Happening,
    Looked,
    Needs,
    Recorder,
    Wrote,
)
from dsl.verify.explicit.states import Key
from dsl.verify.owned import Data

#: A place in the exploration, and the number of a line there.
_Place: TypeAlias = tuple[int, int]
#: Where a step leads to, the step, and what a register has to do with in it.
_Way: TypeAlias = tuple[int, Edge, tuple[Happening, ...]]


@dataclass(frozen=True, slots=True)
class Unseen:
    """Somebody need not see a write (``write``) where he looks; ``need`` is what is missing.

    ``trail`` are the edges of the exploration that lead there, the last of them the one of the
    look.  ``happening`` is the look, or the access that should come behind the write.
    """

    element: str
    write: Write
    need: Need
    happening: Happening
    trail: tuple[Edge, ...]

    @property
    def key(self) -> tuple[object, ...]:
        """Both ends, and the rule."""
        span = self.happening.span if not isinstance(self.happening, Fence) else self.write.span
        return (self.need.rule, self.write.span, span)


@dataclass(slots=True)
class Following:
    """Follows the registers of an exploration; ``amount`` counts what was looked at.

    What a register holds that mirrors a slot is data: any write may change it, and states that
    differ in data alone are one.  ``lines`` has what is known already, of explorations of the same
    machine.
    """

    exploration: Exploration
    machine: Recorder
    data: Data
    lines: Lines = field(default_factory=lambda: Lines())
    rules: Rules = field(init=False)
    amount: int = 0
    _starts: list[int] = field(init=False)
    _out: dict[int, list[tuple[int, Edge]]] = field(init=False)
    #: What happens in each step; steps that are shared show one and the same.
    _happened: dict[int, Sequence[Happening]] = field(init=False)

    def __post_init__(self) -> None:
        self.rules = self.machine.rules
        outcomes = (edge.outcome for edge in self.exploration.edges)
        self._happened = {id(o.happenings): o.happenings for o in outcomes if o is not None}
        signatures = {at: self._signed(each) for at, each in self._happened.items()}
        states = self.exploration.states
        classes: dict[Key, int] = {}
        known = [classes.setdefault(state.control, len(classes)) for state in states]
        self._starts = [n for n, state in enumerate(states) if state.step.before is None]
        self._out = defaultdict(list)
        edges: set[tuple[int, int, int]] = set()
        for edge in self.exploration.edges:
            start, end = known[edge.start], known[edge.end]
            happened = signatures[id(edge.outcome.happenings)] if edge.outcome else -1
            if (start, end, happened) not in edges:
                edges.add((start, end, happened))
                self._out[start].append((end, edge))
        self._starts = list(dict.fromkeys(known[n] for n in self._starts))

    def _signed(self, happenings: Sequence[Happening]) -> int:
        """The number of a signature, worked out once."""
        known = self.lines.signed.get(id(happenings))
        if known is None:
            signatures = self.lines.signatures
            number = signatures.setdefault(self._signature(happenings), len(signatures))
            known = self.lines.signed[id(happenings)] = happenings, number
        return known[1]

    def _signature(self, happenings: Sequence[Happening]) -> tuple[object, ...]:
        """What happens in a step, without data."""
        found: list[object] = []
        for each in happenings:
            match each:
                case Fence(barrier=barrier):
                    found.append(str(barrier))
                case Wrote(element=element, author=author, value=value, span=span):
                    kept = None if element in self.data.elements else value
                    found.append((element, author, kept, id(span), each.holds))
                case Looked(element=element, who=who, span=span):
                    found.append((element, who, each.through, id(span), each.holds))
                case Needs(element=element, span=span) | Effective(element=element, span=span):
                    found.append((each.clause.number, element, id(span)))
        return tuple(found)

    def run(self) -> Iterator[Unseen]:
        """All that need not be seen, each first by its shortest trail, register by register."""
        for name in self.touched():
            yield from self.register(name)

    def touched(self) -> list[str]:
        """The registers that are written anywhere, each of which is followed for itself."""
        touched: dict[str, None] = {}
        for happenings in self._happened.values():
            for happening in happenings:
                if isinstance(happening, Wrote):
                    touched[happening.element] = None
        return list(touched)

    def register(self, name: str) -> Iterator[Unseen]:
        """All that need not be seen of one register."""
        return self._register(self.machine.elements[name])

    def _register(self, of: Element) -> Iterator[Unseen]:
        said: set[tuple[object, ...]] = set()
        along = _Along(self, of)
        held = 0
        if of.name not in self.data.elements:
            held = self.exploration.states[0].held.cells[of.name]
        first = along.lines.numbered((held, ()))
        trails: dict[_Place, tuple[_Place, Edge] | None] = {}
        queue: deque[_Place] = deque((n, first) for n in self._starts)
        trails.update(dict.fromkeys(queue))
        while queue:
            at = queue.popleft()
            number, line = at
            for end, edge, about in along.ways(number, self._out[number]):
                after = line
                if about:
                    self.amount += 1
                    after, found = along.after(line, about)
                    for write, need, happening in found:
                        unseen = Unseen(of.name, write, need, happening, ())
                        if unseen.key not in said:
                            said.add(unseen.key)
                            trail = (*_trail(trails, at), edge)
                            yield replace(unseen, trail=trail)
                then = (end, after)
                if then not in trails:
                    trails[then] = (at, edge)
                    queue.append(then)

    def about(self, happenings: Sequence[Happening], of: Element) -> tuple[Happening, ...]:
        """What happens in a step that a register's own line has to do with."""
        found: list[Happening] = []
        for each in happenings:
            match each:
                case Fence():
                    found.append(each)
                case Wrote() | Looked():
                    if each.element == of.name:
                        found.append(each)
                case Needs(clause=clause):
                    assert isinstance(clause.body, VisibleTo)
                    if any(
                        wrote(clause.body.first, author, of.ones, of)
                        for author in (SOFTWARE, *(_endpoints(clause.body)))
                    ):
                        found.append(each)
                case Effective(values=values):
                    if any(name == of.name for name, _ in values):
                        found.append(each)
        return tuple(found)

    def along(
        self, line: Line, happenings: Sequence[Happening], of: Element, found: list[Seen]
    ) -> Line:
        """What becomes of a line in a step; ``found`` gets what need not be seen in it."""
        settled, writes = line
        for each in happenings:
            match each:
                case Fence(barrier=barrier):
                    if writes:
                        settled, writes = self._fence(settled, writes, barrier)
                case Wrote():
                    if writes:
                        self._order(settled, writes, each, of, found)
                    progress = tuple(self.rules.fresh(each.author, each.mask, of))
                    value = 0 if of.name in self.data.elements else each.value
                    made = Write(each.mask, value, each.author, each.span, each.function, progress)
                    settled, writes = self._settle(*_tidy(settled, (*writes, made)))
                case Looked():
                    if writes:
                        self._look(settled, writes, each, of, found)
                case Needs(clause=clause, element=element):
                    body = clause.body
                    assert isinstance(body, VisibleTo)
                    for write in writes:
                        if element == of.name and write.author == SOFTWARE:
                            continue
                        done = write.progress[clause.chain] == len(self.rules.chains[clause.chain])
                        if not done and wrote(body.first, write.author, write.mask, of):
                            need = Need(clause.chain, body.barriers, clause.rule, clause.condition)
                            found.append((write, need, each))
                case Effective():
                    if writes:
                        self._effective(settled, writes, each, of, found)
        return settled, writes

    # ---- looks

    def _missing(
        self, write: Write, of: Element, access: Access, holds: frozenset[int]
    ) -> Need | None:
        """What somebody waits for, before he surely sees a write."""
        if access.who == write.author and (access.through is None or access.through is of):
            return None
        update = Update(write.mask, write.value, write.author, "", list(write.progress))
        for need in self.rules.needs(update, of, access):
            if self.rules.done(update, need.number):
                continue
            if need.condition is None or self._held(need, write, of, holds):
                return need
        return None

    def _held(self, need: Need, write: Write, of: Element, holds: frozenset[int]) -> bool:
        return any(
            c.number in holds
            for c in self.rules.following(write.author, write.mask, of)
            if c.chain == need.number and c.rule == need.rule
        )

    def _unseen(
        self, writes: tuple[Write, ...], of: Element, access: Access, holds: frozenset[int]
    ) -> Iterator[tuple[int, Need]]:
        """The writes, from the newest back to the last that somebody surely sees, by number."""
        for at in range(len(writes) - 1, -1, -1):
            need = self._missing(writes[at], of, access, holds)
            if need is None:
                return
            yield at, need

    def _look(
        self,
        settled: int,
        writes: tuple[Write, ...],
        look: Looked,
        of: Element,
        found: list[Seen],
    ) -> None:
        through = self.machine.elements.get(look.through)
        access = Access(look.who, through)
        data = of.name in self.data.elements
        newest = _value(settled, writes, len(writes)) & look.mask
        for at, need in self._unseen(writes, of, access, look.holds):
            old = _value(settled, writes, at) & look.mask
            if old != newest or (data and writes[at].mask & look.mask):
                found.append((writes[at], need, look))

    def _order(
        self,
        settled: int,
        writes: tuple[Write, ...],
        made: Wrote,
        of: Element,
        found: list[Seen],
    ) -> None:
        """Of two writes whose authors have not seen each other's, either may come last."""
        access = Access(made.author, of if made.author == SOFTWARE else None)
        for at, need in self._unseen(writes, of, access, made.holds):
            write = writes[at]
            data = -1 if of.name in self.data.elements else write.value ^ made.value
            if write.mask & made.mask & data:
                found.append((write, need, made))

    def _effective(
        self,
        settled: int,
        writes: tuple[Write, ...],
        asked: Effective,
        of: Element,
        found: list[Seen],
    ) -> None:
        access = Access(HARDWARE, None)
        for at, need in self._unseen(writes, of, access, frozenset()):
            if not self.machine.stands(asked, of.name, _value(settled, writes, at)):
                rule = Need(need.number, need.chain, asked.clause.rule, None)
                found.append((writes[at], rule, asked))
                return

    # ---- what barriers do

    def _fence(
        self, settled: int, writes: tuple[Write, ...], barrier: object
    ) -> tuple[int, tuple[Write, ...]]:
        cell = Cell(
            settled, [Update(w.mask, w.value, w.author, "", list(w.progress)) for w in writes]
        )
        if not self.rules.barrier(cell, barrier):  # type: ignore[arg-type]
            return settled, writes
        left = writes[len(writes) - len(cell.updates) :]
        moved = tuple(
            Write(w.mask, w.value, w.author, w.span, w.function, tuple(u.progress))
            for w, u in zip(left, cell.updates, strict=True)
        )
        return cell.settled, moved

    def _settle(self, settled: int, writes: tuple[Write, ...]) -> tuple[int, tuple[Write, ...]]:
        done = 0
        for write in writes:
            if any(p < len(c) for p, c in zip(write.progress, self.rules.chains, strict=True)):
                break
            settled = settled & ~write.mask | write.value & write.mask
            done += 1
        return settled, writes[done:]


class _Along:
    """The ways of one exploration, for one register."""

    def __init__(self, following: Following, of: Element) -> None:
        self.following, self.of = following, of
        self.lines = following.lines.of(of)
        self._ways: dict[int, list[_Way]] = {}

    def ways(self, number: int, out: list[tuple[int, Edge]]) -> list[_Way]:
        """The ways out of a place, each with what happens there."""
        found = self._ways.get(number)
        if found is None:
            found = self._ways[number] = [(end, edge, self._happens(edge)) for end, edge in out]
        return found

    def _happens(self, edge: Edge) -> tuple[Happening, ...]:
        """What happens in a step that the register has to do with: what is alike is one object."""
        if edge.outcome is None:
            return ()
        happenings, lines = edge.outcome.happenings, self.lines
        found = lines.about.get(id(happenings))
        if found is None:
            made = self.following.about(happenings, self.of)
            found = happenings, lines.alike.setdefault(made, made)
            lines.about[id(happenings)] = found
        return found[1]

    def after(self, line: int, about: tuple[Happening, ...]) -> tuple[int, list[Seen]]:
        """What becomes of a line, and what need not be seen in it."""
        key, lines = (line, id(about)), self.lines
        known = lines.after.get(key)
        if known is None:
            found: list[Seen] = []
            after = self.following.along(lines.lines[line], about, self.of, found)
            known = lines.after[key] = (lines.numbered(after), found)
        return known


def _tidy(settled: int, writes: tuple[Write, ...]) -> tuple[int, tuple[Write, ...]]:
    """Lets arrive what an instruction wrote before it was executed again.

    Nobody who waits for the older write is overlooked by that: he was asked when it was the only
    one.  Without it, writes that no barrier ever pushes would pile up without end.
    """
    last = writes[-1]
    for at in range(len(writes) - 2, -1, -1):
        old = writes[at]
        if (old.author, old.span, old.mask) == (last.author, last.span, last.mask):
            return _value(settled, writes, at + 1), writes[at + 1 :]
    return settled, writes


def _value(settled: int, writes: tuple[Write, ...], count: int) -> int:
    for write in writes[:count]:
        settled = settled & ~write.mask | write.value & write.mask
    return settled


def _endpoints(body: VisibleTo) -> Iterator[str]:
    for target in body.first.targets:
        name = getattr(target, "name", "")
        if name and not hasattr(target, "register"):
            yield name


def _trail(trails: dict[_Place, tuple[_Place, Edge] | None], at: _Place) -> list[Edge]:
    found: list[Edge] = []
    step = trails[at]
    while step is not None:
        at, edge = step
        found.append(edge)
        step = trails[at]
    return found[::-1]
