"""Functions: signatures, comments, the dialect's locals and scopes, accessors of banks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.backends.test_c_sample import compiles, functions


@dataclass(frozen=True)
class Example:
    """What is written, and the C that it gives (with tabs as eight blanks)."""

    name: str
    vgs: str
    c: str
    dialect: str = ""
    rest: str = ""


EXAMPLES = [
    Example(
        "parameters of every type",
        """
sequence f(vcpu, a : u8, b : u16, c : u32, d : u64, e : int, g : bool, h : 0..7, i : uint) -> bool {
    return a + b + c + d + e > h + i and g
}
""",
        """
bool f(struct vcpu *vcpu, u8 a, u16 b, u32 c, u64 d, int e, bool g,
       unsigned int h, unsigned int i)
{
        return a + b + c + d + e > h + i && g;
}
""",
    ),
    Example(
        "a long signature",
        """
sequence program_the_event_stream_of_the_timer(vcpu, how_often : u32, since_when : u64) -> u64 {
    return how_often + since_when
}
""",
        """
u64 program_the_event_stream_of_the_timer(struct vcpu *vcpu, u32 how_often,
                                          u64 since_when)
{
        return how_often + since_when;
}
""",
    ),
    Example(
        "nothing in, nothing out",
        """
/// Stop.
sequence stop() { CNTV_CTL_EL0 <- 0 }
""",
        """
/* Stop. */
void stop(void)
{
        write_sysreg(0, CNTV_CTL_EL0);
}
""",
    ),
    Example(
        "a comment of several paragraphs",
        """
/// Stop the timer.
///
/// It goes on counting.
sequence stop() { CNTV_CTL_EL0 <- 0 }
""",
        """
/*
 * Stop the timer.
 *
 * It goes on counting.
 */
void stop(void)
{
        write_sysreg(0, CNTV_CTL_EL0);
}
""",
    ),
    Example(
        "hints of a sequence",
        """
@locals(i, j) @via(val)
sequence f(vcpu) -> u64 {
    each j below 3 { seen <- j }
    each i below 3 { seen <- i }
    when vhe { return CNTVCT_EL0 }
    return CNTV_CVAL_EL0
}
""",
        """
u64 f(struct vcpu *vcpu)
{
        struct timer *timer = &vcpu->timer;
        int i;
        int j;
        u64 val;

        for (j = 0; j < 3; j++)
                timer->seen = j;
        for (i = 0; i < 3; i++)
                timer->seen = i;
        if (has_vhe()) {
                u64 val;

                val = read_sysreg(CNTVCT_EL0);
                return val;
        }
        val = read_sysreg(CNTV_CVAL_EL0);
        return val;
}
""",
    ),
    Example(
        "initialised in the order of the source",
        """
@locals(b, a)
sequence f() {
    let a = CNTVCT_EL0
    let b = CNTV_CVAL_EL0
    CPACR_EL1 <- b - a
}
""",
        """
void f(void)
{
        u64 b;
        u64 a = read_sysreg(CNTVCT_EL0);

        b = read_sysreg(CNTV_CVAL_EL0);
        write_sysreg(b - a, CPACR_EL1);
}
""",
    ),
    Example(
        "a parameter that is converted on entry",
        """
sequence f(vcpu) {
    let now = cval
    cval <- now + 1
}
""",
        """
void f(struct vcpu *vcpu)
{
        struct timer *timer;
        u64 now;

        vcpu = kern_hyp_va(vcpu);
        timer = &vcpu->timer;

        now = timer->cval;
        timer->cval = now + 1;
}
""",
        dialect='enter vcpu is "kern_hyp_va($vcpu)"',
    ),
    Example(
        "a copy of a slot",
        """
sequence f(vcpu) { when used > 1 and used < 4 { seen <- used } }
""",
        """
void f(struct vcpu *vcpu)
{
        struct timer *timer = &vcpu->timer;
        u64 used = vcpu->timer.used;

        if (used > 1 && used < 4)
                timer->seen = used;
}
""",
        dialect='local used : "u64" is "$vcpu->timer.used"',
    ),
    Example(
        "no copy of a slot that is written",
        """
sequence f(vcpu) { when used { used <- 2 } }
""",
        """
void f(struct vcpu *vcpu)
{
        if (vcpu->timer.used)
                vcpu->timer.used = 2;
}
""",
        dialect='local used : "u64" is "$vcpu->timer.used"',
    ),
    Example(
        "no copy of a slot that a call writes",
        """
sequence f(vcpu) {
    arm_it(vcpu)
    when used { seen <- 2 }
}
""",
        """
void f(struct vcpu *vcpu)
{
        struct timer *timer = &vcpu->timer;

        arm_it(vcpu);
        if (vcpu->timer.used)
                timer->seen = 2;
}
""",
        dialect='local used : "u64" is "$vcpu->timer.used"',
    ),
    Example(
        "a local that uses another",
        """
sequence f(vcpu) { seen <- 1 }
""",
        """
void f(struct vcpu *vcpu)
{
        struct vcpu *owner = vcpu;
        struct timer *timer = &owner->timer;

        timer->seen = 1;
}
""",
        dialect="""
