"""`vgs cost`."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TIMER = """\
/// A timer, as far as a world switch touches it.
platform timer "A timer that never was, revision 3"

register CNT_CTL : 64 at (3, 3, 14, 3, 1) at (15, 0, 14, 3, 1) for aarch32 reset 0 {
    ENABLE [0]
    IMASK  [1]
    res0 [63:2]
}
register CNT_CVAL<n> for n in 0..3 : 64 at (3, 3, 14, 4, n)
        at (15, 0, 14, 4, n) then (15, 0, 14, 5, n) for aarch32 { V [63:0] }
register CNT_ID : 64 ro at (3, 3, 14, 6, 0) { LINES [2:0] res0 [63:3] }

context timer_cpu of vcpu {
    used    : 0..4
    ctl     : u64 mirrors CNT_CTL
    cval[4] : u64 mirrors CNT_CVAL<n>
    limit   : u64
}

/// Somebody waits for the timer.
condition armed per vm
/// The guest may set it.
condition open  per vm
condition fired per test

extern arm(vcpu)    { writes used in 0..4 }
extern disarm(vcpu) { writes used ensures used == 0 }
"""

OLD = """\
import timer

restore timer_enter(vcpu) {
    arm(vcpu)
    restore ctl
    each i below used { restore cval[i] }
    isb orders writes of CNT_CTL before reads of CNT_ID
}
save timer_exit(vcpu) {
    save ctl
    each i below used { when CNT_CTL.ENABLE { save cval[i] } }
    disarm(vcpu)
}
sequence spin(vcpu) { each i below limit { CNT_CTL <- i } }
sequence lines() { let n : int = CNT_ID.LINES each i in 0..n { CNT_CTL <- i } }
"""

LIFE = """
lifecycle guest_on_cpu {
    load { timer_enter(vcpu) }
    each trip {
        guest { may change CNT_CTL }
        either { exit { timer_exit(vcpu) timer_enter(vcpu) } } or { idle {} }
    }
}
"""


@pytest.fixture
def timers(project):
    (project / "src/timer.vgs").write_text(TIMER)
    (project / "src/old.vgs").write_text(OLD + LIFE)
    new = OLD.replace("    restore ctl\n", "    when armed or open { restore ctl }\n") + LIFE
    (project / "src/new.vgs").write_text(new)
    return project


def test_what_a_path_costs(timers, vgs):
    done = vgs("cost", "src/new.vgs")
    assert done.status == 0
    assert done.out == """\
src/new.vgs, aarch64

load                     reads  writes    dsb  isb
  armed or open          0      1 + used  0    1
  not armed, not open    0      used      0    1

exit                     reads                    writes     dsb  isb
  armed or open          1 + used₁ … 1 + 2·used₁  1 + used₂  0    1
  not armed, not open    1 + used₁ … 1 + 2·used₁  used₂      0    1
  used₁: at the start
  used₂: after arm

trip                         reads                    writes     dsb  isb
  armed or open        exit  1 + used₁ … 1 + 2·used₁  1 + used₂  0    1
  not armed, not open  exit  1 + used₁ … 1 + 2·used₁  used₂      0    1
  any configuration    idle  0                        0          0    0
  used₁: at the start
  used₂: after arm

a … b: at least a and at most b, as it depends on values that nothing names
"""


def test_what_a_change_saves_on_the_other_architecture(timers, vgs):
    done = vgs("cost", "new", "--against", "old", "--path", "load", "--arch", "aarch32")
    assert done.out == """\
src/old.vgs → src/new.vgs, aarch32

load                     reads  writes               dsb  isb
  armed or open          0      1 + 2·used           0    1
  not armed, not open    0      1 + 2·used → 2·used  0    1
