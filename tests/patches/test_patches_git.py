"""What git makes of the diffs and of the mails: the very files, and the very words."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from dsl.failures import CannotRun
from dsl.patches import Author, author_of, difference, letter, mail

WRITER = Author("A. Writer", "writer@example.org")

# ---- trees: names that git quotes, and lines that look like something else

NAMES = st.one_of(
    st.sampled_from(["a", "b", "c d", "é", 'q"', "b\\", "t\tt", "n\nn", "-", "a.c", "\x7f"]),
    st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), max_size=4),
).filter(lambda name: name not in ("", ".", "..") and name.lower() != ".git")
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
LINES = st.sampled_from(
    [
        b"",
        b"a",
        b"}",
        b"\tb;",
        b"int f(void)",
        b"out:",
        b"\r",
        b"c\r",
        b" ",
        b"-- ",
        b"--- a/a",
        b"+++ b/b",
        b"@@ -1 +1 @@",
        b"diff --git a/a b/a",
        b"\\ No newline at end of file",
        b"From x Mon Sep 17 00:00:00 2001",
        b"---",
        b"\xff",
        b"x" * 1200,
        b"=20",
    ]
)
TEXTS = st.builds(
    lambda lines, end: b"\n".join(lines) + end,
    st.lists(LINES, max_size=12),
    st.sampled_from([b"", b"\n"]),
)


def files(tree):
    """A tree without the paths that are also folders in it."""
    folders = {path.rsplit("/", n)[0] for path in tree for n in range(1, path.count("/") + 1)}
    return {path: text for path, text in tree.items() if path not in folders}


TREES = st.dictionaries(PATHS, TEXTS, max_size=4).map(files)


@st.composite
def pairs(draw):
    """Two trees, of which the second has much of the first."""
    before = draw(TREES)
    after = dict(before)
    for path in list(before):
        match draw(st.integers(0, 3)):
            case 0:
                del after[path]
            case 1:
                lines = before[path].split(b"\n")
                at = draw(st.integers(0, len(lines)))
                lines[at : at + draw(st.integers(0, 2))] = draw(st.lists(LINES, max_size=3))
                after[path] = b"\n".join(lines)
            case 2:
                after[path] = draw(TEXTS)
    return before, files({**after, **draw(TREES)})


def often(examples):
    """A property that starts processes: so many examples, and no hurry."""
    return settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))


@often(50)
@given(pairs(), st.integers(1, 4))
def test_git_apply_makes_the_after_tree(repository, trees, context):
    before, after = trees
    assume(before != after)
    made = difference(before, after, context)
    with repository() as there:
        there.fill(before)
        there.git("apply", "--whitespace=nowarn", input=made.diff)
        assert there.tree() == after
        # And back.
        there.git("apply", "--whitespace=nowarn", "-R", input=made.diff)
        assert there.tree() == before


@often(25)
@given(pairs())
def test_the_diffstat_and_the_ids_are_those_of_git(repository, trees):
    before, after = trees
    assume(before != after)
    made = difference(before, after)
    with repository(before) as there:
        there.git("apply", "--index", "--whitespace=nowarn", input=made.diff)
        raw = there.git("diff", "--cached", "--raw", "--no-renames", "--no-abbrev", "-z", "HEAD")
        fields = [row.split() for row in raw.split(b"\0")[:-1:2]]
        assert sorted((row[2].decode(), row[3].decode()) for row in fields) == sorted(
            (file.old or "0" * 40, file.new or "0" * 40) for file in made.files
        )
        # Names are quoted alike; how many columns they get is held to git below.
        numbers = there.git("diff", "--cached", "--summary", "--no-renames", "HEAD")
        assert made.stat.endswith(b"(+)\n" + numbers) or made.stat.endswith(b"(-)\n" + numbers)


@often(25)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 300),
            st.integers(0, 300),
            st.sampled_from(["a", "dir/" * 12 + "b", "d" * 30 + "/" + "e" * 40, "f" * 90]),
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda row: row[2],
    )
)
@example([(0, 1000, "a"), (1, 1, "b")])
@example([(3, 100000, "a" * 60), (1, 0, "b")])
def test_the_diffstat_is_laid_out_as_git_does(repository, rows):
    before = {path: b"old\n" * removed for removed, added, path in rows}
    after = {path: b"new\n" * added for removed, added, path in rows}
    assume(before != after)
    made = difference(before, after)
    with repository() as there:
        there.fill(before)
        (there.folder / "x").write_bytes(made.diff)
        told = there.git("apply", "--stat", "--summary", "x")
        # `git apply --stat` is laid out for other columns: only what it counts is compared here.
        assert told.splitlines()[-1] == made.stat.splitlines()[-1]
    with repository(before) as there:
        there.fill(after)
        there.git("add", "-A")
        stat = there.git("diff", "--cached", "--stat=72", "--summary", "--no-renames", "HEAD")
        assert stat == made.stat


# ---- letters

WORDS = st.one_of(
    st.sampled_from(["KVM:", "arm64:", "a", "é", "=?utf-8?q?x?=", "(x)", '"', "[PATCH]", "Re:"]),
    st.sampled_from([":", "#", "\\", "---", "From", ",", "x" * 90, "𝄞", "a\tb", "--", ">8", "%"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
)
SUBJECTS = st.lists(WORDS, min_size=1, max_size=30).map(" ".join)
STARTS = st.sampled_from(
    [
        "From: x@y.org",
        "Subject: other",
        "Date: now",
        ">From me",
        "[PATCH] x",
        "---",
        "diff -r",
        "From x Mon Sep 17 00:00:00 2001",
        "Index: x",
        "--- a/x",
        "-- >8 --",
        "# no comment",
        " x",
        "Signed-off-by: B <b@example.org>",
        "",
        "x" * 1200,
        "Content-Type: text/html",
        ".",
    ]
)
MESSAGES = st.lists(STARTS | SUBJECTS, max_size=6).map("\n".join)
OUTSIDE = st.sampled_from("aé.Z9")
AUTHORS = st.builds("{}{}{}".format, OUTSIDE, st.lists(WORDS, max_size=4).map(" ".join), OUTSIDE)
DATES = st.none() | st.datetimes(
    datetime(1970, 1, 2),
    datetime(2099, 12, 30),
    timezones=st.integers(-12 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))),
).map(lambda date: date.replace(microsecond=0))


@often(50)
@given(AUTHORS, SUBJECTS, MESSAGES, DATES, st.booleans())
@example("A", "s", "From: x@y.org\n\ntext", None, False)
@example("A", "s", "text\nFrom x Mon Sep 17 00:00:00 2001\ntext", None, True)
@example("é (x)", "é" * 200, "é", datetime(1970, 1, 1, tzinfo=UTC), True)
@example("(x) é (y", "s", "", None, False)
def test_git_am_keeps_every_word(repository, author, subject, message, date, signoff):
    try:
        who = author_of(f"{author} <writer@example.org>")
        said = letter(who, subject, message, date, signoff=signoff)
    except CannotRun as error:
        assume(not error)
    before, after = {"a": b"x\n"}, {"a": b"y\n"}
    made = mail(said, difference(before, after), "vgs")
    with repository(before) as there:
        there.git("am", "-q", input=made)
        shown = there.git("log", "-1", "--encoding=UTF-8", "--format=%an%x00%ae%x00%aI%x00%B")
        name, address, when, text = shown.decode().split("\0")
        assert (name, address) == (said.author.name, "writer@example.org")
        assert date is None or datetime.fromisoformat(when) == date
        assert text == "\n\n".join(filter(None, [said.subject, said.message.rstrip("\n")])) + "\n\n"
        assert int(there.git("rev-list", "--count", "HEAD")) == 2
        assert there.tree() == after


@often(20)
@given(pairs())
@example(({"a": b"x\n"}, {"a": b"x\r\n", "b": b"From x 00:00:00 2001\n", "c": b""}))
def test_git_am_makes_the_after_tree(repository, trees):
    before, after = trees
    assume(before != after)
    made = mail(letter(WRITER, "Change the tree"), difference(before, after), "vgs")
    with repository(before) as there:
        there.git("am", "-q", "--whitespace=nowarn", input=made)
        assert there.tree() == after
        assert there.git("status", "--porcelain") == b""


def test_a_mail_is_what_git_would_have_written(repository):
    """Header, message, diffstat, hunks: byte for byte, where the hunks leave no choice."""
    before = {
        "kvm/a.c": b"int f(void)\n{\n" + b"\tx;\n" * 9 + b"\treturn 0;\n}\n",
        "gone.h": b"1\n",
    }
    after = {"kvm/a.c": before["kvm/a.c"].replace(b"0;", b"1;"), "new/é b.c": b"int x;"}
    said = letter(
        author_of("A. Writer (Example) <writer@example.org>"),
        "KVM: arm64: say in so many words that a subject can be longer than a line of a header",
        "What was é is é.\n\nSigned-off-by: B <b@example.org>\n",
        datetime(2018, 1, 12, 13, 7, 47, tzinfo=timezone(timedelta(hours=-1))),
        prefix="PATCH v3",
        signoff=True,
    )
    made = mail(said, difference(before, after), "vgs")
    with repository(before) as there:
        (there.folder / ".git/info/attributes").write_text("*.[ch] diff=cpp\n")
        there.git("am", "-q", input=made)
        written = there.git(
            *("-c", "core.abbrev=12", "format-patch", "-1", "--stdout", "--zero-commit"),
            *("--no-renames", "--signature=vgs", "-v3"),
        )
        assert made == written


@pytest.mark.parametrize("line", [b"x\r\n", b"x" * 999 + b"\n"])
def test_a_line_that_mail_would_not_keep_is_quoted(line):
    made = mail(letter(WRITER, "s"), difference({}, {"a": line}), "vgs")
    assert b"Content-Transfer-Encoding: quoted-printable\n" in made
    assert max(map(len, made.split(b"\n"))) <= 76
    assert b"\r" not in made
