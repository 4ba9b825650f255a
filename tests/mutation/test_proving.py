"""Proofs of mutants that begin with those of the original say what proofs from scratch say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dsl.ir.walk import statements
from dsl.mutation.mutants import Mutant, mutants
from dsl.mutation.proving import Proving, gone
from dsl.verify.confirming import surely
from dsl.verify.findings import Finding, Report, Witness
from dsl.verify.owned import Owned
from dsl.verify.subject import subject
from dsl.verify.symbolic import check
from tests.mutation.small import program
from tests.mutation.test_engines import LIFE, PLATFORM, WORK
from tests.verify.symbolic.machines import PEN, changed
from tests.verify.symbolic.machines import program as machine

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


@pytest.mark.parametrize("lost", ["    save mask\n", "    restore mask\n", "    save extra[0]\n"])
def test_any_history_that_shows_it_will_do(lost: str) -> None:
    pytest.importorskip("z3")
    wrong = changed(lost, "")
    (found,) = check(wrong).findings
    told: list[list[Witness]] = []

    def enough(finding: Finding, histories: Iterator[Witness], stands: bool) -> bool:
        if not stands:
            return False
        assert finding.key == found.key
        told.append(list(histories))
        for each in told[-1]:
            assert surely(subject(wrong), replace(finding, witness=each), Owned(wrong)) is not None
        return True

    assert [f.key for f in check(wrong, enough=enough).findings] == [found.key]
    ((soon, shortest),) = told
    assert found.witness is not None
    assert runs(shortest) == runs(found.witness)
    assert len(runs(soon)) >= len(runs(shortest))


def test_it_stops_where_it_is_enough() -> None:
    pytest.importorskip("z3")
    wrong = machine(PEN.replace("    save mask\n", "").replace("    save extra[0]\n", ""))
    assert len(check(wrong).findings) == 2
    asked = []
    for answer in (True, False):
        asked.clear()
        report = check(
            wrong,
            enough=lambda finding, _, stands, a=answer: stands and (asked.append(finding) or a),
        )
        assert len(report.findings) == len(asked) == (1 if answer else 2)


def runs(witness: Witness) -> list[str]:
    return [step for step in witness.steps if step.startswith("run ")]
