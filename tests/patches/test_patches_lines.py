"""Which lines change: a way from the one text to the other, short, and where one expects it."""

import random
from difflib import SequenceMatcher

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl.patches.hunks import hunks
from dsl.patches.lines import changes, lines_of

TEXTS = st.integers(1, 4).flatmap(
    lambda kinds: st.lists(st.sampled_from([b"\n", b"}\n", b"\tx\n", b"f\n"][:kinds]), max_size=20)
)


def applied(old, new, found):
    """The old lines with the changes made, which have at least one line between them."""
    made, at = [], 0
    for change in found:
        assert change.old_end > change.old or change.new_end > change.new
        assert at == 0 or change.old > at
        made += old[at : change.old]
        assert len(made) == change.new
        made += new[change.new : change.new_end]
        at = change.old_end
    return made + old[at:]


def cost(found):
    return sum(c.old_end - c.old + c.new_end - c.new for c in found)


def longest_common(old, new):
    row = [0] * (len(new) + 1)
    for a in old:
        last = 0
        for at, b in enumerate(new, 1):
            row[at], last = (last + 1 if a == b else max(row[at], row[at - 1])), row[at]
    return row[-1]


@settings(deadline=None, max_examples=300)
@given(TEXTS, TEXTS)
def test_the_changes_are_right_and_no_fewer_lines_would_do(old, new):
    found = changes(old, new)
    assert applied(old, new, found) == new
    assert cost(found) == len(old) + len(new) - 2 * longest_common(old, new)


@pytest.mark.parametrize("text", [b"", b"a", b"a\n", b"\n", b"a\n\nb", b"a\r\nb\x0c\x0bc\n", b"\r"])
def test_lines_are_what_newlines_end(text):
    lines = lines_of(text)
    assert b"".join(lines) == text
    assert all(line.endswith(b"\n") for line in lines[:-1])
    assert [line.count(b"\n") for line in lines[:-1]] == [1] * len(lines[:-1])


def shown(old, new):
    old, new = (lines_of("\n".join([*text, ""]).encode()) for text in (old, new))
    return hunks(old, new, changes(old, new), 1).decode().splitlines()[1:]


def test_a_new_function_is_one_piece():
    """And not the end of the one above with the start of the one below."""
    f, g, h = (["", f"void {name}(void)", "{", "\tx();", "}"] for name in "fgh")
    assert shown(f + h, f + g + h) == [" ", *(f"+{line}" for line in g[1:]), "+", " void h(void)"]
    assert shown(f + g + h, f + h) == [" ", *(f"-{line}" for line in g[1:]), "-", " void h(void)"]
    assert shown(f, f + g) == [" }", *(f"+{line}" for line in g)]


def test_changes_that_can_meet_are_one():
    assert shown(["a", "x", "b"], ["a", "x", "y", "x", "z", "x", "b"]) == [
        " x",
        "+y",
        "+x",
        "+z",
        "+x",
        " b",
    ]

    assert shown(["a", "b"], ["c", "a", "a", "b", "d"]) == ["+c", "+a", " a", " b", "+d"]


def test_a_change_begins_where_it_is_least_deep():
    first, second, third = (["/*", f" * {name}", " */", f"int {name};"] for name in "abc")
    assert shown(first + third, first + second + third) == [
        " int a;",
        *(f"+{line}" for line in second),
        " /*",
    ]


@pytest.mark.parametrize("context", [1, 2, 3])
@pytest.mark.parametrize("between", range(8))
def test_hunks_do_not_overlap(context, between):
    old = [b"%d\n" % number for number in range(30)]
    new = list(old)
    new[10] = new[11 + between] = b"x\n"
    text = hunks(old, new, changes(old, new), context)
    assert text.count(b"@@ -") == (1 if between <= 2 * context else 2)
    assert text.count(b"\n ") == 2 * context + min(between, 2 * context)


def sample(generator, count):
    """Lines as of a C file: some that are everywhere, others of their own."""
    common = [b"\n", b"}\n", b"\tbreak;\n", b"\treturn 0;\n", b"{\n"]
    return [
        generator.choice(common) if generator.random() < 0.4 else b"\tx%d();\n" % number
        for number in range(count)
    ]


def test_a_long_file_with_many_changes():
    generator = random.Random(1)
    old = sample(generator, 20_000)
    new = list(old)
    for number in range(300):
        at = generator.randrange(len(new))
        new[at : at + generator.randrange(3)] = [b"new %d\n" % number] * generator.randrange(3)
    found = changes(old, new)
    assert applied(old, new, found) == new
    assert 300 <= cost(found) <= 900


def test_long_files_that_have_little_in_common(monkeypatch):
    """The search for the shortest way gives up in time, and the other finds one."""
    generator = random.Random(2)
    one, two = ([b"%d\n" % generator.randrange(300) for _ in range(20_000)] for _ in range(2))
    for old, new in ((one, two), (sample(generator, 20_000), [b"y\n"] * 20_000)):
        assert applied(old, new, changes(old, new)) == new
    # It is the standard library's.
    monkeypatch.setattr("dsl.patches.lines._MOST_STEPS", 0)
    old, new = one[:500], two[:500]
    ratio = SequenceMatcher(None, old, new, autojunk=False).ratio()
    assert cost(changes(old, new)) == round((1 - ratio) * 1000)
    assert applied(old, new, changes(old, new)) == new
