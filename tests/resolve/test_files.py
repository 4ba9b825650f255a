"""Files that are no sources, and files that import each other."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dsl.diagnostics import Diagnostic
from dsl.resolve.workspace import LARGEST, Workspace


def found_in(path: Path) -> list[Diagnostic]:
    workspace = Workspace([path.parent])
    loaded = workspace.load(path)
    workspace.check([loaded] if loaded else [])
    return workspace.found.sorted()


def only(path: Path) -> tuple[str, str]:
    (finding,) = found_in(path)
    return finding.code, finding.message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "timer.vgs"
    assert only(path) == ("VGS001", f"there is no file {path}")


def test_a_folder(tmp_path: Path) -> None:
    assert only(tmp_path) == ("VGS002", f"{tmp_path} cannot be read: Is a directory")


def test_a_pipe_that_nobody_writes_to(tmp_path: Path) -> None:
    path = tmp_path / "pipe.vgs"
    os.mkfifo(path)
    assert only(path) == ("VGS002", f"{path} is no regular file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "secret.vgs"
    path.write_text("lock a\n")
    path.chmod(0)
    assert only(path) == ("VGS002", f"{path} cannot be read: Permission denied")


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "large.vgs"
    path.write_bytes(b"\n" * (LARGEST + 1))
    assert only(path) == ("VGS002", f"{path} is larger than 8 MiB, so it is no source")


def test_standard_input_has_the_same_limit() -> None:
    workspace = Workspace()
    assert workspace.load_text("\n" * (LARGEST + 1)) is None
    assert [f.code for f in workspace.found] == ["VGS002"]


@pytest.mark.parametrize(
    ("data", "line", "column", "byte"),
    [
        (b"lock a\nlock b\xff\n", 2, 7, 0xFF),
        ("größe ".encode() + b"\xe4 ", 1, 7, 0xE4),
        (b"lock a // \xc3", 1, 11, 0xC3),
        (b"\xed\xa0\x80", 1, 1, 0xED),
    ],
    ids=["anywhere", "after umlauts", "cut off", "half a surrogate pair"],
)
def test_bytes_that_are_not_utf_8(
    tmp_path: Path, data: bytes, line: int, column: int, byte: int
) -> None:
    path = tmp_path / "latin.vgs"
    path.write_bytes(data)
    (finding,) = found_in(path)
    assert (finding.code, finding.span.line, finding.span.column) == ("VGS003", line, column)
    assert f"0x{byte:02x}" in finding.message


def test_half_a_character_in_a_string() -> None:
    workspace = Workspace()
    assert workspace.load_text("lock a // \ud800") is None
    assert [(f.code, f.span.column) for f in workspace.found] == [("VGS003", 11)]


def test_a_nul_byte(tmp_path: Path) -> None:
    path = tmp_path / "binary.vgs"
    path.write_bytes(b"lock a\n\0\0")
    (finding,) = found_in(path)
    assert (finding.code, finding.span.line, finding.span.column) == ("VGS004", 2, 1)


def test_utf_16_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "wide.vgs"
    path.write_bytes("lock a\n".encode("utf-16-be"))
    assert only(path)[0] == "VGS004"


def test_a_byte_order_mark_and_crlf_are_text(tmp_path: Path) -> None:
    path = tmp_path / "dos.vgs"
    path.write_bytes("\ufefflock a\r\nlock b\r\n".encode())
    assert found_in(path) == []


def test_what_an_import_names_is_reported_at_the_import(tmp_path: Path) -> None:
    (tmp_path / "large.vgs").write_bytes(b"\n" * (LARGEST + 1))
    main = tmp_path / "main.vgs"
    main.write_text("import large\n")
    (finding,) = found_in(main)
    assert (finding.code, finding.span.text) == ("VGS002", "large")


def test_an_import_whose_name_no_file_can_have(tmp_path: Path) -> None:
    main = tmp_path / "main.vgs"
    main.write_text(f"import {'a' * 400}\n")
    assert only(main)[0] == "VGS001"


def test_a_long_circle_is_shown_as_one(tmp_path: Path) -> None:
    for one, next_ in ("ab", "bc", "ca"):
        (tmp_path / f"{one}.vgs").write_text(f"import {next_}\n")
    assert only(tmp_path / "a.vgs") == ("VGS005", "modules import each other: a → b → c → a")


def test_names_that_a_broken_import_may_declare_are_not_unknown(tmp_path: Path) -> None:
    (tmp_path / "timer.vgs").write_text("register CNTV_CTL_EL0 : 32 { ENABLE 0 }\n")
    (tmp_path / "common.vgs").write_text("import timer\n")
    main = tmp_path / "main.vgs"
    main.write_text("import common\nsequence f() { CNTV_CTL_EL0 <- 0 }\n")
    assert [f.code for f in found_in(main)] == ["VGS011"]


def test_a_module_that_two_others_import_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "base.vgs").write_text("context timer of vcpu { used : u32 }\n")
    (tmp_path / "one.vgs").write_text("import base\ncontext one of vcpu { x : u32 }\n")
    (tmp_path / "two.vgs").write_text("import base\ncontext two of vcpu { y : u32 }\n")
    main = tmp_path / "main.vgs"
    main.write_text("import one\nimport two\nsequence f(vcpu) { x <- y + used }\n")
    assert found_in(main) == []


def test_what_one_import_promises_another_may_define(tmp_path: Path) -> None:
    (tmp_path / "common.vgs").write_text("sequence f()\nsequence g() { f() }\n")
    (tmp_path / "after.vgs").write_text("import common\nsequence f() {}\n")
    main = tmp_path / "main.vgs"
    main.write_text("import common\nimport after\nsequence h() { g() f() }\n")
    assert found_in(main) == []
    main.write_text("import after\nimport common\nsequence h() { g() f() }\n")
    assert found_in(main) == []


def test_advice_waits_for_no_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.vgs")
    path = tmp_path / "timer.vgs"
    path.write_text("sequence stop() { CNTV_CTL_EL0 <- 0 }\n")
    assert only(path)[0] == "VGS020"


def test_platforms_come_with_vgs(tmp_path: Path) -> None:
    path = tmp_path / "timer.vgs"
    path.write_text("import platforms.gicv3\nsequence reset_lr0() { ICH_LR<0>_EL2 <- 0 }\n")
    assert found_in(path) == []


def test_a_project_may_have_platforms_of_its_own(tmp_path: Path) -> None:
    own = tmp_path / "platforms"
    own.mkdir()
    (own / "armv8.vgs").write_text(
        'platform armv8 "ours"\nregister OURS_EL2 : 64 { res0 [63:0] }\n'
    )
    path = tmp_path / "timer.vgs"
    path.write_text("import platforms.armv8\nsequence clear() { OURS_EL2 <- 0 }\n")
    assert found_in(path) == []


def test_a_platform_that_nobody_has(tmp_path: Path) -> None:
    path = tmp_path / "timer.vgs"
    path.write_text("import platforms.gicv4\n")
    (finding,) = found_in(path)
    assert finding.code == "VGS001"
    assert finding.help.startswith("did you mean `platforms.gicv3`")


@pytest.mark.parametrize(
    ("statement", "help"),
    [
        (
            "HCR_EL2.TGE <- 1",
            "`HCR_EL2` is in the module `platforms.armv8`: `import platforms.armv8`",
        ),
        (
            "ICH_LR3_EL2 <- 0",
            "`ICH_LR3_EL2` is in the module `platforms.gicv3`: `import platforms.gicv3`",
        ),
        (
            "ICH_LR<3>_EL2 <- 0",
            "`ICH_LR<3>_EL2` is in the module `platforms.gicv3`: `import platforms.gicv3`",
        ),
        ("SCRATCH <- 0", "`SCRATCH` is in the module `own.extra`: `import own.extra`"),
        ("when fast {}", "`fast` is in the module `own.extra`: `import own.extra`"),
        ("later()", ""),
        ("SCRATCJ <- 0", ""),
    ],
)
def test_a_name_that_another_module_has(tmp_path: Path, statement: str, help: str) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own/extra.vgs").write_text(
        "register SCRATCH : 8 { A [7:0] }\ncondition slow, fast per machine\nsequence broken( {\n"
    )
    # What imports the module itself cannot be imported by it; and what is no source is no matter.
    (tmp_path / "above.vgs").write_text("import main\nsequence later() {}\n")
    (tmp_path / "binary.vgs").write_bytes(b"\xff\x00")
    (tmp_path / "folder.vgs").mkdir()
    main = tmp_path / "main.vgs"
    main.write_text(f"sequence f() {{ {statement} }}\n")
    workspace = Workspace()
    workspace.load(main)
    (found,) = workspace.found
    assert (found.code, found.help) == ("VGS020", help)


def test_the_owner_that_another_module_has(tmp_path: Path) -> None:
    (tmp_path / "guest.vgs").write_text("context arch of vcpu { ticks : u64 }\n")
    main = tmp_path / "main.vgs"
    main.write_text("sequence f(vcpu) {}\n")
    workspace = Workspace()
    workspace.load(main)
    assert [f.help for f in workspace.found] == ["`vcpu` is in the module `guest`: `import guest`"]


def test_a_sequence_that_no_file_holds_is_told_what_would_hold_it() -> None:
    workspace = Workspace()
    loaded = workspace.load_text('dialect d for c { file "a.c" holds x* {} }\nsequence stop() {}\n')
    assert loaded is not None
    workspace.check([loaded])
    assert [(f.code, f.help) for f in workspace.found] == [
        ("VGS074", 'give `stop` to a file there: file "PATH" holds stop {}')
    ]


def test_a_module_that_only_gathers_others_makes_them_no_parts(tmp_path: Path) -> None:
    """What has scenarios for a case imports it, and the case is judged as a whole all the same."""
    dialect = 'dialect tree for c { file "a.c" holds * {} }\n'
    (tmp_path / "case.vgs").write_text(f"{dialect}save promised()\nsequence made() {{ }}\n")
    (tmp_path / "runs.vgs").write_text("import case\n")
    workspace = Workspace()
    loaded = [workspace.load(tmp_path / f"{name}.vgs") for name in ("case", "runs")]
    workspace.check([one for one in loaded if one is not None])
    assert [d.code for d in workspace.found] == ["VGS058"]


def test_a_text_that_is_tried_instead_of_a_file(tmp_path: Path) -> None:
    shared, user = tmp_path / "shared.vgs", tmp_path / "user.vgs"
    shared.write_text("condition vhe per machine\n")
    user.write_text("import shared\nsequence f() { assert vhe }\n")
    (tmp_path / "link.vgs").symlink_to(shared)

    def tried(text: str) -> list[str]:
        workspace = Workspace([tmp_path], {tmp_path / "link.vgs": text})
        loaded = workspace.load(user)
        assert loaded is not None
        return [f"{f.code} {f.span.source.name}" for f in workspace.found.sorted()]

    assert tried("condition vhe per machine\ncondition slow per vm\n") == []
    assert f"VGS020 {user}" in tried("condition slow per machine\n")
    assert tried("condition vhe per\n")[0].endswith(str(shared))
    assert found_in(user) == []
    assert shared.read_text() == "condition vhe per machine\n"
