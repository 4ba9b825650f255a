"""SARIF: what the services that read it need, and an edit that does what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from dsl.diagnostics.proofs import NotYetVisible
from dsl.ir.program import Program
from dsl.run.results import results
from dsl.verify.baseline import read
from dsl.verify.profile import Judged, judge
from dsl.verify.programs import Chosen
from dsl.verify.sarif import sarif
from tests.verify.made import missing, program, verdict
from tests.verify.test_report_baseline import written

TEXT: dict[str, Any] = {
    "type": "object",
    "properties": {"text": {"type": "string", "minLength": 1}},
    "required": ["text"],
}
REGION: dict[str, Any] = {
    "type": "object",
    "properties": {
        name: {"type": "integer", "minimum": 1}
        for name in ("startLine", "startColumn", "endLine", "endColumn")
    },
    "required": ["startLine", "startColumn", "endLine", "endColumn"],
    "additionalProperties": False,
}
ARTIFACT: dict[str, Any] = {
    "type": "object",
    "properties": {"uri": {"type": "string", "format": "uri-reference", "pattern": "^[^ \\\\]+$"}},
    "required": ["uri"],
}
LOCATION: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "physicalLocation": {
            "type": "object",
            "properties": {"artifactLocation": ARTIFACT, "region": REGION},
            "required": ["artifactLocation", "region"],
            "additionalProperties": False,
        },
        "logicalLocations": {"type": "array"},
        "message": TEXT,
    },
    "required": ["physicalLocation"],
    "additionalProperties": False,
}


def several(items: dict[str, Any], least: int = 1) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least}


def exactly(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": required | optional,
        "required": list(required),
        "additionalProperties": False,
    }


#: The parts of SARIF 2.1.0 (OASIS, 27 March 2020) that are written, each as it says.
ESSENTIAL = exactly(
    {
        "$schema": {"type": "string"},
        "version": {"const": "2.1.0"},
        "runs": several(
            exactly(
                {
                    "tool": exactly(
                        {
                            "driver": exactly(
                                {
                                    "name": {"type": "string"},
                                    "semanticVersion": {"type": "string"},
                                    "rules": several(
                                        exactly(
                                            {
                                                "id": {"type": "string"},
                                                "name": {"type": "string"},
                                                "shortDescription": TEXT,
                                                "fullDescription": TEXT,
                                                "help": TEXT,
                                                "defaultConfiguration": exactly(
                                                    {"level": {"enum": ["error", "warning"]}}
                                                ),
                                            }
                                        ),
                                        0,
                                    ),
                                }
                            )
                        }
                    ),
                    "columnKind": {"const": "unicodeCodePoints"},
                    "invocations": several(
                        exactly(
                            {
                                "executionSuccessful": {"type": "boolean"},
                                "toolExecutionNotifications": several(
                                    exactly(
                                        {
                                            "level": {"const": "warning"},
                                            "descriptor": exactly({"id": {"type": "string"}}),
                                            "message": TEXT,
                                        }
                                    ),
                                    0,
                                ),
                            }
                        )
                    ),
                    "results": several(
                        exactly(
                            {
                                "ruleId": {"type": "string"},
                                "ruleIndex": {"type": "integer", "minimum": 0},
                                "level": {"enum": ["error", "warning", "note"]},
                                "message": TEXT,
                                "locations": several(LOCATION),
                                "partialFingerprints": {"type": "object", "minProperties": 1},
                                "properties": {"type": "object"},
                            },
                            relatedLocations=several(LOCATION),
                            baselineState={"enum": ["new", "unchanged"]},
                            suppressions=several({"type": "object", "required": ["kind"]}),
                            codeFlows=several(
                                exactly(
                                    {
                                        "message": TEXT,
                                        "threadFlows": several(
                                            exactly(
                                                {
                                                    "locations": several(
                                                        exactly(
                                                            {
                                                                "executionOrder": {
                                                                    "type": "integer",
                                                                    "minimum": 1,
                                                                },
                                                                "location": LOCATION,
                                                            }
                                                        )
                                                    )
                                                }
                                            )
                                        ),
                                    }
                                )
                            ),
                            fixes=several(
                                exactly(
                                    {
                                        "description": TEXT,
                                        "artifactChanges": several(
                                            exactly(
                                                {
                                                    "artifactLocation": ARTIFACT,
                                                    "replacements": several(
                                                        exactly(
                                                            {
                                                                "deletedRegion": REGION,
                                                                "insertedContent": TEXT,
                                                            }
                                                        )
                                                    ),
                                                }
                                            )
                                        ),
                                    }
                                )
                            ),
                        ),
                        0,
                    ),
                }
            )
        ),
    }
)


def log(*judged: Judged, compared: bool = False) -> dict[str, Any]:
    made = sarif(judged, None, {}, Path(), compared=compared)
    Draft202012Validator(ESSENTIAL).validate(made)
    (run,) = made["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert [rules[each["ruleIndex"]] for each in run["results"]] == [
        each["ruleId"] for each in run["results"]
    ]
    assert isinstance(run, dict)
    return run


def test_rules_are_the_pages_of_the_classes(judged: Judged) -> None:
    rules = log(judged)["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["VGS100", "VGS111"]
    assert rules[0]["help"]["text"] == NotYetVisible.page()
    assert "```\nsave vmcr" in rules[0]["help"]["markdown"]


def test_a_result_says_where_when_and_what_is_seen(judged: Judged) -> None:
    convention, result = log(judged)["results"]
    assert (result["ruleId"], result["level"], convention["level"]) == ("VGS100", "error", "note")
    text = result["message"]["text"]
    assert "[synchronisation, architecture]" in text
    assert "When: has_alarm (in 2 of 3 configurations)." in text
    assert "Seen: armed is 0, and should be 1." in text
    (place,) = result["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "src/old.vgs"
    assert place["physicalLocation"]["region"]["startLine"] == 6
    assert [end["message"]["text"] for end in result["relatedLocations"]] == [
        "ALM_CTL is written here"
    ]


def test_the_history_goes_through_the_phases_to_the_statement(judged: Judged) -> None:
    result = log(judged)["results"][1]
    (flow,) = result["codeFlows"][0]["threadFlows"]
    steps = [
        (
            each["location"]["message"]["text"],
            each["location"]["physicalLocation"]["artifactLocation"]["uri"],
            each["location"]["physicalLocation"]["region"]["startLine"],
        )
        for each in flow["locations"]
    ]
    assert steps == [
        ("given has_alarm, ctl.ENABLE", "src/old.vgs", 6),
        ("run load", "src/alarm.vgs", 38),
        ("expect armed", "src/old.vgs", 6),
    ]


def test_the_edit_mends_what_was_found(judged: Judged, folder: Path) -> None:
    result = log(judged)["results"][1]
    (change,) = result["fixes"][0]["artifactChanges"]
    path = Path(change["artifactLocation"]["uri"])
    (replacement,) = change["replacements"]
    region = replacement["deletedRegion"]
    lines = path.read_text().splitlines(keepends=True)
    assert region["startLine"] == region["endLine"]
    line = lines[region["startLine"] - 1]
    before, after = line[: region["startColumn"] - 1], line[region["endColumn"] - 1 :]
    lines[region["startLine"] - 1] = before + replacement["insertedContent"]["text"] + after
    # The scenario is said to fail there; now it does not.
    assert not [r for r in results(program(path)) if r.failing is None and r.expected]
    path.write_text("".join(lines))
    assert [r for r in results(program(path)) if r.failing is None and r.expected]


def test_what_is_known_is_suppressed(old: Program, folder: Path) -> None:
    written(Path("known.json"), [missing(old)])
    made = judge(Chosen("src/old.vgs", old), verdict(old), baseline=read(Path("known.json")))
    other, known = log(made, compared=True)["results"]
    assert (known["baselineState"], other["baselineState"]) == ("unchanged", "new")
    assert [each["kind"] for each in known["suppressions"]] == ["external"]
    assert "suppressions" not in other


def test_what_was_not_checked_is_a_notification(old: Program) -> None:
    part = verdict(old, findings=(), unchecked=("vhe: the time is up",))
    run = log(judge(Chosen("src/old.vgs", old), part))
    (invocation,) = run["invocations"]
    assert not invocation["executionSuccessful"]
    (told,) = invocation["toolExecutionNotifications"]
    assert told["message"]["text"] == "src/old.vgs: vhe: the time is up"
    assert told["descriptor"]["id"] in [r["id"] for r in run["tool"]["driver"]["rules"]]


def test_fingerprints_tell_results_apart_and_stay(old: Program, judged: Judged) -> None:
    marks = [each["partialFingerprints"]["vgsFinding/v1"] for each in log(judged)["results"]]
    assert len(set(marks)) == len(marks)
    twice = judge(Chosen("src/old.vgs", old), verdict(old))
    assert [e["partialFingerprints"]["vgsFinding/v1"] for e in log(twice)["results"]] == marks


@pytest.mark.parametrize("name", ["a folder", "100%", "ä"])
def test_places_are_addresses(old: Program, folder: Path, name: str) -> None:
    (folder / "src/old.vgs").rename(folder / f"src/{name}.vgs")
    other = program(Path(f"src/{name}.vgs"))
    made = judge(Chosen("x", other), verdict(other, findings=(missing(other),)))
    (result,) = log(made)["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.isascii()
    assert " " not in uri
    assert "100%." not in uri
