"""IR to C: one file per file of the tree, spelt by a dialect and laid out by templates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from dsl.backends.c.function import Function, function
from dsl.backends.templates import environment
from dsl.diagnostics import Diagnostic, Diagnostics
from dsl.ir.dialect import Dialect, File, Globs
from dsl.ir.program import Program
from dsl.ir.sequence import Sequence
from dsl.resolve.layout import Layout
from dsl.source import Span

__all__ = ["CTree", "emit"]


@dataclass(frozen=True)
class CTree:
    """The C of a program.

    ``files`` maps paths in the tree to texts; ``findings`` say what the dialect does not spell;
    ``uses`` counts how often each pattern (by its place) was used.
    """

    files: dict[str, str]
    findings: tuple[Diagnostic, ...]
    uses: Counter[Span]


def emit(program: Program, dialect: Dialect, layouts: Mapping[str, Layout]) -> CTree:
    """The C of all sequences that the dialect's files hold; ``layouts`` is by module name."""
    found = Diagnostics()
    uses: Counter[Span] = Counter()
    modules = {
        seq.name: m.name for m in program.modules for seq in m.sequences if seq.body is not None
    }

    def make(sequence: Sequence, file: File | None) -> Function:
        layout = layouts.get(modules[sequence.name], Layout())
        return function(program, dialect, file, sequence, layout, found.add, uses)

    files: dict[str, str] = {}
    templates = environment()
    for file in dialect.files:
        made = [make(sequence, file) for sequence in _held(program, file.holds)]
        if made:
            text = templates.get_template("c/file.c.j2").render(
                dialect=dialect.name, includes=file.includes, functions=made
            )
            files.update(dict.fromkeys(file.paths, text))
    for header in dialect.headers:
        declared = []
        for sequence in _held(program, header.declares):
            homes = dialect.files_of(sequence.name)
            declared.append(make(sequence, homes[0] if homes else None))
        if declared:
            text = templates.get_template("c/header.h.j2").render(
                dialect=dialect.name, functions=declared
            )
            files.update(dict.fromkeys(header.paths, text))
    return CTree(files, tuple(found), uses)


def _held(program: Program, globs: Globs) -> list[Sequence]:
    """The sequences that match, in the order of the globs and then of definition."""
    found = []
    for place, sequence in enumerate(program.sequences.values()):
        at = globs.match(sequence.name)
        if at is not None and sequence.body is not None:
            found.append((at, place, sequence))
    return [sequence for _, _, sequence in sorted(found, key=lambda f: f[:2])]
