"""Calls are replaced by what they do, or all of them stay."""

from __future__ import annotations

import pytest

from dsl.ir import sequence as s
from dsl.ir.inlining import inlined
from dsl.ir.walk import calls, statements
from tests.resolve.helpers import TIMER, program

CALLEES = """
sequence one(vcpu, a : u64) { let x : u64 = a + 1 cval <- x }
sequence two(vcpu) { when vhe { one(vcpu, 3) } return }
sequence early(vcpu) { when vhe { return } ctl <- 1 }
sequence gives(vcpu) -> u64 { return cval }
extern outside(vcpu) { reads ctl }
"""


def body(text: str) -> s.Body:
    whole = program(f"{TIMER}condition now per test\n{CALLEES}{text}")
    return inlined(whole, whole.sequences["f"])


def test_a_call_is_a_block_with_what_the_caller_gives() -> None:
    made = body("sequence f(vcpu) { let y : u64 = cval one(vcpu, y) two(vcpu) }")
    assert not list(calls(made))
    stored = [each for each in statements(made) if isinstance(each, s.WriteSlot)]
    assert len(stored) == 2
    assert {each.base for each in stored} == {"vcpu"}
    # A `return` at the very end ends nothing but the call.
    assert not any(isinstance(each, s.Return) for each in statements(made))


@pytest.mark.parametrize(
    "text",
    [
        "early(vcpu)",
        "outside(vcpu) two(vcpu)",
        "hypcall two(vcpu)",
        "two(vcpu) cval <- gives(vcpu)",
        "one(vcpu, cval)",
        # The caller's own `x` would be taken for the callee's.
        "let x : u64 = cval one(vcpu, x)",
        "when now { two(vcpu) }",
    ],
)
def test_where_one_call_has_to_stay_all_do(text: str) -> None:
    made = body(f"sequence f(vcpu) {{ {text} }}")
    assert any(True for _ in calls(made))
    assert not any(isinstance(each, s.Labelled) for each in statements(made))
