"""All configurations of a program, one proof each, and what comes of them as a report."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from dsl.diagnostics.base import Diagnostic
from dsl.diagnostics.proofs import BitsLost
from dsl.ir import lifecycle as l
from dsl.ir.program import Program
from dsl.ir.walk import function_of
from dsl.source import Span
from dsl.verify.beside import Undone, beside
from dsl.verify.budget import Budget, Spent
from dsl.verify.configurations import configurations, machine_of, text
from dsl.verify.findings import (
    Configuration,
    Engine,
    Finding,
    Proved,
    Report,
    Strength,
    Work,
)
from dsl.verify.symbolic.kept import Kept, Made, nothing
from dsl.verify.symbolic.owned import Suspicion
from dsl.verify.symbolic.proof import Proof
from dsl.verify.symbolic.relations import Said, needed, said, stored
from dsl.verify.symbolic.shapes import Free
from dsl.verify.symbolic.state import Unbounded
from dsl.verify.symbolic.witness import straight, witness, witnesses

if TYPE_CHECKING:
    from dsl.verify.symbolic import Enough, Limits

#: Terms are as deep as loops and lists are long.
_DEEP = 20_000


@dataclass(slots=True)
class _Found:
    """One suspicion, by its site, and the configurations in which it is one."""

    suspicion: Suspicion
    lifecycle: l.Lifecycle
    configurations: list[Configuration] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Piece:
    """What was found out of some kinds of machine, how many configurations that was, and what of
    them was not ``checked``."""

    suspicions: tuple[tuple[str, Configuration, Suspicion], ...]
    checked: int
    unchecked: tuple[str, ...]
    amounts: tuple[tuple[str, int], ...]


class _Settled(Exception):
    """A finding that is enough came before everything was proved."""

    def __init__(self, finding: Finding) -> None:
        super().__init__()
        self.finding = finding


class Checking:
    """One check of one program; ``kept`` is what is known of it already, and gets the rest.

    ``enough`` is asked about each finding, with histories that are looked for while it takes them,
    and says whether no other finding is asked for.
    """

    def __init__(
        self,
        program: Program,
        given: Mapping[str, int] | None,
        budget: Limits | None,
        progress: Callable[[str], None],
        kept: Kept | None = None,
        enough: Enough | None = None,
    ) -> None:
        self.enough = enough
        self.program, self.given, self.progress = program, given, progress
        self.budget = budget
        kept = kept or nothing(program)
        self.static, self.terms, self.solver = kept.static, kept.terms, kept.solver
        self.unchecked: dict[str, None] = {}
        self.amounts: dict[str, int] = {}
        self.phases = self.proofs = 0
        self._made = kept.made
        self._usual = kept.usual
        self._done = kept.done
        #: The conditions that may go along from phase to phase.
        with deep():
            self._said = (*said(program), *stored(program))

    def report(self) -> Report:
        """Proves what can be proved."""
        began = time.monotonic()
        with deep():
            try:
                found, checked = self._all()
            except _Settled as settled:
                return Report((settled.finding,), unchecked=tuple(self.unchecked))
            known = [each for each in found if not each.suspicion.unknown]
            enough = self.enough
            findings = list(self._told(known) if enough is None else self._until(known, enough))
        for each in found:
            if each.suspicion.unknown:
                self.unchecked[f"the solver gave no answer: {each.suspicion.message}"] = None
        amounts = tuple(self.amounts.items())
        work = Work(Engine.SYMBOLIC, time.monotonic() - began, amounts)
        proved = tuple(self._proved(findings, checked))
        return Report(tuple(findings), proved, tuple(self.unchecked), work)

    def _told(self, found: Sequence[_Found]) -> Iterator[Finding]:
        """What is suspected as findings, each with the history that is found for it."""
        budget = self.budget if isinstance(self.budget, Budget) else None
        for one, made in zip(found, beside(found, self._finding, budget), strict=True):
            finding = self._bare(one) if isinstance(made, Undone) else made
            if isinstance(made, Undone):
                what = f"{text(one.configurations[0])}: {one.suspicion.message}"
                self.unchecked[f"{made.why}: no history was looked for: {what}"] = None
            yield finding

    def _until(self, found: Sequence[_Found], enough: Enough) -> Iterator[Finding]:
        """What is suspected as findings, until it is enough: each with any histories."""
        for one in found:
            made = self._bare(one)
            yield made
            about = one.lifecycle, one.configurations[0], one.suspicion
            with deep():
                if enough(made, witnesses(self.static, *about, self.budget), True):
                    break

    def _all(self) -> tuple[list[_Found], int]:
        """What is suspected, each site once, and how many configurations were checked."""
        machines: dict[Configuration, list[Configuration]] = {}
        for each in configurations(self.program, self.given):
            machines.setdefault(machine_of(self.program, each), []).append(each)
        budget = self.budget if isinstance(self.budget, Budget) else None
        pieces = apart(list(machines), budget.jobs if budget is not None else 1)
        found: dict[tuple[str, str, Span, bool], _Found] = {}
        checked = 0
        lifecycles = {each.name: each for each in self.program.lifecycles}
        for piece, done in zip(
            pieces,
            beside(pieces, lambda piece: self._piece([machines[m] for m in piece]), budget),
            strict=True,
        ):
            if isinstance(done, Undone):
                self._left(done.why, (each for m in piece for each in machines[m]))
                continue
            for name, configuration, suspicion in done.suspicions:
                key = suspicion.kind.code, suspicion.rule, suspicion.where, suspicion.unknown
                if key not in found:
                    found[key] = _Found(self._own(suspicion), lifecycles[name])
                if configuration not in found[key].configurations:
                    found[key].configurations.append(configuration)
            checked += done.checked
            self.unchecked.update(dict.fromkeys(done.unchecked))
            for name, amount in done.amounts:
                self.amounts[name] = self.amounts.get(name, 0) + amount
        return list(found.values()), checked

    def _left(self, why: str, configurations: Iterable[Configuration]) -> None:
        for each in configurations:
            self.unchecked[f"{why}: nothing was proved for {text(each)}"] = None

    def _piece(self, machines: Sequence[list[Configuration]]) -> _Piece:
        """Some kinds of machine, one after the other: what was proved of one serves the next."""
        solver, others, self.unchecked = self.solver, self.unchecked, {}
        counts = solver.asked, solver.seen, solver.refuted, solver.tabled
        terms, self.proofs, self.phases = len(self.terms), 0, 0
        suspicions: list[tuple[str, Configuration, Suspicion]] = []
        checked = 0
        with deep():
            for of_machine in machines:
                spent = self.budget.spent() if self.budget is not None else ""
                if spent:
                    self._left(spent, of_machine)
                    continue
                self.progress(f"values: {text(of_machine[0])}")
                try:
                    found = list(self._machine(of_machine))
                except Spent as error:
                    self._left(error.why, of_machine)
                    continue
                suspicions += ((each.name, where, what) for each, where, what in found)
                checked += len(of_machine)
        amounts = (
            ("proofs", self.proofs),
            ("phases", self.phases),
            ("terms", len(self.terms) - terms),
            ("queries", solver.asked - counts[0]),
            ("decided by form", solver.seen - counts[1]),
            ("refuted by examples", solver.refuted - counts[2]),
            ("decided by tables", solver.tabled - counts[3]),
        )
        unchecked, self.unchecked = tuple(self.unchecked), others
        return _Piece(tuple(suspicions), checked, unchecked, amounts)

    def _own(self, suspicion: Suspicion) -> Suspicion:
        """A suspicion that may come from another process, about what is there in this one."""
        mirror, invariant = suspicion.mirror, suspicion.invariant
        if mirror is not None:
            mirror = self.static.by_slot[mirror.slot.name, mirror.index]
        if invariant is not None:
            named = (i for m in self.program.modules for i in m.invariants)
            invariant = next(i for i in named if i.name == suspicion.rule)
        return replace(suspicion, mirror=mirror, invariant=invariant)

    def _machine(
        self, of_machine: list[Configuration]
    ) -> Iterator[tuple[l.Lifecycle, Configuration, Suspicion]]:
        """What is suspected of one kind of machine, with no more conditions than it takes."""
        made = self._proofs(of_machine, ())
        self._soon(made)
        for least in (True, False):
            wrong = {s.invariant.name for *_, one in made for s in one.suspicions if s.invariant}
            if not any(one.suspicions for *_, one in made):
                return
            those = (each for each in self._said if not least or needed(each, wrong))
            made = self._proofs(of_machine, tuple(those))
        for lifecycle, configuration, one in made:
            for suspicion in one.suspicions:
                yield lifecycle, configuration, suspicion

    def _soon(self, made: Iterable[tuple[l.Lifecycle, Configuration, Made]]) -> None:
        """Asks about what is not suspected as a rule before conditions are known: that takes longer
        to prove than to show.  Raises `_Settled` where that is enough."""
        for lifecycle, configuration, one in made:
            for each in one.suspicions:
                site = each.kind.code, each.rule, each.where
                if self.enough is None:
                    self._usual.add(site)
                elif site not in self._usual and not each.unknown:
                    found = _Found(each, lifecycle, [configuration])
                    soon = straight(self.static, lifecycle, configuration, each, self.budget)
                    if self.enough(self._bare(found), soon, False):
                        raise _Settled(self._bare(found))

    def _proofs(
        self, of_machine: list[Configuration], those: tuple[Said, ...]
    ) -> list[tuple[l.Lifecycle, Configuration, Made]]:
        """All VMs of one kind of machine: what any of them leaves on a CPU, the others find."""
        free = Free()
        asked = [(each, c) for c in of_machine for each in self.program.lifecycles]
        made: list[Made | None] = [None] * len(asked)
        while True:
            again = [n for n, one in enumerate(made) if one is None or one.after != free]
            for number in again:
                try:
                    proved = self._prove(*asked[number], free, those)
                except (Unbounded, RecursionError) as error:
                    lifecycle, configuration = asked[number]
                    why = str(error) or "it is too deep"
                    self.unchecked[f"values of {lifecycle.name}: {why}"] = None
                    made[number] = Made(frozenset(configuration), free, free, (), frozenset())
                    continue
                made[number] = proved
                free = proved.after
            if all(one is not None and one.after == free for one in made):
                break
        return [(*of, one) for of, one in zip(asked, made, strict=True) if one is not None]

    def _prove(
        self,
        lifecycle: l.Lifecycle,
        configuration: Configuration,
        free: Free,
        those: tuple[Said, ...],
    ) -> Made:
        earlier = self._made.setdefault(lifecycle.name, [])
        facts = frozenset(configuration)
        for made in earlier:
            if made.said == those and made.asked <= facts and made.before == free:
                return made
        before = free.copy()
        proof = Proof(
            self.static,
            self.terms,
            self.solver,
            dict(configuration),
            lifecycle,
            free.copy(),
            self._done,
            those,
        )
        suspicions = tuple(proof.run())
        self.proofs += 1
        self.phases += proof.phases
        asked = frozenset((n, v) for n, v in configuration if n in proof.asked)
        result = Made(asked, before, proof.free, suspicions, frozenset(proof.came), those)
        earlier.append(result)
        return result

    # ---- what came out

    def _bare(self, found: _Found) -> Finding:
        suspicion = found.suspicion
        return Finding(
            suspicion.kind,
            suspicion.rule,
            Strength.DECLARED,
            Engine.SYMBOLIC,
            suspicion.where,
            suspicion.message,
            function_of(self.program.sequences.values(), suspicion.where),
            suspicion.ends,
            found.configurations[0],
            tuple(found.configurations),
        )

    def _finding(self, found: _Found) -> Finding:
        made = self._bare(found)
        with deep():
            told = witness(
                self.static,
                found.lifecycle,
                found.configurations[0],
                found.suspicion,
                self.budget,
            )
        return replace(made, witness=told)

    def _proved(self, findings: Iterable[Finding], configurations: int) -> Iterator[Proved]:
        if not configurations or self.unchecked:
            return
        wrong: set[tuple[type[Diagnostic], str]] = {(f.kind, f.rule) for f in findings}
        rules = {rule for _, rule in wrong}
        for slot in dict.fromkeys(m.slot for m in self.static.mirrors):
            if slot.name not in rules and slot.link is not None:
                what = f"what is in {slot.name} and {slot.link.register.name} survives"
                yield Proved(what, Engine.SYMBOLIC, configurations)
        for module in self.program.modules:
            for invariant in module.invariants:
                if invariant.name not in rules:
                    what = f"invariant {invariant.name} holds"
                    yield Proved(what, Engine.SYMBOLIC, configurations)
        if not any(kind is BitsLost for kind, _ in wrong):
            yield Proved(
                "updates of registers keep the other bits", Engine.SYMBOLIC, configurations
            )


def apart(machines: Sequence[Configuration], most: int) -> list[list[Configuration]]:
    """Kinds of machine in as many pieces, if there are so many that differ in what comes first.

    Those that are alike in it stay together: what is proved of one serves the others.
    """
    pieces = [list(machines)]
    for at in range(len(machines[0]) if machines else 0):
        if len(pieces) >= most:
            break
        smaller: list[list[Configuration]] = []
        for piece in pieces:
            by: dict[int, list[Configuration]] = {}
            for each in piece:
                by.setdefault(each[at][1], []).append(each)
            smaller += by.values()
        pieces = smaller
    return pieces


@contextmanager
def deep() -> Iterator[None]:
    """Lets calls be nested as deep as terms are."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _DEEP))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
