"""The .vgs files that a run of pytest meets: whose they are, which are tests, what they make."""

from __future__ import annotations

import os
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from dsl.diagnostics import Severity
from dsl.failures import CannotRun, HasErrors, reason
from dsl.project.file import Project, find, read, shown
from dsl.resolve.workspace import SUFFIX, Loaded, Workspace
from dsl.run.programs import Root, root


class Group:
    """Files that may import each other: those of a project, or of folders that are in none.

    ``failure`` says why the project itself cannot be read.
    """

    def __init__(self, file: Path | None, folder: Path, top: Path) -> None:
        self.project: Project | None = None
        self.failure: CannotRun | HasErrors | None = None
        self._paths: list[Path] = []
        try:
            if file is not None:
                self.project, findings = read(file)
                if self.project is None:
                    raise HasErrors(findings)
                self._paths = self.project.modules()
            else:
                self._paths = list(_beside(folder, top))
        except (CannotRun, HasErrors) as error:
            self.failure = error
        except OSError as error:
            self.failure = CannotRun(f"{error.filename or folder}: {reason(error)}")

    @cached_property
    def files(self) -> frozenset[str]:
        """The real paths of its files."""
        return frozenset(os.path.realpath(path) for path in self._paths)

    @cached_property
    def _workspace(self) -> Workspace:
        workspace = Workspace(self.project.sources if self.project is not None else ())
        self._loaded = [one for path in self._paths if (one := workspace.load(path)) is not None]
        workspace.check(self._loaded)
        return workspace

    def root(self, path: Path) -> Root:
        """What a module and all it imports make.

        Raises `HasErrors` with what `vgs check` says of them, and `CannotRun`.
        """
        if self.failure is not None:
            raise self.failure
        workspace = self._workspace
        loaded = workspace.load(Path(shown(path)))
        if os.path.realpath(path) not in self.files and loaded is not None:
            workspace.check([loaded])
        errors = [each for each in workspace.found.sorted() if each.severity is Severity.ERROR]
        if loaded is None:
            own = [each for each in errors if each.span.source.name == shown(path)]
            raise HasErrors(own or errors)
        closure = {each.source.name for each in workspace.closure(loaded)}
        own = [each for each in errors if each.span.source.name in closure]
        # Why an import could not be read may have been said where another file imports it.
        if own or not loaded.complete:
            raise HasErrors(own or errors)
        return root(loaded, workspace)

    @cached_property
    def roots(self) -> list[Root]:
        """The programs of all its modules that could be read."""
        workspace = self._workspace
        return [root(one, workspace) for one in self._loaded if _sound(workspace, one)]


class Files:
    """The groups of files of one run; ``patterns`` are of those that are tests."""

    def __init__(self, top: Path, patterns: Iterable[str]) -> None:
        self._top = top
        self._patterns = tuple(patterns)
        self._groups: dict[Path, Group] = {}
        self._failed: set[int] = set()

    def group(self, path: Path) -> Group:
        """The group that a file belongs to."""
        file = find(path.parent)
        key = path.parent if file is None else Path(os.path.abspath(file))
        if key not in self._groups:
            self._groups[key] = Group(file, path.parent, self._top)
        return self._groups[key]

    def wanted(self, path: Path) -> bool:
        """Whether a file is a test where pytest goes through its folder."""
        relative = Path(os.path.relpath(path, self._top)).as_posix()
        if not any(fnmatchcase(relative, pattern) for pattern in self._patterns):
            return False
        group = self.group(path)
        if group.failure is not None:
            # It is the same for each file, and said once.
            first = id(group) not in self._failed
            self._failed.add(id(group))
            return first
        return os.path.realpath(path) in group.files


def _beside(folder: Path, top: Path) -> Iterable[Path]:
    """The sources in a folder and in those above it, as far as ``top``."""
    above = folder.parents if folder.is_relative_to(top) else ()
    for where in (folder, *(x for x in above if x.is_relative_to(top))):
        for path in sorted(where.glob(f"*{SUFFIX}")):
            if path.is_file() and not path.name.startswith("."):
                yield Path(shown(path))


def _sound(workspace: Workspace, loaded: Loaded) -> bool:
    return loaded.complete and not any(each.errors for each in workspace.closure(loaded))
