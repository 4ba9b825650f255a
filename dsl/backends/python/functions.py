"""Sequences and externs as Python functions, and the machine that they run on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dsl.backends.python.code import site, string
from dsl.backends.python.contexts import described
from dsl.backends.python.expressions import Expressions
from dsl.backends.python.names import Names, Scope
from dsl.backends.python.statements import Statements
from dsl.backends.python.untraced import Untraced
from dsl.backends.python.writer import Writer, docstring
from dsl.ir import expr as x
from dsl.ir.program import Program
from dsl.ir.sequence import Effect, Extern, Lock, Param, Sequence, Signature
from dsl.ir.shapes import MACHINE, Period
from dsl.ir.types import Bool, Handle, Int
from dsl.ir.walk import assigned, ends, inside


@dataclass(frozen=True, slots=True)
class Functions:
    """Writes what can be called in a program."""

    program: Program
    names: Names
    uses: set[str]
    #: Makes the writer of a function's expressions: loud in a sequence, quiet in a promise.
    expressions: Callable[[Scope, bool], Expressions]
    untraced: Untraced

    def sequence(self, sequence: Sequence) -> str:
        """A sequence with a body, as a machine without a trace goes through it."""
        signature = sequence.signature
        expressions = self.expressions(Scope(self.names.taken), False)
        scope = expressions.scope
        writer = Writer()
        head = self._head(self.names.sequences[sequence.name], signature, expressions, "")
        given = ", ".join(["m", *(scope.find(p.name).name for p in signature.params)])
        call = f"{self.names.traced[sequence.name]}({given})"
        with writer.block(head):
            if sequence.doc:
                writer.line(docstring(sequence.doc))
            with writer.block("if m.tracing:"):
                writer.line(call if signature.result is None else f"return {call}")
                if signature.result is None:
                    writer.line("return")
            self.untraced.body(writer, sequence, scope)
        return writer.text

    def traced(self, sequence: Sequence) -> str:
        """The same as a machine goes through it that keeps a trace."""
        assert sequence.body is not None
        signature = sequence.signature
        expressions = self.expressions(Scope(self.names.taken), False)
        writer = Writer()
        what = f"{sequence.kind} undoes {sequence.undoes}" if sequence.undoes else sequence.kind
        writer.comment([f"{site(signature.span)}: {what}"])
        head = self._head(self.names.traced[sequence.name], signature, expressions, "")
        with writer.block(head):
            if sequence.doc:
                writer.line(docstring(sequence.doc))
            Statements(writer, expressions, assigned(sequence.body)).body(sequence.body)
            if signature.result is not None and not ends(sequence.body):
                self.uses.add("MachineError")
                text = f"{sequence.name} ends without a result"
                writer.line(f"raise MachineError({string(text)})")
        return writer.text

    def promise(self, sequence: Sequence) -> str:
        """A sequence that no module of this program defines: the user says what it does."""
        name = self.names.sequences[sequence.name]
        doc = sequence.doc or ("Not defined in this program: supply a behaviour.",)
        return self._outside(name, sequence.signature, (), (), doc)

    def extern(self, extern: Extern) -> str:
        """An operation outside the language: the user says what it does."""
        name = self.names.externs[extern.signature.name]
        doc = extern.doc or ("Outside of the language: supply a behaviour.",)
        return self._outside(name, extern.signature, extern.effects, extern.ensures, doc)

    def _head(self, name: str, signature: Signature, expressions: Expressions, extra: str) -> str:
        params = ["m: Machine"]
        for param in signature.params:
            own, _ = expressions.scope.declare(param.name, str(param.type))
            params.append(f"{own}: {expressions.type(param.type)}")
        return f"def {name}({', '.join(params)}{extra}) -> {expressions.type(signature.result)}:"

    def _outside(
        self,
        name: str,
        signature: Signature,
        effects: tuple[Effect, ...],
        ensures: tuple[x.Expr, ...],
        doc: tuple[str, ...],
    ) -> str:
        expressions = self.expressions(Scope(self.names.taken), True)
        scope = expressions.scope
        writer = Writer()
        with writer.block(self._head(name, signature, expressions, ', *, at: str = ""')):
            writer.line(docstring(doc))
            given = [scope.find(p.name).name for p in signature.params]
            args = f"({', '.join(given)}{',' if len(given) == 1 else ''})"
            needs = [p.name for e in effects for p in e.places if isinstance(p, Lock)]
            locks = f"needs=({', '.join(map(string, needs))},), " if needs else ""
            asked = f"{string(signature.name)}, {args}, {locks}at=at"
            promises = self._promises(signature, ensures, expressions)
            match signature.result:
                case Int() | Bool() as result:
                    call = f"m.call_for({described(result, self.uses)}, {asked})"
                    call = f"bool({call})" if isinstance(result, Bool) else call
                    if not promises:
                        writer.line(f"return {call}")
                        return writer.text
                    out = scope.temporary("result", str(result))
                    writer.line(f"{out} = {call}")
                case _:
                    out = ""
                    writer.line(f"m.call({asked})")
            for promise in promises:
                said = f"{string(signature.name)}, {string(' '.join(promise.span.text.split()))}"
                writer.line(f"m.ensure({expressions.text(promise)}, {said}, at=at)")
            if out:
                writer.line(f"return {out}")
        return writer.text

    def _promises(
        self, signature: Signature, ensures: tuple[x.Expr, ...], expressions: Expressions
    ) -> list[x.Expr]:
        """The promises that can be checked after a call, with their owners bound.

        One about a fact that is asked anew at each test cannot: asking again is another answer.
        """
        for root in {p.type.root for p in signature.params if isinstance(p.type, Handle)}:
            own = [p.name for p in signature.params if _of(p, root)]
            if len(own) == 1:
                expressions.scope.alias(root, expressions.scope.find(own[0]).name)
        return [e for e in ensures if self._checkable(e, signature)]

    def _checkable(self, promise: x.Expr, signature: Signature) -> bool:
        for part in inside(promise):
            match part:
                case x.Test(condition=condition) if condition.period is Period.TEST:
                    return False
                case x.ReadSlot(base=""):
                    pass
                case x.Test(base=str() as base) | x.ReadSlot(base=base):
                    if sum(_of(p, base) for p in signature.params) != 1:
                        return False
                case _:
                    pass
        return True

    # ---- what holds it all together

    def machine(self) -> str:
        """The class of machines that have this program's registers and facts."""
        self.uses.update(("BaseMachine", "Behaviour", "Mapping", "Unknown", "Register"))
        legal = {r.register.name for r in self.program.legalisations}
        computed = {c.register.name for c in self.program.computed}
        moving = [r.name for r in self.program.registers.values() if r.layouts]
        writer = Writer()
        with writer.block("class Machine(BaseMachine[MachineFacts]):"):
            writer.line(docstring(["The machine that the sequences run on."]))
            if self.program.held:
                self.uses.add("ClassVar")
                held = [f"{string(name)}: {value:#x}" for name, value in self.program.held]
                writer.line(f"FIXED: ClassVar[Mapping[str, int]] = {_braces(held)}")
            with writer.block(
                "def __init__(self, facts: MachineFacts | None = None, *, "
                "externs: Mapping[str, Behaviour] | None = None, "
                "unknown: Unknown = 0, tracing: bool = True) -> None:"
            ):
                writer.line(
                    "super().__init__(REGISTERS, facts or MachineFacts(), "
                    "externs=externs, unknown=unknown, tracing=tracing)"
                )
                if MACHINE in self.names.classes:
                    writer.line(f"self.memory = {self.names.classes[MACHINE]}()")
            self.untraced.settle(writer)
            self._dispatch(writer, "legalise", "written", legal, self.names.legalised)
            self._dispatch(writer, "compute", "stored", computed, self.names.computed)
            if moving:
                self._in_force(writer, moving)
        return writer.text

    def _in_force(self, writer: Writer, registers: list[str]) -> None:
        with (
            writer.block("def in_force(self, family: str, value: int) -> str:"),
            writer.block("match family:"),
        ):
            for register in registers:
                with writer.block(f"case {string(register)}:"):
                    writer.line(f"return {self.names.layouts[register]}(self, value)")
            with writer.block("case _:"):
                writer.line('return ""')

    def _dispatch(
        self, writer: Writer, name: str, value: str, registers: set[str], names: dict[str, str]
    ) -> None:
        if not registers:
            return
        with (
            writer.block(f"def {name}(self, register: Register, {value}: int) -> int:"),
            writer.block("match register.family:"),
        ):
            for register in self.program.registers:
                if register in registers:
                    with writer.block(f"case {string(register)}:"):
                        writer.line(f"return {names[register]}(self, register, {value})")
            with writer.block("case _:"):
                writer.line(f"return {value}")

    def tables(self) -> list[str]:
        """What the module offers by the names in the source."""
        classes = [f"{string(r)}: {c}" for r, c in self.names.classes.items()]
        externs = [string(e) for e in self.names.externs]
        externs += [string(s.name) for s in self.program.sequences.values() if s.body is None]
        sequences = [
            f"{string(s.name)}: {self.names.sequences[s.name]}"
            for s in self.program.sequences.values()
            if s.body is not None
        ]
        self.uses.update(("Callable", "Context"))
        return [
            f"#: The classes of handles.\nHANDLES: dict[str, type[Context]] = {_braces(classes)}",
            "#: What has no body here, and needs a behaviour where it is called.\n"
            f"EXTERNS: tuple[str, ...] = ({', '.join(externs)}{',' if externs else ''})",
            "#: The sequences.\n"
            f"SEQUENCES: dict[str, Callable[..., object]] = {_braces(sequences)}",
        ]


def _of(param: Param, root: str) -> bool:
    """Whether a parameter is a handle on an owner, or on one of its contexts."""
    return isinstance(param.type, Handle) and param.type.root == root


def _braces(items: list[str]) -> str:
    return "{" + ", ".join(items) + "}"
