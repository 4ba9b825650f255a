"""A specialised program does what the program does in that configuration, and is shorter."""

from __future__ import annotations

from random import Random
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl.backends.python.module import unformatted
from dsl.failures import CannotRun
from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.program import Program
from dsl.ir.specialise import specialise
from dsl.ir.types import Bool
from dsl.ir.walk import calls, statements
from dsl.machine import MachineError, load_simulator, snapshot
from tests.backends.machines import State, outcome, random_program, simulator
from tests.reference import cases
from tests.reference.test_reference_simulator import values
from tests.resolve.helpers import TIMER, program

# ---- random programs


def written(program: Program) -> set[str]:
    """The slots that `f`, and what it calls, may write."""
    called = {"f"} | {call.callee for call in calls(program.sequences["f"].body)}
    bodies = [program.sequences[name].body for name in called if name in program.sequences]
    each = [e for body in bodies for e in statements(body)]
    found = {e.slot.name for e in each if isinstance(e, s.WriteSlot | s.UpdateSlot)}
    return found | {"few"}


def keeping(program: Program, registers: dict[str, int]) -> dict[str, int]:
    """Those of the registers that can be fixed."""
    found = {}
    for name, value in registers.items():
        try:
            specialise(program, registers={name: value})
        except CannotRun:
            continue
        found[name] = value
    return found


@settings(max_examples=250, deadline=None)
@given(st.integers(0, 1 << 64))
def test_random_sequences_do_the_same_when_specialised(seed: int) -> None:
    random = Random(seed)
    whole = random_program(seed)
    state = State(whole, random)
    state.facts["now"] = 1
    facts = {n: v for n, v in state.facts.items() if n != "now" and random.random() < 0.6}
    if "s8" not in written(whole) and random.random() < 0.5:
        s8 = state.slots["s8"]
        assert isinstance(s8, int)
        facts["less"] = int(s8 < 100)
    slots = {
        name: value
        for name, value in state.slots.items()
        if isinstance(value, int) and name not in written(whole) and random.random() < 0.6
    }
    state.registers["A"] = state.registers["A"] & ~0xF0 | 0x60
    fixed = keeping(whole, {n: v for n, v in state.registers.items() if random.random() < 0.6})
    special = specialise(whole, facts, slots, fixed)
    expected, made = outcome(simulator(whole), state), simulator(special)
    assert outcome(made, state) == expected
    # And so it does without a trace.
    assert outcome(made, state, tracing=False) == expected | {"trace": []}


# ---- the reference case


def configured(
    sim: ModuleType, value: dict[str, Any], facts: dict[str, int], used: int, vtr: int
) -> tuple[Any, Any]:
    machine = sim.Machine(
        sim.MachineFacts(**{n: bool(facts[n]) for n in ("vhe", "cpuif_trap", "gicv3_cpuif")}),
        unknown=value["registers"],
    )
    machine.poke(sim.ICH_VTR_EL2, vtr)
    vcpu = sim.Vcpu(used_lrs=used, vgic_sre=7 * facts["sre"])
    vcpu.facts.its_vm = bool(facts["its_vm"])
    for name, slot in value.items():
        if isinstance(slot, list):
            getattr(vcpu, name)[:] = slot
        elif name != "registers":
            setattr(vcpu, name, slot)
    return machine, vcpu


def everything(sim: ModuleType, machine: Any, vcpu: Any, names: list[str]) -> list[Any]:
    """What each sequence that only needs a vCPU does, one after the other."""
    seen: list[Any] = []
    for name in names:
        try:
            seen.append((name, sim.SEQUENCES[name](machine, vcpu)))
        except MachineError as error:
            seen.append((name, str(error)))
    events = [(e.kind, e.what, e.site, e.old, e.new) for e in machine.trace]
    return [seen, events, snapshot(vcpu), dict(machine.state)]


