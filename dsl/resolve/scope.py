"""Names: what a module declares and imports, what a sequence has in hand, and who used what."""

from __future__ import annotations

import re
from collections import abc
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from msgspec import Struct

from dsl.diagnostics import Diagnostics, Note, suggest
from dsl.diagnostics.names import DuplicateName, UnknownName, WrongKindOfName
from dsl.diagnostics.registers import CircularBehaviour
from dsl.diagnostics.sequences import NotDefined
from dsl.diagnostics.text import KeywordAsName, TooDeep
from dsl.ir.lifecycle import Lifecycle
from dsl.ir.platform import Derived, Endpoint, Group
from dsl.ir.sequence import Kind, Lock, Signature
from dsl.ir.shapes import Condition, Constant, Context, Register, Slot
from dsl.ir.types import Type
from dsl.source import Source, Span
from dsl.syntax import tree as t
from dsl.syntax.keywords import keywords

#: A bank, or a family of fields, perhaps of a layout.
_BANK = re.compile(r"([\w.]*)<(\w+)>(\w*)")
_MOST_DIGITS = 20


class Element(Struct, frozen=True):
    """One register of a bank under its plain name, such as ``ICH_LR3_EL2``."""

    register: Register
    index: int


class Root(Struct, frozen=True):
    """The owner of contexts that is no context itself, such as ``vcpu``."""

    name: str


class Callable(Struct, frozen=True):
    """A sequence or (``kind`` None) an extern, as a call sees it."""

    signature: Signature
    kind: Kind | None
    undoes: str | None
    defined: bool
    needs: tuple[str, ...] = ()


class Broken(Struct, frozen=True):
    """A declaration that was reported: its uses are not findings of their own."""


class Other(Struct, frozen=True):
    """A declaration that is never used by name in an expression; ``what`` says which kind."""

    what: str


Meaning: TypeAlias = (
    Register
    | Element
    | Endpoint
    | Group
    | Context
    | Root
    | Slot
    | Condition
    | Constant
    | Lock
    | Callable
    | Lifecycle
    | Broken
    | Other
)

_KINDS: dict[type, str] = {
    Register: "a register",
    Element: "a register",
    Endpoint: "an endpoint",
    Group: "a group",
    Context: "a context",
    Root: "an owner of contexts",
    Slot: "a slot",
    Condition: "a condition",
    Constant: "a constant",
    Lock: "a lock",
    Lifecycle: "a lifecycle",
    Broken: "a broken declaration",
}


def called(meaning: Meaning) -> str:
    """What kind of thing a name stands for, in words."""
    match meaning:
        case Callable(kind=None):
            return "an extern"
        case Callable():
            return "a sequence"
        case Other(what=what):
            return what
        case _:
            return _KINDS[type(meaning)]


#: After so many findings the next ones come without "did you mean", which takes time to find.
_MOST_SUGGESTIONS = 100
#: How many derived functions may build upon each other.
_DEEPEST = 100

Thunk: TypeAlias = abc.Callable[[], Derived | None]


class Entry(Struct, frozen=True):
    """A declared name: what it means and where it was declared."""

    name: str
    meaning: Meaning
    span: Span
    module: str


def bank(text: str) -> tuple[str, str] | None:
    """The key and the index of a bank's name: ``ICH_LR<n>_EL2`` is ``ICH_LR<>_EL2`` and ``n``."""
    match = _BANK.fullmatch(text)
    if match is None:
        return None
    return f"{match[1]}<>{match[3]}", match[2]


def numeral(text: str) -> int | None:
    """The number written inside ``<>``, or None for anything else."""
    # What is longer is outside every bank, whatever its value is.
    return int(text[:_MOST_DIGITS]) if text.isdecimal() else None


def key(text: str) -> str:
    """The name under which a declaration is kept: a bank's without its index."""
    split = bank(text)
    return split[0] if split else text


#: What C calls something, and what it is here.
_HABITS = {"true": "1", "false": "0", "NULL": "0", "TRUE": "1", "FALSE": "0", "size_t": "u64"} | {
    f"{signed}int{width}{end}": f"u{width}"
    for width in (8, 16, 32, 64)
    for signed, end in (("u", "_t"), ("__u", ""), ("u_", "_t"))
}


def habit(name: str) -> str:
    """What to write for a name of C, in words; or nothing."""
    return f"`{name}` of C is `{_HABITS[name]}` here" if name in _HABITS else ""


