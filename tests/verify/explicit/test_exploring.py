"""What the explicit engine finds in a small device, and what it says where it does not go on."""

from __future__ import annotations

from pathlib import Path

import pytest

import dsl
from dsl.ir.ways import graph
from dsl.verify import explicit, verify
from dsl.verify.budget import Budget
from dsl.verify.configurations import configurations
from dsl.verify.explicit.exploring import Exploration
from dsl.verify.explicit.memory import Memory
from dsl.verify.explicit.stepping import Stepper, Taken
from dsl.verify.explicit.tables import Tables
from dsl.verify.findings import Engine, Verdict
from dsl.verify.owned import Owned
from tests.resolve.helpers import program

PLATFORM = """
platform box "a made-up device"
register BOX_A : 32 at (3, 0, 11, 0, 0) reset 0 { V [31:0] }
register BOX_B : 32 at (3, 0, 11, 0, 1) reset 0 { V [31:0] }

context state of vcpu {
    a : u32 mirrors BOX_A
    b : u32 mirrors BOX_B
}
"""

LIFE = """
lifecycle on_cpu {
    each stay {
        come { take(vcpu) }
        guest {
            eret
            may change BOX_A, BOX_B
            exception
        }
        go { give(vcpu) }
    }
}
"""


def found(enter: str, leave: str, more: str = "", **options: object) -> Verdict:
    """The verdict on two sequences in that lifecycle."""
    sequences = f"restore take(vcpu) {{ {enter} }}\nsave give(vcpu) {{ {leave} }}\n"
    made = program(PLATFORM + sequences + LIFE + more)
    return verify(made, engines=(Engine.EXPLICIT,), mends=False, **options)  # type: ignore[arg-type]


def rules(verdict: Verdict) -> set[tuple[str, str]]:
    return {(f.code, f.rule) for f in verdict.findings}


def test_what_is_saved_and_restored_survives() -> None:
    verdict = found("restore a, b", "save a, b")
    assert verdict.ok
    assert not verdict.withdrawn


@pytest.mark.parametrize(
    ("enter", "leave", "lost"),
    [
        ("restore a", "save a, b", "b"),
        ("restore a, b", "save b", "a"),
        ("restore a, b", "BOX_A <- 0 save a, b", "a"),
        ("restore a  BOX_B <- 7", "save a, b", "b"),
    ],
)
def test_what_is_not_is_lost(enter: str, leave: str, lost: str) -> None:
    verdict = found(enter, leave)
    assert ("VGS101", lost) in rules(verdict)
    for finding in verdict.findings:
        assert finding.witness is not None
        assert "expect" in finding.witness.steps[-1] or "assert" in finding.witness.steps[-1]


def test_a_restore_that_is_left_out_shows_where_another_owner_was() -> None:
    """Alone on its CPU, an owner finds there what it left."""
    verdict = found("restore a", "save a, b")
    (finding,) = verdict.findings
    assert finding.witness is not None
    assert len(finding.witness.params) == 2
    made = program(
        PLATFORM + "restore take(vcpu) { restore a } save give(vcpu) { save a, b }" + LIFE
    )
    assert not explicit.check(made, shared=False).findings


def test_an_invariant_ends_in_the_values_that_it_is_about() -> None:
    more = 'invariant off at go "the next one must not find it" { not BOX_A.V }\n'
    verdict = found("restore a, b", "save a, b", more)
    (finding,) = verdict.findings
    assert (finding.code, finding.rule) == ("VGS103", "off")
    assert finding.witness is not None
    assert finding.witness.seen.startswith("BOX_A.V is ")
    assert found("restore a, b", "save a, b BOX_A <- 0", more).ok


def test_too_many_states_are_no_pass() -> None:
    verdict = found("restore a, b", "save a, b", budget=Budget(states=3))
    assert not verdict.ok
    assert any("more than 3 states of on_cpu" in each for each in verdict.unchecked)
    assert not verdict.proved


def test_nor_is_a_time_that_is_up() -> None:
    verdict = found("restore a, b", "save a, b", budget=Budget.of(seconds=0))
    assert not verdict.ok
    assert any("the time is up" in each for each in verdict.unchecked)


def test_nor_are_machines_that_there_are_not() -> None:
    """Of what boots so, and is assumed to be otherwise, nothing is proved."""
    verdict = found("restore a, b", "save a, b", 'assume always_on "it is" { BOX_A.V }\n')
    assert not verdict.ok
    assert not verdict.proved
    assert any("no machine is configured so" in each for each in verdict.unchecked)


