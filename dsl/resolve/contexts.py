"""Memory and facts: contexts and their slots, conditions, and operations outside the language."""

from __future__ import annotations

from msgspec.structs import replace

from dsl.diagnostics import Note, suggest
from dsl.diagnostics.names import DuplicateName, UnknownName, WrongKindOfName
from dsl.diagnostics.sequences import NoHandle
from dsl.diagnostics.values import IndexOutOfRange, LinkShape, TypeMismatch
from dsl.ir import expr as x
from dsl.ir.program import Definition
from dsl.ir.sequence import Effect, Extern, Lock, Param, Signature
from dsl.ir.shapes import (
    MACHINE,
    Condition,
    Context,
    Link,
    LinkKind,
    Period,
    Register,
    RegisterRef,
    Slot,
)
from dsl.ir.types import BOOL, NAMED, U32, U64, Bool, Handle, Int, Type
from dsl.ir.walk import inside
from dsl.resolve.access import fits
from dsl.resolve.constants import bounds, number
from dsl.resolve.expressions import truth, typed
from dsl.resolve.fields import find_field
from dsl.resolve.registers import docs_of
from dsl.resolve.scope import Broken, Callable, Entry, Frame, Local, Root, Scope, habit, key
from dsl.resolve.targets import target
from dsl.syntax import tree as t

_LONGEST_ARRAY = 1 << 16


def ranged(scope: Scope, node: t.Range) -> tuple[Int, int, int] | None:
    """The type that holds a range, and its ends: a counter is a u32 where that is enough."""
    ends = bounds(scope, node)
    if ends is None:
        return None
    return (U32 if ends[1] <= U32.greatest else U64), ends[0], ends[1]


def type_of(
    scope: Scope, node: t.Type, *, handles: bool = False
) -> tuple[Type, Register | None] | None:
    """A type, and the register whose layout a value of it has (a register's name is a type)."""
    match node:
        case t.Range():
            found = ranged(scope, node)
            return None if found is None else (found[0], None)
        case t.NamedType(name=name):
            if name.text in NAMED:
                return NAMED[name.text], None
            entry = scope.get(key(name.text))
            match entry.meaning if entry else None:
                case Register() as register:
                    return register.type, register
                case Root(name=root) if handles and root != MACHINE:
                    return Handle(root), None
                case Context(root=root, name=inner) if handles and root != MACHINE:
                    return Handle(root, inner), None
                case Broken():
                    return None
            scope.found.add(
                UnknownName(
                    scope.span(name),
                    f"`{name.text}` is no type",
                    help=habit(name.text)
                    or scope.elsewhere(name.text)
                    or suggest(name.text, NAMED)
                    or f"a type is one of {', '.join(NAMED)}, a range, a register's name"
                    + (", a context, or the owner of one" if handles else ""),
                )
            )
            return None


def context(scope: Scope, item: t.Item, node: t.Context) -> Context | None:
    """A context and its slots, all declared."""
    owner = scope.get(node.owner.text)
    root = node.owner.text
    match owner.meaning if owner else None:
        case Context(root=above):
            root = above
        case None:
            scope.declare(root, Root(root), node.owner)
        case Root():
            pass
        case _:
            assert owner is not None
            scope.wrong(node.owner, owner, "a context, or the name of an owner")
            return None
    slots = []
    for each in node.slots:
        slot = _slot(scope, each, node.name.text, root)
        scope.declare(each.name.text, Broken() if slot is None else slot, each.name)
        if slot is not None:
            slots.append(slot)
    return Context(
        node.name.text,
        node.owner.text,
        root,
        tuple(slots),
        docs_of(item.docs),
        scope.span(node.name),
    )


def _slot(scope: Scope, node: t.Slot, owner: str, root: str) -> Slot | None:
    length = 0
    if node.length is not None:
        length = number(scope, node.length)
        if not 1 <= length <= _LONGEST_ARRAY:
            scope.found.add(
                IndexOutOfRange(
                    scope.span(node.length), f"an array has 1..{_LONGEST_ARRAY} elements"
                )
            )
            return None
    low = high = None
    kind: Type
    if isinstance(node.type, t.Range):
        found = ranged(scope, node.type)
        if found is None:
            return None
        kind, low, high = found
    else:
        named = type_of(scope, node.type)
        if named is None:
            return None
        kind = named[0]
    assert isinstance(kind, (Int, Bool))
    slot = Slot(
        node.name.text,
        owner,
        root,
        kind,
        length,
        low,
        high,
        None,
        docs_of(node.docs),
        scope.span(node.name),
    )
    if node.link is None:
        return slot
    link = _link(scope, node, slot, node.link)
    return None if link is None else replace(slot, link=link)


