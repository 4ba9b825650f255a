"""A verification that is stopped, or for which there is not enough, says what it did not check."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dsl.failures import CannotRun
from dsl.ir.program import Program
from dsl.verify import driver, explicit, flow, symbolic, trying, verify
from dsl.verify.budget import Budget
from dsl.verify.explicit.exploring import Exploration
from dsl.verify.findings import Engine, Interrupted, Proved, Report
from dsl.verify.symbolic import checking
from dsl.verify.symbolic.checking import Checking
from tests.verify.made import suspected
from tests.verify.symbolic.machines import changed

SEQUENCES = Path(__file__).parents[2] / "sequences"

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
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])

    def slowly(*given: object) -> None:
        clock[0] += 10

    monkeypatch.setattr(driver, "confirmed", slowly)
    # Where no process can be copied it is looked at between pieces of work.
    monkeypatch.delattr(os, "fork")
    verdict = verify(old, engines=BOTH, budget=Budget.of(seconds=5))
    assert (len(verdict.withdrawn), len(verdict.unchecked)) == (1, 1)
    assert verdict.unchecked[0].endswith("not tried: the time is up")


def endless(*given: object, **options: object) -> None:
    while True:
        pass


#: What goes on for ever, which engines are asked, and what is said to be not checked.
ENDLESS = {
    "flow": (flow, "check", (Engine.FLOW,), "flow: the time is up"),
    "explicit": (Exploration, "run", (Engine.EXPLICIT,), "explicit: the time is up, so"),
    "proofs": (Checking, "_machine", (Engine.SYMBOLIC,), "the time is up: nothing was proved"),
    "histories": (checking, "witness", (Engine.SYMBOLIC,), "the time is up: no history was"),
    "comparing": (symbolic, "against", (Engine.SYMBOLIC,), "symbolic: the time is up"),
    "confirming": (driver, "confirmed", (Engine.EXPLICIT,), "not tried: the time is up"),
    "edits": (trying, "mend", (Engine.EXPLICIT,), "an edit for "),
}


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("name", ENDLESS)
def test_whatever_goes_on_for_ever_is_ended(
    name: str, jobs: int, old: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, function, asked, said = ENDLESS[name]
    monkeypatch.setattr(where, function, endless)
    # On the way there is little to do: more than what it needs for it on any machine.
    seconds = 4.0 if name in ("histories", "comparing", "confirming", "edits") else 0.2
    began = time.monotonic()
    against = old if name == "comparing" else None
    if name == "edits":
        monkeypatch.setattr(driver, "confirmed", lambda subject, finding, owned: finding)
    wrong = changed("    restore mask\n", "") if name == "histories" else old
    budget = Budget.of(seconds=seconds, jobs=jobs)
    verdict = verify(wrong, engines=asked, against=against, budget=budget)
    assert time.monotonic() - began < seconds + 10
    assert any(said in text for text in verdict.unchecked), verdict.unchecked
    assert not verdict.ok
    assert not multiprocessing.active_children()


# ---- memory


#: The command, in a process that gets no more than some MiB beside what it has when it begins with
#: a verdict; what an engine is made of is there by then.
LIMITED = """
import resource, sys
import z3
import dsl.verify.driver, dsl.verify.explicit, dsl.verify.flow.checks
import dsl.verify.symbolic.checking
from dsl.cli import main, verify

more, *asked = sys.argv[1:]
verdicts = verify._verdicts

def limited(*given):
    with open("/proc/self/statm") as file:
        size = int(file.read().split()[0]) * resource.getpagesize()
    most = size + (int(more) << 20)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    return verdicts(*given)

verify._verdicts = limited
sys.exit(main(asked))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc")
@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(("engine", "mib"), [("flow", 0), ("explicit", 8), ("symbolic", 22)])
def test_an_engine_that_runs_out_of_memory_says_so(engine: str, mib: int, jobs: int) -> None:
    fixed = str(SEQUENCES / "kvm" / "run_fixed.vgs")
    # One that needs little has all configurations.
    some = [] if engine == "flow" else ["--set=vhe", "--set=not cpuif_trap"]
    asked = [f"--engine={engine}", f"--jobs={jobs}", *some, fixed]
    command = [sys.executable, "-c", LIMITED, str(mib), "verify", *asked]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "")
    told = " ".join(done.stdout.split())
    why = ("there was no more memory", "a process that worked on it came to an end")
    assert "not checked: " in told
    assert any(each in told for each in why), told
    assert " 0 proved, " in told
