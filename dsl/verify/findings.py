"""What a verification gives: findings, what was proved, on what assumptions, what was not done."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from dsl.diagnostics.base import Diagnostic, Note
from dsl.source import Span


class Strength(StrEnum):
    """Who says that something must hold.

    The first three are those of a platform's rules.  ``DECLARED`` is what the sources themselves
    say: an invariant, an assertion, that a slot mirrors a register, what a barrier orders.
    """

    ARCHITECTURE = "architecture"
    PRACTICE = "practice"
    CONVENTION = "convention"
    DECLARED = "declared"


class Engine(StrEnum):
    """Who found or proved it."""

    FLOW = "flow"
    EXPLICIT = "explicit"
    SYMBOLIC = "symbolic"


#: The facts of a configuration, in the order in which the program declares them.
Configuration = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Witness:
    """A history that ends in something wrong that can be seen.

    ``steps`` are steps of a scenario, each as it is written in one (``run load(a)``, ``guest {
    ICH_VMCR_EL2.VPMR <- 0x80 }``); the last is the expectation that does not hold.  ``params`` are
    the scenario's parameters (``("a : vcpu", "b : vcpu")``, or none).  ``seen`` says which wrong
    value is seen, and which one should be.  ``answers`` are the choices of the run that fails.
    Where it is about a write that is not seen, ``element`` was written, and ``looker`` is who looks
    at it in the end and decides nothing by it (in the words of a scenario, or nobody).
    """

    steps: tuple[str, ...]
    params: tuple[str, ...] = ()
    seen: str = ""
    answers: tuple[int, ...] = ()
    element: str = ""
    looker: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """One statement changed: ``span`` is replaced by ``text``; it was tried, and mends it."""

    span: Span
    text: str
    title: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong, or, while it has no ``witness``, that an engine suspects.

    ``kind`` is its diagnostic class, whose docstring is its page; ``rule`` the rule, invariant or
    slot that is not kept.  ``where`` is the statement at fault and ``ends`` the other ends: of a
    missing edge the write, and the look that does not surely see it.  ``message`` says in words
    what goes wrong.  ``configuration`` is the one of the witness, ``configurations`` all in which
    it was found.  ``masked`` says which machines or callers hide it.  ``value`` is False for what
    shows no value of its own (an access that the architecture does not define there): such a
    finding needs no witness that ends in a wrong value, and says so.
    """

    kind: type[Diagnostic]
    rule: str
    strength: Strength
    engine: Engine
    where: Span
    message: str
    function: str = ""
    ends: tuple[Note, ...] = ()
    configuration: Configuration = ()
    configurations: tuple[Configuration, ...] = ()
    witness: Witness | None = None
    masked: tuple[str, ...] = ()
    edit: Edit | None = None
    value: bool = True

    @property
    def code(self) -> str:
        return self.kind.code

    @property
    def key(self) -> tuple[str, str, str, int]:
        """Its site: an old finding never hides a new one."""
        return (self.code, self.rule, self.where.source.name, self.where.start)


@dataclass(frozen=True, slots=True)
class Proved:
    """Something that holds: what, by which engine, and in how many configurations."""

    what: str
    engine: Engine
    configurations: int


@dataclass(frozen=True, slots=True)
class Work:
    """What one engine did: ``amounts`` are counts by name (states, phases, queries)."""

    engine: Engine
    seconds: float
    amounts: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What one engine has to say.

    ``unchecked`` says, one sentence each, what it did not check and why: the budget was spent, a
    solver answered unknown, a state space was too large.  ``unreached`` are the statements that no
    history came by, each with its place: nothing is known of these, if they can be reached.
    """

    findings: tuple[Finding, ...]
    proved: tuple[Proved, ...] = ()
    unchecked: tuple[str, ...] = ()
    work: Work | None = None
    unreached: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that is known of one program.

    ``findings`` are confirmed: each has a witness that a run replays, or shows no value by its
    nature.  ``withdrawn`` are suspicions that no run confirms; they decide nothing.  ``known`` are
    findings that a baseline file lists.  ``unreached`` is what no history came by.
    """

    program: str
    findings: tuple[Finding, ...] = ()
    withdrawn: tuple[Finding, ...] = ()
    known: tuple[Finding, ...] = ()
    proved: tuple[Proved, ...] = ()
    assumptions: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()
    work: tuple[Work, ...] = field(default=())
    unreached: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether all holds, and all was checked."""
        return not self.findings and not self.unchecked


class Interrupted(KeyboardInterrupt):
    """Somebody stopped a verification; ``verdict`` is what is known by then, and what is not."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__("interrupted")
        self.verdict = verdict
