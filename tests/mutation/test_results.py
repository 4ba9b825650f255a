"""The file of results: kept line by line, gone on with, refused where it is of something else."""

import pytest

from dsl.failures import CannotRun
from dsl.mutation import judged
from dsl.mutation.judging import Answer, Check, Judge
from dsl.mutation.mutants import mutants, sample
from dsl.mutation.results import Outcome, Results, fingerprint
from dsl.mutation.workers import Limits
from tests.mutation.small import body, wants

LIMITS = Limits(20.0, 1 << 30)


@pytest.fixture
def of(tmp_path):
    return body(tmp_path, "restore ctl when vhe { CMP<0> <- 0 }")


def prepared(of, *checks):
    judge = Judge(of.program, checks or [wants("CTL", 1)])
    judge.prepare()
    return judge


def told(of, judge, file, **rest):
    with Results(file, of, fingerprint(of)) as results:
        return list(judged(mutants(of).mutants, judge, limits=LIMITS, results=results, **rest))


def plain(found):
    return sorted((one.id, one.outcome, one.by, one.killers, one.note, one.diff) for one in found)


def test_an_interrupted_run_goes_on(of, tmp_path):
    file = tmp_path / "kept"
    whole = plain(told(of, prepared(of), tmp_path / "other"))
    with Results(file, of, fingerprint(of)) as results:
        some = judged(mutants(of).mutants, prepared(of), limits=LIMITS, jobs=1, results=results)
        first = [next(some) for _ in range(3)]
        some.close()
    assert len(file.read_text().splitlines()) == 4

    asked = []

    def ask(program, known, first):
        asked.append(program)
        return wants("CTL", 1).ask(program, known, first)

    # What is known already comes first, and nobody is asked of it again.
    again = told(of, prepared(of, Check("fake", ask)), file, jobs=1)
    assert plain(again[:3]) == plain(first)
    assert plain(again) == whole
    assert len(file.read_text().splitlines()) == 1 + len(whole)
    # All is known now.
    broken = Check(
        "fake", lambda program, known, first: 1 / 0 if asked_again(program) else Answer()
    )

    def asked_again(program):
        return program is not of.program

    assert plain(told(of, prepared(of, broken), file)) == whole


def test_half_a_line_is_asked_again(of, tmp_path):
    file = tmp_path / "kept"
    whole = plain(told(of, prepared(of), file))
    data = file.read_bytes()
    file.write_bytes(data[:-20])
    assert plain(told(of, prepared(of), file)) == whole
    assert len(file.read_bytes().splitlines()) == len(data.splitlines())


@pytest.mark.parametrize("data", [b"", b"\n", b"{}\n", b"\xff\xfe\n", b'{"format": "other"}\n'])
def test_a_file_of_something_else_is_refused_and_stays(of, tmp_path, data):
    file = tmp_path / "kept"
    file.write_bytes(data)
    with pytest.raises(CannotRun, match="is no file of results"):
        Results(file, of, fingerprint(of))
    assert file.read_bytes() == data


def test_results_of_another_program_are_refused(of, tmp_path):
    file = tmp_path / "kept"
    told(of, prepared(of), file)
    (tmp_path / "b").mkdir()
    other = body(tmp_path / "b", "restore ctl when open { CMP<0> <- 0 }")
    with pytest.raises(CannotRun, match="are of another program"):
        Results(file, other, fingerprint(other))
    with pytest.raises(CannotRun, match="are of another program"):
        Results(file, of, fingerprint(of, "without a rule"))


def test_a_damaged_line_is_told(of, tmp_path):
    file = tmp_path / "kept"
    told(of, prepared(of), file)
    lines = file.read_bytes().split(b"\n")
    file.write_bytes(b"\n".join([lines[0], b"{", *lines[2:]]))
    with pytest.raises(CannotRun, match="damaged"):
        Results(file, of, fingerprint(of))


def test_a_mutant_that_breaks_the_checker_is_broken(of):
    def ask(program, known, first):
        if program is not of.program:
            raise ZeroDivisionError("a fault of the checker")
        return Answer()

    found = list(judged(mutants(of).mutants, prepared(of, Check("fake", ask)), limits=LIMITS))
    broken = [one for one in found if one.outcome is Outcome.BROKEN]
    assert {one.note for one in broken} == {
        "the checker failed: ZeroDivisionError: a fault of the checker"
    }
    # What normalises to the original is never asked about.
    assert all(one.by == "normalisation" for one in found if one not in broken)


def test_samples_are_the_same_each_time(of):
    all = mutants(of).mutants
    some = sample(all, 5, 1)
    assert [m.id for m in some] == [m.id for m in sample(all, 5, 1)]
    assert [m.id for m in some] != [m.id for m in sample(all, 5, 2)]
    assert len(some) == 5
    assert [m for m in all if m in some] == some
    assert sample(all, 10_000, 1) == all
