"""Lifecycles and scenarios: what is said twice, and what `may` and `use` cannot be said of."""

from __future__ import annotations

import pytest

from tests.resolve.helpers import codes

SOURCE = """
const FIRST = 1
register LAMP : 32 at (3, 0, 11, 0, 0) reset 0 { On [0]  res0 [31:1] }
endpoint wire "the device's other side" aliases LAMP
condition vhe per machine
context lamp_state of vcpu { level[2] : u32  held : u32 mirrors LAMP }
save lamp_out(vcpu) { save held  when vhe { level[0] <- FIRST } }
lifecycle life { load { lamp_out(vcpu) } guest { may use wire  may change LAMP } }
"""


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("vhe, level[0] = 1, level[1] = 1", []),
        ("vhe, not vhe", ["VGS021"]),
        ("level[1] = 1, level[FIRST] = 2", ["VGS021"]),
        ("LAMP.On, not LAMP.On", ["VGS021"]),
    ],
)
def test_a_place_is_given_once(given: str, found: list[str]) -> None:
    assert (
        codes(SOURCE + f'scenario "s" {{ given {given} run load expect vhe or not vhe }}') == found
    )


@pytest.mark.parametrize(
    ("what", "found"),
    [
        ("may use wire", []),
        ("may change LAMP", []),
        ("may change wire", ["VGS054"]),
        ("may use LAMP", ["VGS054"]),
        ("may use level", ["VGS054"]),
    ],
)
def test_endpoints_are_used_and_places_are_changed(what: str, found: list[str]) -> None:
    assert codes(SOURCE + f"lifecycle other {{ there {{ {what} }} }}") == found


@pytest.mark.parametrize("steps", ["each a { a { isb } }", "a { isb } each a { b { isb } }"])
def test_a_phase_and_a_round_have_two_names(steps: str) -> None:
    assert codes(SOURCE + f"lifecycle other {{ {steps} }}") == ["VGS021"]
