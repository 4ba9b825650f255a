"""Proves that sequences are right, or shows the history in which they are not.

Engines suspect, each in its own way; what a run does not confirm is withdrawn.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dsl.ir.program import Program
    from dsl.verify.budget import Budget
    from dsl.verify.findings import Engine, Verdict

__all__ = ["verify"]


def verify(
    program: Program,
    *,
    given: Mapping[str, int] | None = None,
    engines: Sequence[Engine] | None = None,
    against: Program | None = None,
    budget: Budget | None = None,
    mends: bool = True,
    progress: Callable[[str], None] = lambda text: None,
) -> Verdict:
    """All that the engines (None: each) find in a program, confirmed by runs.

    ``given`` fixes conditions; ``against`` is a program that should do the same.  With ``mends``
    an edit that mends a finding is looked for.
    """
    from dsl.verify.driver import Driver

    return Driver(program, given or {}, engines, against, budget, mends, progress).verdict()


class _Package(ModuleType):
    """The package, and at once `dsl.verify(...)`, the function of that name in `dsl.api`.

    Python makes a package an attribute of the one around it, and so hides the function.
    """

    def __call__(self, *args: Any, **options: Any) -> Any:
        from dsl import api

        return api.verify(*args, **options)


sys.modules[__name__].__class__ = _Package
