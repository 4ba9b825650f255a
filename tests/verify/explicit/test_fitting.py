"""What others give a list is what they promise, and nothing is passed over where it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

import dsl
from dsl.ir.shapes import Slot
from dsl.verify import verify
from dsl.verify.explicit.fitting import fitted
from dsl.verify.findings import Engine, Verdict
from tests.resolve.helpers import program
from tests.verify.symbolic import machines

#: Without models: a history says what others do.
PEN = machines.PEN.partition("model fill")[0]

WANTED = 0x5555_5555_5555_5555

#: What may be promised of an item.
PROMISES = (
    "(items[n] & 0xff == 0)",
    "(items[n].Name & 0xfff0_000f == 0)",
    "(items[n].State == 2)",
    "(items[n].State != 1 and items[n].Name <= 1019)",
    "(n < used implies items[n].Name == 16 + n)",
    "(items[n].State == 3 and items[n].Name & 7 == 0)",
)


def verdict(folder: Path, promise: str = "", sequences: str = PEN) -> Verdict:
    """What is found of the list, of which who fills it promises something."""
    if promise:
        sequences = sequences.replace("used in 0..4", f"used in 0..4 ensures {promise}")
    path = folder / "pen.vgs"
    path.write_text(sequences)
    return verify(dsl.load(path).program, engines=(Engine.EXPLICIT,), mends=False)


def states(found: Verdict) -> int:
    return dict(found.work[0].amounts)["states"]


@pytest.mark.parametrize("promise", PROMISES)
def test_lists_are_filled_with_what_is_promised(promise: str, tmp_path: Path) -> None:
    """Values alone leave the states that there are, but for those that are now alike."""
    without, kept = verdict(tmp_path), verdict(tmp_path, f"every n in 0..3: {promise}")
    assert kept.ok, kept.unchecked
    assert 2 * states(kept) > states(without)


@pytest.mark.parametrize("promise", PROMISES)
def test_and_what_is_lost_of_them_is_found(promise: str, tmp_path: Path) -> None:
    wrong = PEN.replace("save items[i]", "")
    assert wrong != PEN
    found = verdict(tmp_path, f"every n in 0..3: {promise}", wrong)
    assert ("VGS101", "items[0]") in {(f.code, f.rule) for f in found.findings}


@pytest.mark.parametrize(
    "promise", ["1 == 2", "every n in 0..3: (items[n].State == 1 and items[n].State == 2)"]
)
def test_what_nobody_can_promise_is_no_pass(promise: str, tmp_path: Path) -> None:
    """Nothing comes behind it, so nothing was looked at there."""
    found = verdict(tmp_path, promise)
    assert not found.ok
    assert not found.proved
    assert any("no history comes to `prepare` of life" in each for each in found.unchecked)


def slot() -> Slot:
    return program(PEN).slots["items"]


def test_a_value_that_keeps_everything_stays() -> None:
    assert fitted(slot(), WANTED, 1, lambda value: 1) == WANTED


def test_no_more_bits_are_others_than_need_be() -> None:
    assert fitted(slot(), WANTED, 1, lambda value: value & 0xF0 == 0) == WANTED & ~0xF0


def test_what_cannot_be_had_is_left_at_what_keeps_most() -> None:
    def kept(value: int) -> int:
        return (value & 1 == 0) + (value >> 32 & 3 == 2) + 0

    assert kept(fitted(slot(), WANTED, 3, kept)) == 2
