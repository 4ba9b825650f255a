"""`vgs check`: parse and resolve, and report everything that can be found without running."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dsl.cli.arguments import Parser
from dsl.cli.inputs import STDIN_NAME, Inputs, inputs, standard_input
from dsl.diagnostics import Diagnostic, Severity
from dsl.project import cases
from dsl.resolve.workspace import Loaded, Workspace, decode

if TYPE_CHECKING:
    from dsl.cli.console import Console

_ABOUT = """\
Parse and resolve sources, and report all static findings. A PATH is a .vgs file, a folder of
them, or - for standard input; without one, the whole project is checked.

Exit status: 0 nothing found, 1 errors or warnings found, 2 could not run."""


def run(argv: Sequence[str], console: Console) -> int:
    """Runs the verb; gives the exit status.  Raises `CannotRun`."""
    parser = Parser("check", _ABOUT)
    parser.arguments("PATH", "files or folders, or -")
    parser.output_format()
    options = parser.read(argv)
    given = inputs(options.words)
    workspace = Workspace(given.roots)
    loaded = _load(given, workspace)
    workspace.check(loaded)
    _spelling(given, workspace, loaded)
    findings = [*given.findings, *workspace.found.sorted()]
    if options.format == "json":
        console.json({"findings": [finding.to_json() for finding in findings]})
    else:
        console.findings(findings, result=True)
        console.out(_summary(findings, len(loaded)))
    unreadable = any(d.code in ("VGS001", "VGS002") and not d.span.source.text for d in findings)
    return 2 if unreadable else 1 if findings else 0


def _load(given: Inputs, workspace: Workspace) -> list[Loaded]:
    if given.findings:
        # Where imports are looked for is not known.
        return []
    if given.stdin:
        source = decode(STDIN_NAME, "stdin", standard_input(), workspace.found)
        found = [workspace.load_text(source.text, STDIN_NAME)] if source else []
    else:
        found = [workspace.load(path) for path in given.files]
    return [one for one in found if one is not None]


def _spelling(given: Inputs, workspace: Workspace, loaded: Sequence[Loaded]) -> None:
    """What only shows when the C is drafted.

    Without a project every module that no other one imports is a case, in each dialect in scope.
    """
    if given.whole and given.project is not None:
        cases.check_cases(given.project.cases, workspace)
        return
    parts = workspace.parts(loaded)
    chosen = [
        (one, dialect)
        for one in loaded
        if one.resolved.module.sequences and one.resolved.module.name not in parts
        for resolved in workspace.closure(one)
        for dialect in resolved.dialects
    ]
    if chosen:
        cases.check_spelling(chosen, workspace, whole=False)


def _summary(findings: Sequence[Diagnostic], modules: int) -> str:
    errors = sum(d.severity is Severity.ERROR for d in findings)
    warnings = len(findings) - errors
    counts = [
        _count(number, noun)
        for number, noun in ((errors, "error"), (warnings, "warning"))
        if number
    ]
    return f"{_count(modules, 'module')}: {', '.join(counts) or 'nothing found'}\n"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
