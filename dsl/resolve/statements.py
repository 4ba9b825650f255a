"""Statements: blocks with their names and labels, moves, branches and loops, locks, barriers."""

from __future__ import annotations

from msgspec.structs import replace

from dsl.diagnostics import Note, suggest
from dsl.diagnostics.names import DuplicateName, UnknownName, Unused
from dsl.diagnostics.sequences import (
    EmptyRange,
    Misplaced,
    NoHandle,
    NoOrder,
    UnbalancedLock,
    Unreachable,
)
from dsl.diagnostics.values import NoValue
from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.platform import Endpoint, Target
from dsl.ir.sequence import Lock
from dsl.ir.shapes import Condition, Slot
from dsl.ir.types import INT, Handle, Int, Type
from dsl.resolve.calls import call
from dsl.resolve.constants import number
from dsl.resolve.contexts import type_of
from dsl.resolve.conversions import view_of
from dsl.resolve.expressions import expression, integer, range_ends, truth, typed
from dsl.resolve.moves import copy, modify, move
from dsl.resolve.registers import docs_of
from dsl.resolve.scope import BODIES, Frame, Local, Scope, key
from dsl.resolve.targets import barriers, events, target
from dsl.source import Span
from dsl.syntax import tree as t

#: Statements that a lifecycle can have, what a CPU does when it boots, and an actor.
_OUTSIDE: dict[str, tuple[type[t.Node], ...]] = {
    "lifecycle": (
        *(t.Call, t.Hypcall, t.Move, t.Modify, t.Order, t.May, t.Perhaps),
        *(t.When, t.Each),
    ),
    "boot": (t.Call, t.Move, t.Modify, t.When),
    "scenario": (
        *(t.Call, t.Hypcall, t.Move, t.Modify, t.Order, t.When, t.Each, t.Match),
        *(t.Let, t.Assert, t.Warn),
    ),
}
#: Places that are not called "a …".
_IN = {"boot": "what a CPU boots with", "scenario": "what an actor does"}


def block(scope: Scope, frame: Frame, node: t.Block) -> s.Body:
    """The statements of a block; its names end with it."""
    inner = replace(frame, locals=dict(frame.locals), later=dict(frame.later))
    for item in node.items:
        if isinstance(item.body, t.Let):
            inner.later.setdefault(item.body.name.text, scope.span(item.body.name))
    made: list[s.Statement] = []
    for before, item in zip((None, *node.items), node.items, strict=False):
        if before is not None and _always_jumps(before.body, (t.Return, t.Leave)):
            scope.found.add(
                Unreachable(
                    scope.span(item.body),
                    "this is never reached: every path before it jumps away",
                    (Note(scope.span(before.body), "here"),),
                )
            )
        made += statement(scope, inner, item)
    for name, local in inner.locals.items():
        if frame.locals.get(name) is not local and local.what == "a let" and not local.used:
            scope.found.add(Unused(local.span, f"`{name}` is never used"))
    return tuple(made)


def statement(scope: Scope, frame: Frame, item: t.Item) -> tuple[s.Statement, ...]:
    """The statement of an item (several for a `save` of several slots), or none after a finding."""
    node = item.body
    doc = docs_of(item.docs)
    span = scope.span(node)
    if not _stands(scope, frame, node, span):
        return ()
    made: s.Statement | None = None
    match node:
        case t.When():
            made = _when(scope, frame, node, doc)
        case t.Each():
            made = _each(scope, frame, node, doc)
        case t.Match():
            made = _match(scope, frame, node, doc)
        case t.Labelled():
            made = _labelled(scope, frame, node, doc)
        case t.Leave():
            made = _leave(scope, frame, node, doc)
        case t.Return():
            made = _return(scope, frame, node, doc)
        case t.Fail(message=message):
            made = s.Fail(message.value if message else "", doc, span)
        case t.Trap():
            made = _trap(scope, frame, node, doc)
        case t.Holding():
            made = _holding(scope, frame, node, doc)
        case t.Let():
            made = _let(scope, frame, node, doc)
        case t.Move():
            made = move(scope, frame, node, doc)
        case t.Modify():
            made = modify(scope, frame, node, doc)
        case t.Copy():
            return copy(scope, frame, node, doc)
        case t.Call() | t.Hypcall():
            called = call(scope, frame, node, value=False)
            made = None if called is None else s.Perform(called, doc, span)
        case t.Order():
            made = _order(scope, frame, node, doc)
        case t.Warn(condition=condition):
            value = truth(scope, frame, condition)
            made = None if value is None else s.Warn(value, doc, span)
        case t.Assert(condition=condition):
            value = truth(scope, frame, condition)
            made = None if value is None else s.Assert(value, doc, span)
        case t.May():
            made = _may(scope, frame, node, doc)
        case t.Perhaps():
            made = _perhaps(scope, frame, node, doc)
        case _:
            scope.found.add(Misplaced(span, "a declaration cannot stand in a block"))
    return () if made is None else (made,)


