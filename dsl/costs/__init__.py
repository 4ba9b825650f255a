"""What sequences cost: accesses and barriers, for each path, configuration and case.

A walk over the IR (`walk`) takes every way that a path may go; `paths` says which paths there are,
`table` merges what makes no difference, and `report` holds the result, which `render` shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dsl.costs.amounts import Counts
from dsl.costs.paths import Outcome, Path, Paths, of_program, of_sequences
from dsl.costs.report import Cost, PathCost, each_part
from dsl.costs.settings import settings
from dsl.costs.table import Row, ranked, table
from dsl.costs.variables import Domain, Space, Variable
from dsl.costs.walk import Walk
from dsl.diagnostics import suggest
from dsl.failures import CannotRun
from dsl.ir.program import Program

__all__ = ["Cost", "Counts", "PathCost", "Row", "architectures", "cost"]

#: What an encoding is for that does not say so.
DEFAULT = "aarch64"


def cost(
    program: Program,
    before: Program | None = None,
    *,
    given: Mapping[str, int | range] | None = None,
    architecture: Iterable[str] = (),
    paths: Iterable[str] = (),
    names: tuple[str, str | None] = ("", None),
) -> Cost:
    """The cost of each path of a program, beside that of the same path ``before``.

    ``given`` fixes conditions, counters and fields of read-only registers, by name.
    ``architecture`` are those to count for: by default the one that needs no saying; ``all`` is
    each.  ``paths``
    names some of the paths, or sequences; without it, it is all paths of the lifecycles, or, where
    there are none, all sequences.  Raises `CannotRun` for what is not there or cannot be.
    """
    fixed = settings(program, given or {})
    known = architectures(program)
    chosen = list(dict.fromkeys(architecture)) or [DEFAULT]
    if "all" in chosen:
        chosen = known
    for name in chosen:
        if name not in known:
            help = suggest(name, known) or f"there are: {', '.join(known)}"
            raise CannotRun(f"cost: no register says how it is accessed on `{name}`", help)
    wanted = _wanted(program, before, list(paths))
    notes: dict[str, None] = {}
    found = [
        each for name in chosen for each in _costs(program, before, fixed, name, wanted, notes)
    ]
    if not any(path.rows for path in found):
        raise CannotRun("cost: no machine is as --set says", _why(program))
    return Cost(names[0] or program.name, names[1], fixed, tuple(found), tuple(notes))


def architectures(program: Program) -> list[str]:
    """Those that any register names an encoding for; the one that needs no saying comes first."""
    every = {e.architecture for r in program.registers.values() for e in r.encodings}
    return sorted(every | {DEFAULT}, key=lambda name: (name != DEFAULT, name))


def _costs(
    program: Program,
    before: Program | None,
    fixed: Mapping[str, Domain],
    architecture: str,
    wanted: list[Path],
    notes: dict[str, None],
) -> list[PathCost]:
    space = Space()
    walks = [Walk(p, space, fixed, architecture) for p in (program, before) if p is not None]
    walked = [Paths(walk) for walk in walks]
    order = {name: i for i, name in enumerate(program.conditions)}
    olds = {p.name: p for p in [*of_program(before), *of_sequences(before)]} if before else {}
    found = []
    for path in wanted:
        new = walked[0].outcomes(path)
        old = walked[1].outcomes(olds[path.name]) if path.name in olds else None
        variables, rows = table(new, old, space, order, fixed)
        idle = _idle([*new, *(old or ())], variables, ranked(space, order))
        left = tuple(name for name in idle if name not in fixed)
        found.append(PathCost(path.name, architecture, tuple(variables), tuple(rows), left))
    for walk in walks:
        notes |= walk.notes
    return found


def _idle(outcomes: list[Outcome], told: list[Variable], ranks: list[Variable]) -> list[str]:
    """What was asked, one way or the other, and makes no difference."""
    asked: dict[str, set[Domain]] = {}
    for outcome in outcomes:
        for key, domain in outcome.domains.items():
            asked.setdefault(key, set()).add(domain)
    shown = {part.name for part in each_part(tuple(told))}
    names = (v.name for v in ranks if len(asked.get(v.key, ())) > 1)
    return [name for name in dict.fromkeys(names) if name not in shown]


def _wanted(program: Program, before: Program | None, names: list[str]) -> list[Path]:
    paths = of_program(program)
    if not paths:
        raise CannotRun("cost: there is no sequence to count", "name the module that defines them")
    if not names:
        return paths
    known = {p.name: p for p in [*of_sequences(program), *paths]}
    for name in names:
        if name not in known:
            listed = ", ".join(p.name for p in paths)
            help = suggest(name, known) or f"there are: {listed}"
            raise CannotRun(f"cost: there is no path or sequence `{name}`", help)
    return [known[name] for name in names]


def _why(program: Program) -> str:
    reasons = [f"{a.name}: {a.reason}" for a in program.assumptions]
    return "; ".join(reasons) if reasons else "nothing is left to count"
