"""The project file: what it means, and everything that can be wrong with it."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dsl.failures import CannotRun
from dsl.project.file import Case, Comparison, PatchText, find, read, source_files

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "src").mkdir()
    (tmp_path / "src/a.vgs").write_text("")
    (tmp_path / "x.patch").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def project(text):
    Path("vgs.toml").write_text(text)
    made, findings = read(Path("vgs.toml"))
    assert findings == []
    return made


def faults(text):
    """What is wrong with a file: the text that is marked, and the message."""
    if isinstance(text, str):
        text = text.encode()
    Path("vgs.toml").write_bytes(text)
    made, findings = read(Path("vgs.toml"))
    assert made is None
    assert findings
    assert {f.code for f in findings} == {"VGS080"}
    for finding in findings:
        assert finding.to_json()["line"] >= 1
    return [(f.span.text, f.message, f.help) for f in findings]


def test_an_empty_file_is_a_project(folder):
    made = project("")
    assert made.name == folder.name
    assert made.sources == (Path("."),)
    assert made.output == Path("generated")
    assert (made.cases, made.comparisons) == ((), ())
    assert made.modules() == [Path("src/a.vgs")]


def test_everything_in_it(folder):
    made = project("""
[project]
name = "n"
sources = ["src"]
[build]
output = "made/here"
[case.one]
module = "src/a.vgs"
dialect = "d"
[case."two"]
module = './src/../src/a.vgs'
[[diff]]
before = "one"
after = "two"
patch = "x.patch"
[verify]
modules = ["src/a.vgs"]
[patch]
author = "A <a@b>"
date = 2018-01-12T13:07:47Z
subject = "s"
message-file = "x.patch"
prefix = "PATCH v2"
signoff = true
""")
    assert made.name == "n"
    assert made.patch == PatchText(
        "A <a@b>",
        datetime(2018, 1, 12, 13, 7, 47, tzinfo=UTC),
        "s",
        message_file=Path("x.patch"),
        prefix="PATCH v2",
        signoff=True,
    )
    assert made.output == Path("made/here")
    one, two = made.cases
    assert (one.name, one.module, one.dialect, one.span.text) == (
        "one",
        Path("src/a.vgs"),
        "d",
        '"d"',
    )
    assert (two.name, two.module, two.dialect) == ("two", Path("src/a.vgs"), None)
    assert made.case("two") is two
    assert isinstance(one, Case)
    assert made.comparisons == (Comparison("one", "two", Path("x.patch")),)
    assert made.verified == (Path("src/a.vgs"),)


def test_paths_are_relative_to_where_one_stands(folder, monkeypatch):
    project('[project]\nsources = ["src"]\n[case.a]\nmodule = "src/a.vgs"\n')
    monkeypatch.chdir(folder / "src")
    path = find(Path())
    assert path == Path("../vgs.toml")
    made, _ = read(path)
    assert made.sources == (Path("."),)
    assert made.cases[0].module == Path("a.vgs")
    assert made.output == Path("../generated")


def test_it_is_found_in_the_nearest_folder_above(folder):
    deep = folder / "a/b"
    deep.mkdir(parents=True)
    assert find(deep) is None or not find(deep).resolve().is_relative_to(folder)
    (folder / "vgs.toml").write_text("")
    assert find(deep).resolve() == folder / "vgs.toml"
    (folder / "a/vgs.toml").mkdir()
    assert find(deep).resolve() == folder / "vgs.toml"
    (folder / "a/b/vgs.toml").write_text("")
    assert find(deep).resolve() == deep / "vgs.toml"
    assert find(deep / "x.vgs").resolve() == deep / "vgs.toml"


CASE = '[case.one]\nmodule = "src/a.vgs"\n'


@pytest.mark.parametrize(
    ("text", "marked", "message", "help"),
    [
        ("[projct]\n", "projct", "there is no key `projct`", "did you mean `project`?"),
        ("colour = 1\n", "colour", "there is no key `colour`", "the keys are project, build"),
        ("[project]\nsource = []\n", "source", "no key `source` in [project]", "`sources`?"),
        ("[build]\nout = 'x'\n", "out", "no key `out` in [build]", "output"),
        (CASE + "modul = 1\n", "modul", "no key `modul` in [case.one]", "`module`?"),
        ("[case.one]\n", "case.one", "`module` is missing", ""),
        ("case.one = { modle = 'x' }\n", "case.one", "there is no key `modle`", "`module`?"),
        ("project = 3\n", "project", "`project` must be a table", ""),
        ("[project]\nname = 3\n", "name", "`name` must be a string", ""),
        ("[project]\nsources = 'src'\n", "sources", "must be a list of strings", ""),
        ("[project]\nsources = ['src', 3]\n", "sources", "must be a list of strings", ""),
        ("[project]\nsources = []\n", "sources", "`sources` is empty", ""),
        ("[project]\nsources = ['srcs']\n", "'srcs'", "there is no folder srcs", "`src`?"),
        ("[project]\nsources = ['src/a.vgs']\n", "'src/a.vgs'", "there is no folder", ""),
        ("[project]\nsources = ['/']\n", "'/'", "relative to the folder of vgs.toml", ""),
        ("[project]\nsources = ['C:\\x']\n", "'C:\\x'", "relative to the folder", ""),
        ('[project]\nsources = ["\\u0000"]\n', "sources", "relative to the folder", ""),
        ("[build]\noutput = '/tmp/x'\n", "'/tmp/x'", "relative to the folder", ""),
        ("[build]\noutput = 'x.patch'\n", "'x.patch'", "x.patch is no folder", ""),
        ("case = 3\n", "case", "`case` must be a table", ""),
        ("[case]\none = 3\n", "one", "`one` must be a table", ""),
        ("[case.one]\nmodule = 'src/b.vgs'\n", "'src/b.vgs'", "is not there", "`a.vgs`?"),
        ("[case.one]\nmodule = 'src'\n", "'src'", "src is a folder", ""),
        ("[case.one]\nmodule = ['a']\n", "module", "`module` must be a string", ""),
        (CASE + "dialect = true\n", "dialect", "`dialect` must be a string", ""),
        ("[case.'../x']\nmodule='src/a.vgs'\n", "case.'../x'", "cannot be the name", "folder"),
        ("[case.'']\nmodule='src/a.vgs'\n", "case.''", "cannot be the name of a case", ""),
        (CASE + CASE.replace("one", "ONE"), "case.ONE", "are one folder", ""),
        ("diff = 3\n", "diff", "each headed [[diff]]", ""),
        ("verify = 3\n", "verify", "`verify` must be a table", ""),
        ("[verify]\nmodule = 'x'\n", "module", "no key `module` in [verify]", "`modules`?"),
        ("[verify]\nmodules = 'x'\n", "modules", "must be a list of strings", ""),
        ("[verify]\nmodules = []\n", "modules", "`modules` is empty", ""),
        ("[verify]\nmodules = ['src/b.vgs']\n", "'src/b.vgs'", "is not there", "`a.vgs`?"),
        ("[verify]\nmodules = ['src']\n", "'src'", "src is a folder", ""),
        ("[diff]\nbefore = 'one'\n", "diff", "each headed [[diff]]", ""),
        ("[[diff]]\nbefore = 1\n", "before", "`before` must be a string", ""),
        ("[[diff]]\nwhat = 1\n", "what", "there is no key `what` in [diff]", "before, after"),
        (
            CASE + "[[diff]]\nbefore='one'\nafter='ones'\npatch='x.patch'\n",
            "'ones'",
            "there is no case `ones`",
            "did you mean `one`?",
        ),
        (
            CASE + "[[diff]]\nbefore='one'\nafter='one'\npatch='src'\n",
            "'src'",
            "src is a folder",
            "",
        ),
        ("[[diff]]\ncase = 'one'\n", "'one'", "there is no case `one`", "there are none"),
        (CASE + "[[diff]]\ncase='one'\npatch='x'\n", "patch", "there is no key", "case, tree"),
        (CASE + "[[diff]]\ncase='one'\ntree=3\n", "tree", "`tree` must be a string", ""),
        (CASE + "[[diff]]\ncase='one'\ntree='/x'\n", "'/x'", "is relative to the folder", ""),
        ("[project]\nlicense = 'a */'\n", "'a */'", "no SPDX licence expression", "GPL-2.0-only"),
        ("[project]\nlicense = 2\n", "license", "`license` must be a string", ""),
        ("[patch]\nmessages = 'x'\n", "messages", "no key `messages` in [patch]", "`message`"),
        ("[patch]\nsubject = 3\n", "subject", "`subject` must be a string", ""),
        ("[patch]\nsignoff = 'yes'\n", "signoff", "`signoff` must be true or false", ""),
        ("[patch]\ndate = 2018-01-12\n", "date", "must be a date and time, or text", ""),
        ("[patch]\nmessage-file = 'y'\n", "'y'", "y is not there", ""),
        (
            "[patch]\nmessage = 'x'\nmessage-file = 'x.patch'\n",
            "message-file",
            "there is a `message` already",
            "",
        ),
        ("= 3\n", "=", "not TOML: ", ""),
        ("a = \n", "\n", "not TOML: ", ""),
        ('a = "x', "x", "not TOML: ", ""),
        ("a = 1\na = 2\n", "", "not TOML: cannot overwrite a value", ""),
        ("a = " + "[" * 100_000, "a", "nested too deeply", ""),
        (b"name = '\xff'\n", "\N{REPLACEMENT CHARACTER}", "this byte is not UTF-8", ""),
        (b"\xef\xbb\xbf[project]\n", "", "not TOML: ", ""),
    ],
)
def test_what_can_be_wrong(folder, text, marked, message, help):
    found = faults(text)
    assert any(
        message in said and help in helped and (not marked or at == marked)
        for at, said, helped in found
    ), found


def test_all_faults_are_found_in_one_run(folder):
    found = faults("[projct]\n[case.one]\nmodule = 'nope.vgs'\n[[diff]]\n")
    messages = [message for _, message, _ in found]
    assert [m for m in messages if "is missing" in m] == [
        f"`{key}` is missing" for key in ("after", "before", "patch")
    ]
    assert "there is no key `projct`" in messages
    assert "nope.vgs is not there" in messages


def test_the_second_table_of_two_is_marked(folder):
    text = CASE + "[[diff]]\nbefore='one'\nafter='one'\npatch='x.patch'\n" * 2
    text = text[:-1].removesuffix("patch='x.patch'") + "patch='src'\n"
    Path("vgs.toml").write_text(text)
    (finding,) = read(Path("vgs.toml"))[1]
    assert (finding.span.line, finding.span.text) == (10, "'src'")


def test_a_comparison_with_a_tree_that_is_elsewhere(folder):
    """It need not be there to read the project: not everyone has the tree."""
    text = CASE + "[[diff]]\nbefore='one'\nafter='one'\npatch='x.patch'\ntree='../linux'\n"
    Path("vgs.toml").write_text(text + "[[diff]]\ncase='one'\n")
    project, findings = read(Path("vgs.toml"))
    assert not findings
    assert [c.tree for c in project.comparisons] == [Path("../linux"), None]


def test_files_that_are_no_project_files(folder):
    Path("vgs.toml").write_text("# x\n" * 300_000)
    with pytest.raises(CannotRun, match="larger than 1 MiB"):
        read(Path("vgs.toml"))
    with pytest.raises(CannotRun, match="cannot be read"):
        read(Path("src"))


def test_a_broken_project_file_is_a_finding_of_every_verb(folder, vgs, holds):
    Path("vgs.toml").write_text("[projct]\n")
    done = vgs("check")
    assert done.status == 1
    assert done.out.startswith("vgs.toml:1:2: error[VGS080]: there is no key `projct`")
    assert holds("check", vgs("check", "--format", "json").json)["findings"][0]["code"] == "VGS080"
    for verb in ("build", "diff", "patch", "fmt"):
        done = vgs(verb)
        assert (done.status, done.out) == (1, "")
        assert done.err.startswith("vgs.toml:1:2: error[VGS080]")
        value = holds(verb, vgs(verb, "--format", "json").json)
        assert value["ok"] is False
        assert [f["code"] for f in value["findings"]] == ["VGS080"]
    # Where imports are is not known, and files can be laid out without knowing.
    Path("src/a.vgs").write_text("import elsewhere\n")
    done = vgs("check", "src/a.vgs", "--format", "json")
    assert [f["code"] for f in done.json["findings"]] == ["VGS080"]
    assert vgs("fmt", "src/a.vgs").status == 0


def test_hidden_folders_and_the_output_are_passed_over(folder):
    for name in (".git", "out", "src/.x", "src/deep"):
        Path(name).mkdir()
        Path(name, "y.vgs").write_text("")
    Path("src/.hidden.vgs").write_text("")
    Path("src/readme.md").write_text("")
    assert source_files(Path("."), Path("out")) == [Path("src/a.vgs"), Path("src/deep/y.vgs")]
    with pytest.raises(OSError, match="nosuch"):
        source_files(Path("nosuch"))


def test_overlapping_sources_give_each_module_once(folder):
    made = project('[project]\nsources = [".", "src"]\n')
    assert made.modules() == [Path("src/a.vgs")]


def test_this_repository_is_a_project(monkeypatch):
    monkeypatch.chdir(ROOT)
    made, findings = read(find(Path()))
    assert findings == []
    assert {case.name for case in made.cases} >= {"before", "after"}
    assert made.output == Path("generated")
    assert os.path.commonpath([*made.modules()]) == "sequences"