def test_an_owner_begins_on_a_cpu_that_has_booted_whoever_took_steps_before() -> None:
    sequences = "restore take(vcpu) { restore a, b }\nsave give(vcpu) { save a, b }\n"
    made = program(PLATFORM + sequences + LIFE + "boot { BOX_B <- 3 }\n")
    ways = graph(made.lifecycles[0])
    (kind,) = configurations(made)
    owned = Owned(made)
    memory: Memory[Taken] = Memory(Tables(owned.data))
    stepper = Stepper(made, kind, ways, owned, 0, memory)
    first = stepper.first()
    assert first.held.cells["BOX_B"] == 3
    explored = Exploration({0: stepper}, ways, 1000).run()
    assert len(explored.states) > 5
    assert stepper.first().key == first.key


HOST = """
platform box "a made-up device"
register BOX_A : 32 at (3, 0, 11, 0, 0) reset 0 { V [31:0] }

context guests of vcpu { mine : u32 mirrors BOX_A }
context hosts of vcpu { its : u32 LINK BOX_A }

lifecycle on_cpu {
    each trip {
        host {
            eret
            may change BOX_A
            exception
        }
        enter { to_guest(vcpu) }
        guest {
            eret
            may change BOX_A
            exception
        }
        leave { to_host(vcpu) }
    }
}
"""


def switched(enter: str, leave: str, link: str = "mirrors") -> Verdict:
    """The verdict on two sequences between a host and a guest that both use one register."""
    made = program(
        HOST.replace("LINK", link).replace("leave", "gone").replace("enter", "going")
        + f"sequence to_guest(vcpu) {{ {enter} }}\nsequence to_host(vcpu) {{ {leave} }}\n"
    )
    return verify(made, mends=False)


@pytest.mark.parametrize("link", ["mirrors", "feeds"])
def test_what_the_host_changes_is_not_the_guests(link: str) -> None:
    verdict = switched("save its restore mine", "save mine restore its", link)
    assert not verdict.findings
    assert verdict.ok


@pytest.mark.parametrize("link", ["mirrors", "feeds"])
@pytest.mark.parametrize(
    ("enter", "leave"),
    [
        ("save its", "save mine restore its"),
        ("save its restore mine", "restore its"),
        ("save its restore mine", "restore its save mine"),
        ("save its restore its", "save mine restore its"),
        ("save its when BOX_A.V { restore mine }", "save mine restore its"),
        ("save its restore mine", "when not BOX_A.V { save mine } restore its"),
    ],
)
def test_yet_what_the_guest_had_is_lost(enter: str, leave: str, link: str) -> None:
    assert ("VGS101", "mine") in rules(switched(enter, leave, link))


def test_a_host_that_keeps_nothing_has_nothing_to_find() -> None:
    made = program(
        HOST.replace("context hosts of vcpu { its : u32 LINK BOX_A }", "")
        .replace("leave", "gone")
        .replace("enter", "going")
        + "restore to_guest(vcpu) { restore mine }\nsave to_host(vcpu) { save mine }\n"
    )
    assert not verify(made, mends=False).findings


def test_arrays_that_mirror_nothing_are_memory_like_any_other() -> None:
    more = (
        "context log of vcpu { seen[3] : u32 }\n"
        'invariant logged at go "the log is kept" { every n in 0..2: (seen[n] == a) }\n'
    )
    keep = "each i below 3 { seen[i] <- a }"
    assert found("restore a, b", f"save a, b {keep}", more).ok
    verdict = found("restore a, b", f"save a, b {keep} seen[1] <- 7", more)
    assert ("VGS103", "logged") in rules(verdict)
    (finding,) = verdict.findings
    assert finding.witness is not None
    assert finding.witness.seen == "seen[1] is 7, a is 0"


def test_others_turn_a_flag_on_and_off(tmp_path: Path) -> None:
    """And of two owners a history says whose flag it is."""
    path = tmp_path / "flag.vgs"
    path.write_text(
        PLATFORM
        + "context asks of vcpu { wanted : bool }\n"
        + "restore take(vcpu) { restore a, b }\n"
        + "save give(vcpu) { save a, b when not wanted { BOX_A <- 0 } }\n"
        + LIFE.replace("come {", "ask { may write wanted }\n        come {")
        + 'invariant off at ask "it is wanted" { BOX_A.V == 0 }\n'
    )
    verdict = dsl.verify(path)
    (finding,) = verdict.findings
    assert finding.witness is not None
    assert "ask { c.wanted <- 0x1 }" in finding.witness.steps
    assert not verdict.unchecked


def test_what_nobody_keeps_is_changed_by_nobody() -> None:
    """Others may change a computed register, as far as the words of a lifecycle go."""
    more = "register BOX_S : 32 ro { Any [0] = BOX_A.V != 0 res0 [31:1] }\n"
    sequences = (
        "restore take(vcpu) { restore a, b }\n"
        "save give(vcpu) { when BOX_S.Any { save a, b } else { save a, b } }\n"
    )
    life = LIFE.replace("may change BOX_A,", "may change BOX_S, BOX_A,")
    made = program(PLATFORM + more + sequences + life)
    assert verify(made, engines=(Engine.EXPLICIT,), mends=False).ok


