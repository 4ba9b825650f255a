"""Which functions have to be given the machine."""

from __future__ import annotations

from dsl.ir import expr as x
from dsl.ir.program import Program
from dsl.ir.shapes import Period
from dsl.ir.walk import inside


def asks_machine(program: Program, expr: x.Expr) -> bool:
    """Whether a function with this value reads registers, asks the machine's facts, or samples."""
    for part in inside(expr):
        match part:
            case x.ReadRegister() | x.Call() | x.Count() | x.ReadSlot(base=""):
                return True
            case x.Derive(register=register, name=name):
                if asks_machine(program, program.derived[register.name, name].value):
                    return True
            case x.Test(condition=condition, base=base):
                defined = program.definitions.get(condition.name)
                if defined is None:
                    if base is None or condition.period is Period.TEST:
                        return True
                elif asks_machine(program, defined.value):
                    return True
            case _:
                pass
    return False
