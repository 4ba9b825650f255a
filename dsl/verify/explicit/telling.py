"""Trails of an exploration as histories: who runs on which CPU, and what others do meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from dsl.ir.program import Program
from dsl.ir.ways import Graph
from dsl.verify.explicit.exploring import Edge, Exploration
from dsl.verify.explicit.lines import OWNER
from dsl.verify.explicit.states import State
from dsl.verify.findings import Configuration, Finding, Witness
from dsl.verify.histories import directed, givens, joined, names_of_owners, root_of


@dataclass(slots=True)
class _Part:
    """What one owner does on one CPU."""

    kind: int
    cpu: int
    lines: list[str] = field(default_factory=list)


def witness(
    program: Program,
    exploration: Exploration,
    trail: Sequence[Edge],
    kinds: Sequence[Configuration],
    last: Sequence[str],
) -> tuple[Witness, int]:
    """The history that a trail is, ending with the lines ``last``; and the kind of its owner."""
    parts = [_Part(exploration.states[trail[0].start].kind if trail else 0, 0)]
    cpus = 1
    for edge in trail:
        if edge.outcome is not None:
            parts[-1].lines += edge.outcome.lines
            continue
        owner = exploration.states[edge.owner]
        # What it did before, it did elsewhere.
        before = lines_of(owner)
        if before:
            parts.insert(len(parts) - 1, _Part(owner.kind, cpus, before))
            parts.append(_Part(owner.kind, 0))
            parts[-1].cpu = -cpus
            cpus += 1
        else:
            parts.append(_Part(owner.kind, 0))
    return _told(program, exploration.graph, parts, kinds, last)


def lines_of(state: State) -> list[str]:
    """What an owner did until it came to a state, on whatever CPU."""
    found: list[str] = []
    at: State | None = state
    while at is not None:
        found = [*at.step.lines, *found]
        at = at.step.before
    return found


def _told(
    program: Program,
    graph: Graph,
    parts: list[_Part],
    kinds: Sequence[Configuration],
    last: Sequence[str],
) -> tuple[Witness, int]:
    # A part with a negative CPU goes on with what the part on that CPU began.
    free = names_of_owners(program)
    names: dict[int, str] = {}
    owners: list[tuple[str, Configuration]] = []
    of: list[str] = []
    for number, part in enumerate(parts):
        begun = next((n for n, p in enumerate(parts[:number]) if p.cpu == -part.cpu != 0), None)
        if part.cpu < 0 and begun is not None:
            of.append(names[begun])
            continue
        name = free[len(owners) % len(free)]
        names[number] = name
        owners.append((name, kinds[part.kind]))
        of.append(name)
    one = len(owners) == 1
    machine = kinds[parts[0].kind]
    given = givens(program, machine, [("" if one else n, c) for n, c in owners])
    steps = [given] if given else []
    cpu = 0
    for part, name in zip(parts, of, strict=True):
        there = max(0, part.cpu)
        if there != cpu:
            steps.append(f"on {there}")
            cpu = there
        steps += [_for(line, "" if one else name) for line in part.lines]
    steps += [_for(line, "" if one else of[-1]) for line in last]
    root = root_of(program)
    params = () if one else tuple(f"{name} : {root}" for name, _ in owners)
    return Witness(joined(directed(graph, steps)), params), parts[-1].kind


def _for(line: str, name: str) -> str:
    """A line about an owner, who goes by a name if there are others."""
    line = line.replace(OWNER, f"{name}." if name else "")
    return f"{line}({name})" if name and line.startswith("run ") else line


def site_of(finding: Finding) -> tuple[object, ...]:
    """What is one finding: a rule that one function does not keep; elsewhere, one place."""
    site = finding.function or (finding.where.source.name, finding.where.start)
    return (finding.code, finding.rule, site)


def merged(one: Finding, other: Finding) -> Finding:
    """What was found twice, in other configurations: the shorter history stands for both."""
    short, long = one, other
    if one.witness and other.witness and len(other.witness.steps) < len(one.witness.steps):
        short, long = other, one
    each = dict.fromkeys((*one.configurations, *other.configurations))
    ends = dict.fromkeys((*short.ends, *long.ends))
    where = short.where
    if long.where.source == where.source and long.where.start < where.start:
        where = long.where
    return replace(short, where=where, configurations=tuple(each), ends=tuple(ends))