def _link(scope: Scope, node: t.Slot, slot: Slot, link: t.Link) -> Link | None:
    found = target(scope, link.place, Frame("rule"))
    if not found:
        return None
    ref = found[0]
    span = scope.span(link.place)
    if len(found) > 1 or not isinstance(ref, RegisterRef) or ref.field is not None:
        scope.found.add(
            WrongKindOfName(span, f"`{span.text}` is not a register: a slot is linked to one")
        )
        return None
    register = ref.register
    elements = register.count if register.banked and ref.index is None else 0
    if elements != slot.length:
        scope.found.add(
            LinkShape(
                span,
                f"`{slot.name}` has {_elements(slot.length)} and {ref.name} has "
                f"{_elements(elements)}",
                (Note(register.span, "declared here"),),
            )
        )
        return None
    if not isinstance(slot.type, Int):
        scope.found.add(TypeMismatch(scope.span(node.type), "a register's slot holds a number"))
        return None
    whole = x.ReadRegister(register, None, span)
    if not fits(scope, node.type, whole, slot.type, f"`{slot.name}`"):
        return None
    return Link(LinkKind(link.kind.text), ref)


def _elements(count: int) -> str:
    return f"{count} elements" if count else "a single value"


def roots(scope: Scope) -> list[str]:
    """The owners that a sequence can have a handle on."""
    found = {e.meaning.name for e in scope.visible().values() if isinstance(e.meaning, Root)}
    return sorted(found - {MACHINE})


def owners(scope: Scope) -> list[str]:
    """What a handle can be on: contexts, and the owners at their roots."""
    kinds = (Root, Context)
    found = {e.name for e in scope.visible().values() if isinstance(e.meaning, kinds)}
    return sorted(found - {MACHINE})


def conditions(
    scope: Scope, item: t.Item, node: t.Condition
) -> tuple[list[Condition], list[Definition]]:
    """The conditions of one declaration, and the definition that they share, if there is one."""
    made: list[Condition] = []
    defined: list[Definition] = []
    try:
        period = Period(node.per.text)
    except ValueError:
        known = [str(p) for p in Period]
        scope.found.add(
            UnknownName(
                scope.span(node.per),
                f"`{node.per.text}` is no period: a condition is fixed per {', '.join(known)}",
                help=suggest(node.per.text, known),
            )
        )
        period = Period.TEST
    kind: Bool | Int = BOOL
    low = high = None
    if node.range is not None:
        found = ranged(scope, node.range)
        if found is not None:
            kind, low, high = found
    value = None
    frame = Frame("condition")
    if node.value is not None:
        value = (
            truth(scope, frame, node.value)
            if kind == BOOL
            else typed(scope, frame, node.value, kind, "a condition")
        )
    root = _owner(scope, node, period, value)
    home = "" if value is None else _home(value)
    for name in node.names:
        condition = Condition(
            name.text, root, kind, low, high, period, docs_of(item.docs), scope.span(name), home
        )
        made.append(condition)
        if value is not None:
            defined.append(Definition(condition, value))
        scope.declare(name.text, condition, name)
    return made, defined


def _home(value: x.Expr) -> str:
    """The context whose slots alone an expression is about, or nothing."""
    found = set()
    for each in inside(value):
        match each:
            case x.ReadSlot(slot=slot):
                found.add(slot.context)
            case x.Test(condition=condition) if condition.root is not None:
                found.add(condition.context)
    return found.pop() if len(found) == 1 else ""


def _owner(scope: Scope, node: t.Condition, period: Period, value: x.Expr | None) -> str | None:
    """Whom a condition is about; None: the machine."""
    said: str | None = None
    if node.owner is not None:
        entry = scope.get(node.owner.text)
        match entry.meaning if entry else None:
            case Root(name=name):
                said = name
            case None:
                scope.unknown(node.owner, "an owner of contexts")
            case _:
                assert entry is not None
                scope.wrong(node.owner, entry, "an owner of contexts")
        if period is Period.MACHINE:
            scope.found.add(
                NoHandle(scope.span(node.owner), "what is fixed per machine belongs to nobody")
            )
    if value is None:
        owners = roots(scope)
        if said is None and period is not Period.MACHINE and len(owners) == 1:
            return owners[0]
        return said
    assert node.value is not None
    owners = sorted(_owners(value) | ({said} if said else set()))
    if len(owners) > 1:
        scope.found.add(
            NoHandle(
                scope.span(node.value),
                f"this is about {' and '.join(owners)}, and a condition has one owner",
            )
        )
    return owners[0] if owners else None


