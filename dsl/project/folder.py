"""A folder of outputs on the disk: what an earlier build left there, and bringing it up to date.

``manifest.json`` says which files are the build's own, so that a later build removes what it no
longer makes, and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal, TypeAlias

from msgspec import Struct

from dsl.failures import CannotRun, reason
from dsl.resources import library

MANIFEST = "manifest.json"
#: How the manifest marks a source that came with vgs, wherever that is installed.
_SHIPPED = "vgs:"

State: TypeAlias = Literal["created", "changed", "removed", "kept", "unchanged"]


class Change(Struct, frozen=True):
    """What a build does to one file.

    A file that is no longer made and that somebody has changed since is kept.
    """

    path: str
    state: State


def digest(text: str) -> str:
    """The hash that the manifest keeps of a text."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=32).hexdigest()


def digest_of(path: Path) -> str | None:
    """The hash of a text file; None where there is no such file, or it is not text."""
    try:
        return digest(path.read_bytes().decode("utf-8").removeprefix("\ufeff"))
    except (OSError, ValueError):
        return None


def source_name(path: str | Path, base: Path) -> str:
    """How a manifest names a source: from the folder ``base``, or as one that came with vgs."""
    where = os.path.realpath(path)
    top = os.path.realpath(library())
    inside = where.startswith(top + os.sep)
    if inside and not where.startswith(os.path.join(os.path.realpath(base), "")):
        return _SHIPPED + Path(os.path.relpath(where, top)).as_posix()
    return Path(os.path.relpath(path, base)).as_posix()


def source_path(name: str, base: Path) -> Path:
    """The file of a source that a manifest names."""
    if name.startswith(_SHIPPED):
        return library() / name.removeprefix(_SHIPPED)
    return base / name


class Written(Struct, frozen=True):
    """A manifest: the sources of each case and the outputs, each with its hash."""

    version: str
    sources: Mapping[str, Mapping[str, str]]
    outputs: Mapping[str, str]


def written(folder: Path) -> Written | None:
    """What an earlier build says it wrote into a folder, or None where there was none.

    Raises `CannotRun` for a manifest that is damaged or not ours: nothing must be removed, and
    nothing overwritten, for the sake of it.
    """
    path = folder / MANIFEST
    try:
        value = json.loads(path.read_bytes())
        version, cases, outputs = value["vgs"], value["cases"], value["outputs"]
        sources = {name: dict(case["sources"]) for name, case in cases.items()}
        texts = [version, *outputs, *outputs.values()]
        texts += [text for used in sources.values() for pair in used.items() for text in pair]
        if all(isinstance(text, str) for text in texts):
            return Written(version, sources, dict(outputs))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise CannotRun(f"{path} cannot be read: {reason(error)}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    raise CannotRun(
        f"{path} is damaged, or not a manifest of vgs",
        "remove it if it is, and build again; else choose another folder",
    )


def changes(files: Mapping[str, str], folder: Path) -> list[Change]:
    """What writing these outputs would do to a folder, sorted by path.

    Raises `CannotRun` where a file cannot be read, or something that is no file is in the way.
    """
    if folder.exists() and not folder.is_dir():
        raise CannotRun(f"{folder} is not a folder")
    earlier = written(folder)
    found: dict[str, State] = {}
    for path, text in files.items():
        try:
            same = (folder / path).read_bytes() == text.encode("utf-8", "surrogatepass")
            found[path] = "unchanged" if same else "changed"
        except (FileNotFoundError, NotADirectoryError):
            found[path] = "created"
        except OSError as error:
            raise CannotRun(f"{folder / path} cannot be read: {reason(error)}") from error
    for path, hash in (earlier.outputs if earlier else {}).items():
        if path not in found and _is_inside(path, folder):
            now = digest_of(folder / path)
            if now is not None:
                found[path] = "removed" if now == hash else "kept"
    return [Change(path, state) for path, state in sorted(found.items())]


def _is_inside(path: str, folder: Path) -> bool:
    """Whether a path of a manifest is a file below the folder, whatever links lead where."""
    try:
        where = os.path.realpath((folder / path).parent)
        top = os.path.realpath(folder)
        return os.path.commonpath([where, top]) == top and (folder / path).is_file()
    except (OSError, ValueError):
        return False


# ---- writing


def write(files: Mapping[str, str], folder: Path) -> list[Change]:
    """Brings a folder up to date, or leaves it as it was; the manifest is written last.

    Raises `CannotRun` where something cannot be written.
    """
    todo = changes(files, folder)
    fresh = [c.path for c in todo if c.state in ("created", "changed")]
    fresh.sort(key=lambda path: path == MANIFEST)
    write_all({folder / path: files[path].encode("utf-8", "surrogatepass") for path in fresh})
    _remove([folder / c.path for c in todo if c.state == "removed"], folder)
    return todo


def write_all(files: Mapping[Path, bytes]) -> None:
    """Writes files, in new folders if need be: all of them, or, where that cannot be, none.

    Each is written beside its place first, and only when all of them are on the disk are they
    renamed.  Raises `CannotRun`.
    """
    beside: dict[Path, Path] = {}
    folders: list[Path] = []
    at = Path()
    try:
        for at, data in files.items():
            _make_folders(at.parent, folders)
            if at.is_dir():
                raise CannotRun(f"{at} is a folder where a file should go")
            beside[at] = temporary(at)
            beside[at].write_bytes(data)
        while beside:
            at = next(iter(beside))
            beside[at].replace(at)
            del beside[at]
        folders.clear()
    except OSError as error:
        raise CannotRun(f"{at} cannot be written: {reason(error)}") from error
    finally:
        # Only what a failure left.
        for left in beside.values():
            with suppress(OSError):
                left.unlink()
        for made in reversed(folders):
            _remove_empty(made)


def temporary(path: Path) -> Path:
    """The name under which a file is written before it is renamed to ``path``."""
    return path.with_name(f".{path.name[:200]}.{os.getpid()}")


def _make_folders(folder: Path, made: list[Path]) -> None:
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        one.mkdir(exist_ok=True)
        made.append(one)


def _remove(paths: Iterable[Path], top: Path) -> None:
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise CannotRun(f"{path} cannot be removed: {reason(error)}") from error
        folder = path.parent
        while folder != top and _remove_empty(folder):
            folder = folder.parent


def _remove_empty(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError:
        return False
    return True
