"""What each construct of the language resolves to, by example."""

from __future__ import annotations

import pytest
from helpers import TIMER, body, codes, module

from dsl.diagnostics.base import Severity
from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.dump import dump_expr
from dsl.ir.platform import OnlyWhile, Precedes, RegisterRef, VisibleTo
from dsl.ir.shapes import LinkKind, Period
from dsl.ir.types import BOOL, INT, U8, U32, U64, Handle, Int
from dsl.ir.walk import inside
from dsl.resolve.conversions import known
from dsl.resolve.workspace import Workspace


def value(expression: str, type: str = "u64") -> str:
    """The IR of an expression that is given to a `let`."""
    let = body(f"let y : {type} = {expression} warn if y", "sequence f(vcpu, p : u64, q : u32)")[0]
    assert isinstance(let, s.Let)
    return dump_expr(let.value)


# ---- numbers and conversions


@pytest.mark.parametrize(
    ("expression", "type", "ir"),
    [
        ("7", "u8", "Const(value=7, type=u8, name='')"),
        ("p", "u64", "Var(name='p', type=u64, view=None)"),
        ("q", "u64", "Cast(value=Var(name='q', type=u32, view=None), type=u64)"),
        ("p", "u32", "Cast(value=Var(name='p', type=u64, view=None), type=u32)"),
        ("p", "bool", "Truth(operand=Var(name='p', type=u64, view=None))"),
        ("vhe", "bool", "Test(condition=vhe, base=None)"),
        ("masked", "bool", "Test(condition=masked, base='vcpu')"),
        ("cval", "u64", "ReadSlot(slot=cval, base='vcpu', index=None)"),
        ("vcpu.cval", "u64", "ReadSlot(slot=cval, base='vcpu', index=None)"),
        ("timer.cval", "u64", "ReadSlot(slot=cval, base='vcpu', index=None)"),
        (
            "bvr[2]",
            "u64",
            "ReadSlot(slot=bvr, base='vcpu', index=Const(value=2, type=int, name=''))",
        ),
        (
            "DBGBVR<2>_EL1",
            "u64",
            "ReadRegister(register=DBGBVR<n>_EL1, index=Const(value=2, type=int, name=''))",
        ),
        (
            "DBGBVR2_EL1",
            "u64",
            "ReadRegister(register=DBGBVR<n>_EL1, index=Const(value=2, type=int, name=''))",
        ),
    ],
)
def test_a_value_and_its_conversion(expression: str, type: str, ir: str) -> None:
    assert value(expression, type) == ir


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("p + q", U64),
        ("q + 1", U32),
        ("1 + 1", INT),
        ("1 << 4", INT),
        ("q << p", U32),
        ("p == q", BOOL),
        ("q < 0xffff_ffff", BOOL),
        ("not q", BOOL),
        ("CNTV_CTL_EL0.ENABLE", U32),
        ("CNTV_CVAL_EL0.Value", U64),
        ("every n in 0..3: (DBGBVR<n>_EL1 == 0)", BOOL),
        ("CNTV_CTL_EL0 with IMASK = 1", U32),
    ],
)
def test_the_type_of_an_expression(expression: str, kind: object) -> None:
    let = body(f"let y = {expression} warn if y", "sequence f(p : u64, q : u32)")[0]
    assert isinstance(let, s.Let)
    assert let.type == kind


def test_a_literal_takes_the_type_of_what_is_beside_it() -> None:
    assert value("p + 1") == (
        "Binary(op='+', left=Var(name='p', type=u64, view=None), "
        "right=Const(value=1, type=u64, name=''), type=u64)"
    )


def test_both_operands_are_converted_to_one_type() -> None:
    assert value("p + q") == (
        "Binary(op='+', left=Var(name='p', type=u64, view=None), "
        "right=Cast(value=Var(name='q', type=u32, view=None), type=u64), type=u64)"
    )


def test_integers_are_truth_values_where_a_condition_stands() -> None:
    assert value("p and not q", "bool") == (
        "Binary(op='and', left=Truth(operand=Var(name='p', type=u64, view=None)), "
        "right=Not(operand=Truth(operand=Var(name='q', type=u32, view=None))), type=bool)"
    )


# ---- fields


