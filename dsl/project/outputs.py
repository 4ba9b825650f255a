"""What a build makes of modules: for each case, its C and its simulator; and the manifest.

They go to ``CASE/c/…`` (the C, by its path in the tree), ``CASE/simulator.py`` and
``manifest.json``, which says from which sources they were made.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct

from dsl import __version__
from dsl.diagnostics import Diagnostic, Diagnostics
from dsl.failures import CannotRun
from dsl.project.cases import dialect_of, layouts_of
from dsl.project.file import SUFFIX, Case, Project
from dsl.project.folder import MANIFEST, Change, changes, digest, source_name, write
from dsl.resolve.workspace import Loaded, Workspace

if TYPE_CHECKING:
    from dsl.ir.dialect import Dialect


class Request(Struct, frozen=True):
    """What to build, from where: ``base`` is the folder that the manifest's paths start in.

    ``license`` is the SPDX expression that each output begins with, if any.
    """

    cases: tuple[Case, ...]
    roots: tuple[Path, ...]
    base: Path | None
    license: str | None = None


class Made(Struct, frozen=True):
    """The outputs by their path in the output folder, the manifest among them.

    Where a finding is an error there are none.
    """

    files: Mapping[str, str]
    findings: tuple[Diagnostic, ...]


class BuildResult(Struct, frozen=True):
    """What a build made, and what it changed, or would have, in its output folder."""

    output: Path
    cases: tuple[Case, ...]
    changes: tuple[Change, ...]
    findings: tuple[Diagnostic, ...]
    ok: bool

    @property
    def stale(self) -> tuple[Change, ...]:
        """What was not as it is made."""
        return tuple(c for c in self.changes if c.state != "unchanged")


# ---- what to build


def of_project(project: Project) -> Request:
    """Every case of a project.  Raises `CannotRun` where it has none."""
    if not project.cases:
        raise CannotRun(
            f"{project.file} has no case to build",
            'give it one: [case.NAME] with module = "path/to/module.vgs"',
        )
    return Request(project.cases, project.sources, project.folder, project.license)


def of_modules(paths: Sequence[Path], dialect: str | None, roots: tuple[Path, ...]) -> Request:
    """A case for each module, named as its file.  Raises `CannotRun` for names that clash."""
    cases: dict[str, Case] = {}
    for path in paths:
        if path.is_dir():
            raise CannotRun(f"{path} is a folder", "name the modules to build, each a case")
        name = path.name.removesuffix(SUFFIX)
        if name in ("", ".", "..", MANIFEST):
            raise CannotRun(f"{path}: `{name}` cannot be the name of a case")
        if name in cases:
            other = cases[name].module
            raise CannotRun(
                f"{other} and {path} would both be the case `{name}`",
                "name the cases in a vgs.toml, or build them into two folders",
            )
        cases[name] = Case(name, path, dialect)
    return Request(tuple(cases.values()), roots, None)


# ---- making it


def make(request: Request, progress: Callable[[str], None] = lambda text: None) -> Made:
    """All outputs of a build, in memory.

    Raises `CannotRun` for modules that are not there, and for paths in a dialect that no tree has.
    """
    workspace = Workspace(request.roots)
    loaded: list[tuple[Case, Loaded]] = []
    for case in request.cases:
        if not case.module.is_file():
            raise CannotRun(f"there is no file {case.module}")
        one = workspace.load(case.module)
        if one is not None:
            loaded.append((case, one))
    workspace.check([one for _, one in loaded])
    found = workspace.found
    spelt: list[tuple[Case, Loaded, Dialect | None]] = []
    for case, one in loaded:
        dialect = dialect_of(case, workspace, one)
        if isinstance(dialect, Diagnostic):
            found.add(dialect)
        else:
            spelt.append((case, one, dialect))
    files: dict[str, str] = {}
    asked: dict[str, set[str]] = {}
    broken = found.errors
    for case, one, dialect in spelt:
        if not broken:
            progress(f"building {case.name}")
            lines = asked.setdefault(str(dialect.span) if dialect else "", set())
            _make(case, workspace, one, dialect, files, found, lines)
    if found.errors:
        return Made({}, tuple(found.sorted()))
    _check_paths(files)
    if request.license is not None:
        files = {path: _tag(path, request.license) + text for path, text in files.items()}
    chosen = [(case, dialect) for case, _, dialect in spelt]
    sources = {case.name: _sources(workspace, one) for case, one, _ in spelt}
    files[MANIFEST] = _manifest(chosen, sources, files, request.base)
    return Made(dict(sorted(files.items())), tuple(found.sorted()))


def _make(
    case: Case,
    workspace: Workspace,
    loaded: Loaded,
    dialect: Dialect | None,
    files: dict[str, str],
    found: Diagnostics,
    asked: set[str],
) -> None:
    program = workspace.program(loaded)
    if dialect is not None:
        from dsl.backends.c import emit as emit_c

        tree = emit_c(program, dialect, layouts_of(workspace, loaded), asked=asked)
        found.extend(tree.findings)
        for path, text in tree.files.items():
            files[f"{case.name}/c/{_in_tree(path, dialect)}"] = text
        if found.errors:
            return
    from dsl.backends.python import emit as emit_python

    files[f"{case.name}/simulator.py"] = emit_python(program)


def _tag(path: str, license: str) -> str:
    """The line that tells tools the licence, in the form that Linux asks of each kind of file."""
    # In two pieces, so that it does not state the licence of this module.
    tag = "SPDX-License" + f"-Identifier: {license}"
    match PurePosixPath(path).suffix:
        case ".py":
            return f"# {tag}\n"
        case ".c":
            return f"// {tag}\n"
        case _:
            return f"/* {tag} */\n"


def _in_tree(path: str, dialect: Dialect) -> str:
    """A path that a dialect gives a file, as it is below the folder of the tree."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts or "\0" in path:
        raise CannotRun(
            f"{dialect.span}: the dialect `{dialect.name}` has a file {path!r}, which is not in "
            "the tree",
            "paths of files are relative to the top of the tree",
        )
    return str(pure)