@pytest.mark.parametrize("engine", [Engine.EXPLICIT, Engine.SYMBOLIC])
def test_a_history_may_go_round_the_first_alternative(engine: Engine, tmp_path: Path) -> None:
    """What is wrong only where an interrupt does not come is found although one may come."""
    path = tmp_path / "either.vgs"
    path.write_text(
        PLATFORM
        + "restore take(vcpu) { restore a, b }\n"
        + "sequence on_irq() { BOX_A <- 0 }\n"
        + "save give(vcpu) { save a, b }\n"
        + LIFE.replace("go {", "either { irq { on_irq() } } or {}\n        go {")
        + 'invariant off at go "it is always off then" { BOX_A.V == 0 }\n'
    )
    verdict = dsl.verify(path, engines=[engine])
    assert ("VGS103", "off") in rules(verdict)
    (witness,) = [f.witness for f in verdict.findings if f.rule == "off"]
    assert witness is not None
    assert any("not irq, go" in step for step in witness.steps)


def test_what_is_lost_of_an_array_is_said_once_at_each_place() -> None:
    bank = (
        "register BANK<n> for n in 0..3 : 32 at (3, 0, 11, 1, n) reset 0 { V [31:0] }\n"
        "context banks of vcpu { kept[4] : u32 mirrors BANK<n> }\n"
        "restore take(vcpu) { restore a, b, kept }\n"
    )
    life = LIFE.replace("may change BOX_A,", "may change BANK<n>, BOX_A,")
    save = "save give(vcpu) { save a, b, kept[0] }\n"
    verdict = verify(program(PLATFORM + bank + save + life), mends=False)
    lost = [f for f in verdict.findings if f.rule.startswith("kept")]
    assert len(lost) == len({f.where for f in lost}) == len(verdict.findings)
    assert all(f.message.endswith("; so it is with 2 more of kept") for f in lost)
    save = "save give(vcpu) { save a, b, kept }\n"
    assert verify(program(PLATFORM + bank + save + life), mends=False).ok


def test_what_is_lost_is_told_with_the_places_that_move_it() -> None:
    finding, *_ = found("restore a, b", "save a").findings
    said = [(note.text, note.span.text) for note in finding.ends]
    assert said == [
        ("no sequence has b saved", said[0][1]),
        ("b is restored here", "b"),
    ]
    finding, *_ = found("BOX_A <- a", "save a, b  BOX_B <- 0").findings
    assert [note.text for note in finding.ends] == [
        "b is saved here",
        "no sequence has b restored",
    ]


HIDDEN = """
platform lit "two that belong together"
register SWITCH : 32 at (3, 0, 11, 0, 0) reset 0 { On [0] res0 [31:1] }
register LIT    : 32 ro at (3, 0, 11, 0, 1) reset 0 { V [0] = SWITCH.On res0 [31:1] }
register LAMP   : 32 at (3, 0, 11, 0, 2) reset 0 { V [0] res0 [31:1] }
context state of vcpu { spare : u32 }
$RULES
activate begin(vcpu) { SWITCH <- 1 when LIT.V { LAMP <- 1 } else { LAMP <- 0 } }
deactivate finish(vcpu) { SWITCH <- 0 }
lifecycle on_cpu {
    each stay { away { isb } enter { begin(vcpu) } guest { eret exception } exit { finish(vcpu) } }
}
invariant shown at guest "the lamp is lit" { LAMP.V == SWITCH.On }
"""
RULE = 'rule %s : %s "somebody" { writes of SWITCH visible to reads of LIT needs %s }\n'


@pytest.mark.parametrize(
    ("rules", "named"),
    [
        ((), ("context synchronization", "architecture")),
        ((("ours", "convention", "isb"),), ("context synchronization", "architecture")),
        (
            (("ours", "convention", "isb then dsb(nsh)"),),
            ("context synchronization", "architecture"),
        ),
        ((("theirs", "practice", "isb"),), ("theirs", "practice")),
        ((("arms", "architecture", "isb"),), ("arms", "architecture")),
        (
            (("ours", "convention", "isb"), ("arms", "architecture", "isb then dsb(nsh)")),
            ("arms", "architecture"),
        ),
    ],
)
def test_no_convention_hides_what_others_ask_for(
    rules: tuple[tuple[str, str, str], ...], named: tuple[str, str]
) -> None:
    made = program(HIDDEN.replace("$RULES", "".join(RULE % rule for rule in rules)))
    verdict = verify(made, engines=(Engine.EXPLICIT,), mends=False)
    assert [(f.rule, f.strength) for f in verdict.findings] == [named]