def _owners(value: x.Expr) -> set[str]:
    """Whom an expression is about: the owners of the slots and conditions in it."""
    found = set()
    for each in inside(value):
        match each:
            case x.ReadSlot(slot=slot):
                found.add(slot.root)
            case x.Test(condition=condition) if condition.root is not None:
                found.add(condition.root)
    return found - {MACHINE}


# ---- signatures, locks and externs


def params(scope: Scope, nodes: tuple[t.Param, ...]) -> tuple[Param, ...] | None:
    """Parameters with their types; one without a type is an owner of contexts by that name."""
    made: list[Param] = []
    seen: dict[str, t.Name] = {}
    good = True
    for node in nodes:
        name = node.name.text
        if name in seen:
            scope.found.add(
                DuplicateName(
                    scope.span(node.name),
                    f"`{name}` is declared twice",
                    (Note(scope.span(seen[name]), "first declared here"),),
                )
            )
            good = False
            continue
        seen[name] = node.name
        written = node.type or t.NamedType(node.name.start, node.name.end, node.name)
        found = type_of(scope, written, handles=True)
        if found is None:
            good = False
        else:
            made.append(Param(name, found[0], found[1], scope.span(node.name)))
    return tuple(made) if good else None


def signature(
    scope: Scope, name: t.Name, nodes: tuple[t.Param, ...], result: t.Type | None
) -> Signature | None:
    made = params(scope, nodes)
    kind = None if result is None else type_of(scope, result)
    if made is None or (result is not None and kind is None):
        return None
    return Signature(
        name.text,
        made,
        kind[0] if kind else None,
        kind[1] if kind else None,
        scope.span(name),
    )


def lock(scope: Scope, item: t.Item, node: t.Lock) -> Lock:
    title = node.title.value if node.title else ""
    return Lock(node.name.text, title, docs_of(item.docs), scope.span(node.name))


def extern(scope: Scope, item: t.Item, node: t.Extern) -> Extern | None:
    made = signature(scope, node.name, node.params, node.result)
    effects: list[Effect] = []
    ensured: list[x.Expr] = []
    frame = Frame("condition")
    for param in made.params if made else ():
        if not isinstance(param.type, Handle):
            frame.locals[param.name] = Local(
                param.name, param.type, param.view, param.span, "a parameter"
            )
    for each in node.effects:
        match each:
            case t.Ensures(condition=condition):
                value = truth(scope, frame, condition)
                if value is not None:
                    ensured.append(value)
            case t.Effect():
                effects.append(_effect(scope, each))
    if made is None:
        return None
    found = Extern(made, tuple(effects), tuple(ensured), docs_of(item.docs))
    needs = tuple(
        p.name for e in effects if e.kind == "needs" for p in e.places if isinstance(p, Lock)
    )
    scope.declare(made.name, Callable(made, None, None, True, needs), node.name)
    return found


def _effect(scope: Scope, node: t.Effect) -> Effect:
    places: list[object] = []
    masks: list[int | None] = []
    for each in node.places:
        entry: Entry | None = scope.get(key(each.name.text))
        match entry.meaning if entry else None:
            case Context(slots=slots) if not each.picks:
                places += slots
            case (Slot() | Condition()) as found:
                # An element of a slot is an effect on the slot.
                places.append(found)
                masks += [None] * (len(places) - 1 - len(masks))
                masks.append(_bits(scope, each, found))
            case Lock() as found:
                if node.kind.text != "needs":
                    assert entry is not None
                    scope.wrong(each, entry, "a slot, a condition or a register")
                places.append(found)
            case None:
                scope.unknown(each.name, "a slot, a condition, a register or a lock")
            case _:
                places += target(scope, each, Frame("rule"))
    masks += [None] * (len(places) - len(masks))
    ends = bounds(scope, node.range) if node.range else None
    return Effect(
        node.kind.text,
        tuple(places),  # type: ignore[arg-type]
        ends[0] if ends else None,
        ends[1] if ends else None,
        scope.span(node),
        tuple(masks),
    )


def _bits(scope: Scope, node: t.Place, of: Slot | Condition) -> int | None:
    """The bits of a slot that a place names, if it names a field."""
    last = node.picks[-1] if node.picks else None
    if not isinstance(of, Slot) or of.link is None or not isinstance(last, t.Dot):
        return None
    found = find_field(scope, Frame("rule"), of.link.register.register, last.name)
    return None if found is None else found[0].mask
