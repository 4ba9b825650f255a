"""What a rule is worth, with checkers whose answers are known."""

import pytest

from dsl.mutation import judged
from dsl.mutation.asking import Asked, mutate
from dsl.mutation.judging import Answer, Check, Fault, Judge
from dsl.mutation.mutants import mutants
from dsl.mutation.results import Outcome, Results, Standing, fingerprint
from dsl.mutation.trials import Trials, first_killed
from dsl.mutation.workers import Limits
from tests.mutation.small import body, writes

LIMITS = Limits(20.0, 1 << 30)
TEXT = "restore ctl when vhe { CMP<0> <- 0 } LIM<0> <- 1"
CTL, CMP, LIM = "CTL", "CMP<n>", "LIM<n>"


@pytest.fixture
def of(tmp_path):
    return body(tmp_path, TEXT)


def finds(rule, register):
    """A rule that wants a register written as often as it is at first, which is once."""
    return rule, lambda program, off: writes(program, register) != 1


def hides(rule, register, behind):
    """The same, of a rule that is not heard while another one is there."""
    return rule, lambda program, off: behind in off and writes(program, register) != 1


def judge(of, rules, off=frozenset(), only=frozenset()):
    def ask(program, known, first):
        where = program.sequences["begin"].signature.span
        faults = [Fault("fake", "VGS900", r, where, r) for r, wrong in rules if wrong(program, off)]
        return Answer(tuple(fault for fault in faults if not known(fault))[: 1 if first else None])

    found = Judge(of.program, [Check("fake", ask)], without=off, only=only)
    found.prepare()
    return found


def trials(of, *rules, whole=False, some=None, results=None, jobs=2, without=None):
    """What comes of switching off each rule."""
    picked = some or mutants(of).mutants
    asked = judge(of, rules)
    asked.all_killers = whole
    killed = {
        one.id: one
        for one in judged(picked, asked, limits=LIMITS, results=results)
        if one.outcome is Outcome.KILLED
    }
    all = Trials(
        [mutant for mutant in picked if mutant.id in killed],
        first_killed(picked, killed, whole),
        without or (lambda off: judge(of, rules, off)),
        lambda names: judge(of, rules, frozenset(dict(rules)) - names, names),
        jobs,
        LIMITS,
        results,
    )
    return {trial.name: trial for trial in all.run([name for name, _ in rules])}


def told(found):
    return {name: (trial.standing, set(trial.masks)) for name, trial in found.items()}


ALONE, NOTHING, UNKNOWN = ((each, set()) for each in ("alone", "nothing", "unknown"))


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize(
    ("rules", "standings"),
    [
        ([finds("one", CTL), finds("two", CMP)], {"one": ALONE, "two": ALONE}),
        (
            # The first of two is heard; the other one is found out nevertheless.
            [finds("one", CTL), finds("two", CTL)],
            {"one": ("masked", {"two"}), "two": ("masked", {"one"})},
        ),
        (
            [finds("one", CTL), finds("two", CTL), finds("three", CTL), finds("four", LIM)],
            {
                "one": ("masked", {"two", "three"}),
                "two": ("masked", {"one", "three"}),
                "three": ("masked", {"one", "two"}),
                "four": ALONE,
            },
        ),
        (
            [finds("one", CTL), ("idle", lambda program, off: False)],
            {"one": ALONE, "idle": NOTHING},
        ),
        (
            # Of two that say the same only one is heard, and the other one without it.
            [finds("one", CTL), hides("two", CTL, "one")],
            {"one": ("masked", {"two"}), "two": ("masked", {"one"})},
        ),
        (
            # Even of all that kill a mutant not each is heard at once.
            [finds("one", CTL), finds("two", CTL), hides("three", CTL, "two")],
            {
                "one": ("masked", {"two", "three"}),
                "two": ("masked", {"one", "three"}),
                "three": ("masked", {"one", "two"}),
            },
        ),
    ],
    ids=["alone", "two", "three", "nothing", "hidden", "behind"],
)
def test_what_a_rule_is_worth(of, rules, standings, whole):
    assert told(trials(of, *rules, whole=whole)) == standings


def test_one_that_kills_elsewhere_too_is_asked_until_a_mutant_depends_on_it(of):
    both = "one", lambda program, off: writes(program, CTL) != 1 or writes(program, CMP) != 1
    found = trials(of, both, finds("two", CTL))
    assert found["one"].standing is Standing.ALONE
    (shown,) = (m for m in mutants(of).mutants if m.id == found["one"].mutant)
    assert "CMP<0>" in shown.change.what
    assert found["two"].masks == ("one",)


