"""Whose value others find in a register, and change: of the slots that are linked to it, which."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.program import Program
from dsl.ir.shapes import Slot
from dsl.ir.walk import inside
from dsl.verify.flow.build import Graph
from dsl.verify.flow.events import Event, Op
from dsl.verify.flow.places import Frame, TooLarge, forget

#: One event on the way: the number of its node, and its place in it.
_At: TypeAlias = tuple[int, int]


@dataclass(frozen=True)
class Whose:
    """A register may be the guest's in one phase, and the host's in another.

    Which slots a phase is about follows from the moves around it: the slot that was restored last
    before others act there, and the one that is saved first behind it.  Where these do not agree
    it is about both, so that a wrong move does not hide itself.  If no phase is about a slot, for
    it is never moved, then all are.
    """

    program: Program

    def concerns(self, phase: str, register: str, slot: str) -> bool:
        """Whether what others find in a register in a phase, or leave, is about a slot of it."""
        known = self._registers.get(register)
        if known is None or not any(slot in each for each in known.scopes.values()):
            return True
        return slot in known.scopes.get(phase, (slot,))

    def keeps_the_hosts(self, slot: Slot) -> bool:
        """Whether a host keeps its own value in a slot: saved first, and given back later.

        Nothing is owed to such a slot: what it holds at first is nobody's.
        """
        known = self._of(slot)
        return known is not None and slot.name in known.hosts

    def shared(self, slot: Slot) -> bool:
        """Whether others have something else in the register of a slot, in some phase."""
        known = self._of(slot)
        return known is not None and any(
            scope and scope != {slot.name} for scope in known.scopes.values()
        )

    def _of(self, slot: Slot) -> _Register | None:
        if slot.link is None:
            return None
        return self._registers.get(slot.link.register.register.name)

    @cached_property
    def _registers(self) -> dict[str, _Register]:
        """What is known of each register with slots; nothing where there are too many ways."""
        linked: dict[str, set[str]] = {}
        for slot in self.program.slots.values():
            if slot.link is not None:
                linked.setdefault(slot.link.register.register.name, set()).add(slot.name)
        try:
            ways = _Ways(_Laid(self.program))
        except TooLarge:
            return {}
        return {name: ways.register(name, slots) for name, slots in linked.items()}


@dataclass(frozen=True, slots=True)
class _Register:
    """The slots that each phase is about, and those of the host."""

    scopes: dict[str, frozenset[str]]
    hosts: frozenset[str]


class _Laid(Graph):
    """The ways through a program where each loop is gone through once: what it moves is moved."""

    def _loop(self, node: s.Loop, at: int, frame: Frame) -> int | None:
        for end in (node.low, node.high):
            _, at = self._value(end, at, frame)
        forget(frame, node.body)
        kept = dict(frame.env)
        frame.env[node.var] = None
        last = self._body(node.body, at, frame)
        frame.env = kept
        return last


class _Ways:
    """The ways through the lifecycles, event by event."""

    def __init__(self, graph: Graph) -> None:
        self.nodes = graph.nodes
        self.starts = [
            graph.starts[each.name]
            for each in graph.program.lifecycles
            if each.name in graph.starts
        ]
        self.before: dict[int, list[int]] = {}
        for node in self.nodes:
            for to in node.after:
                self.before.setdefault(to, []).append(node.number)

    def register(self, name: str, slots: set[str]) -> _Register:
        """What is known of a register that some slots are linked to."""
        marks = self._marks(name, slots)
        acts: dict[str, list[_At]] = {}
        for at, mark in marks.items():
            if mark[0] in ("act", "look"):
                acts.setdefault(mark[1], []).append(at)
        scopes = {phase: self._scope(phase, those, marks) for phase, those in acts.items()}
        given = {mark[1] for mark in marks.values() if mark[0] == "write"}
        hosts = {slot for slot in self._first(scopes, marks) if slot in given}
        if len(slots) < 2:
            hosts = set()
        return _Register(scopes, frozenset(hosts))

    def _marks(self, name: str, slots: set[str]) -> dict[_At, tuple[str, str]]:
        """What concerns a register: others who act or look (in which phase), and the moves."""
        found = {}
        for node in self.nodes:
            for number, event in enumerate(node.events):
                mark = _mark(event, name, slots)
                if mark is not None:
                    found[node.number, number] = mark
        return found

    def _scope(
        self, phase: str, acts: list[_At], marks: dict[_At, tuple[str, str]]
    ) -> frozenset[str]:
        for through in (False, True):
            restored = self._reached(acts, marks, "write", phase, through, back=True)
            saved = self._reached(acts, marks, "store", phase, through, back=False)
            if restored or saved:
                return frozenset(restored & saved or restored | saved)
        return frozenset()

    def _reached(
        self,
        begin: list[_At],
        marks: dict[_At, tuple[str, str]],
        wanted: str,
        phase: str,
        through: bool,
        *,
        back: bool,
    ) -> set[str]:
        """The slots of the first moves that are met; ``through`` others who act in other phases."""
        found: set[str] = set()
        seen: set[_At] = set(begin)
        queue = deque(begin)
        while queue:
            for at in self._next(queue.popleft(), back=back):
                if at in seen:
                    continue
                seen.add(at)
                mark = marks.get(at)
                match mark:
                    case ("write" | "store" as kind, slot):
                        if kind == wanted and slot:
                            found.add(slot)
                        continue
                    case ("act", other) if other != phase and not through:
                        continue
                queue.append(at)
        return found

    def _first(
        self, scopes: dict[str, frozenset[str]], marks: dict[_At, tuple[str, str]]
    ) -> Iterator[str]:
        """The slots of the phases that come first, before they were ever restored."""
        restored: set[str] = set()
        phases: set[str] = set()
        begin = [(start, -1) for start in self.starts]
        seen: set[_At] = set(begin)
        queue = deque(begin)
        while queue:
            for at in self._next(queue.popleft(), back=False):
                if at in seen:
                    continue
                seen.add(at)
                match marks.get(at):
                    case ("act", phase):
                        phases.add(phase)
                        continue
                    case ("write", slot):
                        restored.add(slot)
                queue.append(at)
        for phase in phases:
            yield from scopes[phase] - restored

    def _next(self, at: _At, *, back: bool) -> Iterator[_At]:
        """The events next to one; a node without events is passed."""
        node, number = at
        number += -1 if back else 1
        if 0 <= number < len(self.nodes[node].events):
            yield node, number
            return
        seen: set[int] = set()
        open_ = [node]
        while open_:
            here = open_.pop()
            for to in self.before.get(here, ()) if back else self.nodes[here].after:
                if to in seen:
                    continue
                seen.add(to)
                events = self.nodes[to].events
                if events:
                    yield to, len(events) - 1 if back else 0
                else:
                    open_.append(to)


def _mark(event: Event, name: str, slots: set[str]) -> tuple[str, str] | None:
    """What an event is to a register: others act or look in a phase, or it is a move."""
    match event.op:
        case Op.USE:
            assert event.endpoint is not None
            if any(a.register.name == name for a in event.endpoint.aliases):
                return "act", event.where.phase
        case Op.CHANGE if _is(event, name):
            return "act", event.where.phase
        case Op.READ if _is(event, name) and event.permitted:
            return "look", event.where.phase
        case Op.WRITE if _is(event, name) and event.whole:
            of = [p.slot.name for p in _parts(event) if isinstance(p, x.ReadSlot)]
            return "write", next((name for name in of if name in slots), "")
        case Op.STORE if event.slot is not None and event.slot.name in slots:
            reads = (p for p in _parts(event) if isinstance(p, x.ReadRegister))
            if any(p.register.name == name for p in reads):
                return "store", event.slot.name
    return None


def _is(event: Event, name: str) -> bool:
    return event.register is not None and event.register.name == name


def _parts(event: Event) -> Iterator[x.Expr]:
    if event.value is not None:
        yield from inside(event.value)
