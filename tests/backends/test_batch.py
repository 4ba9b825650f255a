"""Batches do in each lane what a machine alone does: state, results and errors."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mypy import api

import dsl
from dsl.backends.batch import emit
from dsl.backends.batch.module import unformatted
from dsl.failures import HasErrors
from dsl.ir import expr as x
from dsl.ir.program import Module, Program
from dsl.ir.specialise import specialise
from dsl.machine import MachineError, load_simulator
from dsl.machine.lanes import LanesFailed, in_parts
from tests.backends import test_python_control as control
from tests.backends import test_python_expressions as expressions
from tests.backends.lanes import Both, Trial, try_all
from tests.backends.test_c_generator import Generator, base
from tests.backends.test_python_layouts import TEXT as LAYOUTS
from tests.backends.test_python_module import TEXT
from tests.backends.test_python_module import program as resolved

ROOT = Path(dsl.__file__).resolve().parent.parent
SOURCES = (
    "sequences/kvm/after.vgs",
    "sequences/kvm/before.vgs",
    "examples/timer/timer.vgs",
    "examples/sysreg/sysreg.vgs",
    "examples/xen/xen.vgs",
)
SEEDS = st.integers(0, 1 << 40)


@cache
def both(source: str) -> Both:
    return Both(dsl.load(ROOT / source).program)


# ---- each lane is what the machine alone is


@pytest.mark.parametrize("source", SOURCES)
def test_every_function_of_real_modules(source: str) -> None:
    @settings(max_examples=12, deadline=None)
    @given(SEEDS)
    def same(seed: int) -> None:
        try_all(both(source), seed)

    same()


@pytest.mark.parametrize("text", [TEXT, LAYOUTS], ids=["every construct", "layouts"])
def test_every_construct(text: str) -> None:
    pair = Both(resolved(text))

    @settings(max_examples=25, deadline=None)
    @given(SEEDS)
    def same(seed: int) -> None:
        try_all(pair, seed)

    same()


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_random_sequences(seed: int) -> None:
    start, _ = base()
    generator = Generator(start, Random(seed))
    made = tuple(generator.sequence(f"f{i}") for i in range(8))
    try_all(Both(Program("g", (*start.modules, Module("g", sequences=made)))), seed, rounds=3)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_random_control_flow(seed: int) -> None:
    body = control.Bodies(seed).body(5, control.PARAMS, ())
    try_all(Both(control.program(body)), seed, lanes=16)


@settings(max_examples=60, deadline=None)
@given(expressions.ANY, SEEDS)
def test_random_expressions(e: x.Expr, seed: int) -> None:
    try_all(Both(expressions.program(e)), seed)


CONFIGURATION: dict[str, dict[str, int]] = {
    "facts": {"vhe": 1, "gicv3_cpuif": 1, "cpuif_trap": 0, "sre": 1},
    "slots": {"used_lrs": 4},
    "registers": {"ICH_VTR_EL2": 0x90000003},
}


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_a_specialised_batch_is_the_same_where_it_holds(seed: int) -> None:
    pair = both("sequences/kvm/after.vgs")
    special = Both.__new__(Both)
    special.program, special.one, special.many = pair.program, pair.one, _specialised()
    for name in ("__vgic_v3_restore_state", "__vgic_v3_save_state", "vgic_v3_put"):
        trial = Trial(special, name, seed, 9)
        for lanes, ones in trial.handles:
            # What a condition is defined by has to agree with it.
            lanes.vgic_sre = 7
            for one in ones:
                one.vgic_sre = 7
        trial.run()


def test_a_specialised_batch_refuses_other_values() -> None:
    sim = _specialised()
    m, vcpu = sim.Machine(2), sim.Vcpu(2)
    assert m.peek(sim.ICH_VTR_EL2).tolist() == [0x90000003] * 2
    assert vcpu.used_lrs.tolist() == [4, 4]
    with pytest.raises(MachineError, match="ICH_VTR_EL2 is 0x90000003 in this simulator"):
        m.poke(sim.ICH_VTR_EL2, [0x90000003, 0x90000004])
    with pytest.raises(MachineError, match="lane 1: used_lrs: 0x3 does not fit"):
        vcpu.used_lrs = [4, 3]
    with pytest.raises(MachineError, match="vhe"):
        m.facts.vhe = False


@cache
def _specialised() -> ModuleType:
    program = both("sequences/kvm/after.vgs").program
    return load_simulator(unformatted(specialise(program, **CONFIGURATION)))


def test_a_context_that_is_passed_twice_is_one() -> None:
    text = """
