"""What is declared to differ is no finding, as far as it does; what says too much is one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dsl.ir.program import Program
from dsl.resolve.workspace import Workspace
from dsl.verify import verify
from dsl.verify.findings import Engine
from dsl.verify.histories import replays
from dsl.verify.subject import subject
from dsl.verify.symbolic import against
from tests.verify.symbolic.machines import PEN

#: The switch is thrown before anybody knows whether there is anything to do.
EARLIER = PEN.replace(
    "    when used {\n        restore control\n", "    restore control\n    when used {\n"
)
#: Only where it comes early on some machines, and traps too.
SOMETIMES = PEN.replace(
    "    fill(vcpu)\n    when used {",
    "    fill(vcpu)\n    when early { modify SWITCH { On <- 1 Trap <- 1 } }\n    when used {",
)

Compare = Callable[..., dict[str, list[str]]]


@pytest.fixture
def compare(tmp_path: Path) -> Compare:
    """The messages of what is found, by code, of a program with declarations against `old`."""

    def compare(text: str, declared: str, other: str = "old", given: object = None) -> object:
        one, two = programs(tmp_path, text, declared, other)
        report = against(one, two, given=given)  # type: ignore[arg-type]
        assert report.unchecked == ()
        found: dict[str, list[str]] = {}
        for each in report.findings:
            found.setdefault(each.code, []).append(each.message)
        return found

    return compare  # type: ignore[return-value]


def programs(
    folder: Path, text: str, declared: str, other: str = "old", old: str = PEN
) -> tuple[Program, Program]:
    for name, source in (("old", old), ("other", PEN), ("new", f"{text}\n{declared}\n")):
        (folder / f"{name}.vgs").write_text(source)
    workspace = Workspace((folder,))
    made = []
    for name in ("new", other):
        loaded = workspace.load(folder / f"{name}.vgs")
        assert loaded is not None
        assert [str(d) for d in workspace.found if d.severity == "error"] == []
        made.append(workspace.program(loaded))
    return made[0], made[1]


def test_what_is_declared_is_no_finding(compare: Compare) -> None:
    assert "VGS106" in compare(EARLIER, "")
    assert compare(EARLIER, 'differs to old at guest, depart "on" { SWITCH.On }') == {}


def test_where_the_condition_does_not_hold_it_is_a_finding(compare: Compare) -> None:
    declared = 'differs to old at guest, depart "on" {{ SWITCH.On when {} }}'
    assert compare(EARLIER, declared.format("used == 0")) == {}
    (told,) = compare(EARLIER, declared.format("used == 1"))["VGS106"]
    assert told == "SWITCH.On is otherwise than in old at `guest`, `depart`"


def test_another_phase_or_field_is_a_finding(compare: Compare) -> None:
    (told,) = compare(EARLIER, 'differs to old at guest "on" { SWITCH.On }')["VGS106"]
    assert told == "SWITCH.On is otherwise than in old at `depart`"
    found = compare(EARLIER, 'differs to old at guest, depart "on" { SWITCH.Trap }')
    assert found["VGS106"] == ["SWITCH.On is otherwise than in old at `guest`, `depart`"]


def test_what_is_declared_of_another_program_is_not_used(compare: Compare) -> None:
    declared = 'differs to old at guest, depart "on" { SWITCH.On, MASK }'
    found = compare(EARLIER, declared, other="other")
    assert found == {"VGS106": ["SWITCH.On is otherwise than in other at `guest`, `depart`"]}


def test_a_declaration_of_a_part_of_the_program_is_used(tmp_path: Path) -> None:
    declared = 'differs to old at guest, depart "on" { SWITCH.On }'
    one, _ = programs(tmp_path, EARLIER, declared)
    (tmp_path / "run_old.vgs").write_text("import old\n")
    workspace = Workspace((tmp_path,))
    loaded = workspace.load(tmp_path / "run_old.vgs")
    assert loaded is not None
    assert against(one, workspace.program(loaded)).findings == ()


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        (
            'differs to old at guest, depart, after "on" { SWITCH.On }',
            "nobody looks at it at `after`; this would do: SWITCH.On at guest, depart",
        ),
        (
            'differs to old at guest, depart "on" { SWITCH.On, MASK }',
            "nobody looks at it at `depart`; it never differs there; remove it",
        ),
        (
            'differs to old at guest, depart "on" { SWITCH }',
            "never different: SWITCH.Trap; this would do: SWITCH.On at guest, depart",
        ),
        (
            'differs to old at guest, depart "on" { SWITCH.On } '
            'differs to old at guest "items" { ITEM<n> when n > 2 }',
            "it never differs there; remove it",
        ),
        (
            'differs to old at guest, depart "on" { SWITCH.On } '
            'differs to old at depart "memory" { used when used == 0 }',
            "nobody looks at it at `depart`; remove it",
        ),
    ],
)
def test_what_says_too_much_is_told_with_what_would_do(
    compare: Compare, declared: str, told: str
) -> None:
    found = compare(EARLIER, declared)
    assert [*found] == ["VGS107"]
    (message,) = found["VGS107"]
    assert message.partition(": ")[2] == told


def test_a_condition_that_allows_more_machines_than_needed_is_told(compare: Compare) -> None:
    declared = 'differs to old at guest, depart "on" {{ SWITCH {} }}'
    (message,) = compare(SOMETIMES, declared.format(""))["VGS107"]
    assert "it does not differ everywhere that the condition allows" in message
    assert message.endswith(
        "this would do: SWITCH.On at guest, depart when early; SWITCH.Trap at guest when early"
    )
    narrow = 'differs to old at guest, depart "on" { SWITCH.On when early } '
    narrow += 'differs to old at guest "traps" { SWITCH.Trap when early }'
    assert compare(SOMETIMES, narrow) == {}
    # Of what was not looked at nothing is said.
    assert compare(SOMETIMES, declared.format(""), given={"early": 0}) == {}


#: A mask that is lost, and something else than that at another phase.
TWICE = PEN.replace(
    "        depart { put(vcpu) }\n",
    "        depart { put(vcpu) }\n        host { may read MASK }\n",
)


def test_each_phase_is_held_to_its_own_fields(tmp_path: Path) -> None:
    new = TWICE.replace("    save mask\n", "    save mask\n    MASK.Deep <- 0\n")
    new = new.replace("    fill(vcpu)\n", "    fill(vcpu)\n    MASK.Level <- 0\n")
    one, two = programs(tmp_path, new, 'differs to old at guest, host "m" { MASK }', old=TWICE)
    found = [f.message.partition(": ")[2] for f in against(one, two).findings]
    assert found == [
        "not all of it differs at each of the phases; "
        "this would do: MASK.Level at guest; MASK.Deep at host"
    ]


def test_a_range_of_a_bank_is_declared_by_its_index(compare: Compare) -> None:
    new = PEN.replace("ITEM<i> <- 0", "when i < 2 { ITEM<i> <- 0 }")
    assert new != PEN
    declared = 'differs to old at guest "left" {{ ITEM<n>.Name, ITEM<n>.State when n >= {} }}'
    assert compare(new, declared.format(2)) == {}
    assert [*compare(new, declared.format(3))] == ["VGS106"]
    assert [*compare(new, declared.format(1))] == ["VGS107"]


def test_an_extern_finds_something_else_in_memory(tmp_path: Path) -> None:
    one, two = programs(tmp_path, PEN.replace("            save items[i]\n", ""), "")
    found = {f.rule: f for f in against(one, two).findings}
    finding = found["items.State at after"]
    assert finding.witness is not None
    *_, asserted, run = finding.witness.steps
    assert run == "run after"
    assert asserted.startswith("drain {\n    assert items[")
    # What it leaves is as its model has it: it keeps its promise.
    assert asserted.endswith("\n    used <- 0x0\n}")
    assert replays(subject(one), finding.witness)
    assert not replays(subject(two), finding.witness)


def test_a_verdict_says_what_it_was_told(tmp_path: Path) -> None:
    one, two = programs(
        tmp_path,
        EARLIER,
        'differs to old at guest, depart "never off" { SWITCH.On when used == 0 }',
    )
    verdict = verify(one, against=two, engines=(Engine.SYMBOLIC,), mends=False)
    said = "at guest, depart it differs to old in SWITCH.On: never off"
    assert any(each.startswith(said) for each in verdict.assumptions)
    assert not any(each.startswith(said) for each in verify(one, engines=()).assumptions)


def test_a_declaration_that_says_too_much_decides(tmp_path: Path) -> None:
    one, two = programs(
        tmp_path, PEN, 'differs to old at guest "for fun" { MASK.Level when early }'
    )
    verdict = verify(one, against=two, engines=(Engine.SYMBOLIC,), mends=False)
    assert [(f.code, f.rule) for f in verdict.findings] == [("VGS107", "MASK.Level at guest")]
