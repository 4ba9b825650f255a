"""Where the files that ship with the package are, and where caches go."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


def folder(name: str) -> Traversable:
    """A folder of data files: inside the package once installed, beside it in a checkout."""
    here = Path(__file__).resolve().parent
    for path in (here / name, here.parent / name):
        if path.is_dir():
            return path
    # In an archive; only then is its loading paid for.
    from importlib.resources import files

    return files("dsl").joinpath(name)


@cache
def grammar_text() -> str:
    """The text of ``grammar/vgs.lark``."""
    return folder("grammar").joinpath("vgs.lark").read_text(encoding="utf-8")


@cache
def library() -> Path | None:
    """The folder that holds ``platforms/``, the modules that come with the package.

    None where the package is in an archive: a module is a file.
    """
    found = folder("sequences")
    return found if isinstance(found, Path) and found.is_dir() else None


@cache
def cache_folder() -> Path | None:
    """A folder that may be written, or None: then nothing is cached.

    ``VGS_CACHE`` names another folder, or switches caches off with ``off``.
    """
    named = os.environ.get("VGS_CACHE", "")
    if named == "off":
        return None
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    path = Path(named) if named else Path(home) / "vgs"
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return path if os.access(path, os.W_OK) else None
