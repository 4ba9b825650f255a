"""Patches of every shape: what is read from them, and what is refused with a `PatchError`."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl.compare import PatchError, compare_patch, render
from dsl.compare.patch import parse_patch

SMALL = """\
diff --git a/x.c b/x.c
--- a/x.c
+++ b/x.c
@@ -1,3 +1,3 @@ int f(void)
 int a;
-int b;
+int c;
 int d;
"""
BEFORE, AFTER = "int a;\nint b;\nint d;\n", "int a;\nint c;\nint d;\n"


def test_the_sides_of_a_hunk_with_the_mail_around_it():
    text = f"From: A\nSubject: b\n\n--- dashes\n---\n x.c | 2 +-\n\n{SMALL}-- \n2.14.2\n\n"
    (file,) = parse_patch(text)
    (hunk,) = file.hunks
    assert (file.old_path, file.new_path, file.binary) == ("x.c", "x.c", False)
    assert (hunk.old.text, hunk.new.text) == (BEFORE, AFTER)
    assert (hunk.old.start, hunk.new.start) == (1, 1)
    assert hunk.header == "@@ -1,3 +1,3 @@ int f(void)"
    assert text.split("\n")[hunk.patch_line - 1] == hunk.header


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        ("", "no hunks"),
        ("just words\n", "no hunks"),
        ("diff --git a/x b/y\nrename from x\nrename to y\n", "no hunks"),
        ("Binary files a/x and b/x differ\n", "no hunks"),
        ("@@ -1 +1 @@\n-a\n+b\n", "Unexpected hunk"),
        ("--- a/x\n@@ -1 +1 @@\n-a\n+b\n", "not a readable patch"),
        ("+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", "Target without source"),
        (SMALL.replace("-1,3", "-1,4"), "shorter than expected"),
        (SMALL.replace("-1,3 +1,3", "-1,2 +1,2"), "longer than it says"),
        (SMALL.replace("-1,3 +1,3", "-1,1 +1,3"), "longer than expected"),
        (SMALL.replace("-1,3 +1,3", "-0,0 +0,0"), "longer than expected"),
        (SMALL.replace("-1,3", "-" + "9" * 5000 + ",3"), "not a readable patch"),
        (SMALL.replace("+int c;", "=int c;"), "line expected"),
        (SMALL + SMALL, "patched twice"),
        (SMALL + SMALL[SMALL.index("@@") :], "out of order"),
        (SMALL + "@@@ -1,2 -1,2 +1,2 @@@\n  a\n", "line 9: not a hunk"),
        (SMALL + "@@ -9,1 +9,1\n-a\n+b\n", "line 9: not a hunk"),
        ("\\ No newline at end of file\n", "Unexpected marker"),
    ],
)
def test_what_is_not_a_patch_is_refused(patch, message):
    with pytest.raises(PatchError, match=message):
        compare_patch(patch, {"x.c": BEFORE}, {"x.c": AFTER})


@settings(deadline=None)
@given(st.lists(st.sampled_from([*SMALL.splitlines(True), "\n", "\\ No\n", "@@", "x\r\n", "\0"])))
def test_lines_in_any_order_give_a_report_or_a_patch_error(lines):
    try:
        report = compare_patch("".join(lines), {"x.c": BEFORE}, {"x.c": AFTER})
    except PatchError:
        return
    assert render(report)


def test_a_patch_that_became_crlf_on_its_way_is_the_same_patch():
    report = compare_patch(SMALL.replace("\n", "\r\n"), {"x.c": BEFORE}, {"x.c": AFTER})
    assert report.ok
    assert report.hunks[0].old.text


def test_contents_with_crlf_keep_it():
    patch = SMALL.replace("int a;\n", "int a;\r\n")
    report = compare_patch(patch, {"x.c": BEFORE}, {"x.c": AFTER})
    assert (report.ok, report.hunks[0].old.text) == (True, False)
    crlf = [text.replace("int a;\n", "int a;\r\n") for text in (BEFORE, AFTER)]
    assert compare_patch(patch, {"x.c": crlf[0]}, {"x.c": crlf[1]}).hunks[0].old.text


def test_a_missing_newline_at_the_end_is_text():
    patch = SMALL.replace(" int d;\n", " int d;\n\\ No newline at end of file\n")
    report = compare_patch(patch, {"x.c": BEFORE[:-1]}, {"x.c": AFTER})
    assert (report.hunks[0].old.text, report.hunks[0].new.text) == (True, False)
    assert report.hunks[0].new.text_apart_from_comments
    assert report.ok


def test_an_added_file_is_the_whole_of_what_after_generates():
    patch = "--- /dev/null\n+++ b/new.c\n@@ -0,0 +1,2 @@\n+int a;\n+int b;\n"
    good = compare_patch(patch, {}, {"new.c": "int a;\nint b;\n"})
    assert (good.ok, good.outside) == (True, ())
    assert (good.hunks[0].new.text, good.hunks[0].old.tokens) == (True, True)
    more = compare_patch(patch, {}, {"new.c": "int a;\nint b;\nint c;\n"})
    assert not more.ok
    assert [place.after.lines for place in more.outside] == [("int c;",)]
    there = compare_patch(patch, {"new.c": ""}, {"new.c": "int a;\nint b;\n"})
    assert [p.message for p in there.outside] == [
        "before generates this file, which the patch makes"
    ]


def test_a_deleted_file_is_the_whole_of_what_before_generates():
    patch = "--- a/old.c\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-int a;\n-int b;\n"
    assert compare_patch(patch, {"old.c": "int a;\nint b;\n"}, {}).ok
    kept = compare_patch(patch, {"old.c": "int a;\nint b;\n"}, {"old.c": "int a;\n"})
    assert not kept.ok
    assert "which the patch deletes" in kept.outside[0].message


def test_a_renamed_file_is_compared_under_both_names():
    head = "diff --git a/x.c b/y.c\nrename from x.c\nrename to y.c\n"
    patch = head + SMALL[SMALL.index("---") :].replace("b/x.c", "b/y.c")
    assert compare_patch(patch, {"x.c": BEFORE}, {"y.c": AFTER}).ok
    stray = compare_patch(patch, {"x.c": BEFORE}, {"y.c": AFTER, "x.c": AFTER})
    assert [(p.file, p.message) for p in stray.outside] == [
        ("x.c", "only after generates this file, before does not")
    ]
    pure = "diff --git a/p.c b/q.c\nsimilarity index 100%\nrename from p.c\nrename to q.c\n"
    both = compare_patch(pure + SMALL, {"x.c": BEFORE, "p.c": "a"}, {"x.c": AFTER, "q.c": "b"})
    assert [(p.file, p.before.lines, p.after.lines) for p in both.outside] == [
        ("q.c", ("a",), ("b",))
    ]


def test_a_binary_file_is_never_covered():
    for binary in (
        "diff --git a/x.o b/x.o\nindex 1..2 100644\nBinary files a/x.o and b/x.o differ\n",
        "diff --git a/x.o b/x.o\nindex 1..2 100644\nGIT binary patch\nliteral 1\nIcmZ\n\n",
    ):
        report = compare_patch(binary + SMALL, {"x.c": BEFORE}, {"x.c": AFTER})
        assert (report.ok, report.not_covered) == (True, ("x.o",))


def test_a_file_that_only_one_case_generates():
    report = compare_patch(SMALL, {}, {"x.c": AFTER})
    assert not report.ok
    assert [p.message for p in report.outside] == [
        "only after generates this file, before does not"
    ]
    old, new = report.hunks[0].old, report.hunks[0].new
    assert (old.found, old.line, new.found) == (False, None, True)
    assert old.mismatch.message == "the before case does not generate this file"


def test_a_patch_without_context_says_what_changes_and_in_which_order():
    patch = "--- a/x.c\n+++ b/x.c\n@@ -1,0 +2 @@\n+int b;\n@@ -3 +3,0 @@\n-int d;\n"
    before = {"x.c": "int a;\nint c;\nint d;\n"}
    assert compare_patch(patch, before, {"x.c": "int a;\nint b;\nint c;\n"}).ok
    assert not compare_patch(patch, before, {"x.c": "int a;\nint b;\n"}).ok
    assert not compare_patch(patch, before, {"x.c": "int a;\nint c;\nint b;\nint d;\n"}).ok


def test_control_characters_of_a_patch_do_not_reach_the_terminal():
    patch = SMALL.replace("int f(void)", "\x1b[2J").replace("int c;", "int c\x1b;")
    text = render(compare_patch(patch, {"x.c": BEFORE}, {"x.c": AFTER}), colour=False)
    assert "\x1b" not in text
