"""`vgs build`: the C, the simulators and the manifest, all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dsl.cli.arguments import Parser
from dsl.cli.inputs import no_project, project_for
from dsl.failures import CannotRun, HasErrors
from dsl.project import outputs

if TYPE_CHECKING:
    from dsl.cli.console import Console

_ABOUT = """\
Write the C, the simulators and the manifest. Without a PATH, every case of the project is built
into the folder that vgs.toml names. Each PATH is a module, and a case with the name of its file;
they are built into DIR. A module with no dialect in scope gets a simulator only.

Where there is an error nothing is written. Files that an earlier build made and that are no
longer made are removed.

Exit status: 0 built (or, with --check, up to date), 1 errors, or (with --check) out of date,
2 could not run."""

_WORDS = {
    "created": ("written", "missing"),
    "changed": ("written", "out of date"),
    "removed": ("removed", "no longer made"),
    "kept": ("no longer made, but changed by hand: kept", "no longer made, and changed by hand"),
}


def run(argv: Sequence[str], console: Console) -> int:
    """Runs the verb; gives the exit status.  Raises `CannotRun`."""
    parser = Parser("build", _ABOUT)
    parser.arguments("PATH", "modules")
    parser.flag("-o", "--output", metavar="DIR", help="the folder to write to")
    parser.flag("--dialect", metavar="NAME", help="the dialect for the modules named")
    parser.flag("--check", action="store_true", help="write nothing; list what is out of date")
    parser.output_format()
    options = parser.read(argv)
    try:
        request, output = _request(options.words, options.output, options.dialect)
        result = outputs.build(request, output, keep=options.check, progress=console.progress)
    except HasErrors as error:
        result = outputs.BuildResult(Path(options.output or "."), (), (), error.findings, ok=False)
    if options.format == "json":
        console.json(_json(result, options.check))
    else:
        console.findings(result.findings)
        console.out(_text(result, options.check))
    return 0 if result.ok and not (options.check and result.stale) else 1


def _request(
    words: Sequence[str], output: str | None, dialect: str | None
) -> tuple[outputs.Request, Path]:
    project, findings = project_for(words)
    if findings:
        raise HasErrors(findings)
    if "-" in words:
        raise CannotRun("build: standard input has no name to build it under", "name a file")
    if words:
        if output is None:
            raise CannotRun(
                "build: say where to: -o DIR",
                "the folder in vgs.toml is for its cases, which `vgs build` builds",
            )
        roots = project.sources if project else ()
        return outputs.of_modules([Path(word) for word in words], dialect, roots), Path(output)
    if dialect is not None:
        raise CannotRun("build: --dialect is for modules that are named", "vgs.toml names a case's")
    if project is None:
        raise no_project()
    return outputs.of_project(project), project.output if output is None else Path(output)


def _text(result: outputs.BuildResult, check: bool) -> str:
    if not result.ok:
        return ""
    lines = [f"{result.output / c.path}: {_WORDS[c.state][check]}" for c in result.stale]
    cases = f"{len(result.cases)} case{'' if len(result.cases) == 1 else 's'}"
    same = len(result.changes) - len(result.stale)
    if not result.stale:
        lines.append(f"{cases}, {same} files: up to date")
    elif not check:
        lines.append(f"{cases}: {len(result.stale)} changed, {same} up to date")
    return "".join(f"{line}\n" for line in lines)


def _json(result: outputs.BuildResult, check: bool) -> dict[str, object]:
    return {
        "ok": result.ok and not (check and result.stale),
        "check": check,
        "output": str(result.output),
        "cases": [case.name for case in result.cases],
        "files": [{"file": c.path, "state": c.state} for c in result.changes],
        "findings": [finding.to_json() for finding in result.findings],
    }
