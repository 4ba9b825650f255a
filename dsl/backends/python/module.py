"""A whole program as one Python module, laid out by a template and formatted by black."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

from dsl.backends.python.contexts import Contexts
from dsl.backends.python.expressions import Expressions
from dsl.backends.python.functions import Functions
from dsl.backends.python.names import RUNTIME, Names, Scope, name_all
from dsl.backends.python.platform import Platform
from dsl.backends.python.untraced import Untraced
from dsl.backends.python.writer import docstring
from dsl.backends.templates import environment
from dsl.ir.program import Program
from dsl.ir.shapes import MACHINE

_TEMPLATE = "python/simulator.py.j2"
_ELSEWHERE = {
    "Callable": "collections.abc",
    "Mapping": "collections.abc",
    "ClassVar": "typing",
    "TypeAlias": "typing",
    "dataclass": "dataclasses",
    "field": "dataclasses",
    "Behaviour": "dsl.machine",
    "Context": "dsl.machine",
}


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the module as the template sees it."""

    title: str
    blocks: list[str]


def emit(program: Program) -> str:
    """The simulator of a program: the text of a Python module that imports only `dsl.machine`.

    It depends on the program's meaning, its documentation and its source positions, and on
    nothing else; the same program gives the same text.  Raises `HasErrors` where blocks of the
    source are nested deeper than Python takes.
    """
    return formatted(unformatted(program))


def unformatted(program: Program) -> str:
    """The same module before black has laid it out, which is most of the time that it takes."""
    names = name_all(program)
    uses: set[str] = set()
    sections = _sections(program, names, uses)
    widths = sorted((u for u in uses if u[0] in "us" and u[1:].isdecimal()), key=_width)
    if widths:
        uses.add("TypeAlias")
        aliases = [f"{name}: TypeAlias = int" for name in widths]
        sections.insert(0, Section("how wide a number is, for the reader", aliases))
    title = [
        f"Simulator of the vgs program {program.name}.",
        "",
        "Generated: change the sequences, not this file.",
    ]
    template = environment().get_template(_TEMPLATE)
    return template.render(
        docstring=docstring(title),
        imports=_imports(uses),
        sections=[s for s in sections if s.blocks],
    )


def _sections(program: Program, names: Names, uses: set[str]) -> list[Section]:
    def expressions(scope: Scope, quiet: bool) -> Expressions:
        return Expressions(program, names, scope, uses, quiet=quiet)

    def quiet(scope: Scope) -> Expressions:
        return expressions(scope, True)

    platform = Platform(program, names, uses, quiet)
    contexts = Contexts(program, names, uses, quiet)
    untraced = Untraced(program, names, uses)
    functions = Functions(program, names, uses, expressions, untraced)
    registers = list(program.registers.values())
    listed = [names.registers[r.name] for r in registers]
    uses.update(("Bank", "Register"))
    table = (
        "#: All registers.\nREGISTERS: tuple[Register | Bank, ...] = "
        f"({', '.join(listed)}{',' if listed else ''})"
    )
    behaviour = chain(
        (platform.derived(d) for d in program.derived.values()),
        (platform.layout(r) for r in registers),
        (platform.legalised(r) for r in registers),
        (platform.computed(r) for r in registers),
        (untraced.legal(r) for r in registers),
        (untraced.read(r) for r in registers),
    )
    state = [contexts.facts(None)]
    for root in names.classes:
        if root != MACHINE:
            state.append(contexts.facts(root))
        state += [*contexts.arrays(root), contexts.context(root), *contexts.setters(root)]
    promised = [s for s in program.sequences.values() if s.body is None]
    defined = [s for s in program.sequences.values() if s.body is not None]
    return [
        Section("registers", [*(platform.constants(r) for r in registers), table]),
        Section("memory and facts", state),
        Section("the machine", [functions.machine()]),
        Section("what registers do", [b for b in behaviour if b is not None]),
        Section(
            "facts that follow from state",
            [contexts.definition(d) for d in program.definitions.values()],
        ),
        Section(
            "outside of the language",
            [
                *(functions.extern(e) for e in program.externs.values()),
                *(functions.promise(s) for s in promised),
            ],
        ),
        Section("sequences, with a trace", [functions.traced(s) for s in defined]),
        Section("sequences", [functions.sequence(s) for s in defined]),
        Section("by the names in the source", functions.tables()),
    ]


def _width(name: str) -> tuple[int, str]:
    return int(name[1:]), name


def _imports(uses: set[str]) -> list[str]:
    """Import lines, in the order in which isort would have them."""
    found: dict[str, list[str]] = {}
    for name, home in _ELSEWHERE.items():
        if name in uses:
            found.setdefault(home, []).append(name)
    runtime = found.setdefault("dsl.machine", [])
    runtime += [name for name in RUNTIME if name in uses and name not in runtime]
    if "BaseMachine" in uses:
        runtime.append("Machine as BaseMachine")
    homes = sorted(found, key=lambda home: (home.startswith("dsl."), home))
    lines = []
    for home in homes:
        if home == "dsl.machine":
            lines.append("")
        lines.append(f"from {home} import {', '.join(sorted(found[home]))}")
    return lines


def formatted(text: str) -> str:
    """Python as black lays it out."""
    # Loading black takes longer than everything else here.
    from black import format_str
    from black.mode import Mode, TargetVersion

    return format_str(text, mode=Mode(target_versions={TargetVersion.PY311}))
