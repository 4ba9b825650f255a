"""The promises of the kinds: what is on its way out or in is never overwritten too early."""

from __future__ import annotations

from dataclasses import dataclass, field

from dsl.diagnostics import Diagnostics, Note
from dsl.diagnostics.sequences import BrokenPromise
from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.sequence import Kind
from dsl.ir.shapes import LinkKind, Register, Slot
from dsl.source import Span

#: A register or slot and its index: a number, a variable's name, or None (all there is).
Spot = tuple[str, int | str | None]

_OUTWARD = (Kind.SAVE, Kind.DEACTIVATE)
_INWARD = (Kind.RESTORE, Kind.ACTIVATE)


@dataclass(slots=True)
class _Path:
    """What has been moved on every path so far; ``ended`` after a jump."""

    moved: frozenset[Spot] = frozenset()
    ended: bool = False


@dataclass(slots=True)
class Summary:
    """What calling a sequence does: spots it overwrites before moving them, and those it moves."""

    overwrites: dict[Spot, Span] = field(default_factory=dict)
    moves: frozenset[Spot] = frozenset()


class Promises:
    """Checks the sequences of a program, callees before callers."""

    def __init__(
        self, sequences: dict[str, s.Sequence], slots: dict[str, Slot], found: Diagnostics
    ) -> None:
        self._sequences = sequences
        self._found = found
        #: The slots that mirror each register.
        self._mirrors: dict[str, list[Slot]] = {}
        for slot in slots.values():
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
            for spot, span in self._summary(name, outward).overwrites.items():
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
                        help="move it first, or call this a `sequence`, which promises nothing",
                    )
                )

    def _summary(self, name: str, outward: bool) -> Summary:
        known = self._summaries.get((name, outward))
        if known is not None:
            return known
        # Entered before it is filled: a recursive call (reported elsewhere) then adds nothing.
        summary = self._summaries[name, outward] = Summary()
        sequence = self._sequences.get(name)
        if sequence is not None and sequence.body is not None:
            walk = _Walk(self, outward, summary)
            end = walk.body(sequence.body, _Path())
            returned = [p.moved for p in walk.returned] + ([] if end.ended else [end.moved])
            summary.moves = frozenset.intersection(*returned) if returned else frozenset()
        return summary

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
        match statement:
            case s.WriteRegister(register=r, index=i, value=value):
                return self._register(r, i, self._calls(value, path), statement.span)
            case s.UpdateRegister(register=r, index=i):
                return self._register(r, i, path, statement.span)
            case s.WriteSlot(slot=slot, index=i, value=value):
                return self._slot(slot, i, self._calls(value, path), statement.span)
            case s.UpdateSlot(slot=slot, index=i):
                return self._slot(slot, i, path, statement.span)
            case s.Perform(call=call):
                return self._calls(call, path)
            case s.Let(value=value):
                return self._calls(value, path)
            case s.Return(value=value):
                path = path if value is None else self._calls(value, path)
                self.returned.append(path)
                return _Path(path.moved, True)
            case s.Leave(label=label):
                self._left.setdefault(label, []).append(path)
                return _Path(path.moved, True)
            case s.If(arms=arms, otherwise=otherwise):
                ends = [self.body(a.body, path) for a in arms]
                return _join([*ends, path if otherwise is None else self.body(otherwise, path)])
            case s.Loop(body=body):
                # The body may run no time at all, so it moves nothing for sure.
                self.body(body, path)
                return path
            case s.Switch():
                return self._switch(statement, path)
            case s.Labelled(label=label, body=body):
                end = self.body(body, path)
                return _join([end, *self._left.pop(label, [])])
            case s.Hold(body=body):
                return self.body(body, path)
            case _:
                return path

    def _switch(self, node: s.Switch, path: _Path) -> _Path:
        ends = []
        bodies = [c.body for c in node.cases]
        last = [] if node.otherwise is None else [node.otherwise]
        if node.falling:
            for first in range(len(bodies) + len(last)):
                end = path
                for body in [*bodies, *last][first:]:
                    end = self.body(body, end)
                ends.append(end)
        else:
            ends = [self.body(b, path) for b in [*bodies, *last]]
        if node.otherwise is None:
            ends.append(path)
        return _join(ends)

    def _register(self, register: Register, index: x.Expr | None, path: _Path, span: Span) -> _Path:
        spot = (register.name, _index(index))
        if not self._outward:
            return _Path(path.moved | {spot}, path.ended)
        for slot in self._promises.mirrors(register):
            saved = (slot.name, _slot_index(slot, register, index))
            if not _covered(saved, path.moved):
                self._summary.overwrites.setdefault(spot, span)
        return path

    def _slot(self, slot: Slot, index: x.Expr | None, path: _Path, span: Span) -> _Path:
        spot = (slot.name, _index(index))
        if self._outward:
            return _Path(path.moved | {spot}, path.ended)
        if slot.link is not None and slot.link.kind is LinkKind.MIRRORS:
            register = slot.link.register.register
            restored = (register.name, _register_index(slot, index))
            if not _covered(restored, path.moved):
                self._summary.overwrites.setdefault(spot, span)
        return path

    def _calls(self, value: x.Expr, path: _Path) -> _Path:
        """Takes in what a call does; only a call's value can hold one."""
        match value:
            case x.Call(callee=callee, args=args):
                for arg in args:
                    path = self._calls(arg, path)
                effect = self._promises._summary(callee, self._outward)
                for spot in effect.overwrites:
                    if not _covered(self._counterpart(spot), path.moved):
                        self._summary.overwrites.setdefault(spot, value.span)
                return _Path(path.moved | effect.moves, path.ended)
            case x.Cast(value=inner):
                return self._calls(inner, path)
            case _:
                return path

    def _counterpart(self, spot: Spot) -> Spot:
        """The slot for a register's spot, or the register for a slot's."""
        name, index = spot
        if self._outward:
            slots = self._promises._mirrors.get(name, [])
            return (slots[0].name, index) if slots else spot
        for register, slots in self._promises._mirrors.items():
            if any(slot.name == name for slot in slots):
                return register, index
        return spot


def _index(index: x.Expr | None) -> int | str | None:
    match index:
        case None:
            return None
        case x.Const(value=value):
            return value
        case x.Var(name=name):
            return name
        case _:
            return f"?{index.span.start}"


def _slot_index(slot: Slot, register: Register, index: x.Expr | None) -> int | str | None:
    at = _index(index)
    return at - register.first if isinstance(at, int) and slot.length else at


def _register_index(slot: Slot, index: x.Expr | None) -> int | str | None:
    assert slot.link is not None
    at = _index(index)
    return at + slot.link.register.register.first if isinstance(at, int) else at


def _covered(spot: Spot, moved: frozenset[Spot]) -> bool:
    return spot in moved or (spot[0], None) in moved


def _join(paths: list[_Path]) -> _Path:
    """What every path that goes on has moved."""
    going = [p.moved for p in paths if not p.ended]
    if not going:
        return _Path(paths[0].moved, True) if paths else _Path()
    return _Path(frozenset.intersection(*going))


def _shown(spot: Spot) -> str:
    name, index = spot
    return (
        name
        if index is None
        else name.replace("<n>", f"<{index}>") if "<" in name else (f"{name}[{index}]")
    )
