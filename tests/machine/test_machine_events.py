"""Calls, locks, barriers, complaints, the trace, and modules loaded from text."""

from __future__ import annotations

import json
import linecache
import traceback
from pathlib import Path

import pytest

from dsl.machine import (
    AssertionFailed,
    Bool,
    Context,
    Facts,
    Field,
    Int,
    Kind,
    Machine,
    MachineError,
    Register,
    load_simulator,
    render,
    to_json,
)

REGISTER = Register("R", 8, (Field("A", 0, 2, names=((1, "One"),)), Field("B", 2, 6)))


class Handle(Context):
    __slots__ = ()


def machine(**options: object) -> Machine[Facts]:
    return Machine([REGISTER], Facts(), **options)  # type: ignore[arg-type]


def kinds(m: Machine[Facts]) -> list[str]:
    return [f"{e.kind} {e.what}" for e in m.trace]


def test_an_extern_without_behaviour_says_how_to_supply_one() -> None:
    m = machine()
    with pytest.raises(MachineError) as caught:
        m.call("fold", (1,), at="m:1:1")
    assert str(caught.value) == (
        "m:1:1: fold has no behaviour here: supply one, "
        'machine.externs["fold"] = function of (machine, *arguments)'
    )


def test_externs_get_the_machine_and_give_results_that_fit() -> None:
    m = machine(externs={"double": lambda m, x: m.peek(REGISTER) + 2 * x, "none": lambda m: None})
    m.poke(REGISTER, 3)
    assert m.call_for(Int(8), "double", (5,), at="m:1:1") == 13
    assert m.call_for(Bool(), "double", (-1,)) is True
    with pytest.raises(MachineError, match="m:2:1: the result of double: 0x103 does not fit u8"):
        m.call_for(Int(8), "double", (128,), at="m:2:1")
    with pytest.raises(MachineError, match="none gave no result"):
        m.call_for(Int(8), "none", ())
    assert kinds(m)[:2] == ["call double", "result double"]
    assert m.trace[1].new == 13
    m.ensure(True, "double", "x")
    with pytest.raises(MachineError, match="the behaviour of double breaks its promise: x < 3"):
        m.ensure(False, "double", "x < 3")


def test_locks() -> None:
    m = machine(externs={"flush": lambda m, who: None})
    one, two = Handle(), Handle()
    with m.holding("list", one, at="m:1:1"):
        with pytest.raises(MachineError, match="m:2:1: list is taken a second time"):
            m.take("list", one, at="m:2:1")
        with m.holding("list", two):
            m.call("flush", (one,), ("list",))
    assert not m.held
    with pytest.raises(MachineError, match="list is released but not held"):
        m.release("list", one)
    with pytest.raises(MachineError, match="flush needs list, which is not held"):
        m.call("flush", (one,), ("list",))
    with m.holding("list"):
        m.call("flush", (one,), ("list",))
    assert kinds(m)[:5] == ["lock list", "lock list", "call flush", "unlock list", "unlock list"]


def test_a_lock_does_not_outlive_an_error() -> None:
    m = machine()
    with pytest.raises(ZeroDivisionError), m.holding("list"):
        raise ZeroDivisionError
    assert not m.held


def test_hypcalls_pass_arguments_and_results_through() -> None:
    m = machine()

    def add(m: Machine[Facts], a: int, b: int) -> int:
        m.isb()
        return a + b

    assert m.hypcall("m:1:1", add, m, 2, 3) == 5
    assert kinds(m) == ["hypcall add", "barrier isb", "hypreturn add"]
    assert render(m.trace).splitlines()[1].startswith("  barrier")


def test_warnings_and_assertions() -> None:
    m = machine()
    m.warn_if(False, "x")
    m.require(True, "x")
    assert not m.trace
    m.warn_if(True, "x != 0", at="m:1:1")
    with pytest.raises(AssertionFailed, match="m:2:1: assertion failed: irqs_off"):
        m.require(False, "irqs_off", at="m:2:1")
    with pytest.raises(AssertionFailed, match="m:3:1: this path must never be taken"):
        m.fail("", at="m:3:1")
    with pytest.raises(AssertionFailed, match="m:4:1: no such level"):
        m.fail("no such level", at="m:4:1")
    assert kinds(m) == ["warn x != 0", "assert irqs_off", "fail ", "fail no such level"]


def test_the_trace_reads_well_and_is_json() -> None:
    m = machine()
    m.write(REGISTER, 0b10101, at="m:24:9")
    m.read(REGISTER, at="m:25:9")
    m.dsb("sy", at="m:26:9")
    assert render(m.trace).splitlines() == [
        "write      R  0x0 → 0x15  (A 0→One, B 0→5)  m:24:9",
        "read       R  = 0x15  m:25:9",
        "barrier    dsb(sy)  m:26:9",
    ]
    assert json.loads(json.dumps(to_json(m.trace))) == [
        {
            "kind": "write",
            "what": "R",
            "site": "m:24:9",
            "old": 0,
            "new": 21,
            "fields": {"A": [0, 1], "B": [0, 5]},
        },
        {"kind": "read", "what": "R", "site": "m:25:9", "new": 21},
        {"kind": "barrier", "what": "dsb(sy)", "site": "m:26:9"},
    ]
    assert (m.count("accesses"), m.count("reads"), m.count("writes")) == (2, 1, 1)
    assert m.count("barriers") == 1


def test_the_trace_can_be_off() -> None:
    m = machine(tracing=False)
    m.write(REGISTER, 3)
    m.isb()
    assert m.read(REGISTER) == 3
    assert m.trace == []
    m.tracing = True
    m.dmb("ish")
    assert [e.kind for e in m.trace] == [Kind.BARRIER]


def test_tracebacks_show_the_lines_of_a_loaded_text() -> None:
    module = load_simulator("def f():\n    return 1 // 0  # here\n", "sim")
    with pytest.raises(ZeroDivisionError) as caught:
        module.f()
    assert "# here" in "".join(traceback.format_exception(caught.value))
    linecache.checkcache()
    assert linecache.getline(module.__file__ or "", 2) == "    return 1 // 0  # here\n"


def test_a_file_is_loaded_under_its_own_name(tmp_path: Path) -> None:
    path = tmp_path / "sim.py"
    path.write_text("X: 'int' = 3\n", encoding="utf-8")
    module = load_simulator(path)
    assert module.X == 3
    assert module.__file__ == str(path)