@pytest.mark.parametrize("case", cases.CASES)
@settings(max_examples=30, deadline=None)
@given(
    value=values(),
    bits=st.tuples(*[st.integers(0, 1)] * 5),
    used=st.integers(0, 16),
    lrs=st.integers(0, 15),
    pre=st.integers(4, 6),
    order=st.permutations(
        [
            n
            for n, q in cases.program("after").sequences.items()
            if [str(p.type) for p in q.signature.params] == ["vcpu"]
        ]
    ),
    known=st.sets(st.sampled_from(["facts", "slots", "registers"]), min_size=1),
)
def test_the_reference_case_does_the_same_when_specialised(
    case: str,
    value: dict[str, Any],
    bits: tuple[int, ...],
    used: int,
    lrs: int,
    pre: int,
    order: list[str],
    known: set[str],
) -> None:
    facts = dict(zip(("vhe", "sre", "cpuif_trap", "gicv3_cpuif", "its_vm"), bits, strict=True))
    vtr = lrs | pre << 26 | 6 << 29
    whole = cases.program(case)
    special = specialise(
        whole,
        facts if "facts" in known else {},
        {"used_lrs": used, "vgic_sre": 7 * facts["sre"]} if "slots" in known else {},
        {"ICH_VTR_EL2": vtr} if "registers" in known else {},
    )
    names = [n for n in order if n in whole.sequences]
    plain, made = cases.simulator(case), load_simulator(unformatted(special))
    assert everything(made, *configured(made, value, facts, used, vtr), names) == everything(
        plain, *configured(plain, value, facts, used, vtr), names
    )


def test_a_configuration_leaves_straight_lines() -> None:
    special = specialise(
        cases.program("after"),
        {"vhe": 1, "sre": 1, "cpuif_trap": 0, "its_vm": 0},
        {"used_lrs": 4},
        {"ICH_VTR_EL2": 0x90000003},
    )
    bodies = {name: q.body or () for name, q in special.sequences.items()}
    assert len(bodies["__vgic_v3_restore_state"]) == 5
    assert all(isinstance(e, s.WriteRegister) for e in bodies["__vgic_v3_restore_state"])
    assert not any(isinstance(e, s.Loop) for body in bodies.values() for e in statements(body))
    # What depends on the machine stays, and no more.
    chosen = [e for e in bodies["__vgic_v3_save_state"] if isinstance(e, s.If)]
    assert len(chosen) == 4
    assert bodies["__vgic_v3_activate_traps"] == bodies["__vgic_v3_activate_traps"][:1]


# ---- what exactly becomes of what


def body(statements: str, head: str = "sequence f(vcpu)", **fixed: Any) -> s.Body:
    whole = program(f"{TIMER}register ID : 32 ro {{ V [31:0] }}\n{head} {{ {statements} }}")
    made = specialise(whole, **fixed).sequences["f"].body
    assert made is not None
    return made


def kinds(body: s.Body) -> list[str]:
    return [type(each).__name__ for each in body]


def test_a_known_register_is_still_read() -> None:
    text = "when ID.V == 3 { ctl <- 1 } else { ctl <- 2 }"
    made = body(text, registers={"ID": 3})
    assert kinds(made) == ["Let", "WriteSlot"]
    assert isinstance(made[0], s.Let)
    assert isinstance(made[0].value, x.Binary)
    assert isinstance(made[1], s.WriteSlot)
    assert isinstance(made[1].value, x.Const)
    assert made[1].value.value == 1


def test_constants_go_through_variables_as_far_as_they_are_sure() -> None:
    text = """let a : u64 = 1 let b : u64 = 2
        when masked { a <- 3 } when vhe { b <- 5 }
        cval <- a cval <- b"""
    made = body(text, facts={"vhe": 1})
    assert kinds(made) == ["Let", "If", "WriteSlot", "WriteSlot"]
    assert isinstance(made[2], s.WriteSlot)
    assert isinstance(made[3], s.WriteSlot)
    assert isinstance(made[2].value, x.Var)
    assert isinstance(made[3].value, x.Const)
    assert made[3].value.value == 5


@pytest.mark.parametrize(
    "between",
    [
        "block b { when masked { leave b } a <- 2 }",
        "each i below used { a <- a + i }",
        "match ctl falling { 1 { a <- 2 } else { a <- a + 1 } }",
        "match ctl { 1 { a <- 2 } else { a <- 3 } }",
        "when masked { a <- 2 } else when vhe { a <- 3 }",
    ],
)
def test_a_variable_is_not_known_where_ways_with_other_values_meet(between: str) -> None:
    made = body(f"let a : u64 = 1 {between} cval <- a")
    assert isinstance(made[-1], s.WriteSlot)
    assert isinstance(made[-1].value, x.Var)


def test_what_follows_a_way_out_is_cut() -> None:
    made = body("when vhe { return } ctl <- 1", facts={"vhe": 1})
    assert kinds(made) == ["Return"]
    made = body("block b { when vhe { leave b } ctl <- 1 } ctl <- 2", facts={"vhe": 1})
    assert kinds(made) == ["WriteSlot"]
    made = body("block b { when masked { leave b } ctl <- 1 } ctl <- 2", facts={"vhe": 1})
    assert kinds(made) == ["Labelled", "WriteSlot"]


