"""What is proved the same does the same whatever others do, and walks see what is not the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsl.mutation.asking import _program
from dsl.mutation.mutants import mutants
from tests.mutation.small import made, program
from tests.mutation.walks import differ, same

FAULTS = Path(__file__).parents[2] / "examples" / "faults"

#: What is done depends on numbers that nobody comes to by chance, and on bits.
NUMBERS = """
restore begin(vcpu) {
    restore ctl, cmp[0]
    match CTL.DEEP {
        3 { LIM<0> <- 1 }
        9 { LIM<0> <- lim[0] }
        else { LIM<0> <- lim[0] & 0xff00 }
    }
    when CTL.ENABLE and CTL.MASK { LIM<1> <- 5 }
}
save finish(vcpu) {
    save ctl, cmp[0]
    lim[0] <- LIM<0>
    LIM<1> <- 0
}
"""

ROUNDS = """
lifecycle on_cpu {
    each stay {
        enter { begin(vcpu) }
        guest {
            eret
            may change CTL, CMP<n>, LIM<n>
            exception
        }
        exit { finish(vcpu) }
    }
}
"""


def test_no_walk_tells_what_is_proved_the_same(tmp_path: Path) -> None:
    of = program(tmp_path, NUMBERS, life=ROUNDS)
    found = list(same(of, ("swap",)))
    assert {told.by for _, told in found} >= {"explicit"}
    for mutant, told in found:
        assert not differ(of.program, mutant.program, 1, 25), (mutant.change.what, told.by)


@pytest.mark.parametrize("what", ["4 for 3", "0 for 0xff00", "8 for 9", "4 for 5"])
def test_walks_see_numbers_that_are_others(tmp_path: Path, what: str) -> None:
    of = program(tmp_path, NUMBERS, life=ROUNDS)
    constants = [m for m in made(of, "constant") if m.change.what.startswith(what)]
    assert constants
    for mutant in constants:
        assert differ(of.program, mutant.program, 1, 400), mutant.change.what


def test_no_walk_tells_what_is_proved_the_same_of_an_example() -> None:
    of = _program([str(FAULTS / "vttbr_el2" / "right.vgs")], ())
    found = list(same(of, ("swap",)))
    assert 0 < len(found) < len(mutants(of).mutants)
    for mutant, told in found:
        assert not differ(of.program, mutant.program, 1, 25), (mutant.change.what, told.by)