def _check_paths(files: Mapping[str, str]) -> None:
    """No file may be where another needs a folder."""
    for path in files:
        for parent in PurePosixPath(path).parents:
            if str(parent) in files:
                raise CannotRun(f"{parent} would be a file, and the folder of {path}")


def _sources(workspace: Workspace, loaded: Loaded) -> dict[str, str]:
    return {r.source.name: digest(r.source.text) for r in workspace.closure(loaded)}


def _manifest(
    cases: Sequence[tuple[Case, Dialect | None]],
    sources: Mapping[str, Mapping[str, str]],
    outputs: Mapping[str, str],
    base: Path | None,
) -> str:
    if base is None:
        modules = [os.path.abspath(case.module.parent) for case, _ in cases]
        base = Path(os.path.commonpath(modules))

    manifest = {
        "vgs": __version__,
        "cases": {
            case.name: {
                "module": source_name(case.module, base),
                "dialect": dialect.name if dialect else None,
                "sources": {
                    source_name(name, base): hash for name, hash in sources[case.name].items()
                },
            }
            for case, dialect in cases
        },
        "outputs": {path: digest(text) for path, text in outputs.items()},
    }
    return json.dumps(manifest, indent=2, sort_keys=True) + "\n"


# ---- all of it


def build(
    request: Request,
    output: Path,
    *,
    keep: bool = False,
    progress: Callable[[str], None] = lambda text: None,
) -> BuildResult:
    """Makes everything and brings the output folder up to date; with ``keep`` only compares.

    Raises `CannotRun`.
    """
    made = make(request, progress)
    if not made.files:
        return BuildResult(output, request.cases, (), made.findings, ok=False)
    done = (changes if keep else write)(made.files, output)
    return BuildResult(output, request.cases, tuple(done), made.findings, ok=True)
