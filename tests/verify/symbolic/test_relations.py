"""Conditions go along from phase to phase only as far as they are proved, on every way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

import dsl
from dsl.ir.program import Program
from dsl.run.choices import Choices
from dsl.run.scenarios import Run
from dsl.verify.findings import Finding, Report
from dsl.verify.subject import subject
from dsl.verify.symbolic import check, checking

Asked: TypeAlias = Callable[[str], tuple[Program, Report]]

#: Two counters that go together, two that need not, and registers that others use too.
HEAD = """
platform twins "the registers of this test"
register LEFT : 32 reset 0 { All [31:0] }
register RIGHT : 32 reset 0 { All [31:0] }
register ODD : 32 reset 1 { All [31:0] }

context pair of vcpu {
    a : 0..3
    b : 0..3
    c : 0..3
    d : 0..3
    /// Never 0.
    x : 1..3
    n : 0..5
    list[4] : u32
    was : u32
}
condition odd per machine
condition rude per vm
condition now per test
condition there per trip

extern pick(vcpu) { writes a }
extern pick_more(vcpu) { writes n in 0..5 }
extern some(vcpu, most : u32) { writes a  ensures a <= most }
extern twice(vcpu) { writes a, b  ensures a == b }
model pick(vcpu) { a <- 2 }
model pick_more(vcpu) { n <- 5 }
model some(vcpu, most : u32) { a <- 0 }
model twice(vcpu) { a <- 1  b <- 1 }

