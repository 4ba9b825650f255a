"""What becomes of a mutant, class by class, with checkers whose answers are known."""

import pytest

from dsl.mutation.checks import static
from dsl.mutation.judging import Answer, Check, Fault, Judge, Prover
from dsl.mutation.mutants import mutants
from dsl.mutation.results import Outcome
from tests.mutation.small import LIFE, body, made, program, wants

NOBODY = Check("nobody", lambda program, known, first: Answer())
TEXT = "restore ctl when vhe and open { CMP<0> <- 0 } isb orders writes of CTL before others"


def judge(of, *checks, **rest):
    found = Judge(of.program, checks or [NOBODY], **rest)
    found.prepare()
    return found


def one(of, name, what):
    """The only mutant of an operator that does this."""
    (mutant,) = (m for m in made(of, name) if what in m.change.what)
    return mutant


def outcome(of, name, what, *checks, **rest):
    told = judge(of, *checks, **rest).judge(one(of, name, what))
    return told.outcome, told.by


def test_killed_by_the_first_check_that_finds_something(tmp_path):
    of = body(tmp_path, TEXT)
    check = wants("CTL", 1)
    told = judge(of, NOBODY, check).judge(one(of, "delete", "restore ctl"))
    assert (told.outcome, told.by) == (Outcome.KILLED, "fake")
    (killer,) = told.killers
    assert (killer.code, killer.rule) == ("VGS900", "CTL")
    assert killer.where.endswith("work.vgs:2:9")
    assert (told.line, told.operator, told.function) == (2, "delete", "begin")
    assert any(line.startswith("-") and "restore ctl" in line for line in told.diff)


def test_a_finding_of_the_original_kills_nobody(tmp_path):
    of = body(tmp_path, TEXT)
    # It wants what even the original does not have.
    asked = judge(of, wants("LIM<n>", 7))
    told = asked.judge(one(of, "delete", "restore ctl"))
    assert told.outcome is Outcome.CHEAPER
    (said,) = asked.faulty
    assert "VGS900: not as often as it should" in said


def test_what_is_not_to_count_is_not_told_of_the_original(tmp_path):
    of = body(tmp_path, TEXT)
    assert not judge(of, wants("LIM<n>", 7), without=frozenset({"VGS900"})).faulty
    assert not judge(of, wants("CTL", 1)).faulty


def test_a_survivor_says_which_value_nobody_asks_for(tmp_path):
    of = body(tmp_path, TEXT)
    other = Check("other", lambda program, known, first: Answer(differs="CTL is 1, and not 0"))
    mutant = one(of, "delete", "restore ctl")
    said = "CTL is 1, and not 0: nothing asks for that"
    assert said in judge(of, other).judge(mutant).note
    proves = Prover("sure", lambda old, new: True, ordered=True)
    assert said not in judge(of, other, provers=[proves]).judge(mutant).note


def test_a_finding_is_known_where_the_text_has_moved_it(tmp_path):
    text = "CMP<0> <- 0 CMP<1> <- 0 restore ctl"
    of = body(tmp_path, text)

    def ask(program, known, first):
        (where,) = (s.span for s in program.sequences["begin"].body if s.span.text == "ctl")
        return Answer((Fault("fake", "VGS900", "r", where, "always"),))

    for mutant in made(of, "delete"):
        if "CMP" in mutant.change.what:
            told = judge(of, Check("fake", ask)).judge(mutant)
            assert told.outcome is Outcome.CHEAPER


def test_the_same_in_each_configuration(tmp_path):
    life = 'assume one "so" { open implies vhe }\nlifecycle l { enter { begin(vcpu) } }\n'
    text = "restore begin(vcpu) { when open { CMP<0> <- 0 } }\nsave finish(vcpu) { save ctl }\n"
    of = program(tmp_path, text, life=life)
    same = [
        (m.change.what, judge(of).judge(m).by)
        for m in mutants(of).mutants
        if "only" in m.change.what
    ]
    assert same == []
    text = text.replace("when open", "when open and vhe")
    of = program(tmp_path, text, life=life)
    assert outcome(of, "widen", "without `and vhe`") == (Outcome.EQUIVALENT, "normalisation")
    assert outcome(of, "widen", "without `and open`") == (Outcome.COST, "cost")


def test_what_looks_different_and_is_not(tmp_path):
    of = body(tmp_path, "CMP<0> <- LINES - 3")
    assert outcome(of, "source", "0 for `LINES - 3`") == (Outcome.EQUIVALENT, "normalisation")


def test_a_condition_whose_model_says_one_thing_is_no_choice(tmp_path):
    life = "condition quiet per trip\ncondition loud per trip\n"
    life += "model quiet(vcpu) -> bool { return 1 }\nmodel loud(vcpu) -> bool { return used > 0 }\n"
    text = "import things\nrestore begin(vcpu) { when open or quiet { CMP<0> <- 0 } }\n"
    text += "save finish(vcpu) { save ctl }\n"
    of = program(tmp_path, text.replace("import things\n", life, 1), life=LIFE)
    assert outcome(of, "negate", "not `open`") == (Outcome.EQUIVALENT, "normalisation")
    assert outcome(of, "narrow", "without `or quiet`")[1] != "normalisation"
    text = text.replace("quiet", "loud")
    of = program(tmp_path, text.replace("import things\n", life, 1), life=LIFE)
    assert outcome(of, "negate", "not `open`")[1] != "normalisation"


