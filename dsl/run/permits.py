"""What somebody may change at a point of a lifecycle: what its `may` statements name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from msgspec.structs import replace

from dsl.ir import sequence as s
from dsl.ir.expr import Expr
from dsl.ir.platform import Endpoint
from dsl.ir.shapes import Condition, RegisterRef, Slot
from dsl.run.errors import RunError
from dsl.source import Span


@dataclass(frozen=True, slots=True)
class Permits:
    """The places that ``who`` may change in ``phase``, and the endpoints that act there."""

    who: str
    phase: str
    places: tuple[RegisterRef | Slot | Condition, ...]
    endpoints: tuple[Endpoint, ...]

    def register(self, name: str, index: int, mask: int, span: Span) -> None:
        """Raises `RunError` unless these bits of a register may be changed."""
        left = mask
        for place in self.places:
            if not isinstance(place, RegisterRef) or place.register.name != name:
                continue
            if place.index in (None, index):
                left &= ~(place.field.mask if place.field else left)
        if left:
            self._refuse(name, span)

    def slot(self, slot: Slot, span: Span) -> None:
        """Raises `RunError` unless a slot may be changed."""
        if not has(self.places, slot):
            self._refuse(slot.name, span)

    def _refuse(self, name: str, span: Span) -> None:
        raise RunError(
            f"the lifecycle does not let {self.who} change {name} in `{self.phase}`",
            span,
            f"say so there, if it can: `may change {name}`",
        )


def has(places: Iterable[object], slot: Slot) -> bool:
    """Whether a slot is among some places, by its name.

    A history may be told in another reading of the same text, where it is another object.
    """
    return any(isinstance(place, Slot) and place.name == slot.name for place in places)


def permits(
    who: str, phase: str, body: s.Body, endpoint: bool, value: Callable[[Expr], int], span: Span
) -> Permits:
    """What is permitted in a phase, as far as its conditions hold; ``value`` evaluates them.

    Raises `RunError` where an endpoint cannot act there at all.
    """
    places: list[RegisterRef | Slot | Condition] = []
    endpoints: list[Endpoint] = []
    for may in mays(body, value):
        for place in may.places:
            if isinstance(place, Endpoint):
                endpoints.append(place)
            elif may.kind in ("change", "write"):
                places.append(place)
    found = Permits(who, phase, tuple(places), tuple(endpoints))
    if not endpoint:
        return found
    for one in endpoints:
        if one.name == who:
            return Permits(who, phase, (*one.aliases, *places), tuple(endpoints))
    raise RunError(
        f"the lifecycle does not let {who} act in `{phase}` as the run is configured",
        span,
        f"`may use {who}` is what permits it",
    )


def mays(body: s.Body, value: Callable[[Expr], int]) -> Iterator[s.May]:
    """What others may do in a phase, as far as its conditions hold and its loops go."""
    for statement in body:
        match statement:
            case s.May():
                yield statement
            case s.If(arms=arms, otherwise=otherwise):
                taken = next((a.body for a in arms if value(a.condition)), otherwise or ())
                yield from mays(taken, value)
            case s.Loop(var=var, low=low, high=high, inclusive=inclusive, body=inner):
                for number in range(value(low), value(high) + inclusive):
                    for may in mays(inner, value):
                        yield replace(may, places=tuple(_picked(may.places, var, number)))
            case _:
                pass


def _picked(
    places: Iterable[RegisterRef | Slot | Condition | Endpoint], var: str, number: int
) -> Iterator[RegisterRef | Slot | Condition | Endpoint]:
    """The places, where ``var`` is a number."""
    for place in places:
        if isinstance(place, RegisterRef) and place.by == var:
            yield replace(place, index=number, by="")
        else:
            yield place