def test_a_field_of_a_register_is_a_read_and_an_extract() -> None:
    assert value("CNTV_CTL_EL0.IMASK", "u32") == (
        "Extract(value=ReadRegister(register=CNTV_CTL_EL0, index=None), "
        "register=CNTV_CTL_EL0, field=IMASK, index=None, type=u32)"
    )


def test_with_changes_one_field_of_a_value() -> None:
    assert value("ctl with IMASK = 1", "u32") == (
        "Insert(value=ReadSlot(slot=ctl, base='vcpu', index=None), register=CNTV_CTL_EL0, "
        "field=IMASK, index=None, new=Const(value=1, type=u1, name=''), type=u32)"
    )


@pytest.mark.parametrize(
    ("written", "kind", "bits"),
    [
        ("q & ~1", "u64", -2),
        ("~0", "u64", -1),
        ("p & ~0xf0", "u32", -0xF1),
        ("~1", "u8", 0xFE),
        ("q & ~(1 << 3)", "u64", -9),
    ],
)
def test_a_number_turned_round_has_as_many_bits_as_what_it_is_for(
    written: str, kind: str, bits: int
) -> None:
    head = f"sequence f(q : u64, p : u32) -> {kind}"
    (returned,) = body(f"return {written}", head)
    assert isinstance(returned, s.Return)
    assert returned.value is not None
    found = [e for e in inside(returned.value) if isinstance(e, x.Binary) and e.op == "^"]
    mask = (1 << int(kind[1:])) - 1
    if found:
        (turned,) = found
        assert (turned.type, known(turned)) == (Int(int(kind[1:])), bits & mask)
    else:
        assert known(returned.value) == bits


def test_a_number_has_the_fields_of_the_register_it_is_written_to() -> None:
    expected = (
        "Insert(value=Const(value=2, type=u32, name=''), register=CNTV_CTL_EL0, "
        "field=IMASK, index=None, new=Const(value=1, type=u1, name=''), type=u32)"
    )
    (write,) = body("CNTV_CTL_EL0 <- 2 with IMASK = 1")
    assert isinstance(write, s.WriteRegister)
    assert dump_expr(write.value) == expected
    (store,) = body("ctl <- 2 with IMASK = 1")
    assert isinstance(store, s.WriteSlot)
    assert dump_expr(store.value) == expected
    let, _ = body("let c : CNTV_CTL_EL0 = 2 with IMASK = 1 cval <- c")
    assert isinstance(let, s.Let)
    assert dump_expr(let.value) == expected
    _, change, _ = body("let c = CNTV_CTL_EL0 c <- 2 with IMASK = 1 cval <- c")
    assert isinstance(change, s.Assign)
    assert dump_expr(change.value) == expected
    (back,) = body("return 2 with IMASK = 1", "sequence f() -> CNTV_CTL_EL0")
    assert isinstance(back, s.Return)
    assert back.value is not None
    assert dump_expr(back.value) == expected


def test_a_local_keeps_the_fields_of_the_register_it_was_read_from() -> None:
    _, write = body("let c = CNTV_CTL_EL0 cval <- c.ENABLE")
    assert isinstance(write, s.WriteSlot)
    assert dump_expr(write.value) == (
        "Cast(value=Extract(value=Var(name='c', type=u32, view=CNTV_CTL_EL0), "
        "register=CNTV_CTL_EL0, field=ENABLE, index=None, type=u32), type=u64)"
    )


def test_a_register_is_a_type() -> None:
    made = module("sequence f(c : CNTV_CTL_EL0) -> CNTV_CTL_EL0 { return c with IMASK = 1 }")
    (param,) = made.sequences[0].signature.params
    assert (param.type, param.view.name) == (U32, "CNTV_CTL_EL0")
    assert made.sequences[0].signature.view == param.view


FAMILY = """
register PMOVSCLR_EL0 : 32 { P<n> for n in 0..15 [2 * n + 1 : 2 * n] }
register PMCR_EL0 : 8 {
    MODE [1:0] reset 2 { Off = 0, Once = 1, Always = 2 }
    ON   [2] = MODE != Off
    BITS [5:3] becomes BITS & 3 when MODE == Always
    res0 [6]
    res1 [7]
    derive on_or_once = ON or MODE == Once
}
"""


