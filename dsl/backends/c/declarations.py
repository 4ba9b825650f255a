"""What a C function declares: which local in which block, and under which name."""

from __future__ import annotations

import re

from msgspec import Struct

from dsl.backends.c.spelling import Speller, c_name
from dsl.backends.c.text import Line, declarator, wrapped
from dsl.ir import sequence as s
from dsl.ir.walk import statements
from dsl.source import Span


class Block(Struct):
    """The declarations that one C block needs, in the order in which they are first needed.

    A name that the ``order`` of a block around this one lists is declared there.  A ``case`` is no
    block in C: what it ``shares`` is declared before the switch.
    """

    indent: int
    order: tuple[str, ...] = ()
    outer: Block | None = None
    shares: bool = False
    types: dict[str, str] = {}
    values: dict[str, str] = {}

    def inner(self, order: tuple[str, ...] = ()) -> Block:
        return Block(self.indent + 1, order, self)

    def case(self) -> Block:
        return Block(self.indent + 1, (), self, shares=True)

    def declare(self, name: str, type: str, value: str = "") -> bool:
        """Declares a local, or finds it declared; False where it has another type here."""
        home = self._home(name)
        if home.types.setdefault(name, type) != type:
            return False
        if value:
            home.values[name] = value
        return True

    def _home(self, name: str) -> Block:
        home: Block | None = self
        while home is not None and name not in home.order:
            home = home.outer
        if home is not None:
            return home
        return self.outer._home(name) if self.shares and self.outer is not None else self

    def lines(self) -> list[Line]:
        names = [n for n in self.order if n in self.types]
        names += [n for n in self.types if n not in names]
        made: list[Line] = []
        for name in names:
            value = f" = {self.values[name]}" if name in self.values else ""
            made += wrapped(self.indent, f"{declarator(self.types[name], name)}{value};")
        return made


class Locals:
    """The names that one function gives to its locals."""

    def __init__(self, speller: Speller, sequence: s.Sequence) -> None:
        params = [c_name(p.name) for p in sequence.signature.params]
        self._fixed = {*params, *speller.locals}
        self._own = {
            each.name if isinstance(each, s.Let) else each.var
            for each in statements(sequence.body)
            if isinstance(each, (s.Let, s.Loop))
        }
        self._given: set[str] = set()
        self._passing: set[str] = set()

    def named(self, name: str, type: str, block: Block, value: str = "") -> str:
        """Declares what the source calls ``name``; where that cannot be, a number follows it."""
        count = 1
        wanted = base = c_name(name)
        while (
            wanted in self._fixed
            or wanted in self._passing
            or (count > 1 and wanted in self._own)
            or not block.declare(wanted, type, value)
        ):
            count += 1
            wanted = f"{base}{count}"
        self._given.add(wanted)
        return wanted

    def chosen(self, name: str, type: str, block: Block) -> bool:
        """Declares a local that a hint names; False where that name is taken."""
        taken = name in self._fixed or name in self._own or name in self._given
        if taken or name != c_name(name) or not block.declare(name, type):
            return False
        self._passing.add(name)
        return True

    def passing(self, base: str, type: str, block: Block, busy: set[str]) -> str:
        """Declares a local for a value of one statement; ``busy`` are those that it has already."""
        count = 1
        wanted = base
        while (
            wanted in busy
            or wanted in self._fixed
            or wanted in self._own
            or wanted in self._given
            or not block.declare(wanted, type)
        ):
            count += 1
            wanted = f"{base}{count}"
        busy.add(wanted)
        self._passing.add(wanted)
        return wanted

    def keep(self, name: str) -> None:
        """Nothing else may use a name any more."""
        self._fixed.add(name)


def name_of(let: s.Let) -> Span:
    """The name that a ``let`` declares."""
    found = re.match(r"let\s+", let.span.text)
    start = let.span.start + (found.end() if found else 0)
    return Span(let.span.source, start, start + len(let.name))
