"""Which programs are verified for the files that are named: those with a whole lifecycle."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dsl.diagnostics import Severity
from dsl.failures import HasErrors
from dsl.ir.program import Module, Program
from dsl.project.file import Project
from dsl.resolve.workspace import SUFFIX, Loaded, Workspace
from dsl.run.cases import Needs
from dsl.verify.budget import Budget
from dsl.verify.findings import Engine, Interrupted, Verdict


@dataclass(frozen=True, slots=True)
class Chosen:
    """A program to verify, by the file of its module.

    ``complete``: it has a lifecycle, and defines every sequence that this runs; otherwise only
    what needs no lifecycle can be checked.  ``notes`` say how it was chosen, and ``unchecked``
    what cannot be checked of it.
    """

    file: str
    program: Program
    complete: bool = True
    notes: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()

    @property
    def own(self) -> Module:
        """The module that the file is."""
        return self.program.modules[-1]


def choose(
    asked: Sequence[Loaded],
    workspace: Workspace,
    others: Callable[[], Iterable[Path]],
    *,
    named: bool,
) -> list[Chosen]:
    """The programs to verify for some files.

    That is the file's own program, if it has a whole lifecycle.  Otherwise it is each smallest
    program that has, among those of the ``others`` that import this one; and where there is
    none, its own after all.  ``named``: somebody named just these files, so that each is verified
    although others contain it.  Raises `HasErrors` where a source has errors.
    """
    _check(asked, workspace)
    found: dict[str, Chosen] = {}
    whole: list[Chosen] | None = None
    for loaded in asked:
        own = _choice(loaded, workspace)
        if own.complete:
            found.setdefault(own.file, own)
            continue
        if whole is None:
            whole = [each for each in _others(others(), workspace) if each.complete]
        having = [each for each in whole if each.own is not own.own and _holds(each, own)]
        through = _smallest(having)
        if through:
            _check(_loaded(through, workspace), workspace)
        for each in through:
            found.setdefault(each.file, each)
        if through and named:
            note = f"{own.file} is verified as a part of {_listed(each.file for each in through)}"
            for each in through:
                old = found[each.file]
                found[each.file] = Chosen(old.file, old.program, True, (*old.notes, note))
        elif not through:
            found.setdefault(own.file, _alone(own))
    return _needed(sorted(found.values(), key=lambda each: each.file), named=named)


def around(project: Project | None, files: Iterable[Path]) -> list[Path]:
    """The files that may import some files: those of the project, or of the same folders."""
    if project is not None:
        return project.modules()
    folders = {path.parent for path in files}
    return sorted(
        each for folder in folders for each in folder.glob(f"*{SUFFIX}") if each.is_file()
    )


def verdict(
    chosen: Chosen,
    *,
    given: Mapping[str, int] | None = None,
    engines: Iterable[Engine] = (),
    against: Program | None = None,
    budget: Budget | None = None,
    progress: Callable[[str], None] = lambda text: None,
) -> Verdict:
    """The verdict on a program; of one without a whole lifecycle on what needs none.

    ``engines`` are all, if none is named.  Raises `Interrupted` with what is known by then.
    """
    from dsl.verify import verify

    asked = list(engines) or list(Engine)
    used = [each for each in asked if chosen.complete or each is Engine.FLOW]
    missing = list(chosen.unchecked)
    if not used:
        listed = ", ".join(asked)
        missing.append(f"anything: without a lifecycle there is no work for {listed}")
    try:
        made = verify(
            chosen.program,
            given={n: v for n, v in (given or {}).items() if n in chosen.program.conditions},
            engines=used,
            against=against,
            budget=budget or Budget(),
            progress=progress,
        )
    except Interrupted as error:
        raise Interrupted(_lacking(error.verdict, missing)) from None
    if made.withdrawn and not chosen.complete:
        many = len(made.withdrawn)
        what = "what is suspected" if many == 1 else f"the {many} things that are suspected"
        missing.append(f"{what}: without a lifecycle no run can show whether it is so")
    return _lacking(made, missing)


def _lacking(verdict: Verdict, missing: Iterable[str]) -> Verdict:
    return replace(verdict, unchecked=(*missing, *verdict.unchecked))


def _choice(loaded: Loaded, workspace: Workspace) -> Chosen:
    program = workspace.program(loaded)
    return Chosen(loaded.resolved.source.name, program, Needs(program).whole)


def _others(paths: Iterable[Path], workspace: Workspace) -> list[Chosen]:
    """The programs of files, without those that have errors."""
    loaded = [one for path in paths if (one := workspace.load(path)) is not None]
    return [
        _choice(one, workspace)
        for one in loaded
        if one.complete and not any(each.errors for each in workspace.closure(one))
    ]


def _loaded(found: Iterable[Chosen], workspace: Workspace) -> list[Loaded]:
    each = [workspace.load(Path(one.file)) for one in found]
    return [one for one in each if one is not None]


def _check(asked: Sequence[Loaded], workspace: Workspace) -> None:
    """Raises `HasErrors` where files, or what they import, have errors."""
    workspace.check(asked)
    files = {each.source.name for one in asked for each in workspace.closure(one)}
    errors = [d for d in workspace.found.sorted() if d.severity is Severity.ERROR]
    own = [d for d in errors if d.span.source.name in files]
    if own or not all(one.complete for one in asked):
        raise HasErrors(own or errors)


def _smallest(found: list[Chosen]) -> list[Chosen]:
    """Those that contain no other."""
    return [
        each
        for each in found
        if not any(_holds(each, other) for other in found if other is not each)
    ]


def _holds(whole: Chosen, part: Chosen) -> bool:
    return any(module is part.own for module in whole.program.modules)


def _alone(own: Chosen) -> Chosen:
    """A program without a whole lifecycle, and what that means for its verification."""
    if not own.program.lifecycles:
        what = f"{own.file} has no lifecycle, and nothing here that imports it has: any caller"
        return Chosen(
            own.file,
            own.program,
            False,
            (f"{what} is assumed, and only what needs no lifecycle was checked",),
        )
    missing = sorted(Needs(own.program).of_lifecycles())
    what = f"the lifecycles of {own.file}: nothing here defines {_listed(missing)}"
    return Chosen(own.file, own.program, False, (), (what,))


def _needed(found: list[Chosen], *, named: bool) -> list[Chosen]:
    """Without what has nothing to verify, or what others contain."""
    kept = []
    for each in found:
        within = any(_holds(other, each) for other in found if other is not each)
        if not each.complete:
            if (_defines(each.own) or each.unchecked) and not within:
                kept.append(each)
        elif named or _adds(each.own) or not any(_holds(each, o) for o in found if o is not each):
            kept.append(each)
    return kept


def _defines(module: Module) -> bool:
    return any(sequence.body is not None for sequence in module.sequences)


def _adds(module: Module) -> bool:
    """Whether a module has more than scenarios for what it imports."""
    return any(
        getattr(module, name)
        for name in Module.__struct_fields__
        if name not in ("name", "imports", "constants", "scenarios", "failures")
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
