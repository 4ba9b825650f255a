"""Layouts of registers: what their fields are, when each is in force, and what every one has."""

from __future__ import annotations

import pytest
from helpers import codes, module, program

from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.dump import dump, dump_expr

CNTHCTL = """
register HCR_EL2 : 64 { TGE [27] E2H [34] BSU [11:10] res0 [9:0], [26:12], [33:28], [63:35] }
register CNTHCTL_EL2 : 64 {
    EVNTEN [2]
    layout nvhe when not HCR_EL2.E2H {
        EL1PCTEN [0]
        res0 [1], [8]
        T<n> for n in 0..1 [n + 9]
    }
    /// EL2 is a host.
    layout vhe when HCR_EL2.E2H { EL0PCTEN [0] res0 [1] EL1PCTEN [10:8] { Off = 0, On = 5 } }
    res0 [7:3], [63:11]
}
context timer of vcpu { hctl : u64 mirrors CNTHCTL_EL2 }
"""


def body(statements: str) -> s.Body:
    made = module(f"sequence f(vcpu) {{ {statements} }}", after=CNTHCTL).sequences[-1].body
    assert made is not None
    return made


def test_every_layout_has_its_fields_beside_what_all_have() -> None:
    register = program(CNTHCTL).registers["CNTHCTL_EL2"]
    assert [(f.name, f.layout, f.low, f.width) for f in register.fields] == [
        ("EVNTEN", "", 2, 1),
        ("nvhe.EL1PCTEN", "nvhe", 0, 1),
        ("nvhe.T<n>", "nvhe", 9, 1),
        ("vhe.EL0PCTEN", "vhe", 0, 1),
        ("vhe.EL1PCTEN", "vhe", 8, 3),
    ]
    assert [(layout.name, layout.doc) for layout in register.layouts] == [
        ("nvhe", ()),
        ("vhe", ("EL2 is a host.",)),
    ]


def test_only_what_is_reserved_in_every_layout_is_never_one() -> None:
    register = program(CNTHCTL).registers["CNTHCTL_EL2"]
    # Bit 1 is reserved in both, bits 8 to 10 in one: those keep what is written.
    assert register.live == 0b111_0000_0101
    assert register.res1 == 0


def test_the_condition_is_in_the_ir() -> None:
    first, second = program(CNTHCTL).layouts
    assert (first.register.name, first.layout.name) == ("CNTHCTL_EL2", "nvhe")
    assert dump_expr(second.condition) == (
        "Truth(operand=Extract(value=ReadRegister(register=HCR_EL2, index=None), "
        "register=HCR_EL2, field=E2H, index=None, type=u64))"
    )
    text = dump(program(CNTHCTL))
    assert "layout: vhe\n" in text[text.index("InForce\n") :]
    assert text != dump(program(CNTHCTL.replace("when not HCR_EL2.E2H", "when HCR_EL2.E2H == 0")))


def test_a_field_is_named_with_its_layout() -> None:
    (move,) = body("CNTHCTL_EL2.vhe.EL1PCTEN <- On")
    assert isinstance(move, s.UpdateRegister)
    (change,) = move.changes
    assert (change.field.name, change.value) == (
        "vhe.EL1PCTEN",
        x.Const(5, change.value.type, change.value.span, "On"),  # type: ignore[arg-type]
    )
    (modify,) = body("modify hctl { nvhe.EL1PCTEN <- 0 EVNTEN <- 1 nvhe.T<1> <- 1 }")
    assert isinstance(modify, s.UpdateSlot)
    assert [c.field.name for c in modify.changes] == ["nvhe.EL1PCTEN", "EVNTEN", "nvhe.T<n>"]
    (plain,) = body("CNTHCTL_EL2 <- hctl with vhe.EL0PCTEN = CNTHCTL_EL2.nvhe.T<0>")
    assert isinstance(plain, s.WriteRegister)
    assert isinstance(plain.value, x.Insert)
    assert plain.value.field.name == "vhe.EL0PCTEN"
    assert isinstance(plain.value.new, x.Cast)
    assert dump_expr(plain.value.new.value).endswith(
        "field=nvhe.T<n>, index=Const(value=0, type=int, name=''), type=u64)"
    )


