"""What C leaves in no order: the accesses of one statement that have to go through locals.

C says of few operators which operand comes first, and evaluates the end of a `for` in every round;
the IR evaluates from left to right, and once.  Reads of registers, calls and conditions that are
sampled anew are accesses, and so are loads where a call beside them may store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.program import Program
from dsl.ir.shapes import Period
from dsl.ir.walk import assigned, calls, expressions, inside, parts, statements

_LOGICAL = ("and", "or", "implies")


class Plan(Struct, frozen=True):
    """``hoisted`` go through locals, in this order; for ``refused`` there is no place to do so.

    ``first`` is the first access that has a value.
    """

    hoisted: tuple[x.Expr, ...]
    refused: tuple[x.Expr, ...]
    first: x.Expr | None


class _Unit(Struct, frozen=True):
    """An access, or a condition that decides about one; ``first`` is the first unit inside."""

    value: x.Expr
    first: int


def values_of(statement: s.Statement, implied: x.Expr | None) -> list[x.Expr]:
    """What a statement evaluates before anything else, in order.

    ``implied`` is the read or load that changing fields begins with.
    """
    match statement:
        case s.If(arms=arms):
            return [arms[0].condition]
        case s.Loop(low=low):
            return [low]
        case s.UpdateRegister(index=index) | s.UpdateSlot(index=index):
            values = list(expressions(statement))
            at = 0 if index is None else 1
            return [*values[:at], *([implied] if implied is not None else []), *values[at:]]
        case _:
            return list(expressions(statement))


def plan(program: Program, values: Sequence[x.Expr], must: Callable[[x.Expr], bool]) -> Plan:
    """What goes through locals so that C keeps the order; ``must`` says what has to anyway."""
    called = [c.callee for v in values for c in inside(v) if isinstance(c, x.Call)]
    return _plan(values, must, stored_by(program, called))


def _plan(values: Sequence[x.Expr], must: Callable[[x.Expr], bool], loads: frozenset[str]) -> Plan:
    """``loads`` are the slots that a call may change meanwhile."""
    units: list[_Unit] = []
    refused: list[x.Expr] = []
    for value in values:
        _collect(value, loads, must, units, refused)
    hoisted = []
    for i, unit in enumerate(units):
        around = next((k for k in range(i + 1, len(units)) if units[k].first <= i), len(units))
        if must(unit.value) or around > i + 1:
            hoisted.append(unit.value)
    wanted = (u.value for u in units if isinstance(u.value, (x.ReadRegister, x.Call)))
    return Plan(tuple(hoisted), tuple(refused), next(wanted, None))


def _collect(
    value: x.Expr,
    loads: frozenset[str],
    must: Callable[[x.Expr], bool],
    units: list[_Unit],
    refused: list[x.Expr],
) -> None:
    first = len(units)
    if isinstance(value, x.Binary) and value.op in _LOGICAL:
        _collect(value.left, loads, must, units, refused)
        # The right side may not happen, so nothing of it can come before the statement.
        under = _plan([value.right], must, loads)
        refused += [*under.refused, *under.hoisted]
        right: list[_Unit] = []
        _collect(value.right, loads, must, right, [])
        if right:
            units.append(_Unit(value, first))
        return
    for part in parts(value):
        _collect(part, loads, must, units, refused)
    if _accesses(value, loads) or must(value):
        units.append(_Unit(value, first))


def _accesses(value: x.Expr, loads: frozenset[str]) -> bool:
    match value:
        case x.ReadRegister() | x.Call():
            return True
        case x.ReadSlot(slot=slot):
            return slot.name in loads
        case x.Test(condition=condition):
            return condition.period is Period.TEST
        case _:
            return False


def changes_inside(program: Program, value: x.Expr, body: s.Body) -> bool:
    """Whether evaluating a value again after running a body may do or give something else."""
    stored: frozenset[str] | None = None
    for each in inside(value):
        if _accesses(each, frozenset()):
            return True
        slots = [each.slot.name] if isinstance(each, x.ReadSlot) else []
        if isinstance(each, x.Test) and each.condition.name in program.definitions:
            defined = program.definitions[each.condition.name].value
            slots = [p.slot.name for p in inside(defined) if isinstance(p, x.ReadSlot)]
        if isinstance(each, x.Var) and each.name in assigned(body):
            return True
        if slots:
            stored = stores(program, body) if stored is None else stored
            if not stored.isdisjoint(slots):
                return True
    return False


def stores(program: Program, body: s.Body | None) -> frozenset[str]:
    """The slots that a body, or what it calls, may write."""
    return frozenset(_stores(body)) | stored_by(program, [c.callee for c in calls(body)])


def stored_by(program: Program, names: Iterable[str]) -> frozenset[str]:
    """The slots that what is called may write."""
    written: set[str] = set()
    pending = list(names)
    seen: set[str] = set()
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in program.externs:
            for effect in program.externs[name].effects:
                if effect.kind == "writes":
                    written |= {p.name for p in effect.places}
        if name in program.sequences:
            callee = program.sequences[name].body
            written |= set(_stores(callee))
            pending += [c.callee for c in calls(callee)]
    return frozenset(written)


def _stores(body: s.Body | None) -> Iterable[str]:
    return (
        each.slot.name for each in statements(body) if isinstance(each, (s.WriteSlot, s.UpdateSlot))
    )
