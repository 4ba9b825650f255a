"""The typed syntax tree: one frozen class for each rule of the grammar, with offsets into its text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Node:
    """A piece of source text: characters ``start`` (included) to ``end`` (excluded)."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Name(Node):
    """An identifier, a bank such as ``ICH_LR<n>_EL2``, a glob, or a word of a closed class."""

    text: str


@dataclass(frozen=True, slots=True)
class Text(Node):
    """A string literal; ``value`` is what it says, escapes resolved."""

    value: str


@dataclass(frozen=True, slots=True)
class Doc(Node):
    """One ``///`` line; ``text`` is what follows the slashes, less one leading blank."""

    text: str


@dataclass(frozen=True, slots=True)
class Hint(Node):
    """``@name(args)``: a choice that C leaves open and that has no meaning."""

    name: Name
    args: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Item(Node):
    """A declaration or a statement with the documentation and the hints in front of it."""

    docs: tuple[Doc, ...]
    hints: tuple[Hint, ...]
    body: Declaration | Statement


@dataclass(frozen=True, slots=True)
class Module(Node):
    """One source file."""

    items: tuple[Item, ...]


# ---- expressions


@dataclass(frozen=True, slots=True)
class Number(Node):
    value: int
    text: str


@dataclass(frozen=True, slots=True)
class At(Node):
    """``[index]``"""

    index: Expr


@dataclass(frozen=True, slots=True)
class Dot(Node):
    """``.name``"""

    name: Name


@dataclass(frozen=True, slots=True)
class Place(Node):
    """A name, perhaps indexed, perhaps narrowed to a field."""

    name: Name
    picks: tuple[At | Dot, ...]


@dataclass(frozen=True, slots=True)
class Call(Node):
    name: Name
    args: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Hypcall(Node):
    call: Call


@dataclass(frozen=True, slots=True)
class Binary(Node):
    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Not(Node):
    operand: Expr


@dataclass(frozen=True, slots=True)
class With(Node):
    """``base with field = value``: the same bits, one field changed."""

    base: Expr
    field: Name
    value: Expr


@dataclass(frozen=True, slots=True)
class Range(Node):
    """``low..high``, both ends included."""

    low: Name | Number
    high: Name | Number


@dataclass(frozen=True, slots=True)
class Every(Node):
    var: Name
    range: Range
    body: Expr


Expr: TypeAlias = Number | Place | Call | Hypcall | Binary | Not | With | Every

# ---- the machine


@dataclass(frozen=True, slots=True)
class Import(Node):
    path: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Platform(Node):
    name: Name
    document: Text


@dataclass(frozen=True, slots=True)
class Endpoint(Node):
    name: Name
    title: Text
    aliases: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Group(Node):
    name: Name
    members: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Index(Node):
    var: Name
    range: Range


@dataclass(frozen=True, slots=True)
class Encoding(Node):
    """One or two (low half, high half) lists of operands, for one architecture (none: AArch64)."""

    operands: tuple[tuple[Expr, ...], ...]
    architecture: Name | None


@dataclass(frozen=True, slots=True)
class Reset(Node):
    """``value`` is None where the architecture leaves it unknown."""

    value: Expr | None


@dataclass(frozen=True, slots=True)
class Bits(Node):
    """``[high:low]``, or one bit where ``low`` is None."""

    high: Expr
    low: Expr | None


@dataclass(frozen=True, slots=True)
class Legal(Node):
    """``becomes value when condition``"""

    value: Expr
    condition: Expr | None


@dataclass(frozen=True, slots=True)
class Enumerator(Node):
    name: Name
    value: Number


@dataclass(frozen=True, slots=True)
class Field(Node):
    docs: tuple[Doc, ...]
    name: Name
    index: Index | None
    bits: Bits
    access: Name | None
    reset: Reset | None
    legal: Legal | None
    computed: Expr | None
    enumerators: tuple[Enumerator, ...]


