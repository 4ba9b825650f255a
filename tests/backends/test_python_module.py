"""Whole generated modules: what they look like, what they do, and what must not change them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from mypy import api

import dsl
from dsl.backends.python import emit
from dsl.failures import HasErrors
from dsl.ir.program import Program
from dsl.machine import AssertionFailed, MachineError, load_simulator
from dsl.resolve.workspace import Workspace
from tests.backends.test_python_layouts import TEXT as LAYOUTS

ROOT = Path(dsl.__file__).resolve().parent.parent

TEXT = """
platform p "a document"
endpoint mmio "somebody else"
group Rs = R<n>

/// A bank.
register R<n> for n in 0..3 : 32 at (3, 4, 1, 1, n) reset unknown {
    A [3:0] { Off = 0, On = 1 }
    B [7:4] ro reset 2
    C [15:8] becomes 9 when C == n
    res0 [30:16]
    res1 [31]
}
register W : 64 at (3, 4, 1, 2, 0) reset 0 {
    X [31:0]
    /// Never zero while somebody is on.
    Y [63:32] becomes 5 when Y == 0 and R<1>.A == On
    derive big = X > 0x1000
}
register S : 64 ro at (3, 4, 1, 3, 0) {
    Up<n> for n in 0..3 [n] = R<n>.A == On
    res0 [63:4]
}

context c of vcpu {
    /// How many are in use.
    k      : 0..4
    arr[4] : u32 mirrors R<n>
    wide   : u64 mirrors W
    flag   : bool
}
condition h per machine
condition nr : 1..4 per machine
condition often per test
condition large = wide.big per vm
lock gate "a lock"

extern ask(vcpu, x : u8) -> u32 { needs gate  writes k  ensures k == 0 or h }
extern tell(vcpu) { reads k }

