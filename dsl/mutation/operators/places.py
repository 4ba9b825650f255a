"""Operators on places: other registers, slots and elements, and other bounds of loops."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dsl.ir.shapes import Register, RegisterRef, Slot
from dsl.mutation.operators.changes import BANK, Change, beside, near, put
from dsl.mutation.subject import Function
from dsl.mutation.trees import inside, items, own
from dsl.syntax import tree as t


def register(function: Function) -> Iterator[Change]:
    """Each register: its neighbours in its group, or else in its module."""
    program = function.program
    for place in _places(function):
        this, index = bank_of(function, place.name.text)
        if this is None:
            continue
        for other in _siblings(function, this):
            if other.banked != this.banked or other.name not in program.registers:
                continue
            text = element_of(other, index)
            yield put(place.name, text, f"register {text} for {place.name.text}")


def bank_of(function: Function, name: str) -> tuple[Register | None, str]:
    """The register, or the bank, that a name is of, and the index in it."""
    registers = function.program.registers
    bank = BANK.fullmatch(name)
    if bank is None:
        return registers.get(name), ""
    for each in registers.values():
        if each.banked and element_of(each, "") == f"{bank[1]}<>{bank[3]}":
            return each, bank[2]
    return None, ""


def element_of(register: Register, index: str) -> str:
    """How an element of a bank is written, or a register that is none."""
    return register.name.replace(f"<{register.var}>", f"<{index}>")


def _siblings(function: Function, this: Register) -> list[Register]:
    found: dict[str, Register] = {}
    modules = function.program.modules
    for group in (g for module in modules for g in module.groups):
        members = {m.register.name: m.register for m in group.members if isinstance(m, RegisterRef)}
        if this.name in members:
            found.update((n, members[n]) for n in beside(list(members), this.name))
    if not found:
        for module in modules:
            shape = (this.width, this.banked)
            alike = {r.name: r for r in module.registers if (r.width, r.banked) == shape}
            if this.name in alike:
                found.update((n, alike[n]) for n in beside(list(alike), this.name))
    return list(found.values())


def slot(function: Function) -> Iterator[Change]:
    """Each slot: its neighbours of the same type in the same context."""
    slots = function.program.slots
    for place in _places(function):
        this = slots.get(place.name.text)
        if this is None:
            continue
        alike = [s for s in slots.values() if _same_shape(s, this)]
        for other in beside(alike, this):
            yield put(place.name, other.name, f"slot {other.name} for {this.name}")


def _same_shape(other: Slot, this: Slot) -> bool:
    shape = (this.context, this.type, bool(this.length))
    return (other.context, other.type, bool(other.length)) == shape


def _places(function: Function) -> Iterator[t.Place]:
    for item in items(function.tree):
        for value in own(item.body):
            for part in inside(value):
                if isinstance(part, t.Place):
                    yield part


# ---- elements and loops


def element(function: Function) -> Iterator[Change]:
    """Each index of an array, of a bank or of a family of fields: one more, one less."""
    for item in items(function.tree):
        for value in own(item.body):
            for part in inside(value):
                if not isinstance(part, t.Place):
                    continue
                names = [part.name, *(p.name for p in part.picks if isinstance(p, t.Dot))]
                for name in names:
                    yield from _indexed(function, item, name)
                for pick in part.picks:
                    if isinstance(pick, t.At):
                        yield from _index(function, pick.index)


def _index(function: Function, index: t.Expr) -> Iterator[Change]:
    if isinstance(index, t.Number):
        yield from near(index, index.value)
        return
    text = function.text(index)
    for op in "+-":
        yield put(index, f"({text}) {op} 1", f"element {text} {op} 1 for {text}")


def _indexed(function: Function, item: t.Item, name: t.Name) -> Iterator[Change]:
    """``REG<i>``: another index needs a name of its own, or is a number."""
    bank = BANK.fullmatch(name.text)
    if bank is None:
        return
    before, index, after = bank.groups()
    if index.isdigit():
        for new in (int(index) + 1, int(index) - 1):
            if new >= 0:
                yield put(name, f"{before}<{new}>{after}", f"element {new} for {index}")
        return
    whole = function.source.text
    other = _fresh(function, f"other_{index}")
    for op in "+-":
        made = f"{before}<{other}>{after}"
        text = whole[item.body.start : name.start] + made + whole[name.end : item.body.end]
        let = f"let {other} : int = {index} {op} 1"
        what = f"element {index} {op} 1 for {index}"
        yield Change(item.start, item.end, f"{let}\n{_margin(whole, item)}{text}", what, name.start)


def bound(function: Function) -> Iterator[Change]:
    """Each loop: one round more or less, at either end."""
    for item in items(function.tree):
        if not isinstance(item.body, t.Each):
            continue
        bounds = item.body.bounds
        if isinstance(bounds, t.Range):
            yield from _range(function, item.body, bounds)
            continue
        text = function.text(bounds)
        for op in "+-":
            yield put(bounds, f"({text}) {op} 1", f"below {text} {op} 1")
        whole, last = function.source.text, _fresh(function, "last")
        var = item.body.var.text
        loop = f"each {var} in 1..{last} " + function.text(item.body.body)
        let = f"let {last} : int = ({text}) - 1"
        made = f"{let}\n{_margin(whole, item)}{loop}"
        yield Change(item.start, item.end, made, "from 1 and not from 0", item.body.start)


def _range(function: Function, loop: t.Each, bounds: t.Range) -> Iterator[Change]:
    for end in (bounds.low, bounds.high):
        if isinstance(end, t.Number):
            yield from near(end, end.value)
    low, high = bounds.low, bounds.high
    if isinstance(low, t.Number) and low.value == 0 and isinstance(high, t.Name):
        start, stop = loop.var.end, bounds.end
        for rounds, what in ((high.text, "less"), (f"{high.text} + 2", "more")):
            yield Change(start, stop, f" below {rounds}", f"one round {what}", bounds.start)


def _fresh(function: Function, name: str) -> str:
    """A name that does not stand in the module."""
    while re.search(rf"\b{name}\b", function.source.text):
        name += "_"
    return name


def _margin(text: str, item: t.Item) -> str:
    line = text[text.rfind("\n", 0, item.start) + 1 : item.start]
    return line if not line.strip() else ""
