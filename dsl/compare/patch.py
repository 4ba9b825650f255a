"""A unified diff as files, hunks and their two sides, or a `PatchError` that says why not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from unidiff.errors import UnidiffParseError
from unidiff.patch import Hunk as UnidiffHunk
from unidiff.patch import PatchedFile, PatchSet

from dsl.compare.source import split_lines

_NULL: Final = "/dev/null"
_PREFIX: Final = re.compile(r"[abciow12]/")
_INDEX: Final = re.compile(r"index ([0-9a-f]{4,64})\.\.([0-9a-f]{4,64})\b")


class PatchError(ValueError):
    """The patch cannot be read as one unified diff; the message says what is wrong and where."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a hunk: its text, and the line of the tree's file on which it begins.

    `shared` has, for each of its lines, the line's number in the hunk if the other side has it too,
    otherwise -1.
    """

    text: str
    start: int
    shared: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Hunk:
    """A hunk: its `@@` line, its line in the patch, what it takes away and what it puts there."""

    header: str
    patch_line: int
    old: Side
    new: Side


@dataclass(frozen=True, slots=True)
class FilePatch:
    """What a patch does to one file; a path is None where that side does not exist.

    `blobs` are the ids of the file's contents before and after, as far as the patch gives them.
    """

    old_path: str | None
    new_path: str | None
    hunks: tuple[Hunk, ...]
    binary: bool
    blobs: tuple[str, str] | None = None

    @property
    def path(self) -> str:
        """The name to report the file by: the new one unless the patch deletes the file."""
        return self.new_path or self.old_path or ""


def parse_patch(text: str) -> tuple[FilePatch, ...]:
    """Read a unified diff, mail around it included.

    Raises `PatchError` for text without hunks, for hunks that are longer or shorter than they say,
    out of order or of a merge (`@@@`), and for a file that is named twice (a series, not a patch).
    A patch that arrived with CRLF line ends throughout is read as if with LF; one with LF whose
    *contents* have CRLF keeps them.  Source: the unified format of GNU diff and git.
    """
    lines = split_lines(text)
    if any(line.startswith("+++ ") and line.endswith("\r\n") for line in lines):
        lines = [line[:-2] + "\n" if line.endswith("\r\n") else line for line in lines]
    try:
        parsed = PatchSet(lines)
    except UnidiffParseError as error:
        raise PatchError(f"not a readable patch: {str(error).strip()}") from error
    except (ValueError, TypeError, AttributeError, IndexError, AssertionError) as error:
        raise PatchError(f"not a readable patch: {error}") from error
    inside: set[int] = set()
    files: dict[tuple[str | None, str | None], FilePatch] = {}
    for entry in parsed:
        file = _file(entry, lines, inside)
        key = (file.old_path, file.new_path)
        known = files.get(key)
        if known is not None and known.hunks and file.hunks:
            raise PatchError(f"{file.path} is patched twice: give one patch, not a series")
        if known is None or file.hunks or file.binary:
            files[key] = file if known is None or not known.hunks else known
    _check_left_over(lines, inside)
    if not any(file.hunks for file in files.values()):
        raise PatchError("the patch has no hunks")
    return tuple(files.values())


def _file(entry: PatchedFile, lines: list[str], inside: set[int]) -> FilePatch:
    names = [None if name == _NULL else name for name in (entry.source_file, entry.target_file)]
    if all(name is None or _PREFIX.match(name) for name in names):
        names = [name and name[2:] for name in names]
    info = entry.patch_info or ()
    binary = entry.is_binary_file or any(line.startswith("GIT binary patch") for line in info)
    hunks = tuple(_hunk(hunk, lines, inside) for hunk in entry)
    for left, right in zip(entry, list(entry)[1:], strict=False):
        # A side without lines names the line before it.
        start = right.source_start + (right.source_length == 0)
        if start < left.source_start + left.source_length:
            raise PatchError(
                f"the hunks of {names[1] or names[0]} overlap or are out of order at line {start}"
            )
    blobs = [found.groups() for line in info if (found := _INDEX.match(line))]
    return FilePatch(
        names[0], names[1], hunks, binary, (blobs[0][0], blobs[0][1]) if blobs else None
    )


def _hunk(hunk: UnidiffHunk, lines: list[str], inside: set[int]) -> Hunk:
    numbers = [line.diff_line_no for line in hunk if line.diff_line_no is not None]
    if not numbers:
        raise PatchError("the patch has a hunk without lines")
    first, last = numbers[0], numbers[-1]
    inside.update(range(first - 1, last + 1))
    header = lines[first - 2].rstrip("\r\n")
    after = lines[last] if last < len(lines) else ""
    if after.startswith("\\"):
        after = lines[last + 1] if last + 1 < len(lines) else ""
    beyond = lines[last + 1] if last + 1 < len(lines) else ""
    signature = after.rstrip("\r\n") in ("-- ", "--")
    next_file = after.startswith("--- ") and beyond.startswith("+++ ")
    if after[:1] in (" ", "+", "-") and not signature and not next_file:
        raise PatchError(f"line {last + 1}: the hunk {header!r} is longer than it says")
    sides: dict[str, list[str]] = {"-": [], "+": []}
    shared: dict[str, list[int]] = {"-": [], "+": []}
    ended: tuple[str, ...] = ()
    for number, line in enumerate(hunk):
        if line.line_type == "\\":
            for side in ended:
                sides[side][-1] = sides[side][-1].removesuffix("\n")
            continue
        if line.line_type == "":  # an empty line after the hunk, which unidiff keeps with it
            continue
        ended = ("-", "+") if line.line_type == " " else (line.line_type,)
        for side in ended:
            sides[side].append(line.value)
            shared[side].append(number if len(ended) == 2 else -1)
    old = Side("".join(sides["-"]), hunk.source_start, tuple(shared["-"]))
    new = Side("".join(sides["+"]), hunk.target_start, tuple(shared["+"]))
    return Hunk(header, first - 1, old, new)


def _check_left_over(lines: list[str], inside: set[int]) -> None:
    """A hunk header that unidiff passed over must not pass for a hunk that matched."""
    begun = False
    for number, line in enumerate(lines, 1):
        if number in inside:
            continue
        begun = begun or line.startswith(("diff ", "+++ "))
        if begun and line.startswith("@@"):
            raise PatchError(f"line {number}: not a hunk of a plain unified diff: {line.strip()!r}")
