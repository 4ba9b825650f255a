"""Random sequences on a machine whose registers do things, and what running one comes to.

The sequences are those of `test_c_generator`; the registers have the names and fields that it
needs, with writes that are legalised, fields that are computed, read-only, write-only or ignored,
reserved bits and layouts.  Two simulators agree where `outcome` is the same.
"""

from __future__ import annotations

from functools import cache
from random import Random
from types import ModuleType
from typing import Any

from dsl.backends.python.module import unformatted
from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.program import Module, Program
from dsl.ir.types import U32, U64, Bool, Handle, Int
from dsl.machine import MachineError, load_simulator, snapshot
from dsl.resolve.workspace import Workspace
from tests.backends.test_c_generator import PARAMS, Generator

TEXT = """
platform toy "the registers of this test"
register A : 64 {
    G [0] wi
    A1 [3:1] becomes 5 when A1 == 2 or (W.L > 3 and not G)
    F [7:4] ro reset 6
    A8 [22:8] becomes A8 & (0x7fff << W.L)
    H [30:23]
    res1 [31]
    A31 [59:32]
    T [63:60] wo
    derive mixed = (H >> 3) + A1
    derive shown = A1 == W.L
}
register B : 64 {
    P<n> for n in 0..15 [n + 16] ro = n <= W.L and (A.H == n or K<1>.K0 != 0) and K<2>.K0 == A.A1
    Q<n> for n in 0..3 [4 * n + 3 : 4 * n] becomes 7 when K<n>.V > Q<n>
    B32 [63:32]
}
register W : 32 { L [3:0] W4 [30:4] M [31] reset 1 }
register K<n> for n in 0..3 : 64 {
    K0 [7:0] becomes K0 + n when A.A1 >= n
    V [40:8]
    res0 [62:41]
    K41 [63] wi = D.V > W.L
}
register L<n> for n in 2..5 : 64 {
    K0 [7:0]
    layout low when K0 < 100 { V [40:8] becomes n when low.V == 1 res0 [41] }
    layout high when K0 >= 100 { V [41:9] U [8] }
    K41 [63:42]
}
register I : 32 ro { V [15:0] N [31:16] }
register D : 64 { V [15:0] becomes V & I.V  S [31:16] = I.N + A.A8  res0 [63:32] }

context box of vcpu {
    s8 : u8
    s16 : u16
    s32 : u32
    s64 : u64
    si : int
    sb : bool
    like_a : u64 mirrors A
    like_w : u32 mirrors W
    arr[4] : u32
    few : 0..9
}
condition fact per machine
condition now per test
condition less = s8 < 100 per vm
condition level : 1..4 per vm

extern touch(vcpu, n : u8) -> u32 { writes few  ensures few == n or less }

sequence helper(vcpu, a : u32, b : u8) -> u32 {
    W <- a ^ s32
    when less and level > 2 { s32 <- a + b }
    few <- a & 15
    return W - b
}
sequence pure(a : u16, b : int) -> u8 { return a - b }
sequence put(vcpu, a : u32) {
    when less { W <- a }
    let v : u32 = s32
    block out { each i below 2 { when v == a { leave out } arr[i] <- v + a } put2(vcpu, 3) }
}
sequence put2(vcpu, n : u32) { D <- n + W.L each i below 3 { K<i>.V <- arr[i] } return }
"""


@cache
def base() -> Program:
    """The program that the sequences are added to."""
    workspace = Workspace()
    loaded = workspace.load_text(TEXT, "t")
    assert loaded is not None
    assert [f"{f.span}: {f.message}" for f in workspace.found if f.code != "VGS023"] == []
    return workspace.program(loaded)


