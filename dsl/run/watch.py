"""Watches some registers and slots of a run: each event of theirs, and what is visible when."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from dsl.diagnostics import suggest
from dsl.failures import CannotRun
from dsl.ir.program import Program
from dsl.ir.shapes import RegisterRef
from dsl.run.events import Event, Kind
from dsl.run.registers import elements
from dsl.run.scenarios import Run

_NAMES = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Seen:
    """How a register is after an event: what everybody sees, what was written last, and what
    the writes in between wait for, in words."""

    register: str
    cpu: int
    settled: int
    newest: int
    pending: tuple[str, ...]


@dataclass(slots=True)
class Watch:
    """The names of elements and slots to watch; ``seen`` is filled by the run, by event."""

    names: frozenset[str]
    seen: dict[int, list[Seen]] = field(default_factory=dict)
    _last: dict[tuple[int, str], Seen] = field(default_factory=dict)

    def attach(self, run: Run) -> None:
        """Listens to a run that has not begun."""
        machine = run.machine
        watched = [e for n, e in machine.elements.items() if n in self.names]

        def listen(event: Event) -> None:
            for element in watched:
                cell = machine.cpu.cells.get(element.name)
                if cell is None:
                    continue
                waits = (w for u in cell.updates for w in machine.pending(element, u))
                now = Seen(
                    element.name,
                    machine.number,
                    cell.settled,
                    cell.newest,
                    tuple(dict.fromkeys(map(str, waits))),
                )
                before = self._last.get((machine.number, element.name))
                self._last[machine.number, element.name] = now
                if before is None:
                    # Before anything was written there is nothing to tell.
                    before = Seen(element.name, machine.number, now.settled, now.settled, ())
                if now != before:
                    self.seen.setdefault(event.number, []).append(now)

        machine.trace.listen = listen

    def shows(self, event: Event) -> bool:
        """Whether an event is about something that is watched, or a failure."""
        if event.kind is Kind.FAILED or event.number in self.seen:
            return True
        named = event.what.partition(",")[0] if event.kind is not Kind.CHOICE else event.what
        return not self.names.isdisjoint(_NAMES.findall(named))


def watch(program: Program, asked: Iterable[str]) -> Watch:
    """What registers, banks, groups, slots and conditions of these names stand for.

    Raises `CannotRun` for a name that is none of them.
    """
    each = elements(program)
    known: dict[str, set[str]] = {name: {name} for name in each}
    for element in each.values():
        known.setdefault(element.register.name, set()).add(element.name)
    for name in (*program.slots, *program.conditions):
        known.setdefault(name, {name})
    for module in program.modules:
        for group in module.groups:
            members = known.setdefault(group.name, set())
            for member in group.members:
                if isinstance(member, RegisterRef):
                    members |= {
                        e.name
                        for e in each.values()
                        if e.register.name == member.register.name
                        and member.index in (None, e.index)
                    }
    found: set[str] = set()
    for name in asked:
        if name not in known:
            raise CannotRun(
                f"there is no register, group or slot `{name}` to watch", suggest(name, known)
            )
        found |= known[name]
    return Watch(frozenset(found))
