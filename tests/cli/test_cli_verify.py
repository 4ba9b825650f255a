"""`vgs verify`: what is verified, what is told of it, what is written, and how it ends."""

from __future__ import annotations

import json
import shlex

import pytest

import dsl.verify
from dsl.diagnostics.proofs import StateLost
from dsl.verify.findings import Engine, Finding, Interrupted, Proved, Strength, Verdict
from tests.run import alarm
from tests.verify.made import Driver, convention, missing, verdict


@pytest.fixture
def clock(empty):
    """The project with the alarm clock, which is the current folder."""
    alarm.write(empty)
    return empty


@pytest.fixture
def driver(monkeypatch):
    """A driver that answers with verdicts made by hand."""
    made = Driver()
    monkeypatch.setattr(dsl.verify, "verify", made, raising=False)
    return made


def nothing(program):
    return Verdict(program.name, proved=(Proved("all is well", Engine.FLOW, 1),))


def lone(program):
    where = program.sequences["clear"].signature.span
    return Finding(StateLost, "x", Strength.DECLARED, Engine.FLOW, where, "it may be lost")


def test_a_finding_ends_with_1_and_what_it_rests_on(clock, driver, vgs):
    done = vgs("verify", "src/old.vgs")
    assert (done.status, done.err) == (1, "")
    assert done.out.startswith("src/old.vgs:6:5: error[VGS100]: write is not surely visible")
    assert done.out.endswith("""\
engines:
  flow: 2 sequences, 0.25 s
  explicit: 12,345 states, 1.50 s

`--witness DIR` writes the histories as files that `vgs run` replays
src/old.vgs: 1 finding, 1 of other strengths, 1 withdrawn, 1 proved
""")
    assert "\x1b" not in done.out


def test_nothing_found_is_0_only_if_all_was_checked(clock, driver, vgs):
    driver.answer = nothing
    done = vgs("verify", "src/old.vgs")
    assert done.status == 0
    assert done.out.endswith("\nsrc/old.vgs: 0 findings, 1 proved\n")
    driver.answer = lambda p: verdict(p, findings=(), unchecked=("vhe: the time is up",))
    done = vgs("verify", "src/old.vgs")
    assert done.status == 2
    assert "not checked:\n  vhe: the time is up\n" in done.out
    assert done.out.endswith("1 withdrawn, 1 proved, 1 not checked\n")
    driver.answer = lambda p: verdict(p, unchecked=("vhe: the time is up",))
    assert vgs("verify", "src/old.vgs").status == 1


def test_what_was_withdrawn_decides_nothing(clock, driver, vgs):
    driver.answer = lambda p: verdict(p, findings=())
    done = vgs("verify", "src/old.vgs")
    assert done.status == 0
    assert "withdrawn, for no run confirms it:\n  src/alarm.vgs:34:25: VGS101" in done.out


# ---- what is verified


def test_the_project(clock, driver, vgs):
    assert vgs("verify").status == 1
    assert [each["program"].name for each in driver.asked] == ["new", "old"]
    (clock / "vgs.toml").write_text(alarm.PROJECT + '[case.old]\nmodule = "src/old.vgs"\n')
    driver.asked.clear()
    done = vgs("verify")
    assert [each["program"].name for each in driver.asked] == ["old"]
    assert "src/old.vgs: 1 finding" in done.out
    with (clock / "vgs.toml").open("a") as file:
        file.write('[verify]\nmodules = ["src/new.vgs"]\n')
    driver.asked.clear()
    vgs("verify")
    assert [each["program"].name for each in driver.asked] == ["new"]
    driver.asked.clear()
    vgs("verify", "old")
    assert [each["program"].name for each in driver.asked] == ["old"]


def test_a_part_is_verified_where_it_is_whole(clock, driver, vgs):
    done = vgs("verify", "src/alarm.vgs")
    assert [each["program"].name for each in driver.asked] == ["new", "old"]
    assert "src/alarm.vgs is verified as a part of src/new.vgs, src/old.vgs\n" in done.out
    driver.asked.clear()
    vgs("verify", "src")
    assert [each["program"].name for each in driver.asked] == ["new", "old"]


