"""The comparison as a report to read in a terminal, 100 columns wide."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from dsl.compare.pages import (
    WIDTH,
    Line,
    clip,
    count,
    level,
    mismatch_lines,
    not_ours,
    printable,
    tree_closing,
    tree_lines,
    unconfirmed,
    weakest,
)
from dsl.compare.report import HunkResult, Outside, Range, Report, SideResult
from dsl.compare.whole import TreeReport

_SHOWN: Final = 12  # lines shown of each side of a difference outside
_DETAILED: Final = 40  # failures, and differences outside, shown in full


def render(
    report: Report | None,
    whole: TreeReport | None = None,
    *,
    tree: str = "DIR",
    colour: bool = False,
) -> str:
    """What comparing with a patch, with a *tree*, or with both gave, as text.  Never raises.

    There are terminal escapes only if *colour*.
    """
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    out = io.StringIO()
    console = Console(
        file=out,
        width=WIDTH,
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        highlight=False,
        legacy_windows=False,
    )

    def show(lines: Iterator[Line]) -> None:
        for text, style in lines:
            console.print(Text(text, style=style), no_wrap=True, overflow="ignore", crop=False)

    for file, hunks in groupby(report.covered if report else (), key=lambda hunk: hunk.file):
        console.print(Text(printable(file), style="bold"))
        table = Table("hunk", "old side", "new side", box=None, padding=(0, 2), pad_edge=False)
        for hunk in hunks:
            cells = [level(side) for side in (hunk.old, hunk.new)]
            styles = ["red" if cell == "DIFFERS" else "green" for cell in cells]
            header = Text(printable(hunk.header), overflow="fold")
            table.add_row(Padding(header, (0, 0, 0, 2)), *map(Text, cells, styles))
        console.print(table)
        console.print()
    parts = []
    if report is not None:
        show(_failures(report))
        show(_differences("Outside the hunks", report.outside, "red"))
        title = "Outside the hunks, in comments or white space only"
        show(_differences(title, report.outside_text))
        show(_differences("Not judged", report.unjudged, lines=False))
        show(not_ours(report))
        if whole is None:
            show(unconfirmed(report))
        parts.append(_closing(report))
    if whole is not None:
        show(tree_lines(whole, tree))
        parts.append(tree_closing(whole, tree))
    ok = (report is None or report.ok) and (whole is None or whole.ok)
    style = "bold green" if ok else "bold red"
    show((line, style) for line in textwrap.wrap("; ".join(parts), WIDTH))
    # rich pads table rows to their width, which is noise in a file.
    text = out.getvalue()
    return text if colour else "\n".join(line.rstrip() for line in text.split("\n"))


def _failures(report: Report) -> Iterator[Line]:
    failed = [hunk for hunk in report.covered if not hunk.matches]
    for hunk in failed[:_DETAILED]:
        yield printable(hunk.file), "bold"
        yield f"  {clip(printable(hunk.header), WIDTH - 2)}", "cyan"
        for name, side in (("old", hunk.old), ("new", hunk.new)):
            if not side.tokens:
                yield from _failure(name, side)
        if hunk.missing:
            names = printable(", ".join(hunk.missing))
            yield clip(f"  it changes what no sequence generates: {names}", WIDTH), "red"
        yield "", ""
    if len(failed) > _DETAILED:
        yield f"... and {count(len(failed) - _DETAILED, 'hunk')} more that differ", "red"
        yield "", ""


def _failure(name: str, side: SideResult) -> Iterator[Line]:
    case = {"old": "before", "new": "after"}[name]
    if side.mismatch is None:
        yield f"  {name} side: the {case} case does not generate this file", "red"
        return
    yield clip(f"  {name} side: {printable(side.mismatch.message)}", WIDTH), "red"
    yield from mismatch_lines(side.mismatch, f"the {case} case", "the patched tree")


def _differences(
    title: str, places: tuple[Outside, ...], style: str = "", lines: bool = True
) -> Iterator[Line]:
    if not places:
        return
    yield f"{title}:", "bold"
    for place in places[:_DETAILED]:
        sides = (("before", place.before), ("after", place.after))
        where = ", ".join(f"{name} {_where(side)}" for name, side in sides)
        heading = f"{printable(place.file)}: {place.message} ({where})"
        for line in textwrap.wrap(heading, WIDTH - 4, subsequent_indent="    "):
            yield f"  {line}", style
        for (_, side), sign in zip(sides, "-+", strict=True):
            shown = side.lines[:_SHOWN] if side is not None and lines else ()
            for text in shown:
                yield clip(f"    {sign} {printable(text.expandtabs(8))}", WIDTH), ""
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
        text = f"{len(matching)} of {count(len(covered), 'hunk')} of {count(files, 'file')}"
        text += " match on both sides" + (f" ({_weakest(matching)})" if matching else "")
    text += (
        f"; {count(len(report.outside), 'place')} outside the hunks "
        f"{'differs' if len(report.outside) == 1 else 'differ'}"
        if report.outside
        else "; nothing differs outside"
    )
    if report.unjudged:
        text += ", as far as it can be judged"
    if report.foreign_lines:
        verb = "is" if report.foreign_lines == 1 else "are"
        lines = count(report.foreign_lines, "line")
        text += f"; {lines} of context {verb} of functions that are not ours"
    left = [hunk for hunk in report.hunks if not hunk.covered]
    if left or report.not_covered:
        verb = "is" if len(left) == 1 else "are"
        where = count(len({hunk.file for hunk in left} | set(report.not_covered)), "file")
        text += f"; {count(len(left), 'hunk')} of {where} {verb} not covered"
    return text


def _weakest(hunks: list[HunkResult]) -> str:
    """What holds of every side of every hunk."""
    return weakest(level(side) for hunk in hunks for side in (hunk.old, hunk.new))
