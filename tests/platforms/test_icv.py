"""A guest that uses system registers: acknowledge, priority drop, deactivate, preemption."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.platforms.interface import IDLE, IRQ, NONE, SPURIOUS, Interface

INVALID, PENDING, ACTIVE, BOTH = range(4)


def test_an_interrupt_is_acknowledged_and_ended() -> None:
    cpu = Interface()
    cpu.list(0, 34, 0x80)
    assert cpu.signalled() == IRQ
    assert cpu.ICV_HPPIR1_EL1() == 34
    assert cpu.ICV_IAR1_EL1() == 34
    assert (cpu.state(0), cpu.ICV_RPR_EL1(), cpu.signalled()) == (ACTIVE, 0x80, NONE)
    cpu.ICV_EOIR1_EL1(34)
    assert (cpu.state(0), cpu.ICV_RPR_EL1()) == (INVALID, IDLE)
    assert cpu.ICV_IAR1_EL1() == SPURIOUS


@pytest.mark.parametrize("lrs", [1, 2, 15, 16])
def test_the_highest_priority_goes_first_wherever_it_is_listed(lrs: int) -> None:
    for best in range(lrs):
        cpu = Interface(lrs)
        for lr in range(lrs):
            cpu.list(lr, 100 + lr, 0x40 if lr == best else 0x48)
        assert cpu.ICV_IAR1_EL1() == 100 + best
    cpu = Interface(lrs)
    for lr in range(lrs):
        cpu.list(lr, 100 + lr)
    assert cpu.ICV_IAR1_EL1() == 100


def test_a_list_register_that_is_not_there_is_not_looked_at() -> None:
    cpu = Interface(lrs=2)
    cpu.list(2, 34)
    assert cpu.ICV_IAR1_EL1() == SPURIOUS


def test_each_group_is_acknowledged_by_its_own_register() -> None:
    cpu = Interface()
    cpu.list(0, 40, 0x40, group=0)
    cpu.list(1, 41, 0x80, group=1)
    assert (cpu.ICV_HPPIR0_EL1(), cpu.ICV_HPPIR1_EL1()) == (40, SPURIOUS)
    assert cpu.ICV_IAR1_EL1() == SPURIOUS
    assert cpu.ICV_IAR0_EL1() == 40
    assert cpu.active == ([1 << 8, 0, 0, 0], [0, 0, 0, 0])


@pytest.mark.parametrize("group", [0, 1])
def test_a_group_that_is_disabled_is_passed_over(group: int) -> None:
    cpu = Interface(**{f"VENG{group}": 0})
    cpu.list(0, 40, 0x40, group=group)
    cpu.list(1, 41, 0x80, group=1 - group)
    acknowledge = (cpu.ICV_IAR1_EL1, cpu.ICV_IAR0_EL1)
    assert acknowledge[1 - group]() == SPURIOUS
    assert acknowledge[group]() == 41


@pytest.mark.parametrize(
    ("mask", "priority", "signalled"),
    [(0x80, 0x78, True), (0x80, 0x80, False), (0x80, 0x88, False), (0x00, 0x00, False)],
)
def test_the_mask_lets_higher_priorities_through(mask: int, priority: int, signalled: bool) -> None:
    cpu = Interface()
    cpu.write_ICV_PMR_EL1(mask)
    cpu.list(0, 34, priority)
    assert cpu.signalled() == (IRQ if signalled else NONE)
    # What is masked is still what is pending.
    assert cpu.ICV_HPPIR1_EL1() == 34
    assert cpu.ICV_IAR1_EL1() == (34 if signalled else SPURIOUS)


@pytest.mark.parametrize(
    ("bits", "point", "running", "pending", "preempts"),
    [
        # The finest binary point: every priority level preempts.
        (5, 3, 0x80, 0x78, True),
        (5, 3, 0x80, 0x80, False),
        (6, 2, 0x80, 0x7C, True),
        (7, 1, 0x80, 0x7E, True),
        (7, 1, 0x7E, 0x7E, False),
        # [7:4] count.
        (5, 4, 0x80, 0x78, True),
        (5, 4, 0x78, 0x70, False),
        (5, 4, 0x78, 0x68, True),
        # Only [7] counts.
        (5, 7, 0xF0, 0x80, False),
        (5, 7, 0x80, 0x78, True),
    ],
)
def test_the_binary_point_says_what_preempts(
    bits: int, point: int, running: int, pending: int, preempts: bool
) -> None:
    cpu = Interface(bits=bits)
    cpu.write_ICV_BPR1_EL1(point)
    cpu.list(0, 40, running)
    assert cpu.ICV_IAR1_EL1() == 40
    cpu.list(1, 41, pending)
    assert cpu.ICV_IAR1_EL1() == (41 if preempts else SPURIOUS)


@pytest.mark.parametrize(
    ("bits", "priority", "register", "bit"),
    [
        *[(5, 0x00, 0, 0), (5, 0x08, 0, 1), (5, 0xF0, 0, 30)],
        *[(6, 0x7C, 0, 31), (6, 0x80, 1, 0), (6, 0xF8, 1, 30)],
        *[(7, 0x3E, 0, 31), (7, 0x40, 1, 0), (7, 0x80, 2, 0), (7, 0xC2, 3, 1), (7, 0xFC, 3, 30)],
    ],
)
@pytest.mark.parametrize("group", [0, 1])
def test_each_preemption_level_has_a_bit(
    bits: int, priority: int, register: int, bit: int, group: int
) -> None:
    cpu = Interface(bits=bits)
    cpu.list(0, 40, priority, group=group)
    assert (cpu.ICV_IAR1_EL1 if group else cpu.ICV_IAR0_EL1)() == 40
    expected = [[0] * 4, [0] * 4]
    expected[group][register] = 1 << bit
    assert list(cpu.active) == expected
    assert cpu.ICV_RPR_EL1() == priority


@pytest.mark.parametrize(("bits", "lowest"), [(5, 0xF8), (6, 0xFC), (7, 0xFE)])
def test_the_lowest_priority_is_never_signalled(bits: int, lowest: int) -> None:
    cpu = Interface(bits=bits)
    cpu.list(0, 40, lowest)
    assert (cpu["ICH_VMCR_EL2.VPMR"], cpu.signalled()) == (lowest, NONE)


def test_with_eoimode_0_the_end_deactivates() -> None:
    cpu = Interface()
    cpu.list(0, 34)
    cpu.ICV_IAR1_EL1()
    cpu.ICV_DIR_EL1(34)
    assert cpu.state(0) == ACTIVE
    cpu.ICV_EOIR1_EL1(34)
    assert cpu.state(0) == INVALID


def test_with_eoimode_1_the_end_drops_the_priority_and_dir_deactivates() -> None:
    cpu = Interface()
    cpu.write_ICV_CTLR_EL1(2)
    cpu.list(0, 34)
    cpu.ICV_IAR1_EL1()
    cpu.ICV_EOIR1_EL1(34)
    assert (cpu.state(0), cpu.ICV_RPR_EL1()) == (ACTIVE, IDLE)
    # Another of the same priority may come now.
    cpu.list(1, 35)
    assert cpu.ICV_IAR1_EL1() == 35
    cpu.ICV_DIR_EL1(34)
    assert (cpu.state(0), cpu.state(1), cpu.ICV_RPR_EL1()) == (INVALID, ACTIVE, 0x80)


def test_what_became_pending_again_stays_pending() -> None:
    cpu = Interface()
    cpu.list(0, 34)
    cpu.ICV_IAR1_EL1()
    cpu["ICH_LR0_EL2.State"] = BOTH
    # Active and pending is not pending: it is not signalled.
    assert cpu.ICV_IAR1_EL1() == SPURIOUS
    cpu.ICV_EOIR1_EL1(34)
    assert cpu.state(0) == PENDING
    assert cpu.ICV_IAR1_EL1() == 34


@pytest.mark.parametrize("physical", [27, 32, 63, 64, 700, 1019])
def test_a_hardware_interrupt_is_deactivated_with_its_virtual_one(physical: int) -> None:
    cpu = Interface()
    for other in (26, 28, 33, 62, 65, 701):
        cpu.gic_activate(other)
    cpu.gic_activate(physical)
    cpu.list(0, 34, hw=physical)
    cpu.ICV_IAR1_EL1()
    assert cpu.gic_active(physical)
    cpu.ICV_EOIR1_EL1(34)
    assert not cpu.gic_active(physical)
    assert all(cpu.gic_active(other) for other in (26, 28, 33, 62, 65, 701))


@pytest.mark.parametrize("physical", [1020, 1023, 1024, 8191])
def test_there_is_no_physical_interrupt_of_a_special_number(physical: int) -> None:
    cpu = Interface()
    cpu.gic_activate(physical)
    assert not cpu.gic_active(physical)
    cpu.list(0, 34, hw=physical)
    cpu.ICV_IAR1_EL1()
    cpu.ICV_EOIR1_EL1(34)
    assert cpu.state(0) == INVALID


def test_an_interrupt_of_software_deactivates_nothing_else() -> None:
    cpu = Interface()
    cpu.gic_activate(512)
    # Bit 9 of pINTID asks for a maintenance interrupt here, and 512 is bit 9.
    cpu.list(0, 34, eoi=1)
    cpu.ICV_IAR1_EL1()
    cpu.ICV_EOIR1_EL1(34)
    assert cpu.gic_active(512)
    assert cpu["ICH_EISR_EL2"] == 1
    assert cpu["ICH_ELRSR_EL2"] == 0b1110


@pytest.mark.parametrize(
    ("control", "write", "counted"),
    [
        (0, "ICV_EOIR1_EL1", 1),
        (2, "ICV_EOIR1_EL1", 0),
        (0, "ICV_DIR_EL1", 0),
        (2, "ICV_DIR_EL1", 1),
    ],
)
def test_a_deactivation_that_finds_no_list_register_is_counted(
    control: int, write: str, counted: int
) -> None:
    cpu = Interface()
    cpu.write_ICV_CTLR_EL1(control)
    cpu.list(0, 34)
    cpu.ICV_IAR1_EL1()
    # The hypervisor needs the list register for something else.
    cpu["ICH_LR0_EL2"] = 0
    getattr(cpu, write)(34)
    assert cpu["ICH_HCR_EL2.EOIcount"] == counted
    assert (cpu.ICV_RPR_EL1() == IDLE) == write.startswith("ICV_EOIR")


def test_the_count_of_deactivations_has_five_bits() -> None:
    cpu = Interface()
    cpu.write_ICV_CTLR_EL1(2)
    for _ in range(33):
        cpu.ICV_DIR_EL1(34)
    assert cpu["ICH_HCR_EL2"] == 1 << 27 | 1


def test_an_end_with_nothing_active_does_nothing() -> None:
    cpu = Interface()
    cpu.list(0, 34, state=ACTIVE)
    cpu.ICV_EOIR1_EL1(34)
    cpu.ICV_EOIR1_EL1(35)
    assert (cpu.state(0), cpu["ICH_HCR_EL2.EOIcount"]) == (ACTIVE, 0)


@pytest.mark.parametrize("special", [1020, 1021, 1022, 1023])
def test_special_numbers_end_nothing(special: int) -> None:
    cpu = Interface()
    cpu.list(0, 34)
    cpu.ICV_IAR1_EL1()
    cpu.ICV_EOIR1_EL1(special)
    cpu.write_ICV_CTLR_EL1(2)
    cpu.ICV_DIR_EL1(special)
    assert (cpu.state(0), cpu.ICV_RPR_EL1(), cpu["ICH_HCR_EL2.EOIcount"]) == (ACTIVE, 0x80, 0)


def test_an_end_of_another_group_or_priority_leaves_the_interrupt_active() -> None:
    for group, ends in ((0, "ICV_EOIR1_EL1"), (1, "ICV_EOIR0_EL1")):
        cpu = Interface()
        cpu.list(0, 34, group=group)
        (cpu.ICV_IAR1_EL1 if group else cpu.ICV_IAR0_EL1)()
        getattr(cpu, ends)(34)
        assert (cpu.state(0), cpu.ICV_RPR_EL1()) == (ACTIVE, IDLE)
    cpu = Interface()
    cpu.list(0, 34, 0x80)
    cpu.ICV_IAR1_EL1()
    cpu.list(1, 35, 0x40)
    cpu.ICV_IAR1_EL1()
    cpu.ICV_EOIR1_EL1(34)
    assert (cpu.state(0), cpu.state(1), cpu.ICV_RPR_EL1()) == (ACTIVE, ACTIVE, 0x80)


def test_each_group_has_active_priorities_of_its_own() -> None:
    cpu = Interface()
    steps = [(1, 0xE0), (0, 0xC0), (1, 0xA0), (0, 0x80)]
    found = []
    for lr, (group, priority) in enumerate(steps):
        found.append(cpu.active)
        cpu.list(lr, 40 + lr, priority, group)
        assert (cpu.ICV_IAR1_EL1 if group else cpu.ICV_IAR0_EL1)() == 40 + lr
    assert cpu.active == ([1 << 24 | 1 << 16, 0, 0, 0], [1 << 28 | 1 << 20, 0, 0, 0])
    for lr, (group, _) in reversed([*enumerate(steps)]):
        (cpu.ICV_EOIR1_EL1 if group else cpu.ICV_EOIR0_EL1)(40 + lr)
        assert (cpu.active, cpu.state(lr)) == (found[lr], INVALID)


def test_where_both_groups_have_a_priority_group_0s_is_dropped() -> None:
    cpu = Interface()
    cpu["ICH_AP0R0_EL2"] = cpu["ICH_AP1R0_EL2"] = 1 << 16
    cpu.ICV_EOIR1_EL1(34)
    assert cpu.active == ([0] * 4, [1 << 16, 0, 0, 0])


@pytest.mark.parametrize("split", [0, 2])
def test_an_lpi_that_is_listed_needs_no_deactivation_of_its_own(split: int) -> None:
    cpu = Interface()
    cpu.write_ICV_CTLR_EL1(split)
    cpu.list(0, 8192)
    assert cpu.ICV_IAR1_EL1() == 8192
    cpu.ICV_DIR_EL1(8192)
    assert cpu.state(0) == ACTIVE
    cpu.ICV_EOIR1_EL1(8192)
    assert (cpu.state(0), cpu["ICH_HCR_EL2.EOIcount"]) == (INVALID, 0)


def test_a_special_number_in_a_list_register_is_returned_and_leaves() -> None:
    cpu = Interface()
    cpu.list(0, 1021)
    assert cpu.ICV_IAR1_EL1() == 1021
    assert (cpu.state(0), cpu.ICV_RPR_EL1()) == (INVALID, IDLE)


@pytest.mark.parametrize(("idbits", "shown"), [(0, 0x3456), (1, 0x123456)])
def test_an_intid_has_the_bits_that_are_implemented(idbits: int, shown: int) -> None:
    cpu = Interface()
    cpu.poke("ICH_VTR_EL2", cpu["ICH_VTR_EL2"] | idbits << 23)
    cpu.list(0, 0xFF123456)
    assert cpu.ICV_HPPIR1_EL1() == shown
    assert cpu.ICV_IAR1_EL1() == shown
    cpu.ICV_EOIR1_EL1(0xAB000000 | shown)
    assert cpu.state(0) == INVALID


@settings(max_examples=40, deadline=None)
@given(
    bits=st.integers(5, 7),
    points=st.tuples(st.integers(0, 6), st.integers(0, 7)),
    control=st.integers(0, 3),
    interrupts=st.lists(st.tuples(st.integers(0, 254), st.integers(0, 1)), max_size=16),
    choices=st.randoms(use_true_random=False),
)
def test_nested_interrupts_end_in_reverse_order(
    bits: int,
    points: tuple[int, int],
    control: int,
    interrupts: list[tuple[int, int]],
    choices: object,
) -> None:
    """Whenever the guest acknowledges, and ends the last: in the end all is as at the beginning."""
    cpu = Interface(16, bits)
    cpu.write_ICV_BPR0_EL1(points[0])
    cpu.write_ICV_BPR1_EL1(points[1])
    cpu.write_ICV_CTLR_EL1(control)
    for lr, (priority, group) in enumerate(interrupts):
        cpu.list(lr, 100 + lr, priority, group)
    running: list[tuple[int, int]] = []
    while True:
        came = None
        if not running or choices.random() < 0.6:  # type: ignore[attr-defined]
            for group, acknowledge in enumerate((cpu.ICV_IAR0_EL1, cpu.ICV_IAR1_EL1)):
                before = cpu.ICV_RPR_EL1()
                intid = acknowledge()
                if intid != SPURIOUS:
                    came = (group, intid)
                    assert cpu.ICV_RPR_EL1() < before
                    break
        if came:
            running.append(came)
            # Each of those that run has a bit of its own, in its own group's registers.
            bits_set = [sum(word.bit_count() for word in words) for words in cpu.active]
            assert bits_set == [sum(g == group for g, _ in running) for group in (0, 1)]
        elif running:
            group, intid = running.pop()
            (cpu.ICV_EOIR1_EL1 if group else cpu.ICV_EOIR0_EL1)(intid)
            if control & 2:
                cpu.ICV_DIR_EL1(intid)
        else:
            break
    assert cpu.active == ([0] * 4, [0] * 4)
    assert cpu.ICV_RPR_EL1() == IDLE
    assert cpu["ICH_HCR_EL2.EOIcount"] == 0
    masked = cpu["ICH_VMCR_EL2.VPMR"]
    left = [lr for lr in range(16) if cpu.state(lr)]
    assert all(cpu[f"ICH_LR{lr}_EL2.Priority"] >= masked for lr in left)
    assert not any(cpu.state(lr) & ACTIVE for lr in range(16))
