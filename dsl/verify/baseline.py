"""Findings that a project knows of: a file that lists them, so that only new ones decide."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from dsl.failures import CannotRun, reason
from dsl.project.folder import source_name
from dsl.verify.findings import Finding

_VERSION = 1
#: A list of findings is no larger.
_LARGEST = 8 << 20


class Entry(Struct, frozen=True, order=True):
    """A finding by what stays when something else is edited: no line numbers.

    ``program`` is the module that was verified, ``file`` the source as seen from the folder of
    the baseline, ``line`` the source line with its white space made one blank each.
    """

    program: str
    file: str
    function: str
    code: str
    rule: str
    line: str

    @property
    def text(self) -> str:
        """The entry as a person reads it."""
        where = f"{self.file}, {self.function}" if self.function else self.file
        return f"{self.code} {self.rule} in {where}: {self.line}"


class Baseline(Struct, frozen=True):
    """The findings that a file lists, each with how often it occurs; ``folder`` is the file's."""

    folder: Path
    entries: Counter[Entry]

    def split(
        self, program: str, findings: Iterable[Finding]
    ) -> tuple[list[Finding], list[Finding], list[Entry]]:
        """Findings that are new, those that are known, and entries that do not occur any more."""
        left = Counter({e: n for e, n in self.entries.items() if e.program == program})
        new, known = [], []
        for finding in findings:
            one = entry(program, finding, self.folder)
            if left[one] > 0:
                left[one] -= 1
                known.append(finding)
            else:
                new.append(finding)
        return new, known, sorted(left.elements())


def entry(program: str, finding: Finding, folder: Path) -> Entry:
    """How a baseline in a folder lists a finding."""
    return Entry(
        program,
        source_name(finding.where.source.name, folder),
        finding.function,
        finding.code,
        finding.rule,
        " ".join(finding.where.source.line(finding.where.line).split()),
    )


def fingerprints(program: str, findings: Iterable[Finding], folder: Path) -> list[str]:
    """For each finding a name that is the same as long as its entry is; no two have one."""
    seen: Counter[Entry] = Counter()
    made = []
    for finding in findings:
        one = entry(program, finding, folder)
        parts = (one.program, one.file, one.function, one.code, one.rule, one.line, str(seen[one]))
        made.append(hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32])
        seen[one] += 1
    return made


def _moved(file: str, old: Path, new: Path) -> str:
    """A file as seen from another folder; what came with vgs is the same from everywhere."""
    if file.startswith("vgs:"):
        return file
    return Path(os.path.relpath(old / file, new)).as_posix()


# ---- the file


def read(path: Path) -> Baseline:
    """The baseline in a file.  Raises `CannotRun` where there is none, or it is damaged."""
    try:
        if path.exists() and not path.is_file():
            # A pipe or a device might never end.
            raise CannotRun(f"{path} cannot be read: it is no file")
        if path.stat().st_size > _LARGEST:
            raise CannotRun(f"{path} is too large for a baseline")
        data = path.read_bytes()
    except FileNotFoundError:
        raise CannotRun(
            f"there is no baseline {path}", f"`--write-baseline {path}` makes one"
        ) from None
    except OSError as error:
        raise CannotRun(f"{path} cannot be read: {reason(error)}") from error
    try:
        value = json.loads(data)
        version = value["version"]
        entries: Counter[Entry] = Counter()
        for each in value["findings"] if version == _VERSION else ():
            texts = [each[name] for name in Entry.__struct_fields__]
            times = each.get("times", 1)
            if not all(isinstance(text, str) for text in texts) or type(times) is not int:
                raise ValueError
            entries[Entry(*texts)] += times
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise CannotRun(f"{path} is damaged, or no baseline of vgs verify") from None
    if version != _VERSION:
        raise CannotRun(f"{path} is a baseline of another version of vgs")
    return Baseline(path.parent, entries)


def updated(
    old: Baseline | None,
    folder: Path,
    found: Iterable[tuple[str, Iterable[Finding]]],
    whole: Iterable[str],
) -> Baseline:
    """What a baseline in ``folder`` lists once these findings of programs are known.

    Of the ``whole`` programs nothing else is left; of others, what an ``old`` one lists stays.
    """
    entries: Counter[Entry] = Counter()
    for program, findings in found:
        entries += Counter(entry(program, finding, folder) for finding in findings)
    if old is not None:
        gone = set(whole)
        for one, times in old.entries.items():
            if one.program not in gone:
                kept = replace(one, file=_moved(one.file, old.folder, folder))
                entries[kept] = max(entries[kept], times)
    return Baseline(folder, entries)


def data(baseline: Baseline) -> bytes:
    """A baseline as its file has it: sorted, with a line for each field."""
    found = []
    for one, times in sorted(baseline.entries.items()):
        value: dict[str, object] = {name: getattr(one, name) for name in Entry.__struct_fields__}
        found.append(value if times == 1 else value | {"times": times})
    value = {"version": _VERSION, "findings": found}
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "replace")
