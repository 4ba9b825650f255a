"""`vgs mutate`, with checkers whose answers are known; what the engines find is elsewhere."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import dsl
from dsl.diagnostics import Diagnostic
from dsl.mutation import asking, checks
from dsl.mutation.judging import Answer, Check
from tests.mutation.small import LIFE, PLATFORM, wants

ROOT = Path(__file__).parents[2]

WORK = """\
import things

restore begin(vcpu) {
    restore ctl
    when vhe { CMP<0> <- 0 }
    CMP<1> <- LINES - 3
}

save finish(vcpu) { save ctl }
"""


NEVER = """
invariant never at guest "it holds whatever is done" { 1 }
invariant again at guest "the checker that says this says more" { 1 }
"""
NOWHERE = """rule nowhere : architecture "Things, 1" { writes of LIM<0> before writes of CTL }"""


@pytest.fixture
def things(project, monkeypatch):
    """The project, with a program in it that is mutated; the checker wants CTL written once."""
    for name in ("old", "new", "timer", "board"):
        (project / f"src/{name}.vgs").unlink()
    (project / "vgs.toml").write_text('[project]\nname = "things"\nsources = ["src"]\n')
    (project / "src/things.vgs").write_text(PLATFORM)
    (project / "src/work.vgs").write_text(WORK)
    (project / "src/life.vgs").write_text("import work\n" + LIFE)
    checked_by(monkeypatch, wants("CTL", 1))
    return project


def checked_by(monkeypatch, *checks):
    monkeypatch.setattr(asking, "checks", lambda *_: list(checks))
    monkeypatch.setattr(asking, "provers", lambda *_: [])


def test_what_becomes_of_the_mutants(things, vgs):
    done = vgs("mutate", "src/life.vgs", "--function", "begin", "--time")
    assert done.status == 1
    assert "src/work.vgs:6:5: survives: direction" not in done.out
    assert (
        "src/work.vgs:6:5: survives: element in begin: element 2 for 1\n"
        "         when vhe { CMP<0> <- 0 }\n"
        "    -    CMP<1> <- LINES - 3\n"
        "    +    CMP<2> <- LINES - 3\n"
        "     }\n"
    ) in done.out
    assert (
        "src/work.vgs:6:5: cheaper: delete in begin: without `CMP<1> <- LINES - 3`\n"
        "  nothing finds fault with it, and it costs less: enter: writes 3 → 2\n"
        "  it is not proved to do the same\n"
    ) in done.out
    (line,) = (line for line in done.out.splitlines() if line.startswith("fake "))
    assert line.split()[:3] == ["fake", "VGS900", "CTL"]
    assert "src/life.vgs: " in done.out
    assert "\ncorrectness " in done.out
    assert "\ncost " in done.out
    assert "s, of processors" in done.out


def test_json_says_it_all(things, vgs, holds):
    done = vgs("mutate", "src/life.vgs", "--format", "json")
    value = holds("mutate", done.json)
    assert done.status == 1
    kinds = ("survivors", "suggestions", "broken")
    parts = [value["killed"], value["cost"], value["equivalent"], *(len(value[k]) for k in kinds)]
    assert sum(parts) == value["mutants"] == len(value["all"])
    assert value["functions"] == ["begin", "finish"]
    assert value["worths"] is None
    assert value["killers"] == [
        {"engine": "fake", "code": "VGS900", "rule": "CTL", "mutants": value["killed"]}
    ]
    totals = [sum(v for v in row.values() if isinstance(v, int)) for row in value["operators"]]
    assert sum(totals) == value["mutants"]
    assert {one["outcome"] for one in value["survivors"]} == {"survived"}


def test_json_of_a_source_with_errors(things, vgs, holds):
    (things / "src/work.vgs").write_text("import things\nrestore begin(vcpu) { restore nothing }")
    done = vgs("mutate", "src/life.vgs", "--format", "json")
    assert done.status == 1
    assert holds("mutate", done.json)["findings"]


def test_nothing_survives(things, vgs, monkeypatch):
    done = vgs("mutate", "src/life.vgs", "--operator", "delete", "--function", "begin")
    assert done.status == 0
    assert "survive" not in done.out


def test_a_project_is_its_program(things, vgs):
    done = vgs("mutate", "--operator", "swap")
    assert "src/life.vgs: " in done.out


def test_modules_confine_what_is_changed(things, vgs):
    (things / "src/more.vgs").write_text("import things\nsequence more(vcpu) { CTL <- 0 }\n")
    text = WORK.replace("import things\n", "import things\nimport more\n")
    (things / "src/work.vgs").write_text(text.replace("restore ctl", "restore ctl more(vcpu)"))
    both = vgs("mutate", "src/life.vgs", "--operator", "delete", "--format", "json").json
    assert both["functions"] == ["more", "begin", "finish"]
    one = ("mutate", "src/life.vgs", "src/more.vgs", "--operator", "delete", "--format", "json")
    assert vgs(*one).json["functions"] == ["more"]


def test_rules_are_worth_what_falls_without_them(things, vgs, holds, monkeypatch):
    again = Check("again", wants("CTL", 1, "again").ask)
    checked_by(monkeypatch, wants("CTL", 1), wants("CMP<n>", 2), again)
    (things / "src/life.vgs").write_text(f"import work\n{LIFE}{NEVER}\n")
    (things / "src/things.vgs").write_text(f"{PLATFORM}{NOWHERE}\n")
    words = ("mutate", "src/life.vgs", "--operator", "delete", "--function", "begin")
    done = vgs(*words, "--rules", "--resume", "kept", "--format", "json")
    value = holds("mutate", done.json)
    rows = {row["name"]: row for row in value["worths"]}
    assert {name: row["trial"]["standing"] for name, row in rows.items()} == {
        "CMP<n>": "alone",
        "CTL": "masked",
        "again": "masked",
        "never": "nothing",
    }
    assert (rows["CMP<n>"]["kills"], rows["CMP<n>"]["alone"]) == (2, 1)
    assert (rows["CTL"]["kills"], rows["CTL"]["alone"], rows["CTL"]["beside"]) == (1, 0, ["again"])
    assert value["scores"]["correctness"] == {"killed": 3, "of": 3}
    assert rows["CMP<n>"]["without"] == {"killed": 2, "of": 3}
    assert rows["CTL"]["without"] == {"killed": 3, "of": 3}
    assert value["idle"] == ["nowhere"]
    (shown,) = (one for one in value["all"] if one["id"] == rows["CTL"]["trial"]["mutant"])
    assert shown["what"] == "without `restore ctl`"


def test_rules_said_to_people(things, vgs, monkeypatch):
    again = Check("again", wants("CTL", 1, "again").ask)
    checked_by(monkeypatch, wants("CTL", 1), wants("CMP<n>", 2), again)
    (things / "src/life.vgs").write_text(f"import work\n{LIFE}{NEVER}\n")
    (things / "src/things.vgs").write_text(f"{PLATFORM}{NOWHERE}\n")
    words = ("mutate", "src/life.vgs", "--operator", "delete", "--function", "begin", "--rules")
    out = vgs(*words).out
    (line,) = (line for line in out.splitlines() if line.startswith("CMP<n>"))
    assert line.split()[1:6] == ["2", "1", "≤", "66.6", "%"]
    masked = "by {}: without this it alone kills src/work.vgs:4:5 delete: without `restore ctl`"
    assert f"masked: CTL, {masked.format('again')} " in " ".join(out.split())
    assert f"masked: again, {masked.format('CTL')} " in " ".join(out.split())
    assert "\nkills nothing: never\n" in out
    assert "\nnot exercised here: nowhere\n" in out


def test_a_rule_whose_trial_breaks_is_not_known(things, vgs, holds, monkeypatch):
    parent = os.getpid()

    def made(*_):
        if os.getpid() != parent:
            raise ZeroDivisionError("oh")
        return [wants("CTL", 1, "again")]

    (things / "src/life.vgs").write_text(f"import work\n{LIFE}{NEVER}\n")
    monkeypatch.setattr(asking, "checks", made)
    words = ("mutate", "src/life.vgs", "--operator", "delete", "--function", "begin", "--rules")
    done = vgs(*words, "--format", "json")
    assert done.status == 2
    (row,) = (row for row in holds("mutate", done.json)["worths"] if row["name"] == "again")
    assert row["trial"]["standing"] == "unknown"
    said = "not known: again: the checker failed: ZeroDivisionError: oh\n"
    done = vgs(*words)
    assert (done.status, said in done.out) == (2, True)


def test_without(things, vgs, monkeypatch):
    # The code that the checkers here give is of no page.
    monkeypatch.setattr(checks, "catalogue", lambda: {"VGS900": Diagnostic})
    checked_by(monkeypatch, wants("CTL", 1), wants("CMP<n>", 2))
    words = ("mutate", "src/life.vgs", "--operator", "delete", "--function", "begin")
    less = vgs(*words, "--without", "ctl", "--without", "VGS900", "--format", "json").json
    assert less["killed"] == 0
    assert less["without"] == ["ctl", "VGS900"]


def test_a_checker_that_breaks(things, vgs, holds, monkeypatch):
    first = []

    def ask(program, known, one):
        first.append(program)
        if len(first) > 1:
            raise ZeroDivisionError("oh")
        return Answer()

    checked_by(monkeypatch, Check("fake", ask))
    words = ("mutate", "src/life.vgs", "--operator", "delete", "--function", "begin")
    done = vgs(*words)
    assert done.status == 2
    assert "broken: delete in begin" in done.out
    assert "  the checker failed: ZeroDivisionError: oh\n" in done.out
    first.clear()
    value = holds("mutate", vgs(*words, "--format", "json").json)
    assert len(value["broken"]) == value["mutants"] == 3


def test_a_run_goes_on(things, vgs, monkeypatch):
    words = ("mutate", "src/life.vgs", "--operator", "element", "--format", "json")
    whole = vgs(*words).json
    assert vgs(*words, "--resume", "kept").json["mutants"] == whole["mutants"]
    checked_by(monkeypatch, Check("fake", lambda program, known, first: Answer()))
    again = vgs(*words, "--resume", "kept").json
    assert [o["outcome"] for o in again["all"]] == [o["outcome"] for o in whole["all"]]
    # Who had less time may know less.
    assert "were asked for otherwise" in vgs(*words, "--resume", "kept", "--limit", "90").err
    (things / "src/work.vgs").write_text(WORK.replace("CMP<1>", "CMP<2>"))
    refused = vgs(*words, "--resume", "kept")
    assert refused.status == 2
    assert "are of another program" in refused.err


def test_samples(things, vgs):
    words = ("mutate", "src/life.vgs", "--format", "json", "--sample", "4")
    one, two = vgs(*words).json, vgs(*words, "--seed", "9").json
    assert len(one["all"]) == len(two["all"]) == 4
    assert one["unasked"] == two["unasked"] > 0
    assert {o["id"] for o in one["all"]} != {o["id"] for o in two["all"]}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["src/life.vgs", "--operator", "delet"], "there is no operator `delet`"),
        (["src/life.vgs", "--function", "begn"], "run no function `begn`"),
        (["src/life.vgs", "--without", "nothing"], "there is no rule, invariant or slot `nothing`"),
        (["src/life.vgs", "--sample", "0"], "--sample is 1 or more"),
        (["src/life.vgs", "--jobs", "-1"], "--jobs is 1 or more"),
        (["src/life.vgs", "--limit", "nan"], "--limit is 0.001 or more"),
        (["src/life.vgs", "--resume", "src/life.vgs"], "is a source"),
        (["src/life.vgs", "--resume", "src"], "is no file of results"),
        (["src/life.vgs", "--resume", "vgs.toml/kept"], "vgs.toml"),
        (["src/work.vgs"], "no program is named: src/work.vgs has no lifecycle"),
        (["src/calls.vgs"], "no program is named: src/calls.vgs does not define `begin`"),
        (["src/life.vgs", "--without", "VGS999"], "there is no code `VGS999`"),
        (["src/life.vgs", "--without", "nothing"], "there are: "),
        (["src/no.vgs"], "there is no file or folder src/no.vgs"),
        (["src/life.vgs", "--operator", "hypcall"], "there is nothing that these operators change"),
    ],
)
def test_what_cannot_be_run(things, vgs, words, said):
    calls = "import things\n\nrestore begin(vcpu)\n\nlifecycle alone { enter { begin(vcpu) } }\n"
    (things / "src/calls.vgs").write_text(calls)
    done = vgs("mutate", *words)
    assert done.status == 2
    assert said in done.err
    assert done.out == ""


def test_an_interrupted_run_says_how_to_go_on(things):
    code = (
        "import sys, time\n"
        "from dsl.mutation import asking\n"
        "from dsl.mutation.judging import Answer, Check\n"
        "seen = []\n"
        "def ask(program, known, first):\n"
        "    seen.append(1)\n"
        "    len(seen) > 1 and time.sleep(60)\n"
        "    return Answer()\n"
        "asking.checks = lambda *_: [Check('slow', ask)]\n"
        "from dsl.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    words = ["mutate", "src/life.vgs", "--operator", "source", "--resume", "kept"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    child = subprocess.Popen(
        [sys.executable, "-c", code, *words], env=env, stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 30
    while not Path("kept").exists() and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.5)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=30)
    assert child.returncode == 130
    assert err == "vgs: interrupted\n  --resume kept goes on where it stopped\n"
    assert Path("kept").read_bytes().count(b"\n") >= 1


def test_from_python(things):
    report = dsl.mutate("src/life.vgs", operators=["delete"], functions=["begin"])
    assert report.status == 0
    assert report.correctness.share == 1 / 3
    assert isinstance(report, dsl.Mutated)
    with pytest.raises(dsl.CannotRun, match="no operator"):
        dsl.mutate("src/life.vgs", operators=["nothing"])


def test_standard_input(things, process):
    text = (things / "src/life.vgs").read_bytes()
    done = process("mutate", "-", "--operator", "hypcall", input=text)
    assert done.status == 2
    assert "there is nothing that these operators change" in done.err
