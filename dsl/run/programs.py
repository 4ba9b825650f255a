"""Which programs are run, and which scenarios of each: those of the files that a user names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from dsl.diagnostics import Severity
from dsl.failures import HasErrors
from dsl.ir.lifecycle import Scenario
from dsl.ir.program import Program
from dsl.resolve.module import Resolved
from dsl.resolve.workspace import Loaded, Workspace
from dsl.run.cases import cases


class Root(Struct, frozen=True):
    """A program, by the file that the user, or the project, names for it."""

    file: str
    program: Program
    resolved: Resolved


def root(loaded: Loaded, workspace: Workspace) -> Root:
    """The program of a file."""
    resolved = loaded.resolved
    return Root(resolved.source.name, workspace.program(loaded), resolved)


def roots(loaded: Iterable[Loaded | None], workspace: Workspace) -> list[Root]:
    """The programs of some files that have scenarios.

    Raises `HasErrors` where a file, or what it imports, has errors.
    """
    files = [each for each in loaded if each is not None]
    workspace.check(files)
    errors = [d for d in workspace.found.sorted() if d.severity is Severity.ERROR]
    if errors:
        raise HasErrors(errors)
    made = [root(each, workspace) for each in files]
    return [each for each in made if each.program.scenarios]


def cases_of(roots: Sequence[Root]) -> list[tuple[Root, Scenario]]:
    """The scenarios of some programs, each with those in which it is run.

    Of the programs that have a scenario these are the smallest that define what it runs.
    """
    among = {each.program.name for each in roots}
    programs = [each.program for each in roots]
    return [(each, x) for each in roots for x in cases(each.program, programs, among)]
