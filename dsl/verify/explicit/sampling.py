"""Executes sequences among others who may do whatever they are declared to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from itertools import product
from typing import TypeAlias

from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.shapes import Condition, Period, RegisterRef, Slot
from dsl.run.choices import Choices
from dsl.run.env import Env
from dsl.run.execute import Executor
from dsl.run.machine import Machine
from dsl.run.registers import bits
from dsl.run.world import limits, owner_of
from dsl.source import Span
from dsl.verify.decided import place_of
from dsl.verify.explicit.contracts import Contracts, Promise
from dsl.verify.explicit.fitting import fitted
from dsl.verify.owned import PATTERNS, Mirror, Owned

#: A statement, by where it stands: the name of its source, and the offset; of a choice in which
#: nothing was done for no condition held, the complement of the offset.
Spot: TypeAlias = tuple[str, int]


class Excluded(Exception):
    """No such history: what others did breaks what they promise."""


@dataclass(slots=True)
class Answers(Choices):
    """What others do in one step: of each of their possibilities the one that ``turns`` says."""

    turns: tuple[int, ...] = ()
    taken: list[tuple[int, int]] = field(default_factory=list)

    def pick(self, count: int) -> int:
        """What others do, of so many possibilities."""
        at = len(self.taken)
        taken = self.turns[at] if at < len(self.turns) else 0
        self.taken.append((taken, count))
        return taken

    @property
    def following(self) -> tuple[int, ...] | None:
        """The turns after these, None after the last."""
        for at in range(len(self.taken) - 1, -1, -1):
            taken, count = self.taken[at]
            if taken + 1 < count:
                return (*(turn for turn, _ in self.taken[:at]), taken + 1)
        return None


class Sampler(Executor):
    """Executes bodies; what externs and sampled conditions do is taken from `Answers`.

    ``owed`` is what the owner should find: the value that it, or the host for it, last gave each
    element of what mirrors a register; an element of a list that was taken out is not in it.
    ``behaves`` has what externs and conditions were, in the words of a scenario, in order.
    ``reads`` is told of each slot that somebody outside takes the value of, ``calls`` of each call
    of somebody outside.
    """

    def __init__(self, machine: Machine, owned: Owned, contracts: Contracts) -> None:
        super().__init__(machine)
        self.owned = owned
        self.contracts = contracts
        self.answers = Answers()
        self.owed: MutableMapping[tuple[str, int | None], int] = {}
        #: The statements that were executed.
        self.came: set[Spot] = set()
        self.behaves: list[tuple[str, str]] = []
        self.reads: Callable[[Mirror, Span], None] = lambda mirror, span: None
        self.calls: Callable[[s.Extern, tuple[str | int, ...], Span], None] = lambda e, a, at: None
        self._assumed: dict[str, int] = {}
        #: The numbers that the extern was called with that is being carried out.
        self._given: dict[str, int] = {}
        self._fitted: dict[tuple[object, ...], int] = {}
        self._outside = False
        self._idle = False

    # ---- conditions

    def test(self, test: x.Test, env: Env) -> int:
        condition = test.condition
        if not self.contracts.samples(condition):
            return super().test(test, env)
        if condition.name in self._assumed:
            return self._assumed[condition.name]
        facts, key = self.machine.world.facts, (env.owner(test.base), condition.name)
        if condition.period is Period.TRIP and key in facts:
            return facts[key]
        low, high = limits(condition)
        options = [v for v in range(low, high + 1) if self._consistent(condition, v)]
        if not options:
            raise Excluded
        if env.quiet:
            return options[0]
        value = options[self.answers.pick(len(options))]
        self.behaves.append((condition.name, f"return {value}"))
        if condition.period is Period.TRIP:
            facts[key] = value
        return value

    def _consistent(self, condition: Condition, value: int) -> bool:
        """Whether a condition may be this, by what externs leave true."""
        about = self.contracts.about.get(condition.name, ())
        return all(self._possible(promise, {condition.name: value}) for promise in about)

    def _possible(
        self, promise: Promise, assumed: dict[str, int], given: dict[str, int] | None = None
    ) -> bool:
        """Whether a promise may hold now, whatever the conditions are that nobody knows.

        ``given`` are the arguments that are numbers; without them, what asks for one may hold.
        """
        if given is None and promise.asks:
            return True
        env = Env(dict(given or {}), dict(promise.handles), quiet=True)
        free = [c for c in promise.open if c.name not in assumed]
        around = self._assumed
        try:
            for each in product(*(range(limits(c)[0], limits(c)[1] + 1) for c in free)):
                names = (c.name for c in free)
                self._assumed = {**assumed, **dict(zip(names, each, strict=True))}
                if self.value(promise.claim, env):
                    return True
        finally:
            self._assumed = around
        return False

    # ---- externs

    def model(self, name: str, args: tuple[str | int, ...], env: Env, at: x.Expr) -> int | None:
        extern = self.program.externs.get(name)
        if extern is not None and not env.quiet:
            self.calls(extern, args, at.span)
        if extern is None or name in self.contracts.definite or name in self.contracts.exact:
            return super().model(name, args, env, at)
        for effect in extern.effects:
            if effect.kind == "reads":
                self._read_out(effect, at.span)
        said: list[str] = []
        outside, self._outside = self._outside, True
        self._given = _numbers(extern, args)
        try:
            self._write(extern, said, at.span)
        finally:
            self._outside = outside
        result = None
        if extern.signature.result is not None and not self._idle:
            named = self.owned.decided.values(name, 0)
            options = tuple(dict.fromkeys((0, 1, *named)))
            result = options[self.answers.pick(len(options))]
            said.append(f"return {result}")
        if said:
            self.behaves.append((name, "\n".join(said)))
        return result

    def _keeps(self, extern: s.Extern, args: tuple[int | str, ...], call: x.Call) -> None:
        given = _numbers(extern, args)
        for promise in self.contracts.of[extern.signature.name]:
            if not self._possible(promise, {}, given):
                raise Excluded

    def takes(self, choice: s.If, arm: s.Arm | None) -> None:
        if arm is None:
            self.came.add((choice.span.source.name, ~choice.span.start))

    def statement(self, node: s.Statement, env: Env) -> None:
        self.came.add((node.span.source.name, node.span.start))
        match node:
            case s.Warn():
                # A complaint changes nothing, whatever it asks for.
                idle, self._idle = self._idle, True
                super().statement(node, env)
                self._idle = idle
            case s.Perhaps():
                # One barrier more never makes possible what was not.
                pass
            case _:
                super().statement(node, env)

    def _read_out(self, effect: s.Effect, span: Span) -> None:
        """Somebody outside takes values: a list's elements are then nobody's any more."""
        for place in effect.places:
            for key in self._elements(place):
                self.reads(self.owned.by_place[key], span)
                if key[0] in self.owned.counters:
                    del self.owed[key]

    def _elements(self, place: object) -> list[tuple[str, int | None]]:
        if not isinstance(place, Slot):
            return []
        return [key for key in self.owed if key[0] == place.name]

    def _write(self, extern: s.Extern, said: list[str], span: Span) -> None:
        effects = [e for e in extern.effects if e.kind == "writes"]
        places = [(e, p) for e in effects for p in e.places]
        lists = [p for _, p in places if isinstance(p, Slot) and p.name in self.owned.counters]
        for array in lists:
            # What is overwritten is gone, so it should have been the owner's.
            for key in self._elements(array):
                self.reads(self.owned.by_place[key], span)
                del self.owed[key]
        for effect, place in places:
            match place:
                case Slot() if place not in lists and place.name in self.owned.asked:
                    self._give(extern, place, effect, said, span)
                case RegisterRef():
                    self._change(place, said, span)
                case _:
                    pass
        for array in lists:
            count = self._load(self.owned.counters[array.name], None)
            # What is left over behind the last one is nobody's.
            self._fill(extern, array, min(count + 1, array.length), said, span)
            for index in range(count, array.length):
                self.owed.pop((array.name, index), None)

    def _give(
        self, extern: s.Extern, slot: Slot, effect: s.Effect, said: list[str], span: Span
    ) -> None:
        """A slot gets one of a few values."""
        mask = effect.bits(slot)
        if slot.length:
            if self.answers.pick(2):
                self._fill(extern, slot, slot.length, said, span)
            return
        low, high = limits(slot)
        low = low if effect.low is None else effect.low
        high = high if effect.high is None else effect.high
        old = self._load(slot, None)
        if mask is not None:
            if not self._matters(slot, mask):
                return
            named = (old & ~mask | v & mask for v in self._named(slot, old | mask))
            options = list(dict.fromkeys((old & ~mask, old | mask, *named)))
        elif (slot.name, None) in self.owned.by_place:
            plain = _pattern(slot, 0)
            tried = (plain, *self._named(slot, plain))
            fit = (self._value_of(extern, slot, None, value, span) for value in tried)
            options = list(dict.fromkeys((old, *fit)))
        else:
            least = max(0, low)
            named = (v for v in self._named(slot, least) if low <= v <= high)
            bound = (high,) if slot.name in self.owned.bounds else ()
            options = list(dict.fromkeys((least, min(least + 1, high), *bound, *named)))
        self._set(slot, None, options[self.answers.pick(len(options))], said, span, mask)

    def _fill(self, extern: s.Extern, array: Slot, count: int, said: list[str], span: Span) -> None:
        """Elements of an array, from the first on, get a value each; others what they must have."""
        plain = [_pattern(array, index) for index in range(count)]
        # An element that is nothing is none of a list.
        named = [[v for v in self._named(array, each) if v] for each in plain]
        turn = self.answers.pick(1 + most) - 1 if (most := max(map(len, named), default=0)) else -1
        for index, (value, others) in enumerate(zip(plain, named, strict=True)):
            if turn >= 0 and others:
                value = others[(turn + index) % len(others)]
            self._set(array, index, self._value_of(extern, array, index, value, span), said, span)
        for index in range(count, array.length):
            old = self._load(array, index)
            value = self._value_of(extern, array, index, old, span)
            if value != old:
                self._set(array, index, value, said, span)

    def _named(self, slot: Slot, base: int) -> Iterator[int]:
        """What the program tells from a value of a slot."""
        kind = slot.type
        for value in self.owned.decided.values(place_of(slot), base):
            yield int(bool(value)) if not hasattr(kind, "mask") else value & kind.mask

    def _value_of(
        self, extern: s.Extern, slot: Slot, index: int | None, wanted: int, span: Span
    ) -> int:
        """What an extern gives a slot, or an element: what is wanted, if it may."""
        said = self.contracts.claims(extern, slot)
        if not said:
            return wanted
        at = 0 if index is None else index
        asked = [(c.promise, {**self._given, c.var: at} if c.var else self._given) for c in said]
        envs = [Env(dict(given), dict(p.handles), quiet=True) for p, given in asked]
        known = (
            self.value(other, env)
            for claim, env in zip(said, envs, strict=True)
            for other in claim.others(slot)
        )
        key = (extern.signature.name, slot.name, index, wanted, *known)
        if key not in self._fitted:
            owner, world = owner_of(slot.root), self.machine.world
            old = world.load(owner, slot, index)

            def kept(value: int) -> int:
                world.store(owner, slot, index, value, span)
                return sum(self._possible(promise, {}, given) for promise, given in asked)

            self._fitted[key] = fitted(slot, wanted, len(asked), kept)
            world.store(owner, slot, index, old, span)
        return self._fitted[key]

    def _matters(self, slot: Slot, mask: int) -> bool:
        """Whether anybody asks for one of these bits."""
        if slot.link is None:
            return True
        register = slot.link.register.register
        return any(
            (register.name, field.name) in self.owned.fields
            for field in register.fields
            if field.mask & mask
        )

    def _load(self, slot: Slot, index: int | None) -> int:
        return self.machine.world.load(owner_of(slot.root), slot, index)

    def _set(
        self,
        slot: Slot,
        index: int | None,
        value: int,
        said: list[str],
        span: Span,
        mask: int | None = None,
    ) -> None:
        self._store(slot, owner_of(slot.root), index, value, span)
        name = slot.name if index is None else f"{slot.name}[{index}]"
        if mask is None or slot.link is None:
            said.append(f"{name} <- {value:#x}")
            return
        for one in slot.link.register.register.fields:
            if one.mask & mask and not one.count:
                low, bits_of = bits(one, None)
                said.append(f"{name}.{one.name} <- {(value & bits_of) >> low:#x}")

    def _change(self, place: RegisterRef, said: list[str], span: Span) -> None:
        """An extern writes a register: nothing, or one of a few values."""
        for name, element in self.machine.elements.items():
            if element.register.name != place.register.name:
                continue
            if place.index not in (None, element.index):
                continue
            mask = place.field.mask if place.field else element.ones
            plain = PATTERNS[0] & element.ones
            named = self.owned.decided.values(element.register.name, plain)
            options = tuple(dict.fromkeys((plain, *(v for v in named if (v ^ plain) & mask))))
            turn = self.answers.pick(1 + len(options))
            if turn:
                new = options[turn - 1]
                self.machine.change(element, mask, new, "hardware", span)
                said.append(f"{name} <- {new:#x}")

    def _store(self, slot: Slot, owner: str, index: int | None, value: int, span: Span) -> None:
        super()._store(slot, owner, index, value, span)
        key = (slot.name, index)
        # What a sequence stores is a copy, or should be one; anybody else decides.
        if key in self.owned.by_place and (self._outside or not self.machine.function):
            self.owed[key] = self._load(slot, index)


def _numbers(extern: s.Extern, args: tuple[int | str, ...]) -> dict[str, int]:
    """The arguments that are numbers, by their names."""
    names = (param.name for param in extern.signature.params)
    return {n: a for n, a in zip(names, args, strict=True) if isinstance(a, int)}


def _pattern(slot: Slot, index: int) -> int:
    """A value for an element of a slot, another for each."""
    kind = slot.type
    value = PATTERNS[0] + index
    return int(bool(value)) if not hasattr(kind, "mask") else value & kind.mask