def test_a_family_of_fields() -> None:
    made = module(FAMILY, after="")
    (family,) = made.registers[0].fields
    assert (family.low, family.width, family.first, family.count, family.stride) == (0, 2, 0, 16, 2)
    assert family.mask == 0xFFFF_FFFF


def test_an_element_of_a_family_is_an_extract_with_an_index() -> None:
    made = module(FAMILY + "sequence f(i : u32) -> u32 { return PMOVSCLR_EL0.P<i> }", after="")
    (ret,) = made.sequences[0].body
    assert dump_expr(ret.value) == (
        "Extract(value=ReadRegister(register=PMOVSCLR_EL0, index=None), register=PMOVSCLR_EL0, "
        "field=P<n>, index=Var(name='i', type=u32, view=None), type=u32)"
    )


def test_enumerators_reset_legal_and_computed_fields() -> None:
    made = module(FAMILY, after="")
    register = made.registers[1]
    assert [(f.name, f.reset, f.computed) for f in register.fields] == [
        ("MODE", 2, False),
        ("ON", None, True),
        ("BITS", None, False),
    ]
    assert (register.res0, register.res1, register.reset) == (0x40, 0x80, 0x82)
    (legal,) = made.legalisations
    assert dump_expr(legal.condition) == (
        "Binary(op='==', left=Extract(value=Written(register=PMCR_EL0), register=PMCR_EL0, "
        "field=MODE, index=None, type=u32), right=Const(value=2, type=u32, name='Always'), "
        "type=bool)"
    )
    (computed,) = made.computed
    assert (computed.field.name, computed.value.type) == ("ON", BOOL)
    (derived,) = made.derived
    assert (derived.name, derived.value.type) == ("on_or_once", BOOL)


def test_a_derived_function_of_a_read() -> None:
    made = module(FAMILY + "sequence f() -> bool { return PMCR_EL0.on_or_once }", after="")
    assert dump_expr(made.sequences[0].body[0].value) == (
        "Derive(value=ReadRegister(register=PMCR_EL0, index=None), register=PMCR_EL0, "
        "name='on_or_once', type=bool)"
    )


# ---- moves


def test_a_move_to_a_field_is_one_read_one_change_one_write() -> None:
    (update,) = body("CNTV_CTL_EL0.IMASK <- 1")
    assert isinstance(update, s.UpdateRegister)
    assert [(c.field.name, c.value.value) for c in update.changes] == [("IMASK", 1)]


def test_modify_makes_its_changes_in_order() -> None:
    (update,) = body("modify CNTV_CTL_EL0 { IMASK <- 1 ENABLE <- 0 IMASK <- 0 }")
    assert isinstance(update, s.UpdateRegister)
    assert [c.field.name for c in update.changes] == ["IMASK", "ENABLE", "IMASK"]


def test_a_field_of_a_slot_is_a_field_of_its_register() -> None:
    (update,) = body("ctl.IMASK <- 1")
    assert isinstance(update, s.UpdateSlot)
    assert (update.slot.name, update.view.name, update.base) == ("ctl", "CNTV_CTL_EL0", "vcpu")


def test_memory_keeps_what_a_register_would_refuse() -> None:
    (update,) = body("ctl.ISTATUS <- 1")
    assert isinstance(update, s.UpdateSlot)
    assert codes(f"{TIMER} sequence f(vcpu) {{ CNTV_CTL_EL0.ISTATUS <- 1 }}").count("VGS035") == 1


COPIES = [
    ("save cval", "cval <- CNTV_CVAL_EL0"),
    ("restore cval", "CNTV_CVAL_EL0 <- cval"),
    ("save bvr[2]", "bvr[2] <- DBGBVR<2>_EL1"),
    ("save ctl, cval", "ctl <- CNTV_CTL_EL0 cval <- CNTV_CVAL_EL0"),
    ("each i below used { restore bvr[i] }", "each i below used { DBGBVR<i>_EL1 <- bvr[i] }"),
    ("restore bvr", " ".join(f"DBGBVR<{i}>_EL1 <- bvr[{i}]" for i in range(4))),
]


@pytest.mark.parametrize(("copied", "written_out"), COPIES)
def test_save_and_restore_are_plain_moves(copied: str, written_out: str) -> None:
    assert [dump_expr(one) for one in body(copied)] == [dump_expr(one) for one in body(written_out)]


