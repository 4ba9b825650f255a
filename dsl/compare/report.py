"""What a comparison found, as values, and the JSON that is its contract."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

LEVELS = ("text", "text_apart_from_comments", "tokens", "structure")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines around a token as (number, text), and the token's own place and spelling."""

    lines: tuple[tuple[int, str], ...]
    token: str | None
    line: int | None
    column: int | None

    def to_json(self) -> dict[str, Any]:
        """The excerpt as JSON values."""
        return {
            "token": self.token,
            "line": self.line,
            "column": self.column,
            "lines": [{"number": number, "text": text} for number, text in self.lines],
        }


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The first token that differs: the patch's, by its tree's lines, and the generated one."""

    message: str
    expected: Excerpt
    generated: Excerpt

    def to_json(self) -> dict[str, Any]:
        """The mismatch as JSON values."""
        return {
            "message": self.message,
            "expected": self.expected.to_json(),
            "generated": self.generated.to_json(),
        }


@dataclass(frozen=True, slots=True)
class SideResult:
    """What holds for one side of a hunk.  A level that was not compared is None.

    `line` is the generated line on which the side begins, or, where it does not match, the nearest.
    `empty` says that the side holds no token, so that its tokens match without having been found.
    """

    found: bool
    line: int | None
    text: bool | None
    text_apart_from_comments: bool | None
    tokens: bool | None
    structure: bool | None = None
    mismatch: Mismatch | None = None
    empty: bool = False

    def to_json(self) -> dict[str, Any]:
        """The side as JSON values; `mismatch` is there only where there is one."""
        result: dict[str, Any] = {"found": self.found, "line": self.line}
        result |= {level: getattr(self, level) for level in LEVELS}
        if self.mismatch is not None:
            result["mismatch"] = self.mismatch.to_json()
        return result


@dataclass(frozen=True, slots=True)
class Foreign:
    """A declaration, or the part that a hunk shows of it, that is not ours.

    *changed* says that the patch changes it.  `old` and `new` are its first and last line on both
    sides, by lines of the tree; None where a side does not show it.
    """

    name: str
    changed: bool
    old: tuple[int, int] | None
    new: tuple[int, int] | None

    @property
    def lines(self) -> int:
        """How many lines of the hunk it takes."""
        return max(last - first + 1 for first, last in filter(None, (self.old, self.new)))

    def to_json(self) -> dict[str, Any]:
        """The declaration as JSON values."""
        sides = {"old": self.old, "new": self.new}
        return {"name": self.name, "changed": self.changed} | {
            key: lines and {"first": lines[0], "last": lines[1]} for key, lines in sides.items()
        }


NOT_COVERED = SideResult(False, None, None, None, None)


@dataclass(frozen=True, slots=True)
class HunkResult:
    """A hunk of the patch and what holds for its sides, as far as they are ours.

    It is *covered* if its file is generated, and something in it is ours.  `foreign` is the rest.
    """

    file: str
    header: str
    patch_line: int
    covered: bool
    old: SideResult
    new: SideResult
    foreign: tuple[Foreign, ...] = ()

    @property
    def matches(self) -> bool:
        """Whether both sides match token for token, and the hunk changes nothing else."""
        sides = self.old.tokens is True and self.new.tokens is True
        return self.covered and sides and not self.missing

    @property
    def missing(self) -> tuple[str, ...]:
        """What the hunk changes, in a file that is generated, without being generated."""
        return tuple(dict.fromkeys(one.name for one in self.foreign if one.changed))

    def holds(self, level: str) -> bool:
        """Whether one of `LEVELS` holds on both sides."""
        return getattr(self.old, level) is True and getattr(self.new, level) is True

    def to_json(self) -> dict[str, Any]:
        """The hunk as JSON values."""
        return {
            "file": self.file,
            "header": self.header,
            "patch_line": self.patch_line,
            "covered": self.covered,
            "old": self.old.to_json(),
            "new": self.new.to_json(),
            "not_ours": [one.to_json() for one in self.foreign],
        }


@dataclass(frozen=True, slots=True)
class Range:
    """Lines of a generated file; none if last < first.  `lines` may stop before *last*."""

    first: int
    last: int
    lines: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The range as JSON values."""
        return {"first": self.first, "last": self.last, "lines": list(self.lines)}