def _stands(scope: Scope, frame: Frame, node: t.Node, span: Span) -> bool:
    """Whether a statement can stand here; a finding if not."""
    place, help = frame.place, "put it in a sequence, and call that here"
    if place in BODIES:
        if place != "operation" or not isinstance(node, t.Holding):
            return True
        what, help = "the hardware takes no locks: software does", ""
    elif isinstance(node, _OUTSIDE[place]):
        return True
    else:
        what = f"this statement cannot stand in {_IN.get(place, f'a {place}')}"
    match node:
        case t.May() | t.Perhaps():
            what, help = "`may` says what others do: it stands in a lifecycle", ""
        case t.Trap(kind=kind):
            what, help = f"`{kind.text}` ends an operation, and stands only there", ""
        case t.Order():
            what, help = "while a CPU boots nothing is pending, so there are no barriers", ""
        case _:
            pass
    scope.found.add(Misplaced(span, what, help=help))
    return False


def declare_local(scope: Scope, frame: Frame, local: Local, node: t.Name) -> None:
    """Adds a name to the block, or reports that it is taken."""
    scope.taken(node, frame.locals)
    frame.locals[local.name] = local
    frame.later.pop(local.name, None)


# ---- control


def _when(scope: Scope, frame: Frame, node: t.When, doc: tuple[str, ...]) -> s.If | None:
    arms = []
    for arm in node.arms:
        condition = truth(scope, frame, arm.condition)
        body = block(scope, frame, arm.body)
        if condition is not None:
            arms.append(s.Arm(condition, body, (), scope.span(arm)))
    otherwise = None if node.otherwise is None else block(scope, frame, node.otherwise)
    return s.If(tuple(arms), otherwise, doc, scope.span(node)) if arms else None


def _each(scope: Scope, frame: Frame, node: t.Each, doc: tuple[str, ...]) -> s.Loop | None:
    kind: Type = INT
    if isinstance(node.bounds, t.Range):
        ends = range_ends(scope, frame, node.bounds)
    else:
        high = integer(scope, frame, node.bounds)
        ends = None if high is None else (x.Const(0, INT, scope.span(node.bounds)), high)
    inner = replace(frame, locals=dict(frame.locals), later=dict(frame.later))
    local = Local(node.var.text, kind, None, scope.span(node.var), "a loop variable")
    declare_local(scope, inner, local, node.var)
    body = block(scope, inner, node.body)
    if ends is None:
        return None
    inclusive = isinstance(node.bounds, t.Range)
    return s.Loop(node.var.text, kind, *ends, inclusive, body, doc, scope.span(node))


def _match(scope: Scope, frame: Frame, node: t.Match, doc: tuple[str, ...]) -> s.Switch | None:
    value = integer(scope, frame, node.value)
    cases: list[s.Case] = []
    seen: dict[int, Span] = {}
    for case in node.cases:
        at = scope.span(case.value)
        constant = number(scope, case.value)
        if constant in seen:
            scope.found.add(
                EmptyRange(at, f"case {constant} stands twice", (Note(seen[constant], "first"),))
            )
        elif node.falling and cases and constant > cases[-1].value:
            scope.found.add(
                EmptyRange(
                    at,
                    f"case {constant} comes below case {cases[-1].value}",
                    help="falling cases are in descending order: each runs those below it too",
                )
            )
        seen.setdefault(constant, at)
        if value is not None and isinstance(value.type, Int):
            typed(scope, frame, case.value, value.type, "this match")
        cases.append(s.Case(constant, block(scope, frame, case.body), scope.span(case)))
    otherwise = None if node.otherwise is None else block(scope, frame, node.otherwise)
    if value is None:
        return None
    return s.Switch(value, node.falling, tuple(cases), otherwise, doc, scope.span(node))