def test_a_bank_that_does_not_begin_at_zero() -> None:
    bank = """
        register APR<n>_EL2 for n in 2..5 : 32 { P [31:0] }
        context c of vcpu { apr[4] : u32 mirrors APR<n>_EL2 }
    """
    made = module(bank + "save f(vcpu, i : int) { save apr[0], apr[i] }", after="")
    first, second = made.sequences[0].body
    assert dump_expr(first.value.index) == "Const(value=2, type=int, name='')"
    assert dump_expr(second.value.index) == (
        "Binary(op='+', left=Var(name='i', type=int, view=None), "
        "right=Const(value=2, type=int, name=''), type=int)"
    )


def test_a_narrow_slot_cuts_off_and_fills_up() -> None:
    text = """
        register R : 64 { V [31:0] res0 [63:32] }
        context c of vcpu { r : u32 mirrors R }
        save out(vcpu) { save r }
        restore back(vcpu) undoes out { restore r }
    """
    out, back = module(text, after="").sequences
    assert dump_expr(out.body[0].value) == (
        "Cast(value=ReadRegister(register=R, index=None), type=u32)"
    )
    assert dump_expr(back.body[0].value) == (
        "Cast(value=ReadSlot(slot=r, base='vcpu', index=None), type=u64)"
    )


# ---- control


def test_a_chain_of_whens_is_one_if() -> None:
    (made,) = body("when vhe { ctl <- 0 } else when masked { ctl <- 1 } else { ctl <- 2 }")
    assert isinstance(made, s.If)
    assert [dump_expr(a.condition) for a in made.arms] == [
        "Test(condition=vhe, base=None)",
        "Test(condition=masked, base='vcpu')",
    ]
    assert made.otherwise is not None


def test_below_excludes_its_end_and_within_includes_it() -> None:
    below, within = body("each i below used { ctl <- 0 } each j in 1..3 { ctl <- 0 }")
    assert isinstance(below, s.Loop)
    assert isinstance(within, s.Loop)
    assert (below.var, below.inclusive, dump_expr(below.low)) == (
        "i",
        False,
        "Const(value=0, type=int, name='')",
    )
    assert (within.var, within.inclusive, dump_expr(within.high)) == (
        "j",
        True,
        "Const(value=3, type=int, name='')",
    )


def test_match_falls_or_does_not() -> None:
    (made,) = body("match used falling { 3 { ctl <- 3 } 1 { ctl <- 1 } else { ctl <- 0 } }")
    assert isinstance(made, s.Switch)
    assert (made.falling, [c.value for c in made.cases]) == (True, [3, 1])


def test_blocks_locks_barriers_and_calls() -> None:
    text = """
        lock timer_lock "guards the list"
        extern arm(vcpu, when_ : u64) -> int {
            writes used in 0..2 needs timer_lock ensures used <= 2
        }
        sequence f(vcpu) {
            block out { when masked { leave out } }
            holding timer_lock { warn if arm(vcpu, 3) }
            hypcall f2(vcpu)
            isb then dsb(ish) orders writes of CNTV_CTL_EL0 before DBGBVR<n>_EL1, DBGBVR<1>_EL1
        }
        sequence f2(v : vcpu) {}
    """
    made = module(text)
    out, hold, call, order = made.sequences[0].body
    assert (out.label, out.body[0].arms[0].body[0].label) == ("out", "out")
    assert (hold.lock.name, hold.base) == ("timer_lock", "vcpu")
    assert dump_expr(hold.body[0].condition) == (
        "Truth(operand=Call(callee='arm', args=[Var(name='vcpu', type=vcpu, view=None), "
        "Const(value=3, type=u64, name='')], hyp=False, type=int))"
    )
    assert (call.call.callee, call.call.hyp) == ("f2", True)
    assert [str(b) for b in order.barriers] == ["isb", "dsb(ish)"]
    assert (order.first.access, order.then.access) == ("writes", None)
    assert [t.name for t in order.then.targets] == ["DBGBVR<n>_EL1", "DBGBVR1_EL1"]
    effect, needs = made.externs[0].effects
    assert (effect.kind, effect.places[0].name, effect.low, effect.high) == ("writes", "used", 0, 2)
    assert effect.bits(effect.places[0]) is None
    assert needs.places[0].name == "timer_lock"
    assert [p.type for p in made.externs[0].signature.params] == [Handle("vcpu"), U64]


