"""`vgs init`: a small project to start from."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dsl.cli.arguments import Parser
from dsl.failures import CannotRun
from dsl.project.starter import start

if TYPE_CHECKING:
    from dsl.cli.console import Console

_ABOUT = """\
Make a small project that works, to start from: a vgs.toml, the context of a guest, a dialect for
Linux, and the same functions before and after a change. DIR is a new folder, or one to write into;
without it that is the current one. No file is overwritten.

Exit status: 0 the project was written, 2 could not run."""

_NEXT = """\

Next:
{enter}\
  vgs check            what is wrong with the sources: nothing yet
  vgs build            the C and a simulator of each case, into generated/
  vgs diff             the C against change.patch
  vgs patch            what the two cases differ by, as mail for git am
Start with sequences/guest.vgs: each file says what it is for.
"""


def run(argv: Sequence[str], console: Console) -> int:
    """Runs the verb; gives the exit status.  Raises `CannotRun`."""
    parser = Parser("init", _ABOUT)
    parser.arguments("DIR", "the folder of the project")
    parser.flag("--name", metavar="NAME", help="of the project (default: that of the folder)")
    parser.output_format()
    options = parser.read(argv)
    if len(options.words) > 1:
        raise CannotRun("init: one folder is made a project at a time")
    where = Path(*options.words)
    name, files = start(where, options.name)
    if options.format == "json":
        console.json({"ok": True, "name": name, "files": [str(file) for file in files]})
        return 0
    console.out("".join(f"{file}: written\n" for file in files))
    elsewhere = os.path.abspath(where) != os.getcwd()
    enter = f"  cd {shlex.quote(str(where))}\n" if elsewhere else ""
    console.out(_NEXT.format(enter=enter))
    return 0
