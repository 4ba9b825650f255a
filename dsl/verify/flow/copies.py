"""Copies in memory of what registers hold: read or overwritten while they are not current."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from dsl.diagnostics.base import Diagnostic, Note
from dsl.diagnostics.proofs import NotGivenBack, StaleCopy, UsedTooEarly
from dsl.ir import expr as x
from dsl.ir.shapes import LinkKind
from dsl.verify.findings import Strength
from dsl.verify.flow.build import Graph
from dsl.verify.flow.events import Event, Op
from dsl.verify.flow.paths import Registers
from dsl.verify.flow.sites import Sites, what


class Is(Enum):
    """Where the newest value is: in both; in the register only; nowhere, for it is overwritten."""

    SAME = auto()
    CHANGED = auto()
    GONE = auto()


@dataclass(frozen=True, slots=True)
class Copy:
    """A slot whose value is in its register: since when, who changed it, and who came too early."""

    restored: Event
    slot: str
    base: str
    index: int | None
    now: Is = Is.SAME
    changed: Event | None = None
    gone: Event | None = None
    used: Event | None = None

    def holds(self, event: Event) -> bool:
        """Whether a load or a store is of this slot."""
        assert event.slot is not None
        return (
            event.slot.name == self.slot
            and event.base == self.base
            and (None in (event.index, self.index) or event.index == self.index)
        )

    def mirrors(self, event: Event) -> bool:
        """Whether an access is of the register that it is in."""
        mine = self.restored.register
        assert mine is not None
        if event.op is Op.USE:
            assert event.endpoint is not None
            return any(
                a.register.name == mine.name
                and (None in (a.index, self.restored.index) or a.index == self.restored.index)
                for a in event.endpoint.aliases
            )
        assert event.register is not None
        same = None in (event.index, self.restored.index) or event.index == self.restored.index
        return event.register.name == mine.name and same


@dataclass(slots=True)
class Copies:
    """Follows the values that a restore puts into registers until something saves them."""

    graph: Graph
    sites: Sites
    linked: dict[str, str] = field(init=False)
    registers: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.linked = {
            slot.name: slot.link.register.register.name
            for slot in self.graph.program.slots.values()
            if slot.link is not None and slot.link.kind is LinkKind.MIRRORS
        }
        self.registers = set(self.linked.values())

    def concerns(self, event: Event) -> bool:
        match event.op:
            case Op.LOAD | Op.STORE:
                return event.slot is not None and event.slot.name in self.linked
            case Op.WRITE | Op.CHANGE:
                return event.register is not None and event.register.name in self.registers
            case Op.USE:
                assert event.endpoint is not None
                return any(a.register.name in self.registers for a in event.endpoint.aliases)
            case Op.GUEST:
                return bool(self.linked)
            case _:
                return False

    def begin(self, event: Event, registers: Registers) -> Iterator[Copy]:
        slot = self._restores(event)
        if slot is not None:
            number = slot.index.value if isinstance(slot.index, x.Const) else None
            yield Copy(event, slot.slot.name, slot.base, number)

    def step(self, event: Event, fact: Copy, registers: Registers) -> Iterable[Copy]:
        match event.op:
            case Op.CHANGE | Op.USE if fact.now is Is.SAME and fact.mirrors(event):
                return (replace(fact, now=Is.CHANGED, changed=event),)
            case Op.WRITE if fact.mirrors(event):
                return self._written(event, fact)
            case Op.LOAD if fact.now is not Is.SAME and fact.holds(event):
                return self._read(event, fact)
            case Op.STORE if fact.holds(event):
                self._stored(event, fact)
                return ()
            case Op.GUEST if fact.now is Is.GONE:
                self._overwritten(fact, event, "the guest runs without it")
                return ()
            case _:
                return (fact,)

    def _written(self, event: Event, fact: Copy) -> Iterable[Copy]:
        """The register is written while the newest value is perhaps only there."""
        match event.value:
            case x.ReadRegister(register=same) if same.name in self.registers:
                # What was read before is given back.
                return (replace(fact, now=Is.CHANGED, gone=None) if fact.gone else fact,)
        if not event.whole and not event.where.others:
            # Other bits stay, and these are meant.
            return (fact,)
        if fact.now is Is.SAME or self._restores(event) is not None:
            return ()
        return (replace(fact, now=Is.GONE, gone=fact.gone or event),)

    def _read(self, event: Event, fact: Copy) -> Iterable[Copy]:
        if fact.now is Is.GONE:
            self._overwritten(fact, event, "an older value is used here")
            return ()
        assert fact.changed is not None
        early = bool(event.where.others) or not event.where.function
        kind: type[Diagnostic] = UsedTooEarly if early else StaleCopy
        whose = f"`{event.where.others}` uses" if event.where.others else "this reads"
        self.sites.add(
            kind,
            fact.slot,
            Strength.DECLARED,
            event.span,
            f"{whose} `{fact.slot}`, while {fact.restored.element} has the newer value: "
            "it was restored, may have changed since, and is not saved yet",
            [
                Note(fact.restored.span, f"in {fact.restored.element} since here"),
                Note(fact.changed.span, f"{what(fact.changed)}: it may have changed"),
            ],
            function=event.where.function,
        )
        return (replace(fact, used=event) if early else fact,)

    def _stored(self, event: Event, fact: Copy) -> None:
        saves = _reads(event.value, self.linked[fact.slot])
        if fact.now is Is.GONE and saves:
            self._overwritten(fact, event, "it is saved only here")
        if fact.used is not None and saves:
            self.sites.add(
                UsedTooEarly,
                fact.slot,
                Strength.DECLARED,
                fact.used.span,
                "",
                [Note(event.span, "it is saved only here")],
            )

    def _overwritten(self, fact: Copy, event: Event, then: str) -> None:
        assert fact.gone is not None
        assert fact.changed is not None
        register = fact.restored.element
        self.sites.add(
            NotGivenBack,
            fact.slot,
            Strength.DECLARED,
            fact.gone.span,
            f"{register} may hold what is not in `{fact.slot}` yet, and is overwritten here",
            [
                Note(fact.changed.span, f"{what(fact.changed)}: the newest value comes from here"),
                Note(event.span, then),
            ],
            function=fact.gone.where.function,
        )

    def _restores(self, event: Event) -> x.ReadSlot | None:
        """The slot that a write takes all of its value from, if the register mirrors it."""
        if event.op is not Op.WRITE:
            return None
        value = event.value
        while isinstance(value, x.Cast):
            value = value.value
        if not isinstance(value, x.ReadSlot) or value.slot.name not in self.linked:
            return None
        assert event.register is not None
        return value if self.linked[value.slot.name] == event.register.name else None


def _reads(value: x.Expr | None, register: str) -> bool:
    """Whether a value is what a register holds, with some fields changed perhaps."""
    match value:
        case x.Cast(value=inner) | x.Insert(value=inner):
            return _reads(inner, register)
        case x.ReadRegister(register=mine):
            return mine.name == register
        case _:
            return False
