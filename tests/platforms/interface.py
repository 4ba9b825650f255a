"""One CPU with a virtual CPU interface: registers by name, operations as calls."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import dsl
from dsl.ir.expr import Call, Const
from dsl.ir.program import Program
from dsl.run.choices import Choices
from dsl.run.env import Env
from dsl.run.execute import Executor
from dsl.run.machine import Machine
from dsl.run.registers import Element, bits
from dsl.run.visibility import HARDWARE

ROOT = Path(__file__).resolve().parent.parent.parent
NONE, IRQ, FIQ = 0, 1, 2
SPURIOUS, GROUP1_PENDING, IDLE = 1023, 1022, 0xFF


@cache
def program() -> Program:
    """The platform files, both kinds of guest."""
    guest = Path(__file__).with_name("guest.vgs")
    return dsl.load(guest, roots=[ROOT / "sequences"]).program


class Interface:
    """A CPU whose guest has everything enabled: both groups, and no mask.

    What somebody writes is in force at once: what must come before what is tested elsewhere.
    """

    def __init__(self, lrs: int = 4, bits: int = 5, *, sre: bool = True, **vmcr: int) -> None:
        self.machine = Machine(program(), Choices())
        self.machine.trace.on = False
        self.executor = Executor(self.machine)
        self.poke("ICH_VTR_EL2", lrs - 1 | (bits - 1) << 26 | (bits - 1) << 29 | 1 << 19)
        self["ICC_SRE_EL2"] = 9
        self["ICC_SRE_EL1"] = int(sre)
        self["ICH_HCR_EL2"] = 1
        self["ICH_VMCR_EL2"] = 0
        for field, value in {"VPMR": 0xFF, "VENG0": 1, "VENG1": 1, **vmcr}.items():
            self[f"ICH_VMCR_EL2.{field}"] = value

    def __getattr__(self, name: str) -> Any:
        """An operation: what the guest does, or what the interface says.

        Raises `Trapped` where it does not happen.
        """
        signature = program().operations[name].signature

        def call(*arguments: int) -> int | None:
            given = tuple(
                Const(value, param.type, signature.span)
                for param, value in zip(signature.params, arguments, strict=True)
            )
            asked = Call(name, given, False, signature.result, signature.span)
            result = self.executor.call(asked, Env(who=HARDWARE))
            self.machine.settle()
            return result

        return call

    def _place(self, place: str) -> tuple[Element, int, int]:
        """An element, with the lowest bit and the mask of the field that is meant."""
        name, _, field = place.partition(".")
        element = self.machine.elements[name]
        if not field:
            return element, 0, element.ones
        (found,) = [f for f in element.register.fields if f.name == field]
        return element, *bits(found, None)

    def __getitem__(self, place: str) -> int:
        """A register, or one field of it, without accessing it."""
        element, low, mask = self._place(place)
        return (self.machine.newest(element) & mask) >> low

    def __setitem__(self, place: str, value: int) -> None:
        """A write, as software makes it: the whole register, or one field of it."""
        element, low, mask = self._place(place)
        whole = self.machine.newest(element) & ~mask | value << low
        self.machine.write(element, whole, element.register.span)
        self.machine.settle()

    def poke(self, name: str, value: int) -> None:
        """Read-only registers too."""
        self.machine.poke(self.machine.elements[name], value)

    def everything(self) -> dict[str, int]:
        """The value of each register."""
        return {name: self[name] for name in self.machine.elements}

    def list(
        self,
        lr: int,
        intid: int,
        priority: int = 0x80,
        group: int = 1,
        *,
        state: int = 1,
        hw: int | None = None,
        eoi: int = 0,
    ) -> None:
        """Puts an interrupt into a list register; it stands for physical interrupt ``hw``."""
        value = intid | priority << 48 | group << 60 | state << 62 | eoi << 41
        if hw is not None:
            value |= hw << 32 | 1 << 61
        self[f"ICH_LR{lr}_EL2"] = value

    def state(self, lr: int) -> int:
        """0 invalid, 1 pending, 2 active, 3 both."""
        return self[f"ICH_LR{lr}_EL2"] >> 62

    @property
    def active(self) -> tuple[list[int], list[int]]:
        """The active-priority registers of both groups."""
        groups = [[self[f"ICH_AP{g}R{n}_EL2"] for n in range(4)] for g in (0, 1)]
        return groups[0], groups[1]