context c of vcpu { a : u32 b : u32 }
sequence f(x : vcpu, y : vcpu) -> u32 {
    let old : u32 = x.a
    y.a <- x.b + 1
    x.b <- x.a + old
    y.b <- x.b * 2
    return x.a + y.b
}
"""
    pair = Both(resolved(text))
    seen = set()
    for seed in range(40):
        trial = Trial(pair, "f", seed, 5)
        seen.add(len(trial.handles))
        trial.run()
    assert seen == {1, 2}


def test_who_left_early_has_not_stored_what_came_after() -> None:
    text = """
register A : 32 { V [31:0] }
context c of vcpu { k : 0..4 a : u32 }
sequence f(vcpu) -> u32 {
    a <- 9
    block out {
        when k == 2 { leave out }
        a <- 1
    }
    each i in k..3 { A <- 5 }
    return a + A
}
"""
    pair = Both(resolved(text))
    for seed in range(20):
        Trial(pair, "f", seed, 9).run()


def test_what_is_needed_later_is_calculated_in_time_and_kept() -> None:
    text = """
register A : 32 { V [31:0] }
context c of vcpu { k : 0..4 a : u32 b : u32 }
sequence before_the_store(vcpu) {
    let old : u32 = A + 1
    A <- 5
    when k { each i in k..3 { a <- a + old } }
}
sequence round_after_round(vcpu) {
    let old : u32 = A * 3
    each i in k..4 {
        a <- a + old
        b <- ((b ^ 7) * 5 + a) ^ (a * 3)
    }
}
"""
    pair = Both(resolved(text))
    for seed in range(20):
        try_all(pair, seed)


# ---- what the text is like


def test_a_branch_is_a_mask_and_a_few_stores_are_a_choice() -> None:
    text = """