def test_without_a_lifecycle_only_what_needs_none_is_checked(empty, driver, vgs):
    (empty / "lone.vgs").write_text(
        'platform lone "nobody\'s"\n\nregister LONE : 32 at (3, 3, 14, 3, 1) { All [31:0] }\n\n'
        "sequence clear() { LONE <- 0 }\n"
    )
    driver.answer = nothing
    done = vgs("verify", "lone.vgs")
    assert done.status == 0
    assert driver.asked[0]["engines"] == [Engine.FLOW]
    assert "on these assumptions:\n  lone.vgs has no lifecycle" in done.out
    driver.answer = lambda p: Verdict(p.name, withdrawn=(lone(p),))
    done = vgs("verify", "lone.vgs")
    assert done.status == 2
    assert "suspected, which nothing here can run:\n  lone.vgs:5:10: VGS101" in done.out
    assert "not checked:\n  what is suspected: without a lifecycle no run" in done.out
    done = vgs("verify", "lone.vgs", "--engine", "explicit")
    assert done.status == 2
    assert "not checked:\n  anything: without a lifecycle there is no work for explicit" in done.out


def test_a_lifecycle_that_nothing_completes_is_no_pass(clock, driver, vgs):
    driver.answer = nothing
    for name in ("old", "new"):
        (clock / f"src/{name}.vgs").unlink()
    done = vgs("verify")
    assert done.status == 2
    assert "nothing here defines alarm_start" in done.out


def test_standard_input(clock, driver, process, vgs):
    code = (
        "import sys, dsl.verify, dsl.cli\n"
        "from tests.verify.made import Driver, verdict\n"
        "dsl.verify.verify = Driver(lambda p: verdict(p, findings=()))\n"
        "sys.exit(dsl.cli.main(sys.argv[1:]))"
    )
    done = process("verify", "-", code=code, input=alarm.NEW.encode())
    assert (done.status, done.err) == (0, "")
    assert "<stdin>: 0 findings" in done.out
    done = process("verify", "-", "--witness", "w", code=code, input=alarm.NEW.encode())
    assert done.status == 2
    assert "<stdin> is no file" in done.err


def test_what_is_compared(clock, driver, vgs):
    vgs("verify", "src/new.vgs", "--against", "src/old.vgs")
    assert driver.asked[0]["against"].name == "old"
    done = vgs("verify", "src/alarm.vgs", "--against", "src/old.vgs")
    assert done.status == 2
    assert "name one of src/new.vgs, src/old.vgs" in done.err
    assert vgs("verify", "src/new.vgs", "--against", "src/alarm.vgs").status == 2


def test_what_is_asked_of_the_engines(clock, driver, vgs):
    vgs("verify", "src/old.vgs", "--set", "not vhe", "--engine", "flow", "--engine", "explicit")
    vgs("verify", "src/old.vgs", "--time", "60", "--memory", "900", "--most", "1000", "--jobs", "3")
    first, second = driver.asked
    assert first["given"] == {"vhe": 0}
    assert list(first["engines"]) == [Engine.FLOW, Engine.EXPLICIT]
    assert list(second["engines"]) == list(Engine)
    budget = second["budget"]
    assert (budget.memory, budget.states, budget.jobs) == (900, 1000, 3)
    assert 0 < budget.left <= 60
    assert first["budget"].left is None


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["--set", "vhf"], "did you mean `vhe`?"),
        (["--set", "vhe=9"], "vhe cannot be 9: it is 0 to 1"),
        (["--profile", "practise"], "did you mean `practice`?"),
        (["--engine", "magic"], "invalid choice: 'magic'"),
        (["--time", "0"], "--time is more than 0"),
        (["--time", "nan"], "--time is more than 0"),
        (["--time", "1e400"], "--time is a number; without it there is no limit"),
        (["--jobs", "-1"], "--jobs is more than 0"),
        (["--baseline", "nosuch.json"], "there is no baseline nosuch.json"),
        (["--baseline", "src/old.vgs"], "no baseline"),
        (["--write-baseline", "src/old.vgs"], "would overwrite a source"),
        (["--write-baseline", "src"], "src cannot be read: it is no file"),
        (["--write-baseline", "/dev/null"], "it is no file"),
        (["--witness", "src/old.vgs"], "is a file, and no folder"),
        (["--against", "nosuch.vgs"], "there is no file or folder nosuch.vgs"),
        (["nosuch.vgs"], "there is no file or folder nosuch.vgs"),
        (["--fromat", "json"], "did you mean `--format`?"),
        (["--format", "xml"], "invalid choice: 'xml'"),
    ],
)
def test_what_cannot_be_asked(clock, driver, vgs, files, argv, says):
    before = files(clock)
    done = vgs("verify", *([] if argv[0] == "nosuch.vgs" else ["src/old.vgs"]), *argv)
    assert (done.status, done.out) == (2, "")
    assert says in done.err
    assert files(clock) == before
    assert driver.asked == []


