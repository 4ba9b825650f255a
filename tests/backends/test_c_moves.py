"""Moves: registers, slots, fields, barriers, and what goes through a local."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.backends.test_c_sample import body, compiles, functions


@dataclass(frozen=True)
class Example:
    """What is written, and the C that it gives (with tabs as eight blanks)."""

    name: str
    vgs: str
    c: str
    dialect: str = ""
    params: str = "vcpu"
    result: str = ""

    def whole(self) -> str:
        """The statements in a sequence."""
        result = f" -> {self.result}" if self.result else ""
        return f"sequence f({self.params}){result} {{\n{self.vgs}\n}}"


EXAMPLES = [
    Example(
        "a register",
        """
CNTV_CVAL_EL0 <- cval
""",
        """
struct timer *timer = &vcpu->timer;

write_sysreg(timer->cval, CNTV_CVAL_EL0);
""",
    ),
    Example(
        "a register from a register",
        """
CNTV_CVAL_EL0 <- CNTVCT_EL0
""",
        """
write_sysreg(read_sysreg(CNTVCT_EL0), CNTV_CVAL_EL0);
""",
    ),
    Example(
        "several fields of a slot",
        """
modify ctl { ENABLE <- 1 IMASK <- 1 }
modify ctl { ENABLE <- 0 IMASK <- 0 }
modify ctl { ENABLE <- 0 IMASK <- 1 }
""",
        """
struct timer *timer = &vcpu->timer;

timer->ctl |= CTL_ENABLE | BIT(1);
timer->ctl &= ~(CTL_ENABLE | BIT(1));
timer->ctl = (timer->ctl & ~CTL_ENABLE) | BIT(1);
""",
    ),
    Example(
        "save and restore",
        """
save ctl, cval
restore cval, ctl
""",
        """
struct timer *timer = &vcpu->timer;

timer->ctl = read_sysreg(CNTV_CTL_EL0);
timer->cval = read_sysreg(CNTV_CVAL_EL0);
write_sysreg(timer->cval, CNTV_CVAL_EL0);
write_sysreg(timer->ctl, CNTV_CTL_EL0);
""",
    ),
    Example(
        "one element of a bank by a number",
        """
DBGBCR<2>.E <- 1
save bvr[1]
restore bvr[3]
""",
        """
struct timer *timer = &vcpu->timer;

write_sysreg(read_sysreg(DBGBCR2) | BIT(0), DBGBCR2);
timer->bvr[1] = read_sysreg(DBGBVR1);
write_sysreg(timer->bvr[3], DBGBVR3);
""",
    ),
    Example(
        "a field cleared",
        """
CNTV_CTL_EL0.ENABLE <- 0
""",
        """
write_sysreg(read_sysreg(CNTV_CTL_EL0) & ~CTL_ENABLE, CNTV_CTL_EL0);
""",
    ),
    Example(
        "a field set",
        """
CNTV_CTL_EL0.IMASK <- 1
""",
        """
write_sysreg(read_sysreg(CNTV_CTL_EL0) | BIT(1), CNTV_CTL_EL0);
""",
    ),
    Example(
        "a field of several bits filled",
        """
CNTHCTL_EL2.EVNTI <- 15
""",
        """
write_sysreg(read_sysreg(CNTHCTL_EL2) | GENMASK(7, 4), CNTHCTL_EL2);
""",
    ),
    Example(
        "a field of several bits",
        """
CNTHCTL_EL2.EVNTI <- 5
""",
        """
write_sysreg((read_sysreg(CNTHCTL_EL2) & ~GENMASK(7, 4)) |
             FIELD_PREP(GENMASK(7, 4), 5), CNTHCTL_EL2);
""",
    ),
    Example(
        "parentheses that nothing needs",
        """
