"""What can never happen is found, and nothing is that can: tried against all values there are."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl.diagnostics.sequences import Unreachable
from dsl.resolve.workspace import Workspace

MACHINE = """
register CTL : 8 at (3, 3, 14, 3, 1) { ON [0] res0 [7:1] }
register ID : 8 ro at (3, 3, 14, 3, 2) { Major [1:0] res0 [7:2] }
context timer of vcpu { ctl : u8 mirrors CTL  used : 0..3 }
condition a, b per machine
condition c per vm
condition n : 0..3 per machine
condition soft = used > 1 per trip
condition kicked per test
"""


def unreachable(text: str) -> list[str]:
    """What is said to be never reached in a program, by its text."""
    workspace = Workspace()
    loaded = workspace.load_text(MACHINE + text)
    assert loaded is not None
    workspace.check([loaded])
    errors = [f for f in workspace.found if f.code != "VGS023"]
    assert all(isinstance(f, Unreachable) for f in errors), errors
    return [f.span.text for f in errors]


def phase(condition: str, assumed: str = "1") -> list[str]:
    return unreachable(f'assume x "" {{ {assumed} }} lifecycle l {{ p when {condition} {{}} }}')


@pytest.mark.parametrize(
    ("condition", "assumed"),
    [
        ("a and not a", "1"),
        ("n == 1 and n != 1", "1"),
        ("n > 3", "1"),
        ("n > 1 and n < 2", "1"),
        ("1 < n and n <= 1", "1"),
        ("not (a implies a or b)", "1"),
        ("a and c", "c implies not a"),
        ("n >= 2", "n <= 1"),
        ("ID.Major == 3", "ID.Major < 3"),
        ("soft and used == 1", "1"),
        ("used != 1 and used == 1", "1"),
    ],
)
def test_a_phase_whose_condition_never_holds(condition: str, assumed: str) -> None:
    assert phase(condition, assumed) == [condition]


@pytest.mark.parametrize(
    ("condition", "assumed"),
    [
        ("a and not b", "1"),
        ("n == 1 or n == 2", "n != 1"),
        # What is assumed of memory and registers is so at the start only.
        ("used == 2", "used == 1"),
        ("CTL.ON", "not CTL.ON"),
        ("soft", "used == 0"),
        ("used + n == 7", "1"),
        ("every i in 0..3: (n != i)", "1"),
    ],
)
def test_a_phase_whose_condition_may_hold(condition: str, assumed: str) -> None:
    assert phase(condition, assumed) == []


def test_what_may_change_is_another_thing_at_each_place() -> None:
    inner = "p when used == 1 { may write used when used == 2 { isb } when not a { isb } }"
    assert unreachable(f"lifecycle l {{ {inner} }}") == []
    assert unreachable(f"lifecycle l {{ {inner.replace('used == 1', 'a')} }}") == ["not a"]
    assert unreachable("lifecycle l { p when kicked { when not kicked { isb } } }") == []
    assert unreachable("lifecycle l { p when soft { when not soft { isb } } }") == []


def test_only_assumptions_about_the_same_things_count() -> None:
    apart = 'assume x "" { b implies c } assume y "" { not c }'
    near = f'{apart} assume z "" {{ a implies b }}'
    step = "lifecycle l { p when a {} }"
    assert unreachable(f"{apart} {step}") == []
    assert unreachable(f"{near} {step}") == ["a"]


def test_too_many_combinations_are_not_claimed() -> None:
    many = [f"f{i}" for i in range(14)]
    facts = "".join(f"condition {name} per machine\n" for name in many)
    both = f"{' and '.join(many)} and not {many[0]}"
    assert unreachable(f"{facts} lifecycle l {{ p when {both} {{}} }}") == []


#: A condition as it is written, and what it means on a machine.
Written = tuple[str, Callable[[bool, bool, int], bool]]
ATOMS: list[Written] = [
    ("a", lambda a, b, n: a),
    ("b", lambda a, b, n: b),
    ("n == 1", lambda a, b, n: n == 1),
    ("n > 1", lambda a, b, n: n > 1),
    ("2 >= n", lambda a, b, n: n <= 2),
]


def negated(inner: Written) -> Written:
    text, holds = inner
    return f"not ({text})", lambda a, b, n: not holds(a, b, n)


def joined(parts: tuple[Written, str, Written]) -> Written:
    (left, one), op, (right, other) = parts
    text = f"({left}) {op} ({right})"
    match op:
        case "and":
            return text, lambda a, b, n: one(a, b, n) and other(a, b, n)
        case "or":
            return text, lambda a, b, n: one(a, b, n) or other(a, b, n)
        case _:
            return text, lambda a, b, n: not one(a, b, n) or other(a, b, n)


CONDITIONS = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        inner.map(negated),
        st.tuples(inner, st.sampled_from(["and", "or", "implies"]), inner).map(joined),
    ),
    max_leaves=6,
)


@given(CONDITIONS, CONDITIONS)
def test_a_condition_is_reported_if_and_only_if_no_machine_fulfils_it(
    condition: Written, assumed: Written
) -> None:
    machines = product((False, True), (False, True), range(4))
    left = [m for m in machines if assumed[1](*m)]
    never = not any(condition[1](*m) for m in left)
    # Without any machine it is the assumption that is wrong.
    expected = [condition[0]] if never and left else [] if left else [assumed[0]]
    assert phase(condition[0], assumed[0]) == expected


def test_a_way_that_leaves_out_what_it_must_lead_through() -> None:
    life = "lifecycle l { p {} either { q {} } or {} r {} } "
    assert unreachable(life + 'scenario "s" { run p, not q, r }') == []
    assert unreachable(life + 'scenario "s" { run not p, r }') == ["not p, r"]
