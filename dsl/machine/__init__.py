"""What generated simulators run on: registers, state with its types, the machine, the trace."""

from dsl.ir.types import Bool, Int
from dsl.machine.bits import shift_left, shift_right, signed
from dsl.machine.errors import AssertionFailed, MachineError
from dsl.machine.loader import load_simulator
from dsl.machine.machine import Behaviour, Holding, Machine, Unknown
from dsl.machine.registers import Access, Bank, Field, FieldFamily, Register
from dsl.machine.state import Array, Context, Facts, Record, Samples, Slot, setter, snapshot
from dsl.machine.trace import Event, Kind, render, to_json

__all__ = [
    "Access",
    "Array",
    "AssertionFailed",
    "Bank",
    "Behaviour",
    "Bool",
    "Context",
    "Event",
    "Facts",
    "Field",
    "FieldFamily",
    "Holding",
    "Int",
    "Kind",
    "Machine",
    "MachineError",
    "Record",
    "Register",
    "Samples",
    "Slot",
    "Unknown",
    "load_simulator",
    "render",
    "setter",
    "shift_left",
    "shift_right",
    "signed",
    "snapshot",
    "to_json",
]
