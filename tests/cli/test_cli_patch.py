"""`vgs patch`."""

import pytest

from dsl import __version__

WHO = ("--author", "A. Writer <writer@example.org>", "--subject", "timer: save less")

SETTINGS = '''
[patch]
author = "A. Writer <writer@example.org>"
date = 2018-01-12T13:07:47+01:00
subject = "timer: save less"
message = """
Nobody waits.
"""
signoff = true
prefix = "PATCH v2"
'''

MAIL = """\
From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001
From: "A. Writer" <writer@example.org>
Date: Fri, 12 Jan 2018 13:07:47 +0100
Subject: [PATCH v2] timer: save less

Nobody waits.

Signed-off-by: A. Writer <writer@example.org>
---
 arch/timer.c | 5 +++--
 1 file changed, 3 insertions(+), 2 deletions(-)

diff --git a/arch/timer.c b/arch/timer.c
"""


@pytest.fixture
def built(project, vgs):
    """The project after a build, with settings for its patches."""
    with (project / "vgs.toml").open("a") as stream:
        stream.write(SETTINGS)
    assert vgs("build").status == 0
    return project


def test_the_mail_of_a_project(built, vgs, holds):
    done = vgs("patch")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(MAIL)
    assert done.out.endswith(f"-- \nvgs {__version__}\n\n")
    value = holds("patch", vgs("patch", "--format", "json").json)
    assert value["mail"] == done.out
    assert value["ok"] is True
    assert (value["before"], value["after"]) == ("old", "new")
    assert value["author"] == {"name": "A. Writer", "address": "writer@example.org"}
    assert value["date"] == "2018-01-12T13:07:47+01:00"
    assert value["message"] == ("Nobody waits.\n\nSigned-off-by: A. Writer <writer@example.org>\n")
    (file,) = value["files"]
    assert (file["file"], file["state"], file["added"], file["removed"]) == (
        "arch/timer.c",
        "changed",
        3,
        2,
    )
    assert f"index {file['old'][:12]}..{file['new'][:12]} 100644\n" in done.out


def test_what_patch_writes_is_what_diff_wants(built, vgs):
    done = vgs("patch", "-o", "timer.patch")
    assert (done.status, done.err) == (0, "")
    assert done.out == (
        "timer.patch: written\n arch/timer.c | 5 +++--\n"
        " 1 file changed, 3 insertions(+), 2 deletions(-)\n"
    )
    assert vgs("diff").status == 0


def test_options_go_before_what_vgs_toml_says(built, vgs, process):
    (built / "why.txt").write_bytes(b"\xef\xbb\xbfSee below.\r\n")
    done = vgs(
        *("patch", "--subject", "é", "--message-file", "why.txt", "--prefix", "RFC PATCH"),
        *("--date", "Thu, 1 Feb 2018 00:00:00 -0100", "-U", "1"),
    )
    assert "\nDate: Thu, 01 Feb 2018 00:00:00 -0100\nSubject: [RFC PATCH] =?utf-8?q?=C3=A9?=\n" in (
        done.out
    )
    assert "\n\nSee below.\n\nSigned-off-by: " in done.out
    assert done.out.count("\n ") < vgs("patch").out.count("\n ")
    assert "\n\nOf\n\nSigned" in process("patch", "--message-file", "-", input=b"Of").out


def test_no_clock_is_read(built, vgs, monkeypatch):
    text = (built / "vgs.toml").read_text().replace("date = ", "# ")
    (built / "vgs.toml").write_text(text)
    done = vgs("patch")
    assert done.status == 0
    assert "\nDate:" not in done.out
    assert vgs("patch").out == done.out
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert "\nDate: Fri, 02 Jan 1970 00:00:00 +0000\n" in vgs("patch").out
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    done = vgs("patch")
    assert (done.status, done.out) == (2, "")
    assert "SOURCE_DATE_EPOCH is `soon`" in done.err
    assert "\nDate: " in vgs("patch", "--date", "now").out


def test_two_that_generate_the_same(built, vgs, holds):
    done = vgs("patch", "old", "src/old.vgs", "-o", "timer.patch")
    assert (done.status, done.out) == (1, "")
    assert done.err == "old and src/old.vgs generate the same: there is no patch\n"
    assert (built / "timer.patch").read_text() == ""
    value = holds("patch", vgs("patch", "old", "old", "--format", "json").json)
    assert (value["ok"], value["mail"], value["files"]) == (False, None, [])


def test_what_was_built_must_be_up_to_date(built, vgs):
    (built / "src/new.vgs").write_text((built / "src/new.vgs").read_text() + "\n")
    for argv in ([], ["old", "new"], ["src/old.vgs", "src/new.vgs"]):
        done = vgs("patch", *argv)
        assert (done.status, done.out) == (2, "")
        assert "out/new is out of date: src/new.vgs has changed" in done.err


def test_modules_and_folders_without_a_project(built, vgs, holds):
    mail = vgs("patch").out.partition("\n---\n")[2]
    (built / "vgs.toml").unlink()
    for argv in (["src/old.vgs", "src/new.vgs"], ["out/old/c", "src/new.vgs"]):
        done = vgs("patch", *argv, *WHO)
        assert done.status == 0
        assert done.out.partition("\n---\n")[2] == mail
    (built / "src/new.vgs").write_text("what")
    done = vgs("patch", "src/old.vgs", "src/new.vgs", *WHO)
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("src/new.vgs:1:1: error[")
    argv = ["patch", "src/old.vgs", "src/new.vgs", *WHO, "--format", "json"]
    value = holds("patch", vgs(*argv).json)
    assert value["ok"] is False
    assert value["findings"]


