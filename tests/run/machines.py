"""A machine to put single accesses to, and all that can come out of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cache

from dsl.ir.platform import Barrier, BarrierKind
from dsl.ir.program import Program
from dsl.run.choices import Choices, explore
from dsl.run.env import Look
from dsl.run.events import Event, Kind
from dsl.run.execute import Executor
from dsl.run.hazards import Hazards
from dsl.run.machine import Machine
from dsl.run.registers import Element
from tests.resolve.helpers import program as resolved

#: More than any example here can have; `outcomes` fails where it does not reach the end.
MOST = 20_000


@cache
def program(text: str) -> Program:
    return resolved(text)


def barrier(text: str) -> Barrier:
    """``dsb(sy)`` as a barrier."""
    kind, _, option = text.rstrip(")").partition("(")
    return Barrier(BarrierKind(kind), option)


class Bench:
    """One machine of a program, whose registers are accessed by name."""

    def __init__(self, text: str, choices: Choices | None = None) -> None:
        self.program = program(text)
        self.span = self.program.modules[0].registers[0].span
        self.machine = Machine(self.program, choices or Choices())
        self.executor = Executor(self.machine)
        self.hazards = Hazards(self.machine)
        self.machine.watch = self.hazards.watch

    def element(self, name: str) -> Element:
        return self.machine.elements[name]

    def write(self, name: str, value: int) -> None:
        """By software."""
        self.machine.write(self.element(name), value, self.span)

    def read(self, name: str) -> int:
        """By software."""
        return self.machine.read(self.element(name), self.span)

    def see(self, name: str, who: str = "hardware") -> int:
        return self.machine.look(self.element(name), Look(who), self.span)

    def change(self, name: str, value: int, who: str = "hardware", mask: int = -1) -> None:
        element = self.element(name)
        self.machine.change(element, mask & element.ones, value, who, self.span)

    def permitted(self, name: str, who: str = "hardware") -> list[int]:
        element = self.element(name)
        return self.machine.permitted(element, Look(who), element.ones)

    def barriers(self, *texts: str) -> None:
        for text in texts:
            self.machine.barrier(barrier(text), self.span, "")

    def events(self, *kinds: Kind) -> list[Event]:
        return [e for e in self.machine.trace.events if e.kind in kinds]

    @property
    def said(self) -> list[str]:
        """What the hazards say."""
        return [f"{e.what.split(',')[0]}: {e.why}" for e in self.events(Kind.HAZARD)]


def outcomes(text: str, body: Callable[[Bench], Hashable]) -> list[Hashable]:
    """What a body gives, for each combination of choices; the benign one first."""
    runs = list(explore(lambda choices: body(Bench(text, choices)), MOST))
    assert len(runs) < MOST
    return [result for result, _ in runs]
