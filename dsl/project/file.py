"""The project file vgs.toml: its modules, cases, outputs and the patches to compare with.

    [project]
    name = "kvm"                   # default: the name of the folder
    sources = ["sequences"]        # default: ["."]; imports are looked for here, and every
                                   # .vgs file below is a module of the project
    license = "GPL-2.0-only"       # default: none; every output begins by naming it
    [build]
    output = "generated"           # the default
    [case.before]                  # any number; the name becomes a folder of the output
    module = "sequences/kvm/before.vgs"
    dialect = "linux"              # default: the only dialect in scope
    [[diff]]                       # any number
    before = "before"              # names of cases
    after = "after"
    patch = "reference/some.patch"
    tree = "../linux"              # optional: the tree that it is for, with or without the patch
    [[diff]]                       # or: one case, and a tree
    case = "before"
    tree = "../linux"              # default: what --tree names
    [verify]
    modules = ["sequences/run.vgs"]  # default: the module of each case
    [patch]                        # what `vgs patch` says: see PatchText

All paths are relative to the folder of vgs.toml.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any, TypeVar, cast

from msgspec import Struct

from dsl.diagnostics import Diagnostic, suggest
from dsl.diagnostics.dialects import BadProject
from dsl.failures import CannotRun, reason
from dsl.project.places import KeyPath, Places
from dsl.source import Source, Span

if TYPE_CHECKING:
    from datetime import datetime

FILE = "vgs.toml"
SUFFIX = ".vgs"

#: A project file is written by hand.
_LARGEST = 1 << 20
_CASE_NAME = re.compile(r"[^\W\d_][\w-]*")
#: Identifiers of SPDX, joined by its operators: nothing that could end a comment.
_LICENSE = re.compile(r"[A-Za-z0-9.+:()-]+(?: [A-Za-z0-9.+:()-]+)*")
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_KINDS: dict[type, str] = {
    str: "a string",
    list: "a list of strings",
    dict: "a table",
    bool: "true or false",
}

_T = TypeVar("_T")


class Case(Struct, frozen=True):
    """A module to build, and the dialect for its C.  ``span`` is where vgs.toml says so."""

    name: str
    module: Path
    dialect: str | None = None
    span: Span | None = None


class Comparison(Struct, frozen=True):
    """Two cases, the patch that is said to lead from the one to the other, and its tree if any."""

    before: str
    after: str
    patch: Path
    tree: Path | None = None


class TreeComparison(Struct, frozen=True):
    """A case and the tree that is said to have the same functions; None if that is yet to come."""

    case: str
    tree: Path | None = None


class PatchText(Struct, frozen=True):
    """What the mail of a patch says, each part None where nobody has said it.

    ``author`` is ``NAME <ADDRESS>``, ``message`` the text below the subject, or else in the file
    ``message_file``; ``prefix`` goes before the subject in brackets; ``signoff`` adds the author's.
    """

    author: str | None = None
    date: str | datetime | None = None
    subject: str | None = None
    message: str | None = None
    message_file: Path | None = None
    prefix: str | None = None
    signoff: bool | None = None


class Project(Struct, frozen=True):
    """A project as its file describes it; its paths are relative to the current folder."""

    name: str
    file: Path
    folder: Path
    sources: tuple[Path, ...]
    output: Path
    cases: tuple[Case, ...]
    comparisons: tuple[Comparison | TreeComparison, ...]
    patch: PatchText = PatchText()
    license: str | None = None
    verified: tuple[Path, ...] = ()

    def modules(self) -> list[Path]:
        """Every source file of the project, sorted.  Raises `OSError` for unreadable folders."""
        found: dict[str, Path] = {}
        for root in self.sources:
            for path in source_files(root, without=self.output):
                found.setdefault(os.path.realpath(path), path)
        return sorted(found.values())

    def case(self, name: str) -> Case:
        """The case of a name.  Raises `KeyError`."""
        return {case.name: case for case in self.cases}[name]


def source_files(folder: Path, without: Path | None = None) -> list[Path]:
    """The .vgs files below a folder, sorted; hidden folders and ``without`` are passed over.

    Raises `OSError` for a folder that cannot be read.
    """

    def fail(error: OSError) -> None:
        raise error

    skipped = os.path.realpath(without) if without is not None else None
    found = []
    for where, folders, files in os.walk(folder, onerror=fail):
        folders[:] = [
            f
            for f in folders
            if not f.startswith(".") and os.path.realpath(os.path.join(where, f)) != skipped
        ]
        found += [Path(where, f) for f in files if f.endswith(SUFFIX) and not f.startswith(".")]
    return sorted(found)


def find(start: Path) -> Path | None:
    """The project file of a folder: in it, or in the nearest folder above it."""
    where = Path(os.path.abspath(start))
    for folder in (where, *where.parents):
        path = folder / FILE
        if path.is_file():
            return Path(shown(path))
    return None


def shown(path: str | Path) -> str:
    """A path as messages give it: relative to the current folder."""
    try:
        return os.path.relpath(path)
    except ValueError:  # another drive
        return str(path)


def read(path: Path) -> tuple[Project | None, list[Diagnostic]]:
    """The project of a file, or None and what is wrong with the file.

    Raises `CannotRun` for a file that cannot be read.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise CannotRun(f"{path} is larger than 1 MiB, so it is no project file")
        data = path.read_bytes()
    except OSError as error:
        raise CannotRun(f"{path} cannot be read: {reason(error)}") from error
    # Imported here: most runs of `vgs explain` and `vgs fmt -` have no project.
    import tomllib

    source = Source(str(path), data.decode("utf-8", "replace"), "vgs.toml")
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        at = len(data[: error.start].decode("utf-8"))
        return None, [BadProject(Span(source, at, at + 1), "this byte is not UTF-8")]
    except tomllib.TOMLDecodeError as error:
        return None, [_broken(source, str(error))]
    except RecursionError:
        return None, [BadProject(Span(source, 0, 1), "values are nested too deeply")]
    return _Reader(path, source, table).run()