# ---- owners


def test_two_parameters_of_one_owner() -> None:
    made = module("sequence copy(from : vcpu, next : vcpu) { next.cval <- from.cval }")
    (move,) = made.sequences[0].body
    assert (move.base, move.value.base) == ("next", "from")


def test_a_context_of_a_context_has_the_same_owner() -> None:
    text = """
        context inner of outer { x : u8 }
        context outer of vm { y : u8 }
        sequence f(vm) { x <- y }
    """
    made = module(text, after="")
    assert [(c.name, c.owner, c.root) for c in made.contexts] == [
        ("outer", "vm", "vm"),
        ("inner", "outer", "vm"),
    ]
    assert made.sequences[0].body[0].base == "vm"


@pytest.mark.parametrize(
    ("condition", "root"),
    [
        ("per machine", None),
        ("per vm", "vcpu"),
        ("per trip", "vcpu"),
        ("= used > 1 per trip", "vcpu"),
        ("= masked and vhe per trip", "vcpu"),
        ("= vhe per trip", None),
        ("= every n in 0..3: (bvr[n] == 0) per trip", "vcpu"),
    ],
)
def test_whom_a_condition_is_about(condition: str, root: str | None) -> None:
    made = module(f"condition c {condition} extern e() {{ writes c }} sequence f() {{ e() }}")
    assert made.conditions[-1].root == root


def test_with_two_owners_a_condition_says_whom_it_is_about() -> None:
    text = """
        context one of vcpu { w : u8 }
        context other of vm { x : u8 }
        condition a, b of vm per vm
        condition c : 0..3 per trip
    """
    made = module(text + "extern e() { writes a, b, c } sequence f() { e() }", after="")
    assert [(c.name, c.root) for c in made.conditions[-3:]] == [
        ("a", "vm"),
        ("b", "vm"),
        ("c", None),
    ]


def test_conditions_of_a_range_are_numbers() -> None:
    made = module("condition level : 4..7 per vm sequence f(vcpu) { warn if level == 5 }")
    level = made.conditions[-1]
    assert (level.type, level.low, level.high, level.period) == (U32, 4, 7, Period.VM)


def test_slots() -> None:
    (context,) = module("").contexts
    assert [(c.name, c.type, c.length, c.low, c.high) for c in context.slots] == [
        ("ctl", U32, 0, None, None),
        ("cval", U64, 0, None, None),
        ("bvr", U64, 4, None, None),
        ("used", U32, 0, 0, 4),
        ("loaded", BOOL, 0, None, None),
    ]
    link = context.slots[2].link
    assert (link.kind, link.register.name) == (LinkKind.MIRRORS, "DBGBVR<n>_EL1")


# ---- the architecture


def test_groups_and_endpoints_name_each_other_in_any_order() -> None:
    text = """
        group ALL = guest, DBG
        endpoint guest "through memory" aliases DBG
        group DBG = DBGBVR<n>_EL1, CNTV_CTL_EL0
    """
    made = module(text)
    by_name = {g.name: [m.name for m in g.members] for g in made.groups}
    assert by_name == {
        "DBG": ["DBGBVR<n>_EL1", "CNTV_CTL_EL0"],
        "ALL": ["guest", "DBGBVR<n>_EL1", "CNTV_CTL_EL0"],
    }
    assert [a.name for a in made.endpoints[0].aliases] == ["DBGBVR<n>_EL1", "CNTV_CTL_EL0"]


def test_the_three_forms_of_a_rule() -> None:
    text = """
        rule r : architecture "seen" {
            writes of CNTV_CTL_EL0 visible to reads of CNTV_CVAL_EL0 needs isb then dsb(nsh)
            CNTV_CVAL_EL0 only while CNTV_CTL_EL0.ENABLE effective when CNTV_CTL_EL0.IMASK
            CNTV_CTL_EL0.IMASK before writes of DBGBVR<1>_EL1
        }
    """
    (rule,) = module(text).rules
    visible, only, ordered = rule.clauses
    assert isinstance(visible, VisibleTo)
    assert [str(b) for b in visible.barriers] == ["isb", "dsb(nsh)"]
    assert isinstance(only, OnlyWhile)
    assert (only.effective.type, only.condition.type) == (BOOL, BOOL)
    assert isinstance(ordered, Precedes)
    assert [t.name for t in ordered.first.targets] == ["CNTV_CTL_EL0.IMASK"]
    assert isinstance(ordered.then.targets[0], RegisterRef)


