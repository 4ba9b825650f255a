"""A letter and a difference as one mail in the form of `git format-patch`, for `git am`."""

from __future__ import annotations

import binascii
import re
from email.charset import QP, Charset
from email.header import Header
from email.utils import format_datetime, formataddr

from dsl.patches.difference import Difference
from dsl.patches.letter import Author, Letter

#: The first line of a mail from git: its date never changes, and there is no commit to name.
_FIRST = f"From {'0' * 40} Mon Sep 17 00:00:00 2001\n"
_ASCII, _UTF_8 = Charset("us-ascii"), Charset("utf-8")
_UTF_8.header_encoding = QP
#: A longer line is not for every relay of mail.
_LONGEST_LINE = 998
# Where git would cut one mail into two.
_CUTS = re.compile(rb"^From .*\d:\d\d", re.MULTILINE)
# What git takes for a header if the message begins with it.
_HEADER = re.compile(r"(?i)(?:from|subject|date):|\[PATCH\]|>from\s")


def mail(letter: Letter, difference: Difference, signature: str) -> bytes:
    """The mail, in UTF-8 apart from the bytes of the files; the ``signature`` ends it.

    Its text stands as it is.  Only where a line would not survive that (its end is CR LF, it is
    longer than relays take, or reads like the start of another mail) all of it is quoted-printable.
    """
    author = _author(letter.author)
    message = letter.message
    if _HEADER.match(message):
        # One header of our own, and git takes no more.
        message = f"From: {author}\n\n{message}"
    body = b"".join(
        (
            b"\n" + message.encode() if message else b"",
            b"---\n",
            difference.stat,
            b"\n",
            difference.diff,
            f"-- \n{signature}\n\n".encode(),
        )
    )
    headers = [f"From: {author}"]
    if letter.date is not None:
        headers.append(f"Date: {format_datetime(letter.date)}")
    headers.append(f"Subject: {_subject(letter)}")
    quoted = _CUTS.search(body) or b"\r" in body or max(map(len, body.split(b"\n"))) > _LONGEST_LINE
    if quoted or not body.isascii():
        how = "quoted-printable" if quoted else "8bit"
        headers += ["MIME-Version: 1.0", "Content-Type: text/plain; charset=UTF-8"]
        headers.append(f"Content-Transfer-Encoding: {how}")
    head = _FIRST + "".join(f"{header}\n" for header in headers)
    return head.encode() + (_quoted_printable(body) if quoted else body)


def _author(author: Author) -> str:
    if _is_plain(author.name):
        return formataddr((author.name, author.address))
    name = Header(author.name, _UTF_8, header_name="From").encode(linesep="\n")
    return f"{name} <{author.address}>"


def _subject(letter: Letter) -> str:
    """The prefix and the subject, folded, and as RFC 2047 says where it is not plain ASCII."""
    plain = _is_plain(letter.subject)
    header = Header(f"[{letter.prefix}]", _ASCII, header_name="Subject")
    header.append(letter.subject, _ASCII if plain else _UTF_8)
    return header.encode(linesep="\n")


def _is_plain(text: str) -> bool:
    return text.isascii() and "=?" not in text


def _quoted_printable(body: bytes) -> bytes:
    lines = [binascii.b2a_qp(line, istext=False, header=False) for line in body.split(b"\n")]
    return re.sub(rb"^From ", b"=46rom ", b"\n".join(lines), flags=re.MULTILINE)
