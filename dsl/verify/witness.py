"""Histories of findings as files that `vgs run` replays."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dsl.failures import CannotRun
from dsl.project.file import FILE, Project, find
from dsl.verify.configurations import text
from dsl.verify.findings import Finding
from dsl.verify.profile import Judged


@dataclass(frozen=True, slots=True)
class Replay:
    """The file of a witness, what is in it, and the command that replays it."""

    finding: Finding
    path: Path
    data: str
    command: str


def steps(finding: Finding) -> tuple[str, ...]:
    """The steps of the history of a finding, the configuration first."""
    if finding.witness is None:
        return ()
    made = finding.witness.steps
    if finding.configuration and not any(step.startswith("given") for step in made):
        return (f"given {text(finding.configuration)}", *made)
    return made


def scenario(finding: Finding, title: str) -> str:
    """The history of a finding as a scenario."""
    assert finding.witness is not None
    params = f" ({', '.join(finding.witness.params)})" if finding.witness.params else ""
    lines = ["    " + line for step in steps(finding) for line in step.splitlines() if line.strip()]
    return "\n".join((f'scenario "{title}"{params} {{', *lines, "}", ""))


def replays(
    judged: Sequence[Judged], folder: Path, project: Project | None
) -> tuple[list[Replay], dict[Path, bytes]]:
    """A file below ``folder`` for each finding that has a history, and all that must be written.

    ``project`` is the one that the programs are of.  Raises `CannotRun` where a program is in no
    file that another could import.
    """
    made: list[Replay] = []
    files: dict[Path, bytes] = {}
    place = _Place(judged, folder, project)
    for each in judged:
        for _, finding in each.all:
            if finding.witness is None or not finding.witness.steps:
                continue
            path = folder / _name(finding, {one.path.name for one in made})
            title = _title(finding, path.stem)
            body = "\n".join(
                (
                    f"/// {finding.code}, {finding.kind.title}: {finding.rule}",
                    f"/// at {finding.where}.",
                    f"import {each.chosen.program.name}",
                    "",
                    scenario(finding, title),
                )
            )
            files[path] = body.encode("utf-8", "replace")
            made.append(Replay(finding, path, body, place.command(path, title, finding)))
    if place.settings is not None and made:
        files[folder / FILE] = place.settings
    return made, files


class _Place:
    """From where the files of a folder can import the programs.

    ``settings`` is what the folder's own project file says, if it needs one.
    """

    def __init__(self, judged: Sequence[Judged], folder: Path, project: Project | None) -> None:
        self.folder = folder
        self.settings: bytes | None = None
        sources = list(project.sources) if project is not None else []
        strange = []
        for each in judged:
            module = Path(each.chosen.file)
            if not module.is_file():
                raise CannotRun(f"--witness: {module} is no file that a scenario can import")
            relative = Path(*each.chosen.program.name.split(".")).with_suffix(module.suffix)
            if not any((root / relative).is_file() for root in sources):
                # Its name is that of its file; what it imports is beside it, or in the sources.
                strange.append(module.parent)
        here = find(Path())
        inside = project is not None and _same(here or find(folder), project.file)
        if inside and not strange:
            return
        listed = [os.path.relpath(each, folder) for each in (folder, *strange, *sources)]
        quoted = ", ".join(_toml(Path(each).as_posix()) for each in dict.fromkeys(listed))
        self.settings = f'[project]\nname = "witnesses"\nsources = [{quoted}]\n'.encode()
        file = folder / FILE
        if file.exists() and file.read_bytes() != self.settings:
            raise CannotRun(
                f"{file} is there, and the histories need one of their own",
                "name another folder for --witness",
            )

    def command(self, path: Path, title: str, finding: Finding) -> str:
        """What replays a file, to be typed in the current folder."""
        assert finding.witness is not None
        where = path.name if self.settings is not None else str(path)
        words = ["vgs", "run", where, "--scenario", title]
        answers = list(finding.witness.answers)
        while answers and not answers[-1]:
            # What comes after the last answer is the first option.
            answers.pop()
        if finding.witness.answers:
            words += ["--choices", ",".join(map(str, answers)) or "new"]
        line = shlex.join(words)
        return line if self.settings is None else f"cd {shlex.quote(str(self.folder))} && {line}"


def _same(one: Path | None, other: Path) -> bool:
    return one is not None and os.path.realpath(one) == os.path.realpath(other)


def _toml(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _name(finding: Finding, taken: set[str]) -> str:
    """A name of a file that says what it is about, and that is not taken."""
    about = re.sub(r"[^A-Za-z0-9]+", "_", f"{finding.code}_{finding.rule}").strip("_")
    stem = f"{about[:80]}_{finding.where.line}"
    name, number = f"{stem}.vgs", 1
    while name in taken:
        number += 1
        name = f"{stem}_{number}.vgs"
    return name


def _title(finding: Finding, stem: str) -> str:
    """A title that no other witness has: a string without anything to escape."""
    return re.sub(r'["\\\n]', "", stem.replace("_", " "))
