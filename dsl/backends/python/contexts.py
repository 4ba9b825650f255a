"""Contexts and facts as Python: a class for each handle, its facts, and the machine's."""

from __future__ import annotations

from dataclasses import dataclass

from dsl.backends.python.asks import asks_machine
from dsl.backends.python.code import number, string
from dsl.backends.python.expressions import Expressions
from dsl.backends.python.names import Names, Scope
from dsl.backends.python.platform import Maker
from dsl.backends.python.writer import Writer, docstring
from dsl.ir.program import Definition, Program
from dsl.ir.shapes import MACHINE, Condition, Period, Slot
from dsl.ir.types import Bool, Int


@dataclass(frozen=True, slots=True)
class Contexts:
    """Writes the classes that hold a program's state outside of registers."""

    program: Program
    names: Names
    uses: set[str]
    quiet: Maker

    def facts(self, root: str | None) -> str:
        """The facts about a handle, or (None) about the machine."""
        name = "MachineFacts" if root is None else self.names.facts[root]
        about = "the machine" if root is None else f"one {root}"
        held = [
            c
            for c in self.program.conditions.values()
            if c.root == root and c.name not in self.program.definitions
        ]
        self.uses.update(("Facts", "dataclass"))
        writer = Writer()
        writer.line("@dataclass(slots=True, eq=False)")
        with writer.block(f"class {name}(Facts):"):
            writer.line(docstring([f"What holds for {about}, as far as sequences ask."]))
            for condition in held:
                self._fact(writer, condition)
            self._slots(writer, [self._fact_slot(c) for c in held])
        return writer.text

    def _fact(self, writer: Writer, condition: Condition) -> None:
        writer.comment(condition.doc)
        kind = self._type(condition.type)
        if condition.period is Period.TEST:
            self.uses.add("Samples")
            kind = f"Samples[{kind}]"
        start = _start(condition.type, condition.low)
        writer.line(f"{self.names.conditions[condition.name]}: {kind} = {start}")

    def _fact_slot(self, condition: Condition) -> tuple[str, str]:
        args = self._bounded(condition.name, condition.type, condition.low, condition.high)
        if condition.period is Period.TEST:
            args.append("sampled=True")
        return self.names.conditions[condition.name], f"Slot({', '.join(args)})"

    def context(self, root: str) -> str:
        """The state of a handle: the slots of all its contexts, and its facts."""
        contexts = [c for c in self.program.contexts.values() if c.root == root]
        self.uses.update(("Context", "dataclass", "field"))
        writer = Writer()
        writer.line("@dataclass(slots=True, eq=False)")
        with writer.block(f"class {self.names.classes[root]}(Context):"):
            whom = "the whole machine" if root == MACHINE else f"one {root}"
            writer.line(docstring([f"What is kept in memory for {whom}."]))
            for context in contexts:
                writer.comment([f"{context.name}, of {context.owner}", *context.doc])
                for slot in context.slots:
                    self._slot(writer, slot)
            if root != MACHINE:
                facts = self.names.facts[root]
                writer.line(f"facts: {facts} = field(default_factory={facts})")
            self._slots(writer, [self._slot_slot(s) for c in contexts for s in c.slots])
        return writer.text

    def _slot(self, writer: Writer, slot: Slot) -> None:
        name = self.names.slots[slot.name]
        kind = self._type(slot.type)
        writer.comment(slot.doc)
        if slot.length:
            self.uses.add("Array")
            made = f"lambda: Array({self.names.arrays[slot.name]})"
            writer.line(f"{name}: Array[{kind}] = field(default_factory={made})")
        else:
            writer.line(f"{name}: {kind} = {_start(slot.type, slot.low)}")

    def arrays(self, root: str) -> list[str]:
        """The descriptions of a handle's arrays, which the class needs twice."""
        return [
            f"{self.names.arrays[slot.name]} = {self._described(slot)}"
            for context in self.program.contexts.values()
            if context.root == root
            for slot in context.slots
            if slot.length
        ]

    def setters(self, root: str) -> list[str]:
        """What stores into the slots of a handle where a value is known to fit."""
        made = []
        for context in self.program.contexts.values():
            for slot in context.slots:
                if context.root == root and not slot.length:
                    self.uses.add("setter")
                    of = f"{self.names.classes[root]}, {string(self.names.slots[slot.name])}"
                    made.append(f"{self.names.setters[slot.name]} = setter({of})")
        return made

    def _slot_slot(self, slot: Slot) -> tuple[str, str]:
        name = self.names.slots[slot.name]
        if slot.length:
            return name, self.names.arrays[slot.name]
        return name, self._described(slot)

    def _described(self, slot: Slot) -> str:
        self.uses.add("Slot")
        args = self._bounded(slot.name, slot.type, slot.low, slot.high)
        if slot.length:
            args.append(f"length={slot.length}")
        if slot.link is not None:
            register = slot.link.register.register
            args.append(f"layout={self.names.registers[register.name]}.layout")
            if register.layouts:
                args.append(f"family={string(register.name)}")
        return f"Slot({', '.join(args)})"

    def definition(self, definition: Definition) -> str:
        """A fact that is a function of other state."""
        condition = definition.condition
        expressions = self._expressions(condition.root)
        params = ["m: Machine"] if asks_machine(self.program, definition.value) else []
        if condition.root is not None:
            owner = expressions.scope.find(condition.root).name
            params.append(f"{owner}: {self.names.classes[condition.root]}")
        result = expressions.type(condition.type)
        writer = Writer()
        name = self.names.definitions[condition.name]
        with writer.block(f"def {name}({', '.join(params)}) -> {result}:"):
            what = f"The value of {condition.name}."
            writer.line(docstring(condition.doc or (what,)))
            writer.line(f"return {expressions.text(definition.value)}")
        return writer.text

    def _expressions(self, root: str | None) -> Expressions:
        scope = Scope(self.names.taken)
        if root is not None:
            scope.declare(root, root)
        return self.quiet(scope)

    def _slots(self, writer: Writer, slots: list[tuple[str, str]]) -> None:
        """The descriptions by which the runtime checks what is stored."""
        if not slots:
            return
        self.uses.update(("ClassVar", "Slot"))
        items = ", ".join(f"{string(name)}: {text}" for name, text in slots)
        writer.line(f"SLOTS: ClassVar[dict[str, Slot]] = {{{items}}}")

    def _bounded(self, name: str, type: Int | Bool, low: int | None, high: int | None) -> list[str]:
        args = [string(name), self._description(type)]
        if low is not None:
            args.append(f"low={number(low).text}")
        if high is not None:
            args.append(f"high={number(high).text}")
        return args

    def _type(self, type: Int | Bool) -> str:
        if isinstance(type, Bool):
            return "bool"
        self.uses.add(str(type))
        return str(type)

    def _description(self, type: Int | Bool) -> str:
        return described(type, self.uses)


def described(type: Int | Bool, uses: set[str]) -> str:
    """A type as an object that the runtime checks values by."""
    if isinstance(type, Bool):
        uses.add("Bool")
        return "Bool()"
    uses.add("Int")
    return f"Int({type.width}, True)" if type.signed else f"Int({type.width})"


def _start(type: Int | Bool, low: int | None) -> str:
    """What a variable or a fact holds before anybody sets it: 0 or False, or the least there is."""
    if isinstance(type, Bool):
        return str(bool(low))
    return number(low or 0).text
