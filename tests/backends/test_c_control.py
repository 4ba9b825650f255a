"""Branches, loops, cases, labels, locks: braces, blank lines, declarations."""

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
        "one statement",
        """
when vhe { seen <- 0 }
""",
        """
struct timer *timer = &vcpu->timer;

if (has_vhe())
        timer->seen = 0;
""",
    ),
    Example(
        "one statement on two lines",
        """
when vhe { CNTHCTL_EL2 <- hctl with EVNTI = a_long_name_for_a_number + another_long_name }
""",
        """
struct timer *timer = &vcpu->timer;

if (has_vhe())
        write_sysreg((timer->hctl & ~GENMASK(7, 4)) |
                     FIELD_PREP(GENMASK(7, 4),
                                a_long_name_for_a_number +
                                another_long_name), CNTHCTL_EL2);
""",
        params="vcpu, a_long_name_for_a_number : u32, another_long_name : u32",
    ),
    Example(
        "two statements",
        """
when vhe { seen <- 0 ctl <- 0 }
""",
        """
struct timer *timer = &vcpu->timer;

if (has_vhe()) {
        timer->seen = 0;
        timer->ctl = 0;
}
""",
    ),
    Example(
        "a hint for braces",
        """
@braces
when vhe { seen <- 0 }
@braces
each i below 3 { seen <- i }
""",
        """
struct timer *timer = &vcpu->timer;
int i;

if (has_vhe()) {
        timer->seen = 0;
}
for (i = 0; i < 3; i++) {
        timer->seen = i;
}
""",
    ),
    Example(
        "braces for all or none",
        """
when vhe { seen <- 0 } else { seen <- 1 }
when vhe { seen <- 0 } else { seen <- 1 ctl <- 1 }
when vhe { seen <- 0 ctl <- 1 } else { seen <- 1 }
""",
        """
struct timer *timer = &vcpu->timer;

if (has_vhe())
        timer->seen = 0;
else
        timer->seen = 1;
if (has_vhe()) {
        timer->seen = 0;
} else {
        timer->seen = 1;
        timer->ctl = 1;
}
if (has_vhe()) {
        timer->seen = 0;
        timer->ctl = 1;
} else {
        timer->seen = 1;
}
""",
    ),
    Example(
        "a chain",
        """
when vhe { seen <- 0 }
else when used == 2 { seen <- 1 }
else when masked { seen <- 2 }
else { seen <- 3 }
""",
        """
struct timer *timer = &vcpu->timer;

if (has_vhe())
        timer->seen = 0;
else if (timer->used == 2)
        timer->seen = 1;
else if (timer->masked)
        timer->seen = 2;
else
        timer->seen = 3;
""",
    ),
    Example(
        "a comment inside",
        """
when vhe {
    /// Nobody has seen it.
    seen <- 0
}
""",
        """
struct timer *timer = &vcpu->timer;

if (has_vhe()) {
        /* Nobody has seen it. */
        timer->seen = 0;
}
""",
    ),
    Example(
        "a branch inside a branch",
        """
when vhe { when masked { seen <- 0 } else { seen <- 1 } }
""",
        """
struct timer *timer = &vcpu->timer;

if (has_vhe()) {
        if (timer->masked)
                timer->seen = 0;
        else
                timer->seen = 1;
}
""",
    ),
    Example(
        "two lines because of a local",
        """
when vhe {
    @via(val)
    CNTV_CTL_EL0.ENABLE <- 0
}
""",
        """
if (has_vhe()) {
        u64 val;

        val = read_sysreg(CNTV_CTL_EL0);
        write_sysreg(val & ~CTL_ENABLE, CNTV_CTL_EL0);
}
""",
    ),
    Example(
        "likely and unlikely",
        """
@likely
when vhe { seen <- 0 }
@unlikely
when masked or used > 2 { seen <- 1 }
""",
        """
struct timer *timer = &vcpu->timer;

if (likely(has_vhe()))
        timer->seen = 0;
if (unlikely(timer->masked || timer->used > 2))
        timer->seen = 1;
""",
    ),
    Example(
        "a condition that needs a local before it",
        """
when vhe { seen <- 0 } else when CNTVCT_EL0 > CNTV_CVAL_EL0 { seen <- 1 }
""",
        """
struct timer *timer = &vcpu->timer;

if (has_vhe()) {
        timer->seen = 0;
} else {
        u64 val;

        val = read_sysreg(CNTVCT_EL0);
        if (val > read_sysreg(CNTV_CVAL_EL0))
                timer->seen = 1;
}
""",
    ),
    Example(
        "blank lines",
        """
seen <- 0

ctl <- 0
when vhe {
    seen <- 1

    ctl <- 1
}
""",
        """
struct timer *timer = &vcpu->timer;

timer->seen = 0;

timer->ctl = 0;
if (has_vhe()) {
        timer->seen = 1;

        timer->ctl = 1;
}
""",
    ),
    Example(
        "comments",
        """
/// First this.
seen <- 0

/// Then that, with more to say about it than one line of eighty columns has room for.
ctl <- 0
/// One paragraph.
///
/// Another */ one.
when vhe { seen <- 1 }
""",
        """
struct timer *timer = &vcpu->timer;

/* First this. */
timer->seen = 0;

/*
 * Then that, with more to say about it than one line of eighty columns
 * has room for.
 */
timer->ctl = 0;
/*
 * One paragraph.
 *
 * Another * / one.
 */
if (has_vhe())
        timer->seen = 1;
""",
    ),
    Example(
        "a loop",
        """
each i below 4 { bvr[i] <- 0 }
""",
        """
struct timer *timer = &vcpu->timer;
int i;

for (i = 0; i < 4; i++)
        timer->bvr[i] = 0;
""",
    ),
    Example(
        "a loop to a slot",
        """
each i below used { restore bvr[i] }
""",
        """
struct timer *timer = &vcpu->timer;
int i;

for (i = 0; i < timer->used; i++)
        set_bvr(timer->bvr[i], i);
""",
        dialect="""
read DBGBVR<n> is "get_bvr($n)"
write DBGBVR<n> is "set_bvr($value, $n)"
""",
    ),
    Example(
        "a range",
        """
each i in 1..3 { bvr[i] <- 0 }
""",
        """
struct timer *timer = &vcpu->timer;
int i;

for (i = 1; i <= 3; i++)
        timer->bvr[i] = 0;
""",
    ),
    Example(
        "a range between variables",
        """
each i in a..b { seen <- i }
""",
        """
struct timer *timer = &vcpu->timer;
int i;

for (i = a; i <= b; i++)
        timer->seen = i;
""",
        params="vcpu, a : int, b : int",
    ),
    Example(
        "loops in loops",
        """
each i below 4 {
    each j in i..3 { bvr[j] <- bvr[i] }
}
""",
        """
struct timer *timer = &vcpu->timer;
int i;

for (i = 0; i < 4; i++) {
        int j;

        for (j = i; j <= 3; j++)
                timer->bvr[j] = timer->bvr[i];
}
""",
    ),
    Example(
        "an end that changes on the way",
        """
each i below used { used <- 1 seen <- i }
""",
        """
struct timer *timer = &vcpu->timer;
u32 i_end;
int i;

i_end = timer->used;
for (i = 0; i < i_end; i++) {
        timer->used = 1;
        timer->seen = i;
}
""",
    ),
    Example(
        "an end that is read",
        """
each i below CNTHCTL_EL2.EVNTI { seen <- i }
""",
        """
struct timer *timer = &vcpu->timer;
u64 i_end;
int i;

i_end = (read_sysreg(CNTHCTL_EL2) & GENMASK(7, 4)) >> 4;
for (i = 0; i < i_end; i++)
        timer->seen = i;
""",
    ),
    Example(
        "cases",
        """
match used {
    3 { seen <- 3 }
    2 { seen <- 2 ctl <- 0 }
    else { seen <- 0 }
}
""",
        """
struct timer *timer = &vcpu->timer;

switch (timer->used) {
case 3:
        timer->seen = 3;
        break;
case 2:
        timer->seen = 2;
        timer->ctl = 0;
        break;
default:
        timer->seen = 0;
        break;
}
""",
    ),
    Example(
        "falling cases",
        """
match used falling {
    3 { seen <- 3 }
    2 { seen <- 2 }
    else { seen <- 0 }
}
""",
        """
struct timer *timer = &vcpu->timer;

switch (timer->used) {
case 3:
        timer->seen = 3;
case 2:
        timer->seen = 2;
default:
        timer->seen = 0;
}
""",
    ),
    Example(
        "falling cases that say so",
        """
match used falling {
    3 { seen <- 3 }
    2 { }
    1 { seen <- 2 }
}
""",
        """
struct timer *timer = &vcpu->timer;

switch (timer->used) {
case 3:
        timer->seen = 3;
        fallthrough;
case 2:
case 1:
        timer->seen = 2;
}
""",
        dialect='op fallthrough is "fallthrough"',
    ),
    Example(
        "jumps in cases",
        """
block out {
    match used {
        3 { leave out }
        2 { seen <- 2 leave out }
        else { return }
    }
}
ctl <- 0
""",
        """
struct timer *timer = &vcpu->timer;

switch (timer->used) {
case 3:
        break;
case 2:
        timer->seen = 2;
        break;
default:
        return;
}
timer->ctl = 0;
""",
    ),
    Example(
        "a break would leave too little",
        """
block out {
    match used {
        3 { each i below 3 { when bvr[i] == 0 { leave out } } }
        2 { when vhe { leave out } }
        else { return }
    }
}
ctl <- 0
""",
        """
struct timer *timer = &vcpu->timer;
int i;

switch (timer->used) {
case 3:
        for (i = 0; i < 3; i++) {
                if (timer->bvr[i] == 0)
                        goto out;
        }
        break;
case 2:
        if (has_vhe())
                break;
        break;
default:
        return;
}

out:
timer->ctl = 0;
""",
    ),
    Example(
        "falling cases that end before the rest",
        """
block out {
    match used falling {
        2 { seen <- 2 }
        1 { ctl <- 1 leave out }
        else { fail }
    }
}
""",
        """
struct timer *timer = &vcpu->timer;

switch (timer->used) {
case 2:
        timer->seen = 2;
case 1:
        timer->ctl = 1;
        break;
default:
        BUG();
}
""",
        dialect='op fail is "BUG()"',
    ),
    Example(
        "out of a loop that ends a branch",
        """
block out {
    when vhe {
        each i below 3 {
            when bvr[i] == 0 { leave out }
        }
    } else { seen <- 0 }
}
ctl <- 1
""",
        """
struct timer *timer = &vcpu->timer;

if (has_vhe()) {
        int i;

        for (i = 0; i < 3; i++) {
                if (timer->bvr[i] == 0)
                        break;
        }
} else {
        timer->seen = 0;
}
timer->ctl = 1;
""",
    ),
    Example(
        "paths that must not be",
        r"""
match used {
    2 { fail }
    1 { return 1 }
    else { fail "used is \"%d\"\n" }
}
""",
        r"""
struct timer *timer = &vcpu->timer;

switch (timer->used) {
case 2:
        BUG();
        break;
case 1:
        return 1;
default:
        panic("used is \"%d\"\n");
}
""",
        dialect='op fail is "BUG()" op panic is "panic($message)"',
        result="u32",
    ),
    Example(
        "a local that gets its value later",
        """
let a : CNTHCTL_EL2
let b : u32

a <- CNTHCTL_EL2
when vhe { a.EL1PCTEN <- 0 } else { a.EL1PCTEN <- 1 }
match used {
    1 { b <- 5 }
    2 { b <- hctl }
    else { return }
}

a <- a | b << 3
b <- b - 1
b <- 2 - b
CNTHCTL_EL2 <- a + b
""",
        """
struct timer *timer = &vcpu->timer;
u64 a;
u32 b;

a = read_sysreg(CNTHCTL_EL2);
if (has_vhe())
        a &= ~BIT(0);
else
        a |= BIT(0);
switch (timer->used) {
case 1:
        b = 5;
        break;
case 2:
        b = timer->hctl;
        break;
default:
        return;
}

a |= b << 3;
b -= 1;
b = 2 - b;
write_sysreg(a + b, CNTHCTL_EL2);
""",
    ),
    Example(
        "the end of a loop that its body changes",
        """
let n : u32 = used
each i below n { n <- n + i }
seen <- n
""",
        """
struct timer *timer = &vcpu->timer;
u32 n = timer->used;
u32 i_end;
int i;

i_end = n;
for (i = 0; i < i_end; i++)
        n += i;
timer->seen = n;
""",
    ),
    Example(
        "parentheses that C does not need",
        """
@parens
when not (used > 4 and seen < 8 or vhe) { seen <- 0 }
@parens
ctl <- bvr[used + 1] + used * 2 & ~seen
when vhe {
    @parens
    return (used + seen) & 3
}
@parens
return ctl
""",
        """
struct timer *timer = &vcpu->timer;

if (!(((timer->used > 4) && (timer->seen < 8)) || has_vhe()))
        timer->seen = 0;
timer->ctl = (timer->bvr[timer->used + 1] + (timer->used * 2)) &
             (~timer->seen);
if (has_vhe())
        return ((timer->used + timer->seen) & 3);
return timer->ctl;
""",
        result="u32",
    ),
    Example(
        "a local of a case",
        """
match used {
    3 {
        let a = CNTVCT_EL0
        cval <- a
    }
    2 {
        let a : u32 = MDSCR_EL1
        ctl <- a
    }
    else { }
}
""",
        """
struct timer *timer = &vcpu->timer;
u64 a;
u32 a2;

switch (timer->used) {
case 3:
        a = read_sysreg(CNTVCT_EL0);
        timer->cval = a;
        break;
case 2:
        a2 = read_sysreg(MDSCR_EL1);
        timer->ctl = a2;
        break;
default:
        break;
}
""",
    ),
    Example(
        "the way out of a function",
        """
block out {
    when vhe { leave out }
    seen <- 1
}
""",
        """
struct timer *timer = &vcpu->timer;

if (has_vhe())
        return;
timer->seen = 1;
""",
    ),
    Example(
        "a label in the middle",
        """
block out {
    when vhe { leave out }
    seen <- 1
}

ctl <- 0
""",
        """
struct timer *timer = &vcpu->timer;

if (has_vhe())
        goto out;
timer->seen = 1;

out:
timer->ctl = 0;
""",
    ),
    Example(
        "a label at the end of a block",
        """
each i below 3 {
    block next {
        when vhe { leave next }
        seen <- i
    }
}
""",
        """
struct timer *timer = &vcpu->timer;
int i;

for (i = 0; i < 3; i++) {
        if (has_vhe())
                goto next;
        timer->seen = i;

next:
        ;
}
""",
    ),
    Example(
        "a label at the end of a branch",
        """
when masked {
    block out {
        when vhe { leave out }
        seen <- 1
    }
}
""",
        """
struct timer *timer = &vcpu->timer;

if (timer->masked) {
        if (has_vhe())
                return;
        timer->seen = 1;
}
""",
    ),
    Example(
        "out of two loops",
        """
block found {
    each i below 3 {
        each j below 3 {
            when bvr[i] == bvr[j] { leave found }
        }
    }
    seen <- 0
}
ctl <- 1
""",
        """
struct timer *timer = &vcpu->timer;
int i;

for (i = 0; i < 3; i++) {
        int j;

        for (j = 0; j < 3; j++) {
                if (timer->bvr[i] == timer->bvr[j])
                        goto found;
        }
}
timer->seen = 0;

found:
timer->ctl = 1;
""",
    ),
    Example(
        "a block with a local",
        """
block out {
    let now = CNTVCT_EL0
    when now > cval { leave out }
    cval <- now
}
ctl <- 1
""",
        """
struct timer *timer = &vcpu->timer;
u64 now;

now = read_sysreg(CNTVCT_EL0);
if (now > timer->cval)
        goto out;
timer->cval = now;

out:
timer->ctl = 1;
""",
    ),
    Example(
        "one label in two places",
        """
block out {
    when vhe { leave out }
    seen <- 1
}
block out {
    when masked { leave out }
    seen <- 2
}
ctl <- 1
""",
        """
struct timer *timer = &vcpu->timer;

if (has_vhe())
        goto out;
timer->seen = 1;

out:
if (timer->masked)
        goto out2;
timer->seen = 2;

out2:
timer->ctl = 1;
""",
    ),
    Example(
        "a lock",
        """
holding table {
    seen <- 1
    when vhe { seen <- 2 }
}
""",
        """
struct timer *timer = &vcpu->timer;

spin_lock(&vcpu->lock);
timer->seen = 1;
if (has_vhe())
        timer->seen = 2;
spin_unlock(&vcpu->lock);
""",
    ),
    Example(
        "an early return",
        """
when vhe { return }
seen <- 1
""",
        """
struct timer *timer = &vcpu->timer;

if (has_vhe())
        return;
timer->seen = 1;
""",
    ),
    Example(
        "results",
        """
when vhe { return 0 }
return cval + 1
""",
        """
struct timer *timer = &vcpu->timer;

if (has_vhe())
        return 0;
return timer->cval + 1;
""",
        result="u64",
    ),
    Example(
        "a let that opens a function",
        """
let now = CNTVCT_EL0
let left : u32 = cval - now
seen <- left
""",
        """
struct timer *timer = &vcpu->timer;
u64 now = read_sysreg(CNTVCT_EL0);
u32 left = timer->cval - now;

timer->seen = left;
""",
    ),
    Example(
        "a let further down",
        """
seen <- 1
let now = CNTVCT_EL0
cval <- now
""",
        """
struct timer *timer = &vcpu->timer;
u64 now;

timer->seen = 1;
now = read_sysreg(CNTVCT_EL0);
timer->cval = now;
""",
    ),
    Example(
        "a let in a block",
        """
when vhe {
    let now = CNTVCT_EL0
    cval <- now
}
""",
        """
struct timer *timer = &vcpu->timer;

if (has_vhe()) {
        u64 now;

        now = read_sysreg(CNTVCT_EL0);
        timer->cval = now;
}
""",
    ),
    Example(
        "one name in two blocks",
        """
when vhe {
    let now = CNTVCT_EL0
    cval <- now
} else {
    let now : u32 = MDSCR_EL1
    ctl <- now
}
""",
        """
struct timer *timer = &vcpu->timer;

if (has_vhe()) {
        u64 now;

        now = read_sysreg(CNTVCT_EL0);
        timer->cval = now;
} else {
        u32 now;

        now = read_sysreg(MDSCR_EL1);
        timer->ctl = now;
}
""",
    ),
    Example(
        "one name with two types in one block of C",
        """
holding table {
    let now = CNTVCT_EL0
    cval <- now
}
holding table {
    let now : u32 = MDSCR_EL1
    ctl <- now
}
""",
        """
struct timer *timer = &vcpu->timer;
u64 now;
u32 now2;

spin_lock(&vcpu->lock);
now = read_sysreg(CNTVCT_EL0);
timer->cval = now;
spin_unlock(&vcpu->lock);
spin_lock(&vcpu->lock);
now2 = read_sysreg(MDSCR_EL1);
timer->ctl = now2;
spin_unlock(&vcpu->lock);
""",
    ),
    Example(
        "a word of C",
        """
let register_ = CNTVCT_EL0
let default = CNTV_CVAL_EL0
cval <- default + register_
""",
        """
struct timer *timer = &vcpu->timer;
u64 register_ = read_sysreg(CNTVCT_EL0);
u64 default_ = read_sysreg(CNTV_CVAL_EL0);

timer->cval = default_ + register_;
""",
    ),
    Example(
        "the order of locals",
        """
@locals(i, now)
when vhe {
    let now = CNTVCT_EL0
    each i below 3 { bvr[i] <- now }
}
""",
        """
struct timer *timer = &vcpu->timer;

if (has_vhe()) {
        int i;
        u64 now;

        now = read_sysreg(CNTVCT_EL0);
        for (i = 0; i < 3; i++)
                timer->bvr[i] = now;
}
""",
    ),
    Example(
        "a name that a block around it lists",
        """
@locals(now)
when vhe {
    when masked {
        let now = CNTVCT_EL0
        cval <- now
    }
    when not masked {
        let now = CNTV_CVAL_EL0
        cval <- now
    }
}
""",
        """
struct timer *timer = &vcpu->timer;

if (has_vhe()) {
        u64 now;

        if (timer->masked) {
                now = read_sysreg(CNTVCT_EL0);
                timer->cval = now;
        }
        if (!timer->masked) {
                now = read_sysreg(CNTV_CVAL_EL0);
                timer->cval = now;
        }
}
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
