"""Scenarios in a lifecycle: CPUs and owners, who may act where, invariants, and what is given."""

from __future__ import annotations

import pytest

from dsl.run.choices import Choices
from dsl.run.errors import Impossible, RunError
from dsl.run.scenarios import Run
from tests.run.machines import program

SOURCE = """
platform box "a made-up device"

register BOX_CTL : 32 at (3, 0, 11, 0, 0) reset 0 {
    On    [0]
    res0  [3:1]
    Level [7:4]
    res0  [31:8]
}

endpoint wire "the device's other side" aliases BOX_CTL

context box_state of vcpu {
    ctl : u32 mirrors BOX_CTL
    calls : 0..100
    waiting : 0..9
}

condition fancy per machine
condition busy of vcpu per test
model busy(vcpu) -> bool { return waiting != 0 }

extern ring(vcpu) {
    writes calls
    ensures calls != 0
}

assume plain_is_low "a plain box has one level" { fancy or BOX_CTL.Level <= 1 }

save box_out(vcpu) {
    save ctl
    BOX_CTL.On <- 0
}
restore box_in(vcpu) undoes box_out { restore ctl }
sequence ring_if(vcpu) { when busy { ring(vcpu) } }

lifecycle usage {
    each stay {
        come { box_in(vcpu) }
        each turn {
            guest {
                eret
                may change BOX_CTL.On
                when fancy { may use wire }
                exception
            }
            others { may change waiting }
            look { ring_if(vcpu) }
        }
        go { box_out(vcpu) }
    }
}
"""


def run(scenario: str, more: str = "") -> Run:
    """The benign history of a scenario's steps."""
    head = "(a : vcpu, b : vcpu) " if "(a)" in scenario else ""
    made = program(f'{SOURCE}\n{more}\nscenario "s" {head}{{ {scenario} }}\n')
    return Run(made, made.scenarios["s"], Choices()).go()


def failures(scenario: str, more: str = "") -> list[str]:
    return [f.message for f in run(scenario, more).failures]


def test_a_round_goes_through_all_phases_of_it() -> None:
    made = run("run turn, turn, go")
    phases = [e.what for e in made.events if e.kind == "phase"]
    assert phases == ["come", *["guest", "others", "look"] * 2, "go"]


ROUNDS = """
lifecycle rounds {
    start {}
    either { one {} } or { two {} } or { three {} } or {}
    end {}
}
"""


@pytest.mark.parametrize(
    ("way", "phases"),
    [
        ("run start, end", ["start", "one", "end"]),
        ("run start, not one, end", ["start", "two", "end"]),
        ("run start, not one, not two, end", ["start", "three", "end"]),
        ("run start run not one, not two, not three, end", ["start", "end"]),
        ("run not one, end", ["start", "two", "end"]),
    ],
)
def test_a_way_leads_round_the_phases_that_it_leaves_out(way: str, phases: list[str]) -> None:
    made = run(way, ROUNDS)
    assert [e.what for e in made.events if e.kind == "phase"] == phases


def test_what_the_guest_does_comes_between_its_entry_and_its_exception() -> None:
    made = run("guest { BOX_CTL.On <- 1 } run go expect ctl == 1")
    assert made.ok
    order = [e.what for e in made.events if e.kind in ("barrier", "change")]
    assert order == ["eret", "BOX_CTL", "exception"]


def test_what_one_leaves_behind_the_next_one_finds() -> None:
    assert not failures(
        "given b.ctl = 0x10, fancy run guest(a) guest { BOX_CTL.On <- 1 } run go(a), guest(b) "
        "expect BOX_CTL == 0x10 run go(b) expect a.ctl == 1 and b.ctl == 0x10"
    )


def test_each_cpu_has_registers_of_its_own() -> None:
    assert not failures(
        "run guest guest { BOX_CTL.On <- 1 } run go on 1 expect BOX_CTL == 0 run come "
        "expect BOX_CTL.On on 0 expect not BOX_CTL.On"
    )


PROMPT = 'assume prompt "nobody waits for long" { busy implies waiting <= 3 }'


def test_what_others_do_keeps_to_what_is_assumed_of_a_condition_when_it_is_asked_for() -> None:
    ring = "ring { calls <- 1 } run come, guest, others"
    assert not failures(f"{ring} others {{ waiting <- 3 }} run look", PROMPT)
    with pytest.raises(Impossible, match="nobody waits for long"):
        failures(f"{ring} others {{ waiting <- 4 }} run look", PROMPT)
    # Who does not ask does not hear of it.
    assert not failures("run come, guest, others others { waiting <- 4 }", PROMPT)


HYPCALL = """
register LEVEL : 32 { EL [1:0]  res0 [31:2] }
condition far per machine
sequence level() -> u32 { return LEVEL.EL }
sequence asks(vcpu) { calls <- hypcall level() }
hypcall enters { LEVEL.EL <- 2  isb } leaves { when far { LEVEL.EL <- 1 } }
lifecycle host { ask { asks(vcpu) } }
"""