def _labelled(scope: Scope, frame: Frame, node: t.Labelled, doc: tuple[str, ...]) -> s.Labelled:
    label = node.label.text
    scope.check_word(node.label, label)
    if label in frame.labels:
        scope.found.add(
            DuplicateName(scope.span(node.label), f"a block around this is called `{label}` too")
        )
    used: set[str] = set()
    inner = replace(
        frame,
        labels=[*frame.labels, label],
        depths=[*frame.depths, len(frame.locks)],
        left=[*frame.left, used],
    )
    body = block(scope, inner, node.body)
    if label not in used:
        scope.found.add(Unused(scope.span(node.label), f"nothing leaves the block `{label}`"))
    return s.Labelled(label, body, doc, scope.span(node))


def _leave(scope: Scope, frame: Frame, node: t.Leave, doc: tuple[str, ...]) -> s.Leave | None:
    label = node.label.text
    if label not in frame.labels:
        scope.found.add(
            UnknownName(
                scope.span(node.label),
                f"no block around this is called `{label}`",
                help=suggest(label, frame.labels),
            )
        )
        return None
    at = len(frame.labels) - 1 - frame.labels[::-1].index(label)
    frame.left[at].add(label)
    if frame.depths[at] < len(frame.locks):
        _held(scope, node, frame.locks[-1], "`leave`")
    return s.Leave(label, doc, scope.span(node))


def _held(scope: Scope, node: t.Node, lock: str, what: str) -> None:
    scope.found.add(
        UnbalancedLock(
            scope.span(node),
            f"{what} would go past the end of the block that holds `{lock}`",
            help=f"let `holding {lock}` end first",
        )
    )


def _return(scope: Scope, frame: Frame, node: t.Return, doc: tuple[str, ...]) -> s.Return | None:
    span = scope.span(node)
    if frame.locks:
        _held(scope, node, frame.locks[-1], "`return`")
    if node.value is None:
        if frame.result is not None:
            scope.found.add(NoValue(span, f"this sequence returns a value ({frame.result})"))
            return None
        return s.Return(None, doc, span)
    if frame.result is None:
        scope.found.add(
            NoValue(
                scope.span(node.value),
                "this sequence returns nothing",
                help="say what it returns: `f(…) -> u64 { … }`",
            )
        )
        return None
    value = typed(scope, frame, node.value, frame.result, "the result", frame.goal)
    return None if value is None else s.Return(value, doc, span)


def _holding(scope: Scope, frame: Frame, node: t.Holding, doc: tuple[str, ...]) -> s.Hold | None:
    name = node.lock.text
    entry = scope.get(key(name))
    if entry is None:
        scope.unknown(node.lock, "a lock")
    elif not isinstance(entry.meaning, Lock):
        scope.wrong(node.lock, entry, "a lock")
        entry = None
    if name in frame.locks:
        scope.found.add(UnbalancedLock(scope.span(node.lock), f"`{name}` is held already"))
    body = block(scope, replace(frame, locks=[*frame.locks, name]), node.body)
    if entry is None:
        return None
    assert isinstance(entry.meaning, Lock)
    handles = [v for v in frame.locals.values() if isinstance(v.type, Handle)]
    owners = [v.name for v in handles]
    if len({v.type for v in handles}) < len(handles):
        scope.found.add(
            NoHandle(
                scope.span(node.lock),
                f"`{name}` belongs to an owner, and more than one parameter could be meant",
                tuple(Note(v.span, "one of them") for v in handles),
                help="hold it in a sequence of its own, called for one of them",
            )
        )
    for owner in owners[:1]:
        frame.locals[owner].used = True
    return s.Hold(entry.meaning, owners[0] if owners else None, body, doc, scope.span(node))


