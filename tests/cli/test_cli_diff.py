"""`vgs diff`."""

import pytest


def test_a_project_whose_patch_is_what_the_cases_differ_by(patched, vgs, holds):
    done = vgs("diff")
    assert (done.status, done.err) == (0, "")
    assert "arch/timer.c" in done.out
    assert "nothing differs outside" in done.out
    value = holds("diff", vgs("diff", "--format", "json").json)
    assert value["ok"] is True
    assert [(d["before"], d["after"], d["patch"]) for d in value["diffs"]] == [
        ("old", "new", "timer.patch")
    ]
    assert all(h["old"]["tokens"] and h["new"]["tokens"] for h in value["hunks"])
    assert {h["diff"] for h in value["hunks"]} == {0}


def test_a_patch_that_is_not_what_they_differ_by(patched, vgs, holds):
    path = patched / "timer.patch"
    path.write_text(path.read_text().replace("timer_armed", "timer_alarmed"))
    done = vgs("diff")
    assert done.status == 1
    assert "DIFFERS" in done.out
    value = holds("diff", vgs("diff", "--format", "json").json)
    assert value["ok"] is False
    assert any("mismatch" in h["old"] or "mismatch" in h["new"] for h in value["hunks"])


def test_several_comparisons_make_one_report(patched, vgs, holds):
    (patched / "wrong.patch").write_text(
        (patched / "timer.patch").read_text().replace("timer_armed", "timer_alarmed")
    )
    with (patched / "vgs.toml").open("a") as stream:
        stream.write('[[diff]]\nbefore = "old"\nafter = "new"\npatch = "wrong.patch"\n')
    done = vgs("diff")
    assert done.status == 1
    assert "timer.patch: old → new\n" in done.out
    assert "\nwrong.patch: old → new\n" in done.out
    value = holds("diff", vgs("diff", "--format", "json").json)
    assert [d["ok"] for d in value["diffs"]] == [True, False]
    assert value["ok"] is False
    assert value["summary"]["hunks"] == 2
    assert [h["diff"] for h in value["hunks"]] == [0, 1]


def test_another_patch_for_the_cases_of_the_project(patched, vgs, process):
    good = (patched / "timer.patch").read_text()
    (patched / "timer.patch").write_text("nothing")
    (patched / "good.patch").write_text(good)
    assert vgs("diff").status == 2
    assert vgs("diff", "--patch", "good.patch").status == 0
    assert process("diff", "--patch", "-", input=good.encode()).status == 0


@pytest.mark.parametrize(
    "text", [b"", b"nothing", b"\xff\xfe", b"--- a\n+++ b\n@@ -1,9 +1,9 @@\n x\n", b"\0" * 100]
)
def test_what_is_no_patch(patched, vgs, text):
    (patched / "timer.patch").write_bytes(text)
    done = vgs("diff")
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("vgs: timer.patch: ")
    assert "give one unified diff" in done.err


def test_bytes_that_are_not_utf8_in_a_patch_are_compared(patched, vgs, holds):
    path = patched / "timer.patch"
    path.write_bytes(b"From: Andr\xe9\n\n" + path.read_bytes())
    assert vgs("diff").status == 0
    path.write_bytes(path.read_bytes().replace(b"timer_armed", b"timer_\xe9"))
    assert vgs("diff").status == 1
    assert holds("diff", vgs("diff", "--format", "json").json)["ok"] is False


# ---- what was written


def test_nothing_was_built(project, vgs):
    done = vgs("diff")
    assert (done.status, done.out) == (2, "")
    assert "nothing was built in out" in done.err
    assert "run `vgs build`" in done.err


@pytest.mark.parametrize("source", ["src/old.vgs", "src/timer.vgs"])
def test_a_source_has_changed_since(patched, vgs, source):
    (patched / source).write_text((patched / source).read_text() + "\n")
    done = vgs("diff")
    assert done.status == 2
    assert f"out of date: {source} has changed" in done.err
    assert vgs("build").status == 0
    assert vgs("diff").status == 0


def test_a_source_is_gone(patched, vgs):
    text = (patched / "src/board.vgs").read_text()
    (patched / "src/board.vgs").unlink()
    assert "src/board.vgs has changed" in vgs("diff").err
    # A mark of the byte order is no change.
    (patched / "src/board.vgs").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert vgs("diff").status == 0


def test_an_output_was_changed_by_hand(patched, vgs):
    path = patched / "out/new/c/arch/timer.c"
    path.write_text(path.read_text() + "\n")
    done = vgs("diff")
    assert done.status == 2
    assert "out/new/c/arch/timer.c is not what was built" in done.err


def test_a_build_of_another_version(patched, vgs):
    path = patched / "out/manifest.json"
    path.write_text(path.read_text().replace('"vgs": "', '"vgs": "9.'))
    assert "it was built by vgs 9." in vgs("diff").err


def test_a_case_that_was_never_built(patched, vgs):
    text = (patched / "vgs.toml").read_text()
    (patched / "vgs.toml").write_text(
        text.replace('after = "new"', 'after = "third"') + '[case.third]\nmodule = "src/new.vgs"\n'
    )
    done = vgs("diff")
    assert done.status == 2
    assert "out/third is out of date: it was never built" in done.err


def test_a_project_with_nothing_to_compare(patched, vgs):
    text = (patched / "vgs.toml").read_text()
    (patched / "vgs.toml").write_text(text[: text.index("[[diff]]")])
    done = vgs("diff")
    assert done.status == 2
    assert "names nothing to compare" in done.err


# ---- two paths


def test_modules_of_the_project_stand_for_what_was_written(patched, vgs):
    argv = ["diff", "src/old.vgs", "src/new.vgs", "--patch", "timer.patch"]
    assert vgs(*argv).status == 0
    (patched / "src/new.vgs").write_text((patched / "src/new.vgs").read_text() + "\n")
    assert vgs(*argv).status == 2


def test_modules_outside_a_project_are_built_in_memory(patched, vgs, files):
    (patched / "vgs.toml").unlink()
    before = files(patched)
    argv = ["diff", "src/old.vgs", "src/new.vgs", "--patch", "timer.patch"]
    assert vgs(*argv).status == 0
    assert vgs("diff", "src/new.vgs", "src/old.vgs", "--patch", "timer.patch").status == 1
    assert files(patched) == before
    (patched / "src/new.vgs").write_text("what")
    done = vgs(*argv)
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("src/new.vgs:1:1: error[")
    (patched / "src/new.vgs").write_text("import timer\nsave timer_save(vcpu) { save ctl }\n")
    done = vgs(*argv)
    assert done.status == 2
    assert "has no dialect in scope" in done.err


def test_folders_are_trees_of_c(patched, vgs):
    (patched / "vgs.toml").unlink()
    assert vgs("diff", "out/old/c", "out/new/c", "--patch", "timer.patch").status == 0
    assert vgs("diff", "out/old/c", "src/new.vgs", "--patch", "timer.patch").status == 0
    path = patched / "out/new/c/arch/timer.c"
    path.write_text("int first;\n" + path.read_text())
    assert vgs("diff", "out/old/c", "out/new/c", "--patch", "timer.patch").status == 1


def test_paths_that_are_not_there(patched, vgs):
    for argv in (["nosuch", "src/new.vgs"], ["src/old.vgs", "nosuch.vgs"]):
        done = vgs("diff", *argv, "--patch", "timer.patch")
        assert done.status == 2
        assert "there is no file or folder nosuch" in done.err
    done = vgs("diff", "--patch", "nosuch.patch")
    assert done.status == 2
    assert "nosuch.patch cannot be read: no such file" in done.err