@dataclass(frozen=True, slots=True)
class Reserved(Node):
    docs: tuple[Doc, ...]
    kind: Name
    bits: tuple[Bits, ...]


@dataclass(frozen=True, slots=True)
class Derive(Node):
    docs: tuple[Doc, ...]
    name: Name
    value: Expr


@dataclass(frozen=True, slots=True)
class Register(Node):
    name: Name
    index: Index | None
    width: Number
    access: Name | None
    encodings: tuple[Encoding, ...]
    reset: Reset | None
    members: tuple[Field | Reserved | Derive, ...]


# ---- what must have happened before what


@dataclass(frozen=True, slots=True)
class Barrier(Node):
    """``isb``, ``dsb(option)`` or ``dmb(option)``"""

    kind: str
    option: Name | None


@dataclass(frozen=True, slots=True)
class Events(Node):
    """Accesses of one kind (none: of either) to some places."""

    access: Name | None
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Visible(Node):
    events: Events
    barriers: tuple[Barrier, ...]


@dataclass(frozen=True, slots=True)
class Only(Node):
    condition: Expr


@dataclass(frozen=True, slots=True)
class Ordered(Node):
    events: Events


@dataclass(frozen=True, slots=True)
class Clause(Node):
    events: Events
    relation: Visible | Only | Ordered
    condition: Expr | None


@dataclass(frozen=True, slots=True)
class Rule(Node):
    name: Name
    strength: Name
    source: Text
    clauses: tuple[Clause, ...]


# ---- memory and facts


@dataclass(frozen=True, slots=True)
class NamedType(Node):
    name: Name


Type: TypeAlias = NamedType | Range


@dataclass(frozen=True, slots=True)
class Link(Node):
    """``mirrors`` or ``feeds`` a register."""

    kind: Name
    place: Place


@dataclass(frozen=True, slots=True)
class Slot(Node):
    docs: tuple[Doc, ...]
    name: Name
    length: Number | None
    type: Type
    link: Link | None


@dataclass(frozen=True, slots=True)
class Context(Node):
    name: Name
    owner: Name
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Condition(Node):
    names: tuple[Name, ...]
    range: Range | None
    value: Expr | None
    per: Name


@dataclass(frozen=True, slots=True)
class Lock(Node):
    name: Name
    title: Text | None


@dataclass(frozen=True, slots=True)
class Param(Node):
    name: Name
    type: Type | None


@dataclass(frozen=True, slots=True)
class Effect(Node):
    kind: Name
    places: tuple[Place, ...]
    range: Range | None


@dataclass(frozen=True, slots=True)
class Ensures(Node):
    condition: Expr


@dataclass(frozen=True, slots=True)
class Extern(Node):
    name: Name
    params: tuple[Param, ...]
    result: Type | None
    effects: tuple[Effect | Ensures, ...]


# ---- sequences


@dataclass(frozen=True, slots=True)
class Block(Node):
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Sequence(Node):
    """``body`` is None where whoever imports the module defines it."""

    kind: Name
    name: Name
    params: tuple[Param, ...]
    result: Type | None
    undoes: Name | None
    body: Block | None


@dataclass(frozen=True, slots=True)
class Arm(Node):
    condition: Expr
    body: Block


@dataclass(frozen=True, slots=True)
class When(Node):
    """``when … {…} else when … {…} else {…}``; the chain is flat."""

    arms: tuple[Arm, ...]
    otherwise: Block | None


@dataclass(frozen=True, slots=True)
class Each(Node):
    """A loop over ``0 .. limit - 1`` (``below``) or over a range, both ends included."""

    var: Name
    bounds: Expr | Range
    body: Block


@dataclass(frozen=True, slots=True)
class Case(Node):
    value: Number
    body: Block


@dataclass(frozen=True, slots=True)
class Match(Node):
    value: Expr
    falling: bool
    cases: tuple[Case, ...]
    otherwise: Block | None


