"""Placing hunks: ambiguous ones, faults in them and outside, comments, and the report of it all."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl.compare import compare_patch, render
from dsl.compare.comments import begins_in_comment
from dsl.compare.placement import Pair, find_chain, place_all
from dsl.compare.sequences import Interner, common_prefix, common_suffix, occurrences
from dsl.compare.source import Source, fold


def diff(*hunks, name="x.c"):
    """A patch of one file from hunks given as (old start, new start, body)."""
    text = f"--- a/{name}\n+++ b/{name}\n"
    for old, new, body in hunks:
        lines = body.splitlines(True)
        count = [sum(line[0] in signs for line in lines) for signs in (" -", " +")]
        text += f"@@ -{old},{count[0]} +{new},{count[1]} @@\n{body}"
    return text


def compare(patch, before, after, name="x.c"):
    return compare_patch(patch, {name: before}, {name: after})


def levels(side):
    return (side.text, side.text_apart_from_comments, side.tokens)


# --- ambiguous hunks


def test_a_short_hunk_is_placed_where_all_hunks_agree():
    block = "f();\nx = 1;\n}\n"
    before = block * 5
    after = block * 3 + "f();\nx = 2;\n}\n" + block
    report = compare(diff((99, 99, "-x = 1;\n+x = 2;\n }\n")), before, after)
    assert report.ok
    assert (report.hunks[0].old.line, report.hunks[0].new.line) == (11, 11)


def test_the_first_find_is_not_taken_when_a_later_hunk_needs_another():
    # The first hunk fits twice; only its second place keeps the gap to the second hunk equal.
    before = "a;\nb;\nq;\na;\nb;\nz;\n"
    after = "a;\nb;\nq;\na;\nc;\nb;\ny;\n"
    report = compare(diff((4, 4, " a;\n+c;\n b;\n"), (6, 7, "-z;\n+y;\n")), before, after)
    assert report.ok
    assert report.hunks[0].old.line == 4


def test_of_equal_places_the_one_whose_text_matches_is_taken():
    patch = diff((1, 1, " a;\n-/* old */\n+/* new */\n b;\n"))
    before = "a;\nb;\nx;\na;\n/* old */\nb;\nx;\na;\nb;\n"
    after = before.replace("old", "new")
    report = compare(patch, before, after)
    assert report.ok
    assert levels(report.hunks[0].old) == levels(report.hunks[0].new) == (True, True, True)
    assert (report.hunks[0].old.line, report.outside_text) == (4, ())


def test_a_fault_below_does_not_move_an_ambiguous_hunk():
    block = "f();\nx = 1;\n}\n"
    before = block * 3 + "end;\nmore;\n"
    after = block + "f();\nx = 2;\n}\n" + block + "end;\nother;\nmore;\n"
    report = compare(diff((5, 5, "-x = 1;\n+x = 2;\n }\n")), before, after)
    assert report.hunks[0].matches
    assert report.hunks[0].old.line == 5
    (place,) = report.outside
    assert (place.before.first, place.before.last, place.before.lines) == (11, 10, ())
    assert (place.after.first, place.after.last, place.after.lines) == (11, 11, ("other;",))


def test_a_fault_above_does_not_move_an_ambiguous_hunk():
    block = "f();\nx = 1;\n}\n"
    before = "start;\n" + block * 3
    after = "begin;\n" + block + "f();\nx = 2;\n}\n" + block
    report = compare(diff((6, 6, "-x = 1;\n+x = 2;\n }\n")), before, after)
    assert report.hunks[0].matches
    assert report.hunks[0].old.line == 6
    assert [p.before.lines for p in report.outside] == [("start;",)]


def test_the_chain_takes_the_highest_score_among_places():
    interner = Interner()
    text = interner.encode("abcabcabc")
    pair = Pair(interner.encode("bc"), interner.encode("bc"))
    places, complete = find_chain(text, text, [pair], lambda _, p, q: int(p == 8))
    assert (places, complete) == ([(8, 8)], True)


def test_hunks_stay_in_the_order_of_the_patch():
    before, after = "a;\nb;\n", "A;\nB;\n"
    good = diff((1, 1, "-a;\n+A;\n"), (2, 2, "-b;\n+B;\n"))
    swapped = diff((1, 1, "-b;\n+B;\n"), (2, 2, "-a;\n+A;\n"))
    assert compare(good, before, after).ok
    assert not compare(swapped, before, after).ok


def exists(before, after, pairs):
    """Whether some places fit, by trying all: the definition that the search must agree with."""
    if not pairs:
        return before == after
    old, new = pairs[0]
    return any(
        before[:start] == after[:start]
        and before.startswith(old, start)
        and after.startswith(new, start)
        and exists(before[start + len(old) :], after[start + len(new) :], pairs[1:])
        for start in range(min(len(before), len(after)) + 1)
    )


WORDS = st.text(alphabet="ab", max_size=3)
PAIRS = st.lists(st.tuples(WORDS, WORDS).filter(any), min_size=1, max_size=3)


@settings(deadline=None)
@given(PAIRS, st.text(alphabet="ab", max_size=8), st.text(alphabet="ab", max_size=8))
def test_the_search_finds_places_exactly_where_there_are_any(pairs, before, after):
    interner = Interner()
    encoded = [Pair(interner.encode(old), interner.encode(new)) for old, new in pairs]
    _, complete = find_chain(interner.encode(before), interner.encode(after), encoded)
    assert complete == exists(before, after, pairs)


@settings(deadline=None)
@given(PAIRS, st.lists(WORDS, min_size=4, max_size=4), st.booleans(), st.integers(0, 30))
def test_places_are_in_order_and_hold_what_they_should(pairs, gaps, spoil, at):
    """Files made by the hunks are placed in full; spoilt ones in order, and never wrongly."""
    parts = [
        "".join(gap + pair[side] for gap, pair in zip(gaps, [*pairs, ("", "")], strict=False))
        for side in (0, 1)
    ]
    if spoil:
        parts[1] = parts[1][:at] + "x" + parts[1][at:]
    interner = Interner()
    before, after = map(interner.encode, parts)
    encoded = [Pair(interner.encode(old), interner.encode(new)) for old, new in pairs]
    places = place_all(before, after, encoded)
    assert len(places) == len(pairs)
    ends = [0, 0]
    for pair, place in zip(encoded, places, strict=True):
        for side, text in enumerate((pair.old, pair.new)):
            if place[side] is None:
                assert spoil
                continue
            assert place[side] >= ends[side]
            assert (before, after)[side].startswith(text, place[side])
            ends[side] = place[side] + len(text)


# --- faults


BODY = " \tone();\n-\ttwo();\n+\ttwo(2);\n \tthree();\n"
BEFORE = "h();\n\tone();\n\ttwo();\n\tthree();\nt();\n"
AFTER = BEFORE.replace("two()", "two(2)")


def test_a_token_inside_a_hunk_marks_the_side_and_the_place():
    report = compare(diff((2, 2, BODY)), BEFORE, AFTER.replace("two(2)", "two(3)"))
    side = report.hunks[0].new
    assert not report.ok
    assert report.hunks[0].old.tokens
    assert side.mismatch.message == "'2' expected, '3' is generated"
    assert (side.mismatch.expected.line, side.mismatch.expected.column) == (3, 6)
    assert (side.mismatch.generated.line, side.mismatch.generated.column) == (3, 6)
    text = render(report)
    assert "  >      3 |         two(2);\n           |             ^\n" in text
    assert "  >      3 |         two(3);\n           |             ^\n" in text


def test_the_first_token_and_a_missing_one():
    first = compare(diff((2, 2, BODY)), BEFORE.replace("one", "uno"), AFTER)
    assert first.hunks[0].old.mismatch.message == "'one' expected, 'uno' is generated"
    gone = compare(diff((2, 2, BODY)), BEFORE, "h();\n\tone();\n")
    assert gone.hunks[0].new.mismatch.message == "'two' expected, the file ends"
    none = compare(diff((2, 2, BODY)), BEFORE, "# # #\n")
    assert none.hunks[0].new.mismatch.message == "nothing like it is generated"
    assert none.hunks[0].new.line is None


def test_a_new_token_near_the_beginning_is_told_from_the_end():
    before = BEFORE.replace("one();", "one(x);")
    (hunk,) = compare(diff((2, 2, BODY)), before, AFTER).hunks
    assert hunk.old.mismatch.message == "')' expected, 'x' is generated"


def test_the_same_fault_in_both_is_two_failing_sides():
    report = compare(
        diff((2, 2, BODY)), BEFORE.replace("t();", "u();"), AFTER.replace("t();", "u();")
    )
    assert report.ok  # outside, and the same on both sides
    both = [text.replace("three", "drei") for text in (BEFORE, AFTER)]
    report = compare(diff((2, 2, BODY)), *both)
    assert [report.hunks[0].old.tokens, report.hunks[0].new.tokens] == [False, False]


def test_a_difference_outside_in_comments_only_is_told_apart():
    report = compare(diff((2, 2, BODY)), "/* a */ " + BEFORE, "/* b */\n" + AFTER)
    assert (report.ok, report.outside) == (True, ())
    (place,) = report.outside_text
    assert (place.before.lines, place.after.lines) == (("/* a */ h();",), ("/* b */", "h();"))


def test_a_comment_above_a_hunk_in_other_words_is_no_difference_outside():
    patch = diff((3, 3, "-a;\n+b;\n /* why */\n c;\n"))
    before, after = (
        "x;\n/* the same */\na;\n/* why */\nc;\n",
        "x;\n/* the same */\nb;\n/* so */\nc;\n",
    )
    report = compare(patch, before, after)
    assert levels(report.hunks[0].new) == (False, True, True)
    assert report.outside_text == ()


def test_files_that_the_patch_does_not_touch_must_be_the_same():
    patch = diff((2, 2, BODY))
    before = {"x.c": BEFORE, "y.h": "int a;\n", "z.h": "int  z;\n"}
    after = {"x.c": AFTER, "y.h": "int b;\n", "z.h": "int z;\n", "w.h": ""}
    report = compare_patch(patch, before, after)
    assert [(p.file, p.message) for p in report.outside] == [
        ("w.h", "only after generates this file, before does not"),
        ("y.h", "before and after differ outside the hunks"),
    ]
    assert [p.file for p in report.outside_text] == ["z.h"]
    assert not report.ok


def test_an_uncovered_file_is_listed_and_never_matches():
    report = compare_patch(diff((2, 2, BODY)), {}, {})
    assert (report.ok, report.not_covered) == (False, ("x.c",))
    (hunk,) = report.hunks
    assert (hunk.covered, hunk.matches, hunk.old.tokens) == (False, False, None)
    assert "no hunk is covered; nothing differs outside; 1 hunk of 1 file is not" in render(report)


def test_a_line_that_ends_a_directive_is_not_one_that_goes_on():
    patch = diff((1, 1, " #define A\n-b();\n+c();\n"))
    assert compare(patch, "#define A\nb();\n", "#define A\nc();\n").ok
    assert not compare(patch, "#define A b();\n", "#define A c();\n").ok


def test_a_hunk_may_begin_inside_a_macro():
    patch = diff((2, 2, " \tone; \\\n-\ttwo;\n+\ttoo;\n three;\n"))
    before = "#define M \\\n\tone; \\\n\ttwo;\nthree;\n"
    assert compare(patch, before, before.replace("two", "too")).ok
    patch = diff((3, 3, " \ttwo;\n-three;\n+drei;\n"))
    assert compare(patch, before, before.replace("three", "drei")).ok


# --- comments


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        (" * words\n */\nx;\n", True),
        ("x; /* y */\n", False),
        (" * it isn't so\n */ c = 'x';\n", True),
        (" * see https://example.org */\n", True),
        (' s = "*/"; /* y */\n', False),
        (" c = '\"'; */\n", True),
        (" // */\n x; /* y */\n", False),
        (" a */* c */ b;\n", False),
        (" * words\n", None),
        ("x;\n", None),
    ],
)
def test_how_a_side_begins(text, begins):
    assert begins_in_comment(text) is begins


def test_a_side_without_delimiters_goes_by_the_other():
    # Only the new side shows the end of the comment in which both begin.
    patch = diff((2, 2, "  * words\n+ */\n+int a;\n+/*\n  * more\n"))
    report = compare(
        patch, "/*\n * words\n * more\n */\n", "/*\n * words\n */\nint a;\n/*\n * more\n */\n"
    )
    assert report.ok
    assert report.hunks[0].old.text


def test_prose_without_any_delimiter_is_no_code():
    patch = diff((2, 2, "  * one\n- * two\n+ * 2\n  * three\n"), (9, 9, "-a;\n+b;\n"))
    before = "/*\n * one\n * two\n * three\n */\na;\n"
    report = compare(patch, before, before.replace("two", "2").replace("a;", "b;"))
    assert report.ok
    assert levels(report.hunks[0].old) == (True, True, True)
    other = compare(patch, before.replace("one", "1"), before.replace("a;", "b;"))
    assert levels(other.hunks[0].old) == (False, True, True)
    assert not other.hunks[0].old.found


def test_a_patch_of_comments_only_proves_nothing():
    patch = diff((2, 2, "  * one\n- * two\n+ * 2\n"))
    assert not compare(patch, "/*\n * one\n * two\n */\n", "/*\n * one\n * 2\n */\n").ok


def test_what_is_left_of_lines_without_comments():
    text = "a; /* x */\n\t/* y */ b;\n\n/*\n * z\n\n */\n\nc /* d */ + e; // f\n\t\n/**/\n"
    assert Source(text).code == [
        *("a;", "\tb;", "", None, None, None, None, "", "c + e;", "\t", None)
    ]
    assert fold(Source(text).code) == ["a;", "\tb;", "", "c + e;", "\t"]


@pytest.mark.parametrize(
    ("generated", "holds"),
    [
        ("one();\n\n/* why */\ntwo();\nthree();\n", (True, True, True)),
        ("one();\n\n/*\n * because\n */\ntwo();\nthree();\n", (False, True, True)),
        ("one();\n\ntwo(); /* so */\nthree();\n", (False, True, True)),
        ("one();\n\n/* why */\n\ntwo();\nthree();\n", (False, True, True)),
        ("one();\ntwo();\nthree();\n", (False, False, True)),
        ("one();\n\n\n/* why */\ntwo();\nthree();\n", (False, False, True)),
        ("one();\n\n/* why */\n two();\nthree();\n", (False, False, True)),
        ("one();\n\n/* why */\ntwo(); three();\n", (False, False, True)),
        ("one();\n\n/* why */\ntwo(1);\nthree();\n", (False, False, False)),
    ],
)
def test_the_levels_of_a_side(generated, holds):
    patch = diff((1, 1, "-old;\n one();\n \n /* why */\n two();\n three();\n"))
    report = compare(patch, "old;\none();\n\n/* why */\ntwo();\nthree();\n", generated)
    assert levels(report.hunks[0].new) == holds


# --- search


def test_occurrences_overlap_and_stay_within_bounds():
    text = Interner().encode("aaaa")
    assert occurrences(text, text[:4], 0, len(text)) == [0, 2, 4]
    assert occurrences(text, text[:4], 2, 6) == [2]


def test_crowded_occurrences_are_all_found_in_linear_time():
    text = Interner().encode(["x"] * 200_000)
    begun = time.perf_counter()
    assert len(occurrences(text, text[:200_000], 0, 2 * len(text))) == 100_001
    assert time.perf_counter() - begun < 5


def test_common_ends():
    a, b = "ab" * 1000 + "cd" + "ef" * 500, "ab" * 1000 + "ce" + "ef" * 500
    assert common_prefix(a, 0, b, 0) == 2000
    assert common_prefix(a, 0, b, 0, 10) == 10
    assert common_suffix(a, len(a), b, len(b)) == 1000
    assert common_suffix(a, len(a), b, len(b), 0) == 0


def test_large_files_and_many_equal_tokens_do_not_hang():
    block = "f(a, b);\n\tx = y[1];\n}\n"
    before = block * 20_000
    after = before[: len(block) * 9000] + "new();\n" + before[len(block) * 9000 :]
    # What others make the machine do is not counted.
    begun = time.process_time()
    report = compare(diff((9, 9, " }\n+new();\n f(a, b);\n")), before, after)
    assert report.ok
    assert report.hunks[0].old.line == 27_000
    assert not compare(diff((9, 9, " }\n+new(1);\n f(a, b);\n")), before, after).ok
    assert time.process_time() - begun < 10


# --- the report


def test_the_json_of_a_report():
    patch = diff((2, 2, BODY)) + diff((1, 1, "-a;\n+b;\n"), name="other.c")
    changed = AFTER.replace("h();", "g();").replace("two(2)", "two(3)")
    report = compare(patch, BEFORE, changed)
    data = report.to_json()
    assert json.loads(json.dumps(data)) == data
    assert list(data) == [
        *("ok", "summary", "hunks", "outside", "outside_text", "unjudged", "not_covered"),
        "shown",
    ]
    assert data["ok"] is False
    good = {"found": True, "line": 2, "text": True, "text_apart_from_comments": True}
    first, second = data["hunks"]
    assert (first["file"], first["header"]) == ("x.c", "@@ -2,3 +2,3 @@")
    assert first["old"] == {**good, "tokens": True, "structure": None}
    assert first["new"] == {
        **dict.fromkeys(("found", "text", "text_apart_from_comments", "tokens"), False),
        "line": 3,
        "structure": None,
        "mismatch": {
            "message": "'2' expected, '3' is generated",
            "expected": {
                "token": "2",
                "line": 3,
                "column": 6,
                "lines": [
                    {"number": 2, "text": "\tone();"},
                    {"number": 3, "text": "\ttwo(2);"},
                    {"number": 4, "text": "\tthree();"},
                ],
            },
            "generated": {
                "token": "3",
                "line": 3,
                "column": 6,
                "lines": [
                    {"number": number, "text": text}
                    for number, text in enumerate(changed.splitlines(), 1)
                ],
            },
        },
    }
    absent = dict.fromkeys(("line", "text", "text_apart_from_comments", "tokens", "structure"))
    assert (second["covered"], second["old"]) == (False, {"found": False, **absent})
    assert data["not_covered"] == ["other.c"]
    assert data["summary"]["both"]["tokens"] == 0
    assert data["summary"]["old"]["tokens"] == 1


def test_the_rendering_fits_100_columns_and_is_plain_without_colour():
    long = "x" * 300
    patch = diff((2, 2, f" \tone();\n-\t{long}(a);\n+\t{long}(b);\n"))
    report = compare(patch, BEFORE, AFTER.replace("h", long))
    text = render(report, colour=False)
    assert max(map(len, text.split("\n"))) <= 100
    assert "\x1b" not in text
    assert "\x1b" in render(report, colour=True)