local timer : "struct timer *" is "&owner->timer"
local owner : "struct vcpu *" is "$vcpu"
""",
    ),
    Example(
        "a local that only an initialiser uses",
        """
sequence f(vcpu) -> u64 {
    let left = cval
    return left
}
""",
        """
u64 f(struct vcpu *vcpu)
{
        struct timer *timer = &vcpu->timer;
        u64 left = timer->cval;

        return left;
}
""",
    ),
    Example(
        "the narrower scope wins",
        """
sequence alpha() { CNTV_CTL_EL0 <- 1 }
sequence beta() { CNTV_CTL_EL0 <- 1 }
sequence third() { CNTV_CTL_EL0 <- 1 }
""",
        """
void alpha(void)
{
        write_sysreg((u64)1, CNTV_CTL_EL0);
}

void beta(void)
{
        write_sysreg(1, (int)CNTV_CTL_EL0);
}

void third(void)
{
        write_sysreg(1, CNTV_CTL_EL0);
}
""",
        rest="""
file "a.c" holds alpha, beta { write register is "write_sysreg($value, (int)$register)" }
file "b.c" holds third { }
in alpha { write register is "write_sysreg((u64)$value, $register)" }
""",
    ),
    Example(
        "registers of a group are accessed in a way of their own",
        """
group TIMERS = CNTV_CTL_EL0, CNTV_CVAL_EL0
group BANKS = DBGBVR<n>, DBGBCR<n>
sequence f(vcpu, i : int) {
    save ctl
    restore cval
    save hctl
    save bvr[2]
    bvr[0] <- DBGBVR<i>
}
sequence g(vcpu) { save ctl }
""",
        """
void f(struct vcpu *vcpu, int i)
{
        struct timer *timer = &vcpu->timer;

        timer->ctl = own(CNTV_CTL_EL0);
        write_sysreg_el0(timer->cval, SYS_CVAL);
        timer->hctl = read_sysreg(CNTHCTL_EL2);
        timer->bvr[2] = read_debug(DBGBVR2);
        switch (i & 3) {
        case 0:
                timer->bvr[0] = read_debug(DBGBVR0);
                break;
        case 1:
                timer->bvr[0] = read_debug(DBGBVR1);
                break;
        case 2:
                timer->bvr[0] = read_debug(DBGBVR2);
                break;
        case 3:
                timer->bvr[0] = read_debug(DBGBVR3);
                break;
        default:
                unreachable();
        }
}

void g(struct vcpu *vcpu)
{
        struct timer *timer = &vcpu->timer;

        timer->ctl = narrow(CNTV_CTL_EL0);
}
""",
        dialect="""
read TIMERS is "read_sysreg_el0($register)"
write TIMERS is "write_sysreg_el0($value, $register)"
read CNTV_CTL_EL0 is "own($register)"
read BANKS is "read_debug($register)"
CNTV_CVAL_EL0 is "SYS_CVAL"
op unreachable is "unreachable()"
select DBGBVR<n> is "$n & 3"
""",
        rest="""
file "t.c" holds * { }
in g { read TIMERS is "narrow($register)" }
""",
    ),
    Example(
        "a bank of a group by an index that C passes on",
        """
group BANKS = DBGBVR<n>, DBGBCR<n>
sequence f(i : int) { DBGBCR<i> <- DBGBVR<i> }
""",
        """
void f(int i)
{
        write_at(i, read_at(i, DBGBVR_), DBGBCR_);
}
""",
        dialect="""
read BANKS is "read_at($n, $register)"
write BANKS is "write_at($n, $value, $register)"
DBGBVR<n> is "DBGBVR_"
DBGBCR<n> is "DBGBCR_"
""",
    ),
    Example(
        "slots by the names of the registers that they mirror",
        """
sequence f(vcpu) { restore ctl, cval, bvr[1] }
""",
        """
void f(struct vcpu *vcpu)
{
        write_sysreg(ctxt_sys_reg(vcpu, CNTV_CTL_EL0), CNTV_CTL_EL0);
        write_sysreg(ctxt_sys_reg(vcpu, CNTV_CVAL_EL0), SYS_CVAL);
        write_sysreg(vcpu->timer.bvr[1], DBGBVR1);
}
""",
        dialect="""
slot timer is "ctxt_sys_reg($vcpu, $linked)"
bvr is "$vcpu->timer.bvr"
CNTV_CVAL_EL0 is "SYS_CVAL"
""",
    ),
    Example(
        "functions have attributes",
        """
sequence f() { CNTV_CTL_EL0 <- 1 }
""",
        """
static void __hyp_text f(void)
{
        write_sysreg(1, CNTV_CTL_EL0);
}
""",
        dialect='define sequence is "static $type __hyp_text $name($params)"',
    ),
    Example(
        "accessors of a bank",
        """
sequence get_one(n : int) -> u64 { return DBGBVR<n> }
sequence set_one(value : u64, n : int) { DBGBVR<n> <- value }
sequence swap(vcpu, i : int) {
    let old = DBGBVR<i>
    restore bvr[i]
    bvr[i] <- old
}
""",
        """
