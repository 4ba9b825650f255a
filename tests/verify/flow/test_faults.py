"""Known faults of other hypervisor code: what the paths show of each, and nothing of its cure."""

from __future__ import annotations

import pytest

from dsl.verify.flow import check
from tests.verify.flow.helpers import ROOT, line, load

FOUND = {
    "cnthctl_el2": [],
    "par_el1": ["VGS115 par: at_s1e1r(page << 12)"],
    "pmscr_el1": ["VGS115 PMSCR_EL1: restore pmscr_el1"],
    "pmuserenr_el0": ["VGS115 PMUSERENR_EL0: when pmu { PMUSERENR_EL0 <- ALL }"],
    "vserror": [],
    "vttbr_el2": [],
    "zcr_el1": [],
    "vtimer": [
        "VGS112 timer_and_time: restore offset, cval",
        "VGS112 timer_and_time: CNTVOFF_EL2 <- 0",
    ],
}


def test_each_fault_is_here() -> None:
    assert set(FOUND) == {p.name for p in (ROOT / "examples/faults").iterdir() if p.is_dir()}


@pytest.mark.parametrize("fault", FOUND)
def test_the_fault_is_found(fault: str) -> None:
    findings = check(load(f"examples/faults/{fault}/wrong.vgs")).findings
    assert [line(f) for f in findings] == FOUND[fault]


@pytest.mark.parametrize("fault", FOUND)
def test_nothing_is_found_in_its_cure_nor_in_what_both_share(fault: str) -> None:
    assert check(load(f"examples/faults/{fault}/right.vgs")).findings == ()
    assert check(load(f"examples/faults/{fault}/switch.vgs")).findings == ()
