"""Random sequences as IR: what the comparison of compiled C with the IR's meaning is made on.

Shifts by a variable amount stay below the width (the IR has 0 beyond, C has nothing: the backend
writes the shift as it stands); by a constant they may be any.  What C evaluates only under a
condition makes at most one access, for more of them are a finding (there is no place in C to put
them in order).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.program import Program
from dsl.ir.shapes import Register
from dsl.ir.types import BOOL, INT, U8, U16, U32, U64, Bool, Handle, Int, Type
from dsl.resolve.hints import StatementLayout
from dsl.resolve.workspace import Workspace
from dsl.source import Source, Span

#: Two plain registers, one of 32 bits, a bank with accessors and one without, every kind of slot.
MODULE = """
platform toy "the registers of this test"
register A : 64 { G [0] A1 [3:1] F [7:4] A8 [22:8] H [30:23] A31 [59:31] T [63:60] }
register B : 64 { P<n> for n in 0..15 [n + 16] Q<n> for n in 0..3 [4 * n + 3 : 4 * n] B32 [63:32] }
register W : 32 { L [3:0] W4 [30:4] M [31] }
register K<n> for n in 0..3 : 64 { K0 [7:0] V [40:8] K41 [63:41] }
register L<n> for n in 2..5 : 64 { K0 [7:0] V [40:8] K41 [63:41] }

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

sequence helper(vcpu, a : u32, b : u8) -> u32 {
    W <- a ^ s32
    s32 <- a + b
    few <- 3
    return W - b
}
sequence pure(a : u16, b : int) -> u8 { return a - b }
sequence l_read(n : int) -> u64 { return L<n> }
sequence l_write(v : u64, n : int) { L<n> <- v }

