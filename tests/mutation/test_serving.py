"""Which barriers do the same for all that rules ask for."""

import pytest

from dsl.mutation.serving import Serving
from tests.mutation.small import PLATFORM, made, program

RULES = PLATFORM + """
rule pushed : architecture "Things, section 4" {
    writes of CTL visible to others needs isb then dsb(ishst)
}
"""


@pytest.mark.parametrize(
    ("barrier", "weaker", "same"),
    [
        ("dsb(sy)", "dsb(osh)", True),
        ("dsb(sy)", "dsb(st)", True),
        ("dsb(sy)", "dsb(ld)", False),
        ("dsb(sy)", "dmb(sy)", False),
        ("dsb(ish)", "dsb(nsh)", False),
        ("isb then dmb(sy)", "without `dmb(sy)`", True),
        ("isb then dsb(sy)", "without `isb`", False),
    ],
)
def test_barriers_that_do_the_same(tmp_path, barrier, weaker, same):
    text = f"restore begin(vcpu) {{ restore ctl {barrier} orders writes of CTL before others }}\n"
    of = program(tmp_path, text + "save finish(vcpu) { save ctl }\n", RULES)
    (mutant,) = (m for m in made(of, "weaken") if weaker in m.change.what)
    assert Serving(of.program).same(of.program, mutant.program) is same


def test_what_is_not_a_barrier_is_not_the_same(tmp_path):
    text = "restore begin(vcpu) { restore ctl CMP<0> <- 0 }\nsave finish(vcpu) { save ctl }\n"
    of = program(tmp_path, text, RULES)
    serving = Serving(of.program)
    assert not any(serving.same(of.program, m.program) for m in made(of, "delete"))