def _broken(source: Source, message: str) -> Diagnostic:
    at = max(0, len(source.text.rstrip()) - 1)
    place = _PLACE.search(message)
    if place is not None and place[1]:
        lines = source.text.splitlines(keepends=True)[: int(place[1]) - 1]
        at = sum(map(len, lines)) + int(place[2]) - 1
    text = _PLACE.sub("", message)
    return BadProject(Span(source, at, at + 1), f"not TOML: {text[:1].lower()}{text[1:]}")


class _Reader:
    """Judges one project file, all of it, so that one run tells everything."""

    def __init__(self, path: Path, source: Source, table: dict[str, Any]) -> None:
        self.path = path
        self.folder = Path(shown(path.parent))
        self.table = table
        self.places = Places(source)
        self.found: list[Diagnostic] = []

    def run(self) -> tuple[Project | None, list[Diagnostic]]:
        self._keys(self.table, (), ("project", "build", "case", "diff", "verify", "patch"))
        project = self._table(self.table, (), "project")
        self._keys(project, ("project",), ("name", "sources", "license"))
        build = self._table(self.table, (), "build")
        self._keys(build, ("build",), ("output",))
        name = self._get(project, ("project",), "name", str)
        made = Project(
            name or Path(os.path.abspath(self.folder)).name,
            self.path,
            self.folder,
            self._sources(project),
            self._output(build),
            self._cases(),
            self._comparisons(),
            self._patch(),
            self._license(project),
            self._verified(),
        )
        findings = sorted(self.found, key=lambda d: (d.span.start, d.span.end, d.message))
        return (None if findings else made), findings

    # ---- the parts

    def _sources(self, project: dict[str, Any]) -> tuple[Path, ...]:
        where = ("project", "sources")
        given = self._texts(project, where)
        made = []
        for text in ["."] if given is None else given:
            path = self._inside(where, text)
            if path is None:
                continue
            if not path.is_dir():
                near = self._near(path, folders=True)
                self._bad(self._value(where, text), f"there is no folder {path}", near)
            made.append(path)
        return tuple(made)

    def _license(self, project: dict[str, Any]) -> str | None:
        text = self._get(project, ("project",), "license", str)
        if text is not None and _LICENSE.fullmatch(text) is None:
            span = self._value(("project", "license"), text)
            self._bad(span, "this is no SPDX licence expression", 'such as "GPL-2.0-only"')
            return None
        return text

    def _output(self, build: dict[str, Any]) -> Path:
        where = ("build", "output")
        text = self._get(build, where[:1], "output", str)
        path = self._inside(where, "generated" if text is None else text)
        if path is not None and path.exists() and not path.is_dir():
            self._bad(self._value(where, text or ""), f"{path} is no folder")
        return path or self.folder

    def _verified(self) -> tuple[Path, ...]:
        table = self._table(self.table, (), "verify")
        self._keys(table, ("verify",), ("modules",))
        where = ("verify", "modules")
        paths = [self._there(where, text) for text in self._texts(table, where) or ()]
        return tuple(path for path in paths if path is not None)

    def _cases(self) -> tuple[Case, ...]:
        made = []
        seen: dict[str, str] = {}
        table = self._table(self.table, (), "case")
        for name in table:
            where: KeyPath = ("case", name)
            case = self._table(table, ("case",), name)
            self._keys(case, where, ("module", "dialect"))
            if not _CASE_NAME.fullmatch(name):
                self._bad(
                    self.places.key(where),
                    f"`{name}` cannot be the name of a case",
                    "a letter, then letters, digits, `_` and `-`: it becomes a folder",
                )
            elif seen.setdefault(name.lower(), name) != name:
                other = seen[name.lower()]
                self._bad(
                    self.places.key(where),
                    f"`{name}` and `{other}` are one folder where names have no case",
                )
            module = self._file(case, where, "module")
            dialect = self._get(case, where, "dialect", str)
            if module is not None:
                span = self._value((*where, "dialect" if dialect else "module"), dialect or "")
                made.append(Case(name, module, dialect, span))
        return tuple(made)

    def _comparisons(self) -> tuple[Comparison | TreeComparison, ...]:
        made: list[Comparison | TreeComparison] = []
        given = self.table.get("diff", [])
        if not isinstance(given, list) or not all(isinstance(d, dict) for d in given):
            self._bad(self.places.key(("diff",)), "`diff` must be tables, each headed [[diff]]")
            return ()
        for number, table in enumerate(given):
            where: KeyPath = ("diff", number)
            if "case" in table:
                self._keys(table, where, ("case", "tree"))
                name = self._case(table, where, "case")
                tree = self._tree(table, where)
                if name:
                    made.append(TreeComparison(name, tree))
                continue
            self._keys(table, where, ("before", "after", "patch", "tree"))
            before, after = (self._case(table, where, key) for key in ("before", "after"))
            patch = self._file(table, where, "patch", made_later=True)
            tree = self._tree(table, where)
            if before and after and patch is not None:
                made.append(Comparison(before, after, patch, tree))
        return tuple(made)

    def _case(self, table: dict[str, Any], where: KeyPath, key: str) -> str | None:
        """A key that names a case."""
        cases = self._names()
        name = self._needed(table, where, key)
        if name is not None and name not in cases:
            help = suggest(name, cases) or (
                "the cases are " + ", ".join(sorted(cases)) if cases else "there are none"
            )
            self._bad(self._value((*where, key), name), f"there is no case `{name}`", help)
        return name

    def _tree(self, table: dict[str, Any], where: KeyPath) -> Path | None:
        """The folder that the key `tree` names; it need not be there until it is compared with."""
        text = self._get(table, where, "tree", str)
        return None if text is None else self._inside((*where, "tree"), text)

    def _patch(self) -> PatchText:
        from datetime import datetime

        where = ("patch",)
        table = self._table(self.table, (), "patch")
        texts = ("author", "subject", "message", "prefix")
        self._keys(table, where, (*texts, "message-file", "date", "signoff"))
        author, subject, message, prefix = (self._get(table, where, key, str) for key in texts)
        file = self._file(table, where, "message-file") if "message-file" in table else None
        if message is not None and file is not None:
            self._bad(self.places.key((*where, "message-file")), "there is a `message` already")
        date = table.get("date")
        if not isinstance(date, str | datetime | None):
            self._bad(self.places.key((*where, "date")), "`date` must be a date and time, or text")
            date = None
        signoff = self._get(table, where, "signoff", bool)
        return PatchText(author, date, subject, message, file, prefix, signoff)

    def _names(self) -> list[str]:
        """The cases that are written, even where something is wrong with them."""
        table = self.table.get("case")
        return list(table) if isinstance(table, dict) else []

    # ---- keys and values

    def _keys(self, table: Mapping[str, object], where: KeyPath, known: tuple[str, ...]) -> None:
        inside = f" in [{'.'.join(str(w) for w in where if isinstance(w, str))}]" if where else ""
        for key in table:
            if key not in known:
                self._bad(
                    self.places.key((*where, key)),
                    f"there is no key `{key}`{inside}",
                    suggest(key, known) or "the keys are " + ", ".join(known),
                )

    def _get(self, table: dict[str, Any], where: KeyPath, key: str, kind: type[_T]) -> _T | None:
        value = table.get(key)
        if value is None or isinstance(value, kind):
            return value
        self._type((*where, key), kind)
        return None

    def _texts(self, table: dict[str, Any], where: tuple[str, str]) -> list[str] | None:
        """The strings of a list, of which there must be one if there is a list."""
        given = self._get(table, where[:1], where[1], list)
        if given == []:
            self._bad(self.places.key(where), f"`{where[1]}` is empty")
        for value in given or ():
            if not isinstance(value, str):
                self._type(where, list)
        return None if given is None else [value for value in given if isinstance(value, str)]

    def _table(self, table: dict[str, Any], where: KeyPath, key: str) -> dict[str, Any]:
        return cast("dict[str, Any] | None", self._get(table, where, key, dict)) or {}

    def _needed(self, table: dict[str, Any], where: KeyPath, key: str) -> str | None:
        if key not in table:
            self._bad(self.places.key(where), f"`{key}` is missing")
        return self._get(table, where, key, str)

    def _file(
        self, table: dict[str, Any], where: KeyPath, key: str, *, made_later: bool = False
    ) -> Path | None:
        """A file that must be there, or (``made_later``) that a verb of vgs may have to write."""
        text = self._needed(table, where, key)
        return None if text is None else self._there((*where, key), text, made_later=made_later)

    def _there(self, where: KeyPath, text: str, *, made_later: bool = False) -> Path | None:
        path = self._inside(where, text)
        if path is not None and not path.is_file() and (path.exists() or not made_later):
            what = "is a folder" if path.is_dir() else "is not there"
            near = self._near(path, folders=False)
            self._bad(self._value(where, text), f"{path} {what}", near)
        return path

    def _inside(self, where: KeyPath, text: str) -> Path | None:
        """The path that a value names, seen from the current folder; None if it cannot be one."""
        if PurePosixPath(text).is_absolute() or PureWindowsPath(text).anchor or "\0" in text:
            self._bad(
                self._value(where, text),
                "a path here is relative to the folder of vgs.toml",
            )
            return None
        return Path(shown(self.folder / text))

    def _near(self, path: Path, *, folders: bool) -> str:
        try:
            names = [p.name for p in path.parent.iterdir() if p.is_dir() is folders]
        except OSError:
            return ""
        return suggest(path.name, names)

    def _value(self, where: KeyPath, text: str) -> Span:
        return self.places.value(where, text)

    def _type(self, where: KeyPath, kind: type) -> None:
        self._bad(self.places.key(where), f"`{where[-1]}` must be {_KINDS[kind]}")

    def _bad(self, span: Span, message: str, help: str = "") -> None:
        self.found.append(BadProject(span, message, help=help))
