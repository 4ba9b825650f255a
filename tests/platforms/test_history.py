"""Guests that do anything at all: after every access, the interface is as the model says."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.platforms.interface import FIQ, IRQ, NONE, Interface
from tests.platforms.model import Interrupt, Model

LRS = 5
#: Small sets, so that histories meet the same interrupts and priorities again.
INTIDS = st.sampled_from([3, 4, 27, 28, 34, 35, 36, 1019, 1022, 8192, 9000])
SOURCES = st.sampled_from([0, 0, 1, 5])
PRIORITIES = st.sampled_from([0x00, 0x08, 0x0A, 0x10, 0x40, 0x44, 0x48, 0x80, 0xA0, 0xF8, 0xFF])
BYTES = st.integers(0, 255)
GROUPS = st.integers(0, 1)


#: How often who does what, and with what.  Mostly what a guest does: interrupts shall nest.
STEPS: dict[str, tuple[int, tuple[st.SearchStrategy[object], ...]]] = {
    "list": (
        12,
        (
            st.integers(0, LRS - 1),
            INTIDS,
            SOURCES,
            PRIORITIES,
            GROUPS,
            st.sampled_from([None, None, 20, 40, 700]),
        ),
    ),
    "urgent": (9, (INTIDS, GROUPS, st.integers(0, 0x40))),
    "present": (2, (PRIORITIES, GROUPS)),
    "on": (1, (st.sampled_from([True, True, True, False]),)),
    "acknowledge": (20, (GROUPS,)),
    "end_last": (9, ()),
    "end": (2, (GROUPS, INTIDS)),
    "deactivate": (1, (INTIDS,)),
    "deactivate_last": (2, ()),
    "again": (2, (st.integers(0, LRS - 1),)),
    "look": (2, (GROUPS,)),
    "mask": (1, (st.one_of(st.just(0xFF), BYTES),)),
    "point": (1, (GROUPS, st.one_of(st.just(0), BYTES))),
    "control": (2, (st.integers(0, 7),)),
    "enable": (1, (GROUPS, st.sampled_from([1, 1, 1, 0]))),
}
KINDS = st.sampled_from([kind for kind, (weight, _) in STEPS.items() for _ in range(weight)])


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[object, ...]]:
    kinds = ["list"] * LRS + draw(st.lists(KINDS, min_size=25, max_size=45))
    return [(kind, *(draw(each) for each in STEPS[kind][1])) for kind in kinds]


class Pair:
    """The same guest twice: on the platform files, and on the model."""

    def __init__(self, bits: int, memory: bool) -> None:
        self.memory = memory
        self.real = Interface(LRS, bits, sre=not memory)
        self.model = Model(bits, memory, [None] * LRS)
        self.model.set_mask(0xFF)
        for group in (0, 1):
            self.model.set_point(group, 0)
        self.acknowledged: list[tuple[int, int]] = []

    # ---- the host

    def list(
        self, lr: int, intid: int, source: int, priority: int, group: int, hw: int | None
    ) -> None:
        # Two list registers with one INTID are UNPREDICTABLE, and so is a special one.
        bits = 0x1FFF if self.memory else 0xFFFF
        if intid == 1022 or (self.memory and intid > 1022):
            intid = 50
        if self.memory and intid < 16 and hw is None:
            intid |= source << 10
        others = [i.intid & bits for n, i in enumerate(self.model.slots) if i and n != lr]
        if intid & bits in others:
            return
        priority &= 0xFF << (8 - self.model.bits)
        self.real.list(lr, intid, priority, group, hw=hw)
        self.model.slots[lr] = Interrupt(intid, priority & 0xFF, group, physical=hw)
        if hw is not None:
            self.real.gic_activate(hw)
            self.model.physical.add(hw)

    def urgent(self, intid: int, group: int, by: int) -> None:
        """Something more urgent than what runs comes, and is acknowledged."""
        free = [lr for lr, interrupt in enumerate(self.model.slots) if interrupt is None]
        if free:
            self.list(free[0], intid, 0, max(0, self.model.running() - by), group, None)
            self.acknowledge(group)

    def present(self, priority: int, group: int) -> None:
        self.real.vlpi_present(8200, priority, group)
        priority &= 0xFF & 0xFF << (8 - self.model.bits)
        self.model.direct = Interrupt(8200, priority, group, direct=True)

    def again(self, lr: int) -> None:
        """What is active becomes pending once more."""
        interrupt = self.model.slots[lr]
        if interrupt and interrupt.active:
            interrupt.pending = True
            self.real[f"ICH_LR{lr}_EL2.State"] = 3

    def on(self, on: bool) -> None:
        self.real["ICH_HCR_EL2.En"] = on
        self.model.on = on

    # ---- the guest

    def acknowledge(self, group: int) -> None:
        if self.memory:
            groups = {0, 1} if self.model.ack_control else {0}
            found = self.real.GICV_AIAR() if group else self.real.GICV_IAR()
            expected = (
                self.model.acknowledge({1}) if group else self.model.acknowledge(groups, 1022)
            )
        else:
            found = self.real.ICV_IAR1_EL1() if group else self.real.ICV_IAR0_EL1()
            expected = self.model.acknowledge({group})
        assert found == expected
        if found not in (1022, 1023):
            self.acknowledged.append((group, found))

    def end(self, group: int, intid: int) -> None:
        write: Callable[[int], None]
        groups = {group}
        if self.memory:
            write = self.real.GICV_AEOIR if group else self.real.GICV_EOIR
            if group == 0 and self.model.ack_control:
                groups = {0, 1}
        else:
            write = self.real.ICV_EOIR1_EL1 if group else self.real.ICV_EOIR0_EL1
        write(intid)
        self.model.end(intid & 0x1FFF if self.memory else intid, groups)

    def end_last(self) -> None:
        if self.acknowledged:
            group, intid = self.acknowledged.pop()
            self.end(group, intid)

    def deactivate(self, intid: int) -> None:
        (self.real.GICV_DIR if self.memory else self.real.ICV_DIR_EL1)(intid)
        self.model.deactivate(intid & 0x1FFF if self.memory else intid)

    def deactivate_last(self) -> None:
        active = [i for i in self.model.slots if i and i.active]
        if active:
            self.deactivate(self.model.shown(active[-1]))

    def look(self, group: int) -> None:
        if not self.memory:
            found = self.real.ICV_HPPIR1_EL1() if group else self.real.ICV_HPPIR0_EL1()
            assert found == self.model.look({group})
        elif group:
            assert self.real.GICV_AHPPIR() == self.model.look({1}, masked=False)
        else:
            groups = {0, 1} if self.model.ack_control else {0}
            assert self.real.GICV_HPPIR() == self.model.look(groups, 1022)

    def mask(self, value: int) -> None:
        (self.real.write_GICV_PMR if self.memory else self.real.write_ICV_PMR_EL1)(value)
        self.model.set_mask(value)

    def point(self, group: int, value: int) -> None:
        if self.memory:
            (self.real.write_GICV_ABPR if group else self.real.write_GICV_BPR)(value)
        else:
            (self.real.write_ICV_BPR1_EL1 if group else self.real.write_ICV_BPR0_EL1)(value)
        if self.memory or group == 0 or not self.model.common:
            self.model.set_point(group, value)

    def control(self, value: int) -> None:
        common, split, self.model.ack_control = value & 1 > 0, value & 2 > 0, value & 4 > 0
        self.model.common, self.model.split = common, split
        if self.memory:
            enabled = self.model.enabled
            self.real.write_GICV_CTLR(
                enabled[0] | enabled[1] << 1 | value & 4 | common << 4 | split << 9
            )
        else:
            self.real.write_ICV_CTLR_EL1(common | split << 1)

    def enable(self, group: int, value: int) -> None:
        self.model.enabled[group] = bool(value)
        if self.memory:
            old = self.real.read_GICV_CTLR()
            self.real.write_GICV_CTLR(old & ~(1 << group) | value << group)
        elif group:
            self.real.write_ICV_IGRPEN1_EL1(value)
        else:
            self.real.write_ICV_IGRPEN0_EL1(value)

    # ---- afterwards

    def compare(self) -> None:
        real, model = self.real, self.model
        for lr, interrupt in enumerate(model.slots):
            state = interrupt.pending + 2 * interrupt.active if interrupt else 0
            assert real.state(lr) == state, lr
        levels = [[0] * 4, [0] * 4]
        for priority, group in model.active:
            level = priority >> (8 - model.bits)
            levels[group][level // 32] |= 1 << level % 32
        assert list(real.active) == levels
        assert real["ICH_HCR_EL2.EOIcount"] == model.unlisted % 32
        running = real.GICV_RPR() if self.memory else real.ICV_RPR_EL1()
        assert running == model.running()
        assert [bool(real.gic_active(n)) for n in (20, 40, 700)] == [
            n in model.physical for n in (20, 40, 700)
        ]
        signalled = model.signalled()
        fiq = signalled is not None and signalled.group == 0 and not self.memory
        assert real.signalled() == (NONE if signalled is None else FIQ if fiq else IRQ)


@pytest.mark.parametrize("memory", [False, True], ids=["registers", "memory"])
@pytest.mark.parametrize("bits", [5, 6, 7])
@settings(max_examples=30, deadline=None)
@given(steps=histories())
def test_every_history_is_the_models(bits: int, memory: bool, steps: list[tuple]) -> None:
    pair = Pair(bits, memory)
    for step, *arguments in steps:
        getattr(pair, step)(*arguments)
        pair.compare()
