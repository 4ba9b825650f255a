"""Hunks that show functions that are not ours: listed, never matched, no excuse for anything."""

import re
from difflib import unified_diff

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dsl.compare import Tree, compare_case, compare_patch, parse_patch, render
from dsl.compare.foreign import heading_names

HEAD = "/* Generated. */\n\n"
SAVE = "void save(struct vcpu *v)\n{\n\tread(CTL);\n\tisb();\n}\n"
LOAD = "static void load(struct vcpu *v)\n{\n\twrite(CTL);\n}\n"
ALIEN = "static int alien(int a)\n{\n\tif (a)\n\t\treturn 1;\n\treturn 2;\n}\n"
MACRO = "#define WRAP(x) \\\n\tdo { \\\n\t\tx; \\\n\t} while (0)\n"


def headed(patch, old):
    """The patch with what git writes behind `@@`: the last line in column 1 above the hunk."""
    lines = old.split("\n")
    result = []
    for line in patch.splitlines(keepends=True):
        if line.startswith("@@"):
            start = int(line.split()[1].split(",")[0].lstrip("-"))
            above = [each for each in lines[: start - 1] if each[:1].isalpha()]
            line = f"{line.rstrip()} {above[-1]}\n" if above else line
        result.append(line)
    return "".join(result)


def patch_of(old, new, context=3, name="a.c"):
    lines = [text.splitlines(keepends=True) for text in (old, new)]
    return headed("".join(unified_diff(*lines, f"a/{name}", f"b/{name}", n=context)), old)


def compare(old, new, before, after, **how):
    patch = patch_of(old, new, **how)
    return compare_patch(patch, {"a.c": HEAD + before}, {"a.c": HEAD + after})


def changed(text, old="isb", new="dsb"):
    assert old in text
    return text.replace(old, new)


NEW = changed(SAVE)


# ---- context that is not ours


@pytest.mark.parametrize(
    ("above", "below", "names"),
    [
        ("", "\n" + ALIEN, ["alien"]),
        (ALIEN + "\n", "", ["alien"]),
        (ALIEN + "\n", "\n" + ALIEN.replace("alien", "other"), ["alien", "other"]),
        (MACRO + "\n", "\n#define ONE 1\n", ["WRAP", "ONE"]),
        ("#ifdef A\n", "#endif\n", ["#ifdef A", "#endif"]),
        ("#include <x.h>\n", "EXPORT_SYMBOL(save);\n", ["#include <x.h>", "EXPORT_SYMBOL(save)"]),
        ("struct s {\n\tint a;\n};\n", "\nenum {\n\tA,\n\tB\n};\n", ["s", "enum {A"]),
        ("DEFINE_KEY(k)\n", "\nstatic int n = 3;\n", ["DEFINE_KEY(k)", "n"]),
        ("/* Why. */\nint a(void);\n", "", ["a"]),
    ],
)
def test_it_is_listed_and_the_rest_is_compared_as_text(above, below, names):
    report = compare(above + SAVE + below, above + NEW + below, SAVE, NEW, context=20)
    (hunk,) = report.hunks
    assert report.ok
    assert (hunk.old.text, hunk.new.text) == (True, True)
    assert [one.name for one in hunk.foreign] == names
    assert not any(one.changed for one in hunk.foreign)
    assert report.foreign_lines > 0
    text = " ".join(render(report).split())
    assert "Context that is not ours" in text
    assert all(name in text for name in names)
    assert "of context" in text


def test_the_lines_are_those_of_the_tree():
    report = compare(ALIEN + "\n" + SAVE, ALIEN + "\n" + NEW, SAVE, NEW, context=20)
    (one,) = report.hunks[0].foreign
    assert one.to_json() == {
        "name": "alien",
        "changed": False,
        "old": {"first": 1, "last": 6},
        "new": {"first": 1, "last": 6},
    }
    assert report.foreign_lines == report.summary()["not_ours"] == 6


def test_a_function_that_is_not_ours_between_two_that_are():
    old, new = SAVE + "\n" + ALIEN + "\n" + LOAD, NEW + "\n" + ALIEN + "\n" + LOAD
    report = compare(old, new, SAVE + "\n" + LOAD, NEW + "\n" + LOAD, context=20)
    assert report.ok
    assert report.hunks[0].new.text
    assert [one.name for one in report.hunks[0].foreign] == ["alien"]
    swapped = compare(old, new, LOAD + "\n" + SAVE, LOAD + "\n" + NEW, context=20)
    assert not swapped.ok  # the order of ours is the patch's


