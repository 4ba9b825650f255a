"""What a machine without a trace knows of registers: their numbers, and what a write keeps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.platform import Computed, Legalisation
from dsl.ir.program import Program
from dsl.ir.shapes import Access, Field, Register
from dsl.ir.walk import inside, statements


@dataclass(frozen=True)
class Registers:
    """The registers of a program by their numbers in ``Machine.values``."""

    program: Program

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Where each register stands, and the first element of each bank."""
        found: dict[str, int] = {}
        at = 0
        for register in self.program.registers.values():
            found[register.name] = at
            at += register.count if register.banked else 1
        return found

    @cached_property
    def settled(self) -> frozenset[str]:
        """The registers that no sequence writes and that are not computed.

        What follows from them alone is worked out when one of them changes from outside.
        """
        written = {
            each.register.name
            for sequence in self.program.sequences.values()
            for each in statements(sequence.body)
            if isinstance(each, s.WriteRegister | s.UpdateRegister)
        }
        return frozenset(
            r.name
            for r in self.program.registers.values()
            if r.name not in written and not r.banked and not any(f.computed for f in r.fields)
        )

    @cached_property
    def _rules(self) -> dict[str, list[Legalisation]]:
        found: dict[str, list[Legalisation]] = {}
        for rule in self.program.legalisations:
            found.setdefault(rule.register.name, []).append(rule)
        return found

    def rules(self, register: Register) -> list[Legalisation]:
        """What a write of the register becomes, in order."""
        return self._rules.get(register.name, [])

    def rule_of(self, register: Register, field: Field) -> Computed | None:
        """How a field is computed."""
        for rule in self.program.computed:
            if rule.register.name == register.name and rule.field.name == field.name:
                return rule
        return None

    def masking(self, register: Register) -> list[tuple[Legalisation, x.Expr | None]] | None:
        """The rules of a register, if all they do is to clear bits that are settled beforehand.

        Each with the bits of its field that stay where its condition holds (None: no bit); None
        where the rules do more than that.
        """
        found: list[tuple[Legalisation, x.Expr | None]] = []
        seen = 0
        for rule in self.rules(register):
            stays = self._stays(rule)
            if (
                isinstance(stays, bool)
                or seen & rule.field.mask
                or not self.is_settled(rule.condition)
            ):
                return None
            seen |= rule.field.mask
            found.append((rule, stays))
        return found

    def fixed(
        self, register: Register, masking: list[tuple[Legalisation, x.Expr | None]]
    ) -> int | None:
        """The bits that stay of a write, where this is the same on all machines."""
        bits = writable(register)
        for rule, stays in masking:
            if not isinstance(rule.condition, x.Const) or not (
                stays is None or isinstance(stays, x.Const)
            ):
                return None
            if rule.condition.value:
                left = 0 if stays is None else stays.value << rule.field.low
                bits &= ~rule.field.mask | left
        return bits

    def _stays(self, rule: Legalisation) -> x.Expr | bool | None:
        """What a rule ``field becomes field & …`` masks with (None: nothing stays); else False."""
        if rule.field.count or rule.field.computed:
            return False
        value = rule.value
        while isinstance(value, x.Cast) and value.type.width >= rule.field.width:
            value = value.value
        match value:
            case x.Const(value=0):
                return None
            case x.Binary(op="&", left=left, right=right):
                for own, other in ((left, right), (right, left)):
                    if self._is_own(own, rule.field) and self.is_settled(other):
                        return other
        return False

    def _is_own(self, value: x.Expr, field: Field) -> bool:
        match value:
            case x.Extract(value=x.Written(), field=found, index=None):
                return found.name == field.name
            case x.Cast(value=inner, type=type):
                return type.width >= field.width and not type.signed and self._is_own(inner, field)
        return False

    def is_settled(self, value: x.Expr) -> bool:
        """Whether an expression follows from registers that no sequence writes alone."""
        for part in inside(value):
            match part:
                case x.ReadRegister(register=register):
                    if register.name not in self.settled:
                        return False
                case x.Extract(index=index) | x.Insert(index=index):
                    if index is not None:
                        return False
                case x.Const() | x.Binary() | x.Not() | x.Truth() | x.Cast():
                    pass
                case _:
                    return False
        return True


def hidden(register: Register) -> int:
    """The bits that software cannot read back."""
    return sum(f.mask for f in register.fields if f.access is Access.WO)


def computed(register: Register) -> int:
    return sum(f.mask for f in register.fields if f.computed)


def kept(register: Register) -> int:
    """The bits that a write leaves as they are."""
    read_only = sum(f.mask for f in register.fields if f.access in (Access.RO, Access.WI))
    return read_only & _stored(register)


def writable(register: Register) -> int:
    """The bits that a write changes."""
    return _stored(register) & ~kept(register)


def _stored(register: Register) -> int:
    reserved = register.res0 | register.res1
    return register.type.mask & ~(reserved | computed(register))
