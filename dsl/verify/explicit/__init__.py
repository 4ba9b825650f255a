"""The explicit engine: every state that owners and CPUs can come to, in each configuration.

It proposes what may be wrong, each with the shortest history; a run confirms it or does not.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from operator import ne
from time import monotonic

from dsl.ir.program import Program
from dsl.verify.beside import Undone, beside
from dsl.verify.budget import Budget
from dsl.verify.configurations import configurations, machine_of, text
from dsl.verify.explicit.explored import Explored
from dsl.verify.explicit.identities import Identity, identified, identities
from dsl.verify.explicit.memory import Memory
from dsl.verify.explicit.sampling import Spot
from dsl.verify.explicit.stepping import Taken
from dsl.verify.explicit.tables import Tables
from dsl.verify.explicit.telling import merged, site_of
from dsl.verify.explicit.unreached import nowhere, unreached
from dsl.verify.findings import Configuration, Engine, Finding, Proved, Report, Work
from dsl.verify.owned import Owned

#: How many states of one kind of machine are looked at, if nobody says otherwise.
MOST = 50_000


def check(
    program: Program,
    *,
    given: Mapping[str, int] | None = None,
    shared: bool = True,
    budget: Budget | None = None,
    progress: Callable[[str], None] = lambda text: None,
) -> Report:
    """Explores all lifecycles of a program, in all configurations.

    ``given`` fixes conditions; with ``shared`` False each owner has a CPU to itself.  Where the
    budget is spent it stops, and says so.
    """
    began = monotonic()
    most = (budget.states if budget is not None else None) or MOST
    machines: dict[Configuration, list[Configuration]] = {}
    for each in configurations(program, given):
        machines.setdefault(machine_of(program, each), []).append(each)
    suspected: dict[tuple[object, ...], Finding] = {}
    unchecked: list[str] = []
    states = steps = lines = total = 0
    came: set[Spot] = set()
    work = [
        _Piece(lifecycle.name, tuple(kinds))
        for kinds in machines.values()
        for lifecycle in program.lifecycles
    ]
    owned = Owned(program)
    memory: Memory[Taken] = Memory(Tables(owned.data))
    done_of: dict[_Piece, _Done] = {}

    def explored(piece: _Piece) -> _Done:
        return _one(owned, piece, most, shared, memory, budget)

    def add(piece: _Piece, done: _Done | Undone) -> None:
        """Adds what one exploration gives to what is known."""
        nonlocal states, steps, lines, total
        name = piece.lifecycle
        where = piece.where(program)
        if isinstance(done, Undone):
            unchecked.append(f"explicit: {done.why}, so nothing is known of {name} where {where}")
            return
        done_of[piece] = done
        for finding in done.findings:
            key = site_of(finding)
            known = suspected.get(key)
            suspected[key] = finding if known is None else merged(known, finding)
        states += done.states
        steps += done.steps
        lines += done.lines
        came.update(done.came)
        if name == program.lifecycles[0].name and piece.identity is None:
            total += done.kinds
        if not done.complete:
            what = f"more than {most} states of {name} where {where} (--most allows more)"
            unchecked.append(f"explicit: {what}")
        if done.missed and piece.identity is None:
            unchecked.append(f"explicit: {nowhere(name, done.missed)} where {where}")

    those = beside(work, explored, budget, lambda piece: len(piece.kinds))
    for number, done in enumerate(those):
        progress(f"explicit: {number + 1} of {len(work)} ({work[number].text(program)})")
        add(work[number], done)
    if not unchecked:
        for piece, done in _elsewise(program, done_of, came, explored, budget):
            progress(f"explicit: {piece.text(program)}")
            add(piece, done)
    if program.lifecycles and not total and not unchecked:
        unchecked.append("explicit: no machine is configured so (`assume`): nothing was looked at")
    proved = () if unchecked else _proved(program, total, suspected)
    amounts = (("states", states), ("steps", steps), ("lines", lines))
    spent = Work(Engine.EXPLICIT, monotonic() - began, amounts)
    # What only other configurations come by, or what comes later, is no news.
    whole = not given and not unchecked
    return Report(
        tuple(suspected.values()),
        proved,
        tuple(unchecked),
        spent,
        tuple(str(each) for each in unreached(program, came)) if whole else (),
    )


@dataclass(frozen=True, slots=True)
class _Piece:
    """What is explored by itself: the owners of some kinds, on one kind of machine."""

    lifecycle: str
    kinds: tuple[Configuration, ...]
    identity: Identity | None = None

    def where(self, program: Program) -> str:
        """Which kind of machine it is, in words."""
        said = text(machine_of(program, self.kinds[0])), str(self.identity or "")
        return ", ".join(filter(None, said)) or "the machine"

    def text(self, program: Program) -> str:
        """What is explored, in words."""
        return f"{self.lifecycle}, {self.where(program)}"


def _elsewise(
    program: Program,
    known: Mapping[_Piece, _Done],
    came: Collection[Spot],
    explored: Callable[[_Piece], _Done],
    budget: Budget | None,
) -> Iterator[tuple[_Piece, _Done | Undone]]:
    """Machines that identify themselves otherwise, as long as that reaches what nothing came by.

    ``came`` is added to by whoever gets them.  There are two kinds of machine, as unlike each other
    as any, with one kind of owner each.
    """
    if not known:
        return
    most = max(known, key=lambda piece: len(known[piece].came))
    least = max(known, key=lambda piece: sum(map(ne, piece.kinds[0], most.kinds[0])))
    missed = {each.function.name for each in unreached(program, came)}
    for identity in identities(program, known[most].booted, missed):
        if not any(unreached(program, came)):
            return
        pieces = [_Piece(p.lifecycle, p.kinds[:1], identity) for p in dict.fromkeys((most, least))]
        yield from zip(pieces, beside(pieces, explored, budget), strict=True)


@dataclass(frozen=True, slots=True)
class _Done:
    """What the exploration of one kind of machine gives."""

    findings: tuple[Finding, ...]
    states: int
    steps: int
    lines: int
    complete: bool
    #: How many of the kinds of owners there are: no machine may be configured like the others.
    kinds: int
    #: The statements that some history comes by.
    came: frozenset[Spot]
    #: What a CPU boots with, by the names of registers.
    booted: Mapping[str, int]
    #: A phase that no history comes to.
    missed: str = ""


def _one(
    owned: Owned,
    piece: _Piece,
    most: int,
    shared: bool,
    memory: Memory[Taken],
    budget: Budget | None,
) -> _Done:
    identity = piece.identity
    shared = shared and identity is None
    kinds = list(piece.kinds)
    found = Explored(owned, kinds, piece.lifecycle, most, shared, memory, identity, budget)
    findings: list[Finding] = []
    for each in found.suspicions():
        findings.append(each if identity is None else identified(each, identity))
        if budget is not None:
            budget.check()
    explored = found.exploration
    amounts = (len(explored.states), len(explored.edges), found.followed)
    came = frozenset[Spot]().union(*(each.came for each in found.steppers.values()))
    booted = next((each.booted for each in found.steppers.values()), {})
    missed = explored.missed
    return _Done(
        tuple(findings), *amounts, explored.complete, len(found.steppers), came, booted, missed
    )


def _proved(
    program: Program, total: int, suspected: Mapping[tuple[object, ...], Finding]
) -> tuple[Proved, ...]:
    doubted = {finding.rule for finding in suspected.values()}
    found = [f"rule {r.name}" for r in program.rules if r.name not in doubted]
    for module in program.modules:
        found += [f"invariant {i.name}" for i in module.invariants if i.name not in doubted]
    return tuple(Proved(what, Engine.EXPLICIT, total) for what in found)
