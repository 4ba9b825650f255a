"""Which patterns of a dialect earn their place: none unused, none that is a function's code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dsl.backends.c.spelling import Uses
from dsl.diagnostics import Diagnostic, Note
from dsl.diagnostics.dialects import UsedOnce
from dsl.diagnostics.names import Unused
from dsl.ir.dialect import Dialect, Role, Spelling

_PATH = r"[&*!]?\$?\w+(?:(?:->|\.)\w+)*"
#: A name, a path of names, or a macro applied to such; its arguments may be taken by address.
_NAME = re.compile(rf"\s*{_PATH}(?:\(\s*(?:{_PATH}\s*(?:,\s*{_PATH}\s*)*)?\))?\s*")
_NUMBER = re.compile(r"(?<![\w$])\d")
#: Names of types and signatures with their attributes say nothing that a sequence could.
_EXEMPT = (Role.TYPE, Role.DEFINE)


def judge(dialect: Dialect, drafts: Iterable[Uses]) -> Iterator[Diagnostic]:
    """Findings about patterns, given all programs of a run that use the dialect."""
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
    return spelling.role in _EXEMPT or all(
        _NAME.fullmatch(p) and not _NUMBER.search(p) for p in spelling.patterns
    )