def test_functions_that_are_not_ours_between_hunks_make_distances_differ():
    gap = "\n" + "\n".join(ALIEN.replace("alien", f"alien{n}") for n in range(5)) + "\n"
    old, new = SAVE + gap + LOAD, NEW + gap + changed(LOAD, "CTL", "DTL")
    before, after = SAVE + "\n" + LOAD, NEW + "\n" + changed(LOAD, "CTL", "DTL")
    report = compare(old, new, before, after, context=2)
    assert len(report.hunks) == 2
    assert report.ok


@pytest.mark.parametrize("context", [1, 2, 3, 4, 5])
def test_a_hunk_may_begin_in_the_middle_of_what_is_not_ours(context):
    old = ALIEN + SAVE.replace("\tread(CTL);\n", "")
    new = ALIEN + changed(SAVE.replace("\tread(CTL);\n", ""))
    report = compare(old, new, old[len(ALIEN) :], new[len(ALIEN) :], context=context)
    assert report.ok
    assert report.hunks[0].new.text


@pytest.mark.parametrize("context", [3, 4, 5, 6])
def test_a_hunk_may_begin_in_the_middle_of_a_macro(context):
    old, new = MACRO + SAVE, MACRO + NEW
    report = compare("int x;\n" + old, "int x;\n" + new, SAVE, NEW, context=context)
    assert report.hunks[0].foreign or context == 3
    assert report.ok


def test_prose_at_the_start_of_a_hunk_is_still_prose():
    doc = "/*\n * Not ours, { and not code\n */\n"
    old, new = doc + ALIEN + SAVE, doc + ALIEN + NEW
    for context in range(3, 12):
        assert compare(old, new, SAVE, NEW, context=context).ok, context


def test_the_guard_of_a_generated_header_is_its_own():
    guard = "#ifndef VGS_A_H\n#define VGS_A_H\n\n{}\n#endif\n"
    old, new = "int one(void);\n", "int one(void);\nint two(void);\n"
    tree = "#ifndef A_H\n#define A_H\n\n#ifdef B\nint b;\n#endif\n{}\n#endif /* A_H */\n"
    report = compare(*map(tree.format, (old, new)), *map(guard.format, (old, new)), context=20)
    assert report.ok
    assert [one.name for one in report.hunks[0].foreign] == [
        *("#ifndef A_H", "A_H", "#ifdef B", "b", "#endif", "#endif")
    ]
    assert report.shown[0].whole == ("one", "two")
    whole = compare_case("now", {"a.h": guard.format(new)}, {"a.h": tree.format(new)}.get)
    assert whole.ok
    assert [one.name for one in whole.declarations] == ["one", "two"]


# ---- no excuse


@pytest.mark.parametrize("line", ["\tread(CTL);\n", "void save(struct vcpu *v)\n", "{\n"])
def test_context_that_is_ours_must_be_generated(line):
    """The same fault in both cases, in a line that the patch shows as context."""
    old, new = ALIEN + "\n" + SAVE + "\n" + ALIEN, ALIEN + "\n" + NEW + "\n" + ALIEN
    wrong = [text.replace(line, line.replace("\n", " odd\n")) for text in (SAVE, NEW)]
    report = compare(old, new, *wrong, context=20)
    assert not report.ok
    assert not report.hunks[0].old.tokens or report.hunks[0].missing


def test_a_line_of_ours_before_the_first_brace_is_no_stranger():
    """Hunks that begin inside a function of ours: what stands above them says so."""
    old, new = ALIEN + "\n" + SAVE, ALIEN + "\n" + NEW
    wrong = [text.replace("read", "reed") for text in (SAVE, NEW)]
    report = compare(old, new, *wrong, context=1)
    assert report.hunks[0].header.endswith("@@ void save(struct vcpu *v)")
    assert not report.ok
    bare = patch_of(old, new, context=1).replace(" void save(struct vcpu *v)", "")
    report = compare_patch(bare, {"a.c": wrong[0]}, {"a.c": wrong[1]})
    assert not report.ok  # nothing says whose it is, so it must be ours


def test_a_macro_reading_excuses_no_first_line():
    old, new = ALIEN + SAVE, ALIEN + NEW
    patch = patch_of(old, new, context=1).replace(" \tread(CTL);\n", " \twrong(CTL);\n")
    assert not compare_patch(patch, {"a.c": SAVE}, {"a.c": NEW}).ok


def test_a_declaration_after_the_one_in_the_heading_is_not_what_the_heading_names():
    old, new = (
        "int alien(void);\nvoid one(int a);\n",
        "int alien(void);\nvoid one(int a);\nint b;\n",
    )
    good, bad = "void one(int a);\n", "void one(long a);\n"
    patch = patch_of(old, new, context=1)
    assert patch.count("@@ int alien(void);") == 1
    assert compare_patch(patch, {"a.c": good}, {"a.c": good + "int b;\n"}).ok
    assert not compare_patch(patch, {"a.c": bad}, {"a.c": bad + "int b;\n"}).ok


