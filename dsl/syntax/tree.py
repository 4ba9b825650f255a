"""The typed syntax tree: one frozen class for each rule of the grammar, with offsets into its text."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct


class Node(Struct, frozen=True):
    """A piece of source text: characters ``start`` (included) to ``end`` (excluded)."""

    start: int
    end: int


class Name(Node, frozen=True):
    """An identifier, a bank such as ``ICH_LR<n>_EL2``, a glob, or a word of a closed class."""

    text: str


class Text(Node, frozen=True):
    """A string literal; ``value`` is what it says, escapes resolved."""

    value: str


class Doc(Node, frozen=True):
    """One ``///`` line; ``text`` is what follows the slashes, less one leading blank."""

    text: str


class Hint(Node, frozen=True):
    """``@name(args)``: a choice that C leaves open and that has no meaning."""

    name: Name
    args: tuple[Name, ...]


class Item(Node, frozen=True):
    """A declaration or a statement with the documentation and the hints in front of it."""

    docs: tuple[Doc, ...]
    hints: tuple[Hint, ...]
    body: Declaration | Statement


class Module(Node, frozen=True):
    """One source file."""

    items: tuple[Item, ...]


# ---- expressions


class Number(Node, frozen=True):
    value: int
    text: str


class At(Node, frozen=True):
    """``[index]``"""

    index: Expr


class Dot(Node, frozen=True):
    """``.name``"""

    name: Name


class Place(Node, frozen=True):
    """A name, perhaps indexed, perhaps narrowed to a field."""

    name: Name
    picks: tuple[At | Dot, ...]


class Call(Node, frozen=True):
    name: Name
    args: tuple[Expr, ...]


class Hypcall(Node, frozen=True):
    call: Call


class Binary(Node, frozen=True):
    op: str
    left: Expr
    right: Expr


class Not(Node, frozen=True):
    operand: Expr


class With(Node, frozen=True):
    """``base with field = value``: the same bits, one field changed."""

    base: Expr
    field: Name
    value: Expr


class Range(Node, frozen=True):
    """``low..high``, both ends included."""

    low: Name | Number
    high: Name | Number


class Every(Node, frozen=True):
    var: Name
    range: Range
    body: Expr


Expr: TypeAlias = Number | Place | Call | Hypcall | Binary | Not | With | Every

# ---- the machine


class Import(Node, frozen=True):
    path: tuple[Name, ...]


class Platform(Node, frozen=True):
    name: Name
    document: Text


class Endpoint(Node, frozen=True):
    name: Name
    title: Text
    aliases: tuple[Place, ...]


class Group(Node, frozen=True):
    name: Name
    members: tuple[Place, ...]


class Index(Node, frozen=True):
    var: Name
    range: Range


class Encoding(Node, frozen=True):
    """One or two (low half, high half) lists of operands, for one architecture (none: AArch64)."""

    operands: tuple[tuple[Expr, ...], ...]
    architecture: Name | None


class Reset(Node, frozen=True):
    """``value`` is None where the architecture leaves it unknown."""

    value: Expr | None


class Bits(Node, frozen=True):
    """``[high:low]``, or one bit where ``low`` is None."""

    high: Expr
    low: Expr | None


class Legal(Node, frozen=True):
    """``becomes value when condition``"""

    value: Expr
    condition: Expr | None


class Enumerator(Node, frozen=True):
    name: Name
    value: Number


class Field(Node, frozen=True):
    docs: tuple[Doc, ...]
    name: Name
    index: Index | None
    bits: Bits
    access: Name | None
    reset: Reset | None
    legal: Legal | None
    computed: Expr | None
    enumerators: tuple[Enumerator, ...]


class Reserved(Node, frozen=True):
    docs: tuple[Doc, ...]
    kind: Name
    bits: tuple[Bits, ...]


class Derive(Node, frozen=True):
    docs: tuple[Doc, ...]
    name: Name
    value: Expr


class Register(Node, frozen=True):
    name: Name
    index: Index | None
    width: Number
    access: Name | None
    encodings: tuple[Encoding, ...]
    reset: Reset | None
    members: tuple[Field | Reserved | Derive, ...]


# ---- what must have happened before what


class Barrier(Node, frozen=True):
    """``isb``, ``dsb(option)`` or ``dmb(option)``"""

    kind: str
    option: Name | None


class Events(Node, frozen=True):
    """Accesses of one kind (none: of either) to some places."""

    access: Name | None
    places: tuple[Place, ...]


class Visible(Node, frozen=True):
    events: Events
    barriers: tuple[Barrier, ...]


class Only(Node, frozen=True):
    condition: Expr


class Ordered(Node, frozen=True):
    events: Events


class Clause(Node, frozen=True):
    events: Events
    relation: Visible | Only | Ordered
    condition: Expr | None


class Rule(Node, frozen=True):
    name: Name
    strength: Name
    source: Text
    clauses: tuple[Clause, ...]


# ---- memory and facts


class NamedType(Node, frozen=True):
    name: Name


