"""A trace for people: its columns, groups and width; and what is watched."""

from __future__ import annotations

import re

import pytest

from dsl.failures import CannotRun
from dsl.run.histories import Asked, History, tell
from dsl.run.story import STYLES, coloured, story
from dsl.run.watch import watch
from tests.run.alarm import ARMED, TURNS, root

#: The history that does not hold, as it is printed in 80 columns.
OLD_STORY = """\
CPU 0
  load                                                               test.vgs:37
    alarm_start
      write    ALM_TIME              0 → 0x100  Time 0 → 0x100       test.vgs:73
               pending: effect needs isb
               restore time, ctl
      write    ALM_CTL               0 → 1  ENABLE 0 → 1             test.vgs:73
               pending: effect needs isb
"""


def told(which: str, title: str, answers: str | None = None, **more: object) -> History:
    asked = Asked(answers=answers, **more)  # type: ignore[arg-type]
    return tell(root(which), root(which).program.scenarios[title], asked)


def test_a_write_and_what_it_waits_for() -> None:
    lines = list(story(told("old", ARMED).run.events, width=80))
    begin = next(n for n, line in enumerate(lines) if line.startswith("  load"))
    shown = [lines[0], *lines[begin : begin + 7]]
    assert shown == OLD_STORY.splitlines()


def test_a_choice_a_hazard_and_a_failure_are_there() -> None:
    text = "\n".join(story(told("old", ARMED).run.events))
    assert re.search(r"choice +software through ALM_STATUS sees ALM_CTL: 0x0", text)
    assert re.search(r"hazard +ALM_CTL, written at test\.vgs:\d+:\d+: software through", text)
    assert re.search(r"FAILED +expected: armed; armed is 0", text)
    assert re.search(r"holds +time == 0x200", text)


@pytest.mark.parametrize("width", [60, 72, 100, 160])
@pytest.mark.parametrize("title", [ARMED, TURNS])
def test_no_line_is_wider_than_asked_for(width: int, title: str) -> None:
    lines = list(story(told("old", title).run.events, width=width))
    assert max(map(len, lines)) <= width
    # All that happened is there.
    assert sum("alarm_start" in line for line in lines) == (1 if title == ARMED else 3)


def test_with_two_owners_each_phase_says_whose_it_is_and_each_cpu_has_its_part() -> None:
    lines = [line.split("  test.vgs")[0].strip() for line in story(told("new", TURNS).run.events)]
    heads = [line for line in lines if re.fullmatch(r"CPU \d|(load|put) \(\w\)", line)]
    assert heads == [
        "CPU 0", "load (a)", "put (a)", "load (b)", "put (b)", "CPU 1", "load (a)",
    ]  # fmt: skip


def test_colours_are_the_only_difference() -> None:
    events = told("old", ARMED).run.events
    painted = "\n".join(story(events, paint=coloured))
    assert "\x1b[" in painted
    assert re.sub(r"\x1b\[[\d;]*m", "", painted) == "\n".join(story(events))
    assert set(re.findall(r"\x1b\[[\d;]*m", painted)) <= {*STYLES.values(), "\x1b[0m"}


def test_a_register_that_is_watched_shows_when_it_becomes_visible() -> None:
    history = told("new", ARMED, "new", watch=["ALM_CTL"])
    assert history.watch is not None
    seen = [s for _, each in sorted(history.watch.seen.items()) for s in each]
    assert [(s.settled, s.newest, s.pending) for s in seen] == [
        (0, 1, ("effect: needs isb",)),
        (1, 1, ()),
    ]
    lines = "\n".join(story(history.run.events, watch=history.watch))
    assert "was 0 for everybody, is 1 when all is done: effect needs isb" in lines
    assert "ALM_CTL is 1 for everybody" in lines
    assert re.search(r"barrier +isb +moves on ALM_CTL", lines)
    assert "ALM_TIME" not in lines.replace("moves on ALM_CTL, ALM_TIME", "").replace(
        "moves on ALM_TIME, ALM_CTL", ""
    )


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["ALM_CTL"], {"ALM_CTL"}),
        (["ALARM"], {"ALM_CTL", "ALM_TIME"}),
        (["ALM_EVT<n>"], {f"ALM_EVT{n}" for n in range(4)}),
        (["ALM_EVT2", "used"], {"ALM_EVT2", "used"}),
        (["vhe"], {"vhe"}),
    ],
)
def test_what_a_name_stands_for(names: list[str], found: set[str]) -> None:
    assert watch(root("new").program, names).names == found


def test_a_slot_that_is_watched() -> None:
    history = told("new", ARMED, "new", watch=["armed"])
    lines = list(story(history.run.events, watch=history.watch))
    assert [re.sub(r" +", " ", line).strip().split(" test")[0] for line in lines[:5]] == [
        "CPU 0", "load", "alarm_start", "store armed 0 → 1", "armed <- ALM_STATUS.ARMED",
    ]  # fmt: skip


def test_a_name_that_nothing_has_cannot_be_watched() -> None:
    with pytest.raises(CannotRun) as caught:
        watch(root("new").program, ["ALM_CTRL"])
    assert caught.value.help == "did you mean `ALM_CTL`?"


def test_what_is_skipped_is_not_told_and_its_owner_is_known() -> None:
    events = told("new", TURNS).run.events
    lines = list(story(events, skipped=events[-1].number - 1))
    assert lines[0] == "CPU 1"
    assert lines[1].startswith("  load (a)")
