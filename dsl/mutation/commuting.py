"""Two neighbours that may change places: what the one does is nothing to the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import TypeAlias

from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.folding import Fixed, Folder
from dsl.ir.platform import Events, OnlyWhile, Precedes, VisibleTo
from dsl.ir.program import Program
from dsl.ir.shapes import Access, Condition, Field, Register, RegisterRef
from dsl.ir.walk import bodies, expressions, inside, statements
from dsl.ir.ways import phases
from dsl.mutation.normal import constants, exact_of, parted
from dsl.verify.configurations import configurations

_SIMPLE = (s.WriteRegister, s.UpdateRegister, s.WriteSlot, s.UpdateSlot, s.Switch, s.Loop)
#: What only a function that is called may do: its locals are its own, and so is its end.
_INNER = (s.Let, s.Assign, s.Return, s.Labelled, s.Leave)
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class _Touch:
    """An access of a register or a slot; ``index`` is None where it may be any element.

    ``mask`` are the bits that a read asks for, or that a write may change.
    """

    name: str
    index: int | None
    writes: bool
    mask: int

    def meets(self, other: _Touch) -> bool:
        """Whether both may be of one place."""
        any_ = None in (self.index, other.index)
        return self.name == other.name and (any_ or self.index == other.index)


@dataclass(frozen=True, slots=True)
class _Some:
    """Accesses of a register that something is said of.

    ``index`` is None where all elements are meant, and ``writes`` where reads and writes are.
    """

    name: str
    index: int | None
    writes: bool | None
    mask: int = -1

    def has(self, touch: _Touch) -> bool:
        """Whether an access may be one of these."""
        return (
            self.name == touch.name
            and self.writes in (None, touch.writes)
            and (None in (self.index, touch.index) or self.index == touch.index)
            and bool(self.mask & touch.mask)
        )


#: Accesses of which the one has to do with the other, in this order.
_Related: TypeAlias = tuple[_Some, _Some]


@dataclass(slots=True)
class _Accesses:
    """What a statement accesses in a configuration; ``fenced``: there is a barrier in it.

    ``crossing`` is what hypcalls change on their way in and back, whatever it was before.  They
    are ``closed`` where nothing is accessed outside them: then nobody asks what it was.
    """

    folder: Folder
    registers: set[_Touch] = field(default_factory=set)
    slots: set[_Touch] = field(default_factory=set)
    crossing: set[_Touch] = field(default_factory=set)
    fenced: bool = False
    closed: bool = True
    #: How many hypcalls the statement that is looked at is in.
    within: int = 0

    def touch(self, register: Register, index: x.Expr | None, writes: bool, mask: int) -> None:
        """Notes an access of a register."""
        self.closed = self.closed and self.within > 0
        self.registers.add(_Touch(register.name, _number(index), writes, mask))


class _Unclear(Exception):
    """A statement does more than what its accesses are."""


class Commuting:
    """Tells which neighbours of a program may change places.

    On any machine, whatever is in registers and memory, both orders give the same values.  Where a
    barrier is in one of them, ``alike`` is asked too: whether nobody need see less than that in the
    program as it is now.
    """

    def __init__(self, program: Program, alike: Callable[[Program, Program], bool]) -> None:
        self.program, self.alike = program, alike
        always = constants(program)
        self._folders = [
            Folder(program, Fixed({**always, **dict(each)}, {}, {}))
            for each in configurations(program)
        ]
        # Rules may hold under conditions, and these may be defined by what is in memory.
        self._asked = {
            part.slot.name
            for defined in program.definitions.values()
            for part in inside(defined.value)
            if isinstance(part, x.ReadSlot)
        }
        self._legal = {r.register.name for r in program.legalisations}
        self._changing = frozenset(_changed(program))
        self._related = frozenset(_relations(program))

    def same(self, old: Program, new: Program) -> bool:
        """Whether two programs differ in the order of two neighbours, and it is nobody's to see."""
        pairs = [(q, new.sequences[n]) for n, q in old.sequences.items()]
        changed = [(a, b) for a, b in pairs if a is not b]
        if len(changed) != 1:
            return False
        before, after = changed[0]
        mine = {id(each) for each in statements(before.body)}
        parts = list(parted(before.body or (), after.body or ()))
        was = [each for each in parts if id(each) in mine]
        is_ = [each for each in parts if id(each) not in mine]
        if len(was) != 2 or [*map(exact_of, was)] != [*map(exact_of, reversed(is_))]:
            return False
        fenced = False
        for folder in self._folders:
            one, other = (self._accesses(each, folder) for each in was)
            if one is None or other is None or not self._apart(one, other):
                return False
            fenced = fenced or one.fenced or other.fenced
        return not fenced or self.alike(old, new)

    def _apart(self, one: _Accesses, other: _Accesses) -> bool:
        """Whether neither changes what the other reads, or when it may happen."""
        if any(t.writes and t.name in self._asked for t in one.slots | other.slots):
            return False
        if any(p.meets(q) and (p.writes or q.writes) for p in one.slots for q in other.slots):
            return False
        mine, others = one.registers, other.registers
        if not (one.closed and other.closed):
            mine, others = mine | one.crossing, others | other.crossing
        return not any(self._joined(p, q) or self._joined(q, p) for p in mine for q in others)

    def _joined(self, one: _Touch, other: _Touch) -> bool:
        if one.meets(other) and not self._fixed(one.name):
            # Of what others write, two reads may see more and more.
            return True
        return any(a.has(one) and b.has(other) for a, b in self._related)

    def _fixed(self, name: str) -> bool:
        """Whether a register is always what it is."""
        register = self.program.registers[name]
        computed = any(f.computed for f in register.fields)
        return register.access is Access.RO and not computed and name not in self._changing

    # ---- what a statement accesses

    def _accesses(self, statement: s.Statement, folder: Folder) -> _Accesses | None:
        """What a statement accesses; None where it does more than that."""
        found = _Accesses(folder)
        try:
            self._look((statement,), found, 0)
        except _Unclear:
            return None
        return found

    def _look(self, body: s.Body, found: _Accesses, depth: int) -> None:
        if depth > _DEEPEST:
            raise _Unclear
        for each in body:
            match each:
                case s.Order():
                    found.fenced = True
                case s.Perform(call=call):
                    self._called(call, found, depth)
                case s.If(arms=arms, otherwise=otherwise):
                    for way in self._ways(arms, otherwise, found, depth):
                        self._look(way, found, depth)
                case _ if isinstance(each, (*_SIMPLE, *_INNER) if depth else _SIMPLE):
                    self._written(each, found)
                    for value in expressions(each):
                        self._read(value, found, depth)
                    for inner in bodies(each):
                        self._look(inner, found, depth)
                case _:
                    raise _Unclear

    def _ways(
        self, arms: tuple[s.Arm, ...], otherwise: s.Body | None, found: _Accesses, depth: int
    ) -> Iterator[s.Body]:
        """The ways that a choice may take."""
        for arm in arms:
            folded = found.folder.fold(arm.condition, {})
            if not folded.settled:
                self._read(arm.condition, found, depth)
            if folded.value is None or folded.value:
                yield arm.body
            if folded.value:
                return
        yield otherwise or ()

    def _written(self, statement: s.Statement, found: _Accesses) -> None:
        match statement:
            case s.WriteRegister(register=register, index=index):
                found.touch(register, index, True, register.type.mask)
            case s.UpdateRegister(register=register, index=index):
                found.touch(register, index, False, register.type.mask)
                found.touch(register, index, True, self._changes(statement))
            case s.WriteSlot(slot=slot, index=index) | s.UpdateSlot(slot=slot, index=index):
                found.slots.add(_Touch(slot.name, _number(index), True, -1))
            case _:
                pass

    def _changes(self, update: s.UpdateRegister) -> int:
        """The bits that an update may change: the others get what they have."""
        if update.register.name in self._legal:
            # Unless a write does not leave it at that.
            return update.register.type.mask
        return _mask(change.field for change in update.changes)

    def _read(self, value: x.Expr, found: _Accesses, depth: int) -> None:
        for part in inside(value):
            match part:
                case x.ReadRegister(register=register, index=index):
                    found.touch(register, index, False, register.type.mask)
                case x.ReadSlot(slot=slot, index=index):
                    found.slots.add(_Touch(slot.name, _number(index), False, -1))
                case x.Test(condition=condition):
                    self._test(condition, found, depth)
                case x.Call():
                    self._called(part, found, depth)
                case x.Every():
                    raise _Unclear
                case _:
                    pass

    def _test(self, condition: Condition, found: _Accesses, depth: int) -> None:
        """A condition: what it is defined by is read; another may be another each time."""
        name = condition.name
        defined = self.program.definitions.get(name)
        if defined is not None:
            self._read(defined.value, found, depth + 1)
        elif name not in found.folder.fixed.conditions:
            raise _Unclear

    def _called(self, call: x.Call, found: _Accesses, depth: int) -> None:
        """What a function accesses that is called, and what a hypcall does beside that."""
        callee = self.program.sequences.get(call.callee)
        if callee is None or callee.body is None:
            raise _Unclear
        for value in call.args:
            self._read(value, found, depth)
        if call.hyp:
            self._cross(found, depth)
        found.within += call.hyp
        self._look(callee.body, found, depth + 1)
        found.within -= call.hyp

    def _cross(self, found: _Accesses, depth: int) -> None:
        """What a hypcall does on its way in, and back."""
        found.fenced = True
        crossing = self.program.crossing
        if crossing is None:
            return
        sides = [_Accesses(found.folder), _Accesses(found.folder)]
        for side, body in zip(sides, (crossing.enters, crossing.leaves), strict=True):
            self._look(body, side, depth + 1)
        given = [set(self._given(b, found)) for b in (crossing.enters, crossing.leaves)]
        for side in sides:
            found.slots |= side.slots
            for touch in side.registers:
                back = given[0] == given[1] and touch.name in {name for name, _ in given[0]}
                (found.crossing if back else found.registers).add(touch)
                found.closed = found.closed and (back or found.within > 0)

    def _given(self, body: s.Body, found: _Accesses) -> Iterator[tuple[str, int]]:
        """The bits that get the same value each time, by the names of their registers."""
        for each in body:
            match each:
                case s.UpdateRegister(register=register, index=None, changes=changes):
                    if all(isinstance(c.value, x.Const) and c.index is None for c in changes):
                        yield register.name, self._changes(each)
                case s.WriteRegister(register=register, index=None, value=x.Const()):
                    yield register.name, register.type.mask
                case s.If(arms=arms, otherwise=otherwise):
                    ways = list(self._ways(arms, otherwise, _Accesses(found.folder), 0))
                    if len(ways) == 1:
                        yield from self._given(ways[0], found)
                case _:
                    pass


