"""Turns a generated simulator's text into a module that debuggers and tracebacks can show."""

from __future__ import annotations

import hashlib
import linecache
from pathlib import Path
from types import ModuleType


def load_simulator(source: str | Path, name: str = "simulator") -> ModuleType:
    """Runs a simulator and gives its module, which is not entered in ``sys.modules``.

    ``source`` is the text itself (a `str`) or the file that holds it (a `Path`).  Errors of the
    file system and of Python's compiler are passed on.
    """
    if isinstance(source, Path):
        text, filename = source.read_text(encoding="utf-8"), str(source)
    else:
        text = source
        digest = hashlib.sha256(text.encode("utf-8")).hexdigest()[:12]
        filename = f"<{name} {digest}>"
        # No modification time: linecache then never looks for the file.
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    module = ModuleType(name)
    module.__file__ = filename
    exec(compile(text, filename, "exec", dont_inherit=True), module.__dict__)
    return module
