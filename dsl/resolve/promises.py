"""The promises of the kinds: what is on its way out or in is never overwritten too early."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from msgspec import Struct

from dsl.diagnostics import Diagnostics, Note
from dsl.diagnostics.sequences import BrokenPromise
from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.program import Program
from dsl.ir.sequence import Kind
from dsl.ir.shapes import LinkKind, Period, Register, Slot
from dsl.ir.types import BOOL
from dsl.ir.walk import assigned, calls, expressions, inside, statements
from dsl.resolve.conversions import known
from dsl.source import Span


class Through(Struct, frozen=True):
    """Every index that a loop runs through: numbers, or the names of what bounds it."""

    low: int | str
    high: int | str
    inclusive: bool

    def holds(self, index: int) -> bool:
        if isinstance(self.low, str) or isinstance(self.high, str):
            return False
        return self.low <= index < self.high + self.inclusive

    def depends_on(self, slot: str) -> bool:
        return slot in (self.low, self.high)


#: A number, a variable's name, all that a loop runs through, or None (all there is).
Index: TypeAlias = int | str | Through | None
#: A register or a slot, and its index.
Spot: TypeAlias = tuple[str, Index]

_OUTWARD = (Kind.SAVE, Kind.DEACTIVATE)
_INWARD = (Kind.RESTORE, Kind.ACTIVATE)


class _Path(Struct, frozen=True):
    """What has been moved on every path so far; ``ended`` after a jump.

    ``under`` has what was moved wherever a fixed fact holds ("vhe") or does not ("not vhe").
    """

    moved: frozenset[Spot] = frozenset()
    ended: bool = False
    under: frozenset[tuple[Spot, str | None]] = frozenset()

    def and_(self, spots: Iterable[Spot]) -> _Path:
        return _Path(self.moved.union(spots), self.ended, self.under)

    def given(self, fact: str | None) -> _Path:
        """The path where a fact holds."""
        if fact is None:
            return self
        return self.and_(spot for spot, other in self.under if other == fact)

    def without(self, slots: Iterable[str]) -> _Path:
        """The path after slots or locals have got new values: what they were an index or a
        bound of is something else.
        """
        written = set(slots)

        def stands(spot: Spot) -> bool:
            through = spot[1]
            if isinstance(through, str):
                return through not in written
            return not isinstance(through, Through) or not any(
                through.depends_on(slot) for slot in written
            )

        return _Path(
            frozenset(s for s in self.moved if stands(s)),
            self.ended,
            frozenset(u for u in self.under if stands(u[0])),
        )


class Summary(Struct):
    """What calling a sequence does.

    ``overwrites`` has each spot that it overwrites before what mirrors it is moved, with the
    spot that should have been moved; ``moves`` are those that it moves on every path, and
    ``writes`` the slots that it may give another value.
    """

    overwrites: dict[tuple[Spot, Spot], Span] = {}
    moves: frozenset[Spot] = frozenset()
    writes: set[str] = set()


class Promises:
    """Checks the sequences of a program; they come callees before callers."""

    def __init__(self, program: Program, found: Diagnostics) -> None:
        self._sequences = program.sequences
        self._externs = program.externs
        self._found = found
        #: The slots that mirror each register.
        self._mirrors: dict[str, list[Slot]] = {}
        for slot in program.slots.values():
            if slot.link is not None and slot.link.kind is LinkKind.MIRRORS:
                self._mirrors.setdefault(slot.link.register.register.name, []).append(slot)
        self._summaries: dict[tuple[str, bool], Summary] = {}

    def check(self, names: list[str]) -> None:
        """Reports every broken promise of the named sequences."""
        for name in names:
            sequence = self._sequences[name]
            outward = sequence.kind in _OUTWARD
            if sequence.body is None or not (outward or sequence.kind in _INWARD):
                continue
            for (spot, _), span in self.summary(name, outward).overwrites.items():
                what = _shown(spot)
                if outward:
                    message = f"this overwrites {what} before it is saved on this path"
                    why = "promises to save what mirrors a register before overwriting it"
                else:
                    message = f"this overwrites the slot {what} before it is restored on this path"
                    why = "promises to restore a mirroring slot before overwriting it"
                self._found.add(
                    BrokenPromise(
                        span,
                        message,
                        (Note(sequence.signature.span, f"`{sequence.kind}` {why}"),),
                        help="move it first, link the slot by `feeds` if memory owns its value, "
                        "or call this a `sequence`, which promises nothing",
                    )
                )

    def summary(self, name: str, outward: bool) -> Summary:
        known = self._summaries.get((name, outward))
        if known is not None:
            return known
        # Entered before it is filled: a recursive call (reported elsewhere) then adds nothing.
        summary = self._summaries[name, outward] = Summary()
        extern = self._externs.get(name)
        if extern is not None:
            places = [p for e in extern.effects if e.kind == "writes" for p in e.places]
            summary.writes |= {p.name for p in places if isinstance(p, Slot)}
        sequence = self._sequences.get(name)
        if sequence is not None and sequence.body is not None:
            walk = _Walk(self, outward, summary)
            end = walk.body(sequence.body, _Path())
            returned = [p.moved for p in walk.returned] + ([] if end.ended else [end.moved])
            summary.moves = frozenset.intersection(*returned) if returned else frozenset()
        return summary

    def effect(self, call: x.Call, outward: bool) -> tuple[Summary, dict[str, Index]]:
        """What a call does, and what its callee's parameters are here."""
        sequence = self._sequences.get(call.callee)
        params = sequence.signature.params if sequence is not None else ()
        names = {p.name: _index(a) for p, a in zip(params, call.args, strict=False)}
        return self.summary(call.callee, outward), names

    def mirrors(self, register: Register) -> list[Slot]:
        return self._mirrors.get(register.name, [])


