"""Pending and visible state: who sees a register's writes when, by the platform's rules.

A register has one order of writes.  Whoever looks sees the writes up to some place in it, and
never fewer than before: surely all those whose barriers have completed, perhaps more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import assert_never

from dsl.ir.expr import Expr
from dsl.ir.platform import (
    Barrier,
    BarrierKind,
    Endpoint,
    Events,
    OnlyWhile,
    Precedes,
    Strength,
    VisibleTo,
)
from dsl.ir.program import Program
from dsl.ir.shapes import RegisterRef
from dsl.run.registers import Element

#: Who accesses a register: the instructions of this CPU, and what it does by itself.  Anybody
#: else is an endpoint, by its name.
SOFTWARE, HARDWARE = "software", "hardware"

#: What every write of a system register waits for before anything but a read of that same
#: register surely sees it: a context synchronization event (DEN 0024A, 13.2.2).
BASE: tuple[Barrier, ...] = (Barrier(BarrierKind.ISB, ""),)

#: Says whether the condition of a clause holds now.
Holds = Callable[[Expr], bool]


@dataclass(slots=True)
class Update:
    """One write, of the bits in ``mask``, and how far each chain of barriers has come since."""

    mask: int
    value: int
    author: str
    site: str
    progress: list[int]

    def over(self, value: int) -> int:
        """``value`` after this write."""
        return value & ~self.mask | self.value & self.mask


@dataclass(slots=True)
class Cell:
    """One register of one CPU: what everybody sees, and the writes that not everybody does.

    ``seen`` says how many of the ``updates`` each one has seen already.
    """

    settled: int
    updates: list[Update] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)

    def at(self, count: int) -> int:
        """The value after the first ``count`` updates."""
        value = self.settled
        for update in self.updates[:count]:
            value = update.over(value)
        return value

    @property
    def newest(self) -> int:
        return self.at(len(self.updates))


@dataclass(frozen=True, slots=True)
class Access:
    """A look at a register: by whom, and through which element.

    ``through`` differs from the register that is looked at where a computed register is read;
    it is None where nobody reads: hardware and endpoints look at the state itself.
    """

    who: str
    through: Element | None


@dataclass(frozen=True, slots=True)
class Need:
    """What an access waits for before it surely sees a write: the ``number`` of a chain.

    ``rule`` says who asks for it, and only where ``condition`` holds.
    """

    number: int
    chain: tuple[Barrier, ...]
    rule: str
    condition: Expr | None


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of a rule, by the rule's name; ``number`` is its place among all clauses.

    ``chain`` is the number of the chain that it needs, if it is about visibility.
    """

    rule: str
    body: VisibleTo | OnlyWhile | Precedes
    number: int
    chain: int

    @property
    def condition(self) -> Expr | None:
        return self.body.condition


