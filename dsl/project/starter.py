"""A new project: the files that `vgs init` writes, which are templates that come with vgs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from dsl.failures import CannotRun
from dsl.project.folder import write_all
from dsl.resources import folder

_TEMPLATES = "init"
#: A file with this end is filled in, and loses it.
_TEMPLATE = ".j2"


def start(where: Path, name: str | None = None) -> tuple[str, list[Path]]:
    """Writes a small project into a folder, which is made if need be; gives its name and its files.

    Without a name it is that of the folder.  Raises `CannotRun` where a file is in the way, and
    then nothing is written.
    """
    made = name if name is not None else Path(os.path.abspath(where)).name or "project"
    if not made.isprintable() or not made.strip():
        raise CannotRun(
            f"{made!r} cannot be the name of a project", "give one of printable text: --name NAME"
        )
    if where.exists() and not where.is_dir():
        raise CannotRun(f"{where} is no folder", "name a new folder, or one to write into")
    texts = {where / path: text for path, text in _files(made)}
    blocking = [str(path) for path in texts if os.path.lexists(path)]
    if blocking:
        raise CannotRun(
            f"in the way: {', '.join(blocking)}",
            "nothing was written: move them, or name another folder",
        )
    write_all(texts)
    return made, list(texts)


def _files(name: str) -> Iterator[tuple[str, bytes]]:
    """The path and the text of each file of a project of this name."""
    from dsl.backends.templates import environment

    top = folder("templates") / _TEMPLATES
    for file in sorted(top.rglob("*")):
        path = file.relative_to(top).as_posix()
        if path.endswith(_TEMPLATE):
            template = environment().from_string(file.read_text(encoding="utf-8"))
            # What JSON says of printable text TOML reads alike.
            text = template.render(name=json.dumps(name, ensure_ascii=False))
            yield path.removesuffix(_TEMPLATE), text.encode()
        elif file.is_file():
            yield path, file.read_bytes()
