"""Typed trees kept between runs, by the content of the source and the version of the syntax."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from dsl.resources import grammar_text
from dsl.source import Source
from dsl.syntax import kept, tree


@cache
def _version() -> bytes:
    """Changes with the grammar, the tree and the builder, so that no old tree is taken for new."""
    digest = hashlib.blake2b(grammar_text().encode(), digest_size=16)
    here = Path(__file__).parent
    for path in sorted([*here.glob("tree/*.py"), *here.glob("builder/*.py")]):
        digest.update(path.read_bytes())
    return digest.digest()


def _name(source: Source) -> str:
    key = hashlib.blake2b(source.text.encode(), digest_size=20, key=_version()).hexdigest()
    return f"{key}.tree"


def load(source: Source) -> tree.Module | None:
    """The tree of a source that was parsed without findings before, if it is still there."""
    return kept.load(_name(source), tree.Module)


def store(source: Source, module: tree.Module) -> None:
    """Keeps the tree of a source that was parsed without findings."""
    kept.store(_name(source), module)