@dataclass(frozen=True, slots=True)
class Labelled(Node):
    label: Name
    body: Block


@dataclass(frozen=True, slots=True)
class Leave(Node):
    label: Name


@dataclass(frozen=True, slots=True)
class Return(Node):
    value: Expr | None


@dataclass(frozen=True, slots=True)
class Holding(Node):
    lock: Name
    body: Block


@dataclass(frozen=True, slots=True)
class Let(Node):
    name: Name
    type: Type | None
    value: Expr


@dataclass(frozen=True, slots=True)
class Move(Node):
    place: Place
    value: Expr


@dataclass(frozen=True, slots=True)
class Change(Node):
    field: Name
    value: Expr


@dataclass(frozen=True, slots=True)
class Modify(Node):
    place: Place
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Copy(Node):
    kind: Name
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Order(Node):
    """Barriers, and the two sides that they order (None only in a lifecycle)."""

    barriers: tuple[Barrier, ...]
    first: Events | None
    then: Events | None


@dataclass(frozen=True, slots=True)
class Warn(Node):
    condition: Expr


@dataclass(frozen=True, slots=True)
class Assert(Node):
    condition: Expr


@dataclass(frozen=True, slots=True)
class May(Node):
    kind: Name
    places: tuple[Place, ...]


# ---- how sequences compose, what must hold, and examples


@dataclass(frozen=True, slots=True)
class Phase(Node):
    docs: tuple[Doc, ...]
    name: Name
    condition: Expr | None
    body: Block


@dataclass(frozen=True, slots=True)
class Repeat(Node):
    docs: tuple[Doc, ...]
    name: Name
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Steps(Node):
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Either(Node):
    docs: tuple[Doc, ...]
    alternatives: tuple[Steps, ...]


Step: TypeAlias = Phase | Repeat | Either


@dataclass(frozen=True, slots=True)
class Lifecycle(Node):
    name: Name
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Invariant(Node):
    name: Name
    points: tuple[Name, ...]
    reason: Text
    condition: Expr


@dataclass(frozen=True, slots=True)
class Fact(Node):
    negated: bool
    place: Place
    value: Expr | None


@dataclass(frozen=True, slots=True)
class Given(Node):
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Run(Node):
    phases: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Expect(Node):
    condition: Expr
    point: Name | None


@dataclass(frozen=True, slots=True)
class Actor(Node):
    name: Name
    body: Block


@dataclass(frozen=True, slots=True)
class Scenario(Node):
    title: Text
    steps: tuple[Given | Run | Expect | Actor, ...]


# ---- how one tree spells it in C


@dataclass(frozen=True, slots=True)
class Spelling(Node):
    role: Name | None
    subject: Place
    type: Text | None
    patterns: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Include(Node):
    paths: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class File(Node):
    paths: tuple[Text, ...]
    globs: tuple[Name, ...]
    entries: tuple[Spelling | Include, ...]


@dataclass(frozen=True, slots=True)
class Header(Node):
    paths: tuple[Text, ...]
    globs: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Scope(Node):
    globs: tuple[Name, ...]
    entries: tuple[Spelling, ...]


@dataclass(frozen=True, slots=True)
class Dialect(Node):
    name: Name
    target: Name
    entries: tuple[Spelling | File | Header | Scope, ...]


Declaration: TypeAlias = (
    Import
    | Platform
    | Endpoint
    | Group
    | Register
    | Rule
    | Context
    | Condition
    | Lock
    | Extern
    | Sequence
    | Lifecycle
    | Invariant
    | Scenario
    | Dialect
)

Statement: TypeAlias = (
    When
    | Each
    | Match
    | Labelled
    | Holding
    | Let
    | Move
    | Modify
    | Copy
    | Call
    | Hypcall
    | Order
    | Warn
    | Assert
    | May
    | Leave
    | Return
)