@dataclass(frozen=True, slots=True)
class Outside:
    """A place outside the hunks where before and after differ."""

    file: str
    message: str
    before: Range | None
    after: Range | None

    def to_json(self) -> dict[str, Any]:
        """The difference as JSON values; a side whose file does not exist is null."""
        return {
            "file": self.file,
            "message": self.message,
            "before": self.before and self.before.to_json(),
            "after": self.after and self.after.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Shown:
    """How much of a generated file's declarations the matching hunks show: all, some, or nothing.

    What they do not show, nothing in the patch confirms.
    """

    file: str
    whole: tuple[str, ...]
    part: tuple[str, ...]
    none: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The names as JSON values."""
        names = {"whole": self.whole, "part": self.part, "none": self.none}
        return {"file": self.file} | {key: list(value) for key, value in names.items()}


@dataclass(frozen=True, slots=True)
class Report:
    """The whole comparison.

    `unjudged` are the stretches around hunks that do not match: without a place for the hunk nobody
    can tell what lies outside it.  They only exist where `ok` is false for the hunk's sake already.
    """

    hunks: tuple[HunkResult, ...]
    outside: tuple[Outside, ...]
    outside_text: tuple[Outside, ...]
    unjudged: tuple[Outside, ...]
    not_covered: tuple[str, ...]
    shown: tuple[Shown, ...] = ()

    @property
    def covered(self) -> tuple[HunkResult, ...]:
        """The hunks of files that some case generates."""
        return tuple(hunk for hunk in self.hunks if hunk.covered)

    @property
    def foreign_lines(self) -> int:
        """How many lines of context are of declarations that are not ours."""
        return sum(one.lines for hunk in self.hunks for one in hunk.foreign if not one.changed)

    @property
    def ok(self) -> bool:
        """Every covered hunk matches on tokens, nothing differs outside, and there is such a hunk.

        A hunk without tokens on either side (of comments only) does not count as one.  Nor may a
        hunk change what no sequence generates in a file that is generated: a sequence that was
        deleted looks the same.
        """
        covered = self.covered
        return (
            not self.outside
            and not self.unjudged
            and not any(hunk.missing for hunk in self.hunks)
            and all(hunk.matches for hunk in covered)
            and any(not (hunk.old.empty and hunk.new.empty) for hunk in covered)
        )

    def summary(self) -> dict[str, Any]:
        """Counts of hunks: in all, covered, and by the level that holds on either or both sides."""

        def count(test: Callable[[HunkResult, str], bool]) -> dict[str, int]:
            return {level: sum(test(hunk, level) for hunk in self.covered) for level in LEVELS}

        return {
            "hunks": len(self.hunks),
            "covered": len(self.covered),
            "not_covered": len(self.hunks) - len(self.covered),
            "old": count(lambda hunk, level: getattr(hunk.old, level) is True),
            "new": count(lambda hunk, level: getattr(hunk.new, level) is True),
            "both": count(lambda hunk, level: hunk.holds(level)),
            "not_ours": self.foreign_lines,
        }

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values; the shape is a contract."""
        return {
            "ok": self.ok,
            "summary": self.summary(),
            "hunks": [hunk.to_json() for hunk in self.hunks],
            "outside": [place.to_json() for place in self.outside],
            "outside_text": [place.to_json() for place in self.outside_text],
            "unjudged": [place.to_json() for place in self.unjudged],
            "not_covered": list(self.not_covered),
            "shown": [one.to_json() for one in self.shown],
        }
