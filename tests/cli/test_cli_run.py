"""`vgs run`: verdicts, traces, settings, states, JSON, and whatever somebody may type."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

import dsl
from tests.run.alarm import ARMED, OLD, TURNS, write

SUMMARY = """\
src/new.vgs
  holds               4 histories      an alarm that was set is armed
  holds               4 histories      two take turns

src/old.vgs
  fails as expected   8 histories      an alarm that was set is armed
                                         it was looked at too early
  holds               4 histories      two take turns

4 scenarios: 3 hold, 1 fails as expected
"""


@pytest.fixture
def alarm(empty):
    """The project with the alarm clock, which is the current folder."""
    write(empty)
    return empty


def test_the_project(alarm, vgs):
    done = vgs("run")
    assert (done.status, done.out, done.err) == (0, SUMMARY, "")


def test_what_does_not_hold_is_shown_with_its_place_and_its_history(alarm, vgs):
    (alarm / "src/old.vgs").write_text(OLD.split("\n\nscenario")[0] + "\n")
    done = vgs("run")
    assert (done.status, done.err) == (1, "")
    assert "  does not hold       8 histories      an alarm that was set is armed\n" in done.out
    assert "4 scenarios: 3 hold, 1 does not hold" in done.out
    command = f"vgs run src/old.vgs --scenario '{ARMED}' --choices 0,1"
    assert done.out.endswith(f"""\
src/alarm.vgs:56:5: error[VGS090]: expected: armed; armed is 0
 56 |     expect armed
    |     ^^^^^^^^^^^^
  help: `{command}` shows it
  choice: vhe: 1  (src/alarm.vgs:54:11)
  choice: software through ALM_STATUS sees ALM_CTL: 0x0 (ENABLE 0, IMASK 0)  (src/alarm.vgs:11:17)
  choice: isb of others: absent  (src/alarm.vgs:46:13)
