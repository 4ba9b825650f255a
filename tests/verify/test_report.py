"""What is told of a verdict: findings as a maintainer needs them, and what it rests on."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from dsl.failures import CannotRun
from dsl.ir.program import Program
from dsl.verify.assumptions import assumptions
from dsl.verify.findings import Configuration, Engine, Strength, Witness, Work
from dsl.verify.profile import DEFAULT, Judged, judge, profile
from dsl.verify.programs import Chosen
from dsl.verify.report import Scope, engine, findings, one, rest, summary
from dsl.verify.settings import given
from dsl.verify.shorten import condition
from tests.verify.made import missing, span, verdict

FINDING = """\
src/old.vgs:6:5: error[VGS100]: write is not surely visible: synchronisation (architecture)
 6 |     armed <- ALM_STATUS.ARMED
   |     ^^^^^^^^^^^^^^^^^^^^^^^^^
src/old.vgs:5:5: note: ALM_CTL is written here
 5 |     restore time, ctl
   |     -----------------
  what:     the status may be that of before the write of ALM_CTL: no isb comes between
  function: alarm_start
  when:     has_alarm (in 2 of 3 configurations)
  history:  given has_alarm, ctl.ENABLE
            run load
            expect armed
  seen:     armed is 0, and should be 1
  masked:   machines whose load takes an exception first
  edit:     an isb before the look (tried: with it, this is not found)
            --- src/old.vgs
            +++ src/old.vgs
            @@ -5,2 +5,3 @@
                 restore time, ctl
            +    isb orders ALM_CTL before reads of ALM_STATUS
                 armed <- ALM_STATUS.ARMED
  replay:   vgs run it
"""

REST = """\
found, of strengths that do not decide (--profile strict):
  src/alarm.vgs:46:13: VGS111 barrier orders nothing: isb (convention)
suspected, and withdrawn, for no run confirms it:
  src/alarm.vgs:34:25: VGS101 guest's state is lost: armed (declared) [flow]
proved:
  time is saved and restored (symbolic, 3 configurations)
on these assumptions:
  machines with VHE have an alarm
engines:
  flow: 2 sequences, 0.25 s
  explicit: 12,345 states, 1.50 s