def _let(scope: Scope, frame: Frame, node: t.Let, doc: tuple[str, ...]) -> s.Let | None:
    name = node.name.text
    span = scope.span(node.name)
    kind: Type | None = None
    view = None
    if node.type is not None:
        found = type_of(scope, node.type)
        if found is not None:
            kind, view = found
    value = None
    if node.value is not None:
        value = (
            expression(scope, frame, node.value)
            if kind is None
            else typed(scope, frame, node.value, kind, f"`{name}`", view)
        )
    if value is not None:
        view = view or view_of(value)
        if kind is None:
            kind = value.type
    # After a finding the name is known all the same, so that its uses are not findings too.
    broken = kind is None if node.value is None else value is None
    local = Local(name, kind or INT, view, span, "a let", used=broken, broken=broken)
    declare_local(scope, frame, local, node.name)
    return None if broken or kind is None else s.Let(name, kind, value, doc, scope.span(node))


# ---- barriers, and what others do


def _order(scope: Scope, frame: Frame, node: t.Order, doc: tuple[str, ...]) -> s.Order:
    span = scope.span(node)
    exceptional = any(b.kind in ("eret", "exception") for b in node.barriers)
    if node.first is None and frame.place == "sequence" and not exceptional:
        shown = scope.source.text[node.start : node.end]
        scope.found.add(
            NoOrder(
                span,
                "this barrier does not say what it orders",
                help=f"`{shown} orders … before …`",
            )
        )
    first = None if node.first is None else events(scope, node.first, frame)
    then = None if node.then is None else events(scope, node.then, frame)
    if frame.place == "operation":
        scope.found.add(Misplaced(span, "the hardware has no barriers: software asks for them"))
    return s.Order(barriers(scope, node.barriers, frame), first, then, doc, span)


def _may(scope: Scope, frame: Frame, node: t.May, doc: tuple[str, ...]) -> s.May | None:
    if not _in_lifecycle(scope, frame, node):
        return None
    use = node.kind.text == "use"
    found: list[Slot | Condition | Target] = []
    for each in node.places:
        entry = scope.get(key(each.name.text))
        match entry.meaning if entry else None:
            case (Slot() | Condition()) as named:
                places: tuple[Slot | Condition | Target, ...] = (named,)
            case _:
                places = target(scope, each, frame)
        if any(isinstance(place, Endpoint) is not use for place in places):
            what = "only an endpoint is used" if use else "an endpoint is used"
            help = "`may use ENDPOINT`; what somebody changes, reads or writes are places"
            scope.found.add(Misplaced(scope.span(each), what, help=help))
            continue
        found += places
    return s.May(node.kind.text, tuple(found), doc, scope.span(node))


def _perhaps(scope: Scope, frame: Frame, node: t.Perhaps, doc: tuple[str, ...]) -> s.Perhaps | None:
    if not _in_lifecycle(scope, frame, node):
        return None
    return s.Perhaps(barriers(scope, node.barriers, frame), doc, scope.span(node))


def _in_lifecycle(scope: Scope, frame: Frame, node: t.May | t.Perhaps) -> bool:
    if frame.place == "lifecycle":
        return True
    what = "`may` says what others do: it stands in a lifecycle"
    scope.found.add(Misplaced(scope.span(node), what))
    return False


def _trap(scope: Scope, frame: Frame, node: t.Trap, doc: tuple[str, ...]) -> s.Trap | None:
    span = scope.span(node)
    if frame.place != "operation":
        what = f"`{node.kind.text}` ends an operation, and stands only there"
        scope.found.add(Misplaced(span, what, help="`fail` says that no path may come here"))
        return None
    message = node.message.value if node.message else ""
    return s.Trap(node.kind.text == "undefined", message, doc, span)


def always_ends(node: t.Block, *jumps: type[t.Return] | type[t.Leave]) -> bool:
    """Whether every path through a block ends in one of these jumps, or stops the machine."""
    return bool(node.items) and _always_jumps(node.items[-1].body, jumps)


def _always_jumps(
    node: t.Declaration | t.Statement, jumps: tuple[type[t.Return] | type[t.Leave], ...]
) -> bool:
    match node:
        case t.Return() | t.Leave():
            return isinstance(node, jumps)
        case t.Fail() | t.Trap():
            return True
        case t.When(arms=arms, otherwise=otherwise):
            return otherwise is not None and all(
                always_ends(b, *jumps) for b in (*(a.body for a in arms), otherwise)
            )
        case t.Match(cases=cases, otherwise=otherwise, falling=falling):
            if otherwise is None:
                return False
            # Falling cases all come to the last one.
            return always_ends(otherwise, *jumps) and (
                falling or all(always_ends(c.body, *jumps) for c in cases)
            )
        case _:
            return False