@grouped
let early = first + 2
@grouped
CNTHCTL_EL2 <- hctl with EVNTEN = early & 1
@grouped
CNTHCTL_EL2.EVNTEN <- 0
@grouped
save cval
@grouped
modify hctl { EVNTEN <- 1 EL1PCEN <- 0 }
@grouped
modify hctl { EVNTEN <- 1 EL1PCEN <- 1 }
@grouped
hctl.EVNTEN <- 0
@grouped
let old = first + 1
@grouped
old <- first & 3
seen <- old
""",
        """
struct timer *timer = &vcpu->timer;
u32 early = (first + 2);
u32 old;

write_sysreg(((timer->hctl & ~BIT(2)) | FIELD_PREP(BIT(2), early & 1)),
             CNTHCTL_EL2);
write_sysreg((read_sysreg(CNTHCTL_EL2) & ~BIT(2)), CNTHCTL_EL2);
timer->cval = (read_sysreg(CNTV_CVAL_EL0));
timer->hctl = ((timer->hctl & ~BIT(1)) | BIT(2));
timer->hctl |= (BIT(2) | BIT(1));
timer->hctl &= (~BIT(2));
old = (first + 1);
old = (first & 3);
timer->seen = old;
""",
        params="vcpu, first : u8",
    ),
    Example(
        "a field from a variable",
        """
CNTHCTL_EL2.EVNTI <- n
""",
        """
write_sysreg((read_sysreg(CNTHCTL_EL2) & ~GENMASK(7, 4)) |
             FIELD_PREP(GENMASK(7, 4), n), CNTHCTL_EL2);
""",
        params="n : u32",
    ),
    Example(
        "an enumerator that is spelt in place",
        """
CPACR_EL1.FPEN <- El0
""",
        """
write_sysreg((read_sysreg(CPACR_EL1) & ~CPACR_FPEN) | CPACR_FPEN_EL0,
             CPACR_EL1);
""",
    ),
    Example(
        "an enumerator that is not",
        """
CPACR_EL1.FPEN <- Trapped
""",
        """
write_sysreg((read_sysreg(CPACR_EL1) & ~CPACR_FPEN) |
             FIELD_PREP(CPACR_FPEN, 2), CPACR_EL1);
""",
    ),
    Example(
        "several fields at once",
        """
modify CNTHCTL_EL2 { EL1PCTEN <- 0 EVNTEN <- 1 EVNTI <- n EL1PCEN <- 0 }
""",
        """
write_sysreg((read_sysreg(CNTHCTL_EL2) &
              ~(BIT(0) | GENMASK(7, 4) | BIT(1))) | BIT(2) |
             FIELD_PREP(GENMASK(7, 4), n), CNTHCTL_EL2);
""",
        params="n : u32",
    ),
    Example(
        "a field changed twice",
        """
modify CNTHCTL_EL2 { EVNTI <- 15 EVNTI <- n }
""",
        """
write_sysreg(((read_sysreg(CNTHCTL_EL2) | GENMASK(7, 4)) &
              ~GENMASK(7, 4)) | FIELD_PREP(GENMASK(7, 4), n),
             CNTHCTL_EL2);
""",
        params="n : u32",
    ),
    Example(
        "an element of a family",
        """
PMCNTENSET.P<7> <- 1
PMCNTENSET.P<n> <- 0
""",
        """
write_sysreg(read_sysreg(PMCNTENSET) | BIT(7), PMCNTENSET);
write_sysreg(read_sysreg(PMCNTENSET) & ~BIT(n), PMCNTENSET);
""",
        params="n : int",
    ),
    Example(
        "an element of a family from a variable",
        """
PMCNTENSET.P<n> <- a
""",
        """
write_sysreg((read_sysreg(PMCNTENSET) & ~BIT(n)) |
             ((u64)(a & 0x1) << n), PMCNTENSET);
""",
        params="n : int, a : u8",
    ),
    Example(
        "slots",
        """
seen <- 3
bvr[2] <- cval
bvr[n] <- bvr[n] + 1
""",
        """
struct timer *timer = &vcpu->timer;

