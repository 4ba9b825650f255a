"""The machine that generated simulators run on: every access, barrier and call goes through it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType, TracebackType
from typing import ClassVar, Generic, NoReturn, ParamSpec, TypeAlias, TypeVar

from dsl.ir.types import Bool, Int
from dsl.machine.errors import AssertionFailed, MachineError, failure
from dsl.machine.registers import Bank, Field, Register
from dsl.machine.state import Array, Context, Facts, Slot, ask
from dsl.machine.trace import Event, Kind, count

F = TypeVar("F", bound=Facts)
P = ParamSpec("P")
R = TypeVar("R")

#: What unknown reset bits hold: one pattern for every register, a value for each register by
#: name (0 for the others), or a function of the register's name.
Unknown: TypeAlias = int | Mapping[str, int] | Callable[[str], int]

#: What an extern does: it gets the machine and the arguments, and gives the result, if any.
Behaviour: TypeAlias = Callable[..., int | None]


class Machine(Generic[F]):
    """One CPU's registers, the facts that hold for it, its locks, and what happened so far.

    ``values`` holds what each register stores, in the order of ``registers`` (elements of a bank
    side by side), and ``state`` shows it by element name; ``facts`` are the machine-wide facts;
    ``externs`` are the behaviours of operations outside the language, by name; ``trace`` grows
    while ``tracing`` is on, and without it sequences take a shorter way to the same results.
    Errors are `MachineError`, and name the site where they can.
    """

    #: What registers hold for good, by element name, in a simulator for one configuration.
    FIXED: ClassVar[Mapping[str, int]] = {}
    #: The registers that no sequence writes: what follows from them is worked out in `settle`.
    SETTLED: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self,
        registers: Iterable[Register | Bank],
        facts: F,
        *,
        externs: Mapping[str, Behaviour] | None = None,
        unknown: Unknown = 0,
        tracing: bool = True,
    ) -> None:
        self.registers: dict[str, Register] = {}
        for declared in registers:
            for register in declared if isinstance(declared, Bank) else (declared,):
                self.registers[register.name] = register
        self.numbers = {name: number for number, name in enumerate(self.registers)}
        self.values = [0] * len(self.numbers)
        self.facts = facts
        self.externs: dict[str, Behaviour] = dict(externs or {})
        self.tracing = tracing
        self.trace: list[Event] = []
        self.held: set[tuple[str, Context | None]] = set()
        self.reset(unknown)

    def reset(self, unknown: Unknown = 0) -> None:
        """All registers to their reset values; ``unknown`` fills the bits that have none."""
        for name, register in self.registers.items():
            match unknown:
                case int():
                    filler = unknown
                case Mapping():
                    filler = unknown.get(name, 0)
                case _:
                    filler = unknown(name)
            stored = register.reset | filler & register.unknown
            self.values[self.numbers[name]] = self.FIXED.get(name, stored)
        self.settle()

    @property
    def state(self) -> Mapping[str, int]:
        """What each register stores now, by element name: a copy, to look at."""
        return MappingProxyType(dict(zip(self.numbers, self.values, strict=True)))

    def settle(self) -> None:
        """Works out what follows from the registers in ``SETTLED``, after one has changed."""

    def _set(self, register: Register, value: int) -> None:
        self.values[self.numbers[register.name]] = value
        if register.name in self.SETTLED:
            self.settle()

    # ---- what the platform's description says; the generated machine overrides these

    def legalise(self, register: Register, written: int) -> int:
        """What a write of ``written`` becomes; called for registers that are ``legalised``."""
        return written

    def compute(self, register: Register, stored: int) -> int:
        """``stored`` with its computed fields; called for registers that have some."""
        return stored

    def in_force(self, family: str, value: int) -> str:
        """The layout in which a value of a register has its fields; for those that have some."""
        return ""

    # ---- registers

    def peek(self, register: Register) -> int:
        """The value that the register has, seen from outside: no access, and nothing traced."""
        value = self.values[self.numbers[register.name]]
        return self.compute(register, value) if register.computed else value

    def poke(self, register: Register, value: int) -> None:
        """Sets what the register stores, from outside: read-only too, and not legalised."""
        if not 0 <= value <= register.ones:
            raise failure("", f"{register.name}: {value:#x} does not fit {register.width} bits")
        value = value & register.stored | register.res1
        if value != self.FIXED.get(register.name, value):
            held = self.FIXED[register.name]
            raise failure("", f"{register.name} is {held:#x} in this simulator, not {value:#x}")
        self._set(register, value)

    def read(self, register: Register, *, at: str = "") -> int:
        """Reads a register; write-only fields read as 0, a write-only register is an error."""
        if register.access == "wo":
            raise failure(at, f"{register.name} is write-only")
        value = self.peek(register) & ~register.hidden
        if self.tracing:
            fields = self._view(register, value)
            self.trace.append(Event(Kind.READ, register.name, at, None, value, fields))
        return value

    def write(self, register: Register, value: int, *, at: str = "") -> None:
        """Writes a register: legalised, reserved bits kept in place, read-only fields kept."""
        if register.access == "ro":
            raise failure(at, f"{register.name} is read-only")
        if not 0 <= value <= register.ones:
            raise failure(at, f"{register.name}: {value:#x} does not fit {register.width} bits")
        old = self.peek(register) if self.tracing else 0
        if register.access != "wi":
            if register.legalised:
                value = self.legalise(register, value)
            kept = self.values[self.numbers[register.name]] & register.kept
            self._set(register, kept | value & register.writable | register.res1)
        if self.tracing:
            new = self.peek(register)
            fields = self._view(register, new)
            self.trace.append(Event(Kind.WRITE, register.name, at, old, new, fields))

    def _view(self, of: Register | Slot, value: int) -> tuple[Field, ...]:
        """The fields of a value: where they move, those of the layout in force now."""
        if not of.views:
            return of.fields
        # A layout may have nothing but reserved bits.
        return of.views.get(self.in_force(of.family, value), of.views[""])

    # ---- memory and facts

    def store(self, context: Context, slot: str, value: int, *, at: str = "") -> None:
        """Stores to the variable in attribute ``slot``; the value must fit it."""
        old = getattr(context, slot)
        try:
            setattr(context, slot, value)
        except MachineError as error:
            raise failure(at, str(error)) from None
        if self.tracing:
            self._stored(context.SLOTS[slot], "", at, old, getattr(context, slot))

    def store_at(
        self, context: Context, slot: str, index: int, value: int, *, at: str = ""
    ) -> None:
        """Stores to element ``index`` of the array in attribute ``slot``; the value must fit."""
        array: Array[int] = getattr(context, slot)
        try:
            old = array[index]
            array[index] = value
        except MachineError as error:
            raise failure(at, str(error)) from None
        if self.tracing:
            self._stored(array.slot, f"[{index}]", at, old, array[index])

    def _stored(self, slot: Slot, index: str, at: str, old: int, new: int) -> None:
        fields = self._view(slot, new)
        self.trace.append(Event(Kind.STORE, slot.name + index, at, old, new, fields))

    def sample(self, facts: Facts, name: str, *, at: str = "") -> bool:
        """Asks a fact that may change from test to test."""
        return bool(self.sample_number(facts, name, at=at))

    def sample_number(self, facts: Facts, name: str, *, at: str = "") -> int:
        """The same for a fact that is a number."""
        try:
            value = ask(facts, name)
        except MachineError as error:
            raise failure(at, str(error)) from None
        self._note(Kind.SAMPLE, facts.SLOTS[name].name, at, value)
        return value

    # ---- barriers

    def isb(self, *, at: str = "") -> None:
        """An instruction synchronisation barrier."""
        self._note(Kind.BARRIER, "isb", at)

    def dsb(self, option: str, *, at: str = "") -> None:
        """A data synchronisation barrier; ``option`` is access types and domain, such as "sy"."""
        self._note(Kind.BARRIER, f"dsb({option})", at)

    def dmb(self, option: str, *, at: str = "") -> None:
        """A data memory barrier; ``option`` as for `dsb`."""
        self._note(Kind.BARRIER, f"dmb({option})", at)

    # ---- calls

    def hypcall(self, at: str, callee: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Calls ``callee`` in EL2: an event on the way in, and one on the way out."""
        name = callee.__name__
        self._note(Kind.HYPCALL, name, at)
        result = callee(*args, **kwargs)
        self._note(Kind.HYPRETURN, name, at)
        return result

    def call(
        self, name: str, args: tuple[int | Context, ...], needs: tuple[str, ...] = (), at: str = ""
    ) -> None:
        """Lets an extern without a result do what it does.

        MachineError if nobody has supplied a behaviour, or a lock that it ``needs`` is not held.
        """
        self._perform(name, args, needs, at)

    def call_for(
        self,
        type: Int | Bool,
        name: str,
        args: tuple[int | Context, ...],
        needs: tuple[str, ...] = (),
        at: str = "",
    ) -> int:
        """The same for an extern with a result, which must fit ``type``."""
        given = self._perform(name, args, needs, at)
        try:
            if given is None:
                raise MachineError(f"{name} gave no result")
            result = Slot(f"the result of {name}", type).checked(given)
        except MachineError as error:
            raise failure(at, str(error)) from None
        self._note(Kind.RESULT, name, at, result)
        return result

    def _perform(
        self, name: str, args: tuple[int | Context, ...], needs: tuple[str, ...], at: str
    ) -> int | None:
        behaviour = self.externs.get(name)
        if behaviour is None:
            raise failure(
                at,
                f"{name} has no behaviour here: supply one, "
                f'machine.externs["{name}"] = function of (machine, *arguments)',
            )
        owners = [None, *(a for a in args if isinstance(a, Context))]
        for lock in needs:
            if not any((lock, owner) in self.held for owner in owners):
                raise failure(at, f"{name} needs {lock}, which is not held")
        self._note(Kind.CALL, name, at)
        return behaviour(self, *args)

    def ensure(self, holds: bool, name: str, text: str, *, at: str = "") -> None:
        """MachineError unless what extern ``name`` promises ``holds`` after its behaviour."""
        if not holds:
            raise failure(at, f"the behaviour of {name} breaks its promise: {text}")

    # ---- locks

    def take(self, lock: str, owner: Context | None = None, *, at: str = "") -> None:
        """Takes a lock (of ``owner``, if it is one per handle); twice is an error."""
        if (lock, owner) in self.held:
            raise failure(at, f"{lock} is taken a second time")
        self.held.add((lock, owner))
        self._note(Kind.LOCK, lock, at)

    def release(self, lock: str, owner: Context | None = None, *, at: str = "") -> None:
        """Gives a lock back; it is an error if it is not held."""
        if (lock, owner) not in self.held:
            raise failure(at, f"{lock} is released but not held")
        self.held.remove((lock, owner))
        self._note(Kind.UNLOCK, lock, at)

    def holding(self, lock: str, owner: Context | None = None, *, at: str = "") -> Holding[F]:
        """For ``with``: the body runs with the lock taken."""
        return Holding(self, lock, owner, at)

    # ---- complaints

    def warn_if(self, condition: bool, text: str, *, at: str = "") -> None:
        """Notes a warning, and goes on, where the condition holds."""
        if condition:
            self._note(Kind.WARN, text, at)

    def require(self, condition: bool, text: str, *, at: str = "") -> None:
        """AssertionFailed unless the condition holds."""
        if not condition:
            self._note(Kind.ASSERT, text, at)
            raise AssertionFailed(f"{at}: assertion failed: {text}")

    def fail(self, message: str, *, at: str = "") -> NoReturn:
        """The machine stops: AssertionFailed, with the sequence's message or without one."""
        self._note(Kind.FAIL, message, at)
        raise AssertionFailed(f"{at}: {message or 'this path must never be taken'}")

    # ---- the trace

    def count(self, what: str) -> int:
        """How many ``reads``, ``writes``, ``accesses`` or ``barriers`` the trace has."""
        return count(self.trace, what)

    def _note(self, kind: Kind, what: str, at: str, new: int | None = None) -> None:
        if self.tracing:
            self.trace.append(Event(kind, what, at, None, new))


class Holding(Generic[F]):
    """A lock for the time of a ``with``; an error inside gives it back without further ado."""

    __slots__ = ("_at", "_lock", "_machine", "_owner")

    def __init__(self, machine: Machine[F], lock: str, owner: Context | None, at: str) -> None:
        self._machine = machine
        self._lock = lock
        self._owner = owner
        self._at = at

    def __enter__(self) -> None:
        self._machine.take(self._lock, self._owner, at=self._at)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self._machine.release(self._lock, self._owner, at=self._at)
        else:
            self._machine.held.discard((self._lock, self._owner))
