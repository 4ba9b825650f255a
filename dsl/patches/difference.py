"""What two trees of files differ by, as git writes it: the diff of each file, and the diffstat."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Literal, TypeAlias

from msgspec import Struct

from dsl.patches.diffstat import diffstat, quoted
from dsl.patches.hunks import hunks
from dsl.patches.lines import changes, lines_of

#: Every generated file is an ordinary one that nobody executes.
MODE = 0o100644
#: Digits of the ids of blobs: what Linux asks for, and what a tree of its size needs.
ABBREVIATION = 12

State: TypeAlias = Literal["created", "changed", "removed"]


class NotText(Exception):
    """A file that a diff of lines cannot show, as git judges it: ``path`` has a NUL byte."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} is not text: it has a NUL byte")
        self.path = path


class FileChange(Struct, frozen=True):
    """One file: its path from the top of the tree, the ids that git gives the whole of its two
    texts (40 digits, None where there is no text), and how many lines come and go."""

    path: str
    old: str | None
    new: str | None
    added: int
    removed: int
    diff: bytes

    @property
    def state(self) -> State:
        """What happens to the file."""
        if self.old is None:
            return "created"
        return "changed" if self.new is not None else "removed"


class Difference(Struct, frozen=True):
    """The files that differ, sorted as git sorts them; without any the trees are the same."""

    files: tuple[FileChange, ...]

    @property
    def stat(self) -> bytes:
        """The diffstat and, below it, the files that are created or removed."""
        rows = [(quoted(file.path), file.added, file.removed) for file in self.files]
        words = {"created": b"create", "removed": b"delete"}
        modes = [
            b" %s mode %o %s\n" % (words[file.state], MODE, quoted(file.path))
            for file in self.files
            if file.state in words
        ]
        return diffstat(rows) + b"".join(modes)

    @property
    def diff(self) -> bytes:
        """The diffs of all files, as `git apply` takes them."""
        return b"".join(file.diff for file in self.files)


def difference(
    before: Mapping[str, bytes], after: Mapping[str, bytes], context: int = 3
) -> Difference:
    """What to do to the files of ``before`` to get those of ``after``; each by its path, with `/`.

    ``context`` is the number of unchanged lines around a change, from 1.  A file that is renamed
    is one that is removed and one that is created.  Raises `NotText`.
    """
    paths = sorted({*before, *after}, key=_bytes)
    return Difference(
        tuple(
            _file(path, before.get(path), after.get(path), context)
            for path in paths
            if before.get(path) != after.get(path)
        )
    )


def blob_id(text: bytes) -> str:
    """The id that git gives a file of this text: 40 digits."""
    return hashlib.sha1(b"blob %d\0" % len(text) + text, usedforsecurity=False).hexdigest()


def _file(path: str, before: bytes | None, after: bytes | None, context: int) -> FileChange:
    for text in (before, after):
        if text is not None and b"\0" in text:
            raise NotText(path)
    old, new = lines_of(before or b""), lines_of(after or b"")
    found = changes(old, new)
    old_id = None if before is None else blob_id(before)
    new_id = None if after is None else blob_id(after)
    lines = [b"diff --git %s %s\n" % (quoted(path, b"a/"), quoted(path, b"b/"))]
    if before is None:
        lines.append(b"new file mode %o\n" % MODE)
    if after is None:
        lines.append(b"deleted file mode %o\n" % MODE)
    mode = b"" if before is None or after is None else b" %o" % MODE
    lines.append(b"index %s..%s%s\n" % (_short(old_id), _short(new_id), mode))
    if found:
        lines.append(b"--- %s\n" % _name(path, b"a/", before))
        lines.append(b"+++ %s\n" % _name(path, b"b/", after))
        lines.append(hunks(old, new, found, context))
    return FileChange(
        path,
        old_id,
        new_id,
        added=sum(c.new_end - c.new for c in found),
        removed=sum(c.old_end - c.old for c in found),
        diff=b"".join(lines),
    )


def _short(id: str | None) -> bytes:
    return (id or "0" * 40)[:ABBREVIATION].encode()


def _name(path: str, prefix: bytes, text: bytes | None) -> bytes:
    if text is None:
        return b"/dev/null"
    name = quoted(path, prefix)
    # A tab says where a name with a space in it ends.
    return name + b"\t" if b" " in name else name


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")