timer->seen = 3;
timer->bvr[2] = timer->cval;
timer->bvr[n] = timer->bvr[n] + 1;
""",
        params="vcpu, n : int",
    ),
    Example(
        "a field of a slot cleared",
        """
ctl.IMASK <- 0
""",
        """
struct timer *timer = &vcpu->timer;

timer->ctl &= ~BIT(1);
""",
    ),
    Example(
        "a field of a slot set",
        """
ctl.ENABLE <- 1
""",
        """
struct timer *timer = &vcpu->timer;

timer->ctl |= CTL_ENABLE;
""",
    ),
    Example(
        "a field of a slot replaced",
        """
hctl.EVNTI <- 5
""",
        """
struct timer *timer = &vcpu->timer;

timer->hctl = (timer->hctl & ~GENMASK(7, 4)) |
              FIELD_PREP(GENMASK(7, 4), 5);
""",
    ),
    Example(
        "several fields of a slot",
        """
modify hctl { EL1PCEN <- 0 EVNTI <- 5 EVNTEN <- 1 }
""",
        """
struct timer *timer = &vcpu->timer;

timer->hctl = (timer->hctl & ~(BIT(1) | GENMASK(7, 4))) |
              FIELD_PREP(GENMASK(7, 4), 5) | BIT(2);
""",
    ),
    Example(
        "barriers",
        """
isb orders CNTV_CTL_EL0 before CNTV_CVAL_EL0
dsb(ish) then isb orders CNTV_CTL_EL0 before host
dmb(sy) orders CNTV_CTL_EL0 before host
""",
        """
isb();
dsb(ish);
isb();
dmb(sy);
""",
    ),
    Example(
        "barriers spelt otherwise",
        """
isb then dsb(nsh) orders CNTV_CTL_EL0 before host
""",
        """
sync();
dmb(full_nsh);
""",
        dialect="""
op isb is "sync()"
op dsb is "dmb(full_$option)"
""",
    ),
    Example(
        "warnings and assertions",
        """
warn if used > 3
assert not masked
assert used < 4 or vhe
""",
        """
struct timer *timer = &vcpu->timer;

WARN_ON(timer->used > 3);
BUG_ON(!!timer->masked);
BUG_ON(!(timer->used < 4 || has_vhe()));
""",
    ),
    Example(
        "a field through a local",
        """
@via(ctl)
CNTV_CTL_EL0.ENABLE <- 0
""",
        """
u64 ctl;

ctl = read_sysreg(CNTV_CTL_EL0);
write_sysreg(ctl & ~CTL_ENABLE, CNTV_CTL_EL0);
""",
    ),
    Example(
        "fields in steps",
        """
@via(val)
modify CNTHCTL_EL2 {
    @step
    EL1PCEN <- 0
    EVNTEN <- 0
    @step
    EL1PCTEN <- 1
    @step
    EVNTI <- seen
    EL1PCEN <- 1
}
""",
        """
struct timer *timer = &vcpu->timer;
u64 val;

val = read_sysreg(CNTHCTL_EL2);
val &= ~(BIT(1) | BIT(2));
val |= BIT(0);
val = (val & ~GENMASK(7, 4)) | FIELD_PREP(GENMASK(7, 4), timer->seen) |
      BIT(1);
write_sysreg(val, CNTHCTL_EL2);
""",
    ),
    Example(
        "what is before the first step goes with the read",
        """
@via(val)
modify CNTHCTL_EL2 {
    EVNTI <- 0
    EL1PCEN <- 1
    @step
    EL1PCTEN <- 1
    EVNTEN <- 1
}
""",
        """
u64 val;

val = (read_sysreg(CNTHCTL_EL2) & ~GENMASK(7, 4)) | BIT(1);
val |= BIT(0) | BIT(2);
write_sysreg(val, CNTHCTL_EL2);
""",
    ),
    Example(
        "what is read for a change is read after the register",
        """
