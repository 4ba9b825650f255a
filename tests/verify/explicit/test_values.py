"""Values that a sequence asks for by name: they are tried, and what nothing comes by is told."""

from __future__ import annotations

from dsl.verify import verify
from dsl.verify.findings import Engine, Verdict
from tests.resolve.helpers import program

PLATFORM = """
platform box "a made-up device"
register BOX_A : 32 at (3, 0, 11, 0, 0) reset 0 {
    MODE [3:0]
    ON   [4]
    res0 [7:5]
    REST [31:8]
}
register BOX_B : 32 at (3, 0, 11, 0, 1) reset 0 { V [31:0] }
endpoint others "whoever else looks" aliases BOX_B
rule seen : practice "a made-up one" {
    BOX_B visible to others needs isb
}

context state of vcpu {
    a : u32 mirrors BOX_A
    b : u32 mirrors BOX_B
    c : u32
    d : u32
}
extern asks(vcpu) -> u32 { writes c, d }
"""


def found(enter: str, may: str = "", more: str = "", **options: object) -> Verdict:
    """The verdict on what is done on the way in; what else others may do on the way,
    and ``more`` declarations."""
    made = program(f"""{PLATFORM}{more}
restore take(vcpu) {{ {enter} }}
save give(vcpu) {{ save a, b }}
lifecycle on_cpu {{
    each stay {{
        away {{ {may} }}
        come {{ take(vcpu) }}
        guest {{
            eret
            may change BOX_A, BOX_B
            may use others
            exception
        }}
        go {{ give(vcpu) }}
    }}
}}
""")
    return verify(made, engines=(Engine.EXPLICIT,), mends=False, **options)  # type: ignore[arg-type]


def lost(verdict: Verdict) -> set[str]:
    return {finding.rule for finding in verdict.findings if finding.code == "VGS101"}


def test_a_fault_behind_a_value_of_a_register_is_found() -> None:
    assert lost(found("restore a, b when BOX_A.MODE == 3 { BOX_B <- 0 }")) == {"b"}
    assert lost(found("restore a, b when BOX_A.MODE == 0xb { BOX_B <- 0 }")) == {"b"}


def test_a_fault_behind_two_values_of_one_register_is_found() -> None:
    fault = "restore a, b when BOX_A.MODE == 3 and BOX_A.ON { BOX_B <- 0 }"
    assert lost(found(fault)) == {"b"}


def test_a_fault_at_the_edge_of_a_range_is_found() -> None:
    fault = "restore a, b when BOX_A.MODE >= 8 and BOX_A.MODE <= 8 { BOX_B <- 0 }"
    assert lost(found(fault)) == {"b"}


def test_a_fault_behind_what_somebody_outside_writes_or_answers_is_found() -> None:
    assert lost(found("restore a, b when asks(vcpu) == 9 { BOX_B <- 0 }")) == {"b"}
    written = "restore a, b let told : u32 = asks(vcpu) when told == 1 and c == 9 { BOX_B <- 0 }"
    assert lost(found(written)) == {"b"}


def test_a_fault_behind_what_the_host_may_say_is_found() -> None:
    fault = "restore a, b when d == 0x1234 { BOX_B <- 0 }"
    assert lost(found(fault, may="may change d")) == {"b"}
    assert not lost(found(fault))


def test_states_that_differ_in_what_is_asked_for_are_not_one() -> None:
    # Whoever was left with one of these values goes on with it a round later.
    late = "when a.MODE == 3 { when c { BOX_B <- 0 } c <- 1 } else { c <- 0 }"
    assert lost(found(f"restore a, b {late}")) == {"b"}


def test_what_no_history_comes_by_is_told() -> None:
    text = "restore a, b when c == 3 { d <- 1 }"
    (told,) = found(text).unreached
    assert told.endswith("`d <- 1` in take")
    assert not found("restore a, b when BOX_A.MODE == 3 { d <- 1 }").unreached


def test_what_only_another_configuration_comes_by_is_not_told() -> None:
    more = "condition fast per machine\n"
    made = program(
        more
        + PLATFORM
        + "restore take(vcpu) { restore a, b when fast { d <- 1 } }\n"
        + "lifecycle on_cpu { come { take(vcpu) } }\n"
    )
    assert not verify(made, engines=(Engine.EXPLICIT,)).unreached
    assert not verify(made, engines=(Engine.EXPLICIT,), given={"fast": 0}).unreached


