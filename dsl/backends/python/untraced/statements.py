"""Statements without a trace: what nobody could see is left out, and values go where they stay."""

from __future__ import annotations

from collections import Counter
from functools import reduce

from msgspec.structs import replace

from dsl.backends.python.code import Code, Level, number
from dsl.backends.python.statements import Statements, at_site, quoted
from dsl.backends.python.untraced.deferred import deferred
from dsl.backends.python.untraced.expressions import UntracedExpressions
from dsl.backends.python.untraced.registers import computed, hidden, kept, writable
from dsl.backends.python.writer import Writer
from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.bounds import Bounds
from dsl.ir.rewrite import rewritten, with_expressions
from dsl.ir.shapes import Access, Register
from dsl.ir.types import BOOL, Int
from dsl.ir.walk import bodies, calls, expressions, inside

#: An array that is gone to so many times gets a local.
_OFTEN = 3


class UntracedStatements(Statements):
    """Writes the body of one function that keeps no trace."""

    def __init__(
        self,
        writer: Writer,
        expressions: UntracedExpressions,
        changing: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(writer, expressions, changing)
        self.untraced = expressions

    def _statement(self, statement: s.Statement) -> None:
        match statement:
            case s.WriteRegister(register=register, index=index, value=value):
                if self._write(register, index, value):
                    return
            case s.UpdateRegister(register=register, index=index, changes=changes):
                read = x.ReadRegister(register, index, statement.span)
                if not _calls(changes) and register.access is Access.RW:
                    value = _changed(read, changes, register, register.type)
                    if self._write(register, index, value):
                        return
            case s.WriteSlot():
                if self._put(statement, statement.value):
                    return
            case s.UpdateSlot(slot=slot, view=view, base=base, index=index, changes=changes):
                if isinstance(slot.type, Int) and not slot.type.signed and not _calls(changes):
                    old = x.ReadSlot(slot, base, index, statement.span)
                    if self._put(statement, _changed(old, changes, view, slot.type)):
                        return
            case s.Assert(condition=condition, span=span):
                test = self.untraced.condition(x.Not(condition, span))
                with self.writer.block(f"if {test.text}:"):
                    self.writer.line(f"m.require(False, {quoted(condition)}, {at_site(span)})")
                return
            case s.Order():
                return
            case _:
                pass
        super()._statement(statement)

    def body(self, body: s.Body) -> None:
        with self.scope.block():
            held = dict(self.untraced.arrays)
            self._hold_arrays(body)
            while body:
                statement, body = body[0], body[1:]
                if isinstance(statement, s.Let) and statement.name not in self.changing:
                    rest = deferred(statement, body, self._computed)
                    if rest is not None:
                        body = rest
                        continue
                if isinstance(statement, s.If):
                    statement = self._read_once(statement)
                self._statement(statement)
            self.untraced.arrays = held

    def _hold_arrays(self, body: s.Body) -> None:
        """Locals for the arrays of contexts that a body goes to several times."""
        if any(True for _ in calls(body)):
            # Somebody else may put another array there.
            return
        for (base, slot), uses in _array_uses(body).items():
            if uses < _OFTEN or (base, slot) in self.untraced.arrays:
                continue
            if sum((base, slot) in _array_uses((each,)) for each in body) == 1 and any(
                isinstance(each, s.If | s.Switch) and (base, slot) in _array_uses((each,))
                for each in body
            ):
                # Only some ways need it: it is held inside.
                continue
            path = f"{self.untraced.slot(base, slot)}.values"
            name = self.scope.temporary(self.untraced.names.slots[slot], "list[int]")
            self.writer.line(f"{name} = {path}")
            self.untraced.arrays[base, slot] = name

    def _read_once(self, statement: s.If) -> s.If:
        """A choice that looks at one register several times, with a local for it."""
        spelt = [self.untraced.opening.spelt(arm.condition) for arm in statement.arms]
        if any(isinstance(part, x.Call) for e in spelt for part in inside(e)):
            return statement
        ways = zip(statement.arms, spelt, strict=True)
        statement = replace(statement, arms=tuple(replace(a, condition=e) for a, e in ways))
        reads = [p for p in inside(spelt[0]) if isinstance(p, x.ReadRegister)]
        for read in reads:
            place = self.untraced.stored(read)
            plain = not computed(read.register) and not hidden(read.register)
            if place is None or not plain or sum(_same(read, other) for other in reads) < 2:
                continue
            name = self.scope.temporary("element" if read.register.banked else "stored")
            self.writer.line(f"{name} = {place.text}")
            # No source name has a blank.
            local = x.Var(f"{name} read", read.register.type, read.span)
            self.scope.alias(local.name, name, Bounds(0, read.register.live))
            return _known_as(statement, read, local)
        return statement

    def _computed(self, loops: tuple[s.Loop, ...], e: x.Extract) -> x.Expr | None:
        """A computed field inside of loops that are yet to come."""
        with self.scope.block():
            for loop in loops:
                known = self.untraced.rounds(loop)
                self.scope.alias(loop.var, loop.var, known)
            return self.untraced.opening.computed(e)

    def _if(self, statement: s.If) -> None:
        for arm_number, arm in enumerate(statement.arms):
            word = "elif" if arm_number else "if"
            with self.writer.block(f"{word} {self.untraced.condition(arm.condition).text}:"):
                self.body(arm.body)
        if statement.otherwise:
            with self.writer.block("else:"):
                self.body(statement.otherwise)

    # ---- registers

    def _write(self, register: Register, index: x.Expr | None, value: x.Expr) -> bool:
        """A write as it stays in the list; False where only the machine can make it."""
        place = self.untraced.element(register, index)
        if place is None or register.access in (Access.RO, Access.WI) or _moves(index, value):
            return False
        if not isinstance(value.type, Int) or value.type.signed:
            return False
        new = self._legal(register, index, value)
        if kept(register):
            # After the value, which may change what is kept.
            new = _or(new, Code(f"{place} & {kept(register):#x}", Level.BITS))
        if register.res1:
            new = _or(new, number(register.res1))
        self.writer.line(f"{place} = {new.text}")
        return True

    def _legal(self, register: Register, index: x.Expr | None, value: x.Expr) -> Code:
        """What becomes of the bits that a write changes."""
        registers, bits = self.untraced.registers, writable(register)
        if not registers.rules(register):
            return self.untraced.keep(value, bits)
        masking = registers.masking(register)
        if masking is not None:
            fixed = registers.fixed(register, masking)
            if fixed is not None:
                return self.untraced.keep(value, fixed)
            plain = self.untraced.keep(value, register.type.mask)
            if plain.text == "0":
                return plain
            keep = self.untraced.names.keeps[register.name]
            return Code(f"{plain.at(Level.SIGN)} & m.{keep}", Level.BITS)
        name = self.untraced.names.legal[register.name]
        at = "" if index is None else f"{self.untraced.text(index)}, "
        return Code(f"{name}(m, {at}{self.untraced.text(value)})")

    # ---- memory

    def _put(self, statement: s.WriteSlot | s.UpdateSlot, value: x.Expr) -> bool:
        """A store without a check; False where the value, or the index, may not fit."""
        slot, index = statement.slot, statement.index
        known = self.untraced.bounds(value)
        least, greatest = (0, 1)
        if isinstance(slot.type, Int):
            least, greatest = slot.type.least, slot.type.greatest
        least = least if slot.low is None else slot.low
        greatest = greatest if slot.high is None else slot.high
        if not known.inside(least, greatest) or (slot.type == BOOL) != (value.type == BOOL):
            return False
        names = self.untraced.names
        base = self.scope.find(statement.base).name
        if index is None:
            text = self.untraced.text(value)
            self.writer.line(f"{names.setters[slot.name]}({base}, {text})")
            return True
        if not self.untraced.proven(index, 0, slot.length) or _moves(index, value):
            return False
        place = f"{self.untraced.array(statement.base, slot.name)}[{self.untraced.text(index)}]"
        self.writer.line(f"{place} = {self.untraced.text(value)}")
        return True


def _array_uses(body: s.Body, weight: int = 1) -> Counter[tuple[str, str]]:
    """How often a body goes to the arrays of contexts, where a loop counts for several times."""
    found: Counter[tuple[str, str]] = Counter()
    for statement in body:
        if isinstance(statement, s.WriteSlot | s.UpdateSlot) and statement.index is not None:
            found[statement.base, statement.slot.name] += weight
        for e in expressions(statement):
            for part in inside(e):
                if isinstance(part, x.ReadSlot) and part.index is not None:
                    found[part.base, part.slot.name] += weight
        for inner in bodies(statement):
            found += _array_uses(inner, weight * (_OFTEN if isinstance(statement, s.Loop) else 1))
    return found


def _same(read: x.ReadRegister, other: x.ReadRegister) -> bool:
    """Whether two reads are surely of one register."""
    if read.register.name != other.register.name:
        return False
    match read.index, other.index:
        case None, None:
            return True
        case x.Const(value=a), x.Const(value=b):
            return a == b
        case x.Var(name=c), x.Var(name=d):
            return c == d
        case _:
            return False


def _known_as(statement: s.If, read: x.ReadRegister, local: x.Var) -> s.If:
    """A choice with a local for a register, as far as nothing can have changed it."""

    def change(e: x.Expr) -> x.Expr:
        return rewritten(
            e, lambda p: local if isinstance(p, x.ReadRegister) and _same(p, read) else p
        )

    def first(body: s.Body) -> s.Body:
        if not body or any(True for _ in bodies(body[0])):
            return body
        return (*with_expressions(body[:1], change), *body[1:])

    arms = (
        replace(arm, condition=change(arm.condition), body=first(arm.body))
        for arm in statement.arms
    )
    rest = statement.otherwise
    return replace(statement, arms=tuple(arms), otherwise=None if rest is None else first(rest))


def _changed(old: x.Expr, changes: tuple[s.Change, ...], register: Register, type: Int) -> x.Expr:
    """The value that is left after some changes of fields."""

    def put(value: x.Expr, change: s.Change) -> x.Expr:
        at = register, change.field, change.index
        return x.Insert(value, *at, change.value, type, change.value.span)

    return reduce(put, changes, old)


def _calls(changes: tuple[s.Change, ...]) -> bool:
    """Whether what is changed may change in the meantime."""
    parts = [p for c in changes for e in (c.index, c.value) if e is not None for p in inside(e)]
    return any(isinstance(p, x.Call) for p in parts)


def _moves(index: x.Expr | None, value: x.Expr) -> bool:
    """Whether evaluating the value first could make the index another one."""
    if index is None or isinstance(index, x.Const | x.Var):
        return False
    return any(isinstance(part, x.Call) for part in inside(value))


def _or(left: Code, right: Code) -> Code:
    if "0" in (left.text, right.text):
        return right if left.text == "0" else left
    return Code(f"{left.at(Level.SIGN)} | {right.at(Level.SIGN)}", Level.BITS)
