"""Context slots, arrays and facts: types, ranges, and facts that are asked anew."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl.machine import (
    Array,
    Bool,
    Context,
    Facts,
    Field,
    Int,
    Machine,
    MachineError,
    Samples,
    Slot,
    snapshot,
)

LRS = Slot("lrs", Int(16), 4)


@dataclass(slots=True, eq=False)
class Facts1(Facts):
    listed: Samples[bool] = False
    level: Samples[int] = 0
    fixed: bool = False
    SLOTS: ClassVar[dict[str, Slot]] = {
        "listed": Slot("listed", Bool(), sampled=True),
        "level": Slot("level", Int(32), low=0, high=5, sampled=True),
        "fixed": Slot("fixed", Bool()),
    }


@dataclass(slots=True, eq=False)
class Vcpu(Context):
    used: int = 0
    word: int = 0
    less: int = 0
    flag: bool = False
    lrs: Array[int] = field(default_factory=lambda: Array(LRS))
    facts: Facts1 = field(default_factory=Facts1)
    SLOTS: ClassVar[dict[str, Slot]] = {
        "used": Slot("used", Int(32), low=0, high=4),
        "word": Slot("word", Int(32), layout=(Field("En", 0),)),
        "less": Slot("less", Int(8, True)),
        "flag": Slot("flag", Bool()),
        "lrs": LRS,
    }


@given(st.integers(-(1 << 40), 1 << 40))
def test_a_slot_takes_what_fits(value: int) -> None:
    for name, low, high in (("used", 0, 4), ("word", 0, 0xFFFFFFFF), ("less", -128, 127)):
        vcpu = Vcpu()
        if low <= value <= high:
            setattr(vcpu, name, value)
            assert getattr(vcpu, name) == value
        else:
            with pytest.raises(MachineError, match=f"{name}: .* does not fit"):
                setattr(vcpu, name, value)
            assert getattr(vcpu, name) == 0


def test_truth_values() -> None:
    vcpu = Vcpu()
    vcpu.flag = 1  # type: ignore[assignment]
    assert vcpu.flag is True
    with pytest.raises(MachineError, match="flag: 2 is not a truth value"):
        vcpu.flag = 2  # type: ignore[assignment]
    with pytest.raises(MachineError, match="flag: 'x' is not a number"):
        vcpu.flag = "x"  # type: ignore[assignment]


def test_arrays_keep_their_length_and_their_type() -> None:
    vcpu = Vcpu()
    vcpu.lrs[3] = 0xFFFF
    vcpu.lrs[:2] = [1, 2]
    assert vcpu.lrs == [1, 2, 0, 0xFFFF]
    assert len(vcpu.lrs) == 4
    for index in (-1, 4):
        with pytest.raises(MachineError, match=rf"lrs: index {index} is outside 0\.\.3"):
            vcpu.lrs[index]
        with pytest.raises(MachineError, match=rf"lrs: index {index} is outside 0\.\.3"):
            vcpu.lrs[index] = 0
    with pytest.raises(MachineError, match="lrs: 0x10000 does not fit u16"):
        vcpu.lrs[0] = 0x10000
    with pytest.raises(MachineError, match="an array keeps its length"):
        vcpu.lrs[:] = [1]
    with pytest.raises(MachineError, match="an array is set by element"):
        vcpu.lrs = [1, 2, 3, 4]  # type: ignore[assignment]
    assert list(Array(LRS, [4, 3, 2, 1])) == [4, 3, 2, 1]


def test_unknown_attributes_are_refused() -> None:
    with pytest.raises(AttributeError):
        Vcpu().usde = 1  # type: ignore[attr-defined]


def test_stores_are_traced_and_checked() -> None:
    m = Machine((), Facts())
    vcpu = Vcpu(word=1)
    m.store(vcpu, "word", 0, at="m:1:1")
    m.store_at(vcpu, "lrs", 2, 7, at="m:2:1")
    assert [str(e) for e in m.trace] == [
        "store      word  0x1 → 0x0  (En 1→0)  m:1:1",
        "store      lrs[2]  0x0 → 0x7  m:2:1",
    ]
    with pytest.raises(MachineError, match=r"m:3:1: used: 0x5 does not fit u32 \(0x0..0x4\)"):
        m.store(vcpu, "used", 5, at="m:3:1")
    with pytest.raises(MachineError, match="m:4:1: lrs: index 9"):
        m.store_at(vcpu, "lrs", 9, 0, at="m:4:1")


def test_facts_asked_anew() -> None:
    m = Machine((), Facts())
    facts = Facts1()
    assert not m.sample(facts, "listed")
    facts.listed = [True, False]
    assert [m.sample(facts, "listed", at="m:5:1") for _ in range(2)] == [True, False]
    with pytest.raises(MachineError, match="m:5:1: listed: no value is left"):
        m.sample(facts, "listed", at="m:5:1")
    answers = iter([3, 5, 6])
    facts.level = lambda: next(answers)
    assert m.sample_number(facts, "level") == 3
    assert m.sample_number(facts, "level") == 5
    with pytest.raises(MachineError, match="level: 0x6 does not fit"):
        m.sample_number(facts, "level")
    assert [e.what for e in m.trace] == ["listed"] * 3 + ["level"] * 2
    with pytest.raises(MachineError, match=r"fixed: .* is not a number"):
        facts.fixed = [True]  # type: ignore[assignment]


def test_a_snapshot_has_the_values_by_name() -> None:
    vcpu = Vcpu(used=2)
    vcpu.lrs[0] = 9
    assert snapshot(vcpu) == {"used": 2, "word": 0, "less": 0, "flag": False, "lrs": [9, 0, 0, 0]}
    vcpu.facts.listed = iter([True])
    assert snapshot(vcpu.facts) == {"level": 0, "fixed": False}
