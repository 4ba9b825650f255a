"""What happened in a run: one event for each access, barrier, choice, hazard and step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from dsl.ir.platform import Barrier
from dsl.source import Span


class Kind(StrEnum):
    """What an event is.

    ``read`` and ``write`` are software's accesses of registers, ``change`` is what hardware (or
    somebody beyond the registers) does to one, ``store`` is to memory.  ``choice`` is an answer
    of the run, ``hazard`` a rule that was not kept.  ``phase``, ``act`` and ``expect`` are steps
    of the scenario.
    """

    READ = "read"
    WRITE = "write"
    CHANGE = "change"
    STORE = "store"
    BARRIER = "barrier"
    HYPCALL = "hypcall"
    HYPRETURN = "hypreturn"
    LOCK = "lock"
    UNLOCK = "unlock"
    CALL = "call"
    RESULT = "result"
    WARN = "warn"
    TRAP = "trap"
    UNDEFINED = "undefined"
    CHOICE = "choice"
    HAZARD = "hazard"
    BOOT = "boot"
    PHASE = "phase"
    ACT = "act"
    EXPECT = "expect"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Pending:
    """For whom a write is not in force yet, and the barriers that this waits for, in order."""

    whom: str
    barriers: tuple[Barrier, ...]

    def __str__(self) -> str:
        return f"{self.whom}: {chain_text(self.barriers)}"


def chain_text(chain: tuple[Barrier, ...]) -> str:
    """``needs isb then dsb(nsh)``"""
    return f"needs {' then '.join(map(str, chain))}"


@dataclass(frozen=True, slots=True)
class Event:
    """One event.

    ``what`` is a register's element, a slot with its index, a barrier or a name; ``old`` and
    ``new`` are values, ``fields`` what changed in them as (name, old, new), in words.
    ``pending`` says for whom it is not in force yet, and what that waits for.  ``cpu`` is the
    physical CPU, ``who`` does it (a vCPU's software, the hardware, an endpoint), in ``phase`` of
    the lifecycle and ``function`` of the source.  ``site`` is "file:line:column", ``why`` the
    source text there, or the reason of a step.
    """

    number: int
    kind: Kind
    what: str
    cpu: int
    who: str
    phase: str
    function: str
    site: str
    why: str
    old: int | None = None
    new: int | None = None
    fields: tuple[tuple[str, str, str], ...] = ()
    pending: tuple[Pending, ...] = ()

    def to_json(self) -> dict[str, object]:
        """The event as docs/schema/run.json has it; what does not apply is left out."""
        found: dict[str, object] = {
            "number": self.number,
            "kind": str(self.kind),
            "what": self.what,
            "cpu": self.cpu,
            "who": self.who,
            "phase": self.phase,
            "function": self.function,
            "site": self.site,
            "why": self.why,
        }
        if self.old is not None:
            found["old"] = self.old
        if self.new is not None:
            found["new"] = self.new
        if self.fields:
            found["fields"] = {name: [old, new] for name, old, new in self.fields}
        if self.pending:
            found["pending"] = [str(each) for each in self.pending]
        return found


#: What an expectation can count, and the events that it counts.
COUNTED: dict[str, tuple[Kind, ...]] = {
    "reads": (Kind.READ,),
    "writes": (Kind.WRITE,),
    "accesses": (Kind.READ, Kind.WRITE),
    "barriers": (Kind.BARRIER,),
    "traps": (Kind.TRAP,),
    "undefined": (Kind.UNDEFINED,),
    "warnings": (Kind.WARN,),
    "hazards": (Kind.HAZARD,),
}


def count(events: Iterable[Event], what: str) -> int:
    """How many events there are that ``what`` counts.

    Accesses and barriers are those of the sequences; what a lifecycle has around them is not
    counted.
    """
    match what:
        case "isbs" | "dsbs":
            return sum(e.what.startswith(what[:-1]) for e in events if _own(e, Kind.BARRIER))
        case "reads" | "writes" | "accesses" | "barriers":
            return sum(_own(e, *COUNTED[what]) for e in events)
        case _:
            return sum(e.kind in COUNTED[what] for e in events)


def _own(event: Event, *kinds: Kind) -> bool:
    return event.kind in kinds and bool(event.function)


@lru_cache(maxsize=4096)
def site(span: Span) -> str:
    """The place of a span: "file:line:column"."""
    return str(span)


@lru_cache(maxsize=4096)
def source_line(span: Span) -> str:
    """The text of the line that a span begins in."""
    return span.source.line(span.line).strip()


@dataclass(slots=True)
class Trace:
    """The events of a run so far; ``on`` is False while nothing is recorded."""

    events: list[Event] = field(default_factory=list)
    on: bool = True
    #: Told of each event when it has happened.
    listen: Callable[[Event], None] = field(default=lambda event: None)
