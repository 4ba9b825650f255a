"""How one function spells things: a dialect seen from a sequence, and what it does not spell."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct

from dsl.backends.c.text import UNARY, CText, binary, fill
from dsl.diagnostics import Diagnostic
from dsl.diagnostics.dialects import NoSpelling
from dsl.ir import expr as x
from dsl.ir.dialect import Dialect, File, Role, Spelling, variables
from dsl.ir.sequence import Signature
from dsl.ir.shapes import MACHINE, Field, Register, Slot
from dsl.ir.types import Handle
from dsl.resolve.scope import key
from dsl.source import Span

#: C types for the language's own, where a dialect says nothing else.
_TYPES = {"uint": "unsigned int", "bool": "bool", "int": "int", "void": "void"}
_UNKNOWN = CText("?")
_KEYWORDS = re.compile(
    "asm|auto|bool|break|case|char|const|continue|current|default|do|double|else|enum|extern|"
    "false|float|for|goto|if|inline|int|long|register|restrict|return|short|signed|sizeof|static|"
    "struct|switch|true|typedef|typeof|union|unsigned|void|volatile|while|_Bool"
)


def c_name(name: str) -> str:
    """A name of the source in C, which has other keywords."""
    return f"{name}_" if _KEYWORDS.fullmatch(name) else name


def mentions(text: str, name: str) -> bool:
    """Whether C text uses a variable: not a member, and not a function, of that name."""
    return re.search(rf"(?<![\w.>]){re.escape(name)}\b(?!\()", text) is not None


class Use(Struct, frozen=True):
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
        self.report = report
        self._uses = uses
        #: The first parameter that is a handle on each owner or context.
        self.handles: dict[str, str] = {}
        self._types: dict[str, Handle] = {}
        for param in signature.params:
            if isinstance(param.type, Handle):
                self.handles.setdefault(str(param.type), param.name)
                self._types[param.name] = param.type
        #: What counts here, by role and subject: a narrower scope over a wider one.
        self._known: dict[tuple[Role, str], Spelling] = {}
        for level in reversed(dialect.levels(self.sequence, file)):
            for spelling in reversed(level):
                self._known.update(
                    dict.fromkeys(((spelling.role, c) for c in spelling.covers), spelling)
                )
            for spelling in reversed(level):
                self._known[spelling.role, spelling.subject] = spelling
        self.locals = self._locals()

    def _locals(self) -> dict[str, Spelling]:
        """The dialect's locals by name, each after those that its pattern uses."""
        known: dict[str, Spelling] = {}
        for level in reversed(self.dialect.levels(self.sequence, self.file)):
            for spelling in level:
                if spelling.role is Role.LOCAL:
                    known[spelling.subject] = spelling
        for param in self._signature.params:
            known.pop(param.name, None)
        made: dict[str, Spelling] = {}
        pending = list(known)
        while pending:
            ready = [
                n
                for n in pending
                if not any(mentions(known[n].pattern, m) for m in pending if m != n)
            ]
            # A circle is written as it stands: the compiler will say what is wrong with it.
            pending.remove(first := (ready or pending)[0])
            made[first] = known[first]
        return made

    # ---- looking up

    def find(self, role: Role, subject: str) -> Spelling | None:
        """The narrowest spelling that is not a call of this very function."""
        found = self._known.get((role, subject))
        if found is not None and self._calls_itself(found):
            return None
        return found

    def _calls_itself(self, spelling: Spelling) -> bool:
        name = self.sequence
        return name in spelling.pattern and bool(
            re.search(rf"\b{re.escape(name)}\s*\(", spelling.pattern)
        )

    def use(self, spelling: Spelling, values: dict[str, CText], part: int = 0) -> CText:
        """A pattern filled in; a subject's index is the variable of its own name."""
        self._count(spelling, part)
        if spelling.index is not None and "n" in values:
            values = {spelling.index: values["n"], **values}
        pattern = spelling.patterns[part]
        values = {**{r: CText(c_name(h)) for r, h in self.handles.items()}, **values}
        for variable in variables(pattern):
            if variable not in values:
                values[variable] = self.missing(
                    spelling.pattern_spans[part],
                    f"what `${variable}` is in this pattern",
                    f'{spelling.subject} is "…" (without ${variable})',
                )
        for piece in variables(pattern, pieces=True):
            indexes = piece in ("n", spelling.index)
            if indexes and not values[piece].text.isdigit():
                values[piece] = self.missing(
                    spelling.pattern_spans[part],
                    f"a name with `${{{piece}}}` where the index is no number",
                    f'{spelling.subject.replace("<>", "<n>")} is "…(${piece})"',
                )
        return fill(pattern, values)

    def first(self, root: str) -> str | None:
        """The parameter whose contexts the dialect's locals belong to."""
        return self.handles.get(root)

    def of(self, base: str, root: str) -> dict[str, CText]:
        """The variable that stands for a handle in patterns, by what it is a handle on."""
        return {str(self._types.get(base, root)): CText(c_name(base))}

    def owned(self, made: CText, base: str | None, span: Span) -> CText:
        """What belongs to ``base``, if it does not go through a local that is another's."""
        own = self._types.get(base or "")
        if own is None:
            return made
        for name, spelling in self.locals.items():
            if not mentions(made.text, name):
                continue
            whole = variables(self.whole(spelling))
            for owner, handle in self.handles.items():
                if owner in whole and handle != base and self._types[handle].root == own.root:
                    return self.missing(
                        span,
                        f"`{span.text}` without the local `{name}`, which is that of `{handle}`",
                        f'{span.text.rpartition(".")[2].partition("[")[0]} is "…${own}…"',
                    )
        return made

    def narrowed(self, base: str, wide: Handle, wanted: Handle, span: Span) -> CText:
        """A handle where one on a context of it is wanted."""
        if wide == wanted:
            return CText(c_name(base))
        found = self.find(Role.VALUE, wanted.context)
        if found is None:
            return self.missing(
                span,
                f"the context `{wanted}` of a {wide}",
                f'{wanted} is "&${wide}->{wanted}"',
            )
        return self.use(found, self.of(base, wide.root))

    def whole(self, spelling: Spelling) -> str:
        """A local's pattern, with those of the locals that it uses."""
        found = spelling.pattern
        for name, other in self.locals.items():
            if other is not spelling and mentions(spelling.pattern, name):
                found += " " + self.whole(other)
        return found

    def _count(self, spelling: Spelling, part: int) -> None:
        span = spelling.pattern_spans[part]
        ordinal = self._counts[span] = self._counts.get(span, 0) + 1
        self._uses.setdefault(span, set()).add(Use(self._signature, ordinal))

    def missing(self, span: Span, what: str, line: str) -> CText:
        """Reports that ``what`` is not spelt; ``line`` is a spelling that would do."""
        self.report(
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

    def apart(
        self, register: Register, field: Field, index: CText | None = None
    ) -> tuple[CText, CText] | None:
        """The mask of a field's value and how far it is shifted, where it is spelt by both."""
        found = self.part(register, field.name)
        if found is None or len(found.patterns) == 1:
            return None
        values = {"n": index} if index else {}
        mask, shift = (self.use(found, values, part) for part in range(2))
        return self._moved(register, field, mask), shift

    def mask(
        self, register: Register, field: Field, index: CText | None, low: CText, span: Span
    ) -> CText:
        """A field's bits in place; ``low`` is the lowest of them."""
        apart = self.apart(register, field, index)
        if apart is not None:
            # In place it may need more bits than C gives to a small number.
            wide = f"({self.type(str(register.type), span)})"
            return binary(CText(f"{wide}{apart[0].at(UNARY)}", UNARY), "<<", apart[1])
        found = self.part(register, field.name)
        if found is not None and "$value" not in found.pattern:
            return self._moved(register, field, self.use(found, {"n": index} if index else {}))
        made: CText | None = None
        if field.width == 1:
            made = self.operation("bit", n=low)
        elif low.text.isdigit():
            high = CText(str(int(low.text) + field.width - 1))
            made = self.operation("bits", high=high, low=low)
        name = f"{register.name}.{field.name}"
        return made or self.missing(
            span, f"the mask of {name}", f'{name} is "{name.replace(".", "_")}"'
        )

    def enumerator(self, register: Register, field: Field, name: str) -> CText | None:
        """An enumerator's bits in place, if they are spelt."""
        found = self.part(register, f"{field.name}.{name}")
        return None if found is None else self._moved(register, field, self.use(found, {}))

    def _moved(self, register: Register, field: Field, mask: CText) -> CText:
        """What is spelt for a field as its layout has it."""
        found = self.part(register, field.layout) if field.layout else None
        return mask if found is None else self.use(found, {"mask": mask})

    # ---- accesses

    def indexed(self, role: Role, register: Register) -> Spelling | None:
        """The spelling of a bank's accesses by an index that is not a number."""
        found = self.find(role, key(register.name))
        if found is None or not ({"n", found.index} & set(variables(found.pattern))):
            return None
        if variables(found.pattern, pieces=True):
            # No name is made of what is only known at run time.
            return None
        return found

    def read(self, register: Register, at: x.Expr | None, index: CText | None, span: Span) -> CText:
        """A read of a register by its own spelling, or by the one for all registers."""
        if at is not None and not isinstance(at, x.Const):
            found = self.indexed(Role.READ, register)
            if found is None:
                return self.missing(
                    span,
                    f"a read of {register.name} with an index that is not a number",
                    f'read {register.name} is "…($n)"',
                )
        else:
            found = self.find(Role.READ, key(register.name))
        if found is None:
            return self.read_named(register, index, span)
        values = self._register(found, register, index)
        return self.use(found, {**values, "n": index} if index else values)

    def _register(
        self, spelling: Spelling, register: Register, index: CText | None
    ) -> dict[str, CText]:
        """The name of a register, for an access that says it."""
        wanted = "register" in variables(spelling.pattern)
        return {"register": self.register(register, index)} if wanted else {}

    def read_named(self, register: Register, index: CText | None, span: Span) -> CText:
        """A read by the access macro that takes a register's name."""
        found = self._macro(Role.READ, register)
        if found is None:
            return self.missing(
                span, f"a read of {register.name}", 'read register is "read_sysreg($register)"'
            )
        return self.use(found, {"register": self.register(register, index)})

    def _macro(self, role: Role, register: Register) -> Spelling | None:
        """How the registers of a group, or all of them, are accessed by name."""
        found = self.find(role, key(register.name))
        if found is not None and found.covers and self.indexed(role, register) is None:
            return found
        return self.find(role, "register")

    def write(
        self, register: Register, index: CText | None, value: CText, span: Span, *, named: bool
    ) -> CText:
        """A write of a register; ``named``: by the access macro, whatever else is spelt."""
        found = None if named else self.find(Role.WRITE, key(register.name))
        found = found or self._macro(Role.WRITE, register)
        if found is None:
            return self.missing(
                span,
                f"a write of {register.name}",
                'write register is "write_sysreg($value, $register)"',
            )
        values = {"value": value, **self._register(found, register, index)}
        return self.use(found, {**values, "n": index} if index else values)

    def slot(self, slot: Slot, base: str, span: Span) -> CText:
        """A slot as an lvalue, without its index."""
        found = self.find(Role.VALUE, slot.name)
        found = found or self.find(Role.LOCAL, slot.name) or self.find(Role.SLOT, slot.context)
        if found is not None:
            names = {"context": CText(slot.context), "slot": CText(slot.name)}
            if slot.link is not None and not slot.length:
                names["linked"] = CText(slot.link.register.name)
            values = {**self.of(base, slot.root), **names}
            return self.owned(self.use(found, values), base, span)
        own = self._types.get(base)
        if own is not None and own.context == slot.context:
            return CText(f"{c_name(base)}->{slot.name}")
        if slot.root == MACHINE:
            # There is one of it, so it is a variable of its own.
            return CText(f"{slot.context}.{slot.name}")
        if self.find(Role.LOCAL, slot.context) is None:
            owner = own or slot.root
            return self.missing(
                span,
                f"the slot `{slot.name}` or its context",
                f'slot {slot.context} is "${owner}->{slot.context}.$slot"',
            )
        return self.owned(CText(f"{slot.context}->{slot.name}"), base, span)
