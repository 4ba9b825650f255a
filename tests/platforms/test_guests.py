"""Guests in a lifecycle: their acts are operations, as scenarios write them."""

from __future__ import annotations

import pytest

from dsl.resolve.workspace import Workspace
from dsl.run.choices import Choices
from dsl.run.scenarios import Run
from tests.platforms.interface import ROOT

MACHINE = """
import platforms.gicv3_icv
import platforms.gicv3_gicv

lifecycle visit {
    enter {
        ICC_SRE_EL2 <- 9
        ICH_HCR_EL2 <- 1
        isb
        ICH_LR<0>_EL2 <- 0 with vINTID = 27 with pINTID = 27 with HW = 1 with State = Pending
        ICH_VMCR_EL2 <- 0 with VPMR = 0xf0 with VENG0 = 1 with VENG1 = 1
    }
    each trapping {
        either { shared { ICH_HCR_EL2.TC <- 1 } }
        or { mode { ICC_SRE_EL2.Enable <- 0 } }
    }
    guest {
        isb then dsb(sy)
        eret
        when ICC_SRE_EL1.SRE { may change LRs, APRs, ICH_VMCR_EL2, ICH_HCR_EL2.EOIcount }
        when not ICC_SRE_EL1.SRE { may use guest_mmio }
        exception
    }
    exit { isb }
}
"""
BEGIN = "given ICH_VTR_EL2.PREbits = 4, ICH_VTR_EL2.PRIbits = 4, ICC_SRE_EL1.SRE = "


def run(steps: str) -> Run:
    """One run of a scenario on the lifecycle above; what is left open goes well."""
    workspace = Workspace([ROOT / "sequences"])
    loaded = workspace.load_text(f'{MACHINE}scenario "it" {{ {steps} }}', "guests.vgs")
    assert [f.message for f in workspace.found] == []
    assert loaded is not None
    program = workspace.program(loaded)
    (scenario,) = program.modules[-1].scenarios
    return Run(program, scenario, Choices()).go()


REGISTERS = """
    run enter
    guest {
        gic_activate(27)
        assert signalled() == vFIQ and ICV_IAR0_EL1() == 27
    }
    expect ICH_LR<0>_EL2.State == Active and gic_active(27) and signalled() == vNone
    guest { ICV_EOIR0_EL1(27) }
    expect ICH_LR<0>_EL2.State == Invalid and not gic_active(27)
"""
MEMORY = """
    run enter, guest
    guest_mmio {
        gic_activate(27)
        assert signalled() == vIRQ and GICV_IAR() == 27
    }
    expect ICH_LR<0>_EL2.State == Active and gic_active(27) and ICH_AP1R<0>_EL2 == 1
    guest_mmio { GICV_EOIR(27) }
    expect ICH_LR<0>_EL2.State == Invalid and not gic_active(27) and ICH_AP1R<0>_EL2 == 0
"""
DIRECT = """
    run enter
    guest {
        vlpi_present(8192, 0x40, 1)
        assert ICV_IAR0_EL1() == 27
        assert ICV_IAR1_EL1() == INTID_SPURIOUS
        ICV_EOIR0_EL1(27)
        assert ICV_IAR1_EL1() == 8192
        ICV_EOIR1_EL1(8192)
    }
    expect traps == 0 and undefined == 0 and not maintenance_interrupt()
"""


@pytest.mark.parametrize(
    ("sre", "steps"), [(1, REGISTERS), (0, MEMORY), (1, DIRECT)], ids=["registers", "memory", "lpi"]
)
def test_a_guest_takes_its_interrupts(sre: int, steps: str) -> None:
    assert [str(f) for f in run(f"{BEGIN}{sre} {steps}").failures] == []


def test_the_other_kind_of_guest_does_not() -> None:
    (failure,) = run(
        f"{BEGIN}0 run enter, guest guest_mmio {{ assert signalled() == vFIQ }}"
    ).failures
    assert "signalled() == vFIQ" in failure.message
    (failure,) = run(f"{BEGIN}1 run enter guest {{ assert GICV_IAR() == 27 }}").failures
    assert "ICC_SRE_EL1.SRE" in failure.message


@pytest.mark.parametrize(
    ("sre", "before", "access", "event"),
    [
        (1, "enter, shared", "write_ICV_PMR_EL1(0)", "traps"),
        (1, "enter, mode", "write_ICC_SRE_EL1(0)", "traps"),
        (0, "enter, shared", "write_ICV_PMR_EL1(0)", "undefined"),
    ],
)
def test_an_access_that_is_not_let_through_does_not_happen(
    sre: int, before: str, access: str, event: str
) -> None:
    steps = f"""
        run {before}
        guest {{
            {access}
            assert 0 == 1
        }}
        expect {event} == 1 and ICH_VMCR_EL2.VPMR == 0xf0 and ICC_SRE_EL1.SRE == {sre}
    """
    assert [str(f) for f in run(f"{BEGIN}{sre} {steps}").failures] == []
