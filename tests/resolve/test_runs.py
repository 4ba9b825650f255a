"""Which derived functions only pick adjacent bits."""

from __future__ import annotations

import pytest

from dsl.ir.runs import run
from tests.resolve.helpers import module

REGISTER = """
register R : 64 {{
    A [3:0] B [4] C [7:5] D [15:8] E [31:16] S<n> for n in 0..15 [2 * n + 33 : 2 * n + 32]
    derive d = {value}
}}
"""


@pytest.mark.parametrize(
    ("value", "bits"),
    [
        ("A", (0, 4)),
        ("C", (5, 3)),
        ("A | B << 4", (0, 5)),
        ("(B << 4) + A", (0, 5)),
        ("D >> 3", (11, 5)),
        ("(D >> 2) & 1", (10, 1)),
        ("3 & (E >> 4)", (20, 2)),
        ("C | D << 3 | E << 11", (5, 27)),
        ("S<2>", None),
        ("A << 1", None),
        ("D & 5", None),
        ("B | A << 1", None),
        ("A | C << 4", None),
        ("A | D", None),
        ("A + 1", None),
        ("A - B", None),
        ("A == 3", None),
        ("0", None),
    ],
)
def test_bits_that_are_picked(value: str, bits: tuple[int, int] | None) -> None:
    made = module(REGISTER.format(value=value))
    assert run(made.derived[-1].value) == bits