u64 get_one(int n)
{
        switch (n & 3) {
        case 0:
                return read_sysreg(DBGBVR0);
        case 1:
                return read_sysreg(DBGBVR1);
        case 2:
                return read_sysreg(DBGBVR2);
        case 3:
                return read_sysreg(DBGBVR3);
        }

        unreachable();
}

void set_one(u64 value, int n)
{
        switch (n & 3) {
        case 0:
                write_sysreg(value, DBGBVR0);
                break;
        case 1:
                write_sysreg(value, DBGBVR1);
                break;
        case 2:
                write_sysreg(value, DBGBVR2);
                break;
        case 3:
                write_sysreg(value, DBGBVR3);
                break;
        }
}

void swap(struct vcpu *vcpu, int i)
{
        struct timer *timer = &vcpu->timer;
        u64 old = get_one(i);

        set_one(timer->bvr[i], i);
        timer->bvr[i] = old;
}
""",
        dialect="""
read DBGBVR<n> is "get_one($n)"
write DBGBVR<n> is "set_one($value, $n)"
select DBGBVR<n> is "$n & 3"
""",
    ),
    Example(
        "an accessor through a local",
        """
@via(val)
sequence get_one(n : int) -> u32 { return DBGBCR<n> }
""",
        """
u32 get_one(int n)
{
        u32 val;

        switch (n) {
        case 0:
                val = read_sysreg(DBGBCR0);
                break;
        case 1:
                val = read_sysreg(DBGBCR1);
                break;
        case 2:
                val = read_sysreg(DBGBCR2);
                break;
        case 3:
                val = read_sysreg(DBGBCR3);
                break;
        default:
                unreachable();
        }

        return val;
}
""",
    ),
    Example(
        "a bank without accessors",
        """
sequence f(vcpu, n : int) {
    DBGBCR<n>.E <- 1
    bvr[n] <- DBGBVR<n>
    when DBGBVR<n> == cval { seen <- 1 }
    let twice = DBGBVR<n> * 2
    cval <- twice
}
""",
        """
void f(struct vcpu *vcpu, int n)
{
        struct timer *timer = &vcpu->timer;
        u64 val;
        u64 twice;

        switch (n) {
        case 0:
                write_sysreg(read_sysreg(DBGBCR0) | BIT(0), DBGBCR0);
                break;
        case 1:
                write_sysreg(read_sysreg(DBGBCR1) | BIT(0), DBGBCR1);
                break;
        case 2:
                write_sysreg(read_sysreg(DBGBCR2) | BIT(0), DBGBCR2);
                break;
        case 3:
                write_sysreg(read_sysreg(DBGBCR3) | BIT(0), DBGBCR3);
                break;
        }
        switch (n) {
        case 0:
                timer->bvr[n] = read_sysreg(DBGBVR0);
                break;
        case 1:
                timer->bvr[n] = read_sysreg(DBGBVR1);
                break;
        case 2:
                timer->bvr[n] = read_sysreg(DBGBVR2);
                break;
        case 3:
                timer->bvr[n] = read_sysreg(DBGBVR3);
                break;
        default:
                unreachable();
        }
        switch (n) {
        case 0:
                val = read_sysreg(DBGBVR0);
                break;
        case 1:
                val = read_sysreg(DBGBVR1);
                break;
        case 2:
                val = read_sysreg(DBGBVR2);
                break;
        case 3:
                val = read_sysreg(DBGBVR3);
                break;
        default:
                unreachable();
        }
        if (val == timer->cval)
                timer->seen = 1;
        switch (n) {
        case 0:
                val = read_sysreg(DBGBVR0);
                break;
        case 1:
                val = read_sysreg(DBGBVR1);
                break;
        case 2:
                val = read_sysreg(DBGBVR2);
                break;
        case 3:
                val = read_sysreg(DBGBVR3);
                break;
        default:
                unreachable();
        }
        twice = val * 2;
        timer->cval = twice;
}
""",
    ),
    Example(
        "calls into EL2",
        """
sequence none() { CNTV_CTL_EL0 <- 0 }
sequence two(a : u8, g : bool) -> u64 { return a }
sequence f(vcpu, a : u8) {
    hypcall none()
    hypcall arm_it(vcpu)
    cval <- hypcall two(a, vhe)
}
""",
        """
void none(void)
{
        write_sysreg(0, CNTV_CTL_EL0);
}

u64 two(u8 a, bool g)
{
        return a;
}

void f(struct vcpu *vcpu, u8 a)
{
        struct timer *timer = &vcpu->timer;

        kvm_call_hyp(none);
        kvm_call_hyp(arm_it, vcpu);
        timer->cval = kvm_call_hyp(two, a, !!has_vhe());
}
""",
    ),
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_this_gives_that(example: Example) -> None:
    made = functions(example.vgs, example.dialect, example.rest)
    assert made.expandtabs(8).strip("\n") == example.c.strip("\n")


def test_a_compiler_has_nothing_to_say(tmp_path: Path) -> None:
    texts = [functions(example.vgs, example.dialect, example.rest) for example in EXAMPLES]
    compiles(texts, tmp_path)
