"""Expressions on the way: what they look at, where a branch goes, and what is called."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import replace

from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.platform import Barrier, BarrierKind
from dsl.ir.program import Program
from dsl.ir.rewrite import rewritten
from dsl.ir.shapes import Condition, Period, RegisterRef, Slot
from dsl.ir.types import Handle
from dsl.ir.walk import inside, statements
from dsl.source import Span
from dsl.verify.flow.events import Atom, Op
from dsl.verify.flow.places import Frame, Places


class Values(Places):
    """Lays out what expressions do."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.called: set[str] = set()
        #: What is assumed about conditions that may be another each time that they are asked.
        self._assumed: dict[str, list[x.Expr]] = {}
        for assumption in program.assumptions:
            for part in inside(assumption.condition):
                if isinstance(part, x.Test) and part.condition.period is Period.TEST:
                    self._assumed.setdefault(part.condition.name, []).append(assumption.condition)

    @abstractmethod
    def _body(self, body: s.Body, at: int | None, frame: Frame) -> int | None:
        """Lays out statements from a place on; gives where it goes on, if it does."""

    def _condition(self, e: x.Expr, at: int, frame: Frame) -> tuple[int | None, int | None]:
        """Where it goes on if a condition holds, and if it does not."""
        match e:
            case x.Const(value=value):
                return (at, None) if value else (None, at)
            case x.Not(operand=operand):
                yes, no = self._condition(operand, at, frame)
                return no, yes
            case x.Binary(op="and" | "or" | "implies" as op, left=left, right=right):
                yes, no = self._condition(left, at, frame)
                if op == "and":
                    both, other = (None, None)
                    if yes is not None:
                        both, other = self._condition(right, yes, frame)
                    return both, self.join(no, other)
                going, done = (no, yes) if op == "or" else (yes, no)
                there, neither = (None, None)
                if going is not None:
                    there, neither = self._condition(right, going, frame)
                return self.join(done, there), neither
            case x.Test(
                condition=condition
            ) if condition.name in self.program.definitions and not self.keys.fixed(condition):
                return self._condition(self.program.definitions[condition.name].value, at, frame)
            case x.Truth(operand=x.Binary(op="and" | "or" | "implies") as inner):
                return self._condition(inner, at, frame)
        known, at = self._value(e, at, frame)
        yes, no = self._truth(known, at)
        match e:
            case x.Test(condition=condition) if condition.name in self._assumed:
                # Somebody else decides, and not against what is assumed.
                yes = self._granted(e, 1, yes, frame)
                no = self._granted(e, 0, no, frame)
            case _:
                pass
        return yes, no

    def _granted(self, test: x.Test, value: int, at: int | None, frame: Frame) -> int | None:
        """Where it goes on behind a condition, as far as the assumptions about it let it."""
        name, span = test.condition.name, test.span
        bases = dict(frame.bases)
        if test.base is not None and test.condition.root is not None:
            bases[test.condition.root] = frame.bases.get(test.base, test.base)
        quiet = Frame(replace(frame.where, others="assumptions"), {}, bases)

        def known(part: x.Expr) -> x.Expr:
            same = isinstance(part, x.Test) and part.condition.name == name
            return x.Const(value, test.condition.type, span) if same else part

        for assumption in self._assumed[name]:
            if at is not None:
                at = self._promised(rewritten(assumption, known), self.node(at), quiet)
        return at

    def _truth(self, value: x.Expr | None, at: int) -> tuple[int | None, int | None]:
        yes: int | None
        no: int | None
        match value:
            case x.Not(operand=operand):
                yes, no = self._truth(operand, at)
                return no, yes
            case x.Truth(operand=inner) | x.Cast(value=inner):
                return self._truth(inner, at)
            case x.Binary(op="==" | "!=" as op, left=left, right=x.Const(value=number)) | x.Binary(
                op="==" | "!=" as op, left=x.Const(value=number), right=left
            ):
                yes, no = self._equal(left, number, at)
                return (yes, no) if op == "==" else (no, yes)
            case x.Binary(op=">", left=left, right=x.Const(value=0)):
                return self._truth(left, at)
        no, yes = self._equal(value, 0, at)
        return yes, no

    def _equal(self, value: x.Expr | None, number: int, at: int) -> tuple[int | None, int | None]:
        match value:
            case None:
                return self.split(at, Atom())
            case x.Const(value=known):
                return (at, None) if known == number else (None, at)
            case x.Truth(operand=operand) if number == 0:
                return self._equal(operand, 0, at)
            case x.Cast(value=inner):
                return self._equal(inner, number, at)
        return self.split(at, self.keys.atom(value, number))

    # ---- values and calls

    def _index(self, index: x.Expr | None, at: int, frame: Frame) -> tuple[int | None, int]:
        if index is None:
            return None, at
        value, at = self._value(index, at, frame)
        return (value.value if isinstance(value, x.Const) else None), at

    def _value(self, e: x.Expr, at: int, frame: Frame) -> tuple[x.Expr | None, int]:
        """What an expression comes to, in terms of what it was made of; what it does happens."""
        results: dict[tuple[int, int], x.Expr | None] = {}
        unknown = False
        for part in inside(e):
            match part:
                case x.ReadRegister(register=register, index=index, span=span):
                    number = self._number(index, frame)
                    self.event(
                        at,
                        Op.READ,
                        span,
                        frame,
                        register=register,
                        index=number,
                        mask=register.type.mask,
                    )
                case x.ReadSlot(slot=slot, base=base, index=index, span=span):
                    self.event(
                        at,
                        Op.LOAD,
                        span,
                        frame,
                        slot=slot,
                        base=frame.bases.get(base, base),
                        index=self._number(index, frame),
                    )
                case x.Call(args=args, span=span):
                    canonical = tuple(self._canonical(a, frame, results) for a in args)
                    result, at = self._call(part, at, frame, canonical)
                    results[span.start, span.end] = result
                    unknown = unknown or result is None
                case _:
                    pass
        if unknown and isinstance(e, x.Call):
            return None, at
        return self._canonical(e, frame, results), at

    def _number(self, index: x.Expr | None, frame: Frame) -> int | None:
        known = None if index is None else self._canonical(index, frame, {})
        return known.value if isinstance(known, x.Const) else None

    def _canonical(
        self, e: x.Expr, frame: Frame, results: dict[tuple[int, int], x.Expr | None]
    ) -> x.Expr:
        def change(part: x.Expr) -> x.Expr:
            match part:
                case x.Var(name=name):
                    return frame.env.get(name) or part
                case x.Call(span=span):
                    return results.get((span.start, span.end)) or part
                case x.ReadSlot(base=base):
                    return replace_base(part, frame.bases.get(base, base))
                case x.Test(base=str() as base):
                    return replace_base(part, frame.bases.get(base, base))
                case _:
                    return part

        return rewritten(e, change)

    def _call(
        self, call: x.Call, at: int, frame: Frame, args: tuple[x.Expr, ...]
    ) -> tuple[x.Expr | None, int]:
        extern = self.program.externs.get(call.callee)
        if extern is not None:
            if call.hyp:
                at = self._crossing(call.span, at, frame, entering=True)
            at = self._extern(extern, call, at, frame)
            if call.hyp:
                at = self._crossing(call.span, at, frame, entering=False)
            return None, at
        sequence = self.program.sequences.get(call.callee)
        names = [name for name, _ in frame.where.functions]
        if sequence is None or sequence.body is None or call.callee in names:
            return None, at
        self.called.add(call.callee)
        if call.hyp:
            at = self._crossing(call.span, at, frame, entering=True)
        functions = (*frame.where.functions, (sequence.name, sequence.kind))
        inner = Frame(replace(frame.where, functions=functions))
        for param, arg in zip(sequence.signature.params, args or call.args, strict=True):
            if isinstance(param.type, Handle) and isinstance(arg, x.Var):
                inner.bases[param.name] = frame.bases.get(arg.name, arg.name)
                inner.bases.setdefault(param.type.root, inner.bases[param.name])
            else:
                inner.env[param.name] = arg
        inner.end = self.node()
        begin = self.node(at)
        self.event(begin, Op.ENTER, sequence.signature.span, inner)
        last = self._body(sequence.body, begin, inner)
        if last is not None:
            self.nodes[last].after.append(inner.end)
        self.event(inner.end, Op.LEAVE, sequence.signature.span, inner)
        at = self.node(inner.end)
        if call.hyp:
            at = self._crossing(call.span, at, frame, entering=False)
        return (inner.results[0] if len(inner.results) == 1 else None), at

    def _crossing(self, span: Span, at: int, frame: Frame, *, entering: bool) -> int:
        crossing = self.program.crossing
        if crossing is None:
            kind = BarrierKind.EXCEPTION if entering else BarrierKind.ERET
            self._barriers((Barrier(kind, ""),), at, span, frame)
            return at
        last = self._body(crossing.enters if entering else crossing.leaves, at, frame)
        assert last is not None
        return last

    def _extern(self, extern: s.Extern, call: x.Call, at: int, frame: Frame) -> int:
        name = extern.signature.name
        others = replace(frame, where=replace(frame.where, others=name))
        changed: set[str] = set()
        for effect in extern.effects:
            for place in effect.places:
                if isinstance(place, Slot):
                    op = {"reads": Op.LOAD, "writes": Op.STORE}.get(effect.kind)
                    if op is not None:
                        changed |= {place.name} if op is Op.STORE else set()
                        self.event(
                            at,
                            op,
                            call.span,
                            others,
                            slot=place,
                            base=frame.bases.get(place.root, place.root),
                            mask=-1,
                        )
                elif isinstance(place, RegisterRef):
                    op = {"reads": Op.READ, "writes": Op.WRITE}.get(effect.kind)
                    mask = place.field.mask if place.field else place.register.type.mask
                    if op is not None:
                        self.event(
                            at,
                            op,
                            call.span,
                            others,
                            register=place.register,
                            index=place.index,
                            mask=mask,
                            whole=place.field is None,
                        )
                elif isinstance(place, Condition) and effect.kind == "writes":
                    self._forgotten(at, place, call.span, others)
        model = self.program.models.get(name)
        for each in statements(model.body if model else ()):
            if isinstance(each, s.WriteSlot | s.UpdateSlot) and each.slot.name not in changed:
                changed.add(each.slot.name)
                base = frame.bases.get(each.slot.root, each.slot.root)
                self.event(at, Op.STORE, call.span, others, slot=each.slot, base=base, mask=-1)
        for promise in extern.ensures:
            # What is promised of a value that nobody knows is no promise about the way.
            quiet = Frame(replace(frame.where, others=name), {}, dict(frame.bases))
            there = self._promised(promise, self.node(at), quiet)
            if there is None:
                break
            at = there
        return at

    def _promised(self, promise: x.Expr, at: int, frame: Frame) -> int | None:
        """Where it goes on if what is promised holds; nothing is looked at."""
        before = len(self.nodes)
        there, _ = self._condition(promise, at, frame)
        for node in (self.nodes[at], *self.nodes[before:]):
            node.events.clear()
        return there

    def _forgotten(self, at: int, condition: Condition, span: Span, frame: Frame) -> None:
        key = self.keys.of_condition(condition)
        self.event(at, Op.FORGET, span, frame, index=key)

    # ---- choices

    def _barriers(
        self,
        barriers: Iterable[Barrier],
        at: int,
        span: Span,
        frame: Frame,
        order: s.Order | None = None,
    ) -> None:
        for barrier in barriers:
            self.event(at, Op.BARRIER, span, frame, barrier=barrier, order=order)


def replace_base(part: x.ReadSlot | x.Test, base: str) -> x.Expr:
    if part.base == base:
        return part
    match part:
        case x.ReadSlot(slot=slot, index=index, span=span):
            return x.ReadSlot(slot, base, index, span)
        case x.Test(condition=condition, span=span):
            return x.Test(condition, base, span)
