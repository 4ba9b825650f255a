"""Who looks at a mutant: the checks of `vgs check` and the engines of `vgs verify`."""

from __future__ import annotations

import re
from collections.abc import Collection

from msgspec.structs import replace

from dsl.diagnostics import Diagnostics, Severity, catalogue, suggest
from dsl.failures import CannotRun
from dsl.ir.program import Program
from dsl.mutation.commuting import Commuting
from dsl.mutation.explorer import Explorer
from dsl.mutation.judging import Answer, Check, Fault, Known, Prover
from dsl.mutation.serving import Serving
from dsl.mutation.values import Values
from dsl.resolve.usage import Checks

_CODE = re.compile(r"VGS\d{3}")
#: Who finds what `vgs check` finds.
STATIC = "check"


def checks(explorer: Explorer, seconds: float | None = None) -> list[Check]:
    """Who is asked of each mutant, the fastest first; the solver for so many seconds or a bit more.

    Raises `CannotRun` where the solver is not installed.
    """
    from dsl.verify.symbolic.solver import z3

    z3()
    values = Values(explorer, seconds)
    return [
        static(),
        Check("explicit", explorer.ask),
        Check("symbolic", values.ask),
    ]


def provers(explorer: Explorer) -> list[Prover]:
    """Who can prove that a mutant does what the original does, the fastest first."""
    commuting = Commuting(explorer.program, explorer.alike)
    return [
        Prover("explicit", explorer.same, ordered=True),
        Prover("order", commuting.same, ordered=True),
        Prover("rules", Serving(explorer.program).same, ordered=True),
    ]


def restricted(program: Program, without: Collection[str]) -> Program:
    """The program without some of its rules and invariants.

    Slots and codes of findings are left out of account later.  Raises `CannotRun` for what is
    none of these.
    """
    if not without:
        return program
    known = {r.name for r in program.rules} | set(program.slots)
    known |= {i.name for module in program.modules for i in module.invariants}
    for name in without:
        if _CODE.fullmatch(name) and name not in catalogue():
            raise CannotRun(f"mutate: there is no code `{name}`", "`vgs explain` lists them all")
        if name not in known and not _CODE.fullmatch(name):
            listed = f"there are: {', '.join(sorted(known))}; and the codes of findings"
            help = suggest(name, known) or listed
            raise CannotRun(f"mutate: there is no rule, invariant or slot `{name}`", help)
    return lacking(program, without)


def lacking(program: Program, without: Collection[str]) -> Program:
    """The program without the rules and invariants of some names."""
    modules = tuple(
        replace(
            module,
            rules=tuple(r for r in module.rules if r.name not in without),
            invariants=tuple(i for i in module.invariants if i.name not in without),
        )
        for module in program.modules
    )
    return Program(program.name, modules, program.held)


def static() -> Check:
    """Promises, locks and recursion: what `vgs check` says of a program that resolves."""
    return Check(STATIC, _static)


def _static(program: Program, known: Known, first: bool) -> Answer:
    found = Diagnostics()
    Checks(found).program(program, (), whole=False)
    faults = (
        Fault(STATIC, each.code, "", each.span, each.message)
        for each in found
        if each.severity is Severity.ERROR
    )
    return Answer(tuple(fault for fault in faults if not known(fault)))
