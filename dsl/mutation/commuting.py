"""Two neighbours that may change places: what the one does is nothing to the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.platform import Events, OnlyWhile, Precedes, VisibleTo
from dsl.ir.program import Program
from dsl.ir.shapes import Access, Field, Period, Register, RegisterRef
from dsl.ir.walk import bodies, expressions, inside, statements
from dsl.ir.ways import phases
from dsl.mutation.normal import exact_of, parted

_SIMPLE = (s.WriteRegister, s.UpdateRegister, s.WriteSlot, s.UpdateSlot, s.If, s.Switch, s.Loop)
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
class _Related:
    """An access of one register has to do with one of another (``writes`` None: of either kind)."""

    one: str
    writes: bool | None
    other: str
    others: bool | None
    mask: int = -1

    def joins(self, one: _Touch, other: _Touch) -> bool:
        """Whether these two are such accesses, in this order."""
        return (
            self.one == one.name
            and self.other == other.name
            and self.writes in (None, one.writes)
            and self.others in (None, other.writes)
            and bool(self.mask & other.mask)
        )


@dataclass(slots=True)
class _Accesses:
    """What a statement accesses; ``fenced``: there is a barrier in it."""

    registers: set[_Touch] = field(default_factory=set)
    slots: set[_Touch] = field(default_factory=set)
    fenced: bool = False


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
        one, other = map(self._accesses, was)
        if one is None or other is None or not self._apart(one, other):
            return False
        return not (one.fenced or other.fenced) or self.alike(old, new)

    def _apart(self, one: _Accesses, other: _Accesses) -> bool:
        """Whether neither changes what the other reads, or when it may happen."""
        if any(t.writes and t.name in self._asked for t in one.slots | other.slots):
            return False
        if any(p.meets(q) and (p.writes or q.writes) for p in one.slots for q in other.slots):
            return False
        return not any(
            self._joined(p, q) or self._joined(q, p) for p in one.registers for q in other.registers
        )

    def _joined(self, one: _Touch, other: _Touch) -> bool:
        if one.meets(other) and not self._fixed(one.name):
            # Of what others write, two reads may see more and more.
            return True
        return any(each.joins(one, other) for each in self._related)

    def _fixed(self, name: str) -> bool:
        """Whether a register is always what it is."""
        register = self.program.registers[name]
        computed = any(f.computed for f in register.fields)
        return register.access is Access.RO and not computed and name not in self._changing

    # ---- what a statement accesses

    def _accesses(self, statement: s.Statement) -> _Accesses | None:
        """What a statement accesses; None where it does more than that."""
        found = _Accesses()
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
                    continue
                case _ if isinstance(each, (*_SIMPLE, *_INNER) if depth else _SIMPLE):
                    self._written(each, found)
                case _:
                    raise _Unclear
            for value in expressions(each):
                self._read(value, found, depth)
            for inner in bodies(each):
                self._look(inner, found, depth)

    def _written(self, statement: s.Statement, found: _Accesses) -> None:
        match statement:
            case s.WriteRegister(register=register, index=index):
                ones = register.type.mask
                found.registers.add(_Touch(register.name, _number(index), True, ones))
            case s.UpdateRegister(register=register, index=index, changes=changes):
                at, ones = _number(index), register.type.mask
                mask = _mask(c.field for c in changes)
                # The other bits get what they have, unless a write does not leave it at that.
                mask = ones if register.name in self._legal else mask
                found.registers.add(_Touch(register.name, at, False, ones))
                found.registers.add(_Touch(register.name, at, True, mask))
            case s.WriteSlot(slot=slot, index=index) | s.UpdateSlot(slot=slot, index=index):
                found.slots.add(_Touch(slot.name, _number(index), True, -1))
            case _:
                pass

    def _read(self, value: x.Expr, found: _Accesses, depth: int) -> None:
        for part in inside(value):
            match part:
                case x.ReadRegister(register=register, index=index):
                    ones = register.type.mask
                    found.registers.add(_Touch(register.name, _number(index), False, ones))
                case x.ReadSlot(slot=slot, index=index):
                    found.slots.add(_Touch(slot.name, _number(index), False, -1))
                case x.Test(condition=condition):
                    self._test(condition.name, condition.period, found, depth)
                case x.Call():
                    self._called(part, found, depth)
                case x.Every():
                    raise _Unclear
                case _:
                    pass

    def _test(self, name: str, period: Period, found: _Accesses, depth: int) -> None:
        """A condition: what it is defined by is read; another may be another each time."""
        defined = self.program.definitions.get(name)
        if defined is not None:
            self._read(defined.value, found, depth + 1)
        elif period not in (Period.MACHINE, Period.VM) or name in self.program.models:
            raise _Unclear

    def _called(self, call: x.Call, found: _Accesses, depth: int) -> None:
        """What a function accesses that is called; its arguments are in the statement."""
        callee = self.program.sequences.get(call.callee)
        if callee is None or callee.body is None:
            raise _Unclear
        found.fenced = found.fenced or call.hyp
        if call.hyp and self.program.crossing is not None:
            for side in (self.program.crossing.enters, self.program.crossing.leaves):
                self._look(side, found, depth + 1)
        for value in call.args:
            self._read(value, found, depth)
        self._look(callee.body, found, depth + 1)


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
        for name, mask in _asks(program, (rule.value, rule.condition)):
            yield _Related(rule.register.name, True, name, True, mask)
    for computed in program.computed:
        for name, mask in _asks(program, (computed.value,)):
            yield _Related(computed.register.name, None, name, True, mask)
    for layout in program.layouts:
        for name, mask in _asks(program, (layout.condition,)):
            yield _Related(layout.register.name, None, name, True, mask)
    for clause in (c for r in program.rules for c in r.clauses):
        asked = list(_asks(program, () if clause.condition is None else (clause.condition,)))
        match clause:
            case VisibleTo(first=first, then=then):
                # Only software's writes come before or after an access; others are as they are.
                yield from _order(_named(first, True), _named(then, None))
                ends = [*_named(first, True), *_named(then, None)]
            case Precedes(first=first, then=then):
                yield from _order(_named(first, None), _named(then, None))
                ends = [*_named(first, None), *_named(then, None)]
            case OnlyWhile(events=events, effective=effective):
                ends = list(_named(events, None))
                asked += _asks(program, (effective,))
        for name, writes in ends:
            for other, mask in asked:
                yield _Related(name, writes, other, True, mask)


def _order(
    first: Iterable[tuple[str, bool | None]], then: Iterable[tuple[str, bool | None]]
) -> Iterator[_Related]:
    behind = list(then)
    for one, writes in first:
        for other, others in behind:
            yield _Related(one, writes, other, others)


def _named(events: Events, default: bool | None) -> Iterator[tuple[str, bool | None]]:
    """The registers that software accesses in these events, and whether it writes them."""
    writes = default if events.access is None else events.access == "writes"
    for target in events.targets:
        if isinstance(target, RegisterRef):
            yield target.register.name, writes


def _asks(program: Program, values: Iterable[x.Expr]) -> Iterator[tuple[str, int]]:
    """The bits of registers that some expressions ask for, also by way of what is computed."""
    waiting = list(values)
    seen: set[tuple[str, int]] = set()
    while waiting:
        for register, mask in _bits(waiting.pop()):
            if (register.name, mask) in seen:
                continue
            seen.add((register.name, mask))
            yield register.name, mask
            waiting += [
                c.value
                for c in program.computed
                if c.register.name == register.name and c.field.mask & mask
            ]


def _bits(value: x.Expr) -> Iterator[tuple[Register, int]]:
    """The registers that an expression reads, and which bits of each."""
    whole = {id(p): p for p in inside(value) if isinstance(p, x.ReadRegister)}
    for part in inside(value):
        match part:
            case x.Extract(value=x.ReadRegister(register=register) as read, field=each):
                whole.pop(id(read), None)
                yield register, each.mask
            case _:
                pass
    for read in whole.values():
        yield read.register, read.register.type.mask