def _number(index: x.Expr | None) -> int | None:
    return index.value if isinstance(index, x.Const) else None


def _mask(fields: Iterable[Field]) -> int:
    mask = 0
    for each in fields:
        mask |= each.mask
    return mask


def _changed(program: Program) -> Iterator[str]:
    """The registers that others than sequences change."""
    done = [o.body for o in (*program.operations.values(), *program.models.values())]
    for each in (e for body in done for e in statements(body)):
        if isinstance(each, s.WriteRegister | s.UpdateRegister):
            yield each.register.name
    permitted = [p.body for life in program.lifecycles for p in phases(life.steps)]
    for may in (e for body in permitted for e in statements(body)):
        if isinstance(may, s.May) and may.kind != "read":
            yield from (p.register.name for p in may.places if isinstance(p, RegisterRef))
    for effect in (e for extern in program.externs.values() for e in extern.effects):
        if effect.kind == "writes":
            yield from (p.register.name for p in effect.places if isinstance(p, RegisterRef))


# ---- what relates registers


def _relations(program: Program) -> Iterator[_Related]:
    """Accesses of registers of which the one has to do with the other."""
    for rule in program.legalisations:
        for asked in _asks(program, (rule.value, rule.condition)):
            yield _Some(rule.register.name, None, True), asked
    for computed in program.computed:
        for asked in _asks(program, (computed.value,)):
            yield _Some(computed.register.name, None, None), asked
    for layout in program.layouts:
        for asked in _asks(program, (layout.condition,)):
            yield _Some(layout.register.name, None, None), asked
    for clause in (c for r in program.rules for c in r.clauses):
        ends: list[_Some]
        others = list(_asks(program, () if clause.condition is None else (clause.condition,)))
        match clause:
            case VisibleTo(first=first, then=then):
                # Only software's writes come before or after an access; others are as they are.
                ends = [*_named(first, True), *_named(then, None)]
                yield from product(_named(first, True), _named(then, None))
            case Precedes(first=first, then=then):
                ends = [*_named(first, None), *_named(then, None)]
                yield from product(_named(first, None), _named(then, None))
            case OnlyWhile(events=events, effective=effective):
                ends = list(_named(events, None))
                others += _asks(program, (effective,))
        yield from product(ends, others)


