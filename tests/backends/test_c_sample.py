"""A small machine and its dialect, on which the other tests show what C each construct gives."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from textwrap import dedent

import pytest

from dsl.backends.c import Draft, draft
from dsl.diagnostics import Diagnostic
from dsl.resolve.workspace import Workspace

#: Timers, EL1 controls, debug and the PMU, as far as the examples need them.
PLATFORM = """
platform toy "made up for these tests"

const LIMIT = 3
const FLAG = 1 << 4

register CNTV_CTL_EL0 : 64 { ENABLE [0] IMASK [1] ISTATUS [2] ro res0 [63:3] }
register CNTV_CVAL_EL0 : 64 { CompareValue [63:0] }
register CNTVCT_EL0 : 64 ro { Count [63:0] }
register CNTHCTL_EL2 : 64 {
    EL1PCTEN [0]
    EL1PCEN  [1]
    EVNTEN   [2]
    res0     [3]
    EVNTI    [7:4]
    res0     [63:8]
}
register CPACR_EL1 : 64 {
    res0 [19:0]
    FPEN [21:20] { All = 0, El0 = 1, Trapped = 2, None = 3 }
    res0 [27:22]
    TTA  [28]
    res0 [63:29]
}
register MDSCR_EL1 : 32 {
    SS   [0]
    res0 [11:1]
    TDCC [12]
    KDE  [13]
    res0 [31:14]
    derive stepping = SS and KDE
    derive level = KDE + 1
    derive enables = TDCC | KDE << 1
}
register DBGBCR<n> for n in 0..3 : 64 { E [0] res0 [63:1] }
register DBGBVR<n> for n in 0..3 : 64 { VA [63:0] }
register PMCNTENSET : 64 { P<n> for n in 0..30 [n] C [31] res0 [63:32] }
register PMSELR : 64 {
    SEL [4:0] { First = 1, Cycle = 31 }
    S<n> for n in 0..3 [4 * n + 19 : 4 * n + 16]
    res0 [15:5], [63:32]
}
endpoint host "whoever looks from outside"

context timer of vcpu {
    ctl    : u32 mirrors CNTV_CTL_EL0
    cval   : u64 mirrors CNTV_CVAL_EL0
    hctl   : u64 mirrors CNTHCTL_EL2
    bvr[4] : u64 mirrors DBGBVR<n>
    armed  : bool
    used   : 0..4
    seen   : u8
    when_  : u64
}
condition vhe    per machine
condition masked per vm
condition kicked per test
lock table "guards the timers"
extern tick(n : u32) -> u64 { }
extern arm_it(vcpu) { writes used in 0..4 }
"""

#: Each use of these is in some example.
DIALECT = """
    type vcpu is "struct vcpu *"
    read register is "read_sysreg($register)"
    write register is "write_sysreg($value, $register)"
    local timer : "struct timer *" is "&$vcpu->timer"
    vhe is "has_vhe()"
    masked is "timer->masked"
    kicked is "kicked($vcpu)"
    lock table is "spin_lock(&$vcpu->lock)", "spin_unlock(&$vcpu->lock)"
    op bit is "BIT($n)"
    op bits is "GENMASK($high, $low)"
    op insert is "FIELD_PREP($mask, $value)"
    op hypcall is "kvm_call_hyp($call)"
    op warn is "WARN_ON($condition)"
    op assert is "BUG_ON(!$condition)"
    op likely is "likely($condition)"
    op unlikely is "unlikely($condition)"
    op unreachable is "unreachable()"
    CNTV_CTL_EL0.ENABLE is "CTL_ENABLE"
    CPACR_EL1.FPEN is "CPACR_FPEN"
    CPACR_EL1.FPEN.El0 is "CPACR_FPEN_EL0"
    MDSCR_EL1.stepping is "mdscr_stepping($value)"
    MDSCR_EL1.level is "mdscr_level($value)"
"""

#: What the C of the examples is compiled against: nothing has a meaning, everything a type.
STUBS = """
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef _Bool bool;
#define true 1
#define false 0
struct timer { u32 ctl, used; u64 cval, hctl, bvr[4], when_; u8 seen; bool armed; void *masked; };
struct vcpu { struct timer timer; int lock; };
enum { CNTV_CTL_EL0, CNTV_CVAL_EL0, CNTVCT_EL0, CNTHCTL_EL2, CPACR_EL1, MDSCR_EL1, PMCNTENSET,
       PMSELR, DBGBVR0, DBGBVR1, DBGBVR2, DBGBVR3, DBGBCR0, DBGBCR1, DBGBCR2, DBGBCR3 };