@via(val)
modify CNTHCTL_EL2 {
    EVNTI <- CNTV_CTL_EL0
    @step
    EL1PCTEN <- CNTV_CTL_EL0.IMASK
}
""",
        """
u64 val;
u64 val2;

val = read_sysreg(CNTHCTL_EL2);
val2 = read_sysreg(CNTV_CTL_EL0);
val = (val & ~GENMASK(7, 4)) | FIELD_PREP(GENMASK(7, 4), val2);
val = (val & ~BIT(0)) |
      FIELD_PREP(BIT(0), (read_sysreg(CNTV_CTL_EL0) & BIT(1)) >> 1);
write_sysreg(val, CNTHCTL_EL2);
""",
    ),
    Example(
        "a slot in steps, and a field twice in one",
        """
@via(val)
modify hctl {
    @step
    EL1PCTEN <- 0
    EVNTEN <- 1
    EL1PCTEN <- 1
    @step
    EL1PCEN <- 1
}
""",
        """
struct timer *timer = &vcpu->timer;
u64 val;

val = timer->hctl;
val = (val & ~BIT(0)) | BIT(2) | BIT(0);
val |= BIT(1);
timer->hctl = val;
""",
    ),
    Example(
        "an element of an array in steps",
        """
@via(val)
modify bvr[used] {
    @step
    VA <- 3
}
""",
        """
struct timer *timer = &vcpu->timer;
u64 val;

val = timer->bvr[timer->used];
val = (val & ~GENMASK(63, 0)) | FIELD_PREP(GENMASK(63, 0), 3);
timer->bvr[timer->used] = val;
""",
    ),
    Example(
        "a value through a local",
        """
@via(val)
let level : u8 = MDSCR_EL1.level
seen <- level
""",
        """
struct timer *timer = &vcpu->timer;
u32 val;
u8 level;

val = read_sysreg(MDSCR_EL1);
level = mdscr_level(val);
timer->seen = level;
""",
    ),
    Example(
        "a move through a local",
        """
@via(old)
CNTHCTL_EL2 <- CPACR_EL1 with TTA = 1
""",
        """
u64 old;

old = read_sysreg(CPACR_EL1);
write_sysreg(old | BIT(28), CNTHCTL_EL2);
""",
    ),
    Example(
        "only the first read goes through the local",
        """
@via(first)
CNTV_CVAL_EL0 <- CNTVCT_EL0 - CNTVCT_EL0
""",
        """
u64 first;

first = read_sysreg(CNTVCT_EL0);
write_sysreg(first - read_sysreg(CNTVCT_EL0), CNTV_CVAL_EL0);
""",
    ),
    Example(
        "reads keep their order",
        """
CNTV_CVAL_EL0 <- CNTVCT_EL0 + CNTV_CVAL_EL0 + CPACR_EL1
""",
        """
u64 val;
u64 val2;

val = read_sysreg(CNTVCT_EL0);
val2 = read_sysreg(CNTV_CVAL_EL0);
write_sysreg(val + val2 + read_sysreg(CPACR_EL1), CNTV_CVAL_EL0);
""",
    ),
    Example(
        "a read that decides comes first anyway",
        """
when CNTVCT_EL0 and CNTV_CVAL_EL0 { CPACR_EL1 <- 0 }
""",
        """
if (read_sysreg(CNTVCT_EL0) && read_sysreg(CNTV_CVAL_EL0))
        write_sysreg(0, CPACR_EL1);
""",
    ),
    Example(
        "a field from a field of the same register",
        """
CNTHCTL_EL2.EL1PCEN <- 1
CNTHCTL_EL2.EVNTI <- CNTHCTL_EL2.EVNTI + 1
""",
        """
u64 val;

