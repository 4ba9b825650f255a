"""Each barrier of the four vgic-v3-sr.c sequences: who sees what is wrong when it is not there.

Two cannot be seen on this machine, for reasons that are shown here too: the ``dsb(st)`` of the
save is too weak for its job as it stands, and nothing that EL2 writes depends on what the isb
before ``ICC_SRE_EL1 <- 1`` orders.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from dsl.run.events import Kind
from tests.reference.runs import failing, histories, outcomes, program, without

FIQ = "a GICv2 guest gets Group 0 as IRQ, and not as FIQ"
MEMORY = "a GICv2 guest finds its interrupts and its settings in memory at once"
MASK = "a GICv2 guest's priority mask comes back after other vCPUs have run"
ALTERNATE = "a GICv2 and a GICv3 vCPU alternate on one CPU"
TITLES = (FIQ, MEMORY, MASK, ALTERNATE)

#: The place of a barrier, and what is left of it.
PUSH = "when not sre { isb then dsb(sy) orders writes of LRs, ICH_VMCR_EL2 before redistributors }"
VHE = "isb then dsb(sy) orders writes of ICH_VMCR_EL2 before redistributors"
BEFORE = "isb then dsb(sy) orders writes of ICH before redistributors"
MODE = "        isb orders ICC_SRE_EL1 before writes of ICH_VMCR_EL2\n"
ENABLE = "        isb orders writes of ICC_SRE_EL2 before writes of ICC_SRE_EL1\n"
SAVE = {
    "after": "when not sre { dsb(st) orders guest_mmio before reads of LRs, ICH_VMCR_EL2 }",
    "before": "        dsb(st) orders guest_mmio before reads of ICH\n",
}


@dataclass(frozen=True)
class Missing:
    """A barrier that is not there, the scenario that shows it, and what is seen instead."""

    case: str
    function: str
    barrier: str
    old: str
    new: str
    title: str
    wrong: str


OBSERVABLE = [
    Missing(
        "after", "restore_state", "isb", PUSH, PUSH.replace("isb then ", ""), FIQ, "GICV_IAR() == 3"
    ),
    Missing(
        "after",
        "restore_state",
        "dsb(sy)",
        PUSH,
        PUSH.replace("isb then dsb(sy)", "isb"),
        MEMORY,
        "GICV_HPPIR() == 3",
    ),
    Missing("after", "activate_traps", "isb", MODE, "", FIQ, "signalled() == vIRQ"),
    Missing(
        "after",
        "activate_traps",
        "isb of the pair",
        VHE,
        VHE.replace("isb then ", ""),
        MASK,
        "VPMR == 0x80",
    ),
    Missing(
        "after",
        "activate_traps",
        "dsb(sy)",
        VHE,
        VHE.replace("isb then dsb(sy)", "isb"),
        MASK,
        "VPMR == 0x80",
    ),
    Missing("before", "restore_state", "isb", MODE, "", FIQ, "signalled() == vIRQ"),
    Missing(
        "before",
        "restore_state",
        "isb of the pair",
        BEFORE,
        BEFORE.replace("isb then ", ""),
        FIQ,
        "GICV_IAR() == 3",
    ),
    Missing(
        "before",
        "restore_state",
        "dsb(sy)",
        BEFORE,
        BEFORE.replace("isb then dsb(sy)", "isb"),
        MEMORY,
        "GICV_HPPIR() == 3",
    ),
]


@pytest.mark.parametrize(
    "missing", OBSERVABLE, ids=lambda m: f"{m.case}-{m.function}-{m.barrier}".replace(" ", "-")
)
def test_without_it_the_guest_or_the_host_sees_a_wrong_value(missing: Missing) -> None:
    changed = program(missing.case, without(missing.case, missing.old, missing.new))
    wrong = [r for r in histories(changed, missing.title) if not r.ok]
    assert any(missing.wrong in r.failures[0].message for r in wrong)
    # With it, nobody does.
    assert failing(program(missing.case), missing.title) is None


@pytest.mark.parametrize("case", ["after", "before"])
@pytest.mark.parametrize("title", TITLES)
def test_no_outcome_depends_on_the_isb_before_sre_el1_is_set(case: str, title: str) -> None:
    """Its comment asks for it; EL2's own write is not what ICC_SRE_EL2.Enable traps."""
    changed = program(case, without(case, ENABLE))
    assert outcomes(changed, title) == outcomes(program(case), title)


@pytest.mark.parametrize("case", ["after", "before"])
def test_the_rule_that_asks_for_that_isb_is_seen_to_be_broken_without_it(case: str) -> None:
    def told(changed: str | None) -> bool:
        return any(
            e.kind is Kind.HAZARD and "sre_el1_after_enable" in e.why
            for run in histories(program(case, changed), MASK)
            for e in run.events
        )

    assert told(without(case, ENABLE))
    assert not told(None)


#: A guest that acknowledges through memory, on a machine whose switch code has no barriers.
BARE = """
scenario "what the guest does through memory is saved" {
    given any vhe, gicv3_cpuif, not sre, any exit_barriers
    given vgic_vmcr.VENG0, vgic_vmcr.VPMR = 0xf0
    run load
    host {
        listed_lr[0] <- SGI3_GROUP0
        listed <- 1
        eligible <- 1
    }
    run guest
    guest_mmio { assert GICV_IAR() == 3 }
    run sync
    expect listed_lr[0].State == Active
}
"""
SAVED = "what the guest does through memory is saved"


@pytest.mark.parametrize("case", ["after", "before"])
def test_the_dsb_of_the_save_is_too_weak_to_be_missed(case: str) -> None:
    """With the switch code's barriers it has nothing left to do; without, it does not do it.

    Linux commit 27e91ad1e746 makes it a dsb(sy) with an isb behind it.
    """
    with_it = program(case, without(case, SAVE[case], SAVE[case]) + BARE)
    without_it = program(case, without(case, SAVE[case]) + BARE)
    assert outcomes(with_it, SAVED) == outcomes(without_it, SAVED)
    wrong = [r for r in histories(with_it, SAVED) if not r.ok]
    assert wrong
    assert all(r.machine.world.facts["", "exit_barriers"] == 0 for r in wrong)


@pytest.mark.parametrize("case", ["after", "before"])
def test_with_the_barriers_that_linux_has_since_it_can_be_missed(case: str) -> None:
    strong = SAVE[case].replace("dsb(st)", "dsb(sy) then isb")
    mended = program(case, without(case, SAVE[case], strong) + BARE)
    assert failing(mended, SAVED) is None
