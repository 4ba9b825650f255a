"""Python names for everything in a program: as in the source wherever Python allows it."""

from __future__ import annotations

import keyword
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from dsl.ir.bounds import Bounds
from dsl.ir.program import Program
from dsl.ir.shapes import MACHINE, Field, Register
from dsl.ir.types import INT, Handle, Int

#: Everything that generated code may import from the runtime.
RUNTIME = (
    "Array",
    "Bank",
    "Bool",
    "Context",
    "Facts",
    "Field",
    "FieldFamily",
    "Int",
    "MachineError",
    "Register",
    "Samples",
    "Slot",
    "Unknown",
    "setter",
    "shift_left",
    "shift_right",
    "signed",
)
#: Names that the generated module defines or uses under exactly these names.
_OWN = (
    "Behaviour",
    "BaseMachine",
    "Callable",
    "ClassVar",
    "EXTERNS",
    "HANDLES",
    "Machine",
    "MachineFacts",
    "REGISTERS",
    "SEQUENCES",
    "TypeAlias",
    "dataclass",
    "default_factory",
    "field",
    "m",
    "values",
)
_BUILTINS = ("all", "bool", "dict", "int", "object", "range", "str", "super", "tuple", "type")
#: Words that are keywords in some places only; legal as names, but a trap for the reader.
_SOFT = ("case", "match", "type", "_")
#: What a class of slots or facts has besides them.
_MEMBERS = ("SLOTS", "facts")


def identifier(text: str) -> str:
    """``text`` with everything replaced that Python does not take in a name."""
    text = unicodedata.normalize("NFKC", text)
    if text.isidentifier():
        return text
    return "".join(c if f"_{c}".isidentifier() else f"_u{ord(c):x}" for c in text)


def flat(name: str) -> str:
    """A name without the brackets of a bank and the dot behind a layout: ``ICH_LRn_EL2``."""
    return name.replace("<", "").replace(">", "").replace(".", "_")


class Taken:
    """A set of names; what is added gets a name of its own."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = set(names)

    def __contains__(self, name: str) -> bool:
        return name in self._names or keyword.iskeyword(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def add(self, wanted: str) -> str:
        """``wanted``, or with as many ``_`` behind it as it takes."""
        name = identifier(wanted)
        if name.startswith("__") and name.endswith("__"):
            name += "_"
        while name in self:
            name += "_"
        self._names.add(name)
        return name


@dataclass(slots=True)
class Names:
    """The names of a module's own things, by what they stand for."""

    taken: Taken
    sequences: dict[str, str] = field(default_factory=dict)
    externs: dict[str, str] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    registers: dict[str, str] = field(default_factory=dict)
    fields: dict[tuple[str, str], str] = field(default_factory=dict)
    enumerators: dict[tuple[str, str, str], str] = field(default_factory=dict)
    derived: dict[tuple[str, str], str] = field(default_factory=dict)
    layouts: dict[str, str] = field(default_factory=dict)
    legalised: dict[str, str] = field(default_factory=dict)
    computed: dict[str, str] = field(default_factory=dict)
    definitions: dict[str, str] = field(default_factory=dict)
    #: Attributes of contexts and facts.
    slots: dict[str, str] = field(default_factory=dict)
    #: Constants that describe arrays, by slot.
    arrays: dict[str, str] = field(default_factory=dict)
    conditions: dict[str, str] = field(default_factory=dict)
    #: What a machine without a trace has: the traced form of each sequence, what a computed
    #: register reads as, what a write becomes, and what stores into a slot.
    traced: dict[str, str] = field(default_factory=dict)
    reads: dict[str, str] = field(default_factory=dict)
    legal: dict[str, str] = field(default_factory=dict)
    keeps: dict[str, str] = field(default_factory=dict)
    setters: dict[str, str] = field(default_factory=dict)

    def of_field(self, register: Register, of: Field) -> str:
        return self.fields[register.name, of.name]


def roots(program: Program) -> list[str]:
    """The owners of contexts, and whatever else a sequence has a handle on, in order."""
    found = dict.fromkeys(c.root for c in program.contexts.values())
    signatures = [s.signature for s in program.sequences.values()]
    signatures += [e.signature for e in program.externs.values()]
    for signature in signatures:
        for param in signature.params:
            if isinstance(param.type, Handle):
                found.setdefault(param.type.root)
    for condition in program.conditions.values():
        if condition.root is not None:
            found.setdefault(condition.root)
    return list(found)


