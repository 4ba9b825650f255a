"""A verification that is stopped, or for which there is not enough, says what it did not check."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dsl.failures import CannotRun
from dsl.ir.program import Program
from dsl.verify import driver, explicit, flow, trying, verify
from dsl.verify.budget import Budget
from dsl.verify.findings import Engine, Interrupted, Proved, Report
from tests.verify.made import suspected

BOTH = (Engine.FLOW, Engine.EXPLICIT)


def answers(found: Callable[[Program], Report | BaseException]) -> Callable[..., Report]:
    def check(program: Program, **options: object) -> Report:
        made = found(program)
        if isinstance(made, BaseException):
            raise made
        return made

    return check


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """What the two engines do."""

    def put(one: object, other: object = Report(())) -> None:
        for engine, given in ((flow, one), (explicit, other)):
            made = given if callable(given) else (lambda program, given=given: given)
            monkeypatch.setattr(engine, "check", answers(made))

    return put


def found(program: Program) -> Report:
    return Report((suspected(program), suspected(program)), (Proved("x y", Engine.FLOW, 1),))


def test_an_engine_that_is_interrupted_leaves_what_the_others_know(
    old: Program, engines: Callable[..., None]
) -> None:
    engines(KeyboardInterrupt(), found)
    with pytest.raises(Interrupted) as stopped:
        verify(old, engines=BOTH)
    verdict = stopped.value.verdict
    assert verdict.unchecked == (
        "flow: it was interrupted",
        "explicit: it was interrupted before it began",
    )
    engines(found, KeyboardInterrupt())
    with pytest.raises(Interrupted) as stopped:
        verify(old, engines=BOTH)
    verdict = stopped.value.verdict
    assert verdict.unchecked[0] == "explicit: it was interrupted"
    # What was suspected by then is neither a finding nor withdrawn.
    assert [text.endswith("not tried: it was interrupted") for text in verdict.unchecked[1:]] == [
        True,
        True,
    ]
    assert (verdict.findings, verdict.withdrawn) == ((), ())
    assert [each.what for each in verdict.proved] == ["x y"]


def test_interrupted_while_it_confirms(
    old: Program, engines: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    engines(found)
    tried: list[object] = []

    def once(*given: object) -> None:
        tried.append(given)
        if len(tried) > 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(driver, "confirmed", once)
    with pytest.raises(Interrupted) as stopped:
        verify(old, engines=BOTH)
    verdict = stopped.value.verdict
    assert len(verdict.withdrawn) == 1
    assert len(verdict.unchecked) == 1
    assert "guest's state is lost: armed: not tried" in verdict.unchecked[0]


def test_interrupted_while_it_looks_for_edits(
    old: Program, engines: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    engines(found)
    monkeypatch.setattr(driver, "confirmed", lambda subject, finding, owned: finding)

    def edit(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(trying.Trying, "edit", edit)
    with pytest.raises(Interrupted) as stopped:
        verify(old, engines=BOTH)
    assert len(stopped.value.verdict.findings) == 2


def test_an_engine_without_memory_leaves_the_others(
    old: Program, engines: Callable[..., None]
) -> None:
    engines(MemoryError(), found)
    verdict = verify(old, engines=BOTH)
    assert verdict.unchecked == ("flow: there was no more memory",)
    assert len(verdict.withdrawn) == 2


def test_an_engine_that_cannot_run_leaves_the_others(
    old: Program, engines: Callable[..., None]
) -> None:
    engines(CannotRun("there is no solver", "install one"), found)
    verdict = verify(old, engines=BOTH)
    assert verdict.unchecked == ("flow: there is no solver: install one",)
    assert len(verdict.withdrawn) == 2


def test_when_the_time_is_up_the_rest_is_said(old: Program, engines: Callable[..., None]) -> None:
    engines(found, found)
    verdict = verify(old, engines=BOTH, budget=Budget.of(seconds=0))
    assert verdict.unchecked == (
        "flow: the time is up before it began",
        "explicit: the time is up before it began",
    )
    assert not verdict.ok


def test_time_that_is_up_while_it_confirms(
    old: Program, engines: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    engines(found)
    spent = iter(["", "", "", "the time is up", "the time is up"])
    monkeypatch.setattr(Budget, "spent", lambda self: next(spent))
    verdict = verify(old, engines=BOTH, budget=Budget())
    assert (len(verdict.withdrawn), len(verdict.unchecked)) == (1, 1)
    assert verdict.unchecked[0].endswith("not tried: the time is up")
