"""One-statement edits that may mend a finding: proposed, and tried until one does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from dsl.diagnostics import proofs
from dsl.diagnostics.base import Diagnostic
from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.platform import Barrier, Endpoint, Events, OnlyWhile, Rule, VisibleTo
from dsl.ir.program import Program
from dsl.ir.sequence import Kind
from dsl.ir.shapes import Period, RegisterRef
from dsl.ir.walk import inside
from dsl.source import Source, Span
from dsl.syntax import tree as t
from dsl.verify.configurations import configurations, fixed
from dsl.verify.edits import Change, Text, blocks, read
from dsl.verify.findings import Finding
from dsl.verify.standing import accesses_at, acting_at, moves, order_at

#: Whether a program with this text instead of a source's no longer has the finding, and no new one.
Holds = Callable[[Source, str], bool]

#: More edits than this are not tried for one finding: each is a verification of its own.
MOST = 12


def mend(finding: Finding, program: Program, holds: Holds, *, most: int = MOST) -> Finding:
    """The finding with the first edit that ``holds``; as it is if none of ``most`` does.

    ``holds`` gets the source that is changed and its whole new text, laid out as `vgs fmt` does
    if the source is; it says whether the finding is gone and nothing new has come.
    """
    for change in islice(candidates(finding, program), most):
        if holds(change.source, change.text):
            return replace(finding, edit=change.edit())
    return finding


def candidates(finding: Finding, program: Program) -> Iterator[Change]:
    """The edits that are worth a trial, the likeliest first, each once."""
    seen: set[tuple[str, str]] = set()
    mender = _Mender(finding, program)
    for change in mender.all():
        if change is None or change.text == change.source.text:
            continue
        key = (change.source.name, change.text)
        if key not in seen:
            seen.add(key)
            yield change


_EDGES: tuple[type[Diagnostic], ...] = (
    proofs.NotYetVisible,
    proofs.TooWeak,
    proofs.NoBarrier,
    proofs.RuleNotKept,
)
_COPIES: tuple[type[Diagnostic], ...] = (proofs.StaleCopy, proofs.UsedTooEarly, proofs.NotGivenBack)
_STATE: tuple[type[Diagnostic], ...] = (proofs.StateLost, proofs.StateLeaks)

_Changes = Iterator[Change | None]


@dataclass(slots=True)
class _Mender:
    """Proposes edits for one finding."""

    finding: Finding
    program: Program
    texts: dict[str, Text | None] = field(default_factory=dict)

    def all(self) -> _Changes:
        kind = self.finding.kind
        if kind in _EDGES:
            yield from self._edges()
        if kind is proofs.OrderBroken:
            yield from self._moved()
        if kind in (proofs.OrdersNothing, proofs.OrderBroken):
            yield from self._removed()
        if kind is proofs.OtherGuard:
            yield from self._given_again()
        if kind in (proofs.OtherGuard, proofs.OneKindOnly, proofs.NotGivenBack):
            yield from self._unguarded()
        if kind in _COPIES:
            # What is restored over is not saved right there.
            if self._restored():
                yield from self._listed()
            yield from self._saved_first()
        if kind is proofs.NotGivenBack:
            yield from self._given_back()
        if kind in (*_COPIES, *_STATE):
            yield from self._listed()

    def text(self, span: Span) -> Text | None:
        name = span.source.name
        if name not in self.texts:
            self.texts[name] = read(span.source)
        return self.texts[name]

    def _place(self, span: Span) -> tuple[Text, list[t.Item]] | None:
        """A source, and the statements around a span in one of its sequences."""
        text = self.text(span)
        if text is None or text.sequence(span) is None:
            return None
        items = [i for i in text.around(span) if not isinstance(i.body, t.Sequence)]
        return (text, items) if items else None

    # ---- barriers

    def _rule(self) -> Rule | None:
        return next((r for r in self.program.rules if r.name == self.finding.rule), None)

    def _edges(self) -> _Changes:
        rule = self._rule()
        clauses = rule.clauses if rule is not None else ()
        order = order_at(self.program, self.finding.where)
        for clause in clauses:
            if not isinstance(clause, VisibleTo):
                continue
            if order is not None:
                yield from self._stronger(order, clause.barriers)
            else:
                yield from self._inserted(clause)
        for clause in clauses:
            if isinstance(clause, OnlyWhile) and order is None:
                yield from self._effective(clause)

    def _stronger(self, order: s.Order, needed: tuple[Barrier, ...]) -> _Changes:
        """The same statement with the barriers of a rule, or with more than it had."""
        place = self._place(order.span)
        if place is None:
            return
        text, items = place
        node = items[-1].body
        if not isinstance(node, t.Order):
            return
        end = node.barriers[-1].end
        had = _chain(order.barriers)
        kept = tuple(next((b for b in order.barriers if b.serves(n)), n) for n in needed)
        for barriers in dict.fromkeys((kept, needed)):
            title = f"`{_chain(barriers)}` instead of `{had}`"
            yield text.changed((node.start, end, _chain(barriers)), title=title)

    def _inserted(self, clause: VisibleTo) -> _Changes:
        """The barriers of a rule in front of the later access, or behind the earlier."""
        spans = [self.finding.where, *(note.span for note in self.finding.ends)]
        look = next((e for e in (self._events(p, clause.then) for p in spans) if e), None)
        write = next((e for e in (self._events(p, clause.first) for p in spans) if e), None)
        orders = (
            f"{_chain(clause.barriers)} orders {write or clause.first.span.text} "
            f"before {look or clause.then.span.text}"
        )
        title = f"`{_chain(clause.barriers)}` between the two"
        place = self._place(self.finding.where)
        places = [place] if place is not None else []
        if place is None:
            places += [p for note in self.finding.ends if (p := self._place(note.span))]
        for guard in (*self._guards(), ""):
            for text, items in places:
                for item in _outer_and_inner(items):
                    around = items[: items.index(item)]
                    known = any(guard == c for c in _conditions(text, around))
                    statement = f"when {guard} {{ {orders} }}" if guard and not known else orders
                    if place is not None:
                        yield text.before(item, statement, title)
                    else:
                        yield text.behind(item, statement, title)

    def _effective(self, clause: OnlyWhile) -> _Changes:
        """An `isb` in front of an access that asks for something to be in force."""
        place = self._place(self.finding.where)
        access = self._events(self.finding.where, clause.events)
        if place is None or access is None:
            return
        asked = dict.fromkeys(
            p.register.name for p in inside(clause.effective) if isinstance(p, x.ReadRegister)
        )
        statement = f"isb orders writes of {', '.join(asked)} before {access}"
        text, items = place
        yield text.before(items[-1], statement, "an `isb` in front of the access")

    def _events(self, span: Span, side: Events) -> str | None:
        """How a barrier names what is at a place, as far as a clause speaks of it."""
        registers: dict[str, None] = {}
        endpoints: dict[str, None] = {}
        kinds: set[str] = set()
        for register, kind in accesses_at(self.program, span):
            named = any(
                isinstance(r, RegisterRef) and r.register.name == register for r in side.targets
            )
            if named and side.access in (None, kind):
                registers[register] = None
                kinds.add(kind)
        for name in acting_at(self.program, span):
            if any(isinstance(r, Endpoint) and r.name == name for r in side.targets):
                endpoints[name] = None
        names = ", ".join((*registers, *endpoints))
        if not names:
            return None
        kind = next(iter(kinds)) if len(kinds) == 1 else ""
        return f"{kind} of {names}" if kind and not endpoints else names

    def _guards(self) -> list[str]:
        """What the VMs have in common in which it was found, if others differ."""
        those = [dict(c) for c in self.finding.configurations]
        if not those:
            return []
        every = [dict(c) for c in configurations(self.program)]
        told: dict[str, int] = {}
        for condition in fixed(self.program):
            name = condition.name
            values = {c.get(name) for c in those}
            others = {c.get(name) for c in every}
            if condition.period is Period.VM and values in ({0}, {1}) and len(others) > 1:
                told[name] = int(values == {1})
        for name in list(told):
            # What follows from the rest need not be said.
            rest = {n: v for n, v in told.items() if n != name}
            like = [c for c in every if all(c.get(n) == v for n, v in rest.items())]
            if rest and all(c.get(name) == told[name] for c in like):
                told = rest
        words = [name if value else f"not {name}" for name, value in told.items()]
        return [" and ".join(words)] if words else []

    # ---- orders

    def _moved(self) -> _Changes:
        """The earlier of two accesses in front of the later, which is where it came behind."""
        first = self.finding.ends[0].span if self.finding.ends else None
        if first is None or first.source is not self.finding.where.source:
            return
        here, there = self._place(self.finding.where), self._place(first)
        if here is None or there is None:
            return
        text, late, early = here[0], here[1][-1], there[1][-1]
        title = "the two the other way round"
        if late == early and isinstance(late.body, t.Copy):
            place, other = self.finding.where, first
            swapped = ((place.start, place.end, other.text), (other.start, other.end, place.text))
            yield text.changed(*swapped, title=title)
        elif late.start >= early.end:
            moved = text.of(late)
            yield text.changed(
                (late.start, late.end, ""), (early.start, early.start, f"{moved}\n"), title=title
            )

    def _removed(self) -> _Changes:
        """Without a barrier that orders nothing."""
        order = order_at(self.program, self.finding.where)
        place = self._place(self.finding.where)
        if order is None or place is None:
            return
        text, items = place
        yield text.changed((items[-1].start, items[-1].end, ""), title="without the barrier")

    # ---- conditions

    def _given_again(self) -> _Changes:
        """What a write takes away, or a condition leaves out, restored for those who need it."""
        name = self.finding.rule
        place = self._place(self.finding.where)
        if place is None or name not in self.program.slots:
            return
        text, items = place
        sequence = text.sequence(self.finding.where)
        guards = [g for note in self.finding.ends if (g := self._condition(note.span))]
        for guard in dict.fromkeys((*guards, *self._guards())):
            whens = [i for i in items if isinstance(i.body, t.When)]
            for when in whens:
                assert isinstance(when.body, t.When)
                condition = when.body.arms[0].condition
                both = f"{_bracketed(text.of(condition))} or {_bracketed(guard)}"
                title = f"also where `{guard}`"
                yield text.changed((condition.start, condition.end, both), title=title)
            statement = f"when {guard} {{ restore {name} }}"
            title = f"`{name}` restored where `{guard}`"
            if sequence is not None and sequence.body is not None:
                yield text.last(sequence.body, statement, title)
                yield text.behind(items[0], statement, title)

    def _condition(self, span: Span) -> str:
        """The condition of the innermost `when` around a place."""
        place = self._place(span)
        found = list(_conditions(*place)) if place is not None else []
        return found[-1] if found else ""

    def _unguarded(self) -> _Changes:
        """The statement without the condition around it, or that of the one that undoes it."""
        spans = [self.finding.where, *(note.span for note in self.finding.ends)]
        for span in spans:
            place = self._place(span)
            if place is None:
                continue
            text, items = place
            for item in reversed(items):
                node = item.body
                if isinstance(node, t.When) and len(node.arms) == 1 and node.otherwise is None:
                    body = node.arms[0].body
                    inner = text.source.text[body.start + 1 : body.end - 1]
                    title = f"without `when {text.of(node.arms[0].condition)}`"
                    yield text.changed((node.start, node.end, inner.strip()), title=title)
                    break

    # ---- copies

    def _saved_first(self) -> _Changes:
        """A save in front of what reads or overwrites too early."""
        place = self._place(self.finding.where)
        if place is None:
            return
        text, items = place
        slots = self.program.slots
        if self.finding.rule in slots:
            names = self._elements()
        else:
            links = [(n, slot.link) for n, slot in slots.items() if slot.link is not None]
            names = [n for n, link in links if link.register.name == self.finding.rule]
        for name in names:
            for item in _outer_and_inner(items):
                yield text.before(item, f"save {name}", f"`{name}` saved before")

    def _restored(self) -> bool:
        place = self._place(self.finding.where)
        node = place[1][-1].body if place is not None else None
        return isinstance(node, t.Copy) and node.kind.text == "restore"

    def _elements(self) -> list[str]:
        """The slot that a finding is about, or its element, as the places of it name it."""
        rule = self.finding.rule
        spans = [self.finding.where, *(note.span for note in self.finding.ends)]
        named = [p.text for p in spans if p.text == rule or p.text.startswith(f"{rule}[")]
        return list(dict.fromkeys(named)) or [rule]

    def _given_back(self) -> _Changes:
        """What another path gives a register back, on the paths that end early too."""
        if len(self.finding.ends) < 2:
            return
        back = self._place(self.finding.ends[1].span)
        text = self.text(self.finding.where)
        sequence = text.sequence(self.finding.where) if text is not None else None
        if back is None or text is None or sequence is None or sequence.body is None:
            return
        statement = back[0].of(back[1][-1].body)
        title = f"`{statement}` on the other path too"
        for item in text.around(Span(text.source, sequence.body.start, sequence.body.end)):
            for returned in _returns(item):
                yield text.before(returned, statement, title)
        yield text.last(sequence.body, statement, title)

    def _listed(self) -> _Changes:
        """The slot in a `save` or a `restore` that has others already."""
        rule = self.finding.rule
        if rule not in self.program.slots:
            return
        context = self.program.slots[rule].context
        for kind in (Kind.SAVE, Kind.RESTORE):
            for sequence in self.program.sequences.values():
                if sequence.kind is kind and moves(sequence, context):
                    yield from self._added(sequence, str(kind))

    def _added(self, sequence: s.Sequence, word: str) -> _Changes:
        text = self.text(sequence.signature.span)
        if text is None:
            return
        for item in text.around(sequence.signature.span):
            for copy in _copies(item, word):
                for name in self._elements():
                    title = f"`{word} {name}` in `{sequence.name}`"
                    yield text.changed((copy.end, copy.end, f", {name}"), title=title)


# ---- what is where


def _chain(barriers: Iterable[Barrier]) -> str:
    return " then ".join(str(b) for b in barriers)


def _bracketed(condition: str) -> str:
    return f"({condition})" if " and " in condition or " implies " in condition else condition


def _conditions(text: Text, items: list[t.Item]) -> Iterator[str]:
    """The conditions of the `when`s among some statements."""
    for item in items:
        if isinstance(item.body, t.When):
            yield text.of(item.body.arms[0].condition)


def _outer_and_inner(items: list[t.Item]) -> list[t.Item]:
    """Where a statement may stand in front: outside of what chooses or repeats, or right there."""
    found = [i for i in items if isinstance(i.body, t.Match | t.Each)][:1]
    return [*found, items[-1]]


def _returns(item: t.Item) -> Iterator[t.Item]:
    for inner in [item, *blocks(item)]:
        if isinstance(inner.body, t.Return):
            yield inner


def _copies(item: t.Item, word: str) -> Iterator[t.Copy]:
    for inner in [item, *blocks(item)]:
        if isinstance(inner.body, t.Copy) and inner.body.kind.text == word:
            yield inner.body
