"""Scenarios in all their histories: verdicts, counts, the shortest failing one, and bounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsl.resolve.workspace import Workspace
from dsl.run.choices import Choices
from dsl.run.errors import NotDefined, RunError
from dsl.run.programs import Root, cases_of, roots
from dsl.run.results import Result, Verdict, attempt, result, results
from dsl.run.scenarios import Run
from dsl.run.work import MOST
from tests.run.alarm import ALARM, ARMED, NEW, OLD, TURNS, program, root_of, write

#: As one text, the sequence without its declaration, and the file without its import.
WHOLE = ALARM.replace("sequence alarm_start(vcpu)\n", "") + NEW.replace("import alarm\n", "")


#: Without looking too early.
NOTHING = "restore time, ctl\n    isb orders ALM_CTL before reads of ALM_STATUS"


def programs(folder: Path, *names: str) -> list[Root]:
    """The programs of some modules of the project in a folder."""
    workspace = Workspace()
    return roots([workspace.load(folder / "src" / f"{n}.vgs") for n in names], workspace)


def tried(text: str, title: str, most: int = 1000) -> Result:
    """A scenario after the sample's."""
    made = root_of(WHOLE + text).program
    return result(made, made.scenarios[title], most=most)


def test_with_the_barrier_it_holds_in_every_history() -> None:
    made = {r.scenario.title: r for r in results(program("new"))}
    assert [r.verdict for r in made.values()] == [Verdict.HOLDS, Verdict.HOLDS]
    # vhe, and the isb of the host.
    assert made[ARMED].histories == 4
    assert all(r.complete for r in made.values())


def test_without_it_the_shortest_failing_history_has_one_other_answer() -> None:
    of = program("old")
    found = result(of, of.scenarios[ARMED])
    assert found.verdict is Verdict.FAILS
    assert found.histories == 8
    assert found.failing is not None
    assert found.failing.choices.answers == (0, 1, 0)
    assert [f.message for f in found.failing.failures] == ["expected: armed; armed is 0"]
    assert found.first is not None
    assert found.first.ok


def test_a_history_of_first_options_is_the_shortest() -> None:
    text = """
    scenario "too many" {
        given any used, has_alarm
        run load
        expect used <= 1
    }
    """
    found = tried(text, "too many")
    assert found.histories == 5
    assert found.failing is not None
    # 4, which comes first: no other answer than the first option is needed.
    assert found.failing.choices.answers == (0,)


@pytest.mark.parametrize(
    ("start", "verdict"),
    [(OLD, Verdict.EXPECTED), (OLD.replace("restore time, ctl", NOTHING), Verdict.UNEXPECTED)],
)
def test_a_module_that_says_that_a_scenario_fails(
    start: str, verdict: Verdict, tmp_path: Path
) -> None:
    write(tmp_path, old=start)
    (found,) = programs(tmp_path, "old")
    made = {r.scenario.title: r.verdict for r in results(found.program)}
    assert made == {ARMED: verdict, TURNS: Verdict.HOLDS}
    assert verdict.fine is (verdict is Verdict.EXPECTED)


def test_when_the_bound_is_reached_it_is_undecided_and_never_holds() -> None:
    of = program("new")
    assert result(of, of.scenarios[ARMED], most=3).verdict is Verdict.UNDECIDED
    assert result(of, of.scenarios[ARMED], most=4).verdict is Verdict.HOLDS
    # What fails is decided.
    old = program("old")
    found = result(old, old.scenarios[ARMED], most=3)
    assert (found.verdict, found.complete, found.histories) == (Verdict.FAILS, False, 3)


def test_of_what_any_leaves_open_only_what_exists_is_tried() -> None:
    text = 'scenario "s" { given any vhe, any has_alarm run load }'
    found = tried(text, "s")
    # vhe without an alarm is no machine.
    assert (found.verdict, found.histories) == (Verdict.HOLDS, 3)


