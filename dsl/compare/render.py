"""The comparison as a report to read in a terminal, 100 columns wide."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from dsl.compare.report import Excerpt, HunkResult, Outside, Range, Report, SideResult

_WIDTH: Final = 100
_SHOWN: Final = 12  # lines shown of each side of a difference outside
_DETAILED: Final = 40  # failures, and differences outside, shown in full

# A line of the report: its text and its rich style.
_Line = tuple[str, str]


def render(report: Report, *, colour: bool = False) -> str:
    """The report as text, with terminal escapes only if *colour*.  Never raises."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    out = io.StringIO()
    console = Console(
        file=out,
        width=_WIDTH,
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        highlight=False,
        legacy_windows=False,
    )

    def show(lines: Iterator[_Line]) -> None:
        for text, style in lines:
            console.print(Text(text, style=style), no_wrap=True, overflow="ignore", crop=False)

    for file, hunks in groupby(report.covered, key=lambda hunk: hunk.file):
        console.print(Text(_printable(file), style="bold"))
        table = Table("hunk", "old side", "new side", box=None, padding=(0, 2), pad_edge=False)
        for hunk in hunks:
            header = _clip(_printable(hunk.header), 46)
            cells = [level(side) for side in (hunk.old, hunk.new)]
            styles = ["red" if cell == "DIFFERS" else "green" for cell in cells]
            table.add_row(Text("  " + header), *map(Text, cells, styles))
        console.print(table)
        console.print()
    show(_failures(report))
    show(_differences("Outside the hunks", report.outside, "red"))
    show(_differences("Outside the hunks, in comments or white space only", report.outside_text))
    show(_differences("Not judged", report.unjudged, lines=False))
    if report.not_covered:
        show(iter([("Not covered (no case generates these):", "bold")]))
        for file in report.not_covered:
            count = sum(hunk.file == file for hunk in report.hunks)
            show(iter([(f"  {_printable(file)}: {_count(count, 'hunk')}", "")]))
        console.print()
    style = "bold green" if report.ok else "bold red"
    show((line, style) for line in textwrap.wrap(_closing(report), _WIDTH))
    # rich pads table rows to their width, which is noise in a file.
    text = out.getvalue()
    return text if colour else "\n".join(line.rstrip() for line in text.split("\n"))


def level(side: SideResult) -> str:
    """The strictest level that holds for a side, in words."""
    if side.text:
        return "text"
    if side.text_apart_from_comments:
        return "text but for comments"
    return "tokens" if side.tokens else "DIFFERS"


def _failures(report: Report) -> Iterator[_Line]:
    failed = [hunk for hunk in report.covered if not hunk.matches]
    for hunk in failed[:_DETAILED]:
        yield _printable(hunk.file), "bold"
        yield f"  {_clip(_printable(hunk.header), _WIDTH - 2)}", "cyan"
        for name, side in (("old", hunk.old), ("new", hunk.new)):
            if not side.tokens:
                yield from _failure(name, side)
        yield "", ""
    if len(failed) > _DETAILED:
        yield f"... and {_count(len(failed) - _DETAILED, 'hunk')} more that differ", "red"
        yield "", ""


def _failure(name: str, side: SideResult) -> Iterator[_Line]:
    case = {"old": "before", "new": "after"}[name]
    if side.mismatch is None:
        yield f"  {name} side: the {case} case does not generate this file", "red"
        return
    yield _clip(f"  {name} side: {_printable(side.mismatch.message)}", _WIDTH), "red"
    yield "    expected, by lines of the patched tree:", ""
    yield from _excerpt(side.mismatch.expected)
    if side.mismatch.generated.lines:
        yield f"    generated for the {case} case, by lines of the generated file:", ""
        yield from _excerpt(side.mismatch.generated)


def _excerpt(excerpt: Excerpt) -> Iterator[_Line]:
    for number, text in excerpt.lines:
        marked = number == excerpt.line
        gutter = f"  {'>' if marked else ' '} {number:6} | "
        column = excerpt.column or 1
        left = _printable(text[: column - 1].expandtabs(8)) if marked else ""
        shown = _printable(text.expandtabs(8))
        room = _WIDTH - len(gutter)
        # Scroll a long line so that the token stays in sight.
        cut = max(0, len(left) - room // 2) if len(shown) > room else 0
        yield gutter + _clip(shown[cut:], room), "bold" if marked else ""
        if marked and excerpt.column is not None:
            size = max(1, min(len((excerpt.token or "").strip()), room - (len(left) - cut)))
            yield " " * (len(gutter) - 2) + "| " + " " * (len(left) - cut) + "^" * size, "red"


def _differences(
    title: str, places: tuple[Outside, ...], style: str = "", lines: bool = True
) -> Iterator[_Line]:
    if not places:
        return
    yield f"{title}:", "bold"
    for place in places[:_DETAILED]:
        sides = (("before", place.before), ("after", place.after))
        where = ", ".join(f"{name} {_where(side)}" for name, side in sides)
        heading = f"{_printable(place.file)}: {place.message} ({where})"
        for line in textwrap.wrap(heading, _WIDTH - 4, subsequent_indent="    "):
            yield f"  {line}", style
        for (_, side), sign in zip(sides, "-+", strict=True):
            shown = side.lines[:_SHOWN] if side is not None and lines else ()
            for text in shown:
                yield _clip(f"    {sign} {_printable(text.expandtabs(8))}", _WIDTH), ""
            if side is not None and lines and side.last - side.first + 1 > len(shown):
                yield f"    {sign} ... {side.last - side.first + 1 - len(shown)} more lines", ""
    if len(places) > _DETAILED:
        yield f"  ... and {len(places) - _DETAILED} more", style
    yield "", ""


def _where(side: Range | None) -> str:
    if side is None:
        return "has no such file"
    if side.last < side.first:
        return f"nothing behind line {side.last}"
    return f"line {side.first}" if side.first == side.last else f"lines {side.first}-{side.last}"


def _closing(report: Report) -> str:
    covered = report.covered
    files = len({hunk.file for hunk in covered})
    if not covered:
        text = "no hunk is covered"
    else:
        matching = [hunk for hunk in covered if hunk.matches]
        text = f"{len(matching)} of {_count(len(covered), 'hunk')} of {_count(files, 'file')}"
        text += " match on both sides" + (f" ({_weakest(matching)})" if matching else "")
    text += (
        f"; {_count(len(report.outside), 'place')} outside the hunks "
        f"{'differs' if len(report.outside) == 1 else 'differ'}"
        if report.outside
        else "; nothing differs outside"
    )
    if report.unjudged:
        text += ", as far as it can be judged"
    left = len(report.hunks) - len(covered)
    if report.not_covered:
        verb = "is" if left == 1 else "are"
        where = _count(len(report.not_covered), "file")
        text += f"; {_count(left, 'hunk')} of {where} {verb} not covered"
    return text


def _weakest(hunks: list[HunkResult]) -> str:
    """What holds of every side of every hunk."""
    names = {
        "text": "text",
        "text but for comments": "tokens; text differs in comments only",
        "tokens": "tokens",
    }
    order = list(names)
    weakest = max((level(s) for hunk in hunks for s in (hunk.old, hunk.new)), key=order.index)
    return names[weakest]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _clip(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."


def _printable(text: str) -> str:
    """The text without what a terminal would obey: a patch is anybody's bytes."""
    return "".join(c if c.isprintable() else "?" for c in text)