""")
    shown = vgs("run", "src/old.vgs", "--scenario", ARMED, "--choices", "0,1")
    assert shown.status == 1
    assert "FAILED   expected: armed; armed is 0" in shown.out


def test_what_holds_after_all_is_a_finding(alarm, vgs):
    start = (alarm / "src/new.vgs").read_text().split("import alarm\n")[1]
    (alarm / "src/old.vgs").write_text(
        "import alarm\n" + start + f'\nscenario "{ARMED}" fails "it was looked at too early"\n'
    )
    done = vgs("run", "src/old.vgs")
    assert done.status == 1
    assert "unexpectedly holds" in done.out
    assert 'error[VGS093]: "an alarm that was set is armed" holds in all of its' in done.out


def test_without_a_choice_the_trace_is_of_the_history_that_does_not_hold(alarm, vgs):
    done = vgs("run", "src/old.vgs", "--scenario", "alarm")
    # The module says so.
    assert done.status == 0
    assert "the scenario fails as expected (8 histories): it was looked at too early" in done.out
    assert "FAILED" in done.out
    done = vgs("run", "src/new.vgs", "--scenario", "alarm")
    assert done.status == 0
    assert done.out.endswith("\nthis history holds; the scenario holds (4 histories)\n")
    assert "FAILED" not in done.out
    assert all(len(line) <= 100 for line in done.out.splitlines()[4:])
    assert "\x1b" not in done.out


def test_columns_and_colours(alarm, vgs, monkeypatch):
    monkeypatch.setenv("COLUMNS", "70")
    narrow = vgs("run", "src/new.vgs", "--scenario", "alarm").out
    begin = narrow.index("CPU 0")
    assert all(len(line) <= 70 for line in narrow[begin:].splitlines())
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in vgs("run", "src/new.vgs", "--scenario", "alarm").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert vgs("run", "src/new.vgs", "--scenario", "alarm").out == narrow
    for nonsense in ("", "0", "-3", "x", "²", "9" * 40):
        monkeypatch.setenv("COLUMNS", nonsense)
        assert vgs("run", "src/new.vgs", "--scenario", "alarm").status == 0


@pytest.mark.parametrize("answers", ["new", "old", "1,1", "seed:5"])
def test_a_run_that_is_saved_and_goes_on_tells_the_rest(alarm, vgs, holds, answers):
    one = ["run", "src/old.vgs", "--scenario", ARMED, "--choices", answers, "--format", "json"]
    whole = vgs(*one).json["scenarios"][0]
    first = vgs(*one, "--until", "guest", "--save", "it.state").json["scenarios"][0]
    assert (first["verdict"], first["stopped"]) in [("stopped", True), ("fails as expected", True)]
    done = vgs("run", "src/old.vgs", "--resume", "it.state", "--format", "json")
    (second,) = holds("run", done.json)["scenarios"]
    assert first["events"] + second["events"] == whole["events"]
    assert len(first["events"]) > 3
    for key in ("state", "choices", "failures", "verdict"):
        assert second[key] == whole[key]
    assert sorted(p.name for p in alarm.iterdir()) == ["it.state", "src", "vgs.toml"]


def test_resume_finds_its_program_in_the_project_and_has_its_settings(alarm, vgs):
    one = ("--set", "not vhe", "--set", "used=3", "--until", "load", "--save", "it.state")
    assert vgs("run", "src/new.vgs", "--scenario", ARMED, *one).status == 0
    done = vgs("run", "--resume", "it.state", "--format", "json")
    state = done.json["scenarios"][0]["state"]
    assert {"owner": "", "name": "vhe", "value": 0} in state["conditions"]
    assert {"owner": "vcpu", "name": "used", "value": 3} in state["slots"]
    assert "--set 'not vhe' --set used=3" in done.json["scenarios"][0]["command"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda data: data[:100], "cut off"),
        (lambda data: b"", "no state of a run"),
        (lambda data: b"{}", "no state of a run"),
        (lambda data: b"\x00\xff", "no state of a run"),
        (lambda data: data.replace(b'"version":2', b'"version":9'), "a newer version"),
        (lambda data: data.replace(b'"cpu":0', b'"cpu":1'), "was changed since it was saved"),
    ],
)
def test_what_is_no_state(alarm, vgs, change, says):
    vgs("run", "src/new.vgs", "--scenario", ARMED, "--until", "load", "--save", "it.state")
    data = change((alarm / "it.state").read_bytes())
    (alarm / "it.state").write_bytes(data)
    done = vgs("run", "src/new.vgs", "--resume", "it.state")
    assert (done.status, done.out) == (2, "")
    assert "it.state" in done.err
    assert says in done.err


def test_a_state_of_something_else(alarm, vgs):
    vgs("run", "src/new.vgs", "--scenario", ARMED, "--until", "load", "--save", "it.state")
    done = vgs("run", "src/old.vgs", "--resume", "it.state")
    assert done.status == 2
    assert "it.state is of another program: new" in done.err
    done = vgs("run", "src/new.vgs", "--resume", "it.state", "--scenario", TURNS)
    assert done.status == 2
    assert f'it.state is of another scenario: "{ARMED}"' in done.err
    with open("src/alarm.vgs", "a") as file:
        file.write("// changed\n")
    done = vgs("run", "--resume", "it.state")
    assert done.status == 2
    assert "it.state was saved before src/new.vgs, or what it imports, changed" in done.err


def test_json_of_everything(alarm, vgs, holds):
    value = holds("run", vgs("run", "--format", "json").json)
    assert value["ok"] is True
    assert [(s["module"], s["verdict"], s["histories"]) for s in value["scenarios"]] == [
        ("new", "holds", 4),
        ("new", "holds", 4),
        ("old", "fails as expected", 8),
        ("old", "holds", 4),
    ]
    failing = value["scenarios"][2]
    assert (failing["ok"], failing["holds"], failing["expected"]) == (True, False, "fails")
    assert failing["findings"] == []
    assert failing["failures"][0]["line"] == 56
    assert [c["taken"] for c in failing["choices"]] == [0, 1, 0]
    assert "events" not in failing


def test_json_of_one_history(alarm, vgs, holds):
    argv = ["run", "src/new.vgs", "--scenario", ARMED, "--watch", "ALM_CTL", "--format", "json"]
    (one,) = holds("run", vgs(*argv).json)["scenarios"]
    watched = [e for e in one["events"] if "watched" in e]
    assert [(e["kind"], e["watched"][0]["settled"]) for e in watched] == [
        ("write", 0),
        ("barrier", 1),
    ]
    # In the middle of things a write has not been seen by everybody.
    argv = ["run", "src/old.vgs", "--scenario", ARMED, "--until", "load", "--format", "json"]
    (one,) = holds("run", vgs(*argv).json)["scenarios"]
    control = one["state"]["cpus"][0]["registers"]["ALM_CTL"]
    assert (control["settled"], control["newest"]) == (0, 1)
    assert control["updates"][0]["pending"] == ["effect: needs isb"]
    assert one["state"]["positions"]["vcpu"]["phase"] == "load"


def test_json_of_errors(alarm, vgs, holds):
    (alarm / "src/new.vgs").write_text("import alarm\nsequence\n")
    value = holds("run", vgs("run", "--format", "json").json)
    assert (value["ok"], value["scenarios"]) == (False, [])
    assert value["findings"][0]["file"] == "src/new.vgs"
    done = vgs("run", "src/old.vgs", "--set", "vhee", "--format", "json")
    assert holds("run", done.json)["findings"][0]["file"] == "--set"
    assert done.status == 1


@pytest.mark.parametrize(
    ("argv", "status", "says"),
    [
        (["nosuch.vgs"], 2, "there is no file or folder nosuch.vgs"),
        (["--scenario", "nothing like it"], 2, "there is no scenario"),
        (["--scenario", TURNS], 2, "name one of src/new.vgs, src/old.vgs"),
        (["--until", "guest"], 2, "--until is for one history"),
        (["--save", "x"], 2, "--save is for one history"),
        (["--watch", "x"], 2, "--watch is for one history"),
        (["--choices", "old"], 2, "--choices is for one history"),
        (["--most", "0"], 2, "--most is 1 or more"),
        (["--most", "x"], 2, "invalid int value"),
        (["--resume", "nosuch"], 2, "there is no file nosuch"),
        (["--resume", "src"], 2, "there is no file src"),
        (["--resume", "x", "--set", "vhe"], 2, "--set is for a run from the start"),
        (["--resume", "x", "--choices", "all"], 2, "--choices all are many"),
        (["src/new.vgs", "--scenario", TURNS, "--until", "gest"], 2, "did you mean `guest`?"),
        (["src/new.vgs", "--scenario", TURNS, "--until", "put:9"], 2, "comes to `put` 2 times"),
        (["src/new.vgs", "--scenario", TURNS, "--choices", "never"], 2, "says no choices"),
        (["src/new.vgs", "--scenario", TURNS, "--choices", "9"], 2, "cannot be 9"),
        (["src/new.vgs", "--scenario", TURNS, "--watch", "ALM"], 2, "no register, group or slot"),
        (["src/new.vgs", "--scenario", TURNS, "--save", "src"], 2, "is no file"),
        (["src/new.vgs", "--set", "used=9"], 1, "9 is impossible: `used` is 0..4"),
        (["src/new.vgs", "--set", "vhe", "--set", "not has_alarm"], 2, "error[VGS092]"),
        (["src/alarm.vgs"], 2, "nothing in this program defines it"),
        (["src/new.vgs", "--most", "3"], 1, "error[VGS094]"),
        (["src/new.vgs", "--resume"], 2, "expected one argument"),
    ],
)
def test_what_cannot_be(alarm, vgs, argv, status, says):
    done = vgs("run", *argv)
    assert done.status == status
    assert says in done.out + done.err
    assert "fault of vgs" not in done.err


def test_modules_without_scenarios(project, vgs):
    done = vgs("run")
    assert (done.status, done.out) == (2, "")
    assert "there is no scenario in this project" in done.err


def test_standard_input_and_folders(alarm, process):
    text = (alarm / "src/old.vgs").read_bytes()
    done = process("run", "-", input=text)
    assert done.status == 0
    assert done.out.startswith("<stdin>\n  fails as expected")
    assert process("run", "src").out == SUMMARY


def test_choices_all_is_the_summary_of_one(alarm, vgs):
    done = vgs("run", "src/old.vgs", "--scenario", ARMED, "--choices", "all")
    assert done.status == 0
    assert done.out.endswith("1 scenario: 1 fails as expected\n")


def test_the_bound_is_told_in_words(alarm, vgs):
    done = vgs("run", "src/new.vgs", "--most", "3")
    assert "  undecided           3 histories of more" in done.out
    assert "holds  " not in done.out


def test_an_error_in_the_middle_of_a_history_shows_what_came_before(alarm, vgs):
    more = 'scenario "nobody leads there" {\n given has_alarm\n run load\n load {}\n}\n'
    with open("src/new.vgs", "a") as file:
        file.write(more)
    done = vgs("run", "src/new.vgs", "--scenario", "nobody")
    assert done.status == 2
    assert "write    ALM_CTL" in done.out
    assert "error[VGS091]" in done.out
    assert "this history ends here: it cannot go on\n" in done.out
    assert vgs("run").status == 2


def test_an_interrupt_ends_it_at_once(alarm):
    many = "".join(f"given any e{n}\n" for n in range(16))
    text = "import new\n" + "".join(f"condition e{n} per machine\n" for n in range(16))
    text += f'scenario "long" {{ given has_alarm\n {many} run host }}\n'
    (alarm / "src/long.vgs").write_text(text)
    command = [sys.executable, "-m", "dsl", "run", "src/long.vgs", "--most", "1000000"]
    child = subprocess.Popen(
        command, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    time.sleep(2)
    assert child.poll() is None
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=20)
    assert (child.returncode, out, err) == (130, b"", b"")


def test_through_python(alarm):
    found = {r.scenario.title: r for r in dsl.scenarios("src/old.vgs")}
    assert {t: str(r.verdict) for t, r in found.items()} == {
        ARMED: "fails as expected",
        TURNS: "holds",
    }
    assert isinstance(found[ARMED], dsl.Result)
    history = dsl.run_scenario("src/old.vgs", ARMED, choices="0,1", until="guest", watch=["ALARM"])
    assert isinstance(history, dsl.History)
    assert history.run.stopped
    assert [f.message for f in history.run.failures] == ["expected: armed; armed is 0"]
    assert dsl.scenarios("src/old.vgs", settings=["vhe"])[0].histories == 4
    assert dsl.scenarios("src/old.vgs", most=3)[1].histories == 3
    with pytest.raises(dsl.CannotRun, match="there is no scenario"):
        dsl.run_scenario("src/old.vgs", "nothing")
    with pytest.raises(dsl.CannotRun, match="there is no file"):
        dsl.scenarios("src/nosuch.vgs")
    with pytest.raises(dsl.HasErrors, match="VGS020"):
        dsl.scenarios("src/old.vgs", settings=["vhee"])


def test_the_state_file_is_json_that_says_what_it_is(alarm, vgs):
    vgs("run", "src/new.vgs", "--scenario", ARMED, "--until", "guest", "--save", "it.state")
    value = json.loads((alarm / "it.state").read_text())
    assert list(value) == ["format", "version", "digest", "state"]
    assert (value["format"], value["version"]) == ("vgs run state", 2)
    assert re.fullmatch("[0-9a-f]{32}", value["digest"])
    assert (value["state"]["scenario"], value["state"]["after"]) == (ARMED, "guest")
