"""What the proofs of one program leave for others that differ from it in some statements only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, fields, replace
from typing import TypeAlias

from dsl.ir.program import Program
from dsl.ir.ways import graph
from dsl.source import Span
from dsl.verify.symbolic.mirrors import Static, static
from dsl.verify.symbolic.owned import Suspicion
from dsl.verify.symbolic.proof import Done, without
from dsl.verify.symbolic.relations import Said
from dsl.verify.symbolic.shapes import Free
from dsl.verify.symbolic.solver import Solver
from dsl.verify.symbolic.terms import Terms


@dataclass(frozen=True, slots=True)
class Made:
    """One proof: the facts that it depends on, what a CPU was known to hold, and what came out.

    ``came`` has the statements that it came by, by their identities; ``said`` are the conditions
    that might go along.
    """

    asked: frozenset[tuple[str, int]]
    before: Free
    after: Free
    suspicions: tuple[Suspicion, ...]
    came: frozenset[int]
    said: tuple[Said, ...] = ()


#: What is suspected, and where.
Site: TypeAlias = tuple[str, str, Span]


@dataclass(slots=True)
class Kept:
    """The proofs of a program, by lifecycle, the phases that were executed for them, and what was
    found out of terms on the way."""

    static: Static
    terms: Terms
    solver: Solver
    made: dict[str, list[Made]] = field(default_factory=dict)
    done: Done = field(default_factory=dict)
    #: What is suspected before any conditions are known, of the program that was asked about first.
    usual: set[Site] = field(default_factory=set)

    def of(self, program: Program, gone: Collection[int]) -> Kept:
        """The same for a program that has everything of this one but some statements.

        ``gone`` are the identities of these.  Where the two differ in what follows from their
        whole text, such as which slot counts what, nothing is kept.
        """
        found = static(program)
        if not _alike(self.static, found):
            return nothing(program)
        made = {
            name: [each for each in those if each.came.isdisjoint(gone)]
            for name, those in self.made.items()
        }
        return replace(self, static=found, made=made, done=without(self.done, gone))


def nothing(program: Program) -> Kept:
    """What is kept before anything was proved."""
    terms = Terms()
    return Kept(static(program), terms, Solver(terms))


def _alike(one: Static, other: Static) -> bool:
    names = [f.name for f in fields(Static) if f.name not in ("program", "whose")]
    return all(getattr(one, name) == getattr(other, name) for name in names) and (
        _about(one) == _about(other)
    )


def _about(made: Static) -> list[tuple[str, bool, bool, tuple[bool, ...]]]:
    """Whose values registers have, by slot: whether the host's, and what each phase is about."""
    program, whose = made.program, made.whose
    phases = {n.name: None for each in program.lifecycles for n in graph(each).nodes}
    found = []
    for slot in program.slots.values():
        if slot.link is not None:
            register = slot.link.register.register.name
            about = tuple(whose.concerns(phase, register, slot.name) for phase in phases)
            found.append((slot.name, whose.keeps_the_hosts(slot), whose.shared(slot), about))
    return found