class Behaved(Generator):
    """The generator, which now also uses what only a machine has."""

    def place(self, scope: Any) -> Any:
        if self.random.random() < 0.2:
            return self.program.registers["D"], None
        return super().place(scope)

    def leaf(self, scope: Any, type: Int, depth: int) -> x.Expr:
        if self.random.random() < 0.08:
            return x.Cast(x.ReadRegister(self._register("I"), None, self.span()), type, self.span())
        if self.random.random() < 0.04:
            test = x.Test(self.program.conditions["level"], "vcpu", self.span())
            return x.Cast(test, type, self.span())
        if self.random.random() < 0.04:
            whole = self.number(scope, U64, 0)
            made = x.Derive(whole, self._register("A"), "mixed", U64, self.span())
            return x.Cast(made, type, self.span())
        if self.random.random() < 0.03 and self.calls:
            n = x.Cast(self.number(scope, U32, 0), Int(8), self.span())
            handle = x.Var("vcpu", Handle("vcpu"), self.span())
            call = x.Call("touch", (handle, n), False, U32, self.span())
            return x.Cast(call, type, self.span())
        return super().leaf(scope, type, depth)

    def truth(self, scope: Any, depth: int) -> x.Expr:
        if self.random.random() < 0.06:
            return x.Test(self.program.conditions["less"], "vcpu", self.span())
        made = super().truth(scope, depth)
        if isinstance(made, x.Test) and made.condition.root is not None:
            return x.Test(made.condition, made.condition.root, made.span)
        return made

    def call(self, scope: Any, depth: int) -> x.Call:
        call = super().call(scope, depth)
        return x.Call(call.callee, call.args, self.random.random() < 0.3, call.type, call.span)

    def statement(self, scope: Any, depth: int) -> s.Statement:
        pick = self.random.random()
        if pick < 0.03:
            return s.Warn(self.truth(scope, 1), (), self.span())
        if pick < 0.1:
            handle = x.Var("vcpu", Handle("vcpu"), self.span())
            given = self.random.choice((x.Var("p32", U32, self.span()), self.leaf(scope, U32, 0)))
            call = x.Call("put", (handle, given), False, None, self.span())
            return s.Perform(call, (), self.span())
        if pick < 0.11:
            return s.Assert(self.truth(scope, 1), (), self.span())
        return super().statement(scope, depth)

    def _register(self, name: str) -> Any:
        return self.program.registers[name]


def random_program(seed: int) -> Program:
    """A program with one random sequence ``f``, and those that it calls."""
    start = base()
    generator = Behaved(start, Random(seed))
    return Program("g", (*start.modules, Module("g", sequences=(generator.sequence("f"),))))


def simulator(program: Program) -> ModuleType:
    return load_simulator(unformatted(program))


def some(random: Random, type: Int | Bool, low: int | None = None, high: int | None = None) -> int:
    """A value of a type, often one at an edge."""
    if isinstance(type, Bool):
        return random.randrange(2)
    if low is not None and high is not None:
        return random.randint(low, high)
    edges = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, -1)
    if random.random() < 0.5:
        return type.wrap(random.choice(edges))
    return type.wrap(random.getrandbits(64))


class State:
    """What a sequence is run on: registers, context, facts, arguments."""

    def __init__(self, program: Program, random: Random) -> None:
        self.registers: dict[str, int] = {}
        for r in program.registers.values():
            for i in range(max(1, r.count)):
                name = r.element(r.first + i) if r.banked else r.name
                self.registers[name] = some(random, r.type) & r.live | r.res1
        self.slots: dict[str, int | list[int]] = {}
        for name, slot in program.slots.items():
            values = [
                some(random, slot.type, slot.low, slot.high) for _ in range(max(1, slot.length))
            ]
            self.slots[name] = values if slot.length else values[0]
        self.facts = {
            name: some(random, c.type, c.low, c.high)
            for name, c in program.conditions.items()
            if name not in program.definitions
        }
        self.args = [some(random, t) for _, t in PARAMS if not isinstance(t, Handle)]


def outcome(sim: ModuleType, state: State, *, tracing: bool = True) -> dict[str, Any]:
    """All that there is to see of a run of ``f``: its result or its error, the state, the trace."""
    m = sim.Machine(sim.MachineFacts(fact=state.facts["fact"]), tracing=tracing)
    sampled = iter([state.facts["now"], 1 - state.facts["now"]] * 500)
    for name, value in state.registers.items():
        m.poke(m.registers[name], value)
    vcpu = sim.Vcpu()
    vcpu.facts.level = state.facts["level"]
    for name, given in state.slots.items():
        if isinstance(given, list):
            getattr(vcpu, name)[:] = given
        else:
            setattr(vcpu, name, given)
    vcpu.facts.now = lambda: next(sampled)
    seen = []

    def touch(m: Any, vcpu: Any, n: int) -> int:
        seen.append((n, dict(m.state), snapshot(vcpu)))
        vcpu.few = n if n < 10 else 0
        m.write(sim.W, n)
        return n * 3

    m.externs["touch"] = touch
    try:
        result: Any = sim.f(m, vcpu, *state.args)
    except MachineError as error:
        result = type(error), str(error)
    return {
        "result": result,
        "type": type(result),
        "registers": dict(m.state),
        "slots": snapshot(vcpu),
        "asked": seen,
        "samples": len(list(sampled)),
        "trace": [(e.kind, e.what, e.site, e.old, e.new) for e in m.trace],
    }
