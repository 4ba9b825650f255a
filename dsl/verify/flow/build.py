"""A program as one graph: the ways through its lifecycles, with the sequences in their places."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from dsl.ir import expr as x
from dsl.ir import lifecycle as l
from dsl.ir import sequence as s
from dsl.ir.platform import BarrierKind
from dsl.ir.program import Program
from dsl.ir.walk import calls, statements
from dsl.verify.flow.atoms import phases
from dsl.verify.flow.bodies import Bodies
from dsl.verify.flow.events import Event, Node, Op, Where
from dsl.verify.flow.places import Frame


class Graph(Bodies):
    """The ways through a program; ``starts`` are the lifecycles' and the sequences' beginnings.

    Raises `TooLarge` while it is made.
    """

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.starts: dict[str, int] = {}
        every = [p for each in program.lifecycles for p in phases(each.steps)]
        #: The phases that come once, before and behind all rounds.
        self.once = {p.name for each in program.lifecycles for p in _once(each)}
        self._returned_to = any(runs_others(p) for p in every)
        for lifecycle in program.lifecycles:
            # What a sequence does that somebody else defines is not known here.
            if not _whole(program, lifecycle):
                continue
            self.starts[lifecycle.name] = self._lifecycle(lifecycle)
        self.composed = set(self.starts)
        elsewhere = {c.callee for q in program.sequences.values() for c in calls(q.body)}
        for name, sequence in program.sequences.items():
            alone = name not in self.called and name not in elsewhere
            if sequence.body is not None and alone:
                self.starts[name] = self._alone(sequence)

    def reached(self, start: str) -> list[Node]:
        """The places that ways from a start may lead to, whatever is so."""
        found = {self.starts[start]}
        open_ = [self.starts[start]]
        while open_:
            new = set(self.nodes[open_.pop()].after) - found
            found |= new
            open_ += new
        return [self.nodes[n] for n in sorted(found)]

    def strip(self, needed: Callable[[Event], bool]) -> None:
        """Leaves out the events that nobody asks about."""
        for node in self.nodes:
            node.events = [e for e in node.events if needed(e)]
        nodes = self.nodes

        def passed(number: int) -> int:
            """Where it goes on from a place where nothing happens, and nothing is chosen."""
            seen = {number}
            while True:
                node = nodes[number]
                if node.events or node.atom or len(node.after) != 1 or node.after[0] in seen:
                    return number
                number = node.after[0]
                seen.add(number)

        changed = True
        while changed:
            changed = False
            for node in nodes:
                after = [passed(to) for to in node.after]
                if node.atom is None:
                    alone = not node.events
                    after = [to for to in dict.fromkeys(after) if not (alone and to == node.number)]
                elif after[0] == after[1]:
                    # It is the same either way.
                    node.atom, after = None, after[:1]
                changed |= after != node.after
                node.after = after

    # ---- nodes

    def _lifecycle(self, lifecycle: l.Lifecycle) -> int:
        start = self.node()
        frame = Frame(Where(others="boot"))
        at: int | None = start
        for boot in self.program.boots:
            at = self._body(boot.body, at, frame)
        frame = Frame(Where())
        assert at is not None
        at = self.node(at)
        self.event(at, Op.ROUND, lifecycle.span, frame)
        at = self._steps(lifecycle.steps, at, frame, top=True)
        if at is not None:
            self.event(self.node(at), Op.ROUND, lifecycle.span, frame)
        return start

    def _steps(
        self, steps: Iterable[l.Step], at: int | None, frame: Frame, *, top: bool
    ) -> int | None:
        for step in steps:
            if at is None:
                return None
            match step:
                case l.Phase():
                    at = self._phase(step, at, frame)
                case l.Repeat(steps=inner, span=span):
                    begin = self.node(at)
                    last = self._steps(inner, begin, frame, top=False)
                    if last is not None:
                        end = self.node(last)
                        if top:
                            self.event(end, Op.ROUND, span, frame)
                        self.nodes[end].after.append(begin)
                        at = self.join(at, end)
                case l.Either(alternatives=alternatives):
                    ways = [
                        self._steps(each, self.node(at), frame, top=False) for each in alternatives
                    ]
                    at = self.join(*ways)
        return at

    def _phase(self, phase: l.Phase, at: int, frame: Frame) -> int | None:
        inner = Frame(replace(frame.where, phase=phase.name))
        at = self.node(at)
        inner.guest = self._guest(phase)
        self.event(at, Op.PHASE, phase.span, inner)
        if phase.condition is None:
            return self._body(phase.body, at, inner)
        there, absent = self._condition(phase.condition, at, inner)
        done = None if there is None else self._body(phase.body, there, inner)
        return self.join(done, absent)

    def _guest(self, phase: l.Phase) -> str:
        """Where others run in a phase: behind an `eret`; where nobody has one, where they act."""
        if not self._returned_to:
            return "may"
        return "eret" if runs_others(phase) else ""

    def _alone(self, sequence: s.Sequence) -> int:
        start = self.node()
        frame = Frame(Where())
        args = tuple(x.Var(p.name, p.type, p.span) for p in sequence.signature.params)
        call = x.Call(sequence.name, args, False, None, sequence.signature.span)
        self._call(call, start, frame, ())
        return start

    # ---- statements


def _once(lifecycle: l.Lifecycle) -> list[l.Phase]:
    """The phases of a lifecycle outside of its rounds, if it has some."""
    rounds = any(isinstance(step, l.Repeat) for step in lifecycle.steps)
    outside = [step for step in lifecycle.steps if not isinstance(step, l.Repeat)]
    return list(phases(outside)) if rounds else []


def _whole(program: Program, lifecycle: l.Lifecycle) -> bool:
    """Whether every sequence that a lifecycle runs is defined."""
    open_ = [c.callee for p in phases(lifecycle.steps) for c in calls(p.body)]
    seen: set[str] = set()
    while open_:
        sequence = program.sequences.get(open_.pop())
        if sequence is None or sequence.name in seen:
            continue
        if sequence.body is None:
            return False
        seen.add(sequence.name)
        open_ += [c.callee for c in calls(sequence.body)]
    return True


def runs_others(phase: l.Phase) -> bool:
    """Whether a phase lets a guest run: it returns to it by an exception, and others act there."""
    returned = False
    for each in statements(phase.body):
        match each:
            case s.Order(barriers=barriers):
                returned |= any(b.kind is BarrierKind.ERET for b in barriers)
            case s.May():
                if returned:
                    return True
    return False
