"""What batch simulators run on: many machines at once, a lane of NumPy arrays for each.

A *mask* says which lanes a statement is for: True for all, False for none, or an array of truth
values with both in it.  A lane that meets an error stops there, as a machine of its own would; the
others go on, and `LanesFailed` is raised when the sequence that was called has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeAlias

import numpy as np

from dsl.ir.types import Bool, Int
from dsl.machine.errors import AssertionFailed, MachineError, failure
from dsl.machine.lane_state import (
    Array,
    LaneContext,
    LaneFacts,
    Lanes,
    dtype_of,
    lane,
    misfit,
    taken,
    unfit,
)
from dsl.machine.masks import Mask, either, minus, only, parted
from dsl.machine.registers import Bank, Register, out_of_range
from dsl.machine.state import Slot

#: What an extern does in a batch: it gets the machine, the arguments, and an array that tells the
#: lanes which call it; in these it may change state, and it gives the results, if any.
LaneBehaviour: TypeAlias = Callable[..., "Lanes | None"]

#: What unknown reset bits hold, as for a single machine, or lanes of such patterns by name.
LaneUnknown: TypeAlias = int | Mapping[str, "Lanes"] | Callable[[str], "Lanes"]


class LanesFailed(MachineError):
    """Some lanes stopped; ``errors`` has what each of them met, by its number.

    All other lanes have done everything, and the ones that stopped what came before their error.
    """

    def __init__(self, errors: Mapping[int, MachineError]) -> None:
        self.errors = dict(sorted(errors.items()))
        first = next(iter(self.errors))
        more = len(self.errors) - 1
        others = f" (and {more} other lane{'s' if more > 1 else ''})" if more else ""
        super().__init__(f"lane {first}: {self.errors[first]}{others}")


class LaneMachine:
    """The registers of ``lanes`` machines, their facts and locks.

    The generated class has the registers as attributes: an array with a lane for each machine, or
    for a bank an array of such.  A register that no sequence can write may be one number instead,
    the same for all lanes.  Errors are `MachineError`.
    """

    REGISTERS: ClassVar[Mapping[str, Register | Bank]] = {}
    #: The registers that no sequence writes, by attribute.
    STEADY: ClassVar[frozenset[str]] = frozenset()
    #: The registers that hold one value for good, in a simulator of one configuration.
    FIXED: ClassVar[Mapping[str, int]] = {}

    def __init__(
        self,
        lanes: int,
        facts: LaneFacts,
        *,
        externs: Mapping[str, LaneBehaviour] | None = None,
        unknown: LaneUnknown = 0,
    ) -> None:
        if lanes < 1:
            raise MachineError(f"a batch has one lane at least, and not {lanes}")
        self.lanes = lanes
        self.facts = facts
        self.externs: dict[str, LaneBehaviour] = dict(externs or {})
        self.held: dict[tuple[str, LaneContext | None], Array] = {}
        self.errors: dict[int, MachineError] = {}
        self.dead: Mask = False
        self.memory: LaneContext | None = None
        self._pools: list[dict[str, list[Array]]] = []
        self._free: list[dict[str, list[Array]]] = []
        self._register_names = {
            e.name: (attribute, None if isinstance(r, Register) else i)
            for attribute, r in self.REGISTERS.items()
            for i, e in enumerate((r,) if isinstance(r, Register) else r.elements)
        }
        self.reset(unknown)

    def reset(self, unknown: LaneUnknown = 0) -> None:
        """All registers to their reset values; ``unknown`` fills the bits that have none."""
        for attribute, declared in self.REGISTERS.items():
            dtype = dtype_of(Int(declared.width))
            shape = (len(declared), self.lanes) if isinstance(declared, Bank) else (self.lanes,)
            setattr(self, attribute, np.zeros(shape, dtype))
            for register in (declared,) if isinstance(declared, Register) else declared:
                match unknown:
                    case int():
                        filler: Lanes = unknown
                    case Mapping():
                        filler = unknown.get(register.name, 0)
                    case _:
                        filler = unknown(register.name)
                if register.name in self.FIXED:
                    self.poke(register, self.FIXED[register.name])
                    continue
                filled = taken(filler, Slot(register.name, Int(64)), self.lanes)
                self.poke(register, register.reset | filled & np.uint64(register.unknown))

    # ---- from outside

    def peek(self, register: Register) -> Array:
        """What the register holds in each lane, computed fields included: a copy."""
        value = self._stored(register)
        if register.computed:
            with np.errstate(all="ignore"):
                self._enter()
                value = self.compute(register, value)
                self._leave()
        return np.array(np.broadcast_to(value, (self.lanes,)))

    def compute(self, register: Register, stored: Array) -> Array:
        """``stored`` with its computed fields; the generated class overrides it."""
        return stored

    def poke(self, register: Register, value: Lanes) -> None:
        """Sets what the register stores, from outside: read-only too, and not legalised."""
        bits = taken(value, Slot(register.name, Int(register.width)), self.lanes)
        bits = bits & bits.dtype.type(register.stored) | bits.dtype.type(register.res1)
        if register.name in self.FIXED:
            fixed = self.FIXED[register.name]
            if (bits != (fixed & register.stored | register.res1)).any():
                raise failure("", f"{register.name} is {fixed:#x} in this simulator, in all lanes")
        attribute, index = self._register_names[register.name]
        old = getattr(self, attribute)
        if index is not None:
            old[index] = bits
        elif attribute in self.STEADY and (bits.ndim == 0 or old.ndim == 0):
            setattr(self, attribute, bits if bits.ndim else bits[()])
        else:
            old[:] = bits

    def _stored(self, register: Register) -> Array:
        attribute, index = self._register_names[register.name]
        held: Array = getattr(self, attribute)
        return held if index is None else held[index]

    # ---- runs

    def run(self, function: Callable[..., Any], *args: Any) -> Any:
        """Runs a sequence in all lanes, and gives its results; `LanesFailed` where some stopped."""
        self.facts.check(self.lanes)
        for arg in (self.memory, *args):
            if isinstance(arg, LaneContext):
                arg.check(self.lanes)
        outermost = not self._pools
        dead, errors = self.dead, self.errors
        self.dead, self.errors = False, {}
        self._enter()
        try:
            with np.errstate(all="ignore"):
                result = function(self, *args, True)
                result = None if result is None else self._whole(result)
            if self.errors:
                raise LanesFailed(self.errors)
            return result
        finally:
            self._leave()
            self.dead, self.errors = dead, errors
            if outermost:
                self.held.clear()

    def argument(self, value: Lanes, type: Int | Bool, name: str) -> Any:
        """An argument as lanes of its type; MachineError if it does not fit."""
        return taken(value, Slot(name, type), self.lanes)[()]

    def _whole(self, value: Any) -> Array:
        return np.array(np.broadcast_to(value, (self.lanes,)))

    def _enter(self) -> None:
        self._pools.append(self._free.pop() if self._free else {})

    def _leave(self) -> None:
        self._free.append(self._pools.pop())

    def buffers(self, kind: str, first: int, count: int) -> list[Array]:
        """``count`` arrays to work in, of which nobody else has one until the run ends."""
        pool = self._pools[-1].setdefault(kind, [])
        while len(pool) < first + count:
            pool.append(np.empty(self.lanes, KINDS[kind]))
        return pool[first : first + count]

    def part(self, start: int, stop: int) -> LaneMachine:
        """The machine of some lanes: it shares its state with this one."""
        made = object.__new__(type(self))
        made.__dict__.update(self.__dict__)
        made.lanes = stop - start
        made.facts = self.facts.part(start, stop)
        made.held, made.errors, made.dead = {}, {}, False
        made._pools, made._free = [], []
        if self.memory is not None:
            made.memory = self.memory.part(start, stop)
        for attribute in self.REGISTERS:
            setattr(made, attribute, parted(getattr(self, attribute), start, stop))
        return made

    # ---- errors of lanes

    def stop(self, w: Mask, bad: Any, error: Callable[[int], MachineError]) -> Mask:
        """The lanes of ``w`` that go on: those in which ``bad`` does not hold."""
        stopped = only(w, bad)
        if stopped is False:
            return w
        for number in np.flatnonzero(np.broadcast_to(stopped, (self.lanes,))).tolist():
            self.errors[number] = error(number)
        self.dead = either(self.dead, stopped)
        return minus(w, stopped)

    def in_range(self, w: Mask, index: Any, name: str, first: int, count: int) -> Mask:
        """The lanes in which a bank, a family or an array of ``count`` has this index."""
        bad = (index < first) | (index >= first + count)
        return self.stop(w, bad, lambda n: out_of_range(name, int(lane(index, n)), first, count))

    def fits(self, w: Mask, value: Any, slot: Slot, at: str) -> Mask:
        """The lanes in which a value fits the slot that it is stored to."""

        def error(number: int) -> MachineError:
            return failure(at, misfit(slot, int(lane(value, number))))

        return self.stop(w, unfit(value, slot), error)

    def refuse(self, w: Mask, at: str, what: str) -> Mask:
        """No lane: the program asked for what cannot be done."""
        return self.stop(w, np.True_, lambda n: failure(at, what))

    def require(self, w: Mask, holds: Any, text: str, at: str) -> Mask:
        """The lanes in which an assertion holds."""
        bad = np.logical_not(holds)
        return self.stop(w, bad, lambda n: AssertionFailed(f"{at}: assertion failed: {text}"))

    def fail(self, w: Mask, message: str, at: str) -> Mask:
        """No lane: the path must never be taken."""
        what = message or "this path must never be taken"
        return self.stop(w, np.True_, lambda n: AssertionFailed(f"{at}: {what}"))

    # ---- facts that are asked anew

    def sample(self, w: Mask, facts: LaneFacts, name: str, at: str) -> tuple[Any, Mask]:
        """The next value of a sampled fact in each lane of ``w``, and the lanes that have one."""
        value, bad = facts.ask(name, w, self.lanes)
        slot = facts.SLOTS[name]
        if bad is not None:
            what = f"{slot.name}: no value is left to sample"
            w = self.stop(w, bad, lambda n: failure(at, what))
        return value, w

    # ---- calls

    def call(
        self, w: Mask, name: str, args: tuple[Any, ...], needs: tuple[str, ...], at: str
    ) -> Mask:
        """Lets an extern without a result do what it does; the lanes that could call it."""
        return self._perform(w, name, args, needs, at)[1]

    def call_for(
        self,
        w: Mask,
        type: Int | Bool,
        name: str,
        args: tuple[Any, ...],
        needs: tuple[str, ...],
        at: str,
    ) -> tuple[Any, Mask]:
        """The same for an extern with a result, which must fit ``type``."""
        given, w = self._perform(w, name, args, needs, at)
        dtype = dtype_of(type)
        if w is False:
            return dtype.type(0), w
        if given is None:
            return dtype.type(0), self.refuse(w, at, f"{name} gave no result")
        value = np.asarray(given)
        if value.dtype == object or (value.ndim and value.shape != (self.lanes,)):
            raise MachineError(f"{name} gave no number, and no lanes of numbers")
        w = self.fits(w, value, Slot(f"the result of {name}", type), at)
        return value.astype(dtype)[()], w

    def _perform(
        self, w: Mask, name: str, args: tuple[Any, ...], needs: tuple[str, ...], at: str
    ) -> tuple[Any, Mask]:
        if w is False:
            return None, w
        behaviour = self.externs.get(name)
        if behaviour is None:
            what = (
                f"{name} has no behaviour here: supply one, "
                f'machine.externs["{name}"] = function of (machine, *arguments, lanes)'
            )
            return None, self.refuse(w, at, what)
        owners = [None, *(a for a in args if isinstance(a, LaneContext))]
        for lock in needs:
            held: Any = np.False_
            for owner in owners:
                held = held | self.held.get((lock, owner), np.False_)
            missing = failure(at, f"{name} needs {lock}, which is not held")
            w = self.stop(w, np.logical_not(held), lambda n, error=missing: error)  # type: ignore[misc]
        if w is False:
            return None, w
        shown = [a if isinstance(a, LaneContext) else self._whole(a) for a in args]
        return behaviour(self, *shown, np.array(np.broadcast_to(w, (self.lanes,)))), w

    def ensure(self, w: Mask, holds: Any, name: str, text: str, at: str) -> Mask:
        """The lanes in which what an extern promises holds after its behaviour."""
        what = f"the behaviour of {name} breaks its promise: {text}"
        return self.stop(w, np.logical_not(holds), lambda n: failure(at, what))

    # ---- locks

    def take(self, w: Mask, lock: str, owner: LaneContext | None, at: str) -> Mask:
        """Takes a lock in each lane of ``w``; the lanes that did not have it yet."""
        held = self.held.setdefault((lock, owner), np.zeros(self.lanes, np.bool_))
        w = self.stop(w, held, lambda n: failure(at, f"{lock} is taken a second time"))
        held |= w
        return w

    def release(self, w: Mask, lock: str, owner: LaneContext | None) -> None:
        """Gives a lock back in the lanes that took it, wherever they have gone since."""
        self.held[lock, owner] &= np.logical_not(w)


KINDS: dict[str, type[Any]] = {
    "b": np.bool_,
    "u8": np.uint8,
    "u16": np.uint16,
    "u32": np.uint32,
    "u64": np.uint64,
    "s8": np.int8,
    "s16": np.int16,
    "s32": np.int32,
    "s64": np.int64,
}


def in_parts(
    function: Callable[..., None],
    m: LaneMachine,
    *handles: LaneContext,
    part: int = 16384,
    threads: int = 1,
) -> None:
    """Calls ``function(m, *handles)`` for at most ``part`` lanes at a time, in turn.

    What ``function`` needs of one part can stay in the caches of a processor, which counts where
    it runs more than one sequence, or a long one.  With ``threads`` parts run at the same time.
    Where lanes fail, the others of their part do not go on to the next sequence, and `LanesFailed`
    is raised at the end, for all parts.
    """
    starts = range(0, m.lanes, part)
    errors: dict[int, MachineError] = {}

    def one(start: int) -> None:
        stop = min(start + part, m.lanes)
        try:
            function(m.part(start, stop), *(h.part(start, stop) for h in handles))
        except LanesFailed as failed:
            errors.update({start + n: error for n, error in failed.errors.items()})

    if threads > 1:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(one, starts))
    else:
        for start in starts:
            one(start)
    if errors:
        raise LanesFailed(errors)
