"""Statements and calls on a symbolic machine: all paths at once, merged where they meet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.program import Program
from dsl.ir.shapes import Register, Slot
from dsl.ir.types import Handle, Int, Type
from dsl.ir.walk import expressions, inside, statements
from dsl.source import Span
from dsl.verify.symbolic.expressions import Env
from dsl.verify.symbolic.externs import Externs
from dsl.verify.symbolic.solver import Solver
from dsl.verify.symbolic.state import Cells, Unbounded
from dsl.verify.symbolic.term import Term
from dsl.verify.symbolic.terms import Terms

#: A loop with more rounds than this is not taken apart, and calls are nested no deeper.
_MOST_ROUNDS, _DEEPEST = 512, 60


class _Exit:
    """A path that leaves a block, a call or an act early."""

    __slots__ = ("cells", "label", "path", "value")

    def __init__(self, label: str, path: Term, cells: Cells, value: Term | None = None) -> None:
        self.label, self.path, self.cells, self.value = label, path, cells, value


#: The labels of exits that are not blocks: no block of the language can be called so.
_RETURN, _TRAP = "return", "trap"


class Executor(Externs):
    """Executes bodies.

    What a path stops at (an assertion, a ``fail``, an access that does not exist) ends that path:
    what follows is about those that go on.
    """

    def __init__(
        self, program: Program, terms: Terms, solver: Solver, facts: Mapping[str, int]
    ) -> None:
        super().__init__(program, terms, solver, facts)
        self.frames = 0
        self.depth = 0
        self.exits: list[_Exit] = []
        #: The statements that were come by, by their identities.
        self.came: set[int] = set()

    # ---- told of what happens

    def wrote(self, register: Register, index: Term | None, node: s.Statement, env: Env) -> None:
        """Told of each write of a register by software, before it happens."""

    def kept(self, slot: Slot, owner: str, index: Term | None, span: Span, env: Env) -> None:
        """Told of each store, after it happened."""

    def let(self, name: str, value: x.Expr, env: Env) -> None:
        """Told of each local that gets a value."""

    def goes_on(self, more: Term, done: int) -> bool:
        """Whether a loop may have a round more, which it has where ``more`` holds."""
        return True

    # ---- bodies

    def body(self, body: s.Body, env: Env) -> None:
        for statement in body:
            if self.path is self.terms.false:
                return
            self.statement(statement, env)

    def statement(self, node: s.Statement, env: Env) -> None:
        self.came.add(id(node))
        match node:
            case s.WriteRegister():
                self._write_register(node, env)
            case s.UpdateRegister():
                self._update_register(node, env)
            case s.WriteSlot(slot=slot, base=base, index=index, value=value):
                at = None if index is None else self.value(index, env)
                made = self.as_type(self.value(value, env), value.type, slot.type)
                self.store(env.owner(base), slot, at, made)
                self.kept(slot, env.owner(base), at, node.span, env)
            case s.UpdateSlot():
                self._update_slot(node, env)
            case s.Let(value=None):
                pass
            case s.Let(name=name, type=type, value=value) | s.Assign(
                name=name, type=type, value=value
            ):
                assert value is not None
                made = self.as_type(self.value(value, env), value.type, type)
                self.let(name, value, env)
                self.cells[("=", env.frame, name)] = made
            case s.If() if self.at_once and _only_orders(node):
                # Everything is in force at once: whether there is a barrier need not be decided.
                self.came.update(map(id, statements((node,))))
            case s.If(arms=arms, otherwise=otherwise):
                self._arms(list(arms), otherwise or (), env)
            case s.Loop():
                self._loop(node, env)
            case s.Switch():
                self._switch(node, env)
            case s.Labelled(label=label, body=inner):
                self._until(label, inner, env)
            case s.Leave(label=label):
                self._leave(label, None)
            case s.Return(value=given):
                found = None if given is None else self.value(given, env)
                if found is not None and given is not None:
                    found = self.as_type(found, given.type, self._result)
                self._leave(_RETURN, found)
            case s.Trap():
                self._leave(_TRAP, None)
            case s.Fail():
                self.path = self.terms.false
            case s.Hold(body=inner):
                self.body(inner, env)
            case s.Perform(call=call):
                self.call(call, env)
            case s.Warn(condition=condition):
                self.value(condition, env)
            case s.Assert(condition=condition):
                holds = self.on(self.truth(condition, env))
                self.path = self.terms.and_(self.path, holds)
            case s.Order() | s.May() | s.Perhaps():
                pass
            case _:
                assert_never(node)

    def _leave(self, label: str, value: Term | None) -> None:
        self.exits.append(_Exit(label, self.path, self.cells, value))
        self.path = self.terms.false

    def _until(self, label: str, body: s.Body, env: Env) -> list[_Exit]:
        """A body that some paths leave early: after it they are together again."""
        around, self.exits = self.exits, []
        entry = self.path
        self.body(body, env)
        mine = [e for e in self.exits if e.label == label]
        others = [e for e in self.exits if e.label != label]
        self.exits = around + others
        self._together(entry, mine)
        return mine

    def _together(self, entry: Term, exits: list[_Exit]) -> None:
        for each in exits:
            if self.path is self.terms.false:
                self.path, self.cells = each.path, each.cells
                continue
            c = self._relative(each.path, entry)
            self.cells = self.merged(c, each.cells, self.cells)
            self.path = self.terms.or_(self.path, each.path)

    def _relative(self, path: Term, entry: Term) -> Term:
        """A path without what was known where it began."""
        known = self.terms.conjuncts(entry)
        return self.terms.and_(*(p for p in self.terms.conjuncts(path) if p not in known))

    def _arms(self, arms: list[s.Arm], otherwise: s.Body, env: Env) -> None:
        if not arms:
            self.body(otherwise, env)
            return
        c = self.on(self.truth(arms[0].condition, env))
        if c.constant:
            if c.value:
                self.body(arms[0].body, env)
            else:
                self._arms(arms[1:], otherwise, env)
            return
        self._split(
            c,
            lambda: self.body(arms[0].body, env),
            lambda: self._arms(arms[1:], otherwise, env),
        )

    def _split(self, c: Term, then: object, other: object) -> None:
        """Two ways on, by a condition that this path does not decide; they meet again."""
        assert callable(then)
        assert callable(other)
        terms, path, before = self.terms, self.path, self.cells
        self.path, self.cells = terms.and_(path, c), dict(before)
        with_c = self.path
        then()
        path_a, cells_a = self.path, self.cells
        self.path, self.cells = terms.and_(path, terms.not_(c)), dict(before)
        without_c = self.path
        other()
        path_b, cells_b = self.path, self.cells
        if path_a is terms.false:
            return
        if path_b is terms.false:
            self.path, self.cells = path_a, cells_a
            return
        whole = path_a is with_c and path_b is without_c
        self.path = path if whole else terms.or_(path_a, path_b)
        self.cells = self.merged(c, cells_a, cells_b)

    def _loop(self, node: s.Loop, env: Env) -> None:
        low, high = self.value(node.low, env), self.value(node.high, env)
        width = max(low.width, high.width) + 1
        first, last = (
            self.as_type(e, t.type, _wide(width)) for e, t in ((low, node.low), (high, node.high))
        )
        if node.inclusive:
            last = self.terms.arithmetic("add", last, self.terms.const(1, width))
        self._rounds(node, env, first, last, 0)

    def _rounds(self, node: s.Loop, env: Env, first: Term, last: Term, done: int) -> None:
        """The rounds of a loop from ``done`` on, each where there are so many."""
        terms = self.terms
        while self.path is not terms.false:
            if done > _MOST_ROUNDS:
                raise Unbounded(f"a loop whose rounds have no bound that can be seen ({node.span})")
            now = terms.arithmetic("add", first, terms.const(done, first.width))
            more = self.on(terms.less(now, last, signed=True))
            if more is terms.false or not self.goes_on(more, done):
                return
            if more is not terms.true:
                self._split(
                    more,
                    lambda at=done: self._round(node, env, first, last, at),
                    lambda: None,
                )
                return
            self.cells[("=", env.frame, node.var)] = self.as_type(now, None, node.type)
            self.body(node.body, env)
            done += 1

    def _round(self, node: s.Loop, env: Env, first: Term, last: Term, done: int) -> None:
        now = self.terms.arithmetic("add", first, self.terms.const(done, first.width))
        self.cells[("=", env.frame, node.var)] = self.as_type(now, None, node.type)
        self.body(node.body, env)
        self._rounds(node, env, first, last, done + 1)

    def _switch(self, node: s.Switch, env: Env) -> None:
        value = self.value(node.value, env)
        cases = node.cases
        otherwise = node.otherwise or ()

        def chosen(at: int) -> s.Body:
            if at == len(cases):
                return otherwise
            if not node.falling:
                return cases[at].body
            falling = tuple(each for case in cases[at:] for each in case.body)
            return (*falling, *otherwise)

        def go(at: int) -> None:
            if at == len(cases):
                self.body(otherwise, env)
                return
            c = self.on(self.terms.eq(value, self.terms.const(cases[at].value, value.width)))
            if c.constant:
                if c.value:
                    self.body(chosen(at), env)
                else:
                    go(at + 1)
                return
            self._split(c, lambda: self.body(chosen(at), env), lambda: go(at + 1))

        if node.falling and not any(isinstance(each, s.Let) for c in cases for each in c.body):
            self._falling(node, value, env)
        else:
            go(0)

    def _falling(self, node: s.Switch, value: Term, env: Env) -> None:
        """Each case after one that is chosen happens too: one after the other, under conditions."""
        terms = self.terms
        entered = terms.false
        for case in node.cases:
            entered = self.on(
                terms.or_(entered, terms.eq(value, terms.const(case.value, value.width)))
            )
            if entered.constant:
                if entered.value:
                    self.body(case.body, env)
                continue
            self._split(entered, lambda case=case: self.body(case.body, env), lambda: None)
        self.body(node.otherwise or (), env)

    # ---- accesses

    def _write_register(self, node: s.WriteRegister, env: Env) -> None:
        index = None if node.index is None else self.value(node.index, env)
        value = self.value(node.value, env)
        value = self.as_type(value, node.value.type, node.register.type)
        self._put(node.register, index, node, env, lambda element: value, None)

    def _update_register(self, node: s.UpdateRegister, env: Env) -> None:
        """One read, the changes in order, one write; hardware changes just the fields."""
        index = None if node.index is None else self.value(node.index, env)
        read = x.ReadRegister(node.register, node.index, node.span)
        value = self.value(read, env) if env.software else None
        whole = 0
        changes: list[tuple[Term, int, Term]] = []
        for change in node.changes:
            where = self.picked(change.field, change.index, env)
            new = self.resized(self.value(change.value, env), change.field.width)
            for c, low in where:
                changes.append((c, low, new))
                whole |= ((1 << change.field.width) - 1) << low

        def made(element: object) -> Term:
            result = value if value is not None else self.stored(element)  # type: ignore[arg-type]
            for c, low, new in changes:
                result = self.terms.ite(c, self.terms.insert(result, low, new), result)
            return result

        self._put(node.register, index, node, env, made, whole)

    def _put(
        self,
        register: Register,
        index: Term | None,
        node: s.Statement,
        env: Env,
        value: object,
        mask: int | None,
    ) -> None:
        assert callable(value)
        if env.software:
            self.wrote(register, index, node, env)
        for c, element in self.candidates(register, index):
            made = value(element)
            before = self.cells.get(element.name)
            if env.software:
                if element.register.access == "ro":
                    self.path = self.terms.and_(self.path, self.terms.not_(c))
                    continue
                self.accessed("write", element, c, made)
                self.write(element, made)
            else:
                self.change(element, element.ones if mask is None else mask, made)
            if c is not self.terms.true and element.name in self.cells:
                old = before if before is not None else self.initial(element.name)
                assert old is not None
                self.cells[element.name] = self.terms.ite(c, self.cells[element.name], old)

    def _update_slot(self, node: s.UpdateSlot, env: Env) -> None:
        at = None if node.index is None else self.value(node.index, env)
        owner = env.owner(node.base)
        value = self.load(owner, node.slot, at)
        width = value.width
        value = self.terms.zext(value, max(64, width))
        for change in node.changes:
            where = self.picked(change.field, change.index, env)
            new = self.resized(self.value(change.value, env), change.field.width)
            for c, low in where:
                value = self.terms.ite(c, self.terms.insert(value, low, new), value)
        self.store(owner, node.slot, at, self.terms.zext(value, width))
        self.kept(node.slot, owner, at, node.span, env)

    # ---- calls

    def call(self, call: x.Call, env: Env) -> Term | None:
        args: list[Term | str] = []
        for arg in call.args:
            if isinstance(arg, x.Var) and isinstance(arg.type, Handle):
                args.append(env.owner(arg.name))
            else:
                args.append(self.value(arg, env))
        crossing = self.program.crossing if call.hyp else None
        if crossing is None:
            return self._called(call, args)
        self.body(crossing.enters, env)
        result = self._called(call, args)
        self.body(crossing.leaves, env)
        return result

    def _called(self, call: x.Call, args: list[Term | str]) -> Term | None:
        operation = self.program.operations.get(call.callee)
        if operation is not None:
            return self.run(operation, args, software=False)
        sequence = self.program.sequences.get(call.callee)
        if sequence is not None:
            if sequence.body is None:
                raise Unbounded(f"{sequence.name} is declared, and nothing here defines it")
            return self.run(sequence, args, software=True)
        return self.extern(call, args)

    _result: Type | None = None
    #: Nobody asks for barriers.
    at_once = True

    def run(self, what: s.Sequence, args: list[Term | str], *, software: bool) -> Term | None:
        """A sequence, an operation or a model with its arguments; gives its result."""
        if self.depth > _DEEPEST:
            raise Unbounded(f"calls are nested more than {_DEEPEST} deep")
        self.frames += 1
        env = Env(self.frames, {}, software)
        for param, arg in zip(what.signature.params, args, strict=True):
            if isinstance(arg, str):
                env.handles[param.name] = arg
                if isinstance(param.type, Handle):
                    env.handles[param.type.root] = arg
            else:
                made = self.as_type(arg, None, param.type)
                self.cells[("=", env.frame, param.name)] = made
        self.depth += 1
        around, self._result = self._result, what.signature.result
        assert what.body is not None
        entry = self.path
        exits = self._until(_RETURN, what.body, env)
        self._result = around
        self.depth -= 1
        for key in [k for k in self.cells if k[0] == "=" and k[1] == env.frame]:
            del self.cells[key]
        result: Term | None = None
        for each in exits:
            if each.value is not None:
                c = self._relative(each.path, entry)
                result = each.value if result is None else self.terms.ite(c, each.value, result)
        return result

    def act(self, body: s.Body, env: Env) -> None:
        """What somebody does; where an operation traps, the rest of it does not happen."""
        self._until(_TRAP, body, env)

    def modelled(self, test: x.Test, owner: str, env: Env) -> Term:
        model = self.program.models[test.condition.name]
        found = self.run(model, [owner] if model.signature.params else [], software=False)
        if found is None:
            return self.terms.false
        return self.as_type(found, None, test.condition.type)


def _only_orders(node: s.If) -> bool:
    """Whether a branch has nothing in it but barriers, so that it need not be decided."""
    return all(
        isinstance(each, s.If | s.Order | s.Perhaps | s.May) for each in statements((node,))
    ) and not any(
        isinstance(part, x.Call)
        for each in statements((node,))
        for value in expressions(each)
        for part in inside(value)
    )


def _wide(width: int) -> Int:
    return Int(width)