def test_events_speak_of_fields_of_layouts() -> None:
    (order,) = body("isb orders writes of CNTHCTL_EL2.vhe.EL0PCTEN before reads of CNTHCTL_EL2")
    assert isinstance(order, s.Order)
    assert order.first is not None
    assert [t.name for t in order.first.targets] == ["CNTHCTL_EL2.vhe.EL0PCTEN"]


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ("HCR_EL2.E2H and HCR_EL2.TGE", "not (HCR_EL2.E2H and HCR_EL2.TGE)", []),
        ("HCR_EL2.E2H implies HCR_EL2.TGE", "HCR_EL2.E2H and not HCR_EL2.TGE", []),
        ("HCR_EL2.BSU > 1", "HCR_EL2.BSU <= 1", []),
        ("HCR_EL2.BSU << 1 >= 4", "(HCR_EL2.BSU & 2) == 0", []),
        ("HCR_EL2.BSU - 1 == 2", "HCR_EL2.BSU != 3", []),
        ("HCR_EL2.BSU", "not HCR_EL2.BSU", []),
        ("M", "not M", []),
        ("own", "M == 0", []),
        ("own and HCR_EL2.host", "M == 0 or not HCR_EL2.E2H", []),
        ("HCR_EL2.BSU > 1", "HCR_EL2.BSU < 1", ["VGS039"]),
        ("HCR_EL2.E2H", "not HCR_EL2.TGE", ["VGS039"]),
        ("own or HCR_EL2.host", "M == 0 or not HCR_EL2.E2H", ["VGS039"]),
        ("1", "0", []),
        ("1", "1", ["VGS039"]),
        ("HCR_EL2 == 0", "HCR_EL2 != 0", ["VGS039"]),
        ("M and nothing", "not M", ["VGS020"]),
    ],
)
def test_exactly_one_layout_is_always_in_force(one: str, other: str, found: list[str]) -> None:
    text = f"""
    register HCR_EL2 : 64 {{
        TGE [27] E2H [34] BSU [11:10] res0 [9:0], [26:12], [33:28], [63:35]
        derive host = E2H == 1
    }}
    register R : 8 {{
        M [0]
        layout one when {one} {{ A [1] }}
        layout other when {other} {{ B [1] }}
        res0 [7:2]
        derive own = M and 1
    }}
    """
    assert codes(text) == found


def test_conditions_cannot_take_all_day() -> None:
    doubled = " ".join(f"derive d{i} = d{i + 1} + d{i + 1}" for i in range(60))
    layouts = "layout a when d0 == 0 { A [1] } layout b when d0 { A [1] }"
    assert codes(f"register R : 8 {{ M [0] {layouts} res0 [7:2] {doubled} derive d60 = M }}") == []
    many = " or ".join(["M"] * 80)
    layouts = f"layout a when {many} {{ A [9] }} layout b when M == 0 {{ A [9] }}"
    assert codes(f"register R : 16 {{ M [8:0] {layouts} res0 [15:10] }}") == ["VGS039"]
    assert codes(f"register R : 16 {{ M [0] {layouts} res0 [8:1], [15:10] }}") == []


def test_the_message_says_in_which_state() -> None:
    from dsl.resolve.workspace import Workspace

    workspace = Workspace()
    workspace.load_text(
        "register B<n> for n in 0..1 : 8 { F<k> for k in 0..7 [k] }\n"
        "register R : 8 { layout a when B<1>.F<3> and B1.F<4> { A [7:0] }\n"
        "layout b when not B1.F<3> { A [7:0] } }",
        "t.vgs",
    )
    (finding,) = workspace.found
    assert finding.message == "no layout of R is in force with B1.F3 = 1 and B1.F4 = 0"


def test_what_a_write_becomes_counts_in_its_layout_only() -> None:
    made = module(
        "register R : 8 { M [0] layout a when M { A [1] becomes 0 } "
        "layout b when not M { B [1] becomes 1 when M == 0 } res0 [7:2] }",
        after="",
    )
    first, second = made.legalisations
    assert first.condition == made.layouts[0].condition
    assert isinstance(second.condition, x.Binary)
    assert (second.condition.op, second.condition.left) == ("and", made.layouts[1].condition)
