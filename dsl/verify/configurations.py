"""The configurations of a program: every kind of machine, and of VM, that no `assume` excludes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod

from dsl.failures import CannotRun
from dsl.ir import expr as x
from dsl.ir.program import Program
from dsl.ir.shapes import Condition, Period
from dsl.ir.types import Bool, Int
from dsl.verify.findings import Configuration

#: So many ways for conditions to be are tried, and so many machines looked at.
_TRIED, _MOST = 1 << 20, 1 << 14


def fixed(program: Program) -> tuple[Condition, ...]:
    """The conditions that are fixed for a machine or for a VM, also those that are defined."""
    those = (Period.MACHINE, Period.VM)
    return tuple(c for c in program.conditions.values() if c.period in those)


def configurations(
    program: Program, given: Mapping[str, int] | None = None
) -> Iterator[Configuration]:
    """Each way in which a machine and one VM may be, with ``given`` conditions as they are.

    A condition that a model decides is not one of them.  Of an assumption only what follows from
    these conditions alone excludes anything: registers may hold anything.  Raises `CannotRun` where
    there are more than anybody could look at.
    """
    asked = [c for c in fixed(program) if c.name not in program.models]
    possible = [(given[c.name],) if given and c.name in given else values(c) for c in asked]
    if prod(len(each) for each in possible) > _TRIED:
        raise _too_many(program, asked, possible)
    found = 0
    for each in product(*possible):
        facts = dict(zip((c.name for c in asked), each, strict=True))
        if all(truth(a.condition, facts) is not False for a in program.assumptions):
            found += 1
            if found > _MOST:
                raise _too_many(program, asked, possible)
            yield tuple(facts.items())


def _too_many(
    program: Program, asked: Sequence[Condition], possible: Sequence[Sequence[int]]
) -> CannotRun:
    counts = sorted(((len(v), c.name) for c, v in zip(asked, possible, strict=True)), reverse=True)
    name = counts[0][1]
    ways = prod(count for count, _ in counts)
    return CannotRun(
        f"{program.name}: its conditions can be in {ways:,} ways, and no more than {_MOST:,} "
        f"machines are looked at; `{name}` has {counts[0][0]:,} values",
        f"`--set {name}=…` fixes a condition, and an `assume` says which machines there are",
    )


def machine_of(program: Program, configuration: Configuration) -> Configuration:
    """The part of a configuration that all VMs of a machine share."""
    per = {c.name for c in fixed(program) if c.period is Period.MACHINE}
    return tuple((name, value) for name, value in configuration if name in per)


def text(configuration: Configuration) -> str:
    """A configuration as `given` writes it: ``vhe, not sre, lists = 4``."""
    return ", ".join(
        name if value == 1 else f"not {name}" if value == 0 else f"{name} = {value}"
        for name, value in configuration
    )


def truth(value: x.Expr, facts: Mapping[str, int]) -> bool | None:
    """Whether a condition holds, as far as these facts decide it (None: they do not)."""
    known = _value(value, facts)
    return None if known is None else bool(known)


def _value(value: x.Expr, facts: Mapping[str, int]) -> int | None:
    match value:
        case x.Const(value=number):
            return number
        case x.Test(condition=condition):
            return facts.get(condition.name)
        case x.Not(operand=operand):
            inner = _value(operand, facts)
            return None if inner is None else int(not inner)
        case x.Truth(operand=operand):
            inner = _value(operand, facts)
            return None if inner is None else int(inner != 0)
        case x.Cast(value=inner_value):
            return _value(inner_value, facts)
        case x.Binary(op=op, left=left, right=right):
            return _binary(op, _value(left, facts), _value(right, facts))
        case _:
            return None


def _binary(op: str, left: int | None, right: int | None) -> int | None:
    match op:
        case "and":
            if left == 0 or right == 0:
                return 0
            return None if left is None or right is None else 1
        case "or":
            if left or right:
                return 1
            return None if left is None or right is None else 0
        case "implies":
            return _binary("or", None if left is None else int(not left), right)
    if left is None or right is None:
        return None
    match op:
        case "==":
            return int(left == right)
        case "!=":
            return int(left != right)
        case "<":
            return int(left < right)
        case "<=":
            return int(left <= right)
        case ">":
            return int(left > right)
        case ">=":
            return int(left >= right)
        case _:
            return None


def values(condition: Condition) -> range:
    """The values that a condition may have."""
    if condition.low is not None and condition.high is not None:
        return range(condition.low, condition.high + 1)
    match condition.type:
        case Bool():
            return range(2)
        case Int(least=least, greatest=greatest):
            return range(least, greatest + 1)
