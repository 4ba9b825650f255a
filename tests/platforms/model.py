"""A virtual CPU interface in plain Python, written from the register pages, to compare with.

Nothing is encoded here: interrupts are objects, and what is active is a set of priorities.
"""

from __future__ import annotations

from dataclasses import dataclass, field

SPECIAL = range(1020, 1024)
FIRST_LPI = 8192


@dataclass
class Interrupt:
    """What a list register holds, or what the redistributor presents."""

    intid: int
    priority: int
    group: int
    pending: bool = True
    active: bool = False
    physical: int | None = None
    direct: bool = False


@dataclass
class Model:
    """The state that a guest's accesses see and change."""

    bits: int = 5
    #: A guest that uses memory: both groups share what is active, and an SGI names its sender.
    memory: bool = False
    slots: list[Interrupt | None] = field(default_factory=lambda: [None] * 4)
    direct: Interrupt | None = None
    mask: int = 0xF8
    points: list[int] = field(default_factory=lambda: [2, 3])
    enabled: list[bool] = field(default_factory=lambda: [True, True])
    common: bool = False
    split: bool = False
    ack_control: bool = False
    on: bool = True
    #: Active priorities, each with the group that it is remembered for.
    active: set[tuple[int, int]] = field(default_factory=set)
    unlisted: int = 0
    physical: set[int] = field(default_factory=set)

    def group_priority(self, interrupt: Interrupt) -> int:
        """Without the bits below the binary point; Group 1's own is one more than it says."""
        if interrupt.group == 1 and not self.common:
            below = self.points[1]
        else:
            below = self.points[0] + 1
        return interrupt.priority >> below << below

    def running(self) -> int:
        return min((priority for priority, _ in self.active), default=0xFF)

    def highest(self) -> Interrupt | None:
        listed = [i for i in self.slots if i and i.pending and not i.active]
        if self.direct and self.on:
            listed.append(self.direct)
        listed = [i for i in listed if self.enabled[i.group] and i.priority != 0xFF]
        return min(listed, key=lambda i: i.priority, default=None)

    def signalled(self) -> Interrupt | None:
        """The highest one, if the mask and what is running let it through."""
        found = self.highest()
        if found is None or not self.on or found.priority >= self.mask:
            return None
        if self.active:
            running = Interrupt(0, self.running(), found.group)
            if self.group_priority(found) >= self.group_priority(running):
                return None
        return found

    def shown(self, interrupt: Interrupt) -> int:
        if not self.memory or interrupt.direct:
            return interrupt.intid
        return interrupt.intid & (0x3FF if interrupt.physical is not None else 0x1FFF)

    def acknowledge(self, groups: set[int], otherwise: int = 1023) -> int:
        found = self.signalled()
        if found is None:
            return 1023
        if found.group not in groups:
            return otherwise
        self.active.add((self.group_priority(found), 1 if self.memory else found.group))
        found.pending = False
        if found.direct:
            self.direct = None
        else:
            found.active = True
        return self.shown(found)

    def look(self, groups: set[int], otherwise: int = 1023, *, masked: bool = True) -> int:
        found = self.highest() if masked else self.signalled()
        if found is None:
            return 1023
        return self.shown(found) if found.group in groups else otherwise

    def listed(self, intid: int) -> Interrupt | None:
        bits = 0x1FFF if self.memory else 0xFFFF
        for interrupt in self.slots:
            if interrupt and interrupt.active and interrupt.intid & bits == intid:
                return interrupt
        return None

    def end(self, intid: int, groups: set[int]) -> None:
        if intid in SPECIAL:
            return
        found = self.listed(intid)
        at_running = found is not None and self.group_priority(found) == self.running()
        if self.memory and found and found.group not in groups and at_running:
            return
        if not self.active:
            return
        # Group 0 first where both have it.
        self.active.remove(min(self.active))
        if found is None:
            self.unlisted += not self.split and intid < FIRST_LPI
        elif found.group in groups and at_running and (not self.split or intid >= FIRST_LPI):
            self.finish(found)

    def deactivate(self, intid: int) -> None:
        if not self.split or intid in SPECIAL or intid >= FIRST_LPI:
            return
        found = self.listed(intid)
        if found is None:
            self.unlisted += 1
        else:
            self.finish(found)

    def finish(self, interrupt: Interrupt) -> None:
        interrupt.active = False
        if interrupt.physical is not None:
            self.physical.discard(interrupt.physical)
        if not interrupt.pending:
            self.slots[self.slots.index(interrupt)] = None

    def set_point(self, group: int, value: int) -> None:
        self.points[group] = max(value & 7, 7 - self.bits + group)

    def set_mask(self, value: int) -> None:
        self.mask = value & 0xFF & ~((1 << (8 - self.bits)) - 1)
