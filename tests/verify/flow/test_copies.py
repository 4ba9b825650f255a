"""Copies in memory of what registers hold, while a guest runs with the registers."""

from __future__ import annotations

from tests.verify.flow.helpers import checked, fill, found

#: A floating-point unit and a fault address, with what is kept of them.
UNIT = """
platform unit "a floating-point unit"
endpoint probe "a debugger, by way of memory" aliases FPCR
register FPCR : 32 at (3, 3, 4, 4, 0) { Mode [3:0] Rest [31:4] }
register FPSR : 32 at (3, 3, 4, 4, 1) { Sticky [0] Rest [31:1] }
register PAR  : 64 at (3, 0, 7, 4, 0) { F [0] PA [63:1] }
register VR<n> for n in 0..3 : 64 at (3, 3, 4, 5, n) { V [63:0] }
context fp of vcpu {
    fpcr  : u32 mirrors FPCR
    fpsr  : u32 mirrors FPSR
    par   : u64 mirrors PAR
    vr[4] : u64 mirrors VR<n>
    used  : 0..4
    last  : u32
}
condition vhe per machine
extern look(vcpu) { reads fpcr }
extern translate() { writes PAR }
"""

LIFE = """
lifecycle life {
    each trip {
        enter { come(vcpu) }
        either {
            guest {
                eret
                may change FPCR, FPSR, PAR, VR<n>
                exception
            }
        } or {
            early { isb }
        }
        exit { go(vcpu) }
        HERE
    }
}
"""

ALL = """
restore come(vcpu) {
    restore fpcr, fpsr, par
    each i below used { restore vr[i] }
}
"""


def test_what_is_saved_first_is_current() -> None:
    assert found(fill(UNIT + LIFE, "sync { look(vcpu) }") + ALL + """
            save go(vcpu) {
                save fpcr, fpsr, par
                each i below used { save vr[i] }
                last <- fpcr
            }
            """) == []


def test_a_copy_is_read_before_it_is_saved() -> None:
    [finding] = checked(fill(UNIT + LIFE, "") + ALL + """
        save go(vcpu) {
            last <- fpcr
            save fpcr, fpsr, par
            each i below used { save vr[i] }
        }
        """).findings
    assert (finding.code, finding.rule, finding.strength) == ("VGS116", "fpcr", "declared")
    assert (finding.where.text, finding.function) == ("fpcr", "go")
    assert finding.ends[0].span.text == "fpcr"
    assert finding.ends[1].span.text.startswith("may change FPCR")


def test_it_is_current_on_a_path_where_nobody_changes_it() -> None:
    assert found(UNIT + ALL + """
            sequence look_at(vcpu) { last <- fpcr }
            lifecycle life {
                enter { come(vcpu) }
                host { look_at(vcpu) }
            }
            """) == []


def test_an_endpoint_changes_what_it_aliases() -> None:
    assert found(UNIT + ALL + """
        sequence look_at(vcpu) { last <- fpcr + fpsr }
        lifecycle life {
            enter { come(vcpu) }
            host { may use probe }
            exit { look_at(vcpu) }
        }
        """) == ["VGS116 fpcr: sequence look_at(vcpu) { last <- fpcr + fpsr }"]


def test_a_copy_is_restored_again_over_what_the_guest_did() -> None:
    text = fill(UNIT + LIFE, "") + ALL + """
        save go(vcpu) {
            save fpsr, par
            when HERE { save fpcr }
            each i below used { save vr[i] }
        }
        """
    [finding] = checked(fill(text, "vhe")).findings
    assert (finding.code, finding.rule, finding.function) == ("VGS116", "fpcr", "come")
    assert {dict(c)["vhe"] for c in finding.configurations} == {0}
    assert found(fill(text, "vhe or not vhe")) == []


def test_elements_that_are_not_all_saved() -> None:
    assert found(fill(UNIT + LIFE, "") + """
        restore come(vcpu) { restore vr[0], vr[1] }
        save go(vcpu) { save vr[0] }
        """) == ["VGS116 vr: restore come(vcpu) { restore vr[0], vr[1] }"]


