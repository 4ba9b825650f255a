"""A verdict as docs/schema/verify.json has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dsl.diagnostics import Diagnostic
from dsl.source import Span
from dsl.verify.baseline import fingerprints
from dsl.verify.findings import Engine, Finding
from dsl.verify.profile import Judged, place
from dsl.verify.report import Scope, difference
from dsl.verify.witness import steps


def to_json(
    judged: Sequence[Judged],
    given: Mapping[str, int] | None,
    commands: Mapping[Finding, str],
    base: Path,
    errors: Sequence[Diagnostic] = (),
) -> dict[str, Any]:
    """All verdicts in one: what each part is about is its ``program``.

    ``base`` is the folder from which fingerprints see files: that of the project.  ``errors`` are
    of sources, for which there is no verdict.
    """
    findings, withdrawn, proved, assumptions, unchecked = [], [], [], [], []
    unreached = []
    for each in judged:
        name, verdict, scope = each.chosen.program.name, each.verdict, Scope(each, given)
        prints = fingerprints(name, (finding for _, finding in each.all), base)
        for (status, finding), mark in zip(each.all, prints, strict=True):
            value = _finding(name, finding, scope)
            value |= {
                "status": status,
                "fingerprint": mark,
                "command": commands.get(finding, ""),
            }
            findings.append(value)
        withdrawn += [_finding(name, one, scope) for one in sorted(verdict.withdrawn, key=place)]
        proved += [
            {
                "program": name,
                "what": one.what,
                "engine": str(one.engine),
                "configurations": one.configurations,
            }
            for one in verdict.proved
        ]
        said = (*each.chosen.notes, *verdict.assumptions)
        assumptions += [{"program": name, "what": text} for text in said]
        unchecked += [{"program": name, "what": text} for text in verdict.unchecked]
        unreached += [{"program": name, "what": text} for text in verdict.unreached]
    return {
        "ok": not errors and all(each.ok for each in judged),
        "errors": [error.to_json() for error in errors],
        "programs": [
            {
                "program": each.chosen.program.name,
                "file": each.chosen.file,
                "ok": each.ok,
                "complete": each.chosen.complete,
            }
            for each in judged
        ],
        "findings": findings,
        "proved": proved,
        "assumptions": assumptions,
        "unchecked": unchecked,
        "unreached": unreached,
        "withdrawn": withdrawn,
        "stale": [
            {name: getattr(entry, name) for name in entry.__struct_fields__}
            for each in judged
            for entry in each.stale
        ],
        "engines": _engines(judged),
    }


def _finding(program: str, finding: Finding, scope: Scope) -> dict[str, Any]:
    witness = finding.witness
    return {
        "program": program,
        "code": finding.code,
        "title": finding.kind.title,
        "rule": finding.rule,
        "strength": str(finding.strength),
        "engine": str(finding.engine),
        "where": where(finding.where),
        "function": finding.function,
        "message": finding.message,
        "ends": [{"where": where(end.span), "message": end.text} for end in finding.ends],
        "configuration": dict(finding.configuration),
        "configurations": [dict(each) for each in finding.configurations],
        "condition": scope.condition(finding),
        "history": list(steps(finding)),
        "params": list(witness.params) if witness is not None else [],
        "answers": list(witness.answers) if witness is not None else [],
        "seen": witness.seen if witness is not None else "",
        "value": finding.value,
        "masked": list(finding.masked),
        "edit": (
            {
                "where": where(finding.edit.span),
                "text": finding.edit.text,
                "title": finding.edit.title,
                "diff": difference(finding.edit),
            }
            if finding.edit is not None
            else None
        ),
    }


def where(span: Span) -> dict[str, Any]:
    """A place in a source; the end is that of the first character behind."""
    end_line, end_column = span.source.position(span.end)
    return {
        "file": span.source.name,
        "line": span.line,
        "column": span.column,
        "end_line": end_line,
        "end_column": end_column,
    }


def _engines(judged: Sequence[Judged]) -> dict[str, Any]:
    """What each engine did for all programs together."""
    made: dict[str, Any] = {}
    for name in Engine:
        works = [work for each in judged for work in each.verdict.work if work.engine is name]
        if not works:
            continue
        amounts: dict[str, int] = {}
        for work in works:
            for what, number in work.amounts:
                amounts[what] = amounts.get(what, 0) + number
        seconds = round(sum(work.seconds for work in works), 3)
        made[str(name)] = {"seconds": seconds, "amounts": amounts}
    return made
