"""What an extern does, held to what it is declared to write."""

from __future__ import annotations

from dsl.ir.program import Program
from dsl.ir.sequence import Effect, Extern
from dsl.ir.shapes import RegisterRef, Slot
from dsl.run.errors import RunError
from dsl.run.permits import has
from dsl.run.registers import Element
from dsl.run.visibility import names
from dsl.source import Span


class Promised:
    """Watches one call of an extern.

    A model has memory of its own: slots of modules that the extern's module does not import,
    which its declaration could not name, are not held to it.
    """

    def __init__(self, extern: Extern, known: frozenset[str], span: Span) -> None:
        """``known`` are the modules whose names the declaration could use: see `visible`."""
        self.name = extern.signature.name
        self.span = span
        self._writes = [e for e in extern.effects if e.kind == "writes"]
        self._known = known
        self._ranges: dict[str, tuple[Effect, int]] = {}

    def slot(self, slot: Slot, value: int) -> None:
        """A slot gets a value.  Raises `RunError` unless the extern is declared to write it."""
        for effect in self._writes:
            if has(effect.places, slot):
                if effect.low is not None and effect.high is not None:
                    self._ranges[slot.name] = (effect, value)
                return
        if slot.span.source.module in self._known:
            self._refuse(slot.name)

    def register(self, element: Element, mask: int) -> None:
        """The same for some bits of a register."""
        for effect in self._writes:
            for place in effect.places:
                if isinstance(place, RegisterRef) and names(place, element, mask):
                    return
        self._refuse(element.name)

    def check(self) -> None:
        """The call is over.  Raises `RunError` for a last value outside its declared range."""
        for slot, (effect, value) in self._ranges.items():
            assert effect.low is not None
            assert effect.high is not None
            if not effect.low <= value <= effect.high:
                text = " ".join(effect.span.text.split())
                what = f"what {self.name} does breaks its promise: {text}, and {slot} is {value}"
                raise RunError(what, self.span)

    def _refuse(self, what: str) -> None:
        raise RunError(
            f"what {self.name} does breaks its promise: it is not declared to write {what}",
            self.span,
            f"declare `writes {what}`, if it does",
        )


def visible(program: Program, extern: Extern) -> frozenset[str]:
    """The modules whose names the declaration of an extern could use."""
    modules = {m.name: m for m in program.modules}
    found: set[str] = set()
    left = [extern.signature.span.source.module]
    while left:
        name = left.pop()
        if name not in found and name in modules:
            found.add(name)
            left += modules[name].imports
    return frozenset(found)
