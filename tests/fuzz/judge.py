"""What each input of the fuzzer is put through, and what must hold of it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from dsl.diagnostics import Diagnostics
from dsl.diagnostics.render import render
from dsl.ir.dump import dump
from dsl.resolve.workspace import Loaded, Workspace, decode
from dsl.source import Source
from dsl.syntax.format import format_module
from dsl.syntax.parser import parse
from dsl.syntax.tree import Module

ROOTS = (Path(__file__).parent.parent.parent / "sequences",)


def judge(data: bytes) -> bool:
    """Reads an input as every verb does; raises where a promise is broken.

    Says whether it was well-formed.
    """
    found = Diagnostics()
    source = decode("fuzz.vgs", "fuzz", data, found)
    if source is None:
        assert len(found) == 1
        _shown(found)
        return False
    loaded, found = _read(source.text)
    _shown(found)
    module, syntax = parse(source)
    if syntax:
        assert len(found) > 0
        return False
    text = format_module(source.text, module)
    again, changed = _read(text)
    assert sorted(d.code for d in found) == sorted(d.code for d in changed), text
    assert _meaning(loaded) == _meaning(again), text
    assert format_module(text, _parsed(text)) == text
    return True


@cache
def _libraries() -> Workspace:
    """The real modules, read once."""
    workspace = Workspace(ROOTS)
    for path in sorted(ROOTS[0].rglob("*.vgs")):
        workspace.load(path)
    return workspace


def _read(text: str) -> tuple[Loaded | None, Diagnostics]:
    workspace = Workspace(ROOTS)
    workspace._loaded |= _libraries()._loaded
    workspace._closures |= _libraries()._closures
    loaded = workspace.load_text(text, "fuzz.vgs")
    workspace.check([loaded] if loaded else [])
    return loaded, workspace.found


def _shown(found: Diagnostics) -> None:
    """Every finding can be shown, as text and as JSON, and lies inside its source."""
    for finding in found.sorted():
        size = len(finding.span.source.text)
        assert 0 <= finding.span.start <= finding.span.end <= size
        assert finding.message
    render(found.sorted())
    json.dumps([finding.to_json() for finding in found])


def _meaning(loaded: Loaded | None) -> str:
    return "" if loaded is None else dump(loaded.resolved.module)


def _parsed(text: str) -> Module:
    module, syntax = parse(Source("fuzz.vgs", text, "fuzz"))
    assert syntax == []
    return module
