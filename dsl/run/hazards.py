"""Hazards: rules that an access does not keep, and that show no value of their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import assert_never

from dsl.ir import expr as x
from dsl.ir.platform import OnlyWhile, Precedes, VisibleTo
from dsl.ir.walk import inside
from dsl.run.env import Look
from dsl.run.events import chain_text
from dsl.run.machine import Machine
from dsl.run.registers import Element, indexes
from dsl.run.visibility import HARDWARE, SOFTWARE, Clause, concerns, wrote
from dsl.source import Span

#: How many combinations of permitted values an `effective` condition is tried with.
_MOST_COMBINATIONS = 256


@dataclass(slots=True)
class Hazards:
    """Watches the accesses of software on a machine, and notes what rules say of them.

    ``behind`` are the orders (by the number of their clause) whose second half has come in the
    phase that is now.
    """

    machine: Machine
    behind: set[int] = field(default_factory=set)
    _asked: dict[int, tuple[Element, ...]] = field(default_factory=dict)

    def watch(self, element: Element, span: Span, value: int | None) -> None:
        """An access is about to happen; ``value`` is what is written, None for a read."""
        access = "reads" if value is None else "writes"
        for clause in self.machine.rules.concerning(element, access):
            if not self._applies(clause, element, value):
                continue
            match clause.body:
                case OnlyWhile(effective=effective):
                    if not self._effective(clause.number, effective):
                        why = f"only while {_text(effective)}"
                        self.machine.hazard(clause.rule, element.name, span, why)
                case VisibleTo():
                    self._visible_to_write(element, span, clause, clause.body)
                case Precedes(first=first, then=then):
                    if concerns(first, element, access) and clause.number in self.behind:
                        why = f"comes after {_text(then)}"
                        self.machine.hazard(clause.rule, element.name, span, why)
                    if concerns(then, element, access):
                        self.behind.add(clause.number)
                case _:
                    assert_never(clause.body)

    def _visible_to_write(
        self, element: Element, span: Span, clause: Clause, body: VisibleTo
    ) -> None:
        """Notes the writes of other registers that a write of this one should be behind."""
        machine = self.machine
        for name, cell in machine.cpu.cells.items():
            of = machine.elements[name]
            for update in cell.updates:
                if name == element.name and update.author == SOFTWARE:
                    # One register's own writes are always in order.
                    continue
                done = machine.rules.done(update, clause.chain)
                if not done and wrote(body.first, update.author, update.mask, of):
                    what = f"{name}, written at {update.site}"
                    needs = chain_text(body.barriers)
                    why = f"not yet visible to {element.name}: {needs}"
                    machine.hazard(clause.rule, what, span, why)

    def _applies(self, clause: Clause, element: Element, value: int | None) -> bool:
        condition = clause.condition
        return condition is None or self.machine.holds(condition, element, value)

    def _effective(self, number: int, condition: x.Expr) -> bool:
        """Whether a condition holds for every value permitted since the last synchronisation."""
        machine = self.machine
        if number not in self._asked:
            self._asked[number] = tuple(_elements(machine, condition).values())
        asked = self._asked[number]
        values = [machine.permitted(e, Look(HARDWARE), e.ones) for e in asked]
        names = [e.name for e in asked]
        for tried, each in enumerate(product(*values)):
            look = Look(HARDWARE, fixed=tuple(zip(names, each, strict=True)))
            if tried >= _MOST_COMBINATIONS or not machine.evaluate(condition, look, {}):
                return False
        return True


def _elements(machine: Machine, condition: x.Expr) -> dict[str, Element]:
    """The registers that a condition depends on, also through what is computed."""
    found: dict[str, Element] = {}
    for part in inside(condition):
        if not isinstance(part, x.ReadRegister):
            continue
        if isinstance(part.index, x.Const) or not part.register.banked:
            index = part.index.value if isinstance(part.index, x.Const) else None
            elements = [machine.element(part.register, index, part.span)]
        else:
            # Which of them is not known before it is asked for.
            elements = [
                machine.element(part.register, n, part.span) for n in indexes(part.register)
            ]
        for element in elements:
            if element.name not in found:
                found[element.name] = element
                for each in element.computed:
                    found |= _elements(machine, each.value)
    return found


def _text(what: x.Expr | object) -> str:
    span = getattr(what, "span", None)
    return " ".join(span.text.split()) if isinstance(span, Span) else str(what)
