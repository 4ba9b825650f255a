"""Registers that belong to the host, and that a trip borrows."""

from __future__ import annotations

from tests.verify.flow.helpers import checked, fill, found

#: Where exceptions go, and what traps: nothing of it is a guest's.
HOST = """
platform host "the host's registers"
register VECTORS : 64 at (3, 4, 12, 0, 0) { Base [63:0] }
register TRAPS   : 64 at (3, 4, 1, 1, 2) { TFP [10] TTA [20] Rest [63:21] res0 [9:0], [19:11] }
register FAULT   : 64 at (3, 0, 7, 4, 0) { F [0] PA [63:1] }
context state of vcpu {
    dirty : bool
    fault : u64
}
condition vhe per machine
extern translate() { writes FAULT }
"""

LIFE = """
lifecycle life {
    each residency {
        load { load(vcpu) }
        each trip {
            enter { come(vcpu) }
            guest {
                eret
                may change dirty
                exception
            }
            exit { go(vcpu) }
        }
        put {
            put(vcpu)
            HERE
        }
    }
}
activate load(vcpu) {}
deactivate put(vcpu) {}
"""


def test_each_path_gives_it_its_value_back() -> None:
    assert found(fill(HOST + LIFE, "") + """
            activate come(vcpu) { TRAPS.TFP <- 1 }
            deactivate go(vcpu) { TRAPS.TFP <- 0 }
            """) == []


def test_one_path_does_not() -> None:
    [finding] = checked(fill(HOST + LIFE, "") + """
        activate come(vcpu) { when not dirty { TRAPS.TFP <- 1 } }
        deactivate go(vcpu) { when not dirty { TRAPS.TFP <- 0 } }
        """).findings
    # The guest may have made it dirty in between.
    assert (finding.code, finding.rule, finding.strength) == ("VGS115", "TRAPS", "convention")
    assert (finding.where.text, finding.function) == ("TRAPS.TFP <- 1", "come")
    assert finding.ends[1].span.text == "TRAPS.TFP <- 0"


def test_other_bits_are_not_given_back_by_it() -> None:
    assert found(fill(HOST + LIFE, "") + """
        activate come(vcpu) { TRAPS.TFP <- 1 }
        deactivate go(vcpu) { when vhe { TRAPS.TFP <- 0 } else { TRAPS.TTA <- 0 } }
        """) == []
    assert found(fill(HOST + LIFE, "") + """
        activate come(vcpu) { TRAPS.TFP <- 1 }
        deactivate go(vcpu) { when dirty { TRAPS.TFP <- 0 } else { TRAPS.TTA <- 0 } }
        """) == ["VGS115 TRAPS: activate come(vcpu) { TRAPS.TFP <- 1 }"]


def test_nobody_gives_it_back_and_the_host_uses_it() -> None:
    text = HOST + LIFE + """
        activate come(vcpu) { VECTORS <- 0 }
        deactivate go(vcpu) {}
        """
    assert found(fill(text, "")) == []
    [finding] = checked(fill(text, "may read VECTORS")).findings
    assert (finding.code, finding.rule) == ("VGS115", "VECTORS")
    assert finding.ends[1].text == "the host, which uses it, is back"


def test_a_sequence_gives_back_what_it_borrowed() -> None:
    text = HOST + """
        sequence resolve(vcpu) -> bool {
            let old = FAULT
            translate()
            let result = FAULT
            HERE
            FAULT <- old
            fault <- result
            return 1
        }
        """
    assert found(fill(text, "")) == []
    [finding] = checked(fill(text, "when result.F { return 0 }")).findings
    assert (finding.code, finding.rule, finding.function) == ("VGS115", "FAULT", "resolve")
    assert (finding.where.text, finding.ends[1].span.text) == ("translate()", "FAULT <- old")
    assert found(fill(text, "when result.F { FAULT <- old return 0 }")) == []


BORROWED = HOST + """
context saved of vcpu { traps : u64 mirrors TRAPS }
lifecycle life {
    each trip {
        host { may change TRAPS }
        enter { come(vcpu) }
        guest {
            eret
            may change dirty
            exception
        }
        exit { go(vcpu) }
    }
}
sequence go(vcpu) { HERE }
sequence come(vcpu) {
    HERE
    TRAPS <- 0x400
}
"""


def test_what_the_host_had_there_is_kept_nowhere() -> None:
    [finding] = checked(fill(BORROWED, "TRAPS <- 0", "")).findings
    assert (finding.code, finding.rule, finding.strength) == ("VGS115", "TRAPS", "convention")
    assert (finding.where.text, finding.function) == ("TRAPS <- 0x400", "come")
    assert finding.ends[0].span.text == "may change TRAPS"


def test_what_the_host_had_there_is_kept() -> None:
    assert found(fill(BORROWED, "restore traps", "save traps")) == []
    assert found(fill(BORROWED, "TRAPS <- fault", "fault <- TRAPS")) == []


def test_an_old_one_is_given_back_behind_the_guest() -> None:
    text = HOST + """
        lifecycle life {
            each trip {
                host { may change TRAPS }
                enter { come(vcpu) }
                guest {
                    eret
                    may HERE
                    exception
                }
                exit { go(vcpu) }
            }
        }
        sequence come(vcpu) { when dirty { fault <- TRAPS } }
        sequence go(vcpu) { when HERE { TRAPS <- fault } }
        """
    [finding] = checked(fill(text, "read TRAPS", "not vhe or dirty")).findings
    assert (finding.code, finding.where.text) == ("VGS115", "TRAPS <- fault")
    assert found(fill(text, "read TRAPS", "dirty")) == []
    # What it has then may be the guest's.
    assert found(fill(text, "change TRAPS", "not vhe or dirty")) == []


def test_a_value_says_itself_whether_it_is_given_back() -> None:
    assert found(fill(HOST + LIFE, "") + """
            activate come(vcpu) {
                fault <- TRAPS
                TRAPS <- 0
            }
            deactivate go(vcpu) { when fault { TRAPS <- fault } }
            """) == []


def test_it_is_kept_on_one_path_only() -> None:
    [finding] = checked(fill(BORROWED, "TRAPS <- fault", "when vhe { fault <- TRAPS }")).findings
    assert {dict(c)["vhe"] for c in finding.configurations} == {0}


def test_a_lifecycle_whose_sequences_are_not_all_defined_says_nothing() -> None:
    text = fill(BORROWED, "TRAPS <- 0", "").replace("sequence go(vcpu) { TRAPS <- 0 }", "")
    assert found(text + "sequence go(vcpu)") == []
