"""The dialects of cases: which one a case is in, and what it does not spell or does not need."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dsl.diagnostics import Diagnostic, suggest
from dsl.diagnostics.dialects import BadProject
from dsl.failures import CannotRun
from dsl.project.file import Case
from dsl.resolve.workspace import Loaded, Workspace

if TYPE_CHECKING:
    from dsl.backends.c import Draft
    from dsl.ir.dialect import Dialect
    from dsl.resolve.hints import Layout


def dialect_of(case: Case, workspace: Workspace, loaded: Loaded) -> Dialect | Diagnostic | None:
    """The dialect of a case, None where none is in scope, or what is wrong with vgs.toml.

    Raises `CannotRun` for what is wrong with a case that no vgs.toml describes.
    """
    known = {d.name: d for r in workspace.closure(loaded) for d in r.dialects}
    if case.dialect is None and len(known) <= 1:
        return next(iter(known.values()), None)
    if case.dialect in known:
        return known[case.dialect]
    listed = ", ".join(sorted(known))
    if case.dialect is None:
        message = f"{case.module} has several dialects in scope: {listed}"
        help = "say which one it is built in"
    else:
        message = f"no dialect `{case.dialect}` is in scope of {case.module}"
        help = suggest(case.dialect, known) or (f"in scope: {listed}" if known else "none is")
    if case.span is None:
        raise CannotRun(message, f"{help} (--dialect)" if case.dialect is None else help)
    return BadProject(case.span, message, help=help)


def check_cases(cases: Iterable[Case], workspace: Workspace) -> None:
    """Adds what is wrong with the dialects of a whole project's cases, and with their patterns.

    Raises `CannotRun` as `dialect_of` does.
    """
    chosen: list[tuple[Loaded, Dialect]] = []
    for case in cases:
        loaded = workspace.load(case.module)
        dialect = dialect_of(case, workspace, loaded) if loaded is not None else None
        if isinstance(dialect, Diagnostic):
            workspace.found.add(dialect)
        elif loaded is not None and dialect is not None:
            chosen.append((loaded, dialect))
    check_spelling(chosen, workspace, whole=True)


def check_spelling(
    chosen: Iterable[tuple[Loaded, Dialect]], workspace: Workspace, *, whole: bool
) -> None:
    """Adds what dialects do not spell of modules; if these are the ``whole`` of a project, also
    which of their patterns nothing needs.

    Where there are errors already this only would repeat them.
    """
    if workspace.found.errors:
        return
    from dsl.backends.c import draft
    from dsl.backends.c.usage import judge

    drafts: dict[str, list[Draft]] = {}
    names: dict[str, set[str]] = {}
    seen: dict[str, set[str]] = {}
    asked: dict[str, set[str]] = {}
    for loaded, dialect in chosen:
        group = drafts.setdefault(str(dialect.span), [])
        layouts = layouts_of(workspace, loaded)
        # What programs share is drafted with the first of them.
        done = seen.setdefault(str(dialect.span), set())
        program = workspace.program(loaded)
        defined = {name for name, one in program.sequences.items() if one.body is not None}
        names.setdefault(str(dialect.span), set()).update(defined)
        lines = asked.setdefault(str(dialect.span), set())
        made = draft(program, dialect, layouts, without=done, asked=lines)
        done |= set(layouts)
        workspace.found.extend(made.findings)
        group.append(made)
    if whole:
        for key, group in drafts.items():
            uses = [made.uses for made in group]
            workspace.found.extend(judge(group[0].dialect, uses, sorted(names[key])))


def layouts_of(workspace: Workspace, loaded: Loaded) -> dict[str, Layout]:
    """The layout of a module and of all it imports, by module."""
    return {r.module.name: r.layout for r in workspace.closure(loaded)}
