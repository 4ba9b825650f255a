"""Phases of a lifecycle on a symbolic machine: our sequences, and what others do there."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.ir import lifecycle as l
from dsl.ir import sequence as s
from dsl.ir.platform import Endpoint
from dsl.ir.shapes import Condition, RegisterRef, Slot
from dsl.ir.walk import statements
from dsl.ir.ways import parts
from dsl.run.registers import Element
from dsl.verify.symbolic.expressions import Env
from dsl.verify.symbolic.owned import Look, Owned
from dsl.verify.symbolic.state import slot_key
from dsl.verify.symbolic.term import Term


class Phases(Owned):
    """Executes phases for one owner."""

    # ---- one phase

    def run_phase(self, phase: l.Phase, invariants: list[l.Invariant]) -> None:
        """A phase with all that others may do in it, up to where the lifecycle goes on."""
        self.phase = phase.name
        env = self.env()
        if phase.condition is None:
            self._phase(phase, invariants, env)
            return
        c = self.on(self.truth(phase.condition, self.watcher()))
        if c.constant:
            if c.value:
                self._phase(phase, invariants, env)
            else:
                self.check(invariants, phase.name)
            return
        self._split(
            c,
            lambda: self._phase(phase, invariants, env),
            lambda: self.check(invariants, phase.name),
        )

    def _phase(self, phase: l.Phase, invariants: list[l.Invariant], env: Env) -> None:
        into, out = parts(phase)
        self.body(into, env)
        if self.path is self.terms.false:
            return
        self.check(invariants, phase.name)
        self.arrived(phase)
        self._others(phase)
        self.body(out, env)

    def arrived(self, phase: l.Phase) -> None:
        """Told when the way into a phase is done, before others act there."""

    def visible(self, phase: l.Phase) -> dict[str, int]:
        """The registers at which others may look in a phase, and which bits they see."""
        found: dict[str, int] = {}
        for _, place, _ in self._mays(phase.body, self.terms.true, {}):
            refs = place.aliases if isinstance(place, Endpoint) else (place,)
            for ref in refs:
                if not isinstance(ref, RegisterRef):
                    continue
                for element in self._of(ref):
                    mask = ref.field.mask if ref.field else element.ones
                    found[element.name] = found.get(element.name, 0) | mask & element.stored
        return found

    # ---- what others do

    def _others(self, phase: l.Phase) -> None:
        """Others look, and change what they may."""
        guest = id(phase) in self.static.guests
        changed: dict[str, list[Look]] = {}
        slots: list[tuple[Term, Slot]] = []
        facts: list[Condition] = []
        seen: set[str] = set()
        for may, place, c in self._mays(phase.body, self.terms.true, {}):
            match place:
                case RegisterRef():
                    seen.add(place.register.name)
                    for element in self._of(place):
                        changes = may.kind in ("change", "write")
                        mask = place.field.mask if place.field else element.ones
                        where = changed.setdefault(element.name, [])
                        bits = mask if changes else 0
                        where.append(Look(c, bits, may.span, phase.name))
                case Endpoint() if may.kind == "use":
                    for ref in place.aliases:
                        seen.add(ref.register.name)
                        for element in self._of(ref):
                            mask = ref.field.mask if ref.field else element.ones
                            there = self.terms.and_(c, self._there(element))
                            look = Look(there, mask, may.span, place.name)
                            changed.setdefault(element.name, []).append(look)
                case Slot() if may.kind == "read":
                    for mirror in self.static.mirrors:
                        if mirror.slot is place or mirror.slot == place:
                            self.read_by(mirror, c, f"`{phase.name}`", may.span)
                case Slot():
                    slots.append((c, place))
                case Condition():
                    facts.append(place)
                case _:
                    pass
        if guest:
            for mirror in self.static.mirrors:
                looks = changed.get(mirror.element.name, [])
                name = mirror.element.register.name
                mine = self.static.whose.concerns(phase.name, name, mirror.slot.name)
                if mine and name in seen:
                    self.looked_at(mirror, looks)
        for name, where in changed.items():
            self._change(self.elements[name], where, guest)
        for c, slot in slots:
            self._refill(slot, c)
        for condition in facts:
            for key in [k for k in self.cells if k[0] == "?" and k[2] == condition.name]:
                del self.cells[key]

    def _of(self, place: RegisterRef) -> Iterator[Element]:
        for element in self.elements.values():
            named = element.register.name == place.register.name
            if named and place.index in (None, element.index):
                yield element

    def _mays(
        self, body: s.Body, c: Term, bound: dict[str, Term]
    ) -> Iterator[tuple[s.May, object, Term]]:
        """What others may do, place by place, with the condition under which they may."""
        terms = self.terms
        for each in body:
            if not any(isinstance(inner, s.May) for inner in statements((each,))):
                continue
            match each:
                case s.May(places=places):
                    for place in places:
                        if isinstance(place, RegisterRef) and place.by:
                            index = bound[place.by]
                            for element in self._of(place):
                                number = terms.const(element.index, index.width)
                                one = terms.and_(c, terms.eq(index, number))
                                if one is not terms.false:
                                    ref = RegisterRef(place.register, element.index, place.field)
                                    yield each, ref, one
                        else:
                            yield each, place, c
                case s.If(arms=arms, otherwise=otherwise):
                    rest = c
                    for arm in arms:
                        env = self.watcher()
                        env.bound = bound
                        holds = self.on(self.truth(arm.condition, env))
                        taken = terms.and_(rest, holds)
                        if taken is not terms.false:
                            yield from self._mays(arm.body, taken, bound)
                        rest = terms.and_(rest, terms.not_(holds))
                    if rest is not terms.false:
                        yield from self._mays(otherwise or (), rest, bound)
                case s.Loop():
                    yield from self._looped(each, c, bound)
                case _:
                    pass

    def _looped(
        self, loop: s.Loop, c: Term, bound: dict[str, Term]
    ) -> Iterator[tuple[s.May, object, Term]]:
        env = self.watcher()
        env.bound = bound
        low, high = self.value(loop.low, env), self.value(loop.high, env)
        for n in range(low.lo, min(high.hi, low.lo + 512) + 1):
            number = self.terms.const(n, 64)
            end = self.terms.zext(high, 64)
            within = self.terms.ult(number, end)
            if loop.inclusive:
                within = self.terms.not_(self.terms.ult(end, number))
            if not self.goes_on(within, n - low.lo):
                return
            taken = self.terms.and_(c, self.on(within))
            if taken is not self.terms.false:
                yield from self._mays(loop.body, taken, {**bound, loop.var: number})

    def _there(self, element: Element) -> Term:
        """That somebody beyond the registers has something to change there."""
        for mirror in self.static.by_element.get(element.name, ()):
            return self.live(mirror)
        return self.exists(element)

    def _change(self, element: Element, where: list[Look], guest: bool) -> None:
        """Bits of a register become what others make of them, and so does what the owner had."""
        mirrors = self.static.concerned(element, self.phase)
        for look in where:
            c, mask = look.condition, look.mask
            if not mask or c is self.terms.false:
                continue
            for mirror in mirrors:
                # A host that works for the guest finds its value there; another has its own.
                ours = guest or self._holds_ghost(mirror, c) is True
                if not ours:
                    continue
                self._changed(element, look)
                key = self.ghost_key(mirror)
                old = self.get(key)
                new = self.terms.masked(old, self.stored(element), mask & mirror.mask)
                self.cells[key] = self.terms.ite(c, new, old)
                break
            else:
                self._changed(element, look)
            self.origin[element.name] = look.span

    def _changed(self, element: Element, look: Look) -> None:
        c, mask = look.condition, look.mask
        before = self.stored(element)
        kind = "given" if element.name in self.static.by_element else element.name
        new = self.fresh(f"{kind}:{element.name}", element.register.width)
        self.acted(element, new, look)
        self.change(element, mask, new)
        self.cells[element.name] = self.terms.ite(c, self.cells[element.name], before)

    def acted(self, element: Element, value: Term, look: Look) -> None:
        """Told of each change that somebody makes to a register."""

    def refilled(self, slot: Slot, index: int | None, value: Term, c: Term) -> None:
        """Told of each slot that somebody fills."""

    def _refill(self, slot: Slot, c: Term) -> None:
        """The host may give a slot another value; what mirrors a register may stay as it is too.

        Then it must still be what its owner had.
        """
        owner = self.holder(slot)
        if (slot.name, 0 if slot.length else None) in self.static.by_slot:
            does = self.fresh(f"does:{slot.name}", 1)
            c = self.terms.and_(c, self.terms.eq(does, self.terms.const(1, 1)))
        for index in range(slot.length) if slot.length else (None,):
            key = slot_key(owner, slot, index)
            old = self.get(key)
            new = self.any_of(slot, slot.name)
            self.refilled(slot, index, new, c)
            self.cells[key] = self.terms.ite(c, new, old)
            mirror = self.static.by_slot.get((slot.name, index))
            if mirror is not None:
                self.given(mirror, mirror.mask, c)
