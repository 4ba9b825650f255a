"""Whether two programs are the same for all values: each sequence from any state, on each path."""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from dsl.ir import sequence as s
from dsl.ir.dump import dump
from dsl.ir.program import Module, Program
from dsl.ir.types import Handle
from dsl.run.registers import Element
from dsl.run.world import limits
from dsl.verify.symbolic.execute import Executor
from dsl.verify.symbolic.expressions import Env
from dsl.verify.symbolic.proof import fixed
from dsl.verify.symbolic.solver import Solver
from dsl.verify.symbolic.state import Key, Unbounded, width_of
from dsl.verify.symbolic.term import Term
from dsl.verify.symbolic.terms import Terms

#: A read, a write or a barrier: what, under which condition, with which value.
_Event = tuple[str, str, Term, Term | None]


class Same(NamedTuple):
    """Whether what is left is the same, and whether the accesses are too, in their order.

    None: nobody can say.  False: there is a state, perhaps one that no lifecycle comes to, from
    which it is not.
    """

    effects: bool | None
    accesses: bool | None


def same(program: Program, other: Program) -> Same:
    """Compares two programs, such as one and a mutant of it."""
    if not _alike(program, other):
        return Same(None, None)
    effects: bool | None = True
    accesses: bool | None = True
    terms = Terms()
    for name in dict.fromkeys((*program.sequences, *other.sequences)):
        one, two = program.sequences.get(name), other.sequences.get(name)
        if one is two or _text(one) == _text(two):
            continue
        if one is None or two is None or one.body is None or two.body is None:
            return Same(None, None)
        try:
            left, right = _Once(program, one, terms), _Once(other, two, terms)
        except (Unbounded, RecursionError):
            return Same(None, None)
        effects = _both(effects, left.leaves_the_same(right))
        accesses = _both(accesses, left.accesses_the_same(right))
        if effects is False:
            return Same(False, False)
    return Same(effects, accesses if effects else effects)


def _both(a: bool | None, b: bool | None) -> bool | None:
    if a is False or b is False:
        return False
    return None if a is None or b is None else True


def _alike(program: Program, other: Program) -> bool:
    """Whether the two differ in nothing but sequences, and in what has no meaning for values."""

    def rest(module: Module) -> str:
        kept = replace(module, sequences=(), rules=(), scenarios=(), failures=(), platforms=())
        return dump(kept, docs=False)

    mine, others = program.modules, other.modules
    return len(mine) == len(others) and all(
        a is b or rest(a) == rest(b) for a, b in zip(mine, others, strict=True)
    )


def _text(sequence: s.Sequence | None) -> str:
    return "" if sequence is None else dump(Module("", sequences=(sequence,)), docs=False)


class _Once(Executor):
    """One sequence, executed from any state."""

    at_once = False

    def __init__(self, program: Program, sequence: s.Sequence, terms: Terms) -> None:
        super().__init__(program, terms, Solver(terms), {})
        self.events: list[_Event] = []
        constants, assumed, _ = fixed(self)
        self.solver.assume(assumed)
        self._constants = constants
        self.initial = self._any
        self.cells, self.path = {}, terms.true
        self.again()
        self.events.clear()
        given: list[Term | str] = []
        for param in sequence.signature.params:
            if isinstance(param.type, Handle):
                given.append(param.type.root)
            else:
                width = getattr(param.type, "width", 0)
                given.append(terms.symbol(f"argument:{param.name}", width))
        self.result = self.run(sequence, given, software=True)

    def _any(self, key: Key) -> Term | None:
        if isinstance(key, str):
            if key in self._constants:
                return self._constants[key]
            element = self.elements[key]
            base = self.terms.const(element.reset, element.register.width)
            free = self.terms.symbol(key, element.register.width)
            return self.terms.masked(base, free, element.stored)
        if key[0] in ("?", "="):
            return None
        slot = self.program.slots[str(key[1])]
        low, high = limits(slot)
        if low < 0:
            return self.terms.symbol(f"{key}", width_of(slot))
        return self.ranged(f"{key}", width_of(slot), low, high)

    def accessed(self, kind: str, element: object, condition: Term, value: Term) -> None:
        assert isinstance(element, Element)
        when = self.terms.and_(self.path, condition)
        self.events.append((kind, element.name, when, value if kind == "write" else None))

    def statement(self, node: s.Statement, env: Env) -> None:
        if isinstance(node, s.Order):
            for barrier in node.barriers:
                self.events.append(("barrier", str(barrier), self.path, None))
        super().statement(node, env)

    # ---- comparing

    def leaves_the_same(self, other: _Once) -> bool | None:
        """Whether registers, memory, result and where it stops are the same."""
        answer = self._equal(self.path, other.path)
        given = (self.path, other.path)
        for key in dict.fromkeys((*self.cells, *other.cells)):
            if key[0] in ("?", "="):
                continue
            one = self.cells.get(key) or self._any(key)
            two = other.cells.get(key) or self._any(key)
            assert one is not None
            assert two is not None
            answer = _both(answer, self._equal(one, two, given))
            if answer is False:
                return False
        if (self.result is None) != (other.result is None):
            return False
        if self.result is not None and other.result is not None:
            answer = _both(answer, self._equal(self.result, other.result, given))
        return answer

    def accesses_the_same(self, other: _Once) -> bool | None:
        """Whether they are the same accesses and barriers in the same order."""
        if len(self.events) != len(other.events):
            return False
        answer: bool | None = True
        for one, two in zip(self.events, other.events, strict=True):
            if one[:2] != two[:2]:
                return False
            answer = _both(answer, self._equal(one[2], two[2]))
            if one[3] is not None and two[3] is not None:
                answer = _both(answer, self._equal(one[3], two[3], (one[2],)))
            if answer is False:
                return False
        return answer

    def _equal(self, a: Term, b: Term, given: tuple[Term, ...] = ()) -> bool | None:
        return a is b or self.solver.equal(a, b, given)
