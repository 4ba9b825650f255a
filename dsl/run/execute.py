"""Statements and calls in a run: of sequences, of the hardware's operations, and of models."""

from __future__ import annotations

from collections.abc import Sequence as Many
from typing import assert_never

from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.platform import Barrier, BarrierKind
from dsl.ir.shapes import Slot
from dsl.ir.types import Handle
from dsl.run.env import Env, wrapped
from dsl.run.errors import (
    Impossible,
    NotDefined,
    Outside,
    RunError,
    Stopped,
    Trapped,
    broken,
)
from dsl.run.evaluate import Evaluator
from dsl.run.events import Kind
from dsl.run.machine import Machine
from dsl.run.permits import Permits
from dsl.run.prepared import prepared
from dsl.run.promised import Promised
from dsl.run.registers import Element, bits, changes
from dsl.run.visibility import HARDWARE, SOFTWARE
from dsl.source import Span

#: How deep calls may be nested; sequences never call themselves.
_DEEPEST = 200


class _Return(Exception):
    """A ``return``, with the value if there is one."""

    def __init__(self, value: int | None) -> None:
        super().__init__()
        self.value = value


class _Leave(Exception):
    """A ``leave`` of the block with this label."""

    def __init__(self, label: str) -> None:
        super().__init__()
        self.label = label