class Scope:
    """All names of one module and of what it imports, and the findings made about them."""

    def __init__(
        self, source: Source, found: Diagnostics, elsewhere: abc.Callable[[str], str]
    ) -> None:
        self.source = source
        self.found = found
        #: The import that a name needs which nothing declares, in words; or nothing.
        self.elsewhere = elsewhere
        self.own: dict[str, Entry] = {}
        self.imported: dict[str, Entry] = {}
        self.derived: dict[tuple[str, str], Derived] = {}
        #: Derived functions of this module that nothing has asked for yet.
        self.thunks: dict[tuple[str, str], Thunk] = {}
        self._deriving: list[tuple[str, str]] = []
        self._underivable: set[tuple[str, str]] = set()
        #: Keys of the names that something in this module refers to.
        self.used: set[str] = set()
        #: How many registers the banks of this module hold.
        self.elements = 0
        #: Keys of the names that a dialect of this module spells, which is no use of them.
        self.spelt: set[str] = set()

    def span(self, node: t.Node) -> Span:
        return Span(self.source, node.start, node.end)

    # ---- declaring

    def include(self, entries: Iterable[Entry]) -> None:
        """Takes over what an imported module can see; two different owners of a name clash."""
        for entry in entries:
            known = self.imported.setdefault(entry.name, entry)
            if known.span == entry.span or _same_root(entry, known) or _completes(known, entry):
                continue
            if _completes(entry, known):
                self.imported[entry.name] = entry
            else:
                self._clash(entry, known)

    def declare(self, name: str, meaning: Meaning, node: t.Node) -> None:
        """Adds a declaration of this module, or reports that the name is taken."""
        self.check_word(node, name)
        entry = Entry(name, meaning, self.span(node), self.source.module)
        known = self.own.get(name) or self.imported.get(name)
        held_off = known is not None and isinstance(known.meaning, Broken)
        if known is None or _completes(entry, known) or (held_off and known.span == entry.span):
            self.own[name] = entry
            if known is not None:
                # To define what another module declares is to use it.
                self.used.add(name)
        elif _completes(known, entry) or _same_root(entry, known):
            pass
        else:
            self._clash(entry, known)

    def hold_off(self, node: t.Name) -> None:
        """Makes the uses of a name silent until its declaration comes."""
        entry = Entry(node.text, Broken(), self.span(node), self.source.module)
        self.own.setdefault(node.text, entry)

    def check_word(self, node: t.Node, name: str) -> None:
        """Reports a word of the language that is declared as a name."""
        if name in keywords():
            self.found.add(
                KeywordAsName(self.span(node), f"`{name}` is a word of the language, not a name")
            )

    def _clash(self, entry: Entry, known: Entry) -> None:
        if isinstance(entry.meaning, Broken):
            return
        if _defines(entry, known) or _defines(known, entry):
            self.found.add(
                NotDefined(
                    entry.span,
                    f"`{entry.name}` is declared and defined with two different signatures",
                    (Note(known.span, "the other is here"),),
                )
            )
            return
        self.found.add(
            DuplicateName(
                entry.span,
                f"`{entry.name}` is declared twice",
                (Note(known.span, f"first declared here, as {called(known.meaning)}"),),
                help="rename one of them: a module and all it imports share one set of names",
            )
        )

    def visible(self) -> dict[str, Entry]:
        return {**self.imported, **self.own}

    # ---- looking up

    def get(self, name: str) -> Entry | None:
        entry = self.own.get(name) or self.imported.get(name)
        if entry is not None:
            self.used.add(name)
            if isinstance(entry.meaning, Element):
                self.used.add(key(entry.meaning.register.name))
        return entry

    def get_spelt(self, name: str) -> Entry | None:
        """The same for a dialect: to spell a thing is not to use it."""
        self.spelt.add(name)
        entry = self.own.get(name) or self.imported.get(name)
        if entry is not None and isinstance(entry.meaning, Element):
            self.spelt.add(key(entry.meaning.register.name))
        return entry

    def taken(self, node: t.Name, locals: Mapping[str, Local]) -> None:
        """Reports a local name that would hide another one."""
        self.check_word(node, node.text)
        known = locals.get(node.text)
        entry = self.own.get(node.text) or self.imported.get(node.text)
        if entry is not None and isinstance(entry.meaning, Root | Broken):
            entry = None
        first = known.span if known else entry.span if entry else None
        if first is not None:
            self.found.add(
                DuplicateName(
                    self.span(node),
                    f"`{node.text}` is declared twice",
                    (Note(first, "first declared here"),),
                    help="give this one another name: an inner name never hides an outer one",
                )
            )

    def derive(self, register: Register, name: t.Name) -> Derived | None:
        """A derived function of a register, resolved when first asked for."""
        at = (register.name, name.text)
        if at in self.derived:
            return self.derived[at]
        if at in self._underivable:
            return None
        if at in self._deriving:
            self.found.add(
                CircularBehaviour(
                    self.span(name), f"{register.name}.{name.text} is defined by itself"
                )
            )
            return None
        if len(self._deriving) >= _DEEPEST:
            self.found.add(TooDeep(self.span(name), f"more than {_DEEPEST} derived functions deep"))
            return None
        self._deriving.append(at)
        derived = self.thunks[at]()
        self._deriving.pop()
        if derived is None:
            self._underivable.add(at)
        else:
            self.derived[at] = derived
        return derived

    def unknown(self, node: t.Name, what: str, extra: Iterable[str] = ()) -> None:
        """Reports a name that nothing declares; ``what`` is what was looked for, as "a lock"."""
        help = ""
        if len(self.found) < _MOST_SUGGESTIONS:
            known = [*extra, *(_shown(e) for e in self.visible().values())]
            help = habit(node.text) or self.elsewhere(node.text) or suggest(node.text, known)
        self.found.add(
            UnknownName(
                self.span(node), f"`{node.text}` is not declared: {what} is needed here", help=help
            )
        )

    def wrong(self, node: t.Node, entry: Entry, needed: str) -> None:
        """Reports a name that is something else than what is needed."""
        if isinstance(entry.meaning, Broken):
            return
        self.found.add(
            WrongKindOfName(
                self.span(node),
                f"`{entry.name}` is {called(entry.meaning)}, and {needed} is needed here",
                (Note(entry.span, "declared here"),),
            )
        )