write_sysreg(read_sysreg(CNTHCTL_EL2) | BIT(1), CNTHCTL_EL2);
val = read_sysreg(CNTHCTL_EL2);
write_sysreg((val & ~GENMASK(7, 4)) |
             FIELD_PREP(GENMASK(7, 4),
                        ((read_sysreg(CNTHCTL_EL2) & GENMASK(7, 4)) >>
                         4) + 1), CNTHCTL_EL2);
""",
    ),
    Example(
        "a result through a local",
        """
@via(ret)
return PMSELR
""",
        """
u32 ret;

ret = read_sysreg(PMSELR);
return ret;
""",
        result="u32",
    ),
    Example(
        "a field as a result through a local",
        """
@via(ret)
return CNTHCTL_EL2.EVNTI
""",
        """
u64 ret;

ret = read_sysreg(CNTHCTL_EL2);
return (ret & GENMASK(7, 4)) >> 4;
""",
        result="u8",
    ),
    Example(
        "a field spelt by the mask of its value and a shift",
        """
let v = CNTHCTL_EL2
CNTHCTL_EL2.EVNTI <- n
hctl.EVNTI <- 0
when hctl.EVNTI == 0 or v.EVNTI { hctl.EVNTI <- v.EVNTI + 1 }
""",
        """
struct timer *timer = &vcpu->timer;
u64 v = read_sysreg(CNTHCTL_EL2);

write_sysreg((read_sysreg(CNTHCTL_EL2) & ~((u64)MASK << SHIFT)) |
             (((u64)n & MASK) << SHIFT), CNTHCTL_EL2);
timer->hctl &= ~((u64)MASK << SHIFT);
if ((timer->hctl & ((u64)MASK << SHIFT)) == 0 ||
    (v & ((u64)MASK << SHIFT)))
        timer->hctl = (timer->hctl & ~((u64)MASK << SHIFT)) |
                      (((u64)(((v >> SHIFT) & MASK) + 1) & MASK) <<
                       SHIFT);
""",
        dialect='CNTHCTL_EL2.EVNTI is "MASK", "SHIFT"',
        params="vcpu, n : u32",
    ),
    Example(
        "long lines",
        """
CNTHCTL_EL2 <- hctl with EVNTI = first_of_the_two_numbers + second_of_the_two_numbers
modify CNTHCTL_EL2 { EVNTI <- second_of_the_two_numbers EL1PCEN <- 0 EL1PCTEN <- 0 EVNTEN <- 1 }
cval <- first_of_the_two_numbers + second_of_the_two_numbers + first_of_the_two_numbers
when first_of_the_two_numbers < second_of_the_two_numbers
        or vhe and second_of_the_two_numbers > 5 { seen <- 0 }
""",
        """
struct timer *timer = &vcpu->timer;

write_sysreg((timer->hctl & ~GENMASK(7, 4)) |
             FIELD_PREP(GENMASK(7, 4),
                        first_of_the_two_numbers +
                        second_of_the_two_numbers), CNTHCTL_EL2);
write_sysreg((read_sysreg(CNTHCTL_EL2) &
              ~(GENMASK(7, 4) | BIT(1) | BIT(0))) |
             FIELD_PREP(GENMASK(7, 4), second_of_the_two_numbers) |
             BIT(2), CNTHCTL_EL2);
timer->cval = first_of_the_two_numbers + second_of_the_two_numbers +
              first_of_the_two_numbers;
if (first_of_the_two_numbers < second_of_the_two_numbers ||
    (has_vhe() && second_of_the_two_numbers > 5))
        timer->seen = 0;
""",
        params="vcpu, first_of_the_two_numbers : u32, second_of_the_two_numbers : u32",
    ),
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_this_gives_that(example: Example) -> None:
    made = body(example.vgs, example.dialect, example.params, example.result)
    assert made.expandtabs(8).strip("\n") == example.c.strip("\n")


def test_a_compiler_has_nothing_to_say(tmp_path: Path) -> None:
    texts = [functions(example.whole(), example.dialect) for example in EXAMPLES]
    compiles(texts, tmp_path)
