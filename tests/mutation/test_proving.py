"""Proofs of mutants that begin with those of the original say what proofs from scratch say."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsl.ir.walk import statements
from dsl.mutation.mutants import Mutant, mutants
from dsl.mutation.proving import Proving, gone
from dsl.verify.findings import Report
from dsl.verify.symbolic import check
from tests.mutation.small import program
from tests.mutation.test_engines import LIFE, PLATFORM, WORK

Said = tuple[set[tuple[str, str]], int]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Mutant, Said, Said]]:
    """Each mutant with what is said of it after the original, and from scratch."""
    pytest.importorskip("z3")
    folder: Path = tmp_path_factory.mktemp("things")
    of = program(folder, WORK, PLATFORM, LIFE)
    proving = Proving(of.program)
    assert said(proving.report(of.program, {}))[0] == set()
    return [
        (m, said(proving.report(m.program, {})), said(check(m.program)))
        for m in mutants(of).mutants
    ]


def said(report: Report) -> Said:
    assert report.work is not None
    assert report.unchecked == ()
    found = {(f.code, f.rule) for f in report.findings}
    return found, dict(report.work.amounts)["phases"]


def test_the_same_is_found(told: list[tuple[Mutant, Said, Said]]) -> None:
    for mutant, after, alone in told:
        assert after[0] == alone[0], (mutant.function.name, mutant.change.what)
    assert sum(1 for _, after, _ in told if after[0]) > 10


def test_what_did_not_come_by_the_change_is_not_proved_again(
    told: list[tuple[Mutant, Said, Said]],
) -> None:
    assert 2 * sum(after[1] for _, after, _ in told) < sum(alone[1] for _, _, alone in told)


def test_what_is_gone_is_no_more_than_the_statement_that_is_another(
    told: list[tuple[Mutant, Said, Said]],
) -> None:
    (mutant,) = (
        m for m, _, _ in told if m.operator == "source" and m.change.what.startswith("`ctl <- 0`")
    )
    those = gone(mutant.function.program, mutant.program)
    body = mutant.function.sequence.body
    assert [each.span.text for each in statements(body) if id(each) in those] == ["ctl"]


def test_barriers_mean_nothing_here(told: list[tuple[Mutant, Said, Said]]) -> None:
    weaker = [each for each in told if each[0].operator == "weaken"]
    assert weaker
    for mutant, after, _ in weaker:
        assert gone(mutant.function.program, mutant.program) == set()
        assert after[1] == 0


#: What goes together in two registers is known only because it did before.
TWO = """\
platform things "Things that never were, revision 1"
register ONE : 64 at (3, 3, 14, 3, 1) reset 0 { V [63:0] }
register TWO : 64 at (3, 3, 14, 3, 2) reset 0 { V [63:0] }
context state of vcpu {
    number : u64
    spare  : u64
}
extern choose(vcpu) { writes number }
model choose(vcpu) { number <- 5 }
"""
BOTH = """\
sequence begin(vcpu) {
    choose(vcpu)
    ONE <- number
    TWO <- number
}

sequence swap(vcpu) {
    let one = ONE
    ONE <- TWO
    TWO <- one
}
"""
TURNS = """
lifecycle on_cpu {
    each stay {
        enter { begin(vcpu) }
        each trip {
            guest { spare <- 0 }
            exit { swap(vcpu) }
        }
    }
}
invariant alike at guest, exit "they are the same" { ONE == TWO }
"""


def test_what_is_proved_by_induction_is_proved_of_mutants_too(tmp_path: Path) -> None:
    pytest.importorskip("z3")
    of = program(tmp_path, BOTH, TWO, TURNS)
    proving = Proving(of.program)
    assert said(proving.report(of.program, {}))[0] == set()
    found = set()
    for mutant in mutants(of).mutants:
        after, alone = said(proving.report(mutant.program, {})), said(check(mutant.program))
        assert after[0] == alone[0], (mutant.function.name, mutant.change.what)
        if after[0]:
            found.add((mutant.function.name, mutant.change.what))
    assert {what for name, what in found if name == "swap"} == {"0 for `TWO`", "0 for `one`"}
    assert ("begin", "without `TWO <- number`") in found
    assert ("begin", "without `choose(vcpu)`") not in found
