"""The reference patch against files rebuilt from the patch itself, then broken token by token."""

from pathlib import Path

import pytest

from dsl.compare import compare_patch, render
from dsl.compare.patch import parse_patch
from dsl.compare.tokens import lex

PATCH = (
    Path(__file__).parents[2].joinpath("reference", "vgicv3-vhe-no-irqs.patch").read_text("utf-8")
)
FILE = "virt/kvm/arm/hyp/vgic-v3-sr.c"
# Only the diff of that file, for the loops: the other six add nothing to them but time.
ONE = "diff --git" + next(part for part in PATCH.split("diff --git") if f"b/{FILE}" in part)

# What stands between the hunks: the last gap is inside the comment that two hunks share.
FILLERS = [
    "\t\tint i;\n",
    "\t\t\t\tx = 1;\n",
    "void __vgic_v3_restore_state(void)\n{\n",
    "\t * delivered as FIQ\n",
]
HEAD = (
    "// SPDX\nextern int a;\n#define HIDDEN(x) \\\n\t((x) + 1)\n\n"
    "void __vgic_v3_save_state(void)\n"
)
TAIL = "{\n\treturn;\n}\n"


def rebuild(side):
    """A file whose hunks are the patch's, with filler around and between them."""
    (file,) = parse_patch(ONE)
    texts = [getattr(hunk, side).text for hunk in file.hunks]
    return HEAD + "".join(
        text + filler for text, filler in zip(texts, [*FILLERS, TAIL], strict=True)
    )


BEFORE, AFTER = rebuild("old"), rebuild("new")


def replaced(text, token):
    """*text* with another token in the place of *token*."""
    lines = text.split("\n")
    line = lines[token.line - 1]
    start, end = token.column - 1, token.column - 1 + len(token.text)
    assert line[start:end] == token.text
    lines[token.line - 1] = f"{line[:start]} changed {line[end:]}"
    return "\n".join(lines)


def spelt(text):
    lexed = lex(text)
    tokens = [lexed[i] for i in range(len(lexed))]
    return [token for token in tokens if token.kind != "directive-end"]


def line_kinds(side):
    """For each line of a rebuilt file, the hunk it belongs to; None for filler."""
    (file,) = parse_patch(ONE)
    kinds = [None] * HEAD.count("\n")
    for number, hunk in enumerate(file.hunks):
        kinds += [number] * getattr(hunk, side).text.count("\n")
        kinds += [None] * ([*FILLERS, TAIL][number]).count("\n")
    return kinds


def test_the_rebuilt_files_match_as_text_and_the_rest_is_not_covered():
    report = compare_patch(PATCH, {FILE: BEFORE}, {FILE: AFTER})
    assert report.ok
    assert [hunk.header.split(" @@")[0] for hunk in report.covered] == [
        "@@ -208,15 +208,15",
        "@@ -225,7 +225,7",
        "@@ -235,19 +235,6",
        "@@ -257,6 +244,31",
        "@@ -264,47 +276,70",
    ]
    assert all(hunk.old.text and hunk.new.text for hunk in report.covered)
    assert [hunk.old.line for hunk in report.covered] == [7, 23, 31, 52, 59]
    assert report.not_covered == (
        "arch/arm/include/asm/kvm_hyp.h",
        "arch/arm/kvm/hyp/switch.c",
        "arch/arm64/include/asm/kvm_hyp.h",
        "arch/arm64/kvm/hyp/switch.c",
        "virt/kvm/arm/vgic/vgic-v3.c",
        "virt/kvm/arm/vgic/vgic.c",
    )
    assert report.outside == report.outside_text == report.unjudged == ()
    last = " ".join(render(report).split("\n\n")[-1].split())
    assert last == (
        "5 of 5 hunks of 1 file match on both sides (text); nothing differs outside; "
        "9 hunks of 6 files are not covered"
    )