def test_a_hypcall_changes_registers_on_the_way_in_and_on_the_way_out() -> None:
    assert not failures(
        "given far, LEVEL.EL = 1 run ask expect calls == 2 and LEVEL.EL == 1", HYPCALL
    )
    assert not failures("given LEVEL.EL = 1 run ask expect calls == 2 and LEVEL.EL == 2", HYPCALL)


TWO_KINDS = """
platform box "a made-up device"
context box_state of vcpu { other : u32 }
context vm_state of vm { share : u32 }
condition big of vm per vm
condition odd of vcpu per vm
assume both "they go together" { big implies odd }
sequence put_it(vcpu, vm) { vcpu.other <- vm.share }
lifecycle life { each turn { go { put_it(vcpu, vm) } look { may change share } } }
"""


@pytest.mark.parametrize(
    "scenario",
    [
        "{ given share = 5, odd, big run go expect other == 5 and share == 5 }",
        "(a : vcpu, b : vcpu, m : vm) { given a.odd, b.odd, big run look(a) look { share <- 7 } "
        "run turn(a), go(b), turn(b), go(a) expect b.other == 7 and a.other == m.share }",
        "(m : vm, a : vcpu) { given share = 5, odd, m.big run go(a) expect a.other == 5 }",
    ],
)
def test_owners_of_two_kinds_each_have_what_is_theirs(scenario: str) -> None:
    made = program(f'{TWO_KINDS}\nscenario "s" {scenario}\n')
    done = Run(made, made.scenarios["s"], Choices()).go()
    assert not done.failures


DEFINED = """
platform box "a made-up device"
context box_state of vcpu { x : u32  arr[4] : u32  mode : 3..5 }
condition plain per machine
condition listed = arr[1] != 0 per test
condition loud = mode == 5 per test
condition fancy = not plain per machine
condition set_up = x != 0 and not plain per test
sequence nothing(vcpu) {}
lifecycle life { go { nothing(vcpu) } }
"""


@pytest.mark.parametrize(
    "scenario",
    [
        "given listed, loud, set_up run go expect listed and loud and set_up and arr[1] == 1",
        "given not fancy, plain run go expect not fancy",
        "given set_up, x = 4 run go expect set_up and x == 4",
        "given listed, arr[0] = 3 run go expect listed and arr[0] == 3",
    ],
)
def test_a_defined_condition_is_as_it_is_given(scenario: str) -> None:
    made = program(f'{DEFINED}\nscenario "s" {{ {scenario} }}\n')
    assert Run(made, made.scenarios["s"], Choices()).go().ok


def test_what_is_given_of_one_owner_leaves_the_others_open() -> None:
    scenario = "(a : vcpu, b : vcpu) { given a.x = 4, b.set_up run go(a) expect b.x == 1 }"
    made = program(f'{DEFINED}\nscenario "s" {scenario}\n')
    assert Run(made, made.scenarios["s"], Choices()).go().ok


@pytest.mark.parametrize("given", ["not fancy", "fancy, plain", "set_up, x = 0", "set_up, plain"])
def test_a_defined_condition_that_cannot_be_as_given_is_refused(given: str) -> None:
    made = program(f'{DEFINED}\nscenario "s" {{ given {given} run go }}\n')
    with pytest.raises(RunError, match=r"`(fancy|set_up)` follows from "):
        Run(made, made.scenarios["s"], Choices()).go()


def test_what_is_expected_at_a_phase_is_looked_at_on_its_cpu() -> None:
    assert not failures(
        "given b.ctl = 0x10, fancy run guest(a) guest { BOX_CTL.On <- 1 } on 1 run guest(b) "
        "expect BOX_CTL == 0x10 at guest on 0 expect BOX_CTL == 0x10 at guest",
        "boot { BOX_CTL.Level <- 2 }",
    )
    (said,) = failures(
        "run guest guest { BOX_CTL.On <- 1 } on 7 expect BOX_CTL == 0x20 at guest "
        "expect BOX_CTL == 0x20",
        "boot { when fancy { BOX_CTL.Level <- 1 } else { BOX_CTL.Level <- 1 } }",
    )[:1]
    assert said == "expected at guest: BOX_CTL == 0x20; BOX_CTL is 0x1"


@pytest.mark.parametrize(
    ("scenario", "said"),
    [
        ("run guest(a), come(b)", "CPU 0 has a in `guest`: b cannot come to it"),
        ("run guest on 1 run look", "vcpu is on CPU 0, in `guest`: it cannot leave from there"),
        ("run guest on 1 guest { BOX_CTL.On <- 1 }", "in `guest`: it cannot leave from there"),
        ("run guest on 1 wire { BOX_CTL.On <- 1 }", "wire cannot act on CPU 1: vcpu is on 0"),
        ("guest { BOX_CTL.Level <- 1 }", "does not let guest change BOX_CTL in `guest`"),
        ("others { calls <- 1 }", "does not let others change calls in `others`"),
        ("run guest wire { BOX_CTL.On <- 1 }", "does not let wire act in `guest`"),
        ("run look wire { BOX_CTL.On <- 1 }", "wire cannot act: the lifecycle is in `look`"),
        ("others { waiting <- 1 } run look", "nothing says what the extern ring does"),
        ("given busy run look", "`busy` is what its model makes of other state"),
        (
            "ring { calls <- 0 } others { waiting <- 1 } run look",
            "what ring does breaks its promise: calls != 0",
        ),
    ],
)
def test_what_there_is_not_is_told(scenario: str, said: str) -> None:
    with pytest.raises(RunError) as told:
        run(scenario)
    assert said in told.value.message


