"""Registers whose fields move, in the simulator: which layout is in force, and what is shown."""

from __future__ import annotations

from types import ModuleType

import pytest

from dsl.backends.python import emit
from dsl.machine import load_simulator
from dsl.resolve.workspace import Workspace

TEXT = """
register HCR_EL2 : 64 reset 0 { E2H [34] res0 [33:0], [63:35] }

/// Who is trapped.
register CNTHCTL_EL2 : 64 reset 0 {
    EVNTEN [2]
    /// The host is at EL1.
    layout nvhe when not HCR_EL2.E2H { EL1PCTEN [0] EL1PCEN [1] res0 [11:10] }
    layout vhe when HCR_EL2.E2H { res0 [1:0] EL1PCTEN [10] EL1PTEN [11] }
    res0 [9:3], [63:12]
}
/// Its own bit says how the others are to be read.
register PAR_EL1 : 64 reset 0 {
    F [0]
    layout address when not F { SH [8:7] { Non = 0, Inner = 3 } res0 [6:1] }
    layout fault when F == 1 { FST [6:1] becomes 0x15 when FST.high res0 [8:7] }
    res0 [63:9]
}
register LR<n> for n in 0..3 : 8 reset 0 {
    HW [7]
    layout soft when not HW { EOI [6] ID<k> for k in 0..1 [2 * k + 1 : 2 * k] res0 [5:4] }
    layout hard when HW { pINTID [6:0] }
}
context timer of vcpu {
    hctl  : u64 mirrors CNTHCTL_EL2
    lr[4] : u8 mirrors LR<n>
}
sequence changed(vcpu) {
    CNTHCTL_EL2.vhe.EL1PTEN <- 1
    modify CNTHCTL_EL2 { EVNTEN <- 1 nvhe.EL1PCEN <- 1 }
    save hctl
    hctl.nvhe.EL1PCTEN <- 1
    LR<2> <- 0x4d
    LR<2>.HW <- 1
    lr[2] <- LR<2>
    lr[1].soft.ID<1> <- 2
}
sequence translated(value : u64) -> u64 {
    PAR_EL1 <- value
    when PAR_EL1.F { return PAR_EL1.fault.FST }
    return PAR_EL1 with address.SH = Inner
}
""".replace(" when FST.high", " when fault.FST > 0x30")


@pytest.fixture(scope="module")
def text() -> str:
    workspace = Workspace()
    loaded = workspace.load_text(TEXT, "t.vgs")
    assert loaded is not None
    assert [f"{f.span}: {f.message}" for f in workspace.found] == []
    return emit(workspace.program(loaded))


@pytest.fixture(scope="module")
def sim(text: str) -> ModuleType:
    return load_simulator(text, "t")


def changes(sim: ModuleType, hcr: int) -> list[str]:
    """What the writes and stores of `changed` change."""
    m, vcpu = sim.Machine(), sim.Vcpu()
    m.poke(sim.HCR_EL2, hcr)
    sim.changed(m, vcpu)
    told = [event for event in m.trace if event.old is not None]
    return [
        f"{event.what}: {', '.join(f'{f.name} {a}→{b}' for f, a, b in event.changes())}"
        for event in told
    ]


def test_a_change_is_told_in_the_layout_that_is_in_force(sim: ModuleType) -> None:
    assert changes(sim, 1 << 34) == [
        "CNTHCTL_EL2: vhe.EL1PTEN 0→1",
        "CNTHCTL_EL2: EVNTEN 0→1",
        "hctl: EVNTEN 0→1, vhe.EL1PTEN 0→1",
        "hctl: ",
        "LR2: soft.ID0 0→1, soft.ID1 0→3, soft.EOI 0→1",
        "LR2: HW 0→1",
        "lr[2]: hard.pINTID 0→77, HW 0→1",
        "lr[1]: soft.ID1 0→2",
    ]
    assert changes(sim, 0)[:4] == [
        "CNTHCTL_EL2: ",
        "CNTHCTL_EL2: nvhe.EL1PCEN 0→1, EVNTEN 0→1",
        "hctl: nvhe.EL1PCEN 0→1, EVNTEN 0→1",
        "hctl: nvhe.EL1PCTEN 0→1",
    ]


def test_bits_are_where_the_sequence_says_in_every_mode(sim: ModuleType) -> None:
    for hcr in (0, 1 << 34):
        m, vcpu = sim.Machine(), sim.Vcpu()
        m.poke(sim.HCR_EL2, hcr)
        sim.changed(m, vcpu)
        assert m.peek(sim.CNTHCTL_EL2) == 1 << 11 | 1 << 2 | 1 << 1
        assert vcpu.hctl == m.peek(sim.CNTHCTL_EL2) | 1


def test_a_register_that_says_itself_how_it_is_read(sim: ModuleType) -> None:
    m = sim.Machine()
    assert sim.translated(m, 5 << 1 | 1) == 5
    # What a write becomes is said for one layout, which the written value chooses.
    assert sim.translated(m, 0x31 << 1 | 1) == 0x15
    assert sim.translated(m, 0x31 << 1) == 0x31 << 1 | 3 << 7


def test_layouts_are_told_in_the_text(text: str) -> None:
    assert (
        "# Layout nvhe.\n# The host is at EL1.\n"
        'CNTHCTL_EL2_nvhe_EL1PCTEN = Field("nvhe.EL1PCTEN", 0, reset=0, layout="nvhe")\n'
    ) in text
    start = text.index("def layout_CNTHCTL_EL2(")
    assert text[start : text.index("\n\n\n", start)].splitlines() == [
        "def layout_CNTHCTL_EL2(m: Machine, value: int) -> str:",
        '    """The layout that a value of CNTHCTL_EL2 has its fields in."""',
        "    if HCR_EL2_E2H.get(m.peek(HCR_EL2)) == 0:",
        '        return "nvhe"',
        '    return "vhe"',
    ]
