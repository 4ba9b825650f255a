"""Where a run starts: what is given, what a CPU boots with, and whether such a machine exists."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

from dsl.ir import expr as x
from dsl.ir import lifecycle as l
from dsl.ir.shapes import MACHINE
from dsl.ir.types import Handle
from dsl.ir.walk import inside, place_key
from dsl.run.env import Env
from dsl.run.errors import Impossible, RunError, broken
from dsl.run.events import site
from dsl.run.execute import Executor
from dsl.run.registers import bits
from dsl.run.visibility import HARDWARE
from dsl.run.world import limits


@dataclass(slots=True)
class Start:
    """Gives facts, memory and registers their values, by a scenario and by who runs it.

    ``settings`` take the place of what the scenario gives; ``given`` are all, decided.
    """

    executor: Executor
    scenario: l.Scenario
    settings: tuple[l.Given, ...]
    given: list[tuple[l.Given, int]] = field(default_factory=list)

    def _decided(self, given: l.Given) -> tuple[l.Given, int]:
        if given.value is not None:
            return given, given.value
        low, high = _range(given.place)
        options = tuple(str(n) for n in range(high, low - 1, -1))
        what = " ".join(given.place.span.text.split())
        return given, high - self.executor.machine.choices.choose(what, options, site(given.span))

    def boot(self) -> None:
        """The current CPU holds what it boots with, and what is given of it.

        Facts and memory are given when the first CPU boots.
        """
        first = not self.given
        if first:
            self._decide()
        trace = self.executor.machine.trace
        trace.on = False
        # What a CPU boots with may depend on what it is; and what is given of it stands.
        self._give_all(registers_only=not first)
        for boot in self.executor.program.boots:
            self.executor.body(boot.body, Env({}, {}, HARDWARE))
        self.executor.machine.settle()
        self._give_all(registers_only=True)
        trace.on = True

    def restore(self, values: list[int]) -> None:
        """Takes what another run of the same scenario and settings decided on."""
        self.given = list(zip(self._all(), values, strict=True))

    def _decide(self) -> None:
        self.given = [self._decided(g) for g in self._all()]

    def _all(self) -> list[l.Given]:
        given = [s for s in self.scenario.steps if isinstance(s, l.Given)]
        settled = {place_key(s.place) for s in self.settings}
        # What is set from outside takes the place of what the scenario says.
        return [*(g for g in given if place_key(g.place) not in settled), *self.settings]

    def _give_all(self, *, registers_only: bool) -> None:
        for given, value in self.given:
            if not registers_only or isinstance(_home(given.place), x.ReadRegister):
                self._give(given.place, value)
        for given, value in () if registers_only else self.given:
            if isinstance(given.place, x.Test):
                name = given.place.condition.name
                if name in self.executor.program.definitions:
                    self._define(name, value, given.place)

    def _give(self, place: x.Expr, value: int) -> None:
        """Gives a fact, a slot or a register (or a field of one) a value, from outside."""
        home, low, mask = _home(place), 0, None
        if isinstance(place, x.Extract):
            index = place.index.value if isinstance(place.index, x.Const) else None
            low, mask = bits(place.field, index)
        env = Env({}, {}, HARDWARE, quiet=True)
        match home:
            case x.Test(condition=condition, base=base):
                root = condition.root
                if condition.name in self.executor.program.models:
                    what = f"`{condition.name}` is what its model makes of other state"
                    raise RunError(what, place.span, "give that")
                for owner in self._owners(root, base):
                    self.executor.machine.world.facts[owner, condition.name] = value
            case x.ReadSlot(slot=slot, base=base, index=where):
                at = None if where is None else self.executor.value(where, env)
                for owner in self._owners(slot.root, base):
                    whole = value
                    if mask is not None:
                        whole = (
                            self.executor.machine.world.load(owner, slot, at) & ~mask
                            | value << low & mask
                        )
                    self.executor.machine.world.store(owner, slot, at, whole, home.span)
            case x.ReadRegister(register=register, index=where):
                at = None if where is None else self.executor.value(where, env)
                element = self.executor.machine.element(register, at, home.span)
                whole = value
                if mask is not None:
                    whole = self.executor.machine.cell(element).newest & ~mask | value << low & mask
                self.executor.machine.poke(element, whole)
            case _:
                raise RunError("this cannot be given", place.span)

    def _define(self, name: str, value: int, at: x.Test) -> None:
        """A condition that follows from slots: gives those a value that makes it so.

        What is given itself stays as it is.
        """
        executor = self.executor
        world = executor.machine.world
        defined = executor.program.definitions[name].value
        fixed = {
            (owner, home.slot.name, _constant(home.index))
            for home in (_home(given.place) for given, _ in self.given)
            if isinstance(home, x.ReadSlot)
            for owner in self._owners(home.slot.root, home.base)
        }
        slots = [p for p in inside(defined) if isinstance(p, x.ReadSlot)]
        for owner in self._owners(at.condition.root, at.base):
            handles = {p.base: owner for p in slots} | {at.base or "": owner}
            env = Env({}, handles, HARDWARE, quiet=True)
            if executor.value(defined, env) == value:
                continue
            free = [p for p in slots if (owner, p.slot.name, _constant(p.index)) not in fixed]
            for slot in free:
                index = None if slot.index is None else executor.value(slot.index, env)
                low, high = limits(slot.slot)
                old = world.load(owner, slot.slot, index)
                for candidate in dict.fromkeys(max(low, n) for n in (0, 1, high)):
                    world.store(owner, slot.slot, index, candidate, at.span)
                    if executor.value(defined, env) == value:
                        break
                else:
                    world.store(owner, slot.slot, index, old, at.span)
                    continue
                break
            else:
                if not free:
                    what = f"`{name}` follows from what else is given, and is not {value}"
                    raise Impossible(what, at.span, "change what is given")
                names = ", ".join(dict.fromkeys(p.slot.name for p in free))
                raise RunError(f"`{name}` follows from {names}: give that", at.span)

    def _owners(self, root: str | None, base: str | None) -> list[str]:
        """Whose value is given: one parameter's, or each one's."""
        if root in (None, "", MACHINE):
            return [""]
        names = owners(self.scenario, str(root))
        return [base] if base in names else names

    def check_assumptions(self) -> None:
        """Raises `Impossible` where what is given breaks an assumption."""
        for assumption in self.executor.program.assumptions:
            roots = {
                p.condition.root or ""
                for p in inside(assumption.condition)
                if isinstance(p, x.Test)
            } | {p.slot.root for p in inside(assumption.condition) if isinstance(p, x.ReadSlot)}
            roots -= {"", MACHINE}
            kinds = sorted(roots)
            for each in product(*(owners(self.scenario, kind) for kind in kinds)):
                handles = dict(zip(kinds, each, strict=True))
                if not self.executor.value(
                    assumption.condition, Env({}, handles, HARDWARE, quiet=True)
                ):
                    raise Impossible(
                        broken(assumption),
                        self.scenario.span,
                        "change what is given, or the assumption",
                    )


def owners(scenario: l.Scenario, root: str) -> list[str]:
    """The owners of a kind in a scenario: its parameters of that type, or the one that there is."""
    return [p.name for p in scenario.params if _root(p.type) == root] or [root]


def _home(place: x.Expr) -> x.Expr:
    return place.value if isinstance(place, x.Extract) else place


def _root(kind: object) -> str:
    return kind.root if isinstance(kind, Handle) else ""


def _range(place: x.Expr) -> tuple[int, int]:
    match place:
        case x.Extract(field=field):
            return 0, (1 << field.width) - 1
        case x.Test(condition=condition):
            return limits(condition)
        case x.ReadSlot(slot=slot):
            return limits(slot)
        case _:
            return 0, 1


def _constant(index: x.Expr | None) -> int | None:
    return index.value if isinstance(index, x.Const) else None
