"""The Python API: what the command does, as functions with typed results."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from dsl.diagnostics import Diagnostic, Severity
from dsl.failures import CannotRun, HasErrors
from dsl.ir.program import Program
from dsl.project.file import Project, find, read, source_files
from dsl.proving import mutate, verify
from dsl.resolve.hints import Layout
from dsl.resolve.workspace import Workspace

if TYPE_CHECKING:
    from dsl.costs import Cost
    from dsl.ir.dialect import Dialect
    from dsl.machine.lanes import LanesFailed, in_parts
    from dsl.mutation.report import Report as Mutated
    from dsl.project.comparisons import Compared
    from dsl.project.outputs import BuildResult
    from dsl.run.histories import History
    from dsl.run.programs import Root
    from dsl.run.results import Result
    from dsl.verify.findings import Verdict

__all__ = [
    "BuildResult",
    "CannotRun",
    "Compared",
    "Cost",
    "Diagnostic",
    "HasErrors",
    "History",
    "LanesFailed",
    "Loaded",
    "Mutated",
    "Result",
    "Verdict",
    "build",
    "check",
    "cost",
    "diff",
    "format",
    "in_parts",
    "load",
    "mutate",
    "run_scenario",
    "scenarios",
    "simulate",
    "simulate_batch",
    "verify",
]

PathLike: TypeAlias = str | os.PathLike[str]


class Loaded(Struct, frozen=True):
    """A module with all that it imports.

    ``program`` is what can be run, proved and counted; ``dialects`` and ``layouts`` (by module)
    are what else the C needs.
    """

    path: Path
    program: Program
    dialects: Mapping[str, Dialect]
    layouts: Mapping[str, Layout]
    findings: tuple[Diagnostic, ...]

    @property
    def ok(self) -> bool:
        """Whether there is no error; there may be warnings."""
        return not any(d.severity is Severity.ERROR for d in self.findings)


def load(path: PathLike, *, roots: Iterable[PathLike] = ()) -> Loaded:
    """Reads a module and all it imports.

    Imports are looked for beside the module, then in ``roots``, then in the sources of the
    project that it belongs to, if it belongs to one.

    Raises `HasErrors` where the file itself is not text; `CannotRun` where it is not there.
    """
    where = Path(path)
    if not where.is_file():
        raise CannotRun(f"there is no file {where}")
    workspace = Workspace([*(Path(root) for root in roots), *sources_around(where)])
    loaded = workspace.load(where)
    if loaded is None:
        raise HasErrors(workspace.found.sorted())
    workspace.check([loaded])
    closure = workspace.closure(loaded)
    return Loaded(
        where,
        workspace.program(loaded),
        {d.name: d for r in closure for d in r.dialects},
        {r.module.name: r.layout for r in closure},
        tuple(workspace.found.sorted()),
    )


def check(
    paths: PathLike | Iterable[PathLike] = (), *, roots: Iterable[PathLike] = ()
) -> list[Diagnostic]:
    """All findings about some modules, and about all modules below some folders, sorted.

    Without paths it is the project of the current folder.  Raises `CannotRun` for paths that are
    not there, or without a project.
    """
    given = [Path(p) for p in ([paths] if isinstance(paths, (str, os.PathLike)) else paths)]
    where = [Path(root) for root in roots]
    if given:
        where += sources_around(given[0])
    if not given:
        project, findings = _project()
        if project is None:
            return findings
        given, where = project.modules(), [*where, *project.sources]
    files: list[Path] = []
    for path in given:
        if not path.exists():
            raise CannotRun(f"there is no file or folder {path}")
        files += source_files(path) if path.is_dir() else [path]
    workspace = Workspace(where)
    loaded = [workspace.load(path) for path in files]
    workspace.check([one for one in loaded if one is not None])
    return workspace.found.sorted()


def format(text: str) -> str:
    """A source in its canonical layout.  Raises `HasErrors` for text with errors of syntax."""
    from dsl.source import Source
    from dsl.syntax.formatting import formatted

    return formatted(Source("<text>", text))


def build(
    what: Project | Iterable[PathLike] = (),
    output: PathLike | None = None,
    *,
    dialect: str | None = None,
    roots: Iterable[PathLike] = (),
    keep: bool = False,
) -> BuildResult:
    """Builds modules into a folder, or all cases of a project (by default the current folder's).

    ``keep`` writes nothing and only says what would change.  Nothing is written either where a
    finding is an error: see ``findings`` of the result.  Raises `CannotRun` where the project or
    a file is not there, or the outputs cannot be written.
    """
    from dsl.project import outputs

    if isinstance(what, Project):
        project: Project | None = what
    else:
        modules = [Path(path) for path in what]
        if modules:
            if output is None:
                raise CannotRun("modules are built into a folder that must be named")
            request = outputs.of_modules(modules, dialect, tuple(Path(root) for root in roots))
            return outputs.build(request, Path(output), keep=keep)
        project, findings = _project()
        if project is None:
            return outputs.BuildResult(Path(output or "."), (), (), tuple(findings), ok=False)
    assert project is not None
    where = project.output if output is None else Path(output)
    return outputs.build(outputs.of_project(project), where, keep=keep)


def diff(
    before: PathLike | None = None,
    after: PathLike | None = None,
    patch: PathLike | None = None,
    *,
    tree: PathLike | None = None,
) -> list[Compared]:
    """Compares cases with patches: those of the current folder's project, or two paths with one.

    With a ``tree``, whole functions are compared with it too; then a patch is not needed for one
    path.  Paths are modules, or folders of C.  Raises `CannotRun` where something is missing, out
    of date or no patch; `HasErrors` where a module, or vgs.toml, has errors.
    """
    from dsl.project import comparisons

    where = Path(tree) if tree is not None else None
    if before is not None and after is not None and patch is not None:
        path = find(Path())
        project = read(path)[0] if path else None
        pair = Path(before), Path(after)
        return [comparisons.of_paths(*pair, Path(patch), project, tree=where)]
    if before is not None and where is not None and after is None and patch is None:
        path = find(Path())
        project = read(path)[0] if path else None
        return [comparisons.of_module(Path(before), where, project)]
    if before is not None or after is not None:
        raise CannotRun("two modules or trees are compared with a patch, or one with a tree")
    project, findings = _project()
    if project is None:
        raise HasErrors(findings)
    return comparisons.of_project(project, Path(patch) if patch is not None else None, where)


def cost(
    module: PathLike | Loaded,
    against: PathLike | Loaded | None = None,
    *,
    given: Mapping[str, int | range] | None = None,
    architecture: Iterable[str] = (),
    paths: Iterable[str] = (),
    roots: Iterable[PathLike] = (),
) -> Cost:
    """What each path of a module costs: register accesses and barriers, by configuration and case.

    ``against`` is another module, whose figures stand beside these.  ``given`` fixes conditions,
    counters and fields of read-only registers, by name; ``architecture`` are those to count for
    (``all`` is each); ``paths`` names the paths that are wanted, or sequences.  Raises `HasErrors`
    where a module has errors, `CannotRun` for what is not there or cannot be, and what `load`
    raises.
    """
    from dsl import costs

    roots = tuple(roots)
    sides = []
    for side in (module, against):
        if side is None:
            continue
        loaded = side if isinstance(side, Loaded) else load(side, roots=roots)
        if not loaded.ok:
            raise HasErrors(d for d in loaded.findings if d.severity is Severity.ERROR)
        sides.append(loaded)
    new, old = sides[0], sides[1] if len(sides) > 1 else None
    return costs.cost(
        new.program,
        old.program if old is not None else None,
        given=given,
        architecture=architecture,
        paths=paths,
        names=(str(new.path), str(old.path) if old is not None else None),
    )


def simulate(
    module: PathLike | Loaded,
    *,
    roots: Iterable[PathLike] = (),
    facts: Mapping[str, int] | None = None,
    slots: Mapping[str, int] | None = None,
    registers: Mapping[str, int] | None = None,
) -> ModuleType:
    """The simulator of a module, ready to use.

    With ``facts`` (conditions by name), ``slots`` or ``registers`` it is specialised to them: it
    does the same in that configuration, faster, and refuses any other.

    Raises `HasErrors` where the module has errors, `CannotRun` for a configuration that it does
    not have, and what `load` raises.
    """
    from dsl.backends.python import emit
    from dsl.machine import load_simulator

    loaded = module if isinstance(module, Loaded) else load(module, roots=roots)
    if not loaded.ok:
        raise HasErrors(d for d in loaded.findings if d.severity is Severity.ERROR)
    program = loaded.program
    if facts or slots or registers:
        from dsl.ir.specialise import specialise

        program = specialise(program, facts, slots, registers)
    return load_simulator(emit(program), loaded.path.stem)


def simulate_batch(
    module: PathLike | Loaded,
    *,
    roots: Iterable[PathLike] = (),
    facts: Mapping[str, int] | None = None,
    slots: Mapping[str, int] | None = None,
    registers: Mapping[str, int] | None = None,
) -> ModuleType:
    """The simulator of a module that runs its sequences on many machines at once.

    It has a NumPy lane for each machine, keeps no trace, and does in each lane what the simulator
    of `simulate` does.  Where ``facts``, ``slots`` or ``registers`` are given it is specialised to
    them, which is faster: it holds for machines and contexts that have these values.

    Raises `CannotRun` where NumPy is not installed, or for a configuration that the module does
    not have; `HasErrors` where the module has errors; and what `load` raises.
    """
    _needs_numpy()
    from dsl.backends.batch import emit
    from dsl.ir.specialise import specialise
    from dsl.machine import load_simulator

    loaded = module if isinstance(module, Loaded) else load(module, roots=roots)
    if not loaded.ok:
        raise HasErrors(d for d in loaded.findings if d.severity is Severity.ERROR)
    program = loaded.program
    if facts or slots or registers:
        program = specialise(program, facts, slots, registers)
    return load_simulator(emit(program), f"{loaded.path.stem}_batch")


def scenarios(
    path: PathLike,
    *,
    settings: Iterable[str] = (),
    most: int | None = None,
    roots: Iterable[PathLike] = (),
) -> list[Result]:
    """Tries all histories of each scenario of a module and of what it imports.

    ``settings`` are as `given` says them (``"vhe = 0"``), and take the place of what a scenario
    gives; ``most`` bounds the histories of one scenario.  Raises `HasErrors` where the module, or
    a setting, has errors, and what `load` raises.
    """
    from dsl.run.results import MOST, results
    from dsl.run.settings import settings as given

    root = _root(path, roots)
    texts = list(settings)
    made = results(
        root.program,
        settings=lambda scenario: given(root.resolved, scenario, texts),
        most=MOST if most is None else most,
    )
    return list(made)


def run_scenario(
    path: PathLike,
    title: str,
    *,
    choices: str | None = None,
    settings: Iterable[str] = (),
    until: str | None = None,
    watch: Iterable[str] = (),
    roots: Iterable[PathLike] = (),
) -> History:
    """Runs one history of a scenario: its events, its state, and what did not hold in it.

    ``choices``, ``until`` and ``watch`` are those of `vgs run`; without ``choices`` it is the
    shortest history that does not hold, or else the one of first options.  Raises `HasErrors` and
    `CannotRun`.
    """
    from dsl.run.histories import Asked, find, tell

    asked = Asked(list(settings), choices, until, list(watch))
    return tell(*find([_root(path, roots)], title), asked)


def _root(path: PathLike, roots: Iterable[PathLike]) -> Root:
    """The program of a module that has scenarios."""
    from dsl.run.programs import roots as programs

    where = Path(path)
    if not where.is_file():
        raise CannotRun(f"there is no file {where}")
    workspace = Workspace([*(Path(root) for root in roots), *sources_around(where)])
    found = programs([workspace.load(where)], workspace)
    if not found:
        raise CannotRun(f"there is no scenario in {where}, or in what it imports")
    return found[0]


def _needs_numpy() -> None:
    from importlib.util import find_spec

    if find_spec("numpy") is None:
        raise CannotRun("a batch needs NumPy", "pip install 'vgs[batch]'")


def sources_around(path: Path) -> tuple[Path, ...]:
    """The source folders of the project that a path belongs to; none where there is no project."""
    found = find(path if path.is_dir() else path.parent)
    project = read(found)[0] if found is not None else None
    return project.sources if project is not None else ()


def _project() -> tuple[Project | None, list[Diagnostic]]:
    path = find(Path())
    if path is None:
        raise CannotRun("there is no vgs.toml here or in a folder above")
    return read(path)


def __getattr__(name: str) -> object:
    """What is in modules that are only loaded where they are used."""
    if name == "BuildResult":
        from dsl.project.outputs import BuildResult

        return BuildResult
    if name == "History":
        from dsl.run.histories import History

        return History
    if name == "Result":
        from dsl.run.results import Result

        return Result
    if name == "Cost":
        from dsl.costs import Cost

        return Cost
    if name == "Verdict":
        from dsl.verify.findings import Verdict

        return Verdict
    if name == "Mutated":
        from dsl.mutation.report import Report

        return Report
    if name == "Compared":
        from dsl.project.comparisons import Compared

        return Compared
    if name in ("LanesFailed", "in_parts"):
        _needs_numpy()
        from dsl.machine import lanes

        return getattr(lanes, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
