"""One way through a lifecycle, from the start, on unknowns: what others did in it can be told.

Nothing is abstracted: what a suspicion speaks of either can go wrong on this way, and then z3 says
with which numbers, or it cannot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dsl.diagnostics.proofs import BitsLost, StateLeaks, StateLost
from dsl.ir import expr as x
from dsl.ir import lifecycle as l
from dsl.ir import sequence as s
from dsl.ir.shapes import Condition, Slot
from dsl.ir.types import Bool
from dsl.run.registers import Element
from dsl.run.world import limits
from dsl.source import Span
from dsl.verify.symbolic.derived import Derived
from dsl.verify.symbolic.expressions import Env
from dsl.verify.symbolic.mirrors import Mirror, Static
from dsl.verify.symbolic.owned import Look, Suspicion
from dsl.verify.symbolic.phases import Phases
from dsl.verify.symbolic.proof import booted, fixed
from dsl.verify.symbolic.solver import Solver
from dsl.verify.symbolic.state import Cells, Key, fact_key, slot_key, width_of
from dsl.verify.symbolic.term import Term, evaluate
from dsl.verify.symbolic.terms import Terms


@dataclass(frozen=True, slots=True)
class Act:
    """Somebody changed a register, a slot, or decided what an extern or a condition does.

    ``step`` is the number of the visit, ``place`` what was changed: the text of it, or the field.
    """

    step: int
    actor: str
    place: Element | tuple[Slot, int | None] | Condition
    mask: int
    value: Term
    condition: Term


@dataclass(frozen=True, slots=True)
class Goal:
    """What goes wrong where ``condition`` holds: ``place`` has ``seen`` and not ``wanted``."""

    condition: Term
    place: Element | tuple[Slot, int | None] | None
    seen: Term | None
    wanted: Term | None
    mask: int = 0


@dataclass(frozen=True, slots=True)
class Point:
    """Where a way is now: the machine's state there, and what was done on it."""

    cells: Cells
    path: Term
    node: int
    owner: str
    cpu: int
    visits: tuple[tuple[int, str, int], ...]
    acts: tuple[Act, ...]
    parked: tuple[tuple[int, Cells], ...] = ()


