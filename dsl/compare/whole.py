"""Whole declarations of generated files against a tree's: not only what hunks show of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dsl.compare.applying import apply, blob_id
from dsl.compare.declarations import Piece, cut, without_guard
from dsl.compare.nearest import describe
from dsl.compare.patch import FilePatch
from dsl.compare.report import Mismatch
from dsl.compare.source import Source, fold
from dsl.compare.standing import Standing

# Gives the text of the tree's file of a path; None if there is none.
Reader = Callable[[str], str | None]

_LEVELS: Final = ("text", "text_apart_from_comments", "tokens")


@dataclass(frozen=True, slots=True)
class Whole:
    """A generated declaration, of which *case*, and how far the tree's is the same.

    `line` is where the tree has it; None where it does not, and `message` then says so.
    """

    case: str
    name: str
    kind: str
    line: int | None
    text: bool = False
    text_apart_from_comments: bool = False
    tokens: bool = False
    message: str = ""
    mismatch: Mismatch | None = None

    def to_json(self) -> dict[str, Any]:
        """The declaration as JSON values; `message` and `mismatch` only where there is one."""
        result: dict[str, Any] = {"case": self.case, "name": self.name, "kind": self.kind}
        result |= {"line": self.line} | {level: getattr(self, level) for level in _LEVELS}
        if self.message:
            result["message"] = self.message
        if self.mismatch is not None:
            result["mismatch"] = self.mismatch.to_json()
        return result


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A generated file and the tree's file of its path.

    `state` says what the tree's file is: `before` or `after` the patch (the other side was made by
    the patch), `untouched` by it, `other` where the patch fits neither way, `missing`.  `by_id`
    tells whether git's id of its content says the same; None where the patch gives no id.  `others`
    counts the tree's functions and prototypes that are not generated.
    """

    file: str
    state: str
    by_id: bool | None
    declarations: tuple[Whole, ...]
    others: int

    @property
    def ok(self) -> bool:
        """Whether all that is generated is the tree's, token for token."""
        return self.state not in ("other", "missing") and all(d.tokens for d in self.declarations)

    def to_json(self) -> dict[str, Any]:
        """The file as JSON values."""
        return {
            "file": self.file,
            "state": self.state,
            "by_id": self.by_id,
            "others": self.others,
            "declarations": [one.to_json() for one in self.declarations],
        }


@dataclass(frozen=True, slots=True)
class TreeReport:
    """Every generated file against a tree."""

    files: tuple[TreeFile, ...]

    @property
    def declarations(self) -> tuple[Whole, ...]:
        """Those of all files."""
        return tuple(one for file in self.files for one in file.declarations)

    @property
    def ok(self) -> bool:
        """Every generated declaration is in the tree and the same, and there is one."""
        return all(file.ok for file in self.files) and bool(self.declarations)


def compare_case(case: str, files: Mapping[str, str], read: Reader) -> TreeReport:
    """Compares the files generated for one *case* with a tree's."""
    return TreeReport(tuple(_untouched(path, {case: files[path]}, read) for path in sorted(files)))


class Tree:
    """A tree that a patch is for, seen from both sides of the patch.

    The tree may have the patch or not: the other side is made in memory.
    """

    def __init__(self, patch: Sequence[FilePatch], read: Reader) -> None:
        self._read = read
        self._patch = {file.path: file for file in patch if not file.binary}
        self._sides: dict[str, _Sides] = {}

    def stands(self, path: str) -> tuple[Standing | None, Standing | None]:
        """A file before and after the patch, by the path that the patch reports it by."""
        sides = self._of(path)
        return (None, None) if sides.state == "other" else (sides.old, sides.new)

    def _of(self, path: str) -> _Sides:
        if path not in self._sides:
            self._sides[path] = _sides(self._patch[path], self._read)
        return self._sides[path]

    def compare(self, before: Mapping[str, str], after: Mapping[str, str]) -> TreeReport:
        """Compares the files generated for the case before the patch and for the one after it."""
        result = []
        touched: tuple[set[str], set[str]] = (set(), set())
        for path, file in self._patch.items():
            texts = (before.get(file.old_path or path), after.get(file.new_path or path))
            if texts != (None, None):
                touched[0].add(file.old_path or path)
                touched[1].add(file.new_path or path)
                result.append(self._touched(path, *texts))
        rest = (set(before) - touched[0]) | (set(after) - touched[1])
        for path in sorted(rest):
            cases = {"before": before.get(path), "after": after.get(path)}
            given = {case: text for case, text in cases.items() if text is not None}
            result.append(_untouched(path, given, self._read))
        return TreeReport(tuple(result))

    def _touched(self, path: str, before: str | None, after: str | None) -> TreeFile:
        sides = self._of(path)
        if sides.state == "missing":
            return TreeFile(path, "missing", None, (), 0)
        found = [
            tuple(_wholes(case, Source(text), stand)) if text is not None and stand else ()
            for case, text, stand in (("before", before, sides.old), ("after", after, sides.new))
        ]
        if sides.state == "other":
            # It is one text, held to whichever case it agrees with more.
            found = [
                min(filter(None, found), key=lambda f: sum(not d.tokens for d in f), default=())
            ]
        stand = sides.new or sides.old
        others = _others(stand, [t for t in (before, after) if t is not None]) if stand else 0
        return TreeFile(path, sides.state, sides.by_id, tuple(d for f in found for d in f), others)


