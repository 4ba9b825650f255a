"""Which programs are run: modules that no other one of the selection imports, with all theirs."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from dsl.diagnostics import Severity
from dsl.failures import HasErrors
from dsl.ir.program import Program
from dsl.resolve.module import Resolved
from dsl.resolve.workspace import Loaded, Workspace
from dsl.run.errors import NotDefined
from dsl.run.results import Result


class Root(Struct, frozen=True):
    """A program, by the file that the user, or the project, names for it."""

    file: str
    program: Program
    resolved: Resolved


def roots(loaded: Iterable[Loaded | None], workspace: Workspace) -> list[Root]:
    """The programs of some files that have scenarios.

    A file that another one imports is a part of that program.  Raises `HasErrors` where a file,
    or what it imports, has errors.
    """
    files = [each for each in loaded if each is not None]
    workspace.check(files)
    errors = [d for d in workspace.found.sorted() if d.severity is Severity.ERROR]
    if errors:
        raise HasErrors(errors)
    imported = {name for one in files for name in one.resolved.module.imports}
    made = []
    for one in files:
        program = workspace.program(one)
        if one.resolved.module.name not in imported and program.scenarios:
            made.append(Root(one.resolved.source.name, program, one.resolved))
    return made


def settled(results: Iterable[tuple[Root, Result]]) -> list[tuple[Root, Result]]:
    """Results without those of scenarios that only another one of the programs can run.

    A module that imports scenarios, and not the sequences that they run, says nothing about them;
    but a scenario that no program can run stays.
    """
    kept = list(results)
    run = {result.scenario.span for _, result in kept if not isinstance(result.error, NotDefined)}
    return [
        (root, result)
        for root, result in kept
        if not isinstance(result.error, NotDefined) or result.scenario.span not in run
    ]