def test_sources_with_errors(clock, driver, vgs, holds):
    (clock / "src/old.vgs").write_text("import alarm\n\nsave alarm_start(vcpu) { save timer }\n")
    done = vgs("verify", "src/old.vgs")
    assert (done.status, done.out) == (1, "")
    assert "error[VGS020]" in done.err
    value = holds("verify", vgs("verify", "src/old.vgs", "--format", "json").json)
    assert not value["ok"]
    assert "VGS020" in [each["code"] for each in value["errors"]]
    assert driver.asked == []


def test_what_has_nothing_to_verify(empty, driver, vgs):
    (empty / "empty.vgs").write_text("")
    done = vgs("verify", "empty.vgs")
    assert done.status == 2
    assert "nothing to verify in empty.vgs" in done.err
    assert "no vgs.toml" in vgs("verify").err


# ---- histories


def test_a_history_is_a_file_that_run_replays_to_the_wrong_value(clock, driver, vgs):
    done = vgs("verify", "src/old.vgs", "--witness", "histories")
    (line,) = [x.strip() for x in done.out.splitlines() if x.strip().startswith("replay:")]
    command = shlex.split(line.removeprefix("replay:"))
    assert command[:3] == ["vgs", "run", "histories/VGS100_synchronisation_6.vgs"]
    assert [path.name for path in (clock / "histories").iterdir()] == [command[2].split("/")[1]]
    shown = vgs(*command[1:])
    assert shown.status == 1
    assert "expected: armed; armed is 0" in shown.out
    assert "--witness" not in done.out


def test_a_history_can_be_replayed_from_outside_of_the_project(
    clock, driver, vgs, monkeypatch, tmp_path
):
    out = tmp_path / "elsewhere" / "w"
    monkeypatch.chdir(tmp_path)
    done = vgs("verify", "empty/src/old.vgs", "--witness", out, "--format", "json")
    (command,) = [each["command"] for each in done.json["findings"] if each["command"]]
    words = shlex.split(command)
    assert words[:3] == ["cd", str(out), "&&"]
    monkeypatch.chdir(words[1])
    shown = vgs(*words[4:])
    assert shown.status == 1
    assert "expected: armed; armed is 0" in shown.out


def test_a_history_of_a_file_that_is_in_no_project(empty, driver, vgs, monkeypatch):
    (empty / "lone").mkdir()
    start = alarm.OLD.split("\n\nscenario")[0].replace("import alarm\n", "")
    text = alarm.ALARM.replace("sequence alarm_start(vcpu)\n", "")
    (empty / "lone/whole.vgs").write_text(text + start)
    done = vgs("verify", "lone/whole.vgs", "--witness", "w", "--format", "json")
    words = shlex.split(next(f["command"] for f in done.json["findings"] if f["command"]))
    assert words[:3] == ["cd", "w", "&&"]
    monkeypatch.chdir("w")
    assert "expected: armed; armed is 0" in vgs(*words[4:]).out


def test_a_folder_that_is_a_project_of_its_own_is_left_alone(empty, driver, vgs):
    (empty / "lone").mkdir()
    (empty / "lone/whole.vgs").write_text(
        alarm.ALARM.replace("sequence alarm_start(vcpu)\n", "")
        + alarm.NEW.replace("import alarm\n", "")
    )
    (empty / "w").mkdir()
    (empty / "w/vgs.toml").write_text("[project]\n")
    done = vgs("verify", "lone/whole.vgs", "--witness", "w")
    assert done.status == 2
    assert "vgs.toml is there" in done.err
    assert (empty / "w/vgs.toml").read_text() == "[project]\n"


def test_each_history_has_a_file(clock, driver, vgs):
    driver.answer = lambda p: verdict(p, findings=(missing(p), missing(p, message="again")))
    vgs("verify", "--witness", "w")
    assert sorted(path.name for path in (clock / "w").iterdir()) == [
        "VGS100_synchronisation_6.vgs",
        "VGS100_synchronisation_6_2.vgs",
        "VGS100_synchronisation_7.vgs",
        "VGS100_synchronisation_7_2.vgs",
    ]
    assert vgs("check", "w").status == 0
    assert vgs("run", "w").status == 1


# ---- what is known


