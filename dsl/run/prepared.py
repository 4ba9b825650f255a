"""What all runs of one program share: registers, rules, ways of its lifecycles, expressions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from dsl.ir import expr as x
from dsl.ir.lifecycle import Assumption, Invariant
from dsl.ir.program import Program
from dsl.ir.walk import inside
from dsl.ir.ways import Graph, graph
from dsl.run.functions import Functions
from dsl.run.promised import visible
from dsl.run.registers import Element, elements
from dsl.run.visibility import Rules


@dataclass(frozen=True, slots=True)
class Prepared:
    """The elements of a program's registers, its rules, its lifecycles, and what externs know.

    All are by name; ``known`` has the modules whose names an extern's declaration could use,
    ``invariants`` what must hold at each point, ``assumed`` what is assumed of each condition;
    ``functions`` are made of its expressions.
    """

    elements: dict[str, Element]
    rules: Rules
    graphs: dict[str, Graph]
    known: dict[str, frozenset[str]]
    invariants: dict[str, tuple[Invariant, ...]]
    assumed: dict[str, tuple[Assumption, ...]]
    functions: Functions


@dataclass(frozen=True, slots=True, eq=False)
class _Same:
    """A program that equals itself only: to compare two would walk all of them."""

    program: Program

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.program is self.program

    def __hash__(self) -> int:
        return id(self.program)


def prepared(program: Program) -> Prepared:
    """What runs of a program share; made once, as long as few programs are run in turn."""
    return _prepared(_Same(program))


@lru_cache(maxsize=16)
def _prepared(same: _Same) -> Prepared:
    program = same.program
    found = elements(program)
    return Prepared(
        found,
        Rules(program),
        {each.name: graph(each) for each in program.lifecycles},
        {name: visible(program, extern) for name, extern in program.externs.items()},
        _invariants(program),
        _assumed(program),
        Functions(program, found),
    )


def _invariants(program: Program) -> dict[str, tuple[Invariant, ...]]:
    found: dict[str, tuple[Invariant, ...]] = {}
    for module in program.modules:
        for invariant in module.invariants:
            for point in invariant.points:
                found[point] = (*found.get(point, ()), invariant)
    return found


def _assumed(program: Program) -> dict[str, tuple[Assumption, ...]]:
    found: dict[str, tuple[Assumption, ...]] = {}
    for each in program.assumptions:
        parts = inside(each.condition)
        for name in {part.condition.name for part in parts if isinstance(part, x.Test)}:
            found[name] = (*found.get(name, ()), each)
    return found
