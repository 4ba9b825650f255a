"""A run that stops and goes on is the run that never stopped; and what is no state is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import dsl
from dsl.failures import CannotRun
from dsl.run.histories import Asked, resume, tell
from dsl.run.results import attempt
from dsl.run.scenarios import Run, Stop
from dsl.run.settings import choices
from dsl.run.statefile import VERSION, fingerprint, read, restore, save
from tests.run.alarm import ALARM, ARMED, TURNS, program, root, root_of

#: Behaviour of externs, phases that are looked back at, operations, and locks in between.
RICH = """
lock wait_lock
extern waiters(vcpu) -> u32 {}
register ALM_WAIT : 32 { Number [31:0] }
operation waited() -> u64 { ALM_WAIT.Number <- ALM_WAIT.Number + 1  return ALM_WAIT.Number }

sequence alarm_start(vcpu) {
    holding wait_lock { restore time, ctl }
    when waiters(vcpu) > 1 { used <- 2 } else { isb orders ALM_CTL before reads of ALM_STATUS }
    armed <- ALM_STATUS.ARMED
}

scenario "somebody else counts" {
    given any vhe, has_alarm, any ctl.IMASK, ctl.ENABLE
    waiters { return 2 }
    run load
    guest {
        assert waited() == 1
        ALM_TIME <- 5
    }
    run host
    expect used == 2 and accesses == 3 at load
    guest {
        assert waited() == 2
        ALM_CTL.ENABLE <- 0
    }
    run turn
    on 3
    run put
    expect accesses == 0 at guest
    expect ALM_WAIT.Number == 2 and time == 5
}
"""
RICH_ROOT = root_of(ALARM.replace("sequence alarm_start(vcpu)\n", "") + RICH)
ROOTS = {"old": root("old"), "new": root("new"), "rich": RICH_ROOT}
CASES = [(name, title) for name, each in ROOTS.items() for title in each.program.scenarios]
ANSWERS = ("new", "old", "1,1,0", "seed:3")


KVM = dsl.load(Path(__file__).parents[2] / "sequences/kvm/run_after.vgs").program


def a_run(name: str, title: str, answers: str, stop: Stop | None = None) -> Run:
    of = ROOTS[name].program
    return attempt(Run(of, of.scenarios[title], choices(answers), (), stop))


@pytest.mark.parametrize("answers", ANSWERS)
@pytest.mark.parametrize(("name", "title"), CASES)
def test_wherever_a_run_stops_it_goes_on_as_if_it_had_not(
    name: str, title: str, answers: str
) -> None:
    whole = a_run(name, title, answers)
    points = [(phase, n) for phase, last in whole.visits.items() for n in range(1, last + 1)]
    assert len(points) >= 4
    of = whole.program
    for phase, visit in points:
        first = a_run(name, title, answers, Stop(phase, visit))
        assert first.stopped
        assert first.events == whole.events[: len(first.events)]
        data = save(first, "", after=phase, settings=[], answers=answers)
        state = read(data, "state")
        second = attempt(restore(state, of, (), choices(answers, state.choices)))
        assert second.events == whole.events
        assert second.failures == whole.failures
        assert second.machine.world == whole.machine.world
        assert second.choices.made == whole.choices.made
        assert second.positions == whole.positions


@pytest.mark.parametrize("title", KVM.scenarios)
def test_kvm_goes_on_from_every_phase(title: str) -> None:
    def run(stop: Stop | None) -> Run:
        return attempt(Run(KVM, KVM.scenarios[title], choices("seed:1"), (), stop))

    whole = run(None)
    for phase, last in list(whole.visits.items()):
        for visit in range(1, last + 1):
            data = save(run(Stop(phase, visit)), "", after="", settings=[], answers="seed:1")
            state = read(data, "state")
            second = attempt(restore(state, KVM, (), choices("seed:1", state.choices)))
            assert second.events == whole.events
            assert second.machine.world == whole.machine.world
            assert second.failures == whole.failures


def test_a_run_can_be_stopped_and_saved_again_and_again() -> None:
    whole = a_run("rich", "somebody else counts", "old")
    run = a_run("rich", "somebody else counts", "old", Stop("load"))
    for stop in (Stop("guest"), Stop("host"), Stop("guest", 2), None):
        state = read(save(run, "", after="", settings=[], answers="old"), "state")
        run = attempt(restore(state, run.program, (), choices("old", state.choices), stop))
        assert run.stopped is (stop is not None)
    assert run.events == whole.events


def test_after_an_assertion_that_fails_nothing_comes_any_more() -> None:
    made = root_of(
        ALARM.replace("sequence alarm_start(vcpu)\n", "sequence alarm_start(vcpu) {}\n")
        + """scenario "it stops" {
            run load
            guest { assert ALM_TIME == 1 }
            run put
            expect time == 1
        }
        """
    ).program
    first = attempt(Run(made, made.scenarios["it stops"], choices("new")))
    assert len(first.failures) == 1
    state = read(save(first, "", after="the end", settings=[], answers="new"), "state")
    second = attempt(restore(state, made, (), choices("new", state.choices)))
    assert second.events == first.events
    assert second.failures == first.failures


def test_the_state_does_not_change_with_the_run_that_goes_on() -> None:
    first = a_run("rich", "somebody else counts", "new", Stop("guest"))
    state = read(save(first, "", after="", settings=[], answers="new"), "state")
    runs = [
        attempt(restore(state, first.program, (), choices("new", state.choices))) for _ in range(2)
    ]
    assert runs[0].events == runs[1].events


def test_what_comes_after_can_be_answered_otherwise() -> None:
    root_ = root("old")
    asked = Asked(answers="0", until="load")
    history = tell(root_, root_.program.scenarios[ARMED], asked)
    data = save(
        history.run, fingerprint(root_.program), after="load", settings=[], answers=history.answers
    )
    state = read(data, "state")
    # The status is read in the phase that is over; what is left is the host's isb.
    assert resume([root_], state, "state", Asked()).run.choices.answers == (0, 0, 0)
    other = resume([root_], state, "state", Asked(answers="1"))
    assert other.run.choices.answers == (0, 0, 1)
    assert other.answers == "0,0,1"
    assert other.skipped == len(state.events)


def saved(name: str = "new") -> bytes:
    of = ROOTS[name].program
    run = a_run(name, ARMED, "new", Stop("load"))
    return save(run, fingerprint(of), after="load", settings=[], answers="new")


def test_every_truncated_state_is_refused() -> None:
    data = saved()
    for length in range(0, len(data) - 2, 41):
        with pytest.raises(CannotRun, match=r"cut off|no state of a run"):
            read(data[:length], "state")


def test_every_changed_state_is_refused() -> None:
    data = saved()
    for at in range(0, len(data) - 1, 41):
        other = bytes((data[at] ^ 1,))
        with pytest.raises(CannotRun):
            read(data[:at] + other + data[at + 1 :], "state")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"ok": true}',
        "no JSON at all",
        '{"format": "vgs run state"}',
        '{"format": "another", "version": 1, "digest": "", "state": {}}',
        '{"format": "vgs run state", "version": 1, "digest": "", "state": {}}',
        '{"format": "vgs run state", "version": "1", "digest": "", "state": {}}',
        "[" * 100_000,
        "\xff\xfe",
    ],
)
def test_what_is_no_state_is_refused(text: str) -> None:
    with pytest.raises(CannotRun, match="state"):
        read(text.encode("latin-1"), "state")


def test_a_state_of_a_newer_version_says_so() -> None:
    value = json.loads(saved())
    value["version"] = VERSION + 1
    with pytest.raises(CannotRun, match=f"newer version of vgs: format {VERSION + 1}"):
        read(json.dumps(value).encode(), "state")


def test_a_state_of_another_program_is_refused() -> None:
    state = read(saved("new"), "state")
    with pytest.raises(CannotRun, match=r"state was saved before test\.vgs"):
        resume([root("old")], state, "state", Asked())
    assert resume([root("old"), root("new")], state, "state", Asked()).root is root("new")


def test_a_fingerprint_is_of_what_a_program_means_and_of_the_lines_it_quotes() -> None:
    known = {fingerprint(program("old")), fingerprint(program("new"))}
    text = 'register R : 32 { A [31:0] }\nlifecycle l { p { R <- 1 } }\nscenario "s" { run p }\n'
    known |= {fingerprint(root_of(t).program) for t in (text, text + "// x\n", "\n" + text)}
    assert len(known) == 5
    assert fingerprint(root_of(text).program) in known


def test_a_state_is_no_place_to_stop_that_is_past() -> None:
    state = read(saved(), "state")
    with pytest.raises(CannotRun, match="past `load` already"):
        resume([root("new")], state, "state", Asked(until="load"))
    history = resume([root("new")], state, "state", Asked(until="put"))
    assert history.run.stopped


def test_two_vcpus_and_two_cpus_are_in_the_state() -> None:
    run = a_run("new", TURNS, "new", Stop("load", 3))
    state = read(save(run, "", after="", settings=[], answers="new"), "state")
    assert sorted(state.world.cpus) == [0, 1]
    assert sorted(state.positions) == ["a", "b"]
