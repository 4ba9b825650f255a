"""Pending and visible state: who sees a register's writes when, by the platform's rules.

A register has one order of writes.  Whoever looks sees the writes up to some place in it, and
never fewer than before: surely all those whose barriers have completed, perhaps more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from dsl.ir.expr import Expr
from dsl.ir.platform import Barrier, BarrierKind, Endpoint, Events, OnlyWhile, Precedes, VisibleTo
from dsl.ir.program import Program
from dsl.ir.shapes import RegisterRef
from dsl.run.registers import Element

#: Who accesses a register: the instructions of this CPU, and what it does by itself.  Anybody
#: else is an endpoint, by its name.
SOFTWARE, HARDWARE = "software", "hardware"

#: What every write of a system register waits for before anything but a read of that same
#: register surely sees it: a context synchronization event (DEN 0024A, 13.2.2).
BASE: tuple[Barrier, ...] = (Barrier(BarrierKind.ISB, ""),)

#: Says whether the condition of a clause holds, for an access of an element with a value.
Holds = Callable[[Expr, Element | None, int | None], bool]


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
    """A look at a register, or a write of it: by whom, and through which element.

    ``through`` differs from the register that is looked at where a computed register is read.
    """

    who: str
    writes: bool
    through: Element | None


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of a rule, by the rule's name."""

    rule: str
    body: VisibleTo | OnlyWhile | Precedes

    @property
    def condition(self) -> Expr | None:
        return self.body.condition


class Rules:
    """The clauses of a program, and the chains of barriers that they ask for."""

    def __init__(self, program: Program) -> None:
        self.clauses = [Clause(r.name, c) for r in program.rules for c in r.clauses]
        self.visible = [c for c in self.clauses if isinstance(c.body, VisibleTo)]
        self.only = [c for c in self.clauses if isinstance(c.body, OnlyWhile)]
        self.ordered = [c for c in self.clauses if isinstance(c.body, Precedes)]
        self.chains: list[tuple[Barrier, ...]] = [BASE]
        for clause in self.visible:
            assert isinstance(clause.body, VisibleTo)
            if clause.body.barriers not in self.chains:
                self.chains.append(clause.body.barriers)

    def needs(
        self, update: Update, of: Element, access: Access, holds: Holds
    ) -> Iterator[tuple[tuple[Barrier, ...], str]]:
        """The chains that an access waits for before it surely sees an update, and who says so."""
        found = False
        for clause in self.visible:
            body = clause.body
            assert isinstance(body, VisibleTo)
            if not wrote(body.first, update, of) or not _looks(body.then, access, of):
                continue
            if body.condition is not None and not holds(body.condition, None, None):
                continue
            found = True
            yield body.barriers, clause.rule
        direct = access.who == SOFTWARE and access.through in (None, of)
        indirect = update.author == SOFTWARE and not direct
        if not found and (indirect or (update.author, access.who) == (HARDWARE, SOFTWARE)):
            yield BASE, "context synchronization"

    def surely(self, update: Update, of: Element, access: Access, holds: Holds) -> bool:
        """Whether an access must see an update by now."""
        if access.who == update.author and (access.through is None or access.through is of):
            return True
        return all(self.done(update, chain) for chain, _ in self.needs(update, of, access, holds))

    def done(self, update: Update, chain: tuple[Barrier, ...]) -> bool:
        """Whether a chain of barriers has completed since an update."""
        return update.progress[self.chains.index(chain)] == len(chain)

    def fresh(self) -> list[int]:
        """The progress of an update that was made just now."""
        return [0] * len(self.chains)

    def barrier(self, cell: Cell, barrier: Barrier) -> bool:
        """A barrier has completed: moves the updates of a cell on, and settles what is done.

        Gives whether something moved.
        """
        moved = False
        for update in cell.updates:
            for number, chain in enumerate(self.chains):
                at = update.progress[number]
                if at < len(chain) and barrier.serves(chain[at]):
                    update.progress[number] = at + 1
                    moved = True
        if moved:
            self._settle(cell)
        return moved

    def _settle(self, cell: Cell) -> None:
        """Takes in the oldest updates that every chain has completed for."""
        lengths = [len(chain) for chain in self.chains]
        while cell.updates and cell.updates[0].progress == lengths:
            cell.settled = cell.updates.pop(0).over(cell.settled)
            cell.seen = {who: max(0, n - 1) for who, n in cell.seen.items()}


def wrote(events: Events, update: Update, of: Element) -> bool:
    """Whether an update is one of these events."""
    if events.access == "reads":
        return False
    for target in events.targets:
        match target:
            case Endpoint(name=name):
                if update.author == name:
                    return True
            case RegisterRef():
                if update.author == SOFTWARE and names(target, of, update.mask):
                    return True
    return False


def _looks(events: Events, access: Access, of: Element) -> bool:
    """Whether an access is one of these events."""
    through = access.through or of
    for target in events.targets:
        match target:
            case Endpoint(name=name):
                if access.who == name:
                    return True
            case RegisterRef():
                if access.who != SOFTWARE or not names(target, through, through.ones):
                    continue
                if events.access is None or (events.access == "writes") is access.writes:
                    return True
    return False


def concerns(events: Events, of: Element, access: str | None) -> bool:
    """Whether software's ``reads`` or ``writes`` of an element (None: either) are such events."""
    if events.access is not None and access is not None and events.access != access:
        return False
    return any(isinstance(t, RegisterRef) and names(t, of, of.ones) for t in events.targets)


def names(ref: RegisterRef, of: Element, mask: int) -> bool:
    """Whether a reference is to this element, and to some of these bits."""
    if ref.register.name != of.register.name or ref.index not in (None, of.index):
        return False
    return ref.field is None or bool(ref.field.mask & mask)
