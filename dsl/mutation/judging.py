"""What becomes of one mutant: the cheapest question first."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import partial

from dsl.ir import sequence as s
from dsl.ir.program import Program
from dsl.mutation.costing import Costs
from dsl.mutation.mutants import Mutant
from dsl.mutation.normal import Normal, parted
from dsl.mutation.results import Judged, Killer, Outcome
from dsl.source import Span
from dsl.verify.configurations import configurations

#: Code, rule, source and offset: where a finding of the original stands.
Site = tuple[str, str, str, int]


@dataclass(frozen=True, slots=True)
class Fault:
    """What a check finds: ``rule`` is the rule, invariant or slot that is not kept."""

    engine: str
    code: str
    rule: str
    where: Span
    message: str

    @property
    def name(self) -> str:
        """Who finds it: the rule, or the code of what no rule is for; of an array all of it."""
        return self.rule.partition("[")[0] or self.code

    def __str__(self) -> str:
        return f"{self.engine}: {self.where}: {self.code}: {self.message}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one check has to say of a program; ``unchecked`` is what it could not check.

    ``differs`` is a value that is another than in the original, whoever asks for it.
    """

    faults: tuple[Fault, ...] = ()
    unchecked: tuple[str, ...] = ()
    differs: str = ""


#: Whether the original has this fault too.
Known = Callable[[Fault], bool]


@dataclass(frozen=True, slots=True)
class Check:
    """Somebody who finds faults in a program.

    ``ask`` gets the program, whether a fault is one of the original, and whether the first other
    one is enough.
    """

    name: str
    ask: Callable[[Program, Known, bool], Answer]


@dataclass(frozen=True, slots=True)
class Prover:
    """Somebody who can prove that two programs do the same.

    ``ordered`` says that the proof holds for the places of barriers too.
    """

    name: str
    same: Callable[[Program, Program], bool]
    ordered: bool


@dataclass
class Judge:
    """Judges the mutants of one program.

    ``checks`` and ``provers`` are asked in their order.  ``all_killers`` asks every check, also
    of a mutant that is killed already.  ``without`` are rules, invariants, slots and codes of
    findings that are not to count; with ``only``, nothing else counts.
    """

    program: Program
    checks: Sequence[Check]
    provers: Sequence[Prover] = ()
    all_killers: bool = False
    without: frozenset[str] = frozenset()
    only: frozenset[str] = frozenset()
    known: set[Site] = field(default_factory=set)
    #: What is found in the original, in words.
    faulty: set[str] = field(default_factory=set)
    unchecked: set[str] = field(default_factory=set)

    def prepare(self) -> None:
        """Asks everybody about the original, of which mutants are not to be blamed."""
        self.normal = Normal(self.program, configurations(self.program))
        self.costs = Costs(self.program)
        for check in self.checks:
            answer = check.ask(self.program, lambda fault: False, False)
            self.known |= {_site(fault) for fault in answer.faults}
            self.faulty |= {str(f) for f in answer.faults if not self._counts_not(f)}
            self.unchecked |= set(answer.unchecked)

    def apart(self, names: frozenset[str]) -> Judge:
        """The same judge, prepared already, for whom more names do not count."""
        less = copy(self)
        less.without, less.all_killers = self.without | names, False
        return less

    def judge(self, mutant: Mutant) -> Judged:
        """What becomes of a mutant."""
        since = time.process_time()
        outcome, by, killers, note = self._judged(mutant)
        seconds = round(time.process_time() - since, 4)
        return described(mutant, outcome, by, killers, note, seconds)

    def _judged(self, mutant: Mutant) -> tuple[Outcome, str, tuple[Killer, ...], str]:
        old, new = mutant.function.sequence, mutant.sequence
        if self.normal.same(old, new):
            return Outcome.EQUIVALENT, "normalisation", (), ""
        killers, unchecked, differs = self.killers(mutant, self.all_killers)
        if killers:
            return Outcome.KILLED, killers[0].engine, killers, ""
        cost = self.costs.beside(mutant.program, old, new)
        if cost.more:
            return Outcome.COST, "cost", (), cost.more
        by = self._same(mutant)
        if differs and not by:
            unchecked.insert(0, f"{differs}: nothing asks for that")
        note = "; ".join(filter(None, (cost.less, *dict.fromkeys(unchecked))))
        if cost.less:
            return Outcome.CHEAPER, by, (), note
        if by:
            return Outcome.EQUIVALENT, by, (), note
        return Outcome.SURVIVED, "", (), note

    def killers(self, mutant: Mutant, all: bool) -> tuple[tuple[Killer, ...], list[str], str]:
        """The first who kill a mutant, or all who do; what of it could not be checked; and a value
        that is another than in the original, if one was come by."""
        known = partial(self._known, mutant)
        killers: list[Killer] = []
        unchecked: list[str] = []
        differs = ""
        for check in self.checks:
            answer = check.ask(mutant.program, known, not all)
            differs = differs or answer.differs
            killers += [_killer(fault) for fault in answer.faults if not known(fault)]
            unchecked += [what for what in answer.unchecked if what not in self.unchecked]
            if killers and not all:
                break
        return tuple(dict.fromkeys(killers)), list(dict.fromkeys(unchecked)), differs

    def _known(self, mutant: Mutant, fault: Fault) -> bool:
        if self._counts_not(fault):
            return True
        if self.only and fault.name not in self.only:
            return True
        return (fault.code, fault.rule, *mutant.before(fault.where)) in self.known

    def _counts_not(self, fault: Fault) -> bool:
        """Whether nobody asks for such a fault."""
        return bool(self.without & {fault.code, fault.rule, fault.name})

    def _same(self, mutant: Mutant) -> str:
        """Who proves that a mutant does what the original does."""
        old, new = mutant.function.sequence, mutant.sequence
        barriers = None
        for prover in self.provers:
            if not prover.ordered:
                if barriers is None:
                    barriers = self._barriers(old, new)
                if barriers:
                    continue
            if prover.same(self.program, mutant.program):
                return prover.name
        return ""

    def _barriers(self, old: s.Sequence, new: s.Sequence) -> bool:
        """Whether a barrier is in what differs, so that a proof about values alone is none."""
        return any(
            self.normal.synchronises(each) for each in parted(old.body or (), new.body or ())
        )


def described(
    mutant: Mutant,
    outcome: Outcome,
    by: str = "",
    killers: tuple[Killer, ...] = (),
    note: str = "",
    seconds: float = 0.0,
) -> Judged:
    """A mutant with what became of it."""
    span = mutant.span
    return Judged(
        mutant.id,
        mutant.operator,
        mutant.function.name,
        span.source.name,
        span.line,
        span.column,
        mutant.change.what,
        tuple(mutant.diff()),
        outcome,
        by,
        killers,
        note,
        seconds,
    )


def _site(fault: Fault) -> Site:
    return fault.code, fault.rule, fault.where.source.name, fault.where.start


def _killer(fault: Fault) -> Killer:
    return Killer(fault.engine, fault.code, fault.rule, str(fault.where), fault.message)
