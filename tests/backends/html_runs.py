"""Runs to draw: of a timer that a guest also reaches through memory, small ones and a long one."""

from pathlib import Path

import dsl
from dsl.run.choices import Choices
from dsl.run.scenarios import Run

TIMER = """\
/// A timer that a guest also reaches through memory.
platform timer "A timer for tests, revision 1"

endpoint frame "the guest's accesses through its own frame"
        aliases CTL_EL2, CVAL<n>_EL2

register CTL_EL2 : 64 at (3, 4, 14, 1, 0) reset 0 {
    ENABLE [0]
    MASK   [1]
    MODE   [3:2] { Off = 0, Once = 1, Periodic = 2 }
    res0   [63:4]
}
register CVAL<n>_EL2 for n in 0..7 : 64 at (3, 4, 14, 2, n) reset 0 { Compare [63:0] }
register STATUS_EL2 : 64 ro at (3, 4, 14, 3, 0) reset 0 {
    Fired [0] = CTL_EL2.ENABLE and not CTL_EL2.MASK
    res0  [63:1]
}

rule frame_sees_late : practice "revision 1, 2.1" {
    writes of CTL_EL2, CVAL<n>_EL2 visible to frame needs isb then dsb(sy)
}
rule status_sees_late : practice "revision 1, 2.2" {
    writes of CTL_EL2 visible to reads of STATUS_EL2 needs isb
}
rule masked_first : practice "revision 1, 2.3" {
    writes of CVAL<n>_EL2 only while CTL_EL2.MASK effective
}

context timer_state of vcpu {
    ctl     : u64 mirrors CTL_EL2
    cval[8] : u64 mirrors CVAL<n>_EL2
}

restore arm(vcpu) {
    restore ctl
    each n below 4 { restore cval[n] }
    isb then dsb(sy) orders writes of CTL_EL2, CVAL<n>_EL2 before frame
}
save disarm(vcpu) {
    save ctl
    CTL_EL2 <- 0
}

lifecycle life {
    each trip {
        load { arm(vcpu) }
        guest { eret may use frame may change CTL_EL2 exception }
        put { disarm(vcpu) }
        away { may isb may change ctl, cval }
    }
}
"""

SMALL = """\
scenario "a write waits for its barriers" {
    given ctl = 5, cval[1] = 0x1234
    run load
    guest { CTL_EL2.MASK <- 1 }
    frame { CVAL0_EL2 <- 9 }
    run put
    expect ctl == 7
}
"""

#: A title that tries to get out of wherever it stands, and a run that fails.
HOSTILE_TITLE = "</script></style></title><script>alert('x')</script><!-- {{ 7 * 7 }} ' & so on"
HOSTILE = f"""\
// <b>not bold</b> </script><script>alert(1)</script> &amp;
scenario "{HOSTILE_TITLE}" (a : vcpu, b : vcpu) {{
    given a.ctl = 5, b.ctl = 9
    run load(a), guest(a)
    on 1
    run load(b), put(b)
    on 0
    run put(a)
    expect a.ctl == 7 // </script><img src=x onerror=alert(1)>
}}
"""


def long(trips: int) -> str:
    """A scenario of some trips, in which everything changes each time."""
    steps = "".join(
        f"    run load\n    guest {{ CTL_EL2.MASK <- 1 }}\n    frame {{ CVAL{n % 4}_EL2 <- {n} }}\n"
        f"    run put\n    away {{ cval[{n % 4}] <- {n * 77773} }}\n"
        for n in range(trips)
    )
    return f'scenario "many trips" {{\n    given ctl = 5\n{steps}    expect ctl == 7\n}}\n'


def made(folder: Path, scenario: str, importer: str = "") -> Run:
    """The run of a scenario in a folder of its own, with the benign choices.

    ``importer`` is what a module says that imports the scenario.
    """
    main = folder / "main.vgs"
    for name, text in (
        ("timer", TIMER),
        ("run", f"import timer\n\n{scenario}"),
        ("main", f"import run\n{importer}"),
    ):
        (folder / f"{name}.vgs").write_text(text, encoding="utf-8")
    loaded = dsl.load(str(main))
    assert not loaded.findings
    (found,) = loaded.program.scenarios.values()
    return Run(loaded.program, found, Choices()).go()
