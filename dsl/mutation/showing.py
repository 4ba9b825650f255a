"""Whether steps of two programs do the same: where they end, and what anybody sees on the way."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from dsl.ir.platform import Barrier, VisibleTo
from dsl.ir.program import Program
from dsl.ir.shapes import RegisterRef
from dsl.run.machine import Machine
from dsl.run.registers import Element
from dsl.run.visibility import SOFTWARE, Clause, wrote
from dsl.source import Span
from dsl.verify.explicit.recording import Called, Effective, Fence, Happening, Looked, Needs, Wrote
from dsl.verify.explicit.stepping import Outcome
from dsl.verify.explicit.tables import Held
from dsl.verify.explicit.visibility import Unseen
from dsl.verify.visible import named

#: What says where something happens, and not what.
_PLACES = ("span", "function", "clause", "condition")

#: What happens to a register, in order, or what somebody sees of it.
_Stream: TypeAlias = list[object]


def ends(old: Sequence[Outcome], new: Sequence[Outcome]) -> bool:
    """Whether steps lead to the same, and call the same outside on the way."""
    return list(map(_end, old)) == list(map(_end, new))


def difference(old: Sequence[Outcome], new: Sequence[Outcome]) -> str:
    """The first register or slot that is another at the end of steps; "" if it is none of these."""
    for a, b in zip(old, new, strict=False):
        if a.state is None or b.state is None:
            continue
        was, now = (_values(each.state.held) for each in (a, b) if each.state is not None)
        for name in now:
            if name in was and was[name] != now[name]:
                return f"{name} is {now[name]:#x}, and not {was[name]:#x}"
    return ""


def _values(held: Held) -> dict[str, int]:
    """What registers and slots hold, by the names that messages have for them."""
    found = dict(held.cells)
    for (_, name), value in held.slots.items():
        if isinstance(value, tuple):
            found |= {f"{name}[{n}]": each for n, each in enumerate(value)}
        else:
            found[name] = value
    return found


def strictly(machine: Machine, old: Sequence[Outcome], new: Sequence[Outcome]) -> bool:
    """Whether the same happens in steps to each register, and between the same barriers.

    Nothing relates two registers but barriers, and rules that an access of the one has an eye on
    the other: so the order of accesses of different registers is nobody's to see.
    """
    return all(_streams(machine, a) == _streams(machine, b) for a, b in zip(old, new, strict=True))


def loosely(
    machine: Machine,
    old: Sequence[Outcome],
    new: Sequence[Outcome],
    raced: Collection[str],
    more: Collection[str],
) -> bool:
    """Whether everybody sees the same in steps, or of what he might see less than before.

    Who surely sees the newest of a register sees the same whatever the barriers are.  ``raced`` are
    those of which somebody need not see a write: to these the same is written in the same order, so
    that he sees nothing that he could not see before.  Of ``more`` he might see less than before:
    to these the same must happen, and between the same barriers.
    """
    for a, b in zip(old, new, strict=True):
        if _looks(a) != _looks(b):
            return False
        if any(_writes(a, name) != _writes(b, name) for name in raced):
            return False
        one, other = (_streams(machine, each) for each in (a, b))
        if any(one.get(name) != other.get(name) for name in more):
            return False
    return True


@dataclass(frozen=True, slots=True)
class Race:
    """Somebody need not see a write where he looks: both ends, by what is written there.

    It is ``clear`` where nothing else that is written in these functions reads the same.
    """

    rule: str
    write: tuple[object, ...]
    look: tuple[object, ...]
    clear: bool


def race(program: Program, unseen: Unseen) -> Race:
    """What somebody need not see, told in a way that does not depend on where things stand."""
    write, happening = unseen.write, unseen.happening
    assert not isinstance(happening, Fence)
    one = _end_of(program, write.function, write.span)
    other = _end_of(program, happening.function, happening.span)
    who = getattr(happening, "who", getattr(happening, "author", ""))
    look = (type(happening).__name__, who, getattr(happening, "through", ""), *other[0])
    made = (write.author, write.mask, write.value, *one[0])
    return Race(unseen.need.rule, made, look, one[1] and other[1])


def _end_of(program: Program, function: str, span: Span) -> tuple[tuple[object, ...], bool]:
    """One end of a race, and whether it is the only one that reads so."""
    sequence = program.sequences.get(function)
    if sequence is None:
        return (span.source.name, span.start), True
    text = " ".join(span.text.split())
    everything = " ".join(" ".join(e.span.text.split()) for e in sequence.body or ())
    return (function, text), everything.count(text) == 1


def outside(program: Program, machine: Machine) -> frozenset[str]:
    """The elements that somebody outside reads, of whom it is not known what he need not see."""
    return frozenset(
        element.name
        for extern in program.externs.values()
        for effect in extern.effects
        if effect.kind == "reads"
        for place in effect.places
        if isinstance(place, RegisterRef)
        for element in named(place, machine.elements)
    )


def _end(outcome: Outcome) -> object:
    state = outcome.state
    end = None
    if state is not None:
        end = (state.key, state.held.slots, state.held.cells)
    calls = [_told(each) for each in outcome.happenings if isinstance(each, Called)]
    wrong = [(w.kind, w.rule, w.line) for w in outcome.wrong]
    return end, outcome.lines, calls, wrong, [(h.rule, h.what) for h in outcome.hazards]


def _looks(outcome: Outcome) -> dict[str, _Stream]:
    """What others see of each register: a program sees it in what it does with it."""
    found: dict[str, _Stream] = {}
    for each in outcome.happenings:
        if isinstance(each, Looked) and each.who != SOFTWARE:
            what = (each.who, each.through, each.mask, each.value, each.actor)
            found.setdefault(each.element, []).append(what)
    return found


def _writes(outcome: Outcome, name: str) -> _Stream:
    """What is written to a register, in order."""
    return [
        (each.author, each.mask, each.value)
        for each in outcome.happenings
        if isinstance(each, Wrote) and each.element == name
    ]


def _streams(machine: Machine, outcome: Outcome) -> dict[str, _Stream]:
    """What happens in a step to each register that is accessed, without places."""
    found: dict[str, _Stream] = {
        each.element: [] for each in outcome.happenings if isinstance(each, Wrote | Looked)
    }
    for each in outcome.happenings:
        told = _served(machine, each.barrier) if isinstance(each, Fence) else _told(each)
        for name, stream in found.items():
            if _about(machine, each, name):
                stream.append(told)
    return found


def _told(happening: Happening) -> object:
    names = [n for n in happening.__dataclass_fields__ if n not in _PLACES]
    return (type(happening).__name__, *(getattr(happening, name) for name in names))


def _served(machine: Machine, barrier: Barrier) -> tuple[tuple[bool, ...], ...]:
    """What a barrier does: which steps it takes of which chains that rules ask for."""
    return tuple(tuple(map(barrier.serves, chain)) for chain in machine.rules.chains)


def _about(machine: Machine, happening: Happening, name: str) -> bool:
    """Whether something that happens has to do with the writes of a register."""
    match happening:
        case Wrote(element=element) | Looked(element=element):
            return element == name
        case Fence(barrier=barrier):
            return any(map(any, _served(machine, barrier)))
        case Called():
            return False
        case Effective(values=values):
            return any(each == name for each, _ in values)
        case Needs(clause=clause):
            return _waits(clause, machine.elements[name])


def _waits(clause: Clause, of: Element) -> bool:
    """Whether a clause wants writes of a register, by anybody, to be visible."""
    body = clause.body
    assert isinstance(body, VisibleTo)
    beyond = (t.name for t in body.first.targets if not isinstance(t, RegisterRef))
    return any(wrote(body.first, author, of.ones, of) for author in (SOFTWARE, *beyond))
