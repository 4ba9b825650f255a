"""`vgs check`."""

import os

import pytest


def test_a_clean_project(project, vgs, holds):
    done = vgs("check")
    assert (done.status, done.out, done.err) == (0, "4 modules: nothing found\n", "")
    assert holds("check", vgs("check", "--format", "json").json) == {"findings": []}


def test_findings_have_places_relative_to_the_user(project, vgs, holds, monkeypatch):
    path = project / "src/new.vgs"
    path.write_text(path.read_text().replace("armed", "amred"))
    done = vgs("check")
    assert done.status == 1
    assert done.out.startswith("src/new.vgs:5:10: error[VGS020]: ")
    assert "did you mean `armed`?" in done.out
    assert done.out.endswith("4 modules: 1 error\n")
    monkeypatch.chdir(project / "src")
    (finding,) = holds("check", vgs("check", "--format", "json").json)["findings"]
    assert (finding["file"], finding["line"], finding["column"]) == ("new.vgs", 5, 10)
    assert (finding["code"], finding["severity"]) == ("VGS020", "error")
    (project / "deep/er").mkdir(parents=True)
    monkeypatch.chdir(project / "deep/er")
    assert vgs("check").out.startswith("../../src/new.vgs:5:10: ")


def test_errors_of_all_files_in_one_run(project, vgs):
    (project / "src/a.vgs").write_text("save\n")
    (project / "src/b.vgs").write_bytes(b"\xff\xfe")
    (project / "src/c.vgs").write_text("import nothing_here\n")
    done = vgs("check", "--format", "json")
    assert done.status == 1
    found = [(f["file"], f["code"]) for f in done.json["findings"]]
    assert ("src/b.vgs", "VGS003") in found
    assert ("src/c.vgs", "VGS001") in found
    assert found == sorted(found)
    assert {file for file, _ in found} == {"src/a.vgs", "src/b.vgs", "src/c.vgs"}


def test_a_warning_is_a_finding(project, vgs, holds):
    path = project / "src/timer.vgs"
    path.write_text(path.read_text() + "condition idle per vm\n")
    done = vgs("check", "--format", "json")
    assert done.status == 1
    (finding,) = holds("check", done.json)["findings"]
    assert (finding["code"], finding["severity"]) == ("VGS023", "warning")
    assert vgs("check").out.endswith("4 modules: 1 warning\n")


def test_what_the_dialect_does_not_spell_is_found_without_building(project, vgs):
    path = project / "src/board.vgs"
    lines = [line for line in path.read_text().splitlines() if "armed" not in line]
    path.write_text("\n".join(lines) + "\n")
    done = vgs("check")
    assert done.status == 1
    # Both cases need it, and one line mends both.
    assert done.out.count("error[VGS073]") == 1
    assert "VGS073" in vgs("check", "src/new.vgs").out
    # Beside errors it would only repeat them.
    (project / "src/old.vgs").write_text("import timer\nsave f(vcpu) { save clt }\n")
    done = vgs("check")
    assert "VGS020" in done.out
    assert "VGS073" not in done.out


def test_a_case_whose_dialect_is_not_in_scope(project, vgs):
    text = (project / "vgs.toml").read_text()
    (project / "vgs.toml").write_text(text.replace('"board"', '"bored"'))
    done = vgs("check")
    assert done.status == 1
    assert done.out.startswith("vgs.toml:13:11: error[VGS080]: no dialect `bored` is in scope")
    assert "did you mean `board`?" in done.out


def test_paths_use_the_roots_of_the_project(project, vgs, monkeypatch):
    (project / "tests").mkdir()
    one = project / "tests/one.vgs"
    one.write_text((project / "src/new.vgs").read_text())
    assert vgs("check", "tests").status == 0
    # Seen from elsewhere, the project of the path counts.
    monkeypatch.chdir(project.parent)
    assert vgs("check", "project/tests/one.vgs").status == 0


def test_a_path_is_checked_once(project, vgs):
    assert vgs("check", "src", "src/new.vgs", "./src/new.vgs").out.startswith("4 modules")


def test_standard_input(project, vgs, monkeypatch, process, holds):
    monkeypatch.chdir(project / "src")
    text = (project / "src/new.vgs").read_bytes()
    assert process("check", "-", input=text).status == 0
    done = process("check", "-", "--format", "json", input=text.replace(b"armed", b"amred"))
    assert done.status == 1
    (finding,) = holds("check", done.json)["findings"]
    assert (finding["file"], finding["line"]) == ("<stdin>", 5)
    for broken in (b"\xff", b"\0", b"{" * 1000, b"when " * 10000, b'"'):
        done = process("check", "-", input=broken)
        assert (done.status, done.err) == (1, "")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
def test_a_named_pipe_does_not_hang(project, process):
    os.mkfifo(project / "src/pipe.vgs")
    assert process("check", "src/pipe.vgs").status == 2
    assert process("fmt", "src/pipe.vgs").status == 2


def test_a_folder_without_sources(project, vgs):
    (project / "void").mkdir()
    done = vgs("check", "void")
    assert done.status == 2
    assert "no .vgs file below void" in done.err
    (project / "vgs.toml").write_text('[project]\nsources = ["void"]\n')
    assert vgs("check").status == 2


def test_hidden_folders_and_outputs_are_no_sources(project, vgs):
    text = (project / "vgs.toml").read_text()
    (project / "vgs.toml").write_text(
        text.replace('["src"]', '["."]').replace('"board"', '"board"')
    )
    for folder in (".git", "out"):
        (project / folder).mkdir()
        (project / folder / "x.vgs").write_text("rubbish")
    done = vgs("check")
    assert "rubbish" not in done.out
    assert "4 modules" in done.out


def test_a_source_too_large(project, vgs):
    (project / "src/big.vgs").write_text("// x\n" * 2_000_000)
    done = vgs("check")
    assert done.status == 2
    assert "VGS002" in done.out


def test_an_unreadable_source(project, vgs, monkeypatch):
    from pathlib import Path

    real = Path.read_bytes

    def denied(self):
        if self.name == "new.vgs":
            raise PermissionError(13, "Permission denied", str(self))
        return real(self)

    monkeypatch.setattr(Path, "read_bytes", denied)
    done = vgs("check")
    assert done.status == 2
    assert "cannot be read: Permission denied" in done.out