def test_where_nothing_exists_it_cannot_be_run() -> None:
    found = tried('scenario "s" { given vhe, not has_alarm, any used run load }', "s")
    assert found.verdict is Verdict.UNRUNNABLE
    assert found.error is not None
    assert "machines with VHE have an alarm" in found.error.message
    assert found.histories == 0


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ("run guest on 1 run put", "it cannot leave from there"),
        ("load { }", "cannot act"),
        ("host { ALM_TIME <- 1 }", "does not let host change ALM_TIME in `host`"),
        ("run load expect armed at put", "there has been no `put` yet"),
    ],
)
def test_what_the_lifecycle_does_not_let_anybody_do_cannot_be_run(steps: str, says: str) -> None:
    found = tried(f'scenario "s" {{ given has_alarm {steps} }}', "s")
    assert found.verdict is Verdict.UNRUNNABLE
    assert says in str(found.error)


LOOPS: dict[str, str] = {
    "a loop without an end": "each i below 0xffff_ffff { }",
    "a loop in a loop": "each i below 60000 { each j below 60000 { used <- 1 } }",
    "a condition of many": "when every i in 0..0x7fff_ffff: (i >= 0) { used <- 1 }",
    "writes that nothing completes": "each i below 60000 { ALM_TIME <- i }",
}


@pytest.mark.parametrize("body", LOOPS.values(), ids=LOOPS)
def test_a_run_that_does_not_end_is_stopped(body: str) -> None:
    text = f"""
    sequence busy(vcpu) {{ {body} }}
    lifecycle working {{ work {{ busy(vcpu) }} }}
    scenario "s" {{ given has_alarm run work }}
    """
    found = tried(text, "s")
    assert found.verdict is Verdict.UNRUNNABLE
    assert found.error is not None
    assert f"{MOST:,} statements" in found.error.message
    assert found.error.help


def test_an_exception_that_nobody_takes_is_an_error_and_no_traceback() -> None:
    text = """
    operation look() -> u64 { trap "it is not allowed" }
    lifecycle working { work { may change used } }
    scenario "s" { given has_alarm run work expect look() == 0 }
    """
    found = tried(text, "s")
    assert found.verdict is Verdict.UNRUNNABLE
    assert "it is not allowed" in str(found.error)


MANY = """
scenario "many" {
    given has_alarm, any used, any ctl.ENABLE, any ctl.IMASK, any vhe
    run host, turn, turn
}
"""


def test_progress_is_told_of_long_explorations() -> None:
    said: list[str] = []
    of = root_of(WHOLE + MANY).program
    result(of, of.scenarios["many"], progress=said.append)
    assert said[0] == '"many": 100 histories'


def test_a_scenario_that_only_another_program_can_run_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, part="import alarm\n")
    names = [root.program.name for root, _ in cases_of(programs(tmp_path, "new", "part"))]
    assert set(names) == {"new"}
    # Where no program can run it, it is told.
    (found,) = programs(tmp_path, "part")
    assert {one.verdict for one in results(found.program)} == {Verdict.UNRUNNABLE}


def test_a_scenario_is_run_in_the_programs_that_define_what_it_runs(tmp_path: Path) -> None:
    write(tmp_path)
    names = ["alarm", "new", "old"]
    found = [(r.program.name, s.title) for r, s in cases_of(programs(tmp_path, *names))]
    assert found == [(name, title) for name in ("new", "old") for title in (ARMED, TURNS)]
    # Where no program can run it, it is told.
    alone, title = cases_of(programs(tmp_path, "alarm"))[0]
    made = result(alone.program, title)
    assert made.verdict is Verdict.UNRUNNABLE
    assert isinstance(made.error, NotDefined)


def test_a_history_depends_on_nothing_but_its_choices() -> None:
    of = program("old")

    def once(title: str) -> Run:
        return attempt(Run(of, of.scenarios[title], Choices((1, 1))))

    for title in (ARMED, TURNS):
        assert once(title).events == once(title).events


def test_an_answer_that_is_no_option_says_what_the_options_are() -> None:
    of = program("old")
    with pytest.raises(RunError, match=r"choice 0 \(vhe\) cannot be 7: its options are 0: 1; 1: 0"):
        attempt(Run(of, of.scenarios[ARMED], Choices((7,))))