ID = """
register BOX_ID : 32 ro at (3, 0, 11, 0, 2) reset 0 {
    LINES [3:0]
    MOST  [7:4]
    res0  [31:8]
    derive lines = LINES + 1
}
boot { modify BOX_ID { LINES <- 3 MOST <- 4 } }
assume lines "no more lines than there may be" { BOX_ID.LINES <= BOX_ID.MOST }
"""


def test_a_fault_on_a_machine_that_boots_otherwise_is_found_and_its_history_says_so() -> None:
    fault = "restore a, b let count : u32 = BOX_ID.lines when count == 7 { BOX_B <- 0 }"
    made = found(fault, more=ID)
    assert lost(made) == {"b"}
    assert not made.unreached
    (finding,) = (f for f in made.findings if f.code == "VGS101")
    assert finding.witness is not None
    # There are never more lines than there may be: what may be is another too.
    assert finding.witness.steps[0] == "given BOX_ID = 0xf6"


def test_no_machine_is_what_an_assumption_excludes() -> None:
    never = "restore a, b when BOX_ID.LINES == 9 and BOX_ID.MOST == 8 { BOX_B <- 0 }"
    made = found(never, more=ID)
    assert not lost(made)
    (told,) = made.unreached
    assert "`BOX_B <- 0` in take" in told


GIVEN = "context settings of vcpu { mode : u8 level : u8 flag : bool several[3] : u8 }\n"


def test_a_fault_behind_memory_that_nobody_writes_is_found_and_its_history_gives_it() -> None:
    made = found("restore a, b when mode == 0x5a { BOX_B <- 0 }", more=GIVEN)
    assert lost(made) == {"b"}
    (finding,) = (f for f in made.findings if f.code == "VGS101")
    assert finding.witness is not None
    assert finding.witness.steps[0] == "given mode = 0x5a"
    assert lost(found("restore a, b when flag { BOX_B <- 0 }", more=GIVEN)) == {"b"}
    assert lost(found("restore a, b when several[2] == 9 { BOX_B <- 0 }", more=GIVEN)) == {"b"}


def test_a_fault_behind_several_slots_that_nobody_writes_is_found() -> None:
    fault = "restore a, b when mode == 3 and level == 7 and flag { BOX_B <- 0 }"
    assert lost(found(fault, more=GIVEN)) == {"b"}


def test_memory_that_somebody_writes_begins_as_memory_does() -> None:
    fault = "restore a, b when mode == 3 { BOX_B <- 0 } mode <- 0"
    assert not lost(found(fault, more=GIVEN))


def test_a_condition_that_always_held_is_told_where_nothing_else_would_be_done() -> None:
    text = "restore a, b when not (BOX_A.MODE * 3 == 9) { d <- 1 }"
    (told,) = found(text).unreached
    assert told.endswith("in take, whose condition always held")
    assert not found("restore a, b when not (BOX_A.MODE == 3) { d <- 1 }").unreached
    assert not found("restore a, b when 1 == 1 { d <- 1 }").unreached


COUNTED = """
context counted of vcpu { most : 0..15 made : 0..15 }
extern counts(vcpu) { writes most in 0..15 }
"""


def test_a_loop_is_tried_as_long_as_it_can_be() -> None:
    twice = "made <- 0 each i below most { made <- made + 2 }"
    for text, may in ((f"counts(vcpu) {twice}", ""), (twice, "may write most")):
        made = found(f"restore a, b {text}", may, more=COUNTED)
        assert [f.code for f in made.findings] == ["VGS105"]
        once = found(f"restore a, b {text.replace('+ 2', '+ 1')}", may, more=COUNTED)
        assert not once.findings


def test_a_fault_behind_an_element_that_the_host_may_write_is_found() -> None:
    for element in (0, 2):
        fault = f"restore a, b when several[{element}] == 9 {{ BOX_B <- 0 }}"
        assert lost(found(fault, may="may write several", more=GIVEN)) == {"b"}
