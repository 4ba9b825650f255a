"""Statements as operations on lanes: branches are masks, loops go on while a lane is in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from dsl.backends.batch.expressions import Expressions
from dsl.backends.batch.flow import Local, Place, Written, slot_family
from dsl.backends.batch.items import Item, Line
from dsl.backends.batch.nodes import Node, kind_of, number
from dsl.backends.python.code import string
from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.bounds import Bounds
from dsl.ir.shapes import Slot
from dsl.ir.types import Bool, Handle, Int, Type
from dsl.ir.walk import expressions, inside, statements

#: Loops of a known length are written out up to so many rounds, and statements in all.
_ROUNDS, _STATEMENTS = 16, 200
#: Branches with up to so many stores become a choice of values.
_STORES = 4


class Statements(Expressions):
    """Writes the body of one function."""

    def __init__(
        self, about: Written, changing: frozenset[str] = frozenset(), result: Type | None = None
    ) -> None:
        super().__init__(about)
        #: The locals that get other values than their first.
        self.changing = changing
        self.result_type = result
        #: Where results are kept, and who has returned, if lanes do so at different times.
        self.result_place: Place | None = None
        self.returned = ""
        self.first_items: list[Item] = self.items
        self._labels: list[tuple[str, str]] = []
        self._locks = 0

    def body(self, body: s.Body) -> bool:
        """A body in a scope of its own; whether its end is never reached."""
        with self.scoped({}):
            return any(self._statement(statement) for statement in body)

    def _statement(self, statement: s.Statement) -> bool:
        self.not_too_deep(statement.span)
        match statement:
            case s.WriteRegister(register=register, index=index, value=value, span=span):
                at = None if index is None else self.element(register, index)
                self.write_register(register, at, self.value(value), span)
            case s.UpdateRegister():
                self._update_register(statement)
            case s.WriteSlot():
                self._write_slot(statement)
            case s.UpdateSlot():
                self._update_slot(statement)
            case s.Let():
                self._let(statement)
            case s.Assign(name=name, value=value):
                held = self.local(name).held
                assert isinstance(held, Place)
                self.store(held, self.graph.cast(self.value(value), held.kind))
            case s.If():
                return self._if(statement)
            case s.Loop():
                return self._loop(statement)
            case s.Switch():
                return self._switch(statement)
            case s.Labelled(label=label, body=body):
                self._labelled(label, body)
            case s.Leave(label=label):
                self.leave_by(self._label(label))
                return True
            case s.Return(value=value):
                self._return(None if value is None else self.value(value))
                return True
            case s.Fail(message=message, span=span):
                what = string(message.strip())
                self.narrowed(f"m.fail({self.lanes}, {what}, {self.site(span)})")
                return True
            case s.Hold():
                return self._hold(statement)
            case s.Perform(call=call):
                self.call(call)
            case s.Warn(condition=condition):
                if self.careful(condition):
                    self.value(condition)
            case s.Assert(condition=condition, span=span):
                node = self.value(condition)
                text = self.quoted(condition)
                self.narrowed(f"m.require({self.lanes}, {{0}}, {text}, {self.site(span)})", node)
            case s.Order():
                pass
            case s.May() | s.Perhaps() | s.Trap():
                raise ValueError(f"{type(statement).__name__} is no statement of a sequence")
            case _:
                assert_never(statement)
        return False

    # ---- places

    def _update_register(self, update: s.UpdateRegister) -> None:
        """One read, the changes in order, one write."""
        register = update.register
        at = None if update.index is None else self.element(register, update.index)
        value = self.read_register(register, at, update.span)
        value = self._changes(value, update.changes, register.type)
        self.write_register(register, at, value, update.span)

    def _write_slot(self, write: s.WriteSlot) -> None:
        slot = write.slot
        if write.index is None:
            self.write_slot(slot, write.base, None, self.value(write.value), write.span)
            return
        index, value = self.values(write.index, write.value)
        known, at = self.bounds(write.index), self.site(write.span)
        found = self.checked(index, known, slot.name, 0, slot.length, at)
        self.write_slot(slot, write.base, found, value, write.span)

    def _update_slot(self, update: s.UpdateSlot) -> None:
        """One load, the changes in order, one store."""
        slot = update.slot
        assert isinstance(slot.type, Int)
        at = None
        if update.index is not None:
            at = self.index(update.index, slot.name, 0, slot.length)
        value = self.load(self.slot(slot, update.base, at))
        value = self._changes(value, update.changes, slot.type)
        self.write_slot(slot, update.base, at, value, update.span)

    def _changes(self, value: Node, changes: tuple[s.Change, ...], type: Int) -> Node:
        for change in changes:
            low = self.low_bit(change.field, change.index)
            self._use(value)
            value = self.inserted(value, type, change.field, low, self.value(change.value))
        return value

    def _let(self, let: s.Let) -> None:
        assert not isinstance(let.type, Handle)
        known = None
        if let.value is not None and isinstance(let.type, Int) and let.name not in self.changing:
            known = self.bounds(let.value)
        if let.value is not None and let.name not in self.changing:
            self.declare(let.name, Local(self.value(let.value), known))
            return
        held = self.variable(let.name, kind_of(let.type))
        if let.value is not None:
            self.everywhere(held, self.graph.cast(self.value(let.value), held.kind))
        self.declare(let.name, Local(held))

    # ---- branches

    def _if(self, branch: s.If) -> bool:
        """The arms in order; each condition is asked in the lanes that are left."""
        if self._choice(branch):
            return False
        # The first condition is asked in all lanes, and what it is made of stays known.
        first = self.value(branch.arms[0].condition)
        with self.apart() as parts:
            for arm in branch.arms:
                condition = first if arm is branch.arms[0] else self.value(arm.condition)
                if condition.const and not condition.value:
                    continue
                if condition.const:
                    self._part(self.mask, arm.body)
                    break
                chosen = self.mask_of("only", condition)
                # Made first, for the arm may store to what the condition is about.
                rest = self.mask_of("other", condition)
                with self.branch(chosen):
                    self.body(arm.body)
                next(parts)
                self.mask = rest
            else:
                if branch.otherwise:
                    self._part(self.mask, branch.otherwise)
        return False

    def _part(self, mask: str | None, body: s.Body) -> None:
        """A body for the lanes of a mask, which may be all of them."""
        if mask is not None:
            with self.branch(mask):
                self.body(body)
            return
        self.graph.tables.append({})
        self.body(body)
        self.graph.tables.pop()

    def _choice(self, branch: s.If) -> bool:
        """Makes a choice of values of a branch that only stores a few, and says whether it is one.

        Then both sides are calculated in all lanes, which costs less than masks.
        """
        bodies = [arm.body for arm in branch.arms]
        bodies += [branch.otherwise] if branch.otherwise else []
        if not all(self._storing(statement) for body in bodies for statement in body):
            return False
        if any(self.careful(arm.condition) for arm in branch.arms):
            return False
        if sum(map(len, bodies)) > _STORES * 2:
            return False
        conditions = [self.value(arm.condition) for arm in branch.arms]
        if any(c.steady for c in conditions):
            return False
        outer = self.chosen
        results: list[dict[tuple[str, object], tuple[Place, Node]]] = []
        for body in [*(arm.body for arm in branch.arms), branch.otherwise or ()]:
            self.chosen = dict(outer or {})
            self.body(body)
            results.append(self.chosen)
        self.chosen = outer
        last = results.pop()
        places = {k: p for found in (*results, last) for k, (p, _) in found.items()}
        values: list[tuple[Place, Node]] = []
        for key, place in places.items():
            value = last[key][1] if key in last else self.load(place)
            for condition, found in zip(reversed(conditions), reversed(results), strict=True):
                chosen = found[key][1] if key in found else self.load(place)
                value = self.graph.where(condition, chosen, value)
            values.append((place, value))
        for place, value in values:
            self.store(place, value)
        return True

    def _storing(self, statement: s.Statement) -> bool:
        """Whether a statement only stores, always can, and where it is known now."""
        match statement:
            case s.Order():
                return True
            case s.WriteRegister(register=register, index=index, value=value):
                if str(register.access) == "ro" or not self._known_index(index):
                    return False
                return not self.careful(value)
            case s.UpdateRegister(register=register, index=index, changes=changes):
                if str(register.access) in ("ro", "wo") or not self._known_index(index):
                    return False
                return not any(self._unsure(change) for change in changes)
            case s.WriteSlot(slot=slot, index=index, value=value):
                if not self._known_index(index) or not self._unbounded(slot):
                    return False
                return not self.careful(value)
            case s.UpdateSlot(slot=slot, index=index, changes=changes):
                if not self._known_index(index) or not self._unbounded(slot):
                    return False
                return not any(self._unsure(change) for change in changes)
            case s.Assign(value=value):
                return not self.careful(value)
            case _:
                return False

    def _unbounded(self, slot: Slot) -> bool:
        return slot.low is None and slot.high is None

    def _known_index(self, index: x.Expr | None) -> bool:
        """Whether an index is one number here, and no index of a lane's own."""
        if index is None or isinstance(index, x.Const):
            return True
        if not isinstance(index, x.Var):
            return False
        held = self.local(index.name).held
        return isinstance(held, Node) and held.const

    def _unsure(self, change: s.Change) -> bool:
        return self.careful(change.value) or not (
            change.index is None or self._known_index(change.index)
        )

    def _switch(self, switch: s.Switch) -> bool:
        node = self.value(switch.value)

        def equal(value: int) -> Node:
            wanted = self.graph.const(value, node.kind)
            if number(wanted.value, node.kind) != value:
                return self.graph.const(0, "b")
            return self.graph.eq(node, wanted)

        if not switch.falling:
            with self.apart() as parts:
                for case in switch.cases:
                    chosen = equal(case.value)
                    mask, rest = self.mask_of("only", chosen), self.mask_of("other", chosen)
                    with self.branch(mask):
                        self.body(case.body)
                    next(parts)
                    self.mask = rest
                if switch.otherwise:
                    self._part(self.mask, switch.otherwise)
            return False
        entered = self.graph.const(0, "b")
        for case in switch.cases:
            entered = self.graph.or_(entered, equal(case.value))
            with self.apart(), self.branch(self.mask_of("only", entered)):
                self.body(case.body)
        return self.body(switch.otherwise or ())

    # ---- loops, blocks, ways out

    def _loop(self, loop: s.Loop) -> bool:
        low, high = self.values(loop.low, loop.high)
        assert isinstance(loop.type, Int)
        kind = kind_of(loop.type)
        if low.const and high.const:
            start = number(low.value, low.kind)
            stop = number(high.value, high.kind) + loop.inclusive
            size = sum(1 for _ in statements(loop.body))
            if stop - start <= _ROUNDS and (stop - start) * size <= _STATEMENTS:
                return self._written_out_loop(loop, range(start, stop))
        reach = Bounds(
            self.bounds(loop.low).low, self.bounds(loop.high).high - (not loop.inclusive)
        )
        if low.const and reach.low >= 0 and reach.high - reach.low < _ROUNDS:
            size = sum(1 for _ in statements(loop.body))
            if (reach.high - reach.low + 1) * size <= _STATEMENTS:
                self._as_long_as(loop, high, range(reach.low, reach.high + 1))
                return False
        families = set(self._stored(loop.body))
        ends, span = (low, high), loop.span
        with (
            self.rounds(loop.var, ends, loop.inclusive, kind, families, span) as counter,
            self.scoped({loop.var: Local(counter, reach)}),
        ):
            self.body(loop.body)
        return False

    def _written_out_loop(self, loop: s.Loop, numbers: range) -> bool:
        assert isinstance(loop.type, Int)
        for i in numbers:
            counter = self.graph.const(i, kind_of(loop.type))
            with self.scoped({loop.var: Local(counter, Bounds(i, i))}):
                if self.body(loop.body):
                    return True
        return False

    def _as_long_as(self, loop: s.Loop, high: Node, numbers: range) -> None:
        """The rounds of a loop inside each other: each for the lanes that go on to it."""
        if not numbers:
            return
        assert isinstance(loop.type, Int)
        i = numbers[0]
        compare = self.graph.le if loop.inclusive else self.graph.lt
        inside = compare(self.graph.const(i, high.kind), high)
        with self.apart(), self.branch(self.mask_of("only", inside)):
            counter = self.graph.const(i, kind_of(loop.type))
            with self.scoped({loop.var: Local(counter, Bounds(i, i))}):
                ended = self.body(loop.body)
            if not ended:
                self._as_long_as(loop, high, numbers[1:])

    def _stored(self, body: s.Body) -> Iterator[str]:
        """The families of the places that a body may store to."""
        for statement in statements(body):
            match statement:
                case s.WriteRegister(register=register) | s.UpdateRegister(register=register):
                    yield register.name
                case s.WriteSlot(slot=slot) | s.UpdateSlot(slot=slot):
                    yield slot_family(slot.name)
                case s.Assign(name=name):
                    try:
                        held = self.local(name).held
                    except KeyError:
                        continue
                    if isinstance(held, Place):
                        yield held.family
                case _:
                    pass
            for expr in expressions(statement):
                if any(isinstance(part, x.Call) for part in inside(expr)):
                    yield from self.elsewhere()

    def elsewhere(self) -> Iterator[str]:
        """The families of all places but locals."""
        yield from self.program.registers
        yield from map(slot_family, self.program.slots)

    def _labelled(self, label: str, body: s.Body) -> None:
        gone = self.taken.add(f"left_{label}" if label[-1:].isalpha() else f"left_{label}_")
        before = self.mask
        exits, self.exits = self.exits, {}
        start = len(self.items)
        self._labels.append((label, gone))
        with self.landing():
            self.body(body)
        self._labels.pop()
        if gone in self.exits:
            del self.exits[gone]
            self.items.insert(start, Line(f"{gone}: masks.Mask = False"))
        self.mask = before
        self.leave_out(exits)

    def _label(self, label: str) -> str:
        return next(gone for name, gone in reversed(self._labels) if name == label)

    def _return(self, value: Node | None) -> None:
        inner = self.depth or self._labels or self._locks
        if not inner and not self.returned and self.result_place is None:
            self.line("return" if value is None else "return {0}", *([value] if value else []))
            return
        if value is not None:
            self.store(self._result(), value)
        if not self.returned:
            self.returned = self.taken.add("returned")
            self.first_items.insert(0, Line(f"{self.returned}: masks.Mask = False"))
        self.leave_by(self.returned)

    def _result(self) -> Place:
        if self.result_place is None:
            assert isinstance(self.result_type, Int | Bool)
            self.result_place = self.variable("result", kind_of(self.result_type))
        return self.result_place

    def _hold(self, hold: s.Hold) -> bool:
        owner = "None" if hold.base is None else self.handle(hold.base)
        lock, span = string(hold.lock.name), hold.span
        self.narrowed(f"m.take({self.lanes}, {lock}, {owner}, {self.site(span)})")
        taken = self.lanes
        self._locks += 1
        ended = self.body(hold.body)
        self._locks -= 1
        self.line(f"m.release({taken}, {lock}, {owner})")
        return ended