def test_encodings_of_a_bank_and_of_halves() -> None:
    text = """
        register LR<n>_EL2 for n in 0..1 : 64 at (3, 4, 12, 12 + n, n & 7)
                at (15, 4, 12, 12, n) then (15, 4, 12, 14, n) for aarch32 { V [63:0] }
    """
    (register,) = module(text, after="").registers
    assert [(e.architecture, e.index, e.parts) for e in register.encodings] == [
        ("aarch64", 0, ((3, 4, 12, 12, 0),)),
        ("aarch64", 1, ((3, 4, 12, 13, 1),)),
        ("aarch32", 0, ((15, 4, 12, 12, 0), (15, 4, 12, 14, 0))),
        ("aarch32", 1, ((15, 4, 12, 12, 1), (15, 4, 12, 14, 1))),
    ]


# ---- lifecycles


def test_a_lifecycle_an_invariant_and_a_scenario() -> None:
    text = """
        sequence f(vcpu) { used <- 0 }
        lifecycle life {
            load when not vhe { f(vcpu) }
            each trip {
                guest { may change masked, CNTV_CTL_EL0 }
                either { early { isb } } or {}
            }
        }
        invariant empty at guest "nothing is left over" { used == 0 }
        scenario "one trip" {
            given vhe, not masked, used = 2, CNTV_CTL_EL0.ENABLE
            run load, guest
            expect used == 0 and accesses <= 3 at guest
            guest { CNTV_CTL_EL0.IMASK <- 1 }
        }
    """
    made = module(text)
    load, trip = made.lifecycles[0].steps
    assert dump_expr(load.condition) == "Not(operand=Test(condition=vhe, base=None))"
    assert dump_expr(load.body[0].call.args[0]) == "Var(name='vcpu', type=vcpu, view=None)"
    guest, either = trip.steps
    assert [p.name for p in guest.body[0].places] == ["masked", "CNTV_CTL_EL0"]
    assert [len(a) for a in either.alternatives] == [1, 0]
    assert made.invariants[0].points == ("guest",)
    *givens, load_, guest_, expect, act = made.scenarios[0].steps
    assert [g.value for g in givens] == [1, 0, 2, 1]
    assert (load_.phase, guest_.phase, expect.point, act.actor) == (
        "load",
        "guest",
        "guest",
        "guest",
    )
    assert isinstance(expect.condition, x.Binary)


def test_widths_of_fields_are_types() -> None:
    (update,) = body("CNTV_CTL_EL0.ENABLE <- used")
    assert isinstance(update, s.UpdateRegister)
    assert update.changes[0].value.type == Int(1)
    assert (U8.least, U8.greatest) == (0, 255)


def test_a_broken_promise_names_the_ways_out() -> None:
    workspace = Workspace()
    loaded = workspace.load_text(TIMER + "activate f(vcpu) { save cval }", "test.vgs")
    workspace.check([loaded] if loaded else [])
    (found,) = (f for f in workspace.found if f.code == "VGS050")
    assert "link the slot by `feeds` if memory owns its value" in found.help


# ---- advice about habits of C


@pytest.mark.parametrize(
    ("written", "code", "help"),
    [
        ("let up = true warn if up", "VGS020", "`true` of C is `1` here"),
        ("cval <- NULL", "VGS020", "`NULL` of C is `0` here"),
        ("let n : uint64_t = 0 warn if n", "VGS020", "`uint64_t` of C is `u64` here"),
        (
            "warn if CNTV_CTL_EL0[3]",
            "VGS043",
            "bits are reached by their field, such as `CNTV_CTL_EL0.ENABLE`",
        ),
        ("save CNTV_CTL_EL0", "VGS054", "name the slot that mirrors or feeds the register"),
    ],
)
def test_who_thinks_in_c_is_told_what_it_is_here(written: str, code: str, help: str) -> None:
    workspace = Workspace()
    workspace.load_text(TIMER + f"sequence f(vcpu) {{ {written} }}")
    (found,) = [f for f in workspace.found if f.severity is Severity.ERROR]
    assert (found.code, found.help) == (code, help)
