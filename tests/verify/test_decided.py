"""By which bits a program decides, and which of their values it names."""

from __future__ import annotations

import pytest

from dsl.verify.decided import MOST, Decided
from tests.resolve.helpers import program

PLATFORM = """
platform box "a made-up device"
register BOX_A : 32 at (3, 0, 11, 0, 0) reset 0 {
    MODE [3:0]
    ON   [4]
    FAST [5]
    res0 [7:6]
    LINE<n> for n in 0..3 [n + 8]
    LOW  [15:12]
    REST [31:16]
}
register BOX_B : 32 at (3, 0, 11, 0, 1) reset 0 { V [31:0] }

context state of vcpu {
    a    : u32 mirrors BOX_A
    b    : u32 mirrors BOX_B
    free : u32
}
extern asks(vcpu) -> u32 { reads free }
"""


def decided(body: str, more: str = "") -> Decided:
    return Decided(program(f"{PLATFORM}{more}\nsequence work(vcpu) {{ {body} }}"))


@pytest.mark.parametrize(
    ("body", "mask"),
    [
        ("restore a", 0),
        ("save a  b <- a & 0xff", 0),
        ("b <- a + 1", 0xFFFF_FFFF),
        ("when BOX_A.MODE == 3 { restore b }", 0xF),
        ("when a.ON { restore b }", 0x10),
        ("let seen : u32 = BOX_A when (seen >> 4) & 3 == 2 { restore b }", 0x30),
        ("match BOX_A.MODE { 1 { restore b } else { save b } }", 0xF),
        ("each n in 0..3 { when BOX_A.LINE<n> { restore b } }", 0xF00),
    ],
)
def test_only_what_is_asked_for_decides(body: str, mask: int) -> None:
    assert decided(body).masks.get("BOX_A", 0) == mask


def test_a_slot_and_its_register_are_one_place_and_others_are_their_own() -> None:
    found = decided("when free > 7 { restore a } when a.MODE == 2 { restore b }")
    assert found.masks == {"free": 0xFFFF_FFFF, "BOX_A": 0xF}


@pytest.mark.parametrize(
    ("body", "values"),
    [
        ("when BOX_A.MODE == 3 { restore b }", {0xF53}),
        ("when BOX_A.MODE == 5 { restore b }", set()),
        ("when BOX_A.MODE < 9 { restore b }", {0xF58, 0xF59, 0xF5A}),
        ("match BOX_A.MODE { 1 { restore b } 2 { save b } }", {0xF51, 0xF52}),
        ("when BOX_A.ON { restore b }", set()),
        ("when BOX_A.ON and BOX_A.FAST { restore b }", {0xF45, 0xF65, 0xF75}),
        ("when BOX_A.MODE { restore b }", {0xF50, 0xF5F}),
        ("let mode : u32 = BOX_A.MODE when mode == 7 { restore b }", {0xF57}),
    ],
)
def test_what_it_names_is_tried_with_all_else_as_it_is(body: str, values: set[int]) -> None:
    assert set(decided(body).values("BOX_A", 0xF55)) == values


def test_what_a_function_is_given_and_gives_back_is_what_it_was() -> None:
    more = """
    sequence mode(which : u32) -> u32 { return which & 0xf }
    sequence fast(vcpu, way : u32) { when way == 6 { restore b } }
    """
    assert decided("when mode(a) == 3 { restore b }", more).masks["BOX_A"] == 0xF
    assert decided("fast(vcpu, BOX_A.MODE)", more).values("BOX_A", 0) == (6,)


def test_what_somebody_outside_answers_is_asked_for_too() -> None:
    assert set(decided("when asks(vcpu) == 9 { restore b }").values("asks", 0)) == {9}


def test_a_local_that_counts_is_followed_for_a_while() -> None:
    counts = "let n : u32 = BOX_A.MODE each i in 0..3 { n <- n + 1 }"
    found = decided(f"{counts} when n == 9 {{ restore b }}")
    assert found.masks["BOX_A"] == 0xF
    assert {9, 8, 7, 6, 5} <= set(found.values("BOX_A", 0))


def test_where_too_much_is_named_each_is_tried_and_not_all_together() -> None:
    cases = " ".join(f"{n} {{ restore b }}" for n in range(12))
    low = "when BOX_A.LOW == 2 or BOX_A.LOW == 3 { restore b }"
    found = decided(f"match BOX_A.MODE {{ {cases} }} {low}").values("BOX_A", 0xF)
    assert {value & 0xF for value in found} == set(range(12))
    assert {value >> 12 & 0xF for value in found} == {2, 3}
    assert len(found) <= MOST
    # Of pairs as many as there is room for.
    assert {(value & 0xF, value >> 12 & 0xF) for value in found} > {
        (n, 2 + n % 2) for n in range(12)
    }
