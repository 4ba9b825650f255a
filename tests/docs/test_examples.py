"""Every example in docs/ is compiled, and what stands below it is what comes out.

`python -m tests.docs.outputs` writes what comes out into the pages.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import dsl
from dsl.diagnostics import catalogue
from dsl.failures import HasErrors
from dsl.run.results import Verdict, results
from tests.docs.outputs import built, canonical, findings, lay_out, shown, source_of, vgs
from tests.docs.pages import DOCS, PAGES, Block, blocks, modules, name_of, sections_of

#: Languages of blocks that are shown and not held here.
_SHOWN = ("toml", "sh")
#: Examples with scenarios that can be run.
SCENARIOS = [
    b
    for b in blocks()
    if b.language == "vgs"
    and ("scenario " in b.source or b.mark("run") is not None)
    and b.mark("wrong") is None
]


def of_language(name: str) -> list[Block]:
    return [b for b in blocks() if b.language == name]


def below(block: Block) -> list[str]:
    """The language of the block that follows on a page."""
    return [b.language for b in blocks() if b.above == block]


def place(block: Block) -> str:
    return block.place


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with the modules that examples can import."""
    lay_out(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    return tmp_path


def codes(lines: list[str]) -> set[str]:
    return {code for line in lines for code in catalogue() if f"[{code}]" in line}


@pytest.mark.parametrize("block", of_language("vgs"), ids=place)
@pytest.mark.usefixtures("folder")
def test_a_vgs_block_compiles_or_is_wrong_as_it_says(block: Block) -> None:
    said = findings(block)
    match block.mark("wrong"):
        case None:
            # An example declares what others would use.
            assert codes(said) <= {"VGS023"}, "\n".join(said)
        case "":
            assert below(block) == ["text"]
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
    try:
        assert block.text == canonical(block)
    except HasErrors:
        assert block.mark("wrong") is not None


@pytest.mark.parametrize("block", of_language("text"), ids=place)
@pytest.mark.usefixtures("folder")
def test_a_text_block_is_what_comes_out_of_the_block_before_it(block: Block) -> None:
    above = block.above
    assert above is not None
    marks = above.mark("wrong"), above.mark("run")
    assert above.language == "python" or "" in marks
    assert [line.rstrip() for line in block.text.splitlines()] == shown(above)


@pytest.mark.parametrize("block", of_language("python"), ids=place)
def test_a_python_block_shows_what_it_prints(block: Block) -> None:
    assert below(block) == ["text"]


@pytest.mark.parametrize("block", SCENARIOS, ids=place)
@pytest.mark.usefixtures("folder")
def test_the_scenarios_of_a_vgs_block_hold_or_fail_as_it_says(block: Block) -> None:
    Path(f"{block.module}.vgs").write_text(block.source, encoding="utf-8")
    program = dsl.load(f"{block.module}.vgs").program
    assert program.scenarios
    if any(s.body is None for s in program.sequences.values()):
        # What is run is the program of somebody who defines them.
        return
    for result in results(program, most=1000):
        failures = result.failing.failures if result.failing else result.error
        assert result.verdict in (Verdict.HOLDS, Verdict.EXPECTED), failures


@pytest.mark.parametrize("block", of_language("c"), ids=place)
@pytest.mark.usefixtures("folder")
def test_a_c_block_is_what_the_block_before_it_is_built_into(block: Block) -> None:
    made = built(source_of(block))
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
    text = (DOCS / "README.md").read_text(encoding="utf-8")
    linked = {link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text)}
    assert [p for p in map(name_of, PAGES) if p not in linked and p != "README.md"] == []
