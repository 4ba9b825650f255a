"""What `vgs verify` says of faults of other code: found, at its place, and shown by a run."""

from __future__ import annotations

from pathlib import Path

import pytest

import dsl
from dsl.run.results import Verdict
from dsl.verify.findings import Finding

FAULTS = Path(__file__).parents[2] / "examples" / "faults"

#: For each version that has a fault: a finding's code, what is not kept, and where (its text).
FOUND = {
    "cnthctl_el2/wrong": ("VGS103", "timer_is_ours", "modify CNTHCTL_EL2 {"),
    "par_el1/no_isb": ("VGS100", "context synchronization", "PAR_EL1.Result"),
    "par_el1/wrong": ("VGS101", "par", "put { vcpu_put(vcpu) }"),
    "pmscr_el1/wrong": ("VGS103", "given_back", "pmscr_el1"),
    "pmuserenr_el0/wrong": ("VGS103", "given_back", "PMUSERENR_EL0 <- 0"),
    "vserror/wrong": ("VGS103", "taken_once", "taken_once"),
    "vttbr_el2/wrong": ("VGS104", "no_walk_meanwhile", "ttbr0"),
    "zcr_el1/wrong": ("VGS103", "given_back", "zcr"),
    "vtimer/wrong": ("VGS104", "timer_and_time", "CNTVOFF_EL2 <- 0"),
}


@pytest.fixture(scope="module")
def verdict():
    known = {}

    def of(name):
        if name not in known:
            known[name] = dsl.verify(FAULTS / f"{name}.vgs")
        return known[name]

    return of


def text_at(finding: Finding) -> str:
    text = finding.where.source.text[finding.where.start : finding.where.end]
    return text.splitlines()[0]


def test_every_fault_is_listed() -> None:
    there = {f"{p.parent.name}/{p.stem}" for p in FAULTS.glob("*/*.vgs")}
    assert set(FOUND) == {n for n in there if not n.endswith(("/switch", "/right"))}


@pytest.mark.parametrize("name", FOUND)
def test_the_fault_is_found_where_it_is(name, verdict) -> None:
    found = [(f.code, f.rule, text_at(f)) for f in verdict(name).findings]
    assert FOUND[name] in found


@pytest.mark.parametrize("name", FOUND)
def test_each_finding_has_a_history_that_fails_when_it_is_run(name, verdict, tmp_path) -> None:
    for number, finding in enumerate(verdict(name).findings):
        assert finding.witness is not None, finding
        params = f" ({', '.join(finding.witness.params)})" if finding.witness.params else ""
        steps = "\n    ".join(finding.witness.steps)
        module = tmp_path / f"replay{number}.vgs"
        module.write_text(
            f'import {Path(name).stem}\n\nscenario "shown"{params} {{\n    {steps}\n}}\n'
        )
        shown = [
            result
            for result in dsl.scenarios(module, roots=[FAULTS / Path(name).parent])
            if result.scenario.title == "shown"
        ]
        assert [result.verdict for result in shown] == [Verdict.FAILS], module.read_text()


@pytest.mark.parametrize("folder", sorted(p.name for p in FAULTS.iterdir()))
def test_the_mended_version_has_none(folder, verdict) -> None:
    right = verdict(f"{folder}/right")
    assert [(f.code, f.rule, text_at(f)) for f in right.findings] == []
    assert right.unchecked == ()
    assert right.ok