def test_a_line_that_is_ours_in_part_is_ours():
    line = "void one(int a); int alien(void);\n"
    wrong = "void one(long a);\n"
    report = compare(line + SAVE, line + NEW, wrong + SAVE, wrong + NEW, context=20)
    assert not report.ok


def test_the_middle_of_a_macro_may_be_ours_where_macros_are_generated():
    wrong = MACRO.replace("x;", "y;")
    report = compare(MACRO + SAVE, MACRO + NEW, wrong + SAVE, wrong + NEW, context=6)
    assert not report.ok
    assert compare(MACRO + SAVE, MACRO + NEW, MACRO + SAVE, MACRO + NEW, context=6).ok


def test_a_function_that_one_case_lacks_is_ours():
    old, new = SAVE + "\n" + LOAD, NEW + "\n" + LOAD
    for before, after in ((SAVE, NEW + "\n" + LOAD), (SAVE + "\n" + LOAD, NEW)):
        report = compare(old, new, before, after, context=20)
        assert not report.ok
        assert not report.hunks[0].matches


def test_a_sequence_that_was_deleted_or_renamed_in_both_cases_is_named():
    """As context it is listed; where the patch changes it, the report does not hold."""
    old, new = SAVE + "\n" + LOAD, NEW + "\n" + LOAD
    context = compare(old, new, SAVE, NEW, context=20)
    assert [one.name for one in context.hunks[0].foreign] == ["load"]
    assert "load" in render(context)
    for gone in ("", LOAD.replace("load", "lode")):
        report = compare(old, new, gone or LOAD, gone or LOAD, context=20)
        (hunk,) = report.hunks
        assert not report.ok
        assert not hunk.matches
        assert hunk.missing == ("save",)
        assert "save" in render(report)


def test_a_change_of_what_is_not_ours_is_no_full_match():
    other = changed(ALIEN, "return 1", "return 3")
    report = compare(ALIEN + "\n" + SAVE, other + "\n" + NEW, SAVE, NEW, context=20)
    (hunk,) = report.hunks
    assert (hunk.covered, hunk.matches, report.ok) == (True, False, False)
    assert (hunk.old.tokens, hunk.new.tokens) == (True, True)
    assert hunk.missing == ("alien",)
    text = " ".join(render(report).split())
    assert "changes what no sequence generates: alien" in text
    assert "0 of 1 hunk of 1 file match" in text


@pytest.mark.parametrize(
    ("old", "new"),
    [("", ALIEN), (ALIEN, ""), ("", "#define ONE 1\n"), ("", "#include <y.h>\n")],
)
def test_what_the_patch_makes_or_takes_away_must_be_ours(old, new):
    report = compare(old + SAVE, new + SAVE, SAVE, SAVE, context=20)
    assert not report.ok
    assert len(report.hunks[0].missing) == 1


def test_what_moves_past_ours_is_changed():
    ours = SAVE + "\n" + LOAD
    moved = compare(ALIEN + "\n" + ours, ours + "\n" + ALIEN, ours, ours, context=20)
    assert moved.hunks[0].missing == ("alien",)
    assert not moved.ok


def test_a_new_function_whose_last_brace_diff_took_from_its_neighbour():
    """Diff may show the new function's end as context, and its neighbour's as new."""
    patch = (
        "--- a/a.c\n+++ b/a.c\n@@ -5,3 +5,8 @@ static int alien(int a)\n \treturn 2;\n"
        "+}\n+\n+static void load(struct vcpu *v)\n+{\n+\twrite(CTL);\n }\n \n"
    )
    assert compare_patch(patch, {"a.c": HEAD}, {"a.c": HEAD + LOAD}).ok
    wrong = {"a.c": HEAD + LOAD.replace("CTL", "DTL")}
    assert not compare_patch(patch, {"a.c": HEAD}, wrong).ok


def test_a_hunk_without_a_line_of_ours_is_not_covered():
    pad = "\n" * 9
    old, new = SAVE + pad + ALIEN, NEW + pad + changed(ALIEN, "return 1", "return 3")
    report = compare(old, new, SAVE, NEW)
    assert [hunk.covered for hunk in report.hunks] == [True, False]
    assert report.hunks[1].missing == ("alien",)
    assert (report.not_covered, report.ok) == ((), False)
    text = " ".join(render(report).split())
    assert "a.c: 1 hunk, of alien" in text
    assert "1 of 1 hunk of 1 file match on both sides (text)" in text
    assert "1 hunk of 1 file is not covered" in text
    prose = compare(SAVE + pad + ALIEN, NEW + pad + "/* so */\n" + ALIEN, SAVE, NEW)
    assert prose.ok  # a comment of what is not ours