dialect c for c {
    type vcpu is "struct vcpu *"
    read register is "rd(R_$register)"
    write register is "wr($value, R_$register)"
    read L<n> is "l_read($n)"
    write L<n> is "l_write($value, $n)"
    op unreachable is "__builtin_unreachable()"
    op bit is "BIT($n)"
    op bits is "GENMASK($high, $low)"
    op insert is "FIELD_PREP($mask, $value)"
    B.Q<n> is "(0xfULL << 4 * ($n))"
    local box : "struct box *" is "&$vcpu->box"
    local s16 : "u64" is "box->s16"
    local few : "u8" is "$vcpu->box.few"
    fact is "fact & 0x30"
    now is "test_now()"
    file "t.c" holds helper, pure, l_*, f* { }
    in f*[EXTRACT] { op extract is "FIELD_GET($mask, $value)" }
}
""".replace("f*[EXTRACT]", "f*1, f*3, f*5, f*7, f*9")

PARAMS: tuple[tuple[str, Type], ...] = (
    ("vcpu", Handle("vcpu")),
    ("p8", U8),
    ("p16", U16),
    ("p32", U32),
    ("p64", U64),
    ("pi", INT),
    ("pb", BOOL),
)
_WIDE = (U32, U64, INT)
_STORED = (U8, U16, U32, U64, INT)
_EDGES = (0, 1, 2, 5, 0x7F, 0xFF, 0x8000, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 40, (1 << 64) - 1, -1, -7)
#: Some are words of C, or locals of the dialect, or what the backend would call a local.
_NAMES = ("a", "b", "c", "val", "few", "default", "d2", "d")


@dataclass
class Scope:
    """What can be named: locals of each type, labels around, how often an access may be made."""

    names: dict[str, Type]
    labels: tuple[str, ...] = ()
    #: Those of the names that can be given another value.
    lets: frozenset[str] = frozenset()


@dataclass
class Generator:
    """Makes sequences; ``hints`` are their layouts, by the places that they are given."""

    program: Program
    random: Random
    source: Source = field(default_factory=lambda: Source("g.vgs", " " * 1_000_000, "g"))
    hints: dict[int, StatementLayout] = field(default_factory=dict)
    at: int = 0
    #: How many accesses an expression may still make; None where C keeps any number in order.
    left: int | None = None
    #: Whether calls may stand in an expression.
    calls: bool = True
    #: What the sequence returns.
    result: Int | None = U64
    loops: int = 0

    def span(self) -> Span:
        self.at += 1
        return Span(self.source, self.at, self.at)

    def sequence(self, name: str) -> s.Sequence:
        params = tuple(s.Param(n, t, None, self.span()) for n, t in PARAMS)
        # Some return nothing: leaving their last block is returning.
        self.result = U64 if self.random.random() < 0.7 else None
        signature = s.Signature(name, params, self.result, None, self.span())
        if self.random.random() < 0.2:
            self.hints[signature.span.start] = StatementLayout(locals=("b", "val", "a", "i"))
        scope = Scope({n: t for n, t in PARAMS if not isinstance(t, Handle)})
        body = self.body(scope, self.random.randint(2, 6), 3)
        if self.result is not None:
            body = (*body, self.returned(scope))
        return s.Sequence(s.Kind.SEQUENCE, signature, None, body, ())

    # ---- statements

    def body(self, scope: Scope, count: int, depth: int) -> s.Body:
        inner = Scope(dict(scope.names), scope.labels, scope.lets)
        made: list[s.Statement] = []
        for _ in range(count):
            if self.random.random() < 0.1:
                made += self.declared(inner)
            elif inner.lets and self.random.random() < 0.2:
                made.append(self.assigned(inner))
            else:
                made.append(self.statement(inner, depth))
        if depth < 3 and self.random.random() < 0.2:
            made.append(self.jump(inner))
        return tuple(made)

    def jump(self, scope: Scope) -> s.Statement:
        if scope.labels and self.random.random() < 0.7:
            return s.Leave(self.random.choice(scope.labels), (), self.span())
        return self.returned(scope)

    def returned(self, scope: Scope) -> s.Return:
        if self.result is None:
            return s.Return(None, (), self.span())
        value: x.Expr = self.number(scope, self.random.choice((*_STORED, U64)), 3)
        if value.type != U64:
            value = x.Cast(value, U64, self.span())
        return s.Return(value, (), self.hinted())

    def hinted(self, changes: int = 0) -> Span:
        """A place, perhaps with a local that a value, or so many changes, go through."""
        span = self.span()
        if self.random.random() < (0.5 if changes else 0.15):
            name = self.random.choice(("val", "tmp", "a", "box"))
            steps = tuple(i for i in range(changes) if self.random.random() < 0.6)
            self.hints[span.start] = StatementLayout(via=name, steps=steps)
        return span

    def statement(self, scope: Scope, depth: int) -> s.Statement:
        kinds = ["let", "let", "write", "update", "slot", "slot", "update slot", "call"]
        if depth:
            kinds += ["if", "if", "match", "block"] + (["each"] if self.loops < 2 else [])
        kind = self.random.choice(kinds)
        match kind:
            case "let":
                return self.let(scope)
            case "write" | "update":
                return self.register_statement(scope, kind)
            case "slot" | "update slot":
                return self.slot_statement(scope, kind)
            case "call":
                return s.Perform(self.call(scope, 2), (), self.span())
            case "if":
                arms = tuple(
                    s.Arm(self.truth(scope, 2), self.inner(scope, depth), (), self.span())
                    for _ in range(self.random.choice((1, 1, 2, 3)))
                )
                otherwise = self.inner(scope, depth) if self.random.random() < 0.5 else None
                return s.If(arms, otherwise, (), self.span())
            case "match":
                return self.match(scope, depth)
            case "block":
                label = f"out{self.random.randint(0, 1)}"
                labels = (*scope.labels, label) if label not in scope.labels else scope.labels
                inner = Scope(scope.names, labels, scope.lets)
                body = self.body(inner, self.random.randint(1, 3), depth - 1)
                if label in scope.labels:
                    return s.If(
                        (s.Arm(self.truth(scope, 1), body, (), self.span()),), None, (), self.span()
                    )
                return s.Labelled(label, body, (), self.span())
            case _:
                return self.each(scope, depth)

    def inner(self, scope: Scope, depth: int) -> s.Body:
        return self.body(scope, self.random.randint(0, 3), depth - 1)

    def let(self, scope: Scope) -> s.Let:
        type_ = self.random.choice((*_STORED, BOOL))
        free = [
            n for n in ("a", "b", "c", "val", "few", "default", "d2", "d") if n not in scope.names
        ]
        name = self.random.choice(free or [f"v{self.at}"])
        value = self.truth(scope, 3) if type_ == BOOL else self.stored(scope, type_)
        scope.names[name] = type_
        scope.lets |= {name}
        return s.Let(name, type_, value, (), self.hinted())

    def declared(self, scope: Scope) -> list[s.Statement]:
        """A local without a value, and its value."""
        let = self.let(scope)
        assert let.value is not None
        return [
            s.Let(let.name, let.type, None, (), self.span()),
            s.Assign(let.name, let.type, let.value, (), let.span),
        ]

    def assigned(self, scope: Scope) -> s.Assign:
        """Another value for a local: any, one made of its own, or with fields changed."""
        name = self.random.choice(sorted(scope.lets))
        type_ = scope.names[name]
        value = self.stored(scope, type_)
        if isinstance(type_, Int) and self.random.random() < 0.6:
            own = x.Var(name, type_, self.span())
            wide = type_ if type_ in _WIDE else U32
            left: x.Expr = own if wide == type_ else x.Cast(own, wide, self.span())
            op = self.random.choice(("+", "-", "*", "&", "|", "^", "<<", ">>"))
            right = self.number(scope, wide, 2)
            if op in ("<<", ">>"):
                right = x.Const(self.random.choice((0, 1, 7, 8, 15, 31)), U32, self.span())
            value = x.Binary(op, left, right, wide, self.span())
            if wide != type_:
                value = x.Cast(value, type_, self.span())
        elif type_ == U64:
            register = self.program.registers[self.random.choice(("A", "B"))]
            value = x.Var(name, U64, self.span())
            for change in self.changes(scope, register):
                at = change.field, change.index
                value = x.Insert(value, register, *at, change.value, U64, self.span())
        return s.Assign(name, type_, value, (), self.hinted())

    def stored(self, scope: Scope, type: Type) -> x.Expr:
        """A number of any type, converted."""
        if isinstance(type, Bool):
            return self.truth(scope, 3)
        assert isinstance(type, Int)
        value = self.number(scope, self.random.choice(_STORED), 3)
        return value if value.type == type else x.Cast(value, type, self.span())

    def register_statement(self, scope: Scope, kind: str) -> s.Statement:
        register, index = self.place(scope)
        if kind == "write":
            value = self.stored(scope, register.type)
            return s.WriteRegister(register, index, value, (), self.hinted())
        changes = self.changes(scope, register)
        return s.UpdateRegister(register, index, changes, (), self.hinted(len(changes)))

    def slot_statement(self, scope: Scope, kind: str) -> s.Statement:
        slots = self.program.slots
        if kind == "update slot":
            slot = slots[self.random.choice(("like_a", "like_w"))]
            assert slot.link is not None
            view = slot.link.register.register
            changes = self.changes(scope, view)
            span = self.hinted(len(changes))
            return s.UpdateSlot(slot, view, "vcpu", None, changes, (), span)
        names = ["s8", "s16", "s32", "s64", "si", "sb", "arr", "like_a"]
        slot = slots[self.random.choice(names)]
        index = self.index(scope, 4) if slot.length else None
        return s.WriteSlot(slot, "vcpu", index, self.stored(scope, slot.type), (), self.hinted())

    def changes(self, scope: Scope, register: Register) -> tuple[s.Change, ...]:
        made = []
        for _ in range(self.random.choice((1, 1, 2, 3))):
            f = self.random.choice(register.fields)
            index = self.index(scope, f.count) if f.count else None
            kind = Int(f.width)
            value: x.Expr = x.Const(self.random.choice((0, kind.mask)), kind, self.span())
            if self.random.random() < 0.6:
                value = x.Cast(
                    self.number(scope, self.random.choice(_STORED), 2), kind, self.span()
                )
            made.append(s.Change(f, index, value))
        return tuple(made)

    def match(self, scope: Scope, depth: int) -> s.Switch:
        values = sorted(self.random.sample(range(6), self.random.randint(1, 3)), reverse=True)
        cases = tuple(s.Case(v, self.inner(scope, depth), self.span()) for v in values)
        three = x.Const(7, U32, self.span())
        by = x.Binary("&", self.number(scope, U32, 2), three, U32, self.span())
        otherwise = self.inner(scope, depth) if self.random.random() < 0.7 else None
        return s.Switch(by, self.random.random() < 0.5, cases, otherwise, (), self.span())

    def each(self, scope: Scope, depth: int) -> s.Loop:
        inner = Scope(dict(scope.names), scope.labels, scope.lets)
        free = [n for n in ("i", "j", "a", "n") if n not in scope.names]
        var = self.random.choice(free or [f"v{self.at}"])
        low = self.random.choice((0, 0, 1, -2))
        high: x.Expr = x.Const(self.random.randint(-1, 3), INT, self.span())
        if self.random.random() < 0.5:
            few = x.Binary(
                "&", self.number(scope, INT, 2), x.Const(3, INT, self.span()), INT, self.span()
            )
            high = few
        self.loops += 1
        inner.names[var] = INT
        body = self.body(inner, self.random.randint(1, 3), depth - 1)
        self.loops -= 1
        inclusive = self.random.random() < 0.5
        first = x.Const(low, INT, self.span())
        return s.Loop(var, INT, first, high, inclusive, body, (), self.span())

    # ---- expressions

    def spend(self) -> bool:
        """Whether one more access may be made here."""
        if self.left is None:
            return True
        self.left -= 1
        return self.left >= 0

    def place(self, scope: Scope) -> tuple[Register, x.Expr | None]:
        register = self.program.registers[self.random.choice(("A", "B", "W", "K<n>", "L<n>"))]
        if not register.banked:
            return register, None
        return register, self.index(scope, register.count, register.first)

    def index(self, scope: Scope, count: int, first: int = 0) -> x.Expr:
        """A number in range: a constant, or a variable cut off; ``count`` is a power of two."""
        names = [n for n, t in scope.names.items() if t in (INT, U32)]
        if not names or first or self.random.random() < 0.4:
            return x.Const(first + self.random.randrange(count), INT, self.span())
        name = self.random.choice(names)
        kind = scope.names[name]
        assert isinstance(kind, Int)
        var = x.Var(name, kind, self.span())
        return x.Binary("&", var, x.Const(count - 1, kind, self.span()), kind, self.span())

    def number(self, scope: Scope, type: Int, depth: int) -> x.Expr:
        """An expression of one type."""
        if type not in _WIDE or depth == 0 or self.random.random() < 0.15:
            return self.leaf(scope, type, depth)
        kind = self.random.choice(
            ("op", "op", "op", "shift", "cast", "cast", "field", "leaf", "call")
        )
        match kind:
            case "op":
                op = self.random.choice("+-*&|^~")
                if op == "~":
                    ones = x.Const(-1 if type.signed else type.mask, type, self.span())
                    return x.Binary(
                        "^", self.number(scope, type, depth - 1), ones, type, self.span()
                    )
                sides = self.number(scope, type, depth - 1), self.number(scope, type, depth - 1)
                return x.Binary(op, *sides, type, self.span())
            case "shift":
                left = self.number(scope, type, depth - 1)
                op = self.random.choice(("<<", ">>"))
                by: x.Expr = x.Const(
                    self.random.choice((0, 1, 8, 31, 32, 40, 63, 64, 70)), U32, self.span()
                )
                if self.random.random() < 0.5:
                    most = x.Const(type.width - 1, U32, self.span())
                    by = x.Binary("&", self.number(scope, U32, depth - 1), most, U32, self.span())
                return x.Binary(op, left, by, type, self.span())
            case "cast":
                inner = self.number(scope, self.random.choice(_STORED), depth - 1)
                return inner if inner.type == type else x.Cast(inner, type, self.span())
            case "field" if type != INT:
                return self.extract(scope, type)
            case "call" if self.calls and self.spend():
                made: x.Expr = self.call(scope, depth - 1)
                return made if made.type == type else x.Cast(made, type, self.span())
            case _:
                return self.leaf(scope, type, depth)

    def leaf(self, scope: Scope, type: Int, depth: int) -> x.Expr:
        names = [n for n, t in scope.names.items() if t == type]
        if names and self.random.random() < 0.5:
            return x.Var(self.random.choice(names), type, self.span())
        slots = {U8: ["s8"], U16: ["s16"], U32: ["s32", "few", "arr", "like_w"]}
        slots |= {U64: ["s64", "like_a"], INT: ["si"]}
        if self.random.random() < 0.3:
            slot = self.program.slots[self.random.choice(slots[type])]
            index = self.index(scope, 4) if slot.length else None
            read = x.ReadSlot(slot, "vcpu", index, self.span())
            return read if slot.type == type else x.Cast(read, type, self.span())
        if type in (U32, U64) and self.random.random() < 0.4 and self.spend():
            if type == U32:
                return x.ReadRegister(self.program.registers["W"], None, self.span())
            if self.left is None or self.left > 0:
                register, index = self.place(scope)
                if register.width == 64 and (self.left is None or index is None):
                    return x.ReadRegister(register, index, self.span())
        edges = (
            0,
            1,
            2,
            5,
            0x7F,
            0xFF,
            0x8000,
            0x7FFFFFFF,
            0xFFFFFFFF,
            1 << 40,
            (1 << 64) - 1,
            -1,
            -7,
        )
        fitting = [e for e in edges if type.holds(e)]
        return x.Const(self.random.choice(fitting), type, self.span())

    def extract(self, scope: Scope, type: Int) -> x.Expr:
        register = self.program.registers["A" if self.random.random() < 0.5 else "B"]
        f = self.random.choice(register.fields)
        index = self.index(scope, f.count) if f.count else None
        inner = self.number(scope, U64, 1)
        if self.random.random() < 0.3:
            new = x.Const(self.random.randrange(1 << f.width), Int(f.width), self.span())
            inner = x.Insert(inner, register, f, index, new, U64, self.span())
        made = x.Extract(inner, register, f, index, U64, self.span())
        return made if type == U64 else x.Cast(made, type, self.span())

    def call(self, scope: Scope, depth: int) -> x.Call:
        name = self.random.choice(("helper", "pure"))
        signature = self.program.sequences[name].signature
        before, self.calls = self.calls, False
        args: list[x.Expr] = []
        for param in signature.params:
            if isinstance(param.type, Handle):
                args.append(x.Var("vcpu", param.type, self.span()))
            else:
                assert isinstance(param.type, Int)
                value = self.number(scope, self.random.choice(_STORED), depth)
                args.append(
                    value if value.type == param.type else x.Cast(value, param.type, self.span())
                )
        self.calls = before
        return x.Call(name, tuple(args), False, signature.result, self.span())

    def truth(self, scope: Scope, depth: int) -> x.Expr:
        kind = self.random.choice(("compare", "compare", "logic", "not", "nonzero", "leaf", "same"))
        if depth == 0:
            kind = "leaf"
        match kind:
            case "compare":
                type_ = self.random.choice(_WIDE)
                op = self.random.choice(("==", "!=", "<", "<=", ">", ">="))
                left = self.number(scope, type_, depth - 1)
                right = self.number(scope, type_, depth - 1)
                if self.random.random() < 0.3:
                    right = x.Const(0, type_, self.span())
                return x.Binary(op, left, right, BOOL, self.span())
            case "same":
                op = self.random.choice(("==", "!="))
                sides = self.truth(scope, depth - 1), self.truth(scope, depth - 1)
                return x.Binary(op, *sides, BOOL, self.span())
            case "logic":
                op = self.random.choice(("and", "or", "implies"))
                left = self.truth(scope, depth - 1)
                before, self.left = self.left, min(1, 1 if self.left is None else self.left)
                calls, self.calls = self.calls, False
                right = self.truth(scope, depth - 1)
                self.left, self.calls = before, calls
                return x.Binary(op, left, right, BOOL, self.span())
            case "not":
                return x.Not(self.truth(scope, depth - 1), self.span())
            case "nonzero":
                return x.Truth(
                    self.number(scope, self.random.choice(_STORED), depth - 1), self.span()
                )
        names = [n for n, t in scope.names.items() if t == BOOL]
        pick = self.random.random()
        if pick < 0.25:
            return x.Test(self.program.conditions["fact"], None, self.span())
        if pick < 0.45 and self.spend():
            return x.Test(self.program.conditions["now"], "vcpu", self.span())
        if pick < 0.6:
            return x.ReadSlot(self.program.slots["sb"], "vcpu", None, self.span())
        return x.Var(self.random.choice(names), BOOL, self.span())


def base() -> tuple[Program, Workspace]:
    """The program that the sequences are added to."""
    workspace = Workspace()
    loaded = workspace.load_text(MODULE, "t")
    assert loaded is not None
    assert [f for f in workspace.found if f.code != "VGS023"] == []
    return workspace.program(loaded), workspace


def test_a_seed_says_which_sequences() -> None:
    program, _ = base()
    made = [Generator(program, Random(7)).sequence("f1") for _ in range(2)]
    assert repr(made[0]) == repr(made[1])