def test_loops_are_laid_out_where_both_ends_are_known() -> None:
    text = "each i below used { let v : u64 = bvr[i] bvr[i] <- v + i }"
    made = body(text, slots={"used": 3})
    assert [e.label for e in made if isinstance(e, s.Labelled)] == ["part_0", "part_1", "part_2"]
    assert body(text, slots={"used": 0}) == ()
    assert kinds(body(text)) == ["Loop"]


def test_an_assertion_that_holds_is_gone_and_one_that_does_not_stays() -> None:
    assert body("assert vhe", facts={"vhe": 1}) == ()
    assert kinds(body("assert vhe", facts={"vhe": 0})) == ["Assert"]
    assert body("warn if vhe", facts={"vhe": 0}) == ()


def test_a_defined_condition_is_a_fact_like_any_other() -> None:
    whole = program(
        TIMER + "condition many = used > 2 per trip\nsequence f(vcpu) { when many { ctl <- 1 } }"
    )
    assert kinds(specialise(whole, {"many": 1}).sequences["f"].body or ()) == ["WriteSlot"]
    assert specialise(whole, {"many": 0}).sequences["f"].body == ()
    # It also follows from what it is defined by.
    assert specialise(whole, slots={"used": 2}).sequences["f"].body == ()


def test_the_program_given_is_not_changed_and_nothing_known_changes_nothing() -> None:
    whole = cases.program("after")
    text = unformatted(whole)
    specialise(whole, {"vhe": 1})
    assert unformatted(whole) == text
    assert not isinstance(whole.conditions["vhe"].type, Bool) or whole.conditions["vhe"].low is None


def test_a_specialised_simulator_refuses_another_configuration() -> None:
    made = load_simulator(
        unformatted(
            specialise(
                cases.program("after"),
                {"vhe": 1},
                {"used_lrs": 4},
                {"ICH_VTR_EL2": 0x90000003},
            )
        )
    )
    assert made.MachineFacts().vhe is True
    assert made.Vcpu().used_lrs == 4
    m = made.Machine()
    assert m.peek(made.ICH_VTR_EL2) == 0x90000003
    with pytest.raises(MachineError, match="vhe is True in this simulator"):
        made.MachineFacts(vhe=False)
    with pytest.raises(MachineError, match="used_lrs: 0x5 does not fit"):
        made.Vcpu(used_lrs=5)
    with pytest.raises(MachineError, match="ICH_VTR_EL2 is 0x90000003 in this simulator"):
        m.poke(made.ICH_VTR_EL2, 3)
    m.reset(unknown=1)
    assert m.peek(made.ICH_VTR_EL2) == 0x90000003


# ---- what cannot be asked for

WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"facts": {"vhee": 1}}, "there is no condition `vhee`", "did you mean `vhe`?"),
    ({"facts": {"vhe": 2}}, "`vhe` cannot be 2: it is 0x0..0x1", ""),
    ({"slots": {"used_lr": 1}}, "there is no slot `used_lr`", "did you mean `used_lrs`?"),
    ({"slots": {"used_lrs": 17}}, "`used_lrs` cannot be 17: it is 0x0..0x10", ""),
    ({"slots": {"vgic_lr": 1}}, "`vgic_lr` is an array", ""),
    ({"registers": {"ICH_VTR": 1}}, "there is no register `ICH_VTR`", "did you mean"),
    ({"registers": {"ICH_LR<n>_EL2": 1}}, "there is no register `ICH_LR<n>_EL2`", "ICH_LR"),
    ({"registers": {"ICH_VTR_EL2": 1 << 40}}, "ICH_VTR_EL2 cannot hold", ""),
    ({"registers": {"ICH_ELRSR_EL2": 1}}, "ICH_ELRSR_EL2 is computed", ""),
    ({"registers": {"ICH_LR3_EL2": 1}}, "ICH_LR3_EL2 is written by", "nothing writes"),
]


@pytest.mark.parametrize(("fixed", "message", "help"), WRONG, ids=[m for _, m, _ in WRONG])
def test_what_cannot_be_is_said(fixed: dict[str, Any], message: str, help: str) -> None:
    with pytest.raises(CannotRun) as refused:
        specialise(cases.program("after"), **fixed)
    assert refused.value.message.startswith(message)
    assert help in refused.value.help
