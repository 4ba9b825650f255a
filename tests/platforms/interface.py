"""One CPU with a virtual CPU interface: registers by name, operations as calls."""

from __future__ import annotations

import re
import tempfile
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import dsl
from dsl.machine import AssertionFailed

ROOT = Path(__file__).resolve().parent.parent.parent
NONE, IRQ, FIQ = 0, 1, 2
SPURIOUS, GROUP1_PENDING, IDLE = 1023, 1022, 0xFF


class Trapped(Exception):
    """The guest's access was taken to EL2; the message says why."""


class Undefined(Exception):
    """The guest's access is UNDEFINED; the message says why."""


@cache
def _simulator() -> ModuleType:
    with tempfile.TemporaryDirectory() as folder:
        for source in (ROOT / "sequences" / "platforms").glob("*.vgs"):
            text = re.sub(r"^operation ", "sequence ", source.read_text(), flags=re.MULTILINE)
            text = re.sub(r'\b(trap|undefined) "', r'fail "\1: ', text)
            target = Path(folder, "platforms", source.name)
            target.parent.mkdir(exist_ok=True)
            target.write_text(text)
        guest = Path(folder, "guest.vgs")
        guest.write_text(Path(__file__).with_name("guest.vgs").read_text())
        return dsl.simulate(guest, roots=[folder])


def operations() -> list[str]:
    """The names of all operations of the platform files."""
    return sorted(name for name, what in vars(_simulator()).items() if _is_operation(what))


def _is_operation(what: object) -> bool:
    return callable(what) and getattr(what, "__module__", "") == _simulator().__name__


class Interface:
    """A CPU whose guest has everything enabled: both groups, and no mask."""

    def __init__(self, lrs: int = 4, bits: int = 5, *, sre: bool = True, **vmcr: int) -> None:
        self.sim = _simulator()
        self.machine: Any = self.sim.Machine(self.sim.MachineFacts(), tracing=False)
        self.poke("ICH_VTR_EL2", lrs - 1 | (bits - 1) << 26 | (bits - 1) << 29 | 1 << 19)
        self["ICC_SRE_EL2"] = 9
        self["ICC_SRE_EL1"] = int(sre)
        self["ICH_HCR_EL2"] = 1
        self["ICH_VMCR_EL2"] = 0
        for field, value in {"VPMR": 0xFF, "VENG0": 1, "VENG1": 1, **vmcr}.items():
            self[f"ICH_VMCR_EL2.{field}"] = value

    def __getattr__(self, name: str) -> Any:
        """An operation: what the guest does, or what the interface says."""
        operation = getattr(self.sim, name)

        def call(*arguments: int) -> Any:
            try:
                return operation(self.machine, *arguments)
            except AssertionFailed as error:
                for kind, raised in (("trap", Trapped), ("undefined", Undefined)):
                    _, found, why = str(error).partition(f" {kind}: ")
                    if found:
                        raise raised(why) from None
                raise

        return call

    def _register(self, name: str) -> Any:
        return self.machine.registers[name]

    def __getitem__(self, place: str) -> int:
        """A register, or one field of it, without accessing it."""
        name, _, field = place.partition(".")
        value = int(self.machine.peek(self._register(name)))
        return int(self._field(name, field).get(value)) if field else value

    def __setitem__(self, place: str, value: int) -> None:
        """A write, as software makes it: the whole register, or one field of it."""
        name, _, field = place.partition(".")
        if field:
            value = self._field(name, field).set(self[name], value)
        self.machine.write(self._register(name), value)

    def poke(self, name: str, value: int) -> None:
        """Read-only registers too."""
        self.machine.poke(self._register(name), value)

    def _field(self, name: str, field: str) -> Any:
        (found,) = [f for f in self._register(name).fields if f.name == field]
        return found

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
        return tuple([self[f"ICH_AP{g}R{n}_EL2"] for n in range(4)] for g in (0, 1))  # type: ignore[return-value]
