"""How the page says what an event is: its sign, its change of a value, its place."""

from __future__ import annotations

from dsl.backends.html.view import Key
from dsl.run.events import Event, Kind

#: The sign of each kind of event, and what it means.
SIGNS: dict[Kind, tuple[str, str]] = {
    Kind.READ: ("R", "a read of a register by software"),
    Kind.WRITE: ("W", "a write of a register by software"),
    Kind.CHANGE: ("H", "a change of a register by hardware or an endpoint"),
    Kind.STORE: ("S", "a store to memory"),
    Kind.BARRIER: ("B", "a barrier, or an exception's entry or return"),
    Kind.HYPCALL: ("›", "a hypcall begins"),
    Kind.HYPRETURN: ("‹", "a hypcall ends"),
    Kind.LOCK: ("L", "a lock is taken"),
    Kind.UNLOCK: ("l", "a lock is released"),
    Kind.CALL: ("c", "an extern is called"),
    Kind.RESULT: ("r", "an extern or an operation gives a result"),
    Kind.WARN: ("w", "a warning of the source"),
    Kind.TRAP: ("T", "an access is trapped"),
    Kind.UNDEFINED: ("U", "an access is undefined"),
    Kind.CHOICE: ("?", "a choice of the run: it might have gone otherwise"),
    Kind.HAZARD: ("!", "a rule of the platform is not kept"),
    Kind.BOOT: ("b", "a physical CPU boots"),
    Kind.PHASE: ("P", "a phase of the lifecycle begins"),
    Kind.ACT: ("A", "somebody acts"),
    Kind.EXPECT: ("✓", "an expectation holds"),
    Kind.FAILED: ("✗", "an expectation or an invariant does not hold"),
}


def sign(kind: Kind) -> str:
    """The sign of a kind of event."""
    return SIGNS[kind][0]


def keys(kinds: set[Kind]) -> tuple[Key, ...]:
    """The signs of these kinds, and what they mean."""
    return tuple(Key(str(k), s, text) for k, (s, text) in SIGNS.items() if k in kinds)


def change(event: Event) -> str:
    """``0x0 → 0x1`` of what changes a value, ``0x1`` of what gives one, else nothing."""
    if event.new is None:
        return ""
    if event.old is None:
        return hex(event.new)
    if event.old == event.new:
        return f"{hex(event.new)}, as before"
    return f"{hex(event.old)} → {hex(event.new)}"


def fields(event: Event) -> str:
    """The fields that an event changes, with what they become: ``En 1, NPIE 0``."""
    return ", ".join(f"{name} {new}" for name, _, new in event.fields)


def title(event: Event) -> str:
    """An event in one line, for whoever points at it."""
    shown = change(event)
    parts = [f"#{event.number} {event.kind} {event.what}", shown and f": {shown}"]
    if event.fields:
        parts.append(f" ({', '.join(f'{n} {old} → {new}' for n, old, new in event.fields)})")
    return "".join(parts)


def actor(event: Event, owners: tuple[str, ...]) -> str:
    """Who does it: the software of a vCPU, the hardware, an endpoint, or the machine."""
    if not event.who:
        return "the machine"
    return f"{event.who} (software)" if event.who in owners else event.who


def pending_for(whom: str) -> str:
    """What the waits of an observer are, for whoever points at them."""
    if whom == "effect":
        return "writes that only a read of the same register surely sees yet"
    return f"writes that {whom} need not see yet"


def where(event: Event) -> str:
    """The CPU, who runs there, the phase and the function of an event."""
    parts = (f"CPU {event.cpu}", event.who, event.phase, event.function)
    return " · ".join(part for part in parts if part)
