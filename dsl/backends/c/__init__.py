"""IR to C: one file per file of the tree, spelt by a dialect and laid out by templates.

`draft` writes the functions, and finds what the dialect does not spell; `emit` also lays them
out in files.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from msgspec import Struct

from dsl.backends.c.function import Function, function
from dsl.backends.c.spelling import Uses
from dsl.diagnostics import Diagnostic, Diagnostics
from dsl.diagnostics.dialects import NoSpelling
from dsl.ir.dialect import Dialect, File, Globs, Header
from dsl.ir.program import Program
from dsl.ir.sequence import Sequence
from dsl.ir.walk import calls
from dsl.resolve.hints import Layout

__all__ = ["CTree", "Draft", "draft", "emit"]


class Draft(Struct, frozen=True):
    """The functions of each file and the prototypes of each header, not yet laid out.

    ``findings`` say what the dialect does not spell; ``uses`` where each pattern is used.
    """

    dialect: Dialect
    files: tuple[tuple[File, tuple[Function, ...]], ...]
    headers: tuple[tuple[Header, tuple[Function, ...]], ...]
    findings: tuple[Diagnostic, ...]
    uses: Uses


class CTree(Struct, frozen=True):
    """The C of a program: ``files`` maps paths in the tree to texts."""

    files: dict[str, str]
    findings: tuple[Diagnostic, ...]


def draft(
    program: Program,
    dialect: Dialect,
    layouts: Mapping[str, Layout],
    *,
    without: Collection[str] = (),
    asked: set[str] | None = None,
) -> Draft:
    """The functions that the dialect's files hold; ``layouts`` is by module name.

    The sequences of the modules ``without`` are left out: they were drafted with another program.
    ``asked`` collects the lines that the dialect was asked for, so that programs share them.
    """
    found = Diagnostics()
    uses: Uses = {}
    homes = {
        sequence.name: module.name
        for module in program.modules
        for sequence in module.sequences
        if sequence.body is not None
    }
    left_out = {name for name, module in homes.items() if module in without}
    made: dict[str, Function] = {}
    asked = set() if asked is None else asked

    def report(finding: Diagnostic) -> None:
        # One line in the dialect mends every use, so it is asked for once.
        line = finding.help if isinstance(finding, NoSpelling) else ""
        if not line.startswith("add a line") or line not in asked:
            asked.add(line)
            found.add(finding)

    def make(sequence: Sequence) -> Function:
        if sequence.name not in made:
            files = dialect.files_of(sequence.name)
            layout = layouts.get(homes[sequence.name], Layout())
            made[sequence.name] = function(
                program, dialect, files[0] if files else None, sequence, layout, report, uses
            )
        return made[sequence.name]

    def all_of(globs: Globs) -> tuple[Function, ...]:
        return tuple(make(s) for s in _matching(program, globs) if s.name not in left_out)

    files = tuple((f, all_of(f.holds)) for f in dialect.files)
    headers = tuple((h, all_of(h.declares)) for h in dialect.headers)
    return Draft(dialect, files, headers, tuple(found), uses)


def emit(
    program: Program,
    dialect: Dialect,
    layouts: Mapping[str, Layout],
    *,
    asked: set[str] | None = None,
) -> CTree:
    """The C of all sequences that the dialect's files hold; ``asked`` is as for `draft`."""
    # Only here is a template engine needed.
    from dsl.backends.templates import environment

    drafted = draft(program, dialect, layouts, asked=asked)
    files: dict[str, str] = {}
    templates = environment()
    for file, functions in drafted.files:
        if functions:
            text = templates.get_template("c/file.c.j2").render(
                dialect=dialect.name, includes=_included(file.includes), functions=functions
            )
            files.update(dict.fromkeys(file.paths, text))
    for header, functions in drafted.headers:
        if functions:
            template = templates.get_template("c/header.h.j2")
            for path in header.paths:
                files[path] = template.render(
                    dialect=dialect.name,
                    guard=_guard(path),
                    includes=_included(header.includes),
                    functions=functions,
                )
    return CTree(files, drafted.findings)


def _included(paths: tuple[str, ...]) -> list[str]:
    """What ``#include`` takes: a bare path in quotes, and one in brackets or quotes as it is."""
    return [path if path[:1] in ("<", '"') else f'"{path}"' for path in paths]


def _guard(path: str) -> str:
    """The macro that tells that a header was read: its path as ``#include`` would name it."""
    return f"__{re.sub(r'[^A-Z0-9]+', '_', path.rpartition('include/')[2].upper())}__"


def _matching(program: Program, globs: Globs) -> list[Sequence]:
    """The sequences that match, in the order of the globs and then of definition."""
    found = []
    for place, sequence in enumerate(program.sequences.values()):
        at = globs.match(sequence.name)
        if at is not None and sequence.body is not None:
            found.append((at, place, sequence))
    return _callees_first([sequence for _, _, sequence in sorted(found, key=lambda f: f[:2])])


def _callees_first(sequences: list[Sequence]) -> list[Sequence]:
    """The same order, but that C meets no function before its definition in the file."""
    named = {sequence.name: sequence for sequence in sequences}
    made: dict[str, Sequence] = {}
    pending = list(reversed(sequences))
    entered: set[str] = set()
    while pending:
        sequence = pending.pop()
        if sequence.name in made:
            continue
        # Calls are without circles, so what was entered before has its callees by now.
        callees = [named[c.callee] for c in calls(sequence.body) if c.callee in named]
        missing = [c for c in callees if c.name not in made and c is not sequence]
        if missing and sequence.name not in entered:
            entered.add(sequence.name)
            pending += [sequence, *reversed(missing)]
        else:
            made[sequence.name] = sequence
    return list(made.values())