@dataclass(frozen=True, slots=True)
class _Sides:
    state: str
    by_id: bool | None
    old: Standing | None
    new: Standing | None


def _sides(file: FilePatch, read: Reader) -> _Sides:
    """Both sides of a patched file, from what the tree has of it."""
    old = None if file.old_path is None else read(file.old_path)
    new = None if file.new_path is None else read(file.new_path)
    if old is None and new is None:
        if file.old_path is not None:
            return _Sides("missing", None, None, None)
        made = apply(file, "")  # the patch makes the file, so this tree is before it
        return _Sides("before", None, None, None if made is None else Standing(made))
    ids = [
        text is not None and file.blobs is not None and blob_id(text, len(id)).startswith(id)
        for text, id in zip((old, new), file.blobs or ("", ""), strict=True)
    ]
    by_id = None if file.blobs is None else any(ids)
    if old is not None and not ids[1]:
        made = apply(file, old)
        if made is not None:
            return _Sides("before", by_id, Standing(old), _standing(file.new_path, made))
    if new is not None and not ids[0]:
        made = apply(file, new, back=True)
        if made is not None:
            return _Sides("after", by_id, _standing(file.old_path, made), Standing(new))
    text = Standing(old if old is not None else new or "")
    return _Sides("other", by_id, text, text)


def _standing(path: str | None, text: str) -> Standing | None:
    return None if path is None else Standing(text)


def _untouched(path: str, cases: Mapping[str, str], read: Reader) -> TreeFile:
    text = read(path)
    if text is None:
        return TreeFile(path, "missing", None, (), 0)
    stand = Standing(text)
    found = (one for case, each in cases.items() for one in _wholes(case, Source(each), stand))
    return TreeFile(path, "untouched", None, tuple(found), _others(stand, cases.values()))


def _others(stand: Standing, generated: Iterable[str]) -> int:
    known = {n for text in generated for piece in cut(Source(text).lexed) for n in piece.names}
    return sum(
        piece.kind in ("function", "prototype") and known.isdisjoint(piece.names)
        for piece in stand.pieces
    )


def _wholes(case: str, generated: Source, stand: Standing) -> Iterator[Whole]:
    """What a generated file declares, each with what the tree's file has of that name."""
    there: dict[str, list[Piece]] = {}
    for piece in stand.pieces:
        for name in piece.names:
            there.setdefault(name, []).append(piece)
    for piece in without_guard(cut(generated.lexed)):
        if piece.declares:
            yield _whole(case, piece, generated, stand, there.get(piece.names[0], []))


def _whole(
    case: str, piece: Piece, generated: Source, stand: Standing, candidates: list[Piece]
) -> Whole:
    name, kind = piece.names[0], piece.kind
    same_kind = [one for one in candidates if one.kind == kind]
    if not same_kind:
        has = f"a {candidates[0].kind}" if candidates else "nothing"
        message = f"the tree has {has} of that name"
        return Whole(case, name, kind, None, message=message)
    keys = generated.lexed.keys[piece.first : piece.last]
    tree = stand.source
    # There may be several, under #ifdef: one that is the same will do.
    equal = [one for one in same_kind if tree.lexed.keys[one.first : one.last] == keys]
    one = (equal or same_kind)[0]
    line = tree.lexed.line(one.first)
    if not equal:
        return Whole(case, name, kind, line, mismatch=_mismatch(piece, generated, one, tree))
    mine, its = _extent(generated, piece), _extent(tree, one)
    text = generated.lines[mine] == tree.lines[its]
    apart = text or fold(generated.code[mine]) == fold(tree.code[its])
    return Whole(case, name, kind, line, text, apart, tokens=True)


def _extent(source: Source, piece: Piece) -> slice:
    return slice(source.lexed.line(piece.first) - 1, source.lexed.line(piece.last - 1))


def _mismatch(mine: Piece, generated: Source, its: Piece, tree: Source) -> Mismatch:
    length = min(mine.last - mine.first, its.last - its.first)
    a, b = generated.lexed.keys, tree.lexed.keys
    at = next((n for n in range(length) if a[mine.first + n] != b[its.first + n]), length)
    numbers = range(1, len(tree.lines) + 1)
    return describe(tree, numbers, generated, its.first + at, mine.first + at)