def test_killed_for_cost(tmp_path):
    of = body(tmp_path, TEXT)
    told = judge(of).judge(one(of, "widen", "always"))
    assert told.outcome is Outcome.COST
    assert told.note == "enter: writes 1 → 2"


def test_calls_of_what_is_outside_cost_too(tmp_path):
    text = "when vhe { holding queue { wait(vcpu) } }"
    of = body(tmp_path, text)
    told = judge(of).judge(one(of, "widen", "always"))
    assert (told.outcome, told.note) == (Outcome.COST, "enter: calls 0 → 1")
    told = judge(of).judge(one(of, "delete", "without `wait(vcpu)`"))
    assert (told.outcome, told.note) == (Outcome.CHEAPER, "enter: calls 1 → 0")


@pytest.mark.parametrize("operator", ["weaken", "strengthen"])
def test_barriers_of_one_kind_cost_by_what_they_do(tmp_path, operator):
    of = body(tmp_path, "dsb(ish) orders writes of CTL before others")
    told = {m.change.what: judge(of).judge(m) for m in made(of, operator)}
    if operator == "weaken":
        assert {t.outcome for t in told.values()} == {Outcome.CHEAPER}
        assert told["`dsb(nsh)` for `dsb(ish)`"].note.endswith("less: dsb(ish) → dsb(nsh)")
        assert told["`dmb(ish)` for `dsb(ish)`"].note == "enter: dsb 1 → 0"
    else:
        assert {t.outcome for t in told.values()} == {Outcome.COST}


def test_cheaper_says_whether_it_is_proved(tmp_path):
    of = body(tmp_path, TEXT)
    always = Prover("solver", lambda old, new: True, ordered=False)
    never = Prover("solver", lambda old, new: False, ordered=False)
    assert outcome(of, "delete", "restore ctl", provers=[always]) == (Outcome.CHEAPER, "solver")
    assert outcome(of, "delete", "restore ctl", provers=[never]) == (Outcome.CHEAPER, "")


def test_a_proof_about_values_is_none_for_barriers(tmp_path):
    text = "sequence inner(vcpu) { isb orders writes of CTL before others }\n"
    text += "restore begin(vcpu) { restore ctl inner(vcpu) restore cmp[0] CMP<1> <- 0 }\n"
    of = program(tmp_path, text + "save finish(vcpu) { save ctl }\n")
    values = Prover("solver", lambda old, new: True, ordered=False)
    all = Prover("explorer", lambda old, new: True, ordered=True)
    over = "`inner(vcpu)` comes before `restore ctl`"
    assert outcome(of, "swap", over, provers=[values]) == (Outcome.SURVIVED, "")
    assert outcome(of, "swap", over, provers=[values, all]) == (Outcome.EQUIVALENT, "explorer")
    beside = "`CMP<1> <- 0` comes before"
    assert outcome(of, "swap", beside, provers=[values]) == (Outcome.EQUIVALENT, "solver")


def test_it_survives_and_says_what_was_not_checked(tmp_path):
    of = body(tmp_path, TEXT)
    whole = of.program

    def ask(program, known, first):
        said = ("always left open",) + (("too large",) if program is not whole else ())
        return Answer(unchecked=said)

    told = judge(of, Check("slow", ask)).judge(one(of, "register", "LIM<0>"))
    assert (told.outcome, told.by, told.note) == (Outcome.SURVIVED, "", "too large")


def test_promises_and_locks_are_checks(tmp_path):
    of = body(tmp_path, "restore ctl", leave="save ctl CTL <- 0")
    swap = next(m for m in mutants(of).mutants if m.operator == "swap")
    told = judge(of, static()).judge(swap)
    assert (told.outcome, told.by, told.killers[0].code) == (Outcome.KILLED, "check", "VGS050")


def test_all_killers_and_what_is_left_without_one(tmp_path):
    of = body(tmp_path, TEXT)
    mutant = one(of, "delete", "restore ctl")
    both = wants("CTL", 1), wants("CTL", 1)
    other = Check("other", both[1].ask)

    def ask(program, known, first):
        (fault,) = other.ask(program, known, first).faults or (None,)
        if fault is None:
            return Answer()
        return Answer((Fault("other", "VGS901", "all", fault.where, ""),))

    checks = both[0], Check("other", ask)
    assert [k.engine for k in judge(of, *checks).judge(mutant).killers] == ["fake"]
    all = judge(of, *checks, all_killers=True).judge(mutant)
    assert [k.engine for k in all.killers] == ["fake", "other"]
    without = judge(of, *checks, without=frozenset({"CTL"})).judge(mutant)
    assert [k.rule for k in without.killers] == ["all"]
    neither = judge(of, *checks, without=frozenset({"CTL", "VGS901"})).judge(mutant)
    assert neither.outcome is Outcome.CHEAPER
