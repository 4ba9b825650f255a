"""The parts of the report that are lists: what is not ours, not shown, and what a tree says."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Final

from dsl.compare.report import Excerpt, Mismatch, Report, SideResult
from dsl.compare.whole import TreeFile, TreeReport, Whole

WIDTH: Final = 100
_DETAILED: Final = 20  # declarations that differ from a tree, shown in full

# A line of the report: its text and its rich style.
Line = tuple[str, str]

_WORDS: Final = {
    "text": "text",
    "text but for comments": "tokens; text differs in comments only",
    "tokens": "tokens",
    "DIFFERS": "DIFFERS",
}


def level(side: SideResult | Whole) -> str:
    """The strictest level that holds for a side, in words."""
    if side.text:
        return "text"
    if side.text_apart_from_comments:
        return "text but for comments"
    return "tokens" if side.tokens else "DIFFERS"


def weakest(levels: Iterable[str]) -> str:
    """The least of some levels, in words."""
    return _WORDS[max(levels, key=list(_WORDS).index)]


def not_ours(report: Report) -> Iterator[Line]:
    """The declarations in hunks that no sequence generates, and what is not covered at all."""
    context: dict[str, list[str]] = {}
    for hunk in report.hunks:
        for one in hunk.foreign:
            if not one.changed:
                first, last = one.old or one.new or (0, 0)
                where = f"line {first}" if first == last else f"lines {first}-{last}"
                context.setdefault(hunk.file, []).append(f"{one.name} ({where})")
    if context:
        yield "Context that is not ours, by lines of the tree (no sequence generates it):", "bold"
        for file, names in context.items():
            yield from listed(f"{file}: {', '.join(names)}")
        yield "", ""
    left: dict[str, list[str]] = {}
    for hunk in report.hunks:
        if not hunk.covered and hunk.file not in report.not_covered:
            left.setdefault(hunk.file, []).append(", ".join(hunk.missing) or "comments")
    if left:
        yield "Not covered (no sequence generates what these hunks change):", "bold red"
        for file, names in left.items():
            yield from listed(f"{file}: {count(len(names), 'hunk')}, of {', '.join(names)}")
        yield "", ""
    if report.not_covered:
        yield "Not covered (no case generates these):", "bold"
        for file in report.not_covered:
            hunks = sum(hunk.file == file for hunk in report.hunks)
            yield f"  {printable(file)}: {count(hunks, 'hunk')}", ""
        yield "", ""


def unconfirmed(report: Report) -> Iterator[Line]:
    """What is generated and not shown whole by hunks that match."""
    files = [one for one in report.shown if one.part or one.none]
    if files:
        yield "Not shown whole by the hunks (--tree DIR compares these whole):", "bold"
        for one in files:
            parts = (("in part", one.part), ("not at all", one.none))
            text = "; ".join(f"{how}: {', '.join(names)}" for how, names in parts if names)
            yield from listed(f"{one.file}: {text}")
        yield "", ""


def tree_lines(whole: TreeReport, tree: str) -> Iterator[Line]:
    """Every generated file beside the tree's, and what differs."""
    yield printable(f"The tree {tree}"), "bold"
    for file in whole.files:
        style = "" if file.ok else "red"
        yield from listed(f"{file.file}: {_file(file)}", style)
    yield "", ""
    failed = [(file, one) for file in whole.files for one in file.declarations if not one.tokens]
    for file, one in failed[:_DETAILED]:
        place = f"{file.file}:{one.line}" if one.line else file.file
        what = one.mismatch.message if one.mismatch else one.message
        yield printable(place), "bold"
        yield clip(printable(f"  {one.kind} {one.name}, {one.case}: {what}"), WIDTH), "red"
        if one.mismatch is not None:
            yield from mismatch_lines(one.mismatch, one.case, "the tree")
        yield "", ""
    if len(failed) > _DETAILED:
        yield f"... and {len(failed) - _DETAILED} more that differ", "red"
        yield "", ""


def _file(file: TreeFile) -> str:
    if file.state == "missing":
        return "the tree has no such file"
    same = [one for one in file.declarations if one.tokens]
    text = f"{len(same)} of {len(file.declarations)} the same"
    if same:
        text += f" ({weakest(level(one) for one in same)})"
    others = f"{file.others} more in the tree"
    return f"{text}; {others}; {_state(file)}".removesuffix("; ")


def _state(file: TreeFile) -> str:
    if file.state == "untouched":
        return ""
    if file.state == "other":
        return "not the tree the patch is for: it fits neither forward nor back"
    made = f"the file is {file.state} the patch"
    if file.by_id is None:
        return f"{made} (it fits; there is no blob id to go by)"
    if file.by_id:
        return f"{made} (by its blob id)"
    return f"not the tree the patch is for (another blob id), but the patch fits: {made}"


def tree_closing(whole: TreeReport, tree: str) -> str:
    """How far the tree holds, for the last line."""
    same = [one for one in whole.declarations if one.tokens]
    if whole.files and all(file.state == "missing" for file in whole.files):
        return f"{printable(tree)} has none of the files: is it the top of a tree?"
    held = f" ({weakest(map(level, same))})" if same else ""
    text = f"{len(same)} of {count(len(whole.declarations), 'whole declaration')} "
    text += f"{'is' if len(same) == 1 else 'are'} the tree's{held}"
    missing = sum(file.state == "missing" for file in whole.files)
    if missing:
        text += f"; {count(missing, 'file')} {'is' if missing == 1 else 'are'} not in the tree"
    other = sum(file.state == "other" for file in whole.files)
    if other:
        text += f"; the patch does not fit {count(other, 'file')} of the tree"
    return text


def mismatch_lines(mismatch: Mismatch, case: str, tree: str) -> Iterator[Line]:
    """Both places of a mismatch."""
    yield f"    expected, by lines of {tree}:", ""
    yield from _excerpt(mismatch.expected)
    if mismatch.generated.lines:
        yield f"    generated for {case}, by lines of the generated file:", ""
        yield from _excerpt(mismatch.generated)


def _excerpt(excerpt: Excerpt) -> Iterator[Line]:
    for number, text in excerpt.lines:
        marked = number == excerpt.line
        gutter = f"  {'>' if marked else ' '} {number:6} | "
        column = excerpt.column or 1
        left = printable(text[: column - 1].expandtabs(8)) if marked else ""
        shown = printable(text.expandtabs(8))
        room = WIDTH - len(gutter)
        # Scroll a long line so that the token stays in sight.
        cut = max(0, len(left) - room // 2) if len(shown) > room else 0
        yield gutter + clip(shown[cut:], room), "bold" if marked else ""
        if marked and excerpt.column is not None:
            size = max(1, min(len((excerpt.token or "").strip()), room - (len(left) - cut)))
            yield " " * (len(gutter) - 2) + "| " + " " * (len(left) - cut) + "^" * size, "red"


def listed(text: str, style: str = "") -> Iterator[Line]:
    """A text as an item of a list, over as many lines as it needs."""
    wrapped = textwrap.wrap(
        printable(text), WIDTH - 2, subsequent_indent="    ", break_on_hyphens=False
    )
    for line in wrapped:
        yield f"  {line}", style


def count(number: int, noun: str) -> str:
    """A number of things."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def clip(text: str, width: int) -> str:
    """The text, cut where it is too long."""
    return text if len(text) <= width else text[: width - 3] + "..."


def printable(text: str) -> str:
    """The text without what a terminal would obey: a patch is anybody's bytes."""
    return "".join(c if c.isprintable() else "?" for c in text)
