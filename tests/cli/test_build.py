"""Builds: what is written, what is removed, and what happens when that fails."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dsl.project import folder, outputs
from dsl.project.file import Case

ROOT = Path(__file__).parents[2]
MADE = {
    "manifest.json",
    *(f"{case}/{name}" for case in ("old", "new") for name in ("c/arch/timer.c", "simulator.py")),
}


@pytest.fixture
def built(project, vgs):
    """The project, built once."""
    assert vgs("build").status == 0
    return project


def texts(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def manifest(folder):
    return json.loads((folder / "manifest.json").read_text())


def test_a_project_is_built_into_its_folder(project, vgs, holds):
    done = vgs("build", "--format", "json")
    assert done.status == 0
    value = holds("build", done.json)
    assert value["ok"] is True
    assert {f["file"] for f in value["files"]} == MADE
    assert {f["state"] for f in value["files"]} == {"created"}
    assert set(texts(project / "out")) == MADE
    c = (project / "out/new/c/arch/timer.c").read_text()
    assert "if (timer_armed()) {" in c
    compile((project / "out/new/simulator.py").read_text(), "simulator.py", "exec")


def test_the_manifest_names_sources_and_outputs_and_no_machine(built):
    found = manifest(built / "out")
    assert set(found) == {"vgs", "cases", "outputs"}
    assert set(found["outputs"]) == MADE - {"manifest.json"}
    assert found["cases"]["new"]["dialect"] == "board"
    assert found["cases"]["old"]["module"] == "src/old.vgs"
    assert set(found["cases"]["old"]["sources"]) == {
        "src/old.vgs",
        "src/timer.vgs",
        "src/board.vgs",
    }
    text = (built / "out/manifest.json").read_text()
    assert str(built) not in text
    assert text == json.dumps(found, indent=2, sort_keys=True) + "\n"


def test_the_manifest_names_what_comes_with_vgs_without_saying_where(project, vgs):
    timer = project / "src" / "timer.vgs"
    timer.write_text("import platforms.armv8\n" + timer.read_text())
    assert vgs("build").status == 0
    for case in manifest(project / "out")["cases"].values():
        assert "vgs:platforms/armv8.vgs" in case["sources"]
        assert not [name for name in case["sources"] if name.startswith(("/", ".."))]
    assert vgs("build", "--check").status == 0


def test_every_output_begins_with_the_licence_of_the_project(project, vgs):
    toml = project / "vgs.toml"
    toml.write_text(toml.read_text().replace("[project]\n", '[project]\nlicense = "MIT OR 0BSD"\n'))
    assert vgs("build").status == 0
    tag = "SPDX-License" + "-Identifier: MIT OR 0BSD"
    lines = {path: text.split(b"\n")[0].decode() for path, text in texts(project / "out").items()}
    assert lines["new/c/arch/timer.c"] == f"// {tag}"
    assert lines["new/simulator.py"] == f"# {tag}"
    assert lines["manifest.json"] == "{"
    assert vgs("build", "--check").status == 0


def test_a_second_build_touches_nothing(built, vgs, files):
    before = files(built)
    done = vgs("build")
    assert (done.status, done.out) == (0, "2 cases, 5 files: up to date\n")
    assert files(built) == before


def test_the_outputs_do_not_depend_on_where_one_stands(built, vgs, process, monkeypatch):
    first = texts(built / "out")
    monkeypatch.chdir(built / "src")
    assert vgs("build", "-o", built / "elsewhere/deep").status == 0
    assert texts(built / "elsewhere/deep") == first
    copy = built.parent / "a copy"
    shutil.copytree(built, copy)
    shutil.rmtree(copy / "out")
    monkeypatch.chdir(copy)
    assert process("build", PYTHONHASHSEED="7", LC_ALL="C", TZ="Asia/Tokyo").status == 0
    assert texts(copy / "out") == first


def test_only_what_changed_is_written(built, vgs, files):
    before = files(built / "out")
    path = built / "src/old.vgs"
    path.write_text(path.read_text().replace("CNT_CTL <- 0", "CNT_CTL <- 1"))
    done = vgs("build", "--format", "json")
    states = {f["file"]: f["state"] for f in done.json["files"]}
    assert states == {
        "manifest.json": "changed",
        "new/c/arch/timer.c": "unchanged",
        "new/simulator.py": "unchanged",
        "old/c/arch/timer.c": "changed",
        "old/simulator.py": "changed",
    }
    after = files(built / "out")
    assert {name for name in MADE if before[name] == after[name]} == {
        "new/c/arch/timer.c",
        "new/simulator.py",
    }


def test_check_lists_what_is_out_of_date_and_writes_nothing(built, vgs, files, holds):
    assert vgs("build", "--check").status == 0
    (built / "out/old/simulator.py").write_text("pass\n")
    (built / "out/new/c/arch/timer.c").unlink()
    before = files(built)
    done = vgs("build", "--check")
    assert done.status == 1
    assert done.out.splitlines() == [
        "out/new/c/arch/timer.c: missing",
        "out/old/simulator.py: out of date",
    ]
    value = holds("build", vgs("build", "--check", "--format", "json").json)
    assert value["ok"] is False
    assert value["check"] is True
    assert files(built) == before
    assert vgs("build").status == 0
    assert vgs("build", "--check").status == 0


# ---- what is removed


def drop_old_case(project):
    text = (project / "vgs.toml").read_text()
    head, _, rest = text.partition("[case.old]")
    rest = rest[rest.index("[case.new]") : rest.index("[[diff]]")]
    (project / "vgs.toml").write_text(head + rest)


def test_files_that_are_no_longer_made_are_removed_and_nothing_else(built, vgs):
    mine = built / "out/old/c/notes.txt"
    mine.write_text("mine")
    other = built / "out/other.c"
    other.write_text("mine too")
    drop_old_case(built)
    assert vgs("build", "--check").status == 1
    done = vgs("build")
    assert done.status == 0
    assert "out/old/simulator.py: removed" in done.out
    assert set(texts(built / "out")) == {
        "manifest.json",
        "new/c/arch/timer.c",
        "new/simulator.py",
        "old/c/notes.txt",
        "other.c",
    }
    assert not (built / "out/old/c/arch").exists()
    assert vgs("build", "--check").status == 0


def test_a_leftover_that_somebody_changed_is_kept(built, vgs):
    path = built / "out/old/simulator.py"
    path.write_text("mine now")
    drop_old_case(built)
    done = vgs("build")
    assert "out/old/simulator.py: no longer made, but changed by hand: kept" in done.out
    assert path.read_text() == "mine now"


def test_a_manifest_cannot_name_files_elsewhere(built, vgs):
    victim = built / "victim.txt"
    victim.write_text("keep me")
    linked = built / "linked"
    linked.mkdir()
    (linked / "file.txt").write_text("keep me")
    (built / "out/link").symlink_to(linked)
    found = manifest(built / "out")
    kept = folder.digest("keep me")
    for path in ("../victim.txt", str(victim), "link/file.txt", "a\0b", "..", ""):
        found["outputs"][path] = kept
    (built / "out/manifest.json").write_text(json.dumps(found))
    assert vgs("build").status == 0
    assert victim.read_text() == "keep me"
    assert (linked / "file.txt").exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '"vgs"',
        '{"name": "a web page"}',
        '{"vgs": 1, "cases": {}, "outputs": {}}',
        '{"vgs": "0.1.0", "cases": [], "outputs": {}}',
        '{"vgs": "0.1.0", "cases": {"a": 3}, "outputs": {}}',
        '{"vgs": "0.1.0", "cases": {}, "outputs": {"a": 3}}',
        "[" * 100_000,
    ],
)
def test_a_manifest_that_is_damaged_or_not_ours_stops_the_build(built, vgs, files, text):
    (built / "out/manifest.json").write_text(text)
    before = files(built)
    for argv in (["build"], ["build", "--check"], ["diff"]):
        done = vgs(*argv)
        assert done.status == 2
        assert "out/manifest.json is damaged, or not a manifest of vgs" in done.err
    assert files(built) == before


# ---- errors


def test_an_error_in_one_case_stops_all(built, vgs, files, holds):
    path = built / "src/old.vgs"
    path.write_text(path.read_text() + "what\n")
    (built / "src/new.vgs").write_text((built / "src/new.vgs").read_text().replace("0", "1"))
    before = files(built)
    done = vgs("build")
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("src/old.vgs:8:1: error[")
    value = holds("build", vgs("build", "--format", "json").json)
    assert value["ok"] is False
    assert value["files"] == []
    assert value["findings"][0]["file"] == "src/old.vgs"
    assert files(built) == before


def test_what_the_dialect_does_not_spell_stops_the_build(built, vgs, files):
    path = built / "src/board.vgs"
    path.write_text("".join(x for x in path.read_text().splitlines(True) if "armed" not in x))
    before = files(built)
    done = vgs("build")
    assert done.status == 1
    # Both cases need it, and one line mends both.
    assert done.err.count("error[VGS073]") == 1
    assert files(built) == before


@pytest.mark.parametrize("path", ["/abs/timer.c", "../timer.c", "a/../../timer.c"])
def test_a_dialect_cannot_write_outside_of_its_tree(project, vgs, files, path):
    board = project / "src/board.vgs"
    board.write_text(board.read_text().replace("arch/timer.c", path))
    before = files(project)
    done = vgs("build")
    assert done.status in (1, 2)
    assert done.err
    assert files(project) == before


def test_a_file_where_another_needs_a_folder(project, vgs, files):
    board = project / "src/board.vgs"
    text = board.read_text().rstrip().removesuffix("}")
    board.write_text(text + '    file "arch/timer.c/more.c" holds clock_* {}\n}\n')
    for name in ("old", "new"):
        path = project / f"src/{name}.vgs"
        path.write_text(path.read_text() + "\nsequence clock_stop() { CNT_CTL <- 0 }\n")
    before = files(project)
    done = vgs("build")
    assert done.status == 2
    assert "old/c/arch/timer.c would be a file, and the folder of" in done.err
    assert files(project) == before


def test_nothing_is_made_of_a_module_with_errors(project, vgs, monkeypatch):
    from dsl.backends import c, python

    def never(*args):
        raise AssertionError(args)

    monkeypatch.setattr(c, "emit", never)
    monkeypatch.setattr(python, "emit", never)
    path = project / "src/old.vgs"
    path.write_text(path.read_text().replace("armed", "amred"))
    assert vgs("build").status == 1


def test_warnings_do_not_stop_a_build(project, vgs):
    path = project / "src/old.vgs"
    path.write_text(
        path.read_text().replace("    save ctl\n", "    save ctl\n    let x : u64 = 1\n")
    )
    done = vgs("build")
    assert done.status == 0
    assert "warning[VGS023]" in done.err
    assert (project / "out/old/simulator.py").exists()


# ---- without a project


@pytest.fixture
def loose(project):
    """The sources, without a project file."""
    (project / "vgs.toml").unlink()
    return project


def test_modules_are_cases_named_as_their_files(loose, vgs):
    done = vgs("build", "src/old.vgs", "src/new.vgs", "-o", "made")
    assert done.status == 0
    assert set(texts(loose / "made")) == MADE
    found = manifest(loose / "made")
    assert found["cases"]["old"]["module"] == "old.vgs"
    assert found["cases"]["old"]["dialect"] == "board"


def test_without_a_dialect_in_scope_there_is_only_a_simulator(loose, vgs):
    assert vgs("build", "src/timer.vgs", "-o", "made").status == 0
    assert set(texts(loose / "made")) == {"manifest.json", "timer/simulator.py"}
    assert manifest(loose / "made")["cases"]["timer"]["dialect"] is None


def test_several_dialects_must_be_chosen_from(loose, vgs):
    path = loose / "src/board.vgs"
    text = path.read_text()
    path.write_text(
        text + text.replace("import timer\n", "").replace("dialect board", "dialect b2")
    )
    argv = ["build", "src/old.vgs", "-o", "made"]
    done = vgs(*argv)
    assert done.status == 2
    assert "several dialects in scope: b2, board" in done.err
    assert "--dialect" in done.err
    done = vgs(*argv, "--dialect", "bored")
    assert done.status == 2
    assert "did you mean `board`?" in done.err
    assert vgs(*argv, "--dialect", "b2").status == 0
    assert manifest(loose / "made")["cases"]["old"]["dialect"] == "b2"
    # In a project it is the file's fault.
    (loose / "vgs.toml").write_text(
        '[project]\nsources = ["src"]\n[case.a]\nmodule = "src/old.vgs"\n'
    )
    done = vgs("build")
    assert done.status == 1
    assert done.err.startswith("vgs.toml:4:")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["src/old.vgs"], "say where to: -o DIR"),
        (["src", "-o", "made"], "src is a folder"),
        (["src/nosuch.vgs", "-o", "made"], "there is no file src/nosuch.vgs"),
        (["src/old.vgs", "./src/old.vgs", "-o", "made"], "would both be the case `old`"),
        (["src/old.vgs", "-o", "timer.patch"], "timer.patch is not a folder"),
        (["src/old.vgs", "-o", "timer.patch/x"], "cannot be written: not a directory"),
        (["src/manifest.json.vgs", "-o", "made"], "cannot be the name of a case"),
        (["--dialect", "board"], "--dialect is for modules that are named"),
    ],
)
def test_what_cannot_be_built(loose, vgs, files, argv, message):
    before = files(loose)
    done = vgs("build", *argv)
    assert (done.status, done.out) == (2, "")
    assert message in done.err
    assert files(loose) == before


def test_a_project_without_cases(project, vgs):
    (project / "vgs.toml").write_text("")
    done = vgs("build")
    assert done.status == 2
    assert "has no case to build" in done.err


# ---- disks


@pytest.mark.parametrize("failing", ["write_bytes", "replace", "mkdir"])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_failure_on_the_way_leaves_no_half_written_file(
    project, vgs, monkeypatch, failing, number
):
    real = getattr(Path, failing)
    calls = []

    def fails(self, *args, **kwargs):
        if "out" in self.parts or self.name == "out":
            calls.append(self)
            if len(calls) > number:
                raise OSError(28, "No space left on device", str(self))
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Path, failing, fails)
    done = vgs("build")
    assert (done.status, done.out) == (2, "")
    assert "cannot be written: no space left on device" in done.err
    left = texts(project / "out") if (project / "out").exists() else {}
    # Nothing but whole files, and only where the disk failed between two names.
    assert all(not Path(name).name.startswith(".") for name in left)
    assert len(left) == (number if failing == "replace" else 0)
    if failing != "replace":
        assert not (project / "out").exists()
    monkeypatch.setattr(Path, failing, real)
    assert vgs("build").status == 0
    assert set(texts(project / "out")) == MADE


def test_a_real_limit_on_the_size_of_files(built):
    """The system itself refuses to write: an earlier build stays as it was."""
    before = texts(built / "out")
    path = built / "src/old.vgs"
    path.write_text(path.read_text().replace("CNT_CTL <- 0", "CNT_CTL <- 1"))

    # Nor may the interpreter leave half a compiled module behind, as it would.
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "VGS_CACHE": "off",
        "PYTHONDONTWRITEBYTECODE": "1",
    }

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))

    done = subprocess.run(
        [sys.executable, "-m", "dsl", "build"],
        preexec_fn=limit,
        capture_output=True,
        env=environment,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert b"cannot be written: file too large" in done.stderr
    assert texts(built / "out") == before


def test_an_interrupt_while_writing(built, vgs, monkeypatch):
    before = texts(built / "out")
    path = built / "src/old.vgs"
    path.write_text(path.read_text().replace("CNT_CTL <- 0", "CNT_CTL <- 1"))
    real = Path.write_bytes

    def interrupted(self, data):
        real(self, data[:10])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", interrupted)
    assert vgs("build").status == 130
    assert texts(built / "out") == before


def test_a_folder_in_the_place_of_a_file(project, vgs):
    (project / "out/old/simulator.py").mkdir(parents=True)
    done = vgs("build")
    assert done.status == 2
    assert "out/old/simulator.py" in done.err
    assert texts(project / "out") == {}


def test_a_file_in_the_place_of_a_folder(project, vgs):
    (project / "out").mkdir()
    (project / "out/old").write_text("mine")
    done = vgs("build")
    assert done.status == 2
    assert texts(project / "out") == {"old": b"mine"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(project, vgs):
    (project / "out").mkdir(mode=0o555)
    done = vgs("build")
    assert done.status == 2
    assert "permission denied" in done.err


def test_cases_of_no_project_carry_no_span():
    request = outputs.of_modules([Path("a/x.vgs"), Path("a/y.vgs")], "d", ())
    assert request.cases == (Case("x", Path("a/x.vgs"), "d"), Case("y", Path("a/y.vgs"), "d"))