u64 read_sysreg(int which);
void write_sysreg(u64 value, int which);
u64 own(int which);
u64 narrow(int which);
void write_sysreg_el0(u64 value, int which);
u64 read_debug(int which);
u64 read_at(int n, int which);
void write_at(int n, u64 value, int which);
extern u64 sys_regs[];
#define ctxt_sys_reg(vcpu, which) sys_regs[which]
enum { PSR_FLAG_UL = 16, LEVEL_HIGH = 31, LEVEL_LOW = 1 };
enum { SYS_CVAL, DBGBVR_, DBGBCR_ };
u64 get_bvr(int n);
void set_bvr(u64 value, int n);
int has_vhe(void);
int kicked(struct vcpu *vcpu);
int mdscr_stepping(u32 value);
u32 mdscr_level(u32 value);
void spin_lock(int *lock);
void spin_unlock(int *lock);
struct vcpu *kern_hyp_va(struct vcpu *vcpu);
u64 call_hyp(void *function, ...);
u64 tick(u32 n);
void arm_it(struct vcpu *vcpu);
void isb(void);
void sync(void);
void barrier(const char *what);
void WARN_ON(int condition);
void BUG_ON(int condition);
#define BUG() __builtin_trap()
#define panic(...) __builtin_trap()
#define MASK 0xf
#define SHIFT 4
#define kvm_call_hyp(...) call_hyp(__VA_ARGS__)
#define dsb(option) barrier(#option)
#define dmb(option) barrier(#option)
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define unreachable() __builtin_unreachable()
#define fallthrough __attribute__((__fallthrough__))
#define BIT(n) (1ULL << (n))
#define GENMASK(h, l) ((~0ULL >> (63 - (h))) & (~0ULL << (l)))
#define FIELD_GET(m, v) (((v) & (m)) >> __builtin_ctzll(m))
#define FIELD_PREP(m, v) (((u64)(v) << __builtin_ctzll(m)) & (m))
#define PMSEL_S(n) (0xfULL << (4 * (n) + 16))
#define MDSCR_ENABLES GENMASK(13, 12)
#define CTL_ENABLE BIT(0)
#define CPACR_FPEN GENMASK(21, 20)
#define CPACR_FPEN_EL0 BIT(20)
#define __hyp_text
"""


def drafted(sequences: str, dialect: str = "", rest: str = "") -> tuple[Draft, list[Diagnostic]]:
    """The C of some sequences, and what is wrong with them.

    ``dialect`` adds lines, and replaces those that spell the same; ``rest`` are files and scopes.
    """
    added = dedent(dialect).strip().splitlines()
    subjects = {line.split(" is ")[0].split(":")[0].strip() for line in added}
    kept = [
        line
        for line in DIALECT.strip().splitlines()
        if line.split(" is ")[0].split(":")[0].strip() not in subjects
    ]
    spelt = "\n".join([*kept, *added])
    rest = rest or 'file "t.c" holds * { }'
    text = f"{PLATFORM}\n{dedent(sequences)}\ndialect c for c {{\n{spelt}\n{rest}\n}}\n"
    workspace = Workspace()
    loaded = workspace.load_text(text, "t.vgs")
    assert loaded is not None
    workspace.check([loaded])
    found = [f for f in workspace.found.sorted() if f.code != "VGS023"]
    layouts = {r.module.name: r.layout for r in workspace.closure(loaded)}
    made = draft(workspace.program(loaded), loaded.resolved.dialects[0], layouts)
    return made, [*found, *made.findings]


def functions(sequences: str, dialect: str = "", rest: str = "") -> str:
    """The C of some sequences that are as they should be."""
    made, found = drafted(sequences, dialect, rest)
    assert [f"{f.span}: {f.message} {f.help}" for f in found] == []
    texts = []
    for _, each in made.files:
        for function in each:
            lines = [*function.comment, *function.signature, "{", *function.body, "}"]
            texts.append("\n".join(map(str, lines)))
    return "\n\n".join(texts) + "\n"


def body(statements: str, dialect: str = "", params: str = "vcpu", result: str = "") -> str:
    """What is between the braces of a function with these statements, moved to the margin."""
    given = f"({params})" + (f" -> {result}" if result else "")
    text = functions(f"sequence f{given} {{\n{dedent(statements)}\n}}", dialect)
    inside = text[text.index("{\n") + 2 : text.rindex("}\n")]
    for line in inside.splitlines():
        assert re.fullmatch(r"|(\t* {0,7}\S.*)", line), line
        assert len(line.expandtabs(8)) <= 80
    return "\n".join(re.sub(r"^\t", "", line) for line in inside.splitlines())


def compiles(texts: Iterable[str], folder: Path) -> None:
    """Asserts that gcc has nothing to say about functions, each in a file of its own.

    `-Wsign-compare` and unused things aside, as in a kernel's own build.
    """
    if shutil.which("gcc") is None:
        pytest.skip("no gcc")
    files = []
    for number, text in enumerate(texts):
        file = folder / f"{number}.c"
        file.write_text(f"{STUBS}\n{text}")
        files.append(str(file))
    quiet = ["sign-compare", "unused", "unused-parameter", "unused-but-set-variable"]
    quiet += ["implicit-fallthrough", "type-limits", "empty-body"]
    flags = ["-std=gnu11", "-Wall", "-Wextra", "-Wparentheses", "-Werror", "-fsyntax-only"]
    flags += ["-Wno-" + name for name in quiet]
    flags += ["-Wdeclaration-after-statement", "-Wno-missing-prototypes"]
    done = subprocess.run(["gcc", *flags, *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_sample_is_as_it_should_be() -> None:
    assert functions("sequence f() { CNTV_CTL_EL0 <- 0 }") == (
        "void f(void)\n{\n\twrite_sysreg(0, CNTV_CTL_EL0);\n}\n"
    )