def _named(events: Events, default: bool | None) -> Iterator[_Some]:
    """The accesses by software that are among these events."""
    writes = default if events.access is None else events.access == "writes"
    for target in events.targets:
        if isinstance(target, RegisterRef):
            yield _Some(target.register.name, target.index, writes)


def _asks(program: Program, values: Iterable[x.Expr]) -> Iterator[_Some]:
    """The writes that change what some expressions ask for, also by way of what is computed."""
    waiting = list(values)
    seen: set[_Some] = set()
    while waiting:
        for read, mask in _bits(waiting.pop()):
            asked = _Some(read.register.name, _number(read.index), True, mask)
            if asked not in seen:
                seen.add(asked)
                yield asked
                waiting += [
                    c.value
                    for c in program.computed
                    if c.register.name == asked.name and c.field.mask & mask
                ]


def _bits(value: x.Expr) -> Iterator[tuple[x.ReadRegister, int]]:
    """The registers that an expression reads, and which bits of each."""
    whole = {id(p): p for p in inside(value) if isinstance(p, x.ReadRegister)}
    for part in inside(value):
        match part:
            case x.Extract(value=x.ReadRegister() as read, field=each):
                whole.pop(id(read), None)
                yield read, each.mask
            case _:
                pass
    for read in whole.values():
        yield read, read.register.type.mask
