"""Places laid out one after the other, and what a call's names stand for there."""

from __future__ import annotations

from dataclasses import dataclass, field

from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.program import Program
from dsl.ir.walk import assigned
from dsl.source import Span
from dsl.verify.flow.atoms import Keys
from dsl.verify.flow.events import Atom, Event, Node, Op, Where

#: A graph is not made larger than this: sequences that call each other in a maze.
LARGEST = 40_000


class TooLarge(Exception):
    """There are too many ways to lay out."""


@dataclass(slots=True)
class Frame:
    """One call: what its names stand for, and where what leaves it goes on."""

    where: Where
    env: dict[str, x.Expr | None] = field(default_factory=dict)
    bases: dict[str, str] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)
    end: int = -1
    results: list[x.Expr | None] = field(default_factory=list)
    #: Where a guest begins to run in a phase: behind an ``eret``, or where others ``may`` act.
    guest: str = ""


class Places:
    """The places of a program, and how they are put together."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.nodes: list[Node] = []
        self.keys = Keys(program)

    def node(self, *before: int | None) -> int:
        if len(self.nodes) >= LARGEST:
            raise TooLarge
        node = Node(len(self.nodes))
        self.nodes.append(node)
        for each in before:
            if each is not None:
                self.nodes[each].after.append(node.number)
        return node.number

    def join(self, *ways: int | None) -> int | None:
        left = [w for w in ways if w is not None]
        if not left:
            return None
        return left[0] if len(left) == 1 else self.node(*left)

    def split(self, at: int, atom: Atom) -> tuple[int, int]:
        self.nodes[at].atom = atom
        return self.node(at), self.node(at)

    def event(self, at: int, op: Op, span: Span, frame: Frame, **rest: object) -> None:
        self.nodes[at].events.append(Event(op, span, frame.where, **rest))  # type: ignore[arg-type]


def forget(frame: Frame, body: s.Body) -> None:
    for name in assigned(body):
        frame.env[name] = None
