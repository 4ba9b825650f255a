"""One sequence as one C function: its declarations, its body, its comments."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from dsl.backends.c.expressions import Expressions
from dsl.backends.c.spelling import Speller, Uses
from dsl.backends.c.statements import Statements
from dsl.backends.c.text import CText, Line, comment, declarator, fill, wrapped
from dsl.diagnostics import Diagnostic
from dsl.ir import sequence as s
from dsl.ir.dialect import Dialect, File, Role, Spelling
from dsl.ir.program import Program
from dsl.ir.types import BOOL, INT, Handle, Int, Type
from dsl.resolve.layout import Layout
from dsl.resolve.walk import calls, statements
from dsl.source import Span


@dataclass(frozen=True, slots=True)
class Function:
    """A function as the template lays it out: comment, signature, lines between the braces."""

    name: str
    comment: tuple[Line, ...]
    signature: tuple[Line, ...]
    prototype: tuple[Line, ...]
    body: tuple[Line, ...]


def function(
    program: Program,
    dialect: Dialect,
    file: File | None,
    sequence: s.Sequence,
    layout: Layout,
    report: Callable[[Diagnostic], None],
    uses: Uses,
) -> Function:
    """The C of a sequence that has a body."""
    assert sequence.body is not None
    speller = Speller(dialect, sequence.signature, file, report, uses)
    types = Types(speller, layout)
    handles = [p.name for p in sequence.signature.params if isinstance(p.type, Handle)]
    entered = _entered(speller, sequence)
    copies = _copies(program, speller, sequence)
    expressions = Expressions(speller, copies)
    body = Statements(expressions, speller, types, layout, sequence, initialise=not entered)
    lines = list(body.lines())
    locals_ = _locals(speller, lines, handles)
    made: list[Line] = []
    for name, type_, value in locals_:
        ending = ";" if entered else f" = {value};"
        made += wrapped(1, declarator(type_, name) + ending)
    made += body.declarations
    if entered:
        made += [Line(0, "")] if made else []
        made += [Line(1, f"{name} = {value};") for name, value in entered]
        made += [Line(1, f"{name} = {value};") for name, _, value in locals_]
    if made and lines:
        made.append(Line(0, ""))
    return Function(
        sequence.name,
        tuple(comment(0, sequence.doc)),
        tuple(
            wrapped(0, _signature(speller, types, sequence, speller.find(Role.DEFINE, "sequence")))
        ),
        tuple(wrapped(0, _signature(speller, types, sequence, None) + ";")),
        (*made, *lines),
    )


class Types:
    """C types of what a sequence declares."""

    def __init__(self, speller: Speller, layout: Layout) -> None:
        self._speller = speller
        self._layout = layout

    def of(self, type: Type | None, span: Span) -> str:
        """The C type of a parameter, a ``let`` or a result declared at ``span``."""
        written = self._layout.types.get(span.start)
        if written is not None and type is not None and not isinstance(type, Handle):
            # A register's name is a type too; C knows only its width.
            if written not in ("bool", "u8", "u16", "u32", "u64", "int", "uint"):
                written = str(type)
            return self._speller.type(written, span)
        match type:
            case None:
                return self._speller.type("void", span)
            case Handle(root=root):
                return self._speller.type(root, span)
            case _:
                return self._speller.type(_name(type), span)


def _name(type: Type) -> str:
    if type == BOOL:
        return "bool"
    if type == INT:
        return "int"
    assert isinstance(type, Int)
    # A value that is no register's has a register's width.
    width = next(w for w in (8, 16, 32, 64) if type.width <= w)
    return f"{'s' if type.signed else 'u'}{width}"


def _signature(
    speller: Speller, types: Types, sequence: s.Sequence, define: Spelling | None
) -> str:
    signature = sequence.signature
    params = [declarator(types.of(p.type, p.span), p.name) for p in signature.params]
    values = {
        "type": CText(types.of(signature.result, signature.span)),
        "name": CText(sequence.name),
        "params": CText(", ".join(params) or types.of(None, signature.span)),
    }
    if define is None:
        return fill("$type $name($params)", values).text.replace("* ", "*", 1)
    return re.sub(r"\* (?=\w+\()", "*", speller.use(define, values).text)


def _entered(speller: Speller, sequence: s.Sequence) -> list[tuple[str, str]]:
    """Parameters that are converted on entry, and to what."""
    made = []
    for param in sequence.signature.params:
        if isinstance(param.type, Handle):
            found = speller.find(Role.ENTER, param.type.root)
            if found is not None:
                value = speller.use(found, {param.type.root: CText(param.name)})
                made.append((param.name, value.text))
    return made


def _copies(program: Program, speller: Speller, sequence: s.Sequence) -> frozenset[str]:
    """The slots that the function keeps in a local: spelt as one, and not written meanwhile."""
    written: set[str] = set()
    pending, seen = [sequence.name], {sequence.name}
    while pending:
        name = pending.pop()
        if name in program.externs:
            for effect in program.externs[name].effects:
                if effect.kind == "writes":
                    written |= {p.name for p in effect.places}
        body = program.sequences[name].body if name in program.sequences else None
        written |= {
            x.slot.name for x in statements(body) if isinstance(x, (s.WriteSlot, s.UpdateSlot))
        }
        for call in calls(body):
            if call.callee not in seen:
                seen.add(call.callee)
                pending.append(call.callee)
    return frozenset(
        name
        for name, slot in program.slots.items()
        if name not in written and not slot.length and speller.find(Role.LOCAL, name) is not None
    )


def _locals(speller: Speller, lines: list[Line], handles: list[str]) -> list[tuple[str, str, str]]:
    """Name, type and value of each local of the dialect that the lines (or another local) use."""
    known: dict[str, Spelling] = {}
    for level in reversed(speller.dialect.levels(speller.sequence, speller.file)):
        for spelling in level:
            if spelling.role is Role.LOCAL:
                known[spelling.subject] = spelling
    text = " ".join(line.text for line in lines if not line.text.startswith(("/*", " *")))
    wanted: set[str] = set()
    pending = {n for n in known if _mentions(text, n)}
    while pending:
        name = pending.pop()
        wanted.add(name)
        pending |= {n for n in known if n not in wanted and _mentions(known[name].pattern, n)}
    made = []
    base = {h: CText(h) for h in handles}
    roots = {v for sp in known.values() for v in re.findall(r"\$(\w+)", sp.pattern)}
    if handles:
        base.update({root: CText(handles[0]) for root in roots if root not in base})
    for name, spelling in known.items():
        if name in wanted:
            value = speller.use(spelling, base)
            made.append((name, spelling.type or "", value.text))
    return made


def _mentions(text: str, name: str) -> bool:
    return re.search(rf"(?<![\w.>]){re.escape(name)}\b", text) is not None
