"""Barriers between two accesses: too weak, missing, and accesses in the wrong order."""

from __future__ import annotations

import pytest

from tests.verify.flow.helpers import checked, fill, found

#: A timer whose status follows its control, and which a device reads; a translation regime.
MACHINE = """
platform board "a board"
endpoint device "what the timer is wired to" aliases TMR_CVAL
register TMR_CTL  : 32 at (3, 3, 14, 3, 1) { ENABLE [0] IMASK [1] res0 [31:2] }
register TMR_CVAL : 64 at (3, 3, 14, 3, 2) { Value [63:0] }
register TMR_STAT : 32 ro at (3, 3, 14, 3, 3) { Fired [0] = TMR_CTL.ENABLE res0 [31:1] }
register TMR_CNT  : 64 ro at (3, 3, 14, 3, 4) { Value [63:0] }
register TTBR     : 64 at (3, 0, 2, 0, 0) { Base [63:0] }
register TCR      : 64 at (3, 0, 2, 0, 2) { Walk [0] Rest [63:1] }
register MODE     : 32 at (3, 3, 14, 3, 5) { Slow [0] res0 [31:1] }
rule status_follows : architecture "the board's manual" {
    writes of TMR_CTL visible to reads of TMR_STAT needs isb
}
rule device_sees : practice "the board's manual" {
    writes of TMR_CVAL visible to device needs isb then dsb(ish)
    device visible to reads of TMR_CVAL needs dsb(ish) then isb when MODE.Slow
}
rule tables_first : practice "the board's manual" {
    writes of TTBR visible to writes of TCR.Walk needs isb when TCR.Walk
}
rule value_first : architecture "the board's manual" {
    writes of TMR_CVAL before writes of TMR_CTL
}
context timer of vcpu {
    ctl  : u32 mirrors TMR_CTL
    cval : u64 mirrors TMR_CVAL
    used : 0..4
}
condition vhe per machine
condition slow per machine
"""


def test_a_status_is_read_behind_the_barrier_that_its_rule_asks_for() -> None:
    assert found(MACHINE + """
        sequence stop() -> bool {
            TMR_CTL <- 0
            isb orders writes of TMR_CTL before reads of TMR_STAT
            return TMR_STAT.Fired
        }
    """) == []


def test_a_status_is_read_without_it() -> None:
    [finding] = checked(MACHINE + """
        sequence stop() -> bool {
            TMR_CTL <- 0
            return TMR_STAT.Fired
        }
    """).findings
    assert (finding.code, finding.rule, finding.strength) == (
        "VGS112",
        "status_follows",
        "architecture",
    )
    assert finding.where.text == "TMR_STAT.Fired"
    assert finding.ends[0].span.text == "TMR_CTL <- 0"
    assert finding.function == "stop"
    assert len(finding.configurations) == 4
    assert finding.value


def test_a_barrier_in_one_branch_does_not_do_for_the_other() -> None:
    text = MACHINE + """
        sequence stop(vcpu) -> bool {
            TMR_CTL <- 0
            when vhe { isb orders writes of TMR_CTL before reads of TMR_STAT }
            let seen : bool = 0
            when HERE { seen <- TMR_STAT.Fired }
            return seen
        }
    """
    assert found(fill(text, "vhe")) == []
    assert found(fill(text, "vhe and used")) == []
    [finding] = checked(fill(text, "slow")).findings
    assert finding.code == "VGS112"
    assert {dict(c)["vhe"] for c in finding.configurations} == {0}
    assert {dict(c)["slow"] for c in finding.configurations} == {1}


def test_what_memory_says_is_the_same_when_it_is_asked_again() -> None:
    text = MACHINE + """
        extern other(vcpu) { writes used }
        sequence stop(vcpu) -> bool {
            TMR_CTL <- 0
            when used { isb orders writes of TMR_CTL before reads of TMR_STAT }
            HERE
            let seen : bool = 0
            when used != 0 { seen <- TMR_STAT.Fired }
            return seen
        }
    """
    assert found(fill(text, "")) == []
    assert found(fill(text, "other(vcpu)")) == [
        "VGS112 status_follows: when used != 0 { seen <- TMR_STAT.Fired }"
    ]


def test_a_barrier_that_says_too_much_is_too_weak() -> None:
    text = MACHINE + """
        sequence arm(vcpu) {
            restore cval
            HERE orders writes of TMR_CVAL before device
        }
        lifecycle life {
            enter { arm(vcpu) }
            guest { may use device }
        }
    """
    assert found(fill(text, "isb then dsb(ish)")) == []
    assert found(fill(text, "isb then dsb(sy)")) == []
    # Not in the order of the chain, not for all accesses, not far enough.
    for chain in ("dsb(ish) then isb", "isb then dsb(ishst)", "isb then dsb(nsh)", "isb"):
        assert found(fill(text, chain)) == [
            f"VGS110 device_sees: {chain} orders writes of TMR_CVAL before device"
        ]


def test_barriers_around_one_that_is_too_weak_count_too() -> None:
    assert found(MACHINE + """
        sequence arm(vcpu) {
            restore cval
            isb orders writes of TMR_CVAL before device
        }
        lifecycle life {
            enter {
                arm(vcpu)
                dsb(sy)
            }
            guest { may use device }
        }
    """) == []


