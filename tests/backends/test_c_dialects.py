"""What dialects lack or have too much of, headers and scopes, and what cannot be said in C."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from dsl.backends.c import draft, emit
from dsl.backends.c.usage import judge
from dsl.backends.python import emit as emit_python
from dsl.diagnostics import Diagnostic
from dsl.machine import load_simulator
from dsl.resolve.workspace import Workspace
from tests.backends.test_c_sample import drafted, functions

TOY = """
platform toy "made up"
register CTL : 64 { ENABLE [0] MODE [2:1] res0 [63:3] }
register BVR<n> for n in 0..1 : 64 { VA [63:0] }
context box of vcpu { ctl : u64 mirrors CTL }
condition vhe per machine
"""


def found(sequences: str, dialect: str) -> list[tuple[str, str, str]]:
    """Code, place and marked text of what is wrong with a dialect and its use."""
    made = made_of(sequences, dialect)
    return [(f.code, f"{f.span.line}:{f.span.column}", f.span.text) for f in made]


def made_of(sequences: str, dialect: str) -> list[Diagnostic]:
    """What is wrong with a dialect and its use."""
    text = TOY + dedent(sequences) + dedent(dialect)
    workspace = Workspace()
    loaded = workspace.load_text(text, "t.vgs")
    assert loaded is not None
    assert [f for f in workspace.found.sorted() if f.code != "VGS023"] == []
    program = workspace.program(loaded)
    layouts = {r.module.name: r.layout for r in workspace.closure(loaded)}
    made = draft(program, loaded.resolved.dialects[0], layouts)
    return [*made.findings, *judge(made.dialect, [made.uses], sorted(program.sequences))]


def test_a_pattern_used_once() -> None:
    assert (
        found(
            "sequence f() { CTL.ENABLE <- 0 CTL <- 1 }",
            """
        dialect c for c {
            read register is "rd($register)"
            write register is "wr($value, $register)"
            CTL.ENABLE is "(1 << 0)"
            file "a.c" holds f { }
        }
        """,
        )
        == [("VGS071", "11:19", '"(1 << 0)"')]
    )


def test_a_pattern_used_in_two_functions() -> None:
    assert (
        found(
            "sequence f() { CTL.ENABLE <- 0 }\nsequence g() { CTL.ENABLE <- 1 }",
            """
            dialect c for c {
                read register is "rd($register)"
                write register is "wr($value, $register)"
                CTL.ENABLE is "(1 << 0)"
                file "a.c" holds f, g { }
            }
            """,
        )
        == []
    )


def test_a_name_may_be_used_once() -> None:
    assert (
        found(
            "sequence f() { CTL.ENABLE <- 0 }",
            """
            dialect c for c {
                read register is "rd($register)"
                write register is "wr($value, $register)"
                CTL.ENABLE is "CTL_ENABLE"
                file "a.c" holds f { }
            }
            """,
        )
        == []
    )


def test_a_path_may_be_used_once_whichever_of_its_names_are_variables() -> None:
    assert (
        found(
            "sequence f(vcpu) { ctl <- 0 }",
            """
            dialect c for c {
                type vcpu is "struct vcpu *"
                slot box is "$vcpu->arch.$context.$slot"
                file "a.c" holds f { }
            }
            """,
        )
        == []
    )


def test_a_pattern_that_nothing_uses() -> None:
    assert (
        found(
            "sequence f() { CTL <- 0 }",
            """
        dialect c for c {
            write register is "wr($value, $register)"
            CTL.MODE is "CTL_MODE"
            vhe is "has_vhe()"
            file "a.c" holds f { }
        }
        """,
        )
        == [("VGS023", "10:5", "CTL.MODE"), ("VGS023", "11:5", "vhe")]
    )


@pytest.mark.parametrize(
    ("statement", "at", "marked", "says"),
    [
        ("when vhe { CTL <- 0 }", "10:6", "vhe", 'vhe is "vhe()"'),
        ("CTL.MODE <- 0", "10:13", "0", 'CTL.MODE is "CTL_MODE"'),
        ("CTL.ENABLE <- n", "10:15", "n", 'CTL.ENABLE is "CTL_ENABLE"'),
        ("ctl <- 0", "10:1", "ctl <- 0", 'slot box is "$vcpu->box.$slot"'),
        ("assert n == 0", "10:1", "assert n == 0", 'op assert is "BUG_ON(!$condition)"'),
        ("warn if n == 0", "10:1", "warn if n == 0", 'op warn is "WARN_ON($condition)"'),
        ("holding table { CTL <- 0 }", "10:1", "holding table { CTL <- 0 }", "lock table is"),
        ("CTL <- BVR<n>", "10:8", "BVR<n>", 'op unreachable is "unreachable()"'),
        ("hypcall g()", "10:1", "hypcall g()", 'op hypcall is "kvm_call_hyp($call)"'),
        ("@likely when n { CTL <- 0 }", "10:9", "when n { CTL <- 0 }", "op likely is"),
    ],
)
def test_what_is_not_spelt(statement: str, at: str, marked: str, says: str) -> None:
    made = made_of(
        f"lock table\nsequence g() {{ CTL <- 0 }}\nsequence f(vcpu, n : u8) {{\n{statement}\n}}",
        """
        dialect c for c {
            type vcpu is "struct kvm_vcpu *"
            read register is "rd($register)"
            write register is "wr($value, $register)"
            file "a.c" holds f, g { }
        }
        """,
    )
    missing = [f for f in made if f.code == "VGS073"]
    assert [(f"{f.span.line}:{f.span.column}", f.span.text) for f in missing] == [(at, marked)]
    assert says in missing[0].help


def test_the_lines_that_are_suggested_are_all_that_is_needed() -> None:
    sequences = """
        register HCTL : 64 {
            layout nvhe when not CTL.ENABLE { PCEN [0] }
            layout vhe when CTL.ENABLE { res0 [0] }
            res0 [63:1]
        }
        context inner of box { bar : u32 }
        lock table
        sequence g(n : u8) -> u64 { return BVR<n> }
        sequence f(vcpu, n : u8) {
            holding table { ctl <- hypcall g(n) }
            HCTL.nvhe.PCEN <- 1
            @likely
            when vhe and bar { CTL.ENABLE <- 1 }
            warn if n == 2
            assert n == 3
        }
    """
    spelt: list[str] = []
    # What stands behind something that is not spelt may be asked for in the next round only.
    for _ in range(4):
        lines = "\n".join(spelt)
        made = made_of(sequences, f'dialect c for c {{ {lines}\nfile "a.c" holds f, g {{ }} }}')
        missing = [f.help.removeprefix("add a line such as: ") for f in made if f.code == "VGS073"]
        spelt += missing
    assert missing == []
    assert 'HCTL.nvhe.PCEN is "HCTL_nvhe_PCEN"' in spelt
    assert [f.message for f in made] == []


LAYOUTS = """
register HCR : 64 { E2H [0] res0 [63:1] }
register HCTL : 64 {
    layout nvhe when not HCR.E2H { PCTEN [0] PCEN [1] res0 [13:2] }
    layout vhe when HCR.E2H { PCTEN [10] PTEN [11] M [13:12] { Off = 0, On = 2 } res0 [9:0] }
    res0 [63:14]
}
sequence f() {
    HCTL.nvhe.PCEN <- 1
    @via(val)
    modify HCTL {
        @step
        vhe.PTEN <- 1
        vhe.PCTEN <- 0
        @step
        vhe.M <- On
    }
    when HCTL.vhe.PTEN { HCTL <- HCTL with nvhe.PCTEN = 1 }
}
"""


def test_a_layout_is_spelt_over_what_its_fields_are_spelt_as() -> None:
    made = functions(
        LAYOUTS,
        """
        HCTL.nvhe.PCEN is "HCTL_PCEN"
        HCTL.vhe is "($mask << shift)"
        HCTL.vhe.PTEN is "HCTL_PCEN"
        HCTL.vhe.M is "HCTL_M"
        HCTL.vhe.M.On is "HCTL_M_ON"
        local shift : "u32" is "10"
        """,
    )
    assert made.expandtabs(4) == dedent("""\
        void f(void)
        {
            u32 shift = 10;
            u64 val;

            write_sysreg(read_sysreg(HCTL) | HCTL_PCEN, HCTL);
            val = read_sysreg(HCTL);
            val = (val & ~BIT(10)) | (HCTL_PCEN << shift);
            val = (val & ~(HCTL_M << shift)) | (HCTL_M_ON << shift);
            write_sysreg(val, HCTL);
            if (read_sysreg(HCTL) & (HCTL_PCEN << shift))
                write_sysreg(read_sysreg(HCTL) | BIT(0), HCTL);
        }
        """)


def test_a_number_with_a_name_may_be_used_once() -> None:
    assert (
        found(
            "sequence f() { CTL.ENABLE <- 1 CTL.MODE <- 0 }",
            """
            dialect c for c {
                read register is "rd($register)"
                write register is "wr($value, $register)"
                local first : "int" is "1"
                local second : "int" is "1 + 0"
                CTL.ENABLE is "first"
                CTL.MODE is "second"
                file "a.c" holds f { }
            }
            """,
        )
        == [("VGS071", "12:29", '"1 + 0"')]
    )


def test_a_condition_of_one_of_two_owners() -> None:
    text = dedent("""
    register TIMER_CTL : 32 { E [0] res0 [31:1] }
    context timer of vcpu { ctl : u32 mirrors TIMER_CTL }
    condition armed per vm
    condition late = ctl != 0 per vm
    sequence swap(old : vcpu, new : vcpu) {
        when old.armed and not new.armed { new.ctl <- 0 }
        when new.late { old.ctl <- 1 }
    }
    dialect c for c {
        type vcpu is "struct vcpu *"
        define sequence is "$type $name($params)"
        slot timer is "$vcpu->$slot"
        armed is "is_armed($vcpu)"
        late is "$vcpu->ctl"
        file "a.c" holds swap {}
    }
    """)
    workspace = Workspace()
    loaded = workspace.load_text(text, "t.vgs")
    assert loaded is not None
    assert list(workspace.found) == []
    tree = emit(workspace.program(loaded), loaded.resolved.dialects[0], {})
    assert tree.findings == ()
    assert "if (is_armed(old) && !is_armed(new))\n\t\tnew->ctl = 0;" in tree.files["a.c"]
    assert "if (new->ctl)\n\t\told->ctl = 1;" in tree.files["a.c"]
    sim = load_simulator(emit_python(workspace.program(loaded)), "two_owners")
    m, old, new = sim.Machine(), sim.Vcpu(ctl=5), sim.Vcpu(ctl=7)
    old.facts.armed = True
    sim.swap(m, old, new)
    assert (old.ctl, new.ctl) == (5, 0)


def test_a_name_is_made_of_an_index() -> None:
    text = dedent("""
    register BCR<n>_EL1 for n in 0..1 : 64 { E [0] res0 [63:1] }
    context debug of vcpu { bcr[2] : u64 mirrors BCR<n>_EL1 used : 0..2 }
    sequence read_bcr(i : int) -> u64 { return BCR<i>_EL1 }
    save save_debug(vcpu) { save bcr[1] each i below used { save bcr[i] } }
    dialect c for c {
        type vcpu is "struct vcpu *"
        define sequence is "$type do_${name}($params)"
        read register is "read_sysreg($register)"
        read BCR<n>_EL1 is "READ"
        BCR<n>_EL1 is "dbgbcr${n}_el1"
        slot debug is "$vcpu->saved_${slot}"
        op unreachable is "unreachable()"
        file "a.c" holds read_bcr, save_debug {}
    }
    """)

    def made(read: str) -> tuple[list[str], str]:
        workspace = Workspace()
        loaded = workspace.load_text(text.replace("READ", read), "t.vgs")
        assert loaded is not None
        tree = emit(workspace.program(loaded), loaded.resolved.dialects[0], {})
        return [f.message for f in tree.findings], tree.files["a.c"]

    found, c = made("read_bcr($n)")
    assert found == []
    assert "u64 do_read_bcr(int i)" in c
    assert "case 1:\n\t\treturn read_sysreg(dbgbcr1_el1);" in c
    assert "vcpu->saved_bcr[1] = read_bcr(1);" in c
    assert "vcpu->saved_bcr[i] = read_bcr(i);" in c
    found, c = made("read_bcr${n}()")
    # No name is made of an index that is a variable: each register has its own.
    assert found == []
    assert "case 1:\n\t\t\tvcpu->saved_bcr[i] = read_sysreg(dbgbcr1_el1);" in c
    assert "vcpu->saved_bcr[1] = read_bcr1();" in c


def test_a_header_declares() -> None:
    workspace = Workspace()
    loaded = workspace.load_text(
        TOY + dedent("""
        /// Stops it, and says since when it was running, for whoever called before.
        sequence stop_the_machine_that_is_running(vcpu, since : u64, reason : u32) { ctl <- since }
        sequence helper() { CTL <- 0 }
        dialect c for c {
            type vcpu is "struct kvm_vcpu *"
            write register is "wr($value, $register)"
            local box : "struct box *" is "&$vcpu->box"
            define sequence is "$type __hyp_text $name($params)"
            file "a.c", "b.c" holds stop*, helper {
                include "<linux/kvm_host.h>", "<asm/kvm_hyp.h>", "a.h"
            }
            header "include/a-b.h" declares stop*
            header "arch/b.h" declares helper { include "<asm/types.h>" }
        }
        """),
        "t.vgs",
    )
    assert loaded is not None
    made = emit(workspace.program(loaded), loaded.resolved.dialects[0], {})
    assert sorted(made.files) == ["a.c", "arch/b.h", "b.c", "include/a-b.h"]
    assert made.files["a.c"] == made.files["b.c"]
    assert made.files["include/a-b.h"].expandtabs(8) == (
        "/* Generated by vgs in the dialect c: change the .vgs sources instead. */\n\n"
        "#ifndef __A_B_H__\n#define __A_B_H__\n\n"
        "void stop_the_machine_that_is_running(struct kvm_vcpu *vcpu, u64 since,\n"
        "                                      u32 reason);\n\n"
        "#endif /* __A_B_H__ */\n"
    )
    assert made.files["arch/b.h"] == (
        "/* Generated by vgs in the dialect c: change the .vgs sources instead. */\n\n"
        "#ifndef __ARCH_B_H__\n#define __ARCH_B_H__\n\n"
        "#include <asm/types.h>\n\n"
        "void helper(void);\n\n"
        "#endif /* __ARCH_B_H__ */\n"
    )
    assert made.files["a.c"].expandtabs(8) == (
        "/* Generated by vgs in the dialect c: change the .vgs sources instead. */\n\n"
        "#include <linux/kvm_host.h>\n"
        "#include <asm/kvm_hyp.h>\n"
        '#include "a.h"\n\n'
        "/* Stops it, and says since when it was running, for whoever called before. */\n"
        "void __hyp_text stop_the_machine_that_is_running(struct kvm_vcpu *vcpu,\n"
        "                                                 u64 since, u32 reason)\n"
        "{\n"
        "        struct box *box = &vcpu->box;\n\n"
        "        box->ctl = since;\n"
        "}\n\n"
        "void __hyp_text helper(void)\n"
        "{\n"
        "        wr(0, CTL);\n"
        "}\n"
    )


def test_a_second_owner_needs_no_local_of_the_first() -> None:
    _, findings = drafted("sequence f(vcpu, other : vcpu) { other.seen <- 1 vcpu.seen <- 2 }")
    assert [(f.code, f.span.text) for f in findings] == [("VGS073", "other.seen <- 1")]
    assert "`timer`" in findings[0].message
    text = functions(
        "sequence f(vcpu, other : vcpu) { other.seen <- 1 vcpu.seen <- 2 }",
        'seen is "$vcpu->timer.seen"',
    )
    assert "\tother->timer.seen = 1;\n\tvcpu->timer.seen = 2;\n" in text


def test_a_variable_that_is_not_there() -> None:
    _, findings = drafted("sequence f() { when vhe { CNTV_CTL_EL0 <- 0 } }", 'vhe is "vhe($vcpu)"')
    assert [(f.code, f.span.text) for f in findings] == [("VGS073", '"vhe($vcpu)"')]


@pytest.mark.parametrize(
    "hint", ["@via(old)\nCNTV_CTL_EL0.ENABLE <- 0", "@via(n)\nCNTV_CTL_EL0.ENABLE <- 0"]
)
def test_a_hint_that_would_take_another_local(hint: str) -> None:
    _, findings = drafted(
        f"sequence f(n : u64) {{\nlet old = CNTV_CVAL_EL0\n{hint}\nCNTV_CVAL_EL0 <- old + n\n}}"
    )
    assert [(f.code, f.span.text) for f in findings] == [("VGS025", "CNTV_CTL_EL0.ENABLE <- 0")]


def test_one_hint_with_two_types() -> None:
    _, findings = drafted(
        "sequence f() {\n@via(val)\nCNTV_CTL_EL0.ENABLE <- 0\n@via(val)\nMDSCR_EL1.SS <- 0\n}"
    )
    assert [(f.code, f.span.text) for f in findings] == [("VGS025", "MDSCR_EL1.SS <- 0")]


def test_an_order_that_c_has_no_place_for() -> None:
    _, findings = drafted(
        "sequence f() { when CNTV_CTL_EL0 and CNTVCT_EL0 > CNTV_CVAL_EL0 { CPACR_EL1 <- 0 } }"
    )
    assert [(f.code, f.span.text) for f in findings] == [("VGS073", "CNTVCT_EL0")]


def test_a_call_that_stores_comes_after_the_load() -> None:
    text = functions("""
        sequence grow(vcpu) -> u32 { used <- 3 return used }
        sequence f(vcpu) { seen <- used + grow(vcpu) used <- grow(vcpu) + used }
        """)
    assert (
        "\tval = timer->used;\n"
        "\ttimer->seen = val + grow(vcpu);\n"
        "\tval = grow(vcpu);\n"
        "\ttimer->used = val + timer->used;\n"
    ) in text


def test_hints_leave_what_is_generated_otherwise_alone() -> None:
    plain = "when vhe { seen <- 1 }"
    assert functions(f"sequence f(vcpu) {{ @braces {plain} }}").replace(" {\n", "\n").replace(
        "\t}\n", ""
    ) == functions(f"sequence f(vcpu) {{ {plain} }}").replace(" {\n", "\n")


@pytest.mark.parametrize("seed", ["0", "1", "7"])
def test_the_same_source_gives_the_same_text(seed: str) -> None:
    """Whatever order a process happens to keep its sets in."""
    program = (
        "from tests.backends.test_c_sample import functions;"
        f"print(functions({SOURCE!r}, {SPELT!r}), end='')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": seed},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )
    assert done.stdout == functions(SOURCE, SPELT), done.stderr


SOURCE = """
sequence f(vcpu) {
    each i below used { restore bvr[i] }
    @via(v)
    CNTV_CTL_EL0.IMASK <- 1
    seen <- CNTVCT_EL0 + CNTV_CVAL_EL0 + tick(used)
}
"""
SPELT = """
write DBGBVR<n> is "set_bvr($value, $n)"
local owner : "struct vcpu *" is "$vcpu"
local timer : "struct timer *" is "&owner->timer"
local used : "u64" is "timer->used"
"""
