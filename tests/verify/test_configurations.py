"""The ways in which machines may be: each is looked at, and too many are told at once."""

from __future__ import annotations

import pytest

from dsl.failures import CannotRun
from dsl.verify import verify
from dsl.verify.configurations import configurations
from tests.resolve.helpers import program

BOX = """
register BOX : 32 at (3, 0, 11, 0, 0) reset 0 { V [31:0] }
context state of vcpu { box : u32 mirrors BOX }
save give(vcpu) { save box }
lifecycle life { each stay { guest { may change BOX } go { give(vcpu) } } }
"""


def test_a_condition_with_too_many_values_is_named() -> None:
    made = program(BOX + "condition lists : 0..4_000_000_000 per vm\ncondition vhe per machine\n")
    with pytest.raises(CannotRun, match=r"8,000,000,002 ways.*`lists` has 4,000,000,001 values"):
        verify(made)
    assert len(list(configurations(made, {"lists": 3}))) == 2


def test_so_are_too_many_conditions() -> None:
    made = program(BOX + "".join(f"condition c{n} per machine\n" for n in range(18)))
    with pytest.raises(CannotRun, match="262,144 ways"):
        list(configurations(made))


def test_what_is_assumed_leaves_fewer() -> None:
    alike = "".join(f'assume a{n} "so" {{ c{n} == c0 }}\n' for n in range(1, 18))
    made = program(BOX + "".join(f"condition c{n} per machine\n" for n in range(18)) + alike)
    assert len(list(configurations(made))) == 2
