"""What is known of what a program leaves to others: what they promise, and what is assumed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.program import Program
from dsl.ir.shapes import Condition, Period, Slot
from dsl.ir.types import Handle
from dsl.ir.walk import expressions, inside, statements
from dsl.run.world import owner_of


@dataclass(frozen=True, slots=True)
class Promise:
    """What is true, in whose words (``handles``); ``open`` are the conditions that nobody knows.

    ``asks``: it speaks of arguments that are numbers.
    """

    claim: x.Expr
    handles: dict[str, str]
    open: tuple[Condition, ...]
    asks: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody promises of a slot; of each element that the variable ``var`` stands for."""

    promise: Promise
    var: str

    def others(self, slot: Slot) -> Iterator[x.Expr]:
        """What else it speaks of."""
        for part in inside(self.promise.claim):
            other = isinstance(part, x.ReadSlot) and part.slot != slot
            if other or isinstance(part, x.ReadRegister | x.Var):
                yield part


@dataclass(frozen=True)
class Contracts:
    """What is known of what a program leaves to others, apart from any state."""

    program: Program
    _known: dict[tuple[str, str], tuple[Claim, ...]] = field(default_factory=dict)

    @cached_property
    def promises(self) -> tuple[Promise, ...]:
        """What externs leave true, and what is always so."""
        said = [(e.signature.params, p) for e in self.program.externs.values() for p in e.ensures]
        said += [((), a.condition) for a in self.program.assumptions]
        return tuple(self._promise(params, p) for params, p in said)

    @cached_property
    def about(self) -> dict[str, tuple[Promise, ...]]:
        """The promises that speak of each condition that is sampled."""
        names = dict.fromkeys(c.name for promise in self.promises for c in promise.open)
        return {
            name: tuple(p for p in self.promises if any(c.name == name for c in p.open))
            for name in names
        }

    @cached_property
    def of(self) -> dict[str, tuple[Promise, ...]]:
        """The promises of each extern."""
        return {
            name: tuple(self._promise(e.signature.params, p) for p in e.ensures)
            for name, e in self.program.externs.items()
        }

    def claims(self, extern: s.Extern, slot: Slot) -> tuple[Claim, ...]:
        """What an extern promises of a slot that it writes."""
        key = (extern.signature.name, slot.name)
        found = self._known.get(key)
        if found is None:
            params = extern.signature.params
            found = self._known[key] = tuple(
                Claim(self._promise(params, claim), var)
                for promise in extern.ensures
                for claim, var in _claims(promise, slot)
            )
        return found

    def _promise(self, params: tuple[s.Param, ...], promise: x.Expr) -> Promise:
        within = list(inside(promise))
        handles = {p.name: owner_of(p.type.root) for p in params if isinstance(p.type, Handle)}
        open = {
            p.condition.name: p.condition
            for p in within
            if isinstance(p, x.Test) and self.samples(p.condition)
        }
        asks = any(isinstance(part, x.Var) for part in within)
        return Promise(promise, handles, tuple(open.values()), asks)

    @cached_property
    def definite(self) -> frozenset[str]:
        """The models that are functions of nothing."""
        return frozenset(
            name
            for name, model in self.program.models.items()
            if not any(
                isinstance(part, x.ReadSlot | x.ReadRegister | x.Test | x.Call)
                for each in statements(model.body)
                for value in expressions(each)
                for part in inside(value)
            )
            and not any(
                isinstance(each, s.UpdateSlot | s.WriteSlot | s.UpdateRegister | s.WriteRegister)
                for each in statements(model.body)
            )
        )

    @cached_property
    def exact(self) -> frozenset[str]:
        """The externs that promise a value in registers, which only their models would hit on."""
        return frozenset(
            name
            for name, extern in self.program.externs.items()
            if name in self.program.models
            for promise in extern.ensures
            if any(isinstance(part, x.ReadRegister) for part in inside(promise))
        )

    def samples(self, condition: Condition) -> bool:
        """Whether a condition may be another each time it is asked for."""
        return (
            condition.period in (Period.TEST, Period.TRIP)
            and condition.name not in self.program.definitions
            and condition.name not in self.definite
        )


def _claims(promise: x.Expr, slot: Slot) -> Iterator[tuple[x.Expr, str]]:
    """What a promise says of a slot: each claim, and the variable that stands for an index.

    The variable is empty where the claim is not made of each of some elements.
    """
    match promise:
        case x.Binary(op="and", left=left, right=right):
            yield from _claims(left, slot)
            yield from _claims(right, slot)
        case x.Every(var=var, condition=condition):
            for each, inner in _claims(condition, slot):
                yield each, inner or var
        case _ if any(isinstance(p, x.ReadSlot) and p.slot == slot for p in inside(promise)):
            yield promise, ""
        case _:
            pass
