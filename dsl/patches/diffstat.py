"""The diffstat of a patch, laid out as `git format-patch` does, and names quoted as git does."""

from __future__ import annotations

from collections.abc import Sequence

#: Columns of a line.
_WIDTH = 72
_NARROWEST_NAME, _NARROWEST_GRAPH = 16, 6
_SIGNS = {7: b"a", 8: b"b", 9: b"t", 10: b"n", 11: b"v", 12: b"f", 13: b"r", 34: b'"', 92: b"\\"}


def quoted(path: str, prefix: bytes = b"") -> bytes:
    """A path as git writes it: in quotes, as in C, where it is not plain ASCII."""
    name = prefix + path.encode("utf-8", "surrogateescape")
    if all(32 <= c < 127 and c not in _SIGNS for c in name):
        return name
    return b'"%s"' % b"".join(map(_character, name))


def _character(code: int) -> bytes:
    if code in _SIGNS:
        return b"\\" + _SIGNS[code]
    return b"%c" % code if 32 <= code < 127 else b"\\%03o" % code


def diffstat(rows: Sequence[tuple[bytes, int, int]]) -> bytes:
    """A line for each file, given by its name, the lines that come and those that go; and the sum.

    Names that are too long lose folders from their start; the graph is scaled to what is left.
    """
    most = max((added + removed for _, added, removed in rows), default=0)
    digits = len(str(most))
    longest = max((len(name) for name, _, _ in rows), default=0)
    name_width, graph_width = _widths(longest, most, digits)
    lines = []
    for name, added, removed in rows:
        total = added + removed
        plus, minus = _scaled(added, removed, graph_width, most)
        graph = b" " + b"+" * plus + b"-" * minus if total else b""
        shown = _shortened(name, name_width).ljust(name_width)
        lines.append(b" %s | %s%s\n" % (shown, str(total).rjust(digits).encode(), graph))
    return b"".join(lines) + _sum(rows)


def _widths(longest: int, most: int, digits: int) -> tuple[int, int]:
    """Columns for the names and for the graph."""
    # Around the number: " NAME | NUMBER GRAPH", and one column stays free.
    fixed = digits + 6
    width = max(_WIDTH, _NARROWEST_NAME + fixed)
    name, graph = longest, most
    if name + fixed + graph > width:
        graph = min(graph, max(width * 3 // 8 - fixed, _NARROWEST_GRAPH))
        if name > width - fixed - graph:
            name = width - fixed - graph
        else:
            graph = width - fixed - name
    return name, graph


def _shortened(name: bytes, width: int) -> bytes:
    if len(name) <= width:
        return name
    kept = name[len(name) - (width - 3) :]
    slash = kept.find(b"/")
    return b"..." + (kept[slash:] if slash >= 0 else kept)


def _scaled(added: int, removed: int, width: int, most: int) -> tuple[int, int]:
    if width > most:
        return added, removed
    total = _scale(added + removed, width, most)
    if total < 2 and added and removed:
        total = 2
    if added < removed:
        plus = _scale(added, width, most)
        return plus, total - plus
    minus = _scale(removed, width, most)
    return total - minus, minus


def _scale(count: int, width: int, most: int) -> int:
    """A count in columns: at least one, unless it is 0."""
    return 1 + count * (width - 1) // most if count else 0


def _sum(rows: Sequence[tuple[bytes, int, int]]) -> bytes:
    added, removed = sum(row[1] for row in rows), sum(row[2] for row in rows)
    parts = [f"{len(rows)} file{_s(len(rows))} changed"]
    if added or not removed:
        parts.append(f"{added} insertion{_s(added)}(+)")
    if removed or not added:
        parts.append(f"{removed} deletion{_s(removed)}(-)")
    return f" {', '.join(parts)}\n".encode()


def _s(count: int) -> str:
    return "" if count == 1 else "s"
