"""Where somebody can look, and at what: all that two programs are compared by.

A guest runs under every register.  In a phase where others act without a guest, the host looks at
the registers that it uses: what `boot` sets up, what a lifecycle writes by itself, and what an
invariant of such a phase speaks of; others look at what they may read or change.  An invariant
looks at what it speaks of, in its phases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dsl.ir import expr as x
from dsl.ir import lifecycle as l
from dsl.ir import sequence as s
from dsl.ir.shapes import Access, RegisterRef, Slot
from dsl.ir.walk import parts, statements
from dsl.ir.ways import Graph, graph
from dsl.verify.symbolic.mirrors import Static
from dsl.verify.symbolic.phases import Phases
from dsl.verify.symbolic.state import Key, slot_key, width_of

#: The bits of registers and slots that are looked at; of a truth value, bit 0.
Masks = dict[Key, int]


@dataclass(slots=True)
class Looks:
    """Who looks where in a lifecycle; ``hosts`` are the bits of registers that the host uses.

    ``points`` are the phases, by their names, in which the host looks at these.
    """

    static: Static
    lifecycle: l.Lifecycle
    hosts: dict[str, int] = field(default_factory=dict)
    points: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        program = self.static.program
        places = graph(self.lifecycle)
        phases = [node.phase for node in places.nodes if node.phase is not None]
        ours = [each for each in phases if not self.guest(each)]
        self.points = set(_points(places, ours))
        for boot in program.boots:
            self._written(boot.body)
        for phase in ours:
            self._written(phase.body)
        for each in self._invariants():
            if any(point in self.points for point in each.points):
                for register, mask in _asked(each.condition):
                    self._uses(register, mask)

    def guest(self, phase: l.Phase) -> bool:
        """Whether a guest runs in a phase: what only returns to a host is none."""
        return id(phase) in self.static.guests and _acts(phase)

    def at(self, phase: l.Phase, machine: Phases) -> Masks:
        """What is looked at when the way into a phase is done, before others act there."""
        found: Masks = {}

        def add(key: Key, mask: int) -> None:
            found[key] = found.get(key, 0) | mask

        if self.guest(phase):
            for element in machine.elements.values():
                add(element.name, element.stored)
        for name, mask in machine.visible(phase).items():
            add(name, mask)
        if phase.name in self.points:
            for element in machine.elements.values():
                add(element.name, self.hosts.get(element.register.name, 0) & element.stored)
        for each in statements(phase.body):
            for place in each.places if isinstance(each, s.May) else ():
                if isinstance(place, Slot):
                    for key in keys_of(place, machine):
                        add(key, whole(place))
        for invariant in self._invariants():
            if phase.name not in invariant.points:
                continue
            for register, mask in _asked(invariant.condition):
                for element in machine.elements.values():
                    if element.register.name == register:
                        add(element.name, mask & element.stored)
            for slot, mask in _slots(invariant.condition):
                for key in keys_of(slot, machine):
                    add(key, mask)
        constant = {e.name for e in machine.elements.values() if e.register.access is Access.RO}
        return {key: mask for key, mask in found.items() if mask and key not in constant}

    def _invariants(self) -> Iterator[l.Invariant]:
        for module in self.static.program.modules:
            yield from module.invariants

    def _written(self, body: s.Body) -> None:
        """What a body writes by itself, without the sequences that it calls."""
        for each in statements(body):
            match each:
                case s.WriteRegister(register=register):
                    self._uses(register.name, register.type.mask)
                case s.UpdateRegister(register=register, changes=changes):
                    for change in changes:
                        self._uses(register.name, change.field.mask)
                case _:
                    pass

    def _uses(self, register: str, mask: int) -> None:
        self.hosts[register] = self.hosts.get(register, 0) | mask


def read_by(extern: s.Extern, owners: dict[str, str], machine: Phases) -> Masks:
    """What an extern looks at when it is called: what it is declared to read."""
    found: Masks = {}
    for effect in extern.effects:
        for place in effect.places if effect.kind == "reads" else ():
            bits = effect.bits(place)
            match place:
                case Slot():
                    for index in range(place.length) if place.length else (None,):
                        key = slot_key(owners.get(place.root, ""), place, index)
                        found[key] = whole(place) if bits is None else bits
                case RegisterRef():
                    for element in machine.elements.values():
                        same = element.register.name == place.register.name
                        if same and place.index in (None, element.index):
                            mask = place.field.mask if place.field else element.ones
                            found[element.name] = mask & element.stored
                case _:
                    pass
    return found


def keys_of(slot: Slot, machine: Phases) -> Iterator[Key]:
    """The elements of a slot of the owner whose lifecycle it is."""
    for index in range(slot.length) if slot.length else (None,):
        yield slot_key(machine.holder(slot), slot, index)


def whole(slot: Slot) -> int:
    """All bits of a slot."""
    return (1 << max(1, width_of(slot))) - 1


def _points(places: Graph, ours: Iterable[l.Phase]) -> Iterator[str]:
    """Where the host looks: in phases in which others act, and at ends that lead to none."""
    acting = {id(phase) for phase in ours if _acts(phase)}
    for node in places.nodes:
        if node.phase is None or not any(node.phase is each for each in ours):
            continue
        if id(node.phase) in acting:
            yield node.name
        elif node.number in places.outermost:
            last = all(places.nodes[to].ends for to, _ in places.following.get(node.number, ()))
            after = _next(places, node.number, set())
            if last and not any(id(phase) in acting for phase in after):
                yield node.name


def _next(places: Graph, at: int, seen: set[int]) -> Iterator[l.Phase]:
    """The phases that come next."""
    for after, _ in places.following.get(at, ()):
        phase = places.nodes[after].phase
        if phase is not None:
            yield phase
        elif after not in seen:
            seen.add(after)
            yield from _next(places, after, seen)


def _acts(phase: l.Phase) -> bool:
    return any(isinstance(each, s.May) for each in statements(phase.body))


def _asked(value: x.Expr) -> Iterator[tuple[str, int]]:
    """The bits of registers that an expression asks for, by the names of the registers."""
    match value:
        case x.Extract(value=x.ReadRegister(register=register), field=field):
            yield register.name, field.mask
            return
        case x.ReadRegister(register=register):
            yield register.name, register.type.mask
    for part in parts(value):
        yield from _asked(part)


def _slots(value: x.Expr) -> Iterator[tuple[Slot, int]]:
    """The bits of slots that an expression asks for."""
    match value:
        case x.Extract(value=x.ReadSlot(slot=slot), field=field):
            yield slot, field.mask
            return
        case x.ReadSlot(slot=slot):
            yield slot, whole(slot)
    for part in parts(value):
        yield from _slots(part)