Type: TypeAlias = NamedType | Range


class Link(Node, frozen=True):
    """``mirrors`` or ``feeds`` a register."""

    kind: Name
    place: Place


class Slot(Node, frozen=True):
    docs: tuple[Doc, ...]
    name: Name
    length: Number | None
    type: Type
    link: Link | None


class Context(Node, frozen=True):
    name: Name
    owner: Name
    slots: tuple[Slot, ...]


class Condition(Node, frozen=True):
    names: tuple[Name, ...]
    range: Range | None
    value: Expr | None
    per: Name


class Lock(Node, frozen=True):
    name: Name
    title: Text | None


class Param(Node, frozen=True):
    name: Name
    type: Type | None


class Effect(Node, frozen=True):
    kind: Name
    places: tuple[Place, ...]
    range: Range | None


class Ensures(Node, frozen=True):
    condition: Expr


class Extern(Node, frozen=True):
    name: Name
    params: tuple[Param, ...]
    result: Type | None
    effects: tuple[Effect | Ensures, ...]


# ---- sequences


class Block(Node, frozen=True):
    items: tuple[Item, ...]


class Sequence(Node, frozen=True):
    """``body`` is None where whoever imports the module defines it."""

    kind: Name
    name: Name
    params: tuple[Param, ...]
    result: Type | None
    undoes: Name | None
    body: Block | None


class Arm(Node, frozen=True):
    condition: Expr
    body: Block


class When(Node, frozen=True):
    """``when … {…} else when … {…} else {…}``; the chain is flat."""

    arms: tuple[Arm, ...]
    otherwise: Block | None


class Each(Node, frozen=True):
    """A loop over ``0 .. limit - 1`` (``below``) or over a range, both ends included."""

    var: Name
    bounds: Expr | Range
    body: Block


class Case(Node, frozen=True):
    value: Number
    body: Block


class Match(Node, frozen=True):
    value: Expr
    falling: bool
    cases: tuple[Case, ...]
    otherwise: Block | None


class Labelled(Node, frozen=True):
    label: Name
    body: Block


class Leave(Node, frozen=True):
    label: Name


class Return(Node, frozen=True):
    value: Expr | None


class Holding(Node, frozen=True):
    lock: Name
    body: Block


class Let(Node, frozen=True):
    name: Name
    type: Type | None
    value: Expr


class Move(Node, frozen=True):
    place: Place
    value: Expr


class Change(Node, frozen=True):
    field: Name
    value: Expr


class Modify(Node, frozen=True):
    place: Place
    changes: tuple[Change, ...]


class Copy(Node, frozen=True):
    kind: Name
    places: tuple[Place, ...]


class Order(Node, frozen=True):
    """Barriers, and the two sides that they order (None only in a lifecycle)."""

    barriers: tuple[Barrier, ...]
    first: Events | None
    then: Events | None


class Warn(Node, frozen=True):
    condition: Expr


class Assert(Node, frozen=True):
    condition: Expr


class May(Node, frozen=True):
    kind: Name
    places: tuple[Place, ...]


# ---- how sequences compose, what must hold, and examples


class Phase(Node, frozen=True):
    docs: tuple[Doc, ...]
    name: Name
    condition: Expr | None
    body: Block


class Repeat(Node, frozen=True):
    docs: tuple[Doc, ...]
    name: Name
    steps: tuple[Step, ...]


class Steps(Node, frozen=True):
    steps: tuple[Step, ...]


class Either(Node, frozen=True):
    docs: tuple[Doc, ...]
    alternatives: tuple[Steps, ...]


Step: TypeAlias = Phase | Repeat | Either


class Lifecycle(Node, frozen=True):
    name: Name
    steps: tuple[Step, ...]


class Invariant(Node, frozen=True):
    name: Name
    points: tuple[Name, ...]
    reason: Text
    condition: Expr


class Fact(Node, frozen=True):
    negated: bool
    place: Place
    value: Expr | None


class Given(Node, frozen=True):
    facts: tuple[Fact, ...]


class Run(Node, frozen=True):
    phases: tuple[Name, ...]


class Expect(Node, frozen=True):
    condition: Expr
    point: Name | None


class Actor(Node, frozen=True):
    name: Name
    body: Block


class Scenario(Node, frozen=True):
    title: Text
    steps: tuple[Given | Run | Expect | Actor, ...]


# ---- how one tree spells it in C


class Spelling(Node, frozen=True):
    role: Name | None
    subject: Place
    type: Text | None
    patterns: tuple[Text, ...]


class Include(Node, frozen=True):
    paths: tuple[Text, ...]


class File(Node, frozen=True):
    paths: tuple[Text, ...]
    globs: tuple[Name, ...]
    entries: tuple[Spelling | Include, ...]


class Header(Node, frozen=True):
    paths: tuple[Text, ...]
    globs: tuple[Name, ...]


class Scope(Node, frozen=True):
    globs: tuple[Name, ...]
    entries: tuple[Spelling, ...]


class Dialect(Node, frozen=True):
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