def test_files_come_and_go_and_simulators_do_not_count(built, vgs):
    (built / "a").mkdir()
    (built / "a/x.h").write_bytes(b"int \xff;")
    (built / "b").mkdir()
    (built / "b/y é.h").write_bytes(b"")
    done = vgs("patch", "a", "b", *WHO, "-o", "made")
    assert done.status == 0
    made = (built / "made").read_bytes()
    assert b"deleted file mode 100644\n" in made
    assert b"-int \xff;\n\\ No newline at end of file\n" in made
    assert b' delete mode 100644 x.h\n create mode 100644 "y \\303\\251.h"\n' in made
    assert "simulator" not in vgs("patch").out


def refused(vgs, *argv):
    done = vgs("patch", *argv)
    assert (done.status, done.out) == (2, "")
    return done.err


def test_what_is_missing(project, empty, vgs, monkeypatch):
    assert "nothing to work on: there is no vgs.toml" in refused(vgs)
    monkeypatch.chdir(project)
    assert "a patch needs an author" in refused(vgs)
    assert "--author 'NAME <ADDRESS>'" in refused(vgs)
    assert "a patch needs a subject" in refused(vgs, *WHO[:2])
    assert "two are needed, BEFORE and AFTER" in refused(vgs, "old", *WHO)
    assert "nothing was built in out" in refused(vgs, *WHO)
    assert "there is no file or folder older" in refused(vgs, "older", "new", *WHO)


def test_which_two(built, vgs):
    path = built / "vgs.toml"
    text = path.read_text()
    path.write_text(text + '[[diff]]\nbefore = "new"\nafter = "old"\npatch = "timer.patch"\n')
    assert "several pairs of cases: old and new, new and old" in refused(vgs)
    assert vgs("patch", "new", "old").status == 0
    path.write_text(text[: text.index("[[diff]]")])
    assert "no [[diff]] of two cases, and no cases `before` and `after`" in refused(vgs)
    text = text[: text.index("[[diff]]")].replace("case.old", "case.before")
    path.write_text(text.replace("case.new", "case.after"))
    assert "out/before is out of date: it was never built" in refused(vgs, *WHO)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--subject", "one\ntwo"], "the subject has more than one line"),
        (["--subject", "one\u2028two"], "the subject has more than one line"),
        (["--subject", " "], "the subject is empty"),
        (["--subject", "x\x1b[0m"], "the subject has a control character"),
        (["--subject", "[net] x"], "git am would take `[net]` off the start of the subject"),
        (["--subject", "Re: x"], "git am would take `Re:` off"),
        (["--subject", "\udcff"], "the subject is not UTF-8"),
        (["--prefix", "v2"], "`v2` cannot be the prefix"),
        (["--prefix", "[PATCH]"], "`[PATCH]` cannot be the prefix"),
        (["--message", "a\n---\nb"], "git am would take line 2 of the message for the end of it"),
        (["--message", "--- a/x"], "git am would take line 1"),
        (["--message", "diff --git a b"], "git am would take line 1"),
        (["--message", "-- >8 --"], "git am would take line 1"),
        (["--message", "a\0b"], "line 1 of the message has a control character"),
        (["--author", "A. Writer"], "`A. Writer` is no author"),
        (["--author", "<a@b>"], "`<a@b>` is no author"),
        (["--author", "A <a b@c>"], "is no author"),
        (["--author", "A@B <a@b>"], "cannot have @ in it"),
        (["--author", "A (B <a@b>"], "a parenthesis without its partner"),
        (["--author", "é" * 31 + " <a@b>"], "longer than 60 bytes"),
        (["--author", "A <é@b>"], "the address é@b is not ASCII"),
        (["--date", "soon"], "`soon` is no date and time"),
        (["--date", "2018-01-12T13:07:47"], "does not say its offset from UTC"),
        (["--date", "2018-01-12T13:07:47+00:00:30"], "not whole minutes off UTC"),
        (["--date", "1969-12-31T00:00:00Z"], "git cannot keep the date"),
        (["--date", "0001-01-01T00:00:00+01:00"], "git cannot keep the date"),
        (["-U", "0"], "0 lines of context"),
        (["-U", "x"], "invalid int value"),
        (["--message", "x", "--message-file", "y"], "say the same thing twice"),
        (["--message-file", "nosuch"], "nosuch cannot be read: no such file"),
        (["--message-file", "src/latin.txt"], "src/latin.txt is not UTF-8"),
        (["-o", "src"], "src is there, and is no file"),
        (["-o", "timer.patch/x"], "cannot be written: not a directory"),
    ],
)
def test_what_cannot_be_sent_is_said_and_nothing_is_written(built, vgs, files, argv, message):
    (built / "src/latin.txt").write_bytes(b"\xe9")
    before = files(built)
    assert message in refused(vgs, *argv)
    assert files(built) == before


def test_a_file_that_is_not_text(built, vgs):
    (built / "a").mkdir()
    (built / "a/x").write_bytes(b"\0")
    assert "x is not text: it has a NUL byte" in refused(vgs, "a", "out/old/c", *WHO)
    # Where it stays as it is no line of it is shown.
    assert "generate the same" in vgs("patch", "a", "a", *WHO).err
