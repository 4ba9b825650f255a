"""What a program says of its state before anything runs: which slot mirrors which register."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from dsl.ir import expr as x
from dsl.ir import lifecycle as l
from dsl.ir import sequence as s
from dsl.ir.platform import BarrierKind
from dsl.ir.program import Program
from dsl.ir.shapes import MACHINE, LinkKind, RegisterRef, Slot
from dsl.ir.types import Bool
from dsl.ir.walk import expressions, inside, statements
from dsl.ir.ways import graph
from dsl.run.prepared import prepared
from dsl.run.registers import Element, bits
from dsl.verify.symbolic.state import legal_context
from dsl.verify.symbolic.term import runs
from dsl.verify.whose import Whose

#: What gives a slot another value.
_SLOT = s.WriteSlot | s.UpdateSlot
#: The lowest bit and the length of a stretch of bits that is looked at as one.
Stretch = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Mirror:
    """One slot, or one element of one (``index``), and the register that it mirrors.

    ``mask`` are the bits that both hold; ``stretches`` cuts them where a write is legalised, and
    ``context`` are the registers that this depends on.
    """

    slot: Slot
    index: int | None
    element: Element
    mask: int
    stretches: tuple[Stretch, ...]
    context: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.slot.name if self.index is None else f"{self.slot.name}[{self.index}]"


@dataclass(slots=True)
class Static:
    """All that follows from the text of a program.

    ``by_slot`` and ``by_element`` find mirrors by (slot, index) and by the name of an element;
    ``counters`` are the slots that count how many elements of an array are in use; ``guests`` are
    the phases in which a guest runs.
    """

    program: Program
    mirrors: list[Mirror] = field(default_factory=list)
    by_slot: dict[tuple[str, int | None], Mirror] = field(default_factory=dict)
    by_element: dict[str, list[Mirror]] = field(default_factory=dict)
    counters: dict[str, Slot] = field(default_factory=dict)
    guests: set[int] = field(default_factory=set)
    #: The slots that conditions are defined by.
    defining: set[str] = field(default_factory=set)
    #: The slots that anybody at all writes.
    written: set[str] = field(default_factory=set)
    #: The slot that says whether there is anything to do: what most branches ask about.
    switch: Slot | None = None
    #: The fields of each register that somebody changes by themselves.
    named: dict[str, set[str]] = field(default_factory=dict)
    #: For registers of a bank that others change in a loop: up to where there are such registers.
    bounds: dict[str, list[x.Expr]] = field(default_factory=dict)
    #: Which slots a phase is about.
    whose: Whose = field(init=False)

    def __post_init__(self) -> None:
        self.whose = Whose(self.program)

    def concerned(self, element: Element, phase: str) -> list[Mirror]:
        """The mirrors of an element that a phase is about in which others find and change it."""
        name = element.register.name
        those = self.by_element.get(element.name, [])
        return [m for m in those if self.whose.concerns(phase, name, m.slot.name)]


def static(program: Program) -> Static:
    """Looks through a program."""
    made = Static(program)
    bodies = [q.body for q in program.sequences.values() if q.body is not None]
    bodies += [m.body for m in program.models.values() if m.body is not None]
    phases = list(_phases(program))
    bodies += [phase.body for phase in phases]
    for body in bodies:
        for each in statements(body):
            _look(made, each)
    for endpoint in program.endpoints.values():
        _named(made, endpoint.aliases)
    for slot in program.slots.values():
        hosts = made.whose.keeps_the_hosts(slot)
        if slot.link is not None and slot.link.kind is LinkKind.MIRRORS and not hosts:
            _mirrors(made, slot)
    for operation in program.operations.values():
        made.written |= {e.slot.name for e in statements(operation.body) if isinstance(e, _SLOT)}
    made.switch = _switch(bodies)
    for extern in program.externs.values():
        for effect in extern.effects:
            if effect.kind == "writes":
                made.written |= {p.name for p in effect.places if isinstance(p, Slot)}
    for definition in program.definitions.values():
        slots = {p.slot.name for p in inside(definition.value) if isinstance(p, x.ReadSlot)}
        made.defining |= slots
    synchronising = [p for p in phases if _erets(p)]
    made.guests = {id(p) for p in synchronising or phases}
    for phase in phases:
        for each in statements(phase.body):
            if isinstance(each, s.Loop):
                _bound(made, each)
    return made


def _phases(program: Program) -> Iterator[l.Phase]:
    for lifecycle in program.lifecycles:
        for node in graph(lifecycle).nodes:
            if node.phase is not None:
                yield node.phase


def _erets(phase: l.Phase) -> bool:
    return any(
        isinstance(each, s.Order) and any(b.kind is BarrierKind.ERET for b in each.barriers)
        for each in statements(phase.body)
    )


def _mirrors(made: Static, slot: Slot) -> None:
    assert slot.link is not None
    ref = slot.link.register
    elements = prepared(made.program).elements.values()
    for element in elements:
        if element.register.name != ref.register.name or ref.index not in (None, element.index):
            continue
        index = element.index - element.register.first if slot.length else None
        if index is not None and index >= slot.length:
            continue
        width = 1 if isinstance(slot.type, Bool) else slot.type.width
        mask = element.writable & ((1 << width) - 1)
        context = tuple(legal_context(made.program, element))
        named = made.named.get(element.register.name, set())
        cut = tuple(stretches(element, mask, named=named))
        mirror = Mirror(slot, index, element, mask, cut, context)
        made.mirrors.append(mirror)
        made.by_slot[slot.name, index] = mirror
        made.by_element.setdefault(element.name, []).append(mirror)


def stretches(
    element: Element, mask: int, *, fields: bool = False, named: Iterable[str] = ()
) -> Iterator[Stretch]:
    """The bits of ``mask``, cut where a field is legalised or ``named``, or at all ``fields``."""
    cut = {low for low, _ in runs(mask, element.register.width)}
    legal = {r.field.name for r in element.legalised} | set(named)
    for f in element.register.fields:
        if not fields and f.name not in legal:
            continue
        for index in range(f.first, f.first + f.count) if f.count else (None,):
            low, place = bits(f, index)
            cut |= {low, place.bit_length()}
    edges = sorted(e for e in cut | {0, element.register.width} if e <= element.register.width)
    for low, end in pairwise(edges):
        if mask >> low & 1:
            yield low, end - low


def _switch(bodies: Iterable[s.Body]) -> Slot | None:
    """The slot that most branches ask about, of those that are numbers of a range, or flags."""
    asked: Counter[Slot] = Counter()
    for body in bodies:
        for each in statements(body):
            if isinstance(each, s.If):
                for arm in each.arms:
                    for part in inside(arm.condition):
                        if isinstance(part, x.ReadSlot) and not part.slot.length:
                            small = part.slot.high is not None or isinstance(part.slot.type, Bool)
                            asked[part.slot] += small
    most = asked.most_common(1)
    return most[0][0] if most and most[0][1] else None


def _named(made: Static, places: Iterable[object]) -> None:
    """Fields that somebody changes by themselves."""
    for place in places:
        if isinstance(place, RegisterRef) and place.field is not None:
            made.named.setdefault(place.register.name, set()).add(place.field.name)


def _look(made: Static, each: s.Statement) -> None:
    match each:
        case s.May(kind=kind, places=places):
            _named(made, places)
            if kind in ("change", "write"):
                made.written |= {p.name for p in places if isinstance(p, Slot)}
        case s.WriteSlot(slot=slot):
            made.written.add(slot.name)
        case s.UpdateRegister(register=register, changes=changes) | s.UpdateSlot(
            view=register, changes=changes
        ):
            if isinstance(each, s.UpdateSlot):
                made.written.add(each.slot.name)
            fields = made.named.setdefault(register.name, set())
            fields |= {change.field.name for change in changes}
        case s.Loop():
            _counts(made, each)
        case _:
            pass


def _counts(made: Static, loop: s.Loop) -> None:
    """A loop below a counter over the elements of an array says that it counts these."""
    below = [
        p.slot
        for p in inside(loop.high)
        if isinstance(p, x.ReadSlot) and p.slot.high is not None and not p.slot.length
    ]
    for slot in below:
        for array in _indexed(loop):
            known = array.name in made.counters
            if slot.root == array.root and slot.high == array.length and not known:
                made.counters[array.name] = slot


def _indexed(loop: s.Loop) -> Iterator[Slot]:
    """The arrays whose elements a loop goes through."""
    for each in statements(loop.body):
        if isinstance(each, s.WriteSlot | s.UpdateSlot) and _by(each.index, loop.var):
            yield each.slot
        for value in expressions(each):
            for part in inside(value):
                if isinstance(part, x.ReadSlot) and _by(part.index, loop.var):
                    yield part.slot


def _by(index: x.Expr | None, var: str) -> bool:
    if index is None:
        return False
    return any(isinstance(p, x.Var) and p.name == var for p in inside(index))


def _lasts(made: Static, part: x.Expr) -> bool:
    """Whether what an expression asks for is the same for everybody, and for good."""
    match part:
        case x.ReadSlot(slot=slot):
            return slot.root == MACHINE and slot.name not in made.written
        case x.Test():
            return False
        case _:
            return True


def _bound(made: Static, loop: s.Loop) -> None:
    """How many registers of a bank there are, where others change as many of them."""
    if any(not _lasts(made, part) for part in inside(loop.high)):
        return
    for each in loop.body:
        if isinstance(each, s.May):
            for place in each.places:
                if isinstance(place, RegisterRef) and place.by == loop.var:
                    made.bounds.setdefault(place.register.name, []).append(loop.high)