class Executor(Evaluator):
    """Executes bodies on a machine.

    ``permits`` is what who acts now may change (None: everything).
    """

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self.permits: Permits | None = None
        self.handles: dict[str, str] = {}
        self._known = prepared(self.program).known
        self._assumptions = prepared(self.program).assumed
        self._depth = 0
        #: How many operations are being carried out, whose memory is the hardware's own.
        self._operating = 0
        #: What the extern that is being carried out has promised to write.
        self.promised: Promised | None = None

    # ---- calls

    def run(self, name: str, args: dict[str, int | str], env: Env) -> int | None:
        """Runs a sequence by name, with its arguments by the names of its parameters."""
        sequence = self.program.sequences[name]
        given = tuple(args[p.name] for p in sequence.signature.params)
        return self._sequence(sequence, given, env, sequence.signature.span)

    def call(self, call: x.Call, env: Env) -> int | None:
        args = tuple(self._argument(arg, env) for arg in call.args)
        if not call.hyp:
            return self._called(call, args, env)
        machine = self.machine
        machine.note(Kind.HYPCALL, call.callee, call.span)
        self._cross("enters", env, call.span)
        result = self._called(call, args, env)
        self._cross("leaves", env, call.span)
        machine.note(Kind.HYPRETURN, call.callee, call.span)
        return result

    def _argument(self, arg: x.Expr, env: Env) -> int | str:
        if isinstance(arg, x.Var) and isinstance(arg.type, Handle):
            return env.owner(arg.name)
        return self.value(arg, env)

    def _called(self, call: x.Call, args: tuple[int | str, ...], env: Env) -> int | None:
        name = call.callee
        operation = self.program.operations.get(name)
        if operation is not None:
            who = HARDWARE if env.who == SOFTWARE else env.who
            if not self._operating:
                self.machine.step = {}
            self._operating += 1
            try:
                return self._body(operation, args, Env(who=who, quiet=env.quiet))
            finally:
                self._operating -= 1
                if not self._operating:
                    self.machine.step = None
        sequence = self.program.sequences.get(name)
        if sequence is not None:
            return self._sequence(sequence, args, env, call.span)
        return self._extern(name, args, env, call)

    def _sequence(
        self, sequence: s.Sequence, args: tuple[int | str, ...], env: Env, span: Span
    ) -> int | None:
        if sequence.body is None:
            what = f"{sequence.name} is declared, and nothing in this program defines it"
            raise NotDefined(what, span, "run a module that imports its definition too")
        machine = self.machine
        around, machine.function = machine.function, sequence.name
        try:
            return self._body(sequence, args, Env())
        finally:
            machine.function = around

    def _body(self, what: s.Sequence, args: Many[int | str], env: Env) -> int | None:
        for param, arg in zip(what.signature.params, args, strict=True):
            if isinstance(arg, str):
                env.handles[param.name] = arg
            else:
                env.locals[param.name] = wrapped(param.type, arg)
        if self._depth > _DEEPEST:
            raise RunError(f"calls are nested more than {_DEEPEST} deep", what.signature.span)
        self._depth += 1
        try:
            assert what.body is not None
            self.body(what.body, env)
        except _Return as done:
            result = done.value
            return None if result is None else wrapped(what.signature.result, result)
        finally:
            self._depth -= 1
        return None

    def _cross(self, side: str, env: Env, span: Span) -> None:
        """What a hypcall's entry or return does of itself."""
        crossing = self.program.crossing
        if crossing is not None:
            around, self.machine.function = self.machine.function, ""
            self.body(getattr(crossing, side), Env({}, env.handles, env.who))
            self.machine.function = around
            return
        kind = BarrierKind.EXCEPTION if side == "enters" else BarrierKind.ERET
        self.machine.barrier(Barrier(kind, ""), span, self.machine.label)

    # ---- externs and models

    def _extern(self, name: str, args: tuple[int | str, ...], env: Env, call: x.Call) -> int | None:
        extern = self.program.externs[name]
        signature = extern.signature
        owners = ["", *(a for a in args if isinstance(a, str))]
        for effect in extern.effects:
            for place in effect.places:
                if isinstance(place, s.Lock) and not any(
                    (o, place.name) in self.machine.world.held for o in owners
                ):
                    raise RunError(f"{name} needs {place.name}, which is not held", call.span)
        self.machine.note(Kind.CALL, name, call.span)
        around, self.promised = self.promised, Promised(extern, self._known[name], call.span)
        try:
            result = self.model(name, args, env, call)
        finally:
            promised, self.promised = self.promised, around
        promised.check()
        if signature.result is not None:
            result = result or 0
            self.machine.note(Kind.RESULT, name, call.span, new=result)
        self._keeps(extern, args, call)
        return result

    def model(self, name: str, args: tuple[str | int, ...], env: Env, at: x.Expr) -> int | None:
        result = self._modelled(name, args, env, at)
        if isinstance(at, x.Test) and not env.quiet:
            self._within(at, env)
        return result

    def _within(self, test: x.Test, env: Env) -> None:
        """Holds what others make of a condition to what is assumed of it."""
        assumptions = self._assumptions.get(test.condition.name, ())
        handles = dict(env.handles)
        if test.condition.root is not None:
            handles[test.condition.root] = env.owner(test.base)
        for each in assumptions:
            if not self.value(each.condition, Env({}, handles, HARDWARE, quiet=True)):
                raise Impossible(
                    broken(each), test.span, "change what others do, or the assumption"
                )

    def _modelled(self, name: str, args: tuple[str | int, ...], env: Env, at: x.Expr) -> int | None:
        override = self.behaviours.get(name)
        model = self.program.models.get(name)
        extern = self.program.externs.get(name)
        permits, self.permits = self.permits, None
        quiet = env.quiet
        around, self.machine.function = self.machine.function, ""
        try:
            if override is not None:
                params, body = override
                assert len(params) == len(args)
                result = extern.signature.result if extern else self.program.conditions[name].type
                signature = s.Signature(name, params, result, None, at.span)
                stand_in = s.Sequence(s.Kind.MODEL, signature, None, body, ())
                return self._body(stand_in, args, Env(who=HARDWARE))
            if model is not None:
                return self._body(model, args, Env(who=HARDWARE, quiet=quiet))
        finally:
            self.permits = permits
            self.machine.function = around
        if extern is None or not any(e.kind == "writes" for e in extern.effects):
            return None
        raise RunError(
            f"nothing says what the extern {name} does",
            at.span,
            f"write `model {name}(…) {{ … }}` in a module, or `{name} {{ … }}` in the scenario",
        )

    def _keeps(self, extern: s.Extern, args: tuple[int | str, ...], call: x.Call) -> None:
        """Holds what an extern did to what it promises."""
        name = extern.signature.name
        env = Env(quiet=True)
        for param, arg in zip(extern.signature.params, args, strict=True):
            if isinstance(arg, str):
                env.handles[param.name] = arg
                if isinstance(param.type, Handle):
                    env.handles[param.type.root] = arg
            else:
                env.locals[param.name] = arg
        for promise in extern.ensures:
            if not self.value(promise, env):
                text = " ".join(promise.span.text.split())
                raise RunError(f"what {name} does breaks its promise: {text}", call.span)

    # ---- statements

    def body(self, body: s.Body, env: Env) -> None:
        """Executes statements in order.  Raises what the statements raise."""
        for statement in body:
            self.machine.work.spend(1, statement.span)
            try:
                self.statement(statement, env)
            except RunError as error:
                # What is wrong with a value is known where it is used.
                error.span = error.span or statement.span
                if isinstance(error, Outside) and self.machine.function:
                    raise Stopped(error.message, error.span, error.help) from error
                raise

    def takes(self, choice: s.If, arm: s.Arm | None) -> None:
        """Is told which arm is taken before it is executed; None where no condition holds."""

    def statement(self, node: s.Statement, env: Env) -> None:
        match node:
            case s.WriteRegister():
                self._write_register(node, env)
            case s.UpdateRegister():
                self._update_register(node, env)
            case s.WriteSlot(slot=slot, base=base, index=index, value=value, span=span):
                at = None if index is None else self.value(index, env)
                self._store(slot, env.owner(base), at, self.value(value, env), span)
            case s.UpdateSlot():
                self._update_slot(node, env)
            case s.Let(name=name, type=type, value=value):
                if value is not None:
                    env.locals[name] = wrapped(type, self.value(value, env))
            case s.Assign(name=name, type=type, value=value):
                env.locals[name] = wrapped(type, self.value(value, env))
            case s.If(arms=arms, otherwise=otherwise):
                taken = next((arm for arm in arms if self.value(arm.condition, env)), None)
                self.takes(node, taken)
                self.body((otherwise or ()) if taken is None else taken.body, env)
            case s.Loop(body=body) if body and all(isinstance(e, s.May) for e in body):
                # What is permitted is asked for where somebody acts.
                pass
            case s.Loop(var=var, low=low, high=high, inclusive=inclusive, body=body, span=span):
                ends = self.value(low, env), self.value(high, env) + inclusive
                for number in range(*ends):
                    self.machine.work.spend(1, span)
                    env.locals[var] = number
                    self.body(body, env)
            case s.Switch():
                self._switch(node, env)
            case s.Labelled(label=label, body=body):
                try:
                    self.body(body, env)
                except _Leave as leave:
                    if leave.label != label:
                        raise
            case s.Leave(label=label):
                raise _Leave(label)
            case s.Return(value=value):
                raise _Return(None if value is None else self.value(value, env))
            case s.Fail(message=message, span=span):
                raise Stopped(message or "this path must never be taken", span)
            case s.Trap(undefined=undefined, message=message, span=span):
                kind = Kind.UNDEFINED if undefined else Kind.TRAP
                if not env.quiet:
                    self.machine.note(kind, message, span, who=env.who)
                raise Trapped(undefined, message, span)
            case s.Hold(lock=lock, base=base, body=body, span=span):
                self._hold(lock.name, env.owner(base), body, env, span)
            case s.Perform(call=call):
                self.call(call, env)
            case s.Order(barriers=barriers, span=span):
                for barrier in barriers:
                    self.machine.barrier(barrier, span, self.machine.label)
            case s.Warn(condition=condition, span=span):
                if self.value(condition, env):
                    self.machine.note(Kind.WARN, " ".join(condition.span.text.split()), span)
            case s.Assert(condition=condition, span=span):
                if not self.value(condition, env):
                    text = " ".join(condition.span.text.split())
                    raise Stopped(f"assertion failed: {text}", span)
            case s.May():
                # What is permitted is asked for where somebody acts.
                pass
            case s.Perhaps(barriers=barriers, span=span):
                chain = " then ".join(map(str, barriers))
                if self.machine.choose(f"{chain} of others", ("absent", "there"), span):
                    for barrier in barriers:
                        self.machine.barrier(barrier, span, "others")
            case _:
                assert_never(node)

    def _write_register(self, node: s.WriteRegister, env: Env) -> None:
        index = None if node.index is None else self.value(node.index, env)
        element = self.machine.element(node.register, index, node.span)
        value = self.value(node.value, env)
        if env.who == SOFTWARE:
            self.machine.write(element, value, node.span)
            return
        self._permitted(element, element.ones, node.span)
        self.machine.change(element, element.ones, value, env.who, node.span)

    def _update_register(self, node: s.UpdateRegister, env: Env) -> None:
        """One read, the changes in order, one write; hardware changes just the fields."""
        index = None if node.index is None else self.value(node.index, env)
        machine = self.machine
        element = machine.element(node.register, index, node.span)
        software = env.who == SOFTWARE
        value = machine.read(element, node.span) if software else 0
        whole = 0
        for change in node.changes:
            at = None if change.index is None else self.value(change.index, env)
            low, mask = bits(change.field, at)
            whole |= mask
            value = value & ~mask | self.value(change.value, env) << low & mask
        if software:
            machine.write(element, value, node.span)
            return
        self._permitted(element, whole, node.span)
        machine.change(element, whole, value, env.who, node.span)

    def _permitted(self, element: Element, mask: int, span: Span) -> None:
        if self.promised is not None and not self._operating:
            self.promised.register(element, mask)
        # What no instruction reaches is the hardware's own, as its memory is.
        own = self._operating and not element.register.encodings
        if self.permits is not None and not own:
            self.permits.register(element.register.name, element.index, mask, span)

    def _update_slot(self, node: s.UpdateSlot, env: Env) -> None:
        at = None if node.index is None else self.value(node.index, env)
        owner = env.owner(node.base)
        value = self.machine.world.load(owner, node.slot, at)
        for change in node.changes:
            index = None if change.index is None else self.value(change.index, env)
            low, mask = bits(change.field, index)
            value = value & ~mask | self.value(change.value, env) << low & mask
        self._store(node.slot, owner, at, wrapped(node.slot.type, value), node.span)

    def _store(self, slot: Slot, owner: str, index: int | None, value: int, span: Span) -> None:
        if self.permits is not None and not self._operating:
            self.permits.slot(slot, span)
        value = wrapped(slot.type, value)
        if self.promised is not None and not self._operating:
            self.promised.slot(slot, value)
        old = self.machine.world.store(owner, slot, index, value, span)
        name = slot.name if index is None else f"{slot.name}[{index}]"
        if len(self.handles) > 1 and owner:
            name = f"{owner}.{name}"
        register = slot.link.register.register if slot.link else None
        fields = changes(register, old, value) if register is not None else ()
        self.machine.note(Kind.STORE, name, span, old=old, new=value, fields=fields)

    def _switch(self, node: s.Switch, env: Env) -> None:
        value = self.value(node.value, env)
        cases = node.cases
        start = next((n for n, c in enumerate(cases) if c.value == value), len(cases))
        if start == len(cases) or not node.falling:
            found = cases[start].body if start < len(cases) else node.otherwise or ()
            self.body(found, env)
            return
        for case in cases[start:]:
            self.body(case.body, env)
        self.body(node.otherwise or (), env)

    def _hold(self, lock: str, owner: str, body: s.Body, env: Env, span: Span) -> None:
        held = self.machine.world.held
        if (owner, lock) in held:
            raise RunError(f"{lock} is taken a second time", span)
        held.add((owner, lock))
        self.machine.note(Kind.LOCK, lock, span)
        try:
            self.body(body, env)
        finally:
            held.discard((owner, lock))
        self.machine.note(Kind.UNLOCK, lock, span)
