"""Whatever a diff program writes about two files, the comparison confirms against these files."""

from difflib import unified_diff

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dsl.compare import compare_patch, render
from dsl.compare.tokens import lex

# Pieces of C that stay whole, so that the files are C whichever way they are put together.
PIECES = st.sampled_from(
    [
        "\tisb();\n",
        "\tdsb(sy);\n",
        "}\n",
        "\n",
        "\tif (a)\n\t\tb = 1;\n",
        '/*\n * It isn\'t "so".\n * See https://example.org\n */\n',
        "\t/* one */\n",
        "#define M(x) \\\n\tdo { \\\n\t\tx; \\\n\t} while (0)\n",
        "#ifdef A\n",
        'char c = \'"\', *s = "/*";\n',
        "a = b; // over\n",
    ]
)
WORDS = st.text(alphabet="xyz", min_size=1, max_size=2)
EXTRA = st.one_of(
    st.builds("\t{}({});\n".format, WORDS, WORDS),
    st.builds("/*\n * {}\n * {}\n */\n".format, WORDS, WORDS),
)
FILES = st.lists(st.one_of(PIECES, PIECES, EXTRA), min_size=1, max_size=25)
EDITS = st.lists(st.tuples(st.integers(0, 25), st.integers(0, 2), st.lists(EXTRA, max_size=2)))


def edited(pieces, edits):
    result = list(pieces)
    for at, length, new in edits:
        result[at : at + length] = new
    return result


@settings(deadline=None)
@given(FILES, EDITS, st.integers(0, 3))
def test_the_diff_of_two_files_matches_them(pieces, edits, context):
    before, after = "".join(pieces), "".join(edited(pieces, edits))
    patch = "".join(
        unified_diff(before.splitlines(True), after.splitlines(True), "a/f.c", "b/f.c", n=context)
    )
    if not patch or (context == 0 and "\\\n" in patch):
        return  # without context nothing shows that a line belongs to a macro
    report = compare_patch(patch, {"f.c": before}, {"f.c": after})
    assert report.outside == report.unjudged == ()
    assert all(hunk.matches for hunk in report.hunks)
    # A patch of comments and blank lines alone is the one thing that is not enough.
    shown = [lex(line[1:]).keys for line in patch.splitlines() if line[:1] in ("+", "-", " ")]
    assert report.ok or before == after or lex(before).keys == lex(after).keys or not any(shown[2:])
    if context == 3:
        assert all(hunk.holds("text_apart_from_comments") for hunk in report.hunks)


@settings(deadline=None)
@given(FILES, EDITS, st.integers(0, 3), st.sampled_from(["before", "after"]), st.data())
def test_no_token_can_change_on_one_side_unnoticed(pieces, edits, context, side, data):
    before, after = "".join(pieces), "".join(edited(pieces, edits))
    patch = "".join(
        unified_diff(before.splitlines(True), after.splitlines(True), "a/f.c", "b/f.c", n=context)
    )
    text = {"before": before, "after": after}[side]
    lexed = lex(text)
    tokens = [lexed[i] for i in range(len(lexed)) if lexed[i].kind != "directive-end"]
    assume(patch and tokens)
    token = data.draw(st.sampled_from(tokens))
    lines = text.split("\n")
    line = lines[token.line - 1]
    end = token.column - 1 + len(token.text)
    lines[token.line - 1] = f"{line[: token.column - 1]} changed {line[end:]}"
    texts = {"before": before, "after": after, side: "\n".join(lines)}
    report = compare_patch(patch, {"f.c": texts["before"]}, {"f.c": texts["after"]})
    assert not report.ok
    assert report.outside or not all(hunk.matches for hunk in report.hunks)
    assert render(report)
