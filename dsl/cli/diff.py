"""`vgs diff`: the generated C against a patch, hunk by hunk, both sides, and against a tree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dsl.cli.arguments import Parser
from dsl.cli.inputs import no_project, project_for
from dsl.failures import CannotRun, HasErrors
from dsl.project import comparisons

if TYPE_CHECKING:
    from dsl.cli.console import Console
    from dsl.diagnostics import Diagnostic

_ABOUT = """\
Compare generated C with a patch: the old side of each hunk must be in what BEFORE generates, its
new side in what AFTER generates, and the two may differ nowhere else.

A hunk may show functions that no sequence generates; as context they are listed, as changes
they are a finding.

With --tree, whole functions are compared with the tree that the patch is for, before or after the
patch; without it, the report lists those that the hunks do not show whole. MODULE --tree DIR
compares one case's functions with a tree, without a patch.

Without paths, every [[diff]] of vgs.toml is compared, on the files that `vgs build` wrote; they
must be up to date. BEFORE, AFTER and MODULE are modules or folders of C. A module that is a case
of the project stands for the files written for it; any other is built in memory.

Exit status: 0 all of it holds, 1 it does not, 2 could not run."""

_PLACES = ("hunks", "outside", "outside_text", "unjudged", "shown")


def run(argv: Sequence[str], console: Console) -> int:
    """Runs the verb; gives the exit status.  Raises `CannotRun`."""
    parser = Parser("diff", _ABOUT)
    parser.arguments("BEFORE AFTER | MODULE", "two modules or folders, or one with a tree")
    parser.flag("--patch", metavar="FILE", help="the patch, or -")
    parser.flag("--tree", metavar="DIR", help="the tree: the top folder of its sources")
    parser.output_format()
    options = parser.read(argv)
    patch = Path(options.patch) if options.patch is not None else None
    tree = Path(options.tree) if options.tree is not None else None
    findings: tuple[Diagnostic, ...] = ()
    try:
        done = _compare(options.words, patch, tree, console)
    except HasErrors as error:
        done, findings = [], error.findings
    if options.format == "json":
        console.json(_json(done, findings))
    else:
        console.findings(findings)
        from dsl.compare import render

        for number, one in enumerate(done):
            if len(done) > 1:
                gap = "\n" if number else ""
                pair = f"{one.patch}: {one.before} → {one.after}"
                console.out(f"{gap}{one.case or pair}\n\n")
            if one.skipped:
                console.out("not compared: there is no tree for it; name one with --tree DIR\n")
            else:
                shown = render(one.report, one.whole, tree=one.tree or "", colour=console.colour)
                console.out(shown)
    return 1 if findings or not all(one.ok for one in done) else 0


def _compare(
    words: Sequence[str], patch: Path | None, tree: Path | None, console: Console
) -> list[comparisons.Compared]:
    project, findings = project_for(words)
    if findings:
        raise HasErrors(findings)
    if not words:
        if project is None:
            raise no_project()
        return comparisons.of_project(project, patch, tree)
    if len(words) == 1 and patch is None and tree is not None:
        return [comparisons.of_module(Path(words[0]), tree, project, console.progress)]
    if len(words) != 2:
        raise CannotRun(
            "diff: two paths are compared, BEFORE and AFTER",
            "or one with a tree, and without a patch: `vgs diff MODULE --tree DIR`",
        )
    if patch is None:
        raise CannotRun("diff: say with which patch: --patch FILE")
    before, after = map(Path, words)
    return [comparisons.of_paths(before, after, patch, project, console.progress, tree)]


def _json(done: Sequence[comparisons.Compared], findings: Sequence[Diagnostic]) -> dict[str, Any]:
    """All reports as one: each hunk and each place says to which of ``diffs`` it belongs."""
    from dsl.compare import Report

    nothing = Report((), (), (), (), ())
    reports = [(one.report or nothing).to_json() for one in done]
    merged: dict[str, Any] = {
        "ok": not findings and all(one.ok for one in done),
        "findings": [finding.to_json() for finding in findings],
        "diffs": [
            {
                "before": one.before,
                "after": one.after,
                "patch": one.patch,
                "case": one.case,
                "tree": one.tree,
                "ok": None if one.skipped else one.ok,
                "summary": report["summary"],
            }
            for one, report in zip(done, reports, strict=True)
        ],
        "summary": _sum([nothing.summary(), *(report["summary"] for report in reports)]),
    }
    for key in _PLACES:
        merged[key] = [
            {"diff": number} | place for number, r in enumerate(reports) for place in r[key]
        ]
    merged["tree_files"] = [
        {"diff": number} | file.to_json()
        for number, one in enumerate(done)
        if one.whole is not None
        for file in one.whole.files
    ]
    merged["not_covered"] = sorted({file for r in reports for file in r["not_covered"]})
    return merged


def _sum(summaries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Counts, and tables of counts, added up."""
    total: dict[str, Any] = {}
    for summary in summaries:
        for key, value in summary.items():
            if isinstance(value, dict):
                total[key] = _sum([total.get(key, {}), value])
            else:
                total[key] = total.get(key, 0) + value
    return total
