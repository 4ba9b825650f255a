"""Expressions: fields, operators, numbers, and what C needs to be told about types."""

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
        "a field as a condition",
        """
when CNTV_CTL_EL0.IMASK { armed <- vhe }
""",
        """
struct timer *timer = &vcpu->timer;

if (read_sysreg(CNTV_CTL_EL0) & BIT(1))
        timer->armed = has_vhe();
""",
    ),
    Example(
        "no field, no shift",
        """
when not CNTHCTL_EL2.EVNTI { CNTV_CVAL_EL0 <- 0 }
""",
        """
if (!(read_sysreg(CNTHCTL_EL2) & GENMASK(7, 4)))
        write_sysreg(0, CNTV_CVAL_EL0);
""",
    ),
    Example(
        "a field shifted down",
        """
seen <- CNTHCTL_EL2.EVNTI
""",
        """
struct timer *timer = &vcpu->timer;

timer->seen = (read_sysreg(CNTHCTL_EL2) & GENMASK(7, 4)) >> 4;
""",
    ),
    Example(
        "numbers with names, spelt and not",
        """
when first & FLAG and first >= PMSELR.SEL.Cycle and first != LIMIT { seen <- LIMIT }
CNTV_CVAL_EL0 <- FLAG << n | wide + FLAG
PMSELR.SEL <- PMSELR.SEL.First
when CPACR_EL1.FPEN == CPACR_EL1.FPEN.None { armed <- bvr[LIMIT] != 0 }
""",
        """
struct timer *timer = &vcpu->timer;

if (first & PSR_FLAG_UL && first >= LEVEL_HIGH && first != 3)
        timer->seen = 3;
write_sysreg((int)(PSR_FLAG_UL << n) | (wide + PSR_FLAG_UL),
             CNTV_CVAL_EL0);
write_sysreg((read_sysreg(PMSELR) & ~GENMASK(4, 0)) |
             FIELD_PREP(GENMASK(4, 0), LEVEL_LOW), PMSELR);
if ((read_sysreg(CPACR_EL1) & CPACR_FPEN) >> 20 == 3)
        timer->armed = timer->bvr[3] != 0;
""",
        dialect="""
FLAG is "PSR_FLAG_UL"
PMSELR.SEL.Cycle is "LEVEL_HIGH"
PMSELR.SEL.First is "LEVEL_LOW"
""",
        params="vcpu, first : u32, n : u8, wide : u64",
    ),
    Example(
        "values of fields alone",
        """
CPACR_EL1 <- 0 with FPEN = El0 with TTA = 1
hctl <- 0 with EL1PCTEN = 0
let fresh : CNTHCTL_EL2 = 0 with EVNTI = n with EVNTEN = 1
CNTHCTL_EL2 <- fresh
CNTHCTL_EL2 <- 0 with EVNTI = 3 with EVNTI = 0
CNTHCTL_EL2 <- 8 with EVNTI = 0
""",
        """
struct timer *timer = &vcpu->timer;
u64 fresh;

write_sysreg(CPACR_FPEN_EL0 | BIT(28), CPACR_EL1);
timer->hctl = 0;
fresh = FIELD_PREP(GENMASK(7, 4), n) | BIT(2);
write_sysreg(fresh, CNTHCTL_EL2);
write_sysreg(FIELD_PREP(GENMASK(7, 4), 3) & ~GENMASK(7, 4),
             CNTHCTL_EL2);
write_sysreg(8 & ~GENMASK(7, 4), CNTHCTL_EL2);
""",
        dialect="""
CPACR_EL1.FPEN.El0 is "CPACR_FPEN_EL0"
""",
        params="vcpu, n : u8",
    ),
    Example(
        "a field of one value in another",
        """
hctl.EVNTI <- CNTHCTL_EL2.EVNTI
CNTHCTL_EL2 <- hctl with EVNTEN = CNTHCTL_EL2.EVNTEN
CNTHCTL_EL2 <- 0 with EVNTI = hctl.EVNTI
""",
        """
struct timer *timer = &vcpu->timer;

timer->hctl = (timer->hctl & ~GENMASK(7, 4)) |
              (read_sysreg(CNTHCTL_EL2) & GENMASK(7, 4));
write_sysreg((timer->hctl & ~BIT(2)) |
             (read_sysreg(CNTHCTL_EL2) & BIT(2)), CNTHCTL_EL2);
write_sysreg(timer->hctl & GENMASK(7, 4), CNTHCTL_EL2);
""",
    ),
    Example(
        "a derived function that only picks bits",
        """
when MDSCR_EL1.enables { seen <- MDSCR_EL1.enables }
when MDSCR_EL1.enables == 0 { armed <- vhe }
""",
        """
struct timer *timer = &vcpu->timer;

if (read_sysreg(MDSCR_EL1) & MDSCR_ENABLES)
        timer->seen = (read_sysreg(MDSCR_EL1) & MDSCR_ENABLES) >> 12;
if ((read_sysreg(MDSCR_EL1) & MDSCR_ENABLES) == 0)
        timer->armed = has_vhe();
""",
        dialect="""
MDSCR_EL1.enables is "MDSCR_ENABLES"
""",
    ),
    Example(
        "a field by an operation",
        """
seen <- CNTHCTL_EL2.EVNTI
""",
        """
struct timer *timer = &vcpu->timer;

timer->seen = FIELD_GET(GENMASK(7, 4), read_sysreg(CNTHCTL_EL2));
""",
        dialect='op extract is "FIELD_GET($mask, $value)"',
    ),
    Example(
        "a field of a slot",
        """
when ctl.ENABLE { ctl <- 0 }
""",
        """
struct timer *timer = &vcpu->timer;

if (timer->ctl & CTL_ENABLE)
        timer->ctl = 0;
""",
    ),
    Example(
        "a field compared with an enumerator that is spelt",
        """
when CPACR_EL1.FPEN == El0 { CPACR_EL1 <- 0 }
""",
        """
if ((read_sysreg(CPACR_EL1) & CPACR_FPEN) == CPACR_FPEN_EL0)
        write_sysreg(0, CPACR_EL1);
""",
    ),
    Example(
        "a field compared with one that is not",
        """
when CPACR_EL1.FPEN != Trapped { CPACR_EL1 <- 0 }
""",
        """
if ((read_sysreg(CPACR_EL1) & CPACR_FPEN) >> 20 != 2)
        write_sysreg(0, CPACR_EL1);
""",
    ),
    Example(
        "a field compared with zero",
        """
when CPACR_EL1.FPEN != All { CPACR_EL1 <- 0 }
""",
        """
if ((read_sysreg(CPACR_EL1) & CPACR_FPEN) != 0)
        write_sysreg(0, CPACR_EL1);
""",
    ),
    Example(
        "a field compared with a number",
        """
when CNTHCTL_EL2.EVNTI >= 3 { CNTHCTL_EL2 <- 0 }
""",
        """
if ((read_sysreg(CNTHCTL_EL2) & GENMASK(7, 4)) >> 4 >= 3)
        write_sysreg(0, CNTHCTL_EL2);
""",
    ),
    Example(
        "a family, by a number and by a variable",
        """
when PMCNTENSET.P<3> or PMCNTENSET.P<n> { PMSELR <- 0 }
""",
        """
if ((read_sysreg(PMCNTENSET) & BIT(3)) ||
    (read_sysreg(PMCNTENSET) & BIT(n)))
        write_sysreg(0, PMSELR);
""",
        params="n : int",
    ),
    Example(
        "an element of a family as a number",
        """
seen <- PMCNTENSET.P<n>
""",
        """
struct timer *timer = &vcpu->timer;

timer->seen = !!(read_sysreg(PMCNTENSET) & BIT(n));
""",
        params="vcpu, n : int",
    ),
    Example(
        "an element of several bits",
        """
seen <- PMSELR.S<2>
seen <- PMSELR.S<n>
""",
        """
struct timer *timer = &vcpu->timer;

timer->seen = (read_sysreg(PMSELR) & PMSEL_S(2)) >> 24;
timer->seen = (read_sysreg(PMSELR) & PMSEL_S(n)) >> (n * 4 + 16);
""",
        params="vcpu, n : int",
        dialect='PMSELR.S<n> is "PMSEL_S($n)"',
    ),
    Example(
        "a pattern that tells a flag is no number",
        """
seen <- PMCNTENSET.P<2>
when PMCNTENSET.P<2> { PMSELR <- 0 }
""",
        """
struct timer *timer = &vcpu->timer;

timer->seen = !!(read_sysreg(PMCNTENSET) & BIT(2));
if (read_sysreg(PMCNTENSET) & BIT(2))
        write_sysreg(0, PMSELR);
""",
        dialect='PMCNTENSET.P<n> is "$value & BIT($n)"',
    ),
    Example(
        "derived functions",
        """
when MDSCR_EL1.stepping { seen <- MDSCR_EL1.level }
""",
        """
struct timer *timer = &vcpu->timer;

if (mdscr_stepping(read_sysreg(MDSCR_EL1)))
        timer->seen = mdscr_level(read_sysreg(MDSCR_EL1));
""",
    ),
    Example(
        "a value with a field changed",
        """
CNTV_CTL_EL0 <- ctl with ENABLE = 0
""",
        """
struct timer *timer = &vcpu->timer;

write_sysreg(timer->ctl & ~CTL_ENABLE, CNTV_CTL_EL0);
""",
    ),
    Example(
        "a number with fields, of which nothing is to be cleared or kept",
        """
CNTV_CTL_EL0 <- 0 with ENABLE = 1 with IMASK = 0
CNTHCTL_EL2 <- 0 with EVNTI = 0
CNTV_CTL_EL0 <- 4 with ENABLE = 1
""",
        """
write_sysreg(CTL_ENABLE, CNTV_CTL_EL0);
write_sysreg(0, CNTHCTL_EL2);
write_sysreg(4 | CTL_ENABLE, CNTV_CTL_EL0);
""",
    ),
    Example(
        "a number turned round",
        """
cval <- cval & ~1
seen <- ~3
""",
        """
struct timer *timer = &vcpu->timer;

timer->cval = timer->cval & ~(u64)1;
timer->seen = 252;
""",
    ),
    Example(
        "a value with a field set from another",
        """
CNTHCTL_EL2 <- hctl with EVNTI = n
""",
        """
struct timer *timer = &vcpu->timer;

write_sysreg((timer->hctl & ~GENMASK(7, 4)) |
             FIELD_PREP(GENMASK(7, 4), n), CNTHCTL_EL2);
""",
        params="vcpu, n : u8",
    ),
    Example(
        "a logical or in a logical and",
        """
when (used or vhe) and seen { PMSELR <- 0 }
""",
        """
struct timer *timer = &vcpu->timer;

if ((timer->used || has_vhe()) && timer->seen)
        write_sysreg(0, PMSELR);
""",
    ),
    Example(
        "a logical and in a logical or",
        """
when used or vhe and seen { PMSELR <- 0 }
""",
        """
struct timer *timer = &vcpu->timer;

if (timer->used || (has_vhe() && timer->seen))
        write_sysreg(0, PMSELR);
""",
    ),
    Example(
        "implication",
        """
when used implies vhe { PMSELR <- 0 }
""",
        """
struct timer *timer = &vcpu->timer;

if (!timer->used || has_vhe())
        write_sysreg(0, PMSELR);
""",
    ),
    Example(
        "a negated comparison",
        """
when not (used == 3) and not (seen < 2) { PMSELR <- 0 }
""",
        """
struct timer *timer = &vcpu->timer;

if (timer->used != 3 && timer->seen >= 2)
        write_sysreg(0, PMSELR);
""",
    ),
    Example(
        "a negated disjunction",
        """
when not (used or seen) { PMSELR <- 0 }
""",
        """
struct timer *timer = &vcpu->timer;

if (!(timer->used || timer->seen))
        write_sysreg(0, PMSELR);
""",
    ),
    Example(
        "bits in shifts in sums",
        """
PMSELR <- (a | b & 3) << a + b
""",
        """
write_sysreg((a | (b & 3)) << (a + b), PMSELR);
""",
        params="a : u32, b : u32",
    ),
    Example(
        "a shift in a bitwise or",
        """
PMSELR <- a << 4 | b ^ 1
""",
        """
write_sysreg((a << 4) | (b ^ 1), PMSELR);
""",
        params="a : u32, b : u32",
    ),
    Example(
        "a difference in a difference",
        """
PMSELR <- a - (b - 1) - a * (b + 1)
""",
        """
write_sysreg(a - (b - 1) - a * (b + 1), PMSELR);
""",
        params="a : u32, b : u32",
    ),
    Example(
        "a comparison of comparisons",
        """
when (a < b) == (b < 3) { PMSELR <- 0 }
""",
        """
if ((a < b) == (b < 3))
        write_sysreg(0, PMSELR);
""",
        params="a : u32, b : u32",
    ),
    Example(
        "truth values compared",
        """
when vhe == masked { PMSELR <- 0 }
""",
        """
struct timer *timer = &vcpu->timer;

if (!!has_vhe() == !!timer->masked)
        write_sysreg(0, PMSELR);
""",
    ),
    Example(
        "truth values kept",
        """
armed <- seen
armed <- used == 2
""",
        """
struct timer *timer = &vcpu->timer;

timer->armed = timer->seen;
timer->armed = timer->used == 2;
""",
    ),
    Example(
        "numbers as they were written",
        """
PMSELR <- 0x1f
PMSELR <- 1_000
PMSELR <- 0b101
CNTV_CVAL_EL0 <- 0xFFFF_FFFF_FFFF_FFFF
""",
        """
write_sysreg(0x1f, PMSELR);
write_sysreg(1000, PMSELR);
write_sysreg(5, PMSELR);
write_sysreg(0xFFFFFFFFFFFFFFFFULL, CNTV_CVAL_EL0);
""",
    ),
    Example(
        "numbers beyond an int",
        """
CNTV_CVAL_EL0 <- 0x8000_0000
CNTV_CVAL_EL0 <- 4294967295
""",
        """
write_sysreg(0x80000000, CNTV_CVAL_EL0);
write_sysreg(4294967295U, CNTV_CVAL_EL0);
""",
    ),
    Example(
        "a 64-bit number shifted",
        """
CNTV_CVAL_EL0 <- 0x1_0000_0000 << n
CNTV_CVAL_EL0 <- 1 << n
""",
        """
write_sysreg(0x100000000ULL << n, CNTV_CVAL_EL0);
write_sysreg(1 << n, CNTV_CVAL_EL0);
""",
        params="n : u32",
    ),
    Example(
        "narrow numbers wrap as unsigned ones",
        """
CNTV_CVAL_EL0 <- a - b
seen <- a - b
when a - b > 5 { PMSELR <- 0 }
""",
        """
struct timer *timer = &vcpu->timer;

write_sysreg((u32)a - b, CNTV_CVAL_EL0);
timer->seen = a - b;
if ((u32)a - b > 5)
        write_sysreg(0, PMSELR);
""",
        params="vcpu, a : u8, b : u8",
    ),
    Example(
        "a narrow number minus one",
        """
CNTV_CVAL_EL0 <- a - 1
""",
        """
write_sysreg(a - 1U, CNTV_CVAL_EL0);
""",
        params="a : u8",
    ),
    Example(
        "a narrow number shifted far",
        """
CNTV_CVAL_EL0 <- a << 24
""",
        """
write_sysreg((u32)a << 24, CNTV_CVAL_EL0);
""",
        params="a : u8",
    ),
    Example(
        "signed beside unsigned",
        """
when a < 3 { PMSELR <- 0 }
when a < b { PMSELR <- 1 }
CNTV_CVAL_EL0 <- cval + a
""",
        """
struct timer *timer = &vcpu->timer;

if (a < 3)
        write_sysreg(0, PMSELR);
if (a < b)
        write_sysreg(1, PMSELR);
write_sysreg(timer->cval + a, CNTV_CVAL_EL0);
""",
        params="vcpu, a : int, b : u32",
    ),
    Example(
        "a mask makes the type of the rest no matter",
        """
PMSELR <- (a - b) & 7
""",
        """
write_sysreg((a - b) & 7, PMSELR);
""",
        params="a : u8, b : u8",
    ),
    Example(
        "a call with and without a result",
        """
let now = tick(3)
cval <- now
tick(seen)
""",
        """
struct timer *timer = &vcpu->timer;
u64 now = tick(3);

timer->cval = now;
tick(timer->seen);
""",
    ),
    Example(
        "a call as a condition",
        """
when tick(1) { PMSELR <- 0 }
when not tick(used) { PMSELR <- 0 }
""",
        """
struct timer *timer = &vcpu->timer;

if (tick(1))
        write_sysreg(0, PMSELR);
if (!tick(timer->used))
        write_sysreg(0, PMSELR);
""",
    ),
    Example(
        "calls into EL2",
        """
hypcall arm_it(vcpu)
cval <- hypcall tick(2)
""",
        """
struct timer *timer = &vcpu->timer;

kvm_call_hyp(arm_it, vcpu);
timer->cval = kvm_call_hyp(tick, 2);
""",
    ),
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_this_gives_that(example: Example) -> None:
    made = body(example.vgs, example.dialect, example.params, example.result)
    assert made.expandtabs(8).strip("\n") == example.c.strip("\n")


def test_a_compiler_has_nothing_to_say(tmp_path: Path) -> None:
    texts = [functions(example.whole(), example.dialect) for example in EXAMPLES]
    compiles(texts, tmp_path)
