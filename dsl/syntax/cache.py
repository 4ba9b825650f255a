"""Typed trees kept between runs, by the content of the source and the version of the syntax."""

from __future__ import annotations

import hashlib
import os
import pickle
from functools import cache
from pathlib import Path

from dsl.resources import cache_folder, grammar_text
from dsl.source import Source
from dsl.syntax import tree

_DIGEST = 16


@cache
def _version() -> bytes:
    """Changes with the grammar, the tree and the builder, so that no old tree is taken for new."""
    digest = hashlib.blake2b(grammar_text().encode(), digest_size=16)
    here = Path(__file__).parent
    for path in sorted([*here.glob("tree/*.py"), *here.glob("builder/*.py")]):
        digest.update(path.read_bytes())
    return digest.digest()


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_DIGEST).digest()


def _key(source: Source) -> str:
    return hashlib.blake2b(source.text.encode(), digest_size=20, key=_version()).hexdigest()


def load(source: Source) -> tree.Module | None:
    """The tree of a source that was parsed without findings before, if it is still there."""
    folder = cache_folder()
    if folder is None:
        return None
    try:
        data = (folder / f"{_key(source)}.tree").read_bytes()
        if _digest(data[_DIGEST:]) != data[:_DIGEST]:
            return None
        found = pickle.loads(data[_DIGEST:])
    except Exception:
        # Whatever a damaged file makes pickle do, the source is still there to be parsed.
        return None
    return found if isinstance(found, tree.Module) else None


def store(source: Source, module: tree.Module) -> None:
    """Keeps a tree; a folder that cannot be written, or a tree too deep to pickle, is no error."""
    folder = cache_folder()
    if folder is None:
        return
    path = folder / f"{_key(source)}.tree"
    beside = path.with_suffix(f".{os.getpid()}")
    try:
        data = pickle.dumps(module, protocol=5)
        beside.write_bytes(_digest(data) + data)
        beside.replace(path)
    except (OSError, RecursionError):
        beside.unlink(missing_ok=True)
