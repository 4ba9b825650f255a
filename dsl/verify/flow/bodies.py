"""Statements on the way: accesses, barriers, what others may do, and choices."""

from __future__ import annotations

from dataclasses import replace

from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.platform import BarrierKind, Endpoint
from dsl.ir.shapes import Condition, Register, RegisterRef, Slot
from dsl.ir.walk import assigned
from dsl.source import Span
from dsl.verify.flow.events import Op
from dsl.verify.flow.places import Frame, forget
from dsl.verify.flow.values import Values


class Bodies(Values):
    """Lays out what statements do."""

    def _body(self, body: s.Body, at: int | None, frame: Frame) -> int | None:
        for statement in body:
            if at is None:
                return None
            at = self._statement(statement, at, frame)
        return at

    def _statement(self, node: s.Statement, at: int, frame: Frame) -> int | None:
        match node:
            case s.WriteRegister(register=register, index=index, value=value, span=span):
                number, at = self._index(index, at, frame)
                canonical, at = self._value(value, at, frame)
                self._write(at, register, number, register.type.mask, canonical, span, frame)
                return at
            case s.UpdateRegister():
                return self._update(node, at, frame)
            case s.WriteSlot(slot=slot, base=base, index=index, value=value, span=span):
                number, at = self._index(index, at, frame)
                canonical, at = self._value(value, at, frame)
                self._store(at, slot, frame.bases.get(base, base), number, canonical, span, frame)
                return at
            case s.UpdateSlot(slot=slot, base=base, index=index, changes=changes, span=span):
                number, at = self._index(index, at, frame)
                base = frame.bases.get(base, base)
                for change in changes:
                    canonical, at = self._value(change.value, at, frame)
                    self.event(
                        at,
                        Op.STORE,
                        span,
                        frame,
                        slot=slot,
                        base=base,
                        index=number,
                        mask=change.field.mask,
                        value=canonical,
                        whole=False,
                    )
                return at
            case s.Let(name=name, value=given):
                frame.env[name] = None
                if given is not None:
                    frame.env[name], at = self._value(given, at, frame)
                return at
            case s.Assign(name=name, value=value):
                frame.env[name], at = self._value(value, at, frame)
                return at
            case s.If():
                return self._if(node, at, frame)
            case s.Loop():
                return self._loop(node, at, frame)
            case s.Switch():
                return self._switch(node, at, frame)
            case s.Labelled(label=label, body=body):
                end = self.node()
                frame.labels[label] = end
                forget(frame, body)
                kept = dict(frame.env)
                last = self._body(body, at, frame)
                frame.env = kept
                if last is not None:
                    self.nodes[last].after.append(end)
                return end
            case s.Leave(label=label):
                self.nodes[at].after.append(frame.labels[label])
                return None
            case s.Return(value=given):
                result = None
                if given is not None:
                    result, at = self._value(given, at, frame)
                frame.results.append(result)
                self.nodes[at].after.append(frame.end)
                return None
            case s.Fail() | s.Trap():
                return None
            case s.Hold(body=body):
                kept = dict(frame.env)
                last = self._body(body, at, frame)
                frame.env = kept
                forget(frame, body)
                return last
            case s.Perform(call=call):
                _, at = self._value(call, at, frame)
                return at
            case s.Order(barriers=barriers, first=first, span=span):
                if first is not None:
                    self.event(at, Op.CLAIM, span, frame, order=node)
                self._barriers(barriers, at, span, frame, node)
                returns = any(b.kind is BarrierKind.ERET for b in barriers)
                if returns and frame.guest == "eret":
                    self.event(at, Op.GUEST, span, frame)
                return at
            case s.Warn(condition=condition) | s.Assert(condition=condition):
                # What is asserted is for those to show who run it.
                _, at = self._value(condition, at, frame)
                return at
            case s.May():
                self._may(node, at, frame)
                return at
            case s.Perhaps():
                # They may be absent, and then nothing is ordered by them.
                return at

    def _write(
        self,
        at: int,
        register: Register,
        index: int | None,
        mask: int,
        value: x.Expr | None,
        span: Span,
        frame: Frame,
        *,
        whole: bool = True,
    ) -> None:
        op = Op.KEPT if frame.where.others == "boot" else Op.WRITE
        self.event(
            at, op, span, frame, register=register, index=index, mask=mask, value=value, whole=whole
        )

    def _store(
        self,
        at: int,
        slot: Slot,
        base: str,
        index: int | None,
        value: x.Expr | None,
        span: Span,
        frame: Frame,
    ) -> None:
        self.event(
            at, Op.STORE, span, frame, slot=slot, base=base, index=index, mask=-1, value=value
        )

    def _update(self, node: s.UpdateRegister, at: int, frame: Frame) -> int:
        register = node.register
        number, at = self._index(node.index, at, frame)
        ones = register.type.mask
        if frame.where.others != "boot":
            self.event(at, Op.READ, node.span, frame, register=register, index=number, mask=ones)
        index = None if number is None else x.Const(number, register.type, node.span)
        value: x.Expr = x.ReadRegister(register, index, node.span)
        mask = 0
        for change in node.changes:
            new, at = self._value(change.value, at, frame)
            place = change.index
            if place is not None:
                place, at = self._value(place, at, frame)
            mask |= change.field.mask
            filler = x.Var("?", register.type, node.span) if new is None else new
            value = x.Insert(value, register, change.field, place, filler, register.type, node.span)
        self._write(at, register, number, mask, value, node.span, frame, whole=False)
        return at

    def _may(self, node: s.May, at: int, frame: Frame) -> None:
        others = replace(frame, where=replace(frame.where, others=f"may {node.kind}"))
        acts = any(isinstance(p, RegisterRef | Endpoint) for p in node.places)
        if frame.guest == "may" and node.kind in ("change", "use") and acts:
            self.event(at, Op.GUEST, node.span, frame)
        for place in node.places:
            match place:
                case Slot():
                    op = Op.LOAD if node.kind == "read" else Op.STORE
                    base = place.root
                    self.event(at, op, node.span, others, slot=place, base=base, mask=-1)
                case Condition():
                    self._forgotten(at, place, node.span, others)
                case Endpoint():
                    self.event(at, Op.USE, node.span, others, endpoint=place)
                case RegisterRef(register=register, index=index):
                    op = Op.READ if node.kind == "read" else Op.CHANGE
                    mask = place.field.mask if place.field else register.type.mask
                    self.event(at, op, node.span, others, register=register, index=index, mask=mask)

    # ---- choices

    def _if(self, node: s.If, at: int, frame: Frame) -> int | None:
        ways: list[int | None] = []
        rest: int | None = at
        kept = dict(frame.env)
        for arm in node.arms:
            if rest is None:
                break
            there, rest = self._condition(arm.condition, rest, frame)
            frame.env = dict(kept)
            if there is not None:
                ways.append(self._body(arm.body, there, frame))
        frame.env = dict(kept)
        if rest is not None:
            ways.append(self._body(node.otherwise or (), rest, frame))
        frame.env = kept
        for arm in node.arms:
            forget(frame, arm.body)
        forget(frame, node.otherwise or ())
        return self.join(*ways)

    def _loop(self, node: s.Loop, at: int, frame: Frame) -> int | None:
        low, at = self._value(node.low, at, frame)
        high, at = self._value(node.high, at, frame)
        forget(frame, node.body)
        kept = dict(frame.env)
        frame.env[node.var] = None
        skip: int | None = None
        first = isinstance(low, x.Const) and low.value == 0
        if node.inclusive:
            begin: int | None = self.node(at)
            if not (first and isinstance(high, x.Const) and high.value >= 0):
                skip = None if first else self.node(at)
        elif first and _plain(high):
            begin, skip = self._truth(high, at)
        else:
            begin, skip = self.node(at), self.node(at)
        if begin is None:
            return skip
        top = self.node(begin)
        last = self._body(node.body, top, frame)
        frame.env = kept
        if last is not None:
            self.nodes[last].after.append(top)
            last = self.node(last)
        return self.join(skip, last)

    def _switch(self, node: s.Switch, at: int, frame: Frame) -> int | None:
        value, at = self._value(node.value, at, frame)
        entries: list[int | None] = []
        rest: int | None = at
        for case in node.cases:
            if rest is None:
                entries.append(None)
                continue
            there, rest = self._equal(value, case.value, rest)
            entries.append(there)
        kept = dict(frame.env)
        falling: int | None = None
        ways: list[int | None] = []
        for case, entry in zip(node.cases, entries, strict=True):
            frame.env = dict(kept)
            begin = self.join(entry, falling)
            last = None if begin is None else self._body(case.body, begin, frame)
            if node.falling:
                # What is assigned in one part is not known in the next.
                forget(frame, case.body)
                for name in assigned(case.body):
                    kept[name] = None
                falling = last
            else:
                ways.append(last)
        frame.env = dict(kept)
        begin = self.join(rest, falling)
        if begin is not None:
            ways.append(self._body(node.otherwise or (), begin, frame))
        frame.env = kept
        for case in node.cases:
            forget(frame, case.body)
        forget(frame, node.otherwise or ())
        return self.join(*ways)


def _plain(bound: x.Expr | None) -> bool:
    """Whether the end of a loop is what memory says, which other branches may ask too."""
    match bound:
        case x.Cast(value=inner):
            return _plain(inner)
        case x.Const() | x.ReadSlot(index=None) | x.Test():
            return True
        case _:
            return False