def name_all(program: Program, reserved: Iterable[str] = ()) -> Names:
    """Names for a whole program; what users call comes first, so it keeps its name.

    ``reserved`` are more names that the module uses under exactly these names.
    """
    aliases = {type_name(INT), "u8", "u16", "u32", "u64"}
    taken = Taken({*RUNTIME, *_OWN, *_BUILTINS, *_SOFT, *aliases, *reserved})
    names = Names(taken)
    for sequence in program.sequences:
        names.sequences[sequence] = taken.add(sequence)
    for extern in program.externs:
        names.externs[extern] = taken.add(extern)
    for root in roots(program):
        title = "".join(part.capitalize() for part in root.split("_")) or "Handle"
        names.classes[root] = taken.add("Memory" if root == MACHINE else title)
        names.facts[root] = taken.add(f"{title}Facts")
    for register in program.registers.values():
        names.registers[register.name] = taken.add(flat(register.name))
    for register in program.registers.values():
        of = names.registers[register.name]
        for each in register.fields:
            name = taken.add(f"{of}_{flat(each.name)}")
            names.fields[register.name, each.name] = name
            for e in each.enumerators:
                key = register.name, each.name, e.name
                names.enumerators[key] = taken.add(f"{name}_{e.name}")
        names.layouts[register.name] = taken.add(f"layout_{of}")
        names.legalised[register.name] = taken.add(f"legalise_{of}")
        names.computed[register.name] = taken.add(f"compute_{of}")
        names.reads[register.name] = taken.add(f"read_{of}")
        names.legal[register.name] = taken.add(f"legal_{of}")
        names.keeps[register.name] = f"keep_{of}"
    for owner, derived in program.derived:
        names.derived[owner, derived] = taken.add(f"{names.registers[owner]}_{derived}")
    for condition in program.definitions:
        names.definitions[condition] = taken.add(f"fact_{condition}")
    for sequence in program.sequences:
        names.traced[sequence] = taken.add(f"traced_{sequence}")
    for slot in program.slots:
        names.setters[slot] = taken.add(f"set_{slot}")
    names.arrays = {s.name: taken.add(f"SLOT_{s.name}") for s in program.slots.values() if s.length}
    members = Taken({*taken, *_MEMBERS})
    for slot in program.slots:
        names.slots[slot] = members.add(_public(slot))
    members = Taken({*taken, *_MEMBERS})
    for condition in program.conditions:
        names.conditions[condition] = members.add(_public(condition))
    return names


def _public(name: str) -> str:
    """A name for an attribute: Python gives names that start with ``__`` a meaning of its own."""
    return "_" + name.lstrip("_") if name.startswith("__") else name


def type_name(type: Int) -> str:
    """What a number's type is called in generated code: an alias of int that says its width."""
    return str(type)


@dataclass(slots=True)
class Local:
    """A variable in hand: its name in Python, and the values that it can have."""

    name: str
    bounds: Bounds | None


class Scope:
    """The variables of one function.

    A name is used again for another variable only where the first one is out of reach and the
    types are the same, so that checkers and readers see one variable as one thing.
    """

    def __init__(self, taken: Taken) -> None:
        self._taken = taken
        self._types: dict[str, str] = {}
        self._blocks: list[dict[str, Local]] = [{}]

    @contextmanager
    def block(self) -> Iterator[None]:
        self._blocks.append({})
        yield
        self._blocks.pop()

    def declare(self, source: str, type: str, bounds: Bounds | None = None) -> tuple[str, bool]:
        """The Python name of a new variable, and whether this is its first use in the function."""
        name = self._free(source, type)
        fresh = name not in self._types
        self._types[name] = type
        self._blocks[-1][source] = Local(name, bounds)
        return name, fresh

    def alias(self, source: str, name: str, bounds: Bounds | None = None) -> None:
        """Lets a variable stand for an expression that binds tightly enough anywhere."""
        self._blocks[-1][source] = Local(name, bounds)

    def inner(self, source: str, bounds: Bounds | None = None) -> str:
        """The Python name of a variable that only one expression sees."""
        name = self._free(source, None)
        self._blocks[-1][source] = Local(name, bounds)
        return name

    def temporary(self, wanted: str, type: str = "int") -> str:
        """A name for something that the source has no name for, until the block ends."""
        name = self._free(wanted, type)
        self._types[name] = type
        # No source name has a blank, so nothing in the program can mean this one.
        self._blocks[-1][f"{name} "] = Local(name, None)
        return name

    def find(self, source: str) -> Local:
        """The innermost variable of that name (none: the machine's memory); KeyError if unknown."""
        for block in reversed(self._blocks):
            if source in block:
                return block[source]
        if not source:
            return Local("m.memory", None)
        raise KeyError(source)

    def _free(self, wanted: str, type: str | None) -> str:
        live = {local.name for block in self._blocks for local in block.values()}
        name = identifier(wanted)
        if name.startswith("__") and name.endswith("__"):
            name += "_"
        while (
            name in self._taken
            or name in live
            or (type is not None and self._types.get(name, type) != type)
        ):
            name += "_"
        return name