def test_a_macro_call_goes_by_its_word_where_ours_has_one():
    old, new = "KEY(a);\n" + SAVE, "KEY(a);\n" + NEW
    assert compare(old, new, "KEY(b);\n" + SAVE, "KEY(b);\n" + NEW, context=9).ok is False


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("static void __hyp_text f(struct vcpu *v)", ["f"]),
        ("int f(struct a *b,", ["f"]),
        ("f(int a)", ["f(int a)", "f"]),
        ("struct s {", ["s"]),
        ("static const struct s ops = {", ["ops"]),
        ("out:", []),
        ("", []),
        ("static struct very_long_name *", []),
    ],
)
def test_what_the_heading_of_a_hunk_names(heading, names):
    assert list(heading_names(f"@@ -1,2 +3,4 @@ {heading}".rstrip())) == names


# ---- with the tree


def test_the_tree_tells_what_a_hunk_begins_in():
    """Without a heading, and inside a comment that shows no end."""
    prose = "".join(f" * say {{ this {n}\n" for n in range(9))
    old = f"/*\n{prose} */\n" + ALIEN + SAVE
    new = old.replace("say { this 4", "say that").replace("isb", "dsb")
    new = new.replace("say { this 5", "or (")
    patch = patch_of(old, new, context=2)
    bare = "\n".join(
        line.split(" @@ ")[0] + " @@" if line[:2] == "@@" else line for line in patch.split("\n")
    )
    files = {"a.c": SAVE}, {"a.c": NEW}
    for text in (old, new):
        there = Tree(parse_patch(bare), {"a.c": text}.get)
        report = compare_patch(bare, *files, there.stands)
        assert all(hunk.matches for hunk in report.hunks if hunk.covered)
        assert report.ok
    # It begins in a function whose name no heading gives.
    patch = patch_of(ALIEN + SAVE, ALIEN + NEW, context=6)
    bare = patch.replace(" static int alien(int a)", "")
    assert bare != patch
    assert not compare_patch(bare, *files).ok
    there = Tree(parse_patch(bare), {"a.c": ALIEN + SAVE}.get)
    report = compare_patch(bare, *files, there.stands)
    assert report.ok
    assert [one.name for one in report.hunks[0].foreign] == ["alien"]


# ---- whatever a patch is


FUNCTIONS = [
    f"{kind} {name}(struct vcpu *v)\n{{\n{body}}}\n"
    for name, kind in zip("abcdef", ["void", "static int", "static inline u64"] * 2, strict=True)
    for body in ("\tone();\n", "\tone();\n\tif (x) {\n\t\ttwo();\n\t}\n")
]
ITEMS = st.sampled_from([*FUNCTIONS, MACRO, "#ifdef A\n", "#endif\n", "struct s {\n\tint a;\n};\n"])


def begins_with_the_last_line_of_a_macro(old, patch):
    """Nothing in such a hunk tells that its first line is not top-level C."""
    lines = ["", *old.splitlines()]
    start = int(re.search(r"^@@ -(\d+)", patch, re.MULTILINE)[1])
    return lines[start - 1].endswith("\\") and not lines[start].endswith("\\")


@settings(deadline=None)
@given(
    st.lists(ITEMS, max_size=5, unique=True),
    st.lists(ITEMS, max_size=5, unique=True),
    st.integers(1, 6),
    st.sampled_from(["one", "two", "x"]),
)
def test_files_with_anything_around_ours_match_and_no_change_of_ours_is_lost(
    above, below, context, word
):
    """What is generated is one part of the tree's file, and the patch changes just that."""
    ours = SAVE.replace("isb", word) + "\n" + LOAD
    after = ours.replace(word + "()", "changed()")
    top, end = "\n".join(above), "\n".join(below)
    old, new = (f"{top}\n{part}\n{end}" for part in (ours, after))
    assume(not begins_with_the_last_line_of_a_macro(old, patch_of(old, new, context=context)))
    report = compare(old, new, ours, after, context=context)
    assert report.ok, render(report)
    for mutant in (ours.replace("read", "reed"), ours.replace("{\n", "{\n\tmore();\n", 1)):
        spoilt = mutant.replace(word + "()", "changed()")
        wrong = compare(old, new, mutant, spoilt, context=context)
        shown = "read(CTL)" in patch_of(old, new, context=context)
        assert not wrong.ok or not shown or "more" in mutant
        if context >= 3:  # the braces of the function are in the hunk
            assert not wrong.ok
