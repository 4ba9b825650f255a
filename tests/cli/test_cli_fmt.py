"""`vgs fmt`."""

import os

import pytest

from dsl.syntax import formatting

UGLY = "import timer\nimport board\nsave  timer_save( vcpu ){save ctl\n}\n"


@pytest.fixture
def pretty(project, vgs):
    """The project after a first layout."""
    assert vgs("fmt").status == 0
    return project


def test_a_project_is_laid_out_once(project, vgs, files):
    (project / "src/new.vgs").write_text(UGLY)
    vgs("fmt")
    before = files(project)
    done = vgs("fmt")
    assert (done.status, done.out) == (0, "")
    assert files(project) == before
    assert (project / "src/new.vgs").read_text() != UGLY
    assert vgs("fmt", "--check").status == 0


def test_check_lists_and_writes_nothing(pretty, vgs, files):
    (pretty / "src/new.vgs").write_text(UGLY)
    before = files(pretty)
    done = vgs("fmt", "--check")
    assert (done.status, done.out) == (1, "src/new.vgs: would be laid out anew\n")
    assert files(pretty) == before
    done = vgs("fmt", "src/new.vgs")
    assert (done.status, done.out) == (0, "src/new.vgs: laid out anew\n")


def test_json(pretty, vgs, holds):
    (pretty / "src/new.vgs").write_text(UGLY)
    value = holds("fmt", vgs("fmt", "--check", "--format", "json").json)
    states = {f["file"]: f["state"] for f in value["files"]}
    assert value["ok"] is False
    assert states["src/new.vgs"] == "changed"
    assert states["src/timer.vgs"] == "unchanged"
    (pretty / "src/new.vgs").write_text("save save")
    done = vgs("fmt", "--format", "json")
    assert done.status == 1
    value = holds("fmt", done.json)
    assert {f["file"]: f["state"] for f in value["files"]}["src/new.vgs"] == "error"
    assert value["findings"][0]["file"] == "src/new.vgs"


def test_a_file_with_errors_is_left_alone_and_the_others_are_not(pretty, vgs):
    (pretty / "src/new.vgs").write_text(UGLY)
    (pretty / "src/old.vgs").write_text(UGLY + "what")
    (pretty / "src/odd.vgs").write_bytes(b"\xff")
    done = vgs("fmt")
    assert done.status == 1
    assert "src/old.vgs:5:1: error[" in done.err
    assert "src/odd.vgs:1:1: error[VGS003]" in done.err
    assert (pretty / "src/old.vgs").read_text() == UGLY + "what"
    assert (pretty / "src/odd.vgs").read_bytes() == b"\xff"
    assert done.out == "src/new.vgs: laid out anew\n"


def test_standard_input(pretty, process, holds):
    laid = process("fmt", "-", input=UGLY.encode())
    assert (laid.status, laid.err) == (0, "")
    assert laid.out.startswith("import timer\n")
    again = process("fmt", "-", input=laid.out.encode(), PYTHONIOENCODING="ascii")
    assert (again.status, again.out) == (0, laid.out)
    done = process("fmt", "-", "--check", input=UGLY.encode())
    assert (done.status, done.out) == (1, "<stdin>: would be laid out anew\n")
    assert process("fmt", "-", "--check", input=laid.out.encode()).status == 0
    done = process("fmt", "-", input=b"save save")
    assert (done.status, done.out) == (1, "")
    value = holds("fmt", process("fmt", "-", "--format", "json", input=UGLY.encode()).json)
    assert value["text"] == laid.out
    value = holds("fmt", process("fmt", "-", "--format", "json", input=b"\xff").json)
    assert value["text"] is None
    assert value["findings"][0]["code"] == "VGS003"


def test_comments_outside_ascii_survive(pretty, process):
    text = "// Größe → \U0001f600\nimport timer\n".encode()
    assert process("fmt", "-", input=text, PYTHONIOENCODING="ascii").out.encode() == text


def test_mode_and_links_are_kept(pretty, vgs):
    path = pretty / "src/new.vgs"
    path.write_text(UGLY)
    path.chmod(0o640)
    link = pretty / "link.vgs"
    link.symlink_to(path)
    assert vgs("fmt", "link.vgs").status == 0
    assert link.is_symlink()
    assert path.read_text() != UGLY
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_mark_of_the_byte_order_and_carriage_returns_go(pretty, vgs):
    path = pretty / "src/timer.vgs"
    text = path.read_bytes()
    path.write_bytes(b"\xef\xbb\xbf" + text)
    assert vgs("fmt").status == 0
    assert path.read_bytes() == text


def test_a_disk_that_takes_nothing(pretty, vgs, monkeypatch, files):
    (pretty / "src/new.vgs").write_text(UGLY)
    before = files(pretty)
    monkeypatch.setattr(os, "replace", os.replace)
    from pathlib import Path

    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    done = vgs("fmt")
    assert done.status == 2
    assert "src/new.vgs cannot be written: no space left on device" in done.err
    assert files(pretty) == before


def test_a_layout_that_cannot_be_read_back_is_not_written(pretty, capsys, monkeypatch, files):
    from dsl.cli import main
    from dsl.syntax import format as layout

    (pretty / "src/new.vgs").write_text(UGLY)
    before = files(pretty)
    monkeypatch.setattr(layout, "format_module", lambda text, module: "save save")
    assert formatting is not None
    assert main(["fmt"]) == 2
    assert "cannot be read back" in capsys.readouterr().err
    assert files(pretty) == before


def test_deep_expressions(pretty, process):
    deep = "condition c = " + " + ".join(["1"] * 20000) + " == 0 per vm\n"
    for argv in (["fmt", "-"], ["check", "-"]):
        done = process(*argv, input=deep.encode())
        assert done.status in (0, 1)
        assert "Traceback" not in done.err


def test_parentheses_that_would_nest_too_deeply_are_a_finding(vgs, tmp_path):
    # Each doubtful operator gets a parenthesis, and the blocks around use up the limit.
    blocks = 98
    text = (
        "register R : 64 { F [63:0] }\n"
        f"sequence f() {{ {'when R { ' * blocks}R <- R << 1 & R | 1{' }' * blocks} }}\n"
    )
    path = tmp_path / "deep.vgs"
    path.write_text(text)
    done = vgs("fmt", str(path))
    assert path.read_text() == text
    assert done.status == 1
    assert "VGS006" in done.err + done.out
    assert "fault" not in done.err
