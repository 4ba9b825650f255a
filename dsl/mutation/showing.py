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
#: What says what happens, by its kind.
_TOLD: dict[type[Happening], tuple[str, ...]] = {}

#: What happens to a register, in order, or what somebody sees of it.
_Stream: TypeAlias = list[object]
#: By each step of each chain that rules ask for, whether a barrier takes it.
_Served: TypeAlias = tuple[tuple[bool, ...], ...]


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


class Shown:
    """What anybody sees of the steps of some programs that differ in sequences only.

    Steps that are shared show one and the same, so what is seen in it is worked out once.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._streams: dict[int, tuple[object, _Streams]] = {}
        self._strictly: dict[tuple[int, int], bool] = {}
        self._served: dict[Barrier, _Served] = {}
        self._waits: dict[tuple[int, str], bool] = {}

    def strictly(self, old: Sequence[Outcome], new: Sequence[Outcome]) -> bool:
        """Whether the same happens in steps to each register, and between the same barriers.

        Nothing relates two registers but barriers, and rules that an access of the one has an eye
        on the other: so the order of accesses of different registers is nobody's to see.
        """
        return all(self._alike(a, b) for a, b in zip(old, new, strict=True))

    def _alike(self, a: Outcome, b: Outcome) -> bool:
        if a.happenings is b.happenings:
            return True
        key = id(a.happenings), id(b.happenings)
        known = self._strictly.get(key)
        if known is None:
            one, two = self.streams(a), self.streams(b)
            known = one.own == two.own and (
                one.rest == two.rest
                or all(one.of(name) == two.of(name) for name in self._machine.elements)
            )
            self._strictly[key] = known
        return known

    def loosely(
        self,
        old: Sequence[Outcome],
        new: Sequence[Outcome],
        raced: Collection[str],
        more: Collection[str],
    ) -> bool:
        """Whether everybody sees the same in steps, or of what he might see less than before.

        Who surely sees the newest of a register sees the same whatever the barriers are.
        ``raced`` are those of which somebody need not see a write: to these the same is written in
        the same order, so that he sees nothing that he could not see before.  Of ``more`` he might
        see less than before: to these the same must happen, and between the same barriers.
        """
        for a, b in zip(old, new, strict=True):
            if _looks(a) != _looks(b):
                return False
            if any(_writes(a, name) != _writes(b, name) for name in raced):
                return False
            one, other = self.streams(a).own, self.streams(b).own
            if any(one.get(name) != other.get(name) for name in more):
                return False
        return True

    def differing(
        self, old: Sequence[Outcome], new: Sequence[Outcome], among: Collection[str]
    ) -> set[str]:
        """Those of some registers with whose writes something else has to do in steps."""
        found: set[str] = set()
        for a, b in zip(old, new, strict=True):
            if a.happenings is not b.happenings:
                one, two = self.streams(a), self.streams(b)
                found |= {n for n in among if n not in found and one.of(n) != two.of(n)}
        return found

    def streams(self, outcome: Outcome) -> _Streams:
        """What happens in a step to each register, without places."""
        known = self._streams.get(id(outcome.happenings))
        if known is None:
            known = outcome.happenings, self._made(outcome.happenings)
            self._streams[id(outcome.happenings)] = known
        return known[1]

    def _made(self, happenings: Sequence[Happening]) -> _Streams:
        own: dict[str, _Stream] = {
            each.element: [] for each in happenings if isinstance(each, Wrote | Looked)
        }
        rest: list[tuple[Happening, object]] = []
        for each in happenings:
            match each:
                case Wrote(element=element) | Looked(element=element):
                    own[element].append(_told(each))
                    continue
                case Fence(barrier=barrier):
                    told: object = self._serves(barrier)
                    if not any(map(any, self._serves(barrier))):
                        continue
                case Called():
                    continue
                case Effective(clause=clause) | Needs(clause=clause):
                    told = (clause.number, _told(each))
            rest.append((each, told))
            for name, stream in own.items():
                if self._about(each, name):
                    stream.append(told)
        return _Streams(self, own, rest)

    def _serves(self, barrier: Barrier) -> _Served:
        """What a barrier does: which steps it takes of which chains that rules ask for."""
        found = self._served.get(barrier)
        if found is None:
            chains = self._machine.rules.chains
            found = self._served[barrier] = tuple(
                tuple(map(barrier.serves, chain)) for chain in chains
            )
        return found

    def _about(self, happening: Happening, name: str) -> bool:
        """Whether something that happens, and is no access, has to do with writes of a register."""
        match happening:
            case Effective(values=values):
                return any(each == name for each, _ in values)
            case Needs(clause=clause):
                key = clause.number, name
                if key not in self._waits:
                    self._waits[key] = _waits(clause, self._machine.elements[name])
                return self._waits[key]
            case _:
                return True


class _Streams:
    """What happens in one step: ``own`` by each register that is accessed in it.

    ``rest`` is all that may have to do with writes that were made before it.
    """

    def __init__(
        self, shown: Shown, own: dict[str, _Stream], rest: list[tuple[Happening, object]]
    ) -> None:
        self._shown, self.own, self._rest = shown, own, rest
        self.rest: _Stream = [told for _, told in rest]

    def of(self, name: str) -> _Stream:
        """What has to do with the writes of one register."""
        if name in self.own:
            return self.own[name]
        return [told for each, told in self._rest if self._shown._about(each, name)]


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


def _told(happening: Happening) -> object:
    kind = type(happening)
    names = _TOLD.get(kind)
    if names is None:
        names = tuple(name for name in kind.__dataclass_fields__ if name not in _PLACES)
        _TOLD[kind] = names
    return (kind.__name__, *(getattr(happening, name) for name in names))


def _waits(clause: Clause, of: Element) -> bool:
    """Whether a clause wants writes of a register, by anybody, to be visible."""
    body = clause.body
    assert isinstance(body, VisibleTo)
    beyond = (t.name for t in body.first.targets if not isinstance(t, RegisterRef))
    return any(wrote(body.first, author, of.ones, of) for author in (SOFTWARE, *beyond))
