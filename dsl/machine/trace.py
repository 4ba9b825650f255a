"""What happened on a machine: events, as objects, as JSON and as text to read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from dsl.machine.registers import Field


class Kind(StrEnum):
    """What an event is.

    ``read`` and ``write`` are of registers, ``store`` of context slots; ``hypcall`` and
    ``hypreturn`` go into EL2 and come back; ``call`` and ``result`` are of externs; ``sample`` is
    a fact that is asked anew at each test.
    """

    READ = "read"
    WRITE = "write"
    STORE = "store"
    BARRIER = "barrier"
    HYPCALL = "hypcall"
    HYPRETURN = "hypreturn"
    LOCK = "lock"
    UNLOCK = "unlock"
    CALL = "call"
    RESULT = "result"
    SAMPLE = "sample"
    WARN = "warn"
    ASSERT = "assert"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Event:
    """One event: to ``what`` it happened, the values around it, and where the source says so.

    ``what`` is a register's element, a slot with its index, a barrier, a name or a condition.
    ``site`` is "module:line:column".  ``fields`` are those of the value, for `changes`.
    """

    kind: Kind
    what: str
    site: str
    old: int | None = None
    new: int | None = None
    fields: tuple[Field, ...] = field(default=(), repr=False, compare=False)

    def changes(self) -> list[tuple[Field, int, int]]:
        """The fields that a write or a store changed, from the lowest up, with both values."""
        if self.old is None or self.new is None:
            return []
        pairs = ((f, f.get(self.old), f.get(self.new)) for f in self.fields)
        return sorted((p for p in pairs if p[1] != p[2]), key=lambda p: p[0].low)

    def to_json(self) -> dict[str, object]:
        """The event as JSON has it; what does not apply is left out."""
        found: dict[str, object] = {"kind": str(self.kind), "what": self.what, "site": self.site}
        if self.old is not None:
            found["old"] = self.old
        if self.new is not None:
            found["new"] = self.new
        if changed := self.changes():
            found["fields"] = {f.name: [old, new] for f, old, new in changed}
        return found

    def __str__(self) -> str:
        """``write  ICH_HCR_EL2  0x1 → 0x0  (En 1→0)  after:24:9``"""
        parts = [f"{self.kind:<9}", self.what]
        if self.old is not None and self.new is not None:
            parts.append(f"{_shown(self.old)} → {_shown(self.new)}")
        elif self.new is not None:
            parts.append(f"= {_shown(self.new)}")
        if changed := self.changes():
            shown = (f"{f.name} {f.show(old)}→{f.show(new)}" for f, old, new in changed)
            parts.append(f"({', '.join(shown)})")
        if self.site:
            parts.append(self.site)
        return "  ".join(parts)


def _shown(value: int) -> str:
    return str(value) if isinstance(value, bool) else hex(value)


def render(trace: Iterable[Event]) -> str:
    """A trace as text, one line per event; what lies inside a hypcall is indented."""
    lines: list[str] = []
    depth = 0
    for event in trace:
        depth -= event.kind is Kind.HYPRETURN
        lines.append("  " * max(depth, 0) + str(event))
        depth += event.kind is Kind.HYPCALL
    return "\n".join(lines)


def to_json(trace: Iterable[Event]) -> list[dict[str, object]]:
    """A trace as JSON has it."""
    return [event.to_json() for event in trace]


_COUNTED: dict[str, tuple[Kind, ...]] = {
    "reads": (Kind.READ,),
    "writes": (Kind.WRITE,),
    "accesses": (Kind.READ, Kind.WRITE),
    "barriers": (Kind.BARRIER,),
}


def count(trace: Iterable[Event], what: str) -> int:
    """How many ``reads``, ``writes``, ``accesses`` (of registers) or ``barriers`` there were."""
    return sum(event.kind in _COUNTED[what] for event in trace)
