"""The verdict of several engines on one program: they do not contradict each other."""

from __future__ import annotations

from dsl.verify import verify
from dsl.verify.findings import Engine
from tests.resolve.helpers import program

LATE = """
register BOX_CTL : 32 at (3, 0, 11, 0, 0) reset 0 { ON [0] res0 [31:1] }
register BOX_STATE : 32 ro at (3, 0, 11, 0, 1) { LIT [0] = BOX_CTL.ON res0 [31:1] }
context state of vcpu { ctl : u32 mirrors BOX_CTL lit : bool }
sequence take(vcpu) {
    restore ctl
    WAIT
    lit <- BOX_STATE.LIT
}
save give(vcpu) { save ctl }
lifecycle on_cpu {
    each stay {
        come { take(vcpu) }
        guest {
            eret
            may change BOX_CTL
            exception
        }
        go { give(vcpu) }
        away { may change ctl }
    }
}
invariant told at guest "it is as it was seen" { lit == BOX_STATE.LIT }
"""


def test_what_a_run_shows_to_fail_is_proved_by_no_engine() -> None:
    # All writes are in force at once for the symbolic engine, and it proves the invariant.
    late = verify(program(LATE.replace("WAIT", "")), mends=False)
    assert [finding.code for finding in late.findings] == ["VGS100"]
    assert not [each for each in late.proved if "told" in each.what]
    wait = "isb orders writes of BOX_CTL before reads of BOX_STATE"
    right = verify(program(LATE.replace("WAIT", wait)), mends=False)
    assert not right.findings
    engines = {each.engine for each in right.proved if "told" in each.what}
    assert engines == {Engine.EXPLICIT, Engine.SYMBOLIC}
