"""What `vgs patch` writes: two cases, trees or modules, and what vgs.toml and the options say."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from dsl import __version__
from dsl.failures import CannotRun, reason
from dsl.patches import (
    Difference,
    Letter,
    NotText,
    author_of,
    difference,
    letter,
    mail,
    moment,
)
from dsl.project.comparisons import texts_of
from dsl.project.file import Comparison, PatchText, Project

_SAY = "or in the [patch] of a vgs.toml"


class Patch(Struct, frozen=True):
    """A patch between two cases, trees or modules, as the user named them.

    ``mail`` is what `git am` takes, and None where the two are the same.
    """

    before: str
    after: str
    letter: Letter
    difference: Difference
    mail: bytes | None


def cases_of(project: Project) -> tuple[str, str]:
    """The two cases that a project is about: those of its [[diff]], or `before` and `after`.

    Raises `CannotRun` where that leaves none, or a choice.
    """
    named = [c for c in project.comparisons if isinstance(c, Comparison)]
    pairs = list(dict.fromkeys((c.before, c.after) for c in named))
    if not pairs and {"before", "after"} <= {case.name for case in project.cases}:
        pairs = [("before", "after")]
    match pairs:
        case [pair]:
            return pair
        case []:
            raise CannotRun(
                f"{project.file} has no [[diff]] of two cases, and no cases `before` and `after`",
                "name the two: `vgs patch BEFORE AFTER`",
            )
        case _:
            listed = ", ".join(f"{before} and {after}" for before, after in pairs)
            raise CannotRun(
                f"{project.file} compares several pairs of cases: {listed}",
                "name the two: `vgs patch BEFORE AFTER`",
            )


def letter_of(said: PatchText, given: PatchText) -> Letter:
    """The letter: what is ``given`` on the command line goes before what vgs.toml has ``said``.

    Without a date it is that of SOURCE_DATE_EPOCH, if the environment has it, or none.  Raises
    `CannotRun` for what is missing, and for what `git am` would not take as it is.
    """
    author, subject = given.author or said.author, given.subject or said.subject
    if author is None:
        raise CannotRun("a patch needs an author", f"say it: --author 'NAME <ADDRESS>', {_SAY}")
    if subject is None:
        raise CannotRun("a patch needs a subject", f"say it: --subject TEXT, {_SAY}")
    source = said if given.message is None and given.message_file is None else given
    message = source.message if source.message_file is None else _read(source.message_file)
    date = given.date if given.date is not None else said.date
    prefix = given.prefix if given.prefix is not None else said.prefix
    return letter(
        author_of(author),
        subject,
        message or "",
        moment(date) if date is not None else _source_date(),
        prefix="PATCH" if prefix is None else prefix,
        signoff=bool(said.signoff if given.signoff is None else given.signoff),
    )


def patch(
    before: str,
    after: str,
    written: Letter,
    project: Project | None,
    context: int = 3,
    progress: Callable[[str], None] = lambda text: None,
) -> Patch:
    """The patch from what ``before`` generates to what ``after`` does.

    Raises as `texts_of` does, and `CannotRun` for a file that is not text.
    """
    old, new = (
        {
            path: text.encode("utf-8", "surrogateescape")
            for path, text in texts_of(Path(name), project, progress).items()
        }
        for name in (before, after)
    )
    try:
        found = difference(old, new, context)
    except NotText as error:
        raise CannotRun(str(error), "a patch is of lines of text") from error
    made = mail(written, found, f"vgs {__version__}") if found.files else None
    return Patch(before, after, written, found, made)


def _source_date() -> datetime | None:
    """When the sources are from, as tools agree on saying it (reproducible-builds.org)."""
    text = os.environ.get("SOURCE_DATE_EPOCH")
    if not text:
        return None
    try:
        return moment(datetime.fromtimestamp(int(text), UTC))
    except (ValueError, OverflowError, OSError) as error:
        raise CannotRun(f"SOURCE_DATE_EPOCH is `{text}`, and no number of seconds") from error


def _read(path: Path) -> str:
    """A message; ``-`` is standard input."""
    name = "standard input" if str(path) == "-" else str(path)
    try:
        if str(path) != "-":
            data = path.read_bytes()
        elif sys.stdin is None:
            raise CannotRun("standard input is closed")
        else:
            data = sys.stdin.buffer.read()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise CannotRun(f"{name} cannot be read: {reason(error)}") from error
    except UnicodeDecodeError as error:
        raise CannotRun(f"{name} is not UTF-8, and no message") from error
