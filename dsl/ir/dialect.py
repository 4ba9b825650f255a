"""A dialect, resolved: how one tree spells things in C, by scope.  Never part of a program."""

from __future__ import annotations

import re
from enum import StrEnum

from msgspec import Struct

from dsl.source import Span


class Role(StrEnum):
    """What a spelling is for; ``VALUE`` is a spelling without a role."""

    VALUE = "value"
    READ = "read"
    WRITE = "write"
    SELECT = "select"
    SLOT = "slot"
    LOCAL = "local"
    TYPE = "type"
    ENTER = "enter"
    DEFINE = "define"
    LOCK = "lock"
    OP = "op"


#: The variables that the patterns of each role may use (beside owners of contexts, as ``$vcpu``).
VARIABLES: dict[Role, tuple[str, ...]] = {
    Role.VALUE: ("value", "n"),
    Role.READ: ("register", "n"),
    Role.WRITE: ("register", "n", "value"),
    Role.SELECT: ("n",),
    Role.SLOT: ("context", "slot", "linked"),
    Role.LOCAL: (),
    Role.TYPE: (),
    Role.ENTER: (),
    Role.DEFINE: ("type", "name", "params"),
    Role.LOCK: (),
    Role.OP: (),
}

#: A variable in a pattern: ``$n``, or ``${n}`` where it is a piece of a name.
VARIABLE = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})")
#: Those that can be a piece of a name, beside the index of a bank or a family.
PIECES = ("n", "register", "slot", "linked", "name")

#: The variables of a layout: what each of its fields is spelt as, alone.
OF_LAYOUT = ("mask",)

#: The operations that a dialect can spell, and the variables of each.
OPERATIONS: dict[str, tuple[str, ...]] = {
    "hypcall": ("call",),
    "likely": ("condition",),
    "unlikely": ("condition",),
    "warn": ("condition",),
    "assert": ("condition",),
    "fail": (),
    "panic": ("message",),
    "unreachable": (),
    "fallthrough": (),
    "extract": ("mask", "value"),
    "insert": ("mask", "value"),
    "bit": ("n",),
    "bits": ("high", "low"),
    "isb": (),
    "dsb": ("option",),
    "dmb": ("option",),
}


def variables(pattern: str, *, pieces: bool = False) -> list[str]:
    """The variables of a pattern; only those that are ``pieces`` of names, if that is asked."""
    found = VARIABLE.finditer(pattern)
    return [m[1] or m[2] for m in found if m[2] or not pieces]


class Spelling(Struct, frozen=True):
    """How ``subject`` is written in one role.

    ``index`` is the name that stands for the index in the subject (``n`` in ``ICH_LR<n>_EL2``,
    which is kept as ``ICH_LR<>_EL2``).  ``type`` is the C type of a local.  ``covers`` are the
    registers of a subject that is a group, kept in the same way.
    """

    role: Role
    subject: str
    index: str | None
    type: str | None
    patterns: tuple[str, ...]
    span: Span
    pattern_spans: tuple[Span, ...]
    covers: tuple[str, ...] = ()

    @property
    def pattern(self) -> str:
        return self.patterns[0]


def fits(glob: str, name: str) -> bool:
    """Whether a name is what a glob says, in which ``*`` is anything."""
    if "*" not in glob:
        return glob == name
    # A regular expression for each glob would take longer to compile than all else that it does.
    first, *middle, last = glob.split("*")
    at, end = len(first), len(name) - len(last)
    if not (name.startswith(first) and name.endswith(last) and at <= end):
        return False
    for part in middle:
        found = name.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


class Globs(Struct, frozen=True):
    """Patterns over names of sequences, in order."""

    globs: tuple[str, ...]
    spans: tuple[Span, ...]

    def match(self, name: str) -> int | None:
        """The place of the first glob that matches."""
        for i, glob in enumerate(self.globs):
            if fits(glob, name):
                return i
        return None


class File(Struct, frozen=True):
    """One C file (perhaps in several places of the tree) and the sequences it holds, in order."""

    paths: tuple[str, ...]
    holds: Globs
    includes: tuple[str, ...]
    spellings: tuple[Spelling, ...]
    span: Span


class Header(Struct, frozen=True):
    """A header that declares the prototypes of some sequences."""

    paths: tuple[str, ...]
    declares: Globs
    includes: tuple[str, ...]
    span: Span


class Scope(Struct, frozen=True):
    """Spellings for some sequences only."""

    names: Globs
    spellings: tuple[Spelling, ...]
    span: Span


class Dialect(Struct, frozen=True):
    name: str
    target: str
    spellings: tuple[Spelling, ...]
    files: tuple[File, ...]
    headers: tuple[Header, ...]
    scopes: tuple[Scope, ...]
    doc: tuple[str, ...]
    span: Span

    def globs(self) -> list[Globs]:
        """Every list of patterns over names of sequences."""
        held = [f.holds for f in self.files]
        return [*held, *(h.declares for h in self.headers), *(s.names for s in self.scopes)]

    def files_of(self, sequence: str) -> list[File]:
        return [f for f in self.files if f.holds.match(sequence) is not None]

    def levels(self, sequence: str | None, file: File | None) -> list[tuple[Spelling, ...]]:
        """The spellings that count for a sequence, the narrowest scope first."""
        named = [
            s
            for scope in self.scopes
            if sequence is not None and scope.names.match(sequence) is not None
            for s in scope.spellings
        ]
        return [tuple(named), file.spellings if file else (), self.spellings]

    def all(self) -> list[Spelling]:
        """Every spelling, widest scope first."""
        return [
            *self.spellings,
            *(s for f in self.files for s in f.spellings),
            *(s for scope in self.scopes for s in scope.spellings),
        ]
