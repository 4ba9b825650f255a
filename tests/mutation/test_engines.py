"""Mutants before the engines of vgs verify: what the explorer finds, and proves."""

import pytest

from dsl.mutation.asking import Asked, mutate
from dsl.mutation.checks import STATIC, checks, provers
from dsl.mutation.explorer import Explorer
from dsl.mutation.judging import Judge
from dsl.mutation.mutants import mutants
from dsl.mutation.results import Outcome
from dsl.mutation.workers import Limits
from dsl.verify import verify
from dsl.verify.findings import Engine
from tests.mutation.small import program

PLATFORM = """\
platform things "Things that never were, revision 1"

register CTL : 64 at (3, 3, 14, 3, 1) reset 0 { V [63:0] }
register OWN : 64 at (3, 3, 14, 3, 2) reset 0 { V [63:0] }
register ID : 64 ro at (3, 3, 14, 6, 0) { WIDE [0] res0 [63:1] }
endpoint window "a way to CTL through memory" aliases CTL
rule window_then_register : architecture "Things, section 1" {
    window visible to reads of CTL needs dsb(nsh) then isb
}
rule register_then_window : architecture "Things, section 2" {
    writes of CTL visible to window needs isb then dsb(nsh)
}

context state of vcpu {
    ctl : u64 mirrors CTL
    own : u64 mirrors OWN
}
condition memory per vm
condition busy   per machine
"""

WORK = """\
restore begin(vcpu) {
    restore ctl
    restore own
    when memory { isb then dsb(nsh) orders writes of CTL before window }
}

save finish(vcpu) {
    when memory { dsb(nsh) then isb orders window before reads of CTL }
    save ctl
    when ID.WIDE { save own } else { save own }
}
"""

LIFE = """
assume wide "some have it" { ID.WIDE or not ID.WIDE }
boot { ID.WIDE <- 1 }
lifecycle on_cpu {
    each stay {
        away {}
        each trip {
            enter { begin(vcpu) }
            guest {
                eret
                when not memory { may change CTL }
                when memory { may use window }
                may change OWN
                exception
            }
            exit { finish(vcpu) }
        }
        put {}
    }
}
"""


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """Every mutant of the program with what became of it, by operator and what it does."""
    of = program(tmp_path_factory.mktemp("things"), WORK, PLATFORM, LIFE)
    explorer = Explorer(of.program)
    asked = [c for c in checks(explorer) if c.name in (STATIC, "explicit")]
    judge = Judge(of.program, asked, provers(explorer))
    judge.prepare()
    assert judge.known == set()
    return {(m.operator, m.change.what, m.id): (m, judge.judge(m)) for m in mutants(of).mutants}


def of(judged, operator, what):
    (found,) = (one for (o, w, _), (_, one) in judged.items() if o == operator and what in w)
    return found


@pytest.mark.parametrize(
    ("operator", "what", "code", "rule"),
    [
        ("delete", "without `save ctl`", "VGS101", "ctl"),
        ("weaken", "`dmb(nsh)` for `dsb(nsh)`", "VGS100", "window_then_register"),
        ("reorder", "`isb` before `dsb(nsh)`", "VGS100", "window_then_register"),
    ],
)
def test_killed_by_the_explorer(judged, operator, what, code, rule):
    found = [one for (o, w, _), (_, one) in judged.items() if o == operator and what in w]
    (one,) = (o for o in found if o.function == "finish")
    assert (one.outcome, one.by) == (Outcome.KILLED, "explicit"), one
    assert (one.killers[0].code, one.killers[0].rule) == (code, rule)


def test_the_order_of_two_registers_is_nobodys_to_see(judged):
    one = of(judged, "swap", "`restore own` comes before `restore ctl`")
    assert (one.outcome, one.by) == (Outcome.EQUIVALENT, "explicit")
    # A barrier before what it is for does not push it out; before anything else it may stand.
    moved = {
        (one.function, one.what): one.outcome
        for (operator, *_), (_, one) in judged.items()
        if operator == "swap"
    }
    assert [o for (f, w), o in moved.items() if f == "begin" and "when memory" in w] == [
        Outcome.EQUIVALENT
    ]
    assert [o for (f, w), o in moved.items() if f == "finish" and "when memory" in w] == [
        Outcome.KILLED
    ]


def test_the_same_where_nothing_comes_by_it_is_no_proof_for_other_machines(judged):
    # On the machine that boots ID.WIDE is 1, so nothing comes by the other way.
    found = [
        one
        for (o, w, _), (_, one) in judged.items()
        if o == "source" and w == "`own <- 0`, and no value" and not one.killers
    ]
    assert len(found) == 1
    assert found[0].outcome is Outcome.CHEAPER
    assert found[0].by == ""


def test_more_than_needed_is_killed_for_cost(judged):

    found = [o for (name, *_), (_, o) in judged.items() if name == "strengthen"]
    assert found
    assert {o.outcome for o in found} == {Outcome.COST}


