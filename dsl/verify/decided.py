"""What a program decides by: bits of what somebody has, and the values that it asks them for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import combinations, product
from typing import TypeAlias

from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.program import Program
from dsl.ir.shapes import Slot
from dsl.ir.types import BOOL, Int
from dsl.ir.walk import expressions, inside, parts, statements
from dsl.ir.ways import phases
from dsl.run.registers import bits

#: How many values of one place are tried for pairs of what is decided by them, at most.
MOST = 16

#: How often what a local is may go into what another is: one that counts is ever something else.
_ROUNDS = 8

#: A local of a function; with an empty name what the function returns.
_Local: TypeAlias = tuple[str, str]
#: By the bits of a place: the values of these that something is compared with, in place.
_Named: TypeAlias = dict[int, dict[int, None]]


@dataclass(frozen=True, slots=True)
class _Bits:
    """Some bits of a place, moved down by ``shift``, and a number added to them."""

    place: str
    mask: int
    shift: int = 0
    more: int = 0


def place_of(slot: Slot) -> str:
    """The place that a slot is: that of the register that it is linked to, if it is."""
    link = slot.link
    return slot.name if link is None or link.register.field else link.register.register.name


@dataclass(frozen=True)
class Decided:
    """By which bits of registers and slots a program decides, and which of their values it names.

    A place is a register with the slots that are linked to all of it, by the register's name, or
    another slot, or what an extern gives back, by its name.
    """

    program: Program

    @cached_property
    def masks(self) -> Mapping[str, int]:
        """The bits of each place by which anything is decided: all others are only moved."""
        found: dict[str, int] = {}
        for function, value, asked in self._expressions:
            for each in self._deciding(function, value, asked):
                found[each.place] = found.get(each.place, 0) | each.mask
        return found

    def values(self, place: str, base: int) -> tuple[int, ...]:
        """What a place may hold that a program tells from ``base``, and from each other.

        All that is named of its fields, and as many pairs of that as there is room for.
        """
        named = {mask: tuple(each) for mask, each in self._named.get(place, {}).items()}
        found: dict[int, None] = {}
        for way in _ways(tuple(named.values())):
            value = base
            for mask, held in zip(named, way, strict=True):
                value = value & ~mask | held
            found[value] = None
        return tuple(value for value in found if value != base)

    def alone(self, place: str, base: int, functions: Collection[str]) -> tuple[int, ...]:
        """As `values`, but for some functions, and with one field at a time not as in ``base``."""
        named = self._names(functions).get(place, {})
        made = dict.fromkeys(base & ~mask | held for mask, each in named.items() for held in each)
        return tuple(value for value in made if value != base)

    def named(self, place: str) -> int:
        """The bits of a place of which the program names values."""
        found = 0
        for mask in self._named.get(place, {}):
            found |= mask
        return found

    # ---- what is named

    @cached_property
    def _named(self) -> Mapping[str, _Named]:
        found = self._names(None)
        for place, named in found.items():
            if len(named) == 1 and next(iter(named)).bit_count() == 1:
                # Whoever changes a bit by itself is tried anyway.
                found[place] = {}
        return found

    def _names(self, functions: Collection[str] | None) -> dict[str, _Named]:
        """What is named by place, in these functions or (None) anywhere."""
        found: dict[str, _Named] = {}
        for function, value, _ in self._expressions:
            if functions is not None and function not in functions:
                continue
            for each, number in self._compared(function, value):
                held = (number - each.more) << each.shift
                if held >= 0 and not held & ~each.mask:
                    found.setdefault(each.place, {}).setdefault(each.mask, {})[held] = None
        return found

    def _compared(self, function: str, value: x.Expr) -> Iterator[tuple[_Bits, int]]:
        """What is compared with numbers; these, and where it matters their neighbours."""
        for part in inside(value):
            match part:
                case x.Binary(
                    op="==" | "!=" | "<" | "<=" | ">" | ">=" as op, left=left, right=right
                ):
                    for one, other in ((left, right), (right, left)):
                        number = _number(other)
                        if number is None:
                            continue
                        near = (0,) if op in ("==", "!=") else (0, -1, 1)
                        for each in self._moved(function, one):
                            yield from ((each, number + step) for step in near)
                case x.Truth(operand=operand):
                    for each in self._moved(function, operand):
                        yield each, 0
                        yield each, (each.mask >> each.shift) + each.more
                case _:
                    pass

    # ---- what decides

    def _deciding(self, function: str, value: x.Expr, asked: bool) -> Iterator[_Bits]:
        """The bits that decide what comes of an expression, or by which it is ``asked`` for."""
        if asked:
            yield from self._all(function, value)
        for part in inside(value):
            match part:
                case x.Binary(op="&" | "|" | "^"):
                    pass
                case x.Binary(op="<<" | ">>", right=right) if _number(right) is not None:
                    pass
                case x.Binary() | x.Truth() | x.Not() | x.Every():
                    for each in parts(part):
                        yield from self._all(function, each)
                case (
                    x.ReadRegister(index=index)
                    | x.ReadSlot(index=index)
                    | x.Extract(index=index)
                    | x.Insert(index=index)
                ) if (index is not None):
                    yield from self._all(function, index)
                case _:
                    pass

    def _all(self, function: str, value: x.Expr) -> Iterator[_Bits]:
        """All bits that come into an expression."""
        moved = self._moved(function, value)
        yield from moved
        if not moved:
            for each in parts(value):
                yield from self._all(function, each)

    # ---- where bits come from

    def _moved(self, function: str, value: x.Expr) -> tuple[_Bits, ...]:
        """The bits that an expression is, if it only moves some."""
        match value:
            case x.ReadRegister(register=register):
                return (_Bits(register.name, register.type.mask),)
            case x.Written(register=register):
                return (_Bits(register.name, register.type.mask),)
            case x.ReadSlot(slot=slot):
                return (_Bits(place_of(slot), getattr(slot.type, "mask", 1)),)
            case x.Var(name=name):
                return self._locals.get((function, name), ())
            case x.Cast(value=inner) | x.Insert(value=inner):
                return self._moved(function, inner)
            case x.Call(callee=callee, type=Int() as kind) if callee in self.program.externs:
                return (_Bits(callee, kind.mask),)
            case x.Call(callee=callee):
                return self._locals.get((callee, ""), ())
            case x.Derive(register=register, name=name):
                return self._moved("", self.program.derived[register.name, name].value)
            case x.Extract(value=inner, field=field, index=index):
                picked: Iterable[int | None] = (_number(index),)
                if field.count and _number(index) is None:
                    picked = range(field.first, field.first + field.count)
                return tuple(
                    part
                    for number in picked
                    for part in self._picked(function, inner, *bits(field, number))
                )
            case x.Binary(op="&", left=left, right=right):
                for one, other in ((left, right), (right, left)):
                    number = _number(other)
                    if number is not None:
                        return self._picked(function, one, 0, number)
                return ()
            case x.Binary(op="+" | "-" as op, left=left, right=right):
                number = _number(right)
                if number is None:
                    return ()
                more = number if op == "+" else -number
                return tuple(
                    replace(each, more=each.more + more) for each in self._moved(function, left)
                )
            case x.Binary(op=">>", left=left, right=right):
                number = _number(right)
                if number is None:
                    return ()
                return self._picked(function, left, number, -1 << number)
            case _:
                return ()

    def _picked(self, function: str, value: x.Expr, low: int, mask: int) -> tuple[_Bits, ...]:
        """What some bits of an expression are, moved down."""
        return tuple(
            _Bits(each.place, each.mask & mask << each.shift, each.shift + low)
            for each in self._moved(function, value)
            if each.mask & mask << each.shift and not each.more
        )

    @cached_property
    def _locals(self) -> dict[_Local, tuple[_Bits, ...]]:
        """What locals and results are, in some call or other."""
        given = list(self._given())
        # It is asked for while it is made: what one round knows, the next one goes on from.
        found: dict[_Local, tuple[_Bits, ...]] = {}
        for _ in range(_ROUNDS):
            self.__dict__["_locals"] = found
            made: dict[_Local, tuple[_Bits, ...]] = {}
            for local, function, value in given:
                known = (*made.get(local, ()), *self._moved(function, value))
                made[local] = tuple(dict.fromkeys(known))
            if made == found:
                break
            found = made
        return found

    def _given(self) -> Iterator[tuple[_Local, str, x.Expr]]:
        """The values that locals get, and results, each with the function that it is told in."""
        for name, body in self._bodies:
            for each in statements(body):
                match each:
                    case s.Let(name=local, value=value) if value is not None:
                        yield (name, local), name, value
                    case s.Assign(name=local, value=value):
                        yield (name, local), name, value
                    case s.Return(value=value) if value is not None:
                        yield (name, ""), name, value
                    case _:
                        pass
        for function, value, _ in self._expressions:
            for part in inside(value):
                callee = self.program.sequences.get(getattr(part, "callee", ""))
                if callee is not None and isinstance(part, x.Call):
                    for param, arg in zip(callee.signature.params, part.args, strict=True):
                        yield (callee.signature.name, param.name), function, arg

    # ---- all expressions

    @cached_property
    def _bodies(self) -> tuple[tuple[str, s.Body], ...]:
        program = self.program
        found = [(n, q.body) for n, q in program.sequences.items() if q.body is not None]
        found += [("", p.body) for life in program.lifecycles for p in phases(life.steps)]
        return tuple(found)

    @cached_property
    def _expressions(self) -> tuple[tuple[str, x.Expr, bool], ...]:
        """All expressions: the function that each is in ("" for none), and whether it is asked for
        what is to be done, or what is true."""
        program = self.program
        found: list[tuple[str, x.Expr, bool]] = []
        for name, body in self._bodies:
            for each in statements(body):
                match each:
                    case s.Switch(value=value, cases=cases):
                        found += [(name, _is(value, case.value), True) for case in cases]
                    case _:
                        asked = isinstance(each, s.If | s.Loop | s.Assert)
                        found += [(name, value, asked) for value in expressions(each)]
        steps = [p.condition for life in program.lifecycles for p in phases(life.steps)]
        claims = [i.condition for m in program.modules for i in m.invariants]
        claims += [d.value for d in program.definitions.values()]
        claims += [a.condition for a in program.assumptions]
        claims += [p for extern in program.externs.values() for p in extern.ensures]
        clauses = [c for rule in program.rules for c in rule.clauses]
        held = [v for c in clauses for v in (c.condition, getattr(c, "effective", None))]
        claims += [each for each in (*steps, *held) if each is not None]
        return (*found, *(("", each, True) for each in claims))


def _number(value: x.Expr | None) -> int | None:
    match value:
        case x.Const(value=number):
            return number
        case x.Cast(value=inner):
            return _number(inner)
        case _:
            return None


def _is(value: x.Expr, number: int) -> x.Expr:
    """That a value is a number."""
    assert isinstance(value.type, Int)
    return x.Binary("==", value, x.Const(number, value.type, value.span), BOOL, value.span)


@cache
def _ways(fields: tuple[tuple[int, ...], ...]) -> tuple[tuple[int, ...], ...]:
    """A value for each field, in as many ways as it takes for each value, and then for each pair
    of values of two fields, as long as these are not too many."""
    longest = max(map(len, fields), default=0)
    made = [[each[n % len(each)] for each in fields] for n in range(longest)]
    left = {
        (i, a, j, b)
        for (i, one), (j, other) in combinations(enumerate(fields), 2)
        for a, b in product(one, other)
    }
    for way in made:
        left -= set(_pairs(way))
    while left and len(made) < MOST:
        i, a, j, b = min(left)
        way = [each[0] for each in fields]
        way[i], way[j] = a, b
        for at in set(range(len(fields))) - {i, j}:
            way[at] = max(fields[at], key=lambda value: _new(way, at, value, left))
        made.append(way)
        left -= set(_pairs(way))
    return tuple(map(tuple, made))


def _new(way: Sequence[int], at: int, value: int, left: set[tuple[int, int, int, int]]) -> int:
    """How many pairs are new if a field has this value."""
    changed = [*way[:at], value, *way[at + 1 :]]
    return len(left & set(_pairs(changed)))


def _pairs(way: Sequence[int]) -> Iterator[tuple[int, int, int, int]]:
    for (i, a), (j, b) in combinations(enumerate(way), 2):
        yield i, a, j, b
