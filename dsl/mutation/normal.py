"""What a function means, in a form that can be compared: folded, and without places."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any, TypeAlias

from msgspec import Struct

from dsl.ir import sequence as s
from dsl.ir.cutting import cut
from dsl.ir.expr import Const
from dsl.ir.folding import Fixed, Folder
from dsl.ir.program import Program
from dsl.ir.rewrite import with_bodies
from dsl.ir.sequence import Lock, Sequence
from dsl.ir.shapes import Condition, Field, Register, Slot
from dsl.ir.types import Bool, Handle, Int
from dsl.ir.walk import bodies, calls, statements
from dsl.run.env import wrapped
from dsl.source import Span
from dsl.verify.findings import Configuration

#: What is declared once and named everywhere.
_NAMED = (Register, Field, Slot, Condition, Lock)
_SIZE = 16


#: What a function means, and the conditions that this depends on, as they are then.
_Form: TypeAlias = tuple[dict[str, int | None], bytes]


class _Noted(dict[str, int]):
    """Conditions by name; ``asked`` gets the names that anybody asks for."""

    def __init__(self, values: dict[str, int], asked: set[str]) -> None:
        super().__init__(values)
        self._names = asked

    def __contains__(self, name: object) -> bool:
        self._names.add(str(name))
        return super().__contains__(name)


class Normal:
    """Normal forms of the functions of one program, in general and for each configuration."""

    def __init__(self, program: Program, configurations: Iterable[Configuration] = ()) -> None:
        always = constants(program)
        self._general = Folder(program, Fixed(always, {}, {}))
        #: The conditions that the function that is folded now was asked for.
        self._asked: set[str] = set()
        self._folders = {
            c: Folder(program, Fixed(_Noted({**always, **dict(c)}, self._asked), {}, {}))
            for c in configurations
        }
        self._forms: dict[str, list[_Form]] = {}
        self._last: tuple[Sequence | None, list[_Form]] = None, []
        self._program = program
        self._synchronising: dict[str, bool] = {}

    def of(self, sequence: Sequence) -> bytes:
        """What a function means; two that mean the same may still differ here."""
        return _digest(cut(sequence, self._general))

    def same(self, old: Sequence, new: Sequence) -> bool:
        """Whether two versions of a function are one in each configuration (or in general)."""
        if self.of(old) == self.of(new):
            return True
        return bool(self._folders) and all(self.alike(old, new, c) for c in self._folders)

    def alike(self, old: Sequence, new: Sequence, configuration: Configuration) -> bool:
        """Whether two versions of a function are one in a configuration."""
        return self._form(old, configuration, self._forms.setdefault(old.name, [])) == self._form(
            new, configuration, self._forms_of(new)
        )

    def _forms_of(self, sequence: Sequence) -> list[_Form]:
        """The forms that are known of a mutant, until another one comes."""
        if self._last[0] is not sequence:
            self._last = sequence, []
        return self._last[1]

    def _form(self, sequence: Sequence, configuration: Configuration, known: list[_Form]) -> bytes:
        """What a function means in a configuration: the same wherever what it asks for is."""
        folder = self._folders[configuration]
        facts = folder.fixed.conditions
        for asked, form in known:
            if all(facts.get(name) == value for name, value in asked.items()):
                return form
        self._asked.clear()
        form = _digest(cut(sequence, folder))
        known.append(({name: facts.get(name) for name in self._asked}, form))
        return form

    def synchronises(self, statement: s.Statement) -> bool:
        """Whether there is a barrier in a statement, or in what it calls."""
        if any(isinstance(each, s.Order) for each in statements((statement,))):
            return True
        return any(call.hyp or self._called(call.callee) for call in calls((statement,)))

    def _called(self, name: str) -> bool:
        if name not in self._synchronising:
            # What calls itself is found by others.
            self._synchronising[name] = False
            sequence = self._program.sequences.get(name)
            body = sequence.body if sequence is not None else None
            self._synchronising[name] = any(map(self.synchronises, body or ()))
        return self._synchronising[name]


def constants(program: Program) -> dict[str, int]:
    """The conditions that are always the same: their models do nothing but say a number."""
    found = {}
    folder = Folder(program, Fixed({}, {}, {}))
    for name, model in program.models.items():
        condition = program.conditions.get(name)
        match model.body:
            case (s.Return(value=value),) if condition is not None and value is not None:
                said = folder.fold(value, {})
                if said.settled and said.value is not None:
                    found[name] = wrapped(condition.type, said.value)
            case _:
                pass
    return found


def parted(old: s.Body, new: s.Body) -> Iterator[s.Statement]:
    """The statements that two bodies do not share, as far inside as the difference is."""
    while old and new and _text(old[0]) == _text(new[0]):
        old, new = old[1:], new[1:]
    while old and new and _text(old[-1]) == _text(new[-1]):
        old, new = old[:-1], new[:-1]
    shell = _shell(old[0]) if len(old) == len(new) == 1 else None
    if shell is not None and shell == _shell(new[0]):
        for a, b in zip(bodies(old[0]), bodies(new[0]), strict=True):
            yield from parted(a, b)
    else:
        yield from (*old, *new)


def _shell(statement: s.Statement) -> str | None:
    """A statement without its bodies; None where it has none."""
    if not any(True for _ in bodies(statement)):
        return None
    return _text(with_bodies(statement, lambda body: ()))


def exact_of(statement: s.Statement) -> str:
    """A statement as it is, but for its places and its comments."""
    return _text(statement)


def _text(statement: s.Statement) -> str:
    said: list[str] = []
    _say(statement, said)
    return "\0".join(said)


def exact(sequence: Sequence) -> bytes:
    """A function as it is, but for its places and its comments."""
    return _digest(sequence)


def _digest(sequence: Sequence) -> bytes:
    said: list[str] = []
    _say(sequence.body, said)
    return hashlib.blake2b("\0".join(said).encode(), digest_size=_SIZE).digest()


def _say(value: Any, said: list[str]) -> None:
    if isinstance(value, tuple):
        said.append(f"({len(value)}")
        for each in value:
            _say(each, said)
    elif isinstance(value, _NAMED):
        said.append(value.name)
    elif isinstance(value, Int | Bool | Handle | Enum):
        said.append(str(value))
    elif isinstance(value, Const):
        said += ("Const", str(value.value), str(value.type))
    elif isinstance(value, Struct):
        said.append(type(value).__name__)
        for name in value.__struct_fields__:
            part = getattr(value, name)
            if not isinstance(part, Span) and name != "doc":
                _say(part, said)
    else:
        said.append(repr(value))