def test_a_caller_uses_it_before_it_is_saved() -> None:
    [finding] = checked(fill(UNIT + LIFE, "sync { look(vcpu) } put { late(vcpu) }") + ALL + """
        save go(vcpu) {
            save fpsr, par
            each i below used { save vr[i] }
        }
        save late(vcpu) { save fpcr }
        """).findings
    assert (finding.code, finding.rule, finding.strength) == ("VGS118", "fpcr", "declared")
    assert finding.where.text == "look(vcpu)"
    assert finding.ends[-1].text == "it is saved only here"


def test_a_phase_may_read_it_too() -> None:
    text = (UNIT + LIFE).replace("HERE", "host { may read HERE } put { late(vcpu) }") + ALL + """
        save go(vcpu) {
            save fpsr, par
            each i below used { save vr[i] }
        }
        save late(vcpu) { save fpcr }
        """
    assert [f.code for f in checked(fill(text, "fpcr")).findings] == ["VGS118"]
    assert found(fill(text, "fpsr, used")) == []


def test_the_newest_value_is_overwritten() -> None:
    text = fill(UNIT + LIFE, "") + ALL + """
        save go(vcpu) {
            save fpcr, fpsr
            HERE
            each i below used { save vr[i] }
        }
        """
    [finding] = checked(fill(text, "translate() save par")).findings
    assert (finding.code, finding.rule, finding.where.text) == ("VGS115", "par", "translate()")
    assert [note.text for note in finding.ends][1] == "it is saved only here"
    assert found(fill(text, "save par translate()")) == []
    assert found(fill(text, "let old = PAR translate() PAR <- old save par")) == []


def test_it_is_overwritten_and_never_saved() -> None:
    text = fill(UNIT + LIFE, "") + """
        restore come(vcpu) { when used { restore par } }
        save go(vcpu) {
            when HERE { save par }
            translate()
        }
        """
    [finding] = checked(fill(text, "vhe and used")).findings
    assert (finding.code, finding.rule, finding.where.text) == ("VGS115", "par", "translate()")
    assert {dict(c)["vhe"] for c in finding.configurations} == {0}
    assert found(fill(text, "used")) == []


STATUS = """
platform unit "a unit with a status"
register CTL  : 32 at (3, 3, 4, 4, 0) { E [0] Rest [31:1] }
register STAT : 32 ro at (3, 3, 4, 4, 1) { Due [3:0] res0 [31:4] }
context state of vcpu {
    status : u32 HERE
    again  : u32
}
extern fold(vcpu) { reads status }
save go(vcpu) { HERE }
save finish(vcpu) { HERE }
lifecycle life {
    each trip {
        guest {
            eret
            may change CTL
            exception
        }
        exit { go(vcpu) }
        sync { fold(vcpu) }
        put { finish(vcpu) }
    }
}
"""


def test_what_each_trip_saves_is_used_behind_that() -> None:
    assert found(fill(STATUS, "mirrors STAT", "save status", "")) == []


def test_what_each_trip_saves_is_used_before_that() -> None:
    [finding] = checked(fill(STATUS, "mirrors STAT", "", "save status")).findings
    assert (finding.code, finding.rule, finding.strength) == ("VGS118", "status", "declared")
    assert finding.where.text == "fold(vcpu)"
    assert [note.span.text for note in finding.ends] == ["eret", "status"]
    [finding] = checked(fill(STATUS, "", "", "status <- STAT.Due")).findings
    assert (finding.code, finding.strength) == ("VGS118", "convention")


def test_what_is_saved_on_one_path_only_is_used_too_early_on_the_other() -> None:
    early, late = "when ONCE { save status }", "when not again { save status }"
    text = fill(STATUS, "mirrors STAT", early, late)
    assert found(text.replace("ONCE", "again")) == [
        "VGS118 status: sync { fold(vcpu) }",
    ]
    assert found(text.replace("ONCE", "1")) == []


def test_nobody_says_when_a_value_is_due_that_is_never_saved() -> None:
    assert found(fill(STATUS, "mirrors STAT", "", "")) == []