/// Reads one, or the other.
sequence pick(n : int) -> u32 { return R<n> }
save one(vcpu) { save arr[1] }
restore back(vcpu) undoes one { restore arr[1] }
sequence fields(vcpu) {
    W.Y <- 7
    modify R<2> { A <- On  C <- k + 1 }
    arr[3].A <- On
    wide <- W with X = 3
}
sequence status() -> u32 { let s : u32 = S  when s == 5 { return 1 }  return s }
sequence facts(vcpu) -> int {
    when often and often { return 1 }
    else when large { return 2 }
    else when h { return nr }
    return 0
}
sequence asks(vcpu) -> u32 {
    let got : u32 = 0
    holding gate { k <- ask(vcpu, 0x107 & 0xff) }
    tell(vcpu)
    hypcall tell(vcpu)
    return pick(k) + hypcall pick(0) + got
}
sequence ordered(vcpu) {
    /// Push them out.
    isb then dsb(sy) orders writes of Rs before mmio
    warn if k
    assert every i in 0..3: (arr[i] == i)
}
sequence sums(vcpu) -> u64 {
    let sum : u64 = 0xffffffffffffffff
    each i below k { block one_ { when R<i>.A == On { leave one_ }  arr[i].C <- i } }
    match k falling { 3 { W <- 3 } 1 { W <- 1 } else { flag <- k > 2 } }
    match k { 2 { return sum + k } }
    return sum
}
"""


def program(text: str) -> Program:
    workspace = Workspace([ROOT / "sequences"])
    loaded = workspace.load_text(text, "t.vgs")
    assert loaded is not None
    assert [f"{f.span}: {f.message}" for f in workspace.found] == []
    return workspace.program(loaded)


@pytest.fixture(scope="module")
def text() -> str:
    return emit(program(TEXT))


@pytest.fixture(scope="module")
def sim(text: str) -> ModuleType:
    return load_simulator(text, "t")


def function(text: str, name: str) -> str:
    """The body of a generated function."""
    start = text.index(f"def {name}(")
    return text[start : text.index("\n\n\n", start)]


# ---- what it looks like


def test_a_function_reads_like_the_sequence(text: str) -> None:
    assert function(text, "traced_fields").splitlines() == [
        "def traced_fields(m: Machine, vcpu: Vcpu) -> None:",
        '    value = m.read(W, at="stdin:46:5")',
        "    value = W_Y.set(value, 7)",
        '    m.write(W, value, at="stdin:46:5")',
        '    value = m.read(Rn[2], at="stdin:47:5")',
        "    value = Rn_A.set(value, Rn_A_On)",
        "    value = Rn_C.set(value, vcpu.k + 1)",
        '    m.write(Rn[2], value, at="stdin:47:5")',
        "    value = vcpu.arr[3]",
        "    value = Rn_A.set(value, Rn_A_On)",
        '    m.store_at(vcpu, "arr", 3, value, at="stdin:48:5")',
        '    m.store(vcpu, "wide", W_X.set(m.read(W, at="stdin:49:13"), 3), at="stdin:49:5")',
    ]


def test_documentation_and_barriers_come_along(text: str) -> None:
    assert '"""Reads one, or the other."""' in function(text, "traced_pick")
    assert function(text, "traced_ordered").splitlines()[1:5] == [
        "    # Push them out.",
        "    # orders writes of R<n> before mmio",
        '    m.isb(at="stdin:67:5")',
        '    m.dsb("sy", at="stdin:67:5")',
    ]
    assert "    # How many are in use.\n    k: u32 = 0\n" in text
    assert "# Never zero while somebody is on.\nW_Y = Field(" in text


def test_nothing_of_black_is_needed_to_run_it(text: str) -> None:
    imported = [line for line in text.splitlines() if line.startswith(("import", "from"))]
    assert imported == [
        "from collections.abc import Callable, Mapping",
        "from dataclasses import dataclass, field",
        "from typing import ClassVar, TypeAlias",
        "from dsl.machine import (",
    ]


# ---- what it does


def test_legalised_and_computed_registers(sim: ModuleType) -> None:
    m = sim.Machine(unknown=lambda name: 0xFFFFFFFF if name == "R3" else 0)
    assert m.peek(sim.Rn[3]) == 0x8000FF2F
    m.write(sim.Rn[1], 0x7FFF0101)
    assert m.peek(sim.Rn[1]) == 0x80000921
    assert [m.peek(r) >> 8 & 0xFF for r in sim.Rn] == [0, 9, 0, 0xFF]
    assert sim.status(m) == 0b0010
    m.write(sim.W, 3)
    assert m.peek(sim.W) == 5 << 32 | 3
    with pytest.raises(MachineError, match="S is read-only"):
        m.write(sim.S, 0)
    assert sim.SEQUENCES["status"] is sim.status
    assert sim.HANDLES["vcpu"] is sim.Vcpu
    assert sim.EXTERNS == ("ask", "tell")
    assert [r.name for r in sim.REGISTERS] == ["R<n>", "W", "S"]


def test_saving_restoring_and_fields(sim: ModuleType) -> None:
    m, vcpu = sim.Machine(), sim.Vcpu(k=2)
    m.poke(sim.Rn[1], 0x321)
    sim.one(m, vcpu)
    assert vcpu.arr == [0, 0x80000321, 0, 0]
    m.reset()
    sim.back(m, vcpu)
    assert m.peek(sim.Rn[1]) == 0x80000321
    m.trace.clear()
    sim.fields(m, vcpu)
    assert m.peek(sim.W) == 7 << 32
    assert m.peek(sim.Rn[2]) == 0x80000321
    assert (vcpu.arr[3], vcpu.wide) == (1, 7 << 32 | 3)
    assert [str(e) for e in m.trace][3] == (
        "write      R2  0x80000020 → 0x80000321  (A Off→On, C 0→3)  stdin:47:5"
    )


def test_facts(sim: ModuleType) -> None:
    m = sim.Machine(sim.MachineFacts(h=True, nr=3))
    vcpu = sim.Vcpu()
    assert sim.facts(m, vcpu) == 3
    m.facts.h = False
    assert sim.facts(m, vcpu) == 0
    vcpu.wide = 0x2000
    assert sim.facts(m, vcpu) == 2
    vcpu.facts.often = iter([True, False, True, True])
    assert [sim.facts(m, vcpu), sim.facts(m, vcpu)] == [2, 1]
    with pytest.raises(MachineError, match="nr: 0x5 does not fit"):
        m.facts.nr = 5


def test_externs_locks_and_hypcalls(sim: ModuleType) -> None:
    m, vcpu = sim.Machine(), sim.Vcpu()
    with pytest.raises(MachineError, match=r"stdin:60:25: ask has no behaviour here"):
        sim.asks(m, vcpu)
    assert not m.held
    asked = []

    def ask(m: object, vcpu: object, x: int) -> int:
        asked.append(x)
        return 0

    m.externs.update(ask=ask, tell=lambda m, vcpu: None)
    m.poke(sim.Rn[0], 4)
    m.trace.clear()
    assert sim.asks(m, vcpu) == (2 * 0x80000004) % (1 << 32)
    assert asked == [7]
    assert [f"{e.kind} {e.what}" for e in m.trace] == [
        "lock gate",
        "call ask",
        "result ask",
        "store k",
        "unlock gate",
        "call tell",
        "hypcall tell",
        "call tell",
        "hypreturn tell",
        "read R0",
        "hypcall pick",
        "read R0",
        "hypreturn pick",
    ]

    def broken(m: object, vcpu: object, x: int) -> int:
        sim_vcpu = vcpu
        sim_vcpu.k = 1  # type: ignore[attr-defined]
        return 0

    m.externs["ask"] = broken
    with pytest.raises(MachineError, match="ask breaks its promise: k == 0 or h"):
        sim.asks(m, vcpu)
    m.externs["ask"] = lambda m, vcpu, x: 5
    vcpu.k = 0
    with pytest.raises(MachineError, match=r"stdin:60:20: k: 0x5 does not fit"):
        sim.asks(m, vcpu)


def test_complaints(sim: ModuleType) -> None:
    m, vcpu = sim.Machine(), sim.Vcpu(k=1)
    vcpu.arr[:] = range(4)
    sim.ordered(m, vcpu)
    assert [f"{e.kind} {e.what}" for e in m.trace] == ["barrier isb", "barrier dsb(sy)", "warn k"]
    vcpu.arr[3] = 0
    with pytest.raises(AssertionFailed, match=r"stdin:69:5: assertion failed: every i in 0..3"):
        sim.ordered(m, vcpu)


def test_loops_cases_and_wrapping(sim: ModuleType) -> None:
    for k, writes, flag in ((0, [], False), (1, [1], False), (2, [], False), (3, [3, 1], True)):
        m, vcpu = sim.Machine(), sim.Vcpu(k=k)
        m.poke(sim.Rn[0], 1)
        assert sim.sums(m, vcpu) == (1 if k == 2 else (1 << 64) - 1)
        assert [e.new for e in m.trace if e.kind == "write"] == writes
        assert vcpu.flag is flag
        assert vcpu.arr == [i << 8 if 0 < i < k else 0 for i in range(4)]


def test_indices_out_of_range(sim: ModuleType) -> None:
    with pytest.raises(MachineError, match=r"R<n>: index 4 is outside 0\.\.3"):
        sim.pick(sim.Machine(), 4)


# ---- what must not change it, and what it must not trip over

HINTED = """
platform p "d"
register R : 32 at (3, 4, 1, 1, 0) { V [31:0] }
condition c per machine
@locals(x)
sequence f() {
    @likely
    @braces
    when c { R <- 1 }
    @via(val)
    let x : u32 = R
    R <- x + 1
}
"""


def test_hints_leave_no_mark() -> None:
    lines = [" " * len(x) if x.strip().startswith("@") else x for x in HINTED.splitlines()]
    assert emit(program("\n".join(lines))) == emit(program(HINTED))


def test_the_same_text_whatever_the_hash_seed(text: str) -> None:
    code = (
        "import sys\n"
        "from dsl.backends.python import emit\n"
        "from dsl.resolve.workspace import Workspace\n"
        "workspace = Workspace()\n"
        "loaded = workspace.load_text(sys.stdin.read(), 't.vgs')\n"
        "sys.stdout.buffer.write(emit(workspace.program(loaded)).encode())\n"
    )
    for seed in ("1", "2"):
        made = subprocess.run(
            [sys.executable, "-c", code],
            input=TEXT.encode(),
            capture_output=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
        )
        assert made.stdout.decode() == text


AWKWARD = '''
platform p "d"
/// type: ignore
/// """ and \\ and "
register class : 32 at (3, 4, 1, 1, 0) { V [31:0] { None = 0, int = 1 } }
register Machine : 32 at (3, 4, 1, 1, 1) { V [31:0] }
context ctx of vcpu { def : u32  __slots__ : u32  facts : u32  int[2] : u32 }
condition lambda, SLOTS per machine
/// """ and \\ and "quoted"
/// twice "
sequence range(vcpu, m : u32, del : u32) -> u32 {
    /// type: int
    /// fmt: off
    let value : int = m + del
    let Field : u32 = value
    def <- Field
    __slots__ <- value
    facts <- 3
    int[1] <- 4
    class.V <- None
    Machine.V <- value
    when (1 == 2) == (3 < 4) or 3 { }
    match m { 1 { when m == 2 { def <- 1 } } }
    class.V <- 1
    when lambda and not SLOTS { return print(value) }
    return Machine
}
sequence print(all : u32) -> u32 { each i below all { Machine <- i }  return all }
sequence __init__(vcpu) { let as : u32 = range(vcpu, 1, 2)  def <- as }
sequence REGISTERS() { }
'''


def test_names_that_python_has_other_uses_for() -> None:
    text = emit(program(AWKWARD))
    sim = load_simulator(text)
    m = sim.Machine(sim.MachineFacts(lambda_=True))
    vcpu = sim.Vcpu()
    assert sim.SEQUENCES["range"](m, vcpu, 1, 2) == 3
    assert (vcpu.def_, vcpu._slots__, vcpu.facts_, list(vcpu.int_)) == (3, 3, 3, [0, 4])
    sim.SEQUENCES["__init__"](m, vcpu)
    sim.SEQUENCES["REGISTERS"](m)
    assert [e.what for e in m.trace if e.kind == "write"][:2] == ["class", "Machine"]
    doc = sim.SEQUENCES["range"].__doc__
    assert [line.strip() for line in doc.strip().splitlines()] == [
        '""" and \\ and "quoted"',
        'twice "',
    ]


def test_a_definition_is_not_held_to_its_range() -> None:
    text = emit(
        program(
            "context c of vcpu { a : u32 }\ncondition x : 1..4 = a per vm\n"
            "sequence f(vcpu) -> u32 { return x + 1 }"
        )
    )
    sim = load_simulator(text)
    assert sim.f(sim.Machine(), sim.Vcpu(a=0xFFFFFFFF)) == 0


def test_every_element_of_a_family_is_legalised() -> None:
    sim = load_simulator(
        emit(
            program(
                'platform p "d"\nregister Q : 32 at (3, 4, 1, 2, 0) {\n'
                "V<i> for i in 1..4 [i * 8 - 8] becomes 0 when E<i> == 7\n"
                "E<i> for i in 1..4 [i * 8 - 1:i * 8 - 7] becomes i when V<i>\n}"
            )
        )
    )
    m = sim.Machine()
    m.write(sim.Q, 0x0F_05_02_0E)
    assert m.peek(sim.Q) == 0x08_07_02_0E
    m.write(sim.Q, 0x05_0F_0E_03)
    assert m.peek(sim.Q) == 0x09_06_0E_03


def nested(head: str, levels: int) -> str:
    heads = " ".join(head.format(i) for i in range(levels))
    return f"sequence f(a : u32) -> u32 {{ {heads} return a {'}' * levels} return 2 }}"


@pytest.mark.parametrize(("head", "most"), [("when a == {} {{", 97), ("each i{} below a {{", 20)])
def test_what_python_cannot_nest_is_a_finding(head: str, most: int) -> None:
    assert load_simulator(emit(program(nested(head, most)))).f
    with pytest.raises(HasErrors, match="cannot be simulated"):
        emit(program(nested(head, most + 1)))


def test_generated_modules_are_typed(tmp_path: Path, text: str) -> None:
    texts = {"one": text, "two": emit(program(AWKWARD)), "three": emit(program(LAYOUTS))}
    for name, made in texts.items():
        (tmp_path / f"{name}.py").write_text(made, encoding="utf-8")
    files = [str(p) for p in sorted(tmp_path.glob("*.py"))]
    before = os.environ.get("MYPYPATH")
    os.environ["MYPYPATH"] = str(ROOT)
    try:
        out, error, status = api.run(
            [
                "--strict",
                "--follow-imports=silent",
                "--no-incremental",
                "--cache-dir",
                os.devnull,
                *files,
            ]
        )
    finally:
        if before is None:
            del os.environ["MYPYPATH"]
        else:
            os.environ["MYPYPATH"] = before
    assert (out.strip(), error, status) == (
        f"Success: no issues found in {len(files)} source files",
        "",
        0,
    )
