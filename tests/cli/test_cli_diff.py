"""`vgs diff`."""

import os

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
    assert (
        "there is no patch nosuch.patch\n  `vgs patch -o nosuch.patch` would write it" in done.err
    )


# ---- a tree


@pytest.fixture
def tree(patched):
    """A tree that has the file that is patched, before the patch, with other things in it."""
    import difflib

    texts = []
    for case in ("old", "new"):
        text = (patched / f"out/{case}/c/arch/timer.c").read_text()
        texts.append(f"static int other(void)\n{{\n\treturn 1;\n}}\n\n{text}\nint last(void);\n")
    (patched / "linux/arch").mkdir(parents=True)
    (patched / "linux/arch/timer.c").write_text(texts[0])
    lines = [text.splitlines(keepends=True) for text in texts]
    patch = "".join(difflib.unified_diff(*lines, "a/arch/timer.c", "b/arch/timer.c", n=3))
    (patched / "timer.patch").write_text(patch)
    return patched / "linux/arch/timer.c"


def test_whole_functions_are_compared_with_the_tree(tree, vgs, holds):
    assert "Not shown whole by the hunks" not in vgs("diff", "--tree", "linux").out
    done = vgs("diff", "--tree", "linux")
    assert (done.status, done.err) == (0, "")
    assert "The tree linux" in done.out
    assert " ".join(done.out.split()).endswith("; 2 of 2 whole declarations are the tree's (text)")
    value = holds("diff", vgs("diff", "--tree", "linux", "--format", "json").json)
    (file,) = value["tree_files"]
    assert (file["state"], file["by_id"], file["others"]) == ("before", None, 2)
    assert [d["case"] for d in file["declarations"]] == ["before", "after"]
    assert value["diffs"][0]["tree"] == "linux"
    assert [(s["diff"], s["file"]) for s in value["shown"]] == [(0, "arch/timer.c")]


def test_a_tree_whose_function_is_another(tree, vgs, holds):
    text = tree.read_text()
    at = text.index("void timer_save")
    tree.write_text(text[:at] + text[at:].replace("timer;", "timer2;", 1))
    done = vgs("diff", "--tree", "linux")
    assert done.status == 1
    assert "function timer_save" in done.out
    value = holds("diff", vgs("diff", "--tree", "linux", "--format", "json").json)
    assert value["ok"] is False
    assert value["tree_files"][0]["declarations"][0]["tokens"] is False


@pytest.mark.parametrize("module", ["src/old.vgs", "out/old/c"])
def test_one_case_is_compared_with_a_tree_without_a_patch(tree, vgs, holds, module):
    done = vgs("diff", module, "--tree", "linux")
    assert (done.status, done.err) == (0, "")
    assert "1 of 1 whole declaration is the tree's (text)" in done.out
    value = holds("diff", vgs("diff", module, "--tree", "linux", "--format", "json").json)
    (one,) = value["diffs"]
    assert (one["case"], one["patch"], one["ok"]) == (module, None, True)
    assert vgs("diff", "src/new.vgs", "--tree", "linux").status == 1


def test_a_project_names_the_tree_and_the_command_line_another(tree, vgs, holds):
    path = tree.parents[2] / "vgs.toml"
    text = path.read_text()
    path.write_text(text + 'tree = "linux"\n[[diff]]\ncase = "old"\n')
    done = vgs("diff")
    assert done.status == 0
    assert "whole declarations are the tree's" in " ".join(done.out.split())
    assert "not compared: there is no tree for it" in done.out
    value = holds("diff", vgs("diff", "--format", "json").json)
    assert [(d["case"], d["tree"], d["ok"]) for d in value["diffs"]] == [
        (None, "linux", True),
        ("old", None, None),
    ]
    (tree.parents[2] / "other").mkdir()
    assert vgs("diff", "--tree", "other").status == 1
    value = holds("diff", vgs("diff", "--tree", "linux", "--format", "json").json)
    assert [d["ok"] for d in value["diffs"]] == [True, True]
    path.write_text(text[: text.index("[[diff]]")] + '[[diff]]\ncase = "old"\n')
    done = vgs("diff")
    assert done.status == 2
    assert "`vgs diff --tree DIR`" in done.err
    assert vgs("diff", "--tree", "linux").status == 0
    done = vgs("diff", "--patch", "timer.patch")
    assert (done.status, "no pair of cases" in done.err) == (2, True)