def test_an_endpoint_acts_where_the_configuration_lets_it() -> None:
    assert not failures(
        "given fancy run guest wire { BOX_CTL.Level <- 3 } run go expect ctl == 0x30"
    )


def test_no_machine_is_configured_against_an_assumption() -> None:
    with pytest.raises(Impossible, match="a plain box has one level"):
        run("given BOX_CTL.Level = 2 run come")
    assert run("given BOX_CTL.Level = 2, fancy run come").ok


def test_the_scenario_says_what_an_extern_does() -> None:
    made = run(
        "ring { calls <- calls + 1 } others { waiting <- 1 } run turn, turn expect calls == 2"
    )
    # The first round goes on from `others`.
    assert made.ok


def test_the_scenario_says_what_a_condition_is_from_here_on() -> None:
    steps = "ring { calls <- calls + 1 } busy { return 1 } run turn busy { return 0 } run turn "
    assert not failures(f"{steps}expect calls == 1 and waiting == 0")
    assert failures(f"{steps}expect calls == 2")


BANK = """
register BOX_LINE<n> for n in 0..3 : 32 at (3, 0, 11, 1, n) reset 0 { On [0] res0 [31:1] }

lifecycle lines {
    attached {
        eret
        each n below waiting { may change BOX_LINE<n>.On }
        exception
    }
}
"""


def test_who_acts_may_change_the_elements_that_a_loop_names() -> None:
    given = "given waiting = 2 run attached "
    assert not failures(f"{given}attached {{ BOX_LINE<1>.On <- 1 }} expect BOX_LINE<1>.On", BANK)
    with pytest.raises(RunError, match="does not let attached change BOX_LINE<n>"):
        run(f"{given}attached {{ BOX_LINE<2>.On <- 1 }}", BANK)


INVARIANTS = """
invariant off_outside at go "nobody else is to find it on" { not BOX_CTL.On }
invariant few at turn "one call a round" { calls <= 1 }
"""


def test_invariants_hold_at_their_phases_and_after_whole_rounds() -> None:
    steps = "ring { calls <- calls + 1 } others { waiting <- 1 } run turn, "
    assert not failures(steps + "go", INVARIANTS)
    (broken,) = failures(steps + "turn", INVARIANTS)
    assert "invariant few does not hold in `turn`: one call a round (calls <= 1)" in broken
    with_it_on = INVARIANTS.replace("not BOX_CTL.On", "BOX_CTL.On")
    (broken,) = failures("run go", with_it_on)
    assert "invariant off_outside does not hold in `go`" in broken


def test_an_index_that_a_family_of_fields_does_not_have_is_told_where_it_is_used() -> None:
    more = """
    register FLAGS : 32 at (3, 0, 11, 0, 1) reset 0 { Set<n> for n in 0..3 [n]  res0 [31:4] }
    sequence look_at(n : u32) -> bool { return FLAGS.Set<n> }
    """
    steps = "ring { calls <- calls + 1 } others { waiting <- 1 }"
    body = "others { assert not look_at(waiting + %d) }"
    assert run(f"{steps} {body % 2}", more).ok
    (failure,) = run(f"{steps} {body % 3}", more).failures
    assert failure.message == "Set<n>: index 4 is outside 0..3"
    assert "FLAGS.Set<n>" in failure.span.text


def test_an_expectation_changes_nothing() -> None:
    more = "operation bump() -> bool { BOX_CTL.On <- 1  return 1 }"
    made = run("run come expect bump() expect not BOX_CTL.On", more)
    assert made.ok
    assert not [e for e in made.events if e.kind == "change"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("calls <- 3 ctl <- 1", "it is not declared to write ctl"),
        ("calls <- 3 BOX_CTL.On <- 1", "it is not declared to write BOX_CTL"),
    ],
)
def test_an_extern_writes_what_it_is_declared_to(body: str, said: str) -> None:
    with pytest.raises(RunError) as told:
        run(f"ring {{ {body} }} others {{ waiting <- 1 }} run look")
    assert said in told.value.message


def test_an_extern_keeps_to_the_range_that_it_declares() -> None:
    more = """
    extern count(vcpu) { writes calls in 0..8 }
    sequence counted(vcpu) { count(vcpu) }
    model count(vcpu) { calls <- 20  calls <- waiting + 7 }
    lifecycle counting { think { may change waiting } again { counted(vcpu) } }
    """
    assert run("think { waiting <- 1 } run again expect calls == 8", more).ok
    with pytest.raises(RunError, match=r"writes calls in 0\.\.8, and calls is 9"):
        run("think { waiting <- 2 } run again", more)


def test_a_name_of_the_program_comes_before_a_count() -> None:
    assert not failures("given traps run come expect traps", "condition traps per vm")
