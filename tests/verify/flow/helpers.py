"""What the tests of the flow checks share: a source in, what is found in it out."""

from __future__ import annotations

from pathlib import Path

from dsl.diagnostics import Severity
from dsl.ir.program import Program
from dsl.resolve.workspace import Workspace
from dsl.verify.findings import Finding, Report
from dsl.verify.flow import check

ROOT = Path(__file__).resolve().parents[3]


def load(path: str) -> Program:
    """The program of a file of this project."""
    workspace = Workspace([ROOT / "sequences"])
    loaded = workspace.load(ROOT / path)
    assert loaded is not None
    return workspace.program(loaded)


def resolved(text: str) -> Program:
    """The program of a source, which may import platforms."""
    workspace = Workspace()
    loaded = workspace.load_text(text, "test.vgs")
    wrong = [f for f in workspace.found if f.severity is Severity.ERROR]
    assert wrong == [], "; ".join(f"{f.span}: {f.message}" for f in wrong)
    assert loaded is not None
    return workspace.program(loaded)


def checked(text: str) -> Report:
    """What the checks say of a source."""
    report = check(resolved(text))
    assert report.unchecked == ()
    return report


def line(finding: Finding) -> str:
    """A finding as its code, what is not kept, and the line that it is in."""
    source, number = finding.where.source, finding.where.line
    return f"{finding.code} {finding.rule}: {source.line(number).strip()}"


def found(text: str) -> list[str]:
    """What is found in a source."""
    return [line(finding) for finding in checked(text).findings]


def fill(text: str, *parts: str) -> str:
    """A source with each HERE in it replaced, the first by the first."""
    for part in parts:
        text = text.replace("HERE", part, 1)
    assert "HERE" not in text
    return text
