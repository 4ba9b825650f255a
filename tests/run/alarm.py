"""An alarm clock with a mistake: a small program whose scenarios have something to show."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from dsl.ir.program import Program
from dsl.resolve.workspace import Workspace
from dsl.run.programs import Root, roots

ALARM = """\
/// An alarm clock, as far as a world switch touches it.
platform alarm "An alarm that never was, revision 1"

register ALM_CTL : 32 at (3, 3, 14, 3, 1) reset 0 {
    ENABLE [0]
    IMASK  [1]
    res0   [31:2]
}
register ALM_TIME : 64 at (3, 3, 14, 3, 2) reset 0 { Time [63:0] }
register ALM_STATUS : 32 ro at (3, 3, 14, 3, 3) {
    ARMED [0] = ALM_CTL.ENABLE and not ALM_CTL.IMASK
    res0  [31:1]
}
register ALM_EVT<n> for n in 0..3 : 32 at (3, 3, 14, 4, n) reset 0 { Delay [31:0] }

group ALARM = ALM_CTL, ALM_TIME

context alarm_state of vcpu {
    ctl   : u32 mirrors ALM_CTL
    time  : u64 mirrors ALM_TIME
    armed : bool
    used  : 0..4
}

/// The host is at EL2.
condition vhe per machine
/// The machine has an alarm.
condition has_alarm per machine

assume alarm_with_vhe "machines with VHE have an alarm" { vhe implies has_alarm }


sequence alarm_start(vcpu)
save alarm_save(vcpu) { save ctl, time }

lifecycle vcpu_on_cpu {
    each turn {
        load { alarm_start(vcpu) }
        guest {
            eret
            may change ALM_CTL, ALM_TIME
            exception
        }
        put { alarm_save(vcpu) }
        host {
            may isb
            may change used, ctl
        }
    }
}

/// The guest must not wait for an alarm that nobody set.
scenario "an alarm that was set is armed" {
    given any vhe, has_alarm, ctl.ENABLE, time = 0x100
    run load
    expect armed
    guest { ALM_TIME <- 0x200 }
    run host
    expect time == 0x200
}

scenario "two take turns" (a : vcpu, b : vcpu) {
    given has_alarm, a.time = 1, b.time = 2
    run turn(a), load(b)
    expect ALM_TIME == 2
    run turn(b)
    on 1
    run load(a)
    expect ALM_TIME == 1 and accesses == 3 at load
}
"""

OLD = """\
/// The start, as it was.
import alarm

sequence alarm_start(vcpu) {
    restore time, ctl
    armed <- ALM_STATUS.ARMED
}

scenario "an alarm that was set is armed" fails "it was looked at too early"
"""

NEW = """\
/// The start, as it should be.
import alarm

sequence alarm_start(vcpu) {
    restore time, ctl
    isb orders ALM_CTL before reads of ALM_STATUS
    armed <- ALM_STATUS.ARMED
}
"""

PROJECT = """\
[project]
name = "alarm"
sources = ["src"]
"""

#: The scenario that shows the mistake, and the other one.
ARMED, TURNS = "an alarm that was set is armed", "two take turns"


def write(folder: Path, **more: str) -> None:
    """Writes the project into a folder, with ``more`` modules."""
    (folder / "src").mkdir()
    for name, text in {"alarm": ALARM, "old": OLD, "new": NEW, **more}.items():
        (folder / "src" / f"{name}.vgs").write_text(text)
    (folder / "vgs.toml").write_text(PROJECT)


def root_of(text: str) -> Root:
    """The program of one text."""
    workspace = Workspace()
    (root,) = roots([workspace.load_text(text, "test.vgs")], workspace)
    return root


@cache
def root(which: str) -> Root:
    """The program ``old`` or ``new``, as one text."""
    part = {"old": OLD, "new": NEW}[which].split("\n\nscenario")[0]
    text = ALARM.replace("sequence alarm_start(vcpu)\n", "")
    return root_of(text + part.replace("import alarm\n", ""))


def program(which: str) -> Program:
    return root(which).program