def test_what_is_no_tree(tree, vgs, holds):
    for name, message in (("nosuch", "is not there"), ("vgs.toml", "is no folder")):
        done = vgs("diff", "--tree", name)
        assert (done.status, done.out) == (2, "")
        assert f"the tree {name} {message}" in done.err
    (tree.parents[1] / "empty").mkdir()
    done = vgs("diff", "--tree", "linux/empty")
    assert done.status == 1
    assert "linux/empty has none of the files: is it the top of a tree?" in done.out
    tree.unlink()
    tree.mkdir()
    done = vgs("diff", "--tree", "linux")
    assert (done.status, done.out) == (2, "")
    assert "linux/arch/timer.c cannot be read: it is no file" in done.err
    tree.rmdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(tree)
        assert vgs("diff", "--tree", "linux").status == 2
        tree.unlink()
    tree.symlink_to(tree)
    done = vgs("diff", "--tree", "linux")
    assert (done.status, "cannot be read" in done.err) == (2, True)
    tree.unlink()
    tree.write_bytes(b"\0\xff" * 1000)
    value = holds("diff", vgs("diff", "--tree", "linux", "--format", "json").json)
    assert value["tree_files"][0]["state"] == "other"
    tree.unlink()
    tree.parent.rmdir()
    tree.parent.write_text("")  # a file where the path has a folder
    assert vgs("diff", "--tree", "linux").status == 1


def test_a_patch_reads_nothing_outside_the_tree(tree, vgs, holds):
    text = (tree.parents[2] / "timer.patch").read_text()
    assert vgs("diff", "--tree", "linux").status == 0
    (tree.parents[2] / "timer.patch").write_text(text.replace("/arch/timer.c", "/../vgs.toml"))
    value = vgs("diff", "--tree", "linux", "--format", "json").json
    assert "vgs.toml" not in [file["file"] for file in value["tree_files"]]


def test_paths_and_trees_that_do_not_go_together(tree, vgs):
    for argv, message in [
        (["src/old.vgs"], "`vgs diff MODULE --tree DIR`"),
        (["src/old.vgs", "--tree", "linux", "--patch", "timer.patch"], "two paths are compared"),
        (["src/old.vgs", "src/new.vgs", "--tree", "linux"], "--patch FILE"),
        (["nosuch.vgs", "--tree", "linux"], "there is no file or folder nosuch.vgs"),
    ]:
        done = vgs("diff", *argv)
        assert (done.status, done.out) == (2, "")
        assert message in done.err
    done = vgs("diff", "src/old.vgs", "src/new.vgs", "--tree", "linux", "--patch", "timer.patch")
    assert done.status == 0


def test_functions_that_are_not_ours_are_listed(tree, vgs, holds):
    text = (tree.parents[2] / "timer.patch").read_text()
    assert "int last(void);" in text
    value = holds("diff", vgs("diff", "--format", "json").json)
    assert [(one["name"], one["changed"]) for one in value["hunks"][0]["not_ours"]] == [
        ("last", False)
    ]
    assert "of context is of functions that are not ours" in " ".join(vgs("diff").out.split())


def test_a_patch_that_is_still_to_be_written(patched, vgs):
    """All verbs but the one that reads it work without it, first of all the one that writes it."""
    written = (patched / "timer.patch").read_bytes()
    (patched / "timer.patch").unlink()
    assert vgs("check").status == 0
    assert vgs("build").status == 0
    done = vgs("diff")
    assert done.status == 2
    assert "there is no patch timer.patch\n  `vgs patch -o timer.patch` would write it" in done.err
    (patched / "timr.patch").write_bytes(written)
    assert "did you mean `timr.patch`?" in vgs("diff").err
    who = ("--author", "A. Writer <writer@example.org>", "--subject", "timer: save less")
    assert vgs("patch", *who, "-o", "timer.patch").status == 0
    assert vgs("diff").status == 0
