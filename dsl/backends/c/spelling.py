"""How one function spells things: a dialect seen from a sequence, and what it does not spell."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from dsl.backends.c.text import CText, fill
from dsl.diagnostics import Diagnostic
from dsl.diagnostics.dialects import NoSpelling
from dsl.ir.dialect import Dialect, File, Role, Spelling
from dsl.ir.sequence import Signature
from dsl.ir.shapes import Field, Register, Slot
from dsl.resolve.scope import key
from dsl.source import Span

#: C types for the language's own, where a dialect says nothing else.
_TYPES = {"uint": "unsigned int", "bool": "bool", "int": "int", "void": "void"}
_UNKNOWN = CText("?")


@dataclass(frozen=True, slots=True)
class Use:
    """The ``ordinal``-th use of a pattern in a sequence."""

    sequence: Signature
    ordinal: int


#: Where each pattern (by its own place) is used.
Uses: TypeAlias = dict[Span, set[Use]]


class Speller:
    """The spellings that count inside one sequence; each use of a pattern goes into ``uses``."""

    def __init__(
        self,
        dialect: Dialect,
        signature: Signature,
        file: File | None,
        report: Callable[[Diagnostic], None],
        uses: Uses,
    ) -> None:
        self.dialect = dialect
        self.sequence = signature.name
        self._signature = signature
        self._counts: dict[Span, int] = {}
        self.file = file
        self._report = report
        self._uses = uses

    # ---- looking up

    def find(self, role: Role, subject: str) -> Spelling | None:
        """The narrowest spelling that is not a call of this very function."""
        found = self.dialect.find(role, subject, self.sequence, self.file)
        if found is not None and self._calls_itself(found):
            return None
        return found

    def _calls_itself(self, spelling: Spelling) -> bool:
        return bool(re.search(rf"\b{re.escape(self.sequence)}\s*\(", spelling.pattern))

    def use(self, spelling: Spelling, values: dict[str, CText], part: int = 0) -> CText:
        """A pattern filled in; a subject's index is the variable of its own name."""
        self._count(spelling, part)
        if spelling.index is not None and "n" in values:
            values = {spelling.index: values["n"], **values}
        return fill(spelling.patterns[part], values)

    def _count(self, spelling: Spelling, part: int) -> None:
        span = spelling.pattern_spans[part]
        ordinal = self._counts[span] = self._counts.get(span, 0) + 1
        self._uses.setdefault(span, set()).add(Use(self._signature, ordinal))

    def missing(self, span: Span, what: str, line: str) -> CText:
        """Reports that ``what`` is not spelt; ``line`` is a spelling that would do."""
        self._report(
            NoSpelling(
                span,
                f"the dialect `{self.dialect.name}` does not spell {what}, "
                f"which `{self.sequence}` needs",
                help=f"add a line such as: {line}",
            )
        )
        return _UNKNOWN

    # ---- operations and types

    def operation(self, name: str, **values: CText) -> CText | None:
        """An operation as the dialect spells it, or None."""
        found = self.find(Role.OP, name)
        return None if found is None else self.use(found, values)

    def required(self, name: str, span: Span, example: str, **values: CText) -> CText:
        """An operation that has no spelling of its own in C."""
        made = self.operation(name, **values)
        return made or self.missing(span, f"the operation `{name}`", f'op {name} is "{example}"')

    def type(self, name: str, span: Span) -> str:
        """The C type of a type's name in the language."""
        found = self.find(Role.TYPE, name)
        if found is not None:
            self._count(found, 0)
            return found.pattern
        if name in _TYPES:
            return _TYPES[name]
        if re.fullmatch(r"[us](8|16|32|64)", name):
            return name
        return self.missing(span, f"the type `{name}`", f'type {name} is "struct {name} *"').text

    # ---- registers and fields

    def register(self, register: Register, index: CText | None) -> CText:
        """The name that an access macro takes."""
        found = self.find(Role.VALUE, key(register.name))
        if found is not None:
            return self.use(found, {"n": index} if index else {})
        if index is None:
            return CText(register.name)
        return CText(register.name.replace(f"<{register.var}>", index.text))

    def part(self, register: Register, part: str) -> Spelling | None:
        """The spelling of a field, an enumerator or a derived function of a register."""
        return self.find(Role.VALUE, f"{key(register.name)}.{key(part)}")

    def extraction(self, register: Register, part: str) -> Spelling | None:
        """A spelling that takes the register's value."""
        found = self.part(register, part)
        return found if found is not None and "$value" in found.pattern else None

    def mask(self, register: Register, field: Field, index: CText | None, span: Span) -> CText:
        """A field's bits in place."""
        found = self.part(register, field.name)
        if found is not None and "$value" not in found.pattern:
            return self.use(found, {"n": index} if index else {})
        made: CText | None = None
        if field.width == 1 and index is None:
            made = self.operation("bit", n=CText(str(field.low)))
        elif field.width == 1 and field.stride == 1 and field.low == field.first and index:
            made = self.operation("bit", n=index)
        elif index is None:
            high, low = CText(str(field.high)), CText(str(field.low))
            made = self.operation("bits", high=high, low=low)
        name = f"{register.name}.{field.name}"
        return made or self.missing(
            span, f"the mask of {name}", f'{name} is "{register.name}_{field.name}"'
        )

    def enumerator(self, register: Register, field: Field, name: str) -> CText | None:
        """An enumerator's bits in place, if they are spelt."""
        found = self.part(register, f"{field.name}.{name}")
        return None if found is None else self.use(found, {})

    # ---- slots

    def slot(self, slot: Slot, base: str) -> CText:
        """A slot as an lvalue, without its index."""
        found = self.find(Role.VALUE, slot.name)
        values = {"context": CText(slot.context), "slot": CText(slot.name), slot.root: CText(base)}
        if found is not None:
            return self.use(found, values)
        local = self.find(Role.LOCAL, slot.name)
        if local is not None:
            return self.use(local, values)
        shaped = self.find(Role.SLOT, slot.context)
        if shaped is not None:
            return self.use(shaped, values)
        if self.find(Role.LOCAL, slot.context) is None:
            return self.missing(
                slot.span,
                f"the slot `{slot.name}` or its context",
                f'local {slot.context} : "struct {slot.context} *" is "…"',
            )
        return CText(f"{slot.context}->{slot.name}")