class Rules:
    """The clauses of a program, and the chains of barriers that they ask for."""

    def __init__(self, program: Program) -> None:
        self.clauses: list[Clause] = []
        self.chains: list[tuple[Barrier, ...]] = [BASE]
        for rule in program.rules:
            for body in rule.clauses:
                chain = -1
                if isinstance(body, VisibleTo):
                    if body.barriers not in self.chains:
                        self.chains.append(body.barriers)
                    chain = self.chains.index(body.barriers)
                self.clauses.append(Clause(rule.name, body, len(self.clauses), chain))
        self._conventions = {r.name for r in program.rules if r.strength is Strength.CONVENTION}
        self._complete = [len(chain) for chain in self.chains]
        # What follows from the program alone is found once.
        self._needs: dict[tuple[str, int, str, str, str], tuple[Need, ...]] = {}
        self._fresh: dict[tuple[str, int, str], list[int]] = {}
        self._following: dict[tuple[str, int, str], tuple[Clause, ...]] = {}
        self._concerning: dict[tuple[str, str], tuple[Clause, ...]] = {}
        self._served: dict[Barrier, tuple[tuple[bool, ...], ...]] = {}

    def needs(self, update: Update, of: Element, access: Access) -> tuple[Need, ...]:
        """All that an access may wait for before it surely sees an update of an element.

        The first is what is said of an access that waits for several: a convention comes last, for
        it is not to hide what others ask for.
        """
        through = access.through or of
        key = (update.author, update.mask, of.name, access.who, through.name)
        found = self._needs.get(key)
        if found is None:
            found = tuple(sorted(self._asked(update, of, access), key=self._convention))
            self._needs[key] = found
        return found

    def _convention(self, need: Need) -> bool:
        return need.rule in self._conventions

    def _asked(self, update: Update, of: Element, access: Access) -> Iterator[Need]:
        for clause in self.following(update.author, update.mask, of):
            body = clause.body
            assert isinstance(body, VisibleTo)
            if _looks(body.then, access, of):
                yield Need(clause.chain, body.barriers, clause.rule, clause.condition)
        direct = access.who == SOFTWARE and access.through in (None, of)
        indirect = update.author == SOFTWARE and not direct
        # A rule asks for more than this, and never for less.
        if indirect or (update.author, access.who) == (HARDWARE, SOFTWARE):
            yield Need(0, BASE, "context synchronization", None)

    def missing(self, update: Update, of: Element, access: Access, holds: Holds) -> Iterator[Need]:
        """What an access still waits for before it surely sees an update."""
        if access.who == update.author and (access.through is None or access.through is of):
            return
        for need in self.needs(update, of, access):
            if not self.done(update, need.number) and (
                need.condition is None or holds(need.condition)
            ):
                yield need

    def surely(self, update: Update, of: Element, access: Access, holds: Holds) -> bool:
        """Whether an access must see an update by now."""
        return next(self.missing(update, of, access, holds), None) is None

    def following(self, author: str, mask: int, of: Element) -> tuple[Clause, ...]:
        """The ``visible to`` clauses whose first half is a write of these bits by an author."""
        key = (author, mask, of.name)
        found = self._following.get(key)
        if found is None:
            found = self._following[key] = tuple(
                c
                for c in self.clauses
                if isinstance(c.body, VisibleTo) and wrote(c.body.first, author, mask, of)
            )
        return found

    def concerning(self, of: Element, access: str) -> tuple[Clause, ...]:
        """The clauses that say something of an access (``reads`` or ``writes``) by software."""
        found = self._concerning.get((of.name, access))
        if found is None:
            found = self._concerning[of.name, access] = tuple(
                c for c in self.clauses if _concerned(c, of, access)
            )
        return found

    def done(self, update: Update, number: int) -> bool:
        """Whether a chain of barriers, by its number, has completed since an update."""
        return update.progress[number] == self._complete[number]

    def left(self, update: Update, number: int) -> tuple[Barrier, ...]:
        """The barriers of a chain, by its number, that have not come since an update."""
        return self.chains[number][update.progress[number] :]

    def fresh(self, author: str, mask: int, of: Element) -> list[int]:
        """The progress of an update that is made now: chains that nobody waits for are done."""
        key = (author, mask, of.name)
        found = self._fresh.get(key)
        if found is None:
            found = self._fresh[key] = list(self._complete)
            if author in (SOFTWARE, HARDWARE):
                found[0] = 0
            for clause in self.following(author, mask, of):
                found[clause.chain] = 0
        return list(found)

    def barrier(self, cell: Cell, barrier: Barrier) -> bool:
        """A barrier has completed: moves the updates of a cell on, and settles what is done.

        Gives whether something moved.
        """
        served = self._served.get(barrier)
        if served is None:
            chains = (tuple(barrier.serves(step) for step in chain) for chain in self.chains)
            served = self._served[barrier] = tuple(chains)
        moved = False
        for update in cell.updates:
            progress = update.progress
            for number, at in enumerate(progress):
                if at < self._complete[number] and served[number][at]:
                    progress[number] = at + 1
                    moved = True
        if moved:
            self.settle(cell)
        return moved

    def settle(self, cell: Cell) -> None:
        """Takes in the oldest updates that nobody waits for any more."""
        done = 0
        for update in cell.updates:
            if update.progress != self._complete:
                break
            cell.settled = update.over(cell.settled)
            done += 1
        if done:
            del cell.updates[:done]
            cell.seen = {who: n - done for who, n in cell.seen.items() if n > done}


def wrote(events: Events, author: str, mask: int, of: Element) -> bool:
    """Whether a write of some bits is one of these events."""
    if events.access == "reads":
        return False
    for target in events.targets:
        match target:
            case Endpoint(name=name):
                if author == name:
                    return True
            case RegisterRef():
                if author == SOFTWARE and names(target, of, mask):
                    return True
    return False


def _looks(events: Events, access: Access, of: Element) -> bool:
    """Whether a look at an element is one of these events."""
    through = access.through or of
    for target in events.targets:
        match target:
            case Endpoint(name=name):
                if access.who == name:
                    return True
            case RegisterRef():
                if access.who != SOFTWARE or events.access == "writes":
                    continue
                if names(target, through, through.ones):
                    return True
    return False


def concerns(events: Events, of: Element, access: str | None) -> bool:
    """Whether software's ``reads`` or ``writes`` of an element (None: either) are such events."""
    if events.access is not None and access is not None and events.access != access:
        return False
    return any(isinstance(t, RegisterRef) and names(t, of, of.ones) for t in events.targets)


def _concerned(clause: Clause, of: Element, access: str) -> bool:
    match clause.body:
        case OnlyWhile(events=events):
            return concerns(events, of, access)
        case VisibleTo(then=then):
            # What a read may not see yet is said where it looks.
            return access == "writes" and concerns(then, of, access)
        case Precedes(first=first, then=then):
            return concerns(first, of, access) or concerns(then, of, access)
        case _:
            assert_never(clause.body)


def names(ref: RegisterRef, of: Element, mask: int) -> bool:
    """Whether a reference is to this element, and to some of these bits."""
    if ref.register.name != of.register.name or ref.index not in (None, of.index):
        return False
    return ref.field is None or bool(ref.field.mask & mask)