"""


def test_without_a_module_the_cases_of_the_project_are_compared(timers, vgs):
    done = vgs("cost", "--set", "armed", "--set", "used=1..2")
    assert done.status == 0
    assert done.out.startswith("src/old.vgs → src/new.vgs, aarch64; set: armed=1, used=1..2\n")
    assert done.out.endswith("\n\nthe same before and after: load, exit, trip\n")


def test_counters_and_conditions_can_be_fixed(timers, vgs, holds):
    done = vgs("cost", "new", "--set", "used=3", "--set", "open=no", "--format", "json")
    value = holds("cost", done.json)
    assert value["settings"] == {"used": 3, "open": 0}
    load = [row for row in value["paths"] if row["path"] == "load"]
    assert [(row["configuration"], row["writes"]) for row in load] == [
        ({"armed": True}, 4),
        ({"armed": False}, 3),
    ]


def test_json_says_it_all(timers, vgs, holds):
    value = holds("cost", vgs("cost", "--arch", "all", "--format", "json").json)
    assert (value["module"], value["against"]) == ("src/new.vgs", "src/old.vgs")
    assert {row["architecture"] for row in value["paths"]} == {"aarch64", "aarch32"}
    rows = [r for r in value["paths"] if (r["path"], r["architecture"]) == ("load", "aarch32")]
    # "armed or open" is two configurations.
    assert [row["configuration"] for row in rows] == [
        {"armed": True},
        {"armed": False, "open": True},
        {"armed": False, "open": False},
    ]
    used = {"times": 2, "of": ["used"]}
    one = {"times": 1, "of": []}
    assert rows[2]["writes"] == {"text": "2·used", "least": [used], "most": [used]}
    assert rows[2]["before"]["writes"]["least"] == [one, used]
    assert rows[2]["isb"] == rows[2]["before"]["isb"] == 1
    ways = {str(row["case"]) for row in value["paths"] if row["path"] == "trip"}
    assert ways == {"{'exit or idle': ['exit']}", "{'exit or idle': ['idle']}"}


def test_a_sequence_alone(timers, vgs):
    done = vgs("cost", "new", "--path", "lines", "--path", "spin")
    assert "1 + CNT_ID.LINES" in done.out
    assert "rounds(limit)" in done.out
    # What cannot be bounded is said to be so, with its place.
    assert "no range is declared of `limit`, so nothing bounds this loop" in done.out
    assert "src/new.vgs:14:" in done.out


def test_without_a_lifecycle_each_sequence_is_a_path(timers, vgs, holds):
    (timers / "src/new.vgs").write_text(OLD)
    value = holds("cost", vgs("cost", "src/new.vgs", "--format", "json").json)
    names = ["timer_enter", "timer_exit", "spin", "lines"]
    assert list(dict.fromkeys(row["path"] for row in value["paths"])) == names


def test_what_somebody_else_defines_counts_as_nothing_and_is_named(timers, vgs):
    (timers / "src/new.vgs").write_text(
        "import timer\nsave timer_exit(vcpu)\n"
        "sequence out(vcpu) { timer_exit(vcpu) CNT_CTL <- 0 }\n"
    )
    done = vgs("cost", "src/new.vgs")
    assert "`timer_exit` is not defined here: it counts as nothing" in done.out


def test_a_case_that_cannot_be(timers, vgs):
    (timers / "src/new.vgs").write_text(
        OLD + 'assume one "a timer is for one thing" { not (armed and open) }\n' + LIFE
    )
    assert "armed, open" not in vgs("cost", "new").out
    done = vgs("cost", "new", "--set", "armed", "--set", "open")
    assert (done.status, done.out) == (2, "")
    assert done.err == "vgs: cost: no machine is as --set says\n  one: a timer is for one thing\n"


@pytest.mark.parametrize(
    ("argv", "said", "hint"),
    [
        (["--set", "armd"], "there is no condition, counter or parameter `armd`", "`armed`?"),
        (["--set", "zzz"], "`zzz`", "known: armed, open, fired, used"),
        (["--set", "armed=0x" + "f" * 5000], "that number is impossible: `armed` is 0..1", ""),
        (["--set", "armed=2"], "2 is impossible: `armed` is 0..1", ""),
        (["--set", "used=1..5"], "1..5 is impossible: `used` is 0..4", ""),
        (["--set", "CNT_ID.LINES=8"], "8 is impossible: `CNT_ID.LINES` is 0..7", ""),
        (["--set", "used=3..1"], "leaves no value", ""),
        (["--set", "used=x"], "says nothing", "NAME=1..16"),
        (["--set", "=1"], "says nothing", "NAME=1..16"),
        (["--set", "armed", "--set", "armed=0"], "said twice", "each name once"),
        (["--path", "lod"], "no path or sequence `lod`", "did you mean `load`?"),
        (["--path", "zzz"], "no path or sequence `zzz`", "there are: load, exit, trip"),
        (["--arch", "arm"], "`arm`", "there are: aarch64, aarch32"),
        (["other"], "one module is counted", "--against BEFORE"),
        (["--against", "nosuch"], "there is no file nosuch", ""),
    ],
)
def test_wrong_usage_says_what_to_do(timers, vgs, argv, said, hint):
    done = vgs("cost", "new", *argv)
    assert (done.status, done.out) == (2, "")
    assert said in done.err
    assert hint in done.err


def test_a_module_without_sequences(timers, vgs):
    done = vgs("cost", "src/timer.vgs")
    assert (done.status, done.out) == (2, "")
    assert "there is no sequence to count" in done.err


def test_which_module_must_be_clear(timers, vgs, empty):
    assert "there is no vgs.toml here" in vgs("cost").err


def test_against_needs_a_module(timers, vgs):
    done = vgs("cost", "--against", "old")
    assert (done.status, done.out) == (2, "")
    assert "does not say which module to count" in done.err
    assert "old, new" in done.err


def test_errors_of_a_module_are_findings(timers, vgs, holds):
    (timers / "src/new.vgs").write_text("import timer\nsave x(vcpu) { save nothing }\n")
    done = vgs("cost", "new")
    assert (done.status, done.out) == (1, "")
    assert "error[VGS020]" in done.err
    value = holds("cost", vgs("cost", "new", "--format", "json").json)
    assert value["paths"] == []
    assert [finding["code"] for finding in value["findings"]] == ["VGS020"]


def test_colour_shows_what_costs_less_and_what_costs_more(timers, vgs, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[32m" in vgs("cost", "new", "--against", "old").out
    assert "\x1b[31m" in vgs("cost", "old", "--against", "new").out


def test_the_headline_of_the_patch(vgs, monkeypatch):
    """An idle round trip on a VHE host, before and after."""
    monkeypatch.chdir(ROOT)
    argv = ["cost", "sequences/kvm/run_after.vgs", "--against", "sequences/kvm/run_before.vgs"]
    done = vgs(*argv, "--path", "trip", "--set", "vhe", "--set", "used_lrs=0", "--format", "json")
    rows = json.loads(done.out)["paths"]
    counted = ("reads", "writes", "dsb", "isb", "dmb")
    assert {row[name] for row in rows for name in counted} == {0}
    assert all(row["before"]["reads"] and row["before"]["writes"] for row in rows)
