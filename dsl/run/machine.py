"""One machine: accesses with what is pending and what is visible, barriers, and the trace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from dsl.ir import expr as x
from dsl.ir.platform import Barrier, VisibleTo
from dsl.ir.program import Program
from dsl.ir.shapes import Register
from dsl.run.choices import Choices
from dsl.run.env import Look
from dsl.run.errors import Outside, RunError
from dsl.run.events import Event, Kind, Pending, Trace, chain_text, site, source_line
from dsl.run.prepared import prepared
from dsl.run.registers import Element, bits, changes, name_of
from dsl.run.visibility import (
    BASE,
    HARDWARE,
    SOFTWARE,
    Access,
    Cell,
    Need,
    Rules,
    Update,
    concerns,
)
from dsl.run.work import Work
from dsl.run.world import Cpu, World, boot_cells
from dsl.source import Span

_NEWEST = Look(HARDWARE, newest=True)

#: Evaluates an expression of the platform for somebody who looks at registers.
Evaluate = Callable[[x.Expr, Look, dict[str, int]], int]


@dataclass(slots=True)
class Machine:
    """The registers of several physical CPUs, of which one is the current one.

    ``evaluate`` is set by who runs programs on the machine.  ``phase``, ``function`` and ``label``
    (whose software runs) are for the trace.  With ``at_once`` every write is in force for
    everybody when it is made, as on the generated simulators.
    """

    program: Program
    choices: Choices
    world: World = field(default_factory=World)
    trace: Trace = field(default_factory=Trace)
    number: int = 0
    phase: str = ""
    function: str = ""
    label: str = ""
    work: Work = field(default_factory=Work)
    at_once: bool = False
    evaluate: Evaluate = field(init=False)
    #: Told of each access by software before it happens: the value is None for a read.
    watch: Callable[[Element, Span, int | None], None] = field(default=lambda e, s, v: None)
    elements: dict[str, Element] = field(init=False)
    rules: Rules = field(init=False)
    #: What has been seen in the step that is being made (an operation of the hardware, one read
    #: of what is computed): in one step nothing is looked at twice.
    step: dict[str, int] | None = None

    def __post_init__(self) -> None:
        shared = prepared(self.program)
        self.elements, self.rules = shared.elements, shared.rules

    @property
    def cpu(self) -> Cpu:
        found = self.world.cpus.get(self.number)
        if found is None:
            found = self.world.cpus[self.number] = Cpu(boot_cells(self.elements))
        return found

    def element(self, register: Register, index: int | None, span: Span) -> Element:
        """An element of a register.  Raises `Outside` for an index that a bank does not have."""
        if register.banked:
            assert index is not None
            if not register.first <= index < register.first + register.count:
                last = register.first + register.count - 1
                what = f"{register.name}: index {index} is outside {register.first}..{last}"
                raise Outside(what, span)
        return self.elements[name_of(register, index or 0)]

    def cell(self, element: Element) -> Cell:
        cells = self.cpu.cells
        found = cells.get(element.name)
        if found is None:
            found = Cell(element.reset)
            # What is computed, all of it, is nowhere kept.
            if element.stored:
                cells[element.name] = found
        return found

    # ---- looking

    def newest(self, element: Element) -> int:
        """The value with every write in it, seen from outside: no access, nothing decided."""
        return self._computed(element, self.cell(element).newest, _NEWEST, element.ones)

    def look(self, element: Element, by: Look, span: Span, mask: int | None = None) -> int:
        """What somebody sees of the bits in ``mask``: where that is open, the run chooses."""
        wanted = element.ones if mask is None else mask
        if element.derived & wanted:
            value = self._stored(element, by, span, wanted | element.sources)
            return self._computed(element, value, by, wanted)
        return self._stored(element, by, span, wanted)

    def _stored(self, element: Element, by: Look, span: Span, mask: int) -> int:
        for name, value in by.fixed:
            if name == element.name:
                return value
        if by.newest:
            return self.cell(element).newest
        return self._seen(element, by, span, mask & element.ones)

    def read(self, element: Element, span: Span) -> int:
        """A read by software, in the trace."""
        if element.register.access == "wo":
            raise RunError(f"{element.name} is write-only", span)
        self.watch(element, span, None)
        self.step = {} if element.computed else None
        value = self.look(element, Look(SOFTWARE, element), span) & ~element.hidden
        self.step = None
        self.note(Kind.READ, element.name, span, new=value, who=self.label)
        return value

    def permitted(self, element: Element, by: Look, mask: int) -> list[int]:
        """All values of the bits in ``mask`` that somebody may see now, the newest first."""
        cell = self.cell(element)
        least = self._least(element, cell, by)
        found: dict[int, None] = {}
        for count in range(len(cell.updates), least - 1, -1):
            found.setdefault(cell.at(count) & mask)
        return list(found)

    def _least(self, element: Element, cell: Cell, by: Look) -> int:
        """How many updates somebody has surely seen."""
        key = _observer(by)
        least = cell.seen.get(key, 0)
        access = Access(by.who, by.through)
        for at in range(len(cell.updates), least, -1):
            if self.rules.surely(cell.updates[at - 1], element, access, self.holds):
                return at
        return least

    def _seen(self, element: Element, by: Look, span: Span, mask: int) -> int:
        cell = self.cell(element)
        if not cell.updates:
            return cell.settled
        step = self.step
        if step is not None:
            if element.name in step:
                return step[element.name]
            mask = element.ones
        least, most = self._least(element, cell, by), len(cell.updates)
        self.work.spend((most - least + 1) * most // 8, span)
        # Of several counts that give one value, the least keeps most open.
        values: dict[int, int] = {}
        for count in range(least, most + 1):
            values.setdefault(cell.at(count) & mask, count)
        newest = cell.at(most) & mask
        order = [newest, *(v for v in reversed(values) if v != newest)]
        taken = 0
        if len(order) > 1:
            self._warn_of(element, by, span)
            shown = tuple(_shown(element, v, mask) for v in order)
            taken = self.choose(f"{_name(by)} sees {element.name}", shown, span)
        count = values[order[taken]]
        key = _observer(by)
        cell.seen[key] = max(cell.seen.get(key, 0), count)
        value = cell.at(count if len(order) > 1 else most)
        if step is not None:
            step[element.name] = value
        return value

    def waits(self, element: Element, by: Look) -> tuple[Update, Need] | None:
        """The first write that somebody need not see yet, and what it waits for."""
        access = Access(by.who, by.through)
        for update in self.cell(element).updates:
            need = next(self.rules.missing(update, element, access, self.holds), None)
            if need is not None:
                return update, need
        return None

    def _warn_of(self, element: Element, by: Look, span: Span) -> None:
        """Notes which writes may not be seen yet, and what they wait for."""
        waits = self.waits(element, by)
        if waits is not None:
            update, need = waits
            what = f"{element.name}, written at {update.site}"
            self.hazard(
                need.rule, what, span, f"{_name(by)} may not see it yet: {chain_text(need.chain)}"
            )

    def hazard(self, rule: str, what: str, span: Span, why: str) -> None:
        """Notes that a rule is not kept."""
        self.note(Kind.HAZARD, what, span, why=f"{why} ({rule})")

    def _computed(self, element: Element, value: int, by: Look, mask: int) -> int:
        """``value`` with the computed fields that ``mask`` needs."""
        if not element.derived & mask:
            return value
        through = None if by.newest else by.through or element
        for each in element.computed:
            of = each.field
            if not of.mask & mask:
                continue
            for index in range(of.first, of.first + max(1, of.count)):
                low, place = bits(of, index)
                if not place & mask:
                    continue
                locals = {each.var: index} if each.var else {}
                inner = Look(by.who, through, value, by.fixed, by.newest)
                found = int(self.evaluate(each.value, inner, locals))
                value = value & ~place | found << low & place
        return value

    # ---- changing

    def poke(self, element: Element, value: int) -> None:
        """Sets what a register stores, from outside, for everybody."""
        kept = value & element.stored | element.register.res1
        self.cpu.cells[element.name] = Cell(kept)

    def write(self, element: Element, value: int, span: Span) -> None:
        """A write by software: legalised, reserved bits in place, pending until synchronised."""
        if element.register.access == "ro":
            raise RunError(f"{element.name} is read-only", span)
        self.watch(element, span, value)
        if element.register.access == "wi":
            same = self.newest(element)
            self.note(Kind.WRITE, element.name, span, old=same, new=same, who=self.label)
            return
        value = self._legalised(element, value, element.ones, Look(HARDWARE, None, value), span)
        update = self._update(element.writable, value, SOFTWARE, span)
        self._make(Kind.WRITE, element, update, self.label, span)

    def change(self, element: Element, mask: int, value: int, who: str, span: Span) -> None:
        """A change of some bits by hardware, or from an endpoint."""
        whole = self.cell(element).newest & ~mask | value & mask
        value = self._legalised(element, whole, mask, Look(who, None, whole), span)
        update = self._update(mask & element.stored, value, who, span)
        self._make(Kind.CHANGE, element, update, who, span)

    def _make(self, kind: Kind, element: Element, update: Update, who: str, span: Span) -> None:
        """Puts an update in its place, and notes what it changes and who waits for that."""
        cell = self.cell(element)
        if not self.trace.on:
            self._place(element, cell, update, span)
            return
        old = self.newest(element)
        self._place(element, cell, update, span)
        new = self.newest(element)
        fields = changes(element.register, old, new)
        waits = () if old == new or self.at_once else self.pending(element, update)
        self.note(kind, element.name, span, old=old, new=new, fields=fields, pending=waits, who=who)

    def _update(self, mask: int, value: int, author: str, span: Span) -> Update:
        return Update(mask, value & mask, author, site(span), [])

    def _place(self, element: Element, cell: Cell, update: Update, span: Span) -> None:
        """Puts an update into the order of writes.

        What its author has not surely seen of others may come before it or after it.  But an
        operation of the hardware is one step: what it looked at and did not see comes after it.
        """
        if self.at_once:
            cell.settled = update.over(cell.settled)
            if self.step is not None and element.name in self.step:
                self.step[element.name] = cell.settled
            return
        author = update.author
        update.progress = self.rules.fresh(author, update.mask, element)
        by = Look(author, element if author == SOFTWARE else None)
        key = _observer(by)
        least, most = self._least(element, cell, by), len(cell.updates)
        self.work.spend((most - least + 1) * most // 8, span)
        place = most
        if least < most:
            place = least
            if author == SOFTWARE or element.name not in (self.step or ()):
                place = self._choose_place(element, cell, update, least, span)
        cell.updates.insert(place, update)
        cell.seen = {who: n + (n > place) for who, n in cell.seen.items()}
        cell.seen[key] = max(cell.seen.get(key, 0), place + 1)
        if self.step is not None and element.name in self.step:
            self.step[element.name] = update.over(self.step[element.name])
        self.rules.settle(cell)

    def _choose_place(
        self, element: Element, cell: Cell, update: Update, least: int, span: Span
    ) -> int:
        """A place from ``least`` on; also where values do not differ, what is seen later may."""
        unseen = len(cell.updates) - least
        last = cell.updates[-1]
        what = f"{update.author}'s write of {element.name}, or {last.author}'s at {last.site}"
        options = ["after it", "before it", *(f"before {n + 2}" for n in range(unseen - 1))]
        return len(cell.updates) - self.choose(what, tuple(options), span)

    def _legalised(self, element: Element, value: int, mask: int, by: Look, span: Span) -> int:
        """What a write becomes, as far as the bits in ``mask`` are written."""
        look = Look(by.who, None, value)
        for rule in element.legalised:
            if not rule.field.mask & mask:
                continue
            if self.evaluate(rule.condition, look, {}):
                low, place = bits(rule.field, None)
                value = value & ~place | self.evaluate(rule.value, look, {}) << low & place
        return value

    # ---- barriers

    def barrier(self, barrier: Barrier, span: Span, who: str) -> None:
        """A barrier has completed on this CPU."""
        moved = [
            name
            for name, cell in self.cpu.cells.items()
            if cell.updates and self.rules.barrier(cell, barrier)
        ]
        what = f"moves on {', '.join(moved)}" if moved else ""
        self.note(Kind.BARRIER, str(barrier), span, why=what, who=who)

    def settle(self) -> None:
        """Makes everything visible to everybody: what was before the history begins."""
        for cell in self.cpu.cells.values():
            cell.settled, cell.updates, cell.seen = cell.newest, [], {}

    def pending(self, element: Element, update: Update) -> tuple[Pending, ...]:
        """For whom an update is not in force yet, and what that still waits for."""
        found: dict[Pending, None] = {}
        if update.author == SOFTWARE and not self.rules.done(update, 0):
            found[Pending("effect", BASE)] = None
        for clause in self.rules.following(update.author, update.mask, element):
            body = clause.body
            assert isinstance(body, VisibleTo)
            if body.condition is not None and not self.holds(body.condition):
                continue
            if update.author != SOFTWARE and not concerns(body.then, element, body.then.access):
                continue
            left = self.rules.left(update, clause.chain)
            if left:
                whom = ", ".join(dict.fromkeys(_short(t) for t in body.then.targets))
                found[Pending(whom, left)] = None
        return tuple(found)

    def holds(
        self, condition: x.Expr, element: Element | None = None, value: int | None = None
    ) -> bool:
        """A clause's condition: for the value that is written, and the newest of the others."""
        if element is None or value is None:
            return bool(self.evaluate(condition, _NEWEST, {}))
        look = Look(HARDWARE, fixed=((element.name, value),), newest=True)
        return bool(self.evaluate(condition, look, {}))

    # ---- the trace

    def choose(self, what: str, options: tuple[str, ...], span: Span) -> int:
        """Lets the run choose, and notes what it chose."""
        taken = self.choices.choose(what, options, site(span))
        others = ", ".join(o for n, o in enumerate(options) if n != taken)
        self.note(Kind.CHOICE, what, span, why=f"{options[taken]}, and not {others}")
        return taken

    def note(
        self,
        kind: Kind,
        what: str,
        span: Span,
        *,
        old: int | None = None,
        new: int | None = None,
        fields: tuple[tuple[str, str, str], ...] = (),
        pending: tuple[Pending, ...] = (),
        why: str = "",
        who: str = "",
    ) -> None:
        """Adds an event; its reason is the source text, where there is no other."""
        if not self.trace.on:
            return
        self.trace.events.append(
            Event(
                len(self.trace.events),
                kind,
                what,
                self.number,
                who or self.label,
                self.phase,
                self.function,
                site(span),
                why or source_line(span),
                old,
                new,
                fields,
                pending,
            )
        )
        self.trace.listen(self.trace.events[-1])


def _observer(by: Look) -> str:
    """Who keeps count of what was seen: each register that software reads through, for itself."""
    return by.through.name if by.who == SOFTWARE and by.through else by.who


def _name(by: Look) -> str:
    through = f" through {by.through.name}" if by.through else ""
    return f"{by.who}{through if by.who == SOFTWARE else ''}"


def _shown(element: Element, value: int, mask: int) -> str:
    fields = [
        f"{name} {new}"
        for name, _, new in changes(element.register, ~value & mask, value)
        if value.bit_count() < 8 or mask.bit_count() <= 8
    ]
    return f"{value:#x}" + (f" ({', '.join(fields)})" if 0 < len(fields) <= 3 else "")


def _short(target: object) -> str:
    return str(getattr(target, "name", target))
