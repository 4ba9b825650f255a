"""The Python API of what is known of sequences: verification, and mutation."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dsl.failures import CannotRun, HasErrors
from dsl.project.file import find, read

if TYPE_CHECKING:
    from dsl.api import Loaded, PathLike
    from dsl.mutation.report import Report as Mutated
    from dsl.verify.findings import Verdict
    from dsl.verify.programs import Chosen

__all__ = ["mutate", "verify"]


def verify(
    module: PathLike | Loaded,
    against: PathLike | Loaded | None = None,
    *,
    given: Mapping[str, int] | None = None,
    engines: Iterable[str] = (),
    seconds: float | None = None,
    memory: int | None = None,
    most: int | None = None,
    jobs: int = 1,
    roots: Iterable[PathLike] = (),
) -> Verdict:
    """Looks for histories in which something goes wrong: in every configuration, on every path.

    A module without a whole lifecycle is verified as a part of the one that imports it and has
    one.  ``against`` must do the same.  ``given`` fixes conditions of the machine and the VM, by
    name; ``engines`` are ``flow``, ``explicit`` and ``symbolic``, or all.  ``seconds``, ``memory``
    (MiB) and ``most`` (states) bound the work, and ``jobs`` the processes.  All findings are given,
    whatever their strength.  Raises `HasErrors` where a module has errors, `CannotRun` where there
    is nothing to verify or more than one program, and what `load` raises.
    """
    from dsl.verify.budget import Budget
    from dsl.verify.findings import Engine
    from dsl.verify.programs import verdict
    from dsl.verify.settings import checked

    roots = tuple(roots)
    chosen = _choice(module, roots)
    return verdict(
        chosen,
        given=checked(given or {}, [chosen.program]),
        engines=[Engine(name) for name in engines],
        against=_choice(against, roots).program if against is not None else None,
        budget=Budget.of(seconds, memory, most, jobs),
    )


def _choice(module: PathLike | Loaded, roots: Iterable[PathLike]) -> Chosen:
    """The program that a module is verified in."""
    from dsl.api import Loaded, sources_around
    from dsl.resolve.workspace import Workspace
    from dsl.verify.programs import around, choose

    where = module.path if isinstance(module, Loaded) else Path(module)
    if not where.is_file():
        raise CannotRun(f"there is no file {where}")
    workspace = Workspace([*(Path(root) for root in roots), *sources_around(where)])
    loaded = workspace.load(where)
    if loaded is None:
        raise HasErrors(workspace.found.sorted())
    file = find(where.parent)
    project = read(file)[0] if file is not None else None
    found = choose([loaded], workspace, lambda: around(project, [where]), named=True)
    if len(found) == 1:
        return found[0]
    if not found:
        raise CannotRun(f"there is nothing to verify in {where}: no sequence is defined there")
    listed = ", ".join(each.file for each in found)
    raise CannotRun(f"{where} is a part of {len(found)} programs", f"name one of {listed}")


def mutate(
    paths: PathLike | Iterable[PathLike] = (),
    *,
    operators: Iterable[str] = (),
    functions: Iterable[str] = (),
    sample: int | None = None,
    seed: int = 0,
    without: Iterable[str] = (),
    all_killers: bool = False,
    rules: bool = False,
    jobs: int | None = None,
    seconds: float = 60.0,
    memory: int = 2048,
    resume: PathLike | None = None,
) -> Mutated:
    """What the checks of a program notice of changes of its sequences, in one place at a time.

    ``paths`` are a program and modules of it; without them it is the project of the current
    folder.  The rest is as the options of `vgs mutate` say; ``seconds`` and ``memory`` (in MiB)
    are what one mutant may take.  Raises `HasErrors` where a source has errors, and `CannotRun`
    for what is not there or cannot be mutated.
    """
    from dsl.mutation import asking
    from dsl.mutation.workers import Limits

    asked = asking.Asked(
        operators=tuple(operators),
        functions=tuple(functions),
        sample=sample,
        seed=seed,
        without=tuple(without),
        all_killers=all_killers,
        rules=rules,
        jobs=jobs,
        limits=Limits(seconds, memory << 20),
        resume=None if resume is None else Path(resume),
    )
    given = [paths] if isinstance(paths, (str, os.PathLike)) else paths
    return asking.mutate([str(Path(path)) for path in given], asked)
