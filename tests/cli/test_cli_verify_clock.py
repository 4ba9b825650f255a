"""`vgs verify` from end to end, with its engines: what is wrong is found, replayed, and mended."""

from __future__ import annotations

import shlex

import pytest

ALARM = """\
/// An alarm clock, as far as a world switch touches it.
platform alarm "An alarm that never was, revision 1"

register ALM_CTL : 32 at (3, 3, 14, 3, 1) reset 0 {
    ENABLE [0]
    IMASK  [1]
    res0   [31:2]
}

register ALM_STATUS : 32 ro at (3, 3, 14, 3, 3) {
    ARMED [0] = ALM_CTL.ENABLE and not ALM_CTL.IMASK
    res0  [31:1]
}

context alarm_state of vcpu {
    ctl   : u32 mirrors ALM_CTL
    armed : bool
}

/// The host is at EL2.
condition vhe per machine

sequence alarm_start(vcpu)
save alarm_save(vcpu) { save ctl }

lifecycle vcpu_on_cpu {
    each turn {
        load { alarm_start(vcpu) }
        guest {
            eret
            may change ALM_CTL
            exception
        }
        put { alarm_save(vcpu) }
        host { may change ctl }
    }
}

invariant in_time at guest "the host sleeps until an alarm that is armed" {
    armed == ALM_STATUS.ARMED
}
"""

START = """\
import alarm

sequence alarm_start(vcpu) {
    restore ctl
    when not vhe { isb orders ALM_CTL before reads of ALM_STATUS }
    armed <- ALM_STATUS.ARMED
}
"""

#: Faster than all of them, and enough.
ENGINES = ("--engine", "flow", "--engine", "explicit")


@pytest.fixture
def clock(empty):
    (empty / "src").mkdir()
    (empty / "src/alarm.vgs").write_text(ALARM)
    (empty / "src/clock.vgs").write_text(START)
    (empty / "vgs.toml").write_text('[project]\nsources = ["src"]\n')
    return empty


def test_a_look_that_is_too_early_on_one_kind_of_host(clock, vgs, holds):
    done = vgs("verify", *ENGINES, "--witness", "w", "--format", "json")
    assert done.status == 1
    value = holds("verify", done.json)
    (finding,) = value["findings"]
    assert (finding["code"], finding["rule"]) == ("VGS100", "context synchronization")
    assert (finding["where"]["line"], finding["condition"]) == (6, "vhe")
    assert [end["where"]["line"] for end in finding["ends"]] == [4, 6]
    assert finding["seen"].startswith("invariant in_time does not hold in `guest`")
    # What does not hold is not among what was proved.
    assert value["proved"] == []
    shown = vgs(*shlex.split(finding["command"])[1:])
    assert shown.status == 1
    assert "FAILED   invariant in_time does not hold" in shown.out


def test_only_the_machines_that_are_asked_for(clock, vgs):
    assert vgs("verify", *ENGINES, "--set", "not vhe").status == 0
    assert vgs("verify", *ENGINES, "--set", "vhe").status == 1


def test_with_the_barrier_nothing_is_found(clock, vgs):
    (clock / "src/clock.vgs").write_text(START.replace("when not vhe { ", "").replace(" }", ""))
    done = vgs("verify", *ENGINES)
    assert done.status == 0
    assert "proved:\n  invariant in_time (explicit, 2 configurations)\n" in done.out


def test_what_is_saved_is_what_the_guest_had(clock, vgs):
    alarm = ALARM.replace("{ save ctl }", "{ ALM_CTL <- 0 }").replace(
        "save alarm", "sequence alarm"
    )
    (clock / "src/alarm.vgs").write_text(alarm)
    done = vgs("verify", *ENGINES, "--set", "not vhe", "--format", "json")
    assert done.status == 1
    assert "VGS101" in [each["code"] for each in done.json["findings"]]


def test_what_is_not_looked_at_is_said(clock, vgs):
    done = vgs("verify", *ENGINES, "--time", "0.000001")
    assert done.status == 2
    assert "not checked:\n  flow: the time is up before it began\n" in done.out
    done = vgs("verify", *ENGINES, "--most", "3", "--set", "not vhe")
    assert done.status == 2
    assert "not checked:" in done.out
