"""Which neighbours may change places."""

import pytest

from dsl.mutation.commuting import Commuting
from tests.mutation.small import PLATFORM, made, program

RELATED = PLATFORM + """
register MODE : 64 at (3, 3, 15, 1, 0) { ON [0] res0 [63:1] }
register SEES : 64 ro at (3, 3, 15, 1, 1) { IT [0] = LIM<0>.V == 0 res0 [63:1] }
context more of vcpu { full : u64 }
condition filled = full != 0 per test
rule on_first : architecture "Things, section 3" { writes of CTL only while MODE.ON effective }
"""


@pytest.mark.parametrize(
    ("text", "swapped"),
    [
        ("restore cmp[0], cmp[1]", True),
        ("restore cmp[0] restore lim[0]", True),
        ("restore cmp[0] CMP<0> <- 0", False),
        ("CMP<0> <- 0 save cmp[0]", False),
        ("ctl <- 0 restore ctl", False),
        ("each i below used { restore cmp[i] } restore cmp[1]", False),
        ("each i below used { restore cmp[i] } restore lim[1]", True),
        ("each i below used { restore cmp[i] } used <- 0", False),
        ("match ctl { 1 { save cmp[0] } } match ctl { 1 { save cmp[1] } }", True),
        ("when vhe { restore ctl } restore lim[0]", True),
        ("restore ctl isb orders writes of CTL before others", False),
        ("restore ctl MODE <- 1", False),
        ("restore cmp[0] MODE <- 1", True),
        ("restore lim[0] CTL <- SEES", False),
        ("full <- 1 restore lim[0]", False),
    ],
)
def test_the_order_of_neighbours(tmp_path, text, swapped):
    whole = f"restore begin(vcpu) {{ {text} }}\nsave finish(vcpu) {{ save ctl }}\n"
    of = program(tmp_path, whole, RELATED)
    (mutant,) = made(of, "swap")
    assert Commuting(of.program, never).same(of.program, mutant.program) is swapped


def never(old, new):
    """Nobody says of a barrier that its place is nobody's to see."""
    return False