def test_what_kills_is_what_verify_finds(judged):
    """The explorer does only a part of the work; the verdict is that of the whole."""
    tried = 0
    for mutant, one in list(judged.values())[::5]:
        verdict = verify(mutant.program, engines=[Engine.EXPLICIT], mends=False)
        found = {(f.code, f.rule) for f in verdict.findings}
        if one.by == STATIC:
            continue
        tried += 1
        assert bool(found) == (one.outcome is Outcome.KILLED), (one, found)
    assert tried > 5


def test_killed_by_the_solver_where_the_explorer_finds_nothing(tmp_path):
    of = program(tmp_path, WORK, PLATFORM, LIFE)
    explorer = Explorer(of.program)
    judge = Judge(of.program, checks(explorer), provers(explorer))
    judge.prepare()
    # The explorer has the machine that boots, which is a wide one.
    asked = [m for m in mutants(of).mutants if m.change.what == "without `save own`"]
    told = judge.judge(asked[-1])
    assert (told.outcome, told.by) == (Outcome.KILLED, "symbolic")
    assert told.killers[0].rule == "own"


def test_what_no_run_confirms_ends_the_search(tmp_path, monkeypatch):
    """What breaks the invariant was written in an earlier step than the one that shows it."""
    monkeypatch.setattr("dsl.mutation.explorer.surely", lambda *of: None)
    platform = """\
platform two "Two that belong together, revision 1"
register PAIR : 32 at (3, 3, 14, 3, 1) reset 0 { One [0] Two [1] res0 [31:2] }
context state of vcpu { pair : u32 feeds PAIR }
"""
    (tmp_path / "two.vgs").write_text(
        platform
        + "sequence clear(vcpu) { pair.One <- 0  pair.Two <- 0 }\n"
        + "sequence begin(vcpu) { restore pair }\n"
        + "sequence ask(vcpu) { when not pair.Two { modify pair { One <- 1  Two <- 1 } } }\n"
        + "lifecycle on_cpu { each stay { load { clear(vcpu) } each trip {\n"
        + "    come { begin(vcpu) } guest {} either { asked { ask(vcpu) } } or {} } } }\n"
        + 'invariant both at guest "one is nothing" { PAIR.One == PAIR.Two }\n'
    )
    asked = Asked(operators=("delete",), limits=Limits(5, 1 << 30), jobs=1)
    report = mutate([str(tmp_path / "two.vgs")], asked)
    assert report.judged
    assert Outcome.BROKEN not in {one.outcome for one in report.judged}


FLAG = """\
platform flags "Things that never were, revision 1"

register CTL : 64 at (3, 3, 14, 3, 1) reset 0 { V [63:0] }
register OFF : 64 at (3, 3, 14, 3, 2) reset 0 { V [63:0] }
context state of vcpu {
    ctl    : u64 mirrors CTL
    loaded : bool
}
"""
LAZY = """\
sequence begin(vcpu) {
    loaded <- 0
    OFF <- 3
}
sequence fetch(vcpu) { when not loaded { restore ctl loaded <- 1 } }
sequence finish(vcpu) {
    when loaded { save ctl loaded <- 0 }
    OFF <- 0
}
"""
TRIPS = """
lifecycle on_cpu {
    each stay {
        enter { begin(vcpu) }
        work { fetch(vcpu) }
        guest { eret may change CTL exception }
        exit { finish(vcpu) }
        away { may change ctl }
    }
}
"""


def lazy(tmp_path, function, change, line):
    """What becomes of the mutant of a function in which this line is another."""
    of = program(tmp_path, LAZY, platform=FLAG, life=TRIPS)
    explorer = Explorer(of.program)
    found = Judge(of.program, checks(explorer), provers(explorer))
    found.prepare()
    (mutant,) = (
        mutant
        for mutant in mutants(of).mutants
        if (mutant.function.name, mutant.change.what) == (function, change)
        and any(each.startswith("-") and line in each for each in mutant.diff())
    )
    return found.judge(mutant)


def test_what_nobody_has_written_yet_is_what_it_begins_as(tmp_path):
    """That it is written once more, with what it is, tells nothing apart."""
    told = lazy(tmp_path, "begin", "without `loaded <- 0`", "loaded")
    assert (told.outcome, told.by) == (Outcome.CHEAPER, "explicit")


def test_a_survivor_says_what_is_otherwise_and_where(tmp_path):
    told = lazy(tmp_path, "finish", "1 for 0", "OFF")
    assert told.outcome is Outcome.SURVIVED
    assert told.note == "after `exit` OFF is 0x1, and not 0x0: nothing asks for that"


@pytest.mark.parametrize(("strength", "told"), [("architecture", True), ("convention", False)])
def test_what_the_original_has_is_told_unless_it_is_a_convention(tmp_path, strength, told):
    work = WORK.replace("isb then dsb(nsh) orders writes of CTL before window", "")
    assert work != WORK
    of = program(tmp_path, work, PLATFORM.replace(": architecture", f": {strength}"), LIFE)
    explorer = Explorer(of.program)
    judge = Judge(of.program, checks(explorer), provers(explorer))
    judge.prepare()
    assert any("VGS100" in each for each in judge.faulty) is told
