"""What is set from outside: the words of `given`, answers, and places to stop."""

from __future__ import annotations

import pytest

from dsl.failures import CannotRun, HasErrors
from dsl.run.choices import Choice
from dsl.run.histories import Asked, History, find, tell
from dsl.run.settings import choices, settings, stop
from tests.run.alarm import ARMED, TURNS, root


def told(which: str, title: str, *texts: str, answers: str | None = "new") -> History:
    asked = Asked(texts, answers)
    return tell(root(which), root(which).program.scenarios[title], asked)


@pytest.mark.parametrize(
    ("texts", "owner", "name", "value"),
    [
        (["vhe"], "", "vhe", 1),
        (["vhe=0"], "", "vhe", 0),
        (["vhe = 0b1"], "", "vhe", 1),
        (["not vhe"], "", "vhe", 0),
        (["vhe", "not vhe"], "", "vhe", 0),
        (["not vhe, has_alarm"], "", "has_alarm", 1),
    ],
)
def test_a_condition(texts: list[str], owner: str, name: str, value: int) -> None:
    assert told("new", ARMED, *texts).run.machine.world.facts[owner, name] == value


def test_what_is_set_takes_the_place_of_what_the_scenario_leaves_open() -> None:
    made = root("new")
    scenario = made.program.scenarios[ARMED]
    from dsl.run.results import result

    def histories(*texts: str) -> int:
        given = settings(made.resolved, scenario, texts)
        return result(made.program, scenario, settings=given).histories

    assert (histories(), histories("vhe=0"), histories("any used")) == (4, 2, 20)


def test_a_slot_of_one_of_two_owners() -> None:
    world = told("new", TURNS, "a.used=3").run.machine.world
    assert world.slots["a", "used"] == 3
    assert world.slots.get(("b", "used"), 0) == 0
    with pytest.raises(HasErrors, match="more than one parameter"):
        told("new", TURNS, "used=2")


def test_a_register_a_field_and_an_element_of_a_bank() -> None:
    run = told("new", ARMED, "ALM_EVT<3>.Delay=7", "ALM_EVT2=9", "ALM_CTL.IMASK").run
    values = {name: cell.newest for name, cell in run.machine.cpu.cells.items()}
    assert (values["ALM_EVT3"], values["ALM_EVT2"], values["ALM_EVT0"]) == (7, 9, 0)


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("vhee", "VGS020", "did you mean `vhe`?"),
        ("ALM_CTL.ENABEL=1", "VGS020", "did you mean `ENABLE`?"),
        ("used=5", "VGS041", "5 is impossible: `used` is 0..4"),
        ("vhe=2", "VGS041", "2 is impossible: `vhe` is 0..1"),
        ("ALM_EVT<4>=0", "VGS043", "index 4 is outside 0..3"),
        ("used", "VGS046", "is a number: say which"),
        ("used=vhe", "VGS046", ""),
        ("any time", "VGS046", "too many"),
        ("ALM_STATUS.ARMED=1", "VGS022", "follows from other state"),
        ("a.used=1", "VGS020", "`a` is not declared"),
        ("used=", "VGS011", "something is missing here"),
        ("", "VGS011", "something is missing here"),
        ("not", "VGS011", "something is missing here"),
        ("vhe }", "VGS011", ""),
        ("vhe run load", "VGS011", "more than a setting"),
        ("vhe } scenario", "VGS011", ""),
        ("vhe given used = 1", "VGS011", "more than a setting"),
        ("vhe \x00", "VGS010", ""),
        ("(" * 200, "VGS006", ""),
        ("save used", "VGS012", ""),
    ],
)
def test_what_cannot_be_set_is_a_finding_of_the_language(text: str, code: str, says: str) -> None:
    with pytest.raises(HasErrors) as caught:
        told("new", ARMED, text)
    (finding,) = caught.value.findings
    assert says in finding.message + finding.help
    assert finding.code == code
    # It shows the setting, and nothing of what is put around it.
    assert finding.span.source.name == "--set"
    assert finding.span.line == 1
    assert finding.span.source.line(finding.span.line) == text


def test_all_settings_that_cannot_be_are_told() -> None:
    with pytest.raises(HasErrors) as caught:
        told("new", ARMED, "vhee", "vhe", "used=5")
    assert [f.code for f in caught.value.findings] == ["VGS020", "VGS041"]


def test_a_configuration_that_does_not_exist() -> None:
    history = told("new", ARMED, "vhe", "has_alarm=0")
    assert "machines with VHE have an alarm" in str(history.result.error)


def asked(text: str, options: list[int], *, after: int = 0) -> list[int]:
    made = [Choice("", ("a", "b", "c", "d"), 1, "")] * after
    answers = choices(text, made)
    return [answers.choose("", tuple("abcdefgh"[:n]), "") for n in options]


def test_answers() -> None:
    assert asked("new", [2, 3, 4]) == [0, 0, 0]
    assert asked("old", [2, 3, 4]) == [1, 2, 3]
    assert asked("1, 2", [2, 3, 4]) == [1, 2, 0]
    drawn = asked("seed:7", [8] * 40)
    assert drawn == asked("seed:7", [8] * 40) != asked("seed:8", [8] * 40)
    assert set(drawn) == set(range(8))
    # What was answered before does not change what is drawn later.
    assert asked("seed:7", [8] * 30, after=10) == drawn[10:]


@pytest.mark.parametrize(
    "text", ["", "newest", "seed:", "seed:x", "-1", "0,,1", "1.5", "²", "9" * 99]
)
def test_what_is_no_answer(text: str) -> None:
    with pytest.raises(CannotRun, match="says no choices"):
        choices(text)


def test_more_answers_than_choices() -> None:
    with pytest.raises(CannotRun, match="9 choices are answered, and this history has 2"):
        told("new", ARMED, answers="0,0,0,0,0,0,0,0,0")


@pytest.mark.parametrize("text", ["guest:0", "guest:-1", "guest:x", "guest:", "guest:1:2"])
def test_a_visit_that_cannot_be(text: str) -> None:
    with pytest.raises(CannotRun, match="1 or more"):
        stop(root("new").program, text)


def test_places_to_stop() -> None:
    of = root("new").program
    assert stop(of, "guest:12").visit == 12
    assert stop(of, "turn").phase == "turn"
    with pytest.raises(CannotRun) as caught:
        stop(of, "gest")
    assert caught.value.help == "did you mean `guest`?"


def test_a_phase_that_is_not_reached_so_often() -> None:
    made = root("new")
    with pytest.raises(CannotRun, match="comes to `guest` once"):
        tell(made, made.program.scenarios[ARMED], Asked(until="guest:2"))


def test_a_scenario_by_its_title_or_a_part_of_it() -> None:
    roots = [root("new")]
    for name in (ARMED, "that was set", "ALARM That", "an  alarm"):
        assert find(roots, name)[1].title == ARMED
    for name, message, help in [
        ("a", "2 scenarios have", TURNS),
        ("two take turn?", "there is no scenario", f"did you mean `{TURNS}`?"),
        ("xyz", "there is no scenario", "lists them all"),
    ]:
        with pytest.raises(CannotRun, match=message) as caught:
            find(roots, name)
        assert help in caught.value.help
    with pytest.raises(CannotRun, match="in 2 programs"):
        find([root("new"), root("old")], TURNS)
