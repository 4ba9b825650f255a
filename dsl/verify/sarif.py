"""A verdict as SARIF 2.1.0, for the services that show findings beside the sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any
from urllib.parse import quote

from dsl import __version__
from dsl.diagnostics import Diagnostic
from dsl.diagnostics.proofs import NotAllChecked
from dsl.ir import lifecycle as l
from dsl.ir.program import Program
from dsl.source import Span
from dsl.verify.baseline import fingerprints
from dsl.verify.findings import Finding
from dsl.verify.profile import Judged
from dsl.verify.report import Scope
from dsl.verify.witness import steps

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
#: The name of our fingerprint, with its version.
_FINGERPRINT = "vgsFinding/v1"


def sarif(
    judged: Sequence[Judged],
    given: Mapping[str, int] | None,
    commands: Mapping[Finding, str],
    base: Path,
    *,
    compared: bool,
) -> dict[str, Any]:
    """The log of one run.

    ``base`` is the folder from which fingerprints see files, and ``compared`` says whether there
    was a baseline, so that each result is new or is not.
    """
    kinds: dict[str, type[Diagnostic]] = {}
    results = []
    for each in judged:
        scope, phases = Scope(each, given), dict(_phases(each.chosen.program))
        prints = fingerprints(each.chosen.program.name, (one for _, one in each.all), base)
        for (status, one), mark in zip(each.all, prints, strict=True):
            kinds.setdefault(one.code, one.kind)
            value = _result(one, scope, phases, commands.get(one, ""))
            value["level"] = "note" if status == "other" else str(one.kind.severity)
            value["partialFingerprints"] = {_FINGERPRINT: mark}
            if compared:
                value["baselineState"] = "unchanged" if status == "known" else "new"
            if status == "known":
                value["suppressions"] = [{"kind": "external", "status": "accepted"}]
            results.append(value)
    unchecked = [(each, what) for each in judged for what in each.verdict.unchecked]
    if unchecked:
        kinds.setdefault(NotAllChecked.code, NotAllChecked)
    listed = sorted(kinds)
    for result in results:
        result["ruleIndex"] = listed.index(result["ruleId"])
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "vgs verify",
                        "semanticVersion": __version__,
                        "rules": [_rule(kinds[code]) for code in listed],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "invocations": [
                    {
                        "executionSuccessful": not unchecked,
                        "toolExecutionNotifications": [
                            {
                                "level": "warning",
                                "descriptor": {"id": NotAllChecked.code},
                                "message": {"text": f"{each.chosen.file}: {what}"},
                            }
                            for each, what in unchecked
                        ],
                    }
                ],
                "results": results,
            }
        ],
    }


def _rule(kind: type[Diagnostic]) -> dict[str, Any]:
    page = kind.page()
    return {
        "id": kind.code,
        "name": kind.__name__,
        "shortDescription": {"text": kind.title},
        "fullDescription": {"text": " ".join(page.split("\n\n")[0].split())},
        "help": {"text": page, "markdown": _markdown(page)},
        "defaultConfiguration": {"level": str(kind.severity)},
    }


def _markdown(page: str) -> str:
    """A page with its examples fenced, which begin where lines are indented."""
    made = []
    for part in page.split("\n\n"):
        code = all(line.startswith("    ") for line in part.splitlines())
        made.append(f"```\n{dedent(part)}\n```" if code else part)
    return "\n\n".join(made)


def _result(
    finding: Finding, scope: Scope, phases: Mapping[str, Span], command: str
) -> dict[str, Any]:
    where = scope.says(finding)
    lines = [f"{finding.message} [{finding.rule}, {finding.strength}]"]
    if where:
        lines.append(f"When: {where}.")
    if finding.witness is not None and finding.witness.seen:
        lines.append(f"Seen: {finding.witness.seen}.")
    if finding.masked:
        lines.append(f"Masked: {'; '.join(finding.masked)}.")
    if command:
        lines.append(f"Replay: {command}")
    value: dict[str, Any] = {
        "ruleId": finding.code,
        "message": {"text": "\n".join(lines)},
        "locations": [_location(finding.where, function=finding.function)],
        "properties": {
            "rule": finding.rule,
            "strength": str(finding.strength),
            "engine": str(finding.engine),
            "configuration": dict(finding.configuration),
        },
    }
    if finding.ends:
        value["relatedLocations"] = [
            {"id": number, **_location(end.span, end.text)}
            for number, end in enumerate(finding.ends, 1)
        ]
    if finding.witness is not None and finding.witness.steps:
        value["codeFlows"] = [_flow(finding, phases)]
    if finding.edit is not None:
        edit = finding.edit
        value["fixes"] = [
            {
                "description": {"text": edit.title},
                "artifactChanges": [
                    {
                        "artifactLocation": {"uri": _uri(edit.span)},
                        "replacements": [
                            {
                                "deletedRegion": _region(edit.span),
                                "insertedContent": {"text": edit.text},
                            }
                        ],
                    }
                ],
            }
        ]
    return value


def _flow(finding: Finding, phases: Mapping[str, Span]) -> dict[str, Any]:
    """The history: each step where its phase is declared, and the last where it goes wrong."""
    history = steps(finding)
    places = [_of(step, phases) or finding.where for step in history]
    places[-1] = finding.where
    return {
        "message": {"text": "the shortest history in which it goes wrong, as a scenario"},
        "threadFlows": [
            {
                "locations": [
                    {"executionOrder": number, "location": _location(place, step)}
                    for number, (step, place) in enumerate(zip(history, places, strict=True), 1)
                ]
            }
        ],
    }


def _of(step: str, phases: Mapping[str, Span]) -> Span | None:
    """Where the phase is declared that a step ends in: ``run a, b(v)``, ``guest { … }``."""
    head = step.split("{")[0].strip()
    word = head.removeprefix("run ").split(",")[-1].split("(")[0].strip()
    return phases.get(word)


def _phases(program: Program) -> Iterator[tuple[str, Span]]:
    def within(steps: Iterable[l.Step]) -> Iterator[tuple[str, Span]]:
        for step in steps:
            match step:
                case l.Phase(name=name, span=span):
                    yield name, span
                case l.Repeat(name=name, steps=inner, span=span):
                    yield name, span
                    yield from within(inner)
                case l.Either(alternatives=alternatives):
                    for inner in alternatives:
                        yield from within(inner)

    for each in program.lifecycles:
        yield from within(each.steps)


def _location(span: Span, text: str = "", function: str = "") -> dict[str, Any]:
    value: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": {"uri": _uri(span)}, "region": _region(span)}
    }
    if text:
        value["message"] = {"text": text}
    if function:
        value["logicalLocations"] = [{"name": function, "kind": "function"}]
    return value


def _uri(span: Span) -> str:
    return quote(Path(span.source.name).as_posix())


def _region(span: Span) -> dict[str, int]:
    end_line, end_column = span.source.position(span.end)
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": end_line,
        "endColumn": end_column,
    }
