"""Whole functions against a tree: before or after the patch, of another patch, or of no patch."""

import hashlib
import json
import time
from difflib import unified_diff

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl.compare import Tree, compare_case, compare_patch, parse_patch, render
from dsl.compare.applying import apply, blob_id

ABOVE = "/* A file. */\n#include <a.h>\n\n#define TWICE(x) \\\n\t((x) + (x))\n\n"
ALIEN = "static int alien(int a)\n{\n\tif (a)\n\t\treturn 1;\n\treturn 2;\n}\n\n"
SAVE = "void save(struct vcpu *v)\n{\n\tu64 a;\n\n\t/* Why. */\n\tread(CTL);\n\tisb();\n}\n"
LOAD = "static void load(struct vcpu *v)\n{\n\twrite(CTL);\n}\n"
OLD = ABOVE + ALIEN + SAVE + "\n#ifdef A\n" + ALIEN.replace("alien", "more") + LOAD + "#endif\n"
NEW = OLD.replace("isb();", "dsb();")
BEFORE, AFTER = SAVE + "\n" + LOAD, SAVE.replace("isb", "dsb") + "\n" + LOAD


def patch_of(old, new, name="a.c", ids=True, context=1):
    lines = [text.splitlines(keepends=True) for text in (old, new)]
    index = f"index {blob_id(old)[:12]}..{blob_id(new)[:12]} 100644\n" if ids else ""
    text = "".join(unified_diff(*lines, f"a/{name}", f"b/{name}", n=context))
    return f"diff --git a/{name} b/{name}\n{index}{text}"


PATCH = patch_of(OLD, NEW)


def compare(tree, before=BEFORE, after=AFTER, patch=PATCH):
    there = Tree(parse_patch(patch), tree.get)
    return there.compare({"a.c": before}, {"a.c": after})


def amiss(report):
    return [(one.case, one.name) for one in report.declarations if not one.tokens]


# ---- the state of the tree


@pytest.mark.parametrize(("text", "state"), [(OLD, "before"), (NEW, "after")])
@pytest.mark.parametrize("ids", [True, False])
def test_a_tree_before_or_after_the_patch_confirms_both_cases(text, state, ids):
    report = compare({"a.c": text}, patch=patch_of(OLD, NEW, ids=ids))
    (file,) = report.files
    assert report.ok
    assert (file.state, file.by_id, file.others) == (state, True if ids else None, 2)
    assert [(one.case, one.name, one.text) for one in file.declarations] == [
        ("before", "save", True),
        ("before", "load", True),
        ("after", "save", True),
        ("after", "load", True),
    ]


def test_a_tree_with_other_content_that_the_patch_fits_says_so():
    report = compare({"a.c": "int more_above;\n" + OLD})
    (file,) = report.files
    assert (file.state, file.by_id, report.ok) == ("before", False, True)
    assert "not the tree the patch is for (another blob id)" in " ".join(
        render(None, report).split()
    )
    report = compare({"a.c": NEW + "int more_below;\n"})
    assert (report.files[0].state, report.files[0].by_id, report.ok) == ("after", False, True)


def test_a_tree_that_the_patch_fits_neither_way_is_compared_and_does_not_hold():
    text = NEW.replace("dsb();", "dsb();\n\tisb();")
    report = compare({"a.c": text.replace("read(CTL)", "reed(CTL)")})
    (file,) = report.files
    assert (file.state, report.ok) == ("other", False)
    assert [one.name for one in file.declarations if one.tokens] == ["load"]
    assert "it fits neither forward nor back" in " ".join(render(None, report).split())
    # Even where all functions of one case are the same.
    same = compare(
        {"a.c": OLD.replace("isb();\n", "isb();\n\n\n")}, patch=patch_of(OLD, NEW, context=9)
    )
    assert not amiss(same)
    assert (same.files[0].state, same.ok) == ("other", False)


def test_a_file_that_is_not_there():
    report = compare({})
    assert (report.files[0].state, report.ok) == ("missing", False)
    assert "none of the files" in render(None, report, tree="linux")
    assert not compare_case("now", {"a.c": BEFORE, "b.c": ""}, {"a.c": OLD}.get).ok