class _Walk:
    """One pass over a body, joining what has been moved where paths meet."""

    def __init__(self, promises: Promises, outward: bool, summary: Summary) -> None:
        self._promises = promises
        self._outward = outward
        self._summary = summary
        self.returned: list[_Path] = []
        self._left: dict[str, list[_Path]] = {}

    def body(self, body: s.Body, path: _Path) -> _Path:
        for statement in body:
            path = self._statement(statement, path)
        return path

    def _statement(self, statement: s.Statement, path: _Path) -> _Path:
        if not isinstance(statement, s.If):
            for value in expressions(statement):
                path = self._calls(value, path)
        match statement:
            case s.WriteRegister(register=r, index=i, value=value):
                return self._register(r, i, path, statement.span, moves=known(value) is None)
            case s.UpdateRegister(register=r, index=i):
                return self._register(r, i, path, statement.span)
            case s.WriteSlot(slot=slot, index=i, value=value):
                return self._slot(slot, i, path, statement.span, moves=known(value) is None)
            case s.UpdateSlot(slot=slot, index=i):
                return self._slot(slot, i, path, statement.span)
            case s.Assign(name=name):
                return path.without({name})
            case s.Return():
                self.returned.append(path)
                return _Path(path.moved, True)
            case s.Leave(label=label):
                self._left.setdefault(label, []).append(path)
                return _Path(path.moved, True)
            case s.Fail():
                return _Path(path.moved, True)
            case s.If():
                return self._if(statement, path)
            case s.Loop():
                return self._loop(statement, path)
            case s.Switch():
                return self._switch(statement, path)
            case s.Labelled(label=label, body=body):
                end = self.body(body, path)
                return _join([end, *self._left.pop(label, [])])
            case s.Hold(body=body):
                return self.body(body, path)
            case _:
                return path

    def _if(self, node: s.If, path: _Path) -> _Path:
        """Branches; what one on a fixed fact has moved, a later one on the same fact has too."""
        ends = []
        for arm in node.arms:
            path = self._calls(arm.condition, path)
            ends.append(self.body(arm.body, path.given(_fact(arm.condition))))
        fact = _fact(node.arms[0].condition)
        last = path if node.otherwise is None else self.body(node.otherwise, path.given(_not(fact)))
        joined = _join([*ends, last])
        if fact is None or joined.ended:
            return joined
        kept: set[tuple[Spot, str | None]] = {
            (spot, fact) for spot in ends[0].moved if not ends[0].ended
        }
        if len(node.arms) == 1 and not last.ended:
            kept |= {(spot, _not(fact)) for spot in last.moved}
        return _Path(joined.moved, False, joined.under | frozenset(kept))

    def _loop(self, node: s.Loop, path: _Path) -> _Path:
        """A loop moves what its variable runs through; it may run no time at all."""
        # What the body makes stale is so from its second round on, and behind the loop.
        path = path.without(self._written(node.body))
        through = _through(node)
        if through is None:
            self.body(node.body, path)
            return path
        before = [(name, node.var) for name, index in path.moved if index == through]
        end = self.body(node.body, path.and_(before))
        if end.ended:
            return path
        after = [(name, through) for name, index in end.moved if index == node.var]
        return path.and_(after)

    def _switch(self, node: s.Switch, path: _Path) -> _Path:
        bodies = [c.body for c in node.cases]
        if node.otherwise is not None:
            bodies.append(node.otherwise)
        none = [path] if node.otherwise is None else []
        if not node.falling:
            return _join([*(self.body(b, path) for b in bodies), *none])
        # A case is entered by its value, or from the case above it.
        end: list[_Path] = []
        for body in bodies:
            end = [self.body(body, _join([path, *end]))]
        return _join([*end, *none])

    def _written(self, body: s.Body) -> set[str]:
        """The slots and locals that a body writes, itself or through what it calls."""
        found = {
            each.slot.name
            for each in statements(body)
            if isinstance(each, (s.WriteSlot, s.UpdateSlot))
        }
        for call in calls(body):
            found |= self._promises.effect(call, self._outward)[0].writes
        return found | assigned(body)

    def _register(
        self,
        register: Register,
        index: x.Expr | None,
        path: _Path,
        span: Span,
        *,
        moves: bool = True,
    ) -> _Path:
        """A write of a register; of a constant it ``moves`` nothing."""
        spot = (register.name, _index(index))
        if not self._outward:
            return path.and_([spot]) if moves else path
        for slot in self._promises.mirrors(register):
            self._needs((slot.name, _slot_index(slot, register, index)), spot, path, span)
        return path

    def _slot(
        self,
        slot: Slot,
        index: x.Expr | None,
        path: _Path,
        span: Span,
        *,
        moves: bool = True,
    ) -> _Path:
        """A store to a slot; of a constant it ``moves`` nothing."""
        # A loop bounded by this slot would now run through something else.
        path = path.without({slot.name})
        self._summary.writes.add(slot.name)
        spot = (slot.name, _index(index))
        if self._outward:
            return path.and_([spot]) if moves else path
        if slot.link is not None and slot.link.kind is LinkKind.MIRRORS:
            register = slot.link.register.register
            self._needs((register.name, _register_index(slot, index)), spot, path, span)
        return path

    def _needs(self, moved: Spot, spot: Spot, path: _Path, span: Span) -> None:
        """Overwriting ``spot`` keeps the promise only where ``moved`` has been moved before."""
        if not path.ended and not _covered(moved, path.moved):
            self._summary.overwrites.setdefault((spot, moved), span)

    def _calls(self, value: x.Expr, path: _Path) -> _Path:
        """Takes in what the calls in an expression do."""
        for each in inside(value):
            if isinstance(each, x.Call):
                effect, names = self._promises.effect(each, self._outward)
                self._summary.writes |= effect.writes
                path = path.without(effect.writes)
                for spot, moved in effect.overwrites:
                    self._needs(_renamed(moved, names), _renamed(spot, names), path, each.span)
                path = path.and_(
                    _renamed(spot, names)
                    for spot in effect.moves
                    if not isinstance(spot[1], str) or spot[1] in names
                )
        return path


