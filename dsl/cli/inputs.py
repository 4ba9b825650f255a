"""What a verb works on: the paths it was given, or the project it was started in."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from dsl.diagnostics import Diagnostic
from dsl.failures import CannotRun
from dsl.project.file import FILE, Project, find, read, source_files

STDIN = "-"
STDIN_NAME = "<stdin>"


class Inputs(Struct, frozen=True):
    """Files to work on, in order, without repetition.

    ``stdin`` is set instead where the source is standard input.  ``roots`` is where imports are
    looked for.  ``findings`` are about the project file; where there are any it is not used.
    """

    files: tuple[Path, ...]
    roots: tuple[Path, ...]
    project: Project | None
    findings: tuple[Diagnostic, ...]
    stdin: bool = False
    whole: bool = False


def inputs(words: Sequence[str]) -> Inputs:
    """The files that the words of a command line name; without words, those of the project.

    Raises `CannotRun` for paths that are not there, and where there is neither path nor project.
    """
    stdin = STDIN in words
    if stdin and len(words) > 1:
        raise CannotRun("`-` (standard input) takes the place of all paths")
    project, findings = project_for([] if stdin else words)
    roots = project.sources if project else ()
    if stdin or (findings and not words):
        return Inputs((), roots, project, tuple(findings), stdin=stdin)
    if words:
        return Inputs(_files(words), roots, project, tuple(findings))
    if project is None:
        raise no_project()
    files = project.modules()
    if not files:
        listed = ", ".join(map(str, project.sources))
        raise CannotRun(f"there is no .vgs file below {listed}, which {project.file} names")
    return Inputs(tuple(files), roots, project, (), whole=True)


def project_for(words: Sequence[str]) -> tuple[Project | None, list[Diagnostic]]:
    """The project that the current folder is in, or else the first path; with what is wrong.

    Raises `CannotRun` for a project file that cannot be read.
    """
    for start in ("", *words[:1]):
        path = find(Path(start))
        if path is not None:
            return read(path)
    return None, []


def no_project() -> CannotRun:
    """The error of a verb that was given nothing to work on."""
    return CannotRun(
        f"nothing to work on: there is no {FILE} here or in a folder above",
        f"name files or folders, or write a {FILE}: `vgs init` makes one",
    )


def _files(words: Sequence[str]) -> tuple[Path, ...]:
    found: dict[Path, None] = {}
    for word in words:
        path = Path(word)
        if "\0" in word or not path.exists():
            raise CannotRun(f"there is no file or folder {word}", _close(path))
        if path.is_dir():
            below = source_files(path)
            if not below:
                raise CannotRun(f"there is no .vgs file below {word}")
            found.update(dict.fromkeys(below))
        else:
            found[path] = None
    return tuple(found)


def _close(path: Path) -> str:
    """A file beside it with a name like it."""
    from dsl.diagnostics import suggest

    try:
        return suggest(path.name, [p.name for p in path.parent.iterdir()])
    except (OSError, ValueError):
        return ""


def standard_input() -> bytes:
    """All of standard input.  Raises `CannotRun` where there is none."""
    if sys.stdin is None:
        raise CannotRun("standard input is closed")
    return sys.stdin.buffer.read()
