"""Where the files that ship with the package are, and where caches go."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from dsl.failures import CannotRun


def folder(name: str) -> Path:
    """A folder of data files: inside the package once installed, beside it in a checkout.

    Raises `CannotRun` where there is none: an installation was damaged, or is in an archive.
    """
    here = Path(__file__).resolve().parent
    for path in (here / name, here.parent / name):
        if path.is_dir():
            return path
    raise CannotRun(
        f"vgs is not completely installed: there is no folder {here / name}",
        "install it again, as files: it does not run from inside an archive",
    )


@cache
def grammar_text() -> str:
    """The text of ``grammar/vgs.lark``."""
    return folder("grammar").joinpath("vgs.lark").read_text(encoding="utf-8")


@cache
def library() -> Path:
    """The folder that holds ``platforms/``, the modules that come with the package."""
    return folder("sequences")


@cache
def cache_folder() -> Path | None:
    """A folder that may be written, or None: then nothing is cached.

    ``VGS_CACHE`` names another folder, or switches caches off with ``off``.
    """
    named = os.environ.get("VGS_CACHE", "")
    if named == "off":
        return None
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    # Without a home, "~" stays: no folder of that name is made wherever the command is run.
    if not named and not os.path.isabs(home):
        return None
    path = Path(named) if named else Path(home) / "vgs"
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return path if os.access(path, os.W_OK) else None
