"""A whole program as one module over NumPy lanes, laid out by a template and formatted by black."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dsl.backends.batch.flow import Written
from dsl.backends.batch.functions import Function, computed, sequence, steady_registers
from dsl.backends.batch.listing import DTYPES
from dsl.backends.batch.nodes import number
from dsl.backends.python.code import number as literal
from dsl.backends.python.code import site, string
from dsl.backends.python.contexts import described
from dsl.backends.python.expressions import Expressions
from dsl.backends.python.module import Section, formatted
from dsl.backends.python.names import Names, Scope, name_all
from dsl.backends.python.platform import Platform
from dsl.backends.python.writer import Writer, docstring
from dsl.backends.templates import environment
from dsl.ir.program import Program
from dsl.ir.sequence import Param, Sequence
from dsl.ir.shapes import MACHINE, Condition, Period, Slot
from dsl.ir.types import Bool, Handle, Int
from dsl.ir.walk import calls

_TEMPLATE = "python/batch.py.j2"
#: What generated modules import, by where it is.
_HOMES = {
    "Callable": "collections.abc",
    "Mapping": "collections.abc",
    "Any": "typing",
    "masks": "dsl.machine",
    "Bool": "dsl.machine",
    "Int": "dsl.machine",
    "Bank": "dsl.machine",
    "Field": "dsl.machine",
    "FieldFamily": "dsl.machine",
    "Register": "dsl.machine",
    "Slot": "dsl.machine",
    "Array": "dsl.machine.lane_state",
    "LaneContext": "dsl.machine.lane_state",
    "LaneFacts": "dsl.machine.lane_state",
    "Lanes": "dsl.machine.lane_state",
    "LaneBehaviour": "dsl.machine.lanes",
    "LaneMachine": "dsl.machine.lanes",
    "LaneUnknown": "dsl.machine.lanes",
}


def emit(program: Program) -> str:
    """The batch simulator of a program: the text of a module that imports NumPy and `dsl.machine`.

    It depends on the program's meaning, its documentation and its source positions, and on
    nothing else.  Raises `HasErrors` where blocks are nested deeper than Python takes.
    """
    return formatted(unformatted(program))


def unformatted(program: Program) -> str:
    """The same module before black has laid it out."""
    names = name_all(program, [*_HOMES, "masks", "np"])
    about = Written(program, names, uses={"masks"})
    sections = _sections(about)
    title = [
        f"Batch simulator of the vgs program {program.name}: a lane for each machine.",
        "",
        "Generated: change the sequences, not this file.",
    ]
    return (
        environment()
        .get_template(_TEMPLATE)
        .render(
            docstring=docstring(title),
            imports=_imports(about.uses),
            sections=[s for s in sections if s.blocks],
        )
    )


def _sections(about: Written) -> list[Section]:
    program, names = about.program, about.names

    def quiet(scope: Scope) -> Expressions:
        return Expressions(program, names, scope, about.uses, quiet=True)

    platform = Platform(program, names, about.uses, quiet)
    registers = list(program.registers.values())
    state = _State(program, names, about.uses)
    defined = [s for s in program.sequences.values() if s.body is not None]
    about.inner.update({s.name: names.taken.add(f"{s.name}_lanes") for s in defined})
    written: dict[str, str] = {}
    for one in _callees_first(program, defined):
        written[one.name] = sequence(about, one)
    with_computed = {c.register.name for c in program.computed}
    compute = [computed(about, r) for r in registers if r.name in with_computed]
    public = [_public(about, s) for s in defined]
    machine = state.machine(steady_registers(about), with_computed)
    tables = state.tables(defined)
    return [
        Section("registers", [platform.constants(r) for r in registers]),
        Section("memory and facts", state.classes()),
        Section("the machine", [machine]),
        Section("numbers", ["\n".join(_constants(about))] if about.constants else []),
        Section("what registers show", compute),
        Section("sequences, in the lanes of a mask", [written[s.name] for s in defined]),
        Section("sequences, in all lanes", public),
        Section("by the names in the source", tables),
    ]


def _callees_first(program: Program, defined: list[Sequence]) -> Iterator[Sequence]:
    done: set[str] = set()

    def visit(one: Sequence) -> Iterator[Sequence]:
        if one.name in done:
            return
        done.add(one.name)
        for call in calls(one.body):
            callee = program.sequences.get(call.callee)
            if callee is not None and callee.body is not None:
                yield from visit(callee)
        yield one

    for one in defined:
        yield from visit(one)


def _constants(about: Written) -> Iterator[str]:
    """The numbers that are named, for NumPy takes an array faster than a number."""
    for (pattern, kind), name in sorted(about.constants.items(), key=lambda c: (c[0][1], c[0][0])):
        value = number(pattern, kind)
        shown = str(bool(value)) if kind == "b" else literal(value).text
        yield f"{name} = np.array({shown}, np.{DTYPES[kind]})"


def _public(about: Written, one: Sequence) -> str:
    """The function that a user calls."""
    signature = one.signature
    function = Function(about)
    params = function.parameters(signature.params)
    writer = Writer()
    given = [
        f"{name}: {_given(about, param)}"
        for name, param in zip(params, signature.params, strict=True)
    ]
    result = signature.result
    back = "None" if result is None else "Array"
    about.uses.update({"Array"} if result is not None else ())
    what = f"{one.kind} undoes {one.undoes}" if one.undoes else one.kind
    writer.comment([f"{site(signature.span)}: {what}"])
    name = about.names.sequences[one.name]
    with writer.block(f"def {name}({', '.join(['m: Machine', *given])}) -> {back}:"):
        if one.doc:
            writer.line(docstring(one.doc))
        passed = [about.inner[one.name]]
        for own, param in zip(params, signature.params, strict=True):
            if isinstance(param.type, Handle):
                passed.append(own)
                continue
            type = described(param.type, about.uses)
            passed.append(f"m.argument({own}, {type}, {string(param.name)})")
        if result is None:
            writer.line(f"m.run({', '.join(passed)})")
        else:
            writer.line(f"found: Array = m.run({', '.join(passed)})")
            writer.line("return found")
    return writer.text


def _given(about: Written, param: Param) -> str:
    if isinstance(param.type, Handle):
        return about.names.classes[param.type.root]
    about.uses.add("Lanes")
    return "Lanes"


@dataclass(frozen=True, slots=True)
class _State:
    """Writes the classes that hold state."""

    program: Program
    names: Names
    uses: set[str]

    def classes(self) -> list[str]:
        blocks = [self._facts(None)]
        for root in self.names.classes:
            if root != MACHINE:
                blocks.append(self._facts(root))
            blocks.append(self._context(root))
        return blocks

    def _facts(self, root: str | None) -> str:
        name = "MachineFacts" if root is None else self.names.facts[root]
        about = "the machines" if root is None else f"the {root} of each lane"
        held = [
            c
            for c in self.program.conditions.values()
            if c.root == root and c.name not in self.program.definitions
        ]
        items = [(self.names.conditions[c.name], self._fact(c), c.type, c.low, c.doc) for c in held]
        head = docstring([f"What holds for {about}, as far as sequences ask."])
        return self._class(f"{name}(LaneFacts)", head, items, [], "super().__init__(ARGS)")

    def _context(self, root: str) -> str:
        slots = [s for c in self.program.contexts.values() if c.root == root for s in c.slots]
        items = [(self.names.slots[s.name], self._slot(s), s.type, s.low, s.doc) for s in slots]
        whom = "the whole machine" if root == MACHINE else f"the {root} of each lane"
        head = docstring([f"What is kept in memory for {whom}."])
        name = f"{self.names.classes[root]}(LaneContext)"
        if root == MACHINE:
            return self._class(
                name, head, items, ["lanes: int"], "super().__init__(lanes, None, ARGS)"
            )
        facts = self.names.facts[root]
        first = ["lanes: int", f"facts: {facts} | None = None"]
        call = f"super().__init__(lanes, facts or {facts}(), ARGS)"
        return self._class(name, head, items, first, call, f"facts: {facts}")

    def _class(
        self,
        head: str,
        doc: str,
        items: list[tuple[str, str, Int | Bool, int | None, tuple[str, ...]]],
        first: list[str],
        call: str,
        more: str = "",
    ) -> str:
        self.uses.update(("LaneFacts", "LaneContext", "Slot", "Lanes", "Array"))
        writer = Writer()
        with writer.block(f"class {head}:"):
            writer.line(doc)
            described = ", ".join(f"{string(name)}: {text}" for name, text, *_ in items)
            writer.line(f"SLOTS = {{{described}}}")
            for name, _, _, _, said in items:
                writer.comment(said)
                writer.line(f"{name}: Array")
            if more:
                writer.line(more)
            given = []
            for name, _, type, low, _ in items:
                start = str(bool(low)) if isinstance(type, Bool) else literal(low or 0).text
                given.append(f"{name}: Lanes = {start}")
            params = ", ".join(["self", *first, *(["*", *given] if given else [])])
            with writer.block(f"def __init__({params}) -> None:"):
                passed = ", ".join(f"{string(name)}: {name}" for name, *_ in items)
                writer.line(call.replace("ARGS", f"{{{passed}}}"))
        return writer.text

    def _fact(self, condition: Condition) -> str:
        sampled = ["sampled=True"] if condition.period is Period.TEST else []
        return self._described(condition, sampled)

    def _slot(self, slot: Slot) -> str:
        return self._described(slot, [f"length={slot.length}"] if slot.length else [])

    def _described(self, held: Slot | Condition, more: list[str]) -> str:
        args = [string(held.name), described(held.type, self.uses)]
        if held.low is not None:
            args.append(f"low={literal(held.low).text}")
        if held.high is not None:
            args.append(f"high={literal(held.high).text}")
        return f"Slot({', '.join([*args, *more])})"

    def machine(self, steady: frozenset[str], with_computed: set[str]) -> str:
        """The class of machines that have this program's registers and facts."""
        self.uses.update(("LaneMachine", "LaneBehaviour", "LaneUnknown", "Mapping", "Array"))
        own = self.names.registers
        writer = Writer()
        with writer.block("class Machine(LaneMachine):"):
            writer.line(docstring(["The machines that the sequences run on, a lane for each."]))
            table = ", ".join(f"{string(n)}: {n}" for n in own.values())
            writer.line(f"REGISTERS = {{{table}}}")
            listed = ", ".join(string(own[r]) for r in own if r in steady)
            writer.line(f"STEADY = frozenset(({listed}{',' if listed else ''}))")
            if self.program.held:
                fixed = ", ".join(f"{string(n)}: {v:#x}" for n, v in self.program.held)
                writer.line(f"FIXED = {{{fixed}}}")
            writer.line("facts: MachineFacts")
            for name in own.values():
                writer.line(f"{name}: Array")
            if MACHINE in self.names.classes:
                writer.line(f"memory: {self.names.classes[MACHINE]}")
            with writer.block(
                "def __init__(self, lanes: int, facts: MachineFacts | None = None, *, "
                "externs: Mapping[str, LaneBehaviour] | None = None, "
                "unknown: LaneUnknown = 0) -> None:"
            ):
                writer.line(
                    "super().__init__(lanes, facts or MachineFacts(), "
                    "externs=externs, unknown=unknown)"
                )
                if MACHINE in self.names.classes:
                    writer.line(f"self.memory = {self.names.classes[MACHINE]}(lanes)")
            if with_computed:
                self.uses.update(("Register", "Array"))
                with (
                    writer.block("def compute(self, register: Register, stored: Array) -> Array:"),
                    writer.block("match register.family:"),
                ):
                    for name in (r for r in own if r in with_computed):
                        with writer.block(f"case {string(name)}:"):
                            writer.line(
                                f"return {self.names.computed[name]}(self, register, stored)  "
                                "# type: ignore[no-any-return]"
                            )
                    with writer.block("case _:"):
                        writer.line("return stored")
        return writer.text

    def tables(self, defined: list[Sequence]) -> list[str]:
        """What the module offers by the names in the source."""
        self.uses.add("Callable")
        classes = [f"{string(r)}: {c}" for r, c in self.names.classes.items()]
        externs = [string(e) for e in self.names.externs]
        externs += [string(s.name) for s in self.program.sequences.values() if s.body is None]
        own = [f"{string(s.name)}: {self.names.sequences[s.name]}" for s in defined]
        return [
            "#: The classes of handles.\n"
            f"HANDLES: dict[str, type[LaneContext]] = {{{', '.join(classes)}}}",
            "#: What has no body here, and needs a behaviour where it is called.\n"
            f"EXTERNS: tuple[str, ...] = ({', '.join(externs)}{',' if externs else ''})",
            "#: The sequences.\n"
            f"SEQUENCES: dict[str, Callable[..., object]] = {{{', '.join(own)}}}",
        ]


def _imports(uses: set[str]) -> list[str]:
    """Import lines, in the order in which isort would have them."""
    found: dict[str, list[str]] = {}
    for name, home in _HOMES.items():
        if name in uses:
            found.setdefault(home, []).append(name)
    lines = [
        f"from {h} import {', '.join(sorted(found[h]))}"
        for h in sorted(found)
        if "." in h and not h.startswith("dsl")
    ]
    lines += [
        f"from {h} import {', '.join(sorted(found[h]))}" for h in sorted(found) if "." not in h
    ]
    lines += ["", "import numpy as np", ""]
    lines += [
        f"from {h} import {', '.join(sorted(found[h]))}"
        for h in sorted(found)
        if h.startswith("dsl")
    ]
    return lines
