"""Text-level comparison of a hunk's side with the place where its tokens were found."""

from __future__ import annotations

from dataclasses import dataclass

from dsl.compare.source import Source, fold


@dataclass(frozen=True, slots=True)
class Found:
    """What holds for a side, and the generated lines (first, last, from 1) that it stands for."""

    text: bool
    apart_from_comments: bool
    line: int
    first: int
    last: int


def compare_text(side: Source, generated: Source, position: int) -> Found:
    """Compare *side*, whose tokens lie at token *position* of *generated*, line by line.

    The lines are tied by the side's first token.  What is compared apart from comments, and how:
    both texts without their comments (a line that held nothing else vanishes; blank lines on both
    sides of a vanished comment count as the longer of the two runs), the lines from the first to
    the last token exactly; at the edges, where a patch shows only part of a gap, the gap in the
    generated text must hold at least the blank lines that the patch shows, unless it ends there.
    """
    lexed = generated.lexed
    count = len(side.lexed)
    first, last = lexed.line(position), lexed.line(position + count - 1)
    lead, end = side.lexed.line(0) - 1, side.lexed.line(count - 1)
    begin = first - 1 - lead
    # Behind the last thing that is generated the tree may go on: what sets it apart is not ours.
    ends = position + count == len(lexed) and not any(
        line and line.strip() for line in side.code[end:]
    )
    lines = side.lines[:end] if ends and None not in side.code[end:] else side.lines
    if begin >= 0 and generated.lines[begin : begin + len(lines)] == lines:
        return Found(True, True, begin + 1, begin + 1, begin + len(lines))
    above, below = gap_lines(generated, position, position + count)
    inner = fold(side.code[lead:end]) == fold(generated.code[first - 1 : last])
    over, under = fold(side.code[:lead]), fold(side.code[end:])
    held_over = fold(generated.code[above - 1 : first - 1])
    held_under = fold(generated.code[last:below])
    apart = (
        inner
        and over == held_over[len(held_over) - len(over) :]
        and (ends or under == held_under[: len(under)])
        and len(over) <= len(held_over)
    )
    return Found(False, apart, first, above, below)


def compare_text_only(side: Source, generated: Source, low: int, high: int) -> Found | None:
    """Look for a *side* without tokens as lines between the tokens low-1 and *high*.

    None if it is not there; what is left of it without comments is nothing, which always holds.
    """
    above, below = gap_lines(generated, low, high)
    width = len(side.lines)
    for begin in range(above - 1, below - width + 1 if width else above):
        if generated.lines[begin : begin + width] == side.lines:
            return Found(True, True, begin + 1, begin + 1, begin + width)
    return None


def gap_lines(generated: Source, low: int, high: int) -> tuple[int, int]:
    """The lines around tokens low to high that hold no token before or behind these."""
    lexed = generated.lexed
    above = lexed.line(low - 1) + 1 if low else 1
    below = lexed.line(high) - 1 if high < len(lexed) else len(generated.lines)
    return above, below
