"""Where the files that ship with the package are, and where caches go."""

from __future__ import annotations

import os
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path


def folder(name: str) -> Traversable:
    """A folder of data files: inside the package once installed, beside it in a checkout."""
    packaged = files("dsl").joinpath(name)
    if packaged.is_dir():
        return packaged
    return Path(__file__).resolve().parent.parent / name


@cache
def grammar_text() -> str:
    """The text of ``grammar/vgs.lark``."""
    return folder("grammar").joinpath("vgs.lark").read_text(encoding="utf-8")


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
