"""Two programs are compared: what may differ, at which points, and whether they are the same."""

from __future__ import annotations

from dsl.verify.symbolic import against, same
from dsl.verify.symbolic.alike import Same
from tests.verify.symbolic.machines import PEN, changed, program


def rules(old: str, new: str) -> set[str]:
    """What may differ between the machine with a change in it and as it was."""
    report = against(changed(old, new), program(PEN))
    assert report.unchecked == ()
    assert {f.code for f in report.findings} <= {"VGS106"}
    return {f.rule for f in report.findings}


def test_a_program_does_not_differ_from_itself() -> None:
    report = against(program(PEN), program(PEN))
    assert report.findings == ()
    assert [each.configurations for each in report.proved] == [2]


def test_what_is_written_another_way_does_not_differ() -> None:
    assert rules("save items[i]", "items[i] <- ITEM<i>") == set()


def test_a_switch_that_is_thrown_earlier_differs_where_it_is_seen() -> None:
    found = rules(
        "    when used {\n        restore control\n", "    restore control\n    when used {\n"
    )
    assert "SWITCH.On at prepare" in found
    assert not any(rule.startswith(("ITEM", "mask", "MASK")) for rule in found)


def test_a_register_that_is_not_restored_differs_for_the_guest() -> None:
    found = rules("    restore mask\n", "")
    assert {"MASK.Level at arrive", "MASK.Level at guest"} <= found
    assert "SWITCH.On at guest" not in found


def test_the_same_written_otherwise_is_the_same() -> None:
    other = changed("save items[i]", "items[i] <- ITEM<i>")
    assert same(program(PEN), program(PEN)) == Same(True, True)
    assert same(program(PEN), other) == Same(True, True)


def test_an_access_more_changes_nothing_but_the_accesses() -> None:
    other = changed("    save mask\n", "    save mask\n    save mask\n")
    assert same(program(PEN), other) == Same(True, False)


def test_what_does_something_else_is_not_the_same() -> None:
    assert same(program(PEN), changed("    save mask\n", "")).effects is False


def test_nothing_is_said_of_other_registers() -> None:
    other = changed("Deep [8] res0 [63:9]", "Deep [9] res0 [8] res0 [63:10]")
    assert same(program(PEN), other) == Same(None, None)
