"""Steppers for mutants: what each step of the original comes by is kept, and not done again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from dsl.ir.ways import Node
from dsl.verify.explicit.sampling import Spot
from dsl.verify.explicit.states import Key, State
from dsl.verify.explicit.stepping import Outcome, Stepper

#: A step: the state that it is taken from, and the number of the place that it leads to.
Step: TypeAlias = tuple[Key, int]


@dataclass(slots=True)
class Kept:
    """A step of the original: what it leads to, and the statements that it came by."""

    outcomes: list[Outcome]
    spots: frozenset[Spot]


class Found(Exception):
    """Something is wrong that the original does not have."""

    def __init__(self, state: State, outcome: Outcome) -> None:
        super().__init__()
        self.state, self.outcome = state, outcome


class Recording:
    """A stepper that keeps what each step leads to."""

    def __init__(self, stepper: Stepper, steps: dict[Step, Kept]) -> None:
        self.stepper, self._steps = stepper, steps
        self.machine = stepper.machine

    def first(self) -> State:
        return self.stepper.first()

    def steps(self, state: State, node: Node) -> list[Outcome]:
        self.stepper.came.clear()
        outcomes = list(self.stepper.steps(state, node))
        self._steps[state.key, node.number] = Kept(outcomes, frozenset(self.stepper.came))
        return outcomes


class Replaying:
    """A stepper of a mutant: what the original knows is not done again.

    ``wrong`` says of an outcome whether it shows what the original does not have.  A stepper that
    is ``alike`` is of a configuration in which the mutant is what the original is.
    """

    def __init__(
        self,
        stepper: Stepper,
        steps: dict[Step, Kept],
        region: frozenset[Spot],
        wrong: Callable[[Outcome], bool],
        alike: bool = False,
    ) -> None:
        self._alike = alike
        self.stepper, self._steps, self._region, self._wrong = stepper, steps, region, wrong
        self.machine = stepper.machine
        self._own: dict[Step, list[Outcome]] = {}

    def first(self) -> State:
        return self.stepper.first()

    def steps(self, state: State, node: Node) -> list[Outcome]:
        known = self._steps.get((state.key, node.number))
        if known is not None and (self._alike or known.spots.isdisjoint(self._region)):
            return known.outcomes
        return self.taken(state, node)

    def taken(self, state: State, node: Node) -> list[Outcome]:
        """What a step of the mutant itself leads to.  Raises `Found`."""
        key = (state.key, node.number)
        outcomes = self._own.get(key)
        if outcomes is None:
            outcomes = self._own[key] = list(self.stepper.steps(state, node))
        for outcome in outcomes:
            if (outcome.wrong or outcome.hazards) and self._wrong(outcome):
                raise Found(state, outcome)
        return outcomes
