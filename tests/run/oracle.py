"""All that can come out of a small program, by axioms: every order of writes, every way to read.

It shares nothing with `dsl.run` but the meaning.  A program is a list of steps that happen in this
order: writes of one register A by software, from its device, or by hardware (each of some bits),
looks at it, and barriers.  What comes out is what each look sees.  An outcome is possible if there
are one order of all writes and a place in it for each look, such that

- a look sees the writes that were made, and stand before its place;
- whoever looks comes never to an earlier place than before; his own writes stand behind what he
  saw, and then he has seen them;
- who must see a write is not before it, and puts no write of his own before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import Literal, NamedTuple, TypeAlias

#: Software reads A itself, or through a computed register; the device and the hardware look.
Who: TypeAlias = Literal["software", "through", "device", "hardware"]


class Write(NamedTuple):
    who: Literal["software", "device", "hardware"]
    value: int
    mask: int = 0xFF


class Read(NamedTuple):
    who: Who


class Barrier(NamedTuple):
    text: str


Step: TypeAlias = Write | Read | Barrier

#: What each barrier does, of what a chain can ask for: named one by one, and not worked out.
DOES: dict[str, frozenset[str]] = {
    "isb": frozenset({"isb"}),
    "eret": frozenset({"isb"}),
    "exception": frozenset({"isb"}),
    "dmb(sy)": frozenset({"dmb(nsh)"}),
    "dsb(ld)": frozenset({"dsb(nshld)"}),
    "dsb(st)": frozenset({"dsb(nshst)"}),
    "dsb(nshst)": frozenset({"dsb(nshst)"}),
    "dsb(nsh)": frozenset({"dsb(nsh)", "dsb(nshst)", "dsb(nshld)", "dmb(nsh)"}),
    "dsb(sy)": frozenset({"dsb(nsh)", "dsb(ish)", "dsb(nshst)", "dsb(nshld)", "dmb(nsh)"}),
}

Chain: TypeAlias = tuple[str, ...]


class Model(NamedTuple):
    """The chains that rules ask for: software's writes for the device, and the device's back."""

    there: Chain = ("isb", "dsb(nsh)")
    back: Chain = ("dsb(nsh)", "isb")
    #: Whether what is computed from A is in the second rule too.
    status: bool = True

    def text(self) -> str:
        """The same as a module."""
        reads = "A, S" if self.status else "A"
        return f"""
            register A : 8 reset 0 {{ LOW [3:0] HIGH [7:4] }}
            register S : 8 ro {{ V [7:0] = A }}
            endpoint device "a device" aliases A
            rule there : convention "" {{
                writes of A visible to device needs {" then ".join(self.there)}
            }}
            rule back : convention "" {{
                device visible to reads of {reads} needs {" then ".join(self.back)}
            }}
        """

    def waits(self, write: Write, who: Who) -> list[Chain]:
        """All chains that somebody waits for before he must see a write."""
        match write.who, who:
            case "software", "software":
                return []
            case "software", "device":
                return [("isb",), self.there]
            case "software", _:
                return [("isb",)]
            case "device", "software":
                return [self.back]
            case "device", "through":
                return [self.back] if self.status else []
            case "hardware", "software" | "through":
                return [("isb",)]
            case _:
                return []


def outcomes(model: Model, steps: Sequence[Step]) -> set[tuple[int, ...]]:
    """What the looks can see, all together."""
    writes = [n for n, s in enumerate(steps) if isinstance(s, Write)]
    return {
        seen for order in permutations(writes) for seen in _seen(model, steps, order, 0, {}, ())
    }


def _seen(
    model: Model,
    steps: Sequence[Step],
    order: tuple[int, ...],
    at: int,
    places: dict[Who, int],
    seen: tuple[int, ...],
) -> Iterator[tuple[int, ...]]:
    """The looks from step ``at`` on; ``places`` are where each one is in the order of writes."""
    if at == len(steps):
        yield seen
        return
    step = steps[at]
    if isinstance(step, Barrier):
        yield from _seen(model, steps, order, at + 1, places, seen)
        return
    least = places.get(step.who, 0)
    for place, number in enumerate(order):
        if number < at and _must(model, steps, number, at, step.who):
            least = max(least, place + 1)
    if isinstance(step, Write):
        own = order.index(at)
        if own >= least:
            yield from _seen(model, steps, order, at + 1, {**places, step.who: own + 1}, seen)
        return
    for place in range(least, len(order) + 1):
        value = 0
        for number in order[:place]:
            write = steps[number]
            assert isinstance(write, Write)
            if number < at:
                value = value & ~write.mask | write.value & write.mask
        now = {**places, step.who: place}
        yield from _seen(model, steps, order, at + 1, now, (*seen, value))


def _must(model: Model, steps: Sequence[Step], number: int, at: int, who: Who) -> bool:
    """Whether somebody must see the write at ``number`` at step ``at``."""
    write = steps[number]
    assert isinstance(write, Write)
    barriers = [s.text for s in steps[number:at] if isinstance(s, Barrier)]
    return all(_complete(chain, barriers) for chain in model.waits(write, who))


def _complete(chain: Chain, barriers: list[str]) -> bool:
    left = list(chain)
    for barrier in barriers:
        if left and left[0] in DOES[barrier]:
            left.pop(0)
    return not left
