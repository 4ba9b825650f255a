"""Dialects: roles and subjects that exist, and patterns that are no more than patterns."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from dsl.diagnostics import Note, suggest
from dsl.diagnostics.dialects import NotAPattern, SpeltTwice, UnknownVariable
from dsl.diagnostics.names import UnknownName
from dsl.ir.dialect import (
    OF_LAYOUT,
    OPERATIONS,
    PIECES,
    VARIABLE,
    VARIABLES,
    Dialect,
    File,
    Globs,
    Header,
    Role,
    Scope,
    Spelling,
    variables,
)
from dsl.ir.platform import Group, Target
from dsl.ir.sequence import Lock
from dsl.ir.shapes import Condition, Constant, Context, Link, Register, RegisterRef, Slot
from dsl.ir.types import NAMED
from dsl.resolve import scope as names
from dsl.resolve.contexts import owners
from dsl.resolve.fields import with_layout
from dsl.resolve.registers import docs_of
from dsl.resolve.scope import Element, Root, bank, key
from dsl.syntax import tree as t

_CONTROL = re.compile(
    r"\b(if|else|for|while|do|switch|case|default|goto|break|continue|return|asm|__asm__)\b"
)
_FORBIDDEN = {";": "`;`", "{": "a brace", "}": "a brace", "#": "a preprocessor sign", "\\": "`\\`"}
_PAIRS = {")": "(", "]": "["}


#: The languages that a dialect can be for.
_TARGETS = ("c",)


def dialect(scope: names.Scope, item: t.Item, node: t.Dialect) -> Dialect:
    if node.target.text not in _TARGETS:
        scope.found.add(
            UnknownName(
                scope.span(node.target),
                f"`{node.target.text}` is no language that there are dialects for",
                help=f"one of {', '.join(_TARGETS)}",
            )
        )
    reader = _Reader(scope)
    files: list[File] = []
    headers: list[Header] = []
    scopes: list[Scope] = []
    everywhere: list[t.Spelling] = []
    for entry in node.entries:
        span = scope.span(entry)
        match entry:
            case t.Spelling():
                everywhere.append(entry)
            case t.File():
                files.append(
                    File(
                        tuple(p.value for p in entry.paths),
                        _globs(scope, entry.globs),
                        _includes(i for i in entry.entries if isinstance(i, t.Include)),
                        reader.spellings(e for e in entry.entries if isinstance(e, t.Spelling)),
                        span,
                    )
                )
            case t.Header():
                paths = tuple(p.value for p in entry.paths)
                includes = _includes(entry.includes or ())
                headers.append(Header(paths, _globs(scope, entry.globs), includes, span))
            case t.Scope():
                spelt = reader.spellings(entry.entries)
                scopes.append(Scope(_globs(scope, entry.globs), spelt, span))
    return Dialect(
        node.name.text,
        node.target.text,
        reader.spellings(everywhere),
        tuple(files),
        tuple(headers),
        tuple(scopes),
        docs_of(item.docs),
        scope.span(node.name),
    )


def _includes(nodes: Iterable[t.Include]) -> tuple[str, ...]:
    return tuple(path.value for node in nodes for path in node.paths)


def _globs(scope: names.Scope, nodes: tuple[t.Name, ...]) -> Globs:
    return Globs(tuple(n.text for n in nodes), tuple(scope.span(n) for n in nodes))


class _Reader:
    """Reads the spellings of one dialect."""

    def __init__(self, scope: names.Scope) -> None:
        self.scope = scope

    def spellings(self, nodes: Iterable[t.Spelling]) -> tuple[Spelling, ...]:
        """The spellings of one scope; each thing is spelt there once."""
        made: dict[tuple[Role, str], Spelling] = {}
        for node in nodes:
            one = self._spelling(node)
            if one is None:
                continue
            known = made.setdefault((one.role, one.subject), one)
            if known is not one:
                self.scope.found.add(
                    SpeltTwice(
                        one.span,
                        f"`{one.span.text}` is spelt twice in this scope",
                        (Note(known.span, "first here"),),
                    )
                )
        self._apart(made.values())
        return tuple(made.values())

    def _apart(self, made: Iterable[Spelling]) -> None:
        """Reports a register that two groups of one scope spell."""
        first: dict[tuple[Role, str], Spelling] = {}
        for each in made:
            clash = [c for c in each.covers if first.setdefault((each.role, c), each) is not each]
            if clash:
                known = first[each.role, clash[0]]
                self.scope.found.add(
                    SpeltTwice(
                        each.span,
                        f"`{clash[0]}` is spelt in this scope by `{known.subject}` and by "
                        f"`{each.subject}`",
                        (Note(known.span, "first here"),),
                        help="spell that register by itself, or let one of the groups do without",
                    )
                )

    def _spelling(self, node: t.Spelling) -> Spelling | None:
        role = Role(node.role.text) if node.role else Role.VALUE
        subject = self._subject(node, role)
        if subject is None:
            return None
        allowed = set(VARIABLES[role]) | set(owners(self.scope))
        if role is Role.OP:
            allowed |= set(OPERATIONS[subject[0]])
        if subject[1] is not None:
            allowed.add(subject[1])
        if self._is_layout(node.subject):
            allowed = {*allowed - set(VARIABLES[role]), *OF_LAYOUT}
        pieces = {v for v in allowed if v in PIECES or v == subject[1]}
        if role in (Role.OP, Role.SELECT):
            pieces.clear()
        good = True
        for text in node.patterns:
            good &= self._pattern(text, allowed, pieces)
        if node.type is not None:
            good &= self._type(node.type, role)
        wrong = self._miscounted(node, role, subject[0])
        if wrong:
            self.scope.found.add(NotAPattern(self.scope.span(node.patterns[0]), wrong))
            return None
        if not good:
            return None
        return Spelling(
            role,
            subject[0],
            subject[1],
            node.type.value if node.type else None,
            tuple(p.value for p in node.patterns),
            self.scope.span(node.subject),
            tuple(self.scope.span(p) for p in node.patterns),
            self._covers(subject[0]),
        )

    def _miscounted(self, node: t.Spelling, role: Role, subject: str) -> str:
        """What is wrong with the number of patterns."""
        count = len(node.patterns)
        if role is Role.LOCK:
            what = "a lock is spelt by two patterns: taking it and letting it go"
            return "" if count == 2 else what
        if count == 2 and role is Role.VALUE and "." in subject:
            takes = any("$value" in p.value for p in node.patterns)
            what = "a field is spelt by its mask, or by the mask of its value and a shift"
            return what if takes else ""
        return "" if count == 1 else "one pattern is enough here"

    def _covers(self, subject: str) -> tuple[str, ...]:
        """The registers of a group."""
        entry = self.scope.get(subject)
        if entry is None or not isinstance(entry.meaning, Group):
            return ()
        members = [m for m in entry.meaning.members if isinstance(m, RegisterRef)]
        return tuple(dict.fromkeys(key(m.register.name) for m in members))

    def _type(self, node: t.Text, role: Role) -> bool:
        """Whether the C type of a local is one pattern; nothing else has a type."""
        if role is Role.LOCAL:
            return self._pattern(node, set(), set())
        self.scope.found.add(
            NotAPattern(self.scope.span(node), "only a `local` is spelt with its type")
        )
        return False

    # ---- subjects

    def _subject(self, node: t.Spelling, role: Role) -> tuple[str, str | None] | None:
        name = node.subject.name
        whole = role in (Role.OP, Role.DEFINE, Role.TYPE, Role.ENTER, Role.LOCAL)
        if whole and node.subject.picks:
            self._no_part(name, node.subject.picks[0])
            return None
        match role:
            case Role.OP:
                return self._one_of(name, OPERATIONS, "an operation")
            case Role.DEFINE if name.text == "sequence":
                return name.text, None
            case Role.DEFINE:
                return self._one_of(name, ["sequence"], "`sequence`")
            case Role.TYPE:
                return self._one_of(name, [*NAMED, *owners(self.scope), "void"], "a type")
            case Role.ENTER:
                return self._one_of(name, owners(self.scope), "a context, or an owner of one")
            case Role.READ | Role.WRITE if name.text == "register":
                return name.text, None
            case Role.LOCAL:
                # A local is a name of the C code, or one that a slot has there.
                self.scope.get_spelt(name.text)
                return name.text, None
            case _:
                return self._declared(node.subject, role)

    def _one_of(
        self, name: t.Name, known: Collection[str], what: str
    ) -> tuple[str, str | None] | None:
        if name.text in known:
            return name.text, None
        self.scope.found.add(
            UnknownName(
                self.scope.span(name),
                f"`{name.text}` is not {what}",
                help=suggest(name.text, known) or (f"one of {', '.join(known)}" if known else ""),
            )
        )
        return None

    def _declared(self, node: t.Place, role: Role) -> tuple[str, str | None] | None:
        name = node.name
        needed = {
            Role.READ: "a register or a group of them",
            Role.WRITE: "a register or a group of them",
            Role.SELECT: "a bank of registers",
            Role.SLOT: "a context",
            Role.LOCK: "a lock",
        }.get(role, "a register, a field, a slot, a context, a condition or a constant")
        entry = self.scope.get_spelt(key(name.text))
        if entry is None:
            self.scope.unknown(name, needed, ["register"])
            return None
        meaning = entry.meaning
        fits = {
            Role.READ: (Register, Element, Group),
            Role.WRITE: (Register, Element, Group),
            Role.SELECT: (Register,),
            Role.SLOT: (Context,),
            Role.LOCK: (Lock,),
        }.get(role, (Register, Element, Slot, Context, Condition, Constant))
        if isinstance(meaning, Root) or not isinstance(meaning, fits):
            self.scope.wrong(name, entry, needed)
            return None
        if isinstance(meaning, Group) and not all(_whole(m) for m in meaning.members):
            self.scope.wrong(name, entry, "a group of whole registers")
            return None
        split = bank(name.text)
        subject, index = (split[0], split[1]) if split else (name.text, None)
        register = _register(meaning)
        picks = node.picks if register is None else with_layout(register, node.picks)
        for pick in picks:
            if not isinstance(pick, t.Dot) or register is None:
                self._no_part(name, pick)
                return None
            subject, index = self._part(register, subject, index, pick)
            if not subject:
                return None
        return subject, index

    def _is_layout(self, node: t.Place) -> bool:
        entry = self.scope.get_spelt(key(node.name.text))
        register = None if entry is None else _register(entry.meaning)
        match node.picks:
            case (t.Dot(name=name),) if register is not None:
                return register.layout(name.text) is not None
            case _:
                return False

    def _no_part(self, name: t.Name, pick: t.Node) -> None:
        self.scope.found.add(UnknownName(self.scope.span(pick), f"`{name.text}` has no such part"))

    def _part(
        self, register: Register, subject: str, index: str | None, pick: t.Dot
    ) -> tuple[str, str | None]:
        """A field, an enumerator of a field, or a derived function."""
        split = bank(pick.name.text)
        part = key(pick.name.text)
        field = next((f for f in register.fields if key(f.name) == part), None)
        _, _, last = subject.partition(".")
        above = next((f for f in register.fields if key(f.name) == last), None)
        known = (
            field is not None
            or (register.name, part) in self.scope.derived
            or register.layout(part) is not None
            or (above is not None and above.enumerator(part) is not None)
        )
        if not known:
            parts = [f.name for f in register.fields]
            parts += [n for r, n in self.scope.derived if r == register.name]
            self.scope.found.add(
                UnknownName(
                    self.scope.span(pick.name),
                    f"{register.name} has no part `{pick.name.text}`",
                    help=suggest(pick.name.text, parts),
                )
            )
            return "", None
        return f"{subject}.{part}", split[1] if split else index

    # ---- patterns

    def _pattern(self, node: t.Text, allowed: set[str], pieces: set[str]) -> bool:
        """Whether a string is one pattern, and uses only variables that it has.

        ``pieces`` are those of which a name can be made.
        """
        span = self.scope.span(node)
        why = _why_not(node.value)
        if why:
            self.scope.found.add(NotAPattern(span, why))
            return False
        for variable in variables(node.value):
            if variable not in allowed:
                shown = ", ".join(f"${v}" for v in sorted(allowed)) or "none"
                self.scope.found.add(
                    UnknownVariable(
                        span,
                        f"`${variable}` is not a variable of this pattern",
                        help=suggest(variable, allowed) or f"it has: {shown}",
                    )
                )
                return False
        for variable in variables(node.value, pieces=True):
            if variable not in pieces:
                self.scope.found.add(
                    UnknownVariable(
                        span,
                        f"`${{{variable}}}` makes a piece of a name, and this is none",
                        help=f"write `${variable}`",
                    )
                )
                return False
        return True


def _register(meaning: names.Meaning) -> Register | None:
    """The register whose fields something has."""
    match meaning:
        case Register():
            return meaning
        case Element(register=register):
            return register
        case Slot(link=Link(register=ref)):
            return ref.register
        case _:
            return None


def _whole(member: Target) -> bool:
    return isinstance(member, RegisterRef) and member.field is None and member.index is None


def _why_not(pattern: str) -> str:
    """What makes a string something else than one expression, lvalue, declaration, signature."""
    if not pattern.strip():
        return "a pattern cannot be empty"
    what = _more_in(VARIABLE.sub("", pattern))
    return f"{what} does not belong in a pattern" if what else ""


def _more_in(pattern: str) -> str:
    for sign, name in _FORBIDDEN.items():
        if sign in pattern:
            return name
    if "//" in pattern or "/*" in pattern:
        return "a comment"
    control = _CONTROL.search(pattern)
    if control:
        return f"the control keyword `{control[1]}`"
    if re.search(r"\?|&&|\|\|", pattern):
        return "a condition"
    if not pattern.isprintable():
        return "a control character"
    open_: list[str] = []
    for char in pattern:
        if char in "([":
            open_.append(char)
        elif char in _PAIRS and (not open_ or open_.pop() != _PAIRS[char]):
            return "an unbalanced bracket"
    return "an unbalanced bracket" if open_ else ""
