"""What must hold of what an owner has: it is there when it is looked at, and nobody else's is.

Beside the machine's own state there is, for each slot that mirrors a register, what its owner last
had there: what the guest left in the register, or what the host put into the slot for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from dsl.diagnostics.base import Diagnostic, Note
from dsl.diagnostics.proofs import BitsLost, InvariantBroken, StateLeaks, StateLost
from dsl.ir import expr as x
from dsl.ir import lifecycle as l
from dsl.ir import sequence as s
from dsl.ir.program import Program
from dsl.ir.shapes import MACHINE, Register, Slot
from dsl.run.registers import Element
from dsl.source import Span
from dsl.verify.symbolic.derived import Derived, origins
from dsl.verify.symbolic.execute import Executor
from dsl.verify.symbolic.expressions import Env
from dsl.verify.symbolic.mirrors import Mirror, Static, stretches
from dsl.verify.symbolic.solver import Solver
from dsl.verify.symbolic.state import Key, slot_key
from dsl.verify.symbolic.term import Term, symbols
from dsl.verify.symbolic.terms import Terms


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Something that could not be shown to hold: what, where, and the other ends.

    ``bits`` are those of the register that are concerned.  ``unknown``: a solver gave no answer.
    """

    kind: type[Diagnostic]
    rule: str
    where: Span
    ends: tuple[Note, ...]
    message: str
    phase: str
    mirror: Mirror | None = None
    bits: int = 0
    invariant: l.Invariant | None = None
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody looks at a register where a condition holds, and may change the bits of a mask."""

    condition: Term
    mask: int
    span: Span
    actor: str


class Owned(Executor):
    """Executes what is done for one owner; ``suspected`` is told what does not hold.

    ``ghost`` keys hold what the owner last had: ``("g", slot, element)``.
    """

    def __init__(
        self,
        program: Program,
        terms: Terms,
        solver: Solver,
        facts: Mapping[str, int],
        static: Static,
    ) -> None:
        super().__init__(program, terms, solver, facts)
        self.static = static
        self.phase = ""
        self.origin: dict[Key, Span] = {}
        self.suspected: Callable[[Suspicion], None] = lambda suspicion: None
        roots = [c.root for c in program.contexts.values() if c.root != MACHINE]
        #: Whose lifecycle it is: the kind of owner, and its name.
        self.root = self.owner = roots[0] if roots else ""
        #: The names of unknowns that stand for what somebody else left in a register.
        self.left = "left:"
        #: How its unknowns differ by name from those of another machine on the same terms.
        self.mark = ""
        self._derived: dict[tuple[int, str], list[Derived]] = {}

    # ---- ghosts

    def ghost_key(self, mirror: Mirror) -> Key:
        return ("g", mirror.slot.name, -1 if mirror.index is None else mirror.index)

    def slot_of(self, mirror: Mirror) -> Term:
        return self.get(slot_key(self.holder(mirror.slot), mirror.slot, mirror.index))

    def holder(self, slot: Slot) -> str:
        """Who has a slot, in the lifecycle of the owner."""
        if slot.root == MACHINE:
            return ""
        return self.owner if slot.root == self.root else slot.root

    def used(self, mirror: Mirror) -> Term:
        """That an element of an array is in use; what is no list always is."""
        counter = self.static.counters.get(mirror.slot.name)
        if counter is None or mirror.index is None:
            return self.terms.true
        count = self.get(slot_key(self.holder(counter), counter, None))
        return self.terms.ult(self.terms.const(mirror.index, count.width), count)

    def exists(self, element: Element) -> Term:
        """That there is such a register, as far as a lifecycle says how many there are."""
        return self.within(element, self.ends(element))

    def ends(self, element: Element) -> list[Term]:
        """Up to where there are registers of its bank, by each who says so."""
        bounds = self.static.bounds.get(element.register.name, [])
        return [self.terms.zext(self.value(high, self.watcher()), 64) for high in bounds]

    def within(self, element: Element, ends: list[Term]) -> Term:
        """That a register is below one of these ends, if there are any."""
        made = self.terms.truth(not ends)
        for end in ends:
            made = self.terms.or_(made, self.terms.ult(self.terms.const(element.index, 64), end))
        return made

    def live(self, mirror: Mirror) -> Term:
        """That there is something in a register that must not be lost."""
        return self.terms.and_(self.used(mirror), self.exists(mirror.element))

    def given(self, mirror: Mirror, mask: int, where: Term) -> None:
        """The owner's value in a slot becomes what the host put there."""
        key = self.ghost_key(mirror)
        old = self.get(key)
        new = self.terms.masked(old, self.resized(self.slot_of(mirror), old.width), mask)
        self.cells[key] = self.terms.ite(where, new, old)

    # ---- who looks

    def env(self) -> Env:
        roots = {c.root for c in self.program.contexts.values()} - {MACHINE}
        return Env(0, {root: self.owner if root == self.root else root for root in roots})

    def watcher(self) -> Env:
        """Who looks from outside: nothing is an access."""
        env = self.env()
        env.software = False
        return env

    def check(self, invariants: list[l.Invariant], point: str) -> None:
        """The invariants of a point."""
        for each in invariants:
            if point in each.points:
                holds = self.on(self.truth(each.condition, self.watcher()))
                found = self.solver.holds(holds, (self.path,))
                if not found:
                    text = " ".join(each.condition.span.text.split())
                    what = f"invariant {each.name} does not hold in `{point}`: {text}"
                    self._suspect(
                        InvariantBroken,
                        each.name,
                        each.span,
                        (),
                        what,
                        invariant=each,
                        unknown=found is None,
                    )

    def _suspect(
        self,
        kind: type[Diagnostic],
        rule: str,
        where: Span,
        ends: tuple[Note, ...],
        message: str,
        *,
        mirror: Mirror | None = None,
        bits: int = 0,
        invariant: l.Invariant | None = None,
        unknown: bool = False,
    ) -> None:
        self.suspected(
            Suspicion(
                kind, rule, where, ends, message, self.phase, mirror, bits, invariant, unknown
            )
        )

    # ---- what must hold

    def _holds_ghost(self, mirror: Mirror, c: Term) -> bool | None:
        """Whether the register has what its owner had."""
        goal = self._same(mirror, self.stored(mirror.element), mirror.mask)
        return self.solver.holds(goal, (self.path, c, self.live(mirror)))

    def _same(self, mirror: Mirror, value: Term, mask: int) -> Term:
        """That a value, written to the register, is what its owner's value would be there."""
        element = mirror.element
        mine = self.get(self.ghost_key(mirror))
        value = self.resized(value, element.register.width)
        if value is mine:
            return self.terms.true
        if element.legalised:
            value = self.legalised(element, value, element.ones)
            mine = self.legalised(element, mine, element.ones)
        return self.terms.and_(
            *(
                self.terms.eq(
                    self.terms.slice(value, low, width), self.terms.slice(mine, low, width)
                )
                for low, width in mirror.stretches
                if mask >> low & 1
            )
        )

    def looked_at(self, mirror: Mirror, looks: list[Look]) -> None:
        """A guest looks at a register: it must have its own value, and nobody else's."""
        terms, element = self.terms, mirror.element
        live = self.live(mirror)
        looked = terms.false
        for look in looks:
            looked = terms.or_(looked, look.condition)
        holds = self.solver.holds(
            self._same(mirror, self.stored(element), mirror.mask), (self.path, looked, live)
        )
        if not holds:
            self._lost(mirror, looked, live, looks, unknown=holds is None)
        used = self.used(mirror)
        if used is not terms.true:
            self._leaks(mirror, terms.not_(used))

    def _lost(
        self,
        mirror: Mirror,
        looked: Term,
        live: Term,
        looks: list[Look],
        *,
        unknown: bool,
    ) -> None:
        element = mirror.element
        given = (self.path, looked, live)
        bits = self._differing(mirror, self.stored(element), given)
        kept = self.solver.holds(self._same(mirror, self.slot_of(mirror), bits), given)
        slot_at = self.origin.get(slot_key(self.holder(mirror.slot), mirror.slot, mirror.index))
        where = self.origin.get(element.name) if kept else slot_at
        ends = [Note(mirror.slot.span, f"{mirror.slot.name} mirrors {element.register.name}")]
        ends += [Note(span, "here the guest finds it") for span in [x.span for x in looks[:1]]]
        how = "does not come back from memory" if kept else "is not kept"
        what = f"what a guest has in {element.name} ({self._named(element, bits)}) {how}"
        self._suspect(
            StateLost,
            mirror.slot.name,
            where or mirror.slot.span,
            tuple(ends),
            what,
            mirror=mirror,
            bits=bits,
            unknown=unknown,
        )

    def _differing(self, mirror: Mirror, value: Term, given: tuple[Term, ...]) -> int:
        """The bits in which a value may not be the owner's."""
        found = 0
        for low, width in mirror.stretches:
            place = ((1 << width) - 1) << low
            if not self.solver.holds(self._same(mirror, value, place), given):
                found |= place
        return found

    def _named(self, element: Element, bits: int) -> str:
        names = [f.name for f in element.register.fields if f.mask & bits]
        return ", ".join(names) or "all bits"

    def _leaks(self, mirror: Mirror, dead: Term) -> None:
        """What is not in use must hold nothing that somebody left there."""
        element = mirror.element
        known = self.solver.known((self.terms.and_(self.path, dead), True))
        if known.dead:
            return
        value = known.of(self.stored(element))
        bits = 0
        for low, width in mirror.stretches:
            part = self.terms.slice(value, low, width)
            if any(str(u.args[0]).startswith((self.left, "G:", "given:")) for u in symbols(part)):
                bits |= ((1 << width) - 1) << low
        if not bits or self.solver.holds(self.terms.not_(dead), (self.path,)):
            return
        where = self.origin.get(element.name) or mirror.slot.span
        what = (
            f"{element.name} is not in use, and holds what was there before "
            f"({self._named(element, bits)})"
        )
        ends = (Note(mirror.slot.span, f"{mirror.slot.name} mirrors {element.register.name}"),)
        self._suspect(StateLeaks, mirror.slot.name, where, ends, what, mirror=mirror, bits=bits)

    def read_by(self, mirror: Mirror, c: Term, who: str, span: Span) -> None:
        """Somebody reads a slot: what is in use must be what the owner last had."""
        given = (self.path, c, self.live(mirror))
        value = self.slot_of(mirror)
        holds = self.solver.holds(self._same(mirror, value, mirror.mask), given)
        if holds:
            return
        bits = self._differing(mirror, value, given)
        where = self.origin.get(slot_key(self.holder(mirror.slot), mirror.slot, mirror.index))
        element = mirror.element
        ends = (
            Note(mirror.slot.span, f"{mirror.slot.name} mirrors {element.register.name}"),
            Note(span, f"{who} reads it here"),
        )
        what = (
            f"{who} reads {mirror.name}, and it is not what a guest has in {element.name} "
            f"({self._named(element, bits)})"
        )
        self._suspect(
            StateLost,
            mirror.slot.name,
            where or mirror.slot.span,
            ends,
            what,
            mirror=mirror,
            bits=bits,
            unknown=holds is None,
        )

    # ---- what sequences and externs do

    def called(self, name: str, owners: dict[str, str], span: Span) -> None:
        extern = self.program.externs[name]
        for effect in extern.effects:
            if effect.kind != "reads":
                continue
            for mirror in self.static.mirrors:
                if mirror.slot in effect.places:
                    self.read_by(mirror, self.terms.true, name, span)

    def gave(self, extern: s.Extern, owners: dict[str, str]) -> None:
        for effect in extern.effects:
            if effect.kind != "writes":
                continue
            for mirror in self.static.mirrors:
                if mirror.slot in effect.places:
                    mask = effect.bits(mirror.slot)
                    bits = mirror.mask if mask is None else mask & mirror.mask
                    self.given(mirror, bits, self.terms.true)

    def kept(self, slot: Slot, owner: str, index: Term | None, span: Span, env: Env) -> None:
        for at in (None,) if index is None else range(slot.length):
            if index is not None and index.constant and index.value != at:
                continue
            self.origin[slot_key(owner, slot, at)] = span
            mirror = self.static.by_slot.get((slot.name, at))
            if mirror is not None and env.software and env.frame == 0:
                # A lifecycle's own store is the host's, for the guest.
                self.given(mirror, mirror.mask, self.terms.true)

    def wrote(self, register: Register, index: Term | None, node: s.Statement, env: Env) -> None:
        for c, element in self.candidates(register, index):
            self.origin[element.name] = node.span
            if isinstance(node, s.WriteRegister):
                for read in self._read_before(node.value, env):
                    if read.element == element.name:
                        self._bits(element, read, node.span, c)

    def let(self, name: str, value: x.Expr, env: Env) -> None:
        self._derived[env.frame, name] = list(self._read_before(value, env))

    def _read_before(self, value: x.Expr, env: Env) -> Iterator[Derived]:
        """The registers whose bits a value has, as they were when they were read."""
        for origin, mask in origins(value):
            match origin:
                case x.Var(name=name):
                    for each in self._derived.get((env.frame, name), ()):
                        yield replace(each, mask=each.mask & mask)
                case x.ReadRegister(register=register, index=index, span=span):
                    at = None if index is None else self.value(index, env)
                    if at is None or at.constant:
                        for _, element in self.candidates(register, at):
                            yield Derived(element.name, self.stored(element), mask, span)

    def _bits(self, element: Element, read: Derived, span: Span, c: Term) -> None:
        """What is written back in bits that were not meant must be what is there now."""
        if read.mask & element.writable == element.writable:
            # The register gets a value back that it had: that is no update.
            return
        now, lost = self.stored(element), 0
        for low, width in stretches(element, read.mask & element.writable, fields=True):
            then = self.terms.slice(read.value, low, width)
            same = self.terms.eq(self.terms.slice(now, low, width), then)
            if not self.solver.holds(same, (self.path, c)):
                lost |= ((1 << width) - 1) << low
        if lost:
            what = (
                f"{element.name} was read, and is another when it is written back "
                f"({self._named(element, lost)})"
            )
            ends = (Note(read.span, "it was read here"),)
            self._suspect(BitsLost, element.name, span, ends, what, bits=lost)
