"""Control registers: conditions that have nothing to do with them, and kinds of hosts."""

from __future__ import annotations

from tests.verify.flow.helpers import checked, fill, found

#: Traps that a hypervisor sets in a control register, and a timer.
TRAPS = """
platform traps "a control register"
register HCTL : 64 at (3, 4, 1, 1, 0) {
    VM [0] TWI [13] TWE [14] On [31]
    res0 [12:1], [30:15], [63:32]
}
register CNTH : 64 at (3, 4, 14, 1, 0) { PCEN [0] PTEN [1] res0 [63:2] }
register CNTX : 64 at (3, 4, 14, 1, 1) { PCEN [0] PTEN [1] res0 [63:2] }
context ctl of vcpu {
    hctl    : u64 feeds HCTL
    pending : 0..16
}
condition vhe     per machine
condition one_cpu per machine
condition nested  per vm
"""

LIFE = """
lifecycle life {
    create {
        modify hctl { On <- 1 }
        when nested { modify hctl { TWI <- 1 } }
    }
    each residency {
        away { may change pending }
        load { load(vcpu) }
        each trip {
            host { may change pending }
            enter { come(vcpu) }
            guest {
                eret
                may change HCTL.VM
                exception
            }
            exit { go(vcpu) }
        }
        put { put(vcpu) }
    }
}
"""


def test_what_is_restored_on_each_trip_is_there() -> None:
    assert found(TRAPS + LIFE + """
        activate load(vcpu) { HCTL.VM <- 1 }
        restore come(vcpu) { restore hctl }
        save go(vcpu) { HCTL <- 0 }
        deactivate put(vcpu) {}
    """) == []


def test_traps_are_restored_for_the_sake_of_something_else() -> None:
    [finding] = checked(TRAPS + LIFE + """
        activate load(vcpu) {}
        restore come(vcpu) { when pending { restore hctl } }
        save go(vcpu) { when pending { HCTL <- 0 } }
        deactivate put(vcpu) {}
    """).findings
    assert (finding.code, finding.rule, finding.strength) == ("VGS113", "hctl", "convention")
    assert finding.function == "come"
    assert finding.where.text == "hctl"
    assert "TWI" in finding.ends[0].span.text
    # Nothing is said of who needs On, which is set for all.
    assert {dict(c)["nested"] for c in finding.configurations} == {1}


def test_traps_are_restored_for_those_who_need_them_too() -> None:
    assert found(TRAPS + LIFE + """
        activate load(vcpu) {}
        restore come(vcpu) { when pending or nested { restore hctl } }
        save go(vcpu) { when pending or nested { HCTL <- 0 } }
        deactivate put(vcpu) {}
    """) == []


def test_what_was_taken_away_is_not_given_back_before_the_next_trip() -> None:
    text = TRAPS + LIFE + """
        activate load(vcpu) { when nested { restore hctl } }
        restore come(vcpu) { when pending { restore hctl } }
        save go(vcpu) { when HERE { HCTL <- hctl with On = 0 } }
        deactivate put(vcpu) { HCTL <- 0 }
    """
    [finding] = checked(fill(text, "pending")).findings
    assert (finding.code, finding.rule, finding.function) == ("VGS113", "hctl", "go")
    assert finding.where.text == "HCTL <- hctl with On = 0"
    assert [note.span.line for note in finding.ends][1] > 20
    assert {dict(c)["nested"] for c in finding.configurations} == {1}
    assert found(fill(text, "pending and not nested")) == []


def test_a_field_that_is_set_again_is_there() -> None:
    assert found(TRAPS + LIFE + """
        activate load(vcpu) { restore hctl }
        restore come(vcpu) { HCTL.On <- 1 }
        save go(vcpu) { HCTL.On <- 0 }
        deactivate put(vcpu) { HCTL <- 0 }
    """) == []
    assert found(TRAPS + LIFE + """
        activate load(vcpu) { restore hctl }
        restore come(vcpu) {}
        save go(vcpu) { HCTL.On <- 0 }
        deactivate put(vcpu) { HCTL <- 0 }
    """) == ["VGS113 hctl: save go(vcpu) { HCTL.On <- 0 }"]


