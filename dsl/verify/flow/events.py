"""What a path is made of: accesses, barriers and what others do, with the places that say so."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TypeAlias

from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.platform import Barrier, Endpoint, Events
from dsl.ir.shapes import Register, RegisterRef, Slot
from dsl.source import Span


class Op(Enum):
    """What happens.

    ``READ`` and ``WRITE`` are of registers, by software; ``LOAD`` and ``STORE`` of slots.
    ``CHANGE`` is a register that somebody else may change, ``USE`` an endpoint that may act;
    at ``GUEST`` a guest begins to run.
    ``KEPT`` is what a boot writes.  ``CLAIM`` comes before the barriers of a statement that says
    what they order.  ``ENTER`` and ``LEAVE`` are those of a sequence; ``PHASE`` begins a phase,
    ``ROUND`` is where an owner may leave the CPU, or come to it.
    """

    READ = auto()
    WRITE = auto()
    CHANGE = auto()
    KEPT = auto()
    LOAD = auto()
    STORE = auto()
    FORGET = auto()
    USE = auto()
    GUEST = auto()
    CLAIM = auto()
    BARRIER = auto()
    ENTER = auto()
    LEAVE = auto()
    PHASE = auto()
    ROUND = auto()


@dataclass(frozen=True, slots=True)
class Where:
    """Whose statement something is: the sequences around it, outermost first, and the phase.

    ``others`` says that it is what a lifecycle permits, or an extern does.
    """

    functions: tuple[tuple[str, s.Kind], ...] = ()
    phase: str = ""
    others: str = ""

    @property
    def function(self) -> str:
        return self.functions[-1][0] if self.functions else ""

    def inside(self, kind: s.Kind) -> bool:
        return any(k is kind for _, k in self.functions)


#: A slot of one owner: its name, whose, and which element (None: any of them).
Place: TypeAlias = tuple[str, str, int | None]


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """One thing that happens.  ``index`` None is an element of a bank that is not known.

    ``value`` is what is written or stored, where it can be said; ``mask`` the bits that are
    meant, of which the others keep what they were.
    """

    op: Op
    span: Span
    where: Where
    register: Register | None = None
    slot: Slot | None = None
    base: str = ""
    index: int | None = None
    mask: int = 0
    value: x.Expr | None = None
    endpoint: Endpoint | None = None
    barrier: Barrier | None = None
    order: s.Order | None = None
    whole: bool = True

    @property
    def element(self) -> str:
        """The name of the register that is accessed."""
        assert self.register is not None
        r = self.register
        return r.element(self.index) if r.banked and self.index is not None else r.name

    @property
    def permitted(self) -> bool:
        """Whether it is what a lifecycle permits others."""
        return self.where.others.startswith("may ")

    @property
    def place(self) -> Place:
        assert self.slot is not None
        return (self.slot.name, self.base, self.index)


@dataclass(frozen=True, slots=True)
class Atom:
    """What a branch asks: ``key`` has the value ``equals``; or a condition to be decided.

    With a key, the answer is the same until what the key is made of changes.  ``condition`` is
    decided by facts and by the values that registers are known to have; without either it may be
    so or not, each time that it is asked.
    """

    key: int | None = None
    equals: int = 0
    condition: x.Expr | None = None


@dataclass(slots=True)
class Node:
    """A place on the way: what happens there, and where it goes on.

    With an atom ``after`` has two: where it holds, and where it does not.
    """

    number: int
    events: list[Event] = field(default_factory=list)
    atom: Atom | None = None
    after: list[int] = field(default_factory=list)


def touches(events: Events, event: Event) -> bool:
    """Whether an access by software, or an endpoint's, is one of these events.

    What a lifecycle says that others may read, somebody looks at in a way that nobody knows.
    """
    match event.op:
        case Op.USE:
            assert event.endpoint is not None
            name = event.endpoint.name
            return any(isinstance(t, Endpoint) and t.name == name for t in events.targets)
        case Op.READ | Op.WRITE if not event.permitted:
            kind = "reads" if event.op is Op.READ else "writes"
            if events.access not in (None, kind):
                return False
            return any(isinstance(t, RegisterRef) and _names(t, event) for t in events.targets)
        case _:
            return False


def _names(ref: RegisterRef, event: Event) -> bool:
    assert event.register is not None
    if ref.register.name != event.register.name:
        return False
    if None not in (ref.index, event.index) and ref.index != event.index:
        return False
    return ref.field is None or bool(ref.field.mask & event.mask)


def common(one: Events, other: Events) -> bool:
    """Whether something may be one of both kinds of events."""
    if None not in (one.access, other.access) and one.access != other.access:
        registers = False
    else:
        registers = True
    for a in one.targets:
        for b in other.targets:
            match a, b:
                case Endpoint(), Endpoint():
                    if a.name == b.name:
                        return True
                case RegisterRef(), RegisterRef():
                    if (
                        registers
                        and a.register.name == b.register.name
                        and (None in (a.index, b.index) or a.index == b.index)
                    ):
                        return True
    return False