def test_a_file_that_the_patch_makes_and_one_that_it_deletes():
    makes = "--- /dev/null\n+++ b/a.c\n@@ -0,0 +1,4 @@\n" + "".join(
        f"+{line}\n" for line in LOAD.splitlines()
    )
    for tree, state in (({}, "before"), ({"a.c": LOAD}, "after")):
        there = Tree(parse_patch(makes), tree.get)
        report = there.compare({}, {"a.c": LOAD})
        assert (report.files[0].state, report.ok) == (state, True)
        assert not there.compare({}, {"a.c": SAVE}).ok
    deletes = makes.replace("/dev/null", "a/a.c").replace("b/a.c", "/dev/null")
    deletes = (
        deletes.replace("-0,0 +1,4", "-1,4 +0,0")
        .replace("\n+", "\n-")
        .replace("\n--- ", "\n+++ ", 1)
    )
    deletes = deletes.replace("\n-++ ", "\n+++ ")
    there = Tree(parse_patch(deletes), {"a.c": LOAD}.get)
    report = there.compare({"a.c": LOAD}, {})
    assert (report.files[0].state, report.ok) == ("before", True)


def test_a_file_that_no_hunk_touches_is_compared_too():
    there = Tree(parse_patch(PATCH), {"a.c": OLD, "b.h": "void save(struct vcpu *v);\n"}.get)
    files = {"b.h": "void save(struct vcpu *v);\n"}
    report = there.compare({"a.c": BEFORE} | files, {"a.c": AFTER} | files)
    assert [(file.file, file.state, file.ok) for file in report.files] == [
        ("a.c", "before", True),
        ("b.h", "untouched", True),
    ]
    files = {"b.h": "void save(struct vcpu *w);\n"}
    assert amiss(there.compare({"a.c": BEFORE} | files, {"a.c": AFTER} | files)) == [
        ("before", "save"),
        ("after", "save"),
    ]


# ---- what differs


def test_a_function_that_only_the_tree_shows_is_held_to_it():
    wrong = [text.replace("write(CTL)", "write(DTL)") for text in (BEFORE, AFTER)]
    patch = compare_patch(PATCH, {"a.c": wrong[0]}, {"a.c": wrong[1]})
    assert patch.ok  # no hunk shows it, which the report says
    (shown,) = patch.shown
    assert (shown.part, shown.none) == (("save",), ("load",))
    report = compare({"a.c": OLD}, *wrong)
    assert amiss(report) == [("before", "load"), ("after", "load")]
    one, _ = [one for one in report.declarations if not one.tokens]
    assert one.mismatch.message == "'CTL' expected, 'DTL' is generated"
    assert one.line == OLD.split("\n").index("static void load(struct vcpu *v)") + 1
    assert "load" in render(patch, report)


@pytest.mark.parametrize(
    ("old", "new", "levels"),
    [
        ("/* Why. */", "/* So. */", (False, True, True)),
        ("\tread", "        read", (False, False, True)),
        ("read(CTL)", "read(CTL, 0)", (False, False, False)),
    ],
)
def test_how_far_a_function_is_the_same(old, new, levels):
    report = compare_case("now", {"a.c": BEFORE.replace(old, new)}, {"a.c": OLD}.get)
    one = report.declarations[0]
    assert (one.text, one.text_apart_from_comments, one.tokens) == levels
    assert report.ok is levels[-1]


def test_every_token_of_every_function_counts():
    tokens = ["void", "save", "vcpu", "*", "u64", "CTL", ";\n\tisb", "static", "load", "write"]
    for token in tokens:
        assert token in BEFORE
        for new in ("other ", ""):
            text = BEFORE.replace(token, new, 1)
            assert not compare_case("now", {"a.c": text}, {"a.c": OLD}.get).ok, token


def test_a_function_that_the_tree_does_not_have():
    for text, message in [
        ("void lode(void)\n{\n}\n", "the tree has nothing of that name"),
        ("void save(struct vcpu *v);\n", "the tree has a function of that name"),
        ("void TWICE(int x)\n{\n}\n", "the tree has a macro of that name"),
    ]:
        report = compare_case("now", {"a.c": text}, {"a.c": OLD}.get)
        (one,) = report.declarations
        assert (one.line, one.message, report.ok) == (None, message, False)
        assert message in render(None, report)


