"""Hazards: rules that an access does not keep, and that show no value of their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

from dsl.ir import expr as x
from dsl.ir.platform import OnlyWhile, Precedes, VisibleTo
from dsl.ir.walk import inside
from dsl.run.events import Kind
from dsl.run.machine import Look, Machine, chain_text
from dsl.run.registers import Element
from dsl.run.visibility import HARDWARE, Clause, concerns, wrote
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

    def watch(self, element: Element, span: Span, value: int | None) -> None:
        """An access is about to happen; ``value`` is what is written, None for a read."""
        access = "reads" if value is None else "writes"
        for clause in self.machine.rules.only:
            body = clause.body
            assert isinstance(body, OnlyWhile)
            if not concerns(body.events, element, access):
                continue
            if self._applies(clause, element, value) and not self._effective(body.effective):
                why = f"only while {_text(body.effective)} ({clause.rule})"
                self.machine.note(Kind.HAZARD, element.name, span, why=why)
        if value is not None:
            self._visible_to_write(element, span, value)
        self._in_order(element, span, value, access)

    def _in_order(self, element: Element, span: Span, value: int | None, access: str) -> None:
        for number, clause in enumerate(self.machine.rules.ordered):
            body = clause.body
            assert isinstance(body, Precedes)
            if not self._applies(clause, element, value):
                continue
            if concerns(body.first, element, access) and number in self.behind:
                why = f"comes after {_text(body.then)} ({clause.rule})"
                self.machine.note(Kind.HAZARD, element.name, span, why=why)
            if concerns(body.then, element, access):
                self.behind.add(number)

    def _visible_to_write(self, element: Element, span: Span, value: int) -> None:
        """Notes the writes of other registers that this write should be behind."""
        for clause in self.machine.rules.visible:
            body = clause.body
            assert isinstance(body, VisibleTo)
            if body.then.access != "writes" or not concerns(body.then, element, "writes"):
                continue
            if not self._applies(clause, element, value):
                continue
            for name, cell in self.machine.cpu.cells.items():
                of = self.machine.elements[name]
                for update in cell.updates:
                    done = self.machine.rules.done(update, body.barriers)
                    if not done and wrote(body.first, update, of):
                        what = f"{name}, written at {update.site}"
                        chain = chain_text(body.barriers)
                        why = f"not yet visible to {element.name}: {chain} ({clause.rule})"
                        self.machine.note(Kind.HAZARD, what, span, why=why)

    def _applies(self, clause: Clause, element: Element, value: int | None) -> bool:
        condition = clause.condition
        return condition is None or self.machine.holds(condition, element, value)

    def _effective(self, condition: x.Expr) -> bool:
        """Whether a condition holds for every value permitted since the last synchronisation."""
        machine = self.machine
        asked: dict[str, list[int]] = {}
        for part in inside(condition):
            if isinstance(part, x.ReadRegister):
                index = part.index.value if isinstance(part.index, x.Const) else None
                element = machine.element(part.register, index, part.span)
                asked[element.name] = machine.permitted(element, Look(HARDWARE), element.ones)
        for number, values in enumerate(product(*asked.values())):
            fixed = tuple(zip(asked, values, strict=True))
            look = Look(HARDWARE, None, None, fixed)
            if number >= _MOST_COMBINATIONS or not machine.evaluate(condition, look, {}):
                return False
        return True


def _text(what: x.Expr | object) -> str:
    span = getattr(what, "span", None)
    return " ".join(span.text.split()) if isinstance(span, Span) else str(what)
