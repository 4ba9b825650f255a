"""What an owner is owed, and what others find instead: state that is lost, or leaks."""

from __future__ import annotations

from dataclasses import dataclass

from dsl.diagnostics.base import Diagnostic
from dsl.diagnostics.proofs import StateLeaks, StateLost
from dsl.ir.shapes import Slot
from dsl.run.env import Look, wrapped
from dsl.run.registers import Element, changes
from dsl.run.visibility import HARDWARE
from dsl.run.world import owner_of
from dsl.source import Span
from dsl.verify.explicit.lines import owned_slot
from dsl.verify.explicit.recording import Recorder
from dsl.verify.explicit.sampling import Sampler
from dsl.verify.owned import PATTERNS, Mirror, Owned


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something that is wrong for certain, where, and the line of a scenario that shows it."""

    kind: type[Diagnostic]
    rule: str
    span: Span
    message: str
    line: str
    seen: str
    function: str = ""


class Owing:
    """Compares what somebody finds with what the owner is owed; ``wrong`` is what differs."""

    def __init__(self, machine: Recorder, sampler: Sampler, owned: Owned) -> None:
        self.machine, self.sampler, self.owned = machine, sampler, owned
        self.wrong: list[Wrong] = []

    def look(
        self, element: Element, mask: int, who: str, actor: str, phase: str, span: Span
    ) -> None:
        """Somebody looks at a register: he surely finds the newest, and what is the owner's.

        ``actor`` is who would say in a scenario what is seen.
        """
        machine = self.machine
        mirrors = self.owned.concerned(element, phase)
        if element.name not in machine.touched and not any(
            m.key in self.sampler.owed for m in mirrors
        ):
            # It is as it was at the start, and nobody is owed anything else.
            return
        machine.looked(element, Look(who), span, mask, actor)
        value = machine.cell(element).settled
        for mirror in mirrors:
            if mirror.key in self.sampler.owed:
                wanted = self._legal(element, self.sampler.owed[mirror.key])
                if (value ^ wanted) & mask:
                    line, seen = self._shows(element, actor, wanted & mask, value & mask)
                    what = f"{_who(who)} does not find in {element.name} what is in {mirror.name}"
                    self.wrong.append(
                        Wrong(StateLost, mirror.name, span, f"{what}: {seen}", line, seen)
                    )
                    # What comes of it is no other fault: from here on this is the owner's.
                    self.sampler.owed[mirror.key] = wrapped(
                        mirror.slot.type, wanted & ~mask | value & mask
                    )
            elif value & element.stored and not self._constant(element, value):
                line, seen = self._shows(element, actor, 0, value)
                what = f"{_who(who)} finds in {element.name} what nobody gave it"
                self.wrong.append(
                    Wrong(StateLeaks, mirror.name, span, f"{what}: {seen}", line, seen)
                )

    def _constant(self, element: Element, value: int) -> bool:
        """Whether a value is none of those that others give: these agree in most of their bits."""
        few = element.stored.bit_count() // 4
        return all(
            ((pattern + index ^ value) & element.stored).bit_count() > few
            for pattern in PATTERNS
            for index in range(max(1, element.register.count))
        )

    def _legal(self, element: Element, value: int) -> int:
        """What a register holds after a write of a value, as things are now."""
        look = Look(HARDWARE, None, value, newest=True)
        legal = self.machine._legalised(element, value, element.ones, look, element.register.span)
        kept = self.machine.newest(element) & ~element.writable
        return legal & element.writable | kept

    def _shows(self, element: Element, actor: str, wanted: int, found: int) -> tuple[str, str]:
        """The line of a scenario that shows a wrong value, and the values in words."""
        fields = changes(element.register, wanted, found)
        name, want, got = fields[0] if fields else ("", hex(wanted), hex(found))
        place = f"{element.name}.{name}" if name else element.name
        return f"{actor} {{ assert {place} == {want} }}", f"{place} is {got}, and not {want}"

    def slot_read(self, slot: Slot, span: Span) -> None:
        """The host takes the value of a slot, or all that an array has."""
        for key in [k for k in self.sampler.owed if k[0] == slot.name]:
            self.read_out(self.owned.by_place[key], span)

    def read_out(self, mirror: Mirror, span: Span) -> None:
        """The host takes the value of a slot: it should be what the owner is owed."""
        world = self.machine.world
        value = world.load(owner_of(mirror.slot.root), mirror.slot, mirror.index)
        owed = self.sampler.owed[mirror.key]
        element = self.machine.elements[mirror.element]
        if value == owed or self._legal(element, value) == self._legal(element, owed):
            return
        fields = changes(element.register, owed, value)
        name, want, got = fields[0] if fields else ("", hex(owed), hex(value))
        place = f"{mirror.name}.{name}" if name else mirror.name
        seen = f"{place} is {got}, and not {want}"
        what = f"the host does not find in {mirror.name} what {element.name} held: {seen}"
        line = f"expect {owned_slot(mirror.slot)}{place} == {want}"
        self.wrong.append(Wrong(StateLost, mirror.name, span, what, line, seen))

    def handed_over(self, span: Span) -> None:
        """The owner leaves the CPU: from here on only memory has what is its own."""
        for key in list(self.sampler.owed):
            self.read_out(self.owned.by_place[key], span)


def _who(who: str) -> str:
    return "the guest" if who == HARDWARE else who
