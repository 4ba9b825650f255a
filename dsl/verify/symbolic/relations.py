"""What a program says of its state in conditions, as far as it holds at a place of a lifecycle.

`facts` knows each register and each slot by itself.  How they go together is known here: whether a
condition that the sources write down (an invariant, or what an extern ensures) holds at a place.
This is induction over these conditions:

- *base*: one holds before everything only if it is proved of the state that a lifecycle starts in,
  and on a CPU where nobody was only if it is proved of what the CPU boots with;
- *step*: after a phase it holds only if it is proved of each state that the phase can leave, with
  all that others may do in it.  What is assumed for that is no more than what holds before the
  phase, and it is assumed of the state before it alone.  What a phase has changed nothing of is as
  it was;
- where ways meet, what holds on all of them holds;
- between two residencies others were on the CPU.  What speaks of the owner's memory alone stays;
  what speaks of registers alone holds if every owner, in every VM of the machine, leaves it so, and
  the CPU booted with it; of what speaks of both nothing is known but what follows from these.

What does not hold as a whole may hold where there is work to do, or where there is none.  What asks
for something that is sampled, or for memory that others write as well, is left out.

Nothing is taken for true because it is declared: a condition that fails somewhere is taken out
there, and with it all that was proved by it, until nothing changes any more.  At the end each
condition that is assumed at a place was proved on every way there: an induction over the length of
a history.  Whether an invariant holds at its points is asked of these states as ever.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.platform import Endpoint
from dsl.ir.program import Program
from dsl.ir.rewrite import rewritten
from dsl.ir.shapes import MACHINE, Context, Period, RegisterRef
from dsl.ir.types import Handle
from dsl.ir.walk import parts, statements
from dsl.ir.ways import phases
from dsl.verify.symbolic.facts import Abstraction
from dsl.verify.symbolic.shapes import Facts, Names
from dsl.verify.symbolic.state import Key, Unbounded, slot_key
from dsl.verify.symbolic.term import Term


@dataclass(frozen=True, slots=True)
class Said:
    """A condition that the sources write down; ``params`` are its handles, by kind of owner.

    ``when``: it is asked for only where there is work to do, or only where there is none.
    """

    name: str
    condition: x.Expr
    params: tuple[tuple[str, str], ...] = ()
    when: bool | None = None


@dataclass(frozen=True, slots=True)
class _Relation:
    """A condition in one configuration: what it looks at, and whom that belongs to.

    ``own``: it speaks of the owner's memory alone.  ``left``: of registers alone, and the same in
    all VMs of a machine, so that it can be said of a CPU that others leave.
    """

    said: Said
    keys: frozenset[Key]
    own: bool
    left: bool


def said(program: Program) -> Iterator[Said]:
    """The conditions that a program writes down about a state, and about nothing else."""
    for module in program.modules:
        for invariant in module.invariants:
            yield Said(invariant.name, invariant.condition)
    for extern in program.externs.values():
        params = tuple(
            (param.name, param.type.root)
            for param in extern.signature.params
            if isinstance(param.type, Handle)
        )
        for number, condition in enumerate(extern.ensures):
            if _closed(condition, frozenset()):
                yield Said(f"{extern.signature.name}#{number}", condition, params)


def needed(each: Said, wrong: Collection[str]) -> bool:
    """Whether a condition may be what is missing for some invariants, before all are tried."""
    return each.name in wrong or "#" in each.name


def stored(program: Program) -> Iterator[Said]:
    """What invariants say of registers, said of the slots that have their values meanwhile."""
    for module in program.modules:
        for invariant in module.invariants:
            for context in program.contexts.values():
                made = _stored(invariant.condition, context)
                if made is not invariant.condition:
                    yield Said(f"{invariant.name}@{context.name}", made)


def _stored(value: x.Expr, context: Context) -> x.Expr:
    """A condition with the slots of a context for the registers that they are linked with."""
    linked = {e.link.register.register.name: e for e in context.slots if e.link is not None}
    changed = False

    def change(part: x.Expr) -> x.Expr:
        nonlocal changed
        slot = linked.get(part.register.name) if isinstance(part, x.ReadRegister) else None
        if slot is None or slot.link is None or slot.link.register.index is not None:
            return part
        assert isinstance(part, x.ReadRegister)
        if part.register.banked != bool(slot.length) or part.register.first:
            return part
        changed = True
        base = "" if slot.root == MACHINE else slot.root
        return x.Cast(x.ReadSlot(slot, base, part.index, part.span), part.type, part.span)

    made = rewritten(value, change)
    return made if changed else value


def _closed(value: x.Expr, bound: Names) -> bool:
    """Whether an expression asks for no argument, and calls nothing."""
    match value:
        case x.Var(name=name):
            return name in bound
        case x.Call() | x.Count():
            return False
        case x.Every(var=var, low=low, high=high, condition=condition):
            rest = _closed(low, bound) and _closed(high, bound)
            return rest and _closed(condition, bound | {var})
        case _:
            return all(_closed(part, bound) for part in parts(value))


def _changing(program: Program) -> Iterator[str]:
    """The registers that somebody may change who is no software of ours."""
    for lifecycle in program.lifecycles:
        for phase in phases(lifecycle.steps):
            for each in statements(phase.body):
                match each:
                    case s.WriteRegister(register=register) | s.UpdateRegister(register=register):
                        yield register.name
                    case s.May(kind=kind, places=places) if kind != "read":
                        for place in places:
                            yield from _named(place)
    for extern in program.externs.values():
        for effect in extern.effects:
            if effect.kind == "writes":
                for written in effect.places:
                    yield from _named(written)


def _named(place: object) -> Iterator[str]:
    """The registers that a place is or, of an endpoint, leads to."""
    refs = place.aliases if isinstance(place, Endpoint) else (place,)
    yield from (ref.register.name for ref in refs if isinstance(ref, RegisterRef))


class Relations:
    """Conditions in one configuration, on the machine of one proof."""

    def __init__(self, abstraction: Abstraction, those: Collection[Said]) -> None:
        self.abstraction = abstraction
        self.machine = abstraction.machine
        changing = set(_changing(self.machine.program))
        elements = self.machine.elements
        #: The registers that are the same on all CPUs, and stay so.
        self._constants = {
            n for n in abstraction.constants if elements[n].register.name not in changing
        }
        self._of: dict[str, _Relation] = {}
        for each in those:
            made = self._relation(each)
            if made is not None:
                self._of[each.name] = made
                for part in self._parts(made):
                    self._of[part.said.name] = part
        #: The condition that a part is one of.
        self._whole = {
            name: name.rpartition("?")[0] for name, r in self._of.items() if r.said.when is not None
        }

    def _parts(self, whole: _Relation) -> Iterator[_Relation]:
        """The same where there is work to do, and where there is none, if that is another thing."""
        switch = self.machine.static.switch
        if switch is None or not whole.keys:
            return
        key = slot_key(self.machine.holder(switch), switch, None)
        if key in whole.keys or not self._lasting(key):
            return
        for when in (True, False):
            part = replace(whole.said, name=f"{whole.said.name}?{when}", when=when)
            yield _Relation(part, whole.keys | {key}, whole.own, left=False)

    def _relation(self, each: Said) -> _Relation | None:
        """What a condition looks at, for all that this may hold; None where it asks for more."""
        machine = self.machine
        machine.cells, before = {}, set(machine.asked)
        machine.again()
        machine.initial = self._anything
        machine.asked.clear()
        try:
            self._term(each)
        except Unbounded:
            return None
        finally:
            asked = set(machine.asked)
            machine.asked |= before
        keys = frozenset(machine.cells)
        # What a condition was found to be it need not be the next time that it is asked for.
        if machine.guessed or not all(self._lasting(key) for key in keys):
            return None
        lasting = keys - self._constants
        registers = {key for key in lasting if isinstance(key, str)}
        own, left = not registers, registers == lasting
        conditions = machine.program.conditions
        alike = all(conditions[name].period is Period.MACHINE for name in asked)
        return _Relation(each, keys, own, left and alike)

    def _anything(self, key: Key) -> Term | None:
        return None if key[0] in ("?", "=") else self.abstraction.anything(key)

    def _lasting(self, key: Key) -> bool:
        """Whether nobody beside the owner's own lifecycle, and who is on the CPU, changes it."""
        if isinstance(key, str):
            return True
        slot = self.machine.program.slots[str(key[1])]
        mine = slot.root != MACHINE and slot.root == self.machine.root
        return mine or slot.name not in self.machine.static.written

    def _term(self, each: Said) -> Term:
        """That a condition holds of the machine as it is now, and can be asked at all."""
        machine = self.machine
        env = machine.watcher()
        for name, root in each.params:
            env.handles[name] = env.handles.get(root, root)
        path, machine.path = machine.path, machine.terms.true
        holds = machine.truth(each.condition, env)
        if each.when is not None:
            holds = machine.terms.implies(self._working(when=each.when), holds)
        made = machine.terms.and_(holds, machine.path)
        machine.path = path
        return made

    def _working(self, *, when: bool) -> Term:
        """That there is work to do, or that there is none."""
        machine = self.machine
        switch = machine.static.switch
        assert switch is not None
        on = machine.get(slot_key(machine.holder(switch), switch, None))
        on = on if on.width == 0 else machine.terms.nonzero(on)
        return on if when else machine.terms.not_(on)

    # ---- where nobody was, and where others were

    def booted(self) -> Names:
        """What holds of a CPU on which nobody ever was."""
        return self._proved(Facts({}, {}), [n for n, r in self._of.items() if r.left])

    def begun(self) -> Names:
        """What holds of an owner's memory before everything."""
        return self._proved(Facts({}, {}), [n for n, r in self._of.items() if r.own])

    def own(self, names: Names) -> Names:
        """Those of some that speak of what nobody but the owner has."""
        return frozenset(n for n in names if self._of[n].own)

    def implied(self, facts: Facts) -> Names:
        """What follows, of both memory and registers, where others were on the CPU."""
        both = [n for n, r in self._of.items() if not (r.own or r.left)]
        return self._proved(facts, both)

    def _proved(self, facts: Facts, names: Collection[str]) -> Names:
        """Those of some that hold wherever some facts do."""
        if not names:
            return frozenset()
        self.abstraction.enter(facts)
        self.assume(facts.relations)
        return frozenset(
            n for n in names if self._whole.get(n) in facts.relations or self._holds(n)
        )

    def _holds(self, name: str) -> bool:
        machine = self.machine
        return bool(machine.solver.holds(self._term(self._of[name].said), (machine.path,)))

    # ---- one phase

    def near(self, names: Names, looked: Collection[Key], moved: Collection[Key]) -> Names:
        """Those of some that have to do with what a phase looks at, or with what it changes.

        More would be as right, and only be more work.
        """
        about = set(looked).union(moved)
        for name in self.changed(moved):
            about |= self._of[name].keys
        return frozenset(
            n
            for n in names
            if self._whole.get(n) not in names and not self._of[n].keys.isdisjoint(about)
        )

    def changed(self, moved: Collection[Key]) -> Names:
        """Those that speak of something which is another now."""
        if not moved:
            return frozenset()
        return frozenset(n for n, r in self._of.items() if not r.keys.isdisjoint(moved))

    def assume(self, names: Names) -> None:
        """The machine, as it was entered, is one of which these hold."""
        machine = self.machine
        for name in self._of:
            if name in names:
                holds = machine.on(self._term(self._of[name].said))
                machine.path = machine.terms.and_(machine.path, holds)

    def judged(self, moved: Collection[Key]) -> dict[str, bool]:
        """Whether those hold now that speak of something which is another than it was."""
        changed = self.changed(moved)
        made: dict[str, bool] = {}
        for name in self._of:
            if name in changed:
                made[name] = made.get(self._whole.get(name, ""), False) or self._holds(name)
        return made
