"""One sequence as one C function: its declarations, its body, its comments."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct

from dsl.backends.c.accesses import stores
from dsl.backends.c.expressions import Expressions
from dsl.backends.c.jumps import anchored
from dsl.backends.c.spelling import Speller, Uses, c_name, mentions
from dsl.backends.c.statements import Statements
from dsl.backends.c.text import CText, Line, comment, declarator, fill, wrapped
from dsl.backends.c.types import Types
from dsl.diagnostics import Diagnostic, Note
from dsl.diagnostics.dialects import NoSpelling
from dsl.ir import sequence as s
from dsl.ir.dialect import Dialect, File, Role, Spelling
from dsl.ir.program import Program
from dsl.ir.types import Handle
from dsl.resolve.hints import Layout
from dsl.source import Span


class Function(Struct, frozen=True):
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
    _check_names(speller, sequence)
    types = Types(speller, layout)
    entered = _entered(speller, sequence)
    copies = _copies(program, speller, sequence)
    expressions = Expressions(speller, copies, _signatures(program), program.derived)
    body = Statements(
        program, expressions, speller, types, layout, sequence, initialise=not entered
    )
    lines = anchored(body.lines())
    locals_ = _locals(program, speller, types, [*body.declarations, *lines])
    made: list[Line] = []
    for name, type_, value in locals_:
        ending = ";" if entered else f" = {value};"
        made += wrapped(1, declarator(type_, name) + ending)
    made += body.declarations
    if entered:
        made += [Line(0, "")] if made else []
        for name, value in [*entered, *((name, value) for name, _, value in locals_)]:
            made += wrapped(1, f"{name} = {value};")
    if made and lines:
        made.append(Line(0, ""))
    define = speller.find(Role.DEFINE, "sequence")
    return Function(
        sequence.name,
        tuple(comment(0, sequence.doc)),
        tuple(wrapped(0, _signature(speller, types, sequence, define))),
        tuple(wrapped(0, _signature(speller, types, sequence, None) + ";")),
        (*made, *lines),
    )


def _check_names(speller: Speller, sequence: s.Sequence) -> None:
    """Reports names that C cannot have, or that would hide what the dialect means by them."""
    signature = sequence.signature
    if c_name(sequence.name) != sequence.name:
        speller.report(
            NoSpelling(
                signature.span,
                f"`{sequence.name}` is a keyword of C, so no function can be called that",
                help="give the sequence another name",
            )
        )
    for param in signature.params:
        if isinstance(param.type, Handle):
            continue
        local = speller.find(Role.LOCAL, param.name)
        if local is not None:
            speller.report(
                NoSpelling(
                    param.span,
                    f"the parameter `{param.name}` hides the dialect's local of that name",
                    (Note(local.span, "which is this one"),),
                    help="give the parameter another name",
                )
            )


def _signatures(program: Program) -> dict[str, s.Signature]:
    """What can be called, by name."""
    found = {name: extern.signature for name, extern in program.externs.items()}
    return found | {name: sequence.signature for name, sequence in program.sequences.items()}


def _signature(
    speller: Speller, types: Types, sequence: s.Sequence, define: Spelling | None
) -> str:
    signature = sequence.signature
    params = [declarator(types.of(p.type, p.span), c_name(p.name)) for p in signature.params]
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
            found = speller.find(Role.ENTER, str(param.type))
            if found is not None:
                name = c_name(param.name)
                made.append((name, speller.use(found, {str(param.type): CText(name)}).text))
    return made


def _copies(program: Program, speller: Speller, sequence: s.Sequence) -> frozenset[str]:
    """The slots that the function keeps in a local: spelt as one, and not written meanwhile."""
    written = stores(program, sequence.body)
    return frozenset(
        name
        for name in speller.locals
        if name in program.slots and name not in written and not program.slots[name].length
    )


def _locals(
    program: Program, speller: Speller, types: Types, lines: list[Line]
) -> list[tuple[str, str, str]]:
    """Name, type and value of each local of the dialect that the lines (or another local) use."""
    known = speller.locals
    text = " ".join(line.text for line in lines if not line.text.startswith(("/*", " *")))
    wanted: set[str] = set()
    pending = {n for n in known if mentions(text, n)}
    while pending:
        name = pending.pop()
        wanted.add(name)
        pending |= {n for n in known if n not in wanted and mentions(known[name].pattern, n)}
    made = []
    for name, spelling in known.items():
        if name in wanted:
            type_ = spelling.type
            if type_ is None and name in program.slots:
                type_ = types.of(program.slots[name].type, Span(spelling.span.source, -1, -1))
            if type_ is None:
                type_ = speller.missing(
                    spelling.span, f"the type of the local `{name}`", f'local {name} : "…" is "…"'
                ).text
            made.append((name, type_, speller.use(spelling, {}).text))
    return made
