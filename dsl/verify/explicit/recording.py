"""A machine on which every write is in force at once, and that keeps what happens, in order."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, field
from typing import TypeAlias

from dsl.ir import expr as x
from dsl.ir.platform import Barrier, OnlyWhile, Precedes, VisibleTo
from dsl.ir.sequence import Extern
from dsl.ir.shapes import RegisterRef, Slot
from dsl.ir.walk import inside
from dsl.run.env import Look
from dsl.run.events import Kind
from dsl.run.machine import Machine
from dsl.run.registers import Element, indexes
from dsl.run.visibility import HARDWARE, Cell, Clause, Update, concerns
from dsl.run.world import owner_of
from dsl.source import Span
from dsl.verify.visible import named


@dataclass(frozen=True, slots=True)
class Wrote:
    """Some bits of an element were written; ``holds`` as of a look by the author."""

    element: str
    author: str
    mask: int
    value: int
    span: Span
    function: str
    holds: frozenset[int]


@dataclass(frozen=True, slots=True)
class Looked:
    """Somebody looked at some bits of an element, ``through`` another that is computed from it.

    ``value`` is what should be seen.  ``holds`` are the conditions of clauses, by number, that held
    then.  ``actor`` is who would say in a scenario what is seen, where nobody decides by it.
    """

    element: str
    who: str
    through: str
    mask: int
    value: int
    span: Span
    function: str
    holds: frozenset[int]
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Fence:
    """A barrier has completed."""

    barrier: Barrier


@dataclass(frozen=True, slots=True)
class Needs:
    """A write that takes effect now: writes that the clause names should be visible to it."""

    clause: Clause
    element: str
    span: Span
    function: str


@dataclass(frozen=True, slots=True)
class Effective:
    """An access that may come only while a condition is in force; ``values`` are all it is of."""

    clause: Clause
    condition: x.Expr
    element: str
    values: tuple[tuple[str, int], ...]
    span: Span
    function: str


@dataclass(frozen=True, slots=True)
class Called:
    """Somebody outside is called: with what, what he reads there, and which locks are held."""

    name: str
    args: tuple[str | int, ...]
    read: tuple[object, ...]
    held: frozenset[tuple[str, str]]
    span: Span
    function: str


Happening: TypeAlias = Wrote | Looked | Fence | Needs | Effective | Called


@dataclass(frozen=True, slots=True)
class Hazard:
    """An access that a rule does not let come there, and why, in words."""

    rule: str
    what: str
    why: str
    span: Span
    function: str


@dataclass(slots=True)
class Recorder(Machine):
    """A machine without a trace, that keeps what a verification asks for instead."""

    happenings: list[Happening] = field(default_factory=list)
    hazards: list[Hazard] = field(default_factory=list)
    #: The orders whose second half has come in the phase that is now, by clause.
    behind: set[int] = field(default_factory=set)
    #: The elements that anybody has written so far; the others are as they were at the start.
    touched: MutableMapping[str, bool] = field(default_factory=dict)
    #: The access that is being made, which is where all that it looks at is looked at.
    at: Span | None = None
    _conditions: dict[str, tuple[Clause, ...]] = field(default_factory=dict)
    _asked: dict[int, tuple[Element, ...]] = field(default_factory=dict)

    def forget(self) -> None:
        """A new step begins."""
        self.happenings, self.hazards, self.at = [], [], None

    # ---- what happens

    def read(self, element: Element, span: Span) -> int:
        self.at = span
        value = Machine.read(self, element, span)
        self.at = None
        return value

    def write(self, element: Element, value: int, span: Span) -> None:
        self.at = span
        Machine.write(self, element, value, span)
        self.at = None

    def _seen(self, element: Element, by: Look, span: Span, mask: int) -> int:
        self.looked(element, by, self.at or span, mask)
        return self.cell(element).settled

    def looked(self, element: Element, by: Look, span: Span, mask: int, actor: str = "") -> None:
        """Somebody looks at some bits of an element."""
        through = by.through.name if by.through is not None else ""
        value = self.cell(element).settled
        holds = self._holding(element)
        self.happenings.append(
            Looked(element.name, by.who, through, mask, value, span, self.function, holds, actor)
        )

    def _place(self, element: Element, cell: Cell, update: Update, span: Span) -> None:
        # States share what they have in common, so what is there is replaced and never changed.
        value = update.over(cell.settled)
        self.cpu.cells[element.name] = Cell(value)
        if self.step is not None and element.name in self.step:
            self.step[element.name] = value
        self.touched[element.name] = True
        holds = self._holding(element)
        self.happenings.append(
            Wrote(
                element.name, update.author, update.mask, update.value, span, self.function, holds
            )
        )

    def barrier(self, barrier: Barrier, span: Span, who: str) -> None:
        self.happenings.append(Fence(barrier))

    def called(self, extern: Extern, args: tuple[str | int, ...], span: Span) -> None:
        """Somebody outside is called."""
        effects = (e for e in extern.effects if e.kind == "reads")
        read = tuple(value for e in effects for place in e.places for value in self._taken(place))
        held = frozenset(self.world.held)
        name = extern.signature.name
        self.happenings.append(Called(name, args, read, held, span, self.function))

    def _taken(self, place: object) -> Iterator[object]:
        """What somebody outside finds in a place."""
        match place:
            case Slot():
                owner = owner_of(place.root)
                for index in range(place.length) if place.length else (None,):
                    yield self.world.load(owner, place, index)
            case RegisterRef():
                for element in named(place, self.elements):
                    yield self.cell(element).settled

    def note(self, kind: Kind, what: str, span: Span, **rest: object) -> None:
        """There is no trace."""

    def _holding(self, element: Element) -> frozenset[int]:
        """Of the clauses about writes of an element, those whose condition holds now."""
        asked = self._conditions.get(element.name)
        if asked is None:
            asked = self._conditions[element.name] = tuple(
                c
                for c in self.rules.clauses
                if isinstance(c.body, VisibleTo)
                and c.condition is not None
                and any(getattr(t, "register", None) == element.register for t in _named(c.body))
            )
        if not asked:
            return _NOTHING
        return frozenset(
            c.number for c in asked if c.condition is not None and self.holds(c.condition)
        )

    # ---- what rules say of accesses

    def watching(self, element: Element, span: Span, value: int | None) -> None:
        """An access by software is about to happen; ``value`` is what is written, if it is."""
        access = "reads" if value is None else "writes"
        for clause in self.rules.concerning(element, access):
            condition = clause.condition
            if condition is not None and not self.holds(condition, element, value):
                continue
            match clause.body:
                case OnlyWhile(effective=effective):
                    self._only_while(clause, effective, element, span)
                case VisibleTo():
                    self.happenings.append(Needs(clause, element.name, span, self.function))
                case Precedes(first=first, then=then):
                    if concerns(first, element, access) and clause.number in self.behind:
                        why = f"comes after {' '.join(then.span.text.split())}"
                        self.hazard(clause.rule, element.name, span, why)
                    if concerns(then, element, access):
                        self.behind.add(clause.number)

    def _only_while(self, clause: Clause, condition: x.Expr, element: Element, span: Span) -> None:
        if clause.number not in self._asked:
            self._asked[clause.number] = tuple(_elements(self, condition).values())
        asked = self._asked[clause.number]
        if not self.holds(condition):
            text = " ".join(condition.span.text.split())
            self.hazard(clause.rule, element.name, span, f"only while {text}")
            return
        values = tuple((e.name, self.newest(e)) for e in asked)
        self.happenings.append(
            Effective(clause, condition, element.name, values, span, self.function)
        )

    def hazard(self, rule: str, what: str, span: Span, why: str) -> None:
        self.hazards.append(Hazard(rule, what, why, span, self.function))

    def stands(self, asked: Effective, name: str, value: int) -> bool:
        """Whether a condition would still hold if one of its registers had another value."""
        fixed = {**dict(asked.values), name: value}
        look = Look(HARDWARE, fixed=tuple(fixed.items()))
        return bool(self.evaluate(asked.condition, look, {}))


_NOTHING: frozenset[int] = frozenset()


def _named(body: VisibleTo) -> tuple[object, ...]:
    return body.first.targets


def _elements(machine: Machine, condition: x.Expr) -> dict[str, Element]:
    """The registers that a condition depends on, also through what is computed."""
    found: dict[str, Element] = {}
    for part in inside(condition):
        if not isinstance(part, x.ReadRegister):
            continue
        numbers = [part.index.value] if isinstance(part.index, x.Const) else indexes(part.register)
        for number in numbers:
            element = machine.element(part.register, number, part.span)
            if element.name not in found:
                found[element.name] = element
                for each in element.computed:
                    found |= _elements(machine, each.value)
    return found