register A : 32 { E [0] Mode [2:1] res0 [31:3] }
context c of vcpu { a : u32 mirrors A  k : 0..2  b[2] : u32 }
sequence pick(vcpu) { when a.E { save a } else { A <- 0 } }
sequence each_one(vcpu) { each i below k { b[i] <- A.Mode } }
"""
    made = emit(resolved(text))
    assert _function(made, "pick_lanes") == [
        "def pick_lanes(m: Machine, vcpu: Vcpu, w: masks.Mask) -> None:",
        '(b_0,) = m.buffers("b", 0, 1)',
        'u32_0, u32_1 = m.buffers("u32", 0, 2)',
        "np.bitwise_and(vcpu.a, U32_1, u32_0)",
        "np.not_equal(u32_0, U32_0, b_0)",
        "np.bitwise_xor(m.A, vcpu.a, u32_0)",
        'np.copyto(u32_1, b_0, "unsafe")',
        "np.multiply(u32_0, u32_1, u32_0)",
        "p10 = vcpu.a",
        "y10 = masks.into(p10, w, u32_0)",
        "np.bitwise_xor(u32_0, vcpu.a, y10)",
        "masks.put(p10, w, y10)",
        "p11 = m.A",
        "y11 = masks.into(p11, w, u32_1)",
        "np.multiply(m.A, u32_1, y11)",
        "masks.put(p11, w, y11)",
    ]
    assert _function(made, "each_one_lanes") == [
        "def each_one_lanes(m: Machine, vcpu: Vcpu, w: masks.Mask) -> None:",
        '(b_0,) = m.buffers("b", 0, 1)',
        '(u32_0,) = m.buffers("u32", 0, 1)',
        "np.less(U32_0, vcpu.k, b_0)",
        "w1 = masks.only(w, b_0)",
        "if w1 is not False:",
        "np.right_shift(m.A, U32_1, u32_0)",
        "masks.put(vcpu.b[0], w1, u32_0)",
        "np.less(U32_1, vcpu.k, b_0)",
        "w3 = masks.only(w1, b_0)",
        "if w3 is not False:",
        "masks.put(vcpu.b[1], w3, u32_0)",
    ]


def _function(text: str, name: str) -> list[str]:
    start = text.index(f"def {name}(")
    return [line.strip() for line in text[start : text.index("\n\n\n", start)].splitlines()]


def test_a_specialised_round_trip_has_no_branch_left() -> None:
    text = emit(specialise(both("sequences/kvm/after.vgs").program, **CONFIGURATION))
    for name in ("__vgic_v3_restore_state_lanes", "__vgic_v3_save_state_lanes"):
        assert not [line for line in _function(text, name) if line.startswith(("if", "for"))]
    # One operation for what a write to a list register becomes.
    made = _function(text, "__vgic_v3_restore_state_lanes")
    assert sum("ICH_LRn_EL2" in line for line in made) == 4
    assert sum(line.startswith("np.bitwise_and(vcpu.vgic_lr") for line in made) == 4


def test_generated_modules_are_typed(tmp_path: Path) -> None:
    for name, program in (("batch", resolved(TEXT)), ("after", both(SOURCES[0]).program)):
        (tmp_path / f"{name}.py").write_text(emit(program))
    out, err, status = api.run(["--strict", str(tmp_path)])
    assert (status, err) == (0, ""), out


@pytest.mark.parametrize(
    ("head", "levels"), [("each i{} in 0..n", 21), ("when n == {}", 97)], ids=["loops", "branches"]
)
def test_what_python_cannot_nest_is_a_finding(head: str, levels: int) -> None:
    def text(levels: int) -> str:
        inner = "W <- 1"
        for level in reversed(range(levels)):
            inner = f"{head.format(level)} {{ {inner} }}"
        return f"register W : 32 {{ V [31:0] }}\nsequence f(n : int) {{ {inner} }}"

    load_simulator(unformatted(resolved(text(levels - 1))))
    with pytest.raises(HasErrors, match="inside each other"):
        unformatted(resolved(text(levels)))


# ---- errors of lanes, and of users


@pytest.fixture(scope="module")
def sim() -> ModuleType:
    return load_simulator(unformatted(resolved(TEXT)))


def test_a_lane_that_fails_stops_and_the_others_go_on(sim: ModuleType) -> None:
    m = sim.Machine(4)
    m.poke(sim.Rn[2], [5, 6, 7, 8])
    with pytest.raises(LanesFailed) as failed:
        sim.pick(m, [2, 4, 2, -1])
    assert str(failed.value) == "lane 1: R<n>: index 4 is outside 0..3 (and 1 other lane)"
    assert {n: str(e) for n, e in failed.value.errors.items()} == {
        1: "R<n>: index 4 is outside 0..3",
        3: "R<n>: index -1 is outside 0..3",
    }
    assert sim.pick(m, 2).tolist() == [1 << 31 | v & 0xFF0F | 0 for v in (5, 6, 7, 8)]


def test_values_that_do_not_fit(sim: ModuleType) -> None:
    m = sim.Machine(3, sim.MachineFacts(h=[True, False, True]))
    vcpu = sim.Vcpu(3, k=[1, 2, 3])
    for wrong, said in (
        (lambda: setattr(vcpu, "k", [0, 5, 9]), r"lane 1: k: 0x5 does not fit u32 \(0x0..0x4\)"),
        (lambda: setattr(vcpu, "k", "many"), "k: 'many' is not a number"),
        (lambda: setattr(vcpu, "k", [1.5] * 3), "k: .*float64.* is not a number"),
        (lambda: setattr(vcpu, "k", [1, 2]), "k: 2 lanes where there are 3"),
        (lambda: setattr(vcpu, "arr", [[1, 2, 3]] * 3), r"arr: its shape is \(4, 3\)"),
        (lambda: setattr(vcpu.facts, "often", iter([True])), "often: in a batch, give one value"),
        (lambda: sim.Vcpu(3, facts=sim.VcpuFacts(often=[True])).facts.check(3), "often: 1 lanes"),
        (lambda: sim.pick(m, 1 << 31), "n: 0x80000000 does not fit int"),
        (lambda: sim.one(m, sim.Vcpu(4)), "a context of 4 lanes on 3 machines"),
        (lambda: m.poke(sim.W, 1 << 64), "W: "),
        (lambda: sim.Machine(0), "one lane at least"),
        (lambda: sim.sums(m, _changed(vcpu)), "lane 0: k: 0x4d does not fit"),
    ):
        with pytest.raises(MachineError, match=said):
            wrong()


def _changed(vcpu: Any) -> Any:
    """A context whose array was changed in place, past all checks."""
    vcpu.k[:] = 77
    return vcpu


def test_externs_are_told_their_lanes(sim: ModuleType) -> None:
    m = sim.Machine(3, sim.MachineFacts(h=True))
    vcpu = sim.Vcpu(3)
    seen = []

    def ask(m: Any, vcpu: Any, x: Any, lanes: Any) -> Any:
        seen.append((x.tolist(), lanes.tolist()))
        return np.array([1, 7, 2])

    m.externs["ask"] = ask
    m.externs["tell"] = lambda m, vcpu, lanes: seen.append(lanes.tolist())
    with pytest.raises(LanesFailed, match=r"lane 1: .*: k: 0x7 does not fit u32"):
        sim.asks(m, vcpu)
    assert seen == [([7, 7, 7], [True] * 3), *[[True, False, True]] * 2]
    assert vcpu.k.tolist() == [1, 0, 2]
    del m.externs["ask"]
    with pytest.raises(LanesFailed, match="ask has no behaviour here: supply one"):
        sim.asks(m, vcpu)


def test_a_row_for_each_test(sim: ModuleType) -> None:
    m = sim.Machine(3, sim.MachineFacts(h=True, nr=3))
    vcpu = sim.Vcpu(3, facts=sim.VcpuFacts(often=[[True, True, False], [True, False, True]]))
    assert sim.facts(m, vcpu).tolist() == [1, 3, 3]
    with pytest.raises(LanesFailed, match=r"lane 0: .*often: no value is left to sample"):
        sim.facts(m, vcpu)


# ---- parts


def test_parts_and_threads_give_the_same(sim: ModuleType) -> None:
    def state(part: int | None, threads: int = 1) -> tuple[Any, ...]:
        m = sim.Machine(50, unknown=lambda name: np.arange(50))
        vcpu = sim.Vcpu(50, k=np.arange(50) % 5, wide=np.arange(50))
        vcpu.arr = np.arange(200).reshape(4, 50)

        def work(m: Any, vcpu: Any) -> None:
            sim.fields(m, vcpu)
            sim.sums(m, vcpu)

        if part is None:
            work(m, vcpu)
        else:
            in_parts(work, m, vcpu, part=part, threads=threads)
        return (
            m.Rn.tolist(),
            m.W.tolist(),
            vcpu.arr.tolist(),
            vcpu.wide.tolist(),
            vcpu.flag.tolist(),
        )

    whole = state(None)
    assert state(7) == whole
    assert state(7, threads=3) == whole


def test_errors_of_parts_have_the_lanes_of_the_whole(sim: ModuleType) -> None:
    m = sim.Machine(10)
    vcpu = sim.Vcpu(10, k=[0, 0, 1, 0, 0, 0, 0, 2, 0, 0])

    def work(m: Any, vcpu: Any) -> None:
        sim.pick(m, vcpu.k.astype(np.int32) * 4)

    with pytest.raises(LanesFailed) as failed:
        in_parts(work, m, vcpu, part=4)
    assert list(failed.value.errors) == [2, 7]
