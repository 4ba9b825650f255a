"""What of a dialect earns its place: no pattern unused or one function's code, no idle glob."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from dsl.backends.c.spelling import Uses
from dsl.diagnostics import Diagnostic, Note, suggest
from dsl.diagnostics.dialects import UsedOnce
from dsl.diagnostics.names import Unused
from dsl.ir.dialect import Dialect, Role, Spelling, fits

_PATH = r"[&*!]?\$?\w+(?:(?:->|\.)\$?\w+)*"
#: A name, a path of names, or a macro applied to such; its arguments may be taken by address.
_NAME = re.compile(rf"\s*{_PATH}(?:\(\s*(?:{_PATH}\s*(?:,\s*{_PATH}\s*)*)?\))?\s*")
#: A fact that is one of several values, such as a kind of guest.
_FACT = re.compile(rf"{_NAME.pattern}(?:[=!]={_NAME.pattern})?")
_NUMBER = re.compile(r"(?<![\w$])\d")
#: Names of types and signatures with their attributes say nothing that a sequence could.
_EXEMPT = (Role.TYPE, Role.DEFINE)


def judge(
    dialect: Dialect, drafts: Iterable[Uses], sequences: Collection[str]
) -> Iterator[Diagnostic]:
    """Findings about a dialect, given all programs of a run that use it.

    ``drafts`` say where they use its patterns; ``sequences`` are the names of all they define.
    """
    for globs in dialect.globs():
        for glob, span in zip(globs.globs, globs.spans, strict=True):
            if not any(fits(glob, name) for name in sequences):
                help = suggest(glob, sequences)
                yield Unused(span, f"no sequence is called `{glob}`", help=help)
    sites: Uses = {}
    for uses in drafts:
        for span, places in uses.items():
            sites.setdefault(span, set()).update(places)
    for spelling in dialect.all():
        used = {place for span in spelling.pattern_spans for place in sites.get(span, ())}
        if not used:
            yield Unused(spelling.span, f"nothing uses the spelling of `{spelling.span.text}`")
        elif len(used) == 1 and not _plain(spelling):
            sequence = next(iter(used)).sequence
            yield UsedOnce(
                spelling.pattern_spans[0],
                f"this pattern is more than a name and is used once, in `{sequence.name}`",
                (Note(sequence.span, "used here"),),
                help="write what it does in the sequence, or spell something more general",
            )


def _plain(spelling: Spelling) -> bool:
    if spelling.role is Role.LOCAL and spelling.pattern.strip().isdecimal():
        # A local for a number is its name.
        return True
    return spelling.role in _EXEMPT or all(
        _FACT.fullmatch(p) and not _NUMBER.search(p) for p in spelling.patterns
    )
