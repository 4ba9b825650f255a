"""A page of the documentation as a session: the files it writes, what is typed, what is printed.

A block that says ``file=NAME`` is the text of a file.  In a ``console`` block, lines that begin
with ``$ `` are typed, and the lines below them are what the command printed, standard output and
error together; a last line such as ``[1]`` is an exit status that is not 0.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the file it is or nothing, and where its text stands."""

    language: str
    file: str
    text: str
    start: int
    end: int


def blocks(page: str) -> Iterator[Block]:
    for match in _BLOCK.finditer(page):
        named = re.search(r"file=(\S+)", match[2])
        yield Block(match[1], named[1] if named else "", match[3], match.start(3), match.end(3))


def commands(console: str) -> list[str]:
    return [line[2:] for line in console.splitlines() if line.startswith("$ ")]


class Session:
    """A folder in which a page is followed, with this checkout's vgs and pytest on the path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "work"
        self.folder.mkdir()
        programs = folder / "bin"
        programs.mkdir()
        plugin = "-m pytest -p dsl.testing.plugin"
        for name, what in (("vgs", "-m dsl"), ("python", ""), ("pytest", plugin)):
            program = programs / name
            program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {what} "$@"\n')
            program.chmod(0o755)
        kept = {k: v for k, v in os.environ.items() if k in ("HOME", "LANG", "TMPDIR")}
        self.environment = kept | {
            "PATH": f"{programs}:/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "PYTHONUTF8": "1",
            "NO_COLOR": "1",
            "COLUMNS": "100",
            # A checkout need not be installed for pytest to have its plugin.
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "VGS_CACHE": str(folder / "cache"),
        }

    def write(self, block: Block) -> None:
        path = self.folder / block.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")

    def console(self, text: str) -> str:
        """The block as it comes out when its commands are typed now."""
        shown = ""
        for command in commands(text):
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=self.folder,
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                check=False,
            )
            shown += f"$ {command}\n{done.stdout}"
            if done.returncode:
                shown += f"[{done.returncode}]\n"
        return shown


def followed(page: str, folder: Path) -> Iterator[tuple[Block, str]]:
    """Each console block of a page, and what it shows when the page is followed from its top."""
    session = Session(folder)
    for block in blocks(page):
        if block.file:
            session.write(block)
        elif block.language == "console":
            yield block, session.console(block.text)