def test_what_is_not_shown_is_not_said(of):
    """Of two that are heard together, neither masks the other: one is nothing without it."""
    leans = "one", lambda program, off: "two" not in off and writes(program, CTL) != 1
    found = trials(of, leans, finds("two", CTL))
    assert told(found) == {"one": UNKNOWN, "two": ALONE}
    assert found["one"].note == "what else kills its mutants cannot be told apart from it"


@pytest.mark.parametrize(("twice", "once"), [(CTL, LIM), (LIM, CTL)])
def test_the_same_is_found_however_many_are_asked_at_once(of, monkeypatch, twice, once):
    rules = [finds("one", twice), finds("two", twice), finds("three", once)]
    found = trials(of, *rules, jobs=1)
    assert found == trials(of, *rules, jobs=3)
    # All are asked, if need be, about what is the first to kill none.
    monkeypatch.setattr("dsl.mutation.trials._SIEVED", 1)
    assert told(trials(of, *rules)) == told(found)


def test_what_breaks_the_checker_is_not_known(of):
    def without(off):
        if "one" in off:
            raise ZeroDivisionError("oh")
        return judge(of, [finds("two", CMP)], off)

    found = trials(of, finds("one", CTL), finds("two", CMP), without=without)
    assert told(found) == {"one": UNKNOWN, "two": ALONE}
    assert found["one"].note == "the checker failed: ZeroDivisionError: oh"


def test_what_is_known_is_not_asked_again(of, tmp_path):
    rules = [finds("one", CTL), finds("two", CTL), finds("three", LIM)]

    def nobody(off):
        raise AssertionError(f"asked without {sorted(off)}")

    def run(**rest):
        with Results(tmp_path / "kept", of, fingerprint(of)) as results:
            return trials(of, *rules, results=results, **rest)

    whole = run()
    kept = (tmp_path / "kept").read_text()
    assert run(without=nobody) == whole
    again = (tmp_path / "kept").read_text()
    assert sorted(again.splitlines()) == sorted(kept.splitlines())
    # Without its last line one is asked again: that line is the last trial.
    (tmp_path / "kept").write_text("\n".join(again.splitlines()[:-1]) + "\n")
    part = run(without=nobody)
    assert [trial.standing for trial in part.values()].count(Standing.UNKNOWN) == 1
    # What is not known is not kept.
    assert run() == whole
    # Of fewer mutants nothing is known yet.
    fewer = run(some=mutants(of).mutants[::2], without=nobody)
    assert {trial.standing for trial in fewer.values()} <= {Standing.UNKNOWN, Standing.NOTHING}


def test_a_rule_that_says_what_holds_anyway(tmp_path):
    """An isb is needed between a write and what hardware makes of it, whatever a rule says."""
    (tmp_path / "two.vgs").write_text(
        'platform two "Two that belong together, revision 1"\n'
        "register MODE : 32 at (3, 3, 14, 3, 1) reset 0 { On [0] res0 [31:1] }\n"
        "register DATA : 32 at (3, 3, 14, 3, 2) reset 0 { V [0] becomes 1 when MODE.On\n"
        "    W [1] res0 [31:2] }\n"
        'rule said : architecture "Two, section 1" {\n'
        "    writes of MODE visible to writes of DATA needs isb when not MODE.On\n}\n"
        "context state of vcpu { data : u32 mirrors DATA }\n"
        "restore begin(vcpu) { MODE <- 0 isb orders MODE before writes of DATA restore data }\n"
        "save finish(vcpu) { save data MODE <- 1 }\n"
        "lifecycle on_cpu { each stay { away { } enter { begin(vcpu) }\n"
        "    guest { eret may change DATA exception } exit { finish(vcpu) } } }\n"
    )
    asked = Asked(operators=("delete",), limits=Limits(20, 1 << 30), jobs=2, rules=True)
    report = mutate([str(tmp_path / "two.vgs")], asked)
    found = {trial.name: trial for trial in report.trials}
    assert found["said"].masks == ("context synchronization",)
    (shown,) = (one for one in report.judged if one.id == found["said"].mutant)
    assert shown.what.startswith("without `isb orders MODE")
    assert found["data"].standing is Standing.ALONE
