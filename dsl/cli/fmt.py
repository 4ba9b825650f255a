"""`vgs fmt`: sources in their canonical layout, in place or as a check."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dsl.cli.arguments import Parser
from dsl.cli.inputs import STDIN_NAME, inputs, standard_input
from dsl.diagnostics import Diagnostic, Diagnostics
from dsl.failures import CannotRun, HasErrors, reason
from dsl.project.folder import temporary
from dsl.resolve.workspace import LARGEST, decode
from dsl.source import Source
from dsl.syntax.formatting import formatted

if TYPE_CHECKING:
    from dsl.cli.console import Console

_ABOUT = """\
Bring sources into the canonical layout. A PATH is a .vgs file or a folder of them; without one,
the whole project is laid out; - lays out standard input and writes it to standard output. A file
with errors of syntax is left alone.

Exit status: 0 done (or, with --check, nothing to do), 1 files with errors, or (with --check)
files in another layout, 2 could not run."""


def run(argv: Sequence[str], console: Console) -> int:
    """Runs the verb; gives the exit status.  Raises `CannotRun`."""
    parser = Parser("fmt", _ABOUT)
    parser.arguments("PATH", "files or folders, or -")
    parser.flag("--check", action="store_true", help="write nothing; list what would change")
    parser.output_format()
    options = parser.read(argv)
    given = inputs(options.words)
    if given.stdin:
        return _standard_input(options.check, options.format, console)
    states: dict[str, str] = {}
    # Files that are named can be laid out whatever vgs.toml says.
    findings = [] if given.files else list(given.findings)
    for path in given.files:
        console.progress(f"laying out {path}")
        state, found = _file(path, options.check)
        states[str(path)] = state
        findings += found
    if options.format == "json":
        console.json(_json(states, findings))
    else:
        console.findings(findings)
        verb = {"changed": "would be laid out anew" if options.check else "laid out anew"}
        console.out("".join(f"{p}: {verb[s]}\n" for p, s in states.items() if s in verb))
    pending = options.check and "changed" in states.values()
    return 1 if findings or pending else 0


def _standard_input(check: bool, format: str, console: Console) -> int:
    found = Diagnostics()
    source = decode(STDIN_NAME, "stdin", standard_input(), found)
    findings = list(found)
    text: str | None = None
    if source is not None:
        try:
            text = formatted(source)
        except HasErrors as error:
            findings = list(error.findings)
    same = source is not None and text == source.text
    state = "error" if text is None else "unchanged" if same else "changed"
    if format == "json":
        value = _json({STDIN_NAME: state}, findings)
        console.json(value if check else value | {"text": text})
    else:
        console.findings(findings)
        if check:
            console.out("" if state != "changed" else f"{STDIN_NAME}: would be laid out anew\n")
        elif text is not None:
            console.raw(text)
    return 1 if findings or (check and not same) else 0


def _file(path: Path, check: bool) -> tuple[str, list[Diagnostic]]:
    """What became of a file, and what is wrong with it."""
    try:
        # A pipe or a device might never end.
        if not path.is_file() or path.stat().st_size > LARGEST:
            raise CannotRun(f"{path} is no regular file, or is too large to be a source")
        data = path.read_bytes()
    except OSError as error:
        raise CannotRun(f"{path} cannot be read: {reason(error)}") from error
    found = Diagnostics()
    source = decode(str(path), path.stem, data, found)
    if source is None:
        return "error", list(found)
    try:
        text = formatted(source)
    except HasErrors as error:
        return "error", list(error.findings)
    # Not against the source, which has lost a byte-order mark.
    if text.encode("utf-8") == data:
        return "unchanged", []
    if not check:
        _replace(path, text, source)
    return "changed", []


def _replace(path: Path, text: str, source: Source) -> None:
    """Writes beside and renames; what the name links to is replaced, and keeps its mode."""
    where = Path(os.path.realpath(path))
    beside = temporary(where)
    try:
        beside.write_bytes(text.encode("utf-8"))
        beside.chmod(where.stat().st_mode)
        beside.replace(where)
    except OSError as error:
        raise CannotRun(f"{source.name} cannot be written: {reason(error)}") from error
    finally:
        beside.unlink(missing_ok=True)


def _json(states: dict[str, str], findings: Sequence[Diagnostic]) -> dict[str, object]:
    return {
        "ok": not findings and "changed" not in states.values(),
        "files": [{"file": path, "state": state} for path, state in states.items()],
        "findings": [finding.to_json() for finding in findings],
    }