def test_a_sequence_alone_is_held_to_what_it_says_of_others() -> None:
    text = MACHINE + """
        sequence arm(vcpu) {
            restore cval
            HERE orders writes of TMR_CVAL before device
        }
    """
    assert found(fill(text, "isb then dsb(ish)")) == []
    assert found(fill(text, "dsb(ish)")) == [
        "VGS110 device_sees: dsb(ish) orders writes of TMR_CVAL before device"
    ]


def test_what_a_caller_did_is_only_known_where_a_barrier_says_it() -> None:
    assert found(MACHINE + "sequence look() -> bool { return TMR_STAT.Fired }") == []
    assert found(MACHINE + """
        sequence look() -> bool {
            dsb(sy) orders writes of TMR_CTL before reads of TMR_STAT
            return TMR_STAT.Fired
        }
    """) == ["VGS110 status_follows: dsb(sy) orders writes of TMR_CTL before reads of TMR_STAT"]


def test_the_condition_of_a_clause_is_asked_of_what_registers_hold_there() -> None:
    text = MACHINE + """
        boot { when slow { MODE.Slow <- 1 } }
        save out(vcpu) { save cval }
        lifecycle life {
            guest { may use device }
            exit {
                HERE
                out(vcpu)
            }
        }
    """
    [finding] = checked(fill(text, "")).findings
    assert (finding.code, finding.rule) == ("VGS112", "device_sees")
    assert {dict(c)["slow"] for c in finding.configurations} == {1}
    assert found(fill(text, "MODE.Slow <- 0")) == []
    assert found(fill(text, "dsb(sy) then isb")) == []
    # Nobody knows what is in it then, so nothing is said.
    assert found(fill(text, "may change MODE")) == []


def test_where_a_write_is_looked_at_its_condition_is_asked_of_what_is_written() -> None:
    text = MACHINE + """
        sequence tables() {
            TTBR <- 0
            HERE
            TCR <- HERE
        }
    """
    [finding] = checked(fill(text, "", "1")).findings
    assert (finding.code, finding.rule, finding.value) == ("VGS112", "tables_first", False)
    assert found(fill(text, "", "0")) == []
    assert found(fill(text, "isb orders writes of TTBR before writes of TCR", "1")) == []


@pytest.mark.parametrize(
    ("crossing", "kept"),
    [
        ("hypcall enters { exception } leaves { eret }", True),
        ("hypcall enters {} leaves { when vhe { isb } }", False),
        ("", True),
    ],
)
def test_a_hypcall_synchronises_as_the_program_says(crossing: str, *, kept: bool) -> None:
    report = checked(MACHINE + crossing + """
        sequence stop() { TMR_CTL <- 0 }
        sequence ask() -> bool {
            hypcall stop()
            return TMR_STAT.Fired
        }
    """)
    assert [f.code for f in report.findings] == ([] if kept else ["VGS112"])
    assert all(dict(c)["vhe"] == 0 for f in report.findings for c in f.configurations)


def test_what_others_may_have_is_absent() -> None:
    text = MACHINE + """
        sequence stop(vcpu) { TMR_CTL <- 0 }
        sequence look(vcpu) -> bool { return TMR_STAT.Fired }
        lifecycle life {
            put { stop(vcpu) }
            host { HERE }
            load { look(vcpu) }
        }
    """
    assert found(fill(text, "may isb")) == [
        "VGS112 status_follows: sequence look(vcpu) -> bool { return TMR_STAT.Fired }"
    ]
    assert found(fill(text, "isb")) == []


def test_two_writes_come_in_the_order_of_their_rule() -> None:
    assert found(MACHINE + "restore arm(vcpu) { restore cval, ctl }") == []
    [finding] = checked(MACHINE + "restore arm(vcpu) { restore ctl, cval }").findings
    assert (finding.code, finding.rule) == ("VGS117", "value_first")
    assert finding.strength == "architecture"
    assert (finding.where.text, finding.ends[0].span.text) == ("cval", "ctl")
    assert not finding.value


def test_the_next_phase_starts_over() -> None:
    assert found(MACHINE + """
        restore value(vcpu) { restore cval }
        restore control(vcpu) { restore ctl }
        lifecycle life {
            each trip {
                arm { value(vcpu) }
                start { control(vcpu) }
            }
        }
    """) == []


def test_a_loop_comes_to_what_is_before_it() -> None:
    assert found(MACHINE + """
        sequence again(vcpu) {
            each i below used {
                restore cval, ctl
            }
        }
    """) == ["VGS117 value_first: restore cval, ctl"]


def test_what_was_stored_last_decides_a_branch() -> None:
    text = MACHINE + """
        sequence stop(vcpu) -> bool {
            used <- HERE
            TMR_CTL <- 0
            let seen : bool = 0
            when used { seen <- TMR_STAT.Fired }
            return seen
        }
    """
    assert found(fill(text, "0")) == []
    assert len(found(fill(text, "2"))) == 1


def test_what_is_assumed_of_what_others_decide_holds_whenever_they_are_asked() -> None:
    text = MACHINE + """
        condition idle of vcpu per test
        sequence stop(vcpu) -> bool {
            when not idle { return 0 }
            TMR_CTL <- 0
            let seen : bool = 0
            when used { seen <- TMR_STAT.Fired }
            return seen
        }
    """
    assert len(found(text)) == 1
    assert found(text + 'assume empty "nothing is used then" { idle implies used == 0 }') == []
    assert len(found(text + 'assume full "it is used then" { idle implies used != 0 }')) == 1
