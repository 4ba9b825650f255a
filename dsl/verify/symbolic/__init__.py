"""The symbolic engine: values, for all that registers and memory may hold and every list register.

It proves, over all histories of a lifecycle and with every write in force at once, that what is
mirrored survives, that nobody finds what others left, that invariants hold, and that updates keep
the other bits.  Barriers are the explicit engine's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol, TypeAlias

from dsl.ir.program import Program
from dsl.verify.findings import Finding, Report, Witness

if TYPE_CHECKING:
    from dsl.verify.symbolic.alike import Same
    from dsl.verify.symbolic.kept import Kept


#: Gets a finding with histories that show it, and says whether no other is asked for.
Enough: TypeAlias = Callable[[Finding, Iterator[Witness], bool], bool]


class Limits(Protocol):
    """What the work may cost; ``spent`` says why there must be no more of it, or nothing."""

    def spent(self) -> str: ...


def check(
    program: Program,
    *,
    given: Mapping[str, int] | None = None,
    budget: Limits | None = None,
    progress: Callable[[str], None] = lambda line: None,
    kept: Kept | None = None,
    enough: Enough | None = None,
) -> Report:
    """What does not hold, in which configurations, and what was proved.

    ``given`` fixes conditions; ``kept`` has phases that need not be executed again, and gets those
    that are.  ``enough`` is asked about each finding, with histories that are looked for while it
    takes them, and says whether no other finding is asked for: then none has a witness.  Its last
    argument is whether the finding stands: else it may yet be proved that there is none.
    Raises `CannotRun` where the solver is not installed.
    """
    from dsl.verify.symbolic.checking import Checking
    from dsl.verify.symbolic.solver import z3

    z3()
    made = Checking(program, given, budget, progress, kept, enough)
    made.solver.budget = budget
    return made.report()


def against(
    program: Program,
    before: Program,
    *,
    given: Mapping[str, int] | None = None,
    budget: Limits | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> Report:
    """Where two programs with one lifecycle do not surely do the same, from the same start.

    At the entry of a guest what it can see is compared, elsewhere every register and slot.
    Raises `CannotRun` where the solver is not installed.
    """
    from dsl.verify.symbolic.comparing import Comparing
    from dsl.verify.symbolic.solver import z3

    z3()
    return Comparing(program, before, given, budget, progress).report()


def same(program: Program, other: Program) -> Same:
    """Whether two programs that differ in sequences only are the same for all values.

    ``effects`` is about what they leave, ``accesses`` about each access and barrier too.
    """
    from dsl.verify.symbolic.alike import same as compared
    from dsl.verify.symbolic.checking import deep
    from dsl.verify.symbolic.solver import z3

    z3()
    with deep():
        return compared(program, other)