def test_a_baseline_lets_a_project_adopt_the_checks(clock, driver, vgs, files):
    done = vgs("verify", "--write-baseline", "known.json")
    assert done.status == 0
    assert "known.json: written\n" in done.out
    before = files(clock)
    done = vgs("verify", "--baseline", "known.json")
    assert done.status == 0
    assert "known, from the baseline:\n  src/alarm.vgs:46:13: VGS111" in done.out
    assert "\n  src/old.vgs:6:5: VGS100" in done.out
    assert done.out.endswith("src/old.vgs: 0 findings, 2 known, 1 withdrawn, 1 proved\n")
    assert files(clock) == before
    driver.answer = lambda p: verdict(p, findings=(missing(p), missing(p, rule="another")))
    assert vgs("verify", "--baseline", "known.json").status == 1


def test_an_entry_that_is_gone_is_told(clock, driver, vgs):
    vgs("verify", "src/old.vgs", "--write-baseline", "known.json")
    driver.answer = lambda p: verdict(p, findings=(convention(p),))
    done = vgs("verify", "src/old.vgs", "--baseline", "known.json")
    assert done.status == 0
    assert "in the baseline, and not found any more:\n  VGS100 synchronisation in " in done.out
    told = vgs("verify", "src/old.vgs", "--baseline", "known.json", "--format", "json").json
    assert [each["rule"] for each in told["stale"]] == ["synchronisation"]
    some = vgs("verify", "src/old.vgs", "--baseline", "known.json", "--set", "vhe")
    assert "not found any more" not in some.out


# ---- formats


def test_json_is_as_its_schema_says(clock, driver, vgs, holds):
    done = vgs("verify", "src/old.vgs", "--format", "json", "--witness", "w")
    assert done.status == 1
    value = holds("verify", done.json)
    other, finding = value["findings"]
    assert (other["status"], finding["status"]) == ("other", "new")
    assert (finding["code"], finding["rule"], finding["strength"]) == (
        "VGS100",
        "synchronisation",
        "architecture",
    )
    assert finding["where"]["line"] == 6
    assert finding["configuration"] == {"vhe": 0, "has_alarm": 1}
    assert finding["condition"] == "has_alarm"
    assert finding["history"] == ["given has_alarm, ctl.ENABLE", "run load", "expect armed"]
    assert finding["edit"]["text"].startswith("isb orders")
    assert value["engines"]["explicit"] == {"seconds": 1.5, "amounts": {"states": 12345}}
    assert [each["code"] for each in value["withdrawn"]] == ["VGS101"]
    driver.answer = lambda p: verdict(p, findings=(), unchecked=("the rest",))
    value = holds("verify", vgs("verify", "--format", "json").json)
    assert not value["ok"]
    assert [each["program"] for each in value["unchecked"]] == ["new", "old"]
    driver.answer = nothing
    assert holds("verify", vgs("verify", "--format", "json").json)["ok"]


def test_sarif(clock, driver, vgs):
    done = vgs("verify", "--format", "sarif")
    assert done.status == 1
    (run,) = done.json["runs"]
    assert run["tool"]["driver"]["name"] == "vgs verify"
    assert [each["ruleId"] for each in run["results"]] == ["VGS111", "VGS100"] * 2
    assert json.dumps(done.json) == json.dumps(vgs("verify", "--format", "sarif").json)


# ---- when it is stopped


def test_interrupted_it_says_what_was_not_checked(clock, driver, vgs, holds):
    def once(program):
        if program.name == "old":
            raise KeyboardInterrupt
        return nothing(program)

    driver.answer = once
    done = vgs("verify")
    assert done.status == 130
    assert "not checked:\n  the rest of it: it was interrupted\n" in done.out
    assert "src/new.vgs: 0 findings, 1 proved\n" in done.out
    driver.answer = KeyboardInterrupt()
    value = holds("verify", vgs("verify", "--format", "json").json)
    assert [each["what"] for each in value["unchecked"]] == [
        "the rest of it: it was interrupted",
        "all of it: it was interrupted before it began",
    ]
    assert not value["ok"]


def test_interrupted_it_tells_what_was_found_by_then(clock, driver, vgs):
    def stopped(program):
        raise Interrupted(verdict(program, unchecked=("symbolic: it was interrupted",)))

    driver.answer = stopped
    done = vgs("verify", "src/old.vgs", "--write-baseline", "known.json")
    assert done.status == 130
    assert "src/old.vgs:6:5: VGS100 write is not surely visible" in done.out
    assert "not checked:\n  symbolic: it was interrupted\n" in done.out


def test_without_memory_it_says_what_was_not_checked(clock, driver, vgs):
    driver.answer = MemoryError()
    done = vgs("verify")
    assert done.status == 2
    assert done.out.count("the rest of it: there was no more memory") == 2
