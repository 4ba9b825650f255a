"""Changes of lines as the hunks of a unified diff, each with its context and its function."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dsl.patches.lines import Change

#: git puts this much of a function's first line behind the `@@`.
_LONGEST_NAME = 80
# What git's driver for C takes for the first line of a function, and what not: a label.
_FUNCTION = re.compile(rb"(?:::\s*)?[A-Za-z_]")
_LABEL = re.compile(rb"[ \t]*[A-Za-z_][A-Za-z_0-9]*:\s*(?:$|/[/*])")


def hunks(
    old: Sequence[bytes], new: Sequence[bytes], found: Sequence[Change], context: int
) -> bytes:
    """The hunks of the changes, each with its header and ``context`` lines around."""
    return b"".join(_hunk(old, new, group, context) for group in _groups(found, context))


def _groups(found: Sequence[Change], context: int) -> Iterator[list[Change]]:
    """Changes whose context meets or overlaps."""
    group: list[Change] = []
    for change in found:
        if group and change.old - group[-1].old_end > 2 * context:
            yield group
            group = []
        group.append(change)
    if group:
        yield group


def _hunk(old: Sequence[bytes], new: Sequence[bytes], group: list[Change], context: int) -> bytes:
    first, last = group[0], group[-1]
    before = min(context, first.old)
    behind = min(context, len(old) - last.old_end)
    start, end = first.old - before, last.old_end + behind
    made = [
        b"@@ -%s +%s @@%s\n"
        % (
            _range(start, end),
            _range(first.new - before, last.new_end + behind),
            _function(old, start),
        )
    ]
    at = start
    for change in group:
        made += [_line(b" ", line) for line in old[at : change.old]]
        made += [_line(b"-", line) for line in old[change.old : change.old_end]]
        made += [_line(b"+", line) for line in new[change.new : change.new_end]]
        at = change.old_end
    made += [_line(b" ", line) for line in old[at:end]]
    return b"".join(made)


def _line(sign: bytes, line: bytes) -> bytes:
    if line.endswith(b"\n"):
        return sign + line
    return sign + line + b"\n\\ No newline at end of file\n"


def _range(start: int, end: int) -> bytes:
    count = end - start
    # Of no lines, the place is the line before it.
    number = start + 1 if count else start
    return b"%d" % number if count == 1 else b"%d,%d" % (number, count)


def _function(lines: Sequence[bytes], start: int) -> bytes:
    """The nearest first line of a function above a line, or nothing."""
    for at in range(start - 1, -1, -1):
        line = lines[at]
        if _FUNCTION.match(line) and not _LABEL.match(line.rstrip(b"\n")):
            # A letter that is cut through is left out.
            name = line[:_LONGEST_NAME].decode("utf-8", "ignore")
            return b" " + name.rstrip().encode()
    return b""
