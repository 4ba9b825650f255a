"""vgs: a small language for hypervisor register sequences.

The functions here do what the command does, for programs:

    import dsl
    loaded = dsl.load("sequences/kvm/after.vgs", roots=["sequences"])
    simulator = dsl.simulate(loaded)

They are in `dsl.api` and are loaded when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsl.api import (
        BuildResult,
        CannotRun,
        Compared,
        Cost,
        Diagnostic,
        HasErrors,
        History,
        LanesFailed,
        Loaded,
        Mutated,
        Result,
        Verdict,
        build,
        check,
        cost,
        diff,
        format,
        in_parts,
        load,
        mutate,
        run_scenario,
        scenarios,
        simulate,
        simulate_batch,
        verify,
    )

__all__ = [
    "BuildResult",
    "CannotRun",
    "Compared",
    "Cost",
    "Diagnostic",
    "HasErrors",
    "History",
    "LanesFailed",
    "Loaded",
    "Mutated",
    "Result",
    "Verdict",
    "__version__",
    "build",
    "check",
    "cost",
    "diff",
    "format",
    "in_parts",
    "load",
    "mutate",
    "run_scenario",
    "scenarios",
    "simulate",
    "simulate_batch",
    "verify",
]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    if name in __all__:
        from dsl import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
