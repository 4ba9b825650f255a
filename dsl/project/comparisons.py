"""What `vgs diff` compares: the written files of cases, other trees, or modules; and patches."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct

from dsl import __version__
from dsl.diagnostics import suggest
from dsl.failures import CannotRun, HasErrors, reason
from dsl.project.file import Comparison, Project, TreeComparison
from dsl.project.folder import Written, digest_of, source_path, written

if TYPE_CHECKING:
    from dsl.compare import Report, TreeReport

_BUILD = "run `vgs build`"


class Compared(Struct, frozen=True):
    """One comparison: what was compared, as the user named it, and the outcome.

    Either ``before`` and ``after`` with a patch, of which ``report`` tells, or one ``case``.
    ``whole`` is the outcome for the ``tree``; None where there is no tree to compare with.
    """

    before: str | None = None
    after: str | None = None
    patch: str | None = None
    report: Report | None = None
    case: str | None = None
    tree: str | None = None
    whole: TreeReport | None = None

    @property
    def ok(self) -> bool:
        """Whether all that was compared holds."""
        return all(one.ok for one in (self.report, self.whole) if one is not None)

    @property
    def skipped(self) -> bool:
        """Whether there was nothing to compare with."""
        return self.report is None and self.whole is None


def of_project(
    project: Project, patch: Path | None = None, tree: Path | None = None
) -> list[Compared]:
    """The comparisons that a project names, on the files that its last build wrote.

    ``patch`` and ``tree`` replace those of the project's file.  A case that is to be compared with
    a tree, of which none is named, is skipped where there is something else to compare.  Raises
    `CannotRun` where there is nothing to compare, where the written files are missing or out of
    date, or for a bad patch or tree.
    """
    chosen = project.comparisons
    if not chosen:
        raise CannotRun(
            f"{project.file} names nothing to compare",
            "give it a [[diff]] with before, after and patch, or run "
            "`vgs diff BEFORE AFTER --patch FILE` or `vgs diff MODULE --tree DIR`",
        )
    if patch is not None:
        known = [c for c in chosen if isinstance(c, Comparison)]
        pairs = dict.fromkeys((c.before, c.after) for c in known)
        if len(pairs) != 1:
            raise CannotRun(
                f"{project.file} compares {'several pairs' if pairs else 'no pair'} of cases",
                "name the two: `vgs diff BEFORE AFTER --patch FILE`",
            )
        ((before, after),) = pairs
        chosen = (Comparison(before, after, patch, known[0].tree),)
    if not any(isinstance(c, Comparison) or tree or c.tree for c in chosen):
        raise CannotRun(
            f"{project.file} compares cases with trees, and names no tree",
            "say which: `vgs diff --tree DIR`",
        )
    found = _manifest(project)
    texts: dict[str, dict[str, str]] = {}

    def written_for(name: str) -> dict[str, str]:
        if name not in texts:
            texts[name] = _case(project, name, found)
        return texts[name]

    done = []
    for c in chosen:
        where = tree or c.tree
        match c:
            case Comparison():
                old, new = written_for(c.before), written_for(c.after)
                done.append(compare(c.before, c.after, old, new, c.patch, where))
            case TreeComparison():
                done.append(compare_with_tree(c.case, written_for(c.case), where))
            case _:
                assert_never(c)
    return done


def of_paths(
    before: Path,
    after: Path,
    patch: Path,
    project: Project | None,
    progress: Callable[[str], None] = lambda text: None,
    tree: Path | None = None,
) -> Compared:
    """Compares two modules, or folders of C, with a patch and, if there is one, its tree.

    Raises as `texts_of` does, and `CannotRun` for a bad patch.
    """
    texts = [texts_of(path, project, progress) for path in (before, after)]
    return compare(str(before), str(after), texts[0], texts[1], patch, tree)


def of_module(
    module: Path,
    tree: Path,
    project: Project | None,
    progress: Callable[[str], None] = lambda text: None,
) -> Compared:
    """Compares one module, or folder of C, with a tree.  Raises as `of_paths` does."""
    return compare_with_tree(str(module), texts_of(module, project, progress), tree)


def compare(
    before: str,
    after: str,
    old: Mapping[str, str],
    new: Mapping[str, str],
    patch: Path,
    tree: Path | None = None,
) -> Compared:
    """Compares the files of two cases with a patch, and with its tree; ``-`` is standard input."""
    text = _patch(patch)
    # Loads what reads patches and C.
    from dsl.compare import PatchError, Tree, compare_patch, parse_patch

    try:
        files = parse_patch(text)
        if tree is None:
            return Compared(before, after, str(patch), compare_patch(files, old, new))
        there = Tree(files, _reader(tree))
        report = compare_patch(files, old, new, there.stands)
        whole = there.compare(old, new)
        return Compared(before, after, str(patch), report, tree=str(tree), whole=whole)
    except PatchError as error:
        raise CannotRun(f"{patch}: {error}", "give one unified diff") from error


def compare_with_tree(case: str, files: Mapping[str, str], tree: Path | None) -> Compared:
    """Compares the files of one case with a tree; with none, says that it was skipped."""
    if tree is None:
        return Compared(case=case)
    from dsl.compare import compare_case

    whole = compare_case(case, files, _reader(tree))
    return Compared(case=case, tree=str(tree), whole=whole)


def _reader(folder: Path) -> Callable[[str], str | None]:
    """What reads the files of a tree, by their paths there.  Raises `CannotRun` if it is none."""
    if not folder.is_dir():
        what = "is no folder" if folder.exists() else "is not there"
        raise CannotRun(f"the tree {folder} {what}", "name the top folder of the sources")

    def read(path: str) -> str | None:
        parts = PurePosixPath(path)
        if parts.is_absolute() or ".." in parts.parts:
            return None
        file = folder / parts
        try:
            # A pipe in the tree would be waited for.
            if not stat.S_ISREG(file.stat().st_mode):
                raise CannotRun(f"{file} cannot be read: it is no file")
            data = file.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            why = reason(error) if isinstance(error, OSError) else str(error)
            raise CannotRun(f"{file} cannot be read: {why}") from error
        return data.decode("utf-8", "surrogateescape")

    return read


def _patch(path: Path) -> str:
    if str(path) == "-":
        if sys.stdin is None:
            raise CannotRun("standard input is closed")
        data = sys.stdin.buffer.read()
    else:
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            help = _near(path) or f"`vgs patch -o {path}` would write it"
            raise CannotRun(f"there is no patch {path}", help) from error
        except OSError as error:
            raise CannotRun(f"{path} cannot be read: {reason(error)}") from error
    # A patch may hold bytes of any encoding: they must match, not be understood.
    return data.decode("utf-8", "surrogateescape")


def _near(path: Path) -> str:
    """The file that may have been meant, in words; or nothing."""
    try:
        return suggest(path.name, [p.name for p in path.parent.iterdir() if p.is_file()])
    except OSError:
        return ""


def texts_of(
    path: Path, project: Project | None, progress: Callable[[str], None] = lambda text: None
) -> dict[str, str]:
    """The C that a name on the command line stands for, by its path in the tree.

    A module that is a case of the project, or where there is no such file the name of a case, is
    the files that were written for it; any other module is built in memory; a folder is a tree of
    C.  Raises `CannotRun`, and `HasErrors` for a module that cannot be built.
    """
    if path.is_dir():
        return tree(path)
    if not path.exists():
        if project and any(case.name == str(path) for case in project.cases):
            return _case(project, str(path), _manifest(project))
        raise CannotRun(f"there is no file or folder {path}")
    for case in project.cases if project else ():
        if os.path.samefile(case.module, path) and project:
            return _case(project, case.name, _manifest(project))
    from dsl.project.outputs import make, of_modules

    made = make(of_modules([path], None, project.sources if project else ()), progress)
    if not made.files:
        raise HasErrors(made.findings)
    files = {name.split("/c/", 1)[1]: text for name, text in made.files.items() if "/c/" in name}
    if not files:
        raise CannotRun(f"{path} has no dialect in scope, so there is no C of it")
    return files


def _manifest(project: Project) -> Written:
    found = written(project.output)
    if found is None:
        raise CannotRun(f"nothing was built in {project.output}", _BUILD)
    return found


def _case(project: Project, name: str, found: Written) -> dict[str, str]:
    """The written C of a case, by its path in the tree, if it is up to date."""
    why = _out_of_date(project, name, found)
    if why:
        raise CannotRun(f"{project.output / name} is out of date: {why}", _BUILD)
    prefix = f"{name}/c/"
    texts = {}
    for path in found.outputs:
        if path.startswith(prefix):
            file = project.output / path
            try:
                texts[path.removeprefix(prefix)] = file.read_bytes().decode("utf-8")
            except (OSError, ValueError) as error:
                raise CannotRun(f"{file} cannot be read", _BUILD) from error
    if not texts:
        raise CannotRun(
            f"no C was built for the case `{name}`", "it needs a dialect: import one, and build"
        )
    return texts


def _out_of_date(project: Project, case: str, found: Written) -> str:
    """Why the written files of a case are not what its sources make, or nothing."""
    if case not in found.sources:
        return "it was never built"
    if found.version != __version__:
        return f"it was built by vgs {found.version}, and this is {__version__}"
    for path, hash in found.sources[case].items():
        file = source_path(path, project.folder)
        if digest_of(file) != hash:
            return f"{os.path.normpath(file)} has changed"
    for path, hash in found.outputs.items():
        if path.startswith(f"{case}/") and digest_of(project.output / path) != hash:
            return f"{project.output / path} is not what was built"
    return ""


def tree(folder: Path) -> dict[str, str]:
    """The text of every file below a folder that is not hidden, by its path there.

    Raises `CannotRun` where it cannot be read.
    """

    def fail(error: OSError) -> None:
        raise error

    found = {}
    at = folder
    try:
        for where, folders, files in os.walk(folder, onerror=fail):
            folders[:] = [f for f in folders if not f.startswith(".")]
            for name in files:
                at = Path(where, name)
                if not name.startswith("."):
                    text = at.read_bytes().decode("utf-8", "surrogateescape")
                    found[at.relative_to(folder).as_posix()] = text
    except OSError as error:
        raise CannotRun(f"{at} cannot be read: {reason(error)}") from error
    return found