"""


def test_a_finding_is_told_from_the_place_to_the_command(judged: Judged) -> None:
    (finding,) = judged.deciding
    assert list(findings(judged, None, {finding: "vgs run it"})) == [FINDING]


def test_what_a_verdict_rests_on_stands_behind_the_findings(judged: Judged) -> None:
    assert "".join(f"{line}\n" for line in rest(judged)) == REST
    assert summary(judged) == (
        "src/old.vgs: 1 finding, 1 of other strengths, 1 withdrawn, 1 proved"
    )


def test_what_was_not_checked_is_said_and_is_not_ok(old: Program) -> None:
    made = judge(
        Chosen("src/old.vgs", old), verdict(old, findings=(), unchecked=("vhe: the time is up",))
    )
    assert not made.ok
    assert "not checked:\n  vhe: the time is up\n" in "\n".join(rest(made))
    assert "1 not checked" in summary(made)


def test_what_nothing_came_by_is_said_and_decides_nothing(old: Program) -> None:
    told = replace(verdict(old), findings=(), unreached=("clock.vgs:4:5: `armed <- 1` in work",))
    made = Judged(Chosen("src/alarm.vgs", old, True), told, ())
    assert made.ok
    said = "\n".join(rest(made))
    assert "never come by, in all that was tried:\n  clock.vgs:4:5: `armed <- 1` in work\n" in said


def test_a_long_list_says_how_much_is_left_out(old: Program) -> None:
    made = judge(Chosen("x", old), verdict(old, assumptions=tuple(f"a{n}" for n in range(100))))
    lines = list(rest(made))
    assert "  a39" in lines
    assert "  a40" not in lines
    assert "  and 60 more: --format json has all of them" in lines


def test_text_is_as_wide_as_it_may_be(old: Program) -> None:
    finding = missing(old, message="a word " * 60)
    judged = judge(Chosen("src/old.vgs", old), verdict(old, findings=(finding,)))
    told = one(finding, Scope(judged, None), width=60)
    prose = told[told.index("what:") : told.index("function:")]
    assert all(len(line) <= 60 for line in prose.splitlines())
    # A history is to be copied.
    wide = replace(finding, witness=Witness(("guest { " + "X <- 1  " * 30 + "}",)))
    assert "X <- 1  X <- 1" in one(wide, Scope(judged, None), width=60)


def test_colours_change_nothing_but_colours(judged: Judged) -> None:
    import re

    (plain,), (painted,) = findings(judged, None, {}), findings(judged, None, {}, colour=True)
    assert painted != plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == plain


def test_what_has_one_cause_is_told_together(old: Program) -> None:
    where = span(old, "restore time, ctl")
    first, second = missing(old, edit=None), missing(old, edit=None, where=where)
    other = missing(old, edit=None, where=where, rule="another")
    elsewhere = missing(old, edit=None, where=where, function="another")
    mended, too = missing(old), missing(old, where=where, function="another")
    every = (first, second, other, elsewhere, mended, too)
    made = judge(Chosen("x", old), verdict(old, findings=every))
    told = list(findings(made, None, {}))
    assert len(told) == 4
    assert [text.count("note: and so is this") for text in told].count(1) == 1
    assert [text.count("note: the same edit mends this") for text in told].count(1) == 1
    assert summary(made).startswith("x: 6 findings")


def test_a_hazard_has_no_value_and_says_so(old: Program) -> None:
    finding = missing(old, value=False, witness=Witness(("run load",)))
    told = one(finding, Scope(judge(Chosen("x", old), verdict(old)), None))
    assert "  seen:     a hazard, and no value: what happens then is not defined" in told


def test_an_engine_says_what_it_did() -> None:
    assert engine(Work(Engine.SYMBOLIC, 0.5, (("queries", 1200),))) == (
        "symbolic: 1,200 queries, 0.50 s"
    )


# ---- in which configurations

NAMES = ("vhe", "sre", "its", "lists")
EVERY: list[Configuration] = [
    each
    for values in product((0, 1), (0, 1), (0, 1), range(1, 5))
    if not (each := tuple(zip(NAMES, values, strict=True)))[2][1] or each[1][1]
]


@pytest.mark.parametrize(
    ("holds", "text"),
    [
        (lambda c: True, ""),
        (lambda c: False, None),
        (lambda c: c["vhe"] and not c["sre"], "vhe and not sre"),
        (lambda c: not c["vhe"], "not vhe"),
        # its implies sre, so that need not be said.
        (lambda c: c["its"] and c["sre"], "its"),
        (lambda c: c["lists"] == 2, "lists == 2"),
        (lambda c: c["lists"] >= 3, "lists >= 3"),
        (lambda c: c["lists"] <= 2 and c["vhe"], "vhe and lists <= 2"),
        (lambda c: c["lists"] in (2, 3), "lists in 2..3"),
        (lambda c: (c["vhe"] and c["sre"]) or c["its"], "its or (vhe and sre)"),
    ],
)
def test_configurations_are_told_by_what_they_have_in_common(holds: object, text: str) -> None:
    assert callable(holds)
    found = [each for each in EVERY if holds(dict(each))]
    told = condition(found, EVERY)
    if told is not None and " or " in told:
        assert sorted(told.split(" or ")) == sorted(text.split(" or "))
    else:
        assert told == text


def test_what_is_short_means_just_these_configurations() -> None:
    import random

    draw = random.Random(5)
    short = 0
    for _ in range(60):
        wanted = {name: draw.randrange(2) for name in draw.sample(NAMES[:3], 2)}
        extra = draw.choice(EVERY)
        found = [c for c in EVERY if wanted.items() <= dict(c).items() or c == extra]
        told = condition(found, EVERY)
        if told is None:
            continue
        short += 1
        if not told:
            assert found == EVERY
            continue
        python = told.replace(" in 2..3", " in (2, 3)")
        assert [c for c in EVERY if eval(python, {}, dict(c))] == found
    assert short > 40


def test_what_has_nothing_in_common_is_counted() -> None:
    found = EVERY[::5]
    assert condition(found, EVERY) is None
    assert condition(EVERY[:3], EVERY * 2000) is None


def test_a_part_of_a_configuration_stands_for_all_that_agree() -> None:
    assert condition([(("vhe", 0),)], EVERY) == "not vhe"


def test_without_something_short_a_finding_counts(old: Program) -> None:
    made = judge(Chosen("x", old), verdict(old))
    scope = Scope(made, None)
    assert scope.says(missing(old, configurations=scope.every)) == (
        "always: in all 3 configurations"
    )
    assert scope.says(missing(old, configurations=(), configuration=())) == ""
    assert Scope(made, {"vhe": 0}).says(missing(old)) == "has_alarm (in 1 of 2 configurations)"


# ---- strengths, settings


def test_profiles_name_strengths() -> None:
    assert profile("default") == DEFAULT
    assert profile("strict") == frozenset(Strength)
    assert profile("architecture, declared") == {Strength.ARCHITECTURE, Strength.DECLARED}
    assert profile("default,convention") == frozenset(Strength)
    with pytest.raises(CannotRun) as error:
        profile("practise")
    assert "did you mean `practice`?" in error.value.help
    with pytest.raises(CannotRun):
        profile("")


def test_a_strength_outside_of_the_profile_decides_nothing(old: Program) -> None:
    found = verdict(old)
    assert [f.rule for f in judge(Chosen("x", old), found).deciding] == ["synchronisation"]
    strict = judge(Chosen("x", old), found, profile("strict"))
    assert {f.rule for f in strict.deciding} == {"synchronisation", "isb"}
    assert judge(Chosen("x", old), found, profile("practice")).ok


def test_conditions_are_given_by_name(old: Program) -> None:
    assert given(["vhe=0", "has_alarm"], [old]) == {"vhe": 0, "has_alarm": 1}
    assert given(["not vhe", "has_alarm = true"], [old]) == {"vhe": 0, "has_alarm": 1}


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("vhf", "no condition `vhf`"),
        ("vhe=2", "vhe cannot be 2: it is 0 to 1"),
        ("vhe=x", "gives no number"),
        ("vhe=" + "9" * 5000, "gives no number"),
        ("used=3", "no condition `used`"),
        ("", "no condition ``"),
    ],
)
def test_what_cannot_be_given(old: Program, word: str, message: str) -> None:
    with pytest.raises(CannotRun, match=message):
        given([word], [old])
    with pytest.raises(CannotRun, match="says twice"):
        given(["vhe", "not vhe"], [old])


# ---- assumptions


def test_a_verdict_rests_on_what_sources_say_of_machines_externs_and_others(old: Program) -> None:
    assert assumptions(old) == (
        "alarm_with_vhe: machines with VHE have an alarm (vhe implies has_alarm; "
        "src/alarm.vgs:30:8)",
        "in `guest` others do no more than this: may change ALM_CTL, ALM_TIME (src/alarm.vgs:39:9)",
        "in `host` others do no more than this: may isb, or not; may change used, ctl "
        "(src/alarm.vgs:45:9)",
    )
