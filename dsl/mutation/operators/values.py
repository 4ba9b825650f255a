"""Operators on values: other numbers, other names of values, other fields."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.ir import expr as x
from dsl.ir.shapes import Field
from dsl.ir.types import Bool
from dsl.mutation.operators.changes import BANK, Change, beside, near, number, put
from dsl.mutation.subject import Function
from dsl.mutation.trees import inside, items, own, values
from dsl.syntax import tree as t

#: Numbers below it have their lowest bits turned over, one at a time.
_SMALL = 16
_BITS = 4


def constant(function: Function) -> Iterator[Change]:
    """Each number: one more, one less, 0, all ones, one bit; and each name of a value."""
    for item in items(function.tree):
        if isinstance(item.body, t.Match):
            for case in item.body.cases:
                yield from near(case.value, case.value.value)
        for value in own(item.body):
            for part in values(value):
                match part:
                    case t.Number(value=old):
                        for new in _numbers(function, part, old):
                            yield put(part, number(new), f"{number(new)} for {part.text}")
                    case t.Place(picks=()):
                        yield from _named(function, part)
                    case _:
                        pass


def _numbers(function: Function, node: t.Number, old: int) -> list[int]:
    at = (node.start, node.end)
    made = function.constants.get(at)
    goal = function.goals.get(at)
    if made is None:
        ones = (1 << max(old.bit_length(), 1)) - 1
    elif goal is not None:
        ones = (1 << goal.width) - 1
    else:
        ones = 1 if isinstance(made.type, Bool) else made.type.greatest
    found = [old + 1, old - 1, 0, ones]
    if old < _SMALL:
        found += [old ^ 1 << bit for bit in range(_BITS)]
    return [n for n in dict.fromkeys(found) if 0 <= n <= ones and n != old]


def _named(function: Function, node: t.Place) -> Iterator[Change]:
    """The other names of an enumeration, or a number beside a constant."""
    made = function.constants.get((node.start, node.end))
    if made is None:
        return
    name = node.name.text
    if not made.name:
        if isinstance(made, x.Named) and made.symbol == name:
            for text in (f"({name} + 1)", f"({name} - 1)", "0"):
                yield put(node, text, f"{text.strip('()')} for {name}")
        return
    found: dict[str, None] = {}
    for register in function.program.registers.values():
        for each in register.fields:
            known = each.enumerator(name)
            if known is not None and known.value == made.value:
                found.update(dict.fromkeys(e.name for e in each.enumerators))
    for other in found:
        if other != name:
            yield put(node, other, f"{other} for {name}")


# ---- fields


def field(function: Function) -> Iterator[Change]:
    """Each field: the next and the last one before it that is as wide; so for derived ones."""
    for name in _field_names(function):
        bank = BANK.fullmatch(name.text)
        known = f"{bank[1]}{bank[3]}" if bank else name.text
        views = function.views.get(known, {})
        others: dict[str, None] = {}
        for register in views.values():
            same = register.field(known)
            if same is not None:
                alike = [f for f in register.fields if _alike(f, same)]
                others.update(dict.fromkeys(f.name for f in beside(alike, same)))
        for register in function.program.registers.values():
            derived = [n for r, n in function.program.derived if r == register.name]
            if not views and known in derived:
                others.update(dict.fromkeys(beside(derived, known)))
        for other in others:
            text = f"{other}<{bank[2]}>" if bank else other
            yield put(name, text, f"field {other} for {known}")


def _alike(other: Field, same: Field) -> bool:
    return (other.width, other.count, other.layout) == (same.width, same.count, same.layout)


def _field_names(function: Function) -> Iterator[t.Name]:
    for item in items(function.tree):
        if isinstance(item.body, t.Modify):
            yield from (change.field for change in item.body.changes)
        for value in own(item.body):
            for part in inside(value):
                match part:
                    case t.Place(picks=picks):
                        yield from (p.name for p in picks if isinstance(p, t.Dot))
                    case t.With(field=name):
                        yield name
                    case _:
                        pass
