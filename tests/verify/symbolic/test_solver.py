"""What is asked of z3: how long it may take, and what comes of it where it cannot answer."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from dsl.failures import CannotRun
from dsl.verify.budget import Budget, Spent
from dsl.verify.symbolic import solver as asking
from dsl.verify.symbolic.solver import Solver, z3
from dsl.verify.symbolic.term import Term
from dsl.verify.symbolic.terms import Terms


def hard(terms: Terms) -> Term:
    """A square that is seven less than a cube, from large numbers."""
    a, b = (terms.symbol(name, 64) for name in "ab")
    square = terms.arithmetic("mul", a, a)
    cube = terms.arithmetic("mul", b, terms.arithmetic("mul", b, b))
    equal = terms.eq(terms.arithmetic("add", square, terms.const(7, 64)), cube)
    return terms.and_(equal, terms.ult(terms.const(1 << 40, 64), a))


@pytest.mark.parametrize("ask", [Solver.model, Solver.can])
def test_an_answer_is_not_waited_for_longer_than_there_is_time(ask) -> None:
    terms = Terms()
    solver = Solver(terms, rlimit=0)
    solver.budget = Budget.of(seconds=0.2)
    began = time.monotonic()
    with pytest.raises(Spent, match="the time is up"):
        ask(solver, hard(terms))
    assert time.monotonic() - began < 10


def test_what_is_too_hard_has_no_answer() -> None:
    terms = Terms()
    solver = Solver(terms, rlimit=1000)
    assert solver.can(hard(terms)) is None
    assert solver.model(hard(terms)) is None
    assert solver.unknown == 2


@pytest.mark.parametrize("bound", [3, 4])
def test_a_question_that_is_not_small_is_asked_again(
    bound: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    terms = Terms()
    a, b = (terms.symbol(name, 8) for name in "ab")
    product = terms.eq(terms.arithmetic("mul", a, b), terms.const(143, 8))
    below = terms.ult(a, terms.const(bound, 8))
    asked = terms.and_(product, below, terms.ult(b, terms.const(100, 8)))
    small, large = Solver(terms), Solver(terms)
    answer = small.can(asked)
    assert small.asked == 1
    # Nothing is so small.
    monkeypatch.setattr(asking, "_SMALL", large.rlimit)
    assert large.can(asked) is answer
    assert large.asked == 2
    found = large.model(asked)
    assert found is not None
    assert found[0] is answer


def test_a_solver_that_cannot_be_loaded_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "z3").mkdir()
    said = "print('looking for it')\nraise Exception('libz3.so\\nnot found')\n"
    (tmp_path / "z3" / "__init__.py").write_text(said)
    monkeypatch.delitem(sys.modules, "z3", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(CannotRun, match=r"cannot be loaded: libz3\.so not found"):
        z3()
    assert capsys.readouterr().out == ""
