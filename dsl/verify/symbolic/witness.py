"""A history that shows a suspicion: steps of a scenario that end in a wrong value."""

from __future__ import annotations

from dsl.ir import lifecycle as l
from dsl.verify.findings import Configuration, Witness
from dsl.verify.symbolic.mirrors import Static
from dsl.verify.symbolic.phases import Suspicion
from dsl.verify.symbolic.terms import Terms


def witness(
    static: Static,
    terms: Terms,
    lifecycle: l.Lifecycle,
    configuration: Configuration,
    suspicion: Suspicion,
) -> Witness | None:
    return None
