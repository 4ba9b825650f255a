"""Control registers: whether the guest always has what it needs, on each kind of host."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from dsl.diagnostics.base import Note
from dsl.diagnostics.proofs import OneKindOnly, OtherGuard
from dsl.ir import expr as x
from dsl.ir.sequence import Kind
from dsl.ir.shapes import LinkKind, Period, Register, Slot
from dsl.ir.types import Bool
from dsl.verify.configurations import fixed
from dsl.verify.findings import Configuration, Strength
from dsl.verify.flow.build import Graph
from dsl.verify.flow.events import Event, Op
from dsl.verify.flow.paths import Registers
from dsl.verify.flow.sites import Sites, what

#: A lifecycle, and a configuration.
Where: TypeAlias = tuple[str, Configuration]
#: Of a slot that feeds a register: where the register lost bits of it (None: it has none yet).
Lost: TypeAlias = tuple[str, Event | None]


@dataclass(slots=True)
class Seen:
    """What the paths of one configuration showed."""

    restored: dict[str, dict[Event, None]] = field(default_factory=dict)
    unset: dict[str, Event] = field(default_factory=dict)
    cleared: dict[tuple[str, Event], Event] = field(default_factory=dict)
    constants: dict[str, dict[Event, None]] = field(default_factory=dict)
    #: By register: where it is written, at all and by what switches to the guest.
    written: dict[str, Event] = field(default_factory=dict)
    switched: dict[str, Event] = field(default_factory=dict)
    entered: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Controls:
    """Follows what memory feeds into registers to where a guest runs with it."""

    graph: Graph
    sites: Sites
    links: dict[str, tuple[Slot, Register]] = field(init=False)
    fed: dict[str, str] = field(init=False)
    now: Seen = field(default_factory=Seen)
    #: By the lifecycle and the configuration.
    seen: dict[Where, Seen] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.links = {
            slot.name: (slot, slot.link.register.register)
            for slot in self.graph.program.slots.values()
            if slot.link is not None
            and slot.link.kind is LinkKind.FEEDS
            and not slot.length
            and not slot.link.register.register.banked
        }
        self.fed = {register.name: name for name, (_, register) in self.links.items()}

    def concerns(self, event: Event) -> bool:
        match event.op:
            case Op.ROUND:
                return bool(self.links)
            case Op.GUEST:
                return bool(self.links)
            case Op.WRITE:
                return self._fed(event) is not None
            case _:
                return False

    @staticmethod
    def collects(event: Event) -> bool:
        """Whether a configuration is told of an event when all its paths were followed."""
        return event.op in (Op.WRITE, Op.STORE) or (
            event.op is Op.ENTER and event.where.inside(Kind.ACTIVATE)
        )

    def begin(self, event: Event, registers: Registers) -> Iterator[Lost]:
        if event.op is Op.ROUND:
            yield from ((name, None) for name in self.links)
        elif event.op is Op.WRITE:
            name = self._fed(event)
            if name is not None and _lost(event, name):
                yield (name, event)

    def step(self, event: Event, fact: Lost, registers: Registers) -> Iterable[Lost]:
        name, cleared = fact
        if event.op is Op.GUEST:
            if cleared is None:
                self.now.unset.setdefault(name, event)
            else:
                self.now.cleared.setdefault((name, cleared), event)
        elif event.op is Op.WRITE and self._fed(event) == name:
            kept = _lost(event, name)
            if cleared is None:
                # Where all is given from elsewhere, nothing of the slot is asked for.
                return (fact,) if kept or not event.whole else ()
            return (fact,) if kept or not _covers(event, cleared) else ()
        return (fact,)

    def _fed(self, event: Event) -> str | None:
        assert event.register is not None
        return self.fed.get(event.register.name)

    # ---- what all paths of a configuration showed

    def collect(self, events: Iterable[Event]) -> Seen:
        """Ends a configuration: these are all events that its lifecycles come to."""
        now, self.now = self.now, Seen()
        for event in events:
            match event.op:
                case Op.ENTER:
                    now.entered.add(event.where.function)
                case Op.WRITE if not event.where.others:
                    assert event.register is not None
                    register = event.register.name
                    now.written.setdefault(register, event)
                    if event.where.inside(Kind.ACTIVATE):
                        now.switched.setdefault(register, event)
                    name = self.fed.get(register)
                    if name is not None and _source(event.value) == name:
                        now.restored.setdefault(name, {})[event] = None
                case Op.STORE if not event.where.others:
                    assert event.slot is not None
                    if isinstance(event.value, x.Const) and event.value.value:
                        now.constants.setdefault(event.slot.name, {})[event] = None
                case _:
                    pass
        return now

    def report(self) -> None:
        """Compares the configurations."""
        for (_, configuration), seen in self.seen.items():
            self.sites.now = (configuration,)
            self._cleared(seen)
        self._guarded()
        self._kinds()

    def _cleared(self, seen: Seen) -> None:
        for (name, cleared), guest in seen.cleared.items():
            restored = seen.restored.get(name)
            if name in seen.unset or not restored:
                continue
            given = 0
            for event in seen.constants.get(name, ()):
                assert isinstance(event.value, x.Const)
                given |= event.value.value if event.whole else event.mask
            if not given & _lost(cleared, name):
                # Nobody has said that it is ever set.
                continue
            register = cleared.element
            first = next(iter(restored))
            self.sites.add(
                OtherGuard,
                name,
                Strength.CONVENTION,
                cleared.span,
                f"{register} gets all of `{name}` before the guest first runs, this write takes "
                f"some of it away, and on a path the guest runs again without it",
                [
                    Note(first.span, f"`{name}` is in {register} from here on"),
                    Note(guest.span, "the guest runs, and nothing has given it back"),
                ],
                function=cleared.where.function,
            )

    def _guarded(self) -> None:
        """Fields that only some configurations set, and that do not surely come to the guest."""
        for name, (_, register) in self.links.items():
            using = {c: s for c, s in self.seen.items() if register.name in s.written}
            setting: dict[Event, list[Where]] = {}
            for where, seen in using.items():
                for event in seen.constants.get(name, ()):
                    setting.setdefault(event, []).append(where)
            for event, those in setting.items():
                if len(those) == len(using):
                    # It says nothing of who needs it.
                    continue
                for where in those:
                    self._unset(where, name, event)

    def _unset(self, where: Where, name: str, setting: Event) -> None:
        seen = self.seen[where]
        guest, restored = seen.unset.get(name), seen.restored.get(name)
        if guest is None or not restored:
            return
        self.sites.now = (where[1],)
        first = min(restored, key=lambda e: (e.span.source.name, e.span.start))
        self.sites.add(
            OtherGuard,
            name,
            Strength.CONVENTION,
            first.span,
            f"`{name}` has something for {first.element} wherever this configuration runs, and "
            f"on a path the guest runs before it is restored",
            [
                Note(setting.span, "what the guest needs here is set"),
                Note(guest.span, "the guest runs, perhaps without it"),
            ],
            function=first.where.function,
        )

    def _kinds(self) -> None:
        """Registers that are switched to the guest's on one kind of machine only."""
        for condition in fixed(self.graph.program):
            if condition.period is not Period.MACHINE or not isinstance(condition.type, Bool):
                continue
            sides: list[dict[Where, Seen]] = [{}, {}]
            for where, seen in self.seen.items():
                sides[dict(where[1]).get(condition.name, 0)][where] = seen
            for value in (0, 1):
                self._one_kind(condition.name, value, sides[value], sides[1 - value])

    def _one_kind(
        self,
        condition: str,
        value: int,
        these: dict[Where, Seen],
        others: dict[Where, Seen],
    ) -> None:
        switched = {r: e for seen in these.values() for r, e in seen.switched.items()}
        elsewhere = {r for seen in others.values() for r in seen.written}
        entered = {f for seen in others.values() for f in seen.entered}
        counterpart = {r for seen in others.values() for r in seen.switched} - set(switched)
        if counterpart:
            # The other kind has registers of its own for it.
            return
        here, there = (condition, f"not {condition}") if value else (f"not {condition}", condition)
        for register, event in switched.items():
            around = [f for f, kind in event.where.functions if kind is Kind.ACTIVATE]
            if register in elsewhere or not set(around) & entered:
                continue
            self.sites.now = tuple(w[1] for w, seen in these.items() if register in seen.switched)
            self.sites.add(
                OneKindOnly,
                condition,
                Strength.CONVENTION,
                event.span,
                f"{event.element} is switched to the guest's where `{here}`, and where `{there}` "
                f"nothing writes it, although `{around[-1]}` runs there too",
                [Note(event.span, what(event))],
                function=event.where.function,
                value=False,
            )


# ---- what a write makes of what a slot feeds


def _source(value: x.Expr | None) -> str | None:
    """The slot that a value is, with perhaps some fields changed."""
    match value:
        case x.Cast(value=inner) | x.Insert(value=inner):
            return _source(inner)
        case x.ReadSlot(slot=slot):
            return slot.name
        case _:
            return None


def _lost(event: Event, name: str) -> int:
    """The bits of a slot's value that are surely not in a register after a write."""
    value = event.value
    lost = 0
    register = event.register
    assert register is not None
    while isinstance(value, x.Cast | x.Insert):
        zero = isinstance(value, x.Insert) and value.new
        if isinstance(zero, x.Const) and not zero.value:
            assert isinstance(value, x.Insert)
            lost |= value.field.mask if value.index is None else 0
        value = value.value
    match value:
        case x.Const(value=number):
            return register.live & ~number & event.mask if not number else lost
        case x.ReadSlot(slot=slot) if slot.name == name:
            return lost
        case x.ReadRegister(register=same) if same.name == register.name:
            return lost
        case _:
            return 0


def _covers(event: Event, cleared: Event) -> bool:
    """Whether a write gives all bits that another one took away."""
    return event.whole or event.mask & cleared.mask == cleared.mask