@pytest.mark.parametrize("side", ["old", "new"])
def test_each_token_changed_on_one_side_is_found(side):
    text = {"old": BEFORE, "new": AFTER}[side]
    kinds = line_kinds(side)
    tokens = spelt(text)
    assert len(tokens) > 230
    for token in tokens:
        broken = replaced(text, token)
        texts = (broken, AFTER) if side == "old" else (BEFORE, broken)
        report = compare_patch(ONE, {FILE: texts[0]}, {FILE: texts[1]})
        assert not report.ok, token
        bad = [
            (number, name)
            for number, hunk in enumerate(report.hunks)
            for name in ("old", "new")
            if not getattr(hunk, name).tokens
        ]
        hunk = kinds[token.line - 1]
        if hunk is None:
            assert bad == [], token
            (place,) = report.outside
            changed = place.before if side == "old" else place.after
            assert changed.first == token.line
            # Without its `#` the line spliced to the first is no macro either.
            assert changed.last == token.line + (token.text == "#")
        else:
            if report.hunks[hunk].missing:  # the new function is no longer known by its name
                assert bad or report.outside
                continue
            assert bad == [(hunk, side)], token
            mismatch = getattr(report.hunks[hunk], side).mismatch
            assert mismatch.expected.token == token.text
            assert mismatch.generated.token == "changed"
            assert mismatch.generated.line == token.line
            assert report.outside == ()


def test_each_context_token_changed_on_both_sides_is_found():
    """The same fault in before and after keeps the files in step, and must not pass for it."""
    (file,) = parse_patch(ONE)
    checked = 0
    for number, hunk in enumerate(file.hunks):
        shared = 0
        while hunk.old.text[shared] == hunk.new.text[shared]:
            shared += 1
        lead = hunk.old.text[:shared].count("\n")
        starts = [line_kinds(side).index(number) for side in ("old", "new")]
        news = {(t.line - starts[1], t.column): t for t in spelt(AFTER)}
        for token in spelt(BEFORE):
            row = token.line - starts[0]
            if 1 <= row <= lead:
                twin = news[row, token.column]
                before, after = replaced(BEFORE, token), replaced(AFTER, twin)
                report = compare_patch(ONE, {FILE: before}, {FILE: after})
                assert not report.ok
                assert [(h.old.tokens, h.new.tokens) for h in report.hunks].count(
                    (False, False)
                ) == 1
                assert not report.hunks[number].old.tokens
                checked += 1
    assert checked > 30


@pytest.mark.parametrize("side", ["old", "new"])
def test_each_line_dropped_or_doubled_is_found(side):
    text = {"old": BEFORE, "new": AFTER}[side]
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if not lex(line).keys or line.lstrip().startswith("*"):
            continue
        dropped = [*lines[:number], *lines[number + 1 :]]
        doubled = [*lines[:number], line, *lines[number:]]
        for mutant in ("\n".join(dropped), "\n".join(doubled)):
            texts = (mutant, AFTER) if side == "old" else (BEFORE, mutant)
            report = compare_patch(ONE, {FILE: texts[0]}, {FILE: texts[1]})
            assert not report.ok, (number, line)
            assert sum(not h.old.tokens or not h.new.tokens for h in report.hunks) <= 1


def test_other_comments_and_white_space_leave_the_tokens_and_say_so():
    after = AFTER.replace("the write to the VMCR in", "our own words, where")
    report = compare_patch(ONE, {FILE: BEFORE}, {FILE: after})
    assert report.ok
    hunk = report.hunks[3].new
    assert (hunk.text, hunk.text_apart_from_comments, hunk.tokens) == (False, True, True)
    after = AFTER.replace("\t\t     ICC_SRE_EL2);", "\t\tICC_SRE_EL2);")
    report = compare_patch(ONE, {FILE: BEFORE}, {FILE: after})
    assert report.ok
    hunk = report.hunks[4].new
    assert (hunk.text, hunk.text_apart_from_comments, hunk.tokens) == (False, False, True)
    assert report.summary()["both"] == {
        "text": 4,
        "text_apart_from_comments": 4,
        "tokens": 5,
        "structure": 0,
    }


def test_no_comment_at_all_still_matches_apart_from_comments():
    """The files as a generator without any prose would write them."""
    from dsl.compare.source import Source, fold

    texts = ["\n".join(fold(Source(text).code)) + "\n" for text in (BEFORE, AFTER)]
    report = compare_patch(ONE, {FILE: texts[0]}, {FILE: texts[1]})
    assert report.ok
    assert [h.old.text_apart_from_comments for h in report.hunks] == [True] * 5
    assert [h.new.text_apart_from_comments for h in report.hunks] == [True] * 5
    assert [h.new.text for h in report.hunks] == [False, True, True, False, False]
