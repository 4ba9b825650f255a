"""Python values kept between runs in the cache folder; a damaged one counts as none."""

from __future__ import annotations

import hashlib
import os
import pickle
from typing import TypeVar

from dsl.resources import cache_folder

_DIGEST = 16

T = TypeVar("T")


def load(name: str, kind: type[T]) -> T | None:
    """The value of a type that was kept under a name, if it is still there and whole."""
    folder = cache_folder()
    if folder is None:
        return None
    try:
        data = (folder / name).read_bytes()
        if _digest(data[_DIGEST:]) != data[:_DIGEST]:
            return None
        found = pickle.loads(data[_DIGEST:])
    except Exception:
        # Whatever a file of another version makes pickle do, the value can be made anew.
        return None
    return found if isinstance(found, kind) else None


def store(name: str, value: object) -> None:
    """Keeps a value; an unwritable folder, or a value too deep to pickle, is no error."""
    folder = cache_folder()
    if folder is None:
        return
    path = folder / name
    beside = path.with_suffix(f".{os.getpid()}")
    try:
        data = pickle.dumps(value, protocol=5)
        beside.write_bytes(_digest(data) + data)
        beside.replace(path)
    except (OSError, RecursionError):
        beside.unlink(missing_ok=True)


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_DIGEST).digest()
