"""IR to C: one file per file of the tree, spelt by a dialect and laid out by templates.

`draft` writes the functions, and finds what the dialect does not spell; `emit` also lays them
out in files.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from dsl.backends.c.function import Function, function
from dsl.backends.c.spelling import Uses
from dsl.diagnostics import Diagnostic, Diagnostics
from dsl.ir.dialect import Dialect, File, Globs, Header
from dsl.ir.program import Program
from dsl.ir.sequence import Sequence
from dsl.resolve.layout import Layout

__all__ = ["CTree", "Draft", "draft", "emit"]


@dataclass(frozen=True)
class Draft:
    """The functions of each file and the prototypes of each header, not yet laid out.

    ``findings`` say what the dialect does not spell; ``uses`` where each pattern is used.
    """

    dialect: Dialect
    files: tuple[tuple[File, tuple[Function, ...]], ...]
    headers: tuple[tuple[Header, tuple[Function, ...]], ...]
    findings: tuple[Diagnostic, ...]
    uses: Uses


@dataclass(frozen=True)
class CTree:
    """The C of a program: ``files`` maps paths in the tree to texts."""

    files: dict[str, str]
    findings: tuple[Diagnostic, ...]


def draft(
    program: Program,
    dialect: Dialect,
    layouts: Mapping[str, Layout],
    *,
    without: Collection[str] = (),
) -> Draft:
    """The functions that the dialect's files hold; ``layouts`` is by module name.

    The sequences of the modules ``without`` are left out: they were drafted with another program.
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

    def make(sequence: Sequence) -> Function:
        if sequence.name not in made:
            files = dialect.files_of(sequence.name)
            layout = layouts.get(homes[sequence.name], Layout())
            made[sequence.name] = function(
                program, dialect, files[0] if files else None, sequence, layout, found.add, uses
            )
        return made[sequence.name]

    def all_of(globs: Globs) -> tuple[Function, ...]:
        return tuple(make(s) for s in _matching(program, globs) if s.name not in left_out)

    files = tuple((f, all_of(f.holds)) for f in dialect.files)
    headers = tuple((h, all_of(h.declares)) for h in dialect.headers)
    return Draft(dialect, files, headers, tuple(found), uses)


def emit(program: Program, dialect: Dialect, layouts: Mapping[str, Layout]) -> CTree:
    """The C of all sequences that the dialect's files hold, file by file."""
    # Only here is a template engine needed.
    from dsl.backends.templates import environment

    drafted = draft(program, dialect, layouts)
    files: dict[str, str] = {}
    templates = environment()
    for file, functions in drafted.files:
        if functions:
            text = templates.get_template("c/file.c.j2").render(
                dialect=dialect.name, includes=file.includes, functions=functions
            )
            files.update(dict.fromkeys(file.paths, text))
    for header, functions in drafted.headers:
        if functions:
            text = templates.get_template("c/header.h.j2").render(
                dialect=dialect.name, functions=functions
            )
            files.update(dict.fromkeys(header.paths, text))
    return CTree(files, drafted.findings)


def _matching(program: Program, globs: Globs) -> list[Sequence]:
    """The sequences that match, in the order of the globs and then of definition."""
    found = []
    for place, sequence in enumerate(program.sequences.values()):
        at = globs.match(sequence.name)
        if at is not None and sequence.body is not None:
            found.append((at, place, sequence))
    return [sequence for _, _, sequence in sorted(found, key=lambda f: f[:2])]