def _shown(entry: Entry) -> str:
    meaning = entry.meaning
    return meaning.name if isinstance(meaning, Register) else entry.name


def _same_root(one: Entry, other: Entry) -> bool:
    """Whether two modules speak of one owner, which neither of them declares."""
    return isinstance(one.meaning, Root) and isinstance(other.meaning, Root)


def _defines(one: Entry, other: Entry) -> bool:
    """Whether ``one`` defines a sequence that ``other`` only declares."""
    match one.meaning, other.meaning:
        case Callable(kind=Kind(), defined=True), Callable(kind=Kind(), defined=False):
            return True
        case _:
            return False


def _completes(one: Entry, other: Entry) -> bool:
    """Whether ``one`` defines what ``other`` only declares, with the same signature."""
    match one.meaning, other.meaning:
        case Callable() as made, Callable() as promised if _defines(one, other):
            return made.kind is promised.kind and _same(made.signature, promised.signature)
        case _:
            return False


def _same(one: Signature, other: Signature) -> bool:
    return [p.type for p in one.params] == [p.type for p in other.params] and (
        one.result == other.result
    )


class Local(Struct):
    """A parameter, a ``let`` or a loop variable."""

    name: str
    type: Type
    view: Register | None
    span: Span
    what: str
    used: bool = False
    #: Its value could not be resolved: what is wrong with it is reported there, and only there.
    broken: bool = False


#: Where a body has parameters and may have any statement.
BODIES = ("sequence", "operation", "model")


class Frame(Struct):
    """What an expression or a block can see beyond the module.

    ``place`` names where it stands, for messages and for what is allowed there: platform, rule,
    condition, sequence, operation, model, lifecycle, boot, invariant, assumption, difference,
    scenario, or expect.
    """

    place: str
    locals: dict[str, Local] = {}
    #: The register whose own fields are names here, and whose value they are fields of.
    written: Register | None = None
    #: The definitions of ``let``s further down in the blocks around, for better messages.
    later: dict[str, Span] = {}
    labels: list[str] = []
    locks: list[str] = []
    #: How many locks were held where each label's block began.
    depths: list[int] = []
    #: Which of the labels something leaves.
    left: list[set[str]] = []
    result: Type | None = None
    #: The register whose value the result of the sequence is.
    goal: Register | None = None
