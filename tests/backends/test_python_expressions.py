"""Generated expressions against a direct evaluator of the IR, on random expressions."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl.backends.python.module import unformatted
from dsl.ir import expr as x
from dsl.ir.platform import Derived
from dsl.ir.program import Module, Program
from dsl.ir.sequence import Effect, Extern, Kind, Param, Return, Sequence, Signature
from dsl.ir.shapes import Access, Condition, Context, Enumerator, Period, Register, Slot
from dsl.ir.shapes import Field as Bits
from dsl.ir.types import BOOL, INT, U32, U64, Bool, Handle, Int
from dsl.machine import load_simulator
from dsl.source import Source, Span

SPAN = Span(Source("t.vgs", "", "t"), 0, 0)
TYPES = (Int(3), Int(8), U32, U64, Int(16, True), INT, Int(64, True))

FIELDS = (
    Bits("A", 0, 1, Access.RW, None, (), (), SPAN),
    Bits("B", 1, 7, Access.RW, None, (Enumerator("Half", 64),), (), SPAN),
    Bits("S<n>", 8, 3, Access.RW, None, (), (), SPAN, 2, 4, 4),
    Bits("C", 24, 40, Access.RW, None, (), (), SPAN),
)
REGISTER = Register("R", 64, Access.RW, 0, 0, None, FIELDS, (), (), (), SPAN)
BANK = Register("B<n>", 64, Access.RW, 1, 3, "n", FIELDS, (), (), (), SPAN)
SMALL = Slot("small", "c", "vcpu", U32, 0, 0, 5, None, (), SPAN)
ARRAY = Slot("array", "c", "vcpu", Int(16, True), 3, None, None, None, (), SPAN)
FLAG = Slot("flag", "c", "vcpu", BOOL, 0, None, None, None, (), SPAN)
FACT = Condition("fact", None, BOOL, None, None, Period.MACHINE, (), SPAN)
LEVEL = Condition("level", "vcpu", U32, 1, 7, Period.VM, (), SPAN)
PARAMS: dict[str, Int | Bool] = {
    "p": Int(3),
    "q": U32,
    "r": U64,
    "s": INT,
    "t": Int(64, True),
    "b": BOOL,
}
DERIVED = Derived(
    REGISTER,
    "sum",
    x.Binary(
        "+",
        x.Extract(x.Written(REGISTER, SPAN), REGISTER, FIELDS[1], None, U32, SPAN),
        x.Const(3, U32, SPAN),
        U32,
        SPAN,
    ),
    (),
    SPAN,
)
EXTERN = Extern(Signature("ask", (Param("a", U32, None, SPAN),), U32, None, SPAN), (), (), ())


@dataclass
class World:
    """What an expression is evaluated in, and the accesses that it makes."""

    values: Mapping[str, int]
    registers: Mapping[str, int]
    slots: Mapping[str, int | list[int]]
    seen: list[str] = field(default_factory=list)

    def read(self, name: str) -> int:
        self.seen.append(f"read {name}")
        return self.registers[name]

    def ask(self, value: int) -> int:
        self.seen.append(f"call ask {value}")
        return (value * 3 + 1) % (1 << 32)


COMPARE = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
NUMERIC = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
}


def low_bit(of: Bits, index: int | None) -> int:
    return of.low if index is None else of.low + (index - of.first) * of.stride


def evaluate(e: x.Expr, w: World) -> int:
    """The meaning of an expression, read off the docstrings of the IR."""
    match e:
        case x.Const(value=value):
            return value
        case x.Var(name=name):
            return w.values[name]
        case x.ReadRegister(register=register, index=index):
            return w.read("R" if index is None else register.element(evaluate(index, w)))
        case x.ReadSlot(slot=slot, index=index):
            held = w.slots[slot.name]
            return held if isinstance(held, int) else held[evaluate(index, w)]  # type: ignore
        case x.Test(condition=condition):
            return w.values[condition.name]
        case x.Extract(value=value, field=of, index=index, type=type):
            whole = evaluate(value, w)
            low = low_bit(of, None if index is None else evaluate(index, w))
            return type.wrap(whole >> low & ((1 << of.width) - 1))
        case x.Insert(value=value, field=of, index=index, new=new, type=type):
            whole = evaluate(value, w)
            low = low_bit(of, None if index is None else evaluate(index, w))
            mask = ((1 << of.width) - 1) << low
            return type.wrap(whole & ~mask | evaluate(new, w) << low & mask)
        case x.Derive(value=value):
            return (evaluate(value, w) >> 1 & 0x7F) + 3
        case x.Cast(value=value, type=type):
            return type.wrap(int(evaluate(value, w)))
        case x.Not(operand=operand):
            return not evaluate(operand, w)
        case x.Truth(operand=operand):
            return evaluate(operand, w) != 0
        case x.Every(var=var, low=low, high=high, condition=condition):
            for i in range(evaluate(low, w), evaluate(high, w) + 1):
                inner = World({**w.values, var: i}, w.registers, w.slots, w.seen)
                if not evaluate(condition, inner):
                    return False
            return True
        case x.Call(args=args):
            return w.ask(evaluate(args[0], w))
        case x.Binary(op="and", left=left, right=right):
            return evaluate(left, w) and evaluate(right, w)
        case x.Binary(op="or", left=left, right=right):
            return evaluate(left, w) or evaluate(right, w)
        case x.Binary(op="implies", left=left, right=right):
            return not evaluate(left, w) or evaluate(right, w)
        case x.Binary(op=op, left=left, right=right, type=type):
            a, b = evaluate(left, w), evaluate(right, w)
            if op in COMPARE:
                return COMPARE[op](a, b)
            assert isinstance(type, Int)
            if op in NUMERIC:
                return type.wrap(NUMERIC[op](a, b))
            if not 0 <= b < type.width:
                return 0
            return type.wrap(a << b if op == "<<" else a >> b)
    raise AssertionError(e)


def const(value: int, type: Int | Bool = U32) -> x.Const:
    return x.Const(value, type, SPAN)


@st.composite
def numbers(draw: st.DrawFn, type: Int, depth: int, bound: tuple[str, ...] = ()) -> x.Expr:
    """An expression of integer type ``type``; ``bound`` are variables of type INT around it."""
    leaf = depth == 0
    kind = draw(st.integers(0, 1 if leaf else 7))
    names = [n for n, t in PARAMS.items() if t == type] + (list(bound) if type == INT else [])
    deeper = depth - 1
    if kind == 0 or (leaf and not names):
        edges = st.sampled_from((0, 1, 2, type.greatest, type.least, type.greatest // 2))
        value = draw(st.one_of(edges, st.integers(type.least, type.greatest)))
        return const(type.wrap(value), type)
    if kind == 1:
        return x.Var(draw(st.sampled_from(names)), type, SPAN) if names else const(1, type)
    if kind == 2:
        other = draw(st.sampled_from((*TYPES, BOOL)))
        inner = (
            draw(truths(deeper, bound))
            if isinstance(other, Bool)
            else draw(numbers(other, deeper, bound))
        )
        return x.Cast(inner, type, SPAN)
    if kind == 3:
        value, of, index = draw(pieces(deeper, bound))
        return x.Extract(value, REGISTER, of, index, type, SPAN)
    if kind == 4 and type in (U32, U64):
        return draw(reads(type, deeper, bound))
    if kind == 5 and type.width >= 32:
        whole = draw(numbers(type, deeper, bound))
        of, index = draw(family())
        new = draw(st.one_of(numbers(Int(of.width), deeper, bound), truths(deeper, bound)))
        return x.Insert(whole, REGISTER, of, index, new, type, SPAN)
    op = draw(st.sampled_from(("+", "-", "*", "&", "|", "^", "<<", ">>")))
    left = draw(numbers(type, deeper, bound))
    right_type = draw(st.sampled_from((type, U32))) if op in ("<<", ">>") else type
    right = draw(numbers(right_type, deeper, bound))
    if op in ("<<", ">>") and draw(st.booleans()):
        right = const(draw(st.integers(0, min(type.width, right_type.greatest))), right_type)
    return x.Binary(op, left, right, type, SPAN)


@st.composite
def family(draw: st.DrawFn) -> tuple[Bits, x.Expr | None]:
    of = draw(st.sampled_from(FIELDS))
    return of, const(draw(st.integers(2, 5)), INT) if of.count else None


@st.composite
def pieces(
    draw: st.DrawFn, depth: int, bound: tuple[str, ...]
) -> tuple[x.Expr, Bits, x.Expr | None]:
    of, index = draw(family())
    return draw(numbers(draw(st.sampled_from((U32, U64, INT))), depth, bound)), of, index


@st.composite
def reads(draw: st.DrawFn, type: Int, depth: int, bound: tuple[str, ...]) -> x.Expr:
    """Something from outside of the expression, of type u32 or u64."""
    if type == U64:
        if draw(st.booleans()):
            return x.ReadRegister(REGISTER, None, SPAN)
        return x.ReadRegister(BANK, const(draw(st.integers(1, 3)), INT), SPAN)
    match draw(st.integers(0, 4)):
        case 0:
            return x.ReadSlot(SMALL, "vcpu", None, SPAN)
        case 1:
            index = const(draw(st.integers(0, 2)), INT)
            return x.Cast(x.ReadSlot(ARRAY, "vcpu", index, SPAN), U32, SPAN)
        case 2:
            return x.Test(LEVEL, "vcpu", SPAN)
        case 3:
            return x.Derive(draw(numbers(U64, depth, bound)), REGISTER, "sum", U32, SPAN)
        case _:
            return x.Call("ask", (draw(numbers(U32, depth, bound)),), False, U32, SPAN)


@st.composite
def truths(draw: st.DrawFn, depth: int, bound: tuple[str, ...] = ()) -> x.Expr:
    kind = draw(st.integers(0, 2 if depth == 0 else 8))
    deeper = depth - 1
    match kind:
        case 0:
            return const(draw(st.integers(0, 1)), BOOL)
        case 1:
            return x.Var("b", BOOL, SPAN)
        case 2:
            return draw(
                st.sampled_from((x.Test(FACT, None, SPAN), x.ReadSlot(FLAG, "vcpu", None, SPAN)))
            )
        case 3:
            return x.Not(draw(truths(deeper, bound)), SPAN)
        case 4:
            type = draw(st.sampled_from(TYPES))
            return x.Truth(draw(numbers(type, deeper, bound)), SPAN)
        case 5:
            var = f"i{len(bound)}"
            low, high = draw(st.integers(-2, 3)), draw(st.integers(-2, 3))
            ends = const(low, INT), const(high, INT)
            return x.Every(var, *ends, draw(truths(deeper, (*bound, var))), SPAN)
        case 6:
            op = draw(st.sampled_from(("and", "or", "implies", "==", "!=")))
            return x.Binary(
                op, draw(truths(deeper, bound)), draw(truths(deeper, bound)), BOOL, SPAN
            )
        case _:
            type = draw(st.sampled_from(TYPES))
            op = draw(st.sampled_from(tuple(COMPARE)))
            left, right = draw(numbers(type, deeper, bound)), draw(numbers(type, deeper, bound))
            return x.Binary(op, left, right, BOOL, SPAN)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    def value(type: Int) -> int:
        edges = st.sampled_from((type.least, type.greatest, 0, 1))
        return type.wrap(draw(st.one_of(edges, st.integers(type.least, type.greatest))))

    values = {n: value(t) if isinstance(t, Int) else draw(st.booleans()) for n, t in PARAMS.items()}
    values |= {"fact": draw(st.booleans()), "level": draw(st.integers(1, 7))}
    registers = {name: value(U64) for name in ("R", "B1", "B2", "B3")}
    slots: dict[str, int | list[int]] = {
        "small": draw(st.integers(0, 5)),
        "flag": draw(st.booleans()),
        "array": [value(Int(16, True)) for _ in range(3)],
    }
    return World(values, registers, slots)


def program(e: x.Expr, effects: tuple[Effect, ...] = ()) -> Program:
    params = [Param("vcpu", Handle("vcpu"), None, SPAN)]
    params += [Param(n, t, None, SPAN) for n, t in PARAMS.items()]
    assert isinstance(e.type, Int | Bool)
    signature = Signature("f", tuple(params), e.type, None, SPAN)
    module = Module(
        "t",
        registers=(REGISTER, BANK),
        derived=(DERIVED,),
        contexts=(Context("c", "vcpu", "vcpu", (SMALL, ARRAY, FLAG), (), SPAN),),
        conditions=(FACT, LEVEL),
        externs=(EXTERN,),
        sequences=(Sequence(Kind.SEQUENCE, signature, None, (Return(e, (), SPAN),), ()),),
    )
    return Program("t", (module,))


def run(e: x.Expr, w: World) -> tuple[int, list[str]]:
    sim = load_simulator(unformatted(program(e)))
    found, seen = result(sim, w, tracing=True)
    # The shorter way of a machine without a trace leads to the same.
    assert result(sim, w, tracing=False)[0] == found
    return found, seen


def result(sim: ModuleType, w: World, *, tracing: bool) -> tuple[int, list[str]]:
    m = sim.Machine(sim.MachineFacts(fact=w.values["fact"]), tracing=tracing)
    for name, value in w.registers.items():
        m.poke(m.registers[name], value)
    vcpu = sim.Vcpu(small=w.slots["small"], flag=w.slots["flag"])
    vcpu.array[:] = w.slots["array"]
    vcpu.facts.level = w.values["level"]
    asked = []

    def ask(m: object, value: int) -> int:
        asked.append(value)
        return (value * 3 + 1) % (1 << 32)

    m.externs["ask"] = ask
    found = sim.f(m, vcpu, *(w.values[n] for n in PARAMS))
    seen = []
    for event in m.trace:
        match str(event.kind):
            case "read":
                seen.append(f"read {event.what}")
            case "call":
                seen.append(f"call ask {asked.pop(0)}")
    return found, seen


ANY = st.sampled_from(TYPES).flatmap(lambda type: numbers(type, 4)) | truths(4)


@settings(max_examples=400, deadline=None)
@given(ANY, worlds())
def test_generated_code_computes_what_the_ir_says(e: x.Expr, w: World) -> None:
    expected = evaluate(e, w)
    found, seen = run(e, w)
    assert found == expected
    assert type(found) is (bool if isinstance(e.type, Bool) else int)
    assert seen == w.seen


def body(e: x.Expr) -> str:
    text = unformatted(program(e))
    return text[text.index("    return ", text.index("def traced_f(")) :].splitlines()[0].strip()


def q() -> x.Expr:
    return x.Var("q", U32, SPAN)


def small() -> x.Expr:
    return x.ReadSlot(SMALL, "vcpu", None, SPAN)


def binary(op: str, left: x.Expr, right: x.Expr) -> x.Expr:
    compares = op in COMPARE or op in ("and", "or", "implies")
    return x.Binary(op, left, right, BOOL if compares else left.type, SPAN)  # type: ignore[arg-type]


READABLE = [
    # A mask stands where it matters, once, and nowhere else.
    (binary("+", q(), const(1)), "(q + 1) & 0xffffffff"),
    (binary("+", small(), const(1)), "vcpu.small + 1"),
    (binary("*", binary("-", q(), const(1)), q()), "((q - 1) * q) & 0xffffffff"),
    (x.Cast(binary("+", q(), const(1)), Int(8), SPAN), "(q + 1) & 0xff"),
    (x.Cast(small(), INT, SPAN), "vcpu.small"),
    (x.Cast(q(), INT, SPAN), "signed(q, 32)"),
    (binary("<<", const(1), small()), "1 << vcpu.small"),
    (binary("<<", const(1), q()), "shift_left(1, q, 32) & 0xffffffff"),
    (binary(">>", q(), const(4)), "q >> 4"),
    # Conditions read like those of a person.
    (x.Not(x.Truth(q(), SPAN), SPAN), "q == 0"),
    (x.Not(binary("==", q(), const(3)), SPAN), "q != 3"),
    (
        binary("or", x.Truth(small(), SPAN), x.Not(x.Test(FACT, None, SPAN), SPAN)),
        "vcpu.small != 0 or not m.facts.fact",
    ),
    (
        binary("implies", x.Test(FACT, None, SPAN), x.Truth(q(), SPAN)),
        "not m.facts.fact or q != 0",
    ),
    (
        x.Extract(x.ReadRegister(REGISTER, None, SPAN), REGISTER, FIELDS[1], None, U32, SPAN),
        "R_B.get(m.read(R, at='t:1:1'))",
    ),
    (
        x.Insert(q(), REGISTER, FIELDS[1], None, x.Const(64, Int(7), SPAN, "Half"), U32, SPAN),
        "R_B.set(q, R_B_Half)",
    ),
    (
        x.Every("i", const(0), const(3), binary("==", x.Var("i", U32, SPAN), q()), SPAN),
        "all(i == q for i in range(4))",
    ),
]


@pytest.mark.parametrize(("e", "text"), READABLE, ids=[t for _, t in READABLE])
def test_generated_expressions_read_well(e: x.Expr, text: str) -> None:
    assert body(e) == f"return {text}"


def variable(name: str) -> x.Expr:
    return x.Var(name, PARAMS[name], SPAN)


ALL_ONES = World(
    {"p": 7, "q": U32.greatest, "r": U64.greatest, "s": -1, "t": -1, "b": True, "fact": True}
    | {"level": 7},
    dict.fromkeys(("R", "B1", "B2", "B3"), U64.greatest),
    {"small": 5, "flag": True, "array": [-1, -1, -1]},
)
EDGES = [
    # Bits beyond a number's own width are not there for a field to find.
    x.Extract(x.Cast(variable("r"), U32, SPAN), REGISTER, FIELDS[3], None, U64, SPAN),
    x.Extract(x.Cast(variable("s"), U64, SPAN), REGISTER, FIELDS[3], None, U64, SPAN),
    x.Extract(variable("s"), REGISTER, FIELDS[3], None, U64, SPAN),
    x.Extract(variable("r"), REGISTER, FIELDS[3], None, Int(8), SPAN),
    # Nor for one to be put in.
    x.Insert(const(0), REGISTER, FIELDS[3], None, variable("r"), U32, SPAN),
    x.Insert(variable("s"), REGISTER, FIELDS[1], None, const(0), INT, SPAN),
    x.Insert(const(0, INT), REGISTER, FIELDS[3], None, variable("r"), INT, SPAN),
    # A shift by the width gives 0, whatever the sign.
    *(
        binary(op, variable(name), const(by))
        for op in ("<<", ">>")
        for name in ("p", "q", "r", "s", "t")
        for by in (0, 1, 2, 3, 31, 32, 63, 64, 65, U32.greatest)
    ),
    binary("<<", variable("s"), variable("s")),
    binary(">>", variable("s"), variable("s")),
    # Wrapping.
    *(binary(op, variable(n), variable(n)) for op in ("+", "*") for n in ("p", "q", "r", "s", "t")),
    *(binary("-", const(0, PARAMS[n]), variable(n)) for n in ("p", "q", "r", "s", "t")),
    *(x.Cast(variable(n), to, SPAN) for n in ("p", "q", "r", "s", "t", "b") for to in TYPES),
]


@pytest.mark.parametrize("e", EDGES, ids=lambda e: str(EDGES.index(e)))
def test_edges(e: x.Expr) -> None:
    assert run(e, ALL_ONES)[0] == evaluate(e, ALL_ONES)
