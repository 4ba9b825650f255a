"""What a patch's mail says: who, when, the subject and the message, as `git am` keeps them.

What `git am` would not keep as it was given is refused, with what to do.  Only white space, and
signs at the ends of a name, are tidied, in the way in which git tidies them.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from dsl.failures import CannotRun

#: git keeps a longer name as the address, and so a name with one of these in it.
_LONGEST_NAME = 60
_NOT_IN_NAMES = set('<>@"\\')
_OFF_NAMES = " .,:;'"
_AUTHOR = re.compile(r"\s*(.*?)\s*<([^<>@\s]+@[^<>@\s]+)>\s*")
_PREFIX = re.compile(r"[ -Z^-~]*PATCH[ -Z^-~]*")
#: The years that git reads.
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
# What git takes off the start of a subject: answers, and whatever is in brackets.
_TAKEN_OFF = re.compile(r"(?i)re:|:|\[[^\]]*\]")
# Where a message ends for git, since a patch begins: a diff, a name, or a rule.
_ENDS = re.compile(r"diff -|Index: |--- \S|---\s*$")
# With mailinfo.scissors set, git drops all above such a line.
_SCISSORS = re.compile(r"[-\s]*(?:(?:>8|8<|>%|%<)[-\s]*)+$")
_TRAILER = re.compile(r"[A-Za-z0-9-]+: \S")


class Author(Struct, frozen=True):
    """Who wrote the change."""

    name: str
    address: str

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>"


class Letter(Struct, frozen=True):
    """What the mail of a patch says.

    ``subject`` is one line, ``prefix`` what goes before it in brackets, ``message`` the lines
    below it, each with its newline, or empty.  Without a ``date`` the mail has none, and `git am`
    takes the time at which it is applied.
    """

    author: Author
    date: datetime | None
    subject: str
    message: str
    prefix: str


def letter(
    author: Author,
    subject: str,
    message: str = "",
    date: datetime | None = None,
    *,
    prefix: str = "PATCH",
    signoff: bool = False,
) -> Letter:
    """A letter, checked and tidied; ``signoff`` ends its message with the author's sign-off.

    Raises `CannotRun` for what would not arrive as it is given.
    """
    if signoff:
        message = _signed(_message(message), f"Signed-off-by: {author}")
    if not _PREFIX.fullmatch(prefix):
        raise CannotRun(
            f"`{prefix}` cannot be the prefix of a subject",
            "it is ASCII with PATCH in it and no brackets, as `PATCH v2`",
        )
    return Letter(author, date, _subject(subject), _message(message), prefix)


def author_of(text: str) -> Author:
    """The author that a text names as ``NAME <ADDRESS>``.  Raises `CannotRun`."""
    form = "an author is `NAME <ADDRESS>`"
    found = _AUTHOR.fullmatch(text)
    if found is None or not any(map(str.isalnum, found[1])):
        raise CannotRun(f"`{' '.join(text.split())}` is no author", form)
    name = " ".join(_encodable(found[1], "author").split()).strip(_OFF_NAMES)
    address = found[2]
    wrong = sorted(_NOT_IN_NAMES & set(name)) or (_controls(name) and ["a control character"])
    if wrong:
        raise CannotRun(f"the name of an author cannot have {wrong[0]} in it", form)
    if name.count("(") != name.count(")"):
        raise CannotRun(f"`{name}` has a parenthesis without its partner", form)
    if name.startswith("(") and name.endswith(")"):
        raise CannotRun(f"git would leave out the outer parentheses of `{name}`", form)
    if len(name.encode()) > _LONGEST_NAME:
        raise CannotRun(
            f"the name of the author is longer than {_LONGEST_NAME} bytes",
            "git am would put the address in its place",
        )
    if not address.isascii() or _controls(address):
        raise CannotRun(f"the address {address} is not ASCII", "headers of mail need that")
    return Author(name, address)


def moment(given: str | datetime) -> datetime:
    """The date that a text gives, as ISO 8601 or as mail does, or the clock for ``now``.

    Raises `CannotRun`, also for a time of no known offset from UTC.
    """
    form = "give it as `2018-01-12T13:07:47+01:00`, or as a mail's header does"
    made = given if isinstance(given, datetime) else _date(given)
    if made is None:
        raise CannotRun(f"`{given}` is no date and time", form)
    offset = made.utcoffset()
    if offset is None:
        raise CannotRun(f"the date {given} does not say its offset from UTC", form)
    if offset % timedelta(minutes=1):
        raise CannotRun(f"the date {given} is not whole minutes off UTC", form)
    try:
        inside = _FIRST <= made < _LAST
    except OverflowError:
        inside = False
    if not inside:
        raise CannotRun(f"git cannot keep the date {given}", "it knows the years 1970 to 2099")
    return made.replace(microsecond=0)


def _date(text: str) -> datetime | None:
    if text == "now":
        return datetime.now().astimezone()
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        from email.utils import parsedate_to_datetime
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _subject(text: str) -> str:
    if len(text.strip().splitlines()) > 1:
        raise CannotRun(
            "the subject has more than one line", "the lines below the first are the message"
        )
    subject = " ".join(_encodable(text, "subject").split())
    if not subject:
        raise CannotRun("the subject is empty")
    if _controls(subject):
        raise CannotRun("the subject has a control character in it")
    taken = _TAKEN_OFF.match(subject)
    if taken is not None:
        raise CannotRun(
            f"git am would take `{taken[0]}` off the start of the subject",
            "the prefix goes before it by itself: --prefix 'PATCH v2'",
        )
    return subject


def _message(text: str) -> str:
    """A message without blank lines at its ends, and never two in a row, as git leaves it."""
    lines: list[str] = []
    for line in _encodable(text, "message").replace("\r\n", "\n").split("\n"):
        line = line.rstrip(" \t\r\v\f")
        if line or (lines and lines[-1]):
            lines.append(line)
    if lines and not lines[-1]:
        lines.pop()
    for number, line in enumerate(lines, 1):
        if _ENDS.match(line) or _SCISSORS.match(line):
            raise CannotRun(
                f"git am would take line {number} of the message for the end of it: `{line}`",
                "put a space before it, or say it in another way",
            )
        if _controls(line.replace("\t", "")):
            raise CannotRun(f"line {number} of the message has a control character in it")
    return "".join(f"{line}\n" for line in lines)


def _signed(message: str, trailer: str) -> str:
    """A tidied message with a trailer, in the paragraph of those that it ends with."""
    last = message.split("\n\n")[-1].splitlines()
    if trailer in last:
        return message
    return message + ("" if last and all(map(_TRAILER.match, last)) else "\n") + trailer


def _controls(text: str) -> bool:
    return any(ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u2028\u2029" for c in text)


def _encodable(text: str, what: str) -> str:
    """The text itself.  Raises `CannotRun` for what no UTF-8 can say, as bytes of another code."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise CannotRun(f"the {what} is not UTF-8") from error
    return text