sequence swap(vcpu) {
    let t = a
    a <- b
    b <- t
}
sequence swap_registers(vcpu) {
    let t : u32 = LEFT
    LEFT <- ODD
    ODD <- t
}
"""


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    """Asks the symbolic engine about a program with some lifecycle and some invariants."""

    def ask(body: str) -> tuple[Program, Report]:
        file = tmp_path / "twins.vgs"
        file.write_text(HEAD + body)
        loaded = dsl.load(file)
        assert [f.message for f in dsl.check(file) if f.severity == "error"] == []
        report = check(loaded.program)
        assert report.unchecked == ()
        return loaded.program, report

    return ask


def proved(report: Report) -> set[str]:
    """The names of the invariants that were."""
    said = (each.what.split() for each in report.proved)
    return {words[1] for words in said if words[0] == "invariant"}


def found(report: Report) -> dict[str, Finding]:
    return {f.rule: f for f in report.findings}


def fails(of: Program, finding: Finding) -> bool:
    """Whether a run of the history of a finding shows that something is wrong."""
    assert finding.witness is not None
    about = subject(of)
    params = f" ({', '.join(finding.witness.params)})" if finding.witness.params else ""
    steps = "\n".join(finding.witness.steps)
    scenario = about.understand(f'scenario "found"{params} {{\n{steps}\n}}')
    return not Run(about.with_scenario(scenario), scenario, Choices()).go().ok


TOGETHER = """
lifecycle life {
    each turn {
        first { pick(vcpu)  b <- a }
        second { LEFT <- 1 }
        third { swap(vcpu) }
    }
}
invariant together at second, third "they go together" { a == b }
"""


def test_what_goes_together_is_proved(asked: Asked) -> None:
    _, report = asked(TOGETHER)
    assert report.findings == ()
    assert proved(report) == {"together"}


def test_without_conditions_that_go_along_it_is_not(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "said", lambda program: ())
    _, report = asked(TOGETHER)
    assert list(found(report)) == ["together"]


def test_one_that_does_not_hold_at_the_start_is_found_though_each_phase_keeps_it(
    asked: Asked,
) -> None:
    made, report = asked("""
        lifecycle life {
            each turn { step { when a == x { a <- 2  x <- 2 } } rest { was <- 0 } }
        }
        invariant equal at rest "they are equal" { a == x }
        """)
    assert fails(made, found(report)["equal"])
    assert proved(report) == set()


def test_one_that_a_cpu_does_not_boot_with_is_found_though_every_owner_keeps_it(
    asked: Asked,
) -> None:
    made, report = asked("""
        lifecycle life {
            each turn { step { swap_registers(vcpu) } rest { was <- 0 } }
        }
        invariant equal at rest "they are equal" { LEFT == ODD }
        """)
    assert fails(made, found(report)["equal"])
    made, report = asked("""
        lifecycle life {
            each turn { step { pick(vcpu)  LEFT <- a  RIGHT <- a } rest { was <- 0 } }
        }
        invariant equal at step, rest "they are equal" { LEFT == RIGHT }
        """)
    assert proved(report) == {"equal"}


OTHERS = """
lifecycle life {
    each turn {
        first { pick(vcpu)  b <- a }
        second { OTHERS }
        third { was <- 0 }
    }
}
invariant here at second "they go together" { a == b }
invariant still at third "they still do" { a == b }
"""


def test_what_others_may_change_in_between_is_forgotten(asked: Asked) -> None:
    made, report = asked(OTHERS.replace("OTHERS", "may change b"))
    assert proved(report) == {"here"}
    assert fails(made, found(report)["still"])
    _, report = asked(OTHERS.replace("OTHERS", "may change c"))
    assert proved(report) == {"here", "still"}


def test_two_that_are_both_false_do_not_prove_each_other(asked: Asked) -> None:
    made, report = asked("""
        lifecycle life {
            create { c <- 1 }
            each turn {
                one { c <- a  d <- b }
                two { a <- c  b <- d  when a == b { pick(vcpu) } }
                three { swap(vcpu) }
            }
        }
        invariant mine at three "they go together" { a == b }
        invariant its at one "and so do these" { c == d }
        """)
    assert proved(report) == set()
    assert all(fails(made, each) for each in report.findings)
    assert set(found(report)) == {"mine", "its"}


def test_two_prove_each_other_where_both_hold_at_the_start(asked: Asked) -> None:
    _, report = asked("""
        lifecycle life {
            create { pick(vcpu)  b <- a }
            each turn {
                one { c <- a  d <- b }
                two { a <- c  b <- d }
            }
        }
        invariant mine at one, two "they go together" { a == b }
        invariant its at one, two "and so do these" { c == d }
        """)
    assert proved(report) == {"mine", "its"}


def test_what_fails_in_one_configuration_holds_in_the_other(asked: Asked) -> None:
    made, report = asked("""
        lifecycle life {
            create { pick(vcpu)  b <- a }
            each turn {
                first { when odd { a <- 0 } }
                second { was <- 0 }
            }
        }
        invariant together at second "they go together" { a == b }
        """)
    (finding,) = report.findings
    assert {dict(each)["odd"] for each in finding.configurations} == {1}
    assert fails(made, finding)


def test_what_holds_on_one_of_two_ways_does_not_hold_behind_both(asked: Asked) -> None:
    made, report = asked("""
        lifecycle life {
            create { pick(vcpu)  b <- a }
            each turn {
                either { one { was <- 1 } } or { two { a <- 0 } }
                after { was <- 0 }
            }
        }
        invariant on_one at one "they go together" { was == 1 implies a == a }
        invariant behind at after "they go together" { a == b }
        """)
    assert proved(report) == {"on_one"}
    assert fails(made, found(report)["behind"])


def test_what_an_owner_of_another_vm_breaks_does_not_hold_on_the_cpu(asked: Asked) -> None:
    body = """
        lifecycle life {
            away { was <- 0 }
            each turn { come { was <- 1 } go { WHO } }
        }
        invariant equal at come "they are equal" { LEFT == RIGHT }
    """
    breaks = "when rude { pick(vcpu)  LEFT <- a  RIGHT <- 0 }"
    _, report = asked(body.replace("WHO", breaks))
    assert {dict(c)["rude"] for c in found(report)["equal"].configurations} == {0, 1}
    keeps = "when rude { pick(vcpu)  LEFT <- a  RIGHT <- a }"
    _, report = asked(body.replace("WHO", keeps))
    assert proved(report) == {"equal"}


def test_what_is_so_in_one_vm_by_itself_is_not_so_on_its_cpu(asked: Asked) -> None:
    _, report = asked("""
        lifecycle life {
            away { was <- 0 }
            each turn { come { was <- 1 } go { when not rude { pick(vcpu)  LEFT <- a } } }
        }
        invariant equal at come "they are equal, for those who mind" { rude implies LEFT == RIGHT }
        """)
    assert {dict(c)["rude"] for c in found(report)["equal"].configurations} == {1}


def test_what_holds_while_there_is_no_work_is_known_apart(asked: Asked) -> None:
    body = """
        lifecycle life {
            each turn {
                flush { pick(vcpu)  when a { LEFT <- x  RIGHT <- 0 } }
                sync { when a { AGAIN a <- 0 } }
                rest { was <- 0 }
            }
        }
        invariant equal at rest "they are equal again" { LEFT == RIGHT }
    """
    _, report = asked(body.replace("AGAIN", "RIGHT <- LEFT "))
    assert proved(report) == {"equal"}
    made, report = asked(body.replace("AGAIN", ""))
    assert fails(made, found(report)["equal"])


def test_what_memory_has_in_common_with_a_register_is_gone_when_others_were_there(
    asked: Asked,
) -> None:
    body = """
        lifecycle life {
            each turn {
                load { LOAD }
                use { was <- 0 }
                put { LEFT <- 0  PUT }
            }
        }
        invariant loaded at use "what is loaded is mine" { c != 0 implies LEFT == b }
    """
    load = "when c == 0 { pick(vcpu)  b <- a  LEFT <- a  c <- 1 }"
    made, report = asked(body.replace("LOAD", load).replace("PUT", ""))
    assert fails(made, found(report)["loaded"])
    _, report = asked(body.replace("LOAD", load).replace("PUT", "c <- 0"))
    assert proved(report) == {"loaded"}
    # Nobody of this owner's writes it, but another owner does.
    made, report = asked(body.replace("LOAD", load).replace("LEFT <- 0  PUT", ""))
    assert fails(made, found(report)["loaded"])


BACK = """
register BANK<n> for n in 0..3 : 32 reset 0 { All [31:0] }
context host of vcpu { own : u32 feeds LEFT  owns[4] : u32 feeds BANK<n> }
context expected of vcpu { left : u32  banks[4] : u32 }
sequence note(vcpu) {
    left <- LEFT
    each i in 0..3 { banks[i] <- BANK<i> }
}
sequence go_in(vcpu) {
    save own
    LEFT <- 7
    each i in 0..3 {
        save owns[i]
        BANK<i> <- i
    }
}
sequence go_out(vcpu) {
    restore own
    each i in 0..3 { restore owns[i] }
}
lifecycle life {
    each turn {
        host { may change LEFT, BANK<0>, BANK<1>, BANK<2>, BANK<3> }
        away { note(vcpu) }
        enter { go_in(vcpu) }
        each trip { guest { GUEST } }
        leave { go_out(vcpu) }
        back { was <- 0 }
    }
}
invariant given_back at back "the host has its own" { LEFT == left }
invariant all_back at back "and all of it" { every i in 0..3: (BANK<i> == banks[i]) }
"""


def test_what_is_so_of_a_register_is_so_of_the_slot_that_keeps_it(asked: Asked) -> None:
    _, report = asked(BACK.replace("GUEST", "was <- 1"))
    assert proved(report) == {"given_back", "all_back"}
    made, report = asked(BACK.replace("GUEST", "may change own"))
    assert proved(report) == {"all_back"}
    assert fails(made, found(report)["given_back"])
    made, report = asked(BACK.replace("GUEST", "owns[2] <- 1"))
    assert proved(report) == {"given_back"}
    assert fails(made, found(report)["all_back"])


def test_what_is_read_only_is_still_what_others_change(asked: Asked) -> None:
    body = """
        register STATUS : 32 ro { All [31:0] }
        lifecycle life {
            each turn {
                use { a <- 0 }
                guest { GUEST }
                put { was <- STATUS  c <- 1 }
            }
        }
        invariant noted at use "it is as it was" { c != 0 implies was == STATUS }
    """
    _, report = asked(body.replace("GUEST", "a <- 1"))
    assert proved(report) == {"noted"}
    # Another owner's guest does, when this one has noted it.
    _, report = asked(body.replace("GUEST", "may change STATUS"))
    assert proved(report) == set()


def test_what_is_asked_anew_each_time_does_not_go_along(asked: Asked) -> None:
    _, report = asked("""
        lifecycle life {
            each turn {
                first { when now { a <- 1 } else { a <- 0 } }
                second { was <- 0 }
            }
        }
        invariant as_it_was at first, second "nobody changed his mind" { now == (a != 0) }
        """)
    assert proved(report) == set()
    _, report = asked("""
        lifecycle life {
            create { when there { a <- 1 } else { a <- 0 } }
            each turn { rest { was <- 0 } }
        }
        invariant as_it_was at create, rest "nobody changed his mind" { there == (a != 0) }
        """)
    assert proved(report) == set()


def test_what_cannot_be_asked_says_nothing_of_the_index(asked: Asked) -> None:
    _, report = asked("""
        lifecycle life {
            create { list[0] <- 0 }
            each turn {
                first { pick_more(vcpu) }
                second { was <- n }
                third { was <- 0 }
            }
        }
        invariant nothing at second "there is nothing" { list[n] == 0 }
        invariant inside at third "it is one of them" { n <= 3 }
        """)
    assert set(found(report)) == {"inside"}


def test_what_an_extern_ensures_goes_along_until_somebody_breaks_it(asked: Asked) -> None:
    body = """
        lifecycle life {
            each turn {
                first { twice(vcpu) }
                second { BREAKS }
                third { c <- a  d <- b }
            }
        }
        invariant copied at third "and these go together" { c == d }
    """
    _, report = asked(body.replace("BREAKS", "was <- 0"))
    assert proved(report) == {"copied"}
    made, report = asked(body.replace("BREAKS", "a <- 0"))
    assert fails(made, found(report)["copied"])
    # What it says of an argument nobody can ask for afterwards.
    made, report = asked(body.replace("BREAKS", "some(vcpu, 1)"))
    assert fails(made, found(report)["copied"])


def test_a_machines_memory_is_not_as_it_was_for_others_run_too(asked: Asked) -> None:
    _, report = asked("""
        context all of machine { turns : u32 }
        extern turn(vcpu) { writes turns }
        lifecycle life {
            each turn {
                first { turn(vcpu)  was <- turns }
                second { a <- 0 }
            }
        }
        invariant mine at second "nobody else had a turn" { turns == was }
        """)
    assert proved(report) == set()