KINDS = TRAPS + """
    lifecycle life {
        enter { come(vcpu) }
        guest {
            eret
            may change pending
            exception
        }
        exit { go(vcpu) }
    }
    activate come(vcpu) {
        HCTL.VM <- 1
        HERE
    }
    deactivate go(vcpu) { HCTL.VM <- 0 }
"""


def test_a_register_that_one_kind_of_host_never_switches() -> None:
    [finding] = checked(fill(KINDS, "when vhe { CNTH.PCEN <- 0 }")).findings
    assert (finding.code, finding.rule, finding.value) == ("VGS114", "vhe", False)
    assert "where `not vhe` nothing writes it" in finding.message
    assert {dict(c)["vhe"] for c in finding.configurations} == {1}
    [finding] = checked(fill(KINDS, "when not vhe { CNTH.PCEN <- 0 }")).findings
    assert "where `vhe` nothing writes it" in finding.message


def test_each_kind_of_host_switches_it() -> None:
    assert found(fill(KINDS, "CNTH.PCEN <- 0")) == []
    assert found(fill(KINDS, "when vhe { CNTH.PCEN <- 0 } else { CNTH.PTEN <- 0 }")) == []


def test_a_register_of_its_own_does_for_the_other_kind() -> None:
    assert found(fill(KINDS, "when vhe { CNTH.PCEN <- 0 } else { CNTX.PCEN <- 0 }")) == []


def test_a_fact_of_the_vm_is_no_kind_of_host() -> None:
    assert found(fill(KINDS, "when nested { CNTH.PCEN <- 0 }")) == []


def test_a_guest_runs_behind_the_return_to_it_whatever_else_is_in_the_phase() -> None:
    text = TRAPS + """
        activate load(vcpu) { restore hctl }
        save leave_it(vcpu) { HCTL.On <- 0 }
        lifecycle life {
            create { modify hctl { On <- 1 } }
            each residency {
                load { load(vcpu) }
                each trip {
                    all {
                        HERE
                        eret
                        may change HCTL.VM
                        exception
                        leave_it(vcpu)
                    }
                }
            }
        }
    """
    assert found(fill(text, "load(vcpu)")) == []
    assert found(fill(text, "")) == ["VGS113 hctl: save leave_it(vcpu) { HCTL.On <- 0 }"]


def test_where_nobody_returns_to_a_guest_it_runs_where_others_act() -> None:
    text = TRAPS + """
        activate load(vcpu) { restore hctl }
        save leave_it(vcpu) { HCTL.On <- 0 }
        lifecycle life {
            create { modify hctl { On <- 1 } }
            each residency {
                load { load(vcpu) }
                each trip {
                    host { may change pending }
                    guest { HERE }
                    exit { leave_it(vcpu) }
                }
            }
        }
    """
    assert found(fill(text, "may change HCTL.VM")) == [
        "VGS113 hctl: save leave_it(vcpu) { HCTL.On <- 0 }"
    ]
    assert found(fill(text, "may change pending")) == []


def test_what_nobody_surely_sets_is_not_missed() -> None:
    text = TRAPS + LIFE + """
        activate load(vcpu) { restore hctl }
        restore come(vcpu) {}
        save go(vcpu) { HCTL <- hctl with HERE = 0 }
        deactivate put(vcpu) { HCTL <- 0 }
    """
    assert found(fill(text, "TWE")) == []
    assert found(fill(text, "On")) == ["VGS113 hctl: save go(vcpu) { HCTL <- hctl with On = 0 }"]
    # Only where it is needed, and set.
    [finding] = checked(fill(text, "TWI")).findings
    assert {dict(c)["nested"] for c in finding.configurations} == {1}