def test_of_several_under_ifdef_one_must_be_the_same():
    two = f"#ifdef A\n{LOAD.replace('CTL', 'DTL')}#else\n{LOAD}#endif\n"
    assert compare_case("now", {"a.c": LOAD}, {"a.c": two}.get).ok
    assert not compare_case("now", {"a.c": LOAD.replace("CTL", "X")}, {"a.c": two}.get).ok


def test_prototypes_of_headers_among_inline_functions():
    header = (
        "#ifndef H\n#define H\n\nint one(void);\nstatic inline int two(void)\n{\n\treturn 2;\n}\n"
        "void save(struct vcpu *v);\nvoid wide(struct vcpu *v,\n\t  int b);\n#endif\n"
    )
    good = "void save(struct vcpu *v);\nvoid wide(struct vcpu *v, int b);\n"
    report = compare_case("now", {"h.h": good}, {"h.h": header}.get)
    assert report.ok
    assert report.files[0].others == 2
    assert not compare_case("now", {"h.h": good.replace("int b", "u32 b")}, {"h.h": header}.get).ok


def test_nothing_generated_holds_nothing():
    assert not compare_case("now", {}, {}.get).ok
    assert not compare_case("now", {"a.c": "#include <a.h>\n"}, {"a.c": OLD}.get).ok


def test_a_tree_s_bytes_may_be_anything():
    for text in (
        "",
        "\0" * 1000,
        "\udcff\udcfe{{{((",
        "}" * 1000,
        "#" * 1000,
        OLD[: len(OLD) // 2],
    ):
        report = compare({"a.c": text})
        assert not report.ok
        assert render(None, report)
        assert json.dumps([file.to_json() for file in report.files])


def test_a_file_with_a_million_tokens_takes_seconds():
    large = "".join(
        f"static int f{n}(int a)\n{{\n\treturn g(a, {n});\n}}\n\n" for n in range(50_000)
    )
    begun = time.perf_counter()
    report = compare({"a.c": large + OLD}, patch=patch_of(large + OLD, large + NEW))
    assert (report.ok, report.files[0].others) == (True, 50_002)
    assert time.perf_counter() - begun < 120


# ---- applying, and names of contents


def test_the_ids_are_git_s():
    assert blob_id("") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    assert blob_id("hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert blob_id("\udcff") == hashlib.sha1(b"blob 1\0\xff").hexdigest()
    assert len(blob_id("", 64)) == 64


LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "d\n"]), max_size=30)


@settings(deadline=None)
@given(LINES, LINES, st.integers(0, 3), st.booleans())
def test_a_patch_goes_on_and_comes_off(old, new, context, ended):
    before, after = "".join(old), "".join(new)
    text = "".join(unified_diff(old, new, "a/x", "b/x", n=context))
    if not text:
        return
    (file,) = parse_patch(text)
    assert apply(file, before) == after
    assert apply(file, after, back=True) == before
    # Moved by lines above it, if it has context to go by.
    if context == 3 and len(file.hunks) == 1 and file.hunks[0].old.text == before != "":
        assert apply(file, "x\ny\n" + before + "z\n") == "x\ny\n" + after + "z\n"


def test_a_patch_that_does_not_fit():
    (file,) = parse_patch(PATCH)
    assert apply(file, NEW) is None
    assert apply(file, OLD, back=True) is None
    assert apply(file, "") is None
    assert apply(file, OLD.replace("isb();", "isb( );")) is None


# ---- what the hunks show


def test_what_the_hunks_show_whole_in_part_and_not_at_all():
    for context, expected in ((6, ("save", None, "load")), (12, ("save", "load", None))):
        patch = patch_of(OLD, NEW, context=context)
        stands = Tree(parse_patch(patch), {"a.c": OLD}.get).stands
        report = compare_patch(patch, {"a.c": BEFORE}, {"a.c": AFTER}, stands)
        (shown,) = report.shown
        names = tuple(("".join(each) or None) for each in (shown.whole, shown.part, shown.none))
        assert names == expected
    # A hunk that does not match shows nothing.
    wrong = [text.replace("CTL", "DTL") for text in (BEFORE, AFTER)]
    report = compare_patch(patch, {"a.c": wrong[0]}, {"a.c": wrong[1]})
    assert report.shown[0].none == ("save", "load")
    text = " ".join(render(report).split())
    assert "Not shown whole by the hunks" in text
    assert "a.c: not at all: save, load" in text
