"""Fields, families, banks, reserved bits and access kinds of the machine's registers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl.machine import Bank, Facts, Field, FieldFamily, Machine, MachineError, Register

ACCESSES = st.sampled_from(["rw", "ro", "wi", "res0", "res1"])


def machine(*registers: Register | Bank, **options: object) -> Machine[Facts]:
    return Machine(registers, Facts(), **options)  # type: ignore[arg-type]


@st.composite
def layouts(draw: st.DrawFn) -> Register:
    """A register of 64 bits that is cut into pieces, each a field or reserved."""
    cuts = sorted(draw(st.sets(st.integers(1, 63), max_size=8)))
    fields, res0, res1 = [], 0, 0
    for number, (low, high) in enumerate(zip([0, *cuts], [*cuts, 64], strict=True)):
        mask = ((1 << (high - low)) - 1) << low
        match draw(ACCESSES):
            case "res0":
                res0 |= mask
            case "res1":
                res1 |= mask
            case access:
                fields.append(Field(f"F{number}", low, high - low, access))  # type: ignore[arg-type]
    return Register("R", 64, tuple(fields), res0=res0, res1=res1)


words = st.integers(0, (1 << 64) - 1)


@given(st.integers(0, 40), st.integers(1, 24), words, words)
def test_a_field_comes_back_as_it_was_put_in(low: int, width: int, value: int, new: int) -> None:
    field = Field("F", low, width)
    changed = field.set(value, new)
    assert field.get(changed) == new & ((1 << width) - 1)
    assert changed & ~field.mask == value & ~field.mask
    assert field.set(changed, field.get(value)) == value


@given(st.integers(0, 3), st.integers(1, 4), words, words)
def test_elements_of_a_family_do_not_touch_each_other(
    first: int, width: int, value: int, new: int
) -> None:
    family = FieldFamily("S<n>", 2, width, first, 5, width + 1)
    for index in range(first, first + 5):
        element = family[index]
        assert element.name == f"S{index}"
        changed = element.set(value, new)
        others = [e for e in family if e is not element]
        assert [e.get(changed) for e in others] == [e.get(value) for e in others]


@given(layouts(), words, words)
def test_reserved_and_read_only_bits_survive_every_write(
    register: Register, start: int, value: int
) -> None:
    m = machine(register)
    m.poke(register, start)
    m.write(register, value)
    found = m.read(register)
    assert found & register.res0 == 0
    assert found & register.res1 == register.res1
    for field in register.fields:
        expected = value if field.access == "rw" else start
        assert field.get(found) == field.get(expected), field


@given(words, words)
def test_unknown_bits_come_from_the_caller(filler: int, other: int) -> None:
    known = Field("K", 0, 8, reset=0x5A)
    register = Register("R", 64, (known, Field("U", 8, 40)), res0=0x7FFF << 48, res1=1 << 63)
    m = machine(register, unknown=filler)
    assert m.peek(register) == 0x5A | filler & 0xFFFFFFFFFF00 | 1 << 63
    m.reset({"R": other})
    assert m.peek(register) == 0x5A | other & 0xFFFFFFFFFF00 | 1 << 63
    m.reset(lambda name: {"R": filler}[name])
    assert m.peek(register) == 0x5A | filler & 0xFFFFFFFFFF00 | 1 << 63
    m.reset()
    assert m.peek(register) == 0x5A | 1 << 63


def test_registers_of_one_kind_of_access() -> None:
    body = (Field("F", 0, 32),)
    ro = Register("RO", 32, body, "ro")
    wo = Register("WO", 32, body, "wo")
    wi = Register("WI", 32, body, "wi")
    m = machine(ro, wo, wi)
    m.poke(ro, 7)
    assert m.read(ro) == 7
    with pytest.raises(MachineError, match="t:1:2: RO is read-only"):
        m.write(ro, 1, at="t:1:2")
    m.write(wo, 9)
    assert m.peek(wo) == 9
    with pytest.raises(MachineError, match="t:3:4: WO is write-only"):
        m.read(wo, at="t:3:4")
    m.write(wi, 9)
    assert m.read(wi) == 0


def test_write_only_fields_read_as_zero() -> None:
    register = Register("R", 8, (Field("A", 0, 4), Field("B", 4, 4, "wo")))
    m = machine(register)
    m.write(register, 0xFF)
    assert m.read(register) == 0x0F
    assert m.peek(register) == 0xFF


def test_values_must_fit() -> None:
    register = Register("R", 8, (Field("A", 0, 8),))
    m = machine(register)
    for value in (256, -1):
        with pytest.raises(MachineError, match=r"R: .* does not fit 8 bits"):
            m.write(register, value)
        with pytest.raises(MachineError, match=r"R: .* does not fit 8 bits"):
            m.poke(register, value)


def test_a_bank_names_its_elements_and_its_limits() -> None:
    bank = Bank("LR<n>_EL2", 64, 2, 3, (Field("V", 0, 64),))
    assert [r.name for r in bank] == ["LR2_EL2", "LR3_EL2", "LR4_EL2"]
    assert bank[3].index == 3
    assert bank[3].family == "LR<n>_EL2"
    for index in (-1, 0, 1, 5):
        with pytest.raises(MachineError, match=rf"LR<n>_EL2: index {index} is outside 2\.\.4"):
            bank[index]
    family = FieldFamily("S<n>", 0, 1, 0, 4, 1)
    with pytest.raises(MachineError, match=r"S<n>: index 4 is outside 0\.\.3"):
        family[4]


class Legal(Machine[Facts]):
    """A write of 0 to the low nibble becomes 1, and the high byte counts the ones below."""

    def legalise(self, register: Register, written: int) -> int:
        return LEGAL.fields[0].set(written, LEGAL.fields[0].get(written) or 1)

    def compute(self, register: Register, stored: int) -> int:
        return LEGAL.fields[2].set(stored, (stored & 0xFF).bit_count())


LEGAL = Register(
    "L", 16, (Field("A", 0, 4), Field("B", 4, 4), Field("N", 8, 8, computed=True)), legalised=True
)


@given(st.integers(0, 0xFFFF))
def test_legalised_and_computed(value: int) -> None:
    m = Legal([LEGAL], Facts())
    m.write(LEGAL, value)
    low = value & 0xFF if value & 0xF else value & 0xFF | 1
    assert m.state["L"] == low
    assert m.read(LEGAL) == low | low.bit_count() << 8


class Moving(Machine[Facts]):
    """Bit 7 of a value of `M` decides where its fields are."""

    def in_force(self, family: str, value: int) -> str:
        return ("low", "high", "none")[min(value >> 6, 2)] if family == "M" else ""


MOVING = Register(
    "M",
    8,
    (
        Field("C", 2),
        Field("low.A", 0, 2, reset=1, layout="low"),
        Field("high.A", 1, reset=0, layout="high"),
        FieldFamily("high.T<n>", 3, 1, 0, 2, 1, layout="high"),
        Field("MODE", 6, 2),
    ),
    res0=0x20,
)


def test_fields_of_a_layout_are_shown_while_it_is_in_force() -> None:
    m = Moving([MOVING], Facts())
    assert m.peek(MOVING) == 1
    for value in (0x07, 0x4F, 0x86):
        m.write(MOVING, value)
    m.read(MOVING)
    assert [[f.name for f in event.fields] for event in m.trace] == [
        ["C", "low.A", "MODE"],
        ["C", "high.A", "high.T0", "high.T1", "MODE"],
        ["C", "MODE"],
        ["C", "MODE"],
    ]
    assert str(m.trace[1]) == "write      M  0x7 → 0x4f  (high.T0 0→1, MODE 0→1)"


def test_a_bit_that_one_layout_has_is_kept_in_every_one() -> None:
    m = Moving([MOVING], Facts())
    for value in range(256):
        m.write(MOVING, value)
        assert m.read(MOVING) == value & ~0x20


@given(words)
def test_what_has_a_reset_in_one_layout_has_it_in_all(filler: int) -> None:
    m = Moving([MOVING], Facts(), unknown=filler)
    assert m.peek(MOVING) == 1 | filler & 0xDC