def _renamed(spot: Spot, names: Mapping[str, Index]) -> Spot:
    """A callee's spot, in the caller's terms: only its parameters are known there."""
    name, index = spot
    return name, names.get(index, f"?{index}") if isinstance(index, str) else index


def _index(index: x.Expr | None) -> Index:
    match index:
        case None:
            return None
        case x.Const(value=value):
            return value
        case x.Var(name=name):
            return name
        case x.Cast(value=inner):
            return _index(inner)
        case _:
            return f"?{index.span.start}"


def _through(loop: s.Loop) -> Through | None:
    low, high = _bound(loop.low), _bound(loop.high)
    return None if low is None or high is None else Through(low, high, loop.inclusive)


def _bound(value: x.Expr) -> int | str | None:
    match value:
        case x.Const(value=number):
            return number
        case x.Var(name=name):
            return name
        case x.ReadSlot(slot=slot, index=None):
            return slot.name
        case x.Cast(value=inner):
            return _bound(inner)
        case _:
            return None


def _slot_index(slot: Slot, register: Register, index: x.Expr | None) -> Index:
    at = _index(index)
    if not slot.length:
        return None
    return at - register.first if isinstance(at, int) else at


def _register_index(slot: Slot, index: x.Expr | None) -> Index:
    assert slot.link is not None
    at = _index(index)
    if not slot.length:
        return slot.link.register.index
    return at + slot.link.register.register.first if isinstance(at, int) else at


def _covered(spot: Spot, moved: frozenset[Spot]) -> bool:
    name, index = spot
    if spot in moved or (name, None) in moved:
        return True
    return isinstance(index, int) and any(
        other == name and isinstance(through, Through) and through.holds(index)
        for other, through in moved
    )


def _join(paths: list[_Path]) -> _Path:
    """What every path that goes on has moved."""
    going = [p for p in paths if not p.ended]
    if not going:
        return _Path(paths[0].moved, True) if paths else _Path()
    return _Path(
        frozenset.intersection(*(p.moved for p in going)),
        False,
        frozenset.intersection(*(p.under for p in going)),
    )


def _fact(condition: x.Expr) -> str | None:
    """A condition that keeps its value, as a name (after "not " where it is negated)."""
    match condition:
        case x.Test(condition=c, base=base) if c.period is not Period.TEST and c.type == BOOL:
            # The same fact of somebody else is another one.
            return c.name if base is None else f"{base}.{c.name}"
        case x.Not(operand=x.Test() as inner):
            return _not(_fact(inner))
        case _:
            return None


def _not(fact: str | None) -> str | None:
    if fact is None:
        return None
    return fact[4:] if fact.startswith("not ") else f"not {fact}"


def _shown(spot: Spot) -> str:
    name, index = spot
    if index is None:
        return name
    shown = f"{index}".lstrip("?") if not isinstance(index, str) or index[:1] != "?" else "…"
    return re.sub(r"<\w+>", f"<{shown}>", name) if "<" in name else f"{name}[{shown}]"