class Chain(Phases):
    """Executes the phases of a way; ``target`` is what is looked for.

    ``most`` bounds the numbers of counters: a fault that needs more elements is one with fewer.
    """

    def __init__(
        self,
        static: Static,
        terms: Terms,
        facts: Mapping[str, int],
        target: Suspicion,
    ) -> None:
        super().__init__(static.program, terms, Solver(terms), facts, static)
        self.models = True
        self.target = target
        self.goals: list[Goal] = []
        self.acts: list[Act] = []
        self.step = 0
        index = target.mirror.index if target.mirror is not None else None
        self.most = max(2, (index or 0) + 1)
        self.constants, assumed, self.entry = fixed(self)
        self.solver.assume(assumed)
        self._boot = booted(self, self.constants, run=True)
        self.initial = self._start
        self.given_at_start: dict[Key, Term] = {}

    # ---- where it starts

    def _start(self, key: Key) -> Term | None:
        if isinstance(key, str):
            return self.constants.get(key) or self.boot_value(key)
        if key[0] == "g":
            owner, _, name = str(key[1]).partition("/")
            slot = self.program.slots[name]
            at = None if key[2] == -1 else int(key[2])
            mirror = self.static.by_slot[name, at]
            width = mirror.element.register.width
            return self.resized(
                self._slot_start((owner, name, -1 if at is None else at), slot), width
            )
        if key[0] in ("?", "="):
            return None
        return self._slot_start(key, self.program.slots[str(key[1])])

    def boot_value(self, name: str) -> Term:
        """What a register holds when a CPU boots; what is not known is 0, as in a run."""
        return self._boot[name]

    def _slot_start(self, key: Key, slot: Slot) -> Term:
        found = self.given_at_start.get(key)
        if found is None:
            low, _ = limits(slot)
            mirrored = any(m.slot == slot for m in self.static.mirrors)
            free = mirrored or slot.name not in self.static.written
            width = width_of(slot)
            if free and slot.name not in self._defining():
                found = self.any_named(f"start:{key}", slot)
            else:
                found = self.terms.const(max(low, 0), width) if width else self.terms.false
            self.given_at_start[key] = found
        return found

    def _defining(self) -> set[str]:
        """The slots that conditions follow from: those are given instead."""
        return self.static.defining

    def any_named(self, name: str, what: Slot) -> Term:
        low, high = limits(what)
        if low < 0:
            return self.terms.symbol(name, width_of(what))
        if what.high is not None:
            high = min(high, low + self.most)
        return self.ranged(name, width_of(what), low, high)

    def any_of(self, what: Slot | Condition, name: str) -> Term:
        low, high = limits(what)
        if isinstance(what, Slot) and what.high is not None and low >= 0:
            return self.fresh(name, width_of(what), low, min(high, low + self.most))
        return super().any_of(what, name)

    def ghost_key(self, mirror: Mirror) -> Key:
        name = f"{self.holder(mirror.slot)}/{mirror.slot.name}"
        return ("g", name, -1 if mirror.index is None else mirror.index)

    def goes_on(self, more: Term, done: int) -> bool:
        # Counters are small here, which a loop's condition alone does not show.
        return done < self.most or not self.solver.holds(self.terms.not_(more), (self.path,))

    # ---- one phase more

    def take(self, at: Point, node: int, phase: l.Phase, invariants: list[l.Invariant]) -> Point:
        """The way on from a point through a phase."""
        self.cells, self.path = dict(at.cells), at.path
        self.owner, self.step = at.owner, len(at.visits)
        self.acts, self.goals = [], []
        self.run_phase(phase, invariants)
        cells = {k: v for k, v in self.cells.items() if k[0] != "="}
        visits = (*at.visits, (node, at.owner, at.cpu))
        return replace(
            at, cells=cells, path=self.path, node=node, visits=visits, acts=(*at.acts, *self.acts)
        )

    # ---- what is done, and what goes wrong

    def acted(self, element: Element, value: Term, look: Look) -> None:
        mask = look.mask & element.stored
        self.acts.append(Act(self.step, look.actor, element, mask, value, look.condition))

    def refilled(self, slot: Slot, index: int | None, value: Term, c: Term) -> None:
        self.acts.append(Act(self.step, self.phase, (slot, index), -1, value, c))

    def sampled(self, condition: Condition, env: object) -> Term:
        found = super().sampled(condition, env)  # type: ignore[arg-type]
        self.acts.append(Act(self.step, condition.name, condition, -1, found, self.path))
        return found

    def modelled(self, test: x.Test, owner: str, env: Env) -> Term:
        found = super().modelled(test, owner, env)
        name, root = test.condition.name, test.condition.root
        if env.software and isinstance(test.condition.type, Bool):
            # As in a run, no history breaks what is assumed of it.
            handles = {**env.handles, **({root: owner} if root is not None else {})}
            for about in self._about.get(name, ()):
                self._taken[name] = found
                holds = self.truth(about, Env(0, handles, False))
                del self._taken[name]
                self.path = self.terms.and_(self.path, holds)
        return found

    def gave(self, extern: s.Extern, owners: dict[str, str]) -> None:
        super().gave(extern, owners)
        name = extern.signature.name
        if self.models and name in self.program.models:
            return
        for effect in extern.effects:
            for place in effect.places if effect.kind == "writes" else ():
                if isinstance(place, Slot):
                    owner = owners.get(place.root, "")
                    for index in range(place.length) if place.length else (None,):
                        value = self.get(slot_key(owner, place, index))
                        self.acts.append(Act(self.step, name, (place, index), -1, value, self.path))
                elif isinstance(place, Condition):
                    self.cells.pop(fact_key(owners.get(place.root or "", ""), place), None)

    def _aimed(self, mirror: Mirror) -> bool:
        mine = self.target.mirror
        return mine is not None and mine.slot == mirror.slot

    def looked_at(self, mirror: Mirror, looks: list[Look]) -> None:
        if not self._aimed(mirror):
            return
        terms, element = self.terms, mirror.element
        looked = terms.false
        for look in looks:
            looked = terms.or_(looked, look.condition)
        used = self.used(mirror)
        if self.target.kind is StateLeaks:
            start = self.boot_value(element.name)
            value = self.stored(element)
            if start.constant and used is not terms.true:
                other = terms.not_(terms.eq(value, start))
                goal = terms.and_(self.path, terms.not_(used), other)
                self.goals.append(Goal(goal, element, value, start, mirror.mask))
            return
        self._wrong(mirror, element, self.stored(element), looked)

    def _wrong(
        self,
        mirror: Mirror,
        place: Element | tuple[Slot, int | None],
        value: Term,
        where: Term,
    ) -> None:
        terms, element = self.terms, mirror.element
        same = self._same(mirror, value, mirror.mask)
        goal = terms.and_(self.path, where, self.live(mirror), terms.not_(same))
        mine = self.legalised(element, self.get(self.ghost_key(mirror)), element.ones)
        width = element.register.width
        seen = self.legalised(element, self.resized(value, width), element.ones)
        self.goals.append(Goal(goal, place, seen, mine, mirror.mask))

    def read_by(self, mirror: Mirror, c: Term, who: str, span: Span) -> None:
        if self._aimed(mirror) and self.target.kind is StateLost:
            self._wrong(mirror, (mirror.slot, mirror.index), self.slot_of(mirror), c)

    def _bits(self, element: Element, read: Derived, span: Span, c: Term) -> None:
        target = self.target
        if target.kind is not BitsLost or (target.rule, target.where) != (element.name, span):
            return
        mask, now = read.mask & target.bits, self.stored(element)
        zero = self.terms.const(0, element.register.width)
        then, before = (self.terms.masked(zero, value, mask) for value in (read.value, now))
        other = self.terms.not_(self.terms.eq(then, before))
        # What somebody wrote in between is not there afterwards.
        self.goals.append(Goal(self.terms.and_(self.path, c, other), element, then, before, mask))

    def check(self, invariants: list[l.Invariant], point: str) -> None:
        for each in invariants:
            if each is self.target.invariant and point in each.points:
                holds = self.truth(each.condition, self.watcher())
                goal = self.terms.and_(self.path, self.terms.not_(holds))
                self.goals.append(Goal(goal, None, None, None))

    def _holds_ghost(self, mirror: Mirror, c: Term) -> bool | None:
        # Who acts for the guest, does.
        return True


def numbers(terms: list[Term], model: dict[Term, int]) -> list[int]:
    """What terms are in a model."""
    made: dict[Term, int] = {}
    return [evaluate(each, model, made) for each in terms]
