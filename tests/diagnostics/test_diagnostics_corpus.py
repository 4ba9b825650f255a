"""Every bad source of the corpus gives exactly the findings that are marked in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dsl.backends.c import draft
from dsl.backends.c.usage import judge
from dsl.diagnostics import Diagnostic, catalogue
from dsl.resolve.workspace import Workspace

CORPUS = Path(__file__).parent.parent / "corpus"
BAD = CORPUS / "bad"
ENTRIES = sorted(BAD.iterdir())
#: What only shows when the C is made.
DIALECTS = sorted((CORPUS / "dialects").iterdir())

#: Codes that no text of a module can have: what shows them stands in the test named.
ELSEWHERE = {
    "VGS002": "test_files.py: folders, devices, sizes",
    "VGS003": "test_files.py: bytes that are not UTF-8",
    "VGS004": "test_files.py: NUL bytes",
    "VGS006": "test_limits.py: sources that a program writes",
    "VGS015": "test_limits.py: sources that a program writes",
    "VGS080": "tests/cli/test_project.py: what vgs.toml says",
    **{f"VGS09{n}": "tests/cli/test_cli_run.py: what a run shows" for n in range(5)},
    **{
        f"VGS{n}": "tests/verify: what a verification shows"
        for n in (*range(100, 109), *range(110, 120))
    },
}

_MARK = re.compile(r"^\s*//(?:@(?P<column>\d+) )? *(?P<carets>\^+) (?P<code>VGS\d{3})$")

#: File, line, first column, column after the last, code.
Finding = tuple[str, int, int, int, str]


def expected(path: Path) -> list[Finding]:
    """The findings that are marked in a source."""
    found: list[Finding] = []
    marked = 0
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = _MARK.match(line)
        if match is None:
            marked = number
            continue
        column = int(match["column"] or match.start("carets") + 1)
        end = column + len(match["carets"])
        found.append((path.name, marked, column, end, match["code"]))
    return found


def shown(finding: Diagnostic) -> Finding:
    """A finding as the corpus marks it."""
    source, start = finding.span.source, finding.span.start
    line, column = source.position(start)
    last, end = source.position(finding.span.end)
    if last != line:
        end = len(source.line(line)) + 1
    return (Path(source.name).name, line, column, max(end, column + 1), finding.code)


def check(path: Path) -> list[Diagnostic]:
    workspace = Workspace([path.parent])
    loaded = workspace.load(path)
    workspace.check([loaded] if loaded else [])
    return workspace.found.sorted()


def check_dialects(path: Path) -> list[Diagnostic]:
    """The findings of a source and of the C that its dialects make of it."""
    workspace = Workspace([path.parent])
    loaded = workspace.load(path)
    assert loaded is not None
    workspace.check([loaded])
    found = workspace.found.sorted()
    layouts = {r.module.name: r.layout for r in workspace.closure(loaded)}
    for dialect in loaded.resolved.dialects:
        program = workspace.program(loaded)
        drafted = draft(program, dialect, layouts)
        found += [*drafted.findings, *judge(dialect, [drafted.uses], sorted(program.sequences))]
    return found


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.stem)
def test_the_marked_findings_and_no_others(entry: Path) -> None:
    sources = sorted(entry.glob("*.vgs")) if entry.is_dir() else [entry]
    marked = [finding for source in sources for finding in expected(source)]
    found = check(entry / "main.vgs" if entry.is_dir() else entry)
    assert sorted(shown(f) for f in found) == sorted(marked)


@pytest.mark.parametrize("path", DIALECTS, ids=lambda path: path.stem)
def test_the_marked_findings_of_dialects(path: Path) -> None:
    assert sorted(shown(f) for f in check_dialects(path)) == sorted(expected(path))


@pytest.mark.parametrize("entry", [*ENTRIES, *DIALECTS], ids=lambda entry: entry.stem)
def test_a_source_shows_the_code_in_its_name(entry: Path) -> None:
    sources = sorted(entry.glob("*.vgs")) if entry.is_dir() else [entry]
    codes = {code for source in sources for *_, code in expected(source)}
    if entry.stem.startswith("VGS"):
        assert entry.stem[:6] in codes
    else:
        assert len(codes) > 3, "a source without a code in its name shows several"


def test_the_corpus_and_the_catalogue_cover_each_other() -> None:
    in_corpus = {code for source in CORPUS.rglob("*.vgs") for *_, code in expected(source)}
    assert in_corpus | set(ELSEWHERE) == set(catalogue())
    assert not in_corpus & set(ELSEWHERE)


def test_one_run_finds_ten_different_mistakes() -> None:
    found = check(BAD / "ten_mistakes.vgs")
    assert len({f.code for f in found}) >= 10


def test_one_run_finds_a_mistake_of_syntax_in_each_declaration() -> None:
    found = check(BAD / "ten_mistakes_of_syntax.vgs")
    assert len(found) == 11
