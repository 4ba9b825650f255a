"""Every example in docs/ is compiled, and what stands below it is what comes out."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

from dsl import format as formatted
from dsl.cli import main
from dsl.diagnostics import catalogue
from tests.docs.pages import DOCS, PAGES, Block, blocks, modules, name_of, sections_of

_SHOWN = ("toml", "sh")


def of_language(name: str) -> list[Block]:
    return [b for b in blocks() if b.language == name]


def place(block: Block) -> str:
    return block.place


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with the modules that examples can import."""
    for path, text in modules().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    return tmp_path


def vgs(*arguments: str) -> tuple[int, str]:
    """Runs the command in this process: its status, and what it prints."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(list(arguments))
    return status, out.getvalue() + err.getvalue()


def checked(block: Block) -> list[str]:
    """What `vgs check` says of a block, in lines, without the count at the end."""
    path = Path(f"{block.module}.vgs")
    path.write_text(block.source, encoding="utf-8")
    said = vgs("check", str(path))[1]
    return [line.rstrip() for line in said.splitlines()][:-1]


def codes(lines: list[str]) -> set[str]:
    return {code for line in lines for code in catalogue() if f"[{code}]" in line}


@pytest.mark.parametrize("block", of_language("vgs"), ids=place)
@pytest.mark.usefixtures("folder")
def test_a_vgs_block_compiles_or_is_wrong_as_it_says(block: Block) -> None:
    said = checked(block)
    match block.mark("wrong"):
        case None:
            # An example declares what others would use.
            assert codes(said) <= {"VGS023"}, "\n".join(said)
        case "":
            below = [b for b in blocks() if b.above == block]
            assert below, "what is said of it must follow"
            assert below[0].language == "text"
        case expected:
            assert codes(said) == set(expected.split(",")), "\n".join(said)


@pytest.mark.parametrize(
    "block", [b for b in of_language("vgs") if b.mark("whole") is not None], ids=place
)
def test_a_whole_block_declares_and_spells_nothing_that_it_does_not_use(
    block: Block, folder: Path
) -> None:
    imported = {f"{name}.vgs" for name in re.findall(r"^import (\S+)", block.text, re.MULTILINE)}
    for path in modules().keys() - imported - {f"{block.module}.vgs"}:
        (folder / path).unlink()
    (folder / "vgs.toml").write_text(f'[case.only]\nmodule = "{block.module}.vgs"\n')
    said = vgs("check")[1]
    assert [line for line in said.splitlines() if line.startswith(f"{block.module}.vgs")] == []


@pytest.mark.parametrize("block", of_language("vgs"), ids=place)
def test_a_vgs_block_is_laid_out_as_fmt_does_it(block: Block) -> None:
    source = block.source.removesuffix(f"\nimport {block.mark('in')}\n")
    try:
        assert formatted(source) == source
    except Exception as error:
        if not block.mark("wrong"):
            raise
        pytest.skip(f"this is no syntax: {error}")


@pytest.mark.parametrize("block", of_language("text"), ids=place)
@pytest.mark.usefixtures("folder")
def test_a_text_block_is_what_comes_out_of_the_block_before_it(block: Block) -> None:
    above = block.above
    assert above is not None
    shown = [line.rstrip() for line in block.text.splitlines()]
    if above.language == "python":
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(above.text, above.place, "exec"), {})
        assert out.getvalue().splitlines() == shown
        return
    assert above.language == "vgs"
    assert above.mark("wrong") == ""
    said = checked(above)
    assert said == shown, "\n".join(said)


@pytest.mark.parametrize("block", of_language("python"), ids=place)
def test_a_python_block_shows_what_it_prints(block: Block) -> None:
    assert [b.language for b in blocks() if b.above == block] == ["text"]


@pytest.mark.parametrize("block", of_language("c"), ids=place)
def test_a_c_block_is_what_the_block_before_it_is_built_into(block: Block, folder: Path) -> None:
    above = block.above
    while above is not None and above.language == "c":
        above = above.above
    assert above is not None
    assert above.language == "vgs"
    (folder / f"{above.module}.vgs").write_text(above.source, encoding="utf-8")
    status, said = vgs("build", f"{above.module}.vgs", "-o", "out")
    assert status == 0, said
    made = [p.read_text(encoding="utf-8") for p in (folder / "out").rglob("*.[ch]")]
    assert any(f"\n{block.text}" in f"\n{text}" for text in made), "\n".join(made)


def test_every_block_has_a_language_that_is_held() -> None:
    held = {"vgs", "text", "python", "c", "lark", *_SHOWN}
    assert [b.place for b in blocks() if b.language not in held] == []


# ---- links


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_link_leads_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if link.startswith(("http:", "https:")):
            continue
        where, _, anchor = link.partition("#")
        to = (path.parent / where).resolve() if where else path
        assert to.exists(), link
        if anchor:
            assert anchor in {s.anchor for s in sections_of(to)}, link


def test_a_page_leads_to_every_other() -> None:
    text = "".join(
        (DOCS / p).read_text(encoding="utf-8") for p in ("README.md", "language/README.md")
    )
    linked = {
        (folder / link.partition("#")[0]).resolve()
        for folder in (DOCS, DOCS / "language")
        for link in re.findall(r"\]\(([^)\s]+)\)", text)
    }
    assert [name_of(p) for p in PAGES if p not in linked and p != DOCS / "README.md"] == []
